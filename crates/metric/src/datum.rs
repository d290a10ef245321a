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
            _ if set.sample_count == 0 => Err(DatumError::Invalid(SAMPLE_COUNT, shown(sample_count))),
            _ if set.minimum > set.maximum => Err(DatumError::MinimumAboveMaximum),
            _ => Ok(set),
        }
    }
}

/// A number as AWS, which speaks Java, shows what it refuses.
fn shown(number: f64) -> String {
    if number.is_infinite() {
        format!("{}Infinity", if number < 0.0 { "-" } else { "" })
    } else {
        number.to_string()
    }
}

const SAMPLE_COUNT: &str = "StatisticValues.SampleCount";

fn number(name: &'static str, value: f64) -> Result<MetricValue, DatumError> {
    MetricValue::new(value).map_err(|_| DatumError::Invalid(name, shown(value)))
}

#[expect(clippy::cast_precision_loss, reason = "2^40 is a float")]
fn count(name: &'static str, count: f64) -> Result<u64, DatumError> {
    if !(0.0..=MAX_COUNT as f64).contains(&count) || count.fract() != 0.0 {
        return Err(DatumError::Invalid(name, shown(count)));
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

#[cfg(test)]
mod tests {
    use super::*;

    fn said(parts: &DatumParts) -> String {
        parts.check().unwrap_err().aws(2).1
    }

    fn set(sample_count: f64, sum: f64, minimum: f64, maximum: f64) -> DatumParts {
        let (sample_count, sum) = (Some(sample_count), Some(sum));
        let parts = StatisticSetParts { sample_count, sum, minimum: Some(minimum), maximum: Some(maximum) };
        DatumParts { statistic_values: Some(parts), ..DatumParts::default() }
    }

    #[test]
    fn numbers_that_are_none_are_refused() {
        let value = |number| DatumParts { value: Some(number), ..DatumParts::default() };
        let text =
            |number: &str| format!("The value {number} for parameter MetricData.member.2.Value is invalid.");
        assert_eq!(said(&value(f64::NAN)), text("NaN"));
        assert_eq!(said(&value(f64::NEG_INFINITY)), text("-Infinity"));
        assert!(value(MetricValue::MAX.next_up()).check().is_err());
    }

    #[test]
    fn counts_are_whole_and_not_negative() {
        for count in [-1.0, 0.5, f64::NAN, 2e12] {
            let parts = DatumParts { values: vec![1.0], counts: vec![count], ..DatumParts::default() };
            assert!(parts.check().is_err(), "{count}");
        }
    }

    #[test]
    fn a_set_has_observations_and_an_order() {
        assert!(set(0.0, 0.0, 0.0, 0.0).check().is_err());
        assert_eq!(set(2.0, 3.0, 2.0, 1.0).check(), Err(DatumError::MinimumAboveMaximum));
        let lacking = StatisticSetParts { sample_count: Some(1.0), ..StatisticSetParts::default() };
        assert_eq!(lacking.check(), Err(DatumError::Missing("StatisticValues.Sum")));
    }

    #[test]
    fn beside_a_set_values_are_ignored() {
        let both = DatumParts { values: vec![7.0], ..set(2.0, 3.0, 1.0, 2.0) };
        assert!(matches!(both.check(), Ok(Datum::StatisticSet(_))));
    }

    #[test]
    fn too_many_values_are_refused() {
        let parts = |count| DatumParts { values: vec![1.0; count], ..DatumParts::default() };
        assert!(parts(MAX_VALUES).check().is_ok());
        assert_eq!(parts(MAX_VALUES + 1).check(), Err(DatumError::TooManyValues(151)));
    }
}
