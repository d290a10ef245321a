//! What is wrong with an alarm as written.

use std::fmt;

use crate::error::SyntaxError;

/// Something that is wrong with an alarm as written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// AWS's name of the property: `EvaluationPeriods`, `AlarmActions[2]`, `Metrics[0].Expression`; elements are
    /// counted from 0.
    pub property: String,
    /// Which kind of problem it is.
    pub kind: ProblemKind,
    /// AWS's text, or as near to it as is known. [`aws_message`] puts those of constraints together.
    pub message: String,
    /// For a text in a language of its own: where in it the mistake is.
    pub syntax: Option<SyntaxError>,
}

/// Kinds of problems, which AWS answers in different ways.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum ProblemKind {
    /// A single value is out of its bounds: `ValidationError`, all of them in one message.
    Constraint,
    /// A value that has no meaning: `InvalidParameterValue`.
    Value,
    /// Values that don't go together: `InvalidParameterCombination` or `ValidationError`.
    Combination,
    /// AWS can do it, kmswatch can't.
    Unsupported,
}

impl Problem {
    pub(crate) fn new(property: impl Into<String>, kind: ProblemKind, message: impl Into<String>) -> Self {
        Self { property: property.into(), kind, message: message.into(), syntax: None }
    }

    /// A value that is out of its bounds. `shown` is `null` or a value in quotes.
    pub(crate) fn constraint(property: &str, shown: &str, bound: impl fmt::Display) -> Self {
        let at = member(property);
        let message = format!("Value {shown} at '{at}' failed to satisfy constraint: Member must {bound}");
        Self::new(property, ProblemKind::Constraint, message)
    }

    /// A value that must be there.
    pub(crate) fn null(property: &str) -> Self {
        Self::constraint(property, "null", "not be null")
    }

    pub(crate) fn combination(property: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(property, ProblemKind::Combination, message)
    }

    pub(crate) fn unsupported(property: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(property, ProblemKind::Unsupported, message)
    }

    pub(crate) fn syntax(property: impl Into<String>, error: SyntaxError) -> Self {
        Self { syntax: Some(error.clone()), ..Self::new(property, ProblemKind::Value, error.aws_message) }
    }
}

/// As constraints spell it: `alarmActions.3` for `AlarmActions[2]`.
fn member(property: &str) -> String {
    let parts = property.split('.').map(|part| {
        let (name, index) = part.split_once('[').unwrap_or((part, ""));
        let mut letters = name.chars();
        let first = letters.next().map(|first| first.to_ascii_lowercase()).into_iter();
        let name: String = if name.starts_with("OK") {
            name.replacen("OK", "oK", 1)
        } else {
            first.chain(letters).collect()
        };
        match index.trim_end_matches(']').parse::<usize>() {
            Ok(index) => format!("{name}.{}.member", index + 1),
            Err(_) => name,
        }
    });
    parts.collect::<Vec<_>>().join(".")
}

/// What AWS would say to a request with these problems: all broken constraints in one sentence or, if there is none,
/// the first of the others. Empty where there is no problem.
#[must_use]
pub fn aws_message(problems: &[Problem]) -> String {
    let broken: Vec<&str> = problems
        .iter()
        .filter(|problem| problem.kind == ProblemKind::Constraint)
        .map(|problem| problem.message.as_str())
        .collect();
    match broken.len() {
        0 => problems.first().map(|problem| problem.message.clone()).unwrap_or_default(),
        1 => format!("1 validation error detected: {}", broken.join("; ")),
        count => format!("{count} validation errors detected: {}", broken.join("; ")),
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.property, self.message)
    }
}

impl std::error::Error for Problem {}
