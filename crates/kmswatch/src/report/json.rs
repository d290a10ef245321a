//! The report for programs: `docs/scan.schema.json` describes it, `docs/scan.md` explains it.
//!
//! Groups are written one after the other, never held a second time. What would disturb a terminal inside a
//! string is written as `\u` escapes, which every JSON parser reads back.

use std::io::{self, Write};

use cloudtrail::call::Reason;
use serde::{Serialize, Serializer};
use serde_json::ser::Formatter;

use super::aggregate::Detection;
use super::escape::disturbs;
use super::expected::Unused;
use super::format::{Counted, Files, Records, Report, View};
use super::group::Span;
use super::json_alarms::{self, Alarm, WhatIf};
use super::problems::Problem;
use super::time::rfc3339;
use super::values::Kind;
use super::window::Window;

/// The version of the format. It grows when a field changes its meaning or goes, not when one is added.
const VERSION: u32 = 1;

/// Down to which depth each value has a line of its own: the fields of a group.
const OPEN: usize = 3;

/// One object.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    write_value(&Document::of(report), OPEN, out)
}

/// Any answer, with a line for each value down to a depth of `open`, and nothing in it that disturbs a terminal.
pub(crate) fn write_value(value: &impl Serialize, open: usize, out: &mut dyn Write) -> io::Result<()> {
    value.serialize(&mut serde_json::Serializer::with_formatter(&mut *out, Layout::new(open)))?;
    writeln!(out)
}

/// A line for each group and one for everything else.
pub(super) fn write_lines(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for view in report.groups() {
        write_line(&Line::Group(&Group::of(view)), out)?;
    }
    write_line(&Line::Summary { summary: &Summary::of(report) }, out)
}

fn write_line(line: &Line<'_>, out: &mut dyn Write) -> io::Result<()> {
    write_value(line, 0, out)
}

#[derive(Serialize)]
struct Document<'a> {
    #[serde(flatten)]
    totals: Totals<'a>,
    #[serde(serialize_with = "each_group")]
    groups: &'a Report,
    #[serde(flatten)]
    details: Details<'a>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Line<'a> {
    Group(&'a Group<'a>),
    Summary { summary: &'a Summary<'a> },
}

#[derive(Serialize)]
struct Summary<'a> {
    #[serde(flatten)]
    totals: Totals<'a>,
    #[serde(flatten)]
    details: Details<'a>,
}

/// What is counted over all groups.
#[derive(Serialize)]
struct Totals<'a> {
    version: u32,
    complete: bool,
    files: Files,
    records: Records,
    duplicates: u64,
    matched: u64,
    unexpected: u64,
    window: Bounds,
    outside_window: u64,
    first_record: Option<String>,
    last_record: Option<String>,
    first_match: Option<String>,
    last_match: Option<String>,
    detections: &'a [Detection],
}

/// What follows the groups.
#[derive(Serialize)]
struct Details<'a> {
    alarms: Option<Vec<Alarm<'a>>>,
    what_if: Vec<WhatIf<'a>>,
    observations_without_time: u64,
    observations_without_number: u64,
    observations_beyond_limit: u64,
    evidence_beyond_limit: u64,
    groups_beyond_limit: Beyond,
    expected_unused: Vec<Unused<'a>>,
    #[serde(serialize_with = "each_hour")]
    histogram: &'a Report,
    records_without_time: u64,
    records_beyond_histogram: u64,
    problems: &'a [Problem],
    problems_more: u64,
}

/// The first and the last second that the report is about.
#[derive(Serialize)]
struct Bounds {
    since: Option<String>,
    until: Option<String>,
}

#[derive(Serialize)]
struct Beyond {
    records: u64,
}

#[derive(Serialize)]
struct Hour {
    hour: String,
    count: u64,
}

#[derive(Serialize)]
struct Group<'a> {
    principal: &'a str,
    principal_words: &'a str,
    principal_notes: Vec<Counted<'a>>,
    principal_type: &'a str,
    account: Option<&'a str>,
    key: Option<&'a str>,
    key_notes: Vec<Counted<'a>>,
    error: Option<&'a str>,
    tier: &'static str,
    by_service: bool,
    count: u64,
    calls: u64,
    first: Option<String>,
    last: Option<String>,
    expected: Option<Expectation<'a>>,
    denial_reason: Option<&'static str>,
    denial_code: Option<&'static str>,
    denial_advice: Option<&'static str>,
    denial_reasons: Vec<Counted<'static>>,
    denial_codes: Vec<Counted<'static>>,
    denying_policies: Vec<Counted<'a>>,
    error_meaning: &'a str,
    what_to_do: &'a str,
    operations: Vec<Counted<'a>>,
    event_sources: Vec<Counted<'a>>,
    resources: Vec<Counted<'a>>,
    source_addresses: Vec<Counted<'a>>,
    user_agents: Vec<Counted<'a>>,
    invoked_by: Vec<Counted<'a>>,
    vpc_endpoints: Vec<Counted<'a>>,
    vpc_endpoint_accounts: Vec<Counted<'a>>,
    regions: Vec<Counted<'a>>,
    detections: Vec<Counted<'a>>,
    more: More,
}

