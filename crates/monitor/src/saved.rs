//! What is kept of a monitor while it isn't running, in pieces that change one by one.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::str::FromStr;
use std::sync::Arc;

use metric::{MetricId, Summary, Unit};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::backlog::Backlog;
use crate::composites::SavedComposite;
use crate::outbox::Waiting;
use crate::sightings::SavedNames;
use crate::watch::SavedWatch;

/// Which piece of a monitor. Its `Display` is a text that [`PartKey::from_str`] reads, for whoever stores pieces by their keys.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum PartKey {
    /// What belongs to no alarm: the time, counts.
    Monitor,
    /// A metric alarm, by its ARN.
    Alarm(Arc<str>),
    /// Who and which keys were seen behind a metric alarm: a share of them, where there are many.
    Names(Arc<str>, u8),
    /// A composite alarm, by its ARN.
    CompositeAlarm(Arc<str>),
    /// What a backlog that is being read told so far.
    Backlog,
    /// A notification that waits, by its id.
    Notification(u64),
}

/// A piece of a monitor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// Which one.
    pub key: PartKey,
    /// What it says, as JSON; `None` where it is gone.
    pub state: Option<String>,
}

/// All that was stored of a monitor.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stored {
    /// The newest state of each [`Part`] that isn't gone.
    pub parts: Vec<(PartKey, String)>,
    /// The records of [`Change::Remembered`](crate::Change::Remembered) with their times, at least those since
    /// [`LATE_HORIZON`](crate::LATE_HORIZON) ago.
    pub records: Vec<(u128, i64)>,
    /// The slots of [`Change::Observed`](crate::Change::Observed), all additions to one slot put together; at least those since
    /// [`LATE_HORIZON`](crate::LATE_HORIZON) and a day and the longest window of any alarm ago.
    pub slots: Vec<Slot>,
}

/// What was observed in one slot of a metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Slot {
    /// The metric.
    pub metric: Arc<MetricId>,
    /// What it is measured in.
    pub unit: Unit,
    /// The start of the slot, in seconds since 1970.
    pub start: i64,
    /// How long the slot is, in seconds.
    pub length: u32,
    /// The observations.
    pub summary: Summary,
}

/// Why a monitor can't be loaded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoadError {
    /// What can't be read.
    pub part: PartKey,
    /// Why, for people.
    pub why: String,
}

/// That a text is no key of a part.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownKey {
    /// The text.
    pub text: String,
}

/// What is saved of a monitor itself.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct SavedMonitor {
    pub(crate) now: Option<i64>,
    pub(crate) forgotten_at: i64,
    /// How many there were.
    pub(crate) notifications: u64,
}

/// All parts, read.
#[derive(Default)]
pub(crate) struct Parts {
    pub(crate) monitor: Option<SavedMonitor>,
    pub(crate) alarms: HashMap<Arc<str>, SavedWatch>,
    pub(crate) names: HashMap<Arc<str>, Vec<(u8, SavedNames)>>,
    pub(crate) composites: HashMap<Arc<str>, SavedComposite>,
    pub(crate) backlog: Option<Backlog>,
    pub(crate) waiting: BTreeMap<u64, Waiting>,
}

impl Part {
    pub(crate) fn of(key: PartKey, state: &impl Serialize) -> Self {
        #[expect(clippy::expect_used, reason = "keys are texts, and no part refuses to be written")]
        let state = serde_json::to_string(state).expect("a part is JSON");
        Part { key, state: Some(state) }
    }

    pub(crate) fn gone(key: PartKey) -> Self {
        Part { key, state: None }
    }
}

impl Parts {
    pub(crate) fn read(stored: Vec<(PartKey, String)>) -> Result<Self, LoadError> {
        let mut parts = Parts::default();
        let is_empty = stored.is_empty();
        for (key, text) in stored {
            parts.read_one(key, &text)?;
        }
        if parts.monitor.is_none() && !is_empty {
            return Err(LoadError { part: PartKey::Monitor, why: "it is missing".into() });
        }
        Ok(parts)
    }

    fn read_one(&mut self, key: PartKey, text: &str) -> Result<(), LoadError> {
        match &key {
            PartKey::Monitor => self.monitor = Some(read(&key, text)?),
            PartKey::Alarm(arn) => {
                self.alarms.insert(Arc::clone(arn), read(&key, text)?);
            }
            PartKey::Names(arn, share) => {
                self.names.entry(Arc::clone(arn)).or_default().push((*share, read(&key, text)?));
            }
            PartKey::CompositeAlarm(arn) => {
                self.composites.insert(Arc::clone(arn), read(&key, text)?);
            }
            PartKey::Backlog => self.backlog = Some(read(&key, text)?),
            PartKey::Notification(id) => {
                let waiting: Waiting = read(&key, text)?;
                if waiting.id() != *id {
                    let why = format!("it is notification {}", waiting.id());
                    return Err(LoadError { part: key, why });
                }
                self.waiting.insert(*id, waiting);
            }
        }
        Ok(())
    }
}

fn read<T: DeserializeOwned>(key: &PartKey, text: &str) -> Result<T, LoadError> {
    serde_json::from_str(text).map_err(|error| LoadError { part: key.clone(), why: error.to_string() })
}

impl fmt::Display for PartKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            PartKey::Monitor => f.write_str("monitor"),
            PartKey::Alarm(arn) => write!(f, "alarm {arn}"),
            PartKey::Names(arn, share) => write!(f, "names {share} {arn}"),
            PartKey::CompositeAlarm(arn) => write!(f, "composite {arn}"),
            PartKey::Backlog => f.write_str("backlog"),
            PartKey::Notification(id) => write!(f, "notification {id}"),
        }
    }
}

impl FromStr for PartKey {
    type Err = UnknownKey;

    fn from_str(text: &str) -> Result<Self, UnknownKey> {
        let (kind, rest) = text.split_once(' ').unwrap_or((text, ""));
        let key = match kind {
            "monitor" if text == kind => Some(PartKey::Monitor),
            "backlog" if text == kind => Some(PartKey::Backlog),
            "alarm" => Some(PartKey::Alarm(rest.into())),
            "composite" => Some(PartKey::CompositeAlarm(rest.into())),
            "names" => {
                let share = rest.split_once(' ').and_then(|(share, arn)| Some((share.parse().ok()?, arn)));
                share.map(|(share, arn)| PartKey::Names(arn.into(), share))
            }
            "notification" => rest.parse().ok().map(PartKey::Notification),
            _ => None,
        };
        key.ok_or_else(|| UnknownKey { text: text.to_owned() })
    }
}

impl fmt::Display for LoadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "the part `{}` of the monitor can't be read: {}", self.part, self.why)
    }
}

impl fmt::Display for UnknownKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "`{}` is no part of a monitor", self.text.escape_debug())
    }
}

impl std::error::Error for LoadError {}
impl std::error::Error for UnknownKey {}
