//! Numbers as AWS writes them in texts: as Java's `Double.toString` does.

/// `1.0`, `0.001`, `1.0E7`, `1.0E-4`: at least one decimal, an exponent from ten millions up and below one
/// thousandth, and as few digits as tell the number from its neighbours.
#[must_use]
pub fn java_double(number: f64) -> String {
    if number.is_nan() {
        return "NaN".into();
    }
    if number.is_infinite() {
        return if number > 0.0 { "Infinity".into() } else { "-Infinity".into() };
    }
    let size = number.abs();
    if number == 0.0 || (1e-3..1e7).contains(&size) {
        return with_decimal(format!("{number}"));
    }
    let scientific = format!("{number:e}");
    match scientific.split_once('e') {
        Some((mantissa, exponent)) => format!("{}E{exponent}", with_decimal(mantissa.into())),
        None => scientific,
    }
}

fn with_decimal(digits: String) -> String {
    if digits.contains('.') { digits } else { digits + ".0" }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_look_as_in_java() {
        let table = [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (-50.5, "-50.5"),
            (0.0666851903306472, "0.0666851903306472"),
            (0.001, "0.001"),
            (0.00099, "9.9E-4"),
            (9_999_999.0, "9999999.0"),
            (1e7, "1.0E7"),
            (12_345_678.9, "1.23456789E7"),
            (1e21, "1.0E21"),
            (f64::MIN_POSITIVE, "2.2250738585072014E-308"),
            (f64::NAN, "NaN"),
            (f64::NEG_INFINITY, "-Infinity"),
        ];
        for (number, text) in table {
            assert_eq!(java_double(number), text);
        }
    }
}
