//! What does `kmswatch.toml` say?
//!
//! It holds what a CloudFormation template can't: where the template is, and what it is read with. `docs/settings.md`
//! describes each setting. Whoever uses one that isn't set takes the default that is named here; an option on the
//! command line wins.

mod codes;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use diagnostic::{Diagnostic, Source, closest};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::report::escape::shown;
pub(crate) use codes::ErrorCode;

/// How long a file may be, in bytes.
const MAX_SETTINGS: u64 = 256 * 1024;

/// The stack's name where nobody says one.
pub(crate) const DEFAULT_STACK_NAME: &str = "kmswatch";
/// The account where nobody says one: the one of the examples in AWS's documentation.
pub(crate) const DEFAULT_ACCOUNT_ID: &str = "111122223333";
/// The region where nobody says one.
pub(crate) const DEFAULT_REGION: &str = "us-east-1";

/// What is set; the defaults are those of whoever asks.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Settings {
    /// The template's path. Default: the built-in template.
    pub(crate) template: Option<PathBuf>,
    /// `AWS::StackName`. Default: [`DEFAULT_STACK_NAME`].
    pub(crate) stack_name: Option<String>,
    /// `AWS::AccountId`. Default: [`DEFAULT_ACCOUNT_ID`].
    pub(crate) account_id: Option<String>,
    /// `AWS::Region`. Default: [`DEFAULT_REGION`].
    pub(crate) region: Option<String>,
    /// Values for the template's parameters. Default: those of the template.
    pub(crate) parameters: BTreeMap<String, String>,
}

impl Settings {
    /// The settings in a file; its template's path is then one from here, not from the file's folder.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let name = shown(&path.display().to_string());
        let text = text(path).with_context(|| format!("can't read {name}"))?;
        let mut settings = match Self::parse(&text) {
            Ok(settings) => settings,
            Err(errors) => bail!("{name}: the settings are refused\n{}", render(&errors, &text, &name)),
        };
        let folder = path.parent().unwrap_or(Path::new(""));
        settings.template = settings.template.map(|template| folder.join(template));
        Ok(settings)
    }

    /// The settings in a text, or everything that is wrong with it, in the order of the text.
    pub(crate) fn parse(text: &str) -> Result<Self, Vec<Diagnostic>> {
        let (table, errors) = DeTable::parse_recoverable(text);
        if !errors.is_empty() {
            let mut errors = in_order(errors.iter().map(not_toml).collect());
            // What follows on the same line mostly follows from it.
            errors.dedup_by_key(|error| error.span.as_ref().map(|span| line(text, span.start)));
            return Err(errors);
        }
        let mut reader = Reader { text, settings: Settings::default(), errors: Vec::new() };
        for (key, value) in table.get_ref() {
            reader.setting(key.get_ref(), key.span(), value);
        }
        if reader.errors.is_empty() { Ok(reader.settings) } else { Err(in_order(reader.errors)) }
    }

    /// What a template is read with.
    pub(crate) fn environment(&self) -> stack::Environment {
        let or = |set: &Option<String>, default: &str| set.clone().unwrap_or_else(|| default.to_owned());
        let mut environment = stack::Environment::new(
            &or(&self.stack_name, DEFAULT_STACK_NAME),
            &or(&self.account_id, DEFAULT_ACCOUNT_ID),
            &or(&self.region, DEFAULT_REGION),
        );
        environment.parameters = self.parameters.clone();
        environment
    }
}

fn text(path: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(MAX_SETTINGS + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_SETTINGS {
        bail!("settings have at most {MAX_SETTINGS} bytes");
    }
    Ok(text)
}

fn render(errors: &[Diagnostic], text: &str, name: &str) -> String {
    let source = Source::file(text, name);
    let errors: Vec<String> = errors.iter().map(|error| error.render(&source, false)).collect();
    errors.join("\n\n")
}

fn in_order(mut errors: Vec<Diagnostic>) -> Vec<Diagnostic> {
    errors.sort_by_key(|error| error.span.as_ref().map(|span| span.start));
    errors
}

fn line(text: &str, byte: usize) -> usize {
    Source::typed(text).place(byte).line
}

fn not_toml(error: &toml::de::Error) -> Diagnostic {
    let message = format!("this isn't TOML: {}", error.message().replace('\n', ", "));
    let help = "a setting is written `name = \"value\"`; https://toml.io describes the format";
    let mistake = Diagnostic::error(ErrorCode::NotToml.as_str(), message).help(help);
    match error.span() {
        Some(span) => mistake.at(span),
        None => mistake,
    }
}

/// The names of all settings; [`Reader::setting`] reads each.
const NAMES: [&str; 5] = ["template", "stack_name", "account_id", "region", "parameters"];

/// What has been read so far.
struct Reader<'t> {
    text: &'t str,
    settings: Settings,
    errors: Vec<Diagnostic>,
}

