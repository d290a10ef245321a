//! What a line asks.

use alarm::composite::AlarmRule;
use alarm::definition::{Definition, Problem, ProblemKind, Source};
use alarm::{Condition, Datapoint, PutMetricAlarm, Slot, StateValue, Window};
use diagnostic::Diagnostic;
use json::{Kind, Value};

use super::codes::ErrorCode;
use super::mistake::{Mistakes, missing};
use super::properties::{Properties, numbers, text};
use super::{children, help, metrics};
use crate::report::sane;

/// What to write instead of an alarm that isn't known here.
const FIXED: &str = "write an alarm with a fixed `Threshold` for a metric or an expression";

/// What a line asks.
pub(super) struct Question {
    /// The alarm's name, if it has one.
    pub(super) name: Option<String>,
    /// Its state before.
    pub(super) previous: StateValue,
    /// What it is asked of.
    pub(super) asked: Asked,
}

/// An alarm with what it looks at.
pub(super) enum Asked {
    /// A metric alarm.
    Metric(MetricQuestion),
    /// A composite alarm.
    Composite(CompositeQuestion),
}

/// A metric alarm with its datapoints.
pub(super) struct MetricQuestion {
    /// What the alarm asks of datapoints.
    pub(super) condition: Condition,
    /// Oldest first.
    pub(super) slots: Vec<Slot>,
    /// The end of the newest slot, in seconds since 1970, if it is known.
    pub(super) end: Option<i64>,
    /// The statistic, if the line has one.
    pub(super) statistic: Option<String>,
    /// The unit, if the line has one.
    pub(super) unit: Option<String>,
}

/// A composite alarm with its children.
pub(super) struct CompositeQuestion {
    /// Its rule.
    pub(super) rule: AlarmRule,
    /// The states of the alarms that the rule names, in its order.
    pub(super) children: Vec<StateValue>,
    /// Its ARN or, without one, its name.
    pub(super) arn: Option<String>,
}

impl MetricQuestion {
    /// The end of the newest slot. Where it isn't known, the window is taken to begin with 1970: times are then those since
    /// its beginning.
    pub(super) fn end_or_default(&self) -> i64 {
        let length = i64::from(self.condition.evaluation_range()) * i64::from(self.condition.period);
        self.end.unwrap_or(length)
    }

    /// What the evaluation looks at, if it is known when.
    pub(super) fn window(&self) -> Option<Window> {
        self.end.map(|end| Window::ending(&self.condition, end))
    }
}

/// Reads a line. `None` where something is wrong with it, which is then among the mistakes.
pub(super) fn read(line: Value<'_>, mistakes: &mut Mistakes) -> Option<Question> {
    if line.kind() != Kind::Object {
        let error =
            Diagnostic::error(ErrorCode::WrongType.as_str(), "the line should be an object").at(line.span());
        mistakes.push("", error.help("write an alarm and its datapoints: `{\"Period\": 300, …}`"));
        return None;
    }
    let properties = Properties::of(line, mistakes);
    if !mistakes.errors.is_empty() {
        // It isn't clear which alarm is meant.
        return None;
    }
    let name: Option<String> = properties.text("AlarmName", mistakes).map(Into::into);
    let previous = previous(&properties, mistakes);
    let asked = match properties.get("AlarmRule") {
        Some(rule) => children::read(rule, &properties, mistakes).map(Asked::Composite),
        None => metric(name.clone(), &properties, mistakes).map(Asked::Metric),
    };
    let question = Question { name, previous, asked: asked? };
    mistakes.errors.is_empty().then_some(question)
}

fn previous(properties: &Properties<'_>, mistakes: &mut Mistakes) -> StateValue {
    let name = if properties.get("PreviousState").is_some() { "PreviousState" } else { "StateValue" };
    let found = properties.get(name).and_then(|value| state(value, name, mistakes));
    found.unwrap_or(StateValue::InsufficientData)
}

/// The state that a value names.
pub(super) fn state(value: Value<'_>, property: &str, mistakes: &mut Mistakes) -> Option<StateValue> {
    let text = text(value, property, mistakes)?;
    let found = StateValue::parse(&text);
    if found.is_none() {
        let message = format!("`{property}` is `{text}`, and there is no such state");
        let help = "write `OK`, `ALARM` or `INSUFFICIENT_DATA`";
        mistakes.push(
            property,
            Diagnostic::error(ErrorCode::State.as_str(), message).at(value.span()).help(help),
        );
    }
    found
}

