//! Do the service's mails say what happened, and is what an attacker wrote harmless in them?

#![cfg(unix)]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says what it leaves out"
)]

mod support;

use std::fs;
use std::process::Command;

use serde_json::{Value, json};
use support::beside;
use support::service::{Place, TEMPLATE, record};
use testkit::repository;

/// What would break out of a mail if it could: of its headers, its HTML, its parts, its lines.
const HOSTILE: &str = "<script>alert(1)</script><img src=x onerror=y>\"'>\r\nBcc: thief@evil.example\r\n\r\n\
    --=_alternative-0\r\n\u{1b}[31m\u{202e}gnp.exe =?utf-8?B?aGFja2Vk?= https://evil.example/x www.evil.example \
    evil.example/login @evil =cmd|calc!A1";

/// A mail without the folds of its encoding, and with single blanks.
fn flat(mail: &str) -> String {
    mail.replace("=\r\n", "").split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Complaints of Python's parser about the mails of a place; says so where there is no Python.
fn complaints(place: &Place) -> Option<String> {
    let Some(python) = std::env::var_os("KMSWATCH_PYTHON") else {
        eprintln!("left out: KMSWATCH_PYTHON isn't set; `cargo xtask test` sets it");
        return None;
    };
    let script = repository().join("crates/notify/tests/check_mail.py");
    let output = Command::new(python).arg(script).arg(place.data().join("outbox")).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    Some(String::from_utf8(output.stdout).unwrap())
}

/// A failed `Decrypt` in which each text that a caller, or AWS, could have written is `text`.
fn hostile_record(number: u64, text: &str) -> Value {
    let mut record: Value = serde_json::from_str(&record(number)).unwrap();
    let arn = format!("arn:aws:iam::111122223333:user/{text}");
    record["userIdentity"] =
        json!({ "type": "IAMUser", "arn": arn, "userName": text, "accountId": text, "principalId": text });
    for member in ["sourceIPAddress", "userAgent", "errorMessage", "awsRegion"] {
        record[member] = json!(text);
    }
    record["requestParameters"] = json!({ "encryptionContext": { text: text }, "keyId": text });
    record["resources"] = json!([{ "ARN": format!("arn:aws:kms:us-east-1:111122223333:key/{text}") }]);
    record
}

#[test]
fn nothing_in_a_record_breaks_out_of_a_mail() {
    for (number, text) in [HOSTILE.to_owned(), "A".repeat(1 << 20)].iter().enumerate() {
        let place = Place::new();
        let mut service = place.start(&[]);
        let body = json!({ "Records": [hostile_record(number as u64, text)] }).to_string();
        assert_eq!(service.push(body).status, 200);
        service.until("the mail is written", || (!place.mails().is_empty()).then_some(()));
        let mail = place.mails().remove(0);
        let log = service.log();
        service.end();
        let headers = mail.split_once("\r\n\r\n").unwrap().0;
        assert!(headers.contains("\r\nSubject: ALARM: \"denied\" in US East (N. Virginia)\r\n"), "{headers}");
        let unfolded = mail.replace("=\r\n", "");
        for breaks_out in ["\r\nBcc:", "\u{1b}", "\r\n--=_alternative-0\r\n", "https://evil", "evil.example/"]
        {
            assert!(!unfolded.contains(breaks_out), "{breaks_out:?}: {mail}");
        }
        // It stands there, as harmless as it is.
        assert!(unfolded.contains("\nHow often"), "{mail}");
        let html = unfolded.split_once("Content-Type: text/html").unwrap().1;
        assert!(!html.contains("<script") && !html.contains("<img src=3Dx"), "{mail}");
        assert!(mail.len() < 200_000, "{}", mail.len());
        if let Some(complaints) = complaints(&place) {
            assert_eq!(complaints, "1 mails\n");
        }
        assert!(log.chars().all(|found| found == '\n' || !found.is_control()), "{log}");
    }
}

/// The template with so many alarms instead of one.
fn alarms(count: usize) -> String {
    let (before, alarm_and_topic) = TEMPLATE.split_once("  DeniedAlarm:\n").unwrap();
    let (alarm, topic) = alarm_and_topic.split_once("  Topic:\n").unwrap();
    let alarm = |number: usize| {
        let alarm = alarm.replace("AlarmName: denied", &format!("AlarmName: denied-{number}"));
        format!("  Alarm{number}:\n{alarm}")
    };
    format!("{before}{}  Topic:\n{topic}", (0..count).map(alarm).collect::<String>())
}

#[test]
fn a_storm_is_told_at_once_and_with_who_is_behind_it() {
    let place = Place::new();
    fs::write(place.template(), alarms(40)).unwrap();
    let mut command = place.command();
    command.env("KMSWATCH_ACCOUNTS", "{ 111122223333 = \"production\" }");
    let mut service = place.start_with(&mut command);
    service.push(record(1));
    let summary = service.until("the summary is written", || {
        place.mails().into_iter().find(|mail| mail.contains(" alarms in US East (N. Virginia)\r\n"))
    });
    service.end();
    // The first ones may be on their way before there is a storm.
    assert!(place.mails().len() < 5, "{}", place.mails().len());
    let said = flat(&summary);
    for part in [
        "alarms went into ALARM",
        "Most of it: User mallory in account production (111122223333) tried Decrypt once",
        "Who arn:aws:iam::111122223333:user/mallory",
        "=46rom where 192.0.2.7",
        "aws iam list-access-keys --user-name mallory",
        "- denied-39 When 20",
    ] {
        assert!(said.contains(part), "{part}: {summary}");
    }
    // A chart would be that of any one of them.
    assert!(!summary.contains("image/png"), "{summary}");
    if let Some(complaints) = complaints(&place) {
        assert_eq!(complaints, format!("{} mails\n", place.mails().len()));
    }
}

#[test]
fn who_has_subscribed_gets_a_mail_and_nobody_else() {
    let place = Place::new();
    let mut service = place.start(&[]);
    service.push(record(1));
    service.until("the mail is written", || (!place.mails().is_empty()).then_some(()));
    // Whatever else is to be delivered is, before the service ends.
    service.end();
    let mails = place.mails();
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert!(mails[0].contains("\r\nTo: you@example.com\r\n"), "{mails:?}");
}

#[test]
fn a_drill_asks_for_nothing() {
    let service = beside::Service::start(&[]);
    assert_eq!(service.command(&["drill"]).status, Some(0), "{}", service.log());
    let mails: Vec<_> =
        fs::read_dir(service.path("data/outbox")).unwrap().map(|file| file.unwrap().path()).collect();
    let [mail] = mails.as_slice() else { panic!("{mails:?}") };
    let said = flat(&fs::read_to_string(mail).unwrap());
    assert!(
        said.contains("This is a drill. Somebody ran `kmswatch drill` to see that an alarm reaches you."),
        "{said}"
    );
    assert!(
        !said.contains("WHAT TO DO NEXT") && !said.contains("aws iam") && !said.contains("About this alarm"),
        "{said}"
    );
}
