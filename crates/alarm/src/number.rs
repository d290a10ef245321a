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
    if number.fract() == 0.0 && size < 1e7 {
        return whole(number);
    }
    let scientific = shortest(number);
    let Some((mantissa, exponent)) = scientific.split_once('e') else { return scientific };
    if number == 0.0 || (1e-3..1e7).contains(&size) {
        let exponent: i32 = exponent.parse().unwrap_or_default();
        let digits = mantissa.bytes().filter(u8::is_ascii_digit).count();
        let decimals =
            usize::try_from(i32::try_from(digits).unwrap_or_default() - 1 - exponent).unwrap_or_default();
        return with_decimal(format!("{number:.decimals$}"));
    }
    format!("{}E{exponent}", with_decimal(mantissa.into()))
}

/// Most numbers are whole, and integers are written much faster.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is whole and below ten millions"
)]
fn whole(number: f64) -> String {
    let sign = if number.is_sign_negative() { "-" } else { "" };
    format!("{sign}{}.0", number.abs() as u32)
}

/// The fewest digits that tell the number from its neighbours and, of several with as few, the nearest; of two that
/// are as near, the even one. Rust's own shortest form takes the higher one of these.
fn shortest(number: f64) -> String {
    let higher = format!("{number:e}");
    let digits = higher.bytes().take_while(|byte| *byte != b'e').filter(u8::is_ascii_digit).count();
    let even = format!("{number:.*e}", digits.saturating_sub(1));
    if even.parse() == Ok(number) { even } else { higher }
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
            (907_743_356.613_281_3, "9.077433566132812E8"),
            (123.456, "123.456"),
            (100.0, "100.0"),
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
