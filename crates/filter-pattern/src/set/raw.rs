//! Conditions decided on the bytes of a top-level member, without parsing the log event.

use memchr::memchr2;

use super::{ABSENT, Outline};
use crate::ast::{Operand, Test};
use crate::text::number_value;

/// What the first bytes of a value tell about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Raw<'e> {
    Absent,
    Null,
    Bool(bool),
    Number(&'e [u8]),
    /// A string without escapes: its text.
    Text(&'e [u8]),
    /// A string with escapes.
    EscapedText,
    Array,
    Object,
    /// No JSON.
    Unknown,
}

impl<'e> Raw<'e> {
    /// The value of the watched key number `watched`.
    pub(super) fn read(outline: &Outline<'e>, watched: usize) -> Self {
        let Some(&offset) = outline.values.get(watched) else { return Raw::Unknown };
        if offset == ABSENT {
            return Raw::Absent;
        }
        match outline.event.get(offset as usize..) {
            Some([b'"', text @ ..]) => string(text),
            Some(value @ [b'-' | b'0'..=b'9', ..]) => Raw::Number(number(value)),
            Some([b'n', ..]) => Raw::Null,
            Some([b't', ..]) => Raw::Bool(true),
            Some([b'f', ..]) => Raw::Bool(false),
            Some([b'{', ..]) => Raw::Object,
            Some([b'[', ..]) => Raw::Array,
            _ => Raw::Unknown,
        }
    }
}

/// The string whose opening quote stands before `text`.
fn string(text: &[u8]) -> Raw<'_> {
    match string_end(text).and_then(|end| text.split_at_checked(end)) {
        Some((inside, [b'"', ..])) => Raw::Text(inside),
        Some(_) => Raw::EscapedText,
        None => Raw::Unknown,
    }
}

/// Where the first quote or backslash stands. Most texts are short: a few words of eight bytes are looked through
/// before a search is set up.
fn string_end(text: &[u8]) -> Option<usize> {
    let mut rest = text;
    for word in 0..SHORT_WORDS {
        let Some((chunk, after)) = rest.split_first_chunk::<8>() else { break };
        let found = quotes(u64::from_le_bytes(*chunk));
        if found != 0 {
            return Some(word * 8 + (found.trailing_zeros() / 8) as usize);
        }
        rest = after;
    }
    memchr2(b'"', b'\\', rest).map(|at| at + text.len() - rest.len())
}

const SHORT_WORDS: usize = 3;

/// The high bit of each byte that is a quote or backslash. Bits above the first one set may be wrong.
fn quotes(word: u64) -> u64 {
    const ONES: u64 = 0x0101_0101_0101_0101;
    let zero = |x: u64| x.wrapping_sub(ONES) & !x & (ONES << 7);
    zero(word ^ (ONES * u64::from(b'"'))) | zero(word ^ (ONES * u64::from(b'\\')))
}

fn number(value: &[u8]) -> &[u8] {
    let is_part = |byte: &u8| matches!(byte, b'0'..=b'9' | b'-' | b'+' | b'.' | b'e' | b'E');
    let len = value.iter().take_while(|byte| is_part(byte)).count();
    value.get(..len).unwrap_or_default()
}

/// Whether a condition on the member itself (`top_level`), or on something inside of it, holds; `None` if the
/// member's kind doesn't decide that.
pub(super) fn decide(test: &Test, value: Raw<'_>, top_level: bool) -> Option<bool> {
    let is_absent = matches!(test, Test::NotExists);
    match value {
        Raw::Unknown => None,
        Raw::Absent => Some(is_absent),
        Raw::Array | Raw::Object if !top_level => None,
        _ if !top_level => Some(is_absent),
        _ => holds(test, value),
    }
}

fn holds(test: &Test, value: Raw<'_>) -> Option<bool> {
    match (test, value) {
        (Test::IsNull, Raw::Array) => None,
        (Test::IsNull, _) => Some(value == Raw::Null),
        (Test::IsBool(wanted), _) => Some(value == Raw::Bool(*wanted)),
        (Test::NotExists, _) => Some(false),
        (Test::Order(comparison, limit), Raw::Number(number)) => {
            Some(comparison.holds(number_value(number), limit.value))
        }
        (Test::Order(..), _) => Some(false),
        (Test::Equal(operand), _) => equals(operand, value, true),
        (Test::NotEqual(operand), _) => equals(operand, value, false),
    }
}

fn equals(operand: &Operand, value: Raw<'_>, wanted: bool) -> Option<bool> {
    match value {
        Raw::Text(text) => Some(operand.equals_text(text) == wanted),
        Raw::Number(number) => Some(operand.equals_number(number) == wanted),
        Raw::EscapedText => matches!(operand, Operand::Text(glob) if glob.is_anything()).then_some(wanted),
        _ => Some(false),
    }
}
