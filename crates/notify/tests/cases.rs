//! The case files below `cases/notify`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

mod support;

use notify::{Email, Secret, Story, compose, message, pagerduty_body, slack_body, sns_envelope};
use serde_json::Value;
use support::story::story;
use testkit::{Case, Expectation, run_cases};

/// Answers the sections that the case has; a new case gets those of a mail.
fn run(case: &Case) -> Expectation {
    let story = story(case.section("story"));
    let email = compose(&story);
    let kept: Story = serde_json::from_str(&serde_json::to_string(&story).unwrap()).unwrap();
    assert_eq!(compose(&kept), email, "a story that was kept gives the same letter");
    assert_eq!(kept, story);
    let mut wanted: Vec<&str> = case.titles().filter(|title| *title != "story").collect();
    if wanted.is_empty() {
        wanted = vec!["subject", "headers", "text"];
    }
    let answer = |expectation: Expectation, title: &&str| {
        let body = match *title {
            "subject" => email.subject.clone(),
            "headers" => headers(&email),
            "text" => email.text.clone(),
            "html" => without_style(&email.html),
            "alt" => alternative(&email.html),
            "message" => message(&story),
            "envelope" => sns_envelope(&story),
            "slack" => pretty(&slack_body(&story)),
            "pagerduty" => pretty(&pagerduty_body(&story, &Secret::new("R0UT1NG"))),
            other => panic!("{}: there is no section `{other}`", case.file),
        };
        expectation.and(title, body)
    };
    wanted.iter().fold(Expectation::default(), answer)
}

fn headers(email: &Email) -> String {
    let lines = email.headers.iter().map(|(name, value)| format!("{name}: {value}"));
    lines.collect::<Vec<_>>().join("\n")
}

/// Without the colours, which are the same in each mail.
fn without_style(html: &str) -> String {
    let (before, rest) = html.split_once("<style>").unwrap();
    let (_, after) = rest.split_once("</style>").unwrap();
    let mut text = format!("{before}<style>…</style>{after}");
    while let Some((before, rest)) = text.split_once(" style=\"") {
        let (_, after) = rest.split_once('"').unwrap();
        text = format!("{before}{after}");
    }
    text
}

/// What stands for the chart.
fn alternative(html: &str) -> String {
    let (_, rest) = html.split_once("alt=\"").unwrap();
    rest.split_once('"').unwrap().0.to_owned()
}

fn pretty(json: &str) -> String {
    let value: Value = serde_json::from_str(json).unwrap();
    serde_json::to_string_pretty(&value).unwrap()
}

#[test]
fn cases() {
    run_cases("cases/notify", run);
}
