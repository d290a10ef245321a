//! Notifications over HTTP: what each answer means, what is sent, and what isn't followed or read.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

mod support;

use std::ffi::{OsStr, OsString};
use std::net::TcpListener;
use std::time::Duration;

use monitor::DeliveryOutcome;
use notify::{
    Courier, Endpoint, Folder, Post, Roots, SIGNATURE_HEADER, Secret, Signature, Story, Web, sns_envelope,
};
use ring::hmac;
use serde_json::Value;
use support::python::python;
use support::server::{Identity, Server};
use support::story::story;

const NOW: i64 = 1_741_616_113;

fn a_story() -> Story {
    story(r#"{"states": ["OK", "ALARM"], "at": "2025-03-10T14:15:12.345Z", "alarm": {}}"#)
}

fn courier(roots: &Roots) -> Courier {
    Courier {
        post: Post::Folder(Folder::new("nowhere")),
        web: Web::with_timeout(roots, Duration::from_secs(2)),
        signature: Some(Signature::new(Secret::new("key"))),
    }
}

fn deliver(protocol: &str, endpoint: &str) -> DeliveryOutcome {
    courier(&Roots::default()).deliver(&a_story(), &Endpoint::parse(protocol, endpoint).unwrap(), NOW)
}

/// What an outcome says, with the port left out.
fn said(outcome: &DeliveryOutcome) -> String {
    let text = match outcome {
        DeliveryOutcome::Accepted => "accepted".to_owned(),
        DeliveryOutcome::Deferred(reason) => format!("deferred: {reason}"),
        DeliveryOutcome::Refused(reason) => format!("refused: {reason}"),
    };
    let digits = |word: &str| word.rsplit_once(':').is_some_and(|(_, end)| end.parse::<u16>().is_ok());
    let words = text.split(' ').map(|word| {
        let (word, colon) = word.strip_suffix(':').map_or((word, ""), |word| (word, ":"));
        if digits(word) {
            format!("{}{colon}", word.rsplit_once(':').unwrap().0)
        } else {
            format!("{word}{colon}")
        }
    });
    words.collect::<Vec<_>>().join(" ")
}

#[test]
fn each_answer_has_its_meaning() {
    let Some(python) = python() else { return };
    let server = Server::start(&python, "web_server.py", &[]);
    let moved = " (the address has moved; redirects aren't followed)";
    let answers = [
        ("200", "accepted".to_owned()),
        ("202", "accepted".into()),
        ("204", "accepted".into()),
        ("301", format!("refused: http://127.0.0.1 answers 301 Moved Permanently{moved}: status 301\\x1b[31m\\nsecond line")),
        ("307", format!("deferred: http://127.0.0.1 answers 307 Temporary Redirect{moved}: status 307\\x1b[31m\\nsecond line")),
        ("400", "refused: http://127.0.0.1 answers 400 Bad Request: status 400\\x1b[31m\\nsecond line".into()),
        ("404", "refused: http://127.0.0.1 answers 404 Not Found (the address doesn't exist, or doesn't any more): status 404\\x1b[31m\\nsecond line".into()),
        ("408", "deferred: http://127.0.0.1 answers 408 Request Timeout: status 408\\x1b[31m\\nsecond line".into()),
        ("429", "deferred: http://127.0.0.1 answers 429 Too Many Requests (too many requests): status 429\\x1b[31m\\nsecond line".into()),
        ("500", "deferred: http://127.0.0.1 answers 500 Internal Server Error: status 500\\x1b[31m\\nsecond line".into()),
        ("503", "deferred: http://127.0.0.1 answers 503 Service Unavailable: status 503\\x1b[31m\\nsecond line".into()),
    ];
    for (status, answer) in answers {
        let url = format!("http://127.0.0.1:{}/status/{status}", server.port);
        assert_eq!(said(&deliver("http", &url)), answer);
    }
}

#[test]
fn what_goes_wrong_on_the_way_is_tried_again() {
    let Some(python) = python() else { return };
    let server = Server::start(&python, "web_server.py", &[]);
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let slow = "deferred: http://127.0.0.1: it didn't answer within 2 seconds";
    let answers = [
        (server.port, "stall", slow),
        (server.port, "trickle", slow),
        (closed, "", "deferred: http://127.0.0.1: nothing listens there (connection refused)"),
    ];
    for (port, path, answer) in answers {
        assert_eq!(said(&deliver("http", &format!("http://127.0.0.1:{port}/{path}"))), answer);
    }
    let outcome = deliver("http", &format!("http://127.0.0.1:{}/drop", server.port));
    assert!(matches!(outcome, DeliveryOutcome::Deferred(_)), "{outcome:?}");
}

#[test]
fn an_answer_without_end_is_not_read() {
    let Some(python) = python() else { return };
    let mut server = Server::start(&python, "web_server.py", &[]);
    let outcome = said(&deliver("http", &format!("http://127.0.0.1:{}/flood", server.port)));
    assert!(
        outcome.starts_with("deferred: http://127.0.0.1 answers 500 Internal Server Error: xxx"),
        "{outcome}"
    );
    assert!(outcome.len() < 1_000);
    assert_eq!(server.next()["path"], "/flood");
    // What lies in the buffers of the system counts, too.
    let sent = server.next()["sent"].as_u64().unwrap();
    assert!(sent < 32 << 20, "{sent}");
}

#[test]
fn an_envelope_is_signed() {
    let Some(python) = python() else { return };
    let mut server = Server::start(&python, "web_server.py", &[]);
    let url = format!("http://user:pass@127.0.0.1:{}/hook?a=b", server.port);
    assert_eq!(deliver("http", &url), DeliveryOutcome::Accepted);
    let request = server.next();
    let body = request["body"].as_str().unwrap();
    assert_eq!((body, &request["path"]), (sns_envelope(&a_story()).as_str(), &"/hook?a=b".into()));
    let header = |name: &str| request["headers"][name].as_str().unwrap().to_owned();
    assert_eq!(header("authorization"), "Basic dXNlcjpwYXNz");
    assert_eq!(header("content-type"), "text/plain; charset=UTF-8");
    assert_eq!(header("x-amz-sns-message-type"), "Notification");
    assert_eq!(header("x-amz-sns-topic-arn"), "arn:aws:sns:us-east-1:111122223333:security");
    let signature = header(&SIGNATURE_HEADER.to_lowercase());
    let (time, mac) = signature.split_once(",v1=").unwrap();
    assert_eq!(time, format!("t={NOW}"));
    let mac: Vec<u8> =
        (0..mac.len()).step_by(2).map(|at| u8::from_str_radix(&mac[at..at + 2], 16).unwrap()).collect();
    let key = hmac::Key::new(hmac::HMAC_SHA256, b"key");
    hmac::verify(&key, format!("{NOW}.{body}").as_bytes(), &mac).unwrap();
}

#[test]
fn chats_and_pagers_get_their_own_form() {
    let Some(python) = python() else { return };
    let mut server = Server::start(&python, "web_server.py", &[]);
    for form in ["slack", "pagerduty=R0UT1NG"] {
        let url = format!("http://127.0.0.1:{}/hook#{form}", server.port);
        assert_eq!(deliver("http", &url), DeliveryOutcome::Accepted);
        let request = server.next();
        assert_eq!(request["path"], "/hook");
        assert_eq!(request["headers"]["content-type"], "application/json");
        assert_eq!(request["headers"].get(SIGNATURE_HEADER.to_lowercase()), None);
        let body: Value = serde_json::from_str(request["body"].as_str().unwrap()).unwrap();
        let is_slack = form == "slack";
        assert_eq!((body.get("blocks").is_some(), body["routing_key"] == "R0UT1NG"), (is_slack, !is_slack));
    }
}

#[test]
fn a_certificate_must_be_trusted() {
    let Some(python) = python() else { return };
    let (ours, theirs) = (Identity::of(&["localhost"]), Identity::of(&["localhost"]));
    let files = ours.arguments();
    let arguments: Vec<&OsStr> = files.iter().map(OsString::as_os_str).collect();
    let server = Server::start(&python, "web_server.py", &arguments);
    let endpoint = Endpoint::parse("https", &format!("https://localhost:{}/", server.port)).unwrap();
    assert_eq!(courier(&ours.roots()).deliver(&a_story(), &endpoint, NOW), DeliveryOutcome::Accepted);
    let outcome = said(&courier(&theirs.roots()).deliver(&a_story(), &endpoint, NOW));
    assert!(outcome.starts_with("deferred: https://localhost: its certificate isn't trusted ("), "{outcome}");
}

#[test]
fn without_a_mail_server_mails_are_files() {
    let folder = tempfile::tempdir().unwrap();
    let mut courier = courier(&Roots::default());
    courier.post = Post::Folder(Folder::new(folder.path().join("outbox")));
    let endpoint = Endpoint::parse("email", "oncall@example.com").unwrap();
    for _ in 0..2 {
        assert_eq!(courier.deliver(&a_story(), &endpoint, NOW), DeliveryOutcome::Accepted);
    }
    let names: Vec<String> = std::fs::read_dir(folder.path().join("outbox"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    assert_eq!(names, ["20250310T141512Z-42-ALARM.eml"]);
    let mail = std::fs::read(folder.path().join("outbox").join(&names[0])).unwrap();
    assert_eq!(mail, notify::compose(&a_story()).message());
    std::fs::write(folder.path().join("file"), "").unwrap();
    courier.post = Post::Folder(Folder::new(folder.path().join("file")));
    let outcome = courier.deliver(&a_story(), &endpoint, NOW);
    assert!(
        matches!(&outcome, DeliveryOutcome::Deferred(reason) if reason.contains("can't be written")),
        "{outcome:?}"
    );
}
