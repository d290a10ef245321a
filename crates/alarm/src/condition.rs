//! What an alarm asks of datapoints: how it compares them, how many, and what it makes of missing ones.

use serde::{Deserialize, Serialize};
use std::fmt;

/// Builds an enum whose values have AWS's names.
macro_rules! named {
    ($(#[$meta:meta])* $name:ident { $($(#[$note:meta])* $value:ident = $text:literal,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        pub enum $name { $($(#[$note])* #[serde(rename = $text)] $value,)* }

        impl $name {
            /// All values, in the order in which AWS documents them.
            pub const ALL: &'static [$name] = &[$($name::$value,)*];

            /// AWS's name.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $($name::$value => $text,)* }
            }

            /// The value of that name, in exactly that spelling.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|value| value.as_str() == text)
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(self.as_str())
            }
        }
    };
}

named! {
    /// How a datapoint is compared with the threshold; the datapoint stands on the left.
    ComparisonOperator {
        /// `>=`
        GreaterThanOrEqualToThreshold = "GreaterThanOrEqualToThreshold",
        /// `>`
        GreaterThanThreshold = "GreaterThanThreshold",
        /// `<`
        LessThanThreshold = "LessThanThreshold",
        /// `<=`
        LessThanOrEqualToThreshold = "LessThanOrEqualToThreshold",
    }
}

named! {
    /// What an alarm makes of periods without a datapoint.
    TreatMissingData {
        /// They are bad.
        Breaching = "breaching",
        /// They are good.
        NotBreaching = "notBreaching",
        /// The alarm stays as it is.
        Ignore = "ignore",
        /// Without any datapoint the alarm is in `INSUFFICIENT_DATA`. What counts where nothing is set.
        Missing = "missing",
    }
}

named! {
    /// What a percentile alarm does while there are too few samples to speak of a percentile.
    LowSamplePolicy {
        /// It is evaluated all the same. What counts where nothing is set.
        Evaluate = "evaluate",
        /// It stays as it is.
        Ignore = "ignore",
    }
}

impl ComparisonOperator {
    /// Does a value breach the threshold?
    #[must_use]
    pub fn breaches(self, value: f64, threshold: f64) -> bool {
        match self {
            Self::GreaterThanOrEqualToThreshold => value >= threshold,
            Self::GreaterThanThreshold => value > threshold,
            Self::LessThanThreshold => value < threshold,
            Self::LessThanOrEqualToThreshold => value <= threshold,
        }
    }

    /// In words, as state reasons put it.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Self::GreaterThanOrEqualToThreshold => "greater than or equal to",
            Self::GreaterThanThreshold => "greater than",
            Self::LessThanThreshold => "less than",
            Self::LessThanOrEqualToThreshold => "less than or equal to",
        }
    }
}

/// The part of an alarm's definition that its state follows from.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Condition {
    /// The length of a slot, in seconds.
    pub period: u32,
    /// N: how many datapoints are looked at.
    pub evaluation_periods: u32,
    /// M: how many of them must breach, where it was set. Otherwise all N.
    pub datapoints_to_alarm: Option<u32>,
    /// What datapoints are compared with.
    #[serde(with = "metric::float")]
    pub threshold: f64,
    /// How.
    pub comparison_operator: ComparisonOperator,
    /// What is made of missing datapoints, where it was set. Otherwise [`TreatMissingData::Missing`].
    pub treat_missing_data: Option<TreatMissingData>,
    /// A datapoint of fewer samples leaves the state as it is. `None` where any number will do: what isn't a
    /// percentile, and percentiles that are evaluated at any number. See [`low_sample_limit`].
    #[serde(with = "metric::float::optional")]
    pub fewest_samples: Option<f64>,
}

/// Alarms whose N periods are longer than this are evaluated once an hour only, in seconds (AWS: "Alarm
/// evaluation").
pub const LONGEST_MINUTELY: u64 = 86_400;

impl Condition {
    /// M, never more than N.
    #[must_use]
    pub fn needed(&self) -> u32 {
        self.datapoints_to_alarm.unwrap_or(self.evaluation_periods).min(self.evaluation_periods)
    }

    /// N - M + 1: so many good datapoints, and M bad ones can no longer come together.
    #[must_use]
    pub fn needed_for_ok(&self) -> u32 {
        self.evaluation_periods.saturating_sub(self.needed()).saturating_add(1)
    }

    /// What is made of missing datapoints.
    #[must_use]
    pub fn treatment(&self) -> TreatMissingData {
        self.treat_missing_data.unwrap_or(TreatMissingData::Missing)
    }

    /// How many slots are looked at: more than N, so that missing datapoints can be made up for by older ones.
    /// AWS documents 5 for 3 periods of 5 minutes ("Configuring how alarms treat missing data") and was seen to take
    /// 9 for 3 periods of 10 seconds; from these two follow N + 2 for periods of a minute and longer, and one
    /// minute more below.
    #[must_use]
    pub fn evaluation_range(&self) -> u32 {
        let more = if self.period >= 60 { 2 } else { 60 / self.period.max(1) };
        self.evaluation_periods.saturating_add(more)
    }

    /// Is the alarm evaluated once an hour only?
    #[must_use]
    pub fn is_hourly(&self) -> bool {
        u64::from(self.evaluation_periods) * u64::from(self.period) > LONGEST_MINUTELY
    }

    /// Does a value breach the threshold?
    #[must_use]
    pub fn breaches(&self, value: f64) -> bool {
        self.comparison_operator.breaches(value, self.threshold)
    }
}

/// How many samples a percentile needs to mean something: 10 / (1 - p) from the median up, 10 / p below it
/// (AWS: "Percentile-based alarms and low data samples"). `percent` is in per cent: 99.9 for `p99.9`. Percentiles
/// have at most ten decimals, and the answer is exact for these: 10000 for 99.9.
#[must_use]
pub fn low_sample_limit(percent: f64) -> f64 {
    const DECIMALS: f64 = 1e10;
    let beyond = if percent >= 50.0 { 100.0 - percent } else { percent };
    1000.0 * DECIMALS / (beyond * DECIMALS).round()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn low_sample_limits_are_exact() {
        let limits = [50.0, 90.0, 95.0, 99.0, 99.9, 10.0, 25.0, 1.0, 99.99].map(low_sample_limit);
        assert_eq!(limits, [20.0, 100.0, 200.0, 1000.0, 10_000.0, 100.0, 40.0, 1000.0, 100_000.0]);
        assert_eq!(low_sample_limit(100.0), f64::INFINITY);
    }
}
