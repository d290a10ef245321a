//! Whoever stops after any command, loads and goes on gets the same changes as if it had never stopped.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

mod support;

use std::sync::Arc;

use alarm::StateValue;
use monitor::{
    Change, Command, Evidence, LoadError, Match, Monitor, Notification, PartKey, Stored, Verdicts,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;
use support::store::Store;
use support::world::{self, START, World};

/// What one can see of a monitor: the states, the verdicts of all alarms, and what is due at some times.
type View = (Vec<(String, StateValue)>, Vec<Option<Verdicts>>, Vec<Vec<Arc<Notification>>>);

fn view(monitor: &Monitor, world: &World) -> View {
    let states = monitor.alarms().map(|alarm| (alarm.arn.to_owned(), alarm.state)).collect();
    let verdicts = |alarm: &monitor::MetricAlarm| monitor.verdicts(&alarm.arn, i64::MIN / 2, i64::MAX / 2);
    let due = |days: i64| monitor.due((START + days * 86_400) * 1000).map(Arc::clone).collect();
    let far = monitor.due(i64::MAX).map(Arc::clone).collect();
    let due = (0..3).map(due).chain([far]).collect();
    (states, world.alarms.iter().map(verdicts).collect(), due)
}

/// Gives the commands to one monitor that never stops and one that stops where `stops` says, and compares all that they say.
fn compare(world: &World, commands: &[Command], stops: &[bool], forgets: bool) {
    let mut store = Store::default();
    store.forgets = forgets;
    let (mut steady, mut stopping) = (Monitor::new(), Monitor::new());
    let mut queued = Vec::new();
    for (number, command) in commands.iter().enumerate() {
        let command = retried(&store.prepared(command), &queued);
        let wanted = steady.apply(&command);
        let got = stopping.apply(&command);
        assert_eq!(got, wanted, "command {number}: {command:?}");
        queued.extend(got.iter().filter_map(|change| match change {
            Change::Queued(notification) => Some(Arc::clone(notification)),
            _ => None,
        }));
        store.write(&command, &got, &mut stopping);
        if stops[number % stops.len()] {
            stopping = store.load();
        }
        assert_eq!(view(&stopping, world), view(&steady, world), "after command {number}: {command:?}");
    }
}

/// A delivery by an id beyond all is a retry of what was queued.
fn retried(command: &Command, queued: &[Arc<Notification>]) -> Command {
    match command {
        Command::Delivery { notification, .. } if *notification >= world::RETRIES => {
            let number = *notification as usize % queued.len().max(1);
            queued
                .get(number)
                .map_or(Command::Tick(0), |notification| Command::Retry(Arc::clone(notification)))
        }
        command => command.clone(),
    }
}

/// The commands with others between them.
fn mixed(commands: Vec<Command>, others: Vec<(Index, Command)>) -> Vec<Command> {
    let mut list: Vec<(usize, Command)> = commands.into_iter().enumerate().collect();
    let count = list.len();
    list.extend(others.into_iter().map(|(place, command)| (place.index(count), command)));
    list.sort_by_key(|(place, _)| *place);
    list.into_iter().map(|(_, command)| command).collect()
}

fn stops() -> impl Strategy<Value = Vec<bool>> {
    prop_oneof![Just(vec![true]), vec(any::<bool>(), 1..7), vec(proptest::bool::weighted(0.1), 1..40)]
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn stopping_makes_no_difference(
        (world, others) in world::any().prop_flat_map(|world| (Just(world.clone()), world::others(world))),
        deliveries in world::deliveries(), stops in stops(), forgets: bool,
    ) {
        compare(&world, &mixed(world.commands(&deliveries), others), &stops, forgets);
    }

    #[test]
    fn stopping_makes_no_difference_over_weeks(
        (world, others) in world::any().prop_flat_map(|world| (Just(world.clone()), world::others(world))),
        weeks in world::weeks(), stops in stops(), forgets: bool,
    ) {
        let mut commands = vec![world.configure()];
        commands.extend(weeks);
        compare(&world, &mixed(commands, others), &stops, forgets);
    }

    #[test]
    fn stopping_makes_no_difference_in_storms(
        (world, others) in (3..14_usize).prop_flat_map(|count| {
            let world = world::many(count);
            (Just(world.clone()), world::others(world))
        }),
        deliveries in world::deliveries(), stops in stops(),
    ) {
        compare(&world, &mixed(world.commands(&deliveries), others), &stops, true);
    }

    #[test]
    fn stopping_makes_no_difference_at_strange_times(
        (world, others) in world::any().prop_flat_map(|world| (Just(world.clone()), world::others(world))),
        hostile in world::hostile(), stops in stops(),
    ) {
        let mut commands = vec![world.configure()];
        commands.extend(hostile);
        compare(&world, &mixed(commands, others), &stops, false);
    }
}

/// One record of somebody.
fn ingest(time: i64, who: &str) -> Command {
    let evidence =
        Evidence { principal: who.into(), key: Some(format!("key of {who}")), ..Evidence::default() };
    let observation = metric::Observation { value: metric::MetricValue::ONE, dimensions: Vec::new() };
    let found = Match {
        record: None,
        time,
        observations: vec![(0, observation)],
        evidence: Some(Arc::new(evidence)),
    };
    Command::Ingest(monitor::Ingest { matches: vec![found], unmatched: Vec::new() })
}

#[test]
fn an_alarm_is_saved_only_when_something_happened_to_it() {
    let world = world::many(1000);
    let (mut store, mut monitor) = (Store::default(), Monitor::new());
    let mut step = |command: Command| {
        let changes = monitor.apply(&command);
        store.write(&command, &changes, &mut monitor)
    };
    assert_eq!(step(world.configure()), 1001);
    // The first evaluation is one to remember.
    let minute = |number: i64| Command::Tick((START + number * 60) * 1000);
    assert_eq!(step(minute(0)), 1001);
    assert_eq!((1..1440).map(|number| step(minute(number))).max(), Some(1));
    assert_eq!(step(minute(1440)), 1);
    assert_eq!(step(minute(1440)), 0);
    // Each alarm, and a notification of each.
    assert_eq!(step(ingest(START + 86_400, "alice")), 2001);
}

#[test]
fn many_names_are_saved_in_shares() {
    let world = world::many(1);
    let (mut store, mut monitor) = (Store::default(), Monitor::new());
    let mut counts = Vec::new();
    let mut commands = vec![world.configure(), Command::Tick(START * 1000)];
    commands.extend((0..200).map(|number| ingest(START, &format!("user {number}"))));
    commands.push(ingest(START, "user 7"));
    for command in &commands {
        let changes = monitor.apply(command);
        counts.push(store.write(command, &changes, &mut monitor));
    }
    assert_eq!(counts[3..130].iter().max(), Some(&1));
    assert!(counts.contains(&65), "once all shares are written");
    assert_eq!(counts[counts.len() - 1], 3, "later only those of the principal and of the key");
    let mut loaded = store.load();
    let late = ingest(START + 1, "user 150");
    assert_eq!(loaded.apply(&late), monitor.apply(&late));
    // A name that was lost would be news.
    let later = Command::Tick((START + 600) * 1000);
    assert_eq!(loaded.apply(&later), monitor.apply(&later));
    // All shares go with the alarm.
    let empty = Command::Configure(Box::default());
    let changes = monitor.apply(&empty);
    store.write(&empty, &changes, &mut monitor);
    assert!(store.keys().iter().all(|key| matches!(key, PartKey::Monitor | PartKey::Notification(_))));
}

#[test]
fn what_cannot_be_read_is_named() {
    let failure = |key: PartKey, state: &str| {
        let monitor = (PartKey::Monitor, r#"{"now":null,"forgotten_at":0,"notifications":0}"#.to_owned());
        let stored = Stored { parts: vec![monitor, (key, state.into())], ..Stored::default() };
        Monitor::load(stored, &monitor::Configuration::default()).unwrap_err().to_string()
    };
    assert_eq!(
        failure(PartKey::Alarm("a".into()), "{"),
        "the part `alarm a` of the monitor can't be read: EOF while parsing an object at line 1 column 1"
    );
    assert_eq!(
        failure(PartKey::Names("a".into(), 3), "[]"),
        "the part `names 3 a` of the monitor can't be read: invalid length 0, expected struct SavedNames with 2 elements \
         at line 1 column 2"
    );
    assert!(failure(PartKey::Notification(3), "{}").starts_with("the part `notification 3` of the monitor"));
    let parts = vec![(PartKey::Notification(1), "{}".to_owned())];
    let error = Monitor::load(Stored { parts, ..Stored::default() }, &monitor::Configuration::default());
    assert!(matches!(error, Err(LoadError { part: PartKey::Notification(1), .. })));
    assert!("names x a".parse::<PartKey>().is_err());
}
