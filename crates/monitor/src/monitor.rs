//! The state machine.

use std::collections::HashMap;
use std::ops::RangeInclusive;
use std::sync::Arc;

use alarm::StateValue;
use metric::{Dimension, MetricId, Resolution, Transformation};

use crate::actions::Actions;
use crate::backlog::Backlog;
use crate::change::{About, Change, News, Notification, Reminder, Untold};
use crate::command::{Command, Ingest, Match, MetricDatum, Unmatched};
use crate::composites::{Composite, Composites, Outcome};
use crate::configuration::{Configuration, MetricAlarm};
use crate::judge::Scratch;
use crate::metrics::{Addition, Metrics, merged};
use crate::outbox::{Outbox, told_of};
use crate::saved::{LoadError, Part, PartKey, Parts, SavedMonitor, Stored};
use crate::sightings::SavedNames;
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
    backlog: Option<Backlog>,
    /// After how many milliseconds an alarm that is still in `ALARM` is told again.
    reminder: Option<i64>,
    /// Records that were counted, with their times.
    remembered: HashMap<u128, i64>,
    /// In milliseconds since 1970; `None` before the first tick.
    now: Option<i64>,
    /// When old things were forgotten last, in seconds since 1970.
    forgotten_at: i64,
    unsaved: Unsaved,
    scratch: Scratch,
}

