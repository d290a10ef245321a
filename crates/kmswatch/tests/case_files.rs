//! Does `kmswatch test` do what its documentation shows, and does its JUnit file say what happened?

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use testkit::repository;

fn test(folder: &Path, arguments: &[&str]) -> Output {
    support::kmswatch().arg("test").args(arguments).current_dir(folder).output().unwrap()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn the_cases_of_the_built_in_template_pass() {
    let output = test(&repository(), &["examples/kmswatch.test.yaml"]);
    assert_eq!(
        (output.status.code(), text(&output.stderr)),
        (Some(0), String::new()),
        "{}",
        text(&output.stdout)
    );
}

/// Each alarm goes off in one case, and not in another one.
#[test]
fn no_alarm_is_without_cases() {
    let template = fs::read_to_string(repository().join("examples/kmswatch.yaml")).unwrap();
    let cases = fs::read_to_string(repository().join("examples/kmswatch.test.yaml")).unwrap();
    let alarms: Vec<&str> =
        template.lines().filter_map(|line| line.trim().strip_prefix("AlarmName: ")).collect();
    assert_eq!(alarms.len(), 12);
    let says = |text: &str| cases.contains(text);
    for alarm in alarms {
        assert!(says(&format!("{alarm}: OK")), "{alarm} has no near miss");
        let goes_off = cases.lines().any(|line| line.contains(alarm) && line.contains("ALARM"));
        let goes_off =
            goes_off || says(&format!("{alarm}:\n          - {{at")) || says(&format!("{alarm}: [{{at"));
        assert!(goes_off || says(&format!("{alarm}: 1")), "{alarm} never goes off");
    }
}

/// A block of code: what stands behind its three backticks, and its lines.
fn blocks(markdown: &str) -> Vec<(String, String)> {
    let mut blocks = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in markdown.lines() {
        match (line.strip_prefix("```"), open.take()) {
            (Some(info), None) => open = Some((info.to_owned(), String::new())),
            (Some(_), Some(block)) => blocks.push(block),
            (None, Some((info, text))) => open = Some((info, format!("{text}{line}\n"))),
            (None, None) => {}
        }
    }
    blocks
}

#[test]
fn the_documentation_shows_what_comes_out() {
    let folder = tempfile::tempdir().unwrap();
    let page = fs::read_to_string(repository().join("docs/test.md")).unwrap();
    let mut shown = 0;
    for (info, block) in blocks(&page) {
        if let Some(name) = info.strip_prefix("yaml ") {
            fs::write(folder.path().join(name), block).unwrap();
        } else if info == "console" {
            let (command, expected) = block.split_once('\n').unwrap();
            let arguments: Vec<&str> = command.strip_prefix("$ kmswatch test ").unwrap().split(' ').collect();
            let output = test(folder.path(), &arguments);
            assert_eq!(text(&output.stdout).trim_end(), expected.trim_end(), "{command}");
            shown += 1;
        }
    }
    assert_eq!(shown, 2);
}

const HOSTILE: &str = r#"
template: |
  Resources:
    Failures:
      Type: AWS::Logs::MetricFilter
      Properties:
        FilterName: failures
        LogGroupName: trail
        FilterPattern: '{ $.errorCode = "*" }'
        MetricTransformations: [{MetricNamespace: Kms, MetricName: Failures, MetricValue: "1"}]
start: 2025-03-10T08:00:00Z
cases:
  - name: "<a>&\"'\x1b[31m]]>\uFFFE\u202E"
    events: [{at: 0m, record: {errorCode: AccessDenied}}]
    expect: {matches: {failures: 2}, datapoints: {failures: '5'}}
  - name: fine
    events: [{at: 0m, record: {errorCode: AccessDenied}}]
    expect: {matches: {failures: 1}}
"#;

/// Reads a JUnit file as its readers do, and says what is in it.
const READ: &str = "
import sys, xml.etree.ElementTree as tree
root = tree.parse(sys.argv[1]).getroot()
assert root.tag == 'testsuites', root.tag
print(root.get('tests'), root.get('failures'), root.get('errors'))
for suite in root:
    assert suite.tag == 'testsuite', suite.tag
    print(suite.get('name'), suite.get('tests'), suite.get('failures'), suite.get('errors'))
    for case in suite:
        assert case.tag == 'testcase', case.tag
        parts = [(part.tag, part.get('message')) for part in case]
        print(ascii(case.get('name')), case.get('line'), ascii(parts))
        assert all(part.text.strip() for part in case)
";

#[test]
fn junit_files_are_xml_and_tell_what_failed() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a&b.test.yaml"), HOSTILE).unwrap();
    fs::write(folder.path().join("wrong.test.yaml"), "cases: <b>\u{1b}\n").unwrap();
    let output = test(folder.path(), &["--junit", "report.xml", "."]);
    assert_eq!(output.status.code(), Some(2));
    let read =
        Command::new("python3").args(["-c", READ, "report.xml"]).current_dir(folder.path()).output().unwrap();
    assert_eq!(text(&read.stderr), "");
    let expected = r#"3 1 1
./a&b.test.yaml 2 1 0
'<a>&"\'\\x1b[31m]]>\ufffd\\u{202e}' 13 [('failure', 'metric filter `failures` matches 1 log event, expected 2')]
'fine' 16 []
./wrong.test.yaml 1 0 1
'the case file' None [('error', "the case file can't be run")]
"#;
    assert_eq!(text(&read.stdout), expected);
}

#[test]
fn a_junit_file_that_cannot_be_written_is_an_error() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("a.test.yaml"), HOSTILE).unwrap();
    let output = test(folder.path(), &["--junit", "no/such/folder/report.xml", "a.test.yaml"]);
    assert_eq!(output.status.code(), Some(2));
    assert!(
        text(&output.stderr).contains("can't write no/such/folder/report.xml"),
        "{}",
        text(&output.stderr)
    );
}
