//! Who and which keys were seen behind an alarm, and what of it is news.

use std::collections::HashMap;
use std::ops::RangeInclusive;

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

/// When each name was seen.
type Names = HashMap<String, Seen>;

/// In seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Seen {
    first: i64,
    last: i64,
}

/// What is new and wasn't told: names, with the times of the records that brought them, in seconds since 1970.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Pending {
    principals: Vec<(String, i64)>,
    keys: Vec<(String, i64)>,
    pub(crate) more: u64,
}

impl Sightings {
    /// A record of `time` (seconds since 1970) is behind the alarm. `episode` is when the episode began that it enlarges, and
    /// when it ended, if that was told already.
    pub(crate) fn add(&mut self, evidence: &Evidence, time: i64, episode: Option<(i64, i64)>) {
        let new_principal = see(&mut self.principals, &evidence.principal, time, episode);
        let new_key = evidence.key.as_deref().and_then(|key| see(&mut self.keys, key, time, episode));
        let Pending { principals, keys, more } = &mut self.pending;
        for (new, list) in [(new_principal, principals), (new_key, keys)] {
            match new {
                Some(name) if list.len() < MAX_NEWS => list.push((name, time)),
                Some(_) => *more += 1,
                None => {}
            }
        }
    }

    /// Somebody was told of the alarm at `at`, in milliseconds since 1970, and of those who were seen in these seconds.
    pub(crate) fn told(&mut self, at: i64, seconds: &RangeInclusive<i64>) {
        self.told_at = Some(at);
        let Pending { principals, keys, .. } = &mut self.pending;
        principals.retain(|(_, time)| !seconds.contains(time));
        keys.retain(|(_, time)| !seconds.contains(time));
    }

    /// What is to be told now, if anything is.
    pub(crate) fn news(&mut self, now: i64) -> Option<Pending> {
        if self.pending == Pending::default() {
            return None;
        }
        if self.told_at.is_some_and(|told| now.saturating_sub(told) < NEWS_INTERVAL) {
            return None;
        }
        self.told_at = Some(now);
        Some(std::mem::take(&mut self.pending))
    }

    pub(crate) fn forget_before(&mut self, time: i64) {
        self.principals.retain(|_, seen| seen.last >= time);
        self.keys.retain(|_, seen| seen.last >= time);
    }
}

impl Pending {
    /// Principals and keys, each once.
    pub(crate) fn names(&self) -> (Vec<String>, Vec<String>) {
        (distinct(&self.principals), distinct(&self.keys))
    }
}

fn distinct(names: &[(String, i64)]) -> Vec<String> {
    let mut list: Vec<String> = Vec::new();
    for (name, _) in names {
        if !list.contains(name) {
            list.push(name.clone());
        }
    }
    list
}

/// The name, if it is new in the episode.
fn see(names: &mut Names, name: &str, time: i64, episode: Option<(i64, i64)>) -> Option<String> {
    if let Some(seen) = names.get_mut(name) {
        // Of a name that was seen both before and behind the episode it isn't known any more whether it was in between.
        let is_new = episode.is_some_and(|(began, ended)| seen.last < began || seen.first >= ended);
        (seen.first, seen.last) = (seen.first.min(time), seen.last.max(time));
        return is_new.then(|| name.to_owned());
    }
    if names.len() >= MAX_NAMES {
        return None;
    }
    names.insert(name.to_owned(), Seen { first: time, last: time });
    episode.map(|_| name.to_owned())
}
