//! What tells one metric from another.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::shown::escaped;

/// How many dimensions a metric may have (API reference, `MetricDatum`).
pub const MAX_DIMENSIONS: usize = 30;

const MAX_NAME_CHARS: usize = 255;
const MAX_DIMENSION_VALUE_CHARS: usize = 1024;

/// A name and a value that belong to a metric's identity.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Dimension {
    /// Its name, such as `KeyId`.
    pub name: String,
    /// Its value.
    pub value: String,
}

/// A metric: a namespace, a name, and the exact set of its dimensions. CloudWatch never adds up metrics that differ in
/// one of them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "Parts")]
pub struct MetricId {
    namespace: String,
    name: String,
    dimensions: Vec<Dimension>,
}

/// A metric as it is stored, not checked.
#[derive(Deserialize)]
struct Parts {
    namespace: String,
    name: String,
    dimensions: Vec<Dimension>,
}

/// Why CloudWatch has no such metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MetricIdError {
    /// What is wrong with the namespace.
    Namespace(NameError),
    /// What is wrong with the metric's name.
    Name(NameError),
    /// What is wrong with the name of the dimension at this position, from 0.
    DimensionName(usize, NameError),
    /// What is wrong with the value of the dimension of this name.
    DimensionValue(String, NameError),
    /// More than [`MAX_DIMENSIONS`].
    TooManyDimensions(usize),
    /// Two dimensions have this name.
    RepeatedDimension(String),
}

/// What is wrong with a part of a metric's identity.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NameError {
    /// It is empty.
    Empty,
    /// It has more than so many characters.
    TooLong(usize),
    /// It begins with a colon.
    LeadingColon,
    /// It has nothing but white space.
    Blank,
    /// It has characters beyond ASCII.
    NotAscii,
    /// It has ASCII control characters.
    Control,
}

impl MetricId {
    /// The metric with these dimensions, in any order.
    ///
    /// # Errors
    /// Where CloudWatch has no such metric.
    pub fn new(
        namespace: impl Into<String>,
        name: impl Into<String>,
        mut dimensions: Vec<Dimension>,
    ) -> Result<Self, MetricIdError> {
        let (namespace, name) = (namespace.into(), name.into());
        check_length(&namespace, MAX_NAME_CHARS).map_err(MetricIdError::Namespace)?;
        check_colon(&namespace).map_err(MetricIdError::Namespace)?;
        check_length(&name, MAX_NAME_CHARS).map_err(MetricIdError::Name)?;
        if dimensions.len() > MAX_DIMENSIONS {
            return Err(MetricIdError::TooManyDimensions(dimensions.len()));
        }
        for (position, dimension) in dimensions.iter().enumerate() {
            check_dimension_name(&dimension.name)
                .map_err(|error| MetricIdError::DimensionName(position, error))?;
            check_dimension_value(&dimension.value)
                .map_err(|error| MetricIdError::DimensionValue(dimension.name.clone(), error))?;
        }
        dimensions.sort_unstable();
        let repeated = dimensions.windows(2).find_map(|pair| match pair {
            [left, right] if left.name == right.name => Some(left.name.clone()),
            _ => None,
        });
        match repeated {
            Some(name) => Err(MetricIdError::RepeatedDimension(name)),
            None => Ok(MetricId { namespace, name, dimensions }),
        }
    }

    /// Its namespace, such as `AWS/KMS`.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// Its name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its dimensions, in the order of their names.
    #[must_use]
    pub fn dimensions(&self) -> &[Dimension] {
        &self.dimensions
    }
}

impl TryFrom<Parts> for MetricId {
    type Error = MetricIdError;

    fn try_from(Parts { namespace, name, dimensions }: Parts) -> Result<Self, MetricIdError> {
        MetricId::new(namespace, name, dimensions)
    }
}

pub(crate) fn check_dimension_name(name: &str) -> Result<(), NameError> {
    check_length(name, MAX_NAME_CHARS)?;
    check_colon(name)?;
    check_dimension_text(name)
}

pub(crate) fn check_dimension_value(value: &str) -> Result<(), NameError> {
    check_length(value, MAX_DIMENSION_VALUE_CHARS)?;
    check_dimension_text(value)
}

/// What holds for names and values of dimensions (API reference, `Dimension`).
fn check_dimension_text(text: &str) -> Result<(), NameError> {
    if !text.is_ascii() {
        Err(NameError::NotAscii)
    } else if text.bytes().any(|byte| byte.is_ascii_control()) {
        Err(NameError::Control)
    } else if text.trim().is_empty() {
        Err(NameError::Blank)
    } else {
        Ok(())
    }
}

