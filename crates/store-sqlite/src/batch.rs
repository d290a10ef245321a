//! What is written in one transaction.

use monitor::{Change, Part};

/// Everything that one step of the service leaves behind.
#[derive(Debug, Clone, Copy, Default)]
pub struct Batch<'b> {
    /// Now, in milliseconds since 1970.
    pub now: i64,
    /// What changed. [`Change::Repeated`] and [`Change::OutOfReach`] leave nothing behind; who wants to know how many there
    /// were counts them (`counters`).
    pub changes: &'b [Change],
    /// The pieces of the monitor that changed.
    pub parts: &'b [Part],
    /// How far log files have been read.
    pub checkpoints: &'b [Checkpoint],
    /// What couldn't be read.
    pub problems: &'b [Problem],
    /// What is added to totals of these names.
    pub counters: &'b [(&'b str, u64)],
    /// The template that is applied from now on.
    pub template: Option<&'b StoredTemplate>,
}

/// How far a log file has been read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Checkpoint {
    /// The name of its source.
    pub source: String,
    /// Which file: its path below the trail, in the bytes of the system.
    pub key: Vec<u8>,
    /// Which state of the file.
    pub version: Version,
    /// How many of its records have been taken.
    pub taken: u64,
    /// Whether that is all of it.
    pub complete: bool,
    /// When that was, in milliseconds since 1970.
    pub read_at: i64,
    /// A hash of what was read.
    pub content: u128,
}

/// What tells one state of a file from another without reading it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub struct Version {
    /// Its length in bytes.
    pub length: u64,
    /// When it was modified, in nanoseconds since 1970.
    pub modified_ns: i64,
    /// The device that it lies on.
    pub device: u64,
    /// Its number there.
    pub inode: u64,
}

/// Something that couldn't be read.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problem {
    /// When that was found, in milliseconds since 1970.
    pub time: i64,
    /// The name of the source.
    pub source: String,
    /// Which file, in the bytes of the system.
    pub path: Vec<u8>,
    /// Where in it.
    pub offset: Option<u64>,
    /// Why, for people.
    pub reason: String,
}

/// A template as it was applied.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StoredTemplate {
    /// Where it came from, for people.
    pub name: String,
    /// Its text.
    pub text: String,
    /// What it was read with (parameters, account, region), as JSON of whoever reads it.
    pub settings: String,
    /// When it was applied, in milliseconds since 1970.
    pub applied_at: i64,
}
