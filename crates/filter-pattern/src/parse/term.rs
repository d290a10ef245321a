//! Term patterns (3).

use memchr::memmem::Finder;

use super::cursor::{Cursor, in_quotes, is_typographic_quote};
use super::operand::{single_quotes, typographic_quotes};
use crate::ast::{Prefix, Term, TermPattern, TermText};
use crate::error::{ErrorCode, PatternError};
use crate::text::{is_name, is_space};

pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<TermPattern, PatternError> {
    let mut terms = Vec::new();
    while !cursor.ends() {
        let start = cursor.at();
        let prefix = prefix(cursor, start)?;
        let text = text(cursor, start)?;
        terms.push(Term { prefix, text, span: cursor.span_since(start) });
        if !cursor.peek().is_none_or(is_space) {
            return Err(invalid_term(cursor, start));
        }
    }
    Ok(TermPattern { terms })
}

/// Reads what stands before a term. White space may follow a dash (A7), but not a question mark.
fn prefix(cursor: &mut Cursor<'_>, start: usize) -> Result<Prefix, PatternError> {
    let prefix = if cursor.take_here("-") {
        cursor.skip_space();
        Prefix::Excluded
    } else if cursor.take_here("?") {
        Prefix::Optional
    } else {
        return Ok(Prefix::Required);
    };
    match cursor.peek() {
        Some(c) if !is_space(c) => Ok(prefix),
        _ => Err(dangling(cursor, start)),
    }
}

fn dangling(cursor: &Cursor<'_>, start: usize) -> PatternError {
    PatternError::new(ErrorCode::DanglingPrefix, start..start + 1, "no term follows this")
        .aws_term(cursor.since(start))
        .help("write the term right behind it, or put it in double quotes to look for the character itself")
}

fn text(cursor: &mut Cursor<'_>, start: usize) -> Result<TermText, PatternError> {
    match cursor.peek() {
        Some('"') => cursor.quoted('"').map(|text| literal(&text)),
        Some('%') => cursor.regex().map(TermText::Regex),
        _ => {
            let word = cursor.take_while(is_name);
            if word.is_empty() { Err(invalid_term(cursor, start)) } else { Ok(literal(word)) }
        }
    }
}

fn literal(text: &str) -> TermText {
    TermText::Text(Box::new(Finder::new(text.as_bytes()).into_owned()))
}

/// A term, which begins at `start`, holds what only quotes allow; the cursor is at it.
fn invalid_term(cursor: &Cursor<'_>, start: usize) -> PatternError {
    if cursor.peek().is_some_and(is_typographic_quote) {
        return typographic_quotes(cursor);
    }
    if cursor.peek() == Some('\'') && cursor.since(start).trim_matches(['-', '?']).is_empty() {
        return single_quotes(cursor);
    }
    let end = cursor.word_span().end;
    let message = match cursor.peek() {
        Some('*') => "`*` is no wildcard in a term pattern; a term is found anywhere in the log event anyway",
        _ => "a term that holds anything but letters, digits, `_` and `-` needs double quotes",
    };
    PatternError::new(ErrorCode::InvalidTerm, start..end, message)
        .aws_term(&cursor.quote_ahead())
        .help(help(cursor, start))
}

fn help(cursor: &Cursor<'_>, start: usize) -> String {
    let word: String = [cursor.since(start), cursor.word()].concat();
    let (prefix, text) = match word.strip_prefix(['-', '?']) {
        Some(text) => (word.strip_suffix(text).unwrap_or_default(), text),
        None => ("", word.as_str()),
    };
    if text.starts_with('$') {
        return "a JSON pattern stands in braces: `{ $.eventName = \"Decrypt\" }`".into();
    }
    if text.starts_with(['"', '%']) {
        return "put white space between two terms".into();
    }
    let bare = text.trim_matches('*');
    if !bare.is_empty() && bare.chars().all(is_name) {
        return format!("write `{prefix}{bare}`");
    }
    format!("write `{prefix}{}`", in_quotes(text))
}
