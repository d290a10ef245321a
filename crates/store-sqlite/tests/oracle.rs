//! Whatever is written in whatever batches, what is loaded is the sum of it.

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

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use metric::{MetricId, MetricValue, Summary, Unit};
use monitor::{Change, Part, PartKey, Slot};
use proptest::prelude::*;
use store_sqlite::{Batch, Store};
use support::*;

/// One step of whoever writes.
#[derive(Debug, Clone)]
enum Step {
    Write(Vec<Change>, Vec<Part>),
    /// What isn't committed isn't there.
    GiveUp(Vec<Change>, Vec<Part>),
    Reopen,
}

#[derive(Default)]
struct Model {
    parts: BTreeMap<PartKey, String>,
    records: BTreeSet<(i64, u128)>,
    slots: BTreeMap<(MetricId, u32, i64, Unit), Summary>,
}

impl Model {
    fn write(&mut self, changes: &[Change], parts: &[Part]) {
        for change in changes {
            match change {
                Change::Remembered { record, time } => {
                    self.records.insert((*time, *record));
                }
                Change::Observed { metric, unit, start, length, added } => {
                    let place = (MetricId::clone(metric), *length, *start, *unit);
                    self.slots.entry(place).or_default().merge(added);
                }
                _ => unreachable!("no other changes are made"),
            }
        }
        for part in parts {
            match &part.state {
                Some(state) => self.parts.insert(part.key.clone(), state.clone()),
                None => self.parts.remove(&part.key),
            };
        }
    }

    fn slots(&self) -> Vec<Slot> {
        let slots = self.slots.iter().filter(|(_, summary)| !summary.is_empty());
        slots
            .map(|((metric, length, start, unit), summary)| Slot {
                metric: Arc::new(metric.clone()),
                unit: *unit,
                start: *start,
                length: *length,
                summary: summary.clone(),
            })
            .collect()
    }
}

fn hostile() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("\0".into()),
        Just("é\u{202e}'\"\\".into()),
        "\\PC{0,5}",
        any::<String>()
    ]
}

fn metric() -> impl Strategy<Value = Arc<MetricId>> {
    let dimensions = prop_oneof![
        Just(Vec::new()),
        Just(vec![("A", "1"), ("B", "2")]),
        Just(vec![("A", "1"), ("B", "\"}")])
    ];
    (prop_oneof![Just("n"), Just("n\0"), Just("N"), Just("n\0\0é")], dimensions).prop_map(
        |(name, dimensions)| {
            let dimension =
                |(name, value): (&str, &str)| metric::Dimension { name: name.into(), value: value.into() };
            Arc::new(MetricId::new("s", name, dimensions.into_iter().map(dimension).collect()).unwrap())
        },
    )
}

fn value() -> impl Strategy<Value = MetricValue> {
    prop_oneof![Just(1.0), Just(0.1), -1e80..1e80].prop_map(|value| MetricValue::new(value).unwrap())
}

fn added() -> impl Strategy<Value = Summary> {
    let values = prop::collection::vec((value(), 1_u64..4), 0..4);
    values.prop_map(|values| {
        let mut summary = Summary::new();
        values.into_iter().for_each(|(value, count)| summary.add(value, count));
        summary
    })
}

fn change() -> impl Strategy<Value = Change> {
    let time = prop_oneof![-3_i64..3, Just(i64::MIN), Just(i64::MAX), NOW..NOW + 3];
    let units = prop_oneof![Just(Unit::None), Just(Unit::BytesPerSecond)];
    let record = prop_oneof![0_u128..3, any::<u128>()];
    prop_oneof![
        (record, time.clone()).prop_map(|(record, time)| Change::Remembered { record, time }),
        (metric(), units, time, prop_oneof![Just(1_u32), Just(60)], added()).prop_map(
            |(metric, unit, start, length, added)| Change::Observed { metric, unit, start, length, added }
        ),
    ]
}

fn part() -> impl Strategy<Value = Part> {
    let key = prop_oneof![
        Just(PartKey::Monitor),
        (0_u64..12).prop_map(PartKey::Notification),
        Just(PartKey::Notification(u64::MAX)),
        hostile().prop_map(|arn| PartKey::Alarm(arn.into())),
        hostile().prop_map(|arn| PartKey::CompositeAlarm(arn.into())),
        (hostile(), any::<u8>()).prop_map(|(arn, share)| PartKey::Names(arn.into(), share)),
    ];
    (key, prop::option::weighted(0.8, hostile())).prop_map(|(key, state)| Part { key, state })
}

fn step() -> impl Strategy<Value = Step> {
    let batch = || (prop::collection::vec(change(), 0..12), prop::collection::vec(part(), 0..6));
    prop_oneof![
        6 => batch().prop_map(|(changes, parts)| Step::Write(changes, parts)),
        2 => batch().prop_map(|(changes, parts)| Step::GiveUp(changes, parts)),
        1 => Just(Step::Reopen),
    ]
}

fn compare(store: &Store, model: &Model) -> Result<(), TestCaseError> {
    let loaded = store.load().unwrap();
    prop_assert_eq!(loaded.parts.into_iter().collect::<BTreeMap<_, _>>(), model.parts.clone());
    let mut records = loaded.records;
    records.sort_unstable_by_key(|(record, time)| (*time, *record));
    prop_assert!(records.iter().map(|(record, time)| (*time, *record)).eq(model.records.iter().copied()));
    let mut slots = loaded.slots;
    slots.sort_by(|one, other| {
        let key = |slot: &Slot| (MetricId::clone(&slot.metric), slot.length, slot.start, slot.unit);
        key(one).cmp(&key(other))
    });
    prop_assert_eq!(slots, model.slots());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 40, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_loaded_is_the_sum_of_what_was_committed(steps in prop::collection::vec(step(), 1..12)) {
        let folder = Folder::new();
        let mut store = folder.store();
        let mut model = Model::default();
        for step in &steps {
            match step {
                Step::Write(changes, parts) => {
                    write(&mut store, &Batch { changes, parts, ..Batch::default() });
                    model.write(changes, parts);
                }
                Step::GiveUp(changes, parts) => {
                    let mut writing = store.begin().unwrap();
                    writing.write(&Batch { changes, parts, ..Batch::default() }).unwrap();
                }
                Step::Reopen => {
                    drop(store);
                    store = folder.store();
                }
            }
            compare(&store, &model)?;
        }
        store.check().unwrap();
    }
}
