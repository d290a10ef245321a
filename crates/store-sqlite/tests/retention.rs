//! What is kept for how long.

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

use metric::{Statistic, Summary, Unit};
use monitor::{Change, Slot};
use store_sqlite::{Batch, HistoryKind, OutboxState, Problem, Retention, Store, Swept};
use support::*;

/// Sweeps until there is nothing left to be done.
fn sweep(store: &mut Store, now: i64, retention: &Retention) -> usize {
    let mut calls = 0;
    while store.sweep(now * 1000, retention).unwrap().more {
        calls += 1;
        assert!(calls < 1000, "it doesn't end");
    }
    store.check().unwrap();
    calls
}

#[test]
fn datapoints_become_longer_and_nothing_of_them_is_lost() {
    let folder = Folder::new();
    let mut store = folder.store();
    let one = metric("One");
    let hour = NOW - NOW % 3600;
    // Of each age some: 1 minute, 5 minutes, an hour, and gone.
    let ages = [1, 21, 23, 62, 64, 400, 460];
    let mut all = Vec::new();
    for age in ages {
        let start = hour - age * DAY;
        all.extend((0..60).map(|minute| observed(&one, start + minute * 60, &[1.0, f64::from(age as i32)])));
        all.push(Change::Observed {
            metric: Arc::clone(&one),
            unit: Unit::Seconds,
            start: start + 61,
            length: 1,
            added: summary(&[0.5]),
        });
    }
    changes(&mut store, &all);
    sweep(&mut store, NOW, &Retention::default());
    let slots = |age: i64| {
        let start = hour - age * DAY;
        store.questions().datapoints(&one, start, start + 3600).unwrap()
    };
    let lengths = |age| -> BTreeMap<(u32, Unit), usize> {
        let mut lengths = BTreeMap::new();
        slots(age).iter().for_each(|slot| *lengths.entry((slot.length, slot.unit)).or_default() += 1);
        lengths
    };
    for age in [1, 21] {
        assert_eq!(lengths(age), BTreeMap::from([((1, Unit::Seconds), 1), ((60, Unit::None), 60)]), "{age}");
    }
    for age in [23, 62] {
        assert_eq!(
            lengths(age),
            BTreeMap::from([((300, Unit::Seconds), 1), ((300, Unit::None), 12)]),
            "{age}"
        );
    }
    for age in [64, 400] {
        assert_eq!(
            lengths(age),
            BTreeMap::from([((3600, Unit::Seconds), 1), ((3600, Unit::None), 1)]),
            "{age}"
        );
    }
    assert_eq!(lengths(460), BTreeMap::new());
    for age in &ages[..6] {
        let mut whole = Summary::new();
        slots(*age).iter().filter(|slot| slot.unit == Unit::None).for_each(|slot| whole.merge(&slot.summary));
        let says = |statistic: &Statistic| whole.datapoint(statistic).unwrap().value.to_string();
        assert_eq!(says(&Statistic::SampleCount), "120");
        assert_eq!(says(&Statistic::Sum), (60 + 60 * age).to_string());
        assert_eq!(says(&Statistic::Maximum), age.to_string());
    }
    let short = store.load().unwrap().slots;
    assert!(short.iter().all(|slot: &Slot| slot.length <= 60 && slot.start >= hour - 22 * DAY));
}

#[test]
fn a_late_addition_to_an_old_slot_is_rolled_up_with_the_next_call() {
    let folder = Folder::new();
    let mut store = folder.store();
    let (one, start) = (metric("One"), (NOW - 30 * DAY) / 300 * 300);
    for value in [1.0, 2.0] {
        changes(&mut store, &[observed(&one, start + 60, &[value])]);
        sweep(&mut store, NOW, &Retention::default());
    }
    let slots = store.questions().datapoints(&one, start, start + 300).unwrap();
    assert_eq!(slots.len(), 1);
    assert_eq!((slots[0].start, slots[0].length, &slots[0].summary), (start, 300, &summary(&[1.0, 2.0])));
}

