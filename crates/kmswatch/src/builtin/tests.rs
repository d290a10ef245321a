//! Is the built-in template what it promises to be? `tests/template.rs` asks cfn-lint the rest.

use std::collections::{BTreeMap, BTreeSet};

use alarm::{Datapoint, PutMetricAlarm, Slot, StateValue};
use filter_pattern::Pattern;
use metric::{Transformation, TransformationParts};
use stack::{Alarm, Declaration, Environment, IgnoredReason};

use super::TEMPLATE;

/// The names of the detections; reports, documentation and users' `--fail-on` know them.
const DETECTIONS: [&str; 12] = [
    "decrypt-failed-alert",
    "decrypt-failed-count",
    "decrypt-failed-ignore",
    "dry-run",
    "key-disabled-or-deletion-scheduled",
    "key-pending-deletion-used",
    "kms-call-failed",
    "kms-events-excluded",
    "kms-events-excluded-advanced",
    "kms-reads-excluded",
    "trail-tampering",
    "vpc-endpoint-denied",
];

/// The names of the alarms, which are never changed: e-mails, dashboards and runbooks name them.
const ALARMS: [&str; 12] = [
    "kms-call-failed",
    "kms-decrypt-failed",
    "kms-decrypt-failed-often",
    "kms-dry-run",
    "kms-events-excluded",
    "kms-events-excluded-advanced",
    "kms-key-disabled-or-deletion-scheduled",
    "kms-key-pending-deletion-used",
    "kms-reads-excluded",
    "kms-trail-tampering",
    "kms-unavailable",
    "kms-vpc-endpoint-denied",
];

/// Longer ones must lie in a bucket before `aws cloudformation deploy` takes them.
const MAX_DEPLOYED_BYTES: usize = 51_200;

/// The scan report has so much room for what a detection looks for.
const MAX_FIRST_SENTENCE: usize = 45;

fn declared_with(parameters: &[(&str, &str)]) -> Declaration {
    let mut environment = Environment::new("kmswatch", "111122223333", "eu-west-1");
    environment.parameters =
        parameters.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    stack::read(TEMPLATE, &environment).unwrap_or_else(|errors| panic!("{errors}"))
}

fn declared() -> Declaration {
    declared_with(&[])
}

/// As `PutMetricAlarm` takes it.
fn request(alarm: &Alarm) -> PutMetricAlarm {
    let text = |text: &Option<stack::Text>| text.as_ref().map(|text| text.value.clone());
    let texts = |list: &[stack::Text]| list.iter().map(|text| text.value.clone()).collect();
    assert!(alarm.metrics.is_empty() && alarm.dimensions.is_empty(), "{}", alarm.name.value);
    PutMetricAlarm {
        alarm_name: Some(alarm.name.value.clone()),
        alarm_description: text(&alarm.description),
        ok_actions: texts(&alarm.actions.ok_actions),
        alarm_actions: texts(&alarm.actions.alarm_actions),
        insufficient_data_actions: texts(&alarm.actions.insufficient_data_actions),
        metric_name: text(&alarm.metric_name),
        namespace: text(&alarm.namespace),
        statistic: text(&alarm.statistic),
        period: alarm.period.as_ref().map(|period| period.value),
        unit: text(&alarm.unit),
        evaluation_periods: Some(alarm.evaluation_periods.value),
        datapoints_to_alarm: alarm.datapoints_to_alarm.as_ref().map(|number| number.value),
        threshold: alarm.threshold.as_ref().map(|threshold| threshold.value),
        comparison_operator: Some(alarm.comparison_operator.value.clone()),
        treat_missing_data: text(&alarm.treat_missing_data),
        ..PutMetricAlarm::default()
    }
}

#[test]
fn it_is_read_to_the_last_property_whatever_its_parameters() {
    let own_log_group = ("ExistingLogGroupName", "aws-controltower/CloudTrailLogs");
    let all = [
        &[][..],
        &[("NotificationEmail", "you@example.com")],
        &[own_log_group],
        &[("NetworkActivityEvents", "false")],
    ];
    for parameters in all {
        let declared = declared_with(parameters);
        assert_eq!(declared.ignored, [], "{parameters:?}");
        let unknown: Vec<_> = declared
            .ignored_properties
            .iter()
            .filter(|ignored| ignored.reason != IgnoredReason::WithoutEffect)
            .collect();
        assert!(unknown.is_empty(), "{unknown:?}");
        let makes_trail = !parameters.contains(&own_log_group);
        assert_eq!(declared.trails.len(), usize::from(makes_trail));
        let groups = declared.log_groups.iter().map(|group| group.name.value.as_str());
        let group = groups.chain([own_log_group.1]).next().unwrap();
        assert!(declared.metric_filters.iter().all(|filter| filter.log_group_name.value == group));
    }
}

