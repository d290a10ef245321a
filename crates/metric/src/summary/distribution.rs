//! How often each value was observed: exactly while they are few, in buckets beyond that.

/// How many different values are kept exactly, and how many buckets there are beyond that: at most 16 KiB.
pub(crate) const MAX_BUCKETS: usize = 1024;

/// The most bits that may have to be dropped: it leaves fewer than 700 buckets of numbers up to 2^360.
const MAX_SHIFT: u32 = 53;

/// The values, none of which is negative, and how often each occurs.
///
/// A bucket is what the bits of its floats have in common when the lowest `shift` of them are dropped, and `shift` is
/// the smallest that leaves at most [`MAX_BUCKETS`]; 0 keeps each value by itself. So a distribution depends only on
/// what is in it, not on the order or the batches in which it came. A bucket stands for its middle, which is wrong by
/// at most [`Distribution::relative_error`].
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Distribution {
    shift: u32,
    /// Each with its number of observations, in ascending order.
    buckets: Vec<(u64, u64)>,
}

impl Distribution {
    pub(crate) fn add(&mut self, value: f64, count: u64) {
        let bucket = value.to_bits() >> self.shift;
        let place = self.buckets.partition_point(|(other, _)| *other < bucket);
        match self.buckets.get_mut(place) {
            Some((same, known)) if *same == bucket => *known = known.saturating_add(count),
            _ => self.buckets.insert(place, (bucket, count)),
        }
        self.shrink();
    }

    pub(crate) fn merge(&mut self, other: &Distribution) {
        while self.shift < other.shift {
            self.coarsen();
        }
        let drop = self.shift - other.shift;
        let own = std::mem::take(&mut self.buckets);
        self.buckets = union(&own, other.buckets.iter().map(|(bucket, count)| (bucket >> drop, *count)));
        self.shrink();
    }

    fn shrink(&mut self) {
        while self.buckets.len() > MAX_BUCKETS {
            self.coarsen();
        }
    }

    /// Drops one more bit.
    fn coarsen(&mut self) {
        self.shift += 1;
        self.buckets.iter_mut().for_each(|(bucket, _)| *bucket >>= 1);
        self.buckets.dedup_by(|next, kept| {
            let same = next.0 == kept.0;
            if same {
                kept.1 = kept.1.saturating_add(next.1);
            }
            same
        });
    }

    /// The values in ascending order, each with how often it occurs.
    pub(crate) fn values(&self) -> impl Iterator<Item = (f64, u64)> {
        self.buckets.iter().map(|(bucket, count)| (middle(*bucket, self.shift), *count))
    }

    /// How far a value of [`Distribution::values`] may be from the observations that it stands for, as a share of
    /// them: 0 while all values are kept exactly. At worst, over all numbers that there are, a value is wrong by a
    /// factor of two. It doesn't hold below 2^-1022, where a value may stand for 0.
    ///
    /// Whole octaves (from a number to its double) fill the buckets evenly, so values of any number that span 8 octaves
    /// (from 1 to 256) are within 2^-8 (0.4 %), those that span 16 octaves (1 to 65,536) within 2^-7, and so on.
    pub(crate) fn relative_error(&self) -> f64 {
        match self.shift {
            0 => 0.0,
            shift => 2f64.powi(i32::try_from(shift).unwrap_or(i32::MAX) - 53),
        }
    }

    pub(crate) fn shift(&self) -> u32 {
        self.shift
    }

    pub(crate) fn buckets(&self) -> &[(u64, u64)] {
        &self.buckets
    }

    /// The distribution with these parts; `None` if none has them.
    pub(crate) fn from_parts(shift: u32, buckets: Vec<(u64, u64)>) -> Option<Self> {
        let highest = crate::MetricValue::MAX.to_bits();
        let ascending = buckets.is_sorted_by(|left, right| left.0 < right.0);
        let in_range = buckets.last().is_none_or(|(bucket, _)| *bucket <= highest >> shift.min(MAX_SHIFT));
        let counted = buckets.iter().all(|(_, count)| *count > 0);
        let fits = shift <= MAX_SHIFT && buckets.len() <= MAX_BUCKETS;
        (ascending && in_range && counted && fits).then_some(Distribution { shift, buckets })
    }
}

/// Two ascending lists of buckets in one. `other` may name a bucket more than once.
fn union(own: &[(u64, u64)], other: impl Iterator<Item = (u64, u64)>) -> Vec<(u64, u64)> {
    let mut merged: Vec<(u64, u64)> = Vec::with_capacity(own.len());
    let mut push = |(bucket, count): (u64, u64)| match merged.last_mut() {
        Some((last, known)) if *last == bucket => *known = known.saturating_add(count),
        _ => merged.push((bucket, count)),
    };
    let mut own = own.iter().copied().peekable();
    for entry in other {
        while let Some(earlier) = own.next_if(|(bucket, _)| *bucket <= entry.0) {
            push(earlier);
        }
        push(entry);
    }
    own.for_each(push);
    merged
}

/// The value that a bucket stands for. The lowest stands for 0.
fn middle(bucket: u64, shift: u32) -> f64 {
    let low = bucket << shift;
    match (bucket, shift) {
        (0, _) => 0.0,
        (_, 0) => f64::from_bits(low),
        _ => f64::from_bits(low + (1 << (shift - 1))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(values: impl IntoIterator<Item = f64>) -> Distribution {
        let mut distribution = Distribution::default();
        values.into_iter().for_each(|value| distribution.add(value, 1));
        distribution
    }

    #[test]
    fn few_values_are_kept() {
        let distribution = of([3.0, 0.0, 1.5, 3.0]);
        assert_eq!(distribution.values().collect::<Vec<_>>(), [(0.0, 1), (1.5, 1), (3.0, 2)]);
        assert_eq!(distribution.relative_error(), 0.0);
    }

    #[test]
    fn many_values_are_near_and_the_bound_is_the_stated_one() {
        for (highest, error) in [(256.0, 2f64.powi(-8)), (65_536.0, 2f64.powi(-7))] {
            let steps = 20_000_u32;
            let all: Vec<f64> =
                (0..steps).map(|step| f64::powf(highest, f64::from(step) / f64::from(steps))).collect();
            let distribution = of(all.clone());
            assert_eq!(distribution.relative_error(), error);
            let expanded = distribution.values().flat_map(|(value, count)| (0..count).map(move |_| value));
            let near = expanded.zip(&all).all(|(kept, value)| (kept - value).abs() <= value * error);
            assert!(near);
        }
    }

    #[test]
    fn the_widest_range_fits() {
        let exponents = -1074..=360;
        let distribution = of(exponents.flat_map(|exponent| {
            (0..3)
                .map(move |part| f64::from(part) * 2f64.powi(exponent))
                .filter(|value| *value <= crate::MetricValue::MAX)
        }));
        assert!(distribution.buckets().len() <= MAX_BUCKETS);
        assert!(distribution.relative_error() <= 1.0, "{}", distribution.relative_error());
    }
}
