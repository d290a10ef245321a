//! `docs/scan.schema.json` describes what is written.

use std::io::Write as _;
use std::process::{Command, Stdio};

use super::*;

/// Checks each line of standard input against the schema.
const CHECK: &str = r#"
import json, sys, jsonschema
schema = json.load(open(sys.argv[1]))
jsonschema.Draft202012Validator.check_schema(schema)
validator = jsonschema.Draft202012Validator(schema, format_checker=jsonschema.FormatChecker())
errors = [f"{e.json_path}: {e.message[:300]}" for line in sys.stdin for e in validator.iter_errors(json.loads(line))]
sys.exit("\n".join(errors) if errors else 0)
"#;

/// The interpreter that has `jsonschema`, if there is one. None while cases are rewritten: they are being written.
fn python() -> Option<std::ffi::OsString> {
    if std::env::var_os("UPDATE_CASES").is_some() {
        return None;
    }
    let python = std::env::var_os("KMSWATCH_PYTHON");
    if python.is_none() {
        let required = std::env::var_os("KMSWATCH_REQUIRE_SHARED").is_some();
        assert!(!required, "KMSWATCH_PYTHON is not set, and KMSWATCH_REQUIRE_SHARED is");
        eprintln!("left out: KMSWATCH_PYTHON doesn't name an interpreter with jsonschema");
    }
    python
}

/// The JSON of each case, a line each.
fn documents() -> String {
    let documents = std::sync::Mutex::new(String::new());
    testkit::run_cases("cases/report", |case| {
        if case.get("records").is_some() {
            let (_, report) = case_report(case);
            let value: serde_json::Value = serde_json::from_str(&rendered(&report, Format::Json)).unwrap();
            documents.lock().unwrap().push_str(&format!("{value}\n"));
        }
        Expectation::default()
    });
    documents.into_inner().unwrap()
}

fn errors(python: &std::ffi::OsStr, documents: &str) -> String {
    let schema = testkit::repository().join("docs/scan.schema.json");
    let mut child = Command::new(python)
        .args(["-c", CHECK])
        .arg(schema)
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(documents.as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success() || !errors.is_empty());
    errors
}

#[test]
fn every_case_is_as_the_schema_says() {
    let Some(python) = python() else { return };
    assert_eq!(errors(&python, &documents()), "");
}

#[test]
fn the_schema_refuses_what_it_doesnt_know() {
    let Some(python) = python() else { return };
    let good: serde_json::Value = serde_json::from_str(&rendered(
        &Setting::default().report(&[Evidence::default()], Expected::default()),
        Format::Json,
    ))
    .unwrap();
    for spoil in ["/groups/0", "/files", ""] {
        let mut bad = good.clone();
        bad.pointer_mut(spoil).unwrap()["surprise"] = 1.into();
        assert!(errors(&python, &format!("{bad}\n")).contains("surprise"), "{spoil}");
    }
    let mut bad = good.clone();
    bad["histogram"] = serde_json::json!([{"hour": "yesterday", "count": 1}]);
    assert!(!errors(&python, &format!("{bad}\n")).is_empty());
}
