//! Values that a condition compares with (2, 5, 6).

use super::cursor::{Cursor, in_quotes, is_typographic_quote};
use crate::ast::{Number, Operand};
use crate::error::{ErrorCode, PatternError};
use crate::glob::Glob;
use crate::text::{is_bare_json, is_bare_space, is_number, number_value};

/// Reads the value of a condition of a JSON pattern.
pub(super) fn json(cursor: &mut Cursor<'_>) -> Result<Operand, PatternError> {
    cursor.skip_space();
    if let Some(operand) = delimited(cursor)? {
        return Ok(operand);
    }
    let start = cursor.at();
    let text = cursor.take_while(is_bare_json);
    if text.is_empty() || is_glued(cursor.peek()) {
        return Err(bad_value(cursor, start));
    }
    if text == "null" {
        return Err(null_value(cursor, start));
    }
    Ok(bare(cursor, text))
}

/// Reads the value of a condition of a space-delimited pattern.
pub(super) fn space(cursor: &mut Cursor<'_>) -> Result<Operand, PatternError> {
    cursor.skip_space();
    if let Some(operand) = delimited(cursor)? {
        return Ok(operand);
    }
    let start = cursor.at();
    let text = cursor.take_while(is_bare_space);
    if text.is_empty() {
        return Err(bad_value(cursor, start));
    }
    Ok(bare(cursor, text))
}

/// A number as what an order compares with; `start` is where it stands.
pub(super) fn number(operand: Operand, cursor: &Cursor<'_>, start: usize) -> Result<Number, PatternError> {
    let Operand::Number(number) = operand else { return Err(order_needs_number(&operand, cursor, start)) };
    Ok(number)
}

/// A value in quotes or percent signs, if one stands here.
fn delimited(cursor: &mut Cursor<'_>) -> Result<Option<Operand>, PatternError> {
    match cursor.peek() {
        Some('"') => {
            let text = cursor.quoted('"')?;
            Ok(Some(Operand::Text(Glob::new(text, cursor.wildcards))))
        }
        Some('%') => cursor.regex().map(Operand::Regex).map(Some),
        _ => Ok(None),
    }
}

fn bare(cursor: &Cursor<'_>, text: &str) -> Operand {
    if is_number(text.as_bytes()) {
        return Operand::Number(Number { text: text.into(), value: number_value(text.as_bytes()) });
    }
    Operand::Text(Glob::new(text.into(), cursor.wildcards))
}

/// Whether what follows an unquoted value can't be the end of the condition.
fn is_glued(next: Option<char>) -> bool {
    !next.is_none_or(|c| crate::text::is_space(c) || matches!(c, '&' | '|' | ')' | '}'))
}

fn null_value(cursor: &Cursor<'_>, start: usize) -> PatternError {
    let message = "`null` can't be compared; it would only stand for the text";
    PatternError::new(ErrorCode::NullValue, cursor.span_since(start), message).help(
        "write `IS NULL` for a member that is there and null, `NOT EXISTS` for one that isn't there, `= \"*\"` for \
         one that holds a string or number",
    )
}

fn order_needs_number(operand: &Operand, cursor: &Cursor<'_>, start: usize) -> PatternError {
    let typed = cursor.since(start);
    let help = match operand {
        Operand::Text(glob) if is_number(glob.text().as_bytes()) => {
            format!(
                "write `{}` without quotes; only numbers match, a string such as \"6\" never does",
                glob.text()
            )
        }
        _ => "texts have no order; compare with `=` and `*` as wildcard, or with a `%regex%`".into(),
    };
    let message = "this operator compares with a number";
    PatternError::new(ErrorCode::OrderNeedsNumber, cursor.span_since(start), message)
        .aws_term(typed)
        .help(help)
}

