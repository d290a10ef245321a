//! The numbers that CloudWatch takes.

use std::fmt;

use serde::{Deserialize, Serialize};

/// The value of an observation: a number from -2^360 to 2^360 (`MetricDatum` of CloudWatch's API). Minus zero is zero.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd, Serialize, Deserialize)]
#[serde(try_from = "f64", into = "f64")]
pub struct MetricValue(f64);

/// Why a number can't be observed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ValueError {
    /// It is `NaN`.
    NotANumber,
    /// It is infinite.
    Infinite,
    /// It is beyond 2^360.
    TooLarge,
}

impl MetricValue {
    /// 2^360, the largest absolute value.
    pub const MAX: f64 = f64::from_bits((360 + 1023) << 52);
    /// What each match counts in most metric filters.
    pub const ONE: MetricValue = MetricValue(1.0);

    /// Takes a number.
    ///
    /// # Errors
    /// Where CloudWatch doesn't.
    pub fn new(value: f64) -> Result<Self, ValueError> {
        if value.is_nan() {
            Err(ValueError::NotANumber)
        } else if value.is_infinite() {
            Err(ValueError::Infinite)
        } else if value.abs() > Self::MAX {
            Err(ValueError::TooLarge)
        } else {
            Ok(MetricValue(value + 0.0))
        }
    }

    /// The number: finite, and not minus zero.
    #[must_use]
    pub fn get(self) -> f64 {
        self.0
    }
}

impl Eq for MetricValue {}

impl TryFrom<f64> for MetricValue {
    type Error = ValueError;

    fn try_from(value: f64) -> Result<Self, ValueError> {
        MetricValue::new(value)
    }
}

impl From<MetricValue> for f64 {
    fn from(value: MetricValue) -> Self {
        value.get()
    }
}

impl fmt::Display for MetricValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Display for ValueError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            ValueError::NotANumber => "not a number",
            ValueError::Infinite => "infinite",
            ValueError::TooLarge => "beyond 2^360",
        })
    }
}

impl std::error::Error for ValueError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn takes_what_cloudwatch_takes() {
        assert_eq!(MetricValue::MAX, 2f64.powi(360));
        assert_eq!(MetricValue::new(-MetricValue::MAX).unwrap().get(), -MetricValue::MAX);
        assert!(MetricValue::new(-0.0).unwrap().get().is_sign_positive());
        assert_eq!(MetricValue::new(f64::NAN), Err(ValueError::NotANumber));
        assert_eq!(MetricValue::new(f64::NEG_INFINITY), Err(ValueError::Infinite));
        assert_eq!(MetricValue::new(MetricValue::MAX.next_up()), Err(ValueError::TooLarge));
    }
}
