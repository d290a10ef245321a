//! When each alarm would have fired: the observations of past logs, played through the monitor in the order of time.

mod past;
mod unmatched;
mod what_if;

use std::collections::HashMap;
use std::sync::Arc;

use alarm::definition::MetricIdentity;
use chain::Chain;
use metric::{Dimension, Transformation};
use monitor::{About, Change, Command, Configuration, Monitor, StateChange, Untold};

use crate::report::Stream;
pub(crate) use past::Past;
pub(crate) use unmatched::Unmatched;
pub(crate) use what_if::{Choice, Outcome, outcomes};

/// What became of one alarm.
#[derive(Debug, Clone)]
pub(crate) struct History {
    /// Its name.
    pub(crate) name: Arc<str>,
    /// What it is for; may be empty.
    pub(crate) description: String,
    /// Its state at the end.
    pub(crate) state: alarm::StateValue,
    /// What happened to it, in the order of time.
    pub(crate) changes: Vec<Told>,
    /// How many further changes there were, beyond [`MAX_CHANGES`].
    pub(crate) more: u64,
    /// How often it went to `ALARM`.
    pub(crate) alarms: u64,
    /// How many notifications its changes would have sent.
    pub(crate) notifications: u64,
    /// Where the observations that it counts are kept; of a composite alarm, those of all alarms in its rule.
    pub(crate) streams: Vec<u32>,
    /// The alarms in the rule of a composite alarm, as places among the histories.
    children: Vec<usize>,
}

/// A state change.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    /// When, in seconds since 1970.
    pub(crate) at: i64,
    pub(crate) from: alarm::StateValue,
    pub(crate) to: alarm::StateValue,
    /// Why, in CloudWatch's words.
    pub(crate) reason: Box<str>,
    /// The periods that it is about, in seconds since 1970: N periods, and those before that had to be looked at. Of a composite
    /// alarm that goes to `ALARM`, those that made the alarms in its rule go there that are in `ALARM`; `None` if none is.
    pub(crate) window: Option<(i64, i64)>,
    /// How many notifications it would have sent: one to each subscriber of each topic, and one to each action that isn't
    /// known better.
    pub(crate) notifications: u64,
}

/// The evaluation of all alarms over a time.
#[derive(Debug, Clone)]
pub(crate) struct Evaluated {
    /// In the order of the template, those on metrics first.
    pub(crate) histories: Vec<History>,
    /// The first and the last second that alarms were evaluated for; `None` if no record has a time.
    pub(crate) span: Option<(i64, i64)>,
}

/// How many state changes are kept, of all alarms together; further ones are counted.
const MAX_CHANGES: usize = 100_000;

impl Past<'_> {
    /// Plays it to the alarms of a configuration. The alarms are as old as the first record, and are evaluated until the end
    /// of the minute of the last one.
    pub(crate) fn play(&self, configuration: &Configuration) -> Evaluated {
        self.play_and_keep(configuration, MAX_CHANGES)
    }

    fn play_and_keep(&self, configuration: &Configuration, max_changes: usize) -> Evaluated {
        let span =
            self.span.map(|(first, last)| (first - first.rem_euclid(60), last - last.rem_euclid(60) + 60));
        let (from, to) = span.unwrap_or_default();
        let mut play = Play::new(configuration, max_changes);
        play.tick(from);
        play.apply(&Command::Configure(Box::new(configuration.clone())));
        for (start, data) in self.between(from, to) {
            play.tick(start);
            play.apply(&Command::PutMetricData(data));
        }
        play.tick(to);
        Evaluated { histories: play.histories, span }
    }
}

struct Play {
    monitor: Monitor,
    histories: Vec<History>,
    /// Of each alarm, by ARN: its place among the histories, and its N periods in seconds.
    places: HashMap<String, (usize, i64)>,
    /// How many further changes are kept.
    room: usize,
}

impl Play {
    fn new(configuration: &Configuration, room: usize) -> Self {
        let mut play = Play { monitor: Monitor::new(), histories: Vec::new(), places: HashMap::new(), room };
        let streams = streams(configuration);
        for alarm in &configuration.alarms {
            let definition = &alarm.definition;
            let condition = &definition.condition;
            let length = i64::from(condition.evaluation_periods) * i64::from(condition.period);
            let numbered = (0_u32..).zip(&streams);
            let own =
                numbered.filter(|(_, (_, metric))| definition.metrics().any(|own| own.metric == *metric));
            let own = own.map(|(number, _)| number).collect();
            play.watch(&alarm.arn, length, History::new(&definition.name, &definition.description, own));
        }
        for alarm in &configuration.composite_alarms {
            let definition = &alarm.definition;
            play.watch(&alarm.arn, 0, History::new(&definition.name, &definition.description, Vec::new()));
        }
        play.find_children(configuration);
        play
    }

