//! The same answers as serde_json, on texts that are JSON and on texts that nearly are.

#![allow(clippy::unwrap_used, clippy::panic, reason = "a test fails by panicking")]

use json::{Document, Kind, MAX_DEPTH, Value, minify};
use proptest::prelude::*;
use serde::de::IgnoredAny;
use serde_json::Value as Expected;

/// Any JSON value; its numbers are written as serde_json writes them.
fn any_value() -> impl Strategy<Value = Expected> {
    let leaf = prop_oneof![
        Just(Expected::Null),
        any::<bool>().prop_map(Expected::from),
        any::<i64>().prop_map(Expected::from),
        (-1e300..1e300).prop_map(Expected::from),
        any::<String>().prop_map(Expected::from),
    ];
    leaf.prop_recursive(6, 60, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Expected::from),
            prop::collection::btree_map(any_key(), inner, 0..6)
                .prop_map(|members| Expected::Object(members.into_iter().collect())),
        ]
    })
}

fn any_key() -> impl Strategy<Value = String> {
    prop_oneof!["[a-c]{0,2}", any::<String>()]
}

fn assert_equal(value: Value<'_>, expected: &Expected) {
    match expected {
        Expected::Null => assert_eq!(value.kind(), Kind::Null),
        Expected::Bool(_) | Expected::Number(_) => assert_eq!(value.raw(), expected.to_string()),
        Expected::String(text) => assert_eq!(value.string().as_deref(), Some(text.as_str())),
        Expected::Array(list) => {
            assert_eq!(value.elements().count(), list.len());
            value.elements().zip(list).for_each(|(value, expected)| assert_equal(value, expected));
        }
        Expected::Object(members) => {
            assert_eq!(value.members().count(), members.len());
            for (key, expected) in members {
                assert_equal(value.get(key).unwrap_or_else(|| panic!("no member {key:?}")), expected);
            }
        }
    }
}

/// Bytes that make or break JSON.
fn any_piece() -> impl Strategy<Value = &'static [u8]> {
    prop::sample::select(
        &[
            b"{" as &[u8],
            b"}",
            b"[",
            b"]",
            b",",
            b":",
            b"\"",
            b"\\",
            b"\\u",
            b"00e9",
            b"\\ud83d",
            b"\\ude00",
            b"a",
            b"0",
            b"1",
            b"-",
            b".",
            b"e",
            b"E+",
            b"true",
            b"nul",
            b"false",
            b" ",
            b"\n",
            b"\t",
            b"\r",
            b"\0",
            b"\x1f",
            b"\x7f",
            b"\xc3",
            b"\xa9",
            b"\xf0\x9f\x98\x80",
            b"\xed\xa0\x80",
            b"/",
        ][..],
    )
}

/// Whether RFC 8259 allows a text, as serde_json judges it without building a value.
fn is_json(text: &[u8]) -> bool {
    std::str::from_utf8(text).is_ok_and(|text| serde_json::from_str::<IgnoredAny>(text).is_ok())
}

proptest! {
    #[test]
    fn a_value_is_read_as_it_was_written(expected in any_value()) {
        for text in [expected.to_string(), serde_json::to_string_pretty(&expected).unwrap()] {
            assert_equal(Document::parse(text.as_bytes()).unwrap().root(), &expected);
            let behind = format!("{text} ,");
            let (document, end) = Document::parse_prefix(behind.as_bytes()).unwrap();
            prop_assert_eq!(document.root().raw(), text.as_str());
            prop_assert!(text.len() <= end && end <= text.len() + 1, "{} of {}", end, text.len());
        }
    }

    #[test]
    fn minified_is_compact(expected in any_value()) {
        let mut compact = String::new();
        minify(&serde_json::to_string_pretty(&expected).unwrap(), &mut compact);
        prop_assert_eq!(compact, expected.to_string());
    }

    #[test]
    fn the_same_texts_are_json(expected in any_value(), at in any::<prop::sample::Index>(), put in any_piece(), cut in 0..3_usize) {
        let mut text = expected.to_string().into_bytes();
        let from = at.index(text.len() + 1);
        let to = (from + cut).min(text.len());
        text.splice(from..to, put.iter().copied());
        prop_assert_eq!(Document::check(&text).is_ok(), is_json(&text), "{}", String::from_utf8_lossy(&text));
        prop_assert_eq!(Document::parse(&text).is_ok(), is_json(&text));
    }

    #[test]
    fn any_pieces(pieces in prop::collection::vec(any_piece(), 0..12)) {
        let text = pieces.concat();
        prop_assert_eq!(Document::check(&text).is_ok(), is_json(&text), "{}", String::from_utf8_lossy(&text));
    }
}

#[test]
fn nesting_ends_at_its_limit() {
    let nested = |depth: usize| "[".repeat(depth) + &"]".repeat(depth);
    assert!(Document::parse(nested(MAX_DEPTH).as_bytes()).is_ok());
    assert!(Document::parse(nested(MAX_DEPTH + 1).as_bytes()).is_err());
    assert!(Document::check(nested(1_000_000).as_bytes()).is_err());
}
