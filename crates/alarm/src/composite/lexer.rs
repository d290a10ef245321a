//! Alarm rules, piece by piece.

use std::ops::Range;

use crate::error::{ErrorCode, SyntaxError};

/// A piece of a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Range<usize>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Kind {
    /// Anything without spaces, parentheses and commas.
    Word(String),
    /// What stands in double quotes.
    Quoted(String),
    Open,
    Close,
    Comma,
    End,
}

/// All pieces, the last of which is the end.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, SyntaxError> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let start = text.len() - rest.len();
        let (kind, length) = match first {
            '(' => (Kind::Open, 1),
            ')' => (Kind::Close, 1),
            ',' => (Kind::Comma, 1),
            '"' => quoted(rest).ok_or_else(|| unterminated(start..text.len()))?,
            _ => word(rest),
        };
        tokens.push(Token { kind, span: start..start + length });
        rest = rest.get(length..).unwrap_or_default().trim_start();
    }
    tokens.push(Token { kind: Kind::End, span: text.len()..text.len() });
    Ok(tokens)
}

fn word(rest: &str) -> (Kind, usize) {
    let ends = |sign: char| sign.is_whitespace() || matches!(sign, '(' | ')' | ',');
    let length = rest.find(ends).unwrap_or(rest.len());
    (Kind::Word(rest.get(..length).unwrap_or_default().to_owned()), length)
}

/// `"..."`, in which `\"` is a quote. `None` where it doesn't end.
fn quoted(rest: &str) -> Option<(Kind, usize)> {
    let mut name = String::new();
    let mut signs = rest.char_indices().skip(1).peekable();
    while let Some((at, sign)) = signs.next() {
        match sign {
            '"' => return Some((Kind::Quoted(name), at + 1)),
            '\\' if signs.next_if(|(_, next)| *next == '"').is_some() => name.push('"'),
            other => name.push(other),
        }
    }
    None
}

fn unterminated(span: Range<usize>) -> SyntaxError {
    SyntaxError::new(ErrorCode::UnterminatedRuleQuote, span, "this quote is never closed")
        .help("close it with `\"`; a quote in a name is written `\\\"`")
}
