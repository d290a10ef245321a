//! Every published vector of filter patterns, through the program.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;

use serde_json::{Value, json};

/// The vectors of each pattern.
fn vectors() -> BTreeMap<String, Vec<Value>> {
    let mut by_pattern: BTreeMap<String, Vec<Value>> = BTreeMap::new();
    let Some(path) = testkit::shared("spec/filter_vectors.json") else { return by_pattern };
    let list: Vec<Value> = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    for vector in list.into_iter().filter(|vector| vector.get("ambiguous").is_none()) {
        by_pattern.entry(vector["pattern"].as_str().unwrap().to_owned()).or_default().push(vector);
    }
    by_pattern
}

/// What the vectors of one valid pattern ask for, as `match --events --format json` answers.
fn expected(vectors: &[Value]) -> BTreeMap<usize, &Value> {
    (1..).zip(vectors).filter(|(_, vector)| vector["match"] == true).collect()
}

fn check_answer(vectors: &[Value], answer: &Value) {
    let expected = expected(vectors);
    let found: BTreeMap<usize, &Value> = answer["matches"]
        .as_array()
        .unwrap()
        .iter()
        .map(|found| (usize::try_from(found["eventNumber"].as_u64().unwrap()).unwrap(), found))
        .collect();
    assert!(found.keys().eq(expected.keys()), "{vectors:#?}: {answer}");
    for (number, found) in found {
        assert_eq!(found["eventMessage"], vectors[number - 1]["event"]);
        if let Some(extracted) = vectors[number - 1].get("extracted") {
            assert_eq!(&found["extractedValues"], extracted, "{}", vectors[number - 1]);
        }
    }
}

#[test]
fn each_pattern_is_an_argument() {
    let folder = tempfile::tempdir().unwrap();
    let events = folder.path().join("events.json");
    for (pattern, vectors) in vectors() {
        let messages: Vec<&Value> = vectors.iter().filter_map(|vector| vector.get("event")).collect();
        fs::write(&events, json!(messages).to_string()).unwrap();
        let options = ["--events".as_ref(), events.as_os_str(), "--format".as_ref(), "json".as_ref()];
        let words: [&[&OsStr]; 2] = [&options, &[pattern.as_ref()]];
        for arguments in [[words[0], words[1]], [words[1], words[0]]] {
            let arguments = [&["match".as_ref()], arguments.concat().as_slice()].concat();
            let output = support::run(&arguments);
            let answer: Value = serde_json::from_slice(&output.stdout)
                .unwrap_or_else(|error| panic!("{pattern}: {error}: {output:?}"));
            if vectors[0]["valid"] == false {
                assert_eq!(output.status.code(), Some(2), "{pattern}");
                if let Some(error) = vectors[0].get("error") {
                    assert_eq!(&answer["error"]["aws_message"], error, "{pattern}");
                }
            } else {
                check_answer(&vectors, &answer);
            }
        }
    }
}
