//! Space-delimited patterns (6).

use std::collections::HashSet;
use std::ops::Range;

use super::cursor::{Cursor, is_typographic_quote};
use super::json::ORDERS;
use super::{check_regexes, operand};
use crate::ast::{Field, FieldTest, FieldTests, SpacePattern};
use crate::error::{ErrorCode, PatternError};

pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<SpacePattern, PatternError> {
    let bracket = cursor.at();
    cursor.advance(1);
    let fields = fields(cursor)?;
    if !cursor.take("]") {
        return Err(unexpected(cursor, bracket));
    }
    if !cursor.ends() {
        return Err(text_after_end(cursor));
    }
    check_names(&fields)?;
    check_regexes(cursor)?;
    Ok(SpacePattern { fields: fields.into_iter().map(|(field, _)| field).collect() })
}

/// The fields and where they stand.
fn fields(cursor: &mut Cursor<'_>) -> Result<Vec<(Field, Range<usize>)>, PatternError> {
    let mut fields = Vec::new();
    cursor.skip_space();
    if cursor.peek() == Some(']') {
        return Ok(fields);
    }
    loop {
        cursor.skip_space();
        let start = cursor.at();
        let field = field(cursor)?;
        fields.push((field, start..cursor.at()));
        if !cursor.take(",") {
            return Ok(fields);
        }
    }
}

fn field(cursor: &mut Cursor<'_>) -> Result<Field, PatternError> {
    if cursor.take("...") {
        return Ok(Field::Ellipsis);
    }
    let start = cursor.at();
    let name = cursor.take_while(crate::text::is_name);
    if name.is_empty() {
        return match cursor.peek() {
            Some(',' | ']') => Ok(Field::Unnamed),
            _ => Err(bad_field(cursor)),
        };
    }
    let tests = tests(cursor, name)?;
    Ok(Field::Named { name: name.into(), tests, span: start..cursor.at() })
}

/// Reads the conditions of the field `name`, each of which repeats the name but the first.
fn tests(cursor: &mut Cursor<'_>, name: &str) -> Result<Option<FieldTests>, PatternError> {
    let Some(first) = test(cursor)? else { return Ok(None) };
    let mut any_of = vec![vec![first]];
    loop {
        let alternative = if cursor.take("&&") {
            false
        } else if cursor.take("||") {
            true
        } else {
            return Ok(Some(FieldTests { any_of }));
        };
        let next = next_test(cursor, name)?;
        match any_of.last_mut() {
            Some(all_of) if !alternative => all_of.push(next),
            _ => any_of.push(vec![next]),
        }
    }
}

fn next_test(cursor: &mut Cursor<'_>, name: &str) -> Result<FieldTest, PatternError> {
    if !cursor.take_word(name) {
        return Err(other_field(cursor, name));
    }
    test(cursor)?.ok_or_else(|| missing_test(cursor, name))
}

/// Reads one test, if an operator stands here.
fn test(cursor: &mut Cursor<'_>) -> Result<Option<FieldTest>, PatternError> {
    cursor.skip_space();
    for (symbol, comparison) in ORDERS {
        if cursor.take_here(symbol) {
            cursor.skip_space();
            let start = cursor.at();
            let operand = operand::space(cursor)?;
            let number = operand::number(operand, cursor, start)?;
            return Ok(Some(FieldTest::Order(comparison, number)));
        }
    }
    if cursor.take_here("!=") {
        return operand::space(cursor).map(FieldTest::NotEqual).map(Some);
    }
    if cursor.take_here("=") {
        return operand::space(cursor).map(FieldTest::Equal).map(Some);
    }
    Ok(None)
}

fn other_field(cursor: &Cursor<'_>, name: &str) -> PatternError {
    let other = cursor.name();
    let (code, message) = match other {
        "" => (ErrorCode::MissingCondition, format!("a condition of the field `{name}` is missing here")),
        _ => {
            (ErrorCode::OtherField, format!("this condition belongs to the field `{name}`, not to `{other}`"))
        }
    };
    let help = match other {
        "" => format!("write `{name} = …`, or remove the operator"),
        _ => format!(
            "put the condition where `{other}` is listed, separated by a comma, or repeat the name `{name}`"
        ),
    };
    PatternError::new(code, cursor.span_ahead(other.len()), message).help(help)
}

fn missing_test(cursor: &Cursor<'_>, name: &str) -> PatternError {
    PatternError::new(ErrorCode::MissingOperator, cursor.span_ahead(0), "a comparison is missing here")
        .help(format!("write it with its value, as in `{name} = 404`"))
}

fn bad_field(cursor: &Cursor<'_>) -> PatternError {
    match cursor.peek() {
        Some(c) if is_typographic_quote(c) => return operand::typographic_quotes(cursor),
        None => {
            return PatternError::new(
                ErrorCode::UnclosedBracket,
                cursor.span_ahead(0),
                "the pattern ends inside of its brackets",
            )
            .help("close them with `]`");
        }
        _ => {}
    }
    let message = match cursor.peek() {
        Some('$') => "a space-delimited pattern names fields; selectors belong into a JSON pattern",
        Some('(') => "the conditions of a field have no parentheses",
        _ => "a field is a name of letters, digits, `_` and `-`, or `...`, or nothing",
    };
    PatternError::new(ErrorCode::InvalidField, cursor.word_span(), message)
        .aws_term(&cursor.quote_ahead())
        .help("write fields as in `[ip, user, ..., status = 4*]`; for JSON write `{ $.name = \"value\" }`")
}

fn unexpected(cursor: &Cursor<'_>, bracket: usize) -> PatternError {
    if cursor.rest().is_empty() {
        let span = bracket..bracket + 1;
        return PatternError::new(ErrorCode::UnclosedBracket, span, "this is never closed")
            .help("close it with `]`");
    }
    let message = "a comma or the closing bracket should stand here";
    PatternError::new(ErrorCode::InvalidField, cursor.word_span(), message).help(
        "separate fields with commas, join conditions of one field with `&&` or `||`, put a value that holds other \
         characters in double quotes",
    )
}

fn text_after_end(cursor: &Cursor<'_>) -> PatternError {
    let span = cursor.span_ahead(cursor.rest().len());
    PatternError::new(
        ErrorCode::TextAfterEnd,
        span,
        "the pattern ends before this, with the bracket that closes it",
    )
    .aws_term(&cursor.quote_ahead())
    .help("remove it, or put the whole pattern in double quotes to look for that text")
}

/// Names are unique, and there is one ellipsis at most (6.5).
fn check_names(fields: &[(Field, Range<usize>)]) -> Result<(), PatternError> {
    let mut seen = HashSet::new();
    for (field, span) in fields {
        let name = match field {
            Field::Ellipsis => "...",
            Field::Unnamed => continue,
            Field::Named { name, .. } => name,
        };
        if !seen.insert(name) {
            return Err(duplicate(name, span));
        }
    }
    Ok(())
}

fn duplicate(name: &str, span: &Range<usize>) -> PatternError {
    let (message, help) = match name {
        "..." => ("there is an ellipsis already", "keep one; list the fields on its other side by name"),
        _ => ("a field of this name is listed already", "give it another name, or none: `[a, , c]`"),
    };
    PatternError::new(ErrorCode::DuplicateField, span.start..span.start + name.len(), message)
        .aws(format!("Duplicate field '{name}'"))
        .help(help)
}
