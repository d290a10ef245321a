//! Does `kmswatch evaluate` answer as the published vectors and the specification's reference model do?

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};

const END: i64 = 1_789_384_800;
const STATES: [&str; 3] = ["OK", "ALARM", "INSUFFICIENT_DATA"];

fn vectors(name: &str) -> Vec<Value> {
    let Some(path) = testkit::shared(name) else { return Vec::new() };
    serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap()
}

/// Feeds questions to a command, a line each, and reads its answers.
fn ask(command: &mut Command, questions: &[Value]) -> Vec<Value> {
    let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut stdin = child.stdin.take().unwrap();
    let lines: String = questions.iter().map(|question| format!("{question}\n")).collect();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stdout));
    let answers = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<Value> = answers.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    assert_eq!(answers.len(), questions.len());
    answers
}

fn evaluate(questions: &[Value]) -> Vec<Value> {
    ask(support::kmswatch().arg("evaluate"), questions)
}

/// A vector as a line: 0 is within a threshold of 1, 2 breaches it.
fn question(vector: &Value, previous: &str) -> Value {
    let points = vector["datapoints"].as_array().unwrap().iter().map(|point| match point.as_str().unwrap() {
        "-" => Value::Null,
        "0" => json!(0),
        "X" => json!(2.0),
        other => panic!("{other}"),
    });
    json!({
        "Period": vector["period"],
        "EvaluationPeriods": vector["evaluation_periods"],
        "DatapointsToAlarm": vector["datapoints_to_alarm"],
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanThreshold",
        "TreatMissingData": vector["treat_missing"],
        "Datapoints": points.collect::<Vec<_>>(),
        "PreviousState": previous,
    })
}

#[test]
fn every_vector_of_states() {
    let vectors = vectors("spec/alarm_vectors.json");
    let mut asked = Vec::new();
    for vector in &vectors {
        let previous = vector["prior_state"].as_str().map_or(STATES.to_vec(), |state| vec![state]);
        asked.extend(previous.into_iter().map(|previous| (vector, previous)));
    }
    let questions: Vec<Value> = asked.iter().map(|(vector, previous)| question(vector, previous)).collect();
    for ((vector, previous), answer) in asked.iter().zip(evaluate(&questions)) {
        let expected = match vector["expected_state"].as_str().unwrap() {
            // Anything but ALARM; the model keeps the state.
            "NOT_ALARM" | "RETAIN" => previous,
            state => state,
        };
        assert_eq!(answer["state"], expected, "{vector}: {answer}");
        assert_eq!(answer["changed"], *previous != expected, "{vector}: {answer}");
        assert_eq!(answer["evaluation_range"], vector["datapoints"].as_array().unwrap().len());
    }
}

/// `14/09/26 11:18:00` as `2026-09-14T11:18:00Z`.
fn rfc3339(shown: &str) -> String {
    let part = |range| shown.get::<std::ops::Range<usize>>(range).unwrap();
    format!("20{}-{}-{}T{}Z", part(6..8), part(3..5), part(0..2), part(9..17))
}

/// A vector of a reason whose datapoints make up a window, as a line.
fn question_of_reason(vector: &Value) -> Option<Value> {
    let points = vector["datapoints"].as_array()?;
    let mut question = json!({
        "Period": 60,
        "EvaluationPeriods": vector["evaluation_periods"],
        "Threshold": vector["threshold"],
        "ComparisonOperator": vector["operator"],
        "TreatMissingData": vector.get("treat_missing"),
        "Datapoints": points.iter().map(|point| &point[0]).rev().collect::<Vec<_>>(),
    });
    if vector["datapoints_to_alarm_set"] == true {
        question["DatapointsToAlarm"] = vector["datapoints_to_alarm"].clone();
    }
    if let Some(newest) = points.first() {
        let start: jiff::Timestamp = rfc3339(newest[1].as_str()?).parse().unwrap();
        question["EndTime"] = json!(start.as_second() + 60);
    }
    Some(question)
}

#[test]
fn vectors_of_reasons_comparisons_and_rules() {
    let vectors = vectors("spec/alarm_extra_vectors.json");
    let mut asked = Vec::new();
    for vector in &vectors {
        let text = |key: &str| vector[key].as_str().unwrap();
        asked.extend(match text("kind") {
            "reason" => question_of_reason(vector)
                .map(|question| (question, json!({ "state": vector["state"], "reason": vector["text"] }))),
            "compare" => Some((
                json!({
                    "Period": 60, "EvaluationPeriods": 1, "Threshold": vector["threshold"],
                    "ComparisonOperator": vector["operator"], "Datapoints": [vector["value"]],
                }),
                json!({ "state": if vector["breaching"] == true { "ALARM" } else { "OK" } }),
            )),
            "low_sample" => Some(low_sample(vector)),
            "composite" => Some((
                json!({ "AlarmRule": vector["rule"], "Children": vector["states"] }),
                json!({ "state": vector["expected_state"] }),
            )),
            _ => None,
        });
    }
    assert!(vectors.is_empty() || asked.len() > 20, "{}", asked.len());
    let questions: Vec<Value> = asked.iter().map(|(question, _)| question.clone()).collect();
    for ((question, expected), answer) in asked.iter().zip(evaluate(&questions)) {
        for (key, value) in expected.as_object().unwrap() {
            assert_eq!(&answer[key], value, "{question}: {answer}");
        }
    }
}

