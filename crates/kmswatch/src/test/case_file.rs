//! A case file: its template, and its cases.

use std::path::Path;

use alarm::Mode;
use chain::Chain;
use diagnostic::{Diagnostic, Source};
use filter_pattern::Wildcards;
use stack::document::{Member, Node};
use stack::{Environment, Text};

use super::codes::ErrorCode;
use super::events::{self, Budget, Delivery, Reading};
use super::expect::{self, Against, Expectation, What};
use super::form::{Fields, Form};
use super::limits::{MAX_MISTAKES, MAX_SECONDS};
use super::names::{Named, Names};
use super::notation;
use crate::settings::Settings;
use crate::template::TemplateArguments;
use crate::{builtin, template};

/// A case file that can be run.
#[derive(Debug)]
pub(super) struct CaseFile {
    pub(super) chain: Chain,
    pub(super) environment: Environment,
    pub(super) names: Names,
    /// When alarms are judged.
    pub(super) mode: Mode,
    pub(super) cases: Vec<Case>,
}

/// One case. Times are seconds after the start, unless something else is said.
#[derive(Debug)]
pub(super) struct Case {
    pub(super) name: String,
    /// The line of the case file where it begins.
    pub(super) line: usize,
    /// In seconds since 1970.
    pub(super) start: i64,
    /// How long it lasts.
    pub(super) end: i64,
    /// In the order of delivery.
    pub(super) deliveries: Vec<Delivery>,
    pub(super) expectations: Vec<Expectation>,
}

/// What was given beside the case files.
pub(super) struct Given<'g> {
    /// Instead of the template that a case file names.
    pub(super) template: Option<&'g Path>,
    /// What it is read with.
    pub(super) arguments: &'g TemplateArguments,
    pub(super) colour: bool,
}

/// Why a case file can't be run: rendered, for people.
#[derive(Debug)]
pub(super) struct Unusable(pub(super) String);

/// Reads the text of a case file; `path` is its name, and where other paths begin.
pub(super) fn read(text: &str, path: &Path, given: &Given<'_>) -> Result<CaseFile, Unusable> {
    let name = path.display().to_string();
    let root = match stack::document::read(text) {
        Ok(root) => root,
        Err(errors) => return Err(Unusable(errors.render(text, &name, given.colour))),
    };
    let mut form = Form::new(text);
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    let mut reader = Reader { folder, given, form: &mut form, foreign: None };
    let file = reader.file(&root);
    let foreign = reader.foreign.take();
    match file {
        Some(file) if form.is_right() && foreign.is_none() => Ok(file),
        _ => Err(Unusable(render(form, &name, foreign, given.colour))),
    }
}

fn render(form: Form<'_>, name: &str, foreign: Option<String>, colour: bool) -> String {
    let source = Source::file(form.text(), name);
    let (mistakes, more) = form.finished();
    let mut parts: Vec<String> = mistakes.iter().map(|mistake| mistake.render(&source, colour)).collect();
    if more > 0 {
        parts.push(format!("error: {more} more beyond {MAX_MISTAKES}"));
    }
    parts.extend(foreign);
    parts.join("\n\n")
}

const KEYS: [&str; 10] = [
    "template",
    "parameters",
    "imports",
    "stack_name",
    "account_id",
    "region",
    "evaluation",
    "log_group",
    "start",
    "cases",
];
const CASE_KEYS: [&str; 5] = ["name", "start", "until", "events", "expect"];

struct Reader<'r, 'f> {
    folder: &'r Path,
    given: &'r Given<'r>,
    form: &'r mut Form<'f>,
    /// What is wrong with a template in a file of its own, rendered.
    foreign: Option<String>,
}

