//! Reading files in tests: each record as its offset and name, and what is wrong with the file.

use std::fmt::Write as _;
use std::io::Write as _;

use cloudtrail::reader::{FileKind, Found, Options, Outcome, Reader, Visitor};
use cloudtrail::scanner::ABSENT;
use json::{Document, Value};

pub(crate) const WATCHED: [&str; 3] = ["eventName", "errorCode", "eventSource"];

/// A record as the tests compare it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Seen {
    pub(crate) offset: u64,
    pub(crate) name: String,
    pub(crate) source: String,
    /// Bytes of its text.
    pub(crate) length: usize,
}

/// Takes records, and checks that outlines tell the truth.
#[derive(Debug, Default)]
pub(crate) struct Collected(pub(crate) Vec<Seen>);

impl Visitor for Collected {
    fn record(&mut self, found: Found<'_>) -> Result<(), json::Error> {
        let document = Document::parse(found.text)?;
        let root = document.root();
        check_outline(&found, root);
        if let Some(value) = found.value {
            assert_eq!(value.raw().as_bytes(), found.text);
        }
        let text = |key| root.get(key).and_then(Value::string).unwrap_or_default().into_owned();
        let (name, source) = (text("eventName"), text("eventSource"));
        self.0.push(Seen { offset: found.offset, name, source, length: found.text.len() });
        Ok(())
    }
}

fn check_outline(found: &Found<'_>, root: Value<'_>) {
    let Some(outline) = found.outline.filter(|outline| !outline.escaped) else { return };
    let at = |key: &str| root.get(key).map_or(ABSENT, |value| u32::try_from(value.span().start).unwrap());
    assert_eq!(outline.event_time, at("eventTime"));
    for (value, key) in outline.values.iter().zip(WATCHED) {
        assert_eq!(*value, at(key), "{key}");
    }
}

pub(crate) fn reader(options: Options) -> Reader {
    Reader::new(&WATCHED.map(String::from), options)
}

/// Reads a file as a whole.
pub(crate) fn whole(file: &[u8]) -> (Vec<Seen>, Outcome) {
    read_with(Options::default(), file)
}

pub(crate) fn read_with(options: Options, file: &[u8]) -> (Vec<Seen>, Outcome) {
    let mut records = Collected::default();
    let outcome = reader(options).read(file, &mut records);
    assert_eq!(outcome.records, records.0.len() as u64);
    (records.0, outcome)
}

/// Reads a file in pieces of so many bytes.
pub(crate) fn in_pieces(file: &[u8], bytes: usize) -> (Vec<Seen>, Outcome) {
    let mut records = Collected::default();
    let outcome =
        reader(Options { chunk_bytes: bytes, ..Options::default() }).read_stream(file, &mut records);
    assert_eq!(outcome.records, records.0.len() as u64);
    (records.0, outcome)
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// What a case expects.
pub(crate) fn render(records: &[Seen], outcome: &Outcome) -> String {
    let kind = match outcome.kind {
        FileKind::Other => "other",
        FileKind::Log => "log",
        FileKind::Digest => "digest",
    };
    let mut text = format!("{kind}, {} broken\n", outcome.broken);
    for Seen { offset, name, .. } in records {
        let _ = writeln!(text, "{offset}: record {name}");
    }
    for problem in &outcome.problems.first {
        let _ = writeln!(text, "{}: {}", problem.offset, problem.reason);
    }
    if outcome.problems.more > 0 {
        let _ = writeln!(text, "{} more problems", outcome.problems.more);
    }
    text
}

/// A text with `\r`, `\n`, `\t`, `\0`, `\xNN` and `\\` for what an editor can't hold; its own line breaks don't count.
pub(crate) fn unescape(text: &str) -> Vec<u8> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes().filter(|byte| *byte != b'\n');
    while let Some(byte) = rest.next() {
        if byte != b'\\' {
            bytes.push(byte);
            continue;
        }
        bytes.push(match rest.next().unwrap() {
            b'r' => b'\r',
            b'n' => b'\n',
            b't' => b'\t',
            b's' => b' ',
            b'0' => 0,
            b'\\' => b'\\',
            b'x' => {
                let digits = [rest.next().unwrap(), rest.next().unwrap()];
                u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
            }
            other => panic!("unknown escape `{}`", char::from(other)),
        });
    }
    bytes
}
