//! What a monitor watches: metric filters, alarms, topics.

use alarm::Mode;
use alarm::composite::CompositeDefinition;
use metric::Transformation;
use serde::{Deserialize, Serialize};

use crate::Slot;

/// Everything that a monitor watches. Whoever makes one has checked it: names are unique, patterns and alarms are valid.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Configuration {
    /// The account, twelve digits.
    pub account_id: String,
    /// The region, such as `eu-west-1`.
    pub region: String,
    /// Which matches become observations. Matches name a filter by its position here.
    pub filters: Vec<MetricFilter>,
    /// Alarms on metrics.
    pub alarms: Vec<MetricAlarm>,
    /// Alarms on alarms.
    pub composite_alarms: Vec<CompositeAlarm>,
    /// Whom the alarms' actions tell.
    pub topics: Vec<Topic>,
    /// After how many milliseconds an alarm that is still in `ALARM` is told again, and again; `None` for never.
    pub reminder: Option<i64>,
    /// How many notifications of one kind one subscriber gets at once before they are summed up in one; `None` for
    /// [`MAX_LETTERS`](crate::MAX_LETTERS).
    pub storm: Option<u32>,
    /// What was observed before of the metrics that alarms look at, since [`LATE_HORIZON`](crate::LATE_HORIZON) and their windows
    /// ago. Only what a monitor doesn't know is taken: of metrics that nobody looked at, and of times that nobody asked for.
    pub known: Vec<Slot>,
}

/// A metric filter; its pattern is the business of whoever finds the matches.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricFilter {
    /// Its name, unique in its log group.
    pub name: String,
    /// The log group that it looks at.
    pub log_group: String,
    /// What number a match becomes. AWS takes exactly one.
    pub transformation: Transformation,
}

/// A metric alarm.
#[derive(Debug, Clone, PartialEq)]
pub struct MetricAlarm {
    /// Its ARN.
    pub arn: String,
    /// What it asks, of which metric, and whom it tells.
    pub definition: alarm::Definition,
    /// When it is judged.
    pub mode: Mode,
}

/// A composite alarm.
#[derive(Debug, Clone, PartialEq)]
pub struct CompositeAlarm {
    /// Its ARN.
    pub arn: String,
    /// Its rule, and whom it tells.
    pub definition: CompositeDefinition,
}

/// An SNS topic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Topic {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// Who gets what is published to it.
    pub subscriptions: Vec<Subscription>,
}

/// One subscriber of a topic.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Subscription {
    /// `email`, `https`, …
    pub protocol: String,
    /// Where to: an address, a URL.
    pub endpoint: String,
}

impl Subscription {
    /// Whether people read what it gets, and no program that waits for each alarm.
    #[must_use]
    pub fn is_for_people(&self) -> bool {
        self.protocol == "email" || self.endpoint.ends_with("#slack")
    }
}
