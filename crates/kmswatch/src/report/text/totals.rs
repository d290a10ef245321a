//! What isn't about single groups: sums, unused expectations, and what couldn't be read.

use std::io;

use super::super::escape::shown;
use super::super::expected::{Unused, Why};
use super::super::format::Report;
use super::super::problems::Problem;
use super::super::time::readable_range;
use super::detections;
use super::page::{Page, grouped, plural};

/// How many problems and unused expectations are shown.
const MAX_SHOWN: usize = 10;

/// All of it.
pub(super) fn write(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    page.heading("Totals")?;
    for sentence in sums(report) {
        page.paragraph(2, &sentence)?;
    }
    detections::write(report, page)?;
    write_unused(report, page)?;
    write_problems(report, page)
}

fn sums(report: &Report) -> Vec<String> {
    let (files, answer) = (report.files, &report.answer);
    let (unreadable, skipped) = (grouped(files.unreadable), grouped(files.skipped));
    let mut sums = vec![
        format!("{} read, {unreadable} unreadable, {skipped} skipped", plural(files.read, "file")),
        format!(
            "{} read{}, {} matched",
            plural(report.records.read, "record"),
            when(report),
            grouped(answer.matched())
        ),
    ];
    let mut add = |count: u64, noun: &str, what: &str| {
        if count > 0 {
            sums.push(format!("{} {what}", plural(count, noun)));
        }
    };
    add(answer.duplicates, "repeat", "of matched records left out");
    if !report.window.is_open() {
        let left_out = plural(answer.outside_window, "matching record");
        sums.push(format!("only records {} counted, {left_out} outside", report.window.words()));
    }
    let mut add = |count: u64, noun: &str, what: &str| {
        if count > 0 {
            sums.push(format!("{} {what}", plural(count, noun)));
        }
    };
    add(answer.groups.beyond, "record", "counted, but in no group: there are more groups than the limit");
    add(answer.hours.without_time, "record", "without a time, and so not in the chart");
    add(answer.hours.beyond, "record", "not in the chart: there are more hours than the limit");
    sums
}

/// From when to when the records are.
fn when(report: &Report) -> String {
    report.span().map(|span| format!(" ({})", readable_range(span.first, span.last))).unwrap_or_default()
}

fn write_unused(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let count = report.unused().count();
    if count == 0 {
        return Ok(());
    }
    page.heading("Entries of the expected list to look at again")?;
    for unused in report.unused().take(MAX_SHOWN) {
        page.hanging("  ", 4, &describe(&unused))?;
    }
    write_more(count.saturating_sub(MAX_SHOWN) as u64, page)
}

fn describe(unused: &Unused<'_>) -> String {
    let error = match unused.error {
        Some("") => "empty error code".to_owned(),
        Some(error) => shown(error),
        None => "success".to_owned(),
    };
    let call = format!("{} of {} by {}", error, shown(unused.operation), shown(unused.principal));
    let why = match unused.why {
        Why::Unused => "no such record".to_owned(),
        Why::Expired => {
            format!(
                "{} after {} not covered",
                plural(unused.records_after_until, "record"),
                shown(unused.until)
            )
        }
    };
    format!("entry {}: {why} ({call})", unused.entry)
}

fn write_problems(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    if report.problems.is_empty() {
        return Ok(());
    }
    page.heading("Couldn't be read")?;
    for problem in report.problems.list().iter().take(MAX_SHOWN) {
        page.hanging("  ", 4, &sentence(problem))?;
    }
    let hidden = report.problems.list().len().saturating_sub(MAX_SHOWN) as u64;
    write_more(hidden + report.problems.more(), page)
}

fn sentence(problem: &Problem) -> String {
    let at = problem.offset.map(|offset| format!(", byte {}", grouped(offset))).unwrap_or_default();
    format!("{}{at}: {}", shown(&problem.path), shown(&problem.reason))
}

fn write_more(count: u64, page: &mut Page<'_>) -> io::Result<()> {
    if count == 0 {
        Ok(())
    } else {
        page.line(&format!("  … {} more; --format json lists them", grouped(count)))
    }
}
