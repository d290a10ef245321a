//! Which failing calls does the owner know about?
//!
//! An entry names one principal, one operation, one key and one error, exactly, and says why and until when. There
//! are no wildcards and no negations: they would also hide what nobody has seen yet.

use std::collections::HashMap;
use std::fmt;
use std::num::NonZeroU32;

use json::{Document, Kind, Value};

use super::escape;
use super::evidence::Evidence;
use super::time;

/// How many entries a list may have.
const MAX_ENTRIES: usize = 10_000;

/// How long a list may be, in bytes.
const MAX_LIST: usize = 16 << 20;

/// The fields of an entry, all required.
const FIELDS: [&str; 6] = ["principal", "operation", "key", "error", "reason", "until"];

/// What an entry looks like, for error messages.
const EXAMPLE: &str = r#"{"principal": "arn:aws:iam::111122223333:role/backup", "operation": "Decrypt", "key": "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab", "error": "AccessDenied", "reason": "why this is known", "until": "2026-01-31"}"#;

/// The list of what is expected, and what became of each entry.
#[derive(Debug, Default)]
pub(crate) struct Expected {
    entries: Vec<Entry>,
    by_call: HashMap<Call, usize>,
}

/// What an entry is compared with.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
struct Call {
    principal: String,
    operation: String,
    key: Option<String>,
    error: Option<String>,
}

/// One entry.
#[derive(Debug)]
pub(super) struct Entry {
    call: Call,
    pub(super) reason: String,
    /// As it was written.
    pub(super) until: String,
    last: i64,
    matched: u64,
    too_late: u64,
}

/// Which entry, counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct EntryId(NonZeroU32);

/// Why a list can't be used: all that is wrong with it, a line each.
#[derive(Debug)]
pub(crate) struct ExpectedError(Vec<String>);

impl fmt::Display for ExpectedError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0.join("\n"))
    }
}

impl std::error::Error for ExpectedError {}

impl Expected {
    /// Reads a list.
    ///
    /// # Errors
    /// With all that is wrong with it, each with its line.
    pub(crate) fn parse(text: &[u8]) -> Result<Self, ExpectedError> {
        if text.len() > MAX_LIST {
            return Err(ExpectedError(vec![format!("the list is longer than {} MiB", MAX_LIST >> 20)]));
        }
        let document = Document::parse(text).map_err(|error| not_json(text, error))?;
        let mut reader = Reader { text, expected: Expected::default(), errors: Vec::new() };
        reader.list(document.root());
        if reader.errors.is_empty() { Ok(reader.expected) } else { Err(ExpectedError(reader.errors)) }
    }

    /// The entry that a record falls under.
    pub(super) fn matching(&mut self, evidence: &Evidence) -> Option<EntryId> {
        if self.entries.is_empty() {
            return None;
        }
        let index = *self.by_call.get(&Call::of(evidence))?;
        let entry = self.entries.get_mut(index)?;
        let in_time = time::sane(evidence.time).is_some_and(|time| time <= entry.last);
        *if in_time { &mut entry.matched } else { &mut entry.too_late } += 1;
        EntryId::new(index).filter(|_| in_time)
    }

    /// The entry with this number.
    pub(super) fn get(&self, id: EntryId) -> Option<&Entry> {
        self.entries.get(id.number() as usize - 1)
    }

    /// The entries that no record fell under, or that records came too late for.
    pub(super) fn unused(&self) -> impl Iterator<Item = Unused<'_>> {
        (1..).zip(&self.entries).filter(|(_, entry)| entry.matched == 0 || entry.too_late > 0).map(Unused::of)
    }
}

impl EntryId {
    fn new(index: usize) -> Option<Self> {
        u32::try_from(index + 1).ok().and_then(NonZeroU32::new).map(EntryId)
    }

    /// Counted from 1.
    pub(super) fn number(self) -> u32 {
        self.0.get()
    }
}

impl Call {
    fn of(evidence: &Evidence) -> Self {
        Call {
            principal: evidence.principal.clone(),
            operation: evidence.operation.clone(),
            key: evidence.key.clone(),
            error: evidence.error.clone(),
        }
    }
}

/// An entry that did nothing, or not everything, as it appears in a report.
#[derive(Debug, serde::Serialize)]
pub(super) struct Unused<'e> {
    /// Counted from 1.
    pub(super) entry: u32,
    pub(super) why: Why,
    pub(super) principal: &'e str,
    pub(super) operation: &'e str,
    pub(super) key: Option<&'e str>,
    pub(super) error: Option<&'e str>,
    pub(super) reason: &'e str,
    pub(super) until: &'e str,
    /// Records that would have fallen under it, but came after `until` or have no time.
    pub(super) records_after_until: u64,
}

