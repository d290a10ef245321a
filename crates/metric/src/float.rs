//! Floating-point numbers as they are stored, for `#[serde(with = "metric::float")]`: JSON has no word for infinity, so that
//! what isn't finite is a text. Whoever reads them back gets the same bits, but for the payload of a `NaN`.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// Writes a number.
///
/// # Errors
/// Those of `serializer`.
pub fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
    Float(*value).serialize(serializer)
}

/// Reads a number.
///
/// # Errors
/// Where there is none.
pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
    Float::deserialize(deserializer).map(|float| float.0)
}

/// One number; what [`serialize`] and [`deserialize`] are for inside of other types.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Float(pub f64);

/// A number that may be absent.
pub mod optional {
    use super::*;

    /// Writes it.
    ///
    /// # Errors
    /// Those of `serializer`.
    pub fn serialize<S: Serializer>(value: &Option<f64>, serializer: S) -> Result<S::Ok, S::Error> {
        value.map(Float).serialize(serializer)
    }

    /// Reads it.
    ///
    /// # Errors
    /// Where there is something else.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<f64>, D::Error> {
        Ok(Option::<Float>::deserialize(deserializer)?.map(|float| float.0))
    }
}

/// Numbers, some of which may be absent.
pub mod optionals {
    use super::*;

    /// Writes them.
    ///
    /// # Errors
    /// Those of `serializer`.
    pub fn serialize<S: Serializer>(values: &[Option<f64>], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(values.iter().map(|value| value.map(Float)))
    }

    /// Reads them.
    ///
    /// # Errors
    /// Where there is something else.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Option<f64>>, D::Error> {
        let floats = Vec::<Option<Float>>::deserialize(deserializer)?;
        Ok(floats.into_iter().map(|float| float.map(|float| float.0)).collect())
    }
}

/// Numbers with their times.
pub mod at_times {
    use super::*;

    /// Writes them.
    ///
    /// # Errors
    /// Those of `serializer`.
    pub fn serialize<S: Serializer>(values: &[(i64, f64)], serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(values.iter().map(|(time, value)| (time, Float(*value))))
    }

    /// Reads them.
    ///
    /// # Errors
    /// Where there is something else.
    pub fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<(i64, f64)>, D::Error> {
        let floats = Vec::<(i64, Float)>::deserialize(deserializer)?;
        Ok(floats.into_iter().map(|(time, float)| (time, float.0)).collect())
    }
}

impl Serialize for Float {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        if self.0.is_finite() { serializer.serialize_f64(self.0) } else { serializer.collect_str(&self.0) }
    }
}

impl<'de> Deserialize<'de> for Float {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged)]
        enum Written {
            Number(f64),
            Text(String),
        }
        match Written::deserialize(deserializer)? {
            Written::Number(value) => Ok(Float(value)),
            Written::Text(text) => text.parse().map(Float).map_err(serde::de::Error::custom),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn each_number_comes_back(bits: u64) {
            let value = f64::from_bits(bits);
            let text = serde_json::to_string(&Float(value)).unwrap();
            let back = serde_json::from_str::<Float>(&text).unwrap().0;
            prop_assert!(back.to_bits() == bits || value.is_nan() && back.is_nan(), "{text}");
        }
    }

    #[test]
    fn what_is_not_finite_is_a_text() {
        let written = [f64::INFINITY, f64::NEG_INFINITY, f64::NAN, -0.0].map(Float);
        assert_eq!(serde_json::to_string(&written).unwrap(), r#"["inf","-inf","NaN",-0.0]"#);
        assert!(serde_json::from_str::<Float>("\"many\"").is_err());
    }
}
