//! One report, four ways to write it.

use std::io::{self, Write};

use cloudtrail::call::{Reason, Tier};

use crate::alarms::{Evaluated, History, Outcome, Told};

use super::aggregate::{Answer, Detection};
use super::expected::Unused;
use super::group::Place;
use super::group::{Group, Span};
use super::hours::Hours;
use super::problems::Problems;
use super::strings::Sym;
use super::time::sane;
use super::values::Kind;
use super::window::Window;
use super::{csv, json, text};

/// What `kmswatch scan` answers.
#[derive(Debug)]
pub(crate) struct Report {
    /// What the records add up to.
    pub(crate) answer: Answer,
    /// What became of the files.
    pub(crate) files: Files,
    /// How many records were read.
    pub(crate) records: Records,
    /// What couldn't be read.
    pub(crate) problems: Problems,
    /// When each alarm would have fired; `None` where nobody asked.
    pub(crate) alarms: Option<Alarms>,
    /// The times that it is about.
    pub(crate) window: Window,
    /// Whether the reading went on to the end of all that was named; not after Ctrl-C.
    pub(crate) complete: bool,
}

/// When each alarm would have fired, and what else was asked about alarms.
#[derive(Debug)]
pub(crate) struct Alarms {
    /// What became of each.
    pub(crate) evaluated: Evaluated,
    /// What other choices would have cost, the template as it is first; empty where nobody asked.
    pub(crate) what_if: Vec<Outcome>,
}

/// What became of the files.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Files {
    /// Read to their end.
    pub(crate) read: u64,
    /// Not read, or not to their end.
    pub(crate) unreadable: u64,
    /// Left out because they are no CloudTrail log files.
    pub(crate) skipped: u64,
}

/// How many records were read.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Records {
    /// Records looked at, repeats counted.
    pub(crate) read: u64,
    /// Records as delivered: those looked at and those that couldn't be.
    pub(crate) deliveries: u64,
    /// The earliest and the latest time of all records, in seconds since 1970, where that is known.
    #[serde(skip)]
    pub(crate) span: Option<(i64, i64)>,
}

/// A way to write a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Format {
    /// For a person at a terminal.
    Text(TextOptions),
    /// One object.
    Json,
    /// A line for each group and one for the rest.
    Ndjson,
    /// A row for each group.
    Csv,
}

/// How text is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct TextOptions {
    /// Columns of the terminal.
    pub(crate) width: usize,
    /// Whether it shows colours.
    pub(crate) colour: bool,
    /// How many groups of each section are shown.
    pub(crate) groups: usize,
}

impl Default for TextOptions {
    fn default() -> Self {
        TextOptions { width: 80, colour: false, groups: 20 }
    }
}

impl Report {
    /// Writes the report.
    ///
    /// # Errors
    /// Those of `out`.
    pub(crate) fn write(&self, format: Format, out: &mut dyn Write) -> io::Result<()> {
        match format {
            Format::Text(options) => text::write(self, options, out),
            Format::Json => json::write(self, out),
            Format::Ndjson => json::write_lines(self, out),
            Format::Csv => csv::write(self, out),
        }
    }

    /// Writes what `csv` has no place for as text: totals and what couldn't be read.
    ///
    /// # Errors
    /// Those of `out`.
    pub(crate) fn write_totals(&self, options: TextOptions, out: &mut dyn Write) -> io::Result<()> {
        text::write_totals(self, options, out)
    }

    /// The times between which all records lie, where that is known.
    pub(super) fn span(&self) -> Option<Span> {
        let (first, last) = self.records.span.unzip();
        Some(Span { first: sane(first)?, last: sane(last)? })
    }

    /// The groups, worst first.
    pub(super) fn groups(&self) -> impl Iterator<Item = View<'_>> {
        self.answer.in_order().map(|group| View { answer: &self.answer, group })
    }

    /// The groups behind a change to `ALARM`, the most frequent first, each with how many of its records are behind it; and
    /// how many records are behind it that are in no group.
    pub(super) fn evidence(&self, history: &History, told: &Told) -> (Vec<(View<'_>, u64)>, u64) {
        let window = told.window.filter(|_| told.to == alarm::StateValue::Alarm);
        let Some((start, end)) = window else { return (Vec::new(), 0) };
        let (groups, without) = self.answer.observations.groups_between(&history.streams, start, end);
        let rank = |place: Place| self.answer.ranks.get(place as usize).copied();
        let mut ranked: Vec<_> =
            groups.into_iter().map(|(place, count)| (place, count, rank(place))).collect();
        ranked.sort_by_key(|(_, count, rank)| (std::cmp::Reverse(*count), *rank));
        let view = |(place, count, _): (Place, u64, _)| {
            let group = self.answer.groups.list.get(place as usize)?;
            Some((View { answer: &self.answer, group }, count))
        };
        (ranked.into_iter().filter_map(view).collect(), without)
    }

    pub(super) fn detections(&self) -> &[Detection] {
        &self.answer.detections
    }

    pub(super) fn hours(&self) -> &Hours {
        &self.answer.hours
    }

    /// The entries of the list of expected calls that did nothing, or not everything.
    pub(super) fn unused(&self) -> impl Iterator<Item = Unused<'_>> {
        self.answer.expected.unused()
    }
}

