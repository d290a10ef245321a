//! `AWS::CloudWatch::Alarm` and `AWS::CloudWatch::CompositeAlarm`.
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudwatch-alarm.html>

use super::Identity;
use crate::declaration::{Actions, Alarm, CompositeAlarm, MetricDataQuery, MetricStat};
use crate::error::{ErrorCode, TemplateError};
use crate::properties::{Properties, Report};
use crate::tree::Span;

/// The units of CloudWatch.
pub(super) const UNITS: [&str; 27] = [
    "Seconds",
    "Microseconds",
    "Milliseconds",
    "Bytes",
    "Kilobytes",
    "Megabytes",
    "Gigabytes",
    "Terabytes",
    "Bits",
    "Kilobits",
    "Megabits",
    "Gigabits",
    "Terabits",
    "Percent",
    "Count",
    "Bytes/Second",
    "Kilobytes/Second",
    "Megabytes/Second",
    "Gigabytes/Second",
    "Terabytes/Second",
    "Bits/Second",
    "Kilobits/Second",
    "Megabits/Second",
    "Gigabits/Second",
    "Terabits/Second",
    "Count/Second",
    "None",
];

const OPERATORS: [&str; 7] = [
    "GreaterThanOrEqualToThreshold",
    "GreaterThanThreshold",
    "LessThanThreshold",
    "LessThanOrEqualToThreshold",
    "LessThanLowerOrGreaterThanUpperThreshold",
    "LessThanLowerThreshold",
    "GreaterThanUpperThreshold",
];

const TREATMENTS: [&str; 4] = ["missing", "breaching", "notBreaching", "ignore"];
const LOW_SAMPLES: [&str; 2] = ["evaluate", "ignore"];
const STATISTICS: [&str; 5] = ["SampleCount", "Average", "Sum", "Minimum", "Maximum"];

/// Dimensions of a metric.
const MAX_DIMENSIONS: usize = 30;

/// Actions for each state.
const MAX_ACTIONS: usize = 5;

/// The properties that only an alarm on a single metric has.
const OF_ONE_METRIC: [&str; 7] =
    ["MetricName", "Namespace", "Dimensions", "Period", "Statistic", "ExtendedStatistic", "Unit"];

/// An alarm with `EvaluationCriteria` asks in PromQL and has nothing of what is read here: it is left out, and its property
/// named among those without effect.
pub(super) fn metric(properties: &mut Properties, identity: Identity, report: &mut Report) -> Option<Alarm> {
    if properties.has("EvaluationCriteria") {
        properties.keep_only("EvaluationCriteria");
        return None;
    }
    let Identity { resource, name, arn } = identity;
    check_metric(properties, report);
    let operator =
        |map: &mut Properties, name: &str, report: &mut Report| map.one_of(name, &OPERATORS, report);
    let comparison_operator = properties.required("ComparisonOperator", report, operator);
    let evaluation_periods = properties.required("EvaluationPeriods", report, Properties::integer);
    let mut alarm = Alarm {
        resource,
        name,
        arn,
        description: properties.text("AlarmDescription", report),
        actions: actions(properties, report),
        datapoints_to_alarm: properties.integer("DatapointsToAlarm", report),
        threshold: properties.number("Threshold", report),
        threshold_metric_id: properties.text("ThresholdMetricId", report),
        treat_missing_data: properties.one_of("TreatMissingData", &TREATMENTS, report),
        evaluate_low_sample_count_percentile: properties.one_of(
            "EvaluateLowSampleCountPercentile",
            &LOW_SAMPLES,
            report,
        ),
        namespace: properties.text("Namespace", report),
        metric_name: properties.text("MetricName", report),
        dimensions: properties.dimensions("Name", MAX_DIMENSIONS, report),
        statistic: properties.one_of("Statistic", &STATISTICS, report),
        extended_statistic: properties.text_or("ExtendedStatistic", "p90", report),
        period: properties.integer("Period", report),
        unit: properties.one_of("Unit", &UNITS, report),
        metrics: queries(properties, report),
        comparison_operator: comparison_operator?,
        evaluation_periods: evaluation_periods?,
    };
    fit(&mut alarm, report);
    check_counts(&alarm, report);
    Some(alarm)
}

/// An alarm watches one metric, or `Metrics`, and has a threshold of one kind.
fn check_metric(properties: &Properties, report: &mut Report) {
    if properties.says_something("Metrics") {
        for name in OF_ONE_METRIC {
            conflict(properties, name, "Metrics", report);
        }
    } else {
        for name in ["MetricName", "Namespace", "Period"] {
            need(properties, &[name], report);
        }
        need(properties, &["Statistic", "ExtendedStatistic"], report);
        conflict(properties, "ExtendedStatistic", "Statistic", report);
    }
    need(properties, &["Threshold", "ThresholdMetricId"], report);
    conflict(properties, "Threshold", "ThresholdMetricId", report);
}

fn conflict(properties: &Properties, name: &str, other: &str, report: &mut Report) {
    let places = properties.key_span(name).zip(properties.key_span(other));
    let both = properties.says_something(name) && properties.says_something(other);
    if let Some((span, other_span)) = places.filter(|_| both) {
        let message = format!("`{name}` can't stand beside `{other}`");
        let error = TemplateError::new(ErrorCode::PropertyConflict, span, message);
        report.errors.push(error.label(other_span, "here").help("remove one of the two"));
    }
}

