//! The limits of what a notification holds.

/// How many characters of a text from a record are shown; the rest is `…`.
pub const MAX_TEXT: usize = 300;
/// How many characters of it are shown within a sentence.
pub const MAX_BRIEF: usize = 120;
/// How many characters of a text that the alarm's owner wrote are shown.
pub const MAX_OWN_TEXT: usize = 1_100;
/// How many groups of calls a mail describes.
pub const MAX_GROUPS: usize = 8;
/// How many entries of a list of a group are shown.
pub const MAX_VALUES: usize = 3;
/// How many new principals and keys are named, each.
pub const MAX_NEWS: usize = 5;
/// How many links are shown.
pub const MAX_LINKS: usize = 5;
/// How many alarms below a composite alarm are listed; as at AWS.
pub const MAX_CHILDREN: usize = 10;
/// How many datapoints a chart has; of more, the newest.
pub const MAX_DATAPOINTS: usize = 200;
/// How many earlier letters of a thread are named.
pub const MAX_REFERENCES: usize = 20;
/// How many characters a subject has; as at AWS.
pub const MAX_SUBJECT: usize = 100;
/// How long a line of a header is, in bytes, where it can be folded.
pub const HEADER_LINE: usize = 76;
/// How many bytes an address may have (RFC 5321, 4.5.3.1.3).
pub const MAX_ADDRESS: usize = 254;
/// How many bytes of an answer over HTTP are read.
pub const MAX_ANSWER: u64 = 4_096;
/// How many characters of a server's answer go into the reason why a delivery failed.
pub const MAX_REASON: usize = 300;
