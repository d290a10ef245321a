//! The answer in one or two sentences.

use std::collections::HashSet;
use std::io;

use super::super::escape::shown;
use super::super::format::{Report, View};
use super::super::group::Span;
use super::super::strings::Sym;
use super::super::time::{readable, readable_range};
use super::super::values::Kind;
use super::page::{Page, grouped, plural};

/// The event source of KMS.
const KMS: &str = "kms.amazonaws.com";

/// The first lines of the report.
pub(super) fn write(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    if report.answer.matched() == 0 {
        return write_nothing(report, page);
    }
    let facts = Facts::of(report);
    page.paragraph(0, &partly(report, &facts.sentence(report)))?;
    if let Some(worst) = worst(report) {
        page.paragraph(0, &worst)?;
    }
    page.paragraph(0, &facts.reservations(report).join(" "))
}

/// The answer, behind a warning if not everything was read.
fn partly(report: &Report, answer: &str) -> String {
    let warning =
        if report.complete { "" } else { "Interrupted before everything was read: this report is partial. " };
    format!("{warning}{answer}")
}

/// What is said of all groups together.
#[derive(Debug, Default)]
struct Facts {
    calls: u64,
    /// Of `calls`, those to KMS that failed.
    failing: u64,
    expected: u64,
    by_service: u64,
    principals: HashSet<Sym>,
    keys: HashSet<Sym>,
}

impl Facts {
    fn of(report: &Report) -> Self {
        let mut facts = Facts::default();
        report.groups().for_each(|view| facts.take(view));
        facts
    }

    fn take(&mut self, view: View<'_>) {
        let calls = view.group.calls();
        self.calls += calls;
        if view.expected().is_some() {
            self.expected += calls;
        } else if view.group.by_service {
            self.by_service += calls;
        }
        self.principals.insert(view.group.key.principal);
        self.keys.extend(view.group.key.key);
        if view.error().is_some() {
            let sources = view.list(Kind::EventSource);
            self.failing +=
                sources.iter().find(|source| source.value == KMS).map_or(0, |kms| u64::from(kms.count));
        }
    }

    /// Who called what, how often, when.
    fn sentence(&self, report: &Report) -> String {
        let when = when(report.answer.span);
        if self.calls == 0 {
            return format!("{}{when}.", plural(report.answer.matched(), "matching record"));
        }
        let least = if report.answer.groups.beyond > 0 { "at least " } else { "" };
        let principals = plural(self.principals.len() as u64, "principal");
        let keys = match self.keys.len() as u64 {
            0 => String::new(),
            count => format!(" on {least}{}", plural(count, "key")),
        };
        let what = self.what(if least.is_empty() { "" } else { "At least " }, least);
        format!("{what} by {least}{principals}{keys}{when}.")
    }

    fn what(&self, start: &str, least: &str) -> String {
        let failing = plural(self.failing, "failing KMS call");
        match (self.failing, self.calls - self.failing) {
            (_, 0) => format!("{start}{failing}"),
            (0, others) => format!("{start}{}", plural(others, "matching call")),
            (_, others) => format!("{start}{failing} and {least}{}", plural(others, "other matching call")),
        }
    }

    /// What the reader must know before taking the answer for the whole truth.
    fn reservations(&self, report: &Report) -> Vec<String> {
        let mut sentences = Vec::new();
        if self.expected > 0 && self.expected == self.calls {
            sentences.push("All of them are expected.".to_owned());
        } else if self.expected > 0 {
            sentences.push(format!("Expected among them: {}.", grouped(self.expected)));
        }
        if self.by_service > 0 {
            sentences.push(format!("AWS services' own: {}.", grouped(self.by_service)));
        }
        sentences.extend(window(report));
        let beyond = report.answer.groups.beyond;
        if beyond > 0 {
            let records = plural(beyond, if self.calls > 0 { "more record" } else { "record" });
            sentences.push(format!("{records} in no group: there are more groups than the limit."));
        }
        if report.answer.only_counted > 0 {
            let records = plural(report.answer.only_counted, "record");
            sentences
                .push(format!("{records} of detections of one's own only counted: --group-all groups them."));
        }
        sentences.extend(unreadable(report));
        sentences
    }
}

