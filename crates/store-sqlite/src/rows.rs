//! What questions are answered with.

use std::path::PathBuf;

use alarm::StateValue;
use monitor::{Evidence, Subscription};
use serde::{Deserialize, Serialize};

use crate::StoreError;

/// A record behind some datapoints.
#[derive(Debug, Clone, PartialEq)]
pub struct EvidenceRow {
    /// Its number.
    pub id: i64,
    /// When it happened, in seconds since 1970.
    pub time: i64,
    /// The record.
    pub record: Option<u128>,
    /// What it says.
    pub evidence: Evidence,
}

/// Records that say the same.
#[derive(Debug, Clone, PartialEq)]
pub struct EvidenceGroup {
    /// What they say.
    pub evidence: Evidence,
    /// How many there are.
    pub count: u64,
    /// When the first happened, in seconds since 1970.
    pub first: i64,
    /// When the last happened.
    pub last: i64,
}

/// What was seen of a principal failing on a key.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct SeenBefore {
    /// How many records there are.
    pub failures: u64,
    /// When the last one happened, in seconds since 1970.
    pub last: Option<i64>,
    /// When the oldest evidence of all happened: what was before, nobody knows.
    pub known_since: Option<i64>,
}

/// Something that happened to an alarm.
#[derive(Debug, Clone, PartialEq)]
pub struct HistoryRow {
    /// Its number; later ones are higher.
    pub id: i64,
    /// When, in milliseconds since 1970.
    pub at: i64,
    /// The alarm's ARN.
    pub alarm: String,
    /// What.
    pub kind: HistoryKind,
    /// The state before, of a state change or a revision.
    pub was: Option<StateValue>,
    /// The state after, likewise.
    pub became: Option<StateValue>,
    /// The rest as JSON: [`monitor::StateChange`], [`monitor::LateEpisode`] and [`monitor::News`] as they are; `first_end` and
    /// `last_end` of a revision; `why` nobody was told, with the `action` or the `topic`.
    pub detail: String,
}

macro_rules! names {
    ($(#[$attribute:meta])* $name:ident $($(#[$own:meta])* $variant:ident $text:literal)*) => {
        $(#[$attribute])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        pub enum $name {
            $($(#[$own])* $variant,)*
        }

        impl $name {
            /// As it is written in the database.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $($name::$variant => $text,)* }
            }

            pub(crate) fn parse(text: &str) -> Result<Self, StoreError> {
                match text {
                    $($text => Ok($name::$variant),)*
                    _ => Err(StoreError::damaged(concat!("no ", stringify!($name)))),
                }
            }
        }
    };
}

names! {
    /// What can happen to an alarm.
    HistoryKind
    /// It changed its state.
    State "state"
    /// An episode came to light that is over.
    Late "late"
    /// Late data changed what its state should have been.
    Revised "revised"
    /// Somebody new is behind it.
    News "news"
    /// Nobody was told of something.
    Untold "untold"
    /// It is watched from now on.
    Created "created"
    /// It has another definition.
    Updated "updated"
    /// It isn't watched any more.
    Deleted "deleted"
}

names! {
    /// How far a notification is.
    OutboxState
    /// It is to be delivered.
    Waiting "waiting"
    /// It was.
    Delivered "delivered"
    /// It was given up.
    Dead "dead"
    /// Another one tells what it would have told.
    Summed "summed"
}

/// A notification.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    /// Its number.
    pub id: u64,
    /// The topic's ARN.
    pub topic: String,
    /// To whom.
    pub subscription: Subscription,
    /// The ARN of the alarm that it is about; `None` where it is about many.
    pub alarm: Option<String>,
    /// When it was queued, in milliseconds since 1970.
    pub queued_at: i64,
    /// How far it is.
    pub state: OutboxState,
    /// How often it was tried.
    pub attempts: u32,
    /// When it is tried next, in milliseconds since 1970, if it waits.
    pub next_attempt: Option<i64>,
    /// When it was delivered, given up or summed up, in milliseconds since 1970.
    pub closed_at: Option<i64>,
    /// Why the last failed attempt failed.
    pub reason: Option<String>,
    /// [`monitor::Notification`] as JSON.
    pub notification: String,
    /// What was kept with [`crate::Writing::story`].
    pub story: Option<String>,
    /// The one that tells what it would have told.
    pub summed: Option<u64>,
}

/// What lies in the outbox.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Depth {
    /// How many notifications wait.
    pub waiting: u64,
    /// When the oldest of them was queued, in milliseconds since 1970.
    pub oldest: Option<i64>,
    /// How many were given up and are still kept.
    pub dead: u64,
}

/// A source that something was read of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SourceRow {
    /// Its name.
    pub name: String,
    /// Of how many files is known how far they have been read.
    pub files: u64,
    /// When something was read last, in milliseconds since 1970.
    pub read_at: i64,
}

/// How much room a database takes, in bytes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Size {
    /// Where it lies.
    pub path: PathBuf,
    /// The database.
    pub database: u64,
    /// What of it is free.
    pub free: u64,
    /// The write-ahead log beside it.
    pub log: u64,
}

/// What evidence says beside the columns that are searched.
#[derive(Debug, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Detail {
    principal_words: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    service: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    region: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    account: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    key_notes: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error_message: Option<String>,
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    data: Vec<String>,
    #[serde(default, skip_serializing_if = "is_zero")]
    more_data: u32,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    user_agent: Option<String>,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks for a reference")]
fn is_zero(number: &u32) -> bool {
    *number == 0
}

impl Detail {
    pub(crate) fn of(evidence: &Evidence) -> Self {
        let evidence = evidence.clone();
        Detail {
            principal_words: evidence.principal_words,
            service: evidence.service,
            region: evidence.region,
            account: evidence.account,
            key_notes: evidence.key_notes,
            error_message: evidence.error_message,
            data: evidence.data,
            more_data: evidence.more_data,
            user_agent: evidence.user_agent,
        }
    }

    pub(crate) fn to_json(&self) -> Result<String, StoreError> {
        serde_json::to_string(self).map_err(|error| StoreError::Other(format!("no JSON: {error}")))
    }

    /// The evidence that it belongs to, where the columns say the rest.
    pub(crate) fn into_evidence(self) -> Evidence {
        Evidence {
            principal_words: self.principal_words,
            service: self.service,
            region: self.region,
            account: self.account,
            key_notes: self.key_notes,
            error_message: self.error_message,
            data: self.data,
            more_data: self.more_data,
            user_agent: self.user_agent,
            ..Evidence::default()
        }
    }
}
