//! Calls as people read them: `cases/call`, published records, and whatever else JSON can hold.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use cloudtrail::call::{self, Call, Denial, Reason, Tier};
use json::{Document, Kind, Value};
use proptest::prelude::*;
use testkit::{Case, Expectation, run_cases, shared};

#[test]
fn cases() {
    run_cases("cases/call", |case: &Case| {
        if let Some(times) = case.get("times") {
            return Expectation::of("seconds", lines(times, |text| format!("{:?}", call::seconds(text))));
        }
        if let Some(codes) = case.get("errors") {
            return Expectation::of("meanings", lines(codes, meaning));
        }
        if let Some(messages) = case.get("messages") {
            return Expectation::of("denials", lines(messages, denial));
        }
        let record = case.section("record");
        let document = Document::parse(record.as_bytes()).expect("the record is JSON");
        Expectation::of("call", describe(&Call::from_record(document.root())))
    });
}

fn lines(text: &str, answer: impl Fn(&str) -> String) -> String {
    text.lines().fold(String::new(), |mut all, line| {
        let _ = writeln!(all, "{line}\n    {}", answer(line));
        all
    })
}

/// `CODE` or `CODE: message`.
fn meaning(line: &str) -> String {
    let (code, message) = line.split_once(": ").map_or((line, None), |(code, message)| (code, Some(message)));
    let meaning = call::error_meaning(code, message);
    format!("{}: {}\n    {}", meaning.tier.code(), meaning.words, meaning.what_to_do)
}

fn denial(message: &str) -> String {
    let Some(denial) = Denial::read(Some("AccessDenied"), Some(&message.into())) else {
        return "no denial".into();
    };
    let Denial { reason, user, action, resource, policy, in_ciphertext } = &denial;
    let mut text = format!("{}\n    {}. {}", reason.code(), reason.words(), reason.look());
    if *in_ciphertext {
        text.push_str("\n    the key is in the ciphertext");
    }
    let policy = policy.as_ref().map(|_| ("policy", policy));
    let parts = [("user", user), ("action", action), ("resource", resource)];
    for (what, value) in parts.into_iter().chain(policy) {
        let _ = write!(text, "\n    {what}: {}", value.as_deref().unwrap_or("(none)"));
    }
    text
}

/// A stable rendering that shows what is there, hostile characters escaped.
fn describe(call: &Call<'_>) -> String {
    let mut text = Lines(String::new());
    let principal = &call.principal;
    text.line("who", &principal.words());
    principal.notes().iter().for_each(|note| text.line("and", note));
    text.line("id", &principal.id());
    text.line("by", if call.by_service() { "AWS itself" } else { "a person or workload" });
    if let Some(operation) = &call.operation {
        text.line(
            "operation",
            &format!("{operation} ({})", call.source.as_deref().unwrap_or("source unknown")),
        );
    }
    text.optional("key", call.key_name().as_deref());
    call.key_notes().iter().for_each(|note| text.line("key", note));
    if let Some(key) = &call.key {
        text.line("key found in", &format!("{:?}", key.place));
    }
    for data in &call.data {
        text.line("data", &data.words());
    }
    describe_error(call, &mut text);
    text.optional("when", call.time.map(|time| time.to_string()).as_deref());
    text.optional("from", call.source_address.as_deref());
    text.optional("VPC endpoint", call.vpc_endpoint.as_deref());
    let identity = call.identity().map(|id| format!("{} in {:?}", id.event_id, id.recipient_account));
    text.optional("record", identity.as_deref());
    text.0
}

fn describe_error(call: &Call<'_>, text: &mut Lines) {
    if let Some(denial) = &call.denial {
        text.line("denial", &format!("{}: {}", denial.reason.code(), denial.reason.words()));
    }
    if let Some(meaning) = call.meaning() {
        text.line("means", meaning.words);
        text.line("do", &format!("[{}] {}", meaning.tier.code(), meaning.what_to_do));
    }
}

struct Lines(String);

impl Lines {
    fn line(&mut self, name: &str, value: &str) {
        let value: String = value.chars().flat_map(shown).collect();
        let _ = writeln!(self.0, "{name}: {value}");
    }

    fn optional(&mut self, name: &str, value: Option<&str>) {
        if let Some(value) = value {
            self.line(name, value);
        }
    }
}

fn shown(character: char) -> Vec<char> {
    let harmless = character == '…' || !character.is_control() && character.is_ascii();
    if harmless { vec![character] } else { character.escape_default().collect() }
}

#[test]
fn reasons_have_distinct_codes_and_words() {
    for (index, reason) in Reason::ALL.iter().enumerate() {
        for other in Reason::ALL.iter().skip(index + 1) {
            assert_ne!(reason.code(), other.code());
            assert_ne!(reason.words(), other.words());
        }
        let kebab = reason.code().bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'-');
        assert!(kebab, "{}", reason.code());
    }
}

