//! JSON patterns (5).

use std::ops::Range;

use super::cursor::{Cursor, is_typographic_quote};
use super::{check_regexes, operand, selector};
use crate::ast::{Comparison, Condition, Expression, Test};
use crate::error::{ErrorCode, PatternError};
use crate::{MAX_NESTING, MAX_WILDCARD_SELECTORS};

/// How a condition may begin; what to write where none stands.
const EXAMPLE: &str = "write a condition such as `$.errorCode = \"*\"`";

pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Expression, PatternError> {
    let brace = cursor.at();
    cursor.advance(1);
    let expression = any(cursor, &mut vec![brace])?;
    if !cursor.take("}") {
        return Err(unexpected(cursor, brace));
    }
    if !cursor.ends() {
        return Err(text_after_end(cursor));
    }
    check_wildcards(cursor)?;
    check_regexes(cursor)?;
    Ok(expression)
}

/// Reads conditions joined with `||`. `open` holds where the brace and the parentheses around them stand.
fn any(cursor: &mut Cursor<'_>, open: &mut Vec<usize>) -> Result<Expression, PatternError> {
    let mut parts = vec![all(cursor, open)?];
    while cursor.take("||") {
        parts.push(all(cursor, open)?);
    }
    Ok(joined(parts, Expression::Any))
}

fn all(cursor: &mut Cursor<'_>, open: &mut Vec<usize>) -> Result<Expression, PatternError> {
    let mut parts = vec![primary(cursor, open)?];
    while cursor.take("&&") {
        parts.push(primary(cursor, open)?);
    }
    Ok(joined(parts, Expression::All))
}

fn joined(mut parts: Vec<Expression>, join: fn(Vec<Expression>) -> Expression) -> Expression {
    match parts.pop() {
        Some(only) if parts.is_empty() => only,
        last => {
            parts.extend(last);
            join(parts)
        }
    }
}

fn primary(cursor: &mut Cursor<'_>, open: &mut Vec<usize>) -> Result<Expression, PatternError> {
    if !cursor.take("(") {
        return condition(cursor).map(Expression::Condition);
    }
    let parenthesis = cursor.at() - 1;
    if open.len() > MAX_NESTING {
        return Err(too_deep(parenthesis));
    }
    open.push(parenthesis);
    let inner = any(cursor, open)?;
    open.pop();
    if cursor.take(")") { Ok(inner) } else { Err(unexpected(cursor, parenthesis)) }
}

fn too_deep(at: usize) -> PatternError {
    let message = format!("parentheses are nested deeper than {MAX_NESTING} levels here");
    PatternError::new(ErrorCode::TooDeep, at..at + 1, message)
        .help("leave out parentheses that group nothing")
}

fn condition(cursor: &mut Cursor<'_>) -> Result<Condition, PatternError> {
    cursor.skip_space();
    let start = cursor.at();
    if cursor.peek() != Some('$') {
        return Err(no_condition(cursor));
    }
    let selector = selector::parse(cursor)?;
    let selected = cursor.span_since(start);
    let test = test(cursor, &selected)?;
    Ok(Condition { selector, test, span: cursor.span_since(start) })
}

/// Reads what follows the selector, which stands at `selected`.
fn test(cursor: &mut Cursor<'_>, selected: &Range<usize>) -> Result<Test, PatternError> {
    if cursor.take_word("IS") {
        return is_test(cursor, selected);
    }
    if cursor.take_word("NOT") {
        let exists = cursor.take_word("EXISTS");
        return if exists { Ok(Test::NotExists) } else { Err(bad_not(cursor)) };
    }
    let operator = cursor.at();
    for (symbol, comparison) in ORDERS {
        if cursor.take_here(symbol) {
            return order(cursor, comparison);
        }
    }
    if cursor.take_here("!=") {
        return operand::json(cursor).map(Test::NotEqual);
    }
    if !cursor.take_here("=") {
        return Err(no_operator(cursor, selected, operator));
    }
    operand::json(cursor).map(Test::Equal)
}

/// The longer ones first.
pub(super) const ORDERS: [(&str, Comparison); 4] = [
    (">=", Comparison::GreaterOrEqual),
    ("<=", Comparison::LessOrEqual),
    (">", Comparison::Greater),
    ("<", Comparison::Less),
];

fn order(cursor: &mut Cursor<'_>, comparison: Comparison) -> Result<Test, PatternError> {
    cursor.skip_space();
    let start = cursor.at();
    let operand = operand::json(cursor)?;
    operand::number(operand, cursor, start).map(|number| Test::Order(comparison, number))
}

