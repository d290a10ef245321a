//! What must be true of any pattern and any log event.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod support;

use filter_pattern::{Outline, Pattern, PatternSet, Scratch, Selector, Wildcards};
use proptest::collection::vec;
use proptest::prelude::*;
use support::generate;

fn parsed(texts: &[String]) -> Vec<Pattern> {
    texts.iter().filter_map(|text| Pattern::parse(text).ok()).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    /// A set answers what each of its patterns answers, with and without outline.
    #[test]
    fn a_set_answers_as_each_pattern(
        texts in vec(generate::json_pattern(), 1..6),
        events in vec(generate::object(), 1..6),
    ) {
        let set = PatternSet::new(parsed(&texts));
        let mut scratch = Scratch::new();
        for event in &events {
            support::ask_set(&set, event, &mut scratch);
        }
    }

    /// The same where nearly each log event matches something.
    #[test]
    fn a_set_misses_nothing(
        texts in vec(generate::narrow_pattern(), 1..4),
        events in vec(generate::narrow_event(), 1..30),
    ) {
        let set = PatternSet::new(parsed(&texts));
        let mut scratch = Scratch::new();
        for event in &events {
            support::ask_set(&set, event, &mut scratch);
        }
    }

    /// The same for all languages, broken log events, and more keys than can be watched.
    #[test]
    fn a_mixed_set_answers_as_each_pattern(
        texts in vec(generate::pattern(), 1..12),
        fillers in vec("[a-z]{1,2}", 0..30),
        events in vec(generate::event(), 1..6),
    ) {
        let fillers = fillers.iter().map(|key| format!("{{ $.{key} = 1 && $.eventName = \"*\" }}"));
        let texts: Vec<String> = texts.into_iter().chain(fillers).collect();
        let set = PatternSet::new(parsed(&texts));
        let mut scratch = Scratch::new();
        for event in &events {
            support::ask_set(&set, event, &mut scratch);
        }
    }

    /// One scratch serves sets of any size in any order.
    #[test]
    fn a_scratch_remembers_nothing(
        small in vec(generate::pattern(), 1..3),
        large in vec(generate::pattern(), 4..9),
        events in vec(generate::object(), 1..4),
    ) {
        let mut scratch = Scratch::new();
        let sets = [PatternSet::new(parsed(&small)), PatternSet::new(parsed(&large))];
        for event in &events {
            for set in &sets {
                support::ask_set(set, event, &mut scratch);
            }
        }
    }

    /// Whatever `leftmost` matches, the full glob matches too.
    #[test]
    fn leftmost_matches_less(text in generate::json_pattern(), event in generate::object()) {
        let text = text.replace("!=", "=");
        if let (Ok(glob), Ok(leftmost)) = (Pattern::parse(&text), Pattern::parse_with(&text, Wildcards::Leftmost)) {
            prop_assert!(leftmost.matches(&event).is_none() || glob.matches(&event).is_some());
        }
    }

    /// No text makes the parser, the errors or the explanation panic, and spans stay inside.
    #[test]
    fn any_text_is_parsed_or_refused(text in prop_oneof![any::<String>(), generate::mutated(), "[ -~]{0,40}"]) {
        match Pattern::parse(&text) {
            Ok(pattern) => {
                drop(pattern.matches(&text));
                for note in pattern.explain().notes {
                    prop_assert!(text.get(note.span.clone()).is_some(), "{:?}", note);
                    let rendered = note.render(&text, false);
                    prop_assert!(!rendered.contains('\u{1b}'), "{}", rendered);
                }
            }
            Err(error) => {
                prop_assert!(error.span.start <= error.span.end && error.span.end <= text.len(), "{:?}", error);
                prop_assert!(text.is_char_boundary(error.span.start) && text.is_char_boundary(error.span.end));
                prop_assert!(!error.message.is_empty() && !error.help.is_empty() && !error.aws_message.is_empty());
                let rendered = error.render(&text, false);
                prop_assert!(!rendered.contains('\u{1b}'), "{}", rendered);
            }
        }
        let _ = Selector::parse(&text);
    }

    /// No message makes a set panic, and what isn't UTF-8 matches nothing.
    #[test]
    fn any_bytes_are_an_event(
        texts in vec(generate::pattern(), 1..5),
        event in vec(any::<u8>(), 0..60),
        offset in any::<u32>(),
    ) {
        let set = PatternSet::new(parsed(&texts));
        let mut scratch = Scratch::new();
        let matched = set.matches(&event, &mut scratch);
        prop_assert!(matched.is_empty() || std::str::from_utf8(&event).is_ok());
        let values = vec![offset % 80; set.watched_keys().len()];
        let outline = Outline { event: &event, values: &values, escaped: false };
        let _ = set.could_match(&outline);
        set.matches_outline(&outline, &mut scratch);
    }

    /// A selector is printed so that it is read again as the same one.
    #[test]
    fn a_selector_prints_as_it_is_read(text in generate::selector()) {
        if let Ok(selector) = Selector::parse(&text) {
            prop_assert_eq!(Selector::parse(&selector.to_string()), Ok(selector));
        }
    }
}

