//! What is counted from the beginning of a data folder on: names of the store's counters.

/// Records read.
pub(crate) const RECORDS: &str = "records";
/// Records that aren't JSON.
pub(crate) const RECORDS_BROKEN: &str = "records_broken";
/// Deliveries of records that matched some metric filter, repeats included.
pub(crate) const MATCHES: &str = "matches";
/// Matches that had been counted already.
pub(crate) const REPEATS: &str = "repeats";
/// Matches of a time that no alarm is judged by any more.
pub(crate) const OUT_OF_REACH: &str = "out_of_reach";
/// Bytes of log files and pushed bodies, as they came.
pub(crate) const BYTES: &str = "bytes";
/// Log files read to their end without a problem.
pub(crate) const FILES_READ: &str = "files_read";
/// Files that aren't log files.
pub(crate) const FILES_SKIPPED: &str = "files_skipped";
/// Log files of which something couldn't be read.
pub(crate) const FILES_WITH_PROBLEMS: &str = "files_with_problems";
