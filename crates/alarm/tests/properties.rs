//! What holds for any alarm, rule and expression.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

use alarm::composite::{AlarmRule, Happening, RuleCondition, Suppression, Suppressor};
use alarm::math::Expression;
use alarm::{
    ComparisonOperator, Condition, Datapoint, MAX_REASON_CHARS, MAX_REASON_DATA_CHARS, Mode, PutMetricAlarm,
    Slot, StateReasonData, StateValue, SyntaxError, TreatMissingData, evaluate, next_evaluation, window,
    windows_touched_by,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;

fn condition() -> impl Strategy<Value = Condition> {
    let counts = (1..200_u32).prop_flat_map(|n| (Just(n), option::of(1..=n)));
    let period = select(&[10, 20, 30, 60, 300, 3600, 86_400][..]);
    let operator = select(ComparisonOperator::ALL);
    let fewest = option::of(select(&[20.0, 100.0][..]));
    (counts, period, operator, option::of(select(TreatMissingData::ALL)), -1e9..1e9, fewest).prop_map(
        |(
            (evaluation_periods, datapoints_to_alarm),
            period,
            comparison_operator,
            treat,
            threshold,
            fewest_samples,
        )| {
            Condition {
                period,
                evaluation_periods,
                datapoints_to_alarm,
                threshold,
                comparison_operator,
                treat_missing_data: treat,
                fewest_samples,
            }
        },
    )
}

fn slot() -> impl Strategy<Value = Slot> {
    let point = (-1e12..1e12, option::of(0.0..200.0));
    option::of(point.prop_map(|(value, sample_count)| Datapoint { value, sample_count }))
}

fn state() -> impl Strategy<Value = StateValue> {
    select(&StateValue::ALL[..])
}

/// Points into the text, and can be shown.
fn is_sound(error: &SyntaxError, text: &str) -> bool {
    let (start, end) = (error.span.start, error.span.end);
    text.get(start..end).is_some() && error.render(text, false).contains(error.code.as_str())
}

fn rule_piece() -> impl Strategy<Value = &'static str> {
    select(
        &[
            "ALARM", "OK", "(", ")", "a", "\"b c\"", "AND", "OR", "NOT", "TRUE", "AT_LEAST", ",", "2", "50%",
            "\"", "ö",
        ][..],
    )
}

fn expression_piece() -> impl Strategy<Value = &'static str> {
    select(
        &[
            "m1",
            "m2",
            "(",
            ")",
            "[",
            "]",
            ",",
            "+",
            "-",
            "*",
            "^",
            ">",
            "AND",
            "1.5",
            "IF(",
            "FILL(",
            "SUM(",
            "REPEAT",
            "METRICS()",
            "'",
            "=",
            "ö",
            "1x",
        ][..],
    )
}

