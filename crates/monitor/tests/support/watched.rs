//! Alarms, filters and topics, one on each line.

use std::collections::BTreeMap;

use alarm::composite::PutCompositeAlarm;
use alarm::definition::{MetricDataQuery, MetricStat};
use alarm::{Mode, PutMetricAlarm};
use filter_pattern::Language;
use metric::{Transformation, TransformationParts};
use monitor::{CompositeAlarm, Configuration, MetricAlarm, MetricFilter, Subscription, Topic};

pub(crate) fn arn(name: &str) -> String {
    format!("arn:aws:cloudwatch:eu-west-1:111122223333:alarm:{name}")
}

fn topic_arn(name: &str) -> String {
    format!("arn:aws:sns:eu-west-1:111122223333:{name}")
}

/// The names of the filters, and everything.
pub(crate) fn configuration(filters: &str, alarms: &str, topics: &str) -> (Vec<String>, Configuration) {
    let filters = if filters.is_empty() { "denied: Kms/Denied" } else { filters };
    let topics = if topics.is_empty() { "security: soc@example.org" } else { topics };
    let (mut metric_alarms, mut composite_alarms) = (Vec::new(), Vec::new());
    for line in alarms.lines() {
        let (name, rest) = line.split_once(':').unwrap();
        match rest.split_once(" AlarmRule=") {
            Some((settings, rule)) => composite_alarms.push(composite(name, settings, rule)),
            None => metric_alarms.push(metric_alarm(name, &settings(rest))),
        }
    }
    let filters: Vec<MetricFilter> = filters.lines().map(filter).collect();
    let names = filters.iter().map(|filter| filter.name.clone()).collect();
    let topics = topics.lines().map(topic).collect();
    let (account_id, region) = ("111122223333".into(), "eu-west-1".into());
    let alarms = metric_alarms;
    let (reminder, known) = (None, Vec::new());
    let configuration = Configuration {
        account_id,
        region,
        filters,
        alarms,
        composite_alarms,
        topics,
        reminder,
        storm: None,
        known,
    };
    (names, configuration)
}

fn settings(text: &str) -> BTreeMap<&str, &str> {
    text.split_whitespace().map(|pair| pair.split_once('=').unwrap()).collect()
}

