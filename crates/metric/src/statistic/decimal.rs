//! Numbers in the name of a statistic, kept as they were typed.

use std::fmt;

/// A number of a statistic: not negative, at most 18 digits, of them at most 10 behind the point.
///
/// It is kept in decimal so that `p99.9` means 99.9 percent and not the binary fraction next to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Decimal {
    digits: u64,
    decimals: u8,
}

/// Why a text isn't a [`Decimal`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum DecimalError {
    NotANumber,
    TooManyDecimals,
    TooManyDigits,
}

impl Decimal {
    /// How many digits may follow the point.
    pub const MAX_DECIMALS: usize = 10;
    /// How many digits a number may have.
    pub const MAX_DIGITS: usize = 18;
    /// 100 percent in [`Decimal::ten_billionths`].
    pub(crate) const HUNDRED_PERCENT: u64 = 1_000_000_000_000;

    pub(super) fn parse(text: &str) -> Result<Self, DecimalError> {
        let (whole, fraction) = match text.split_once('.') {
            Some((_, "")) => return Err(DecimalError::NotANumber),
            Some((whole, fraction)) => (whole, fraction),
            None => (text, ""),
        };
        let is_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
        if whole.is_empty() || !is_digits(whole) || !is_digits(fraction) {
            return Err(DecimalError::NotANumber);
        }
        if fraction.len() > Self::MAX_DECIMALS {
            return Err(DecimalError::TooManyDecimals);
        }
        if whole.len() + fraction.len() > Self::MAX_DIGITS {
            return Err(DecimalError::TooManyDigits);
        }
        let digits = format!("{whole}{fraction}").parse().map_err(|_| DecimalError::TooManyDigits)?;
        let decimals = u8::try_from(fraction.len()).map_err(|_| DecimalError::TooManyDecimals)?;
        Ok(Decimal { digits, decimals })
    }

    /// The nearest binary number.
    #[must_use]
    pub fn to_f64(self) -> f64 {
        // The text is one that `f64` reads, so there is always a number.
        format!("{}e-{}", self.digits, self.decimals).parse().unwrap_or_default()
    }

    /// The number times 10^10. Exact for percentages; a larger number than 18 digits can hold is cut off.
    pub(crate) fn ten_billionths(self) -> u64 {
        let missing = u32::from(10 - self.decimals.min(10));
        self.digits.saturating_mul(10_u64.pow(missing))
    }

    /// Whether the number is below the other one.
    pub(super) fn is_below(self, other: Decimal) -> bool {
        self.scaled() < other.scaled()
    }

    pub(super) fn is_percentage(self) -> bool {
        self.scaled() <= u128::from(Self::HUNDRED_PERCENT)
    }

    fn scaled(self) -> u128 {
        u128::from(self.digits) * 10_u128.pow(u32::from(10 - self.decimals.min(10)))
    }
}

impl fmt::Display for Decimal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = 10_u64.pow(u32::from(self.decimals));
        write!(f, "{}", self.digits / unit)?;
        match self.decimals {
            0 => Ok(()),
            decimals => write!(f, ".{:0width$}", self.digits % unit, width = usize::from(decimals)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_kept_as_typed() {
        for text in ["0", "99", "99.90", "0.0000000001", "150", "12345678.0123456789"] {
            let number = Decimal::parse(text).unwrap();
            assert_eq!(number.to_string(), text);
            assert_eq!(number.to_f64(), text.parse::<f64>().unwrap());
        }
        assert_eq!(Decimal::parse("95.45").unwrap().ten_billionths(), 954_500_000_000);
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", ".", "1.", ".5", "-1", "+1", "1e3", "١", "1.2.3", " 1"] {
            assert_eq!(Decimal::parse(text), Err(DecimalError::NotANumber), "{text}");
        }
        assert_eq!(Decimal::parse("1.00000000000"), Err(DecimalError::TooManyDecimals));
        assert_eq!(Decimal::parse("1234567890123456789"), Err(DecimalError::TooManyDigits));
    }
}
