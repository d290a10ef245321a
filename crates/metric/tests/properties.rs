//! What must be true of any observations.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    unreachable_pub,
    dead_code,
    reason = "a test fails by panicking, and shares its support with others"
)]

mod support;

use metric::{Datum, DatumParts, Resolution, Series, Statistic, StatisticSetParts, Summary, Unit};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use support::{number, signed, statistic, statistic_text, value};

const ASKED: [&str; 12] = [
    "SampleCount",
    "Average",
    "Sum",
    "Minimum",
    "Maximum",
    "IQM",
    "p50",
    "p99.9",
    "tm90",
    "WM(5%:95%)",
    "TS(10%:)",
    "PR(0.5:2)",
];

/// One thing that is added to a slot.
fn datum() -> impl Strategy<Value = Datum> {
    let values =
        (signed(), 0..1000u64).prop_map(|(number, count)| Datum::Values(vec![(value(number), count)]));
    let positive =
        (number(), 1..4u64).prop_map(|(number, count)| Datum::Values(vec![(value(number), count)]));
    let set = (number(), 0.0..5.0f64, 1..9u8).prop_map(|(minimum, wider, count)| {
        let (minimum, maximum) = (minimum.min(1e100), minimum.min(1e100) + wider);
        let parts = StatisticSetParts {
            sample_count: Some(f64::from(count)),
            sum: Some(minimum * f64::from(count)),
            minimum: Some(minimum),
            maximum: Some(maximum),
        };
        Datum::StatisticSet(parts.check().unwrap())
    });
    prop_oneof![1 => values, 40 => positive, 1 => set]
}

/// So many different values that they no longer are kept by themselves.
fn many() -> impl Strategy<Value = Vec<Datum>> {
    let one =
        (0.5..70_000.0f64, 1..3u64).prop_map(|(number, count)| Datum::Values(vec![(value(number), count)]));
    vec(one, 900..2500)
}

fn summary<'d>(data: impl IntoIterator<Item = &'d Datum>) -> Summary {
    let mut summary = Summary::new();
    data.into_iter().for_each(|datum| datum.add_to(&mut summary));
    summary
}

/// The same data in another order, in batches that are merged like a tree.
fn otherwise(data: &[Datum], order: &[Index], cut: usize) -> Summary {
    let mut rest: Vec<&Datum> = data.iter().collect();
    let mut mixed = Vec::new();
    for index in order.iter().cycle() {
        if rest.is_empty() {
            break;
        }
        mixed.push(rest.swap_remove(index.index(rest.len())));
    }
    merged(&mixed.chunks(cut).map(|batch| summary(batch.iter().copied())).collect::<Vec<_>>())
}

fn merged(batches: &[Summary]) -> Summary {
    match batches {
        [] => Summary::new(),
        [one] => one.clone(),
        _ => {
            let (left, right) = batches.split_at(batches.len() / 2);
            let mut left = merged(left);
            left.merge(&merged(right));
            left
        }
    }
}

fn bits(summary: &Summary) -> Vec<Option<(u64, u64)>> {
    let ask = |text: &&str| summary.datapoint(&statistic(text));
    ASKED
        .iter()
        .map(ask)
        .map(|found| found.map(|datapoint| (datapoint.value.to_bits(), datapoint.sample_count.to_bits())))
        .collect()
}