fn is_test(cursor: &mut Cursor<'_>, selected: &Range<usize>) -> Result<Test, PatternError> {
    for (word, test) in [("NULL", Test::IsNull), ("TRUE", Test::IsBool(true)), ("FALSE", Test::IsBool(false))]
    {
        if cursor.take_word(word) {
            return Ok(test);
        }
    }
    Err(bad_is(cursor, selected))
}

fn bad_is(cursor: &Cursor<'_>, selected: &Range<usize>) -> PatternError {
    let word = cursor.name();
    let start = selected.end;
    let span = start..cursor.at() + word.len();
    let span = trim_front(cursor, span);
    let upper = word.to_ascii_uppercase();
    if matches!(upper.as_str(), "NULL" | "TRUE" | "FALSE") {
        return lower_case(span, &format!("IS {upper}")).aws_term(word);
    }
    let error = PatternError::new(
        ErrorCode::UnknownTest,
        span,
        "after `IS` only `NULL`, `TRUE` and `FALSE` are known",
    );
    let error = match (word, cursor.peek()) {
        ("", None | Some('}' | ')' | '&' | '|')) => error,
        ("", Some(_)) => error.aws_term(&cursor.quote_ahead()),
        _ => error.aws_term(word),
    };
    error.help(match upper.as_str() {
        "NOT" => {
            "write `= \"*\"`, which holds for every string and number; there is no condition for \"is there, \
             whatever it is\""
        }
        _ => "compare a text with `=`, as in `= \"text\"`",
    })
}

/// `span` without the white space at its start; the cursor is behind it.
fn trim_front(cursor: &Cursor<'_>, span: Range<usize>) -> Range<usize> {
    let space: usize =
        cursor.since(span.start).chars().take_while(|c| c.is_whitespace()).map(char::len_utf8).sum();
    span.start + space..span.end
}

fn bad_not(cursor: &Cursor<'_>) -> PatternError {
    let word = cursor.name();
    let span = cursor.span_ahead(word.len());
    if word.eq_ignore_ascii_case("exists") {
        return lower_case(span, "NOT EXISTS").aws_term(word);
    }
    PatternError::new(ErrorCode::UnknownTest, span, "after `NOT` only `EXISTS` is known")
        .aws_term(if word.is_empty() { "NOT" } else { word })
        .help("write `NOT EXISTS`, or `!=` with a value; mind that `!=` is false where the member is absent")
}

fn lower_case(span: Range<usize>, words: &str) -> PatternError {
    let message = "the words of the pattern language are written in capital letters";
    PatternError::new(ErrorCode::LowerCaseWord, span, message).help(format!("write `{words}`"))
}

/// No operator stands behind the selector at `selected`; the cursor is where one should.
fn no_operator(cursor: &Cursor<'_>, selected: &Range<usize>, operator: usize) -> PatternError {
    let word = cursor.name();
    if let Some(test) = swallowed_test(cursor, selected, word) {
        let message = format!("the name in the selector takes up `{test}`");
        return PatternError::new(ErrorCode::UnknownOperator, selected.clone(), message)
            .help(format!("put white space before `{test}`"));
    }
    let at_word = operator..operator + word.len();
    match word.to_ascii_uppercase().as_str() {
        "IS" | "NOT" => return lower_case_test(cursor, at_word, word),
        "EXISTS" => return exists(at_word),
        "" => {}
        _ => return word_as_operator(at_word, word),
    }
    match cursor.peek() {
        None | Some('}' | ')' | '&' | '|') => missing_operator(selected),
        Some('~') => unknown_operator(cursor, "write `= %regex%`, or `=` with `*` as wildcard"),
        Some('!') => unknown_operator(cursor, "write `!=`"),
        Some(c) if is_typographic_quote(c) => operand::typographic_quotes(cursor),
        // `$.a: 1` is an operator misspelt, `$.a:b = 1` a key.
        Some(':') if operator != selected.end || cursor.word() == ":" => {
            unknown_operator(cursor, "write `=`")
        }
        Some(_) if operator == selected.end => key_needs_brackets(cursor, selected),
        _ => strange(cursor),
    }
}

