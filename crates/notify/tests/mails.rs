//! Are the mails what the standards ask for, whatever a record holds?
//!
//! Python's own parsers look at them (`check_mail.py`), and properties here.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

mod support;

use std::fs;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;

use alarm::{StateReason, StateValue};
use monitor::{About, News, StateChange};
use notify::{
    Before, Group, Happened, Key, Story, compose, email_json, message, pagerduty_body, slack_body,
    sns_envelope,
};
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{RngAlgorithm, TestRng, TestRunner};
use support::story::story;

/// What an attacker may write, one thing each.
const HOSTILE: [&str; 18] = [
    "",
    " ",
    "a\r\nBcc: victim@example.com\r\n\r\n<script>alert(1)</script>",
    "\n.\r\nQUIT\r\n",
    "\"><img src=https://evil.example/x.png onerror=alert(1)>",
    "</pre></td></tr></table><h1>All is well</h1>",
    "<!-- ",
    "-->]]>",
    "&lt;b&gt;&#x3c;",
    "\u{202e}gnp.exe \u{2066}\u{200b}\u{feff}\u{ad}",
    "=?utf-8?q?hello?= =3D =\r\n",
    "--=_alternative-",
    "From me \u{0} \u{1b}[31m \u{9b}",
    "https://evil.example/?a=b&c=d www.evil.example",
    "'; rm -rf ~; echo '",
    "$(id) `id` ${IFS} !!",
    "{\"a\": \"\\u0000\"}",
    "Zoë 王 🙂 e\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}\u{301}",
];

const PLAIN: &str = r#"{"states": ["OK", "ALARM"], "at": "2025-03-10T14:15:12.345Z", "alarm": {"AlarmDescription": "d"},
    "series": {"start": "2025-03-10T11:20:00Z", "values": [0, null, 5, 1]}}"#;

fn text() -> impl Strategy<Value = String> {
    let known = prop::sample::select(&HOSTILE[..]).prop_map(str::to_owned);
    let long = known.clone().prop_map(|text| text.repeat(1 + 2_000 / text.len().max(1)));
    prop_oneof![4 => known, 2 => any::<String>(), 1 => "\\PC{0,40}", 1 => long]
}

fn group() -> impl Strategy<Value = Group> {
    let texts = proptest::collection::vec(text(), 8);
    let name = proptest::option::of(Just("our key".to_owned()));
    let key = proptest::option::of((text(), name));
    let error = proptest::option::of(prop_oneof![Just("AccessDenied".to_owned()), text()]);
    let principal =
        prop_oneof![text(), text().prop_map(|name| format!("arn:aws:iam::111122223333:user/{name}"))];
    (texts, key, error, principal, any::<(u64, i64, i64)>()).prop_map(
        |(texts, key, error, principal, (count, first, last))| {
            let mut texts = texts.into_iter();
            let mut next = || texts.next().unwrap();
            Group {
                who: next(),
                principal,
                service: Some("kms.amazonaws.com".into()),
                operation: next(),
                key: key.map(|(text, name)| Key { text, name }),
                error,
                error_message: Some(next()),
                data: vec![next(), next()],
                addresses: vec![next()],
                user_agent: Some(next()),
                region: Some(next()),
                count,
                first,
                last,
                before: Some(Before { failures: count, days: 30, last: Some(last) }),
                ..Group::default()
            }
        },
    )
}