impl Reader<'_> {
    fn setting(&mut self, name: &str, key: Range<usize>, value: &Spanned<DeValue<'_>>) {
        match name {
            "template" => {
                let rule = Rule { holds: |path| !path.is_empty(), help: "write a path: `\"kmswatch.yaml\"`" };
                self.settings.template = self.ruled(name, value, &rule).map(PathBuf::from);
            }
            "stack_name" => self.settings.stack_name = self.ruled(name, value, &STACK_NAME),
            "account_id" => self.settings.account_id = self.ruled(name, value, &ACCOUNT_ID),
            "region" => self.settings.region = self.ruled(name, value, &REGION),
            "parameters" => self.parameters(value),
            _ => self.errors.push(unknown(name, key)),
        }
    }

    fn parameters(&mut self, value: &Spanned<DeValue<'_>>) {
        let DeValue::Table(table) = value.get_ref() else {
            let message = format!("`parameters` is a table, not {}", kind(value.get_ref()));
            let help = "write `[parameters]` on a line of its own, and below it `Name = \"value\"`";
            self.errors.push(self.wrong_type(message, value).help(help));
            return;
        };
        for (key, value) in table {
            if let Some(text) = self.string(key.get_ref(), value) {
                self.settings.parameters.insert(key.get_ref().to_string(), text);
            }
        }
    }

    fn ruled(&mut self, name: &str, value: &Spanned<DeValue<'_>>, rule: &Rule) -> Option<String> {
        let text = self.string(name, value)?;
        if (rule.holds)(&text) {
            return Some(text);
        }
        let message = format!("`{name}` can't be `{}`", shown(&text));
        let mistake = Diagnostic::error(ErrorCode::InvalidValue.as_str(), message);
        self.errors.push(mistake.at(value.span()).help(rule.help));
        None
    }

    fn string(&mut self, name: &str, value: &Spanned<DeValue<'_>>) -> Option<String> {
        if let DeValue::String(text) = value.get_ref() {
            return Some(text.to_string());
        }
        let message = format!("`{}` is a text, not {}", shown(name), kind(value.get_ref()));
        let written = self.text.get(value.span()).unwrap_or_default();
        let help = match value.get_ref() {
            DeValue::Array(_) => {
                "write one text in quotes; where a parameter is a list, with commas: `\"a,b\"`".into()
            }
            DeValue::Table(_) => "write one text in quotes".into(),
            // Without TOML's `_` between digits, which AWS doesn't read.
            DeValue::Integer(number) if number.radix() == 10 => in_quotes(number.as_str()),
            DeValue::Float(number) => in_quotes(number.as_str()),
            _ => in_quotes(written),
        };
        self.errors.push(self.wrong_type(message, value).help(help));
        None
    }

    fn wrong_type(&self, message: String, value: &Spanned<DeValue<'_>>) -> Diagnostic {
        Diagnostic::error(ErrorCode::WrongType.as_str(), message).at(value.span())
    }
}

fn in_quotes(text: &str) -> String {
    format!("write `\"{}\"`, in quotes", shown(text))
}

fn unknown(name: &str, key: Range<usize>) -> Diagnostic {
    let help = match closest(name, NAMES.to_vec()) {
        Some(similar) => format!("write `{similar}`"),
        None => format!(
            "the settings are {}; values for the template's parameters stand below `[parameters]`",
            NAMES.join(", ")
        ),
    };
    let message = format!("there is no setting `{}`", shown(name));
    Diagnostic::error(ErrorCode::UnknownSetting.as_str(), message).at(key).help(help)
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}

/// What a text must be, and what to write where it isn't.
struct Rule {
    holds: fn(&str) -> bool,
    help: &'static str,
}

const STACK_NAME: Rule = Rule {
    holds: |name| {
        name.len() <= 128
            && name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name.chars().all(|found| found.is_ascii_alphanumeric() || found == '-')
    },
    help: "a stack's name begins with a letter and has letters, digits and `-`, at most 128 of them",
};

const ACCOUNT_ID: Rule = Rule {
    holds: |id| id.len() == 12 && id.bytes().all(|found| found.is_ascii_digit()),
    help: "an account has twelve digits: `\"111122223333\"`",
};

/// Any region that AWS has or will have: words and a number.
const REGION: Rule = Rule {
    holds: |region| {
        let parts: Vec<&str> = region.split('-').collect();
        let is_word = |part: &&str| !part.is_empty() && part.bytes().all(|found| found.is_ascii_lowercase());
        let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|found| found.is_ascii_digit());
        parts.split_last().is_some_and(|(last, words)| {
            words.len() >= 2 && is_number(last) && words.iter().all(is_word) && region.len() <= 32
        })
    },
    help: "write a region as AWS does: `\"eu-west-1\"`",
};

#[cfg(test)]
mod tests;