impl Reader<'_, '_> {
    fn file(&mut self, root: &Node) -> Option<CaseFile> {
        let fields = self.form.map(root, "a case file", &KEYS)?;
        let environment = self.environment(fields)?;
        let mode = self.mode(fields);
        let log_group =
            fields.get("log_group").and_then(|node| self.form.scalar(node, "`log_group`", "write its name"));
        let start = fields.get("start").map(|node| self.start(node));
        let chain = self.template(fields, &environment);
        let cases = fields.required("cases", "", self.form);
        // Without a template no name can be checked; what is wrong with it comes first.
        let (chain, cases) = chain.zip(cases)?;
        let names = Names::of(&chain);
        if let Some(log_group) = &log_group {
            events::check_log_group(log_group, &names, self.form);
        }
        let around = Around {
            chain: &chain,
            environment: &environment,
            names: &names,
            log_group: log_group.as_ref(),
            start,
        };
        let cases = self.cases(cases, &around)?;
        Some(CaseFile { mode: mode?, cases, names, environment, chain })
    }

    /// What the file says of it; options win, and where neither says anything, settings and defaults do.
    fn environment(&mut self, fields: Fields<'_>) -> Option<Environment> {
        let mut said = |key: &str, example: &str| {
            let node = fields.get(key)?;
            self.form.scalar(node, &format!("`{key}`"), example).map(|text| text.value)
        };
        let mut own = Settings {
            stack_name: said("stack_name", "write the name of a stack"),
            account_id: said("account_id", "write twelve digits in quotes"),
            region: said("region", "write a region such as `eu-west-1`"),
            ..Settings::default()
        };
        own.parameters = self.pairs(fields, "parameters");
        let imports = self.pairs(fields, "imports");
        let environment = self.given.arguments.environment_over(own, imports);
        environment.map_err(|error| self.foreign = Some(format!("error: {error:#}"))).ok()
    }

    fn pairs(&mut self, fields: Fields<'_>, key: &str) -> std::collections::BTreeMap<String, String> {
        let Some(node) = fields.get(key) else { return Default::default() };
        let Some(members) = node.map() else {
            self.form.wrong_type(node, &format!("`{key}`"), "a map", "write `Name: value`");
            return Default::default();
        };
        let mut all = std::collections::BTreeMap::new();
        for Member { key, value } in members {
            if let Some(text) = self.form.scalar(value, &format!("`{}`", key.value), "write a text in quotes")
            {
                all.insert(key.value.clone(), text.value);
            }
        }
        all
    }

    fn mode(&mut self, fields: Fields<'_>) -> Option<Mode> {
        let Some(node) = fields.get("evaluation") else { return Some(Mode::CloudWatch) };
        let text = self.form.scalar(node, "`evaluation`", "write `cloudwatch` or `eager`")?;
        match text.value.as_str() {
            "cloudwatch" => Some(Mode::CloudWatch),
            "eager" => Some(Mode::Eager),
            other => {
                let message = format!("alarms aren't evaluated `{other}`");
                let help = "write `cloudwatch` or `eager`";
                self.form.wrong(ErrorCode::InvalidValue, text.span, message, help);
                None
            }
        }
    }

    /// A time of the calendar on a full minute, in seconds since 1970.
    fn start(&mut self, node: &Node) -> Option<i64> {
        const HELP: &str = "write a full minute such as `2025-03-10T08:00:00Z`";
        let text = self.form.scalar(node, "`start`", HELP)?;
        let time = notation::calendar(&text.value).filter(|time| time % 60 == 0);
        if time.is_none() {
            let message = format!("`{}` isn't a time at which a minute begins", text.value);
            self.form.wrong(ErrorCode::InvalidTime, text.span, message, HELP);
        }
        time
    }

    /// The chain of `--template`, or of what the file names.
    fn template(&mut self, fields: Fields<'_>, environment: &Environment) -> Option<Chain> {
        if let Some(path) = self.given.template {
            return self.template_file(path, None, environment);
        }
        let node = fields.required("template", "kmswatch.yaml", self.form)?;
        let help = "write a path, `builtin`, or the text of a template behind `|`";
        let typed = self.form.scalar(node, "`template`", help)?;
        match typed.value.as_str() {
            "builtin" => self.checked(builtin::TEMPLATE, builtin::NAME, environment),
            text if text.contains('\n') => self.inline(&typed, environment),
            path => self.template_file(&self.folder.join(path), Some(&typed), environment),
        }
    }

