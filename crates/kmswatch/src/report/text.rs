//! The report for a person at a terminal: the answer, the groups, the totals, and what couldn't be read.

mod alarms;
mod answer;
mod block;
mod chart;
mod detections;
pub(crate) mod page;
mod totals;

use std::io::{self, Write};

use super::format::{Report, TextOptions, View};
use page::{Page, plural};

/// The whole report.
pub(super) fn write(report: &Report, options: TextOptions, out: &mut dyn Write) -> io::Result<()> {
    let mut page = Page::new(out, options);
    answer::write(report, &mut page)?;
    let mut number = 1..;
    for section in [Section::People, Section::Services, Section::Expected] {
        write_section(report, section, &mut number, &mut page)?;
    }
    alarms::write(report, &mut page)?;
    chart::write(report.hours(), &mut page)?;
    totals::write(report, &mut page)
}

/// What isn't about single groups.
pub(super) fn write_totals(report: &Report, options: TextOptions, out: &mut dyn Write) -> io::Result<()> {
    totals::write(report, &mut Page::new(out, options))
}

/// A part of the list of groups.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Section {
    People,
    Services,
    Expected,
}

impl Section {
    fn holds(self, view: View<'_>) -> bool {
        let own = match (view.expected().is_some(), view.group.by_service) {
            (true, _) => Section::Expected,
            (false, true) => Section::Services,
            (false, false) => Section::People,
        };
        own == self
    }

    fn title(self) -> &'static str {
        match self {
            Section::People => "People and workloads",
            Section::Services => "AWS services on their own",
            Section::Expected => "Expected",
        }
    }
}

fn write_section(
    report: &Report,
    section: Section,
    number: &mut impl Iterator<Item = usize>,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let groups = || report.groups().filter(|view| section.holds(*view));
    let (count, calls) =
        groups().fold((0, 0), |(count, calls), view| (count + 1, calls + view.group.calls()));
    if count == 0 {
        return Ok(());
    }
    let sums = format!("{}, {}", plural(count, "group"), plural(calls, "call"));
    page.heading(&format!("{} ({sums})", section.title()))?;
    let mut previous = None;
    for (view, number) in groups().take(page.options.groups).zip(number) {
        match section {
            Section::People => block::full(number, view, previous.replace(view), page)?,
            Section::Services | Section::Expected => block::short(number, view, page)?,
        }
    }
    let shown: u64 = groups().take(page.options.groups).map(|view| view.group.calls()).sum();
    write_not_shown(count.saturating_sub(page.options.groups as u64), calls - shown, page)
}

fn write_not_shown(groups: u64, calls: u64, page: &mut Page<'_>) -> io::Result<()> {
    if groups == 0 {
        return Ok(());
    }
    let what = format!("{} with {} not shown", plural(groups, "more group"), plural(calls, "call"));
    page.blank()?;
    page.paragraph(1, &format!("… {what}; --top shows more, --format json all."))
}
