//! What a command can change.

use serde::{Deserialize, Serialize};
use std::sync::Arc;

use alarm::{Evaluation, StateReason, StateValue, Window};
use metric::{MetricId, Unit};

use crate::{Evidence, Subscription, Summary};

/// One thing that changed. Whoever stores all of them can answer what a monitor is asked; a monitor itself keeps only what
/// it needs to go on.
#[derive(Debug, Clone, PartialEq)]
pub enum Change {
    /// A record was counted and is remembered: its repeats don't count.
    Remembered {
        /// The record.
        record: u128,
        /// When it happened, in seconds since 1970.
        time: i64,
    },
    /// A record had been counted already.
    Repeated {
        /// The record.
        record: u128,
    },
    /// A log event or observation lies beyond [`LATE_HORIZON`](crate::LATE_HORIZON), or too far in the future
    /// ([`EARLY_LIMIT`](crate::EARLY_LIMIT)): it is evidence, and no alarm is judged by it.
    OutOfReach {
        /// Its time, in seconds since 1970.
        time: i64,
    },
    /// A slot of a metric has further observations.
    Observed {
        /// The metric.
        metric: Arc<MetricId>,
        /// What they are measured in.
        unit: Unit,
        /// The start of the slot, in seconds since 1970.
        start: i64,
        /// How long the slot is, in seconds.
        length: u32,
        /// The further observations.
        added: metric::Summary,
    },
    /// A record is evidence behind the datapoints of these filters.
    Matched {
        /// The record; `None` where nobody could tell a repeat.
        record: Option<u128>,
        /// When it happened, in seconds since 1970.
        time: i64,
        /// The filters, as positions in the configuration.
        filters: Vec<u32>,
        /// The metrics that it was observed in, each once; where it is out of reach, those that it would have been.
        metrics: Vec<Arc<MetricId>>,
        /// What it says.
        evidence: Arc<Evidence>,
    },
    /// An alarm is watched from now on.
    AlarmCreated {
        /// Its ARN.
        alarm: Arc<str>,
    },
    /// An alarm has another definition; its state stays.
    AlarmUpdated {
        /// Its ARN.
        alarm: Arc<str>,
    },
    /// An alarm isn't watched any more.
    AlarmDeleted {
        /// Its ARN.
        alarm: Arc<str>,
    },
    /// An alarm changed its state.
    State(Arc<StateChange>),
    /// An episode that is over by now came to light.
    LateEpisode(Arc<LateEpisode>),
    /// Late data changed what an alarm's state should have been.
    Revised(Revised),
    /// Somebody or some key that hadn't been seen in an episode is behind it, too.
    News(Arc<News>),
    /// A notification is to be delivered.
    Queued(Arc<Notification>),
    /// Many notifications to one subscriber became one, which was queued just before. The others aren't delivered on their own.
    Summed {
        /// The one that says it all; its `about` is a [`About::Summary`].
        into: Arc<Notification>,
        /// The ids of the others.
        covers: Vec<u64>,
    },
    /// Nobody is told of something, and why.
    Untold {
        /// The alarm.
        alarm: Arc<str>,
        /// Why.
        why: Untold,
    },
    /// A notification was delivered.
    Delivered {
        /// Which one.
        notification: u64,
    },
    /// A notification couldn't be delivered and will be tried again.
    Postponed {
        /// Which one.
        notification: u64,
        /// How often it has been tried.
        attempts: u32,
        /// When it is tried again, in milliseconds since 1970.
        until: i64,
        /// Why, for people.
        reason: String,
    },
    /// A notification can't be delivered.
    GivenUp {
        /// Which one.
        notification: u64,
        /// Why, for people.
        reason: String,
    },
}

/// That an alarm changed its state.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct StateChange {
    /// The alarm's ARN.
    pub alarm: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// The state before.
    pub from: StateValue,
    /// The state after.
    pub to: StateValue,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// Why.
    pub reason: StateReason,
    /// What a metric alarm looked at; `None` for a composite one.
    pub judged: Option<Judged>,
}