/// Which times count, and what that leaves out.
fn window(report: &Report) -> Option<String> {
    if report.window.is_open() {
        return None;
    }
    let outside = plural(report.answer.outside_window, "matching record");
    let timeless = match report.answer.hours.without_time {
        0 => String::new(),
        count => {
            format!(" Counted with them, as they may lie there: {} without a time.", plural(count, "record"))
        }
    };
    Some(format!("Only records {} count; outside: {outside}.{timeless}", report.window.words()))
}

fn when(span: Option<Span>) -> String {
    match span {
        None => String::new(),
        Some(Span { first, last }) if first == last => format!(" at {} UTC", readable(first)),
        Some(Span { first, last }) => format!(" between {} and {} UTC", readable(first), readable(last)),
    }
}

/// The first group, with the others of the same principal and error; of calls that succeeded, which are each a matter
/// of their own, only the first.
fn worst(report: &Report) -> Option<String> {
    let open = || report.groups().filter(|view| view.expected().is_none());
    let worst = open().next()?;
    let same = |view: &View<'_>| {
        let (one, other) = (&view.group.key, &worst.group.key);
        one.principal == other.principal && one.error == other.error && (one.error.is_some() || one == other)
    };
    let calls = open().filter(same).map(|view| view.group.calls()).sum();
    let keys: HashSet<Sym> = open().filter(same).filter_map(|view| view.group.key.key).collect();
    let on =
        if keys.is_empty() { String::new() } else { format!(" on {}", plural(keys.len() as u64, "key")) };
    let error = outcome(worst);
    let from =
        worst.list(Kind::SourceAddress).first().map(|address| format!(", from {}", shown(address.value)));
    Some(format!(
        "Worst: {}, {error}, {}{on}{}.",
        who(worst),
        plural(calls, "call"),
        from.unwrap_or_default()
    ))
}

/// The principal in words, or as it is, and what else is true of all calls.
pub(super) fn who(view: View<'_>) -> String {
    let who = if view.principal_words().is_empty() { view.principal() } else { view.principal_words() };
    let notes = view.of_all(Kind::PrincipalNote);
    shown(&std::iter::once(who).chain(notes).collect::<Vec<_>>().join(", "))
}

/// The error, or what succeeded.
pub(super) fn outcome(view: View<'_>) -> String {
    match view.error() {
        Some("") => "empty error code".to_owned(),
        Some(error) => shown(error),
        None => {
            let operations = view.list(Kind::Operation);
            let most = operations.first().map(|most| shown(most.value)).unwrap_or_default();
            let more = operations.len().saturating_sub(1);
            let more = if more > 0 {
                format!(" and {}", plural(more as u64, "other operation"))
            } else {
                String::new()
            };
            format!("{most}{more} succeeded")
        }
    }
}

fn unreadable(report: &Report) -> Option<String> {
    let files = report.files.unreadable;
    let verb = if files == 1 { "wasn't" } else { "weren't" };
    (files > 0)
        .then(|| format!("{} {verb} read, or not to the end: more may be there.", plural(files, "file")))
}

fn write_nothing(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let read = report.records.read;
    let files = plural(report.files.read, "file");
    if read == 0 {
        page.paragraph(0, &partly(report, &format!("Nothing to look at: no record in {files}.")))?;
    } else {
        page.paragraph(0, &partly(report, &no_match(report, &files)))?;
        page.paragraph(
            0,
            "This can also mean that the calls aren't in these logs: a trail can exclude KMS events or reads \
             (Decrypt is one), and a denied call from another account is recorded in that account only.",
        )?;
    }
    unreadable(report).map_or(Ok(()), |sentence| page.paragraph(0, &sentence))
}

fn no_match(report: &Report, files: &str) -> String {
    let detections = match report.detections().len() {
        1 => "the detection".to_owned(),
        count => format!("any of {count} detections"),
    };
    let (records, when) = (plural(report.records.read, "record"), when(report.span()));
    match (report.window.words().as_str(), report.answer.outside_window) {
        ("", _) => format!("No match: none of {records} in {files}{when} matched {detections}."),
        (window, 0) => format!("No match {window}: none of {records} in {files}{when} matched {detections}."),
        (window, outside) => format!(
            "No match {window}: of {records} in {files}{when}, {} matched {detections}, all outside these times.",
            grouped(outside)
        ),
    }
}

/// When the calls of a group were made.
pub(super) fn times(view: View<'_>) -> String {
    match view.group.span {
        Some(Span { first, last }) => readable_range(first, last),
        None => "the records don't say".to_owned(),
    }
}