fn metric(
    name: Option<String>,
    properties: &Properties<'_>,
    mistakes: &mut Mistakes,
) -> Option<MetricQuestion> {
    if let Some(criteria) = properties.get("EvaluationCriteria") {
        let error =
            Diagnostic::error(ErrorCode::Unsupported.as_str(), "kmswatch doesn't evaluate PromQL alarms");
        mistakes.push("EvaluationCriteria", error.at(criteria.span()).help(FIXED));
        return None;
    }
    let alarm = PutMetricAlarm { alarm_name: name, ..as_written(properties, mistakes) };
    say_what_is_missing(&alarm, properties, mistakes);
    let (alarm, definition) = checked(alarm, properties, mistakes);
    let end = properties.get("EndTime").and_then(|value| time(value, mistakes));
    let math = definition.as_ref().and_then(|definition| match &definition.source {
        Source::Math(math) => Some(math),
        Source::Metric(_) => None,
    });
    let slots = match (properties.get("Data"), math) {
        (Some(data), Some(math)) => {
            let definition = definition.as_ref()?;
            metrics::slots(data, math, &definition.condition, end, mistakes)
        }
        (Some(data), None) => {
            misplaced_data(data, properties, mistakes);
            None
        }
        (None, _) => datapoints(properties, mistakes),
    };
    let (definition, slots) = (definition?, slots?);
    let condition = definition.condition;
    if condition.fewest_samples.is_some() && slots.iter().flatten().any(|point| point.sample_count.is_none())
    {
        warn_of_samples(properties, mistakes);
    }
    let statistic = alarm.statistic.or(alarm.extended_statistic);
    Some(MetricQuestion { condition, slots, end, statistic, unit: alarm.unit })
}

/// The part of the alarm that its state follows from. What it does then, and what it is for, isn't looked at.
fn as_written(properties: &Properties<'_>, mistakes: &mut Mistakes) -> PutMetricAlarm {
    let mut owned = |name: &str| properties.text(name, mistakes).map(String::from);
    let mut alarm = PutMetricAlarm {
        metric_name: owned("MetricName"),
        namespace: owned("Namespace"),
        statistic: owned("Statistic"),
        extended_statistic: owned("ExtendedStatistic"),
        unit: owned("Unit"),
        threshold_metric_id: owned("ThresholdMetricId"),
        comparison_operator: owned("ComparisonOperator"),
        treat_missing_data: owned("TreatMissingData"),
        evaluate_low_sample_count_percentile: owned("EvaluateLowSampleCountPercentile"),
        ..PutMetricAlarm::default()
    };
    alarm.period = properties.integer("Period", mistakes);
    alarm.evaluation_periods = properties.integer("EvaluationPeriods", mistakes);
    alarm.datapoints_to_alarm = properties.integer("DatapointsToAlarm", mistakes);
    alarm.threshold = properties.number("Threshold", mistakes);
    alarm.metrics = properties.get("Metrics").map(|list| metrics::read(list, mistakes)).unwrap_or_default();
    alarm
}

fn say_what_is_missing(alarm: &PutMetricAlarm, properties: &Properties<'_>, mistakes: &mut Mistakes) {
    let mut need = |name: &str, help: &str| {
        if properties.get(name).is_none() {
            mistakes.push(name, missing(name, &properties.line.span(), help));
        }
    };
    if properties.get("Metrics").is_none() {
        need("Period", "write the length of a slot in seconds, such as `300`");
    }
    need("EvaluationPeriods", "write how many of the newest datapoints count, such as `3`");
    if alarm.threshold_metric_id.is_none() {
        need("Threshold", "write the number that datapoints are compared with");
    }
    need("ComparisonOperator", "write how they are compared, such as `GreaterThanThreshold`");
}

/// The alarm, checked as `PutMetricAlarm` does it. What identifies its metric may be absent: it doesn't matter here.
fn checked(
    alarm: PutMetricAlarm,
    properties: &Properties<'_>,
    mistakes: &mut Mistakes,
) -> (PutMetricAlarm, Option<Definition>) {
    let absent = || Some("absent".to_owned());
    let mut asked = alarm.clone();
    asked.alarm_name = asked.alarm_name.or_else(absent);
    if asked.metrics.is_empty() {
        asked.namespace = asked.namespace.or_else(absent);
        asked.metric_name = asked.metric_name.or_else(absent);
        if asked.statistic.is_none() && asked.extended_statistic.is_none() {
            asked.statistic = Some("Sum".to_owned());
        }
    }
    match asked.check() {
        Ok(definition) => (alarm, Some(definition)),
        Err(problems) => {
            // What is missing or has the wrong type has been said.
            let new = problems.into_iter().filter(|problem| !mistakes.touch(&problem.property));
            for problem in new.collect::<Vec<_>>() {
                add_problem(problem, properties, mistakes);
            }
            (alarm, None)
        }
    }
}

