//! What does the program answer? The case files below `cases/cli`.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Output, Stdio};

use testkit::{Case, Expectation, repository, run_cases};

#[test]
fn cases() {
    run_cases("cases/cli", |case| {
        let folder = tempfile::tempdir().unwrap();
        fill(folder.path(), case);
        let output = run(folder.path(), case);
        let (stdout, stderr) = (text(&output.stdout), text(&output.stderr));
        if ["scan", "evaluate", "check", "test", "status", "alarms", "outbox", "drill", "restore"]
            .iter()
            .any(|command| case.section("args").starts_with(command))
        {
            assert_harmless(&case.name, &stdout);
        }
        assert_harmless(&case.name, &stderr);
        let status = output.status.code().map_or_else(|| output.status.to_string(), |code| code.to_string());
        let answer = Expectation::of("stdout", stdout).and("stderr", stderr).and("status", status);
        let asks_for_files = case.titles().any(|title| title == "files");
        if asks_for_files { answer.and("files", files(folder.path())) } else { answer }
    });
}

#[test]
fn init_prints_the_template() {
    let folder = tempfile::tempdir().unwrap();
    let output = support::kmswatch().args(["init", "--stdout"]).current_dir(folder.path()).output().unwrap();
    assert_eq!(output.stdout, fs::read(repository().join("examples/kmswatch.yaml")).unwrap());
    assert_eq!((files(folder.path()), text(&output.stderr)), (String::new(), String::new()));
}

/// Of many alarms that fire each is named, and the report can still be read.
#[test]
fn of_many_alarms_the_first_are_shown_in_full() {
    let folder = tempfile::tempdir().unwrap();
    let filter = "F: {Type: AWS::Logs::MetricFilter, Properties: {LogGroupName: g, FilterPattern: '', \
                  MetricTransformations: [{MetricNamespace: N, MetricName: M, MetricValue: '1'}]}}";
    let alarms = (0..60).map(|number| {
        format!(
            "  A{number}: {{Type: AWS::CloudWatch::Alarm, Properties: {{AlarmName: a-{number:02}, Namespace: N, \
             MetricName: M, Statistic: Sum, Period: 60, EvaluationPeriods: 1, Threshold: 1, ComparisonOperator: \
             GreaterThanOrEqualToThreshold}}}}\n"
        )
    });
    let template = format!("Resources:\n  {filter}\n{}", alarms.collect::<String>());
    fs::write(folder.path().join("many.yaml"), template).unwrap();
    fs::copy(repository().join("cases/cli/logs/day.json"), folder.path().join("day.json")).unwrap();
    let arguments = ["scan", "--template", "many.yaml", "day.json"];
    let output = support::kmswatch().args(arguments).current_dir(folder.path()).output().unwrap();
    let report = text(&output.stdout);
    assert_eq!(report.lines().filter(|line| line.starts_with("  a-")).count(), 50, "{report}");
    assert!(report.contains("\n  Also:  a-50, a-51, a-52,"), "{report}");
    assert!(report.contains("a-59\n"), "{report}");
}

/// Writes `--- file NAME` and `--- folder NAME` of a case, and copies the `--- logs` that it names.
fn fill(folder: &Path, case: &Case) {
    let logs = repository().join("cases/cli/logs");
    for name in case.get("logs").unwrap_or_default().lines() {
        fs::copy(logs.join(name), folder.join(name)).unwrap();
    }
    for title in case.titles() {
        if let Some(name) = title.strip_prefix("file ") {
            let path = folder.join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, case.section(title)).unwrap();
        } else if let Some(name) = title.strip_prefix("folder ") {
            fs::create_dir_all(folder.join(name)).unwrap();
        }
    }
}

fn run(folder: &Path, case: &Case) -> Output {
    let mut child = support::kmswatch()
        .args(case.section("args").lines())
        .current_dir(folder)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let input = child.stdin.take().unwrap();
    // Whether anybody reads it is the case's business.
    let _ = { input }.write_all(case.get("stdin").unwrap_or_default().as_bytes());
    child.wait_with_output().unwrap()
}

/// What lies below a folder, a line each; a file that `init` writes is said to be that.
fn files(folder: &Path) -> String {
    let mut lines = Vec::new();
    list(folder, folder, &mut lines);
    lines.sort();
    lines.concat()
}

fn list(folder: &Path, root: &Path, lines: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.strip_prefix(root).unwrap().display();
        if path.is_dir() {
            lines.push(format!("{name}/\n"));
            list(&path, root, lines);
        } else {
            let own = repository().join("examples").join(path.file_name().unwrap());
            let content = fs::read(&path).unwrap();
            let as_written = fs::read(own).is_ok_and(|own| own == content);
            let what = if as_written { "as init writes it".into() } else { text(&content) };
            lines.push(format!("{name}: {}\n", what.trim_end()));
        }
    }
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8(bytes.to_vec()).unwrap()
}

/// A report and a message hold nothing that a terminal would obey.
fn assert_harmless(name: &str, output: &str) {
    let found = output.chars().find(|c| {
        (c.is_control() && !matches!(c, '\n' | '\r'))
            || matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    });
    assert_eq!(found, None, "{name}");
}
