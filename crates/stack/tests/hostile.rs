//! Whatever the text is, the answer comes soon, without a panic, with places inside the text.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use proptest::prelude::*;
use stack::{Environment, Errors};

const TEMPLATE: &str = r#"AWSTemplateFormatVersion: 2010-09-09
Parameters:
  Name: {Type: String, Default: ü, AllowedPattern: '.*'}
  Names: {Type: CommaDelimitedList, Default: 'a,b'}
Mappings: {Map: {a: {b: [c, d]}}}
Conditions:
  Wanted: !And [!Equals [!Ref Name, ü], !Not [Condition: Unwanted]]
  Unwanted: !Or [!Equals [a, b], !Equals [!Select [0, !Ref Names], b]]
Resources:
  Group: {Type: AWS::Logs::LogGroup}
  Filter:
    Type: AWS::Logs::MetricFilter
    Condition: Wanted
    Properties:
      LogGroupName: !Ref Group
      FilterPattern: >-
        { $.a = "b" }
      MetricTransformations:
        - {MetricName: a, MetricNamespace: b, MetricValue: 1, DefaultValue: 0}
  Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmName: !Join ['-', !FindInMap [Map, a, b]]
      AlarmDescription: !Sub ["${Name} ${Own} ${Topic.TopicName}", {Own: !Base64 x}]
      Metrics:
        - Id: m
          MetricStat: {Metric: {Namespace: b, MetricName: a}, Period: 60, Stat: Sum}
      EvaluationPeriods: "1"
      Threshold: 1
      ComparisonOperator: GreaterThanOrEqualToThreshold
      AlarmActions: !If [Wanted, [!Ref Topic], !Ref AWS::NoValue]
  Topic:
    Type: AWS::SNS::Topic
    Properties: {Subscription: [{Protocol: email, Endpoint: a@b}]}
"#;

const PLAN: &str = r#"{"format_version": "1.2", "planned_values": {"root_module": {"resources": [
  {"address": "aws_sns_topic.é", "mode": "managed", "type": "aws_sns_topic", "name": "é", "values": {"name": "a"}},
  {"address": "aws_cloudwatch_metric_alarm.a", "mode": "managed", "type": "aws_cloudwatch_metric_alarm", "name": "a",
   "values": {"alarm_name": "a", "comparison_operator": "GreaterThanThreshold", "evaluation_periods": 1, "threshold": 0,
   "metric_query": [{"id": "m", "metric": [{"namespace": "a", "metric_name": "b", "period": 60, "stat": "Sum"}]}]}}]}},
 "configuration": {"root_module": {"module_calls": {"m": {"expressions": {"v": {"references": ["module.m.o"]}},
  "module": {"outputs": {"o": {"expression": {"references": ["var.v"]}}}}}},
  "resources": [{"type": "aws_cloudwatch_metric_alarm", "name": "a",
   "expressions": {"alarm_actions": {"references": ["aws_sns_topic.é.arn", "module.m.o", "var.v"]}}}]}}}"#;

fn environment() -> Environment {
    Environment::new("demo", "111122223333", "eu-west-1")
}

/// Reads a text and looks at what is said of it.
fn read(text: &str) -> Result<(), Errors> {
    let without_values = Environment { without_values: true, ..environment() };
    let _ = stack::read_partly(text, &without_values);
    let result = stack::read(text, &environment());
    if let Err(errors) = &result {
        assert!(!errors.list().is_empty());
        assert!(errors.list().len() <= stack::limits::MAX_ERRORS);
        assert!(errors.render(text, "a.yaml", true).contains("error"));
        for error in errors.list() {
            assert!(!error.help.is_empty(), "{error}");
            let spans = error.labels.iter().map(|(span, _)| *span).chain(error.span);
            for span in spans {
                assert!(text.get(span.range()).is_some(), "{error} at {span:?}");
            }
        }
    }
    result.map(drop)
}

/// A text with some bytes replaced by others.
fn changed(text: &str, changes: Vec<(usize, usize, String)>) -> String {
    let mut text = text.to_owned();
    for (at, length, new) in changes {
        let border =
            |at: usize| (0..=at.min(text.len())).rev().find(|at| text.is_char_boundary(*at)).unwrap();
        let range = border(at)..border(at + length).max(border(at));
        text.replace_range(range, &new);
    }
    text
}

/// The code of the first error.
fn refused(text: &str) -> &'static str {
    let errors = read(text).unwrap_err();
    errors.list().first().unwrap().code.as_str()
}

#[test]
fn the_template_itself_is_fine() {
    read(TEMPLATE).unwrap();
}

#[test]
fn deep_nesting_is_refused() {
    for (open, close) in [("[", "]"), ("{a: ", "}"), ("{\"a\":", "}"), ("- ", ""), ("? ", "")] {
        for depth in [101, 300, 20_000] {
            read(&format!("{}{}", open.repeat(depth), close.repeat(depth))).unwrap_err();
        }
    }
    let lines = (0..400).map(|depth| format!("{}a:\n", " ".repeat(depth)));
    assert_eq!(refused(&lines.collect::<String>()), "S003");
    let json = format!("{}1{}", "[".repeat(150), "]".repeat(150));
    assert_eq!(refused(&format!("{{\"a\": {json}}}")), "S003");
}

#[test]
fn aliases_expand_to_nothing() {
    let mut bomb = "Resources:\n  a0: &a0 [x, x]\n".to_owned();
    for level in 1..60 {
        let before = level - 1;
        bomb += &format!("  a{level}: &a{level} [*a{before}, *a{before}, *a{before}]\n");
    }
    assert!(read(&bomb).unwrap_err().list().iter().any(|error| error.code.as_str() == "S005"));
}