/// `denied: Kms/Denied default=0 unit=Count dimension=Key`
fn filter(line: &str) -> MetricFilter {
    let (name, rest) = line.split_once(": ").unwrap();
    let (metric, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let (namespace, metric) = metric.split_once('/').unwrap();
    let settings = settings(rest);
    let parts = TransformationParts {
        namespace,
        name: metric,
        value: "1",
        default: settings.get("default").map(|text| text.parse().unwrap()),
        unit: settings.get("unit").copied(),
        dimensions: settings.get("dimension").map(|name| (*name, "$.key")).into_iter().collect(),
    };
    let transformation = Transformation::parse(&parts, Language::Json).unwrap();
    MetricFilter { name: name.into(), log_group: "trail".into(), transformation }
}

/// `security: soc@example.org https://example.org/hook`
fn topic(line: &str) -> Topic {
    let (name, endpoints) = line.split_once(':').unwrap();
    let subscription = |endpoint: &str| {
        let protocol = if endpoint.contains("://") { "https" } else { "email" };
        Subscription { protocol: protocol.into(), endpoint: endpoint.into() }
    };
    let subscriptions = endpoints.split_whitespace().map(subscription).collect();
    Topic { arn: topic_arn(name), name: name.into(), subscriptions }
}

fn actions(settings: &BTreeMap<&str, &str>, key: &str, otherwise: &str) -> Vec<String> {
    let names = settings.get(key).copied().unwrap_or(otherwise);
    names.split(',').filter(|name| !name.is_empty() && *name != "-").map(topic_arn).collect()
}

fn composite(name: &str, text: &str, rule: &str) -> CompositeAlarm {
    let settings = settings(text);
    let number = |key: &str| settings.get(key).map(|text| text.parse().unwrap());
    let alarm = PutCompositeAlarm {
        alarm_name: Some(name.into()),
        actions_enabled: settings.get("ActionsEnabled").map(|text| text.parse().unwrap()),
        alarm_actions: actions(&settings, "AlarmActions", "security"),
        ok_actions: actions(&settings, "OKActions", ""),
        alarm_rule: Some(rule.into()),
        actions_suppressor: settings.get("ActionsSuppressor").map(|name| (*name).into()),
        actions_suppressor_wait_period: number("WaitPeriod"),
        actions_suppressor_extension_period: number("ExtensionPeriod"),
        ..PutCompositeAlarm::default()
    };
    CompositeAlarm { arn: arn(name), definition: alarm.check().unwrap() }
}

fn metric_alarm(name: &str, settings: &BTreeMap<&str, &str>) -> MetricAlarm {
    let text = |key: &str, otherwise: &str| Some(settings.get(key).copied().unwrap_or(otherwise).to_owned());
    let number = |key: &str| settings.get(key).map(|text| text.parse::<i64>().unwrap());
    let (namespace, metric) = settings.get("Metric").unwrap_or(&"Kms/Denied").split_once('/').unwrap();
    let is_math = settings.contains_key("Expression");
    let alarm = PutMetricAlarm {
        alarm_name: Some(name.into()),
        actions_enabled: settings.get("ActionsEnabled").map(|text| text.parse().unwrap()),
        ok_actions: actions(settings, "OKActions", ""),
        alarm_actions: actions(settings, "AlarmActions", "security"),
        insufficient_data_actions: actions(settings, "InsufficientDataActions", ""),
        metric_name: (!is_math).then(|| metric.into()),
        namespace: (!is_math).then(|| namespace.into()),
        statistic: text("Statistic", "Sum").filter(|_| !is_math),
        period: number("Period").or((!is_math).then_some(60)),
        unit: settings.get("Unit").map(|unit| (*unit).into()),
        metrics: queries(settings),
        evaluation_periods: number("EvaluationPeriods").or(Some(1)),
        datapoints_to_alarm: number("DatapointsToAlarm"),
        threshold: Some(settings.get("Threshold").map_or(1.0, |text| text.parse().unwrap())),
        comparison_operator: text("ComparisonOperator", "GreaterThanOrEqualToThreshold"),
        treat_missing_data: settings.get("TreatMissingData").map(|text| (*text).into()),
        ..PutMetricAlarm::default()
    };
    let alarm = if is_math { PutMetricAlarm { period: None, ..alarm } } else { alarm };
    let mode = if settings.get("mode") == Some(&"cloudwatch") { Mode::CloudWatch } else { Mode::Eager };
    MetricAlarm { arn: arn(name), definition: alarm.check().unwrap(), mode }
}

/// `m1=Kms/Denied m2=Kms/All Expression=m1/m2`
fn queries(settings: &BTreeMap<&str, &str>) -> Vec<MetricDataQuery> {
    let Some(expression) = settings.get("Expression") else { return Vec::new() };
    let metrics = settings.iter().filter(|(key, _)| key.starts_with('m') && **key != "mode");
    let metric = |(id, metric): (&&str, &&str)| {
        let (namespace, name) = metric.split_once('/').unwrap();
        let stat = MetricStat {
            metric_name: Some(name.into()),
            namespace: Some(namespace.into()),
            period: settings.get("Period").map_or(Some(60), |text| text.parse().ok()),
            stat: Some("Sum".into()),
            ..MetricStat::default()
        };
        MetricDataQuery {
            id: (*id).into(),
            metric_stat: Some(stat),
            return_data: Some(false),
            ..Default::default()
        }
    };
    let expression = Some((*expression).into());
    let returned =
        MetricDataQuery { id: "e1".into(), expression, return_data: Some(true), ..Default::default() };
    metrics.map(metric).chain([returned]).collect()
}