/// No value stands at `start`, or it holds what a value can't hold; the cursor is at the first such character.
fn bad_value(cursor: &Cursor<'_>, start: usize) -> PatternError {
    match cursor.peek() {
        None | Some('}' | ')' | ']' | ',' | '&' | '|') if cursor.at() == start => missing_value(cursor),
        Some('\'') if cursor.at() == start => single_quotes(cursor),
        Some(c) if is_typographic_quote(c) => typographic_quotes(cursor),
        Some('=' | '~' | '>' | '<' | '!') if cursor.at() == start => unknown_operator(cursor),
        Some('(' | '[') if cursor.at() == start => list(cursor),
        Some('$') if cursor.at() == start => other_selector(cursor),
        _ => needs_quotes(cursor, start),
    }
}

fn missing_value(cursor: &Cursor<'_>) -> PatternError {
    PatternError::new(ErrorCode::MissingValue, cursor.span_ahead(0), "a value is missing here")
        .help("write what to compare with, as in `= \"AccessDenied*\"`; `= \"*\"` is any string or number")
}

pub(super) fn single_quotes(cursor: &Cursor<'_>) -> PatternError {
    let (inside, len) = match cursor.rest().split('\'').nth(1) {
        Some(inside) if cursor.rest().matches('\'').count() > 1 => (inside, inside.len() + 2),
        _ => ("text", 1),
    };
    PatternError::new(ErrorCode::SingleQuotes, cursor.span_ahead(len), "single quotes don't make a text")
        .aws_term(&cursor.quote_ahead())
        .help(format!("write `{}`", in_quotes(inside)))
}

/// Quotation marks that a word processor has made.
pub(super) fn typographic_quotes(cursor: &Cursor<'_>) -> PatternError {
    let mut inside = cursor.rest().char_indices().skip(1);
    let first = cursor.peek().map_or(0, char::len_utf8);
    let close = inside.find(|&(_, c)| is_typographic_quote(c));
    let end = close.map_or(first, |(at, c)| at + c.len_utf8());
    let text = close.and_then(|(at, _)| cursor.rest().get(first..at)).unwrap_or("text");
    let message = "these are typographic quotation marks, as word processors and web pages make them";
    PatternError::new(ErrorCode::TypographicQuotes, cursor.span_ahead(end), message)
        .aws_term(&cursor.quote_ahead())
        .help(format!("write `{}`", in_quotes(text)))
}

fn unknown_operator(cursor: &Cursor<'_>) -> PatternError {
    let sign = cursor.peek().map_or(0, char::len_utf8);
    let start = cursor.last_read();
    let help = match cursor.peek() {
        Some('=') => "write `=`",
        Some('~') => "write `= %regex%`, or `=` with `*` as wildcard",
        Some('>') => "write `!=`, `>` or `>=`",
        _ => "write `=`, `!=`, `<`, `<=`, `>` or `>=`",
    };
    PatternError::new(ErrorCode::UnknownOperator, start..cursor.at() + sign, "there is no such operator")
        .help(help)
}

fn list(cursor: &Cursor<'_>) -> PatternError {
    PatternError::new(
        ErrorCode::InvalidValue,
        cursor.span_ahead(1),
        "a value is one text, one number or one regex",
    )
    .aws_term(&cursor.quote_ahead())
    .help("repeat the condition for each value and join them with `||`; put a text in double quotes")
}

fn other_selector(cursor: &Cursor<'_>) -> PatternError {
    PatternError::new(
        ErrorCode::InvalidValue,
        cursor.word_span(),
        "a condition can't compare with another selector",
    )
    .aws_term(&cursor.quote_ahead())
    .help("compare with a text, a number or a `%regex%`")
}

fn needs_quotes(cursor: &Cursor<'_>, start: usize) -> PatternError {
    let tail = cursor.word();
    let end = cursor.at() + tail.trim_end_matches([')', '}', ']']).len().max(tail.len().min(1));
    let value: String =
        cursor.since(start).chars().chain(tail.trim_end_matches([')', '}', ']']).chars()).collect();
    PatternError::new(ErrorCode::InvalidValue, start..end, "this value needs double quotes")
        .aws_term(&cursor.quote_ahead())
        .help(format!("write `{}`", in_quotes(&value)))
}
