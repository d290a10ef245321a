//! Who is behind which minutes of which metrics.

use std::collections::{BTreeMap, HashMap};

use super::super::group::Place;

/// How many different sets of streams are told apart.
const MAX_SETS: usize = 65_536;

/// Which groups' records were observed in which minutes, in bounded memory. Each record is here once, however many streams
/// it was observed in.
#[derive(Debug, Default)]
pub(super) struct Sightings {
    list: Vec<Sighting>,
    /// Streams that records were observed in together, and the number of each such set.
    sets: Vec<Vec<u32>>,
    numbers: HashMap<Vec<u32>, u32>,
    limit: usize,
    /// So many, and equal ones are put together.
    compact_at: usize,
    /// Records that found no room.
    pub(super) beyond: u64,
}

/// So many records of one group, minute and set of streams.
#[derive(Debug, Clone, Copy)]
struct Sighting {
    set: u32,
    minute: u32,
    group: Option<Place>,
    count: u32,
}

impl Sighting {
    fn key(&self) -> (u32, u32, Option<Place>) {
        (self.set, self.minute, self.group)
    }
}

impl Sightings {
    pub(super) fn new(limit: usize) -> Self {
        Sightings { limit, ..Sightings::default() }
    }

    /// A record of a group that was observed in `streams`, at `time` (seconds since 1970).
    pub(super) fn add(&mut self, streams: Vec<u32>, time: i64, group: Option<Place>) {
        if self.list.len() >= self.compact_at.max(1024) {
            self.compact();
            self.compact_at = 2 * self.list.len();
        }
        let set = if self.list.len() < self.limit { self.number(streams) } else { None };
        match set {
            Some(set) => self.list.push(Sighting { set, minute: minute(time), group, count: 1 }),
            None => self.beyond += 1,
        }
    }

    fn number(&mut self, streams: Vec<u32>) -> Option<u32> {
        if let Some(number) = self.numbers.get(&streams) {
            return Some(*number);
        }
        let number = u32::try_from(self.sets.len()).ok().filter(|_| self.sets.len() < MAX_SETS)?;
        self.sets.push(streams.clone());
        self.numbers.insert(streams, number);
        Some(number)
    }

    /// Puts equal ones together, and sorts them, so that they can be found.
    pub(super) fn compact(&mut self) {
        self.list.sort_unstable_by_key(Sighting::key);
        self.list.dedup_by(|next, kept| {
            let same = next.key() == kept.key();
            if same {
                kept.count = kept.count.saturating_add(next.count);
            }
            same
        });
    }

    /// The groups of the records that were observed in one of `streams` from `start` and before `end` (seconds since 1970),
    /// the most frequent first, and how many records are in no group.
    pub(super) fn between(&self, streams: &[u32], start: i64, end: i64) -> (Vec<(Place, u64)>, u64) {
        let (start, end) = (minute(start), minute(end.saturating_add(59)));
        let mut groups: BTreeMap<Place, u64> = BTreeMap::new();
        let mut without = 0;
        let is_wanted = |set: &Vec<u32>| set.iter().any(|stream| streams.contains(stream));
        for (set, _) in (0_u32..).zip(&self.sets).filter(|(_, set)| is_wanted(set)) {
            let first = self.list.partition_point(|sighting| (sighting.set, sighting.minute) < (set, start));
            let own = self.list.get(first..).unwrap_or_default().iter();
            for sighting in own.take_while(|sighting| sighting.set == set && sighting.minute < end) {
                let count = u64::from(sighting.count);
                match sighting.group {
                    Some(group) => *groups.entry(group).or_default() += count,
                    None => without += count,
                }
            }
        }
        let mut groups: Vec<(Place, u64)> = groups.into_iter().collect();
        groups.sort_by_key(|(place, count)| (std::cmp::Reverse(*count), *place));
        (groups, without)
    }
}

fn minute(time: i64) -> u32 {
    u32::try_from(time.div_euclid(60)).unwrap_or_default()
}
