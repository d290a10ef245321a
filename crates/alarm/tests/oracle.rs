//! Generated alarms and datapoints, asked of this crate and of the specification's reference model in Python.
//!
//! `KMSWATCH_ORACLE_CASES` says how many; the same ones each time.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use alarm::{ComparisonOperator, Condition, Datapoint, Slot, StateReason, StateValue, TreatMissingData};
use proptest::prelude::*;
use proptest::sample::select;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::{Value, json};

const END: i64 = 1_789_384_800;

#[derive(Debug)]
struct Question {
    condition: Condition,
    slots: Vec<Slot>,
    previous: StateValue,
}

impl Question {
    fn as_json(&self) -> Value {
        let starts =
            (1..=self.slots.len()).rev().map(|age| END - age as i64 * i64::from(self.condition.period));
        let points = self.slots.iter().zip(starts).map(|(slot, start)| {
            slot.map(|datapoint| json!([datapoint.value, alarm::calendar::short(start)]))
        });
        json!({
            "period": self.condition.period,
            "n": self.condition.evaluation_periods,
            "m": self.condition.needed(),
            "m_set": self.condition.datapoints_to_alarm.is_some(),
            "threshold": self.condition.threshold,
            "treat": self.condition.treatment().as_str(),
            "previous": self.previous.as_str(),
            "points": points.collect::<Vec<_>>(),
        })
    }
}

fn slot() -> impl Strategy<Value = Slot> {
    let value = prop_oneof![
        4 => select(&[0.0, 1.0, 2.0, 0.0666851903306472, 1e7, 12_345_678.9, -3.5][..]),
        1 => -1e4..1e9,
    ];
    let datapoint = value.prop_map(|value| Datapoint { value, sample_count: Some(1.0) });
    prop_oneof![2 => Just(None), 3 => datapoint.prop_map(Some)]
}

fn question() -> impl Strategy<Value = Question> {
    let period = select(&[10, 20, 30, 60, 300, 3600][..]);
    let treatment = proptest::option::of(select(TreatMissingData::ALL));
    let counts = (1..8_u32).prop_flat_map(|n| (Just(n), proptest::option::of(1..=n)));
    let slots = proptest::collection::vec(slot(), 0..16);
    let previous = select(&StateValue::ALL[..]);
    let threshold = select(&[1.0, 0.5, 1e7][..]);
    (period, treatment, counts, slots, previous, threshold).prop_map(
        |(
            period,
            treat_missing_data,
            (evaluation_periods, datapoints_to_alarm),
            slots,
            previous,
            threshold,
        )| {
            let comparison_operator = ComparisonOperator::GreaterThanThreshold;
            let condition = Condition {
                period,
                evaluation_periods,
                datapoints_to_alarm,
                threshold,
                comparison_operator,
                treat_missing_data,
                fewest_samples: None,
            };
            Question { condition, slots, previous }
        },
    )
}

fn questions(count: usize) -> Vec<Question> {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, b"alarm states and their reasons!!");
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let strategy = question();
    std::iter::repeat_with(|| strategy.new_tree(&mut runner).unwrap().current()).take(count).collect()
}

fn ask_model(model: &Path, questions: &[Question]) -> Option<Vec<Value>> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle.py");
    let mut command = Command::new("python3");
    command.arg(script).arg(model).stdin(Stdio::piped()).stdout(Stdio::piped());
    let Ok(mut child) = command.spawn() else {
        eprintln!("left out: there is no python3");
        return None;
    };
    let mut stdin = child.stdin.take().unwrap();
    let lines: String = questions.iter().map(|question| format!("{}\n", question.as_json())).collect();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());
    let answers = String::from_utf8(output.stdout).unwrap();
    Some(answers.lines().map(|line| serde_json::from_str(line).unwrap()).collect())
}

#[test]
fn answers_as_the_reference_model() {
    let Some(model) = testkit::shared("spec/refalarm.py") else { return };
    let count =
        std::env::var("KMSWATCH_ORACLE_CASES").ok().and_then(|count| count.parse().ok()).unwrap_or(20_000);
    let questions = questions(count);
    let Some(answers) = ask_model(&model, &questions) else { return };
    assert_eq!(answers.len(), questions.len());
    let mut tally = BTreeMap::new();
    for (question, theirs) in questions.iter().zip(answers) {
        let ours = alarm::evaluate(&question.condition, &question.slots, END, question.previous);
        let decided = alarm::decide(&question.condition, &question.slots, question.previous);
        assert_eq!(theirs["range"], question.condition.evaluation_range());
        assert_eq!(theirs["state"], ours.state.as_str(), "{:#}", question.as_json());
        assert_eq!((decided.state, decided.basis), (ours.state, ours.basis));
        let retained = matches!(ours.reason, StateReason::Retained { .. });
        assert_eq!(theirs["retained"], retained, "{:#}", question.as_json());
        match theirs["reason"].as_str() {
            Some(theirs) => assert_eq!(theirs, ours.reason.to_string(), "{:#}", question.as_json()),
            None => assert!(retained || ours.reason.to_string().contains("no datapoints")),
        }
        *tally.entry((ours.state, theirs["reason"].is_null())).or_insert(0) += 1;
    }
    eprintln!("{count} cases, by (state, without a reason): {tally:?}");
    assert!(tally.values().filter(|cases| **cases * 50 > count).count() >= 4, "too one-sided: {tally:?}");
}