/// A story in which nearly every text is hostile.
fn hostile() -> impl Strategy<Value = Story> {
    let names = || proptest::collection::vec(text(), 0..4);
    let happened = prop_oneof![
        Just(None),
        (names(), names(), text()).prop_map(|(principals, keys, reason)| {
            Some(Happened::News { at: 0, principals, keys, more: 1, reason })
        }),
    ];
    let values = proptest::collection::vec(proptest::option::of(any::<f64>()), 0..8);
    (proptest::collection::vec(group(), 0..4), happened, proptest::collection::vec(text(), 8), values)
        .prop_map(|(groups, happened, texts, values)| {
            let mut story = story(PLAIN);
            let mut texts = texts.into_iter();
            let mut next = || texts.next().unwrap();
            story.evidence.groups = groups;
            story.happened = happened.unwrap_or(story.happened);
            story.account.name = Some(next());
            story.letter.instance = next();
            story.letter.domain = next();
            story.letter.from = format!("{} <a@example.com>", next());
            story.letter.to = next();
            story.letter.earlier = vec![1, 2, 3];
            story.topic = next();
            story.unsubscribe = Some(next());
            story.links = vec![notify::Link { label: next(), url: "https://kmswatch.example.com/a".into() }];
            let series = story.series.as_mut().unwrap();
            series.values = values;
            story
        })
}

/// The same stories each time.
fn stories(count: usize) -> Vec<Story> {
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, b"mails of hostile records, always");
    let mut runner = TestRunner::new_with_rng(ProptestConfig::default(), rng);
    let strategy = hostile();
    std::iter::repeat_with(|| strategy.new_tree(&mut runner).unwrap().current()).take(count).collect()
}

fn complaints(folder: &Path) -> Option<String> {
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/check_mail.py");
    let python = std::env::var_os("KMSWATCH_PYTHON").unwrap_or_else(|| "python3".into());
    let Ok(output) = Command::new(python).arg(script).arg(folder).output() else {
        eprintln!("left out: there is no python3");
        return None;
    };
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}");
    Some(String::from_utf8(output.stdout).unwrap())
}

#[test]
fn mails_follow_the_standards() {
    let folder = tempfile::tempdir().unwrap();
    let stories = stories(200);
    for (position, story) in stories.iter().enumerate() {
        let mail = if position % 10 == 0 { email_json(story) } else { compose(story) };
        fs::write(folder.path().join(format!("{position}.eml")), mail.message()).unwrap();
    }
    let Some(said) = complaints(folder.path()) else { return };
    assert_eq!(said.trim(), format!("{} mails", stories.len()));
}

#[test]
fn python_complains_where_something_is_wrong() {
    let folder = tempfile::tempdir().unwrap();
    let mail = String::from_utf8(compose(&story(PLAIN)).message()).unwrap();
    let wrong = [
        ("header", mail.replacen("\r\n", "\r\nBcc: a@example.com\r\n", 1), "headers"),
        ("tag", mail.replacen("</tr>", "<script></tr>", 1), "tag script"),
        ("open", mail.replacen("</td>", "", 1), "closes something else"),
        ("remote", mail.replacen("cid:chart", "https:chart", 1), "images"),
        (
            "line",
            mail.replacen("X-Kmswatch-State: ", &format!("X-Kmswatch-State: {}", "x ".repeat(60)), 1),
            "a line longer than",
        ),
        ("picture", mail.replacen("iVBORw0KGgo", "iVBORw0KGgp", 1), "isn't PNG"),
        ("hidden", mail.replacen("ALARM: kms", "=E2=80=AEALARM: kms", 1), "text holds"),
    ];
    for (name, mail, _) in &wrong {
        fs::write(folder.path().join(format!("{name}.eml")), mail).unwrap();
    }
    let Some(said) = complaints(folder.path()) else { return };
    for (name, _, complaint) in wrong {
        let found = said.lines().any(|line| line.starts_with(name) && line.contains(complaint));
        assert!(found, "{name}: no `{complaint}` in\n{said}");
    }
}

