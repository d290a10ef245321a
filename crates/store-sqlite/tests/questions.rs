//! What was written is what is answered.

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

use std::sync::Arc;

use monitor::{About, Change, Evidence, Part, PartKey, Revised, Untold};
use store_sqlite::{
    Batch, Checkpoint, HistoryKind, OutboxState, Problem, SeenBefore, SourceRow, StoredTemplate, Version,
};
use support::*;

#[test]
fn who_is_behind_an_alarm_in_a_window() {
    let folder = Folder::new();
    let mut store = folder.store();
    let (one, other) = (metric("One"), metric("Other"));
    let denied = evidence("arn:aws:iam::111122223333:user/eve", Some("k"), Some("AccessDenied"));
    let fine = evidence("arn:aws:iam::111122223333:user/bob", None, None);
    changes(
        &mut store,
        &[
            matched(&[&one], (1, NOW), &denied),
            matched(&[&one, &other], (2, NOW + 1), &denied),
            matched(&[&other], (3, NOW + 2), &fine),
            matched(&[&one], (4, NOW + 60), &denied),
        ],
    );
    let questions = store.questions();
    let both = [Arc::clone(&one), Arc::clone(&other)];
    let rows = questions.evidence(&both, (NOW, NOW + 60), 10).unwrap();
    let seen: Vec<(Option<u128>, i64, &Evidence)> =
        rows.iter().map(|row| (row.record, row.time, &row.evidence)).collect();
    assert_eq!(seen, [(Some(3), NOW + 2, &fine), (Some(2), NOW + 1, &denied), (Some(1), NOW, &denied)]);
    assert_eq!(questions.evidence(&both, (NOW, NOW + 60), 1).unwrap(), rows[..1]);
    assert_eq!(questions.evidence_count(&both, NOW, NOW + 60).unwrap(), 3);
    assert_eq!(questions.evidence_count(&both[..1], NOW, NOW + 61).unwrap(), 3);
    assert_eq!(questions.evidence_count(&[metric("Nothing")], NOW, NOW + 61).unwrap(), 0);
    let groups = questions.evidence_groups(&both, (NOW, NOW + 61), 10).unwrap();
    let groups: Vec<_> =
        groups.iter().map(|group| (&group.evidence, group.count, group.first, group.last)).collect();
    assert_eq!(groups, [(&denied, 3, NOW, NOW + 60), (&fine, 1, NOW + 2, NOW + 2)]);
}

#[test]
fn a_record_is_evidence_once_also_beyond_what_a_monitor_remembers() {
    let folder = Folder::new();
    let mut store = folder.store();
    let (one, other) = (metric("One"), metric("Other"));
    let who = evidence("p", None, Some("AccessDenied"));
    changes(&mut store, &[matched(&[&one], (1, NOW), &who)]);
    changes(&mut store, &[matched(&[&one, &other], (1, NOW), &who)]);
    let unnamed = Change::Matched {
        record: None,
        time: NOW,
        filters: Vec::new(),
        metrics: vec![Arc::clone(&one)],
        evidence: Arc::new(who),
    };
    assert_eq!(store.questions().evidence_count(&[Arc::clone(&one)], NOW, NOW + 1).unwrap(), 1);
    assert_eq!(store.questions().evidence_count(&[Arc::clone(&other)], NOW, NOW + 1).unwrap(), 1);
    changes(&mut store, &[unnamed.clone(), unnamed]);
    assert_eq!(store.questions().evidence_count(&[one], NOW, NOW + 1).unwrap(), 3);
}

#[test]
fn how_often_somebody_failed_before() {
    let folder = Folder::new();
    let mut store = folder.store();
    let one = metric("One");
    let failed = |key| evidence("p", key, Some("AccessDenied"));
    changes(
        &mut store,
        &[
            matched(&[&one], (1, NOW - 40 * DAY), &failed(Some("k"))),
            matched(&[&one], (2, NOW - 3 * DAY), &failed(Some("k"))),
            matched(&[&one], (3, NOW - DAY), &Evidence { operation: "Encrypt".into(), ..failed(Some("k")) }),
            matched(&[&one], (4, NOW - DAY), &evidence("p", Some("k"), None)),
            matched(&[&one], (5, NOW - DAY), &failed(None)),
            matched(&[&one], (6, NOW), &failed(Some("k"))),
        ],
    );
    let seen = |principal, key| store.questions().seen_before(principal, key, NOW, NOW - 30 * DAY).unwrap();
    let known_since = Some(NOW - 40 * DAY);
    assert_eq!(seen("p", Some("k")), SeenBefore { failures: 2, last: Some(NOW - DAY), known_since });
    assert_eq!(seen("p", None), SeenBefore { failures: 1, last: Some(NOW - DAY), known_since });
    assert_eq!(seen("p", Some("")), SeenBefore { failures: 0, last: None, known_since });
    assert_eq!(seen("q", Some("k")), SeenBefore { failures: 0, last: None, known_since });
}

