//! Does the program count right? What it answers over whole corpora is compared with what plain Python counted.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test fails by panicking"
)]

mod support;

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;

use serde_json::Value;
use support::{json, run};
use testkit::{repository, shared};

const FAILED: &str = "kms-call-failed";

fn read(path: &Path) -> Value {
    serde_json::from_slice(&fs::read(path).unwrap()).unwrap()
}

/// `scan --format json`, which may find unreadable files.
fn scan(folder: &Path, options: &[&str]) -> Value {
    let mut arguments: Vec<&OsStr> = ["scan", "--format", "json"].map(OsStr::new).to_vec();
    arguments.extend(options.iter().map(OsStr::new));
    arguments.push(folder.as_os_str());
    let output = run(&arguments);
    assert!(matches!(output.status.code(), Some(0 | 1)), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Records that the detection `kms-call-failed` matched.
fn failed(report: &Value) -> &Value {
    let detections = report["detections"].as_array().unwrap();
    &detections.iter().find(|detection| detection["name"] == FAILED).unwrap()["matched"]
}

/// The same for each value that `name` finds for a group.
fn failed_by(report: &Value, name: impl Fn(&Value) -> String) -> BTreeMap<String, u64> {
    let mut counts = BTreeMap::new();
    for group in report["groups"].as_array().unwrap() {
        let detections = group["detections"].as_array().unwrap();
        if let Some(detection) = detections.iter().find(|detection| detection["value"] == FAILED) {
            *counts.entry(name(group)).or_default() += detection["count"].as_u64().unwrap();
        }
    }
    counts
}

fn code(group: &Value) -> String {
    group["error"].as_str().unwrap_or_default().to_owned()
}

/// Its ARN, or `(none)`.
fn arn(group: &Value) -> String {
    let principal = group["principal"].as_str().unwrap();
    if principal.starts_with("arn:") { principal.to_owned() } else { "(none)".into() }
}

fn counts(truth: &Value) -> BTreeMap<String, u64> {
    let name = |name: &String| if name == "<none>" { "(none)".to_owned() } else { name.clone() };
    let truth = truth.as_object().unwrap();
    truth.iter().map(|(key, count)| (name(key), count.as_u64().unwrap())).collect()
}

#[test]
fn the_example_is_what_its_makers_say() {
    let examples = repository().join("examples");
    let truth = read(&examples.join("cloudtrail-truth.json"));
    let calls = &truth["failed_kms_calls"];
    let report = scan(&examples.join("cloudtrail"), &[]);
    assert_eq!(*failed(&report), calls["total"]);
    assert_eq!(failed_by(&report, code), counts(&calls["by_error_code"]));
    // The one record without an ARN is the key owner's copy of a call; it stands in its caller's group.
    let mut by_principal = counts(&calls["by_principal_arn"]);
    assert_eq!(by_principal.remove("(none)"), Some(1));
    *by_principal.get_mut("arn:aws:iam::111122223333:user/ci-deployer").unwrap() += 1;
    assert_eq!(failed_by(&report, arn), by_principal);
    assert_eq!(report["records"]["read"], truth["deliveries"]);
    assert_eq!(report["files"]["read"], truth["log_files"]);
    assert_eq!(report["files"]["skipped"], truth["digest_files"]);
    assert_eq!(report["problems"], serde_json::json!([]));
    // Repeats are told apart only among the records that match something: all, if a detection matches everything.
    let every = scan(&examples.join("cloudtrail"), &["--pattern", "every={ $.eventID = * }"]);
    assert_eq!(every["duplicates"], truth["duplicates"]);
    assert_eq!(every["matched"], truth["records"]);
}

#[test]
fn each_member_of_a_record_can_be_asked_for() {
    let folder = repository().join("examples/cloudtrail");
    for key in ["eventID", "recipientAccountId", "eventTime", "eventSource", "awsRegion", "requestID"] {
        let pattern = format!(r#"{{ $.{key} = "*" }}"#);
        let own = format!("own={pattern}");
        let report = scan(&folder, &["--keep-duplicates", "--pattern", &own]);
        let detections = report["detections"].as_array().unwrap();
        assert_eq!(detections.last().unwrap()["matched"], matched(&folder, &pattern), "{pattern}");
    }
}

/// What `build_corpus.py` and `compute_truth.py` count alike.
fn assert_agrees(folder: &Path, truth: &Value) {
    let kept = scan(folder, &["--keep-duplicates"]);
    assert_eq!(kept["records"]["read"], truth["total_records"]);
    assert_eq!(kept["records"]["deliveries"], truth["total_records"]);
    assert_eq!(*failed(&kept), truth["kms_with_error_code"]);
    assert_eq!(failed_by(&kept, code), counts(&truth["kms_error_codes"]));
    assert_eq!(failed_by(&kept, arn), counts(&truth["kms_errors_by_principal_arn"]));
    assert_eq!(matched(folder, r#"{ $.eventSource = "kms.amazonaws.com" }"#), truth["kms_records"]);
    let decrypt = r#"{ $.eventSource = "kms.amazonaws.com" && $.eventName = "Decrypt" }"#;
    assert_eq!(matched(folder, decrypt), truth["decrypt_records"]);
    let strict = scan(folder, &["--keep-duplicates", "--strict"]);
    assert_eq!(kept, strict, "--strict changes nothing where all records are JSON");
}

/// How many records a pattern matches.
fn matched(folder: &Path, pattern: &str) -> Value {
    let arguments = ["match", "--count", "--format", "json", pattern].map(OsStr::new);
    json(&[&arguments[..], &[folder.as_os_str()]].concat())["matched"].clone()
}

#[test]
fn published_records_are_counted_as_python_counts_them() {
    let (Some(folder), Some(truth)) = (shared("data/real/records"), shared("data/real/truth.json")) else {
        return;
    };
    let truth = &read(&truth)["records"];
    assert_agrees(&folder, truth);
    let report = scan(&folder, &[]);
    assert_eq!(report["first_record"], truth["first_event"]);
    assert_eq!(report["last_record"], truth["last_event"]);
    assert_patterns(&folder, truth);
}

/// Each pattern of the truth alone and all at once.
fn assert_patterns(folder: &Path, truth: &Value) {
    let expected = truth["pattern_matches"].as_object().unwrap();
    let mut list = tempfile::NamedTempFile::new().unwrap();
    let patterns: Vec<&String> = expected.keys().collect();
    serde_json::to_writer(&mut list, &patterns).unwrap();
    let words = ["match", "--format", "json", "--patterns"].map(OsStr::new);
    let answer = json(&[&words[..], &[list.path().as_os_str(), folder.as_os_str()]].concat());
    let rows = answer["patterns"].as_array().unwrap();
    let found = rows.iter().map(|row| (row["pattern"].as_str().unwrap().to_owned(), row["matched"].clone()));
    assert_eq!(found.collect::<serde_json::Map<_, _>>(), *expected);
}

#[test]
fn a_repeat_counts_once_in_published_records() {
    let (Some(folder), Some(truth)) = (shared("data/real/records"), shared("data/real/truth.json")) else {
        return;
    };
    assert_once(&folder, &read(&truth)["records"]);
}

fn assert_once(folder: &Path, truth: &Value) {
    assert_eq!(*failed(&scan(folder, &[])), truth["kms_with_error_code_distinct_event_ids"]);
}

#[test]
fn the_shape_that_a_record_comes_in_changes_no_count() {
    let (Some(folder), Some(truth)) = (shared("data/real/formats"), shared("data/real/truth.json")) else {
        return;
    };
    let truth = &read(&truth)["formats"];
    let kept = scan(&folder, &["--keep-duplicates"]);
    assert_eq!(*failed(&kept), truth["kms_with_error_code"]);
    assert_eq!(failed_by(&kept, code), counts(&truth["kms_error_codes"]));
}

#[test]
fn a_corpus_is_counted_as_python_counts_it() {
    let Some(folder) = shared("data/sample_corpus") else { return };
    let truth = read(&folder.join("truth.json"));
    assert_agrees(&folder.join("AWSLogs"), &truth);
    assert_once(&folder.join("AWSLogs"), &truth);
    let report = scan(&folder.join("AWSLogs"), &[]);
    assert_eq!(report["files"]["read"], truth["log_files"]);
    // Some of its digest files lie beside the log files.
    assert!(report["files"]["skipped"].as_u64() <= truth["digest_files"].as_u64());
}

#[test]
fn a_fresh_corpus_is_counted_as_its_maker_counts_it() {
    let Some(script) = shared("data/build_corpus.py") else { return };
    let folder = tempfile::tempdir().unwrap();
    let python = std::env::var_os("KMSWATCH_PYTHON").unwrap_or_else(|| "python3".into());
    let made = Command::new(python)
        .arg(script)
        .args(["--gb", "0.02", "--seed", "7", "--out"])
        .arg(folder.path())
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let truth = read(&folder.path().join("truth.json"));
    assert_agrees(&folder.path().join("AWSLogs"), &truth);
    assert_once(&folder.path().join("AWSLogs"), &truth);
}

#[test]
fn the_number_of_threads_changes_no_byte() {
    assert_same_for_all_jobs(&repository().join("examples/cloudtrail"));
    if let Some(folder) = shared("data/sample_corpus/AWSLogs") {
        assert_same_for_all_jobs(&folder);
    }
    if let Some(folder) = shared("data/quirks") {
        assert_same_for_all_jobs(&folder);
    }
}

fn assert_same_for_all_jobs(folder: &Path) {
    let commands = [
        &["scan", "--format", "text"][..],
        &["scan", "--format", "json"],
        &["scan", "--format", "ndjson"],
        &["scan", "--format", "csv"],
        &["match", r#"{ $.errorCode = "*" }"#],
    ];
    for command in commands {
        let answers = ["1", "2", "5"].map(|jobs| {
            let mut arguments: Vec<&OsStr> = command.iter().map(OsStr::new).collect();
            arguments.extend([OsStr::new("--jobs"), OsStr::new(jobs), folder.as_os_str()]);
            let output = run(&arguments);
            (output.status.code(), String::from_utf8(output.stdout).unwrap())
        });
        assert!(!answers[0].1.is_empty(), "{command:?}");
        assert_eq!(answers[0], answers[1], "{command:?}, 2 threads");
        assert_eq!(answers[0], answers[2], "{command:?}, 5 threads");
    }
}
