//! What can happen to a monitor.

use std::sync::Arc;

use metric::{MetricId, Observation, Resolution, Summary, Unit};

use crate::Configuration;

/// One input. Everything that a monitor knows it knows from these, time included.
#[derive(Debug, Clone, PartialEq)]
pub enum Command {
    /// From now on this is watched. What was watched before and isn't any more is forgotten.
    Configure(Box<Configuration>),
    /// Log events came in, and some of them matched.
    Ingest(Ingest),
    /// Somebody reported observations of metrics.
    PutMetricData(Vec<MetricDatum>),
    /// It is so many milliseconds since 1970. A time before that of an earlier tick changes nothing.
    Tick(i64),
    /// A notification was delivered, or wasn't.
    Delivery {
        /// Which one.
        notification: u64,
        /// What came of it.
        outcome: DeliveryOutcome,
    },
}

/// Log events that came in together.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Ingest {
    /// Those that matched.
    pub matches: Vec<Match>,
    /// How many didn't match, for filters with a default value.
    pub unmatched: Vec<Unmatched>,
}

/// A log event that matched.
#[derive(Debug, Clone, PartialEq)]
pub struct Match {
    /// What is the same in all deliveries of one record. `None` is never a repeat.
    pub record: Option<u128>,
    /// When it happened, in seconds since 1970.
    pub time: i64,
    /// The filters that it matched, as positions in the configuration, and what it yields for each. A filter for which
    /// it yields nothing isn't listed.
    pub observations: Vec<(u32, Observation)>,
    /// Who did what.
    pub evidence: Option<Arc<Evidence>>,
}

/// Who did what with which key, from where: what one record says. All of it is hostile text.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Evidence {
    /// Who.
    pub principal: String,
    /// What: `Decrypt`.
    pub operation: String,
    /// Which key, as exactly as the record tells it.
    pub key: Option<String>,
    /// Why it failed, if it did.
    pub error: Option<String>,
    /// From where.
    pub source_address: Option<String>,
}

/// Log events that didn't match.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Unmatched {
    /// The filter, as a position in the configuration.
    pub filter: u32,
    /// A time in the minute in which they happened, in seconds since 1970.
    pub time: i64,
    /// How many.
    pub count: u64,
}

/// Observations of one metric, all of one time.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricDatum {
    /// The metric.
    pub metric: Arc<MetricId>,
    /// What they are measured in.
    pub unit: Unit,
    /// How finely they are kept.
    pub resolution: Resolution,
    /// When they were made, in seconds since 1970.
    pub time: i64,
    /// The observations.
    pub observations: Summary,
}

/// What came of a delivery attempt.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DeliveryOutcome {
    /// The subscriber's server took it.
    Accepted,
    /// It didn't, and may later; why, for people.
    Deferred(String),
    /// It didn't, and never will; why, for people.
    Refused(String),
}
