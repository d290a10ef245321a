//! What does this JSON text say, without copying it?
//!
//! [`Document`] parses one JSON text into a flat list of spans. Strings are decoded only when they are asked
//! for, numbers keep the text they were written as (CloudWatch compares `"1"` with the *text* of a number), and
//! of a key that occurs twice the last one counts, as in CloudWatch (`FILTER_PATTERN` 5.1).
//!
//! The grammar is RFC 8259's, strictly: no comments, no trailing commas, no `NaN`, no raw control characters in
//! strings, valid UTF-8. A lone surrogate escape (`\ud800`), which some writers produce, is read as U+FFFD.
//!
//! Limits: nesting up to [`MAX_DEPTH`], texts shorter than 4 GiB.

mod parse;
mod string;
mod value;

pub use parse::{Buffer, Document, Error, ErrorKind};
pub use string::minify;
pub use value::{Children, Elements, Kind, Members, Value};

/// How deeply arrays and objects may be nested. CloudTrail's own records stay below 30.
pub const MAX_DEPTH: usize = 256;
