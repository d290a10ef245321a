//! What the service watches for itself, beside what the template declares: drills, and sources that fall silent or can't be
//! read. All of it has names of its own, so that the user's counts stay clean.

use std::fmt::Write as _;
use std::sync::Arc;

use anyhow::{anyhow, bail};
use chain::Chain;
use filter_pattern::Wildcards;
use metric::{MetricId, MetricValue, Resolution, Summary, Unit};
use monitor::{Slot, Subscription, Topic};
use stack::Environment;

use super::applied::OUTBOX_READER;

/// The log group of the records of drills.
pub(crate) const DRILL_LOG_GROUP: &str = "kmswatch/drill";
/// The alarm that a drill sets off.
pub(crate) const DRILL_ALARM: &str = "kmswatch-drill";
/// The metric that drills count into.
pub(crate) const DRILLS: &str = "Drills";
/// Where the service's own metrics are.
pub(crate) const NAMESPACE: &str = "kmswatch";
/// How long a source has been silent, in percent of how long it may be.
pub(crate) const SILENCE: &str = "SourceSilence";
/// 1 while a source can't be read, else 0.
pub(crate) const UNREADABLE: &str = "SourceUnreadable";
/// The dimension that names the source.
pub(crate) const SOURCE: &str = "Source";

/// All names of what is reserved begin like this.
const PREFIX: &str = "kmswatch-";
const SILENT: &str = "kmswatch-silent-";
const UNREAD: &str = "kmswatch-unreadable-";
const TOPIC: &str = "kmswatch-operators";

/// Whether an alarm is one of these.
pub(crate) fn is_reserved(name: &str) -> bool {
    name.starts_with(PREFIX)
        && (name == DRILL_ALARM || [SILENT, UNREAD].iter().any(|kind| name.starts_with(kind)))
}

/// The alarm for a source that falls silent.
pub(crate) fn silence_alarm(source: &str) -> String {
    format!("{SILENT}{source}")
}

/// The alarm for a source that can't be read.
pub(crate) fn unreadable_alarm(source: &str) -> String {
    format!("{UNREAD}{source}")
}

/// Before a source is looked at for the first time, nothing is wrong with it: so its alarms begin as `OK`, of which nobody is told.
pub(crate) fn first_slot(metric: &Arc<MetricId>, now: i64) -> Option<Slot> {
    let is_own = metric.namespace() == NAMESPACE && [SILENCE, UNREADABLE].contains(&metric.name());
    let mut summary = Summary::new();
    summary.add(MetricValue::new(0.0).ok()?, 1);
    let minute = Resolution::Standard.slot_of(now.div_euclid(1000).saturating_sub(60));
    let length = Resolution::Standard.seconds();
    is_own.then(|| Slot { metric: Arc::clone(metric), unit: Unit::None, start: minute, length, summary })
}

/// A chain, and what is reserved behind it. `subscribers` hear of everything; those of the chain's topics hear of what is
/// reserved as well.
///
/// # Errors
/// Where the chain uses a reserved name.
pub(crate) fn with_reserved(
    mut chain: Chain,
    environment: &Environment,
    sources: &[String],
    subscribers: &[Subscription],
) -> anyhow::Result<Chain> {
    for topic in &mut chain.configuration.topics {
        subscribe(topic, subscribers);
    }
    let text = template(sources);
    let environment = Environment { parameters: std::collections::BTreeMap::new(), ..environment.clone() };
    let own = chain::read(&text, &environment, Wildcards::default())
        .map_err(|errors| anyhow!("what is reserved can't be read: {errors:?}"))?;
    refuse_doubles(&chain, &own)?;
    let everybody: Vec<Subscription> =
        chain.configuration.topics.iter().flat_map(|topic| topic.subscriptions.clone()).collect();
    let configuration = &mut chain.configuration;
    configuration.filters.extend(own.configuration.filters);
    configuration.alarms.extend(own.configuration.alarms);
    configuration.topics.extend(own.configuration.topics.into_iter().map(|mut topic| {
        subscribe(&mut topic, &everybody);
        subscribe(&mut topic, subscribers);
        topic
    }));
    chain.patterns.extend(own.patterns);
    Ok(chain)
}