/// What may have changed since it was saved.
#[derive(Debug, Clone, Default)]
struct Unsaved {
    /// What was saved of the monitor itself.
    saved: Option<SavedMonitor>,
    /// Whether what a backlog told has changed.
    backlog: bool,
    /// Whether any alarm may have changed.
    any: bool,
    /// Places of alarms that may have changed.
    alarms: Vec<u32>,
    /// What isn't there any more.
    gone: Vec<PartKey>,
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
            Command::Backlog(begins) => self.read_backlog(*begins, &mut changes),
            Command::Retry(notification) => changes.extend(self.outbox.retry(notification, self.now())),
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
        self.due_of(now, |_| true)
    }

    /// The same of those that `is_wanted` lets through, and of what was queued before them of the same alarm: the others wait, and
    /// nobody waits for them.
    pub fn due_of(
        &self,
        now: i64,
        is_wanted: impl Fn(&Notification) -> bool,
    ) -> impl Iterator<Item = &Arc<Notification>> {
        self.outbox.due(now, is_wanted)
    }

    /// When the newest tick was, in milliseconds since 1970; `None` before the first one.
    #[must_use]
    pub fn time(&self) -> Option<i64> {
        self.now
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
        self.watch(configuration, changes);
        self.metrics.recall(&configuration.known, self.oldest());
        self.begin_watches();
        let mut outcomes = Vec::new();
        self.composites.choose_suppressors(self.now(), &mut outcomes);
        if let Some(now) = self.now {
            self.composites.tick(now, &mut outcomes);
        }
        self.take_outcomes(outcomes, false, changes);
    }

    /// From now on this is watched.
    fn watch(&mut self, configuration: &Configuration, changes: &mut Vec<Change>) {
        self.unsaved.any = true;
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
        let deleted =
            composites_before.list().iter().filter(|known| self.composites.find(&known.arn).is_none());
        self.unsaved.gone.extend(deleted.map(Composite::part_key));
        self.unsaved.gone.extend(before.values().flat_map(Watch::part_keys));
        let mut deleted: Vec<Arc<str>> = before.into_keys().collect();
        deleted.sort();
        changes.extend(deleted.into_iter().map(|alarm| Change::AlarmDeleted { alarm }));
        self.places =
            self.watches.iter().enumerate().map(|(place, watch)| (Arc::clone(&watch.arn), place)).collect();
        self.rewire();
        self.filters =
            configuration.filters.iter().map(|filter| self.filter(&filter.transformation)).collect();
        self.outbox.configure(&configuration.topics, configuration.storm);
        self.reminder = configuration.reminder.filter(|interval| *interval > 0);
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
#[must_use]
pub fn metric_id(identity: &alarm::definition::MetricIdentity) -> Option<MetricId> {
    let dimensions = identity
        .dimensions
        .iter()
        .map(|(name, value)| Dimension { name: name.clone(), value: value.clone() })
        .collect();
    MetricId::new(identity.namespace.as_str(), identity.name.as_str(), dimensions).ok()
}

/// That a record is evidence, if it says anything.
fn matched(found: &Match, observed: &[Addition]) -> Option<Change> {
    let evidence = Arc::clone(found.evidence.as_ref()?);
    let mut metrics: Vec<Arc<MetricId>> = Vec::with_capacity(observed.len());
    for addition in observed {
        if !metrics.contains(&addition.metric) {
            metrics.push(Arc::clone(&addition.metric));
        }
    }
    let filters = found.observations.iter().map(|(filter, _)| *filter).collect();
    Some(Change::Matched { record: found.record, time: found.time, filters, metrics, evidence })
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
            && self.is_known(record)
        {
            changes.push(Change::Repeated { record });
            return;
        }
        let filters = found.observations.iter();
        let observed: Vec<Addition> = filters
            .filter_map(|(filter, observation)| self.addition(*filter, found.time, observation))
            .collect();
        changes.extend(matched(found, &observed));
        if self.is_out_of_reach(found.time) {
            changes.push(Change::OutOfReach { time: found.time });
            return;
        }
        if let Some(record) = found.record {
            self.remembered.insert(record, found.time);
            changes.push(Change::Remembered { record, time: found.time });
        }
        for addition in &observed {
            self.see(addition, found);
        }
        additions.extend(observed);
    }

    /// Whether a record was counted. Beyond the horizon nobody remembers, no matter when it was forgotten.
    fn is_known(&self, record: u128) -> bool {
        self.remembered.get(&record).is_some_and(|time| *time >= self.oldest())
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
                watch.see(evidence, found.time);
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
        self.unsaved.alarms.extend(&touched);
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
        self.unsaved.any = true;
        if let Some(backlog) = self.backlog.as_mut().filter(|backlog| backlog.began.is_none()) {
            (backlog.began, self.unsaved.backlog) = (Some(now), true);
        }
        let mut found = Vec::new();
        let mut work = Work { metrics: &self.metrics, scratch: &mut self.scratch, found: &mut found };
        for watch in &mut self.watches {
            watch.tick(now, &mut work);
        }
        self.settle(found, changes);
        let mut outcomes = Vec::new();
        self.composites.tick(now, &mut outcomes);
        self.take_outcomes(outcomes, false, changes);
        for place in 0..self.watches.len() {
            self.tell_news(place, changes);
        }
        self.remind(now, changes);
        self.outbox.sum_up(now, changes);
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

/// Saving and loading.
impl Monitor {
    /// The pieces that changed since they were asked for last, or since the monitor was made or loaded. An alarm of which nobody
    /// could tell after loading that something happened to it isn't among them.
    ///
    /// What was observed and the records that are remembered aren't either: whoever stores [`Change::Observed`] and
    /// [`Change::Remembered`] has them.
    pub fn take_parts(&mut self) -> Vec<Part> {
        let mut parts: Vec<Part> = self.unsaved.gone.drain(..).map(Part::gone).collect();
        let saved = SavedMonitor {
            now: self.now,
            forgotten_at: self.forgotten_at,
            notifications: self.outbox.count(),
        };
        if self.unsaved.saved.as_ref() != Some(&saved) {
            parts.push(Part::of(PartKey::Monitor, &saved));
            self.unsaved.saved = Some(saved);
        }
        let mut touched = std::mem::take(&mut self.unsaved.alarms);
        if std::mem::take(&mut self.unsaved.any) {
            self.watches.iter_mut().for_each(|watch| watch.take_parts(&mut parts));
        } else {
            touched.sort_unstable();
            touched.dedup();
            for place in touched {
                if let Some(watch) = self.watches.get_mut(place as usize) {
                    watch.take_parts(&mut parts);
                }
            }
        }
        if std::mem::take(&mut self.unsaved.backlog) {
            let backlog = self.backlog.as_ref();
            parts.push(
                backlog.map_or(Part::gone(PartKey::Backlog), |backlog| Part::of(PartKey::Backlog, backlog)),
            );
        }
        self.composites.take_parts(&mut parts);
        self.outbox.take_parts(&mut parts);
        parts
    }

    /// The monitor as it was when this was stored; `configuration` is the one that was applied last. It answers to each command
    /// as the one would that was stored. Slots that it wouldn't look at any more and records that it wouldn't remember make no
    /// difference.
    ///
    /// An alarm of which nothing was stored is watched from now on; what was stored of one that isn't in the configuration is
    /// gone with the next [`Monitor::take_parts`].
    ///
    /// # Errors
    /// Where a part can't be read, and why.
    pub fn load(stored: Stored, configuration: &Configuration) -> Result<Monitor, LoadError> {
        let parts = Parts::read(stored.parts)?;
        let mut monitor = Monitor::new();
        monitor.watch(configuration, &mut Vec::new());
        monitor.load_parts(parts);
        monitor.composites.choose_suppressors(monitor.now(), &mut Vec::new());
        let oldest = monitor.oldest();
        stored.slots.iter().for_each(|slot| monitor.metrics.load(slot, oldest));
        monitor.remembered = stored.records.into_iter().filter(|(_, time)| *time >= oldest).collect();
        monitor.begin_watches();
        Ok(monitor)
    }

    fn load_parts(&mut self, parts: Parts) {
        let Parts { monitor, mut alarms, mut names, composites, backlog, waiting } = parts;
        self.backlog = backlog;
        let saved = monitor.unwrap_or_default();
        (self.now, self.forgotten_at) = (saved.now, saved.forgotten_at);
        self.outbox.load(saved.notifications, waiting);
        self.unsaved.saved = Some(saved);
        for watch in std::mem::take(&mut self.watches) {
            let names = names.remove(&watch.arn).unwrap_or_default();
            let names = names.into_iter().map(|(_, names)| names).collect();
            self.watches.push(match alarms.remove(&watch.arn) {
                Some(saved) => watch.load(saved, names, self.now),
                None => watch,
            });
        }
        for watch in &self.watches {
            self.composites.note(&watch.name, watch.state);
        }
        let shares = |(arn, names): (Arc<str>, Vec<(u8, SavedNames)>)| {
            names.into_iter().map(move |(share, _)| PartKey::Names(Arc::clone(&arn), share))
        };
        self.unsaved.gone.extend(names.into_iter().flat_map(shares));
        self.unsaved.gone.extend(alarms.into_keys().map(PartKey::Alarm));
        let gone = self.composites.load(composites);
        self.unsaved.gone.extend(gone);
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
                    let about = About::LateEpisode(Arc::clone(&episode));
                    let is_past = self.is_past(&about);
                    self.tell(&episode.alarm, &about, is_past, changes);
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
        let about = About::State(Arc::clone(&change));
        let is_past = self.is_past(&about);
        match untold {
            Some(why) => changes.push(Change::Untold { alarm: Arc::clone(&change.alarm), why }),
            None => self.tell(&change.alarm, &about, is_past, changes),
        }
        let mut outcomes = Vec::new();
        self.composites.child_changed((&change.name, &change.alarm), change.to, change.at, &mut outcomes);
        self.take_outcomes(outcomes, is_past, changes);
    }

    /// `is_past` says whether all of it follows from something that a backlog told.
    fn take_outcomes(&mut self, outcomes: Vec<Outcome>, is_past: bool, changes: &mut Vec<Change>) {
        for outcome in outcomes {
            match outcome {
                Outcome::Changed(change) => changes.push(Change::State(change)),
                Outcome::Held { arn } => changes.push(Change::Untold { alarm: arn, why: Untold::Suppressed }),
                Outcome::Act { arn, state, change: Some(change) } => {
                    let is_first = change.from == StateValue::InsufficientData && state == StateValue::Ok;
                    if is_first {
                        changes.push(Change::Untold { alarm: arn, why: Untold::FirstEvaluation });
                    } else {
                        self.tell(&arn, &About::State(change), is_past, changes);
                    }
                }
                Outcome::Act { change: None, .. } => {}
            }
        }
    }

    /// Queues a notification to everybody whom an alarm tells of it, or keeps it for the summary of a backlog.
    fn tell(&mut self, arn: &Arc<str>, about: &About, is_past: bool, changes: &mut Vec<Change>) {
        let now = self.now();
        let place = self.places.get(arn).copied();
        let watch = place.and_then(|place| self.watches.get_mut(place));
        let actions = match watch {
            Some(watch) => {
                if let Some(seconds) = told_seconds(about) {
                    watch.told(now, &seconds);
                }
                Arc::clone(&watch.actions)
            }
            None => match self.composites.find(arn) {
                Some(composite) => {
                    let actions = Arc::clone(&composite.actions);
                    if about.state() == StateValue::Alarm {
                        self.composites.told(arn, now);
                    }
                    actions
                }
                None => return,
            },
        };
        self.publish(arn, &actions, about, is_past, changes);
    }

    fn publish(
        &mut self,
        arn: &Arc<str>,
        actions: &Actions,
        about: &About,
        is_past: bool,
        changes: &mut Vec<Change>,
    ) {
        let untold = |why| Change::Untold { alarm: Arc::clone(arn), why };
        match (told_of(actions, about.state()), self.backlog.as_mut().filter(|_| is_past)) {
            (Ok(arns), Some(backlog)) if !arns.is_empty() => {
                backlog.take(arns, about);
                self.unsaved.backlog = true;
                changes.push(untold(Untold::Backlog));
            }
            (Ok(arns), _) => self.outbox.queue((arn, arns), about, self.now.unwrap_or_default(), changes),
            (Err(why), _) => changes.push(untold(why)),
        }
    }

    fn tell_news(&mut self, place: usize, changes: &mut Vec<Change>) {
        let now = self.now();
        let Some(watch) = self.watches.get_mut(place) else { return };
        let Some(pending) = watch.news(now) else { return };
        let (alarm, actions) = (Arc::clone(&watch.arn), Arc::clone(&watch.actions));
        let (principals, keys) = pending.names();
        let is_past = |backlog: &Backlog| pending.newest().is_some_and(|newest| backlog.is_past(newest));
        let is_past = self.backlog.as_ref().is_some_and(is_past);
        let news = Arc::new(News {
            alarm: Arc::clone(&alarm),
            name: Arc::clone(&watch.name),
            at: now,
            principals,
            keys,
            more: pending.more,
        });
        changes.push(Change::News(Arc::clone(&news)));
        self.publish(&alarm, &actions, &About::News(news), is_past, changes);
    }

    /// Whether it happened before the beginning of a backlog that is being read.
    fn is_past(&self, about: &About) -> bool {
        self.backlog.as_ref().is_some_and(|backlog| backlog.tells_of_past(about))
    }

    /// A backlog begins to be read, or has been: then all that it told of the past is told in a summary for each subscriber.
    fn read_backlog(&mut self, begins: bool, changes: &mut Vec<Change>) {
        if begins {
            self.unsaved.backlog |= self.backlog.is_none();
            self.backlog.get_or_insert_with(|| Backlog::new(self.now));
            return;
        }
        if self.backlog.is_none() {
            return;
        }
        self.revise_all(changes);
        let now = self.now();
        let topics = self.backlog.take().map(|backlog| backlog.topics).unwrap_or_default();
        self.unsaved.backlog = true;
        for (topic, gathering) in topics {
            let about = About::Summary(Arc::new(gathering.finished()));
            self.outbox.publish(&topic, &about, now, changes);
        }
    }

    /// Evaluates again what late observations may have changed, without waiting for the next evaluation.
    fn revise_all(&mut self, changes: &mut Vec<Change>) {
        let (mut found, now) = (Vec::new(), self.now());
        let mut work = Work { metrics: &self.metrics, scratch: &mut self.scratch, found: &mut found };
        self.watches.iter_mut().for_each(|watch| watch.revise(now, &mut work));
        self.unsaved.any = true;
        self.settle(found, changes);
    }

    /// Says of alarms again that they are still in `ALARM`.
    fn remind(&mut self, now: i64, changes: &mut Vec<Change>) {
        let Some(interval) = self.reminder else { return };
        let tells = |actions: &Actions| actions.enabled && !actions.of(StateValue::Alarm).is_empty();
        let watches = self.watches.iter_mut().filter(|watch| tells(&watch.actions));
        let mut reminders: Vec<(Arc<Actions>, Reminder)> = watches
            .filter_map(|watch| Some((Arc::clone(&watch.actions), watch.reminder(now, interval)?)))
            .collect();
        for reminder in self.composites.reminders(now, interval) {
            let Some(composite) = self.composites.find(&reminder.alarm) else { continue };
            let actions = Arc::clone(&composite.actions);
            if tells(&actions) {
                self.composites.told(&reminder.alarm, now);
                reminders.push((actions, reminder));
            }
        }
        for (actions, reminder) in reminders {
            let alarm = Arc::clone(&reminder.alarm);
            self.publish(&alarm, &actions, &About::Reminder(Arc::new(reminder)), false, changes);
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
        About::State(_) | About::News(_) | About::Reminder(_) | About::Summary(_) => None,
    }
}
