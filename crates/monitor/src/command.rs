//! What can happen to a monitor.

use std::sync::Arc;

use metric::{MetricId, Observation, Resolution, Summary, Unit};

use serde::{Deserialize, Serialize};

use crate::{Configuration, Notification};

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
    /// A notification that was given up is to be delivered all the same. It keeps its id, and is tried as long as a new one.
    Retry(Arc<Notification>),
    /// A backlog that an operator asked for begins to be read, or has been. What windows before its beginning come to is judged and
    /// recorded as always, but told in one summary at the end.
    Backlog(bool),
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
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Evidence {
    /// Who, exactly: an ARN, or what else the record has.
    pub principal: String,
    /// Who, in words: what is the same for all its calls.
    pub principal_words: String,
    /// The service that was called: `kms.amazonaws.com`.
    pub service: Option<String>,
    /// The region that was called.
    pub region: Option<String>,
    /// The account that the record was delivered to.
    pub account: Option<String>,
    /// What: `Decrypt`.
    pub operation: String,
    /// Which key, as exactly as the record tells it.
    pub key: Option<String>,
    /// What else there is to say of the key, or why there is none, a clause each.
    pub key_notes: Vec<String>,
    /// Why it failed, if it did: `AccessDenied`.
    pub error: Option<String>,
    /// What the service said of that.
    pub error_message: Option<String>,
    /// Which data the call was about, in words.
    pub data: Vec<String>,
    /// How many more there were.
    pub more_data: u32,
    /// From where.
    pub source_address: Option<String>,
    /// What the caller says that it is.
    pub user_agent: Option<String>,
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
