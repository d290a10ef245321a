//! The log events of a case: which, when, and when each of them is delivered.

use std::rc::Rc;

use cloudtrail::call::Call;
use stack::Text;
use stack::document::Node;

use super::codes::ErrorCode;
use super::form::{Fields, Form, listed};
use super::limits::{MAX_EVENTS, MAX_LOG_FILE, MAX_SECONDS};
use super::log_file::{self, LogFile};
use super::names::Names;
use super::notation::{self, Repeated, Time};
use super::record::{self, Around};

/// A log event, and when it comes. Times are seconds after the start of the case.
#[derive(Debug, Clone)]
pub(super) struct Delivery {
    /// When it happened.
    pub(super) time: i64,
    /// When it comes in.
    pub(super) delivered: i64,
    pub(super) content: Content,
    /// `None` where all metric filters look at the same one.
    pub(super) log_group: Option<Rc<str>>,
}

/// What a log event says. Records are written out when they are needed: thousands may be alike.
#[derive(Debug, Clone)]
pub(super) enum Content {
    /// A record, as it differs from the usual one.
    Record { written: Rc<Written>, event_id: String },
    /// A record that was read.
    Read(Rc<str>),
    /// A message of any kind.
    Message(Rc<str>),
}

/// What a case says of a record.
#[derive(Debug, Clone)]
pub(super) struct Written {
    record: Node,
    without: Vec<String>,
}

impl Written {
    pub(super) fn message(&self, around: &Around<'_>) -> Option<String> {
        record::message(&self.record, &self.without, around)
    }
}

/// What a case file may still hold.
#[derive(Debug)]
pub(super) struct Budget {
    events: u64,
    bytes: usize,
}

impl Budget {
    pub(super) fn new() -> Self {
        Budget { events: MAX_EVENTS, bytes: MAX_LOG_FILE }
    }
}

/// What events are read with.
pub(super) struct Reading<'r> {
    /// In seconds since 1970.
    pub(super) start: i64,
    /// The case, as a position in its file.
    pub(super) case: usize,
    pub(super) folder: &'r std::path::Path,
    pub(super) environment: &'r stack::Environment,
    pub(super) names: &'r Names,
    /// Of the file.
    pub(super) log_group: Option<&'r Text>,
    pub(super) budget: &'r mut Budget,
}

const KEYS: [&str; 9] =
    ["at", "record", "without", "id", "message", "from", "shift", "delivered", "log_group"];
const KINDS: [&str; 3] = ["record", "message", "from"];
const EXAMPLE: &str = "write `- {at: 2m, record: {errorCode: AccessDenied}}`";

/// The deliveries of `events`, in the order of delivery.
pub(super) fn read(node: &Node, reading: &mut Reading<'_>, form: &mut Form<'_>) -> Vec<Delivery> {
    let mut all = Vec::new();
    let items = match node.list() {
        // No log event at all is a case, too: what does silence come to?
        Some(items) => items,
        None => {
            form.wrong_type(node, "`events`", "a list", EXAMPLE);
            return all;
        }
    };
    for (number, item) in items.iter().enumerate() {
        if let Some(fields) = form.map(item, "a log event", &KEYS) {
            let log_group = log_group(fields, reading, form);
            one(fields, number, reading, form, &mut |time, delivered, content| {
                all.push(Delivery { time, delivered, content, log_group: log_group.clone() });
            });
        }
    }
    all.sort_by_key(|delivery| delivery.delivered);
    all
}

type Add<'a> = &'a mut dyn FnMut(i64, i64, Content);

fn one(fields: Fields<'_>, number: usize, reading: &mut Reading<'_>, form: &mut Form<'_>, add: Add<'_>) {
    let kinds: Vec<&str> = KINDS.into_iter().filter(|kind| fields.get(kind).is_some()).collect();
    match kinds.as_slice() {
        ["record"] => records(fields, number, reading, form, add),
        ["message"] => messages(fields, reading, form, add),
        [_] => from_file(fields, reading, form, add),
        [] => {
            let message = "a log event has a `record`, a `message` or a `from`";
            form.wrong(ErrorCode::MissingKey, fields.beginning(), message, EXAMPLE);
        }
        [first, other, ..] => {
            fields.exclusive(first, other, "write two log events", form);
        }
    }
}

fn records(fields: Fields<'_>, number: usize, reading: &mut Reading<'_>, form: &mut Form<'_>, add: Add<'_>) {
    refuse(fields, &["shift"], "record", form);
    let written = fields.get("record").filter(|written| record::check(written, form).is_some());
    let without = without(fields, form);
    let id = fields.get("id").and_then(|node| form.scalar(node, "`id`", "write a text such as `first`"));
    let at = at(fields, reading, form);
    let (Some(written), Some(without), Some(at)) = (written, without, at) else { return };
    let written = Rc::new(Written { record: written.clone(), without });
    let around = Around { environment: reading.environment, time: reading.start, event_id: "" };
    if written.message(&around).is_none() {
        let message = "the record can't be written as JSON";
        form.wrong(ErrorCode::InvalidValue, fields.key_span("record"), message, "put numbers in quotes");
        return;
    }
    for (repeat, (time, delivered)) in at.into_iter().enumerate() {
        let event_id = match &id {
            Some(id) => guid(&[&id.value]),
            None => guid(&[&reading.case.to_string(), &number.to_string(), &repeat.to_string()]),
        };
        add(time, delivered, Content::Record { written: Rc::clone(&written), event_id });
    }
}

