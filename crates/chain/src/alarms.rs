//! Metric alarms: from what is declared to what can be evaluated.

use alarm::definition::ProblemKind;
use alarm::{Mode, Problem, PutMetricAlarm};
use diagnostic::Diagnostic;
use monitor::MetricAlarm;
use stack::{Declaration, MetricDataQuery, MetricStat, Span, Text};

use crate::place;
use crate::read::Found;

pub(crate) fn read(text: &str, declaration: &Declaration, found: &mut Found) -> Vec<MetricAlarm> {
    refuse_promql(declaration, found);
    let mut alarms = Vec::new();
    for declared in &declaration.alarms {
        match without_unknown(parameters(declared), found).check() {
            Ok(definition) => {
                alarms.push(MetricAlarm { arn: declared.arn.clone(), definition, mode: Mode::Eager });
            }
            Err(problems) => report(text, declared, &problems, found),
        }
    }
    alarms
}

/// Such an alarm has none of the properties that are read.
fn refuse_promql(declaration: &Declaration, found: &mut Found) {
    for ignored in
        declaration.ignored_properties.iter().filter(|ignored| ignored.path == "EvaluationCriteria")
    {
        let message = format!("`{}` is a PromQL alarm, which kmswatch can't evaluate", ignored.logical_id);
        let help =
            "compare a metric with a `Threshold`, or leave this alarm to CloudWatch in a template of its own";
        found.refuse(Diagnostic::error("K002", message).at(ignored.span.range()).help(help));
    }
}

/// An ARN like any other, where an action isn't known.
const ANY_ACTION: &str = "arn:aws:sns:us-east-1:111122223333:unknown";

pub(crate) fn known_actions(actions: &mut [String], found: &Found) {
    for action in actions.iter_mut().filter(|action| found.is_unknown(action)) {
        ANY_ACTION.clone_into(action);
    }
}

fn without_unknown(mut put: PutMetricAlarm, found: &Found) -> PutMetricAlarm {
    known_actions(&mut put.ok_actions, found);
    known_actions(&mut put.alarm_actions, found);
    known_actions(&mut put.insufficient_data_actions, found);
    put
}

/// The parameters of `PutMetricAlarm` that an alarm is declared with.
#[must_use]
pub fn parameters(declared: &stack::Alarm) -> PutMetricAlarm {
    PutMetricAlarm {
        alarm_name: Some(declared.name.value.clone()),
        alarm_description: value(declared.description.as_ref()),
        actions_enabled: declared.actions.actions_enabled.map(|enabled| enabled.value),
        ok_actions: values(&declared.actions.ok_actions),
        alarm_actions: values(&declared.actions.alarm_actions),
        insufficient_data_actions: values(&declared.actions.insufficient_data_actions),
        metric_name: value(declared.metric_name.as_ref()),
        namespace: value(declared.namespace.as_ref()),
        dimensions: dimensions(&declared.dimensions),
        statistic: value(declared.statistic.as_ref()),
        extended_statistic: value(declared.extended_statistic.as_ref()),
        period: declared.period.map(|period| period.value),
        unit: value(declared.unit.as_ref()),
        metrics: declared.metrics.iter().map(query).collect(),
        evaluation_periods: Some(declared.evaluation_periods.value),
        datapoints_to_alarm: declared.datapoints_to_alarm.map(|count| count.value),
        threshold: declared.threshold.map(|threshold| threshold.value),
        threshold_metric_id: value(declared.threshold_metric_id.as_ref()),
        comparison_operator: Some(declared.comparison_operator.value.clone()),
        treat_missing_data: value(declared.treat_missing_data.as_ref()),
        evaluate_low_sample_count_percentile: value(declared.evaluate_low_sample_count_percentile.as_ref()),
        has_evaluation_criteria: false,
        tags: Vec::new(),
    }
}

fn query(declared: &MetricDataQuery) -> alarm::definition::MetricDataQuery {
    alarm::definition::MetricDataQuery {
        id: declared.id.value.clone(),
        expression: value(declared.expression.as_ref()),
        metric_stat: declared.metric_stat.as_ref().map(metric_stat),
        label: value(declared.label.as_ref()),
        return_data: declared.return_data.map(|returned| returned.value),
        period: declared.period.map(|period| period.value),
        account_id: value(declared.account_id.as_ref()),
    }
}

