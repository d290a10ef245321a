//! JSON objects made to mislead whoever doesn't parse them.

use proptest::collection::vec;
use proptest::prelude::*;

pub(crate) const WATCHED: [&str; 9] = [
    "eventSource",
    "eventName",
    "eventTime",
    "errorCode",
    "a",
    "ab",
    "abc",
    "sessionCredentialFromConsole",
    "sixteenCharacter",
];

/// Some keys to watch.
pub(crate) fn watched() -> impl Strategy<Value = Vec<String>> {
    let all: Vec<String> = WATCHED.map(String::from).to_vec();
    let count = all.len();
    prop_oneof![
        Just(all.iter().take(4).cloned().collect()),
        Just(all.clone()),
        prop::sample::subsequence(all, 0..=count),
    ]
}

/// What stands before the first object: it isn't scanned, so it may be anything.
pub(crate) fn before() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        Just("[".to_owned()),
        Just("{\"Records\":[".to_owned()),
        Just("\"eventSource\":\"{\\".to_owned()),
        (0..130_usize).prop_map(|count| "\\".repeat(count)),
    ]
}

/// What stands between two objects: at most one comma.
pub(crate) fn gap() -> impl Strategy<Value = String> {
    (space(), prop_oneof![9 => Just(","), 1 => Just("")], space())
        .prop_map(|(left, comma, right)| format!("{left}{comma}{right}").replace(" ,", ","))
}

fn space() -> impl Strategy<Value = String> {
    prop_oneof![
        6 => Just(String::new()),
        1 => Just(" ".to_owned()),
        1 => Just("\r\n\t".to_owned()),
        1 => (0..140_usize).prop_map(|count| " ".repeat(count)),
    ]
}

/// An object as JSON text.
pub(crate) fn object() -> impl Strategy<Value = String> {
    vec((key(), space(), space(), value(), space()), 0..8).prop_map(members)
}

fn members(members: Vec<(String, String, String, String, String)>) -> String {
    let members: Vec<String> = members
        .into_iter()
        .map(|(key, before, between, value, after)| {
            format!("{before}\"{key}\"{after}:{between}{value}{after}")
        })
        .collect();
    format!("{{{}}}", members.join(","))
}

/// The inside of a key's quotes.
fn key() -> impl Strategy<Value = String> {
    let watched = || prop::sample::select(&WATCHED[..]);
    prop_oneof![
        8 => watched().prop_map(String::from),
        1 => watched().prop_map(|key| format!("\\\"{key}")),
        1 => watched().prop_map(|key| format!("\\\\\\\"{key}")),
        1 => watched().prop_map(|key| format!("{key}\\\"")),
        1 => watched().prop_map(|key| format!("x{key}")),
        1 => watched().prop_map(|key| format!("{key}\\\\")),
        1 => watched().prop_map(|key| key.chars().skip(1).collect()),
        1 => Just("event\\u0053ource".to_owned()),
        1 => Just("\\u0061".to_owned()),
        1 => Just(String::new()),
        1 => "[abc]{1,3}",
        1 => "[a-zé€😀]{17,80}",
        1 => inside(),
    ]
}

/// The inside of a string's quotes.
fn inside() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => prop::sample::select(&["]},{", "}]", "{\\\"eventSource\\\":1}", "\\\"eventSource\\\":", ":", ",",
            "eventSource", "a", "\\u0022", "\\ud800", "\\\\u0061", "\\u4e2d", "é€😀", ""][..]).prop_map(String::from),
        1 => (1..70_usize).prop_map(|count| "\\\\".repeat(count)),
        1 => (0..70_usize).prop_map(|count| format!("{}\\\"", "\\\\".repeat(count))),
        1 => "[a-z{}\\[\\],: é€😀]{0,140}",
    ]
}

fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        4 => inside().prop_map(|inside| format!("\"{inside}\"")),
        1 => prop::sample::select(&["null", "true", "false", "0", "-1.5e3", "{}", "[]"][..]).prop_map(String::from),
    ];
    leaf.prop_recursive(3, 24, 5, |value| {
        let member = (key(), space(), Just(String::new()), value.clone(), space());
        prop_oneof![
            vec(member, 0..5).prop_map(members),
            vec(value, 0..5).prop_map(|values| format!("[{}]", values.join(","))),
        ]
    })
}