#[test]
fn functions_that_double_a_text_are_stopped() {
    let mut text = "x".repeat(1000);
    for _ in 0..20 {
        text = format!("!Sub ['${{A}}${{A}}', {{A: {text}}}]");
    }
    let template = format!("Resources: {{T: {{Type: AWS::SNS::Topic, Properties: {{TopicName: {text}}}}}}}");
    assert_eq!(refused(&format!("# no JSON\n{template}")), "S002");
}

#[test]
fn long_chains_are_stopped() {
    let mut conditions = "Conditions:\n  C0: !Equals [a, a]\n".to_owned();
    for index in 1..900 {
        conditions += &format!("  C{index}: !Not [{{Condition: C{}}}]\n", index - 1);
    }
    // Each is asked after the one that it needs, and so is known already.
    read(&format!("{conditions}Resources: {{T: {{Type: AWS::SNS::Topic}}}}")).unwrap();
    let first = "  First: !Not [{Condition: C899}]\n";
    let reversed: Vec<&str> = conditions.lines().skip(1).collect();
    let reversed: String = reversed.iter().rev().map(|line| format!("{line}\n")).collect();
    assert_eq!(refused(&format!("Conditions:\n{first}{reversed}Resources: {{}}")), "S003");
    let mut resources = "Resources:\n  T0: {Type: AWS::SNS::Topic}\n".to_owned();
    for index in 1..499 {
        let before = index - 1;
        let line = format!(
            "  T{before}: {{Type: AWS::SNS::Topic, Properties: {{TopicName: !GetAtt T{index}.TopicName}}}}"
        );
        resources = resources.replace(&format!("  T{before}: {{Type: AWS::SNS::Topic}}"), &line);
        resources += &format!("  T{index}: {{Type: AWS::SNS::Topic}}\n");
    }
    assert_eq!(refused(&resources), "S003");
}

#[test]
fn much_of_anything_takes_little_time() {
    let many = 100_000;
    let variables: String = (0..many).map(|index| format!("${{V{index}}}")).collect();
    let sub = format!(
        "Resources:\n  T:\n    Type: AWS::SNS::Topic\n    Properties:\n      TopicName: !Sub '{variables}'\n"
    );
    assert_eq!(refused(&sub), "S030");
    let items = "x,".repeat(many);
    let names: String = (0..20_000).map(|index| format!("  N{index}: {{Type: a}}\n")).collect();
    assert_eq!(refused(&format!("Resources:\n{names}")), "S013");
    read(&format!("Resources: [{items}]\n")).unwrap_err();
    read(&"a: b\n".repeat(many)).unwrap_err();
    read(&"\u{0}".repeat(many)).unwrap_err();
    read(&"- &a !Ref a\n".repeat(many / 2)).unwrap_err();
    read(&format!("{{\"Resources\": {{{}}}}}", "\"a\":{},".repeat(many))).unwrap_err();
    assert_eq!(refused(&" ".repeat(2_000_000)), "S002");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn any_text_is_answered(text in "(?s).{0,200}") {
        let _ = read(&text);
    }

    #[test]
    fn any_yaml_like_text_is_answered(
        text in "(a|b: |- |\n|  |[\\[\\]{},:&*!?|>'\"#%@-]|!Ref |!Sub |\\$\\{a\\}|Resources: |\u{feff}|é|🔑|\r\n|\t|---|~){0,60}"
    ) {
        let _ = read(&text);
    }

    #[test]
    fn a_changed_template_is_answered(
        changes in prop::collection::vec((0..TEMPLATE.len(), 0..30usize, "[ -~\n]{0,4}"), 1..6)
    ) {
        let _ = read(&changed(TEMPLATE, changes));
    }

    #[test]
    fn a_changed_plan_is_answered(
        changes in prop::collection::vec((0..PLAN.len(), 0..30usize, "[ -~\n]{0,4}"), 0..4)
    ) {
        let text = changed(PLAN, changes);
        if let Err(errors) = stack::read_terraform_plan(&text, &environment()) {
            assert!(errors.list().iter().all(|error| error.span.is_some_and(|span| text.get(span.range()).is_some())));
            assert!(errors.render(&text, "plan.json", false).contains("error"));
        }
    }

    #[test]
    fn lines_in_any_order_are_answered(order in Just(TEMPLATE.lines().collect::<Vec<_>>()).prop_shuffle()) {
        let _ = read(&order.join("\n"));
    }
}

/// Loops inside of loops multiply, and so do the texts that they copy.
#[test]
fn loops_end_at_a_limit() {
    let list = vec!["a"; 40].join(",");
    let mut body = "T${A}${B}${C}: {Type: AWS::SNS::Topic}".to_owned();
    for name in ["A", "B", "C", "D"] {
        body = format!("\"Fn::ForEach::{name}\": [{name}, [{list}], {{{body}}}]");
    }
    let body = body.replace("T${A}${B}${C}", "\"T${A}${B}${C}\"");
    let many = format!("Transform: AWS::LanguageExtensions\nResources: {{{body}}}");
    let long = "x".repeat(400_000);
    let repeated = "${A}".repeat(1_000);
    let large = format!(
        "Transform: AWS::LanguageExtensions\nResources: {{\"Fn::ForEach::A\": [A, [{long}], {{T: {{Type: AWS::SNS::Topic, \
         Properties: {{TopicName: \"{repeated}\"}}}}}}]}}"
    );
    for text in [many, large] {
        let errors = stack::read(&text, &environment()).unwrap_err();
        assert!(errors.to_string().contains("the loops write more than"), "{errors}");
    }
}
