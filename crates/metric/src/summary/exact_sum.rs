//! A sum without rounding, so that the order of its parts doesn't matter.

/// How many 64-bit digits there are: 1074 bits below the point, 360 above it, 128 for how often a value is added, and
/// a sign.
const LIMBS: usize = 25;
/// How many bits of a float hold its fraction.
const FRACTION_BITS: u32 = 52;

/// A whole number of 2^-1074, the smallest float, in two's complement with the lowest digit first. Each float with an
/// absolute value up to 2^360 is such a number, so nothing is lost until [`ExactSum::round`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ExactSum {
    limbs: [u64; LIMBS],
}

impl ExactSum {
    pub(crate) const ZERO: ExactSum = ExactSum { limbs: [0; LIMBS] };

    /// Adds `value` as often as `times` says. `value` is finite and at most 2^424.
    pub(crate) fn add(&mut self, value: f64, times: u64) {
        let bits = value.to_bits();
        let exponent = u32::try_from((bits >> FRACTION_BITS) & 0x7ff).unwrap_or_default();
        let fraction = bits & ((1 << FRACTION_BITS) - 1);
        let significand = if exponent == 0 { fraction } else { fraction | (1 << FRACTION_BITS) };
        // Subnormal numbers (exponent 0) have the scale of exponent 1.
        let shift = exponent.saturating_sub(1);
        let product = u128::from(significand) * u128::from(times);
        self.add_shifted(product, shift, value.is_sign_negative());
    }

    /// Adds or subtracts `magnitude` × 2^`shift` units.
    fn add_shifted(&mut self, magnitude: u128, shift: u32, negative: bool) {
        let within = shift % 64;
        let low = magnitude << within;
        let high = if within == 0 { 0 } else { magnitude >> (128 - within) };
        #[expect(clippy::cast_possible_truncation, reason = "cuts a number into its 64-bit digits")]
        let digits = [low as u64, (low >> 64) as u64, high as u64];
        let mut carry = false;
        let limbs = self.limbs.iter_mut().skip((shift / 64) as usize);
        for (limb, digit) in limbs.zip(digits.into_iter().map(Some).chain(std::iter::repeat(None))) {
            if digit.is_none() && !carry {
                return;
            }
            let digit = digit.unwrap_or_default();
            (*limb, carry) = if negative { subtract(*limb, digit, carry) } else { add(*limb, digit, carry) };
        }
    }

    pub(crate) fn merge(&mut self, other: &ExactSum) {
        let mut carry = false;
        for (limb, digit) in self.limbs.iter_mut().zip(other.limbs) {
            (*limb, carry) = add(*limb, digit, carry);
        }
    }

    fn is_negative(&self) -> bool {
        self.limbs.last().is_some_and(|limb| limb >> 63 == 1)
    }

    /// The digits without sign.
    fn magnitude(&self) -> [u64; LIMBS] {
        let mut limbs = self.limbs;
        if self.is_negative() {
            let mut carry = true;
            for limb in &mut limbs {
                (*limb, carry) = add(!*limb, 0, carry);
            }
        }
        limbs
    }

    /// The nearest float; of two that are as near, the one with an even last bit.
    pub(crate) fn round(&self) -> f64 {
        let limbs = self.magnitude();
        let top = limbs.iter().enumerate().rev().find(|(_, limb)| **limb != 0);
        let Some((index, limb)) = top else { return 0.0 };
        let length = u32::try_from(index).unwrap_or_default() * 64 + 64 - limb.leading_zeros();
        let bits = rounded_bits(&limbs, length);
        f64::from_bits(if self.is_negative() { bits | (1 << 63) } else { bits })
    }

    /// Its 64-bit digits, the lowest first; those at the top that only repeat the sign are left out, and what is left
    /// is the same for the same sum.
    pub(crate) fn digits(&self) -> &[u64] {
        let sign = if self.is_negative() { u64::MAX } else { 0 };
        let used = self.limbs.iter().rposition(|limb| *limb != sign).map_or(0, |last| last + 1);
        // The digit on top must show the sign.
        let shows_sign = |limb: &u64| limb >> 63 == sign >> 63;
        let top = used.checked_sub(1).and_then(|last| self.limbs.get(last));
        let length = if top.is_none_or(shows_sign) && (used > 0 || sign == 0) { used } else { used + 1 };
        self.limbs.get(..length).unwrap_or(&self.limbs)
    }

    /// The sum that has these [`ExactSum::digits`]; `None` if no sum has.
    pub(crate) fn from_digits(digits: &[u64]) -> Option<Self> {
        let sign = if digits.last().is_some_and(|limb| limb >> 63 == 1) { u64::MAX } else { 0 };
        let mut limbs = [sign; LIMBS];
        limbs.get_mut(..digits.len())?.copy_from_slice(digits);
        let sum = ExactSum { limbs };
        (sum.digits() == digits).then_some(sum)
    }
}

