//! What a notification has to tell, before anybody has put it into words.
//!
//! Whoever sends notifications fills in a [`Story`] from what it has stored. Everything in [`Evidence`] comes from records
//! and is hostile text; the other texts were written by the people who own the alarm. Times are in seconds since 1970 in
//! UTC, unless a field says milliseconds. A story can be kept as JSON: what is read back gives the same letter.

use alarm::composite::CompositeDefinition;
use alarm::{Definition, StateValue};
use monitor::{About, Summary};
use serde::{Deserialize, Serialize};

use crate::many;

/// Everything that one notification says.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Story {
    /// Who gets it, and which letter it is.
    pub letter: Letter,
    /// The account of the alarm.
    pub account: Account,
    /// The region of the alarm, such as `eu-west-1`.
    pub region: String,
    /// The ARN of the topic that it was published to.
    pub topic: String,
    /// The alarm. Of [`Happened::Summary`] nothing of it is shown; whoever makes such a story takes any of those that it is about.
    pub alarm: Alarm,
    /// What happened to it.
    pub happened: Happened,
    /// A sentence to begin with instead of one made of the evidence: of a drill, or of a source that fell silent.
    pub lead: Option<String>,
    /// The metric of the last hours.
    pub series: Option<Series>,
    /// Who and what is behind it.
    pub evidence: Evidence,
    /// Whether calls still come in.
    pub ongoing: Ongoing,
    /// Where to read on.
    pub links: Vec<Link>,
    /// Where the subscriber can end the subscription. Also said in a header.
    pub unsubscribe: Option<String>,
}

/// Who gets a notification, and which letter it is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Letter {
    /// The notification's id ([`monitor::Notification::id`]): the same on each attempt.
    pub id: u64,
    /// What tells this kmswatch from others of the same domain, so that their ids differ.
    pub instance: String,
    /// The domain of the ids of messages and lists.
    pub domain: String,
    /// Ids of earlier notifications to the same subscriber that this one belongs to, the oldest first: the `ALARM` that an
    /// `OK` ends.
    pub earlier: Vec<u64>,
    /// Who sends it: `kmswatch <alarms@example.com>`.
    pub from: String,
    /// The subscriber's address.
    pub to: String,
    /// When it was queued, in milliseconds. The text is as of then, on each attempt.
    pub written_at: i64,
}

/// An account.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Account {
    /// Twelve digits.
    pub id: String,
    /// What its owners call it.
    pub name: Option<String>,
}

/// The alarm that a notification is about.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Alarm {
    /// Its ARN.
    pub arn: String,
    /// When its definition changed last, in milliseconds.
    pub updated_at: i64,
    /// What it is.
    pub definition: Watched,
}

/// What an alarm is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Watched {
    /// An alarm on a metric, or on an expression over metrics.
    Metric(Box<Definition>),
    /// An alarm on alarms.
    Composite(Box<CompositeDefinition>),
}

/// What happened to the alarm.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Happened {
    /// Its state changed.
    State {
        /// The state before.
        from: StateValue,
        /// The state after.
        to: StateValue,
        /// When, in milliseconds.
        at: i64,
        /// Why, in AWS's words.
        reason: String,
        /// Since when it was in the state before, in milliseconds.
        since: Option<i64>,
        /// The alarms that made a composite alarm change.
        children: Vec<Child>,
        /// Whether the change lay in a time in which actions were muted.
        after_mute_window: bool,
    },
    /// Late records show that it should have been in `ALARM`, in the past.
    Late {
        /// The beginning of that time.
        from: i64,
        /// Its end.
        to: i64,
        /// When that came to light, in milliseconds.
        seen_at: i64,
        /// Why, in AWS's words.
        reason: String,
        /// The state that it is in now.
        state: StateValue,
    },
    /// Somebody or some key is new behind an `ALARM` that was told already.
    News {
        /// When, in milliseconds.
        at: i64,
        /// Principals that are new.
        principals: Vec<String>,
        /// Keys that are new.
        keys: Vec<String>,
        /// How many further ones there are.
        more: u64,
        /// Why the alarm is in `ALARM`, in AWS's words.
        reason: String,
    },
    /// It is still in `ALARM`.
    Reminder {
        /// Since when, in milliseconds.
        since: i64,
        /// When it was said, in milliseconds.
        at: i64,
        /// Why it is in `ALARM`, in AWS's words.
        reason: String,
    },
    /// Many alarms changed.
    Summary(Box<Summary>),
}

