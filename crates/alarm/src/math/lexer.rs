//! Expressions, piece by piece.

use std::ops::Range;

use super::ast::Operator;
use crate::error::{ErrorCode, SyntaxError};

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) span: Range<usize>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Kind {
    Number(f64),
    Word(String),
    Text(String),
    Operator(Operator),
    Open,
    Close,
    OpenList,
    CloseList,
    Comma,
    End,
}

/// Longer signs before those that they begin with.
const SIGNS: [(&str, Kind); 19] = [
    ("==", Kind::Operator(Operator::Equal)),
    ("!=", Kind::Operator(Operator::NotEqual)),
    ("<=", Kind::Operator(Operator::LessOrEqual)),
    (">=", Kind::Operator(Operator::GreaterOrEqual)),
    ("&&", Kind::Operator(Operator::And)),
    ("||", Kind::Operator(Operator::Or)),
    ("<", Kind::Operator(Operator::Less)),
    (">", Kind::Operator(Operator::Greater)),
    ("+", Kind::Operator(Operator::Plus)),
    ("-", Kind::Operator(Operator::Minus)),
    ("*", Kind::Operator(Operator::Times)),
    ("/", Kind::Operator(Operator::Divided)),
    ("^", Kind::Operator(Operator::Power)),
    ("(", Kind::Open),
    (")", Kind::Close),
    ("[", Kind::OpenList),
    ("]", Kind::CloseList),
    (",", Kind::Comma),
    ("=", Kind::End),
];

/// All pieces, the last of which is the end.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, SyntaxError> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let start = text.len() - rest.len();
        let (kind, length) = match first {
            '0'..='9' | '.' => number(rest, start)?,
            '"' | '\'' => quoted(rest, first, start)?,
            letter if letter.is_ascii_alphabetic() || letter == '_' => word(rest),
            _ => sign(rest, first, start)?,
        };
        tokens.push(Token { kind, span: start..start + length });
        rest = rest.get(length..).unwrap_or_default().trim_start();
    }
    tokens.push(Token { kind: Kind::End, span: text.len()..text.len() });
    Ok(tokens)
}

fn number(rest: &str, start: usize) -> Result<(Kind, usize), SyntaxError> {
    let mut length = 0;
    let mut before = ' ';
    for sign in rest.chars() {
        let is_exponent_sign = matches!(sign, '+' | '-') && matches!(before, 'e' | 'E');
        if !(sign.is_ascii_alphanumeric() || sign == '.' || is_exponent_sign) {
            break;
        }
        length += sign.len_utf8();
        before = sign;
    }
    let digits = rest.get(..length).unwrap_or_default();
    match digits.parse::<f64>() {
        Ok(number) if number.is_finite() => Ok((Kind::Number(number), length)),
        _ => Err(SyntaxError::new(
            ErrorCode::InvalidNumber,
            start..start + length,
            format!("`{digits}` isn't a number"),
        )
        .help("write digits, such as `10`, `0.5` or `1e6`; identifiers begin with a lower-case letter")),
    }
}

fn quoted(rest: &str, quote: char, start: usize) -> Result<(Kind, usize), SyntaxError> {
    let inner = rest.get(1..).unwrap_or_default();
    match inner.find(quote) {
        Some(end) => Ok((Kind::Text(inner.get(..end).unwrap_or_default().to_owned()), end + 2)),
        None => Err(SyntaxError::new(
            ErrorCode::UnterminatedText,
            start..start + rest.len(),
            "this quote is never closed",
        )
        .help(format!("close it with `{quote}`"))),
    }
}

fn word(rest: &str) -> (Kind, usize) {
    let length = rest.find(|sign: char| !(sign.is_ascii_alphanumeric() || sign == '_')).unwrap_or(rest.len());
    let word = rest.get(..length).unwrap_or_default();
    let kind = match word {
        "AND" => Kind::Operator(Operator::And),
        "OR" => Kind::Operator(Operator::Or),
        _ => Kind::Word(word.to_owned()),
    };
    (kind, length)
}

fn sign(rest: &str, first: char, start: usize) -> Result<(Kind, usize), SyntaxError> {
    let unexpected = |message: String, help: &str| {
        let span = start..start + first.len_utf8();
        Err(SyntaxError::new(ErrorCode::UnexpectedSign, span, message).help(help))
    };
    match SIGNS.iter().find(|(text, _)| rest.starts_with(text)) {
        Some((_, Kind::End)) => unexpected("`=` isn't an operator".into(), "write `==`"),
        Some((text, kind)) => Ok((kind.clone(), text.len())),
        None => unexpected(
            format!("`{}` has no meaning here", first.escape_debug()),
            "operators are `+ - * / ^ == != < > <= >= && ||`",
        ),
    }
}
