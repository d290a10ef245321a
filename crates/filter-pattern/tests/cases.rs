//! The case files below `cases/filter-pattern`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

use filter_pattern::{Pattern, Selector, Wildcards};
use json::Document;
use testkit::{Case, Expectation, run_cases};

fn wildcards(case: &Case) -> Wildcards {
    match case.get("wildcards") {
        Some("leftmost") => Wildcards::Leftmost,
        _ => Wildcards::Glob,
    }
}

fn outcome(pattern: &Pattern, event: &str) -> String {
    let Some(found) = pattern.matches(event) else { return "no".into() };
    let extracted = found.extracted.iter().map(|(name, value)| format!("\n{name} = {value}"));
    std::iter::once("yes".to_owned()).chain(extracted).collect()
}

fn explanation(pattern: &Pattern, expected: Expectation) -> Expectation {
    let explanation = pattern.explain();
    let notes: Vec<String> =
        explanation.notes.iter().map(|note| note.render(pattern.text(), false)).collect();
    let notes = if notes.is_empty() { "none".into() } else { notes.join("\n") };
    expected.and("reading", explanation.reading).and("tree", explanation.tree).and("notes", notes)
}

fn selected(selector: &Selector, event: &str) -> String {
    let document = Document::parse(event.as_bytes()).unwrap();
    let values: Vec<&str> = selector.select(document.root()).iter().map(|value| value.raw()).collect();
    values.join("\n")
}

fn run(case: &Case) -> Expectation {
    if let Some(selector) = case.get("selector") {
        return match Selector::parse(selector) {
            Ok(parsed) => Expectation::of("values", selected(&parsed, case.section("event"))),
            Err(error) => Expectation::of("error", error.render(selector, false)),
        };
    }
    let text = case.section("pattern");
    let pattern = match Pattern::parse_with(text, wildcards(case)) {
        Ok(pattern) => pattern,
        Err(error) => {
            return Expectation::of("error", error.render(text, false)).and("aws", error.aws_message);
        }
    };
    match case.get("event") {
        Some(event) => Expectation::of("match", outcome(&pattern, event)),
        None => explanation(&pattern, Expectation::default()),
    }
}

#[test]
fn cases() {
    run_cases("cases/filter-pattern", run);
}
