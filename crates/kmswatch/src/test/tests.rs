//! Whatever a case file says, it is run or refused, and nothing panics.

use std::path::Path;

use proptest::prelude::*;

use super::case_file::{self, CaseFile, Given};
use super::{compare, play, text};
use crate::template::TemplateArguments;

fn read(text: &str) -> Result<CaseFile, String> {
    let arguments = TemplateArguments::default();
    let given = Given { template: None, arguments: &arguments, colour: false };
    case_file::read(text, Path::new("a.test.yaml"), &given).map_err(|error| error.0)
}

/// Runs what can be run; the lines of all failures.
fn failures(text: &str) -> Result<Vec<String>, String> {
    let file = read(text)?;
    let mut lines = Vec::new();
    for case in &file.cases {
        let failures = compare::failures(&file, case, &play::play(&file, case));
        lines.extend(failures.iter().flat_map(text::lines));
    }
    Ok(lines)
}

/// A file that uses all that there is.
const WHOLE: &str = r#"template: |
  Resources:
    F: {Type: AWS::Logs::MetricFilter, Properties: {FilterName: f, LogGroupName: g, FilterPattern: '{ $.errorCode = "*" }', MetricTransformations: [{MetricNamespace: N, MetricName: M, MetricValue: "1", DefaultValue: 0}]}}
    A: {Type: AWS::CloudWatch::Alarm, Properties: {AlarmName: a, Namespace: N, MetricName: M, Statistic: Sum, Period: 60, EvaluationPeriods: 3, DatapointsToAlarm: 2, Threshold: 1, ComparisonOperator: GreaterThanOrEqualToThreshold, TreatMissingData: notBreaching, AlarmActions: [!Ref T]}}
    C: {Type: AWS::CloudWatch::CompositeAlarm, Properties: {AlarmName: c, AlarmRule: ALARM(a), AlarmActions: [!Ref T]}}
    T: {Type: AWS::SNS::Topic, Properties: {TopicName: t}}
evaluation: eager
start: 2025-03-10T08:00:00Z
cases:
  - name: one
    until: 20m
    events:
      - {at: 2m x3 every 1m, record: {errorCode: AccessDenied, userIdentity: {type: Root}}, without: [userAgent], delivered: +1m}
      - {at: 5m, message: {errorCode: x}, log_group: g}
    expect:
      matches: {f: 4}
      datapoints: {a: 0x2 1 1 1 _, f: _}
      states: {a: {0m: OK, 6m: ALARM}, c: [{at: 6m, state: OK, reason: x}]}
      changes: {a: {6m: ALARM}, c: []}
      notifications: {a: 3, t: [{at: 6m, state: ALARM, alarm: a}]}
"#;

#[test]
fn the_whole_file_is_read() {
    let lines = failures(WHOLE).unwrap_or_else(|error| panic!("{error}"));
    assert!(lines.iter().any(|line| line.contains("expected 3")), "{lines:#?}");
}

#[test]
fn a_file_holds_so_many_log_events_and_no_more() {
    let with = |times: u64| WHOLE.replace("2m x3 every 1m", &format!("2m x{times} every 0m"));
    let most = super::limits::MAX_EVENTS;
    assert!(read(&with(most - 1)).is_ok());
    assert!(read(&with(most)).is_err_and(|error| error.contains("F013")));
}

fn mutated(text: &str, at: usize, length: usize, with: &str) -> String {
    let start = text.floor_char_boundary(at % text.len());
    let end = text.floor_char_boundary((start + length).min(text.len()));
    format!("{}{with}{}", text.get(..start).unwrap(), text.get(end..).unwrap())
}

proptest! {
    #[test]
    fn any_text_is_answered(text in "\\PC{0,200}") {
        let _ = failures(&text);
    }

    #[test]
    fn a_mutilated_file_is_answered(
        at in 0..10_000_usize,
        length in 0..12_usize,
        with in "[a-z0-9:{}\\[\\],|&*!'\"\n _x-]{0,8}",
    ) {
        match failures(&mutated(WHOLE, at, length, &with)) {
            Ok(lines) => {
                let is_harmless = |line: &String| !line.contains(char::is_control);
                prop_assert!(lines.iter().all(is_harmless));
            }
            Err(error) => prop_assert!(error.contains("error"), "{}", error),
        }
    }
}
