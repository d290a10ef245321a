//! A store as plain as can be: it holds what a monitor says, and gives it back.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use metric::{MetricId, Summary, Unit};
use monitor::{Change, Command, Configuration, LATE_HORIZON, Monitor, PartKey, Slot, Stored};

/// More than the longest window of any alarm of a test and a day, in seconds.
const LONG: i64 = 30 * 86_400;

/// What was stored of a monitor.
#[derive(Debug, Clone, Default)]
pub(crate) struct Store {
    parts: BTreeMap<String, String>,
    records: HashMap<u128, i64>,
    slots: BTreeMap<(Arc<MetricId>, Unit, i64, u32), Summary>,
    configuration: Configuration,
    now: Option<i64>,
    /// Whether what a monitor can't need any more is forgotten.
    pub(crate) forgets: bool,
}

impl Store {
    /// The command as a shell gives it: a configuration with all that is known.
    pub(crate) fn prepared(&self, command: &Command) -> Command {
        let Command::Configure(configuration) = command else { return command.clone() };
        let known = self.slots();
        Command::Configure(Box::new(Configuration { known, ..(**configuration).clone() }))
    }

    /// What came of a command, and how many parts that makes.
    pub(crate) fn write(&mut self, command: &Command, changes: &[Change], monitor: &mut Monitor) -> usize {
        match command {
            Command::Configure(configuration) => self.configuration = (**configuration).clone(),
            Command::Tick(now) => self.now = self.now.max(Some(*now)),
            _ => {}
        }
        for change in changes {
            match change {
                Change::Remembered { record, time } => {
                    self.records.insert(*record, *time);
                }
                Change::Observed { metric, unit, start, length, added } => {
                    let slot = self.slots.entry((Arc::clone(metric), *unit, *start, *length)).or_default();
                    slot.merge(added);
                }
                _ => {}
            }
        }
        let parts = monitor.take_parts();
        let count = parts.len();
        for part in parts {
            match part.state {
                Some(state) => self.parts.insert(part.key.to_string(), state),
                None => self.parts.remove(&part.key.to_string()),
            };
        }
        count
    }

    pub(crate) fn load(&self) -> Monitor {
        let parts = self.parts.iter().map(|(key, state)| (key.parse::<PartKey>().unwrap(), state.clone()));
        let horizon = self.oldest(LATE_HORIZON);
        let records = self.records.iter().map(|(record, time)| (*record, *time));
        let stored = Stored {
            parts: parts.collect(),
            records: records.filter(|(_, time)| *time >= horizon).collect(),
            slots: self.slots(),
        };
        Monitor::load(stored, &self.configuration).unwrap()
    }

    pub(crate) fn keys(&self) -> Vec<PartKey> {
        self.parts.keys().map(|key| key.parse().unwrap()).collect()
    }

    fn slots(&self) -> Vec<Slot> {
        let oldest = self.oldest(LATE_HORIZON + LONG);
        let slots = self.slots.iter().filter(|((_, _, start, _), _)| *start >= oldest);
        let slot =
            |((metric, unit, start, length), summary): (&(Arc<MetricId>, Unit, i64, u32), &Summary)| Slot {
                metric: Arc::clone(metric),
                unit: *unit,
                start: *start,
                length: *length,
                summary: summary.clone(),
            };
        slots.map(slot).collect()
    }

    fn oldest(&self, ago: i64) -> i64 {
        let now = self.now.filter(|_| self.forgets).map(|now| now.div_euclid(1000));
        now.map_or(i64::MIN, |now| now.saturating_sub(ago))
    }
}
