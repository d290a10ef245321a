//! The scanner against a plain walk over the parsed text: the same bounds and values, whatever the text and wherever
//! it lies in memory.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;

use cloudtrail::scanner::{ABSENT, Continue, Engine, Scanner, Stop};
use json::Document;
use proptest::collection::vec;
use proptest::prelude::*;
use support::hostile;

/// What the scanner says of one object.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Seen {
    start: usize,
    end: usize,
    values: Vec<u32>,
    escaped: bool,
}

fn scanned(scanner: &Scanner, text: &[u8], from: usize) -> (Vec<Seen>, Stop) {
    let mut seen = Vec::new();
    let stop = scanner.scan(text, from, &mut |record| {
        let (start, end) = (record.start, record.end);
        seen.push(Seen { start, end, values: record.values.to_vec(), escaped: record.escaped });
        Continue::Yes
    });
    (seen, stop)
}

/// The same from a parsed object. Keys spelled with escapes are none, as the scanner says of itself.
fn walked(text: &[u8], start: usize, end: usize, keys: &[String]) -> Seen {
    let object = &text[start..end];
    let document = Document::parse(object).unwrap();
    let value = |key: &String| {
        let quoted = format!("\"{key}\"");
        let members = document.root().members().filter(|(name, _)| name.raw() == quoted);
        members.last().map_or(ABSENT, |(_, value)| u32::try_from(value.span().start).unwrap())
    };
    let values = keys.iter().map(value).collect();
    Seen { start, end, values, escaped: object.windows(4).any(|bytes| bytes == b"\\u00") }
}

/// `text` in memory at an address that is `shift` modulo 64.
struct Shifted {
    memory: Vec<u8>,
    range: std::ops::Range<usize>,
}

impl Shifted {
    fn new(text: &[u8], shift: usize) -> Self {
        let mut memory = vec![b'"'; text.len() + 192];
        let start = 64 - memory.as_ptr().addr() % 64 + shift;
        let range = start..start + text.len();
        memory[range.clone()].copy_from_slice(text);
        Self { memory, range }
    }

    fn text(&self) -> &[u8] {
        &self.memory[self.range.clone()]
    }
}

/// Objects in a text, and where they are.
#[derive(Debug, Clone)]
struct Placed {
    text: Vec<u8>,
    from: usize,
    bounds: Vec<(usize, usize)>,
    stop: Stop,
}

/// Objects behind `before`, with these gaps between them; `array` if a `]` closes them.
fn place(before: &str, objects: &[String], gaps: &[String], array: bool) -> Placed {
    let mut text = before.to_owned();
    let mut bounds = Vec::new();
    for (index, object) in objects.iter().enumerate() {
        let gap = &gaps[index % gaps.len()];
        if index == 0 || !array {
            text += gap.trim_matches(',');
        } else {
            text += gap;
        }
        bounds.push((text.len(), text.len() + object.len()));
        text += object;
    }
    let stop = if array { Stop::ArrayEnd(text.len()) } else { Stop::End };
    if array {
        text += "],\"further\":[{}]}";
    }
    Placed { text: text.into_bytes(), from: before.len(), bounds, stop }
}

fn placed() -> impl Strategy<Value = Placed> {
    (hostile::before(), vec(hostile::object(), 0..5), vec(hostile::gap(), 1..4), any::<bool>())
        .prop_map(|(before, objects, gaps, array)| place(&before, &objects, &gaps, array))
}

fn check(placed: &Placed, keys: &[String], shift: usize) {
    let expected: Vec<Seen> =
        placed.bounds.iter().map(|(start, end)| walked(&placed.text, *start, *end, keys)).collect();
    let shifted = Shifted::new(&placed.text, shift);
    for engine in Engine::available() {
        let scanner = Scanner::with_engine(keys, engine);
        let (seen, stop) = scanned(&scanner, shifted.text(), placed.from);
        assert_eq!(seen, expected, "{engine:?} {shift} {}", String::from_utf8_lossy(&placed.text));
        assert_eq!(stop, placed.stop, "{engine:?} {shift} {}", String::from_utf8_lossy(&placed.text));
    }
}

