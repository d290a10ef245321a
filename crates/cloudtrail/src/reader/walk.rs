//! Finding records inside other JSON.

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use json::{Document, Kind, Value};

use crate::inflate::Inflater;
use crate::limits::{MAX_WHOLE_BYTES, MAX_WRAPPINGS};
use crate::problem::Reason;

/// What a walk finds.
pub(super) enum Item<'w> {
    /// An object that looks like a record.
    Record(Value<'w>),
    /// Something that looked like a wrapped log file and couldn't be read.
    Problem(Reason),
}

/// Whether an object is a CloudTrail record: see the module `reader`.
pub(super) fn looks_like_record(value: Value<'_>) -> bool {
    let is_text = |key| value.get(key).is_some_and(|value| value.kind() == Kind::String);
    is_text("eventSource")
        && is_text("eventName")
        && !is_of_lambda(value)
        && ["eventTime", "eventID", "userIdentity", "eventVersion"].iter().any(|key| value.get(key).is_some())
}

/// The beginning of an `eventSource` in what Lambda hands to a function (`aws:kinesis`, `aws:sqs`, `aws:s3`).
pub(super) const LAMBDA_SOURCE: &[u8] = b"\"aws:";

/// Whether an object is one of the `Records` that Lambda hands to a function: no record, but it may wrap some.
pub(super) fn is_of_lambda(value: Value<'_>) -> bool {
    let source = value.get("eventSource").or_else(|| value.get("EventSource"));
    source.is_some_and(|source| source.raw().as_bytes().starts_with(LAMBDA_SOURCE))
}

/// Whether an object is a digest file ("CloudTrail digest file structure").
pub(super) fn is_digest(value: Value<'_>) -> bool {
    ["digestS3Object", "digestEndTime", "logFiles"].iter().all(|key| value.get(key).is_some())
}

/// Hands on each record inside `value`, outermost first; a record isn't searched for further ones.
pub(super) fn walk(value: Value<'_>, wrappings: usize, take: &mut dyn FnMut(Item<'_>)) {
    match value.kind() {
        Kind::Object if looks_like_record(value) => take(Item::Record(value)),
        Kind::Object | Kind::Array => value.children().for_each(|child| walk(child, wrappings, take)),
        Kind::String => {
            if let Some(text) = value.string().filter(|text| may_wrap(text)) {
                unwrap_string(&text, wrappings, take);
            }
        }
        Kind::Null | Kind::Bool(_) | Kind::Number => {}
    }
}

/// The first letters of gzip in base64.
const GZIP_IN_BASE64: &str = "H4sI";

/// Whether a text may hold records: JSON with the key that each has, or JSON in a string in which the key's quotes are
/// escaped, or gzip.
fn may_wrap(text: &str) -> bool {
    text.contains("\"eventSource\"")
        || (text.starts_with(['{', '[', '"']) && text.contains("eventSource\\"))
        || text.starts_with(GZIP_IN_BASE64)
}

fn unwrap_string(text: &str, wrappings: usize, take: &mut dyn FnMut(Item<'_>)) {
    if wrappings >= MAX_WRAPPINGS {
        return take(Item::Problem(Reason::WrappedTooDeep));
    }
    if text.starts_with(GZIP_IN_BASE64) {
        return match inflate_base64(text) {
            Some(inflated) => walk_texts(&inflated, wrappings + 1, take),
            None if is_base64(text) => take(Item::Problem(Reason::WrappedGzip)),
            // What only happens to begin like gzip is an ordinary string.
            None => {}
        };
    }
    walk_texts(text.as_bytes(), wrappings + 1, take);
}

fn inflate_base64(text: &str) -> Option<Vec<u8>> {
    let gzip = BASE64_STANDARD.decode(text.trim_end()).ok()?;
    let mut inflated = Vec::new();
    let length = Inflater::new()?.inflate(&gzip, &mut inflated, MAX_WHOLE_BYTES).ok()?;
    inflated.truncate(length);
    Some(inflated)
}

/// Whether a text, which may be cut off, consists of what base64 consists of.
fn is_base64(text: &str) -> bool {
    text.trim_end().bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'='))
}

/// Walks one JSON value after another.
fn walk_texts(mut text: &[u8], wrappings: usize, take: &mut dyn FnMut(Item<'_>)) {
    while !text.trim_ascii_start().is_empty() {
        match Document::parse_prefix(text) {
            Ok((document, end)) => {
                walk(document.root(), wrappings, take);
                text = text.get(end..).unwrap_or_default();
            }
            Err(error) => return take(Item::Problem(Reason::Json(error.kind))),
        }
    }
}
