//! From a log event that matched to an observation: the metric transformation of a metric filter.

mod error;
mod observe;
mod parse;

use filter_pattern::{Language, Selector};

use crate::{Dimension, MetricId, MetricIdError, MetricValue, Unit};

pub use error::{Property, TransformationError, TransformationErrorCode};
pub use observe::NoObservation;

/// How many dimensions a metric filter may give (API reference, `MetricTransformation`).
pub const MAX_TRANSFORMATION_DIMENSIONS: usize = 3;

/// A metric transformation as it is typed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TransformationParts<'t> {
    /// `metricNamespace`.
    pub namespace: &'t str,
    /// `metricName`.
    pub name: &'t str,
    /// `metricValue`: a number, `$.selector` for a JSON pattern, `$field` or `$N` for a space-delimited one.
    pub value: &'t str,
    /// `defaultValue`: what a log event that doesn't match counts.
    pub default: Option<f64>,
    /// `unit`; `None` of CloudWatch where it is absent.
    pub unit: Option<&'t str>,
    /// `dimensions`: each with its name and the selector or field of its value.
    pub dimensions: Vec<(&'t str, &'t str)>,
}

/// A metric transformation: which value goes to which metric.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transformation {
    namespace: String,
    name: String,
    value: Origin,
    default: Option<MetricValue>,
    unit: Unit,
    /// Each with its name.
    dimensions: Vec<(String, Origin)>,
}

/// Where a value comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Origin {
    Number(MetricValue),
    Selector(Selector),
    /// With the dollar sign: `$status`, `$3`.
    Field(String),
}

/// A number that a log event yields, and the dimensions of the metric that it belongs to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Observation {
    /// The number.
    pub value: MetricValue,
    /// In the order of the transformation.
    pub dimensions: Vec<Dimension>,
}

impl Transformation {
    /// Checks a metric transformation for a pattern in this language.
    ///
    /// # Errors
    /// The first property that CloudWatch Logs doesn't take, and what to write instead.
    pub fn parse(parts: &TransformationParts<'_>, language: Language) -> Result<Self, TransformationError> {
        parse::parse(parts, language)
    }

    /// The namespace of its metrics.
    #[must_use]
    pub fn namespace(&self) -> &str {
        &self.namespace
    }

    /// The name of its metrics.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The unit of its observations.
    #[must_use]
    pub fn unit(&self) -> Unit {
        self.unit
    }

    /// What a log event that doesn't match counts. Never together with dimensions.
    ///
    /// The documentation says that the default value is reported for a minute in which log events came and none
    /// matched; CloudWatch was observed to count it once for each log event that doesn't match, which is the same for
    /// `Sum` of a default of 0, and so it is meant here.
    #[must_use]
    pub fn default_value(&self) -> Option<MetricValue> {
        self.default
    }

    /// The names of its dimensions.
    pub fn dimension_names(&self) -> impl Iterator<Item = &str> {
        self.dimensions.iter().map(|(name, _)| name.as_str())
    }

    /// The value of each match, where it is always the same and there are no dimensions; such a transformation needn't
    /// look at the log event.
    #[must_use]
    pub fn constant(&self) -> Option<MetricValue> {
        match &self.value {
            Origin::Number(value) if self.dimensions.is_empty() => Some(*value),
            _ => None,
        }
    }

    /// The metric that observations with these dimensions belong to.
    ///
    /// # Errors
    /// Where CloudWatch has no such metric; never for those of an [`Observation`] of this transformation.
    pub fn metric(&self, dimensions: &[Dimension]) -> Result<MetricId, MetricIdError> {
        MetricId::new(self.namespace.as_str(), self.name.as_str(), dimensions.to_vec())
    }
}
