//! How much of a case file is taken before it is refused. `docs/limits.md` lists them.

/// A case file, in bytes.
pub(super) const MAX_CASE_FILE: u64 = 1_048_576;
/// Log events of one case.
pub(super) const MAX_EVENTS: u64 = 100_000;
/// How long a case may last, in seconds: a month.
pub(super) const MAX_SECONDS: i64 = 31 * 86_400;
/// Periods of one series.
pub(super) const MAX_SLOTS: usize = 100_000;
/// A file that log events come from, in bytes, inflated or not.
pub(super) const MAX_LOG_FILE: usize = 64 * 1_048_576;
/// Mistakes shown of one case file.
pub(super) const MAX_MISTAKES: usize = 50;