#[test]
fn metrics_of_which_nothing_is_kept_go_and_can_come_back() {
    let folder = Folder::new();
    let mut store = folder.store();
    let many: Vec<_> = (0..1200)
        .map(|key| observed(&metric_of_key("One", &format!("k{key}")), NOW - 500 * DAY, &[1.0]))
        .collect();
    changes(&mut store, &many);
    let kept = metric("Kept");
    let who = evidence("p", None, None);
    changes(&mut store, &[matched(&[&kept], (1, NOW), &who)]);
    for _ in 0..10 {
        sweep(&mut store, NOW, &Retention::default());
    }
    let connection = rusqlite::Connection::open(folder.database()).unwrap();
    let metrics: i64 = connection.query_row("SELECT count(*) FROM metric", [], |row| row.get(0)).unwrap();
    assert_eq!(metrics, 1);
    changes(&mut store, &many);
    store.check().unwrap();
    assert_eq!(store.load().unwrap().slots.len(), 1200);
}

#[test]
fn evidence_goes_by_age_with_texts_that_nothing_else_says() {
    let folder = Folder::new();
    let mut store = folder.store();
    let one = metric("One");
    let all: Vec<_> = (0..2500)
        .map(|record| {
            let who = evidence(&format!("p{}", record % 500), Some("k"), Some("AccessDenied"));
            matched(&[&one], (record, NOW - 91 * DAY - i64::try_from(record % 7).unwrap()), &who)
        })
        .chain([matched(&[&one], (9999, NOW - 89 * DAY), &evidence("p3", Some("k"), Some("AccessDenied")))])
        .collect();
    changes(&mut store, &all);
    assert_eq!(sweep(&mut store, NOW, &Retention::default()), 2);
    let connection = rusqlite::Connection::open(folder.database()).unwrap();
    for table in ["sighting", "behind", "pair", "content"] {
        let rows: i64 =
            connection.query_row(&format!("SELECT count(*) FROM {table}"), [], |row| row.get(0)).unwrap();
        assert_eq!(rows, 1, "{table}");
    }
    let seen = store.questions().seen_before("p3", Some("k"), NOW, 0).unwrap();
    assert_eq!((seen.failures, seen.last), (1, Some(NOW - 89 * DAY)));
}

#[test]
fn evidence_goes_by_size_first_what_lies_about_its_time_and_then_the_oldest() {
    let folder = Folder::new();
    let mut store = folder.store();
    let one = metric("One");
    let record = |record: u128, time| {
        let mut who = evidence("p", Some("k"), None);
        who.user_agent = Some(format!("{record} {}", "x".repeat(1000)));
        matched(&[&one], (record, time), &who)
    };
    let all: Vec<_> = (0..6000).map(|number| record(number, NOW - i64::try_from(number).unwrap())).collect();
    changes(&mut store, &all);
    let future: Vec<_> = (6000..7000).map(|number| record(number, i64::MAX)).collect();
    changes(&mut store, &future);
    let retention = Retention { database: 4 << 20, ..Retention::default() };
    let size_before = store.questions().size().unwrap();
    assert!(size_before.database > 9 << 20, "{size_before:?}");
    sweep(&mut store, NOW, &retention);
    let rows = store.questions().evidence(&[Arc::clone(&one)], (0, i64::MAX), 10_000).unwrap();
    assert!(rows.len() >= 1000 && rows.len() < 3000, "{}", rows.len());
    assert_eq!(rows[0].time, NOW);
    assert!(rows.iter().all(|row| row.time > NOW - 3000));
    // Free pages go back, a piece a call.
    for _ in 0..10 {
        sweep(&mut store, NOW, &retention);
    }
    let size = store.questions().size().unwrap();
    assert!(size.database - size.free <= retention.database, "{size:?}");
    assert!(size.free <= 1024 * 4096 && size.database < size_before.database, "{size:?}");
}