    fn template_file(
        &mut self,
        path: &Path,
        typed: Option<&Text>,
        environment: &Environment,
    ) -> Option<Chain> {
        match (template::text(path), typed) {
            (Ok(text), _) => self.checked(&text, &path.display().to_string(), environment),
            (Err(error), Some(typed)) => {
                let help =
                    "write a path relative to this file, `builtin`, or the text of a template behind `|`";
                self.form.wrong(ErrorCode::Unreadable, typed.span, format!("{error:#}"), help);
                None
            }
            (Err(error), None) => {
                self.foreign = Some(format!("error: {error:#}"));
                None
            }
        }
    }

    fn checked(&mut self, text: &str, name: &str, environment: &Environment) -> Option<Chain> {
        let read = template::chain(text, name, (environment, Wildcards::default()), self.given.colour);
        read.map_err(|error| self.foreign = Some(format!("{error:#}"))).ok()
    }

    /// Its mistakes are shown where they stand in the case file.
    fn inline(&mut self, typed: &Text, environment: &Environment) -> Option<Chain> {
        match chain::read(&typed.value, environment, Wildcards::default()) {
            Ok(chain) => Some(chain),
            Err(mistakes) => {
                for mistake in mistakes {
                    self.form.push(chain::in_scalar(mistake, self.form.text(), typed));
                }
                None
            }
        }
    }
}

/// What all cases of a file share.
struct Around<'a> {
    chain: &'a Chain,
    environment: &'a Environment,
    names: &'a Names,
    log_group: Option<&'a Text>,
    /// `None` where the file says none; `Some(None)` where it is wrong.
    start: Option<Option<i64>>,
}

impl Reader<'_, '_> {
    fn cases(&mut self, node: &Node, around: &Around<'_>) -> Option<Vec<Case>> {
        let items = self.form.list(node, "`cases`", "write `- name: what is checked`")?;
        let mut budget = Budget::new();
        let mut cases = Vec::new();
        let mut names: Vec<Text> = Vec::new();
        for (number, item) in items.iter().enumerate() {
            let Some(fields) = self.form.map(item, "a case", &CASE_KEYS) else { continue };
            let name = fields.required("name", "what is checked", self.form);
            let name = name.and_then(|node| self.form.scalar(node, "`name`", "write a text"));
            if let Some(name) = name {
                self.check_name(&name, &names);
                names.push(name.clone());
                cases.extend(self.case(fields, (number, name), around, &mut budget));
            }
        }
        Some(cases)
    }

    fn check_name(&mut self, name: &Text, others: &[Text]) {
        if let Some(first) = others.iter().find(|other| other.value == name.value) {
            let message = format!("two cases have the name `{}`", name.value);
            let mistake = Diagnostic::error(ErrorCode::AmbiguousName.as_str(), message).at(name.span.range());
            let mistake = mistake.label(first.span.range(), "first here");
            self.form.push(mistake.help("give them different names: reports know a case by its name"));
        }
        if name.value.trim().is_empty() {
            self.form.wrong(ErrorCode::InvalidValue, name.span, "the name is empty", "say what is checked");
        }
    }

    fn case(
        &mut self,
        fields: Fields<'_>,
        (number, name): (usize, Text),
        around: &Around<'_>,
        budget: &mut Budget,
    ) -> Option<Case> {
        let before = self.form.count_of_mistakes();
        let own = fields.get("start").map(|node| self.start(node));
        let Some(start) = own.or(around.start) else {
            let help = "write `start: 2025-03-10T08:00:00Z` here, or once for all cases of the file";
            self.form.wrong(ErrorCode::MissingKey, fields.beginning(), "the case has no `start`", help);
            return None;
        };
        let start = start?;
        let events = fields.required("events", "[]", self.form);
        let expect = fields.required("expect", "{states: …}", self.form);
        let mut reading = Reading {
            start,
            case: number,
            folder: self.folder,
            environment: around.environment,
            names: around.names,
            log_group: around.log_group,
            budget,
        };
        let deliveries = events.map(|node| events::read(node, &mut reading, self.form));
        let against = Against { names: around.names, start };
        let expectations = expect.map(|node| expect::read(node, &against, self.form));
        let (deliveries, expectations) = deliveries.zip(expectations)?;
        if self.form.count_of_mistakes() > before {
            return None;
        }
        let end = self.end(fields, start, (&deliveries, &expectations), around.chain)?;
        let line = Source::typed(self.form.text()).place(fields.node.span.start).line;
        Some(Case { name: name.value, line, start, end, deliveries, expectations })
    }

