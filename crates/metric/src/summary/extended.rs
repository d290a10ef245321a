//! Percentiles and what lies between boundaries.
//!
//! CloudWatch's documentation says what these statistics mean, not how they are computed. Here a percentile is the
//! observation at the nearest rank. Percentages as boundaries cut the ordered observations at exactly that share of
//! them: an observation at the cut counts in part, so `TC(:90%)` of 11 observations is 9.9, and `TS` is `TM` × `TC`.

use super::{ExactSum, to_float};
use crate::statistic::{Bounds, Decimal, Statistic, Trim};

/// One observation, in parts: the percentages of a statistic have at most 10 digits behind the point.
const WHOLE: u128 = Decimal::HUNDRED_PERCENT as u128;

/// Observations in ascending order, each value with how often it occurs. There is at least one.
pub(super) struct Spread {
    values: Vec<(f64, u64)>,
    count: u64,
}

/// Some of the observations, counted in parts.
struct Share {
    parts: u128,
    sum: ExactSum,
}

impl Spread {
    pub(super) fn new(values: impl IntoIterator<Item = (f64, u64)>) -> Self {
        let values: Vec<(f64, u64)> = values.into_iter().collect();
        let count = values.iter().fold(0_u64, |sum, (_, count)| sum.saturating_add(*count));
        Spread { values, count }
    }

    /// What a statistic of the extended ones says; `None` for others, and where there is nothing to take a mean of.
    pub(super) fn value(&self, statistic: &Statistic) -> Option<f64> {
        match statistic {
            Statistic::Percentile(percent) => self.percentile(*percent),
            Statistic::InterquartileMean => self.by_rank(self.quarter(1), self.quarter(3)).mean(),
            Statistic::Trimmed(trim, bounds) => self.trimmed(*trim, *bounds),
            Statistic::PercentileRank(bounds) => Some(self.rank(*bounds)),
            Statistic::SampleCount
            | Statistic::Average
            | Statistic::Sum
            | Statistic::Minimum
            | Statistic::Maximum => None,
        }
    }

    fn trimmed(&self, trim: Trim, bounds: Bounds) -> Option<f64> {
        match trim {
            Trim::Mean => self.inside(bounds).mean(),
            Trim::Count => Some(self.inside(bounds).count()),
            Trim::Sum => Some(self.inside(bounds).sum.round()),
            Trim::WinsorizedMean => self.winsorized(bounds),
        }
    }

    /// The lowest value that at least so many percent don't exceed.
    fn percentile(&self, percent: Decimal) -> Option<f64> {
        let rank = self.parts(percent).div_ceil(WHOLE).max(1);
        let mut seen = 0;
        let mut reaches = |count: u64| {
            seen += u128::from(count);
            seen >= rank
        };
        self.values.iter().find(|(_, count)| reaches(*count)).map(|(value, _)| *value)
    }

    fn inside(&self, bounds: Bounds) -> Share {
        let all = u128::from(self.count) * WHOLE;
        let lower_parts = |lower: Option<Decimal>| lower.map_or(0, |percent| self.parts(percent));
        match bounds {
            Bounds::Lowest(percent) => self.by_rank(0, self.parts(percent)),
            Bounds::Percentages(lower, upper) => {
                self.by_rank(lower_parts(lower), upper.map_or(all, |percent| self.parts(percent)))
            }
            Bounds::Values(lower, upper) => self.by_value(lower, upper),
        }
    }

    /// What lies between two ranks, given in parts.
    fn by_rank(&self, lower: u128, upper: u128) -> Share {
        let mut share = Share::NOTHING;
        let mut start = 0;
        for (value, count) in &self.values {
            let end = start + u128::from(*count) * WHOLE;
            share.add(*value, end.min(upper).saturating_sub(start.max(lower)));
            start = end;
        }
        share
    }

    fn by_value(&self, lower: Option<Decimal>, upper: Option<Decimal>) -> Share {
        let (lower, upper) = (lower.map(Decimal::to_f64), upper.map(Decimal::to_f64));
        let mut share = Share::NOTHING;
        for (value, count) in &self.values {
            if lower.is_none_or(|lower| *value > lower) && upper.is_none_or(|upper| *value <= upper) {
                share.add(*value, u128::from(*count) * WHOLE);
            }
        }
        share
    }

    /// The mean of all, those beyond a boundary counting as the boundary.
    fn winsorized(&self, bounds: Bounds) -> Option<f64> {
        let at_rank = |percent: Option<Decimal>| percent.and_then(|percent| self.percentile(percent));
        let (lower, upper) = match bounds {
            Bounds::Lowest(percent) => (None, self.percentile(percent)),
            Bounds::Percentages(lower, upper) => (at_rank(lower), at_rank(upper)),
            Bounds::Values(lower, upper) => (lower.map(Decimal::to_f64), upper.map(Decimal::to_f64)),
        };
        let (lower, upper) = (lower.unwrap_or(f64::NEG_INFINITY), upper.unwrap_or(f64::INFINITY));
        let mut share = Share::NOTHING;
        for (value, count) in &self.values {
            share.add(value.max(lower).min(upper), u128::from(*count) * WHOLE);
        }
        share.mean()
    }

    /// How many percent lie between the boundaries.
    fn rank(&self, bounds: Bounds) -> f64 {
        100.0 * self.inside(bounds).count() / to_float(self.count)
    }

    fn parts(&self, percent: Decimal) -> u128 {
        u128::from(self.count) * u128::from(percent.ten_billionths())
    }

    fn quarter(&self, quarters: u128) -> u128 {
        u128::from(self.count) * (WHOLE / 4 * quarters)
    }
}

impl Share {
    const NOTHING: Share = Share { parts: 0, sum: ExactSum::ZERO };

    fn add(&mut self, value: f64, parts: u128) {
        self.parts += parts;
        self.sum.add(value, u64::try_from(parts / WHOLE).unwrap_or(u64::MAX));
        self.sum.add(value * fraction(parts), 1);
    }

    fn count(&self) -> f64 {
        to_float(u64::try_from(self.parts / WHOLE).unwrap_or(u64::MAX)) + fraction(self.parts)
    }

    fn mean(&self) -> Option<f64> {
        match self.parts {
            0 => None,
            parts if parts % WHOLE == 0 => Some(self.sum.round() / self.count()),
            // Two whole numbers are divided with less rounding than by a fraction.
            #[expect(clippy::cast_precision_loss, reason = "rounded once")]
            parts => Some(self.sum.round() * WHOLE as f64 / parts as f64),
        }
    }
}

/// The part of an observation that is left when the whole ones are taken away.
fn fraction(parts: u128) -> f64 {
    let rest = u64::try_from(parts % WHOLE).unwrap_or_default();
    to_float(rest) / to_float(Decimal::HUNDRED_PERCENT)
}
