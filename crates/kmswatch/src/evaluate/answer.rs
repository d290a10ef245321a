//! What is answered to a line, for programs.

use std::io::{self, Write};

use alarm::composite::AlarmReference;
use alarm::{Basis, Evaluated, Evaluation, Retention, StateReason, StateReasonData, StateValue};
use serde::Serialize;
use serde_json::value::RawValue;

use super::question::{Asked, CompositeQuestion, MetricQuestion, Question};
use crate::report::rfc3339;
use crate::report::write_value;

/// Writes the answer in one line.
pub(super) fn write(number: u64, question: &Question, out: &mut dyn Write) -> io::Result<()> {
    match &question.asked {
        Asked::Metric(metric) => {
            let evaluation = evaluate(metric, question.previous);
            write_value(&MetricAnswer::of(number, question, metric, &evaluation), 0, out)
        }
        Asked::Composite(composite) => write_value(&CompositeAnswer::of(number, question, composite), 0, out),
    }
}

/// What CloudWatch would say.
pub(super) fn evaluate(question: &MetricQuestion, previous: StateValue) -> Evaluation {
    alarm::evaluate(&question.condition, &question.slots, question.end_or_default(), previous)
}

#[derive(Serialize)]
struct Head<'a> {
    line: u64,
    alarm_name: Option<&'a str>,
    previous_state: &'static str,
    state: &'static str,
    changed: bool,
}

impl<'a> Head<'a> {
    fn of(line: u64, question: &'a Question, state: StateValue) -> Self {
        Self {
            line,
            alarm_name: question.name.as_deref(),
            previous_state: question.previous.as_str(),
            state: state.as_str(),
            changed: state != question.previous,
        }
    }
}

#[derive(Serialize)]
struct MetricAnswer<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    reason: String,
    retained: Option<&'static str>,
    reason_data: Option<Box<RawValue>>,
    evaluation_range: u32,
    window_start: Option<String>,
    window_end: Option<String>,
    evaluated: Vec<EvaluatedSlot>,
}

#[derive(Serialize)]
struct EvaluatedSlot {
    /// The newest slot of the window is 1.
    slot: i64,
    start: Option<String>,
    value: Option<f64>,
    verdict: &'static str,
    treated_as: Option<&'static str>,
}

impl<'a> MetricAnswer<'a> {
    fn of(line: u64, question: &'a Question, metric: &MetricQuestion, evaluation: &Evaluation) -> Self {
        let window = metric.window();
        Self {
            head: Head::of(line, question, evaluation.state),
            reason: evaluation.reason.to_string(),
            retained: retained(evaluation.basis),
            reason_data: reason_data(metric, evaluation),
            evaluation_range: metric.condition.evaluation_range(),
            window_start: window.map(|window| rfc3339(window.start())),
            window_end: window.map(|window| rfc3339(window.end)),
            evaluated: evaluation.evaluated.iter().map(|slot| evaluated(metric, slot)).collect(),
        }
    }
}

/// Why the state stayed as it was, in one word.
fn retained(basis: Basis) -> Option<&'static str> {
    match basis {
        Basis::Retained(Retention::MissingIgnored) => Some("missing_ignored"),
        Basis::Retained(Retention::Premature) => Some("premature"),
        Basis::Retained(Retention::TooFewSamples) => Some("too_few_samples"),
        _ => None,
    }
}

/// AWS's data, where it would be new and it is known when.
fn reason_data(question: &MetricQuestion, evaluation: &Evaluation) -> Option<Box<RawValue>> {
    if retained(evaluation.basis).is_some() {
        return None;
    }
    let (statistic, unit) = (question.statistic.clone(), question.unit.clone());
    let queried = question.end?.saturating_mul(1000);
    let data = StateReasonData::of(&question.condition, evaluation, queried, statistic, unit);
    RawValue::from_string(data.to_string()).ok()
}

fn evaluated(question: &MetricQuestion, slot: &Evaluated) -> EvaluatedSlot {
    EvaluatedSlot {
        slot: age(question, slot),
        start: question.end.map(|_| rfc3339(slot.start)),
        value: slot.datapoint.map(|datapoint| datapoint.value),
        verdict: slot.verdict.as_str(),
        treated_as: slot.treated_as.map(|treatment| treatment.as_str()),
    }
}

/// The position of a slot; the newest is 1.
pub(super) fn age(question: &MetricQuestion, slot: &Evaluated) -> i64 {
    (question.end_or_default() - slot.start) / i64::from(question.condition.period.max(1))
}

#[derive(Serialize)]
struct CompositeAnswer<'a> {
    #[serde(flatten)]
    head: Head<'a>,
    reason: Option<String>,
    alarm_rule: &'a str,
    children: Vec<Child<'a>>,
}

#[derive(Serialize)]
struct Child<'a> {
    alarm: &'a str,
    state: &'static str,
}

impl<'a> CompositeAnswer<'a> {
    fn of(line: u64, question: &'a Question, composite: &'a CompositeQuestion) -> Self {
        let state = composite.state();
        let children = composite.rule.children().iter().zip(&composite.children);
        Self {
            head: Head::of(line, question, state),
            reason: reason_of_composite(question, composite, state),
            alarm_rule: composite.rule.text(),
            children: children
                .map(|(child, state)| Child { alarm: &child.text, state: state.as_str() })
                .collect(),
        }
    }
}

/// AWS's text for a composite alarm that was just created. Later it names the child that changed, which nobody says here.
pub(super) fn reason_of_composite(
    question: &Question,
    composite: &CompositeQuestion,
    state: StateValue,
) -> Option<String> {
    let created = question.previous == StateValue::InsufficientData;
    let arn = composite.arn.clone().filter(|_| created)?;
    Some(StateReason::RuleEvaluated { arn, created, state }.to_string())
}

impl CompositeQuestion {
    /// What the rule comes to.
    pub(super) fn state(&self) -> StateValue {
        self.state_with(&self.children)
    }

    /// What the rule comes to with these states of its children.
    pub(super) fn state_with(&self, states: &[StateValue]) -> StateValue {
        let of = |child: &AlarmReference| {
            let position = self.rule.children().iter().position(|known| known.text == child.text)?;
            states.get(position).copied()
        };
        self.rule.state(of)
    }
}
