//! What is kept of a slot's observations, and the datapoints that come of it.

mod distribution;
mod encoding;
mod exact_sum;
mod extended;

pub use encoding::DecodeError;

use crate::{MetricValue, Statistic, StatisticSet};
use distribution::Distribution;
pub(crate) use exact_sum::ExactSum;
use extended::Spread;

/// The observations of one slot: their number, their exact sum, the lowest and the highest, and how often each value
/// occurs.
///
/// Adding and merging are associative and commutative: the same observations give an equal summary, and the same bits
/// in each datapoint, in whatever order and batches they come. Up to 1024 different values are kept exactly; of more,
/// percentiles and trimmed statistics are near ([`Summary::relative_error`]), all other statistics stay exact. Counts
/// saturate at 2^64 - 1.
///
/// A summary without or with one single value takes 24 bytes; any other at most about 17 KiB.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Summary {
    kept: Kept,
}

#[derive(Debug, Clone, Default, PartialEq)]
enum Kept {
    #[default]
    Nothing,
    /// All observations have the same value, as those of most metric filters do.
    Same {
        value: MetricValue,
        count: u64,
    },
    Various(Box<Various>),
}

#[derive(Debug, Clone, PartialEq)]
struct Various {
    totals: Totals,
    /// `None` for ever where an observation was negative or a statistic set didn't say its values.
    distribution: Option<Distribution>,
}

/// 2^53: whole numbers below are floats.
const EXACT_COUNTS: f64 = 9_007_199_254_740_992.0;

/// The plain statistics of whole numbers that are so small that floats add them up without rounding.
struct Plain {
    count: u64,
    sum: f64,
    minimum: f64,
    maximum: f64,
}

impl Plain {
    const EMPTY: Plain = Plain { count: 0, sum: 0.0, minimum: f64::INFINITY, maximum: f64::NEG_INFINITY };

    /// Adds slots up as long as that is exact, and gives the first slot for which it isn't.
    fn while_exact<'s>(&mut self, mut slots: impl Iterator<Item = &'s Summary>) -> Option<&'s Summary> {
        slots.find(|slot| !self.take(slot))
    }

    /// Adds a slot up, if that is exact; says whether it is.
    fn take(&mut self, slot: &Summary) -> bool {
        match &slot.kept {
            Kept::Nothing => true,
            Kept::Same { value, count } => self.add(value.get(), *count),
            Kept::Various(_) => false,
        }
    }

    fn add(&mut self, value: f64, count: u64) -> bool {
        let sum = self.sum + value * to_float(count);
        let (count, overflows) = self.count.overflowing_add(count);
        // Where this holds of the sum, it held of both parts.
        let bounds = value.abs() < EXACT_COUNTS && to_float(count) < EXACT_COUNTS && sum.abs() < EXACT_COUNTS;
        let is_exact = bounds && is_whole(value) && (sum - self.sum).abs() < EXACT_COUNTS && !overflows;
        if is_exact {
            let (minimum, maximum) = (self.minimum.min(value), self.maximum.max(value));
            *self = Plain { count, sum, minimum, maximum };
        }
        is_exact
    }

    fn datapoint(&self, statistic: &Statistic) -> Option<Datapoint> {
        let count = to_float(self.count);
        let value = match statistic {
            _ if self.count == 0 => return None,
            Statistic::SampleCount => count,
            Statistic::Sum => self.sum,
            Statistic::Average => self.sum / count,
            Statistic::Minimum => self.minimum,
            Statistic::Maximum => self.maximum,
            _ => self.totals().value(statistic)?,
        };
        Some(Datapoint { value, sample_count: count })
    }

    fn totals(&self) -> Totals {
        let mut sum = ExactSum::ZERO;
        sum.add(self.sum, 1);
        Totals { count: self.count, sum, minimum: self.minimum, maximum: self.maximum }
    }
}

/// Of a number below 2^53: faster than `fract`, which is a call of a library on many machines.
fn is_whole(value: f64) -> bool {
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "it is below 2^53")]
    let whole = value as i64 as f64;
    #[expect(clippy::float_cmp, reason = "the rule is about equality")]
    let is_whole = whole == value;
    is_whole
}

/// What the plain statistics need.
#[derive(Debug, Clone, PartialEq)]
struct Totals {
    count: u64,
    sum: ExactSum,
    minimum: f64,
    maximum: f64,
}

/// A period's observations under one statistic.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Datapoint {
    /// What the statistic says; finite.
    pub value: f64,
    /// How many observations there are; at least 1. CloudWatch gives it as a floating-point number too.
    pub sample_count: f64,
}