/// All engines see the same in any text, and come to an end.
fn agree(text: &[u8], from: usize, keys: &[String], shift: usize) {
    let shifted = Shifted::new(text, shift);
    let answers: Vec<_> = Engine::available()
        .into_iter()
        .map(|engine| scanned(&Scanner::with_engine(keys, engine), shifted.text(), from))
        .collect();
    let aligned = scanned(&Scanner::with_engine(keys, Engine::Portable), Shifted::new(text, 0).text(), from);
    for answer in &answers {
        assert_eq!(answer, &aligned);
        for (earlier, later) in answer.0.iter().zip(answer.0.iter().skip(1)) {
            assert!(earlier.end <= later.start);
        }
        for seen in &answer.0 {
            assert!(from <= seen.start && seen.start < seen.end && seen.end <= text.len());
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn bounds_and_values_are_those_of_a_plain_walk(
        placed in placed(),
        keys in hostile::watched(),
        shift in 0..64_usize,
    ) {
        check(&placed, &keys, shift);
    }

    /// What stands before `from` is no matter.
    #[test]
    fn what_stands_before_is_no_matter(placed in placed(), keys in hostile::watched(), cut in any::<prop::sample::Index>()) {
        let scanner = Scanner::new(&keys);
        let cut = cut.index(placed.from + 1);
        let (mut seen, _) = scanned(&scanner, &placed.text[cut..], placed.from - cut);
        seen.iter_mut().for_each(|seen| (seen.start, seen.end) = (seen.start + cut, seen.end + cut));
        assert_eq!(seen, scanned(&scanner, &placed.text, placed.from).0);
    }

    /// Damaged text: nothing is promised, except an end, sane bounds, and one answer of all engines.
    #[test]
    fn engines_agree_on_damaged_text(
        placed in placed(),
        keys in hostile::watched(),
        shift in 0..64_usize,
        damage in vec((any::<prop::sample::Index>(), prop::sample::select(&b"\"\\{}[],: a\0\xff"[..])), 0..6),
        cut in any::<prop::sample::Index>(),
    ) {
        let mut text = placed.text;
        for (index, byte) in damage {
            if !text.is_empty() {
                let at = index.index(text.len());
                text[at] = byte;
            }
        }
        text.truncate(placed.from.max(cut.index(text.len() + 1)));
        agree(&text, placed.from, &keys, shift);
    }

    #[test]
    fn engines_agree_on_any_bytes(
        text in vec(prop_oneof![any::<u8>(), prop::sample::select(&b"\"\\{}[],: aekyn"[..])], 0..1200),
        keys in hostile::watched(),
        shift in 0..64_usize,
        from in any::<prop::sample::Index>(),
    ) {
        agree(&text, from.index(text.len() + 1), &keys, shift);
    }
}

/// Runs of backslashes in front of a closing quote, of each length at each place of a block.
#[test]
fn runs_of_backslashes() {
    let keys = ["eventSource", "eventName"].map(String::from);
    for run in 1..=70 {
        let even = "\\".repeat(run * 2);
        let quoted = format!("{}\\\"", "\\".repeat(run / 2 * 2));
        let objects = [
            format!("{{\"a\":\"{even}\",\"eventSource\":\"x\"}}"),
            format!("{{\"a\":\"{quoted}]}},{{\",\"eventName\":1}}"),
            format!("{{\"{quoted}eventSource\":\"{even}\",\"eventName\":\"{quoted}\"}}"),
        ];
        let placed = place("[", &objects, &[",".into()], true);
        (0..64).for_each(|shift| check(&placed, &keys, shift));
    }
}

/// Each watched key at each place of a block, and its look-alikes.
#[test]
fn keys_at_each_place() {
    let keys = hostile::WATCHED.map(String::from);
    for key in &keys {
        let object =
            format!("{{\"x{key}\":1,\"{key}x\":2,\"\\\"{key}\":3,\"o\":{{\"{key}\":4}},\"{key}\" : 5}}");
        let placed = place("[", &[object.clone(), "{}".into(), object], &[",".into()], true);
        (0..64).for_each(|shift| check(&placed, &keys, shift));
    }
}

/// A scan stops where it is asked to, and can go on from there.
#[test]
fn stops_when_asked() {
    let scanner = Scanner::new(&[]);
    let text = br#"[{"a":[{}]}, {"b":"}"},{}]"#;
    let (mut from, mut ends) = (1, Vec::new());
    while let Stop::Asked(end) = scanner.scan(text, from, &mut |_| Continue::No) {
        ends.push(end);
        from = end;
    }
    assert_eq!(ends, [11, 22, 25]);
}

/// Keys beyond the limit are never found and do no harm.
#[test]
fn too_many_keys() {
    let keys: Vec<String> = (0..40).map(|number| format!("key{number}")).collect();
    let members: Vec<String> = keys.iter().map(|key| format!("\"{key}\":0")).collect();
    let text = format!("{{{}}}", members.join(","));
    for engine in Engine::available() {
        let (seen, stop) = scanned(&Scanner::with_engine(&keys, engine), text.as_bytes(), 0);
        assert_eq!(stop, Stop::End);
        assert_eq!(seen[0].values.len(), cloudtrail::scanner::MAX_WATCHED);
        assert!(seen[0].values.iter().all(|value| *value != ABSENT), "{engine:?}");
    }
}
