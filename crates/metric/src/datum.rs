//! What PutMetricData may say of one metric: a value, values with counts, or a statistic set.

use std::fmt;

use crate::{MetricValue, Summary};

/// How many different values a datum may have (API reference, `MetricDatum`).
pub const MAX_VALUES: usize = 150;
/// The highest number of observations that one count or statistic set may stand for, 2^40. AWS states no limit; this
/// one keeps every sum of counts a whole number.
pub const MAX_COUNT: u64 = 1 << 40;

/// A datum as it is sent: each member as far as it is there. Pure numbers, nothing is checked yet.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct DatumParts {
    /// `Value`.
    pub value: Option<f64>,
    /// `Values`; empty means absent, as in the query protocol.
    pub values: Vec<f64>,
    /// `Counts`; empty means that each value was observed once.
    pub counts: Vec<f64>,
    /// `StatisticValues`.
    pub statistic_values: Option<StatisticSetParts>,
}

/// A statistic set as it is sent.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct StatisticSetParts {
    /// `SampleCount`.
    pub sample_count: Option<f64>,
    /// `Sum`.
    pub sum: Option<f64>,
    /// `Minimum`.
    pub minimum: Option<f64>,
    /// `Maximum`.
    pub maximum: Option<f64>,
}

/// Observations that CloudWatch takes.
#[derive(Debug, Clone, PartialEq)]
pub enum Datum {
    /// Values, each with how often it was observed.
    Values(Vec<(MetricValue, u64)>),
    /// What is known of observations whose values aren't told.
    StatisticSet(StatisticSet),
}

/// What is known of at least one observation: how many they are, their sum, the lowest and the highest.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct StatisticSet {
    sample_count: u64,
    sum: MetricValue,
    minimum: MetricValue,
    maximum: MetricValue,
}