proptest! {
    #[test]
    fn reasons_and_their_data_fit(
        condition in condition(), slots in vec(slot(), 0..210), previous in state(), now in 0..4_000_000_000_i64,
    ) {
        let evaluation = evaluate(&condition, &slots, now, previous);
        let reason = evaluation.reason.to_string();
        prop_assert!(reason.chars().count() <= MAX_REASON_CHARS, "{}", reason);
        let data =
            StateReasonData::of(&condition, &evaluation, now * 1000, Some("Sum".into()), Some("a\"\n".into())).to_string();
        prop_assert!(data.chars().count() <= MAX_REASON_DATA_CHARS, "{}", data);
        prop_assert!(serde_json::from_str::<serde_json::Value>(&data).is_ok(), "{}", data);
        prop_assert!(evaluation.evaluated.len() <= condition.evaluation_periods as usize);
        prop_assert!(evaluation.evaluated.windows(2).all(|pair| pair[0].start > pair[1].start));
    }

    #[test]
    fn where_nothing_is_missing_its_treatment_plays_no_part(
        condition in condition(), value in vec(-10.0..10.0, 202), previous in state(),
    ) {
        let slots: Vec<Slot> =
            value.iter().map(|&value| Some(Datapoint { value, sample_count: None })).collect();
        let states = TreatMissingData::ALL.iter().map(|treatment| {
            let condition = Condition { treat_missing_data: Some(*treatment), threshold: 0.0, ..condition };
            evaluate(&condition, &slots, 0, previous).state
        });
        let states: Vec<StateValue> = states.collect();
        prop_assert!(states.iter().all(|state| *state == states[0] && *state != StateValue::InsufficientData));
    }

    #[test]
    fn windows_slide_without_gaps(condition in condition(), now in 0..4_000_000_000_i64, eager in any::<bool>()) {
        let mode = if eager { Mode::Eager } else { Mode::CloudWatch };
        let next = next_evaluation(&condition, now, mode);
        prop_assert!(next > now && next <= now + 3600);
        let current = window(&condition, now, mode);
        prop_assert!(current.end <= now && current.end > now - 3600 - 10);
        prop_assert_eq!(current, window(&condition, next - 1, mode));
        let touched: Vec<_> = windows_touched_by(&condition, now).collect();
        prop_assert!(touched.iter().all(|window| window.start() <= now && now < window.end));
        prop_assert!(!touched.is_empty() && touched[0].end - now <= 3600);
    }

    #[test]
    fn rules_are_read_or_refused(pieces in vec(rule_piece(), 0..24)) {
        let text = pieces.join(" ");
        match AlarmRule::parse(&text) {
            Ok(rule) => prop_assert!(rule.children().len() <= pieces.len()),
            Err(error) => prop_assert!(is_sound(&error, &text), "{:?}", error),
        }
    }

    #[test]
    fn expressions_are_read_or_refused(pieces in vec(expression_piece(), 0..24)) {
        let text = pieces.join(" ");
        if let Err(error) = Expression::parse(&text) {
            prop_assert!(is_sound(&error, &text), "{:?}", error);
        }
    }

    #[test]
    fn any_text_is_read_or_refused(text in "\\PC{0,60}") {
        if let Err(error) = AlarmRule::parse(&text) {
            prop_assert!(is_sound(&error, &text), "{:?}", error);
        }
        if let Err(error) = Expression::parse(&text) {
            prop_assert!(is_sound(&error, &text), "{:?}", error);
        }
    }

    /// However often somebody looks in between.
    #[test]
    fn suppression_depends_on_what_happens_only(
        happenings in vec((1..200_i64, state(), any::<bool>()), 1..20), wait_period in 0..150_i64, ticks in any::<bool>(),
    ) {
        let suppressor = Suppressor { wait_period, extension_period: 60 };
        let run = |ticks: bool| {
            let mut suppression = Suppression::new(StateValue::Ok, StateValue::Ok);
            let (mut now, mut told) = (0, Vec::new());
            for &(pause, state, own) in &happenings {
                for second in (now + 1..now + pause).filter(|_| ticks) {
                    let outcome = suppressor.step(suppression, Happening::Tick, second);
                    suppression = outcome.suppression;
                    told.extend(outcome.act);
                }
                now += pause;
                let happening = if own { Happening::Changed(state) } else { Happening::SuppressorChanged(state) };
                let outcome = suppressor.step(suppression, happening, now);
                suppression = outcome.suppression;
                told.extend(outcome.act);
            }
            (suppression, told)
        };
        prop_assert_eq!(run(ticks), run(false));
    }
}

#[test]
fn limits_of_length() {
    let deep = |depth: usize| format!("{}TRUE{}", "(".repeat(depth), ")".repeat(depth));
    assert!(AlarmRule::parse(&deep(128)).is_ok());
    assert_eq!(AlarmRule::parse(&deep(129)).unwrap_err().code.as_str(), "R004");
    let children =
        |count: usize| (0..count).map(|name| format!("OK({name})")).collect::<Vec<_>>().join(" OR ");
    assert!(AlarmRule::parse(&children(100)).is_ok());
    assert_eq!(AlarmRule::parse(&children(101)).unwrap_err().code.as_str(), "R002");
    let elements = |count: usize| vec!["OK(a)"; count].join(" OR ");
    assert!(AlarmRule::parse(&elements(500)).is_ok());
    assert_eq!(AlarmRule::parse(&elements(501)).unwrap_err().code.as_str(), "R003");
    assert_eq!(AlarmRule::parse(&"a".repeat(10_241)).unwrap_err().code.as_str(), "R001");
    let nots = format!("{}TRUE", "NOT ".repeat(2559));
    assert!(matches!(AlarmRule::parse(&nots).unwrap().condition(), RuleCondition::Not(_)));
    assert!(Expression::parse(&format!("m1{}", "+1".repeat(256))).is_ok());
    assert_eq!(Expression::parse(&format!("m1{}", "+1".repeat(257))).unwrap_err().code.as_str(), "X002");
    assert_eq!(Expression::parse(&"-".repeat(2048)).unwrap_err().code.as_str(), "X002");
    assert_eq!(Expression::parse(&"m".repeat(2049)).unwrap_err().code.as_str(), "X001");
}

#[test]
fn a_rule_that_is_too_long_is_shown_in_part() {
    let shown = |letter: &str, count: usize| {
        let text = letter.repeat(count);
        let rendered = AlarmRule::parse(&text).unwrap_err().render(&text, false);
        rendered
            .lines()
            .filter(|line| line.starts_with("1 |"))
            .map(|line| line.matches(letter).count())
            .sum::<usize>()
    };
    assert_eq!(shown("ß", 5000), 5000);
    assert_eq!(shown("Z", 20_000), 10_256);
}

#[test]
fn a_description_may_have_1024_characters() {
    let problems = |length: usize| {
        let alarm =
            PutMetricAlarm { alarm_description: Some("ä".repeat(length)), ..PutMetricAlarm::default() };
        let problems = alarm.check().unwrap_err();
        problems.iter().filter(|problem| problem.property == "AlarmDescription").count()
    };
    assert_eq!((problems(1024), problems(1025)), (0, 1));
}