#[test]
fn filters_and_alarms_keep_their_names() {
    let declared = declared();
    let filters: BTreeSet<&str> = declared.metric_filters.iter().map(|f| f.name.value.as_str()).collect();
    let alarms: BTreeSet<&str> = declared.alarms.iter().map(|alarm| alarm.name.value.as_str()).collect();
    assert_eq!(filters, BTreeSet::from(DETECTIONS));
    assert_eq!(alarms, BTreeSet::from(ALARMS));
}

#[test]
fn each_pattern_and_transformation_is_accepted() {
    for filter in declared().metric_filters {
        let name = &filter.name.value;
        let text = &filter.filter_pattern.value;
        let pattern = Pattern::parse(text);
        let pattern = pattern.unwrap_or_else(|error| panic!("{name}: {}", error.render(text, false)));
        let [written] = filter.metric_transformations.as_slice() else { panic!("{name}") };
        assert_eq!(written.default_value, None, "{name}");
        assert_eq!(written.unit.as_ref().map(|unit| unit.value.as_str()), Some("Count"), "{name}");
        assert_eq!(written.metric_name.value, *name);
        let parts = TransformationParts {
            namespace: &written.metric_namespace.value,
            name: &written.metric_name.value,
            value: &written.metric_value.value,
            unit: Some("Count"),
            ..TransformationParts::default()
        };
        let transformation = Transformation::parse(&parts, pattern.language());
        let transformation = transformation.unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(transformation.constant().map(|value| value.to_string()), Some("1".into()), "{name}");
    }
}

#[test]
fn each_alarm_is_accepted_and_sees_a_single_match_or_says_how_many_it_needs() {
    for alarm in &declared().alarms {
        let name = &alarm.name.value;
        let definition = request(alarm).check().unwrap_or_else(|problems| panic!("{name}: {problems:?}"));
        assert_eq!(definition.statistic(), Some(metric::Statistic::Sum), "{name}");
        assert_eq!(alarm.comparison_operator.value, "GreaterThanOrEqualToThreshold", "{name}");
        assert_eq!(alarm.treat_missing_data.as_ref().unwrap().value, "notBreaching", "{name}");
        assert!(alarm.period.as_ref().unwrap().value >= 60, "{name}: a metric filter writes once a minute");
    }
}

#[test]
fn each_metric_has_one_filter_that_writes_it_and_one_alarm_that_watches_it() {
    let declared = declared();
    let written = declared.metric_filters.iter().flat_map(|filter| &filter.metric_transformations);
    let written: Vec<(&str, &str)> = written
        .map(|written| (written.metric_namespace.value.as_str(), written.metric_name.value.as_str()))
        .collect();
    let watched: BTreeSet<(&str, &str)> = declared
        .alarms
        .iter()
        .map(|alarm| {
            let (namespace, name) = alarm.namespace.as_ref().zip(alarm.metric_name.as_ref()).unwrap();
            (namespace.value.as_str(), name.value.as_str())
        })
        .collect();
    assert_eq!(written.iter().copied().collect::<BTreeSet<_>>(), watched);
    assert_eq!((written.len(), declared.alarms.len()), (watched.len(), watched.len()));
}

#[test]
fn a_description_begins_with_a_short_sentence_and_goes_on() {
    let mut first_sentences = BTreeMap::new();
    for alarm in &declared().alarms {
        let name = alarm.name.value.clone();
        let description = &alarm.description.as_ref().unwrap().value;
        let (first, rest) = description.split_once(". ").unwrap();
        assert!(first.chars().count() < MAX_FIRST_SENTENCE, "{name}: {first}.");
        assert!(rest.contains("First "), "{name} doesn't say what to do first");
        let other = first_sentences.insert(first.to_owned(), name.clone());
        assert_eq!(other, None, "{name}");
    }
}