impl Summary {
    /// Of no observations.
    #[must_use]
    pub const fn new() -> Self {
        Summary { kept: Kept::Nothing }
    }

    /// Whether there is no observation.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.kept == Kept::Nothing
    }

    /// How many observations there are.
    #[must_use]
    pub fn sample_count(&self) -> u64 {
        match &self.kept {
            Kept::Nothing => 0,
            Kept::Same { count, .. } => *count,
            Kept::Various(various) => various.totals.count,
        }
    }

    /// Adds a value that was observed `count` times; 0 times changes nothing.
    pub fn add(&mut self, value: MetricValue, count: u64) {
        match &mut self.kept {
            _ if count == 0 => {}
            Kept::Nothing => self.kept = Kept::Same { value, count },
            Kept::Same { value: same, count: known } if *same == value => {
                *known = known.saturating_add(count)
            }
            Kept::Same { .. } | Kept::Various(_) => self.various().add(value, count),
        }
    }

    /// Adds a statistic set. Where its values follow from it (all are the same), they are added as values; where they
    /// don't, this slot has no percentiles and no trimmed statistics any more (API reference, `MetricDatum`; User
    /// Guide, "CloudWatch statistics definitions").
    pub fn add_set(&mut self, set: &StatisticSet) {
        match set.same_value() {
            Some(value) => self.add(value, set.sample_count()),
            None => self.various().add_set(set),
        }
    }

    /// Adds all observations of another slot.
    pub fn merge(&mut self, other: &Summary) {
        match &other.kept {
            Kept::Nothing => {}
            Kept::Same { value, count } => self.add(*value, *count),
            Kept::Various(other) => self.various().merge(other),
        }
    }

    /// What a statistic says of the observations. `None` where there are none; where the statistic needs values and
    /// they aren't known or some are negative; and for a mean inside of boundaries that no observation lies in.
    #[must_use]
    pub fn datapoint(&self, statistic: &Statistic) -> Option<Datapoint> {
        Summary::datapoint_of([self], statistic)
    }

    /// What a statistic says of the observations of several slots together, as [`Summary::datapoint`] does of one.
    #[must_use]
    pub fn datapoint_of<'s>(
        slots: impl IntoIterator<Item = &'s Summary>,
        statistic: &Statistic,
    ) -> Option<Datapoint> {
        let (value, count) = if statistic.is_extended() {
            let mut all = Summary::new();
            slots.into_iter().for_each(|slot| all.merge(slot));
            (all.spread()?.value(statistic)?, all.sample_count())
        } else {
            let mut slots = slots.into_iter();
            let mut plain = Plain::EMPTY;
            let Some(rest) = plain.while_exact(&mut slots) else { return plain.datapoint(statistic) };
            let mut totals = plain.totals();
            if plain.count == 0 {
                let mut all = std::iter::once(rest).chain(&mut slots);
                let (same, differing) = Summary::while_same(&mut all);
                let Some(differing) = differing else { return same.plain_datapoint(statistic) };
                totals.merge_slot(&same);
                totals.merge_slot(differing);
            } else {
                totals.merge_slot(rest);
            }
            slots.for_each(|slot| totals.merge_slot(slot));
            (totals.value(statistic)?, totals.count)
        };
        Some(Datapoint { value, sample_count: to_float(count) })
    }

    /// Adds slots up as long as all of their observations have one value, as those of most metric filters do, and gives
    /// the first slot for which that isn't so.
    fn while_same<'s>(slots: &mut impl Iterator<Item = &'s Summary>) -> (Summary, Option<&'s Summary>) {
        let mut same = Summary::new();
        for slot in slots {
            match (&mut same.kept, &slot.kept) {
                (_, Kept::Nothing) => {}
                (Kept::Nothing, Kept::Same { value, count }) => {
                    same.kept = Kept::Same { value: *value, count: *count };
                }
                (Kept::Same { value, count }, Kept::Same { value: other, count: more }) if value == other => {
                    *count = count.saturating_add(*more);
                }
                _ => return (same, Some(slot)),
            }
        }
        (same, None)
    }

    /// What a plain statistic says of observations that have one value.
    fn plain_datapoint(&self, statistic: &Statistic) -> Option<Datapoint> {
        let Kept::Same { value, count } = self.kept else { return None };
        let count = to_float(count);
        let value = match statistic {
            Statistic::SampleCount => count,
            // The product is rounded once, as the exact sum is. Beyond 2^53 the count itself would be rounded.
            Statistic::Sum if count < EXACT_COUNTS => value.get() * count,
            Statistic::Average if count < EXACT_COUNTS => value.get() * count / count,
            Statistic::Minimum | Statistic::Maximum => value.get(),
            _ => {
                let mut totals = Totals::EMPTY;
                totals.merge_slot(self);
                totals.value(statistic)?
            }
        };
        Some(Datapoint { value, sample_count: count })
    }

    /// How far a percentile, or a boundary of a trimmed statistic, may be off, as a share of it: 0 with up to 1024
    /// different values, then 2^-8 for values that span 8 octaves (the highest is 256 times the lowest), twice that
    /// for each further doubling of the octaves. `None` where there are no percentiles.
    #[must_use]
    pub fn relative_error(&self) -> Option<f64> {
        match &self.kept {
            Kept::Nothing => None,
            Kept::Same { value, .. } => (value.get() >= 0.0).then_some(0.0),
            Kept::Various(various) => various.distribution.as_ref().map(Distribution::relative_error),
        }
    }

    /// Makes room for observations that differ.
    fn various(&mut self) -> &mut Various {
        if !matches!(self.kept, Kept::Various(_)) {
            let mut various = Various { totals: Totals::EMPTY, distribution: Some(Distribution::default()) };
            if let Kept::Same { value, count } = self.kept {
                various.add(value, count);
            }
            self.kept = Kept::Various(Box::new(various));
        }
        match &mut self.kept {
            Kept::Various(various) => various,
            #[expect(clippy::unreachable, reason = "it was made so just above")]
            _ => unreachable!(),
        }
    }

    /// The values, if they are known and none is negative.
    fn spread(&self) -> Option<Spread> {
        match &self.kept {
            Kept::Nothing => None,
            Kept::Same { value, .. } if value.get() < 0.0 => None,
            Kept::Same { value, count } => Some(Spread::new([(value.get(), *count)])),
            Kept::Various(various) => {
                let Totals { minimum, maximum, .. } = various.totals;
                let values = various.distribution.as_ref()?.values();
                Some(Spread::new(values.map(|(value, count)| (value.clamp(minimum, maximum), count))))
            }
        }
    }
}

