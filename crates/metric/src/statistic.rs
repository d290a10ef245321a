//! How a period's observations become one number: `Sum`, `p99`, `TM(10%:90%)`.

mod decimal;
mod error;
mod parse;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

pub use decimal::Decimal;
pub use error::{StatisticError, StatisticErrorCode};

/// A statistic as CloudWatch knows it (User Guide, "CloudWatch statistics definitions").
///
/// It prints as it was typed, but for zeros in front of a number. Two are equal when they are spelt alike: `tm99` and
/// `TM(:99%)` mean the same and are not equal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum Statistic {
    /// How many observations there are.
    SampleCount,
    /// `Sum` / `SampleCount`.
    Average,
    /// All observations added up.
    Sum,
    /// The lowest.
    Minimum,
    /// The highest.
    Maximum,
    /// `p99.9`: the lowest value that at least so many percent of the observations don't exceed; 0 to 100.
    Percentile(Decimal),
    /// `IQM`: `TM(25%:75%)`.
    InterquartileMean,
    /// `tm99`, `WM(10%:90%)`, `TC(:0.5)`, …: a look at the observations inside of boundaries.
    Trimmed(Trim, Bounds),
    /// `PR(a:b)`: how many percent of the observations lie above `a` and not above `b`. Never in percent.
    PercentileRank(Bounds),
}

/// What a trimmed statistic asks of the observations inside of its boundaries.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Trim {
    /// `TM`, `tm`: their mean.
    Mean,
    /// `WM`, `wm`: the mean of all, where those outside count as the boundary that they lie beyond.
    WinsorizedMean,
    /// `TC`, `tc`: how many they are. A fraction where a percentage cuts through an observation.
    Count,
    /// `TS`, `ts`: their sum, which is `TM` × `TC`.
    Sum,
}

/// The boundaries of a statistic: what equals the lower one is outside, what equals the upper one is inside. At least
/// one of two is there, and the lower one is below the upper one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Bounds {
    /// `tm99`: the lowest 99 percent, as in `TM(:99%)`.
    Lowest(Decimal),
    /// `(2%:98%)`: by percentage of the observations, 0 to 100.
    Percentages(Option<Decimal>, Option<Decimal>),
    /// `(150:1000)`: by their values.
    Values(Option<Decimal>, Option<Decimal>),
}

impl Statistic {
    /// Parses a statistic and nothing else: no white space around it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, StatisticError> {
        parse::parse(text)
    }

    /// Whether an alarm names it in `ExtendedStatistic` and not in `Statistic`. Such a statistic needs the values
    /// themselves, and none of them may be negative.
    #[must_use]
    pub fn is_extended(&self) -> bool {
        !matches!(
            self,
            Statistic::SampleCount
                | Statistic::Average
                | Statistic::Sum
                | Statistic::Minimum
                | Statistic::Maximum
        )
    }

    /// Whether `sample_count` observations are too few for a percentile to be meaningful: fewer than 10 / (1 - p) for
    /// p from 0.5, fewer than 10 / p below (User Guide, "Percentile-based alarms and low data samples"). Never for
    /// other statistics; always for `p0` and `p100`.
    #[must_use]
    pub fn has_few_samples(&self, sample_count: f64) -> bool {
        let Statistic::Percentile(percent) = self else { return false };
        let unit = Decimal::HUNDRED_PERCENT;
        let share = percent.ten_billionths().min(unit);
        let rarer = share.min(unit - share);
        // Both sides are whole numbers below 2^53 for any count up to 9,000.
        #[expect(clippy::cast_precision_loss, reason = "at most 10^12")]
        let (rarer, unit) = (rarer as f64, unit as f64);
        sample_count * rarer < 10.0 * unit
    }
}

impl Trim {
    fn names(self) -> (&'static str, &'static str) {
        match self {
            Trim::Mean => ("tm", "TM"),
            Trim::WinsorizedMean => ("wm", "WM"),
            Trim::Count => ("tc", "TC"),
            Trim::Sum => ("ts", "TS"),
        }
    }
}

impl FromStr for Statistic {
    type Err = StatisticError;

    fn from_str(text: &str) -> Result<Self, StatisticError> {
        Statistic::parse(text)
    }
}

impl TryFrom<String> for Statistic {
    type Error = StatisticError;

    fn try_from(text: String) -> Result<Self, StatisticError> {
        Statistic::parse(&text)
    }
}

impl From<Statistic> for String {
    fn from(statistic: Statistic) -> Self {
        statistic.to_string()
    }
}

impl fmt::Display for Statistic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Statistic::SampleCount => f.write_str("SampleCount"),
            Statistic::Average => f.write_str("Average"),
            Statistic::Sum => f.write_str("Sum"),
            Statistic::Minimum => f.write_str("Minimum"),
            Statistic::Maximum => f.write_str("Maximum"),
            Statistic::Percentile(percent) => write!(f, "p{percent}"),
            Statistic::InterquartileMean => f.write_str("IQM"),
            Statistic::Trimmed(trim, Bounds::Lowest(percent)) => write!(f, "{}{percent}", trim.names().0),
            Statistic::Trimmed(trim, bounds) => write!(f, "{}{bounds}", trim.names().1),
            Statistic::PercentileRank(bounds) => write!(f, "PR{bounds}"),
        }
    }
}

impl fmt::Display for Bounds {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (lower, upper, sign) = match self {
            Bounds::Lowest(percent) => (None, Some(percent), "%"),
            Bounds::Percentages(lower, upper) => (lower.as_ref(), upper.as_ref(), "%"),
            Bounds::Values(lower, upper) => (lower.as_ref(), upper.as_ref(), ""),
        };
        let side = |side: Option<&Decimal>| side.map(|number| format!("{number}{sign}")).unwrap_or_default();
        write!(f, "({}:{})", side(lower), side(upper))
    }
}