#[test]
fn history_keeps_the_state_and_the_definition_of_each_alarm() {
    let folder = Folder::new();
    let mut store = folder.store();
    let created = |alarm: &str| Change::AlarmCreated { alarm: alarm.into() };
    let updated = |alarm: &str| Change::AlarmUpdated { alarm: alarm.into() };
    let state = |alarm: &str, at: i64| {
        Change::State(Arc::new(monitor::StateChange {
            alarm: alarm.into(),
            name: alarm.into(),
            from: alarm::StateValue::Ok,
            to: alarm::StateValue::Alarm,
            at,
            reason: alarm::StateReason::InitialCreation,
            judged: None,
        }))
    };
    let old = (NOW - 500 * DAY) * 1000;
    let all = [
        created("a"),
        updated("a"),
        updated("a"),
        state("a", old),
        state("a", old + 1),
        created("b"),
        state("b", old),
        Change::AlarmDeleted { alarm: "b".into() },
    ];
    write(&mut store, &Batch { now: old, changes: &all, ..Batch::default() });
    sweep(&mut store, NOW, &Retention::default());
    let rows = store.questions().history(None, 100).unwrap();
    let rows: Vec<(&str, HistoryKind, i64)> =
        rows.iter().map(|row| (row.alarm.as_str(), row.kind, row.at - old)).collect();
    assert_eq!(
        rows,
        [("a", HistoryKind::State, 1), ("a", HistoryKind::Updated, 0), ("a", HistoryKind::Created, 0)]
    );
}

#[test]
fn notifications_go_when_they_were_delivered_or_given_up_and_never_while_they_wait() {
    let folder = Folder::new();
    let mut store = folder.store();
    let queued: Vec<Change> =
        (0..6).map(|id| Change::Queued(Arc::new(notification(id, "x", news("a"))))).collect();
    changes(&mut store, &queued);
    let ended = |id: u64, age: i64, dead: bool| {
        let change = match dead {
            true => Change::GivenUp { notification: id, reason: "no".into() },
            false => Change::Delivered { notification: id },
        };
        ((NOW - age * DAY) * 1000, [change])
    };
    for (now, changes) in [ended(0, 31, false), ended(1, 29, false), ended(2, 91, true), ended(3, 89, true)] {
        write(&mut store, &Batch { now, changes: &changes, ..Batch::default() });
    }
    let problem =
        |age: i64| Problem { time: (NOW - age * DAY) * 1000, reason: age.to_string(), ..Problem::default() };
    write(&mut store, &Batch { problems: &[problem(31), problem(29)], ..Batch::default() });
    let remembered = |age: i64| Change::Remembered { record: 1, time: NOW - age * DAY };
    changes(&mut store, &[remembered(16), remembered(14)]);
    sweep(&mut store, NOW, &Retention::default());
    let rest = store
        .questions()
        .outbox(&[OutboxState::Waiting, OutboxState::Delivered, OutboxState::Dead], 9)
        .unwrap();
    assert_eq!(rest.iter().map(|row| row.id).collect::<Vec<_>>(), [4, 5, 1, 3]);
    assert_eq!(store.questions().problems(9).unwrap(), [problem(29)]);
    assert_eq!(store.load().unwrap().records, [(1, NOW - 14 * DAY)]);
}

#[test]
fn a_clock_that_jumps_ahead_for_a_while_costs_little() {
    let folder = Folder::new();
    let mut store = folder.store();
    let one = metric("One");
    changes(&mut store, &[matched(&[&one], (1, NOW - DAY), &evidence("p", None, None))]);
    let retention = Retention::default();
    store.sweep(NOW * 1000, &retention).unwrap();
    let years_ahead = (NOW + 3650 * DAY) * 1000;
    for _ in 0..60 {
        assert_eq!(store.sweep(years_ahead, &retention).unwrap(), Swept::default());
    }
    assert_eq!(store.questions().evidence_count(&[Arc::clone(&one)], 0, NOW).unwrap(), 1);
    // And back: from there it goes on as before.
    store.sweep(NOW * 1000, &retention).unwrap();
    let mut calls = 0;
    while store.questions().evidence_count(&[Arc::clone(&one)], 0, NOW).unwrap() > 0 {
        store.sweep((NOW + 89 * DAY + 3600) * 1000, &retention).unwrap();
        calls += 1;
    }
    assert_eq!(calls, 89 * 96 + 1);
}