fn subscribe(topic: &mut Topic, subscribers: &[Subscription]) {
    for subscriber in subscribers {
        let has_reader = topic.subscriptions.iter().any(|other| other.protocol == "email");
        if subscriber.endpoint == OUTBOX_READER && has_reader {
            continue;
        }
        if !topic.subscriptions.contains(subscriber) {
            topic.subscriptions.push(subscriber.clone());
        }
    }
}

fn refuse_doubles(chain: &Chain, own: &Chain) -> anyhow::Result<()> {
    let configuration = &chain.configuration;
    for alarm in &own.configuration.alarms {
        let metric_alarms = configuration.alarms.iter().map(|other| &other.arn);
        let mut others = metric_alarms.chain(configuration.composite_alarms.iter().map(|other| &other.arn));
        if others.any(|other| *other == alarm.arn) {
            bail!(
                "the template declares an alarm `{}`, a name that kmswatch uses itself",
                alarm.definition.name
            );
        }
    }
    for topic in &own.configuration.topics {
        if configuration.topics.iter().any(|other| other.arn == topic.arn) {
            bail!("the template declares a topic `{}`, a name that kmswatch uses itself", topic.name);
        }
    }
    if configuration.filters.iter().any(|filter| filter.log_group == DRILL_LOG_GROUP) {
        bail!(
            "the template has a metric filter on the log group `{DRILL_LOG_GROUP}`, which kmswatch uses for drills"
        );
    }
    Ok(())
}

fn template(sources: &[String]) -> String {
    let mut text = drill_template();
    for (number, source) in sources.iter().enumerate() {
        let _ = write!(
            text,
            r#"  Silence{number}:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmName: {silent}
      AlarmDescription: The source {source} has delivered nothing for longer than it should. Attacks on what it watches go unseen while it is silent. Its metric is 100 when it has been silent for as long as it may.
      Namespace: {NAMESPACE}
      MetricName: {SILENCE}
      Dimensions: [{{Name: {SOURCE}, Value: "{source}"}}]
      Statistic: Maximum
      Period: 60
      EvaluationPeriods: 1
      Threshold: 100
      ComparisonOperator: GreaterThanOrEqualToThreshold
      TreatMissingData: ignore
      AlarmActions: [!Ref Operators]
      OKActions: [!Ref Operators]
  Unreadable{number}:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmName: {unreadable}
      AlarmDescription: The source {source} can't be read. What it delivers goes unseen until it can.
      Namespace: {NAMESPACE}
      MetricName: {UNREADABLE}
      Dimensions: [{{Name: {SOURCE}, Value: "{source}"}}]
      Statistic: Minimum
      Period: 60
      EvaluationPeriods: 1
      Threshold: 1
      ComparisonOperator: GreaterThanOrEqualToThreshold
      TreatMissingData: ignore
      AlarmActions: [!Ref Operators]
      OKActions: [!Ref Operators]
"#,
            silent = silence_alarm(source),
            unreadable = unreadable_alarm(source),
        );
    }
    text
}

