//! What holds whatever is watched and in whatever order it comes.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

mod support;

use std::collections::BTreeMap;

use alarm::StateValue;
use metric::{Statistic, Summary, Unit};
use monitor::{About, Change, Command, Monitor};
use proptest::prelude::*;
use proptest::sample::Index;
use support::oracle;
use support::world::{self, Delivery, SETTLED, START, World, apply};

/// What all alarms' evaluations come to, and their states.
type Outcome = (Vec<(String, Option<monitor::Verdicts>)>, Vec<StateValue>);

fn outcome(monitor: &Monitor, world: &World) -> Outcome {
    let verdicts = world
        .alarms
        .iter()
        .map(|alarm| (alarm.arn.clone(), monitor.verdicts(&alarm.arn, START - SETTLED, START + 2 * SETTLED)));
    (verdicts.collect(), monitor.alarms().map(|alarm| alarm.state).collect())
}

/// All observations of each slot.
fn slots(changes: &[Change]) -> BTreeMap<(String, Unit, i64, u32), Summary> {
    let mut slots = BTreeMap::new();
    for change in changes {
        if let Change::Observed { metric, unit, start, length, added } = change {
            let slot: &mut Summary = slots.entry((metric.to_string(), *unit, *start, *length)).or_default();
            slot.merge(added);
        }
    }
    slots
}

/// What happened to alarms, without what follows for notifications.
fn history(changes: &[Change]) -> Vec<&Change> {
    let is_history =
        |change: &&Change| matches!(change, Change::State(_) | Change::LateEpisode(_) | Change::Revised(_));
    changes.iter().filter(is_history).collect()
}

/// Each part of an ingest and each datum by itself.
fn in_pieces(commands: &[Command]) -> Vec<Command> {
    commands.iter().flat_map(world::pieces).collect()
}

fn assert_children_and_parents_agree(monitor: &Monitor, world: &World) {
    let states: BTreeMap<String, StateValue> =
        monitor.alarms().map(|alarm| (alarm.name.to_owned(), alarm.state)).collect();
    for composite in &world.composites {
        let wanted = composite.definition.rule.state(|child| states.get(child.name()).copied());
        assert_eq!(states[&composite.definition.name], wanted, "{}", composite.definition.name);
    }
}

/// How episodes were told over time.
#[derive(Default)]
struct Told {
    /// Evaluations that people know of: first and last.
    known: Vec<(i64, i64)>,
    /// How many notifications of `ALARM` there were.
    count: usize,
    /// How often two episodes became one.
    joins: usize,
    episodes: Vec<(i64, i64)>,
    /// When people were told last, in milliseconds since 1970.
    at: Option<i64>,
}

fn meet(one: (i64, i64), other: (i64, i64)) -> bool {
    one.0 <= other.1 && other.0 <= one.1
}

impl Told {
    fn take(&mut self, changes: &[Change], monitor: &Monitor, arn: &str) {
        let verdicts = monitor.verdicts(arn, START - SETTLED, START + 2 * SETTLED).unwrap_or_default();
        let alarms = verdicts.into_iter().filter(|(.., state)| *state == StateValue::Alarm);
        let episodes: Vec<(i64, i64)> = alarms.map(|(first, last, _)| (first, last)).collect();
        let told: Vec<(i64, i64)> =
            changes.iter().filter_map(|change| notified(change, arn, &episodes)).collect();
        for one in &told {
            assert!(!self.known.iter().any(|known| meet(*known, *one)), "told twice: {one:?}");
            self.known.push(*one);
        }
        self.count += told.len();
        self.news(changes);
        for episode in &episodes {
            assert!(self.known.iter().any(|known| meet(*known, *episode)), "never told: {episode:?}");
            let before = self.episodes.iter().filter(|before| meet(**before, *episode)).count();
            self.joins += before.saturating_sub(1);
        }
        self.known.extend(&episodes);
        self.episodes = episodes;
    }
}

impl Told {
    /// Once in five minutes.
    fn news(&mut self, changes: &[Change]) {
        for change in changes {
            let Change::Queued(notification) = change else { continue };
            let (is_news, tells) = match &notification.about {
                About::News(_) => (true, true),
                About::LateEpisode(_) => (false, true),
                About::State(change) => (false, change.to == StateValue::Alarm),
                About::Reminder(_) | About::Summary(_) => continue,
            };
            let pause = self.at.map_or(i64::MAX, |at| notification.queued_at - at);
            assert!(!is_news || pause >= 300_000, "news after {pause} ms");
            self.at = if tells { Some(notification.queued_at) } else { self.at };
        }
    }
}

/// The episode that a notification tells.
fn notified(change: &Change, arn: &str, episodes: &[(i64, i64)]) -> Option<(i64, i64)> {
    let Change::Queued(notification) = change else { return None };
    match &notification.about {
        About::State(change) if change.to == StateValue::Alarm && &*change.alarm == arn => {
            let end = change.judged.as_ref().unwrap().window.end;
            Some(*episodes.iter().find(|episode| meet(**episode, (end, end))).unwrap_or(&(end, end)))
        }
        About::LateEpisode(episode) if &*episode.alarm == arn => Some((episode.first_end, episode.last_end)),
        _ => None,
    }
}

