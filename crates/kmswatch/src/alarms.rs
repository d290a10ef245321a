//! When each alarm would have fired: the observations of past logs, played through the monitor in the order of time.

mod what_if;

use std::collections::HashMap;
use std::sync::Arc;

use alarm::definition::MetricIdentity;
use chain::Chain;
use metric::{Dimension, MetricId, Resolution, Transformation};
use monitor::{About, Change, Command, Configuration, MetricDatum, Monitor, StateChange, Untold};

use crate::report::Minute;
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
    /// The metric filters whose matches it counts, as positions; of a composite alarm, none.
    pub(crate) filters: Vec<u32>,
    /// N periods, in seconds; 0 for a composite alarm.
    pub(crate) length: i64,
}

/// A state change.
#[derive(Debug, Clone)]
pub(crate) struct Told {
    pub(crate) change: Arc<StateChange>,
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

impl Told {
    /// The periods that the change is about, in seconds since 1970: N periods, and those before that had to be looked at.
    /// `None` for a composite alarm.
    pub(crate) fn window(&self, length: i64) -> Option<(i64, i64)> {
        let judged = self.change.judged.as_ref()?;
        let end = judged.window.end;
        let oldest = judged.evaluation.evaluated.last().map_or(end, |slot| slot.start);
        Some((oldest.min(end.saturating_sub(length)), end))
    }
}

/// What is played: the observations, minute by minute, and the times of the first and the last record.
#[derive(Debug, Clone, Default)]
pub(crate) struct Past {
    minutes: Vec<(i64, Vec<MetricDatum>)>,
    span: Option<(i64, i64)>,
}

impl Past {
    /// Of the minutes of a report, whose detections are the filters of `configuration` in the same order.
    pub(crate) fn new(configuration: &Configuration, minutes: &[Minute], span: Option<(i64, i64)>) -> Self {
        let mut metrics: HashMap<(u32, &[Dimension]), Arc<MetricId>> = HashMap::new();
        let mut past = Past { minutes: Vec::new(), span };
        for minute in minutes {
            let filter = configuration.filters.get(minute.detection as usize);
            let Some(transformation) = filter.map(|filter| &filter.transformation) else { continue };
            let key = (minute.detection, minute.dimensions.as_slice());
            let Some(metric) = metrics.get(&key).cloned().or_else(|| named(transformation, key.1)) else {
                continue;
            };
            metrics.insert(key, Arc::clone(&metric));
            past.push(minute, metric, transformation);
        }
        past
    }

    fn push(&mut self, minute: &Minute, metric: Arc<MetricId>, transformation: &Transformation) {
        let datum = MetricDatum {
            metric,
            unit: transformation.unit(),
            resolution: Resolution::Standard,
            time: minute.start,
            observations: minute.summary.clone(),
        };
        match self.minutes.last_mut() {
            Some((start, data)) if *start == minute.start => data.push(datum),
            _ => self.minutes.push((minute.start, vec![datum])),
        }
    }

    /// Plays it to the alarms of a configuration. The alarms are as old as the first record, and are evaluated until the end
    /// of the minute of the last one.
    pub(crate) fn play(&self, configuration: &Configuration) -> Evaluated {
        let mut play = Play { monitor: Monitor::new(), told: HashMap::new() };
        let span =
            self.span.map(|(first, last)| (first - first.rem_euclid(60), last - last.rem_euclid(60) + 60));
        let (from, to) = span.unwrap_or_default();
        play.tick(from);
        play.apply(&Command::Configure(Box::new(configuration.clone())));
        for (start, data) in self.minutes.iter().filter(|(start, _)| (from..to).contains(start)) {
            play.tick(*start);
            play.apply(&Command::PutMetricData(data.clone()));
        }
        play.tick(to);
        Evaluated { histories: play.histories(configuration), span }
    }
}

fn named(transformation: &Transformation, dimensions: &[Dimension]) -> Option<Arc<MetricId>> {
    transformation.metric(dimensions).ok().map(Arc::new)
}

struct Play {
    monitor: Monitor,
    told: HashMap<Arc<str>, Vec<Told>>,
}

impl Play {
    fn tick(&mut self, seconds: i64) {
        self.apply(&Command::Tick(seconds.saturating_mul(1000)));
    }

    fn apply(&mut self, command: &Command) {
        for change in self.monitor.apply(command) {
            match change {
                Change::State(change) => {
                    let list = self.told.entry(Arc::clone(&change.alarm)).or_default();
                    list.push(Told { change, notifications: 0 });
                }
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

    fn count(&mut self, alarm: &Arc<str>) {
        if let Some(told) = self.told.get_mut(alarm).and_then(|list| list.last_mut()) {
            told.notifications += 1;
        }
    }

    fn histories(mut self, configuration: &Configuration) -> Vec<History> {
        let states: HashMap<String, alarm::StateValue> =
            self.monitor.alarms().map(|alarm| (alarm.arn.to_owned(), alarm.state)).collect();
        let state = |arn: &str| states.get(arn).copied().unwrap_or(alarm::StateValue::InsufficientData);
        let metric_alarms = configuration.alarms.iter().map(|alarm| {
            let condition = &alarm.definition.condition;
            History {
                name: alarm.definition.name.as_str().into(),
                description: alarm.definition.description.clone().unwrap_or_default(),
                state: state(&alarm.arn),
                changes: Vec::new(),
                filters: filters_of(configuration, alarm),
                length: i64::from(condition.evaluation_periods) * i64::from(condition.period),
            }
        });
        let composites = configuration.composite_alarms.iter().map(|alarm| History {
            name: alarm.definition.name.as_str().into(),
            description: alarm.definition.description.clone().unwrap_or_default(),
            state: state(&alarm.arn),
            changes: Vec::new(),
            filters: Vec::new(),
            length: 0,
        });
        let arns = configuration.alarms.iter().map(|alarm| alarm.arn.as_str());
        let arns = arns.chain(configuration.composite_alarms.iter().map(|alarm| alarm.arn.as_str()));
        let mut histories: Vec<History> = metric_alarms.chain(composites).collect();
        for (history, arn) in histories.iter_mut().zip(arns) {
            history.changes = self.told.remove(arn).unwrap_or_default();
        }
        histories
    }
}

/// The filters that write the metrics of an alarm.
fn filters_of(configuration: &Configuration, alarm: &monitor::MetricAlarm) -> Vec<u32> {
    let wanted: Vec<&MetricIdentity> = alarm.definition.metrics().map(|metric| &metric.metric).collect();
    let writes = |transformation: &Transformation| {
        wanted.iter().any(|metric| {
            metric.namespace == transformation.namespace()
                && metric.name == transformation.name()
                && transformation.dimension_names().count() == metric.dimensions.len()
        })
    };
    let numbered = (0_u32..).zip(&configuration.filters);
    numbered.filter(|(_, filter)| writes(&filter.transformation)).map(|(number, _)| number).collect()
}

/// What a metric filter looks for, in words: the first sentence of what an alarm on its metric is for.
pub(crate) fn words_of(chain: &Chain, filter: u32) -> Option<String> {
    let configuration = &chain.configuration;
    let alarm =
        configuration.alarms.iter().find(|alarm| filters_of(configuration, alarm).contains(&filter))?;
    let description = alarm.definition.description.as_deref()?;
    let sentence = description.split(". ").next().unwrap_or(description).trim().trim_end_matches('.');
    (!sentence.is_empty()).then(|| sentence.to_owned())
}
