//! Characters and number literals as the pattern language sees them (2).

/// White space: Unicode's, and the four ASCII separators that Unicode's property leaves out.
pub(crate) fn is_space(c: char) -> bool {
    c.is_whitespace() || ('\u{1c}'..='\u{1f}').contains(&c)
}

/// What a field's name and a member's name in a selector consist of.
pub(crate) fn is_name(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '_' | '-')
}

/// What an unquoted value of a JSON pattern consists of (A5).
pub(crate) fn is_bare_json(c: char) -> bool {
    is_name(c) || matches!(c, '.' | '*' | '+')
}

/// What an unquoted value of a space-delimited pattern consists of (2).
pub(crate) fn is_bare_space(c: char) -> bool {
    !is_space(c) && !matches!(c, ',' | ']' | '&' | '|' | '"' | '%' | '=' | '!' | '<' | '>' | '(' | ')')
}

/// Whether `text` is a number literal: `[+-]? (digits[.digits] | .digits) ([eE][+-]?digits)?`.
pub(crate) fn is_number(text: &[u8]) -> bool {
    let unsigned = match text {
        [b'+' | b'-', rest @ ..] => rest,
        _ => text,
    };
    let (whole, rest) = split_digits(unsigned);
    let (fraction, rest) = match rest {
        [b'.', rest @ ..] => split_digits(rest),
        _ => (0, rest),
    };
    whole + fraction > 0 && is_exponent(rest)
}

/// The value of a number literal or a JSON number. Nothing else is ever given to it.
pub(crate) fn number_value(text: &[u8]) -> f64 {
    std::str::from_utf8(text).ok().and_then(|text| text.parse().ok()).unwrap_or(f64::NAN)
}

fn is_exponent(text: &[u8]) -> bool {
    let digits = match text {
        [] => return true,
        [b'e' | b'E', b'+' | b'-', digits @ ..] | [b'e' | b'E', digits @ ..] => digits,
        _ => return false,
    };
    !digits.is_empty() && digits.iter().all(u8::is_ascii_digit)
}

fn split_digits(text: &[u8]) -> (usize, &[u8]) {
    let count = text.iter().take_while(|byte| byte.is_ascii_digit()).count();
    (count, text.get(count..).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn number_literals() {
        for yes in ["1", "-1", "+1", "1.", ".5", "1.5", "1e5", "1.e+5", "-.5E-10", "007"] {
            assert!(is_number(yes.as_bytes()), "{yes}");
            assert!(!number_value(yes.as_bytes()).is_nan(), "{yes}");
        }
        for no in ["", ".", "-", "+.", "1e", "1e+", "e5", "1.2.3", "0x1", "1 ", "--1", "inf", "NaN", "1_0"] {
            assert!(!is_number(no.as_bytes()), "{no}");
        }
    }
}