pub(crate) fn check_length(text: &str, most: usize) -> Result<(), NameError> {
    if text.is_empty() {
        Err(NameError::Empty)
    } else if text.chars().nth(most).is_some() {
        Err(NameError::TooLong(most))
    } else {
        Ok(())
    }
}

pub(crate) fn check_colon(text: &str) -> Result<(), NameError> {
    if text.starts_with(':') { Err(NameError::LeadingColon) } else { Ok(()) }
}

/// `Namespace Name {Dimension=value, …}`, for people. What stands in it may be hostile and isn't escaped.
impl fmt::Display for MetricId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.namespace, self.name)?;
        if self.dimensions.is_empty() {
            return Ok(());
        }
        let pairs = self.dimensions.iter().map(|dimension| format!("{}={}", dimension.name, dimension.value));
        write!(f, " {{{}}}", pairs.collect::<Vec<_>>().join(", "))
    }
}

impl fmt::Display for NameError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NameError::Empty => f.write_str("is empty"),
            NameError::TooLong(most) => write!(f, "has more than {most} characters"),
            NameError::LeadingColon => f.write_str("begins with a colon"),
            NameError::Blank => f.write_str("has nothing but white space"),
            NameError::NotAscii => f.write_str("has characters that aren't ASCII"),
            NameError::Control => f.write_str("has control characters"),
        }
    }
}

impl fmt::Display for MetricIdError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MetricIdError::Namespace(error) => write!(f, "the namespace {error}"),
            MetricIdError::Name(error) => write!(f, "the metric's name {error}"),
            MetricIdError::DimensionName(position, error) => {
                write!(f, "the name of dimension {} {error}", position + 1)
            }
            MetricIdError::DimensionValue(name, error) => {
                write!(f, "the value of dimension `{}` {error}", escaped(name))
            }
            MetricIdError::TooManyDimensions(count) => {
                write!(f, "{count} dimensions are more than {MAX_DIMENSIONS}")
            }
            MetricIdError::RepeatedDimension(name) => {
                write!(f, "two dimensions are named `{}`", escaped(name))
            }
        }
    }
}

impl std::error::Error for NameError {}
impl std::error::Error for MetricIdError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn dimension(name: &str, value: &str) -> Dimension {
        Dimension { name: name.into(), value: value.into() }
    }

    #[test]
    fn the_order_of_dimensions_makes_no_difference() {
        let (one, other) = (dimension("KeyId", "k"), dimension("Account", "a"));
        let metric = MetricId::new("KMS", "Failures", vec![one.clone(), other.clone()]).unwrap();
        assert_eq!(Ok(&metric), MetricId::new("KMS", "Failures", vec![other, one]).as_ref());
        assert_eq!(metric.to_string(), "KMS Failures {Account=a, KeyId=k}");
    }

    #[test]
    fn what_cloudwatch_refuses() {
        let said = |namespace: &str, name: &str, dimensions: &[(&str, &str)]| {
            let dimensions = dimensions.iter().map(|(name, value)| dimension(name, value)).collect();
            MetricId::new(namespace, name, dimensions).unwrap_err().to_string()
        };
        assert_eq!(said("", "n", &[]), "the namespace is empty");
        assert_eq!(said(":x", "n", &[]), "the namespace begins with a colon");
        assert_eq!(said("s", &"é".repeat(256), &[]), "the metric's name has more than 255 characters");
        assert_eq!(said("s", "n", &[(":d", "v")]), "the name of dimension 1 begins with a colon");
        assert_eq!(
            said("s", "n", &[("d", "é")]),
            "the value of dimension `d` has characters that aren't ASCII"
        );
        assert_eq!(said("s", "n", &[("d", "\u{1b}")]), "the value of dimension `d` has control characters");
        assert_eq!(said("s", "n", &[("d", " ")]), "the value of dimension `d` has nothing but white space");
        assert_eq!(said("s", "n", &[("d", "1"), ("d", "2")]), "two dimensions are named `d`");
        let names: Vec<String> = (0..31).map(|number| number.to_string()).collect();
        let many: Vec<(&str, &str)> = names.iter().map(|name| (name.as_str(), "v")).collect();
        assert_eq!(said("s", "n", &many), "31 dimensions are more than 30");
        assert!(MetricId::new("é", "n", vec![dimension("d", &"v".repeat(1024))]).is_ok());
    }
}
