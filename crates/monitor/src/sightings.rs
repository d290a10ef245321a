//! Who and which keys were seen behind an alarm, and what of it is news.

use std::collections::{BTreeMap, HashMap};
use std::ops::RangeInclusive;

use serde::{Deserialize, Serialize};

use crate::Evidence;

/// How many principals and keys are remembered for an alarm; of further ones nothing is news.
const MAX_NAMES: usize = 10_000;
/// How many names a piece of news has; further ones are counted.
const MAX_NEWS: usize = 20;
/// How long after a notification of an episode the next one may say what is new, in milliseconds: a scan of many keys
/// is one piece of news, not a hundred.
const NEWS_INTERVAL: i64 = 300_000;
/// More names than this are saved in shares, so that one that is seen again doesn't write all of them.
const MAX_TOGETHER: usize = 256;
/// How many shares there are.
pub(crate) const SHARES: u8 = 64;

/// What was seen behind an alarm.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Sightings {
    principals: Names,
    keys: Names,
    /// When somebody was told last, in milliseconds since 1970.
    told_at: Option<i64>,
    pending: Pending,
    /// Whether names are saved in shares.
    in_shares: bool,
    /// The shares whose names changed since they were saved, one bit each.
    unsaved: u64,
}

/// When each name was seen.
type Names = HashMap<String, Seen>;

/// In seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
struct Seen {
    first: i64,
    last: i64,
}

/// What is new and wasn't told: names, with the times of the records that brought them, in seconds since 1970.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Pending {
    principals: Vec<(String, i64)>,
    keys: Vec<(String, i64)>,
    pub(crate) more: u64,
}

/// What is saved of it with the alarm.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SavedSightings {
    told_at: Option<i64>,
    pending: Pending,
    in_shares: bool,
    /// All of them, unless they are in shares.
    names: SavedNames,
}

/// Names, or a share of them.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct SavedNames {
    principals: BTreeMap<String, Seen>,
    keys: BTreeMap<String, Seen>,
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
        self.unsaved |= bit_of(&evidence.principal) | evidence.key.as_deref().map_or(0, bit_of);
        if !self.in_shares && self.principals.len() + self.keys.len() > MAX_TOGETHER {
            (self.in_shares, self.unsaved) = (true, u64::MAX);
        }
    }

    /// Somebody was told of the alarm at `at`, in milliseconds since 1970, and of those who were seen in these seconds.
    pub(crate) fn told(&mut self, at: i64, seconds: &RangeInclusive<i64>) {
        self.told_at = Some(at);
        let Pending { principals, keys, .. } = &mut self.pending;
        principals.retain(|(_, time)| !seconds.contains(time));
        keys.retain(|(_, time)| !seconds.contains(time));
    }

    pub(crate) fn told_at(&self) -> Option<i64> {
        self.told_at
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

    /// Forgets who wasn't seen since `time`; says whether that was anybody.
    pub(crate) fn forget_before(&mut self, time: i64) -> bool {
        let mut gone = 0;
        for names in [&mut self.principals, &mut self.keys] {
            names.retain(|name, seen| {
                gone |= if seen.last < time { bit_of(name) } else { 0 };
                seen.last >= time
            });
        }
        self.unsaved |= gone;
        gone != 0
    }
}

/// Saving and loading.
impl Sightings {
    /// What is saved of it with the alarm.
    pub(crate) fn saved(&self) -> SavedSightings {
        let names = if self.in_shares { SavedNames::default() } else { self.names(|_| true) };
        SavedSightings {
            told_at: self.told_at,
            pending: self.pending.clone(),
            in_shares: self.in_shares,
            names,
        }
    }

    /// The shares that changed since they were asked for last, if names are saved in shares.
    pub(crate) fn take_shares(&mut self) -> Vec<(u8, SavedNames)> {
        let unsaved = std::mem::take(&mut self.unsaved);
        let changed = (0..SHARES).filter(|share| self.in_shares && unsaved >> share & 1 == 1);
        changed.map(|share| (share, self.names(|name| share_of(name) == share))).collect()
    }

    pub(crate) fn is_in_shares(&self) -> bool {
        self.in_shares
    }

    pub(crate) fn load(saved: SavedSightings) -> Self {
        let SavedSightings { told_at, pending, in_shares, names } = saved;
        let mut sightings = Sightings { told_at, pending, in_shares, ..Sightings::default() };
        sightings.load_names(names);
        sightings
    }

    pub(crate) fn load_names(&mut self, names: SavedNames) {
        self.principals.extend(names.principals);
        self.keys.extend(names.keys);
    }

    fn names(&self, wanted: impl Fn(&str) -> bool) -> SavedNames {
        let some = |names: &Names| {
            let wanted = names.iter().filter(|(name, _)| wanted(name));
            wanted.map(|(name, seen)| (name.clone(), *seen)).collect()
        };
        SavedNames { principals: some(&self.principals), keys: some(&self.keys) }
    }
}

impl SavedNames {
    pub(crate) fn is_empty(&self) -> bool {
        self.principals.is_empty() && self.keys.is_empty()
    }
}

fn bit_of(name: &str) -> u64 {
    1 << share_of(name)
}

/// FNV-1a: the same on all machines and in all versions.
fn share_of(name: &str) -> u8 {
    let hash = name.bytes().fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    });
    (hash >> 32).to_le_bytes()[0] % SHARES
}

impl Pending {
    /// The newest time of a record that brought a name.
    pub(crate) fn newest(&self) -> Option<i64> {
        self.principals.iter().chain(&self.keys).map(|(_, time)| *time).max()
    }

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