fn need(properties: &Properties, names: &[&str], report: &mut Report) {
    if names.iter().any(|name| properties.has(name)) {
        return;
    }
    if let [name] = names {
        report.errors.push(properties.missing(name));
        return;
    }
    let names = names.join("` or `");
    let message = format!("an alarm needs `{names}`");
    let error = TemplateError::new(ErrorCode::MissingProperty, properties.span, message);
    report.errors.push(error.help(format!("add `{names}`")));
}

/// What was put in for a number that isn't known must fit the other one.
fn fit(alarm: &mut Alarm, report: &Report) {
    let id = &alarm.resource.logical_id.value;
    let is_guessed = report.is_guessed(id, "EvaluationPeriods");
    if let Some(datapoints) = alarm.datapoints_to_alarm.filter(|_| is_guessed) {
        alarm.evaluation_periods.value = datapoints.value;
    }
}

fn check_counts(alarm: &Alarm, report: &mut Report) {
    let periods = &alarm.evaluation_periods;
    if periods.value < 1 {
        positive("EvaluationPeriods", periods.span, report);
    }
    if let Some(datapoints) = &alarm.datapoints_to_alarm {
        if datapoints.value < 1 {
            positive("DatapointsToAlarm", datapoints.span, report);
        } else if datapoints.value > periods.value {
            let message = format!(
                "`DatapointsToAlarm` ({}) is more than `EvaluationPeriods` ({})",
                datapoints.value, periods.value
            );
            let error = TemplateError::new(ErrorCode::InvalidValue, datapoints.span, message);
            let help = "M out of N: M can't be more than N";
            report.errors.push(error.label(periods.span, "so many periods are looked at").help(help));
        }
    }
    let period = alarm.period.as_ref().filter(|period| !is_period(period.value));
    if let Some(period) = period {
        let message = format!("`Period` can't be {} seconds", period.value);
        let help = "write 10, 20, 30 or a multiple of 60";
        report.errors.add(ErrorCode::InvalidValue, period.span, message, help);
    }
}

fn is_period(seconds: i64) -> bool {
    matches!(seconds, 10 | 20 | 30) || (seconds > 0 && seconds % 60 == 0)
}

fn positive(name: &str, span: Span, report: &mut Report) {
    let message = format!("`{name}` must be at least 1");
    report.errors.add(ErrorCode::InvalidValue, span, message, "write 1");
}

fn actions(properties: &mut Properties, report: &mut Report) -> Actions {
    Actions {
        actions_enabled: properties.boolean("ActionsEnabled", report),
        alarm_actions: action_list(properties, "AlarmActions", report),
        ok_actions: action_list(properties, "OKActions", report),
        insufficient_data_actions: action_list(properties, "InsufficientDataActions", report),
    }
}

fn action_list(properties: &mut Properties, name: &str, report: &mut Report) -> Vec<crate::Text> {
    let at = properties.key_span(name);
    let actions = properties.texts(name, report);
    if let Some(at) = at.filter(|_| actions.len() > MAX_ACTIONS) {
        let message = format!("{} actions; AWS allows {MAX_ACTIONS}", actions.len());
        report.errors.add(ErrorCode::Quota, at, message, "subscribe the others to a topic");
    }
    actions
}

fn queries(properties: &mut Properties, report: &mut Report) -> Vec<MetricDataQuery> {
    properties.maps("Metrics", report).into_iter().filter_map(|map| query(map, report)).collect()
}

fn query(mut map: Properties, report: &mut Report) -> Option<MetricDataQuery> {
    let span = map.span;
    if map.has("Expression") == map.has("MetricStat") {
        let message = "an entry of `Metrics` has either `Expression` or `MetricStat`";
        report.errors.add(ErrorCode::PropertyConflict, span, message, "write one of the two");
    }
    let id = map.required("Id", report, Properties::text);
    let expression = map.text("Expression", report);
    let metric_stat = map.map("MetricStat", report).and_then(|map| metric_stat(map, report));
    let label = map.text("Label", report);
    let period = map.integer("Period", report);
    let return_data = map.boolean("ReturnData", report);
    let account_id = map.text("AccountId", report);
    map.finish(&[], report);
    Some(MetricDataQuery { span, id: id?, expression, metric_stat, label, period, return_data, account_id })
}

fn metric_stat(mut map: Properties, report: &mut Report) -> Option<MetricStat> {
    let span = map.span;
    let period = map.required("Period", report, Properties::integer);
    let stat = map.required("Stat", report, |map, name, report| map.text_or(name, "Sum", report));
    let unit = map.one_of("Unit", &UNITS, report);
    let metric = map.required("Metric", report, Properties::map);
    map.finish(&[], report);
    let mut metric = metric?;
    let namespace = metric.text("Namespace", report);
    let metric_name = metric.text("MetricName", report);
    let dimensions = metric.dimensions("Name", MAX_DIMENSIONS, report);
    metric.finish(&[], report);
    Some(MetricStat { span, namespace, metric_name, dimensions, period: period?, stat: stat?, unit })
}

pub(super) fn composite(
    properties: &mut Properties,
    identity: Identity,
    report: &mut Report,
) -> Option<CompositeAlarm> {
    let Identity { resource, name, arn } = identity;
    let alarm_rule = properties.required("AlarmRule", report, Properties::text);
    let wait = properties.integer("ActionsSuppressorWaitPeriod", report);
    let extension = properties.integer("ActionsSuppressorExtensionPeriod", report);
    let suppressor = properties.text("ActionsSuppressor", report);
    Some(CompositeAlarm {
        resource,
        name,
        arn,
        description: properties.text("AlarmDescription", report),
        actions: actions(properties, report),
        alarm_rule: alarm_rule?,
        actions_suppressor: suppressor,
        actions_suppressor_wait_period: wait,
        actions_suppressor_extension_period: extension,
    })
}
