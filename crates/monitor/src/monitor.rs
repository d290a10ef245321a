//! The state machine.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use alarm::StateValue;
use metric::{Dimension, MetricId, Resolution, Transformation};

use crate::change::{About, Change, News, Notification, Untold};
use crate::command::{Command, Ingest, Match, MetricDatum, Unmatched};
use crate::composites::{Composites, Outcome};
use crate::configuration::{Configuration, MetricAlarm};
use crate::judge::Scratch;
use crate::metrics::{Addition, Metrics, merged};
use crate::outbox::{Outbox, told_of};
use crate::watch::{Found, Watch, Work};
use crate::{EARLY_LIMIT, LATE_HORIZON, MILLISECONDS};

/// Metric filters, metrics, alarms and notifications as they stand after the commands so far.
#[derive(Debug, Clone, Default)]
pub struct Monitor {
    filters: Vec<Filter>,
    metrics: Metrics,
    watches: Vec<Watch>,
    /// Where each alarm is in `watches`, by ARN.
    places: HashMap<Arc<str>, usize>,
    composites: Composites,
    outbox: Outbox,
    /// Records that were counted, with their times.
    remembered: HashMap<u128, i64>,
    /// In milliseconds since 1970; `None` before the first tick.
    now: Option<i64>,
    /// When old things were forgotten last, in seconds since 1970.
    forgotten_at: i64,
    scratch: Scratch,
}

/// A metric filter that is watched.
#[derive(Debug, Clone)]
struct Filter {
    transformation: Transformation,
    /// The metric that its observations belong to, where they have no dimensions, and its place among those that alarms
    /// look at.
    metric: Option<(Arc<MetricId>, Option<u32>)>,
}

/// An alarm as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmState<'m> {
    /// Its ARN.
    pub arn: &'m str,
    /// Its name.
    pub name: &'m str,
    /// Its state.
    pub state: StateValue,
}

/// What consecutive evaluations of an alarm come to: the end of the first window, the end of the last one (both in seconds
/// since 1970), and the state.
pub type Verdicts = Vec<(i64, i64, StateValue)>;

/// How often old things are forgotten, in seconds.
const FORGET_EVERY: i64 = 86_400;

impl Monitor {
    /// One that watches nothing yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Takes one command, and says what changed.
    pub fn apply(&mut self, command: &Command) -> Vec<Change> {
        let mut changes = Vec::new();
        match command {
            Command::Configure(configuration) => self.configure(configuration, &mut changes),
            Command::Ingest(ingest) => self.ingest(ingest, &mut changes),
            Command::PutMetricData(data) => self.put_metric_data(data, &mut changes),
            Command::Tick(now) if self.now.is_none_or(|before| *now > before) => {
                self.tick(*now, &mut changes)
            }
            Command::Tick(_) => {}
            Command::Delivery { notification, outcome } => {
                changes.extend(self.outbox.attempted(*notification, outcome, self.now()));
            }
        }
        changes
    }

    /// All alarms, those on metrics first.
    pub fn alarms(&self) -> impl Iterator<Item = AlarmState<'_>> {
        let metric_alarms = self.watches.iter().map(|watch| AlarmState {
            arn: &watch.arn,
            name: &watch.name,
            state: watch.state,
        });
        let composites = self.composites.list().iter().map(|composite| AlarmState {
            arn: &composite.arn,
            name: &composite.name,
            state: composite.state,
        });
        metric_alarms.chain(composites)
    }

    /// What the evaluations of a metric alarm come to by what is known now, of all windows that end between `first` and
    /// `last` (seconds since 1970). `None` if there is no such alarm.
    #[must_use]
    pub fn verdicts(&self, alarm: &str, first: i64, last: i64) -> Option<Verdicts> {
        let watch = self.places.get(alarm).and_then(|place| self.watches.get(*place));
        watch.map(|watch| watch.verdicts(first, last))
    }

    /// The notifications that may be attempted at `now` (milliseconds since 1970): of each subscriber the earliest.
    pub fn due(&self, now: i64) -> impl Iterator<Item = &Arc<Notification>> {
        self.outbox.due(now)
    }

    fn now(&self) -> i64 {
        self.now.unwrap_or_default()
    }

    fn seconds(&self) -> Option<i64> {
        self.now.map(|now| now.div_euclid(MILLISECONDS))
    }
}

