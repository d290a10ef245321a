//! What several tests of filter patterns share: the same question asked in each way that there is.

#![allow(dead_code, reason = "each test uses its own part")]

pub(crate) mod generate;

use filter_pattern::{ABSENT, Match, Outline, Pattern, PatternSet, Scratch};
use json::{Document, Kind};

/// Where the values of the watched keys stand, found the slow way, and whether there is a `\u00` escape. `None` if
/// the event isn't a JSON object.
pub(crate) fn outline_values(set: &PatternSet, object: &str) -> Option<(Vec<u32>, bool)> {
    let document = Document::parse(object.as_bytes()).ok()?;
    if document.root().kind() != Kind::Object {
        return None;
    }
    let located = set.watched_keys().iter().map(|key| {
        let value = document.root().members().filter(|(name, _)| name.raw() == format!("\"{key}\"")).last();
        value.map_or(ABSENT, |(_, value)| u32::try_from(value.span().start).unwrap())
    });
    Some((located.collect(), object.contains("\\u00")))
}

/// The answer of a set through an outline; `None` if the event isn't a JSON object. Checks `could_match` too.
pub(crate) fn through_outline(set: &PatternSet, event: &str, scratch: &mut Scratch) -> Option<Vec<u32>> {
    let object = event.trim_matches([' ', '\t', '\n', '\r']);
    let (values, escaped) = outline_values(set, object)?;
    let outline = Outline { event: object.as_bytes(), values: &values, escaped };
    let matched = set.matches_outline(&outline, scratch).to_vec();
    assert!(set.could_match(&outline) || matched.is_empty(), "could_match said no for {event}");
    Some(matched)
}

/// What each pattern says on its own, checked against the set through both doors.
pub(crate) fn ask_all(patterns: &[Pattern], event: &str, scratch: &mut Scratch) -> Vec<Option<Match>> {
    let set = PatternSet::new(patterns.to_vec());
    ask_set(&set, event, scratch)
}

/// [`ask_all`] with a set that exists already.
pub(crate) fn ask_set(set: &PatternSet, event: &str, scratch: &mut Scratch) -> Vec<Option<Match>> {
    let alone: Vec<Option<Match>> = set.patterns().iter().map(|pattern| pattern.matches(event)).collect();
    let expected: Vec<u32> =
        (0u32..).zip(&alone).filter(|(_, found)| found.is_some()).map(|(index, _)| index).collect();
    let texts: Vec<&str> = set.patterns().iter().map(Pattern::text).collect();
    assert_eq!(set.matches(event.as_bytes(), scratch), expected, "the set for {event} with {texts:#?}");
    // White space around the object would count for term and space-delimited patterns.
    let is_bare = event.starts_with('{') && event.ends_with('}');
    if let Some(matched) = is_bare.then(|| through_outline(set, event, scratch)).flatten() {
        assert_eq!(matched, expected, "the outline for {event} with {texts:#?}");
    }
    alone
}
