//! What a diagnostic looks like.

use diagnostic::{Diagnostic, Severity, Source};
use proptest::collection::vec;
use proptest::prelude::*;

const TEMPLATE: &str = "Topic:\n  Name: a\n  Other: b\n  Name: c\n";

fn missing(at: usize) -> Diagnostic {
    Diagnostic::error("P010", "a brace is missing").at(at..at).help("write `}`")
}

#[track_caller]
fn shows(diagnostic: &Diagnostic, source: &Source<'_>, lines: &[&str]) {
    assert_eq!(diagnostic.render(source, false).lines().collect::<Vec<_>>(), lines);
}

#[test]
fn labels_are_shown_with_what_they_say() {
    let error = Diagnostic::error("S004", "the key `Name` occurs twice")
        .at(30..34)
        .label(9..13, "first here")
        .help("remove one")
        .help("")
        .help("or rename it");
    let expected = [
        "error[S004]: the key `Name` occurs twice",
        " --> a.yaml:4:3",
        "  |",
        "2 |   Name: a",
        "  |   ---- first here",
        "3 |   Other: b",
        "4 |   Name: c",
        "  |   ^^^^",
        "  |",
        "  = help: remove one",
        "  = help: or rename it",
    ];
    shows(&error, &Source::file(TEMPLATE, "a.yaml"), &expected);
}

#[test]
fn a_warning_and_a_note_say_what_they_are() {
    let note = Diagnostic::new(Severity::Note, "N001", "no alarm looks at it");
    shows(&note, &Source::typed("a"), &["note[N001]: no alarm looks at it"]);
    let warning = Diagnostic::warning("W001", "is never true").at(0..1);
    shows(&warning, &Source::typed("a"), &["warning[W001]: is never true", "  |", "1 | a", "  | ^"]);
}

#[test]
fn an_empty_place_at_the_end_is_shown_behind_the_text() {
    let expected =
        ["error[P010]: a brace is missing", "  |", "1 | { é", "  |    ^", "  |", "  = help: write `}`"];
    shows(&missing(4), &Source::typed("{ é"), &expected);
    shows(&missing(99), &Source::typed("{ é"), &expected);
}

#[test]
fn a_place_inside_of_a_character_begins_with_it() {
    let error = Diagnostic::error("P032", "quotes are missing").at(3..4);
    let expected = ["error[P032]: quotes are missing", "  |", "1 | aéb", "  |  ^"];
    shows(&Diagnostic { span: Some(2..3), ..error.clone() }, &Source::typed("aéb"), &expected);
    shows(&Diagnostic { span: Some(1..3), ..error }, &Source::typed("aéb"), &expected);
}

#[test]
fn the_ends_of_lines_as_windows_writes_them_are_not_shown() {
    let expected = [
        "error[P010]: a brace is missing",
        " --> a.yaml:2:2",
        "  |",
        "2 | é",
        "  |  ^",
        "  |",
        "  = help: write `}`",
    ];
    shows(&missing(5), &Source::file("a\r\né\r\nb\r\n", "a.yaml"), &expected);
}

#[test]
fn what_disturbs_a_terminal_is_replaced_everywhere() {
    let hostile = "\u{1b}\u{202e}\u{9b}\u{200f}";
    let text = format!("{hostile} here");
    let error = Diagnostic::error("S001", format!("no {hostile}"))
        .at(10..14)
        .label(0..1, format!("why {hostile}"))
        .help(format!("drop {hostile}\nor not"));
    let expected = [
        "error[S001]: no ␛���",
        " --> ␛���:1:6",
        "  |",
        "1 | ␛��� here",
        "  | -    ^^^^",
        "  | |",
        "  | why ␛���",
        "  |",
        "  = help: drop ␛���",
        "          or not",
    ];
    shows(&error, &Source::file(&text, hostile), &expected);
}

#[test]
fn of_a_long_line_the_surroundings_are_shown() {
    let text = format!("first\n{}here{}", "é".repeat(10_000), "ü".repeat(10_000));
    let error = Diagnostic::error("S041", "is no number").at(20_006..20_010).label(0..5, "too far away");
    let line = format!("2 | {}here{}", "é".repeat(30), "ü".repeat(30));
    let underline = format!("  | {}^^^^", " ".repeat(30));
    shows(
        &error,
        &Source::file(&text, "a.json"),
        &["error[S041]: is no number", "  |", line.as_str(), underline.as_str()],
    );
}

#[test]
fn of_a_text_shown_in_part_the_rest_is_not_shown() {
    let source = Source::typed("one two three").shown_up_to(7);
    let error = Diagnostic::error("P001", "too long").at(4..13);
    shows(&error, &source, &["error[P001]: too long", "  |", "1 | one two", "  |     ^^^"]);
}

#[test]
fn a_shifted_diagnostic_is_about_the_same_in_a_longer_text() {
    let (before, pattern) = ("Pattern: ", "{ $.a == 1 }");
    let error = Diagnostic::error("P019", "there is no `==`").at(6..8).label(2..5, "of this");
    let shifted = error.clone().shifted(before.len());
    assert_eq!(shifted.span, Some(15..17));
    assert_eq!(shifted.labels, [(11..14, "of this".to_owned())]);
    let expected = [
        "error[P019]: there is no `==`",
        "  |",
        "1 | Pattern: { $.a == 1 }",
        "  |            --- ^^",
        "  |            |",
        "  |            of this",
    ];
    shows(&shifted, &Source::typed(&format!("{before}{pattern}")), &expected);
    assert_eq!(Diagnostic { span: None, labels: Vec::new(), ..error }.shifted(9).span, None);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(1000) })]

    /// No text and no place makes it panic, or sends a command to the terminal.
    #[test]
    fn anything_can_be_shown(
        text in "([ab é王🔑\t\n\r\u{1b}\u{9b}\u{200d}\u{202e}\u{2028}]|\r\n){0,20}",
        spans in vec((0..60_usize, 0..60_usize), 1..4),
        chars in 0..30_usize,
        colour: bool,
    ) {
        let mut error = Diagnostic::error("S001", text.as_str()).help(text.as_str());
        for (index, (start, end)) in spans.into_iter().enumerate() {
            let span = std::ops::Range { start, end };
            error = if index == 0 { error.at(span) } else { error.label(span, text.as_str()) };
        }
        for source in [Source::typed(&text).shown_up_to(chars), Source::file(&text, &text)] {
            let rendered = error.render(&source, colour);
            prop_assert!(rendered.contains("S001"));
            let disturbs = |found: char| found == '\u{1b}' && !colour || "\r\t\u{9b}\u{202e}\u{2028}".contains(found);
            prop_assert!(!rendered.contains(disturbs), "{rendered:?}");
        }
    }
}