#[test]
fn what_a_record_holds_stays_in_its_place() {
    for story in stories(200) {
        let email = compose(&story);
        assert_eq!(email, compose(&story));
        assert!(email.message().len() < 512 * 1024);
        // Whose text it is decides what it may hold: lines of the block end where AWS's do.
        let odd =
            |found: char| found.is_control() && found != '\n' || ('\u{202a}'..='\u{202e}').contains(&found);
        assert!(!email.text.contains(odd) && !email.html.contains(odd), "{}", email.text);
        assert!(email.subject.is_ascii() && email.subject.len() <= 104);
        for json in [
            message(&story),
            sns_envelope(&story),
            slack_body(&story),
            pagerduty_body(&story, &notify::Secret::new("k")),
        ] {
            let read: serde_json::Value = serde_json::from_str(&json).unwrap();
            assert!(read.is_object());
        }
        let slack: serde_json::Value = serde_json::from_str(&slack_body(&story)).unwrap();
        let text = slack["text"].as_str().unwrap();
        assert!(!text.contains(['<', '>']) && !text.contains("://"), "{text}");
    }
}

#[test]
fn a_megabyte_is_cut() {
    let mut story = story(PLAIN);
    let long = "x".repeat(1 << 20);
    story.evidence.groups = vec![
        Group {
            who: long.clone(),
            principal: format!("arn:aws:iam::111122223333:user/{long}"),
            operation: long.clone(),
            error: Some(long.clone()),
            error_message: Some(long.clone()),
            key: Some(Key { text: long.clone(), name: Some(long.clone()) }),
            data: vec![long.clone(); 20],
            addresses: vec![long.clone(); 20],
            user_agent: Some(long.clone()),
            count: 1,
            ..Group::default()
        };
        20
    ];
    let email = compose(&story);
    assert!(email.message().len() < 192 * 1024, "{}", email.message().len());
    assert!(slack_body(&story).len() < 32 * 1024);
    assert!(email.text.contains('…') && email.html.contains('…'));
    assert!(email.text.contains("And 12 more groups with 12 calls."));
}

#[test]
fn blanks_stand_where_aws_has_them() {
    let text = compose(&story(PLAIN)).text;
    assert!(text.contains(" period(s) of 300 seconds. \n\n"));
    assert!(text.contains("\n\n\nState Change Actions:\n- OK: \n- ALARM: [arn:"));
    assert!(text.contains("]\n- INSUFFICIENT_DATA: \n"));
    assert!(text.contains("- Dimensions:                          \n"));
}

#[test]
fn letters_of_an_alarm_are_one_thread() {
    let mut story = story(PLAIN);
    let first = compose(&story);
    assert_eq!(first.header("In-Reply-To"), None);
    story.letter.earlier = (0..100).collect();
    story.letter.id = 100;
    let last = compose(&story);
    assert_ne!(last.header("Message-ID"), first.header("Message-ID"));
    assert_eq!(last.header("In-Reply-To"), Some("<99.a1b2@alarms.example.com>"));
    let references: Vec<&str> = last.header("References").unwrap().split(' ').collect();
    assert_eq!(references.len(), notify::limits::MAX_REFERENCES);
    assert_eq!(
        (references[0], references[1], references[19]),
        ("<0.a1b2@alarms.example.com>", "<81.a1b2@alarms.example.com>", "<99.a1b2@alarms.example.com>",)
    );
}

#[test]
fn what_a_monitor_says_becomes_a_story() {
    let change = StateChange {
        alarm: "arn".into(),
        name: "a".into(),
        from: StateValue::Ok,
        to: StateValue::Alarm,
        at: 5_000,
        reason: StateReason::Given("because".into()),
        judged: None,
    };
    let happened = Happened::of(&About::State(Arc::new(change)), StateValue::Alarm, "", Some(1_000));
    assert_eq!((happened.state(), happened.at(), happened.reason()), (StateValue::Alarm, 5_000, "because"));
    let news = News {
        alarm: "arn".into(),
        name: "a".into(),
        at: 7,
        principals: vec!["p".into()],
        keys: vec![],
        more: 2,
    };
    let happened = Happened::of(&About::News(Arc::new(news)), StateValue::Alarm, "because", None);
    assert_eq!((happened.state(), happened.at(), happened.reason()), (StateValue::Alarm, 7, "because"));
}