fn metric_stat(declared: &MetricStat) -> alarm::definition::MetricStat {
    alarm::definition::MetricStat {
        metric_name: value(declared.metric_name.as_ref()),
        namespace: value(declared.namespace.as_ref()),
        dimensions: dimensions(&declared.dimensions),
        period: Some(declared.period.value),
        stat: Some(declared.stat.value.clone()),
        unit: value(declared.unit.as_ref()),
    }
}

fn dimensions(declared: &[stack::Dimension]) -> Vec<alarm::definition::Dimension> {
    let each = |dimension: &stack::Dimension| alarm::definition::Dimension {
        name: dimension.name.value.clone(),
        value: dimension.value.value.clone(),
    };
    declared.iter().map(each).collect()
}

pub(crate) fn value(text: Option<&Text>) -> Option<String> {
    text.map(|text| text.value.clone())
}

pub(crate) fn values(texts: &[Text]) -> Vec<String> {
    texts.iter().map(|text| text.value.clone()).collect()
}

/// Where an alarm is one that kmswatch can't do, only that is said.
fn report(text: &str, declared: &stack::Alarm, problems: &[Problem], found: &mut Found) {
    let refused = |problem: &Problem| {
        problem.kind == ProblemKind::Unsupported
            || problem.syntax.as_ref().is_some_and(|error| error.code == alarm::ErrorCode::RefusedFunction)
    };
    let said = match problems.iter().find(|problem| refused(problem)) {
        Some(problem) => std::slice::from_ref(problem),
        None => problems,
    };
    for problem in said {
        let id = &declared.resource.logical_id;
        let is_guessed = found.is_guessed(&id.value, split(&problem.property).0);
        if is_guessed || (!found.is_complete() && lacks_what_was_reported(declared, problem)) {
            continue;
        }
        let diagnostic = told(text, problem, place_of(declared, &problem.property), id.span, found);
        match diagnostic {
            Some(diagnostic) if refused(problem) => found.refuse(diagnostic),
            other => other.into_iter().for_each(|diagnostic| found.push(diagnostic)),
        }
    }
}

/// What can't be read is missing in what was read: a name, or what an entry of `Metrics` asks for.
fn lacks_what_was_reported(declared: &stack::Alarm, problem: &Problem) -> bool {
    let (name, index, rest) = split(&problem.property);
    match name {
        "AlarmName" => declared.name.value.is_empty(),
        "Metrics" if rest.is_empty() => declared
            .metrics
            .get(index)
            .is_none_or(|query| query.expression.is_none() && query.metric_stat.is_none()),
        _ => false,
    }
}

/// What is missing stands nowhere; the template's reader has said so, if it said anything. Nothing is wrong with what isn't
/// known.
pub(crate) fn told(
    text: &str,
    problem: &Problem,
    place: Option<Place<'_>>,
    otherwise: Span,
    found: &Found,
) -> Option<Diagnostic> {
    Some(match (&problem.syntax, place) {
        (_, Some(Place::Text(scalar))) if found.is_unknown(&scalar.value) => return None,
        (Some(error), Some(Place::Text(scalar))) => place::in_scalar(error.diagnostic(), text, scalar),
        (Some(error), _) => error.diagnostic().at(otherwise.range()),
        (None, Some(place)) => without_syntax(problem).at(place.span().range()),
        (None, None) if !found.is_complete() => return None,
        (None, None) => without_syntax(problem).at(otherwise.range()),
    })
}

fn without_syntax(problem: &Problem) -> Diagnostic {
    match problem.kind {
        ProblemKind::Unsupported => Diagnostic::error("K002", &problem.message).help(
            "leave this alarm to CloudWatch in a template of its own, or watch a metric with a threshold",
        ),
        _ => {
            let message = format!("CloudWatch doesn't take this `{}`", problem.property);
            Diagnostic::error("K001", message).help(format!("it answers: {}", problem.message))
        }
    }
}

/// Where a property is written.
#[derive(Clone, Copy)]
pub(crate) enum Place<'d> {
    Text(&'d Text),
    Other(Span),
}