#[test]
fn somebody_is_told_if_there_is_an_address() {
    assert_eq!(declared().subscriptions, []);
    let declared = declared_with(&[("NotificationEmail", "you@example.com")]);
    let [topic] = declared.topics.as_slice() else { panic!() };
    let [subscription] = declared.subscriptions.as_slice() else { panic!() };
    assert_eq!(subscription.topic_arn.value, topic.arn);
    assert_eq!(subscription.endpoint.as_ref().unwrap().value, "you@example.com");
    for alarm in &declared.alarms {
        let actions: Vec<&str> = alarm.actions.alarm_actions.iter().map(|arn| arn.value.as_str()).collect();
        assert_eq!(actions, [topic.arn.as_str()], "{}", alarm.name.value);
    }
}

#[test]
fn what_is_no_address_is_refused() {
    for address in ["you", "you@example", "a@example.com,b@example.com", " you@example.com"] {
        let mut environment = Environment::new("kmswatch", "111122223333", "eu-west-1");
        environment.parameters.insert("NotificationEmail".into(), address.into());
        assert!(stack::read(TEMPLATE, &environment).is_err(), "{address}");
    }
}

#[test]
fn the_trail_hides_nothing_of_kms() {
    let declared = declared();
    let [trail] = declared.trails.as_slice() else { panic!() };
    for flag in [&trail.is_logging, &trail.is_multi_region_trail, &trail.include_global_service_events] {
        assert!(flag.as_ref().unwrap().value);
    }
    let fields = |selector: &stack::AdvancedEventSelector| -> Vec<String> {
        selector
            .field_selectors
            .iter()
            .map(|field| format!("{}={}", field.field.value, field.equals.first().unwrap().value))
            .collect()
    };
    let selectors: Vec<_> = trail.advanced_event_selectors.iter().map(fields).collect();
    let denied =
        ["eventCategory=NetworkActivity", "eventSource=kms.amazonaws.com", "errorCode=VpceAccessDenied"];
    assert_eq!(selectors, [&["eventCategory=Management"][..], &denied]);
}

#[test]
fn it_deploys_without_a_bucket_to_put_it_into() {
    assert!(TEMPLATE.len() <= MAX_DEPLOYED_BYTES, "{} bytes", TEMPLATE.len());
}

/// The states of an alarm after each period, of which some have a number.
fn states(name: &str, sums: &[Option<f64>]) -> Vec<StateValue> {
    let declared = declared();
    let alarm = declared.alarms.iter().find(|alarm| alarm.name.value == name).unwrap();
    let condition = request(alarm).check().unwrap().condition;
    let slots: Vec<Slot> =
        sums.iter().map(|sum| sum.map(|value| Datapoint { value, sample_count: None })).collect();
    let mut state = StateValue::Ok;
    (1..=slots.len())
        .map(|end| {
            state = alarm::decide(&condition, &slots[..end], state).state;
            state
        })
        .collect()
}

#[test]
fn one_incident_is_one_alarm_which_quiet_ends() {
    use StateValue::{Alarm, Ok};
    let tries = [Some(1.0), None, Some(1.0), None, None, None, None];
    assert_eq!(states("kms-decrypt-failed", &tries), [Alarm, Alarm, Alarm, Alarm, Alarm, Ok, Ok]);
    // What a default value would do: the template says why there is none.
    let with_zeros: Vec<Option<f64>> = tries.iter().map(|sum| Some(sum.unwrap_or(0.0))).collect();
    assert_eq!(states("kms-decrypt-failed", &with_zeros), [Alarm, Ok, Alarm, Ok, Ok, Ok, Ok]);
}

#[test]
fn what_is_harmless_alone_must_go_on() {
    use StateValue::{Alarm, Ok};
    let name = "kms-decrypt-failed-often";
    assert_eq!(states(name, &[Some(400.0), None, None, None]), [Ok; 4]);
    assert_eq!(states(name, &[Some(4.0), Some(4.0), Some(4.0)]), [Ok; 3]);
    assert_eq!(states(name, &[Some(5.0), None, Some(5.0)]), [Ok, Ok, Alarm]);
    // The burst isn't lost.
    assert_eq!(states("kms-call-failed", &[Some(19.0), Some(400.0)]), [Ok, Alarm]);
}