/// What the usual record has and this one hasn't: `resources`, `userIdentity.arn`.
fn without(fields: Fields<'_>, form: &mut Form<'_>) -> Option<Vec<String>> {
    let Some(node) = fields.get("without") else { return Some(Vec::new()) };
    let example = "write `[resources, userIdentity.sessionContext]`";
    let items = form.list(node, "`without`", example)?;
    items
        .iter()
        .map(|item| form.scalar(item, "what a record is `without`", example).map(|text| text.value))
        .collect()
}

fn messages(fields: Fields<'_>, reading: &mut Reading<'_>, form: &mut Form<'_>, add: Add<'_>) {
    refuse(fields, &["shift", "id", "without"], "message", form);
    let Some(node) = fields.get("message") else { return };
    let text = match node.map() {
        Some(_) => Some(node.to_json()),
        None => form
            .scalar(node, "`message`", "write the text of the log event, or a map for JSON")
            .map(|text| text.value),
    };
    let Some((text, at)) = text.zip(at(fields, reading, form)) else { return };
    let text: Rc<str> = text.into();
    for (time, delivered) in at {
        add(time, delivered, Content::Message(Rc::clone(&text)));
    }
}

/// The records of a log file: at their own times, with the first of them at `at`, or all `shift`ed.
fn from_file(fields: Fields<'_>, reading: &mut Reading<'_>, form: &mut Form<'_>, add: Add<'_>) {
    refuse(fields, &["id", "without"], "from", form);
    let help = "write `at` for the time of the first record, or `shift` for how much later all of them are";
    if !fields.exclusive("at", "shift", help, form) {
        return;
    }
    let code = ErrorCode::InvalidTime;
    let at = fields.get("at").map(|node| form.read(node, "`at`", (code, notation::time)));
    let shift = fields.get("shift").map(|node| form.read(node, "`shift`", (code, notation::signed_duration)));
    let delivered = delivered(fields, form);
    let path =
        fields.get("from").and_then(|node| form.scalar(node, "`from`", "write the path of a log file"));
    let (Some(path), Some(delivered)) = (path, delivered) else { return };
    if at == Some(None) || shift == Some(None) {
        return;
    }
    let Some(file) = open(&path, reading, form) else { return };
    let first = file.records.iter().map(|(time, _)| *time).min().unwrap_or_default();
    let later = match (at.flatten(), shift.flatten()) {
        (Some(at), _) => at.after(reading.start).saturating_sub(first.saturating_sub(reading.start)),
        (None, shift) => shift.unwrap_or_default(),
    };
    for (time, text) in file.records {
        let time = time.saturating_sub(reading.start).saturating_add(later);
        let when = When { time, delivered, fields };
        let Some((time, delivered)) = when.checked(reading.start, "the record", form) else { return };
        add(time, delivered, Content::Read(text));
    }
}

fn open(path: &Text, reading: &mut Reading<'_>, form: &mut Form<'_>) -> Option<LogFile> {
    let budget = (reading.budget.events, reading.budget.bytes);
    match log_file::read(&reading.folder.join(&path.value), budget) {
        Ok(file) => {
            reading.budget.events -= file.records.len() as u64;
            reading.budget.bytes -= file.records.iter().map(|(_, text)| text.len()).sum::<usize>();
            Some(file)
        }
        Err(reason) => {
            let message = format!("can't read log events from `{}`: {reason}", path.value);
            let help =
                "write a path relative to this file, of a log file that `kmswatch scan` reads to its end";
            form.wrong(ErrorCode::Unreadable, path.span, message, help);
            None
        }
    }
}

fn refuse(fields: Fields<'_>, keys: &[&str], kind: &str, form: &mut Form<'_>) {
    for key in keys {
        fields.exclusive(kind, key, "remove it", form);
    }
}

/// All times of a log event, each with that of its delivery.
fn at(fields: Fields<'_>, reading: &mut Reading<'_>, form: &mut Form<'_>) -> Option<Vec<(i64, i64)>> {
    let node = fields.required("at", "2m", form)?;
    let delivered = delivered(fields, form)?;
    let mut all = Vec::new();
    for repeated in form.read(node, "`at`", (ErrorCode::InvalidTime, notation::times))? {
        if repeated.times > reading.budget.events {
            let message = format!("more than {MAX_EVENTS} log events in one file");
            form.wrong(ErrorCode::TooMuch, node.span, message, "write fewer, or divide the file");
            return None;
        }
        reading.budget.events -= repeated.times;
        for time in each(repeated, reading.start) {
            let when = When { time, delivered, fields };
            all.push(when.checked(reading.start, "the log event", form)?);
        }
    }
    Some(all)
}

