//! What is said of templates that are too long to stand in a case file.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use std::fmt::Write as _;

use diagnostic::{Diagnostic, Severity};
use filter_pattern::Wildcards;
use stack::Environment;

fn found(template: &str) -> Vec<Diagnostic> {
    let environment = Environment::new("demo", "111122223333", "eu-west-1");
    match chain::read(template, &environment, Wildcards::Glob) {
        Ok(chain) => chain::lint(template, &chain),
        Err(errors) => errors,
    }
}

fn messages(found: &[Diagnostic], code: &str) -> Vec<String> {
    found.iter().filter(|found| found.code == code).map(|found| found.message.clone()).collect()
}

fn filters(count: usize) -> String {
    let mut template = "Resources:\n".to_owned();
    for number in 0..count {
        let transformation = format!("{{MetricNamespace: Kms, MetricName: M{number}, MetricValue: '1'}}");
        let properties =
            format!("LogGroupName: trail, FilterPattern: Denied, MetricTransformations: [{transformation}]");
        writeln!(template, "  F{number}: {{Type: AWS::Logs::MetricFilter, Properties: {{{properties}}}}}")
            .unwrap();
    }
    template
}

#[test]
fn a_log_group_has_at_most_a_hundred_filters() {
    let none: [&str; 0] = [];
    assert_eq!(messages(&found(&filters(89)), "K070"), none);
    assert_eq!(
        messages(&found(&filters(90)), "K070"),
        ["the log group `trail` has 90 metric filters, and AWS allows 100"]
    );
    assert_eq!(messages(&found(&filters(100)), "K004"), none);
    let template = filters(101);
    let found = found(&template);
    assert_eq!(messages(&found, "K004"), ["the log group `trail` has 101 metric filters; AWS allows 100"]);
    assert_eq!(template.get(found[0].span.clone().unwrap()), Some("F100"));
}

#[test]
fn an_alarm_has_at_most_150_parents() {
    let parents = |count: usize| {
        let mut template = "Resources:\n  Child: {Type: AWS::CloudWatch::CompositeAlarm, Properties: {AlarmName: child, AlarmRule: \"TRUE\"}}\n".to_owned();
        for number in 0..count {
            writeln!(template, "  P{number}: {{Type: AWS::CloudWatch::CompositeAlarm, Properties: {{AlarmRule: ALARM(child)}}}}").unwrap();
        }
        template
    };
    assert!(messages(&found(&parents(150)), "K006").is_empty());
    assert_eq!(
        messages(&found(&parents(151)), "K006"),
        ["151 composite alarms name `child`; AWS allows 150"]
    );
}

#[test]
fn errors_beyond_the_limit_are_counted() {
    let mut template = "Resources:\n".to_owned();
    for number in 0..120 {
        writeln!(template, "  A{number}: {{Type: AWS::CloudWatch::Alarm, Properties: {{Period: 7}}}}")
            .unwrap();
    }
    let found = found(&template);
    assert!(found.iter().all(|found| found.severity == Severity::Error));
    let last = found.last().unwrap();
    assert_eq!((last.code, last.message.ends_with(" more errors")), ("K009", true), "{last:?}");
}

/// Whatever stands in a template, the places of what is said of it are places of it.
#[test]
fn places_lie_in_the_text() {
    let whole = std::fs::read_to_string(testkit::repository().join("cases/chain/published.txt")).unwrap();
    for template in whole.split("--- ").filter_map(|section| section.strip_prefix("template\n")) {
        for cut in (0..template.len()).step_by(7) {
            let text = template.get(..template.floor_char_boundary(cut)).unwrap();
            for found in found(text) {
                let places = found.labels.iter().map(|(span, _)| span).chain(&found.span);
                for span in places {
                    assert!(text.get(span.clone()).is_some(), "{found:?} in {text}");
                }
            }
        }
    }
}