/// One sample below the limit, the state is retained.
fn low_sample(vector: &Value) -> (Value, Value) {
    let percentile = format!("p{}", (vector["percentile"].as_f64().unwrap() * 1e6).round() / 1e4);
    let fewest = vector["ignore_when_fewer_than"].as_f64().unwrap();
    let question = json!({
        "Period": 60, "EvaluationPeriods": 1, "Threshold": 1, "ComparisonOperator": "GreaterThanThreshold",
        "ExtendedStatistic": percentile, "EvaluateLowSampleCountPercentile": "ignore",
        "Datapoints": [2], "SampleCounts": [fewest - 1.0], "PreviousState": "OK",
    });
    (question, json!({ "state": "OK", "retained": "too_few_samples" }))
}

/// Each `json` block holds questions; the `text` block behind it is the answer, a second one its explanation.
#[test]
fn the_examples_of_the_documentation() {
    let text = std::fs::read_to_string(testkit::repository().join("docs/evaluate.md")).unwrap();
    let (mut questions, mut answers, mut checked) = ("", 0, 0);
    for block in text.split("```").skip(1).step_by(2) {
        let (language, block) = block.split_once('\n').unwrap();
        if language == "json" {
            (questions, answers) = (block, 0);
            continue;
        }
        let mut command = support::kmswatch();
        command.arg("evaluate").args((answers == 1).then_some("--explain"));
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
        child.stdin.take().unwrap().write_all(questions.as_bytes()).unwrap();
        let output = child.wait_with_output().unwrap();
        assert_eq!(String::from_utf8(output.stdout).unwrap(), block);
        (answers, checked) = (answers + 1, checked + 1);
    }
    assert!(checked >= 5);
}

/// An alarm and datapoints, not all of which are looked at.
fn any_question() -> impl Strategy<Value = Value> {
    let value = prop_oneof![select(&[0.0, 1.0, 2.0, 1e7, 12_345_678.9, -3.5][..]), -1e4..1e9];
    let slot = proptest::option::weighted(0.6, value);
    let counts = (1..8_u32).prop_flat_map(|all| (Just(all), proptest::option::of(1..=all)));
    let treatment =
        select(&[None, Some("missing"), Some("ignore"), Some("breaching"), Some("notBreaching")][..]);
    (
        select(&[10, 20, 30, 60, 300, 3600][..]),
        treatment,
        counts,
        proptest::collection::vec(slot, 0..16),
        select(&STATES[..]),
        select(&[1.0, 0.5, 1e7][..]),
    )
        .prop_map(|(period, treatment, (all, needed), slots, previous, threshold)| {
            json!({
                "Period": period, "EvaluationPeriods": all, "DatapointsToAlarm": needed, "Threshold": threshold,
                "ComparisonOperator": "GreaterThanThreshold", "TreatMissingData": treatment,
                "Datapoints": slots, "EndTime": END, "PreviousState": previous,
            })
        })
}

fn questions(count: usize) -> Vec<Value> {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, b"what would CloudWatch say of it?");
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let strategy = any_question();
    std::iter::repeat_with(|| strategy.new_tree(&mut runner).unwrap().current()).take(count).collect()
}

/// Asks the reference model in Python. None where there is no interpreter.
fn ask_model(model: &Path, questions: &[Value]) -> Vec<Value> {
    let script = testkit::repository().join("crates/kmswatch/tests/evaluate.py");
    let python = std::env::var_os("KMSWATCH_PYTHON").unwrap_or_else(|| "python3".into());
    ask(Command::new(python).arg(script).arg(model), questions)
}

#[test]
fn answers_as_the_reference_model() {
    let Some(model) = testkit::shared("spec/refalarm.py") else { return };
    let count =
        std::env::var("KMSWATCH_ORACLE_CASES").ok().and_then(|count| count.parse().ok()).unwrap_or(5000);
    let questions = questions(count);
    let mut tally = BTreeMap::new();
    for ((question, ours), theirs) in
        questions.iter().zip(evaluate(&questions)).zip(ask_model(&model, &questions))
    {
        assert_eq!(ours["state"], theirs["state"], "{question:#}: {ours:#}");
        assert_eq!(!ours["retained"].is_null(), theirs["retained"] == true, "{question:#}: {ours:#}");
        assert_eq!(ours["evaluation_range"], theirs["range"], "{question:#}");
        if let Some(reason) = theirs["reason"].as_str() {
            assert_eq!(ours["reason"], reason, "{question:#}");
        }
        let state = ours["state"].as_str().unwrap().to_owned();
        *tally.entry((state, theirs["reason"].is_null())).or_insert(0) += 1;
    }
    eprintln!("{count} cases, by (state, without a reason): {tally:?}");
    assert!(tally.values().filter(|cases| **cases * 50 > count).count() >= 4, "too one-sided: {tally:?}");
}