/// Why an entry is in the list of unused ones.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Why {
    /// There was no such call.
    Unused,
    /// There were such calls after it had ended.
    Expired,
}

impl<'e> Unused<'e> {
    fn of((entry, from): (u32, &'e Entry)) -> Self {
        Unused {
            entry,
            why: if from.too_late > 0 { Why::Expired } else { Why::Unused },
            principal: &from.call.principal,
            operation: &from.call.operation,
            key: from.call.key.as_deref(),
            error: from.call.error.as_deref(),
            reason: &from.reason,
            until: &from.until,
            records_after_until: from.too_late,
        }
    }
}

/// Reads a list and collects what is wrong with it.
struct Reader<'t> {
    text: &'t [u8],
    expected: Expected,
    errors: Vec<String>,
}

impl Reader<'_> {
    fn list(&mut self, root: Value<'_>) {
        if root.kind() != Kind::Array {
            self.errors
                .push(format!("{}: not a list; write an array of entries: [{EXAMPLE}]", self.line(root)));
        } else if root.elements().nth(MAX_ENTRIES).is_some() {
            self.errors.push(format!("more than {MAX_ENTRIES} entries"));
        } else {
            (1..).zip(root.elements()).for_each(|(number, entry)| self.entry(number, entry));
        }
    }

    fn entry(&mut self, number: usize, entry: Value<'_>) {
        if entry.kind() != Kind::Object {
            self.errors
                .push(format!("{}: entry {number} is not an object; write {EXAMPLE}", self.line(entry)));
            return;
        }
        self.refuse_unknown_fields(number, entry);
        if let Some(entry) = self.whole_entry(number, entry) {
            self.keep(number, entry);
        }
    }

    fn refuse_unknown_fields(&mut self, number: usize, entry: Value<'_>) {
        for (name, _) in entry.members().filter(|(name, _)| !FIELDS.iter().any(|field| name.says(field))) {
            let line = self.line(name);
            let name = escape::shown(&name.string().unwrap_or_default());
            let fields = FIELDS.join("`, `");
            self.errors
                .push(format!("{line}: entry {number}: unknown field `{name}`; an entry has `{fields}`"));
        }
    }

    fn whole_entry(&mut self, number: usize, entry: Value<'_>) -> Option<Entry> {
        let principal = self.exact(number, entry, "principal");
        let operation = self.exact(number, entry, "operation");
        let key = self.exact_or_null(number, entry, "key");
        let error = self.exact_or_null(number, entry, "error");
        let reason = self.words(number, entry, "reason");
        let until = self.until(number, entry);
        let call = Call { principal: principal?, operation: operation?, key: key?, error: error? };
        let (until, last) = until?;
        Some(Entry { call, reason: reason?, until, last, matched: 0, too_late: 0 })
    }

    fn keep(&mut self, number: usize, entry: Entry) {
        match self.expected.by_call.get(&entry.call) {
            Some(earlier) => {
                let earlier = earlier + 1;
                self.errors.push(format!(
                    "entry {number} names the same call as entry {earlier}; keep the one whose `until` is right"
                ));
            }
            None => {
                self.expected.by_call.insert(entry.call.clone(), self.expected.entries.len());
                self.expected.entries.push(entry);
            }
        }
    }

    fn exact_or_null(&mut self, number: usize, entry: Value<'_>, field: &str) -> Option<Option<String>> {
        if entry.get(field).is_some_and(|value| value.kind() == Kind::Null) {
            return Some(None);
        }
        if field == "error" && entry.get(field).is_some_and(|value| value.says("")) {
            return Some(Some(String::new()));
        }
        self.exact(number, entry, field).map(Some)
    }

    /// A field that is compared exactly, and so may be neither a wildcard nor a negation.
    fn exact(&mut self, number: usize, entry: Value<'_>, field: &str) -> Option<String> {
        let text = self.words(number, entry, field)?;
        let Some(why) = not_exact(&text) else { return Some(text) };
        self.refuse(
            number,
            entry,
            field,
            &format!("`{}` is not an exact value: {why}", escape::shown(&text)),
        );
        None
    }

    fn words(&mut self, number: usize, entry: Value<'_>, field: &str) -> Option<String> {
        let value = entry.get(field).and_then(Value::string).filter(|text| !text.trim().is_empty());
        if value.is_none() {
            self.refuse(number, entry, field, &what_to_write(entry.get(field).is_some(), field));
        }
        value.map(std::borrow::Cow::into_owned)
    }

    fn until(&mut self, number: usize, entry: Value<'_>) -> Option<(String, i64)> {
        let text = self.words(number, entry, "until")?;
        let last = time::last_second(&text);
        if last.is_none() {
            let shown = escape::shown(&text);
            let what =
                "write a date (`2026-01-31`, through its end in UTC) or a time (`2026-01-31T12:00:00Z`)";
            self.refuse(number, entry, "until", &format!("`{shown}` is neither a date nor a time; {what}"));
        }
        Some((text, last?))
    }

    fn refuse(&mut self, number: usize, entry: Value<'_>, field: &str, why: &str) {
        let line = self.line(entry.get(field).unwrap_or(entry));
        self.errors.push(format!("{line}: entry {number}, `{field}`: {why}"));
    }

    fn line(&self, value: Value<'_>) -> String {
        line_at(self.text, value.span().start)
    }
}