/// `IS` or `NOT`, written right behind the selector so that it became a part of its last name.
fn swallowed_test(cursor: &Cursor<'_>, selected: &Range<usize>, word: &str) -> Option<&'static str> {
    let selector = cursor.since(selected.start).trim_end();
    match word {
        "NULL" | "TRUE" | "FALSE" if selector.ends_with("IS") => Some("IS"),
        "EXISTS" if selector.ends_with("NOT") => Some("NOT"),
        _ => None,
    }
}

/// Something that no name holds stands right behind the selector.
fn key_needs_brackets(cursor: &Cursor<'_>, selected: &Range<usize>) -> PatternError {
    let key = cursor.name_around(selected.start);
    let span = selected.start..cursor.word_span().end;
    PatternError::new(
        ErrorCode::InvalidSelector,
        span,
        "a name in a selector has only letters, digits, `_` and `-`",
    )
    .aws_term(&cursor.quote_ahead())
    .help(format!("put the key into brackets: `['{key}']`"))
}

fn lower_case_test(cursor: &Cursor<'_>, span: Range<usize>, word: &str) -> PatternError {
    let after = cursor.rest().get(word.len()..).unwrap_or_default();
    let space = after.len() - after.trim_start().len();
    let second: String = after.trim_start().chars().take_while(char::is_ascii_alphabetic).collect();
    let words = format!("{word} {second}").to_ascii_uppercase();
    if matches!(words.as_str(), "IS NULL" | "IS TRUE" | "IS FALSE" | "NOT EXISTS") {
        return lower_case(span.start..span.end + space + second.len(), &words);
    }
    lower_case(span, "IS NULL` or `NOT EXISTS")
}

fn exists(span: Range<usize>) -> PatternError {
    PatternError::new(ErrorCode::UnknownOperator, span, "there is no `EXISTS`, only `NOT EXISTS`")
        .help("write `= \"*\"`, which holds for every string and number")
}

fn missing_operator(selected: &Range<usize>) -> PatternError {
    PatternError::new(ErrorCode::MissingOperator, selected.clone(), "a selector alone isn't a condition")
        .help("write `= \"*\"` behind it to ask for any string or number, `IS TRUE` to ask for `true`")
}

fn word_as_operator(span: Range<usize>, word: &str) -> PatternError {
    let help = match word.to_ascii_uppercase().as_str() {
        "LIKE" => "write `=` with `*` as wildcard, as in `= \"Access*\"`",
        "IN" => "repeat the condition for each value, joined with `||`",
        "AND" | "OR" => "end the condition first, e.g. with `= \"*\"`, and join with `&&` or `||`",
        "CONTAINS" => "write `=` with `*` on both sides, as in `= \"*denied*\"`",
        _ => "write `=` with `*` as wildcard, or `= %regex%`",
    };
    let message = format!("there is no operator `{word}`");
    PatternError::new(ErrorCode::UnknownOperator, span, message).help(help)
}

fn unknown_operator(cursor: &Cursor<'_>, help: &str) -> PatternError {
    let signs = cursor.rest().chars().take_while(|c| "~!:=<>".contains(*c)).count().max(1);
    PatternError::new(ErrorCode::UnknownOperator, cursor.span_ahead(signs), "there is no such operator")
        .aws_term(&cursor.quote_ahead())
        .help(help)
}

/// Something stands where a condition should begin.
fn no_condition(cursor: &Cursor<'_>) -> PatternError {
    let name = cursor.name();
    if name.eq_ignore_ascii_case("not") {
        return negation(cursor.span_ahead(name.len())).aws_term(name);
    }
    if name.eq_ignore_ascii_case("exists") {
        return exists(cursor.span_ahead(name.len()));
    }
    match cursor.peek() {
        Some('!') => {
            negation(cursor.span_ahead(1)).aws_term(&cursor.rest().chars().take(2).collect::<String>())
        }
        None => missing_condition(cursor, 0),
        Some('}' | ')') => missing_condition(cursor, 1),
        Some('&' | '|') => missing_condition(cursor, leading_signs(cursor)),
        Some('"') => json_text(cursor),
        Some('.' | '*') => selector::missing_prefix(cursor),
        Some(c) if is_typographic_quote(c) => operand::typographic_quotes(cursor),
        _ if !name.is_empty() => selector::missing_prefix(cursor),
        _ => strange(cursor),
    }
}

fn leading_signs(cursor: &Cursor<'_>) -> usize {
    cursor.rest().bytes().take(2).take_while(|byte| matches!(byte, b'&' | b'|')).count()
}

fn missing_condition(cursor: &Cursor<'_>, len: usize) -> PatternError {
    let message = if len == 0 { "a condition is missing here" } else { "a condition is missing before this" };
    PatternError::new(ErrorCode::MissingCondition, cursor.span_ahead(len), message).help(EXAMPLE)
}

fn negation(span: Range<usize>) -> PatternError {
    PatternError::new(ErrorCode::Negation, span, "a condition can't be negated as a whole").help(
        "write the opposite: `=` becomes `!=` (which is false where the member is absent: add `|| … NOT EXISTS`), \
         `<` becomes `>=`, `NOT EXISTS` becomes `= \"*\"`, and inside parentheses `&&` becomes `||` and `||` becomes \
         `&&`",
    )
}

/// A quoted text where a selector should stand, maybe because the pattern is a piece of JSON.
fn json_text(cursor: &Cursor<'_>) -> PatternError {
    let mut quotes = cursor.rest().match_indices('"').map(|(at, _)| at);
    let end = quotes.nth(1).map_or(1, |at| at + 1);
    let key = cursor.rest().get(1..end.saturating_sub(1)).unwrap_or("key");
    let after = cursor.rest().get(end..).unwrap_or_default().trim_start();
    let term = if after.starts_with(':') { ":".into() } else { cursor.quote_ahead() };
    PatternError::new(ErrorCode::MissingPrefix, cursor.span_ahead(end), "a condition begins with a selector")
        .aws_term(&term)
        .help(format!("write `$.['{key}'] = …`; a pattern isn't itself JSON"))
}

/// A character that no part of a condition can begin with.
fn strange(cursor: &Cursor<'_>) -> PatternError {
    let c = cursor.peek().unwrap_or_default();
    let message = format!("`{}` can't stand here", c.escape_debug());
    PatternError::new(ErrorCode::MissingCondition, cursor.span_ahead(c.len_utf8()), message)
        .aws_term(&cursor.quote_ahead())
        .help(EXAMPLE)
}

/// Neither a join nor the closing sign follows a condition; `open` is where its parenthesis or brace stands.
fn unexpected(cursor: &Cursor<'_>, open: usize) -> PatternError {
    let name = cursor.name();
    match cursor.peek() {
        None => unclosed(cursor, open),
        Some('}') => unclosed(cursor, open),
        Some(')') => unexpected_parenthesis(cursor),
        Some(c @ ('&' | '|')) => single_sign(cursor, c),
        Some(c) if is_typographic_quote(c) => operand::typographic_quotes(cursor),
        _ if name.eq_ignore_ascii_case("and") => word_operator(cursor, name, "&&"),
        _ if name.eq_ignore_ascii_case("or") => word_operator(cursor, name, "||"),
        _ => missing_join(cursor),
    }
}

fn unclosed(cursor: &Cursor<'_>, open: usize) -> PatternError {
    let (code, sign) = match cursor.first_at(open) {
        Some('(') => (ErrorCode::UnclosedParenthesis, ')'),
        _ => (ErrorCode::UnclosedBrace, '}'),
    };
    PatternError::new(code, open..open + 1, "this is never closed").help(format!("close it with `{sign}`"))
}

fn unexpected_parenthesis(cursor: &Cursor<'_>) -> PatternError {
    PatternError::new(
        ErrorCode::UnexpectedParenthesis,
        cursor.span_ahead(1),
        "nothing opened this parenthesis",
    )
    .help("remove it, or open it with `(`")
}

fn single_sign(cursor: &Cursor<'_>, sign: char) -> PatternError {
    PatternError::new(ErrorCode::MissingJoin, cursor.span_ahead(1), "a single sign joins nothing")
        .aws_term(&cursor.quote_ahead())
        .help(format!("write `{sign}{sign}`"))
}

fn word_operator(cursor: &Cursor<'_>, word: &str, sign: &str) -> PatternError {
    let message = "conditions are joined with signs, not with words";
    PatternError::new(ErrorCode::WordOperator, cursor.span_ahead(word.len()), message)
        .help(format!("write `{sign}`"))
}

fn missing_join(cursor: &Cursor<'_>) -> PatternError {
    PatternError::new(ErrorCode::MissingJoin, cursor.word_span(), "the condition ends before this")
        .help("join conditions with `&&` or `||`; put a text that holds white space in double quotes")
}

fn text_after_end(cursor: &Cursor<'_>) -> PatternError {
    PatternError::new(
        ErrorCode::TextAfterEnd,
        cursor.span_ahead(cursor.rest().len()),
        "the pattern ends before this, with the brace that closes it",
    )
    .aws_term(&cursor.quote_ahead())
    .help(match cursor.peek() {
        Some('}') => "remove this brace, which closes nothing",
        _ => "move the brace behind it, and join conditions with `&&` or `||`",
    })
}

fn check_wildcards(cursor: &Cursor<'_>) -> Result<(), PatternError> {
    let Some(span) = cursor.wildcard_selectors.get(MAX_WILDCARD_SELECTORS) else { return Ok(()) };
    let message = "this is the fourth selector with a wildcard, and a pattern may hold 3";
    Err(PatternError::new(ErrorCode::TooManyWildcards, span.clone(), message)
        .aws("Your input has exceeded the maximum of 3 JSON wildcard selectors allowed per filter pattern.")
        .help("write out an index or a name in place of a `*`, or split the pattern into two metric filters"))
}