#[test]
fn how_far_files_have_been_read() {
    let folder = Folder::new();
    let mut store = folder.store();
    let (first, second) = (checkpoint(b"a/1.json.gz", 7), checkpoint(b"a/\xff\0 2.json.gz", 8));
    let checkpoints = [first.clone(), second.clone()];
    write(&mut store, &Batch { checkpoints: &checkpoints, ..Batch::default() });
    let questions = store.questions();
    assert_eq!(questions.checkpoint("trail", "a/1.json.gz").unwrap(), Some(first.clone()));
    assert_eq!(questions.checkpoint("trail", b"a/\xff\0 2.json.gz").unwrap(), Some(second.clone()));
    assert_eq!(questions.checkpoint("other", "a/1.json.gz").unwrap(), None);
    assert_eq!(questions.checkpoint("trail", "a/1.json").unwrap(), None);
    assert_eq!(questions.checkpoint_by_identity(66_306, 8).unwrap(), [second]);
    assert_eq!(questions.checkpoint_by_identity(1, 8).unwrap(), []);
    let largest = Version { length: u64::MAX, modified_ns: i64::MIN, device: u64::MAX, inode: u64::MAX };
    let changed = Checkpoint {
        version: largest,
        taken: u64::MAX,
        complete: false,
        read_at: 5,
        content: u128::MAX,
        ..first
    };
    write(&mut store, &Batch { checkpoints: std::slice::from_ref(&changed), ..Batch::default() });
    let questions = store.questions();
    assert_eq!(questions.checkpoint("trail", "a/1.json.gz").unwrap(), Some(changed.clone()));
    assert_eq!(questions.checkpoint_by_identity(u64::MAX, u64::MAX).unwrap(), [changed]);
    assert_eq!(questions.checkpoint_by_identity(66_306, 7).unwrap(), []);
    let source = SourceRow { name: "trail".into(), files: 2, read_at: NOW * 1000 };
    assert_eq!(questions.sources().unwrap(), [source]);
}

