//! The slots of a window, one below the other.

use std::io;

use alarm::{Evaluated, Evaluation, Slot, TreatMissingData, Verdict};

use super::super::answer::age;
use super::super::limits::MAX_SLOTS;
use super::super::question::MetricQuestion;
use crate::report::page::{Page, Style, plural};
use crate::report::readable;

/// A slot as it is shown.
struct Row {
    start: String,
    value: String,
    verdict: &'static str,
    style: Option<Style>,
    sign: char,
}

/// The whole window in one line of signs, then a line for each slot, oldest first.
pub(super) fn write(
    question: &MetricQuestion,
    evaluation: &Evaluation,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let rows = rows(question, evaluation);
    let signs: String = rows.iter().map(|row| row.sign).collect();
    page.field("slots", &format!("{signs} (oldest first, X breaching)"))?;
    let left = question.condition.evaluation_range() as usize - rows.len();
    if left > 0 {
        page.field("", &format!("… {} not shown", plural(left as u64, "older slot")))?;
    }
    let width = |of: fn(&Row) -> &str| rows.iter().map(|row| of(row).chars().count()).max().unwrap_or(0);
    let (starts, values) = (width(|row| &row.start), width(|row| &row.value));
    for row in &rows {
        let verdict =
            row.style.map_or_else(|| row.verdict.to_owned(), |style| page.paint(style, row.verdict));
        let text = format!("{:16}{:<starts$}  {:>values$}  {verdict}", "", row.start, row.value);
        page.line(&text)?;
    }
    Ok(())
}

/// The newest slots, oldest first.
fn rows(question: &MetricQuestion, evaluation: &Evaluation) -> Vec<Row> {
    let range = i64::from(question.condition.evaluation_range());
    let padded = question.slots.iter().rev().copied().chain(std::iter::repeat(None));
    let mut evaluated = evaluation.evaluated.iter().peekable();
    let mut rows: Vec<Row> = (1..=range)
        .zip(padded)
        .take(MAX_SLOTS)
        .map(|(position, slot)| {
            let looked_at = evaluated.next_if(|slot| age(question, slot) == position);
            row(question, position, slot, looked_at)
        })
        .collect();
    rows.reverse();
    rows
}

fn row(question: &MetricQuestion, position: i64, slot: Slot, looked_at: Option<&Evaluated>) -> Row {
    let verdict = match (slot, looked_at) {
        (_, Some(looked_at)) => words(looked_at),
        (Some(_), None) => "too old to count",
        (None, None) => "missing, passed over",
    };
    let style = match looked_at.map(|slot| slot.verdict) {
        Some(Verdict::Breaching) => Some(Style::Red),
        Some(_) => None,
        None => Some(Style::Dim),
    };
    let start = match question.window() {
        Some(window) => readable(window.end - position * i64::from(window.period)),
        None => format!("slot {position}"),
    };
    let value = slot.map_or_else(|| "-".to_owned(), |point| alarm::java_double(point.value));
    Row { start, value: with_samples(value, slot), verdict, style, sign: sign(question, slot) }
}

fn words(slot: &Evaluated) -> &'static str {
    match (slot.verdict, slot.treated_as) {
        (Verdict::Breaching, _) => "breaching",
        (Verdict::NotBreaching, _) => "not breaching",
        (Verdict::Missing, Some(TreatMissingData::Breaching)) => "missing, counts as breaching",
        (Verdict::Missing, Some(TreatMissingData::NotBreaching)) => "missing, counts as not breaching",
        (Verdict::Missing, Some(TreatMissingData::Ignore)) => "missing, ignored",
        (Verdict::Missing, _) => "missing",
    }
}

fn with_samples(value: String, slot: Slot) -> String {
    match slot.and_then(|point| point.sample_count) {
        Some(samples) => format!("{value} of {} samples", alarm::java_double(samples)),
        None => value,
    }
}

fn sign(question: &MetricQuestion, slot: Slot) -> char {
    match slot {
        None => '-',
        Some(point) if question.condition.breaches(point.value) => 'X',
        Some(_) => '0',
    }
}
