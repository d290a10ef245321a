//! What happens in a case: its log events, played through the same monitor as those of the service.

use std::collections::HashMap;
use std::sync::Arc;

use alarm::definition::Source;
use alarm::{CLOUDWATCH_DELAY, Mode, Slot, StateValue, Window, evaluate};
use cloudtrail::call::Call;
use filter_pattern::{Pattern, PatternSet, Scratch};
use metric::{MetricId, Resolution, Series, Statistic, Summary, Unit};
use monitor::{Change, Command, Ingest, Match, Monitor, Unmatched, Untold};

use super::case_file::{Case, CaseFile};
use super::events::{Content, Delivery};
use super::record::Around;
use crate::evidence;
use crate::scan::identity;

/// What happened. Times are seconds after the start of the case.
#[derive(Debug)]
pub(super) struct Played {
    /// Of each metric filter: how many log events matched it.
    pub(super) matches: Vec<u64>,
    /// Each log event, in the order of delivery.
    pub(super) seen: Vec<Seen>,
    /// Of each alarm.
    pub(super) alarms: Vec<History>,
    pub(super) notifications: Vec<Told>,
    /// Why nobody was told of something: when, which alarm, why.
    pub(super) untold: Vec<(i64, usize, Untold)>,
    observed: Vec<Observed>,
}

#[derive(Debug)]
pub(super) struct Seen {
    pub(super) time: i64,
    pub(super) matched: Vec<u32>,
    /// Whether it had been delivered before.
    pub(super) repeated: bool,
}

/// The states of an alarm.
#[derive(Debug, Default)]
pub(super) struct History {
    /// At the start.
    pub(super) first: Option<Turn>,
    pub(super) changes: Vec<Turn>,
}

#[derive(Debug, Clone)]
pub(super) struct Turn {
    pub(super) at: i64,
    pub(super) state: StateValue,
    pub(super) reason: String,
}

impl History {
    /// The state at a time, and since when and why; `None` for an alarm that has none yet.
    pub(super) fn at(&self, time: i64) -> Option<&Turn> {
        self.changes.iter().rev().find(|turn| turn.at <= time).or(self.first.as_ref())
    }
}

/// One notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) at: i64,
    /// As a position.
    pub(super) alarm: usize,
    /// The ARN of the topic, or of what else the action names.
    pub(super) topic: String,
    /// The state that it tells.
    pub(super) state: StateValue,
    pub(super) kind: ToldKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum ToldKind {
    State,
    /// Of an episode that was over when it came to light.
    Late,
    /// Of somebody new behind an episode.
    News,
}

/// Observations, and when the monitor got to know them.
#[derive(Debug)]
struct Observed {
    known_at: i64,
    metric: Arc<MetricId>,
    unit: Unit,
    /// In seconds since 1970.
    start: i64,
    added: Summary,
}

/// Plays one case of a file.
pub(super) fn play(file: &CaseFile, case: &Case) -> Played {
    let mut configuration = file.chain.configuration.clone();
    configuration.alarms.iter_mut().for_each(|alarm| alarm.mode = file.mode);
    let set = PatternSet::new(file.chain.patterns.clone());
    let numbers = file.names.alarms.iter().enumerate().map(|(number, name)| (name.arn.clone(), number));
    let mut play = Play {
        file,
        case,
        set,
        scratch: Scratch::default(),
        monitor: Monitor::new(),
        numbers: numbers.collect(),
        telling: HashMap::new(),
        now: 0,
        known_at: 0,
        played: Played {
            matches: vec![0; file.names.filters.len()],
            seen: Vec::new(),
            alarms: file.names.alarms.iter().map(|_| History::default()).collect(),
            notifications: Vec::new(),
            untold: Vec::new(),
            observed: Vec::new(),
        },
    };
    play.monitor.apply(&Command::Configure(Box::new(configuration)));
    play.begin();
    play.run();
    play.played
}

struct Play<'p> {
    file: &'p CaseFile,
    case: &'p Case,
    set: PatternSet,
    scratch: Scratch,
    monitor: Monitor,
    /// By ARN.
    numbers: HashMap<String, usize>,
    /// What an alarm tells now, if it tells anything.
    telling: HashMap<usize, (StateValue, ToldKind)>,
    /// In seconds after the start.
    now: i64,
    /// The first evaluation that knows what comes now.
    known_at: i64,
    played: Played,
}