/// Tells the story of one alarm, and how its episodes were told.
fn told(world: &World, deliveries: &[Delivery]) -> Told {
    let mut monitor = Monitor::new();
    let mut told = Told::default();
    let arn = &world.alarms[0].arn;
    for command in world.commands(deliveries) {
        let changes = monitor.apply(&command);
        told.take(&changes, &monitor, arn);
    }
    told
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(600) })]

    #[test]
    fn the_same_commands_make_the_same_changes(world in world::any(), deliveries in world::deliveries(), cut: Index) {
        let commands = world.commands(&deliveries);
        let (mut one, mut other) = (Monitor::new(), Monitor::new());
        prop_assert_eq!(apply(&mut one, &commands), apply(&mut other, &commands));
        // All that a monitor knows is in it.
        let (before, after) = commands.split_at(cut.index(commands.len()));
        let mut first = Monitor::new();
        apply(&mut first, before);
        let mut copy = first.clone();
        prop_assert_eq!(apply(&mut first, after), apply(&mut copy, after));
    }

    #[test]
    fn batches_make_no_difference(world in world::any(), deliveries in world::deliveries()) {
        let commands = world.commands(&deliveries);
        let (mut whole, mut parted) = (Monitor::new(), Monitor::new());
        let changes = apply(&mut whole, &commands);
        let more = apply(&mut parted, &in_pieces(&commands));
        prop_assert_eq!(slots(&changes), slots(&more));
        prop_assert_eq!(outcome(&whole, &world), outcome(&parted, &world));
    }

    /// Whatever was delivered when, and how often.
    #[test]
    fn verdicts_are_those_of_all_that_was_observed(world in world::any(), deliveries in world::deliveries()) {
        let mut monitor = Monitor::new();
        apply(&mut monitor, &world.commands(&deliveries));
        for (alarm, state) in world.alarms.iter().zip(monitor.alarms()) {
            let wanted = oracle::verdicts(&alarm.definition, &world.observations(&deliveries));
            let (first, last) = (wanted[0].0, wanted[wanted.len() - 1]);
            let got = monitor.verdicts(&alarm.arn, first, last.1).unwrap();
            prop_assert_eq!(got, wanted, "{}", alarm.arn);
            prop_assert_eq!(state.state, last.2, "{}", alarm.arn);
        }
        assert_children_and_parents_agree(&monitor, &world);
    }

    #[test]
    fn each_episode_is_told_and_none_twice(world in world::accumulating(), deliveries in world::deliveries()) {
        told(&world, &deliveries);
    }

    #[test]
    fn in_order_each_episode_is_told_once(world in world::accumulating(), deliveries in world::in_order()) {
        let told = told(&world, &deliveries);
        prop_assert_eq!(told.count, told.episodes.len());
    }

    /// Where each observation is a breach, so that late ones can but enlarge and join episodes.
    #[test]
    fn each_episode_is_told_once_but_for_those_that_were_joined(
        world in world::accumulating(), deliveries in world::deliveries(),
    ) {
        let world = world.with_threshold(0.5).without_zeros();
        let told = told(&world, &deliveries.iter().map(Delivery::without_zero).collect::<Vec<_>>());
        prop_assert_eq!(told.count, told.episodes.len() + told.joins);
    }

    #[test]
    fn it_makes_no_difference_how_often_time_is_told(world in world::any(), deliveries in world::early()) {
        let mut often = Monitor::new();
        apply(&mut often, &world.commands_of(&deliveries));
        let mut seldom = often.clone();
        let end = START + SETTLED;
        let ticks: Vec<Command> =
            (START..=end).step_by(world.step()).skip(1).map(|time| Command::Tick(time * 1000)).collect();
        let one = apply(&mut often, &ticks);
        let other = apply(&mut seldom, ticks.last().into_iter());
        prop_assert_eq!(history(&one), history(&other));
        prop_assert_eq!(outcome(&often, &world), outcome(&seldom, &world));
    }

    #[test]
    fn no_time_is_too_strange(world in world::any(), commands in world::hostile()) {
        let mut monitor = Monitor::new();
        monitor.apply(&world.configure());
        let changes = apply(&mut monitor, &commands);
        for change in &changes {
            if let Change::State(change) = change {
                prop_assert!(!change.reason.to_string().is_empty());
            }
        }
        prop_assert!(monitor.verdicts(&world.alarms[0].arn, i64::MIN, i64::MAX).is_some());
    }
}

#[test]
fn the_oracle_knows_its_statistics() {
    let observations = [3.0, 1.0, 2.0];
    let value = |text: &str| oracle::value(&observations, &Statistic::parse(text).unwrap());
    assert_eq!(
        ["Sum", "SampleCount", "Average", "Minimum", "Maximum", "p50", "p99"].map(value),
        [6.0, 3.0, 2.0, 1.0, 3.0, 2.0, 3.0]
    );
}
