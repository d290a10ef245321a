//! Generated observations and statistics, asked of this crate and of definitions in Python.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::indexing_slicing,
    unreachable_pub,
    dead_code,
    reason = "a test fails by panicking, and shares its support with others"
)]

mod support;

use std::io::Write as _;
use std::process::{Command, Stdio};

use metric::{Statistic, Summary};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::json;
use support::{counted, number, signed, statistic_text, value};

const QUESTIONS: usize = 4000;

type Question = (Vec<(f64, u64)>, String);

fn questions() -> Vec<Question> {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, b"observations, in any order, 32 b");
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    let values = prop_oneof![4 => counted(number()), 1 => counted(signed())];
    let strategy = (values, statistic_text());
    std::iter::repeat_with(|| strategy.new_tree(&mut runner).unwrap().current())
        .filter(|(_, statistic)| Statistic::parse(statistic).is_ok())
        .take(QUESTIONS)
        .collect()
}

fn ask_python(questions: &[Question]) -> Option<Vec<Option<f64>>> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/oracle.py");
    let mut command = Command::new("python3");
    command.arg(script).stdin(Stdio::piped()).stdout(Stdio::piped());
    let Ok(mut child) = command.spawn() else {
        eprintln!("left out: there is no python3");
        return None;
    };
    let mut stdin = child.stdin.take().unwrap();
    let line =
        |(values, statistic): &Question| format!("{}\n", json!({"values": values, "statistic": statistic}));
    let lines: String = questions.iter().map(line).collect();
    let writer = std::thread::spawn(move || stdin.write_all(lines.as_bytes()));
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap().unwrap();
    assert!(output.status.success());
    let text = String::from_utf8(output.stdout).unwrap();
    Some(text.lines().map(number_or_null).collect())
}

/// `serde_json` rounds some numbers to a neighbour; the standard library doesn't.
fn number_or_null(line: &str) -> Option<f64> {
    (line != "null").then(|| line.parse().unwrap())
}

fn own_answer((values, statistic): &Question) -> Option<f64> {
    let mut summary = Summary::new();
    values.iter().for_each(|(number, count)| summary.add(value(*number), *count));
    summary.datapoint(&support::statistic(statistic)).map(|datapoint| datapoint.value)
}

/// Means and sums of parts are rounded more than once; everything else is exact.
fn agree(own: Option<f64>, other: Option<f64>, statistic: &str) -> bool {
    let is_exact = !statistic.to_ascii_uppercase().starts_with(['T', 'W', 'I']);
    match (own, other) {
        (Some(own), Some(other)) if is_exact => own.to_bits() == other.to_bits(),
        (Some(own), Some(other)) => (own - other).abs() <= other.abs() * 1e-14 + 1e-320,
        (own, other) => own.is_none() && other.is_none(),
    }
}

#[test]
fn datapoints_are_those_of_the_definitions() {
    let questions = questions();
    let Some(answers) = ask_python(&questions) else { return };
    assert_eq!(answers.len(), questions.len());
    for (question, answer) in questions.iter().zip(answers) {
        let own = own_answer(question);
        assert!(agree(own, answer, &question.1), "{question:?}: {own:?}, not {answer:?}");
    }
}