/// A group with its symbols read.
#[derive(Debug, Clone, Copy)]
pub(super) struct View<'a> {
    answer: &'a Answer,
    pub(super) group: &'a Group,
}

/// A value of a list and in how many calls it occurred.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize)]
pub(super) struct Counted<'a> {
    pub(super) value: &'a str,
    pub(super) count: u32,
}

impl<'a> View<'a> {
    pub(super) fn principal(self) -> &'a str {
        self.text(self.group.key.principal)
    }

    pub(super) fn principal_words(self) -> &'a str {
        self.optional(self.group.words).unwrap_or_default()
    }

    pub(super) fn principal_type(self) -> &'a str {
        self.optional(self.group.principal_type).unwrap_or_default()
    }

    pub(super) fn account(self) -> Option<&'a str> {
        self.optional(self.group.account)
    }

    pub(super) fn key(self) -> Option<&'a str> {
        self.optional(self.group.key.key)
    }

    pub(super) fn error(self) -> Option<&'a str> {
        self.optional(self.group.key.error)
    }

    pub(super) fn meaning(self) -> &'a str {
        self.optional(self.group.meaning).unwrap_or_default()
    }

    pub(super) fn advice(self) -> &'a str {
        self.optional(self.group.advice).unwrap_or_default()
    }

    pub(super) fn tier(self) -> Tier {
        self.group.tier
    }

    /// Why and until when it is expected, if it is.
    pub(super) fn expected(self) -> Option<(&'a str, &'a str)> {
        let entry = self.answer.expected.get(self.group.key.expected?)?;
        Some((&entry.reason, &entry.until))
    }

    /// A list, most frequent first, then by value.
    pub(super) fn list(self, kind: Kind) -> Vec<Counted<'a>> {
        let read = |(sym, count)| Counted { value: self.value(kind, sym), count };
        let mut list: Vec<Counted<'a>> = self.group.values.of(kind).map(read).collect();
        list.sort_by(|one, two| two.count.cmp(&one.count).then_with(|| one.value.cmp(two.value)));
        list
    }

    /// In how many calls values occurred that found no room in a list.
    pub(super) fn more(self, kind: Kind) -> u32 {
        self.group.values.rest(kind)
    }

    /// Why its calls were denied, most frequent first.
    pub(super) fn denials(self) -> Vec<(Reason, u32)> {
        let read = |(sym, count)| Some((*Reason::ALL.get(index(sym))?, count));
        let mut list: Vec<(Reason, u32)> = self.group.values.of(Kind::Denial).filter_map(read).collect();
        list.sort_by(|(one, ones), (two, twos)| twos.cmp(ones).then_with(|| one.words().cmp(two.words())));
        list
    }

    /// The values of a list that are true of all calls.
    pub(super) fn of_all(self, kind: Kind) -> Vec<&'a str> {
        let calls = self.group.calls();
        let all = self.list(kind).into_iter().filter(|counted| u64::from(counted.count) == calls);
        all.map(|counted| counted.value).collect()
    }

    fn value(self, kind: Kind, sym: Sym) -> &'a str {
        match kind {
            Kind::Detection => self.answer.detections.get(index(sym)).map_or("", |detection| &detection.name),
            Kind::Denial => Reason::ALL.get(index(sym)).map_or("", |reason| reason.words()),
            _ => self.text(sym),
        }
    }

    fn text(self, sym: Sym) -> &'a str {
        self.answer.groups.strings.get(sym)
    }

    fn optional(self, sym: Option<Sym>) -> Option<&'a str> {
        sym.map(|sym| self.text(sym))
    }
}

/// The place in a list that a symbol stands for.
fn index(sym: Sym) -> usize {
    sym.number() as usize - 1
}