    /// Finds the alarms in the rules of composite alarms. Where a rule holds composite alarms, their children are theirs.
    fn find_children(&mut self, configuration: &Configuration) {
        let names: HashMap<Arc<str>, usize> =
            self.histories.iter().enumerate().map(|(place, own)| (Arc::clone(&own.name), place)).collect();
        let rules = configuration.composite_alarms.iter().map(|alarm| &alarm.definition.rule);
        let first = configuration.alarms.len();
        for (place, rule) in (first..).zip(rules) {
            let children = rule.children().iter().filter_map(|child| names.get(child.name()).copied());
            let children: Vec<usize> = children.collect();
            if let Some(history) = self.histories.get_mut(place) {
                history.children = children;
            }
        }
        for place in first..self.histories.len() {
            let below = self.below(place);
            let mut streams: Vec<u32> = below
                .iter()
                .filter_map(|child| self.histories.get(*child))
                .flat_map(|child| child.streams.iter().copied())
                .collect();
            streams.sort_unstable();
            streams.dedup();
            if let Some(history) = self.histories.get_mut(place) {
                history.streams = streams;
            }
        }
    }

    /// The alarms in the rule of a composite alarm, and those in their rules, each once.
    fn below(&self, place: usize) -> Vec<usize> {
        let mut below = vec![place];
        let mut next = 0;
        while let Some(history) = below.get(next).and_then(|place| self.histories.get(*place)) {
            for child in &history.children {
                if !below.contains(child) {
                    below.push(*child);
                }
            }
            next += 1;
        }
        below.split_off(1)
    }

    /// From the earliest to the latest of the periods that made the alarms below a composite alarm go to `ALARM` that are there.
    fn window_below(&self, place: usize) -> Option<(i64, i64)> {
        let below = self.below(place);
        let in_alarm = below.iter().filter_map(|child| self.histories.get(*child));
        let in_alarm = in_alarm.filter(|child| child.state == alarm::StateValue::Alarm);
        let windows = in_alarm.filter_map(|child| child.changes.last()?.window);
        windows.reduce(|(start, end), other| (start.min(other.0), end.max(other.1)))
    }

    fn watch(&mut self, arn: &str, length: i64, history: History) {
        self.places.insert(arn.to_owned(), (self.histories.len(), length));
        self.histories.push(history);
    }

    fn tick(&mut self, seconds: i64) {
        self.apply(&Command::Tick(seconds.saturating_mul(1000)));
    }

    fn apply(&mut self, command: &Command) {
        for change in self.monitor.apply(command) {
            match change {
                Change::State(change) => self.changed(&change),
                Change::Queued(sent) => {
                    if let About::State(change) = &sent.about {
                        self.count(&change.alarm);
                    }
                }
                Change::Untold { alarm, why: Untold::NoSubscriber(_) | Untold::UnknownAction(_) } => {
                    self.count(&alarm);
                }
                _ => {}
            }
        }
    }

    fn changed(&mut self, change: &StateChange) {
        let Some(&(place, length)) = self.places.get(change.alarm.as_ref()) else { return };
        let is_composite_alarm = change.judged.is_none() && change.to == alarm::StateValue::Alarm;
        let window_below = if is_composite_alarm { self.window_below(place) } else { None };
        let Some(history) = self.histories.get_mut(place) else { return };
        history.state = change.to;
        history.alarms += u64::from(change.to == alarm::StateValue::Alarm);
        if self.room == 0 {
            history.more += 1;
        } else {
            self.room -= 1;
            let told = Told::new(change, length);
            history.changes.push(Told { window: told.window.or(window_below), ..told });
        }
    }

    fn count(&mut self, alarm: &str) {
        let place = self.places.get(alarm).map(|(place, _)| *place);
        let Some(history) = place.and_then(|place| self.histories.get_mut(place)) else { return };
        history.notifications += 1;
        if let Some(told) = history.changes.last_mut().filter(|_| history.more == 0) {
            told.notifications += 1;
        }
    }
}

