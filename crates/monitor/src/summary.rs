//! Many notifications in one.

use std::collections::BTreeMap;
use std::sync::Arc;

use alarm::StateValue;
use serde::{Deserialize, Serialize};

use crate::MILLISECONDS;
use crate::change::About;

/// How many alarms a summary lists; further ones are counted.
pub const MAX_ITEMS: usize = 50;

/// Many notifications in one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Summary {
    /// Why there is one.
    pub kind: SummaryKind,
    /// What it tells of: alarms that went into this state.
    pub state: StateValue,
    /// The earliest thing that it tells of, in milliseconds since 1970.
    pub from: i64,
    /// The latest one.
    pub to: i64,
    /// How many alarms there are, without those of `beyond`.
    pub alarms: u64,
    /// For how many notifications it stands.
    pub notifications: u64,
    /// How many of these are of further alarms, which nobody told apart any more.
    pub beyond: u64,
    /// The first [`MAX_ITEMS`] alarms, in the order of time.
    pub items: Vec<SummaryItem>,
}

/// Why there is a summary.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum SummaryKind {
    /// Too much happened at once for a letter each.
    Storm,
    /// A backlog was read.
    Backlog,
}

/// What a summary says of one alarm.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SummaryItem {
    /// Its ARN.
    pub alarm: Arc<str>,
    /// Its name.
    pub name: Arc<str>,
    /// How often it went into the state of the summary.
    pub count: u64,
    /// When first, in milliseconds since 1970; of a late episode the beginning.
    pub first: i64,
    /// When something of it happened last; of a late episode the end.
    pub last: i64,
    /// Whether it left `ALARM` again, by what is told.
    pub is_over: bool,
    /// Why it changed first, in AWS's words.
    pub reason: String,
}

/// A summary that is being made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Gathering {
    kind: SummaryKind,
    state: StateValue,
    from: i64,
    to: i64,
    notifications: u64,
    beyond: u64,
    alarms: BTreeMap<Arc<str>, SummaryItem>,
}

impl Gathering {
    pub(crate) fn new(kind: SummaryKind, state: StateValue) -> Self {
        let (from, to) = (i64::MAX, i64::MIN);
        Gathering { kind, state, from, to, notifications: 0, beyond: 0, alarms: BTreeMap::new() }
    }

    /// Adds what a notification tells; of more than `most` alarms only the number of notifications.
    pub(crate) fn add(&mut self, about: &About, most: usize) {
        let Some((alarm, name)) = about.alarm() else { return };
        let (first, last) = self.span(about);
        (self.from, self.to) = (self.from.min(first), self.to.max(last));
        self.notifications += 1;
        if self.alarms.len() >= most && !self.alarms.contains_key(alarm) {
            self.beyond += 1;
            return;
        }
        let new = || SummaryItem {
            alarm: Arc::clone(alarm),
            name: Arc::clone(name),
            count: 0,
            first,
            last,
            is_over: false,
            reason: reason(about),
        };
        let item = self.alarms.entry(Arc::clone(alarm)).or_insert_with(new);
        (item.first, item.last) = (item.first.min(first), item.last.max(last));
        item.count += u64::from(about.state() == self.state);
        item.is_over = match about {
            About::State(change) => change.to != StateValue::Alarm,
            About::LateEpisode(_) => true,
            _ => item.is_over,
        };
    }

    pub(crate) fn finished(self) -> Summary {
        let Gathering { kind, state, from, to, notifications, beyond, alarms } = self;
        let count = alarms.len() as u64;
        let mut items: Vec<SummaryItem> = alarms.into_values().collect();
        items.sort_by(|one, other| (one.first, &one.name).cmp(&(other.first, &other.name)));
        items.truncate(MAX_ITEMS);
        Summary { kind, state, from, to, alarms: count, notifications, beyond, items }
    }

    /// When what is told happened, in milliseconds since 1970. What a backlog tells happened when the window ended, not when
    /// somebody saw it.
    fn span(&self, about: &About) -> (i64, i64) {
        let seconds = |seconds: i64| seconds.saturating_mul(MILLISECONDS);
        match about {
            About::State(change) => {
                let judged = change.judged.as_ref().filter(|_| self.kind == SummaryKind::Backlog);
                let at = judged.map_or(change.at, |judged| seconds(judged.window.end));
                (at, at)
            }
            About::LateEpisode(episode) => (seconds(episode.first_end), seconds(episode.last_end)),
            About::News(news) => (news.at, news.at),
            About::Reminder(reminder) => (reminder.since, reminder.at),
            About::Summary(summary) => (summary.from, summary.to),
        }
    }
}

fn reason(about: &About) -> String {
    match about {
        About::State(change) => change.reason.to_string(),
        About::LateEpisode(episode) => episode.reason.to_string(),
        About::News(_) | About::Reminder(_) | About::Summary(_) => String::new(),
    }
}