/// Configuration.
impl Monitor {
    fn configure(&mut self, configuration: &Configuration, changes: &mut Vec<Change>) {
        let mut before: HashMap<Arc<str>, Watch> =
            self.watches.drain(..).map(|watch| (Arc::clone(&watch.arn), watch)).collect();
        let composites_before = self.composites.clone();
        self.watches = configuration
            .alarms
            .iter()
            .map(|alarm| watched(alarm, before.remove(alarm.arn.as_str()), changes))
            .collect();
        self.composites.configure(&configuration.composite_alarms);
        for watch in &self.watches {
            self.composites.note(&watch.name, watch.state);
        }
        composites_changed(&composites_before, &self.composites, changes);
        let mut deleted: Vec<Arc<str>> = before.into_keys().collect();
        deleted.sort();
        changes.extend(deleted.into_iter().map(|alarm| Change::AlarmDeleted { alarm }));
        self.places =
            self.watches.iter().enumerate().map(|(place, watch)| (Arc::clone(&watch.arn), place)).collect();
        self.rewire();
        self.filters =
            configuration.filters.iter().map(|filter| self.filter(&filter.transformation)).collect();
        self.outbox.configure(&configuration.topics);
        self.begin_watches();
        let mut outcomes = Vec::new();
        self.composites.choose_suppressors(self.now(), &mut outcomes);
        if let Some(now) = self.now {
            self.composites.tick(now, &mut outcomes);
        }
        self.take_outcomes(outcomes, changes);
    }

    fn filter(&self, transformation: &Transformation) -> Filter {
        let has_dimensions = transformation.dimension_names().next().is_some();
        let id = transformation.metric(&[]).ok().filter(|_| !has_dimensions);
        let metric = id.map(|id| {
            let place = self.metrics.place(&id);
            (Arc::new(id), place)
        });
        Filter { transformation: transformation.clone(), metric }
    }

    /// Alarms that are new are watched from now on. Before the first tick nobody knows when that is.
    fn begin_watches(&mut self) {
        let Some(now) = self.now else { return };
        let mut found = Vec::new();
        let mut work = Work { metrics: &self.metrics, scratch: &mut self.scratch, found: &mut found };
        for watch in self.watches.iter_mut().filter(|watch| watch.is_new()) {
            watch.begin(now, &mut work);
        }
    }

    /// Finds the metrics of each alarm.
    fn rewire(&mut self) {
        let mut before = std::mem::take(&mut self.metrics);
        for (number, watch) in (0_u32..).zip(&mut self.watches) {
            let condition = &watch.alarm.definition.condition;
            let reach = i64::from(condition.evaluation_range()) * i64::from(condition.period);
            let ids = watch.alarm.definition.metrics().map(|metric| metric_id(&metric.metric));
            let metrics = &mut self.metrics;
            watch.places =
                ids.map(|id| Some(metrics.watch(&Arc::new(id?), (number, reach), &mut before))).collect();
        }
    }
}

fn watched(alarm: &MetricAlarm, before: Option<Watch>, changes: &mut Vec<Change>) -> Watch {
    match before {
        Some(before) if before.alarm == *alarm => before,
        Some(before) => {
            changes.push(Change::AlarmUpdated { alarm: Arc::clone(&before.arn) });
            before.updated(alarm.clone())
        }
        None => {
            let watch = Watch::new(alarm.clone());
            changes.push(Change::AlarmCreated { alarm: Arc::clone(&watch.arn) });
            watch
        }
    }
}

