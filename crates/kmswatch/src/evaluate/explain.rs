//! What is answered to a line, in words for people.

mod change;
mod rule;
mod slots;

use std::io;

use alarm::{Condition, StateValue, TreatMissingData};

use super::answer::{evaluate, reason_of_composite};
use super::mistake::Mistakes;
use super::question::{Asked, CompositeQuestion, MetricQuestion, Question};
use crate::report::escape::shown;
use crate::report::page::{Page, Style, grouped, plural};
use crate::report::readable_range;

/// Writes the explanation of one line.
pub(super) fn write(line: u64, question: &Question, page: &mut Page<'_>) -> io::Result<()> {
    let name = question.name.as_deref().map(|name| format!(": {}", shown(name))).unwrap_or_default();
    let title = page.paint(Style::Bold, &format!("Line {}{name}", grouped(line)));
    page.line(&title)?;
    match &question.asked {
        Asked::Metric(metric) => of_metric(question, metric, page),
        Asked::Composite(composite) => of_composite(question, composite, page),
    }
}

/// Writes why a line can't be evaluated.
pub(super) fn write_refusal(line: u64, mistakes: &Mistakes, page: &mut Page<'_>) -> io::Result<()> {
    let title = page.paint(Style::Bold, &format!("Line {} can't be evaluated", grouped(line)));
    page.line(&title)?;
    for mistake in &mistakes.errors {
        page.field("error", &shown(&mistake.diagnostic.message))?;
    }
    match mistakes.more {
        0 => Ok(()),
        more => page.field("", &format!("… and {} more", plural(more, "error"))),
    }
}

fn of_metric(question: &Question, metric: &MetricQuestion, page: &mut Page<'_>) -> io::Result<()> {
    let evaluation = evaluate(metric, question.previous);
    page.field("state", &state(evaluation.state, question.previous))?;
    page.field("reason", &evaluation.reason.to_string())?;
    page.field("asks", &asks(&metric.condition))?;
    page.field("looks at", &window(metric))?;
    slots::write(metric, &evaluation, page)?;
    page.field("decides", &rule::decisive(&metric.condition, &evaluation))?;
    page.field("missing", &rule::missing(metric, &evaluation))?;
    page.field("next slot", &change::next(metric, evaluation.state))?;
    page.field("silence", &change::silence(metric, evaluation.state))?;
    page.field("otherwise", &change::treatments(metric, question.previous))
}

fn state(state: StateValue, previous: StateValue) -> String {
    if state == previous { format!("{state}, as before") } else { format!("{state}, before {previous}") }
}

/// The alarm in a sentence.
fn asks(condition: &Condition) -> String {
    let (needed, all) = (condition.needed(), condition.evaluation_periods);
    let many = match (needed, all) {
        (1, 1) => "the newest datapoint is".to_owned(),
        (needed, all) if needed == all => format!("all of the {all} newest datapoints are"),
        (1, all) => format!("1 of the {all} newest datapoints is"),
        (needed, all) => format!("{needed} of the {all} newest datapoints are"),
    };
    let how = condition.comparison_operator.words();
    let threshold = alarm::java_double(condition.threshold);
    let treatment = match condition.treatment() {
        TreatMissingData::Breaching => "missing ones count as breaching",
        TreatMissingData::NotBreaching => "missing ones count as not breaching",
        TreatMissingData::Ignore => "missing ones are ignored",
        TreatMissingData::Missing => "missing ones stay missing",
    };
    format!("ALARM if {many} {how} {threshold}; {treatment}")
}

/// How the window was chosen.
fn window(question: &MetricQuestion) -> String {
    let condition = &question.condition;
    let range = condition.evaluation_range();
    let (all, more) = (condition.evaluation_periods, range - condition.evaluation_periods);
    let when = question.window().map(|window| format!(", {}", readable_range(window.start(), window.end)));
    let when = when.unwrap_or_else(|| ", at an unknown time (there is no EndTime)".to_owned());
    let given = match question.slots.len().saturating_sub(range as usize) {
        0 => String::new(),
        left => format!("; of those given, the {left} oldest are left out"),
    };
    format!(
        "{} of {} s{when}: {all} for the evaluation periods and {more} more, whose datapoints make up for missing \
         ones{given}",
        plural(range.into(), "slot"),
        condition.period,
    )
}

fn of_composite(question: &Question, composite: &CompositeQuestion, page: &mut Page<'_>) -> io::Result<()> {
    let now = composite.state();
    page.field("state", &state(now, question.previous))?;
    if let Some(reason) = reason_of_composite(question, composite, now) {
        page.field("reason", &shown(&reason))?;
    }
    page.field("asks", &format!("ALARM if {}, else OK", shown(composite.rule.text())))?;
    let children = composite.rule.children().iter().zip(&composite.children);
    let each: Vec<String> =
        children.map(|(child, state)| format!("{} is {state}", shown(&child.text))).collect();
    page.fields("children", &each)?;
    let changes = change::of_children(composite);
    page.fields("otherwise", &changes)
}
