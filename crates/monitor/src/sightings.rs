//! Who and which keys were seen behind an alarm, and what of it is news.

use std::collections::HashMap;

use crate::Evidence;

/// How many principals and keys are remembered for an alarm; of further ones nothing is news.
const MAX_NAMES: usize = 10_000;
/// How many names a piece of news has; further ones are counted.
const MAX_NEWS: usize = 20;
/// How long after a notification of an episode the next one may say what is new, in milliseconds: a scan of many keys
/// is one piece of news, not a hundred.
const NEWS_INTERVAL: i64 = 300_000;

/// What was seen behind an alarm.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Sightings {
    principals: Names,
    keys: Names,
    /// When somebody was told last, in milliseconds since 1970.
    told_at: Option<i64>,
    pending: Pending,
}

/// When each name was seen last, in seconds since 1970.
type Names = HashMap<String, i64>;

/// What is new and wasn't told.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Pending {
    pub(crate) principals: Vec<String>,
    pub(crate) keys: Vec<String>,
    pub(crate) more: u64,
}

impl Sightings {
    /// A record of `time` (seconds since 1970) is behind the alarm. `episode` is when the episode began that it enlarges,
    /// if that was told already.
    pub(crate) fn add(&mut self, evidence: &Evidence, time: i64, episode: Option<i64>) {
        let new_principal = see(&mut self.principals, &evidence.principal, time, episode);
        let new_key = evidence.key.as_deref().and_then(|key| see(&mut self.keys, key, time, episode));
        let Pending { principals, keys, more } = &mut self.pending;
        for (new, list) in [(new_principal, principals), (new_key, keys)] {
            let Some(name) = new else { continue };
            if list.len() < MAX_NEWS { list.push(name) } else { *more += 1 }
        }
    }

    /// Somebody was told of the alarm; what is new begins now.
    pub(crate) fn told(&mut self, at: i64) {
        self.told_at = Some(at);
        self.pending = Pending::default();
    }

    /// What is to be told now, if anything is.
    pub(crate) fn news(&mut self, now: i64) -> Option<Pending> {
        let due = self.told_at.is_none_or(|told| now.saturating_sub(told) >= NEWS_INTERVAL);
        if !due || self.pending == Pending::default() {
            return None;
        }
        self.told_at = Some(now);
        Some(std::mem::take(&mut self.pending))
    }

    pub(crate) fn forget_before(&mut self, time: i64) {
        self.principals.retain(|_, seen| *seen >= time);
        self.keys.retain(|_, seen| *seen >= time);
    }
}

/// The name, if it is new in the episode.
fn see(names: &mut Names, name: &str, time: i64, episode: Option<i64>) -> Option<String> {
    if let Some(seen) = names.get_mut(name) {
        let is_new = episode.is_some_and(|began| *seen < began);
        *seen = (*seen).max(time);
        return is_new.then(|| name.to_owned());
    }
    if names.len() >= MAX_NAMES {
        return None;
    }
    names.insert(name.to_owned(), time);
    episode.map(|_| name.to_owned())
}