impl Play<'_> {
    /// Alarms are older than the case: their first evaluation, of a past without data, is no part of it.
    fn begin(&mut self) {
        self.tick(0);
        let alarms = self.monitor.alarms().map(|alarm| (alarm.arn.to_owned(), alarm.state));
        let states: HashMap<String, StateValue> = alarms.collect();
        for (arn, number) in &self.numbers {
            let Some(history) = self.played.alarms.get_mut(*number) else { continue };
            let reason = history.changes.pop().map(|turn| turn.reason);
            let state = states.get(arn).copied().unwrap_or(StateValue::InsufficientData);
            let reason = reason.unwrap_or_else(|| alarm::StateReason::InitialCreation.to_string());
            *history = History { first: Some(Turn { at: 0, state, reason }), changes: Vec::new() };
        }
        self.played.notifications.clear();
        self.played.untold.clear();
    }

    fn run(&mut self) {
        let mut waiting = self.case.deliveries.iter().peekable();
        let step = self.step();
        let mut next = step;
        while next <= self.case.end {
            // What comes while CloudWatch still waits for data is in time.
            let until = next + self.delay();
            self.known_at = next;
            while let Some(delivery) = waiting.next_if(|delivery| delivery.delivered < until) {
                self.deliver(delivery);
            }
            self.tick(next);
            next += step;
        }
        for delivery in waiting {
            self.deliver(delivery);
        }
    }

    /// As often as alarms are evaluated, in seconds.
    fn step(&self) -> i64 {
        let periods = self.file.chain.configuration.alarms.iter();
        let shortest = periods.map(|alarm| alarm.definition.condition.period).min().unwrap_or(60);
        if shortest < 60 { 10 } else { 60 }
    }

    fn delay(&self) -> i64 {
        match self.file.mode {
            Mode::CloudWatch => CLOUDWATCH_DELAY,
            Mode::Eager => 0,
        }
    }

    /// The evaluations of what ends at `at`. CloudWatch makes them a little later; the case doesn't see that.
    fn tick(&mut self, at: i64) {
        self.now = at;
        let seconds = self.case.start.saturating_add(at).saturating_add(self.delay());
        self.apply(&Command::Tick(seconds.saturating_mul(1000)));
    }

    fn apply(&mut self, command: &Command) -> bool {
        let mut repeated = false;
        for change in self.monitor.apply(command) {
            repeated |= matches!(change, Change::Repeated { .. });
            self.take(change);
        }
        repeated
    }
}

/// Log events.
impl Play<'_> {
    fn deliver(&mut self, delivery: &Delivery) {
        if self.file.mode == Mode::Eager {
            self.tick(delivery.delivered);
            self.known_at = delivery.delivered;
        }
        self.now = delivery.delivered;
        let time = self.case.start.saturating_add(delivery.time);
        let (message, is_record) = self.message(&delivery.content, time);
        let matched = self.matched(delivery, &message);
        let unmatched = self.unmatched(delivery, &matched, time);
        let found = self.found(&message, is_record, &matched, time);
        let repeated = self.apply(&Command::Ingest(Ingest { matches: found, unmatched }));
        if !repeated {
            for filter in &matched {
                if let Some(count) = self.played.matches.get_mut(*filter as usize) {
                    *count += 1;
                }
            }
        }
        self.played.seen.push(Seen { time: delivery.time, matched, repeated });
    }

    fn message(&self, content: &Content, time: i64) -> (String, bool) {
        match content {
            Content::Record { written, event_id } => {
                let around = Around { environment: &self.file.environment, time, event_id };
                (written.message(&around).unwrap_or_default(), true)
            }
            Content::Read(text) => (text.to_string(), true),
            Content::Message(text) => (text.to_string(), false),
        }
    }

    /// The filters of its log group that a log event matches.
    fn matched(&mut self, delivery: &Delivery, message: &str) -> Vec<u32> {
        let all = self.set.matches(message.as_bytes(), &mut self.scratch).to_vec();
        all.into_iter().filter(|filter| self.looks_at(*filter, delivery)).collect()
    }

    fn looks_at(&self, filter: u32, delivery: &Delivery) -> bool {
        let filter = self.file.chain.configuration.filters.get(filter as usize);
        let group = delivery.log_group.as_deref();
        filter.is_some_and(|filter| group.is_none_or(|group| group == filter.log_group))
    }

    fn unmatched(&self, delivery: &Delivery, matched: &[u32], time: i64) -> Vec<Unmatched> {
        let filters = (0_u32..).zip(&self.file.chain.configuration.filters);
        filters
            .filter(|(_, filter)| filter.transformation.default_value().is_some())
            .filter(|(number, _)| !matched.contains(number) && self.looks_at(*number, delivery))
            .map(|(filter, _)| Unmatched { filter, time, count: 1 })
            .collect()
    }

    fn found(&self, message: &str, is_record: bool, matched: &[u32], time: i64) -> Vec<Match> {
        if matched.is_empty() {
            return Vec::new();
        }
        let observe = |filter: &u32| {
            let transformation = &self.file.chain.configuration.filters.get(*filter as usize)?.transformation;
            let pattern: &Pattern = self.file.chain.patterns.get(*filter as usize)?;
            Some((*filter, transformation.observe(message, &pattern.matches(message)?).ok()?))
        };
        let observations = matched.iter().filter_map(observe).collect();
        let document = json::Document::parse(message.as_bytes()).ok().filter(|_| is_record);
        let call = document.as_ref().map(|document| Call::from_record(document.root()));
        let record = call.as_ref().and_then(identity);
        vec![Match { record, time, observations, evidence: call.map(|call| Arc::new(evidence::of(&call))) }]
    }
}