#[derive(Serialize)]
struct Expectation<'a> {
    reason: &'a str,
    until: &'a str,
}

/// In how many calls values occurred that found no room in a list.
#[derive(Serialize)]
struct More {
    principal_notes: u32,
    key_notes: u32,
    denial_reasons: u32,
    denial_codes: u32,
    denying_policies: u32,
    operations: u32,
    event_sources: u32,
    resources: u32,
    source_addresses: u32,
    user_agents: u32,
    invoked_by: u32,
    vpc_endpoints: u32,
    vpc_endpoint_accounts: u32,
    regions: u32,
    detections: u32,
}

impl<'a> Document<'a> {
    fn of(report: &'a Report) -> Self {
        Document { totals: Totals::of(report), groups: report, details: Details::of(report) }
    }
}

impl<'a> Summary<'a> {
    fn of(report: &'a Report) -> Self {
        Summary { totals: Totals::of(report), details: Details::of(report) }
    }
}

impl<'a> Totals<'a> {
    fn of(report: &'a Report) -> Self {
        let answer = &report.answer;
        Totals {
            version: VERSION,
            complete: report.complete,
            files: report.files,
            records: report.records,
            duplicates: answer.duplicates,
            matched: answer.matched(),
            unexpected: answer.unexpected(),
            window: Bounds::of(report.window),
            outside_window: answer.outside_window,
            first_record: first(report.span()),
            last_record: last(report.span()),
            first_match: first(answer.span),
            last_match: last(answer.span),
            detections: report.detections(),
        }
    }
}

impl Bounds {
    fn of(window: Window) -> Self {
        Bounds { since: window.since.map(rfc3339), until: window.until.map(rfc3339) }
    }
}

impl<'a> Details<'a> {
    fn of(report: &'a Report) -> Self {
        let answer = &report.answer;
        let observations = &answer.observations;
        Details {
            alarms: json_alarms::alarms(report),
            what_if: json_alarms::what_if(report),
            observations_without_time: observations.without_time,
            observations_without_number: observations.without_number.iter().sum(),
            observations_beyond_limit: observations.beyond,
            evidence_beyond_limit: observations.sightings_beyond(),
            groups_beyond_limit: Beyond { records: answer.groups.beyond },
            expected_unused: report.unused().collect(),
            histogram: report,
            records_without_time: answer.hours.without_time,
            records_beyond_histogram: answer.hours.beyond,
            problems: report.problems.list(),
            problems_more: report.problems.more(),
        }
    }
}

impl<'a> Group<'a> {
    fn of(view: View<'a>) -> Self {
        let denials = view.denials();
        let denial = denials.first().map(|(reason, _)| *reason);
        let list = |say: fn(Reason) -> &'static str| {
            denials.iter().map(|(reason, count)| Counted { value: say(*reason), count: *count }).collect()
        };
        Group {
            principal: view.principal(),
            principal_words: view.principal_words(),
            principal_notes: view.list(Kind::PrincipalNote),
            principal_type: view.principal_type(),
            account: view.account(),
            key: view.key(),
            key_notes: view.list(Kind::KeyNote),
            error: view.error(),
            tier: view.tier().code(),
            by_service: view.group.by_service,
            count: view.group.records,
            calls: view.group.calls(),
            first: first(view.group.span),
            last: last(view.group.span),
            expected: view.expected().map(|(reason, until)| Expectation { reason, until }),
            denial_reason: denial.map(Reason::words),
            denial_code: denial.map(Reason::code),
            denial_advice: denial.map(Reason::look),
            denial_reasons: list(Reason::words),
            denial_codes: list(Reason::code),
            denying_policies: view.list(Kind::DenyingPolicy),
            error_meaning: view.meaning(),
            what_to_do: view.advice(),
            operations: view.list(Kind::Operation),
            event_sources: view.list(Kind::EventSource),
            resources: view.list(Kind::Resource),
            source_addresses: view.list(Kind::SourceAddress),
            user_agents: view.list(Kind::UserAgent),
            invoked_by: view.list(Kind::InvokedBy),
            vpc_endpoints: view.list(Kind::VpcEndpoint),
            vpc_endpoint_accounts: view.list(Kind::VpcEndpointAccount),
            regions: view.list(Kind::Region),
            detections: view.list(Kind::Detection),
            more: More::of(view),
        }
    }
}