impl Place<'_> {
    fn span(self) -> Span {
        match self {
            Place::Text(text) => text.span,
            Place::Other(span) => span,
        }
    }
}

/// `property` is AWS's path, such as `Metrics[0].MetricStat.Period`.
fn place_of<'d>(declared: &'d stack::Alarm, property: &str) -> Option<Place<'d>> {
    let (name, index, rest) = split(property);
    match name {
        "AlarmName" => Some(Place::Text(&declared.name)),
        "AlarmDescription" => text(declared.description.as_ref()),
        "OKActions" | "AlarmActions" | "InsufficientDataActions" => action(&declared.actions, name, index),
        "MetricName" => text(declared.metric_name.as_ref()),
        "Namespace" => text(declared.namespace.as_ref()),
        "Dimensions" => dimension(&declared.dimensions, index, rest),
        "Statistic" => text(declared.statistic.as_ref()),
        "ExtendedStatistic" => text(declared.extended_statistic.as_ref()),
        "Period" => declared.period.map(|value| Place::Other(value.span)),
        "Unit" => text(declared.unit.as_ref()),
        "EvaluationPeriods" => Some(Place::Other(declared.evaluation_periods.span)),
        "DatapointsToAlarm" => declared.datapoints_to_alarm.map(|value| Place::Other(value.span)),
        "Threshold" => declared.threshold.map(|value| Place::Other(value.span)),
        "ThresholdMetricId" => text(declared.threshold_metric_id.as_ref()),
        "ComparisonOperator" => Some(Place::Text(&declared.comparison_operator)),
        "TreatMissingData" => text(declared.treat_missing_data.as_ref()),
        "EvaluateLowSampleCountPercentile" => text(declared.evaluate_low_sample_count_percentile.as_ref()),
        "Metrics" => of_query(declared, index, rest),
        _ => None,
    }
}

fn of_query<'d>(declared: &'d stack::Alarm, index: usize, rest: &str) -> Option<Place<'d>> {
    let query = declared.metrics.get(index)?;
    let stat = query.metric_stat.as_ref();
    let (name, _, inner) = split(rest.strip_prefix("MetricStat.").unwrap_or(rest));
    let found = match name {
        "Id" => Some(Place::Text(&query.id)),
        "Expression" => text(query.expression.as_ref()),
        "Metric" => stat.and_then(|stat| of_metric(stat, inner)),
        "Period" => stat.map(|stat| Place::Other(stat.period.span)),
        "Stat" => stat.map(|stat| Place::Text(&stat.stat)),
        "Unit" => stat.and_then(|stat| text(stat.unit.as_ref())),
        _ => None,
    };
    found.or(Some(Place::Other(query.span)))
}

fn of_metric<'d>(stat: &'d MetricStat, property: &str) -> Option<Place<'d>> {
    let (name, index, rest) = split(property);
    match name {
        "MetricName" => text(stat.metric_name.as_ref()),
        "Namespace" => text(stat.namespace.as_ref()),
        "Dimensions" => dimension(&stat.dimensions, index, rest),
        _ => None,
    }
}

pub(crate) fn action<'d>(actions: &'d stack::Actions, list: &str, index: usize) -> Option<Place<'d>> {
    let list = match list {
        "OKActions" => &actions.ok_actions,
        "AlarmActions" => &actions.alarm_actions,
        _ => &actions.insufficient_data_actions,
    };
    text(list.get(index))
}

fn dimension<'d>(dimensions: &'d [stack::Dimension], index: usize, rest: &str) -> Option<Place<'d>> {
    let dimension = dimensions.get(index)?;
    Some(Place::Text(if rest == "Value" { &dimension.value } else { &dimension.name }))
}

pub(crate) fn text(text: Option<&Text>) -> Option<Place<'_>> {
    text.map(Place::Text)
}

/// The first name of a path, its index (0 without one), and what follows.
pub(crate) fn split(path: &str) -> (&str, usize, &str) {
    let (first, rest) = path.split_once('.').unwrap_or((path, ""));
    let (name, index) = first.split_once('[').unwrap_or((first, ""));
    (name, index.trim_end_matches(']').parse().unwrap_or_default(), rest)
}