/// What an alarm looked at when it was evaluated.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Judged {
    /// The periods.
    pub window: Window,
    /// Their datapoints, and what was made of them.
    pub evaluation: Evaluation,
}

/// Consecutive evaluations that come to `ALARM`, in the past, of which nobody knew.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct LateEpisode {
    /// The alarm's ARN.
    pub alarm: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// The end of the window of its first evaluation, in seconds since 1970.
    pub first_end: i64,
    /// The end of the window of its last evaluation, in seconds since 1970.
    pub last_end: i64,
    /// When it came to light, in milliseconds since 1970.
    pub seen_at: i64,
    /// Why its first evaluation comes to `ALARM`.
    pub reason: StateReason,
    /// What its first evaluation looks at.
    pub judged: Judged,
}

/// That consecutive evaluations of an alarm come to another state, by what is known now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Revised {
    /// The alarm's ARN.
    pub alarm: Arc<str>,
    /// The end of the first window, in seconds since 1970.
    pub first_end: i64,
    /// The end of the last window, in seconds since 1970.
    pub last_end: i64,
    /// What they came to before.
    pub was: StateValue,
    /// What they come to.
    pub is: StateValue,
    /// When that was found, in milliseconds since 1970.
    pub at: i64,
}

/// Who and which keys are new behind an episode that was told already.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct News {
    /// The alarm's ARN.
    pub alarm: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// Principals that hadn't been seen in the episode.
    pub principals: Vec<String>,
    /// Keys that hadn't been seen in it.
    pub keys: Vec<String>,
    /// How many further ones there are.
    pub more: u64,
}

/// A message to one subscriber.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Notification {
    /// The same on each attempt: how many notifications came before this one.
    pub id: u64,
    /// The topic's ARN.
    pub topic: String,
    /// To whom.
    pub subscription: Subscription,
    /// When it was queued, in milliseconds since 1970.
    pub queued_at: i64,
    /// Of what.
    pub about: About,
}

/// What a notification tells.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum About {
    /// An alarm changed its state.
    State(Arc<StateChange>),
    /// An episode came to light that is over.
    LateEpisode(Arc<LateEpisode>),
    /// An episode has somebody new behind it.
    News(Arc<News>),
    /// An alarm is still in `ALARM`.
    Reminder(Arc<Reminder>),
    /// Many things happened.
    Summary(Arc<Summary>),
}

/// That an alarm is still in `ALARM`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Reminder {
    /// The alarm's ARN.
    pub alarm: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// Since when it is in `ALARM`, in milliseconds since 1970.
    pub since: i64,
    /// When it was said, in milliseconds since 1970.
    pub at: i64,
}

impl About {
    /// The state that it tells of.
    #[must_use]
    pub fn state(&self) -> StateValue {
        match self {
            About::State(change) => change.to,
            About::Summary(summary) => summary.state,
            About::LateEpisode(_) | About::News(_) | About::Reminder(_) => StateValue::Alarm,
        }
    }

    /// The ARN and the name of the alarm that it tells of; `None` where there are many.
    #[must_use]
    pub fn alarm(&self) -> Option<(&Arc<str>, &Arc<str>)> {
        match self {
            About::State(change) => Some((&change.alarm, &change.name)),
            About::LateEpisode(episode) => Some((&episode.alarm, &episode.name)),
            About::News(news) => Some((&news.alarm, &news.name)),
            About::Reminder(reminder) => Some((&reminder.alarm, &reminder.name)),
            About::Summary(_) => None,
        }
    }
}

/// Why nobody is told of something.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Untold {
    /// The alarm's actions are disabled.
    ActionsDisabled,
    /// It has no action for this state.
    NoAction,
    /// It was created and is `OK`.
    FirstEvaluation,
    /// The episode that it belongs to was told already, and a late record only enlarges it.
    ToldBefore,
    /// Its suppressor holds the actions back.
    Suppressed,
    /// It is part of a backlog that is being read; one summary will tell of it.
    Backlog,
    /// This action is none of a topic that is watched.
    UnknownAction(String),
    /// This topic has no subscriber.
    NoSubscriber(String),
}