/// What changes.
impl Play<'_> {
    fn take(&mut self, change: Change) {
        match change {
            Change::Observed { metric, unit, start, added, .. } => {
                self.played.observed.push(Observed { known_at: self.known_at, metric, unit, start, added });
            }
            Change::State(change) => self.state_changed(&change),
            Change::LateEpisode(episode) => {
                self.tells(&episode.alarm, (StateValue::Alarm, ToldKind::Late));
            }
            Change::News(news) => self.tells(&news.alarm, (StateValue::Alarm, ToldKind::News)),
            Change::Queued(sent) => {
                // A summary stands for others that were queued before.
                if let Some((alarm, _)) = sent.about.alarm() {
                    self.told(alarm, &sent.topic);
                }
            }
            Change::Untold { alarm, why: Untold::NoSubscriber(topic) | Untold::UnknownAction(topic) } => {
                self.told(&alarm, &topic);
            }
            Change::Untold { alarm, why } => {
                if let Some(number) = self.numbers.get(&*alarm) {
                    self.played.untold.push((self.now, *number, why));
                }
            }
            _ => {}
        }
    }

    fn state_changed(&mut self, change: &monitor::StateChange) {
        self.tells(&change.alarm, (change.to, ToldKind::State));
        let at = change.at.div_euclid(1000).saturating_sub(self.case.start).saturating_sub(self.delay());
        let number = self.numbers.get(&*change.alarm);
        if let Some(history) = number.and_then(|number| self.played.alarms.get_mut(*number)) {
            history.changes.push(Turn { at, state: change.to, reason: change.reason.to_string() });
        }
    }

    fn tells(&mut self, alarm: &str, what: (StateValue, ToldKind)) {
        if let Some(number) = self.numbers.get(alarm) {
            self.telling.insert(*number, what);
        }
    }

    fn told(&mut self, alarm: &str, topic: &str) {
        let Some(number) = self.numbers.get(alarm).copied() else { return };
        let Some((state, kind)) = self.telling.get(&number).copied() else { return };
        self.played.notifications.push(Told {
            at: self.now,
            alarm: number,
            topic: topic.to_owned(),
            state,
            kind,
        });
    }
}

/// Datapoints. What a monitor knew at a time isn't what it knows in the end: records come late.
impl Played {
    /// Of a metric alarm: the datapoints of periods that follow each other from the start on, by all that is known.
    pub(super) fn alarm_datapoints(
        &self,
        file: &CaseFile,
        case: &Case,
        alarm: usize,
        periods: usize,
    ) -> Vec<Option<f64>> {
        let Some(definition) = definition(file, alarm) else { return Vec::new() };
        let slots = u32::try_from(periods).unwrap_or(u32::MAX);
        let period = definition.condition.period;
        let end = case.start.saturating_add(i64::from(slots) * i64::from(period));
        let window = Window { end, period, slots };
        self.slots(definition, &window, i64::MAX).iter().map(|slot| slot.map(|point| point.value)).collect()
    }

    /// Of a metric filter: the sum of each minute from the start on, of all dimensions together.
    pub(super) fn filter_datapoints(
        &self,
        file: &CaseFile,
        case: &Case,
        filter: usize,
        minutes: usize,
    ) -> Vec<Option<f64>> {
        let Some(filter) = file.chain.configuration.filters.get(filter) else { return Vec::new() };
        let of_filter = |metric: &MetricId| {
            metric.namespace() == filter.transformation.namespace()
                && metric.name() == filter.transformation.name()
        };
        let series = self.series(of_filter, i64::MAX);
        let mut points = Vec::new();
        let slots = u32::try_from(minutes).unwrap_or(u32::MAX);
        let unit = Some(filter.transformation.unit());
        series.datapoints(unit, case.start, (60, slots), &Statistic::Sum, &mut points);
        points.into_iter().map(|point| point.map(|point| point.value)).collect()
    }