fn composites_changed(before: &Composites, after: &Composites, changes: &mut Vec<Change>) {
    for composite in after.list() {
        match before.find(&composite.arn) {
            None => changes.push(Change::AlarmCreated { alarm: Arc::clone(&composite.arn) }),
            Some(known) if known.alarm != composite.alarm => {
                changes.push(Change::AlarmUpdated { alarm: Arc::clone(&composite.arn) });
            }
            Some(_) => {}
        }
    }
    let gone = before.list().iter().filter(|known| after.find(&known.arn).is_none());
    changes.extend(gone.map(|known| Change::AlarmDeleted { alarm: Arc::clone(&known.arn) }));
}

/// The same metric, as those know it who observe it. `None` for one that no observation can belong to.
fn metric_id(identity: &alarm::definition::MetricIdentity) -> Option<MetricId> {
    let dimensions = identity
        .dimensions
        .iter()
        .map(|(name, value)| Dimension { name: name.clone(), value: value.clone() })
        .collect();
    MetricId::new(identity.namespace.as_str(), identity.name.as_str(), dimensions).ok()
}

/// Observations.
impl Monitor {
    fn ingest(&mut self, ingest: &Ingest, changes: &mut Vec<Change>) {
        let mut additions = Vec::new();
        for found in &ingest.matches {
            self.take_match(found, &mut additions, changes);
        }
        for unmatched in &ingest.unmatched {
            self.take_unmatched(unmatched, &mut additions, changes);
        }
        let touched = self.observe(additions, changes);
        let mut found = Vec::new();
        let now = self.now();
        let mut work = Work { metrics: &self.metrics, scratch: &mut self.scratch, found: &mut found };
        for place in &touched {
            let Some(watch) = self.watches.get_mut(*place as usize) else { continue };
            if watch.alarm.mode == alarm::Mode::Eager {
                watch.revise(now, &mut work);
                watch.judge_eagerly(now, &mut work);
            }
        }
        self.settle(found, changes);
        for place in touched {
            self.tell_news(place as usize, changes);
        }
    }

    fn take_match(&mut self, found: &Match, additions: &mut Vec<Addition>, changes: &mut Vec<Change>) {
        if let Some(record) = found.record
            && self.remembered.contains_key(&record)
        {
            changes.push(Change::Repeated { record });
            return;
        }
        if let Some(evidence) = &found.evidence {
            let filters = found.observations.iter().map(|(filter, _)| *filter).collect();
            changes.push(Change::Matched { time: found.time, filters, evidence: Arc::clone(evidence) });
        }
        if self.is_out_of_reach(found.time) {
            changes.push(Change::OutOfReach { time: found.time });
            return;
        }
        if let Some(record) = found.record {
            self.remembered.insert(record, found.time);
            changes.push(Change::Remembered { record, time: found.time });
        }
        for (filter, observation) in &found.observations {
            if let Some(addition) = self.addition(*filter, found.time, observation) {
                self.see(&addition, found);
                additions.push(addition);
            }
        }
    }

    fn addition(&self, filter: u32, time: i64, observation: &metric::Observation) -> Option<Addition> {
        let Filter { transformation, metric } = self.filters.get(filter as usize)?;
        let value = (observation.value, 1);
        if let Some((id, place)) = metric {
            return Some(Addition::of_value((id, *place), transformation.unit(), time, value));
        }
        let id = Arc::new(transformation.metric(&observation.dimensions).ok()?);
        let place = self.metrics.place(&id);
        Some(Addition::of_value((&id, place), transformation.unit(), time, value))
    }

    /// Remembers who is behind the alarms that look at a metric.
    fn see(&mut self, addition: &Addition, found: &Match) {
        let metric = addition.place.and_then(|place| self.metrics.get(place));
        let Some((metric, evidence)) = metric.zip(found.evidence.as_ref()) else { return };
        for watcher in &metric.watchers {
            if let Some(watch) = self.watches.get_mut(*watcher as usize) {
                let episode = watch.known_episode(found.time);
                watch.sightings.add(evidence, found.time, episode);
            }
        }
    }

