//! Two conditions that must both hold for the same value.

use super::note::NoteCode;
use crate::ast::{Comparison, Condition, Number, Operand, Test};
use crate::text::{is_number, number_value};

/// Why no value satisfies both; `None` if one may.
pub(super) fn conflict(first: &Condition, second: &Condition) -> Option<NoteCode> {
    if first.selector != second.selector || first.selector.has_wildcard() {
        return None;
    }
    match (&first.test, &second.test) {
        (Test::NotExists, Test::NotExists) => None,
        (Test::NotExists, _) | (_, Test::NotExists) => Some(NoteCode::AbsentAndPresent),
        (Test::Order(a, x), Test::Order(b, y)) => {
            empty_range((*a, x), (*b, y)).then_some(NoteCode::EmptyRange)
        }
        (a, b) => (excludes(a, b) || excludes(b, a)).then_some(NoteCode::Contradiction),
    }
}

/// Whether both conditions are the same.
pub(super) fn same(first: &Condition, second: &Condition) -> bool {
    first.selector == second.selector
        && match (&first.test, &second.test) {
            (Test::IsNull, Test::IsNull) | (Test::NotExists, Test::NotExists) => true,
            (Test::IsBool(a), Test::IsBool(b)) => a == b,
            (Test::Equal(a), Test::Equal(b)) | (Test::NotEqual(a), Test::NotEqual(b)) => same_operand(a, b),
            (Test::Order(a, x), Test::Order(b, y)) => a == b && x == y,
            _ => false,
        }
}

fn same_operand(a: &Operand, b: &Operand) -> bool {
    match (a, b) {
        (Operand::Number(a), Operand::Number(b)) => a == b,
        (Operand::Text(a), Operand::Text(b)) => a.text() == b.text(),
        (Operand::Regex(a), Operand::Regex(b)) => a.text() == b.text(),
        _ => false,
    }
}

/// Whether `test` asks for a kind or text of value for which `other` is false. Not complete: `false` proves
/// nothing.
fn excludes(test: &Test, other: &Test) -> bool {
    match test {
        Test::IsBool(wanted) => !matches!(other, Test::IsBool(other) if other == wanted),
        Test::IsNull => !matches!(other, Test::IsNull),
        Test::Equal(Operand::Text(glob)) if glob.is_exact() => !allows_text(other, glob.text().as_bytes()),
        Test::Equal(Operand::Number(number)) => !allows_number(other, number),
        Test::Equal(operand) => matches!(other, Test::NotEqual(other) if same_operand(operand, other)),
        _ => false,
    }
}

/// Whether `test` may hold for a value that says `text`, a string or a number.
fn allows_text(test: &Test, text: &[u8]) -> bool {
    let numeric = is_number(text);
    match test {
        Test::Equal(operand) => operand.equals_text(text) || (numeric && operand.equals_number(text)),
        Test::NotEqual(operand) => !operand.equals_text(text) || (numeric && !operand.equals_number(text)),
        Test::Order(comparison, limit) => numeric && comparison.holds(number_value(text), limit.value),
        _ => false,
    }
}

/// Whether `test` may hold for a number that equals `number`, or a string that says it.
#[expect(clippy::float_cmp, reason = "the language compares doubles for equality (A11)")]
fn allows_number(test: &Test, number: &Number) -> bool {
    match test {
        Test::Equal(Operand::Number(other)) => other.value == number.value,
        Test::NotEqual(Operand::Number(other)) => other != number,
        Test::Order(comparison, limit) => comparison.holds(number.value, limit.value),
        Test::IsNull | Test::IsBool(_) => false,
        _ => true,
    }
}

fn empty_range(first: (Comparison, &Number), second: (Comparison, &Number)) -> bool {
    let is_lower = |comparison| matches!(comparison, Comparison::Greater | Comparison::GreaterOrEqual);
    let (low, high) = match (is_lower(first.0), is_lower(second.0)) {
        (true, false) => (first, second),
        (false, true) => (second, first),
        _ => return false,
    };
    let both_closed = low.0 == Comparison::GreaterOrEqual && high.0 == Comparison::LessOrEqual;
    low.1.value > high.1.value || (low.1.value >= high.1.value && !both_closed)
}
