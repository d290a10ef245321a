//! The bounds of a report, all in one place. `docs/scan.md` repeats them for users.

/// How much an [`Aggregate`](super::Aggregate) may hold. The defaults keep it below 64 MiB whatever the records
/// say.
#[derive(Debug, Clone)]
pub(crate) struct Limits {
    /// Groups; records of further groups are only counted. Default 100,000.
    pub(crate) groups: usize,
    /// Ids of records that are held in memory before they go to a temporary file, 16 bytes each. Default
    /// 229,376, which fills a hash table of 4.5 MB.
    pub(crate) ids_in_memory: usize,
    /// Distinct values in each list of a group; calls with further values are only counted. Default 50.
    pub(crate) values: usize,
    /// Values of all lists of all groups, beyond the first in each list. Default 250,000.
    pub(crate) further_values: usize,
    /// Distinct strings of all groups. Default 229,376. What doesn't tell groups apart fills at most half.
    /// Where there is no room for a group's name, its records are only counted.
    pub(crate) strings: usize,
    /// Text of all distinct strings, in bytes. Default 20 MiB, shared out in the same way.
    pub(crate) text: usize,
    /// Hours of the histogram, 11 years' worth by default; records of further hours are only counted.
    pub(crate) hours: usize,
    /// Calls of which one record was seen and another account's may follow. Default 32,768; of more, the oldest
    /// is forgotten, and the owner's copy of its record makes a group of its own.
    pub(crate) calls: usize,
    /// Minutes with matches, of all metrics that alarms look at. Default 1,000,000: two metrics with one in each minute of a year;
    /// observations of further minutes are counted and reach no alarm.
    pub(crate) slots: usize,
    /// Minutes of a group and a set of metrics, 16 bytes each. Default 1,000,000; of further ones, nobody knows which
    /// group is behind which state change.
    pub(crate) sightings: usize,
    /// Owner's copies that wait for the caller's record, in bytes. Default 2 MiB; of more, the oldest makes a
    /// group of its own.
    pub(crate) waiting: usize,
}

/// Where a stored string is cut, in bytes, while at most a quarter of [`Limits::text`] is used.
pub(super) const LONG: usize = 512;

/// Where a stored string is cut, in bytes, once more than a quarter of [`Limits::text`] is used.
pub(super) const SHORT: usize = 192;

impl Default for Limits {
    fn default() -> Self {
        Limits {
            groups: 100_000,
            ids_in_memory: 229_376,
            values: 50,
            further_values: 250_000,
            strings: 229_376,
            text: 20 << 20,
            hours: 100_000,
            calls: 32_768,
            slots: 1_000_000,
            sightings: 1_000_000,
            waiting: 2 << 20,
        }
    }
}
