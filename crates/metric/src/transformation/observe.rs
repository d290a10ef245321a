//! What a log event that matched yields, or why it yields nothing.

use std::borrow::Cow;
use std::fmt;

use filter_pattern::{Match, Selector};
use json::{Document, Kind, Value};

use super::{Observation, Origin, Transformation};
use crate::identity::check_dimension_value;
use crate::shown::escaped;
use crate::{Dimension, MetricValue, NameError, ValueError};

/// How many characters of what was found instead of a number are kept.
const SHOWN_CHARS: usize = 64;

/// Why a log event that matches yields no observation. CloudWatch Logs publishes nothing for it either, not even the
/// default value, and doesn't say so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoObservation {
    /// The message isn't JSON, so that a selector finds nothing.
    NotJson,
    /// The log event has no such value: the selector or field.
    ValueMissing(String),
    /// The value isn't a number: the selector or field, and the beginning of what stands there.
    ValueNotANumber(String, String),
    /// The number isn't one that CloudWatch takes.
    ValueRefused(String, ValueError),
    /// The log event has no text, number, `true` or `false` for the dimension of this name.
    DimensionMissing(String),
    /// The value of the dimension of this name isn't one that CloudWatch takes.
    DimensionRefused(String, NameError),
}

/// A log event that matched.
struct Event<'e> {
    /// The whole message, as far as it is an object.
    root: Option<Value<'e>>,
    found: &'e Match,
}

impl Transformation {
    /// What a log event that matched yields: `message` is the whole of it, `found` the answer of its pattern.
    ///
    /// A selector's value must be a JSON number and a field's the text of one: a number in quotes is text to
    /// CloudWatch Logs, as in the conditions of JSON patterns.
    ///
    /// # Errors
    /// Why it yields nothing.
    pub fn observe(&self, message: &str, found: &Match) -> Result<Observation, NoObservation> {
        if !self.has_selector() {
            return self.observe_in(&Event { root: None, found });
        }
        let document = Document::parse(message.as_bytes()).map_err(|_| NoObservation::NotJson)?;
        self.observe_in(&Event { root: Some(document.root()), found })
    }

    /// [`Transformation::observe`] of a JSON log event that has been parsed.
    ///
    /// # Errors
    /// Why it yields nothing.
    pub fn observe_json(&self, root: Value<'_>) -> Result<Observation, NoObservation> {
        self.observe_in(&Event { root: Some(root), found: &Match::default() })
    }

    fn has_selector(&self) -> bool {
        let dimensions = self.dimensions.iter().map(|(_, origin)| origin);
        std::iter::once(&self.value).chain(dimensions).any(|origin| matches!(origin, Origin::Selector(_)))
    }

    fn observe_in(&self, event: &Event<'_>) -> Result<Observation, NoObservation> {
        let value = event.number(&self.value)?;
        let dimensions = self.dimensions.iter().map(|(name, origin)| event.dimension(name, origin));
        Ok(Observation { value, dimensions: dimensions.collect::<Result<_, _>>()? })
    }
}

impl<'e> Event<'e> {
    fn number(&self, origin: &Origin) -> Result<MetricValue, NoObservation> {
        let (name, text) = match origin {
            Origin::Number(value) => return Ok(*value),
            Origin::Selector(selector) => {
                let value = self.selected(selector);
                (selector.to_string(), value.filter(|value| value.kind() != Kind::Null).map(Value::raw))
            }
            Origin::Field(field) => (field.clone(), self.field(field)),
        };
        let text = text.ok_or_else(|| NoObservation::ValueMissing(name.clone()))?;
        match parse_number(text) {
            Some(number) => {
                MetricValue::new(number).map_err(|error| NoObservation::ValueRefused(name, error))
            }
            None => Err(NoObservation::ValueNotANumber(name, text.chars().take(SHOWN_CHARS).collect())),
        }
    }

    fn dimension(&self, name: &str, origin: &Origin) -> Result<Dimension, NoObservation> {
        let value = match origin {
            Origin::Number(_) => None,
            Origin::Selector(selector) => self.selected(selector).and_then(scalar),
            Origin::Field(field) => self.field(field).map(Cow::Borrowed),
        };
        let value = value.ok_or_else(|| NoObservation::DimensionMissing(name.into()))?;
        check_dimension_value(&value).map_err(|error| NoObservation::DimensionRefused(name.into(), error))?;
        Ok(Dimension { name: name.into(), value: value.into_owned() })
    }

    fn selected(&self, selector: &Selector) -> Option<Value<'e>> {
        self.root.and_then(|root| selector.select(root).into_iter().next())
    }

    fn field(&self, field: &str) -> Option<&'e str> {
        let found = self.found.extracted.iter().find(|(name, _)| name == field);
        found.map(|(_, value)| value.as_str())
    }
}

/// The text of a value that has one.
fn scalar(value: Value<'_>) -> Option<Cow<'_, str>> {
    match value.kind() {
        Kind::String => value.string(),
        Kind::Number | Kind::Bool(_) => Some(Cow::Borrowed(value.raw())),
        Kind::Null | Kind::Array | Kind::Object => None,
    }
}

/// The value of a number literal. Words for what isn't a number, such as `NaN` and `inf`, are none.
pub(super) fn parse_number(text: &str) -> Option<f64> {
    let allowed = |byte: u8| byte.is_ascii_digit() || matches!(byte, b'+' | b'-' | b'.' | b'e' | b'E');
    if text.bytes().all(allowed) { text.parse().ok() } else { None }
}

impl fmt::Display for NoObservation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NoObservation::NotJson => f.write_str("the log event isn't JSON"),
            NoObservation::ValueMissing(name) => {
                write!(f, "the log event has no value at `{}`", escaped(name))
            }
            NoObservation::ValueNotANumber(name, text) => {
                write!(f, "the value at `{}` is no number: `{}`", escaped(name), escaped(text))
            }
            NoObservation::ValueRefused(name, error) => {
                write!(f, "the value at `{}` is {error}", escaped(name))
            }
            NoObservation::DimensionMissing(name) => {
                write!(f, "the log event has no value for the dimension `{}`", escaped(name))
            }
            NoObservation::DimensionRefused(name, error) => {
                write!(f, "the value of the dimension `{}` {error}", escaped(name))
            }
        }
    }
}

impl std::error::Error for NoObservation {}
