//! A monitor that is loaded from a database again and again says what one says that never stopped.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unreachable,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "a test fails by panicking, and its numbers are small"
)]

mod support;

use std::collections::BTreeMap;
use std::sync::Arc;

use alarm::definition::{MetricIdentity, MetricStatistic, Source};
use alarm::{ComparisonOperator, Condition, Definition, Mode};
use filter_pattern::Language;
use metric::{MetricValue, Observation, Statistic, Transformation, TransformationParts};
use monitor::{
    Change, Command, Configuration, DeliveryOutcome, Ingest, Match, MetricAlarm, MetricFilter, Monitor, Topic,
};
use store_sqlite::{Batch, OutboxState};
use support::*;

fn configuration() -> Configuration {
    let parts = TransformationParts {
        namespace: "KMS",
        name: "Failures",
        value: "1",
        ..TransformationParts::default()
    };
    let transformation = Transformation::parse(&parts, Language::Json).unwrap();
    let subscriptions = vec![subscription("soc@example.org")];
    Configuration {
        filters: vec![MetricFilter { name: "f".into(), log_group: "g".into(), transformation }],
        alarms: [(1, 3.0), (3, 2.0)].map(|(periods, threshold)| alarm(periods, threshold)).to_vec(),
        topics: vec![Topic { arn: "topic".into(), name: "t".into(), subscriptions }],
        ..Configuration::default()
    }
}

fn alarm(periods: u32, threshold: f64) -> MetricAlarm {
    let metric =
        MetricIdentity { namespace: "KMS".into(), name: "Failures".into(), dimensions: BTreeMap::new() };
    let source = MetricStatistic { metric, statistic: Statistic::Sum, unit: None, period: 60 };
    let topic = vec!["topic".to_owned()];
    let definition = Definition {
        name: format!("a{periods}"),
        description: None,
        actions_enabled: true,
        ok_actions: topic.clone(),
        alarm_actions: topic,
        insufficient_data_actions: Vec::new(),
        source: Source::Metric(source),
        condition: Condition {
            period: 60,
            evaluation_periods: periods,
            datapoints_to_alarm: None,
            comparison_operator: ComparisonOperator::GreaterThanOrEqualToThreshold,
            threshold,
            treat_missing_data: Some(alarm::TreatMissingData::NotBreaching),
            fewest_samples: None,
        },
        low_sample_policy: None,
    };
    MetricAlarm { arn: format!("arn:a{periods}"), definition, mode: Mode::Eager }
}

/// The same numbers each time.
struct Random(u64);

impl Random {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    fn signed(&mut self, end: u64) -> i64 {
        i64::try_from(self.below(end)).unwrap()
    }
}

fn ingest(random: &mut Random, now: i64) -> Command {
    let matches = (0..1 + random.below(4)).map(|_| {
        let late = if random.below(5) == 0 { random.signed(20 * 86_400) } else { random.signed(120) };
        let who = evidence(&format!("p{}", random.below(4)), Some("k"), Some("AccessDenied"));
        Match {
            record: Some(u128::from(random.below(300))),
            time: now - late,
            observations: vec![(
                0,
                Observation { value: MetricValue::new(1.0).unwrap(), dimensions: Vec::new() },
            )],
            evidence: Some(Arc::new(who)),
        }
    });
    Command::Ingest(Ingest { matches: matches.collect(), unmatched: Vec::new() })
}

fn command(random: &mut Random, now: &mut i64, queued: u64) -> Command {
    match random.below(10) {
        0..4 => ingest(random, *now),
        4..6 if queued > 0 => {
            let notification = random.below(queued);
            let outcome = match random.below(3) {
                0 => DeliveryOutcome::Accepted,
                1 => DeliveryOutcome::Deferred("later".into()),
                _ => DeliveryOutcome::Refused("no".into()),
            };
            Command::Delivery { notification, outcome }
        }
        _ => {
            *now += if random.below(40) == 0 { 3 * DAY } else { 20 + random.signed(100) };
            Command::Tick(*now * 1000)
        }
    }
}

#[test]
fn stopping_makes_no_difference() {
    let folder = Folder::new();
    let mut store = folder.store();
    let (mut steady, mut stopping) = (Monitor::new(), Monitor::new());
    let (mut random, mut now, mut queued) = (Random(7), NOW, 0);
    let mut kinds = BTreeMap::<&str, usize>::new();
    for number in 0..600 {
        let command = match number {
            0 => Command::Configure(Box::new(configuration())),
            _ => command(&mut random, &mut now, queued),
        };
        let (wanted, got) = (steady.apply(&command), stopping.apply(&command));
        assert_eq!(got, wanted, "command {number}: {command:?}");
        for change in &got {
            let name = match change {
                Change::State(_) => "state",
                Change::LateEpisode(_) => "late",
                Change::Queued(_) => "queued",
                Change::OutOfReach { .. } => "out of reach",
                Change::Repeated { .. } => "repeated",
                _ => continue,
            };
            *kinds.entry(name).or_default() += 1;
        }
        let parts = stopping.take_parts();
        write(&mut store, &Batch { now: now * 1000, changes: &got, parts: &parts, ..Batch::default() });
        queued = kinds.get("queued").copied().unwrap_or_default() as u64;
        if random.below(3) == 0 {
            drop(store);
            store = folder.store();
            stopping = Monitor::load(store.load().unwrap(), &configuration()).unwrap();
        }
        let ids: Vec<u64> = store
            .questions()
            .outbox(&[OutboxState::Waiting], 1000)
            .unwrap()
            .iter()
            .map(|row| row.id)
            .collect();
        let due: Vec<u64> = stopping.due(i64::MAX).map(|notification| notification.id).collect();
        assert_eq!(due.first(), ids.first(), "one subscriber gets what waits one after the other");
    }
    assert!(kinds.len() == 5 && kinds.values().all(|count| *count > 3), "{kinds:?}");
    store.check().unwrap();
}
