//! Summaries as bytes, for whoever has to remember them.

use std::fmt;

use super::distribution::Distribution;
use super::{ExactSum, Kept, Summary, Totals, Various};
use crate::MetricValue;

const NOTHING: u8 = 0;
const SAME: u8 = 1;
const WITHOUT_VALUES: u8 = 2;
const WITH_VALUES: u8 = 3;

/// That bytes aren't what [`Summary::to_bytes`] wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecodeError;

impl Summary {
    /// The summary as bytes, to be stored. Equal summaries give equal bytes.
    ///
    /// The first byte says what follows, all numbers are little-endian: `0` no observation; `1` one value (float, then
    /// its count); `2` the totals (count, lowest and highest as floats, a byte with the number of 64-bit digits of the
    /// sum in two's complement and units of 2^-1074, and these digits); `3` the totals and the values (a byte with the
    /// number of bits dropped from each, their number in 16 bits, then each with its count).
    #[must_use]
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        match &self.kept {
            Kept::Nothing => bytes.push(NOTHING),
            Kept::Same { value, count } => {
                bytes.push(SAME);
                write_all(&mut bytes, [value.get().to_bits(), *count]);
            }
            Kept::Various(various) => various.write(&mut bytes),
        }
        bytes
    }

    /// The summary that [`Summary::to_bytes`] wrote.
    ///
    /// # Errors
    /// Where no summary has these bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, DecodeError> {
        let (tag, rest) = bytes.split_first().ok_or(DecodeError)?;
        let mut reader = Reader { rest };
        let kept = match *tag {
            NOTHING => Kept::Nothing,
            SAME => {
                let value = reader.value()?;
                Kept::Same { value, count: reader.count()? }
            }
            WITHOUT_VALUES => {
                Kept::Various(Box::new(Various { totals: reader.totals()?, distribution: None }))
            }
            WITH_VALUES => {
                let totals = reader.totals()?;
                Kept::Various(Box::new(Various { totals, distribution: Some(reader.distribution()?) }))
            }
            _ => return Err(DecodeError),
        };
        if reader.rest.is_empty() { Ok(Summary { kept }) } else { Err(DecodeError) }
    }
}

impl Various {
    fn write(&self, bytes: &mut Vec<u8>) {
        bytes.push(if self.distribution.is_some() { WITH_VALUES } else { WITHOUT_VALUES });
        let Totals { count, sum, minimum, maximum } = &self.totals;
        write_all(bytes, [*count, minimum.to_bits(), maximum.to_bits()]);
        bytes.push(sum.digits().len().to_le_bytes()[0]);
        write_all(bytes, sum.digits().iter().copied());
        if let Some(distribution) = &self.distribution {
            bytes.push(distribution.shift().to_le_bytes()[0]);
            let [low, high, ..] = distribution.buckets().len().to_le_bytes();
            bytes.extend([low, high]);
            write_all(bytes, distribution.buckets().iter().flat_map(|(bucket, count)| [*bucket, *count]));
        }
    }
}

fn write_all(bytes: &mut Vec<u8>, numbers: impl IntoIterator<Item = u64>) {
    numbers.into_iter().for_each(|number| bytes.extend(number.to_le_bytes()));
}

struct Reader<'b> {
    rest: &'b [u8],
}

impl Reader<'_> {
    fn take<const N: usize>(&mut self) -> Result<[u8; N], DecodeError> {
        let (first, rest) = self.rest.split_first_chunk().ok_or(DecodeError)?;
        self.rest = rest;
        Ok(*first)
    }

    fn number(&mut self) -> Result<u64, DecodeError> {
        self.take().map(u64::from_le_bytes)
    }

    fn byte(&mut self) -> Result<u8, DecodeError> {
        self.take::<1>().map(|[byte]| byte)
    }

    fn count(&mut self) -> Result<u64, DecodeError> {
        self.number().and_then(|count| if count == 0 { Err(DecodeError) } else { Ok(count) })
    }

    /// A value as it was written: none that [`MetricValue::new`] would change.
    fn value(&mut self) -> Result<MetricValue, DecodeError> {
        let bits = self.number()?;
        let value = MetricValue::new(f64::from_bits(bits)).map_err(|_| DecodeError)?;
        if value.get().to_bits() == bits { Ok(value) } else { Err(DecodeError) }
    }

    fn totals(&mut self) -> Result<Totals, DecodeError> {
        let count = self.count()?;
        let (minimum, maximum) = (self.value()?.get(), self.value()?.get());
        let length = self.byte()?;
        let digits = (0..length).map(|_| self.number()).collect::<Result<Vec<u64>, _>>()?;
        let sum = ExactSum::from_digits(&digits).ok_or(DecodeError)?;
        if minimum <= maximum { Ok(Totals { count, sum, minimum, maximum }) } else { Err(DecodeError) }
    }

    fn distribution(&mut self) -> Result<Distribution, DecodeError> {
        let shift = u32::from(self.byte()?);
        let length = u16::from_le_bytes(self.take()?);
        let bucket = |_| Ok((self.number()?, self.number()?));
        let buckets = (0..length).map(bucket).collect::<Result<Vec<_>, _>>()?;
        Distribution::from_parts(shift, buckets).ok_or(DecodeError)
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("these bytes aren't a summary of observations")
    }
}

impl std::error::Error for DecodeError {}