fn each(repeated: Repeated, start: i64) -> impl Iterator<Item = i64> {
    let first = repeated.first.after(start);
    let number = move |count: u64| i64::try_from(count).unwrap_or(i64::MAX);
    (0..repeated.times).map(move |count| first.saturating_add(number(count).saturating_mul(repeated.every)))
}

/// When log events are delivered.
#[derive(Debug, Clone, Copy)]
enum Delivered {
    /// So many seconds after they happened.
    Later(i64),
    /// All at once.
    At(Time),
}

fn delivered(fields: Fields<'_>, form: &mut Form<'_>) -> Option<Delivered> {
    let Some(node) = fields.get("delivered") else { return Some(Delivered::Later(0)) };
    form.read(
        node,
        "`delivered`",
        (ErrorCode::InvalidTime, |text: &str| match text.strip_prefix('+') {
            Some(delay) => notation::duration(delay).map(Delivered::Later),
            None => notation::time(text).map(Delivered::At),
        }),
    )
}

struct When<'n> {
    /// In seconds after the start.
    time: i64,
    delivered: Delivered,
    fields: Fields<'n>,
}

impl When<'_> {
    /// Both times, if they lie in the case and one behind the other.
    fn checked(&self, start: i64, what: &str, form: &mut Form<'_>) -> Option<(i64, i64)> {
        let delivered = match self.delivered {
            Delivered::Later(seconds) => self.time.saturating_add(seconds),
            Delivered::At(time) => time.after(start),
        };
        let key = |names: [&str; 2]| {
            let there = names.into_iter().find(|name| self.fields.get(name).is_some());
            self.fields.get(there.unwrap_or_default()).map_or(self.fields.beginning(), |node| node.span)
        };
        let mut wrong = |names, message: String, help: &str| {
            form.wrong(ErrorCode::OutOfTime, key(names), message, help);
            None
        };
        let shown = notation::offset(self.time);
        match () {
            () if self.time < 0 => {
                let message =
                    format!("{what} is {} before the start of the case", shown.trim_start_matches('-'));
                wrong(["at", "from"], message, "begin the case earlier, or move the log event with `at`")
            }
            () if delivered.max(self.time) > MAX_SECONDS => {
                let message = format!("{what} is more than {} days after the start", MAX_SECONDS / 86_400);
                wrong(["delivered", "at"], message, "write a case that is shorter")
            }
            () if delivered < self.time => {
                let message = format!("{what} of {shown} would be delivered before it happens");
                wrong(["delivered", "at"], message, "write `+5m` for five minutes after it happened")
            }
            () => Some((self.time, delivered)),
        }
    }
}

/// The log group of a log event, which must be said where metric filters look at several.
fn log_group(fields: Fields<'_>, reading: &Reading<'_>, form: &mut Form<'_>) -> Option<Rc<str>> {
    let groups = &reading.names.log_groups;
    let own = fields.get("log_group").and_then(|node| form.scalar(node, "`log_group`", "write its name"));
    let typed = own.as_ref().or(reading.log_group);
    match typed {
        Some(typed) if groups.contains(&typed.value) => return Some(typed.value.as_str().into()),
        // That of the file has been looked at.
        Some(typed) if own.is_some() => check_log_group(typed, reading.names, form),
        None if groups.len() > 1 && fields.get("log_group").is_none() => {
            let message = "the metric filters look at several log groups; in which one is this?";
            let names = listed(groups.iter().map(String::as_str));
            let help = format!("write `log_group` here or for the whole file; there are {names}");
            form.wrong(ErrorCode::MissingKey, fields.beginning(), message, &help);
        }
        _ => {}
    }
    None
}

pub(super) fn check_log_group(typed: &Text, names: &Names, form: &mut Form<'_>) {
    let known: Vec<&str> = names.log_groups.iter().map(String::as_str).collect();
    if known.contains(&typed.value.as_str()) {
        return;
    }
    let help = match diagnostic::closest(&typed.value, known.clone()) {
        Some(near) => format!("write `{near}`"),
        None => format!("they look at {}", listed(known)),
    };
    let message = format!("no metric filter looks at a log group `{}`", typed.value);
    form.wrong(ErrorCode::UnknownName, typed.span, message, &help);
}

/// An id as AWS gives them, always the same for the same parts.
fn guid(parts: &[&str]) -> String {
    use siphasher::sip128::{Hasher128, SipHasher13};
    use std::hash::Hasher;

    let mut hasher = SipHasher13::new();
    for part in parts {
        hasher.write(part.as_bytes());
        hasher.write_u8(0xff);
    }
    let hash = hasher.finish128();
    let (high, low) = (hash.h1, hash.h2);
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}

/// The time of a record that was read.
pub(super) fn time_of(record: json::Value<'_>) -> Option<i64> {
    crate::report::sane(Call::from_record(record).time)
}
