//! Whether the conditions of a JSON pattern hold for a parsed log event (5.3, 5.4).

use json::{Kind, Value};

use crate::ast::{Condition, Expression, Operand, Test};
use crate::text::number_value;

impl Expression {
    /// Whether it holds for the object `root`.
    pub(crate) fn holds(&self, root: Value<'_>) -> bool {
        match self {
            Expression::All(parts) => parts.iter().all(|part| part.holds(root)),
            Expression::Any(parts) => parts.iter().any(|part| part.holds(root)),
            Expression::Condition(condition) => condition.holds(root),
        }
    }
}

impl Condition {
    /// Whether it holds for the object `root`: for one of the values that the selector finds.
    pub(crate) fn holds(&self, root: Value<'_>) -> bool {
        match self.test {
            Test::NotExists => !self.selector.any(root, &mut |_| true),
            _ => self.selector.any(root, &mut |value| self.test.holds(value)),
        }
    }
}

impl Test {
    /// Whether it holds for a value that is there.
    pub(crate) fn holds(&self, value: Value<'_>) -> bool {
        match self {
            Test::NotExists => false,
            Test::IsNull => is_null(value),
            Test::IsBool(wanted) => value.kind() == Kind::Bool(*wanted),
            Test::Equal(operand) => equals(operand, value) == Some(true),
            Test::NotEqual(operand) => equals(operand, value) == Some(false),
            Test::Order(comparison, number) => {
                value.kind() == Kind::Number
                    && comparison.holds(number_value(value.raw().as_bytes()), number.value)
            }
        }
    }
}

/// Null, or an array that holds null.
fn is_null(value: Value<'_>) -> bool {
    value.kind() == Kind::Null || value.elements().any(|element| element.kind() == Kind::Null)
}

/// Whether a string or number equals; nothing else can be compared.
fn equals(operand: &Operand, value: Value<'_>) -> Option<bool> {
    match value.kind() {
        Kind::Number => Some(operand.equals_number(value.raw().as_bytes())),
        _ => value.string().map(|text| operand.equals_text(text.as_bytes())),
    }
}