impl More {
    fn of(view: View<'_>) -> Self {
        More {
            principal_notes: view.more(Kind::PrincipalNote),
            key_notes: view.more(Kind::KeyNote),
            denial_reasons: view.more(Kind::Denial),
            denial_codes: view.more(Kind::Denial),
            denying_policies: view.more(Kind::DenyingPolicy),
            operations: view.more(Kind::Operation),
            event_sources: view.more(Kind::EventSource),
            resources: view.more(Kind::Resource),
            source_addresses: view.more(Kind::SourceAddress),
            user_agents: view.more(Kind::UserAgent),
            invoked_by: view.more(Kind::InvokedBy),
            vpc_endpoints: view.more(Kind::VpcEndpoint),
            vpc_endpoint_accounts: view.more(Kind::VpcEndpointAccount),
            regions: view.more(Kind::Region),
            detections: view.more(Kind::Detection),
        }
    }
}

fn first(span: Option<Span>) -> Option<String> {
    span.map(|span| rfc3339(span.first))
}

fn last(span: Option<Span>) -> Option<String> {
    span.map(|span| rfc3339(span.last))
}

fn each_group<S: Serializer>(report: &Report, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(report.groups().map(Group::of))
}

fn each_hour<S: Serializer>(report: &Report, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(report.hours().iter().map(|(hour, count)| Hour { hour: rfc3339(hour), count }))
}

/// How JSON is laid out. What would disturb a terminal inside a string becomes a `\u` escape.
struct Layout {
    /// Down to which depth each value has a line of its own; 0 for everything in one line.
    open: usize,
    depth: usize,
    /// Whether nothing stands in the innermost array or object yet.
    empty: bool,
}

impl Layout {
    /// Values down to `open` levels have a line of their own.
    fn new(open: usize) -> Self {
        Layout { open, depth: 0, empty: true }
    }

    fn begin<W: ?Sized + Write>(&mut self, out: &mut W, bracket: &str) -> io::Result<()> {
        self.depth += 1;
        self.empty = true;
        out.write_all(bracket.as_bytes())
    }

    fn end<W: ?Sized + Write>(&mut self, out: &mut W, bracket: &str) -> io::Result<()> {
        let breaks = self.depth <= self.open && !self.empty;
        self.depth -= 1;
        self.empty = false;
        if breaks {
            self.break_line(out)?;
        }
        out.write_all(bracket.as_bytes())
    }

    fn next<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.empty = false;
        out.write_all(if first { b"" } else { b"," })?;
        match self.depth <= self.open {
            true => self.break_line(out),
            false if self.open > 0 && !first => out.write_all(b" "),
            false => Ok(()),
        }
    }

    fn break_line<W: ?Sized + Write>(&self, out: &mut W) -> io::Result<()> {
        write!(out, "\n{:width$}", "", width = 2 * self.depth)
    }
}

impl Formatter for Layout {
    fn write_string_fragment<W: ?Sized + Write>(&mut self, out: &mut W, fragment: &str) -> io::Result<()> {
        // Other control characters are escaped by JSON itself.
        if fragment.bytes().all(|byte| byte.is_ascii() && byte != 0x7f) {
            return out.write_all(fragment.as_bytes());
        }
        for piece in fragment.split_inclusive(disturbs) {
            match piece.char_indices().next_back().filter(|(_, last)| disturbs(*last)) {
                Some((end, last)) => {
                    out.write_all(piece.get(..end).unwrap_or_default().as_bytes())?;
                    last.encode_utf16(&mut [0; 2])
                        .iter()
                        .try_for_each(|unit| write!(out, "\\u{unit:04x}"))?;
                }
                None => out.write_all(piece.as_bytes())?,
            }
        }
        Ok(())
    }

    fn begin_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.begin(out, "[")
    }

    fn end_array<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.end(out, "]")
    }

    fn begin_array_value<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.next(out, first)
    }

    fn begin_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.begin(out, "{")
    }

    fn end_object<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        self.end(out, "}")
    }

    fn begin_object_key<W: ?Sized + Write>(&mut self, out: &mut W, first: bool) -> io::Result<()> {
        self.next(out, first)
    }

    fn begin_object_value<W: ?Sized + Write>(&mut self, out: &mut W) -> io::Result<()> {
        out.write_all(if self.open > 0 { b": " } else { b":" })
    }
}