/// What AWS would refuse, and what this program can't do.
fn add_problem(problem: Problem, properties: &Properties<'_>, mistakes: &mut Mistakes) {
    let span = properties.span(&problem.property);
    let said = problem.message.trim_end_matches('.');
    let property = &problem.property;
    let diagnostic = match (&problem.syntax, problem.kind) {
        (Some(error), _) => {
            let message = format!("`{property}`: {}", error.message);
            let place = properties.place_in(property, &error.span);
            Diagnostic::error(error.code.as_str(), message).at(place).help(error.help.as_str())
        }
        (None, ProblemKind::Unsupported) => {
            Diagnostic::error(ErrorCode::Unsupported.as_str(), format!("`{property}`: {said}"))
                .at(span)
                .help(FIXED)
        }
        (None, _) => {
            let message = format!("CloudWatch refuses `{property}`: {said}");
            Diagnostic::error(ErrorCode::Refused.as_str(), message)
                .at(span)
                .help(help::of(property, properties))
        }
    };
    mistakes.push(problem.property, diagnostic);
}

fn time(value: Value<'_>, mistakes: &mut Mistakes) -> Option<i64> {
    let seconds = match value.kind() {
        Kind::Number => value.raw().parse().ok().and_then(whole_seconds),
        _ => value.string().and_then(|text| cloudtrail::call::seconds(&text)),
    };
    let found = sane(seconds);
    if found.is_none() {
        let message = "`EndTime` should be a time between 1970 and 9999";
        let help = "write `\"2026-09-14T11:20:00Z\"`, or the seconds since 1970";
        mistakes.push(
            "EndTime",
            Diagnostic::error(ErrorCode::Time.as_str(), message).at(value.span()).help(help),
        );
    }
    found
}

/// Fractions are dropped.
#[expect(clippy::cast_possible_truncation, reason = "it is below 2^53")]
fn whole_seconds(seconds: f64) -> Option<i64> {
    (seconds.abs() < 9e15).then(|| seconds.floor() as i64)
}

fn datapoints(properties: &Properties<'_>, mistakes: &mut Mistakes) -> Option<Vec<Slot>> {
    let Some(list) = properties.get("Datapoints") else {
        let metrics = properties.get("Metrics").is_some();
        let help = match metrics {
            true => "write what the expression yields, or in `Data` a list for each metric's id",
            false => "write their values, oldest first, `null` for a missing one",
        };
        mistakes.push("Datapoints", missing("Datapoints", &properties.line.span(), help));
        return None;
    };
    let values = numbers(list, "Datapoints", mistakes);
    let Some(counts) = properties.get("SampleCounts") else {
        let slot = |value: Option<f64>| value.map(|value| Datapoint { value, sample_count: None });
        return Some(values?.into_iter().map(slot).collect());
    };
    let samples = sample_counts(counts, list.elements().count(), mistakes);
    let (values, samples) = (values?, samples?);
    let slot = |(value, sample_count): (Option<f64>, _)| value.map(|value| Datapoint { value, sample_count });
    Some(values.into_iter().zip(samples).map(slot).collect())
}

/// How many observations are behind each datapoint.
fn sample_counts(list: Value<'_>, expected: usize, mistakes: &mut Mistakes) -> Option<Vec<Option<f64>>> {
    const PROPERTY: &str = "SampleCounts";
    let samples = numbers(list, PROPERTY, mistakes)?;
    if samples.len() != expected {
        let message = format!("`{PROPERTY}` has {} elements, and `Datapoints` has {expected}", samples.len());
        let help = "write a number for each datapoint, `null` for a missing one";
        mistakes.push(
            PROPERTY,
            Diagnostic::error(ErrorCode::Lengths.as_str(), message).at(list.span()).help(help),
        );
        return None;
    }
    if let Some(index) = samples.iter().position(|count| count.is_some_and(|count| count < 0.0)) {
        let property = format!("{PROPERTY}[{index}]");
        let span = list.at(index).map_or(list.span(), Value::span);
        let error =
            Diagnostic::error(ErrorCode::Refused.as_str(), format!("`{property}` is less than nothing"))
                .at(span);
        mistakes.push(property, error.help("write how many observations the datapoint is made of"));
        return None;
    }
    Some(samples)
}

fn misplaced_data(data: Value<'_>, properties: &Properties<'_>, mistakes: &mut Mistakes) {
    if properties.get("Metrics").is_some() {
        // The list of metrics is wrong, which is said.
        return;
    }
    let message = "`Data` is for alarms with `Metrics`";
    let help = "write `Datapoints`";
    mistakes
        .push("Data", Diagnostic::error(ErrorCode::Misplaced.as_str(), message).at(data.span()).help(help));
}

fn warn_of_samples(properties: &Properties<'_>, mistakes: &mut Mistakes) {
    let message = "how many samples are behind the datapoints isn't said: they are taken to be enough";
    let warning = Diagnostic::warning(ErrorCode::NoSamples.as_str(), message)
        .at(properties.span("EvaluateLowSampleCountPercentile"))
        .help("write their numbers in `SampleCounts`, a list as long as `Datapoints`");
    mistakes.push("SampleCounts", warning);
}
