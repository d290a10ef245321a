//! Selectors (5.2).

use std::ops::Range;

use super::cursor::Cursor;
use crate::MAX_WILDCARDS_PER_SELECTOR;
use crate::error::{ErrorCode, PatternError};
use crate::selector::{Selector, Step};

/// Reads a selector; its `$` stands right here.
pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Selector, PatternError> {
    let start = cursor.at();
    if !cursor.take_here("$") {
        return Err(missing_prefix(cursor));
    }
    let mut steps = Vec::new();
    loop {
        if cursor.take_here(".") {
            steps.extend(dotted(cursor, start)?);
        } else if cursor.rest().starts_with('[') && cursor.since(start) != "$" {
            steps.push(bracketed(cursor)?);
        } else {
            break;
        }
    }
    check(cursor, &steps, start)?;
    Ok(Selector::new(steps))
}

/// The condition begins with a name: what AWS's console users forget most.
pub(super) fn missing_prefix(cursor: &Cursor<'_>) -> PatternError {
    let path = path_ahead(cursor.rest());
    let error = PatternError::new(
        ErrorCode::MissingPrefix,
        cursor.span_ahead(path.len()),
        "a selector begins with `$.`, which stands for the log event",
    );
    let wanted = if path.is_empty() { "eventName" } else { path.trim_matches('.') };
    error.aws_term(&cursor.quote_ahead()).help(format!("write `$.{wanted}`"))
}

fn path_ahead(text: &str) -> &str {
    let accept = |c: char| crate::text::is_name(c) || matches!(c, '.' | '[' | ']' | '*');
    let end = text.find(|c| !accept(c)).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

/// What follows a dot. Nothing where a bracket follows, which may do so: `$.a.['b']`.
fn dotted(cursor: &mut Cursor<'_>, start: usize) -> Result<Option<Step>, PatternError> {
    let name = cursor.take_while(crate::text::is_name);
    if !name.is_empty() {
        return Ok(Some(Step::Key(name.into())));
    }
    if cursor.take_here("*") {
        return Ok(Some(Step::Wildcard));
    }
    if cursor.rest().starts_with('[') {
        return Ok(None);
    }
    Err(bad_name(cursor, start))
}

fn bad_name(cursor: &mut Cursor<'_>, start: usize) -> PatternError {
    let before = cursor.since(start).chars().rev().nth(1).map_or(0, char::len_utf8) + 1;
    let from = cursor.at() - before;
    let rest = cursor.rest();
    let next = rest.chars().next();
    let (message, help) = match next {
        Some('.') => {
            ("there is no search at any depth".into(), "write out the whole path, as in `$.a.b`".into())
        }
        Some('"') => quoted_name(rest),
        Some(c) => (
            format!("`{}` can't stand in a name", c.escape_debug()),
            "put a key that holds other characters into brackets: `$.['any key']`".into(),
        ),
        None => (
            "a name is missing after this dot".into(),
            "write the name of a member, as in `$.eventName`".into(),
        ),
    };
    cursor.advance(next.map_or(0, char::len_utf8));
    PatternError::new(ErrorCode::InvalidSelector, cursor.span_since(from), message)
        .aws_term(cursor.since(from))
        .help(help)
}

fn quoted_name(rest: &str) -> (String, String) {
    let key = rest.split('"').nth(1).unwrap_or("key");
    (
        "a key in quotes stands in brackets".into(),
        format!("write `['{}']`, as in `$.['{0}']`", key.replace('\'', "\\'")),
    )
}

/// What stands in brackets.
fn bracketed(cursor: &mut Cursor<'_>) -> Result<Step, PatternError> {
    let start = cursor.at();
    cursor.advance(1);
    let step = match cursor.peek() {
        Some(quote @ ('"' | '\'')) => Step::Key(cursor.quoted(quote)?),
        Some('*') => {
            cursor.advance(1);
            Step::Wildcard
        }
        _ => index(cursor, start)?,
    };
    if cursor.take_here("]") { Ok(step) } else { Err(bad_index(cursor, start)) }
}

fn index(cursor: &mut Cursor<'_>, start: usize) -> Result<Step, PatternError> {
    let digits = cursor.take_while(|c| c.is_ascii_digit());
    if digits.is_empty() {
        return Err(bad_index(cursor, start));
    }
    Ok(Step::Index(digits.parse().unwrap_or(usize::MAX)))
}

/// Something in brackets that is no index; AWS quotes it up to the first character that can't stand there.
fn bad_index(cursor: &mut Cursor<'_>, start: usize) -> PatternError {
    let next = cursor.peek();
    let read = cursor.since(start).to_owned();
    let quoted: String = read.chars().chain(next).collect();
    let (message, help) = match next {
        Some('-') => {
            ("an index counts from the start of an array", "write `[0]` for the first element, `[*]` for any")
        }
        Some(':') => ("there are no ranges of elements", "write `[*]` for any element"),
        None => ("this bracket is never closed", "close it with `]`"),
        _ if read.len() > 1 => ("this bracket isn't closed after its index or key", "close it with `]`"),
        _ => ("brackets hold an index, `*`, or a key in quotes", "write `[0]`, `[*]` or `['key']`"),
    };
    let span = bracket_span(cursor, start);
    PatternError::new(ErrorCode::InvalidIndex, span, message).aws_term(&quoted).help(help)
}

/// From the opening bracket to the closing one, if it comes before white space.
fn bracket_span(cursor: &Cursor<'_>, start: usize) -> Range<usize> {
    let word = cursor.word();
    start..cursor.at() + word.find(']').map_or(word.len(), |at| at + 1)
}

fn check(cursor: &mut Cursor<'_>, steps: &[Step], start: usize) -> Result<(), PatternError> {
    let span = cursor.span_since(start);
    if steps.is_empty() {
        return Err(empty(cursor, start));
    }
    let wildcards = steps.iter().filter(|step| **step == Step::Wildcard).count();
    if wildcards > MAX_WILDCARDS_PER_SELECTOR {
        return Err(too_many_wildcards(span));
    }
    cursor.wildcard_selectors.extend((wildcards > 0).then_some(span));
    Ok(())
}

fn empty(cursor: &Cursor<'_>, start: usize) -> PatternError {
    let name = cursor.name();
    let help = match cursor.peek() {
        Some('[') => "write `$.[` with a dot, as in `$.['any key']`".into(),
        _ if name.is_empty() => "write the name of a member, as in `$.eventName`".into(),
        _ => format!("write `$.{name}`"),
    };
    let span = start..cursor.at() + name.len();
    PatternError::new(ErrorCode::InvalidSelector, span, "a selector begins with `$.` and a name")
        .aws_term(&format!("${}", cursor.peek().map(String::from).unwrap_or_default()))
        .help(help)
}

fn too_many_wildcards(span: Range<usize>) -> PatternError {
    let message = "this selector holds more than one wildcard";
    PatternError::new(ErrorCode::WildcardsInSelector, span, message)
        .aws(
            "Your filter pattern has a JSON path selector that exceeds the maximum of 1 wildcard allowed per json \
             selector.",
        )
        .help("write out an index or a name in place of all but one `*`")
}