/// An alarm below a composite alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Child {
    /// Its ARN.
    pub arn: String,
    /// Its state.
    pub state: StateValue,
    /// Since when, in milliseconds.
    pub at: i64,
}

/// Datapoints for the chart.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// What is counted: `KMS/Failures, Sum`.
    pub title: String,
    /// The length of a period, in seconds.
    pub period: u32,
    /// The start of the first period.
    pub start: i64,
    /// One value a period; `None` where there is no datapoint.
    #[serde(with = "metric::float::optionals")]
    pub values: Vec<Option<f64>>,
}

/// Who and what is behind a notification.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Evidence {
    /// Calls that have much in common, the worst first.
    pub groups: Vec<Group>,
    /// How many further groups there are.
    pub more_groups: u64,
    /// How many calls are in these.
    pub more_calls: u64,
    /// How many different principals there are in all groups.
    pub principals: u64,
    /// How many different keys there are in all groups.
    pub keys: u64,
}

/// Calls of one principal that have much in common.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Group {
    /// Who, in words: `user ci-deployer in account 111122223333`.
    pub who: String,
    /// Who, exactly: an ARN, or what else the record has.
    pub principal: String,
    /// The service that was called: `kms.amazonaws.com`.
    pub service: Option<String>,
    /// What was called: `Decrypt`.
    pub operation: String,
    /// The key.
    pub key: Option<Key>,
    /// Why there is no key, in words.
    pub no_key: Option<String>,
    /// Why it failed: `AccessDenied`. `None` where it succeeded.
    pub error: Option<String>,
    /// What one of the records says of that.
    pub error_message: Option<String>,
    /// Which data, in words: `secret prod/db`.
    pub data: Vec<String>,
    /// How many further ones there are.
    pub more_data: u64,
    /// From where.
    pub addresses: Vec<String>,
    /// How many further ones there are.
    pub more_addresses: u64,
    /// What the caller says that it is.
    pub user_agent: Option<String>,
    /// The region that was called.
    pub region: Option<String>,
    /// Why its owners expect these calls, if they do.
    #[serde(default)]
    pub expected: Option<String>,
    /// How often.
    pub count: u64,
    /// When first.
    pub first: i64,
    /// When last.
    pub last: i64,
    /// What was seen of this principal failing on this key before. `None` where nobody knows.
    pub before: Option<Before>,
}

/// A key.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Key {
    /// As exactly as the record tells it: mostly an ARN.
    pub text: String,
    /// What its owners call it.
    pub name: Option<String>,
}

/// What was seen before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Before {
    /// How many failures of the same principal on the same key.
    pub failures: u64,
    /// Over how many days, 30 unless there is no history of that length.
    pub days: u32,
    /// When last.
    pub last: Option<i64>,
}

/// Whether calls still come in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub enum Ongoing {
    /// Nobody knows.
    Unknown,
    /// They do.
    Yes,
    /// None came since the last one.
    No,
}

/// Where to read on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Link {
    /// What is there.
    pub label: String,
    /// Its URL; anything but `http` and `https` isn't shown.
    pub url: String,
}

