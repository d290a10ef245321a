//! How many records fall into each hour?

use std::collections::BTreeMap;

/// Seconds of an hour.
pub(super) const HOUR: i64 = 3600;

/// Counts per hour, in bounded memory.
#[derive(Debug)]
pub(super) struct Hours {
    counts: BTreeMap<i64, u64>,
    limit: usize,
    /// Records without a time.
    pub(super) without_time: u64,
    /// Records of hours that found no room.
    pub(super) beyond: u64,
}

impl Hours {
    /// Room for `limit` distinct hours.
    pub(super) fn new(limit: usize) -> Self {
        Hours { counts: BTreeMap::new(), limit, without_time: 0, beyond: 0 }
    }

    /// Counts a record.
    pub(super) fn add(&mut self, time: Option<i64>) {
        let Some(time) = time else {
            self.without_time += 1;
            return;
        };
        let hour = time - time.rem_euclid(HOUR);
        if self.counts.len() >= self.limit && !self.counts.contains_key(&hour) {
            self.beyond += 1;
        } else {
            *self.counts.entry(hour).or_default() += 1;
        }
    }

    /// The hours that have records, ascending, each by its first second.
    pub(super) fn iter(&self) -> impl Iterator<Item = (i64, u64)> {
        self.counts.iter().map(|(hour, count)| (*hour, *count))
    }
}