    fn take_unmatched(
        &mut self,
        unmatched: &Unmatched,
        additions: &mut Vec<Addition>,
        changes: &mut Vec<Change>,
    ) {
        let Some(Filter { transformation, metric }) = self.filters.get(unmatched.filter as usize) else {
            return;
        };
        let Some((value, (id, place))) = transformation.default_value().zip(metric.as_ref()) else { return };
        if self.is_out_of_reach(unmatched.time) {
            changes.push(Change::OutOfReach { time: unmatched.time });
            return;
        }
        let unit = transformation.unit();
        additions.push(Addition::of_value((id, *place), unit, unmatched.time, (value, unmatched.count)));
    }

    fn put_metric_data(&mut self, data: &[MetricDatum], changes: &mut Vec<Change>) {
        let mut additions = Vec::with_capacity(data.len());
        for datum in data {
            if self.is_out_of_reach(datum.time) {
                changes.push(Change::OutOfReach { time: datum.time });
                continue;
            }
            let metric = (&datum.metric, self.metrics.place(&datum.metric));
            let when: (Resolution, i64) = (datum.resolution, datum.time);
            additions.push(Addition::new(metric, datum.unit, when, datum.observations.clone()));
        }
        self.observe(additions, changes);
    }

    /// Adds observations to the metrics, and answers with the alarms that look at them, in their order.
    fn observe(&mut self, mut additions: Vec<Addition>, changes: &mut Vec<Change>) -> Vec<u32> {
        let oldest = self.oldest();
        let mut touched = Vec::new();
        additions.retain(|addition| !addition.summary.is_empty());
        for addition in merged(additions) {
            self.metrics.add(&addition, oldest);
            if let Some(metric) = addition.place.and_then(|place| self.metrics.get(place)) {
                for watcher in &metric.watchers {
                    if let Some(watch) = self.watches.get_mut(*watcher as usize) {
                        watch.touch(addition.start);
                        touched.push(*watcher);
                    }
                }
            }
            let Addition { metric, unit, start, length, summary, .. } = addition;
            changes.push(Change::Observed { metric, unit, start, length, added: summary });
        }
        touched.sort_unstable();
        touched.dedup();
        touched
    }

    /// No window that ends before that is evaluated any more, in seconds since 1970.
    fn oldest(&self) -> i64 {
        self.seconds().map_or(i64::MIN, |now| now.saturating_sub(LATE_HORIZON))
    }

    fn is_out_of_reach(&self, time: i64) -> bool {
        let Some(now) = self.seconds() else { return false };
        time < now.saturating_sub(LATE_HORIZON) || time > now.saturating_add(EARLY_LIMIT)
    }
}

/// Time.
impl Monitor {
    fn tick(&mut self, now: i64, changes: &mut Vec<Change>) {
        self.now = Some(now);
        let mut found = Vec::new();
        let mut work = Work { metrics: &self.metrics, scratch: &mut self.scratch, found: &mut found };
        for watch in &mut self.watches {
            watch.tick(now, &mut work);
        }
        self.settle(found, changes);
        let mut outcomes = Vec::new();
        self.composites.tick(now, &mut outcomes);
        self.take_outcomes(outcomes, changes);
        for place in 0..self.watches.len() {
            self.tell_news(place, changes);
        }
        self.forget(now.div_euclid(MILLISECONDS));
    }

    fn forget(&mut self, now: i64) {
        if now.saturating_sub(self.forgotten_at) < FORGET_EVERY {
            return;
        }
        self.forgotten_at = now;
        let horizon = now.saturating_sub(LATE_HORIZON);
        self.remembered.retain(|_, time| *time >= horizon);
        let oldest = self.oldest();
        self.watches.iter_mut().for_each(|watch| watch.forget_before(oldest));
    }
}

/// What follows from what was found out about alarms.
impl Monitor {
    /// In the order of time, so that composite alarms see their children change one after the other.
    fn settle(&mut self, mut found: Vec<Found>, changes: &mut Vec<Change>) {
        found.sort_by_key(Found::at);
        for found in found {
            match found {
                Found::State { change, untold } => self.state_changed(change, untold, changes),
                Found::LateEpisode(episode) => {
                    let episode = Arc::new(episode);
                    changes.push(Change::LateEpisode(Arc::clone(&episode)));
                    self.tell(
                        &episode.alarm,
                        StateValue::Alarm,
                        &About::LateEpisode(Arc::clone(&episode)),
                        changes,
                    );
                }
                Found::Revised(revised) => changes.push(Change::Revised(revised)),
            }
        }
    }