    /// The newest datapoint that a metric alarm saw at a time.
    pub(super) fn newest(&self, file: &CaseFile, case: &Case, alarm: usize, at: i64) -> Option<f64> {
        let (definition, window) = window(file, case, alarm, at)?;
        let slots = self.slots(definition, &window, at);
        slots.last().copied().flatten().map(|point| point.value)
    }

    /// Why an evaluation at a time comes to what it comes to.
    pub(super) fn reason(&self, file: &CaseFile, case: &Case, alarm: usize, at: i64) -> Option<String> {
        let (definition, window) = window(file, case, alarm, at)?;
        let slots = self.slots(definition, &window, at);
        let previous = self.alarms.get(alarm)?.at(at)?.state;
        Some(evaluate(&definition.condition, &slots, window.end, previous).reason.to_string())
    }

    /// When a metric alarm could see something new: the first evaluations behind its observations.
    pub(super) fn news(&self, file: &CaseFile, case: &Case, alarm: usize) -> Vec<i64> {
        let Some(definition) = definition(file, alarm) else { return Vec::new() };
        let wanted: Vec<MetricId> = definition.metrics().filter_map(|metric| id(&metric.metric)).collect();
        let grain = i64::from(definition.condition.period.clamp(1, 60));
        let observed = self.observed.iter().filter(|observed| wanted.contains(&observed.metric));
        let first = observed.map(|observed| {
            let end = (observed.start - observed.start.rem_euclid(grain) + grain).saturating_sub(case.start);
            end.max(observed.known_at)
        });
        let mut all: Vec<i64> = first.filter(|at| *at <= case.end).collect();
        all.sort_unstable();
        all.dedup();
        all
    }

    fn slots(&self, definition: &alarm::Definition, window: &Window, known_at: i64) -> Vec<Slot> {
        let metrics: Vec<Vec<Slot>> = definition
            .metrics()
            .map(|metric| {
                let wanted = id(&metric.metric);
                let series = self.series(|id| wanted.as_ref() == Some(id), known_at);
                let mut points = Vec::new();
                let shape = (window.period, window.slots);
                series.datapoints(metric.unit, window.start(), shape, &metric.statistic, &mut points);
                points.iter().map(to_slot).collect()
            })
            .collect();
        match &definition.source {
            Source::Metric(_) => metrics.into_iter().next().unwrap_or_default(),
            Source::Math(math) => {
                let metrics: Vec<&[Slot]> = metrics.iter().map(Vec::as_slice).collect();
                math.evaluate(window, &metrics)
            }
        }
    }

    fn series(&self, is_wanted: impl Fn(&MetricId) -> bool, known_at: i64) -> Series {
        let mut series = Series::default();
        let known = self
            .observed
            .iter()
            .filter(|observed| observed.known_at <= known_at && is_wanted(&observed.metric));
        for observed in known {
            series.merge(observed.start, Resolution::High, observed.unit, &observed.added);
        }
        series
    }
}

fn definition(file: &CaseFile, alarm: usize) -> Option<&alarm::Definition> {
    file.chain.configuration.alarms.get(alarm).map(|alarm| &alarm.definition)
}

fn window<'f>(
    file: &'f CaseFile,
    case: &Case,
    alarm: usize,
    at: i64,
) -> Option<(&'f alarm::Definition, Window)> {
    let definition = definition(file, alarm)?;
    // On the time of the case, an evaluation is at the end of its window.
    let now = case.start.saturating_add(at);
    Some((definition, alarm::window(&definition.condition, now, Mode::Eager)))
}

fn id(identity: &alarm::definition::MetricIdentity) -> Option<MetricId> {
    let dimension =
        |(name, value): (&String, &String)| metric::Dimension { name: name.clone(), value: value.clone() };
    let dimensions = identity.dimensions.iter().map(dimension).collect();
    MetricId::new(identity.namespace.as_str(), identity.name.as_str(), dimensions).ok()
}

fn to_slot(point: &Option<metric::Datapoint>) -> Slot {
    point.map(|point| alarm::Datapoint { value: point.value, sample_count: Some(point.sample_count) })
}
