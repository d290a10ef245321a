//! Every published vector, asked of one pattern, of a set, and of a set through an outline.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use std::collections::BTreeMap;

use filter_pattern::{Pattern, PatternSet, Scratch};
use serde_json::Value;

fn vectors() -> Option<Vec<Value>> {
    let path = testkit::shared("spec/filter_vectors.json")?;
    let vectors: Vec<Value> = serde_json::from_str(&std::fs::read_to_string(path).unwrap()).unwrap();
    Some(vectors.into_iter().filter(|vector| vector.get("ambiguous").is_none()).collect())
}

fn text<'v>(vector: &'v Value, key: &str) -> &'v str {
    vector[key].as_str().unwrap_or_else(|| panic!("{vector}: no text {key}"))
}

/// What must be extracted, where the vector says so.
fn extracted(vector: &Value) -> Option<BTreeMap<String, String>> {
    serde_json::from_value(vector.get("extracted")?.clone()).ok()
}

fn check_invalid(vector: &Value) {
    let Err(error) = Pattern::parse(text(vector, "pattern")) else { panic!("{vector}: accepted") };
    if let Some(expected) = vector.get("error").and_then(Value::as_str) {
        assert_eq!(error.aws_message, expected, "{vector}");
    }
}

#[test]
fn each_vector() {
    let mut scratch = Scratch::new();
    for vector in vectors().unwrap_or_default() {
        if vector["valid"] == false {
            check_invalid(&vector);
            continue;
        }
        let pattern =
            Pattern::parse(text(&vector, "pattern")).unwrap_or_else(|error| panic!("{vector}: {error}"));
        let found = support::ask_all(&[pattern], text(&vector, "event"), &mut scratch).remove(0);
        assert_eq!(found.is_some(), vector["match"] == true, "{vector}");
        if let (Some(found), Some(expected)) = (found, extracted(&vector)) {
            let found: BTreeMap<String, String> = found.extracted.into_iter().collect();
            assert_eq!(found, expected, "{vector}");
        }
    }
}

#[test]
fn all_patterns_in_one_set() {
    let vectors = vectors().unwrap_or_default();
    let mut texts: Vec<&str> =
        vectors.iter().filter(|v| v["valid"] == true).map(|v| text(v, "pattern")).collect();
    texts.sort_unstable();
    texts.dedup();
    let set = PatternSet::new(texts.iter().map(|text| Pattern::parse(text).unwrap()).collect());
    let mut scratch = Scratch::new();
    for vector in vectors.iter().filter(|vector| vector["valid"] == true) {
        let found = support::ask_set(&set, text(vector, "event"), &mut scratch);
        let number = texts.binary_search(&text(vector, "pattern")).unwrap();
        assert_eq!(found[number].is_some(), vector["match"] == true, "{vector}");
    }
}
