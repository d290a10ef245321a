//! What does `check` tell programs, and is it what the documentation says?

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;

use std::ffi::OsStr;
use std::fs;
use std::path::Path;

use serde_json::Value;
use testkit::repository;

/// Two mistakes that are warnings, and one place beside the other.
const TEMPLATE: &str = "\
Resources:
  Failures:
    Type: AWS::Logs::MetricFilter
    Properties:
      LogGroupName: trail
      FilterPattern: '{ $.eventSource = \"kms.amazonaws.com\" && $.errorCode = \"*\" }' # é
      MetricTransformations: [{MetricNamespace: Kms, MetricName: Failures, MetricValue: \"1\"}]
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      {Namespace: Kms, MetricName: Failures, Statistic: Sum, Period: 60, EvaluationPeriods: 1, Threshold: 1,
      ComparisonOperator: GreaterThanThreshold, TreatMissingData: notBreaching}
";

fn check(folder: &Path, arguments: &[&str]) -> (Value, Option<i32>) {
    let output = support::kmswatch().arg("check").args(arguments).current_dir(folder).output().unwrap();
    let errors = String::from_utf8(output.stderr).unwrap();
    let answer = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {errors}"));
    (answer, output.status.code())
}

fn folder() -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dir(folder.path().join("our templates")).unwrap();
    fs::write(folder.path().join("our templates/chain.yaml"), TEMPLATE).unwrap();
    fs::write(folder.path().join("broken.json"), "{\"Resources\": ").unwrap();
    folder
}

#[test]
fn sarif_holds_what_the_standard_asks_for() {
    let folder = folder();
    let (log, status) =
        check(folder.path(), &["--format", "sarif", "our templates/chain.yaml", "./broken.json"]);
    assert_eq!(status, Some(1));
    assert_eq!(log["version"], "2.1.0");
    assert!(log["$schema"].as_str().unwrap().ends_with("sarif-schema-2.1.0.json"));
    assert_eq!(log["runs"].as_array().unwrap().len(), 1);
    let run = &log["runs"][0];
    assert_eq!(run["tool"]["driver"]["name"], "kmswatch");
    assert_eq!(run["columnKind"], "unicodeCodePoints");
    assert_eq!(run["invocations"][0]["executionSuccessful"], true);
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    let ids: Vec<&str> = rules.iter().map(|rule| rule["id"].as_str().unwrap()).collect();
    assert_eq!(ids, ["K029", "K040", "S001"]);
    for rule in rules {
        assert!(rule["shortDescription"]["text"].as_str().unwrap().len() > 10, "{rule}");
        assert!(
            ["error", "warning", "note"].contains(&rule["defaultConfiguration"]["level"].as_str().unwrap())
        );
        assert_eq!(rule.get("helpUri"), None);
    }
    let results = run["results"].as_array().unwrap();
    let codes: Vec<&str> = results.iter().map(|result| result["ruleId"].as_str().unwrap()).collect();
    assert_eq!(codes, ["K040", "K029", "S001"]);
    for result in results {
        let index = usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap();
        assert_eq!(rules[index]["id"], result["ruleId"]);
        assert_eq!(rules[index]["defaultConfiguration"]["level"], result["level"]);
        assert!(result["message"]["text"].as_str().unwrap().contains("\nhelp: "), "{result}");
        let region = &result["locations"][0]["physicalLocation"]["region"];
        for field in ["startLine", "startColumn", "endLine", "endColumn"] {
            assert!(region[field].as_u64().unwrap() >= 1, "{result}");
        }
    }
    let second = &results[1];
    let location = &second["locations"][0];
    assert_eq!(location["physicalLocation"]["artifactLocation"]["uri"], "our%20templates/chain.yaml");
    assert_eq!(location["logicalLocations"][0]["name"], "Alarm");
    let region = &location["physicalLocation"]["region"];
    assert_eq!(
        (&region["startLine"], &region["startColumn"], &region["endColumn"]),
        (&12.into(), &27.into(), &47.into())
    );
    assert_eq!(second["relatedLocations"][0]["message"]["text"], "this threshold");
    assert_eq!(results[2]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "broken.json");
}

#[test]
fn json_counts_and_names_places() {
    let folder = folder();
    let path = "our templates/chain.yaml";
    let (answer, status) = check(folder.path(), &["--format", "json", "--deny-warnings", path]);
    assert_eq!(status, Some(3));
    assert_eq!(answer["version"], 1);
    let file = &answer["files"][0];
    assert_eq!((&file["path"], &file["errors"], &file["warnings"]), (&path.into(), &0.into(), &2.into()));
    let found = &file["diagnostics"][1];
    assert_eq!((&found["code"], &found["severity"]), (&"K029".into(), &"warning".into()));
    assert_eq!(
        (&found["line"], &found["column"], &found["end_line"], &found["end_column"]),
        (&12.into(), &27.into(), &12.into(), &47.into())
    );
    assert_eq!(
        (&found["labels"][0]["line"], &found["labels"][0]["message"]),
        (&11.into(), &"this threshold".into())
    );
    assert_eq!(found["resource"], "Alarm");
    assert_eq!(found["help"].as_array().unwrap().len(), 1);
}

#[test]
fn a_file_that_cannot_be_read_is_no_success() {
    let folder = folder();
    let (log, status) = check(folder.path(), &["--format", "sarif", "missing.yaml"]);
    assert_eq!(status, Some(2));
    assert_eq!(log["runs"][0]["invocations"][0]["executionSuccessful"], false);
}

/// docs/check.md lists the codes. `UPDATE_CASES=1` writes the table.
#[test]
fn the_documentation_lists_the_codes() {
    let path = repository().join("docs/check.md");
    let text = fs::read_to_string(&path).unwrap();
    let (start, rest) = text.split_once("<!-- codes -->\n").unwrap();
    let (table, end) = rest.split_once("<!-- end of codes -->\n").unwrap();
    let rows = chain::codes()
        .iter()
        .map(|code| format!("| {} | {} | {} |\n", code.code, code.severity.as_str(), code.title));
    let wanted = format!("| code | | what it means |\n| --- | --- | --- |\n{}", rows.collect::<String>());
    if std::env::var_os("UPDATE_CASES").is_some() {
        fs::write(&path, format!("{start}<!-- codes -->\n{wanted}<!-- end of codes -->\n{end}")).unwrap();
        return;
    }
    assert_eq!(table, wanted);
}

#[test]
fn each_code_is_explained() {
    let run = |arguments: &[&str]| support::run(&arguments.iter().map(OsStr::new).collect::<Vec<_>>());
    let list = run(&["check", "--list-codes"]);
    let list = String::from_utf8(list.stdout).unwrap();
    assert!(list.lines().count() > 150);
    for code in ["K001", "K084", "S001", "P039", "W001", "T008", "R014", "X001"] {
        assert!(list.lines().any(|line| line.starts_with(code)), "{code}");
        let output = run(&["check", "--explain-code", code]);
        assert!(output.status.success());
        assert!(String::from_utf8(output.stdout).unwrap().starts_with(&format!("{code} (")));
    }
}

#[test]
fn there_is_nothing_to_say_of_the_built_in_template() {
    let template = repository().join("examples/kmswatch.yaml");
    let arguments = ["check", "--deny-warnings", "--parameter", "NotificationEmail=security@example.com"];
    let output = support::kmswatch().args(arguments).arg(template).output().unwrap();
    let answer = String::from_utf8(output.stdout).unwrap();
    assert_eq!(
        (output.status.code(), answer.contains("no errors, no warnings")),
        (Some(0), true),
        "{answer}"
    );
}
