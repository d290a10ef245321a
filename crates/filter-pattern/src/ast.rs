//! What a parsed filter pattern consists of, open to inspection.

use std::ops::Range;

use memchr::memmem::Finder;

use crate::glob::Glob;
use crate::regular::Regex;
use crate::selector::Selector;

/// A filter pattern in one of the three languages (1).
#[derive(Debug, Clone)]
pub enum Syntax {
    /// Words, phrases and regular expressions (3).
    Term(TermPattern),
    /// `{ … }` (5).
    Json(Expression),
    /// `[ … ]` (6).
    Space(SpacePattern),
}

/// A term pattern. Without any term it matches every log event.
#[derive(Debug, Clone, Default)]
pub struct TermPattern {
    /// Its terms in the order typed.
    pub terms: Vec<Term>,
}

/// One term of a term pattern.
#[derive(Debug, Clone)]
pub struct Term {
    /// What stands before it.
    pub prefix: Prefix,
    /// What to look for.
    pub text: TermText,
    /// Where it stands in the pattern, prefix included.
    pub span: Range<usize>,
}

/// What stands before a term (3.1 to 3.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Prefix {
    /// Nothing: it must occur.
    Required,
    /// `-`: it must not occur.
    Excluded,
    /// `?`: one of these must occur; ignored where the pattern has a term of another prefix.
    Optional,
}

/// What a term looks for.
#[derive(Debug, Clone)]
pub enum TermText {
    /// A text that occurs anywhere in the log event.
    Text(Box<Finder<'static>>),
    /// A regular expression that matches anywhere in the log event.
    Regex(Regex),
}

/// Conditions of a JSON pattern and how they are joined.
#[derive(Debug, Clone)]
pub enum Expression {
    /// `a && b && …`; at least two.
    All(Vec<Expression>),
    /// `a || b || …`; at least two.
    Any(Vec<Expression>),
    /// One condition.
    Condition(Condition),
}

/// One condition of a JSON pattern: `$.errorCode = "AccessDenied*"`.
#[derive(Debug, Clone)]
pub struct Condition {
    /// Which values it looks at; it holds if it holds for one of them.
    pub selector: Selector,
    /// What must hold.
    pub test: Test,
    /// Where it stands in the pattern.
    pub span: Range<usize>,
}

/// What a condition asks of a value (5.3).
#[derive(Debug, Clone)]
pub enum Test {
    /// `IS NULL`: null, or an array that holds null.
    IsNull,
    /// `IS TRUE` or `IS FALSE`.
    IsBool(bool),
    /// `NOT EXISTS`: the selector finds nothing.
    NotExists,
    /// `=`: a string or number that equals.
    Equal(Operand),
    /// `!=`: a string or number that doesn't equal. False where the value is absent.
    NotEqual(Operand),
    /// `<`, `<=`, `>`, `>=`: a number that compares so.
    Order(Comparison, Number),
}

/// What a condition compares with (5.4).
#[derive(Debug, Clone)]
pub enum Operand {
    /// An unquoted number literal: numbers compare by value, strings with the literal as typed.
    Number(Number),
    /// A quoted text, or an unquoted one that isn't a number; `*` is a wildcard.
    Text(Glob),
    /// `%…%`, searched in the value.
    Regex(Regex),
}

/// An unquoted number literal.
#[derive(Debug, Clone, PartialEq)]
pub struct Number {
    /// As typed.
    pub text: String,
    /// Its value as an IEEE double (A11).
    pub value: f64,
}

/// An order between numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Comparison {
    /// `<`
    Less,
    /// `<=`
    LessOrEqual,
    /// `>`
    Greater,
    /// `>=`
    GreaterOrEqual,
}

/// A space-delimited pattern.
#[derive(Debug, Clone)]
pub struct SpacePattern {
    /// Its fields in the order typed. At most one is [`Field::Ellipsis`].
    pub fields: Vec<Field>,
}

/// One field of a space-delimited pattern.
#[derive(Debug, Clone)]
pub enum Field {
    /// `...`: any number of fields.
    Ellipsis,
    /// Nothing between two commas: a field without a name.
    Unnamed,
    /// A field with a name and, maybe, conditions.
    Named {
        /// Its name.
        name: String,
        /// What it must say; `None` if anything.
        tests: Option<FieldTests>,
        /// Where it stands in the pattern.
        span: Range<usize>,
    },
}

/// The conditions of a field: one of the groups must hold, and of a group all tests (`&&` binds first).
#[derive(Debug, Clone)]
pub struct FieldTests {
    /// The groups that `||` separates; at least one, and none is empty.
    pub any_of: Vec<Vec<FieldTest>>,
}

/// One condition of a field.
#[derive(Debug, Clone)]
pub enum FieldTest {
    /// `=`
    Equal(Operand),
    /// `!=`
    NotEqual(Operand),
    /// `<`, `<=`, `>`, `>=`
    Order(Comparison, Number),
}

impl Operand {
    /// Whether it equals what a JSON string says, or a text that isn't a number.
    #[must_use]
    pub fn equals_text(&self, text: &[u8]) -> bool {
        match self {
            Operand::Number(number) => number.text.as_bytes() == text,
            Operand::Text(glob) => glob.matches(text),
            Operand::Regex(regex) => regex.is_match(text),
        }
    }

    /// Whether it equals a number that is written as `text`.
    #[must_use]
    pub fn equals_number(&self, text: &[u8]) -> bool {
        match self {
            Operand::Number(number) => number.equals(text),
            _ => self.equals_text(text),
        }
    }
}

impl Number {
    #[expect(clippy::float_cmp, reason = "the language compares doubles for equality (A11)")]
    fn equals(&self, text: &[u8]) -> bool {
        crate::text::number_value(text) == self.value
    }
}

impl Comparison {
    /// Whether `left` compares so with `right`.
    #[must_use]
    pub fn holds(self, left: f64, right: f64) -> bool {
        match self {
            Comparison::Less => left < right,
            Comparison::LessOrEqual => left <= right,
            Comparison::Greater => left > right,
            Comparison::GreaterOrEqual => left >= right,
        }
    }

    /// As typed in a pattern.
    #[must_use]
    pub fn symbol(self) -> &'static str {
        match self {
            Comparison::Less => "<",
            Comparison::LessOrEqual => "<=",
            Comparison::Greater => ">",
            Comparison::GreaterOrEqual => ">=",
        }
    }
}