/// Why a text isn't one that is compared exactly.
pub(crate) fn not_exact(text: &str) -> Option<&'static str> {
    if text.contains('*') {
        Some("a wildcard also hides calls that nobody has seen yet; write one entry for each exact value")
    } else if text.starts_with('!') {
        Some(
            "a negation hides everything but what you name, also what you don't know yet; name what you do know",
        )
    } else {
        None
    }
}

fn what_to_write(present: bool, field: &str) -> String {
    let problem = if present { "must be a string that says something" } else { "is missing" };
    let hint = match field {
        "principal" => "the principal as the report shows it, an ARN where there is one",
        "operation" => "the operation, such as \"Decrypt\"",
        "key" => "the key as the report shows it, or null for calls whose record names none",
        "error" => "the error code, such as \"AccessDenied\", or null for calls that succeed",
        "reason" => "why these calls are known and harmless",
        _ => "the day on which somebody must look again, such as \"2026-01-31\"",
    };
    format!("{problem}; write {hint}")
}

fn not_json(text: &[u8], error: json::Error) -> ExpectedError {
    ExpectedError(vec![format!("{}: {error}", line_at(text, error.offset))])
}

fn line_at(text: &[u8], offset: usize) -> String {
    let before = text.get(..offset).unwrap_or(text);
    format!("line {}", 1 + before.iter().filter(|byte| **byte == b'\n').count())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(until: &str, time: Option<i64>) -> bool {
        let list = format!(
            r#"[{{"principal":"p","operation":"o","key":null,"error":null,"reason":"r","until":"{until}"}}]"#
        );
        let mut expected = Expected::parse(list.as_bytes()).unwrap();
        let evidence = Evidence { principal: "p".into(), operation: "o".into(), time, ..Evidence::default() };
        expected.matching(&evidence).is_some()
    }

    #[test]
    fn a_date_covers_its_day() {
        assert!(matches("2025-03-10", Some(1_741_651_199)));
        assert!(!matches("2025-03-10", Some(1_741_651_200)));
    }

    #[test]
    fn a_time_covers_its_second() {
        assert!(matches("2025-03-10T09:00:00+01:00", Some(1_741_593_600)));
        assert!(!matches("2025-03-10T08:00:00Z", Some(1_741_593_601)));
    }

    #[test]
    fn a_record_without_time_is_not_expected() {
        assert!(!matches("2025-03-10", None));
    }

    #[test]
    fn every_part_of_the_call_counts() {
        let list =
            br#"[{"principal":"p","operation":"o","key":"k","error":"e","reason":"r","until":"2099-01-01"}]"#;
        let mut expected = Expected::parse(list).unwrap();
        let call = Evidence {
            principal: "p".into(),
            operation: "o".into(),
            key: Some("k".into()),
            error: Some("e".into()),
            time: Some(0),
            ..Evidence::default()
        };
        assert!(expected.matching(&call).is_some());
        assert!(expected.matching(&Evidence { principal: "P".into(), ..call.clone() }).is_none());
        assert!(expected.matching(&Evidence { operation: "oo".into(), ..call.clone() }).is_none());
        assert!(expected.matching(&Evidence { key: None, ..call.clone() }).is_none());
        assert!(expected.matching(&Evidence { error: None, ..call }).is_none());
    }
}