fn drill_template() -> String {
    format!(
        r#"Resources:
  Operators:
    Type: AWS::SNS::Topic
    Properties: {{TopicName: {TOPIC}}}
  DrillFilter:
    Type: AWS::Logs::MetricFilter
    Properties:
      FilterName: {PREFIX}drill
      LogGroupName: {DRILL_LOG_GROUP}
      FilterPattern: '{{ $.eventSource = "kms.amazonaws.com" && $.errorCode = "*" }}'
      MetricTransformations: [{{MetricNamespace: {NAMESPACE}, MetricName: {DRILLS}, MetricValue: "1"}}]
  DrillAlarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmName: {DRILL_ALARM}
      AlarmDescription: This is a drill. Somebody ran `kmswatch drill` to see that an alarm reaches you. Nothing is wrong.
      Namespace: {NAMESPACE}
      MetricName: {DRILLS}
      Statistic: Sum
      Period: 60
      EvaluationPeriods: 1
      Threshold: 1
      ComparisonOperator: GreaterThanOrEqualToThreshold
      TreatMissingData: notBreaching
      AlarmActions: [!Ref Operators]
"#
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn environment() -> Environment {
        Environment::new("stack", "111122223333", "eu-west-1")
    }

    fn chain_of(template: &str) -> Chain {
        chain::read(template, &environment(), Wildcards::default()).unwrap()
    }

    fn with(template: &str, sources: &[&str]) -> anyhow::Result<Chain> {
        let sources: Vec<String> = sources.iter().map(|source| (*source).to_owned()).collect();
        let soc = Subscription { protocol: "email".into(), endpoint: "soc@example.org".into() };
        with_reserved(chain_of(template), &environment(), &sources, &[soc])
    }

    const TEMPLATE: &str = "Resources:
  Topic:
    Type: AWS::SNS::Topic
    Properties: {Subscription: [{Protocol: email, Endpoint: dev@example.org}]}
";

    #[test]
    fn the_dimension_of_a_source_is_its_name_whatever_yaml_would_make_of_it() {
        let sources =
            ["2026", "1.0", "1e3", "0x10", "true", "null", "-", "no", "2026-11-26", "trail", ".5", "._-"];
        let chain = with(TEMPLATE, &sources).unwrap();
        for source in sources {
            for name in [silence_alarm(source), unreadable_alarm(source)] {
                assert!(is_reserved(&name));
                let alarms = &chain.configuration.alarms;
                let alarm = alarms.iter().find(|alarm| alarm.definition.name == name).unwrap();
                let metric = alarm.definition.metrics().next().unwrap();
                let dimensions: Vec<_> = metric.metric.dimensions.iter().collect();
                assert_eq!(dimensions, [(&SOURCE.to_owned(), &source.to_owned())]);
            }
        }
        assert_eq!(chain.configuration.filters.len(), chain.patterns.len());
    }

    #[test]
    fn everybody_hears_of_what_is_reserved_once() {
        let chain = with(TEMPLATE, &["trail"]).unwrap();
        let heard: Vec<Vec<&str>> = chain
            .configuration
            .topics
            .iter()
            .map(|topic| topic.subscriptions.iter().map(|one| one.endpoint.as_str()).collect())
            .collect();
        assert_eq!(heard, [["dev@example.org", "soc@example.org"]; 2]);
    }

    #[test]
    fn a_reserved_name_is_refused() {
        let metric_alarm = "Resources:
  Mine:
    Type: AWS::CloudWatch::Alarm
    Properties: {AlarmName: kmswatch-silent-trail, Namespace: a, MetricName: b, Statistic: Sum, Period: 60, EvaluationPeriods: 1,
      Threshold: 1, ComparisonOperator: GreaterThanThreshold}
";
        let composite = "Resources:
  Mine:
    Type: AWS::CloudWatch::CompositeAlarm
    Properties: {AlarmName: kmswatch-drill, AlarmRule: 'FALSE'}
";
        let topic = "Resources:
  Mine: {Type: AWS::SNS::Topic, Properties: {TopicName: kmswatch-operators}}
";
        let filter = "Resources:
  Mine:
    Type: AWS::Logs::MetricFilter
    Properties: {LogGroupName: kmswatch/drill, FilterPattern: '', MetricTransformations: [{MetricNamespace: a, MetricName: b, MetricValue: '1'}]}
";
        for (template, word) in [
            (metric_alarm, "`kmswatch-silent-trail`"),
            (composite, "`kmswatch-drill`"),
            (topic, "`kmswatch-operators`"),
            (filter, "`kmswatch/drill`"),
        ] {
            let error = with(template, &["trail"]).err().unwrap().to_string();
            assert!(error.contains(word), "{error}");
        }
        // What is of another source is the user's own.
        assert!(with(metric_alarm, &["other"]).is_ok());
    }

    #[test]
    fn a_source_begins_as_if_nothing_were_wrong() {
        let metric =
            |name: &str, namespace: &str| Arc::new(MetricId::new(namespace, name, Vec::new()).unwrap());
        let slot = first_slot(&metric(SILENCE, NAMESPACE), 1_000_000_030_000).unwrap();
        assert_eq!((slot.start, slot.length), (999_999_960, 60));
        assert!(first_slot(&metric(UNREADABLE, NAMESPACE), 0).is_some());
        assert!(first_slot(&metric(DRILLS, NAMESPACE), 0).is_none());
        assert!(first_slot(&metric(SILENCE, "other"), 0).is_none());
    }
}