    fn state_changed(
        &mut self,
        change: crate::StateChange,
        untold: Option<Untold>,
        changes: &mut Vec<Change>,
    ) {
        let change = Arc::new(change);
        changes.push(Change::State(Arc::clone(&change)));
        match untold {
            Some(why) => changes.push(Change::Untold { alarm: Arc::clone(&change.alarm), why }),
            None => self.tell(&change.alarm, change.to, &About::State(Arc::clone(&change)), changes),
        }
        let mut outcomes = Vec::new();
        self.composites.child_changed((&change.name, &change.alarm), change.to, change.at, &mut outcomes);
        self.take_outcomes(outcomes, changes);
    }

    fn take_outcomes(&mut self, outcomes: Vec<Outcome>, changes: &mut Vec<Change>) {
        for outcome in outcomes {
            match outcome {
                Outcome::Changed(change) => changes.push(Change::State(change)),
                Outcome::Held { arn } => changes.push(Change::Untold { alarm: arn, why: Untold::Suppressed }),
                Outcome::Act { arn, state, change: Some(change) } => {
                    let is_first = change.from == StateValue::InsufficientData && state == StateValue::Ok;
                    if is_first {
                        changes.push(Change::Untold { alarm: arn, why: Untold::FirstEvaluation });
                    } else {
                        self.tell(&arn, state, &About::State(change), changes);
                    }
                }
                Outcome::Act { change: None, .. } => {}
            }
        }
    }

    /// Queues a notification to everybody whom an alarm tells of a change to `state`.
    fn tell(&mut self, arn: &Arc<str>, state: StateValue, about: &About, changes: &mut Vec<Change>) {
        let now = self.now();
        let place = self.places.get(arn).copied();
        let watch = place.and_then(|place| self.watches.get_mut(place));
        let actions = match watch {
            Some(watch) => {
                if let Some(seconds) = told_seconds(about) {
                    watch.sightings.told(now, &seconds);
                }
                Arc::clone(&watch.actions)
            }
            None => match self.composites.find(arn) {
                Some(composite) => Arc::clone(&composite.actions),
                None => return,
            },
        };
        match told_of(&actions, state) {
            Ok(arns) => self.outbox.queue((arn, arns), about, now, changes),
            Err(why) => changes.push(Change::Untold { alarm: Arc::clone(arn), why }),
        }
    }

    fn tell_news(&mut self, place: usize, changes: &mut Vec<Change>) {
        let now = self.now();
        let Some(watch) = self.watches.get_mut(place) else { return };
        let Some(pending) = watch.sightings.news(now) else { return };
        let (alarm, actions) = (Arc::clone(&watch.arn), Arc::clone(&watch.actions));
        let (principals, keys) = pending.names();
        let news = Arc::new(News {
            alarm: Arc::clone(&alarm),
            name: Arc::clone(&watch.name),
            at: now,
            principals,
            keys,
            more: pending.more,
        });
        changes.push(Change::News(Arc::clone(&news)));
        match told_of(&actions, StateValue::Alarm) {
            Ok(arns) => {
                let about = About::News(news);
                self.outbox.queue((&alarm, arns), &about, now, changes);
            }
            Err(why) => changes.push(Change::Untold { alarm, why }),
        }
    }
}

/// The seconds of whose records an alarm's notification tells, if it is one of `ALARM`.
fn told_seconds(about: &About) -> Option<RangeInclusive<i64>> {
    match about {
        About::State(change) if change.to == StateValue::Alarm => {
            change.judged.as_ref().map(|judged| judged.window.start()..=i64::MAX)
        }
        About::LateEpisode(episode) => Some(episode.judged.window.start()..=episode.last_end),
        About::State(_) | About::News(_) => None,
    }
}