impl Happened {
    /// What `about` tells. `state` is the alarm's present state, `reason` why it is in it, `since` since when it was in the
    /// state before (milliseconds), as whoever keeps them knows them.
    #[must_use]
    pub fn of(about: &About, state: StateValue, reason: &str, since: Option<i64>) -> Self {
        match about {
            About::State(change) => Happened::State {
                from: change.from,
                to: change.to,
                at: change.at,
                reason: change.reason.to_string(),
                since,
                children: Vec::new(),
                after_mute_window: false,
            },
            About::LateEpisode(episode) => Happened::Late {
                from: episode.first_end,
                to: episode.last_end,
                seen_at: episode.seen_at,
                reason: episode.reason.to_string(),
                state,
            },
            About::News(news) => Happened::News {
                at: news.at,
                principals: news.principals.clone(),
                keys: news.keys.clone(),
                more: news.more,
                reason: reason.to_owned(),
            },
            About::Reminder(reminder) => {
                Happened::Reminder { since: reminder.since, at: reminder.at, reason: reason.to_owned() }
            }
            About::Summary(summary) => Happened::Summary(Box::new((**summary).clone())),
        }
    }

    /// The state that the notification is about.
    #[must_use]
    pub fn state(&self) -> StateValue {
        match self {
            Happened::State { to, .. } => *to,
            Happened::Summary(summary) => summary.state,
            Happened::Late { .. } | Happened::News { .. } | Happened::Reminder { .. } => StateValue::Alarm,
        }
    }

    /// When it happened or came to light, in milliseconds.
    #[must_use]
    pub fn at(&self) -> i64 {
        match self {
            Happened::State { at, .. }
            | Happened::News { at, .. }
            | Happened::Reminder { at, .. }
            | Happened::Late { seen_at: at, .. } => *at,
            Happened::Summary(summary) => summary.to,
        }
    }

    /// Why, in AWS's words; empty where there are many alarms.
    #[must_use]
    pub fn reason(&self) -> &str {
        match self {
            Happened::State { reason, .. }
            | Happened::Late { reason, .. }
            | Happened::News { reason, .. }
            | Happened::Reminder { reason, .. } => reason,
            Happened::Summary(_) => "",
        }
    }

    /// The summary, where many alarms changed.
    pub(crate) fn summary(&self) -> Option<&Summary> {
        match self {
            Happened::Summary(summary) => Some(summary),
            _ => None,
        }
    }
}

impl Story {
    /// What it is about: the alarm's name, or how many alarms. What an owner wrote isn't escaped.
    pub(crate) fn title(&self) -> String {
        match &self.happened {
            Happened::Summary(summary) => many::alarms(summary),
            _ => self.alarm.definition.name().to_owned(),
        }
    }
}

impl Watched {
    /// The alarm's name.
    #[must_use]
    pub fn name(&self) -> &str {
        match self {
            Watched::Metric(alarm) => &alarm.name,
            Watched::Composite(alarm) => &alarm.name,
        }
    }

    /// What it is for.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        match self {
            Watched::Metric(alarm) => alarm.description.as_deref(),
            Watched::Composite(alarm) => alarm.description.as_deref(),
        }
    }

    /// ARNs of what is told of a change to that state.
    #[must_use]
    pub fn actions(&self, state: StateValue) -> &[String] {
        match (self, state) {
            (Watched::Metric(alarm), StateValue::Ok) => &alarm.ok_actions,
            (Watched::Metric(alarm), StateValue::Alarm) => &alarm.alarm_actions,
            (Watched::Metric(alarm), StateValue::InsufficientData) => &alarm.insufficient_data_actions,
            (Watched::Composite(alarm), StateValue::Ok) => &alarm.ok_actions,
            (Watched::Composite(alarm), StateValue::Alarm) => &alarm.alarm_actions,
            (Watched::Composite(alarm), StateValue::InsufficientData) => &alarm.insufficient_data_actions,
        }
    }
}

impl Evidence {
    /// How many calls there are.
    #[must_use]
    pub fn calls(&self) -> u64 {
        self.groups.iter().fold(self.more_calls, |calls, group| calls.saturating_add(group.count))
    }

    /// When the first and the last of the calls in the listed groups were made.
    #[must_use]
    pub fn span(&self) -> Option<(i64, i64)> {
        let first = self.groups.iter().map(|group| group.first).min()?;
        Some((first, self.groups.iter().map(|group| group.last).max()?))
    }
}