fn assert_same(data: &[Datum], order: &[Index], cut: usize) {
    let (one, other) = (summary(data), otherwise(data, order, cut));
    assert_eq!(bits(&one), bits(&other));
    assert_eq!(one, other);
    assert_eq!(one.to_bytes(), other.to_bytes());
    assert_eq!(Summary::from_bytes(&one.to_bytes()), Ok(one));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn neither_order_nor_batches_matter(
        data in vec(datum(), 0..40), order in vec(any::<Index>(), 1..40), cut in 1..10usize,
    ) {
        assert_same(&data, &order, cut);
    }

    #[test]
    fn a_statistic_prints_as_it_was_typed(text in statistic_text()) {
        if let Ok(statistic) = Statistic::parse(&text) {
            prop_assert_eq!(statistic.to_string(), text);
        }
    }

    #[test]
    fn no_text_upsets_the_parser(text in "([pPtTwWmMcCsSRIQ]{0,3}[(]?[0-9.%:-]{0,6}[)]?)|\\PC{0,12}") {
        match Statistic::parse(&text) {
            Ok(statistic) => prop_assert_eq!(Statistic::parse(&statistic.to_string()), Ok(statistic)),
            Err(error) => prop_assert!(!error.render(&text, false).is_empty() && !error.help.is_empty()),
        }
    }

    /// A mean inside of boundaries lies between the lowest and the highest, and the sum is the mean times the count.
    #[test]
    fn trimmed_statistics_agree_with_each_other(
        values in support::counted(0.0..1000.0f64), lower in 0..50u32, width in 1..50u32,
    ) {
        let mut summary = Summary::new();
        values.iter().for_each(|(number, count)| summary.add(value(*number), *count));
        let ask = |name: &str| summary.datapoint(&statistic(&format!("{name}({lower}%:{}%)", lower + width)));
        if let Some(mean) = ask("TM") {
            let (sum, count) = (ask("TS").unwrap().value, ask("TC").unwrap().value);
            prop_assert!((mean.value * count - sum).abs() <= sum * 1e-12);
            let winsorized = ask("WM").unwrap().value;
            for found in [mean.value, winsorized] {
                let low = summary.datapoint(&Statistic::Minimum).unwrap().value;
                let high = summary.datapoint(&Statistic::Maximum).unwrap().value;
                prop_assert!(low * (1.0 - 1e-12) <= found && found <= high * (1.0 + 1e-12));
            }
        } else {
            prop_assert!(summary.is_empty());
        }
    }

    /// Bytes that were changed are refused or say something else; they never upset the reader.
    #[test]
    fn damaged_bytes_are_no_danger(data in vec(datum(), 0..12), at in any::<Index>(), byte: u8, cut in any::<Index>()) {
        let mut bytes = summary(&data).to_bytes();
        let place = at.index(bytes.len());
        bytes[place] = byte;
        bytes.truncate(cut.index(bytes.len() + 1));
        if let Ok(read) = Summary::from_bytes(&bytes) {
            prop_assert_eq!(read.to_bytes(), bytes);
            let _ = bits(&read);
        }
    }

    /// A period says of its slots what one slot with all their observations says.
    /// Slots of one value each are added up faster; that makes no difference, also where floats would round.
    #[test]
    fn slots_of_one_value_are_added_up_as_others_are(
        slots in vec((select(&[0.0, -0.0, 1.0, 3.0, -7.0, 0.1, 1e15, -1e15, 9.007_199_254_740_991e15, 1e100][..]), 0..4u64), 0..9),
        more in select(&[1_u64, 1 << 40, 1 << 53, u64::MAX][..]),
    ) {
        let slots: Vec<Summary> = slots
            .into_iter()
            .enumerate()
            .map(|(place, (number, count))| {
                let mut slot = Summary::new();
                slot.add(value(number), if place == 2 { count.saturating_mul(more) } else { count });
                slot
            })
            .collect();
        let mut together = Summary::new();
        slots.iter().for_each(|slot| together.merge(slot));
        for text in ASKED {
            let statistic = Statistic::parse(text).unwrap();
            let (one, other) = (Summary::datapoint_of(&slots, &statistic), together.datapoint(&statistic));
            prop_assert_eq!(one.map(|found| found.value.to_bits()), other.map(|found| found.value.to_bits()), "{}", text);
            prop_assert_eq!(one.map(|found| found.sample_count), other.map(|found| found.sample_count));
        }
    }

    #[test]
    fn a_period_is_the_sum_of_its_slots(
        observations in vec((0..900i64, number()), 0..60), start in 0..10i64, minutes in 1..6u32,
    ) {
        let (start, period) = (start * 60, minutes * 60);
        let end = start + i64::from(period);
        let (mut series, mut whole) = (Series::new(), Summary::new());
        for (time, number) in &observations {
            let resolution = if time % 2 == 0 { Resolution::High } else { Resolution::Standard };
            series.add(*time, resolution, Unit::Count, value(*number));
            if (start..end).contains(time) {
                whole.add(value(*number), 1);
            }
        }
        for text in ASKED {
            let statistic = statistic(text);
            prop_assert_eq!(series.datapoint(None, start, period, &statistic), whole.datapoint(&statistic));
        }
        series.forget_before(end);
        prop_assert!(series.slots().all(|(_, slot, summary)| slot >= end && !summary.is_empty()));
        prop_assert_eq!(series.is_empty(), observations.iter().all(|(time, _)| *time < end));
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn many_values_depend_on_no_order_either(
        data in many(), order in vec(any::<Index>(), 1..40), cut in 1..2000usize,
    ) {
        assert_same(&data, &order, cut);
    }

    /// The stated bound holds.
    #[test]
    fn percentiles_of_many_values_are_near(data in many(), percent in 0..=100usize) {
        let summary = summary(&data);
        let mut values: Vec<f64> = Vec::new();
        for datum in &data {
            let Datum::Values(pairs) = datum else { continue };
            pairs.iter().for_each(|(value, count)| values.extend((0..*count).map(|_| value.get())));
        }
        values.sort_by(f64::total_cmp);
        let exact = values[(percent * values.len()).div_ceil(100).max(1) - 1];
        let found = summary.datapoint(&statistic(&format!("p{percent}"))).unwrap().value;
        let error = summary.relative_error().unwrap();
        prop_assert!((found - exact).abs() <= exact * error, "{found} {exact} {error}");
        prop_assert!(error <= 2f64.powi(-6));
    }
}

#[test]
fn a_quiet_series_is_small() {
    assert!(size_of::<Series>() <= 24);
    assert!(size_of::<Summary>() <= 24);
    let mut series = Series::new();
    series.add(60, Resolution::Standard, Unit::None, value(1.0));
    series.forget_before(120);
    assert_eq!(series, Series::new());
}

#[test]
fn a_datum_without_numbers_is_refused() {
    assert!(DatumParts::default().check().is_err());
}

#[test]
fn a_text_that_is_too_long_is_shown_in_part() {
    let text = "é".repeat(5000);
    let error = Statistic::parse(&text).unwrap_err();
    let shown = error.render(&text, false).lines().filter(|line| line.starts_with("1 |")).collect::<String>();
    assert_eq!(shown.matches('é').count(), 300);
}
