//! The published vectors of alarm states, comparisons, reasons and composite rules.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;

use alarm::composite::{AlarmReference, AlarmRule};
use alarm::{
    ComparisonOperator, Condition, Crossing, Datapoint, Filled, Slot, StateReason, StateValue,
    TreatMissingData, decide, evaluate, low_sample_limit,
};
use serde_json::Value;

fn vectors(name: &str) -> Option<Vec<Value>> {
    let path = testkit::shared(name)?;
    Some(serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap())
}

fn text<'v>(vector: &'v Value, key: &str) -> &'v str {
    vector[key].as_str().unwrap()
}

fn count(vector: &Value, key: &str) -> u32 {
    u32::try_from(vector[key].as_u64().unwrap()).unwrap()
}

fn condition(vector: &Value) -> Condition {
    Condition {
        period: count(vector, "period"),
        evaluation_periods: count(vector, "evaluation_periods"),
        datapoints_to_alarm: Some(count(vector, "datapoints_to_alarm")),
        threshold: 1.0,
        comparison_operator: ComparisonOperator::GreaterThanThreshold,
        treat_missing_data: TreatMissingData::parse(text(vector, "treat_missing")),
        fewest_samples: None,
    }
}

fn slot(point: &Value) -> Slot {
    let value = match point.as_str().unwrap() {
        "-" => return None,
        "0" => 0.0,
        "X" => 2.0,
        other => panic!("{other}"),
    };
    Some(Datapoint { value, sample_count: Some(1.0) })
}

#[test]
fn states_follow_from_datapoints() {
    let Some(vectors) = vectors("spec/alarm_vectors.json") else { return };
    for vector in &vectors {
        let condition = condition(vector);
        let slots: Vec<Slot> = vector["datapoints"].as_array().unwrap().iter().map(slot).collect();
        assert_eq!(slots.len(), condition.evaluation_range() as usize, "{vector}");
        let previous = match vector["prior_state"].as_str() {
            Some(state) => vec![StateValue::parse(state).unwrap()],
            None => StateValue::ALL.to_vec(),
        };
        for previous in previous {
            let expected = match text(vector, "expected_state") {
                // Anything but ALARM; the model keeps the state.
                "NOT_ALARM" | "RETAIN" => previous,
                state => StateValue::parse(state).unwrap(),
            };
            assert_eq!(evaluate(&condition, &slots, 0, previous).state, expected, "{vector}");
            assert_eq!(decide(&condition, &slots, previous).state, expected, "{vector}");
        }
    }
    assert!(vectors.len() > 300);
}

/// `dd/MM/yy HH:mm:ss`, found by trying: the function under test is the inverse.
fn start(shown: &str) -> i64 {
    let number = |range: std::ops::Range<usize>| shown[range].parse::<i64>().unwrap();
    let seconds = number(9..11) * 3600 + number(12..14) * 60 + number(15..17);
    let first_day = (2000 + number(6..8) - 1970) * 365;
    let day = (first_day..).find(|day| alarm::calendar::short(day * 86_400)[..8] == shown[..8]).unwrap();
    day * 86_400 + seconds
}

fn crossing(vector: &Value) -> StateReason {
    let points = vector["datapoints"].as_array().unwrap();
    let missing = vector["missing_filled"].as_u64().map(|missing| u32::try_from(missing).unwrap());
    let breaching = vector["treat_missing"] == "breaching";
    if text(vector, "state") == "INSUFFICIENT_DATA" {
        return StateReason::NoData { datapoints: count(vector, "evaluation_periods") };
    }
    StateReason::ThresholdCrossed(Crossing {
        to_alarm: text(vector, "state") == "ALARM",
        datapoints: points
            .iter()
            .map(|point| (start(point[1].as_str().unwrap()), point[0].as_f64().unwrap()))
            .collect(),
        evaluation_periods: count(vector, "evaluation_periods"),
        datapoints_to_alarm: (vector["datapoints_to_alarm_set"] == true)
            .then(|| count(vector, "datapoints_to_alarm")),
        comparison_operator: ComparisonOperator::parse(text(vector, "operator")).unwrap(),
        threshold: vector["threshold"].as_f64().unwrap(),
        filled: missing.map(|missing| Filled { missing, breaching }),
    })
}

fn check_reason(vector: &Value) {
    match text(vector, "text") {
        "Unchecked: Initial alarm creation" => {
            assert_eq!(StateReason::InitialCreation.to_string(), text(vector, "text"));
        }
        expected if vector.get("datapoints").is_some() => {
            assert_eq!(crossing(vector).to_string(), expected, "{vector}");
        }
        // Sentences without the values that they are made of.
        _ => {}
    }
}

#[test]
fn the_other_vectors() {
    let Some(vectors) = vectors("spec/alarm_extra_vectors.json") else { return };
    let mut kinds: BTreeMap<&str, usize> = BTreeMap::new();
    for vector in &vectors {
        *kinds.entry(text(vector, "kind")).or_default() += 1;
        match text(vector, "kind") {
            "compare" => {
                let operator = ComparisonOperator::parse(text(vector, "operator")).unwrap();
                let number = |key: &str| vector[key].as_f64().unwrap();
                let breaches = operator.breaches(number("value"), number("threshold"));
                assert_eq!(breaches, vector["breaching"] == true, "{vector}");
            }
            "low_sample" => {
                let limit = low_sample_limit(vector["percentile"].as_f64().unwrap() * 100.0);
                assert_eq!(Some(limit), vector["ignore_when_fewer_than"].as_f64(), "{vector}");
            }
            "reason" => check_reason(vector),
            "composite" => {
                let rule = AlarmRule::parse(text(vector, "rule")).unwrap();
                let lookup =
                    |alarm: &AlarmReference| StateValue::parse(vector["states"][alarm.name()].as_str()?);
                assert_eq!(rule.state(lookup).as_str(), text(vector, "expected_state"), "{vector}");
            }
            _ => {}
        }
    }
    assert!(
        kinds["compare"] > 0 && kinds["low_sample"] > 0 && kinds["reason"] > 0 && kinds["composite"] > 0,
        "{kinds:?}"
    );
}
