//! The case files below `cases/chain`.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::collections::BTreeSet;
use std::sync::Mutex;

use diagnostic::{Diagnostic, Severity, Source};
use filter_pattern::Wildcards;
use stack::Environment;
use testkit::{Case, Expectation, run_cases};

/// A chain of which there is nothing to say. Sections of a case replace the parts of it that stand in angle brackets.
const GOOD: &str = "\
Resources:
  Trail:
    Type: AWS::CloudTrail::Trail
    Properties:
      <trail>
  Group:
    Type: AWS::Logs::LogGroup
    Properties: {LogGroupName: trail, RetentionInDays: 365}
  Filter:
    Type: AWS::Logs::MetricFilter
    Properties:
      LogGroupName: !Ref Group
      FilterPattern: >-
        <pattern>
      MetricTransformations:
        - <transformation>
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      <alarm>
  Topic: {Type: AWS::SNS::Topic}
  Mail:
    Type: AWS::SNS::Subscription
    Properties: {TopicArn: !Ref Topic, Protocol: email, Endpoint: security@example.com}
  <more>
";

const PARTS: [(&str, &str); 5] = [
    (
        "trail",
        "S3BucketName: bucket\nIsLogging: true\nIsMultiRegionTrail: true\n\
         CloudWatchLogsLogGroupArn: !GetAtt Group.Arn\nCloudWatchLogsRoleArn: arn:aws:iam::111122223333:role/trail",
    ),
    ("pattern", "{ $.eventSource = \"kms.amazonaws.com\" && $.errorCode = \"*\" }"),
    ("transformation", "{MetricNamespace: Kms, MetricName: Failures, MetricValue: \"1\"}"),
    (
        "alarm",
        "Namespace: Kms\nMetricName: Failures\nStatistic: Sum\nPeriod: 300\nEvaluationPeriods: 1\nThreshold: 1\n\
         ComparisonOperator: GreaterThanOrEqualToThreshold\nTreatMissingData: notBreaching\n\
         AlarmActions: [!Ref Topic]",
    ),
    ("more", "# nothing more"),
];

/// The text of a case: a whole one, or the good chain with other parts. A part `alarm` changes the properties that it
/// names, each on a line of its own, and removes those that it names without a value.
fn template(case: &Case) -> String {
    if let Some(whole) = case.get("template").or(case.get("plan")) {
        return whole.to_owned();
    }
    PARTS.iter().fold(GOOD.to_owned(), |text, (name, good)| {
        let mark = format!("<{name}>");
        let at = text.find(&mark).unwrap();
        let indent = " ".repeat(at - text.get(..at).unwrap().rfind('\n').unwrap() - 1);
        let part = match (*name, case.get(name)) {
            (_, None) => (*good).to_owned(),
            ("alarm" | "trail", Some(changes)) => changed(good, changes),
            (_, Some(part)) => part.to_owned(),
        };
        let lines: Vec<&str> = part.lines().collect();
        text.replace(&mark, &lines.join(&format!("\n{indent}")))
    })
}

fn changed(good: &str, changes: &str) -> String {
    let key = |line: &str| line.split_once(':').map(|(key, _)| key.to_owned()).unwrap_or_default();
    let named: BTreeSet<String> =
        changes.lines().filter(|line| !line.starts_with([' ', '-'])).map(key).collect();
    let kept = good.lines().filter(|line| !named.contains(&key(line)));
    let set =
        changes.lines().filter(|line| line.starts_with([' ', '-']) || !line.trim_end().ends_with(": -"));
    kept.chain(set).collect::<Vec<_>>().join("\n")
}

/// What has been said so far, for the test below.
static SAID: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());

fn run(case: &Case) -> Expectation {
    let text = template(case);
    let mut environment = Environment::new("demo", "111122223333", "eu-west-1");
    for line in case.get("parameters").unwrap_or_default().lines() {
        let (name, value) = line.split_once('=').unwrap();
        environment.parameters.insert(name.to_owned(), value.to_owned());
    }
    environment.without_values = case.get("without values").is_some();
    let found = match chain::read(&text, &environment, Wildcards::Glob) {
        Ok(chain) => {
            if !environment.without_values {
                assert_eq!(chain.patterns.len(), chain.configuration.filters.len());
                assert_eq!(chain.declaration.alarms.len(), chain.configuration.alarms.len());
                assert!(chain.remarks.is_empty());
            }
            chain::lint(&text, &chain)
        }
        Err(errors) => {
            assert!(errors.iter().any(|error| error.severity == Severity::Error));
            errors
        }
    };
    SAID.lock().unwrap().extend(found.iter().map(|found| found.code));
    let with_notes = case.get("notes").is_some();
    let is_shown = |found: &&Diagnostic| with_notes || found.severity != Severity::Note;
    let path = match (case.get("plan"), text.starts_with('{')) {
        (Some(_), _) => "plan.json",
        (None, true) => "template.json",
        (None, false) => "template.yaml",
    };
    let source = Source::file(&text, path);
    let rendered: Vec<String> =
        found.iter().filter(is_shown).map(|found| found.render(&source, false)).collect();
    Expectation::of("found", rendered.join("\n\n"))
}

#[test]
fn cases_and_each_code_has_one() {
    run_cases("cases/chain", run);
    let said = SAID.lock().unwrap();
    // Those of long templates are tested in limits.rs.
    let never: Vec<&str> =
        chain::codes().iter().map(|code| code.code).filter(|code| !said.contains(code)).collect();
    assert_eq!(never, ["K004", "K006", "K009"]);
    let unknown: Vec<&&str> = said
        .iter()
        .filter(|said| said.starts_with('K') && !chain::codes().iter().any(|code| code.code == **said))
        .collect();
    assert!(unknown.is_empty(), "{unknown:?}");
}