/// The bits of the float nearest to a number of `length` bits, in units of 2^-1074.
fn rounded_bits(limbs: &[u64; LIMBS], length: u32) -> u64 {
    let kept = FRACTION_BITS + 1;
    let Some(dropped) = length.checked_sub(kept) else {
        // So small a number is the same as the bits of its float.
        return limbs.first().copied().unwrap_or_default();
    };
    let significand = bits_from(limbs, dropped) & ((1 << kept) - 1);
    let half = dropped > 0 && bits_from(limbs, dropped - 1) & 1 == 1;
    let rest = dropped > 1 && any_bit_below(limbs, dropped - 1);
    let up = half && (rest || significand & 1 == 1);
    // The hidden bit counts the exponent up by one, and so does a carry out of the fraction.
    (u64::from(dropped) << FRACTION_BITS) + significand + u64::from(up)
}

/// The 64 bits that begin with bit `at`.
fn bits_from(limbs: &[u64; LIMBS], at: u32) -> u64 {
    let (index, within) = ((at / 64) as usize, at % 64);
    let low = limbs.get(index).copied().unwrap_or_default() >> within;
    let high = limbs.get(index + 1).copied().unwrap_or_default();
    if within == 0 { low } else { low | (high << (64 - within)) }
}

fn any_bit_below(limbs: &[u64; LIMBS], at: u32) -> bool {
    let (index, within) = ((at / 64) as usize, at % 64);
    let whole = limbs.iter().take(index).any(|limb| *limb != 0);
    whole || limbs.get(index).is_some_and(|limb| limb & ((1 << within) - 1) != 0)
}

fn add(left: u64, right: u64, carry: bool) -> (u64, bool) {
    let (sum, first) = left.overflowing_add(right);
    let (sum, second) = sum.overflowing_add(u64::from(carry));
    (sum, first || second)
}

fn subtract(left: u64, right: u64, borrow: bool) -> (u64, bool) {
    let (difference, first) = left.overflowing_sub(right);
    let (difference, second) = difference.overflowing_sub(u64::from(borrow));
    (difference, first || second)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn sum(values: &[f64]) -> ExactSum {
        let mut sum = ExactSum::ZERO;
        values.iter().for_each(|value| sum.add(*value, 1));
        sum
    }

    #[test]
    fn nothing_is_lost() {
        assert_eq!(sum(&[0.1; 10]).round(), 1.0);
        assert_eq!(sum(&[1e100, 1.0, -1e100]).round(), 1.0);
        assert_eq!(sum(&[]).round(), 0.0);
        assert_eq!(sum(&[5e-324, 5e-324]).round(), 1e-323);
        assert_eq!(sum(&[f64::MIN_POSITIVE, -5e-324]).round(), f64::MIN_POSITIVE.next_down());
        let huge = 2f64.powi(360);
        assert_eq!(sum(&[-huge, -huge]).round(), -2f64.powi(361));
        let mut often = ExactSum::ZERO;
        often.add(0.1, 1 << 40);
        assert_eq!(often.round(), 0.1 * 2f64.powi(40));
    }

    #[test]
    fn half_is_rounded_to_even() {
        let one_and_half_ulp = [1.0, f64::EPSILON / 2.0];
        assert_eq!(sum(&one_and_half_ulp).round(), 1.0);
        assert_eq!(sum(&[1.0, f64::EPSILON, f64::EPSILON / 2.0]).round(), 1.0 + 2.0 * f64::EPSILON);
        assert_eq!(sum(&[1.0, f64::EPSILON / 2.0, 5e-324]).round(), 1.0 + f64::EPSILON);
        assert_eq!(sum(&[2.0, -f64::EPSILON / 4.0]).round(), 2.0);
    }

    fn value() -> impl Strategy<Value = f64> {
        any::<f64>().prop_filter("in range", |value| value.is_finite() && value.abs() <= 2f64.powi(360))
    }

    proptest! {
        #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn one_number_is_itself(value in value()) {
            prop_assert_eq!(sum(&[value]).round(), value);
        }

        /// The sum of two floats is rounded correctly by the machine too.
        #[test]
        fn two_numbers_are_rounded_as_the_machine_does(left in value(), right in value()) {
            prop_assert_eq!(sum(&[left, right]).round(), left + right);
        }

        #[test]
        fn near_numbers_too(left in value(), factor in -4.0..4.0f64, times in 1..5u64) {
            let right = left * factor;
            prop_assume!(right.abs() <= 2f64.powi(360));
            let mut sum = sum(&[left]);
            (0..times).for_each(|_| sum.add(right, 1));
            let mut at_once = ExactSum::ZERO;
            at_once.add(right, times);
            at_once.add(left, 1);
            prop_assert_eq!(&sum, &at_once);
            prop_assert_eq!(ExactSum::from_digits(sum.digits()), Some(sum));
        }
    }

    #[test]
    fn digits_are_few_and_unique() {
        for values in [&[][..], &[1.0], &[-1.0], &[-5e-324], &[5e-324], &[1.0, -5e-324]] {
            let sum = sum(values);
            assert_eq!(ExactSum::from_digits(sum.digits()), Some(sum));
        }
        assert!(sum(&[]).digits().is_empty());
        assert_eq!(sum(&[-5e-324]).digits(), [u64::MAX]);
        assert_eq!(ExactSum::from_digits(&[1, 0]), None);
        assert_eq!(ExactSum::from_digits(&[0; LIMBS + 1]), None);
    }
}
