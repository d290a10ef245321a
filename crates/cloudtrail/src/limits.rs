//! Every limit of the reader, in one place.

/// Bytes of one record. AWS's own limit is 1 MiB (256 KiB in a trail); a longer object is reported and passed over.
pub const MAX_RECORD_BYTES: usize = 16 << 20;

/// Bytes that one gzip file may inflate to; the rest is reported and not read. The largest log files that AWS
/// delivers inflate to some 50 MB.
pub const MAX_INFLATED_BYTES: u64 = 64 << 30;

/// A file that is, or inflates to, more bytes than this is read piece by piece.
pub const MAX_WHOLE_BYTES: usize = 32 << 20;

/// Bytes read at a time from a file that is read piece by piece.
pub const CHUNK_BYTES: usize = 1 << 20;

/// White space between two tokens, of which the reader remembers what stood before it in a file read piece by piece.
pub const MAX_SEPARATOR_BYTES: usize = 64 << 10;

/// Problems reported for one file; further ones are counted.
pub const MAX_PROBLEMS_PER_FILE: usize = 20;

/// How often log files may be wrapped in each other (gzip in base64 in a log event, JSON in a string, …).
pub const MAX_WRAPPINGS: usize = 4;