#[test]
fn words_are_bounded() {
    let long = "x".repeat(100_000);
    let record = format!(
        r#"{{"userIdentity":{{"type":"AssumedRole","arn":"arn:aws:sts::1:assumed-role/{long}/{long}","accountId":"{long}",
        "principalId":"{long}","invokedBy":"{long}","onBehalfOf":{{"userId":"{long}"}},
        "sessionContext":{{"sourceIdentity":"{long}"}}}},"eventSource":"kms.amazonaws.com","errorCode":"{long}",
        "errorMessage":"{long}","requestParameters":{{"keyId":"{long}","encryptionContext":{{"{long}":"{long}"}}}}}}"#
    );
    let document = Document::parse(record.as_bytes()).expect("JSON");
    let call = Call::from_record(document.root());
    let limit = 8 * call::MAX_WORD + 200;
    assert!(call.principal.words().len() < limit);
    assert!(call.principal.id().len() <= call::MAX_ID + 3);
    assert!(call.principal.notes().iter().chain(&call.key_notes()).all(|note| note.len() < limit));
    assert!(call.data.iter().all(|data| data.words().len() < limit));
}

#[test]
fn text_stays_borrowed() {
    let record = br#"{"eventID":"a","userIdentity":{"arn":"b"},"requestParameters":{"keyId":"c"},"eventSource":"kms.amazonaws.com"}"#;
    let document = Document::parse(record).expect("JSON");
    let call = Call::from_record(document.root());
    let borrowed = |text: Option<&call::Text<'_>>| matches!(text, Some(std::borrow::Cow::Borrowed(_)));
    assert!(borrowed(call.event_id.as_ref()));
    assert!(borrowed(call.principal.arn.as_ref()));
    assert!(borrowed(call.key.as_ref().map(|key| &key.text)));
}

#[test]
fn published_records_all_read() {
    let (mut calls, mut failed) = (0, 0);
    for folder in ["data/real", "data/quirks"].into_iter().filter_map(shared) {
        for text in texts(&folder) {
            for_each_record(&text, 0, &mut |record| {
                let call = Call::from_record(record);
                let _ = describe(&call);
                assert!(!call.principal.id().is_empty() && !call.principal.words().is_empty());
                calls += 1;
                failed += usize::from(is_failed_kms(&call));
                check_failed(&call);
            });
        }
    }
    assert!(calls == 0 || (calls > 5_000 && failed > 15), "{calls} records, {failed} failed KMS calls");
}

fn is_failed_kms(call: &Call<'_>) -> bool {
    call.error.is_some() && call.source.as_deref() == Some("kms.amazonaws.com")
}

fn check_failed(call: &Call<'_>) {
    if is_failed_kms(call) {
        assert_eq!(call.key.is_none(), call.no_key().is_some());
        assert!(call.meaning().is_some_and(|meaning| meaning.tier != Tier::Unknown), "{:?}", call.error);
        assert!(!call.key_notes().is_empty() || call.key.is_some());
        assert!(call.time.is_some(), "{call:?}");
        assert_ne!(call.principal.id(), "unknown caller", "{call:?}");
    }
}

fn texts(folder: &Path) -> Vec<String> {
    files(folder).iter().filter_map(|path| fs::read(path).ok()).filter_map(unpacked).collect()
}

fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten().map(|entry| entry.path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

fn unpacked(bytes: Vec<u8>) -> Option<String> {
    let mut text = Vec::new();
    if bytes.starts_with(&[0x1f, 0x8b]) {
        let mut reader = flate2::read::MultiGzDecoder::new(&*bytes);
        let _ = std::io::Read::read_to_end(&mut reader, &mut text).ok()?;
    } else {
        text = bytes;
    }
    String::from_utf8(text).ok().map(|text| text.trim_start_matches('\u{feff}').to_owned())
}

/// Each object with an `eventName`, also inside strings, and line by line where the text isn't one document.
fn for_each_record(text: &str, depth: usize, see: &mut impl FnMut(Value<'_>)) {
    match Document::parse(text.as_bytes()) {
        Ok(document) => in_value(document.root(), depth, see),
        Err(_) if depth == 0 => text.lines().for_each(|line| for_each_record(line, 1, see)),
        Err(_) => {}
    }
}

fn in_value(value: Value<'_>, depth: usize, see: &mut impl FnMut(Value<'_>)) {
    if value.get("eventName").is_some() {
        return see(value);
    }
    match value.string() {
        Some(text) if text.starts_with('{') && depth < 4 => for_each_record(&text, depth + 1, see),
        _ => value.children().for_each(|child| in_value(child, depth, see)),
    }
}

/// JSON whose keys and texts are often those that are read.
fn any_json() -> impl Strategy<Value = serde_json::Value> {
    let scalar = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        any_text().prop_map(Into::into),
    ];
    scalar.prop_recursive(5, 64, 8, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Into::into),
            prop::collection::vec((any_key(), inner), 0..8)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

fn any_key() -> impl Strategy<Value = String> {
    prop_oneof![4 => prop::sample::select(KEYS).prop_map(str::to_owned), 1 => any::<String>()]
}

fn any_text() -> impl Strategy<Value = String> {
    let words = prop::collection::vec(prop::sample::select(TEXTS), 0..8).prop_map(|words| words.concat());
    prop_oneof![2 => words, 1 => any::<String>(), 1 => "[{}\\[\\]=,:a-z\"\\\\ ]{0,40}"]
}

const KEYS: &[&str] = &[
    "userIdentity",
    "type",
    "arn",
    "ARN",
    "accountId",
    "principalId",
    "sessionContext",
    "sessionIssuer",
    "attributes",
    "mfaAuthenticated",
    "userName",
    "invokedBy",
    "onBehalfOf",
    "userId",
    "webIdFederationData",
    "federatedProvider",
    "requestParameters",
    "encryptionContext",
    "sourceEncryptionContext",
    "keyId",
    "sourceKeyId",
    "destinationKeyId",
    "resources",
    "errorCode",
    "errorMessage",
    "eventTime",
    "@timestamp",
    "eventID",
    "addendum",
    "reason",
    "originalEventID",
    "eventSource",
    "aws:s3:arn",
    "SecretARN",
    "PARAMETER_ARN",
    "readOnly",
    "eventType",
];

const TEXTS: &[&str] = &[
    "arn:",
    "aws:",
    "kms:",
    ":",
    "key/",
    "alias/",
    "111122223333",
    "User: ",
    " is not authorized to perform: ",
    "kms:Decrypt",
    " on resource: ",
    " because no ",
    "with an explicit deny",
    " in a ",
    "service control policy",
    "AWSService",
    "AssumedRole",
    "AWSAccount",
    "assumed-role/",
    "AWSReservedSSO_",
    "_",
    "secret:",
    "-AbCdEf",
    "{",
    "}",
    "[",
    "]",
    "=",
    ", ",
    "null",
    "Key '",
    "é",
    "\u{202e}",
    "2022-11-24T18:57:43Z",
    "AccessDenied",
    "i-",
    "\n",
    "kms.amazonaws.com",
    "UPDATED_DATA",
    "policy: arn:",
    "IdentityCenterUser",
    "FederatedUser",
    "Invalid keyId ",
];

proptest! {
    #[test]
    fn nothing_panics(json in any_json()) {
        let text = json.to_string();
        let document = Document::parse(text.as_bytes()).expect("serde_json writes JSON");
        let call = Call::from_record(document.root());
        prop_assert!(!describe(&call).is_empty());
        prop_assert_eq!(call.identity().is_some(), call.event_id.is_some());
        prop_assert!(call.data.len() <= call::MAX_DATA);
        prop_assert!(matches!(document.root().kind(), Kind::Object) || call.event_id.is_none());
    }

    #[test]
    fn no_message_panics(code in any_text(), message in any_text()) {
        let _ = call::error_meaning(&code, Some(&message));
        let denial = Denial::read(Some(&code), Some(&message.as_str().into()));
        prop_assert!(denial.is_none_or(|denial| !denial.reason.words().is_empty()));
    }

    #[test]
    fn times_agree_with_a_walk_through_the_calendar(days in 0i64..60_000, second in 0i64..86_400) {
        let (year, month, day) = walk(days);
        let (hour, minute) = (second / 3600, second / 60 % 60);
        let text = format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{:02}Z", second % 60);
        prop_assert_eq!(call::seconds(&text), Some(days * 86_400 + second));
    }

    #[test]
    fn no_time_panics(text in "[0-9T:.+Z -]{0,30}") {
        let _ = call::seconds(&text);
    }
}

/// The date `days` after 1970-01-01, counted off month by month.
fn walk(mut days: i64) -> (i64, i64, i64) {
    let (mut year, mut month) = (1970, 1);
    loop {
        let leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
        let length = match month {
            2 => 28 + i64::from(leap),
            4 | 6 | 9 | 11 => 30,
            _ => 31,
        };
        if days < length {
            return (year, month, days + 1);
        }
        days -= length;
        (year, month) = if month == 12 { (year + 1, 1) } else { (year, month + 1) };
    }
}
