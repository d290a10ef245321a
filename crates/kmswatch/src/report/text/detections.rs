//! The table of detections: how many records each matched, and what it looks for.

use std::io;

use super::super::aggregate::Detection;
use super::super::escape::{shown, shown_up_to};
use super::super::format::Report;
use super::page::{Page, Style, fitted, grouped};

/// How wide a detection's name may be.
const MAX_NAME: usize = 40;

/// A row for each that matched, and one for all others; nothing where no record was read.
pub(super) fn write(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let detections = report.detections();
    let most = detections.iter().map(|detection| detection.matched).max();
    let Some(digits) = most.map(|most| grouped(most).len()).filter(|_| report.records.read > 0) else {
        return Ok(());
    };
    page.heading("Detections (records matched)")?;
    let (matched, others): (Vec<&Detection>, Vec<&Detection>) =
        detections.iter().partition(|detection| detection.matched > 0);
    let width = matched.iter().map(|detection| name(detection).chars().count()).max().unwrap_or_default();
    for detection in matched {
        let start = format!("  {:>digits$}  {:<width$}  ", grouped(detection.matched), name(detection));
        write_row(detection, &start, page)?;
    }
    let others: Vec<String> = others.into_iter().map(name).collect();
    page.hanging(&format!("  {:>digits$}  ", 0), digits + 4, &others.join(", "))
}

fn write_row(detection: &Detection, start: &str, page: &mut Page<'_>) -> io::Result<()> {
    let columns = start.chars().count();
    if let Some(words) = &detection.words {
        return page.hanging(start, columns, &shown(words));
    }
    let room = page.options.width.saturating_sub(columns).max(20);
    let pattern = page.paint(Style::Dim, &fitted(&shown(&detection.pattern), room));
    page.line(&format!("{start}{pattern}"))
}

fn name(detection: &Detection) -> String {
    shown_up_to(&detection.name, MAX_NAME)
}