    /// How long a case lasts: `until`, or until the last thing that is said of it.
    fn end(
        &mut self,
        fields: Fields<'_>,
        start: i64,
        (deliveries, expectations): (&[Delivery], &[Expectation]),
        chain: &Chain,
    ) -> Option<i64> {
        let last = last(start, (deliveries, expectations), chain);
        let until = match fields.get("until") {
            Some(node) => {
                self.form.read(node, "`until`", (ErrorCode::InvalidTime, notation::time))?.after(start)
            }
            None => last,
        };
        if until < last {
            let last = notation::offset(last);
            let message = format!("the case ends before {last}, when all that it says has been evaluated");
            let help = format!("write `until: {last}` or later, or remove it");
            self.form.wrong(ErrorCode::OutOfTime, fields.key_span("until"), message, &help);
            return None;
        }
        if until > MAX_SECONDS {
            let message = format!("the case lasts more than {} days", MAX_SECONDS / 86_400);
            self.form.wrong(ErrorCode::TooMuch, fields.beginning(), message, "write a shorter one");
            return None;
        }
        self.check_silence(fields, expectations, until)
    }

    /// A case that lasts no time checks nothing.
    fn check_silence(&mut self, fields: Fields<'_>, expectations: &[Expectation], end: i64) -> Option<i64> {
        let over_time = |expected: &Expectation| {
            !matches!(expected.what, What::States(_) | What::Datapoints(_) | What::Matches(_))
        };
        if end == 0 && expectations.iter().any(over_time) {
            let message = "the case lasts no time";
            let help = "write `until: 30m` for how long nothing else happens";
            self.form.wrong(ErrorCode::NothingChecked, fields.beginning(), message, help);
            return None;
        }
        Some(end)
    }
}

/// When all that is said has been evaluated: at the end of the minute of the last log event, or of the hour where an alarm
/// is only evaluated each hour, and at the last time that is expected.
fn last(start: i64, (deliveries, expectations): (&[Delivery], &[Expectation]), chain: &Chain) -> i64 {
    let mut alarms = chain.configuration.alarms.iter();
    let grain = if alarms.any(|alarm| alarm.definition.condition.is_hourly()) { 3600 } else { 60 };
    let end_of = |grain: i64, seconds: i64| {
        let time = start.saturating_add(seconds);
        time.saturating_sub(time.rem_euclid(grain)).saturating_add(grain).saturating_sub(start)
    };
    let delivered = deliveries.iter().map(|delivery| end_of(grain, delivery.delivered));
    let expected = expectations.iter().map(|expected| expected.what.last(period(chain, expected.of)));
    let expected = expected.map(|seconds| if seconds > 0 { end_of(60, seconds - 1) } else { 0 });
    delivered.chain(expected).max().unwrap_or_default()
}

/// The length of the periods in which datapoints are written, in seconds.
pub(super) fn period(chain: &Chain, of: Named) -> i64 {
    match of {
        Named::Alarm(position) => {
            let alarm = chain.configuration.alarms.get(position);
            alarm.map_or(60, |alarm| i64::from(alarm.definition.condition.period))
        }
        Named::Filter(_) | Named::Topic(_) => 60,
    }
}

/// The text of a case file.
pub(super) fn text(path: &Path) -> Result<String, String> {
    use std::io::Read as _;

    let open = || -> std::io::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        std::fs::File::open(path)?.take(super::limits::MAX_CASE_FILE + 1).read_to_end(&mut bytes)?;
        Ok(bytes)
    };
    let bytes = open().map_err(|error| error.to_string())?;
    if bytes.len() as u64 > super::limits::MAX_CASE_FILE {
        return Err(format!("it has more than {} bytes", super::limits::MAX_CASE_FILE));
    }
    String::from_utf8(bytes).map_err(|_| "it isn't UTF-8".to_owned())
}
