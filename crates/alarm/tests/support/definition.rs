//! Alarms as written, and what is wrong with them.

use alarm::definition::{Dimension, MetricDataQuery, MetricStat, aws_message};
use alarm::{Definition, Problem, PutMetricAlarm};
use testkit::{Case, Expectation};

/// `Name: value` lines; what isn't said is an alarm with nothing wrong. `Name: -` takes a value away, and `Name: x*300`
/// repeats a letter.
pub(crate) fn run(case: &Case) -> Expectation {
    let alarm = alarm(case.section("definition"));
    match alarm.check() {
        Ok(definition) => Expectation::of("problems", "none").and("condition", condition(&definition)),
        Err(problems) => {
            Expectation::of("problems", shown(&problems, &alarm)).and("aws", aws_message(&problems))
        }
    }
}

pub(crate) fn shown(problems: &[Problem], alarm: &PutMetricAlarm) -> String {
    let each = problems.iter().map(|problem| match &problem.syntax {
        None => problem.to_string(),
        Some(error) => {
            let index: usize = problem.property.split(['[', ']']).nth(1).unwrap().parse().unwrap();
            let text = alarm.metrics[index].expression.as_ref().unwrap();
            format!("{problem}\n{}", error.render(text, false))
        }
    });
    each.collect::<Vec<_>>().join("\n")
}

fn condition(definition: &Definition) -> String {
    let condition = &definition.condition;
    format!(
        "{} of {}, {} {} x {} s, missing: {}, fewest samples: {}",
        condition.needed(),
        condition.evaluation_periods,
        definition.statistic().map_or_else(|| "expression".into(), |statistic| statistic.to_string()),
        condition.evaluation_range(),
        condition.period,
        condition.treatment(),
        condition.fewest_samples.map_or_else(|| "any".into(), |fewest| fewest.to_string()),
    )
}

fn valid() -> PutMetricAlarm {
    PutMetricAlarm {
        alarm_name: Some("kms-denied".into()),
        metric_name: Some("Denied".into()),
        namespace: Some("Kms".into()),
        statistic: Some("Sum".into()),
        period: Some(300),
        evaluation_periods: Some(1),
        threshold: Some(1.0),
        comparison_operator: Some("GreaterThanOrEqualToThreshold".into()),
        ..PutMetricAlarm::default()
    }
}

fn alarm(section: &str) -> PutMetricAlarm {
    let mut alarm = valid();
    for line in section.lines() {
        let (name, value) = line.split_once(": ").unwrap_or_else(|| panic!("{line}"));
        set(&mut alarm, name, value);
    }
    alarm
}

fn text(value: &str) -> Option<String> {
    match value.split_once('*') {
        Some((letter, count)) if count.parse::<usize>().is_ok() => {
            Some(letter.repeat(count.parse().unwrap()))
        }
        _ => (value != "-").then(|| value.replace("\\n", "\n").replace("(empty)", "")),
    }
}

fn number<T: std::str::FromStr>(value: &str) -> Option<T> {
    (value != "-").then(|| value.parse().ok().unwrap())
}

fn set(alarm: &mut PutMetricAlarm, name: &str, value: &str) {
    match name {
        "AlarmName" => alarm.alarm_name = text(value),
        "AlarmDescription" => alarm.alarm_description = text(value),
        "OKActions" => alarm.ok_actions = value.split(' ').map(Into::into).collect(),
        "AlarmActions" => alarm.alarm_actions = value.split(' ').map(Into::into).collect(),
        "MetricName" => alarm.metric_name = text(value),
        "Namespace" => alarm.namespace = text(value),
        "Dimensions" => alarm.dimensions = value.split(' ').map(dimension).collect(),
        "Statistic" => alarm.statistic = text(value),
        "ExtendedStatistic" => alarm.extended_statistic = text(value),
        "Period" => alarm.period = number(value),
        "Unit" => alarm.unit = text(value),
        "EvaluationPeriods" => alarm.evaluation_periods = number(value),
        "DatapointsToAlarm" => alarm.datapoints_to_alarm = number(value),
        "Threshold" => alarm.threshold = number(value),
        "ThresholdMetricId" => alarm.threshold_metric_id = text(value),
        "ComparisonOperator" => alarm.comparison_operator = text(value),
        "TreatMissingData" => alarm.treat_missing_data = text(value),
        "EvaluateLowSampleCountPercentile" => alarm.evaluate_low_sample_count_percentile = text(value),
        "EvaluationCriteria" => alarm.has_evaluation_criteria = true,
        "Metric" => alarm.metrics.push(metric(value)),
        "Expression" => alarm.metrics.push(expression(value)),
        other => panic!("{other}"),
    }
}

fn dimension(text: &str) -> Dimension {
    let (name, value) = text.split_once('=').unwrap();
    Dimension { name: name.into(), value: value.into() }
}

/// `m1 Kms/Denied Sum 60`, with a `!` behind it if it returns data.
fn metric(text: &str) -> MetricDataQuery {
    let fields: Vec<&str> = text.split(' ').collect();
    let (namespace, name) = fields[1].split_once('/').unwrap();
    let stat = MetricStat {
        metric_name: Some(name.into()),
        namespace: Some(namespace.into()),
        stat: Some(fields[2].into()),
        period: Some(fields[3].parse().unwrap()),
        ..MetricStat::default()
    };
    let return_data = Some(fields.len() > 4);
    MetricDataQuery { id: fields[0].into(), metric_stat: Some(stat), return_data, ..Default::default() }
}

/// `e1 m1 + m2`; it returns data.
fn expression(text: &str) -> MetricDataQuery {
    let (id, expression) = text.split_once(' ').unwrap();
    MetricDataQuery { id: id.into(), expression: Some(expression.into()), ..Default::default() }
}