impl Various {
    fn add(&mut self, value: MetricValue, count: u64) {
        self.totals.add(value.get(), count);
        if value.get() < 0.0 {
            self.distribution = None;
        }
        if let Some(distribution) = &mut self.distribution {
            distribution.add(value.get(), count);
        }
    }

    fn add_set(&mut self, set: &StatisticSet) {
        self.totals.merge(&Totals::of_set(set));
        self.distribution = None;
    }

    fn merge(&mut self, other: &Various) {
        self.totals.merge(&other.totals);
        match (&mut self.distribution, &other.distribution) {
            (Some(own), Some(other)) => own.merge(other),
            _ => self.distribution = None,
        }
    }
}

impl Totals {
    const EMPTY: Totals =
        Totals { count: 0, sum: ExactSum::ZERO, minimum: f64::INFINITY, maximum: f64::NEG_INFINITY };

    fn of_set(set: &StatisticSet) -> Self {
        let mut sum = ExactSum::ZERO;
        sum.add(set.sum().get(), 1);
        let (minimum, maximum) = (set.minimum().get(), set.maximum().get());
        Totals { count: set.sample_count(), sum, minimum, maximum }
    }

    fn add(&mut self, value: f64, count: u64) {
        self.count = self.count.saturating_add(count);
        self.sum.add(value, count);
        self.minimum = self.minimum.min(value);
        self.maximum = self.maximum.max(value);
    }

    fn merge(&mut self, other: &Totals) {
        self.count = self.count.saturating_add(other.count);
        self.sum.merge(&other.sum);
        self.minimum = self.minimum.min(other.minimum);
        self.maximum = self.maximum.max(other.maximum);
    }

    fn merge_slot(&mut self, slot: &Summary) {
        match &slot.kept {
            Kept::Nothing => {}
            Kept::Same { value, count } => self.add(value.get(), *count),
            Kept::Various(various) => self.merge(&various.totals),
        }
    }

    fn value(&self, statistic: &Statistic) -> Option<f64> {
        if self.count == 0 {
            return None;
        }
        match statistic {
            Statistic::SampleCount => Some(to_float(self.count)),
            Statistic::Average => Some(self.sum.round() / to_float(self.count)),
            Statistic::Sum => Some(self.sum.round()),
            Statistic::Minimum => Some(self.minimum),
            Statistic::Maximum => Some(self.maximum),
            Statistic::Percentile(_)
            | Statistic::InterquartileMean
            | Statistic::Trimmed(..)
            | Statistic::PercentileRank(_) => None,
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "CloudWatch's counts are floating-point numbers too")]
fn to_float(count: u64) -> f64 {
    count as f64
}