#[test]
fn what_happened_to_alarms() {
    let folder = Folder::new();
    let mut store = folder.store();
    let (a, b): (Arc<str>, Arc<str>) = ("arn:a".into(), "arn:b".into());
    let revised = Revised {
        alarm: Arc::clone(&a),
        first_end: 60,
        last_end: 120,
        was: alarm::StateValue::Alarm,
        is: alarm::StateValue::InsufficientData,
        at: 77,
    };
    changes(
        &mut store,
        &[
            Change::AlarmCreated { alarm: Arc::clone(&a) },
            Change::AlarmCreated { alarm: Arc::clone(&b) },
            Change::Revised(revised),
            Change::Untold { alarm: Arc::clone(&a), why: Untold::NoSubscriber("arn:t\"\0".into()) },
        ],
    );
    let questions = store.questions();
    let of_a = questions.history(Some("arn:a"), 10).unwrap();
    let kinds: Vec<HistoryKind> = of_a.iter().map(|row| row.kind).collect();
    assert_eq!(kinds, [HistoryKind::Untold, HistoryKind::Revised, HistoryKind::Created]);
    assert_eq!(of_a[0].detail, r#"{"topic":"arn:t\"\u0000","why":"no subscriber"}"#);
    assert_eq!(
        (of_a[1].was, of_a[1].became, of_a[1].at),
        (Some(alarm::StateValue::Alarm), Some(alarm::StateValue::InsufficientData), 77)
    );
    assert_eq!(questions.history(None, 10).unwrap().len(), 4);
    assert_eq!(questions.history(None, 1).unwrap()[0], of_a[0]);
    assert_eq!(questions.last_change("arn:a").unwrap(), None);
    assert_eq!(questions.defined_at("arn:a").unwrap(), Some(NOW * 1000));
    assert_eq!(questions.defined_at("arn:c").unwrap(), None);
    let update = [Change::AlarmUpdated { alarm: a }];
    write(&mut store, &Batch { now: 5, changes: &update, ..Batch::default() });
    assert_eq!(store.questions().defined_at("arn:a").unwrap(), Some(5));
}

#[test]
fn what_becomes_of_notifications() {
    let folder = Folder::new();
    let mut store = folder.store();
    let queued: Vec<Change> = (0..4)
        .map(|id| Change::Queued(Arc::new(notification(id, "soc@example.org", news("arn:a")))))
        .collect();
    changes(&mut store, &queued);
    let mut writing = store.begin().unwrap();
    let became = [
        Change::Postponed { notification: 0, attempts: 1, until: 99, reason: "421 later".into() },
        Change::Delivered { notification: 0 },
        Change::Postponed { notification: 1, attempts: 3, until: 98, reason: "busy".into() },
        Change::GivenUp { notification: 2, reason: "550 no".into() },
        Change::Delivered { notification: 1000 },
    ];
    writing.write(&Batch { now: 6, changes: &became, ..Batch::default() }).unwrap();
    writing.story(3, r#"{"told":"\u0000"}"#).unwrap();
    assert_eq!(writing.questions().depth().unwrap().waiting, 2);
    writing.commit().unwrap();
    let questions = store.questions();
    let state = |id| {
        let row = questions.notification(id).unwrap().unwrap();
        (row.state, row.attempts, row.next_attempt, row.closed_at, row.reason)
    };
    assert_eq!(state(0), (OutboxState::Delivered, 2, None, Some(6), Some("421 later".into())));
    assert_eq!(state(1), (OutboxState::Waiting, 3, Some(98), None, Some("busy".into())));
    assert_eq!(state(2), (OutboxState::Dead, 1, None, Some(6), Some("550 no".into())));
    assert_eq!(questions.notification(3).unwrap().unwrap().story.as_deref(), Some(r#"{"told":"\u0000"}"#));
    assert_eq!(questions.notification(1000).unwrap(), None);
    let ids = |states: &[OutboxState]| -> Vec<u64> {
        questions.outbox(states, 10).unwrap().iter().map(|row| row.id).collect()
    };
    assert_eq!(ids(&[OutboxState::Waiting]), [1, 3]);
    assert_eq!(ids(&[OutboxState::Dead, OutboxState::Delivered]), [2, 0]);
    let depth = questions.depth().unwrap();
    assert_eq!((depth.waiting, depth.oldest, depth.dead), (2, Some(NOW * 1000 + 1), 1));
    let retried = [Change::Queued(Arc::new(notification(2, "soc@example.org", news("arn:a"))))];
    changes(&mut store, &retried);
    let row = store.questions().notification(2).unwrap().unwrap();
    assert_eq!(
        (row.state, row.attempts, row.closed_at, row.reason),
        (OutboxState::Waiting, 0, None, Some("550 no".into()))
    );
}

#[test]
fn a_story_of_no_notification_undoes_its_transaction() {
    let folder = Folder::new();
    let mut store = folder.store();
    let mut writing = store.begin().unwrap();
    writing.write(&Batch { counters: &[("records", 5)], ..Batch::default() }).unwrap();
    let error = writing.story(5, "{}").unwrap_err();
    assert_eq!(error.to_string(), "the database doesn't answer: there is no notification 5");
    assert_eq!(writing.write(&Batch::default()), Err(error.clone()));
    assert_eq!(writing.commit(), Err(error));
    assert_eq!(store.questions().counters().unwrap(), []);
}

#[test]
fn which_mails_a_mail_belongs_to() {
    let folder = Folder::new();
    let mut store = folder.store();
    let told = |id, endpoint, about: About| Change::Queued(Arc::new(notification(id, endpoint, about)));
    let state = |alarm: &str, to| {
        About::State(Arc::new(monitor::StateChange {
            alarm: alarm.into(),
            name: "a".into(),
            from: alarm::StateValue::InsufficientData,
            to,
            at: NOW * 1000,
            reason: alarm::StateReason::InitialCreation,
            judged: None,
        }))
    };
    use alarm::StateValue::{Alarm, Ok};
    changes(
        &mut store,
        &[
            told(0, "x", state("a", Alarm)),
            told(1, "x", state("a", Ok)),
            told(2, "x", state("a", Alarm)),
            told(3, "y", state("a", Alarm)),
            told(4, "x", state("b", Alarm)),
            told(5, "x", news("a")),
            told(6, "x", state("a", Ok)),
        ],
    );
    let earlier =
        |endpoint, alarm, before| store.questions().earlier(&subscription(endpoint), alarm, before).unwrap();
    assert_eq!(earlier("x", "a", 6), [2, 5]);
    assert_eq!(earlier("x", "a", 2), [0, 1]);
    assert_eq!(earlier("x", "a", 0), [0_u64; 0]);
    assert_eq!(earlier("z", "a", 6), [0_u64; 0]);
    let about = |alarm, limit| -> Vec<u64> {
        store.questions().told(alarm, limit).unwrap().iter().map(|row| row.id).collect()
    };
    assert_eq!((about("a", 3), about("b", 9), about("c", 9)), (vec![6, 5, 3], vec![4], vec![]));
}

#[test]
fn what_is_summed_up_stands_in_the_letter_that_tells_it() {
    let folder = Folder::new();
    let mut store = folder.store();
    let state = |to| {
        About::State(Arc::new(monitor::StateChange {
            alarm: "a".into(),
            name: "a".into(),
            from: alarm::StateValue::InsufficientData,
            to,
            at: NOW * 1000,
            reason: alarm::StateReason::InitialCreation,
            judged: None,
        }))
    };
    let summary = About::Summary(Arc::new(monitor::Summary {
        kind: monitor::SummaryKind::Storm,
        state: alarm::StateValue::Alarm,
        from: 0,
        to: 0,
        alarms: 1,
        notifications: 2,
        beyond: 0,
        items: Vec::new(),
    }));
    let letter = |id, about| Arc::new(notification(id, "x", about));
    let into = letter(2, summary);
    let all = [
        Change::Queued(letter(0, state(alarm::StateValue::Alarm))),
        Change::Queued(letter(1, news("a"))),
        Change::Queued(Arc::clone(&into)),
        Change::Summed { into, covers: vec![0, 1] },
        Change::Queued(letter(3, state(alarm::StateValue::Ok))),
    ];
    changes(&mut store, &all);
    let questions = store.questions();
    assert_eq!(questions.earlier(&subscription("x"), "a", 3).unwrap(), [2]);
    let rows = questions.outbox(&[OutboxState::Waiting, OutboxState::Summed], 9).unwrap();
    let rows: Vec<_> = rows.iter().map(|row| (row.id, row.state, row.summed, row.alarm.as_deref())).collect();
    use OutboxState::{Summed, Waiting};
    let expected = [
        (2, Waiting, None, None),
        (3, Waiting, None, Some("a")),
        (1, Summed, Some(2), Some("a")),
        (0, Summed, Some(2), Some("a")),
    ];
    assert_eq!(rows, expected);
}

#[test]
fn the_rest() {
    let folder = Folder::new();
    let mut store = folder.store();
    let problem = |offset| Problem {
        time: NOW * 1000,
        source: "trail".into(),
        path: b"\xff\0".to_vec(),
        offset,
        reason: "no JSON\0".into(),
    };
    let template =
        StoredTemplate { name: "t.yaml".into(), text: "a\0".into(), settings: "{}".into(), applied_at: 4 };
    let part = |key, state: Option<&str>| Part { key, state: state.map(Into::into) };
    let parts = [
        part(PartKey::Monitor, Some("{}")),
        part(PartKey::Alarm("a\0".into()), Some("1")),
        part(PartKey::CompositeAlarm("a\0".into()), Some("2")),
        part(PartKey::Notification(u64::MAX), Some("3")),
        part(PartKey::Notification(2), Some("4")),
        part(PartKey::Notification(3), Some("5")),
        part(PartKey::Notification(3), None),
    ];
    assert_eq!(store.template().unwrap(), None);
    write(
        &mut store,
        &Batch {
            problems: &[problem(None), problem(Some(u64::MAX))],
            counters: &[("records", 5), ("files", u64::MAX), ("records", 6), ("files", 1)],
            template: Some(&template),
            parts: &parts,
            ..Batch::default()
        },
    );
    let questions = store.questions();
    assert_eq!(questions.problems(10).unwrap(), [problem(Some(u64::MAX)), problem(None)]);
    let totals = [("files".to_owned(), u64::MAX / 2), ("records".to_owned(), 11)];
    assert_eq!(questions.counters().unwrap(), totals);
    assert_eq!(store.template().unwrap(), Some(template));
    let size = questions.size().unwrap();
    assert!(size.database > 0 && size.log > 0 && size.path == folder.database(), "{size:?}");
    let loaded = store.load().unwrap().parts;
    let written = parts.iter().filter(|part| part.key != PartKey::Notification(3));
    for part in written {
        assert!(loaded.contains(&(part.key.clone(), part.state.clone().unwrap())), "{part:?}");
    }
    assert_eq!(loaded.len(), 5);
}
