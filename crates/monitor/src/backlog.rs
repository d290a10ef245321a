//! While a backlog is read that an operator asked for: what it tells of the past is collected, not mailed.

use std::collections::BTreeMap;

use alarm::StateValue;
use serde::{Deserialize, Serialize};

use crate::MILLISECONDS;
use crate::change::About;
use crate::summary::{Gathering, SummaryKind};

/// How many alarms are told apart for each topic.
const MAX_ALARMS: usize = 1_000;

/// A backlog that is being read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Backlog {
    /// When it began, in milliseconds since 1970; `None` until somebody tells the time.
    pub(crate) began: Option<i64>,
    /// What would have been told, by topic.
    pub(crate) topics: BTreeMap<String, Gathering>,
}

impl Backlog {
    pub(crate) fn new(began: Option<i64>) -> Self {
        Backlog { began, topics: BTreeMap::new() }
    }

    /// Whether a time, in seconds since 1970, lies before its beginning.
    pub(crate) fn is_past(&self, time: i64) -> bool {
        self.began.is_none_or(|began| time <= began.div_euclid(MILLISECONDS))
    }

    /// Whether it happened before its beginning. Of a composite alarm that follows from what made it change.
    pub(crate) fn tells_of_past(&self, about: &About) -> bool {
        match about {
            About::State(change) => {
                change.judged.as_ref().is_some_and(|judged| self.is_past(judged.window.end))
            }
            About::LateEpisode(episode) => self.is_past(episode.last_end),
            About::News(_) | About::Reminder(_) | About::Summary(_) => false,
        }
    }

    /// Takes what would have been told to the subscribers of these topics.
    pub(crate) fn take(&mut self, topics: &[String], about: &About) {
        for topic in topics {
            let new = || Gathering::new(SummaryKind::Backlog, StateValue::Alarm);
            self.topics.entry(topic.clone()).or_insert_with(new).add(about, MAX_ALARMS);
        }
    }
}