impl History {
    /// Of an alarm to which nothing has happened yet.
    fn new(name: &str, description: &Option<String>, streams: Vec<u32>) -> Self {
        History {
            name: name.into(),
            description: description.clone().unwrap_or_default(),
            state: alarm::StateValue::InsufficientData,
            changes: Vec::new(),
            more: 0,
            alarms: 0,
            notifications: 0,
            streams,
            children: Vec::new(),
        }
    }
}

impl Told {
    /// A change of an alarm whose N periods are `length` seconds.
    fn new(change: &StateChange, length: i64) -> Self {
        let window = change.judged.as_ref().map(|judged| {
            let end = judged.window.end;
            let oldest = judged.evaluation.evaluated.last().map_or(end, |slot| slot.start);
            (oldest.min(end.saturating_sub(length)), end)
        });
        Told {
            at: change.at.div_euclid(1000),
            from: change.from,
            to: change.to,
            reason: change.reason.to_string().into(),
            window,
            notifications: 0,
        }
    }
}

/// The observations that the metric alarms look at, each with its metric, in the order of the metric filters.
pub(crate) fn streams(configuration: &Configuration) -> Vec<(Stream, MetricIdentity)> {
    let mut streams: Vec<(Stream, MetricIdentity)> = Vec::new();
    for (detection, filter) in (0_u32..).zip(&configuration.filters) {
        for metric in configuration.alarms.iter().flat_map(|alarm| alarm.definition.metrics()) {
            let Some(dimensions) = dimensions_of(&filter.transformation, &metric.metric) else { continue };
            let stream = Stream { detection, dimensions };
            if !streams.iter().any(|(known, _)| *known == stream) {
                streams.push((stream, metric.metric.clone()));
            }
        }
    }
    streams
}

/// The dimensions under which a metric filter writes to a metric, in the filter's order; `None` if it doesn't.
fn dimensions_of(transformation: &Transformation, metric: &MetricIdentity) -> Option<Vec<Dimension>> {
    let is_same = metric.namespace == transformation.namespace()
        && metric.name == transformation.name()
        && metric.dimensions.len() == transformation.dimension_names().count();
    let dimension = |name: &str| {
        let value = metric.dimensions.get(name)?;
        Some(Dimension { name: name.to_owned(), value: value.clone() })
    };
    if is_same { transformation.dimension_names().map(dimension).collect() } else { None }
}

/// What a metric filter looks for, in words: the first sentence of what an alarm on its metric is for.
pub(crate) fn words_of(chain: &Chain, filter: u32) -> Option<String> {
    let configuration = &chain.configuration;
    let transformation = &configuration.filters.get(filter as usize)?.transformation;
    let looks = |alarm: &&monitor::MetricAlarm| {
        alarm.definition.metrics().any(|metric| dimensions_of(transformation, &metric.metric).is_some())
    };
    let alarm = configuration.alarms.iter().find(looks)?;
    let description = alarm.definition.description.as_deref()?;
    let sentence = description.split(". ").next().unwrap_or(description).trim().trim_end_matches('.');
    (!sentence.is_empty()).then(|| sentence.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::builtin;

    /// Further changes count in all that is counted.
    #[test]
    fn changes_beyond_the_limit_are_counted() {
        let environment = stack::Environment::new("kmswatch", "111122223333", "eu-west-1");
        let chain =
            chain::read(builtin::TEMPLATE, &environment, filter_pattern::Wildcards::default()).unwrap();
        let streams: Vec<Stream> =
            super::streams(&chain.configuration).into_iter().map(|(stream, _)| stream).collect();
        let observations =
            crate::report::Observations::new(Vec::new(), &streams, &crate::report::Limits::default());
        let past = Past::new(&chain.configuration, &observations, None, Some((0, 0)));
        let (all, cut) = (past.play(&chain.configuration), past.play_and_keep(&chain.configuration, 5));
        let changes = |evaluated: &Evaluated| -> Vec<usize> {
            evaluated.histories.iter().map(|history| history.changes.len()).collect()
        };
        assert_eq!(changes(&all), [1; 12]);
        assert_eq!(changes(&cut), [1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0]);
        for (all, cut) in all.histories.iter().zip(&cut.histories) {
            assert_eq!(cut.changes.len() as u64 + cut.more, 1, "{}", cut.name);
            assert_eq!(
                (cut.state, cut.alarms, cut.notifications),
                (all.state, all.alarms, all.notifications)
            );
        }
    }
}