/// Why CloudWatch refuses a datum.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DatumError {
    /// It has neither `Value` nor `Values` nor `StatisticValues`.
    Empty,
    /// It has two members that exclude each other.
    Both(&'static str, &'static str),
    /// `Values` and `Counts` differ in length.
    DifferentLengths,
    /// More than [`MAX_VALUES`] values.
    TooManyValues(usize),
    /// A statistic set lacks a member.
    Missing(&'static str),
    /// A number isn't one that CloudWatch takes: the member and the number.
    Invalid(&'static str, String),
    /// `Minimum` is above `Maximum`.
    MinimumAboveMaximum,
}

impl DatumParts {
    /// Checks what was sent. Where both `Values` and `StatisticValues` are there, AWS accepts it; the statistic set
    /// counts.
    ///
    /// # Errors
    /// Where CloudWatch refuses it.
    pub fn check(&self) -> Result<Datum, DatumError> {
        if self.value.is_some() && !self.values.is_empty() {
            return Err(DatumError::Both("Value", "Values"));
        }
        if self.value.is_some() && self.statistic_values.is_some() {
            return Err(DatumError::Both("Value", "StatisticValues"));
        }
        match (&self.statistic_values, self.value) {
            (Some(parts), _) => parts.check().map(Datum::StatisticSet),
            (None, Some(value)) => number("Value", value).map(|value| Datum::Values(vec![(value, 1)])),
            (None, None) => self.check_values().map(Datum::Values),
        }
    }

    fn check_values(&self) -> Result<Vec<(MetricValue, u64)>, DatumError> {
        if self.values.is_empty() {
            return Err(DatumError::Empty);
        }
        if self.values.len() > MAX_VALUES {
            return Err(DatumError::TooManyValues(self.values.len()));
        }
        if !self.counts.is_empty() && self.counts.len() != self.values.len() {
            return Err(DatumError::DifferentLengths);
        }
        let counts = self.counts.iter().copied().chain(std::iter::repeat(1.0));
        let pair = |(value, counted): (&f64, f64)| Ok((number("Values", *value)?, count("Counts", counted)?));
        self.values.iter().zip(counts).map(pair).collect()
    }
}

impl StatisticSetParts {
    /// Checks what was sent.
    ///
    /// # Errors
    /// Where CloudWatch refuses it.
    pub fn check(&self) -> Result<StatisticSet, DatumError> {
        let wanted = |name, member: Option<f64>| member.ok_or(DatumError::Missing(name));
        let sample_count = wanted(SAMPLE_COUNT, self.sample_count)?;
        let set = StatisticSet {
            sample_count: count(SAMPLE_COUNT, sample_count)?,
            sum: number("StatisticValues.Sum", wanted("StatisticValues.Sum", self.sum)?)?,
            minimum: number("StatisticValues.Minimum", wanted("StatisticValues.Minimum", self.minimum)?)?,
            maximum: number("StatisticValues.Maximum", wanted("StatisticValues.Maximum", self.maximum)?)?,
        };
        match set {
            _ if set.sample_count == 0 => Err(DatumError::Invalid(SAMPLE_COUNT, sample_count.to_string())),
            _ if set.minimum > set.maximum => Err(DatumError::MinimumAboveMaximum),
            _ => Ok(set),
        }
    }
}

const SAMPLE_COUNT: &str = "StatisticValues.SampleCount";

fn number(name: &'static str, value: f64) -> Result<MetricValue, DatumError> {
    MetricValue::new(value).map_err(|_| DatumError::Invalid(name, value.to_string()))
}

#[expect(clippy::cast_precision_loss, reason = "2^40 is a float")]
fn count(name: &'static str, count: f64) -> Result<u64, DatumError> {
    if !(0.0..=MAX_COUNT as f64).contains(&count) || count.fract() != 0.0 {
        return Err(DatumError::Invalid(name, count.to_string()));
    }
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is whole and in range")]
    Ok(count as u64)
}

impl Datum {
    /// Adds it to a slot.
    pub fn add_to(&self, summary: &mut Summary) {
        match self {
            Datum::Values(values) => values.iter().for_each(|(value, count)| summary.add(*value, *count)),
            Datum::StatisticSet(set) => summary.add_set(set),
        }
    }
}

impl StatisticSet {
    /// How many observations there are; at least 1.
    #[must_use]
    pub fn sample_count(&self) -> u64 {
        self.sample_count
    }

    /// Their sum.
    #[must_use]
    pub fn sum(&self) -> MetricValue {
        self.sum
    }

    /// The lowest.
    #[must_use]
    pub fn minimum(&self) -> MetricValue {
        self.minimum
    }

    /// The highest.
    #[must_use]
    pub fn maximum(&self) -> MetricValue {
        self.maximum
    }

    /// The value that all observations have, where the set says so: the lowest is the highest, and the sum is that as
    /// often as there are observations. Only then CloudWatch has percentiles of a statistic set.
    #[must_use]
    pub fn same_value(&self) -> Option<MetricValue> {
        #[expect(clippy::cast_precision_loss, reason = "at most 2^40")]
        let product = self.minimum.get() * self.sample_count as f64;
        #[expect(clippy::float_cmp, reason = "the rule is about equality")]
        let same = self.minimum == self.maximum && self.sum.get() == product;
        same.then_some(self.minimum)
    }
}

impl DatumError {
    /// AWS's error code and text, for the datum at `position` (from 1) of the request. The texts of
    /// [`DatumError::Both`] and [`DatumError::DifferentLengths`] are AWS's, the others are like them.
    #[must_use]
    pub fn aws(&self, position: usize) -> (&'static str, String) {
        let datum = format!("MetricData.member.{position}");
        match self {
            DatumError::Empty => (
                "MissingParameter",
                format!("The parameter {datum} must have one of Value, Values and StatisticValues."),
            ),
            DatumError::Both(one, other) => (
                "InvalidParameterCombination",
                format!(
                    "The parameters {datum}.{one} and {datum}.{other} are mutually exclusive and you have \
                     specified both."
                ),
            ),
            DatumError::DifferentLengths => (
                "InvalidParameterValue",
                format!("The parameters {datum}.Values and {datum}.Counts must be of the same size."),
            ),
            DatumError::TooManyValues(_) => (
                "InvalidParameterValue",
                format!("The parameter {datum}.Values must have at most {MAX_VALUES} members."),
            ),
            DatumError::Missing(name) => {
                ("MissingParameter", format!("The parameter {datum}.{name} is required."))
            }
            DatumError::Invalid(name, value) => (
                "InvalidParameterValue",
                format!("The value {value} for parameter {datum}.{name} is invalid."),
            ),
            DatumError::MinimumAboveMaximum => (
                "InvalidParameterValue",
                format!(
                    "The parameter {datum}.StatisticValues.Minimum must not be above \
                     {datum}.StatisticValues.Maximum."
                ),
            ),
        }
    }
}

impl fmt::Display for DatumError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            DatumError::Empty => f.write_str("none of `Value`, `Values` and `StatisticValues` is there"),
            DatumError::Both(one, other) => write!(f, "`{one}` and `{other}` exclude each other"),
            DatumError::DifferentLengths => f.write_str("`Values` and `Counts` differ in length"),
            DatumError::TooManyValues(count) => write!(f, "{count} values are more than {MAX_VALUES}"),
            DatumError::Missing(name) => write!(f, "`{name}` is missing"),
            DatumError::Invalid(name, value) => write!(f, "`{name}` can't be {value}"),
            DatumError::MinimumAboveMaximum => f.write_str("the minimum is above the maximum"),
        }
    }
}

impl std::error::Error for DatumError {}