#[test]
fn deep_and_long_patterns_are_refused_or_read() {
    for text in ["(".repeat(1024), format!("{{{}", "(".repeat(1023)), format!("{{{}$.a=1", "(".repeat(900))] {
        assert!(Pattern::parse(&text).is_err());
    }
    let nested = |depth: usize| format!("{{{}$.a=1{}}}", "(".repeat(depth), ")".repeat(depth));
    assert!(Pattern::parse(&nested(filter_pattern::MAX_NESTING)).is_ok());
    assert!(Pattern::parse(&nested(filter_pattern::MAX_NESTING + 1)).is_err());
    assert!(Pattern::parse(&format!("{{ $.a = \"{}\" }}", "é".repeat(1012))).is_ok());
    assert!(Pattern::parse(&format!("{{ $.a = \"{}\" }}", "é".repeat(1013))).is_err());
    assert!(Pattern::parse(&format!("{{ ${} = 1 }}", ".a".repeat(500))).is_ok());
}

#[test]
fn hostile_events_take_time_in_proportion() {
    let quotes = Pattern::parse("[a, ..., b]").unwrap();
    assert!(quotes.matches(&"\"a [b ".repeat(200_000)).is_some());
    let stars = Pattern::parse(&format!("{{ $.a = \"{}b\" }}", "*a".repeat(400))).unwrap();
    assert!(stars.matches(&format!("{{\"a\":\"{}\"}}", "a".repeat(1_000_000))).is_none());
    let braces = Pattern::parse("{ $.a = 1 }").unwrap();
    assert!(braces.matches(&"{\"a\":".repeat(200_000)).is_none());
}

#[test]
fn a_pattern_sends_no_command_to_the_terminal() {
    for text in [
        "{ $.a\u{1b}[3m = 1 }",
        "{ $.a = \u{1b}[3m }",
        "{ $.a = \u{9b}3m }",
        "{ $.a = '\u{1b}[3m' }",
        "%\u{1b}(",
    ] {
        let rendered = Pattern::parse(text).unwrap_err().render(text, false);
        assert!(!rendered.contains(['\u{1b}', '\u{9b}']), "{rendered:?}");
    }
}

#[test]
fn a_pattern_that_is_too_long_is_shown_in_part() {
    let text = "é".repeat(5000);
    let rendered = Pattern::parse(&text).unwrap_err().render(&text, false);
    assert_eq!(rendered.matches('é').count(), filter_pattern::MAX_PATTERN_CHARS + 16);
}

#[test]
fn codes_are_numbered_without_gaps() {
    let errors: Vec<String> = filter_pattern::ErrorCode::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(errors, (1..=errors.len()).map(|number| format!("P{number:03}")).collect::<Vec<_>>());
    let notes: Vec<String> = filter_pattern::explain::NoteCode::ALL.iter().map(ToString::to_string).collect();
    assert_eq!(notes, (1..=notes.len()).map(|number| format!("W{number:03}")).collect::<Vec<_>>());
}
