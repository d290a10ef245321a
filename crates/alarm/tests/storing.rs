//! What is stored as JSON and read back is the same.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

use std::fmt::Debug;

use alarm::composite::{AlarmRule, CompositeDefinition, PutCompositeAlarm};
use alarm::definition::{MetricDataQuery, MetricStat};
use alarm::{Datapoint, Definition, Evaluation, PutMetricAlarm, StateValue, evaluate};
use proptest::prelude::*;
use serde::Serialize;
use serde::de::DeserializeOwned;

fn same<T: Serialize + DeserializeOwned + PartialEq + Debug>(value: &T) -> String {
    let text = serde_json::to_string(value).unwrap();
    assert_eq!(serde_json::from_str::<T>(&text).unwrap(), *value, "{text}");
    text
}

fn alarm(statistic: &str, threshold: f64) -> Definition {
    let alarm = PutMetricAlarm {
        alarm_name: Some("a\u{202e}".into()),
        alarm_description: Some("\"why\"".into()),
        namespace: Some("Kms".into()),
        metric_name: Some("Denied".into()),
        extended_statistic: Some(statistic.into()),
        period: Some(60),
        evaluation_periods: Some(2),
        threshold: Some(threshold),
        comparison_operator: Some("GreaterThanThreshold".into()),
        treat_missing_data: Some("notBreaching".into()),
        evaluate_low_sample_count_percentile: Some("ignore".into()),
        unit: Some("Bytes/Second".into()),
        ..PutMetricAlarm::default()
    };
    alarm.check().unwrap()
}

fn math() -> PutMetricAlarm {
    let stat = MetricStat {
        namespace: Some("Kms".into()),
        metric_name: Some("Denied".into()),
        period: Some(60),
        stat: Some("p99.90".into()),
        ..MetricStat::default()
    };
    let metric = MetricDataQuery {
        id: "m1".into(),
        metric_stat: Some(stat),
        return_data: Some(false),
        ..MetricDataQuery::default()
    };
    let expression = |id: &str, text: &str, returned: bool| MetricDataQuery {
        id: id.into(),
        expression: Some(text.into()),
        label: Some("l".into()),
        return_data: Some(returned),
        ..MetricDataQuery::default()
    };
    PutMetricAlarm {
        alarm_name: Some("math".into()),
        metrics: vec![
            expression("e2", "e1 * 0.1", true),
            metric,
            expression("e1", "IF(m1 > 1, m1, 0)", false),
        ],
        evaluation_periods: Some(1),
        threshold: Some(0.1),
        comparison_operator: Some("LessThanThreshold".into()),
        ..PutMetricAlarm::default()
    }
}

#[test]
fn definitions_are_read_as_they_were_written() {
    let text = same(&alarm("p100", 0.1));
    assert!(text.contains(r#""fewest_samples":"inf""#), "{text}");
    same(&alarm("TM(10%:89.50%)", -1e300));
    let text = same(&math().check().unwrap());
    let wrong = text.replace("e1 * 0.1", "e2 * 0.1");
    let error = serde_json::from_str::<Definition>(&wrong).unwrap_err().to_string();
    assert!(error.contains("depends on itself"), "{error}");
    let wrong = text.replace(r#""returned":0"#, r#""returned":9"#);
    assert!(
        serde_json::from_str::<Definition>(&wrong)
            .unwrap_err()
            .to_string()
            .starts_with("there is no query 9")
    );
}

#[test]
fn composite_alarms_are_read_as_they_were_written() {
    let composite = PutCompositeAlarm {
        alarm_name: Some("all".into()),
        alarm_rule: Some("AT_LEAST(50%, NOT ALARM, (a, \"b c\")) AND NOT (OK(a) OR TRUE)".into()),
        actions_suppressor: Some("deployment".into()),
        actions_suppressor_wait_period: Some(120),
        actions_suppressor_extension_period: Some(60),
        ..PutCompositeAlarm::default()
    };
    same::<CompositeDefinition>(&composite.check().unwrap());
    assert!(serde_json::from_str::<AlarmRule>("\"ALARM(\"").is_err());
}

proptest! {
    #[test]
    fn evaluations_are_read_as_they_were_written(
        values in proptest::collection::vec(proptest::option::of(-1e6..1e6_f64), 0..4), threshold in -1e3..1e3_f64,
    ) {
        let slots: Vec<Option<Datapoint>> = values
            .into_iter()
            .map(|value| value.map(|value| Datapoint { value, sample_count: Some(f64::INFINITY) }))
            .collect();
        let evaluation = evaluate(&alarm("p50", threshold).condition, &slots, 600, StateValue::Alarm);
        same::<Evaluation>(&evaluation);
    }
}
