//! Observations and statistics to test with.

use metric::{MetricValue, Statistic};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::select;

pub fn value(number: f64) -> MetricValue {
    MetricValue::new(number).unwrap()
}

pub fn statistic(text: &str) -> Statistic {
    Statistic::parse(text).unwrap()
}

/// Numbers as they occur: few different ones, any, tiny and huge ones.
pub fn number() -> impl Strategy<Value = f64> {
    prop_oneof![
        3 => select(&[0.0, 0.1, 0.2, 1.0, 1.5, 3.0, 250.0][..]),
        2 => 0.0..1000.0f64,
        1 => (-1074..360i32, 1.0..2.0f64).prop_map(|(exponent, part)| part * 2f64.powi(exponent)),
    ]
}

/// The same and their opposites.
pub fn signed() -> impl Strategy<Value = f64> {
    (number(), any::<bool>()).prop_map(|(number, negative)| if negative { -number } else { number })
}

pub fn counted(number: impl Strategy<Value = f64>) -> impl Strategy<Value = Vec<(f64, u64)>> {
    vec((number, 1..5u64), 0..40)
}

fn percent() -> impl Strategy<Value = String> {
    prop_oneof![
        (0..=100u32).prop_map(|whole| whole.to_string()),
        (0..100u32, 0..1000u32).prop_map(|(whole, part)| format!("{whole}.{part:03}")),
    ]
}

fn pair() -> impl Strategy<Value = String> {
    let side = prop_oneof![Just(String::new()), percent()];
    (side, percent(), select(&["%", ""][..]), any::<bool>()).prop_map(|(one, other, sign, swap)| {
        let (lower, upper) = if swap { (other, one) } else { (one, other) };
        let signed = |side: String| if side.is_empty() { side } else { format!("{side}{sign}") };
        format!("({}:{})", signed(lower), signed(upper))
    })
}

/// Names of statistics; some of them wrong.
pub fn statistic_text() -> impl Strategy<Value = String> {
    let plain = ["SampleCount", "Average", "Sum", "Minimum", "Maximum", "IQM"];
    prop_oneof![
        1 => select(plain.to_vec()).prop_map(str::to_owned),
        1 => (select(&["p", "tm", "wm", "tc", "ts"][..]), percent()).prop_map(|(name, of)| name.to_owned() + &of),
        2 => (select(&["TM", "WM", "TC", "TS", "PR"][..]), pair()).prop_map(|(name, of)| name.to_owned() + &of),
    ]
}
