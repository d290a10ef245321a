//! Strings and numbers: finding their ends, and decoding escapes.

use std::borrow::Cow;

use crate::parse::{Error, ErrorKind};

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGHS: u64 = 0x8080_8080_8080_8080;

/// The end of the string whose opening quote is at `start`, and whether it holds a backslash.
pub(crate) fn skip_string(bytes: &[u8], start: usize) -> Result<(usize, bool), Error> {
    let (mut at, mut escaped) = (start + 1, false);
    loop {
        at = skip_plain(bytes, at);
        match bytes.get(at) {
            Some(b'"') => return Ok((at + 1, escaped)),
            Some(b'\\') => {
                escaped = true;
                at = skip_escape(bytes, at)?;
            }
            Some(_) => return Err(Error { offset: at, kind: ErrorKind::ControlCharacter }),
            None => return Err(Error { offset: bytes.len(), kind: ErrorKind::UnexpectedEnd }),
        }
    }
}

/// The first quote, backslash or control character at or after `at`, eight bytes at a time.
fn skip_plain(bytes: &[u8], mut at: usize) -> usize {
    while let Some(chunk) = bytes.get(at..).and_then(|rest| rest.first_chunk::<8>()) {
        let stops = stops(u64::from_le_bytes(*chunk));
        if stops != 0 {
            return at + (stops.trailing_zeros() / 8) as usize;
        }
        at += 8;
    }
    while bytes.get(at).is_some_and(|byte| !matches!(byte, b'"' | b'\\' | 0..=0x1f)) {
        at += 1;
    }
    at
}

/// The high bit of each byte that ends a plain run. Bits above the first one set may be wrong (borrows), the
/// first one is right.
fn stops(word: u64) -> u64 {
    let zero = |x: u64| x.wrapping_sub(ONES) & !x & HIGHS;
    let below_space = word.wrapping_sub(ONES * 0x20) & !word & HIGHS;
    zero(word ^ (ONES * u64::from(b'"'))) | zero(word ^ (ONES * u64::from(b'\\'))) | below_space
}

fn skip_escape(bytes: &[u8], at: usize) -> Result<usize, Error> {
    let invalid = Error { offset: at, kind: ErrorKind::InvalidEscape };
    match bytes.get(at + 1) {
        Some(b'"' | b'\\' | b'/' | b'b' | b'f' | b'n' | b'r' | b't') => Ok(at + 2),
        Some(b'u') => match bytes.get(at + 2..at + 6) {
            Some(digits) if digits.iter().all(u8::is_ascii_hexdigit) => Ok(at + 6),
            Some(_) => Err(invalid),
            None => Err(Error { offset: bytes.len(), kind: ErrorKind::UnexpectedEnd }),
        },
        Some(_) => Err(invalid),
        None => Err(Error { offset: bytes.len(), kind: ErrorKind::UnexpectedEnd }),
    }
}

/// The end of the number that begins at `start`.
pub(crate) fn skip_number(bytes: &[u8], start: usize) -> Result<usize, Error> {
    let digits = |from: usize| {
        let rest = bytes.get(from..).unwrap_or_default();
        from + rest.iter().take_while(|byte| byte.is_ascii_digit()).count()
    };
    let invalid = |offset| Error { offset, kind: ErrorKind::InvalidNumber };
    let first = start + usize::from(bytes.get(start) == Some(&b'-'));
    let mut at = digits(first);
    if at == first || (bytes.get(first) == Some(&b'0') && at > first + 1) {
        return Err(invalid(start));
    }
    if bytes.get(at) == Some(&b'.') {
        let fraction = at + 1;
        at = digits(fraction);
        if at == fraction {
            return Err(invalid(start));
        }
    }
    if let Some(b'e' | b'E') = bytes.get(at) {
        let exponent = at + 1 + usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        at = digits(exponent);
        if at == exponent {
            return Err(invalid(start));
        }
    }
    Ok(at)
}

/// What a string says: `inside` is what stands between its quotes, already checked by [`skip_string`].
pub(crate) fn decode(inside: &str) -> Cow<'_, str> {
    if !inside.contains('\\') {
        return Cow::Borrowed(inside);
    }
    let mut decoded = String::with_capacity(inside.len());
    let mut rest = inside;
    while let Some((plain, escape)) = rest.split_once('\\') {
        decoded.push_str(plain);
        rest = decode_escape(escape, &mut decoded);
    }
    decoded.push_str(rest);
    Cow::Owned(decoded)
}

/// Decodes the escape whose backslash was just before `escape`; returns what follows it.
fn decode_escape<'t>(escape: &'t str, decoded: &mut String) -> &'t str {
    let mut chars = escape.chars();
    let decoded_char = match chars.next() {
        Some('b') => '\u{8}',
        Some('f') => '\u{c}',
        Some('n') => '\n',
        Some('r') => '\r',
        Some('t') => '\t',
        Some('u') => return decode_unicode(chars.as_str(), decoded),
        Some(other) => other,
        None => return "",
    };
    decoded.push(decoded_char);
    chars.as_str()
}

/// Decodes `XXXX`, or `XXXX\uXXXX` where the two are a surrogate pair; returns what follows.
fn decode_unicode<'t>(digits: &'t str, decoded: &mut String) -> &'t str {
    let Some((unit, rest)) = code_unit(digits) else { return "" };
    if (0xd800..0xdc00).contains(&unit)
        && let Some((low, after)) = rest.strip_prefix("\\u").and_then(code_unit)
        && (0xdc00..0xe000).contains(&low)
    {
        let point = 0x1_0000 + ((unit - 0xd800) << 10) + (low - 0xdc00);
        decoded.push(char::from_u32(point).unwrap_or(char::REPLACEMENT_CHARACTER));
        return after;
    }
    decoded.push(char::from_u32(unit).unwrap_or(char::REPLACEMENT_CHARACTER));
    rest
}

fn code_unit(digits: &str) -> Option<(u32, &str)> {
    let (digits, rest) = digits.split_at_checked(4)?;
    Some((u32::from_str_radix(digits, 16).ok()?, rest))
}

/// Appends `text` to `out` without the white space outside its strings: a JSON value on one line. The text is
/// not checked; of a text that isn't JSON, white space outside what looks like a string is dropped.
pub fn minify(text: &str, out: &mut String) {
    let bytes = text.as_bytes();
    let (mut at, mut kept_from) = (0, 0);
    let keep =
        |out: &mut String, from: usize, to: usize| out.push_str(text.get(from..to).unwrap_or_default());
    while let Some(byte) = bytes.get(at) {
        match byte {
            b'"' => at = string_end_lenient(bytes, at),
            b' ' | b'\t' | b'\n' | b'\r' => {
                keep(out, kept_from, at);
                at += 1;
                kept_from = at;
            }
            _ => at += 1,
        }
    }
    keep(out, kept_from, bytes.len());
}

fn string_end_lenient(bytes: &[u8], start: usize) -> usize {
    let mut at = start + 1;
    while let Some(offset) = bytes.get(at..).and_then(|rest| memchr::memchr2(b'"', b'\\', rest)) {
        at += offset;
        if bytes.get(at) == Some(&b'"') {
            return at + 1;
        }
        at += 2;
    }
    bytes.len()
}
