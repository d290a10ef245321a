//! Text to syntax: one recursive-descent parser for each of the three languages (1).

mod cursor;
mod json;
mod operand;
mod selector;
mod space;
mod term;

use crate::ast::Syntax;
use crate::error::{ErrorCode, PatternError};
use crate::glob::Wildcards;
use crate::selector::Selector;
use crate::text::is_space;
use crate::{MAX_PATTERN_CHARS, MAX_REGEXES};
use cursor::Cursor;

/// Parses a filter pattern as typed.
pub(crate) fn parse_pattern(text: &str, wildcards: Wildcards) -> Result<Syntax, PatternError> {
    check_length(text)?;
    let mut cursor = Cursor::new(text.trim_end_matches(is_space), wildcards);
    cursor.skip_space();
    match cursor.peek() {
        Some('{') => json::parse(&mut cursor).map(Syntax::Json),
        Some('[') => space::parse(&mut cursor).map(Syntax::Space),
        _ => term::parse(&mut cursor).map(Syntax::Term),
    }
}

/// Parses a selector that stands alone.
pub(crate) fn parse_selector(text: &str) -> Result<Selector, PatternError> {
    check_length(text)?;
    let mut cursor = Cursor::new(text, Wildcards::default());
    let selector = selector::parse(&mut cursor)?;
    if cursor.peek().is_some() {
        return Err(PatternError::new(
            ErrorCode::InvalidSelector,
            cursor.at()..text.len(),
            "the selector ends before this",
        )
        .aws_term(cursor.rest())
        .help("put a key that holds other characters into brackets: `$.['any key']`"));
    }
    Ok(selector)
}

fn check_length(text: &str) -> Result<(), PatternError> {
    let Some((end, _)) = text.char_indices().nth(MAX_PATTERN_CHARS) else { return Ok(()) };
    let count = text.chars().count();
    let message = format!("this filter pattern has {count} characters, and may have {MAX_PATTERN_CHARS}");
    Err(PatternError::new(ErrorCode::TooLong, end..text.len(), message)
        .aws(format!(
            "1 validation error detected: Value '{text}' at 'filterPattern' failed to satisfy constraint: Member \
             must have length less than or equal to {MAX_PATTERN_CHARS}"
        ))
        .help("split it into several metric filters that go to the same metric, or use wildcards"))
}

/// Refuses more regular expressions than JSON and space-delimited patterns may hold (4).
fn check_regexes(cursor: &Cursor<'_>) -> Result<(), PatternError> {
    let Some(span) = cursor.regexes.get(MAX_REGEXES) else { return Ok(()) };
    let message = format!("this is the third regular expression, and a pattern may hold {MAX_REGEXES}");
    Err(PatternError::new(ErrorCode::TooManyRegexes, span.clone(), message)
        .aws("Your input has exceeded the maximum of 2 regular expressions per filter pattern.")
        .help("join alternatives in one expression (`%^a|^b%`), or compare with `*` as wildcard"))
}
