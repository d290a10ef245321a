//! Log files of any shape, whole and broken: `cases/reader`, published files, and files made to do harm.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::io::Read;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use cloudtrail::limits::{MAX_PROBLEMS_PER_FILE, MAX_RECORD_BYTES};
use cloudtrail::problem::{Problem, Reason};
use cloudtrail::reader::{Options, Outcome};
use proptest::collection::vec;
use proptest::prelude::*;
use support::hostile;
use support::reading::{Collected, Seen, gzip, in_pieces, read_with, reader, render, unescape, whole};
use testkit::{Case, Expectation, run_cases, shared};

const PIECES: [usize; 6] = [1, 2, 7, 64, 1000, 4096];

type Answer = (Vec<Seen>, Outcome);

#[test]
fn cases() {
    run_cases("cases/reader", |case| {
        let file = file_of(case);
        let answer = whole(&file);
        same_in_all_ways(&file, &answer, &case.name);
        Expectation::of("read", render(&answer.0, &answer.1))
    });
}

/// The bytes that a case describes; the start of `cases/reader/shapes.txt` says how.
fn file_of(case: &Case) -> Vec<u8> {
    if let Some(bytes) = case.get("bytes") {
        return unescape(bytes);
    }
    let Some(file) = case.get("file") else {
        let members: Vec<&str> = case.titles().filter(|title| title.starts_with("member ")).collect();
        assert!(!members.is_empty(), "{} gives no file", case.name);
        return members.iter().flat_map(|title| gzip(case.section(title).as_bytes())).collect();
    };
    let wrapped = case.get("wrapped").map(|text| BASE64_STANDARD.encode(gzip(text.as_bytes())));
    file.replace("@wrapped@", &wrapped.unwrap_or_default()).into_bytes()
}

/// Nobody but the reader's memory may notice how a file is read.
fn same_in_all_ways(file: &[u8], expected: &Answer, name: &str) {
    for bytes in PIECES {
        same(&in_pieces(file, bytes), expected, &format!("{name}, in pieces of {bytes}"));
    }
    let strict = Options { strict: true, ..Options::default() };
    same(&read_with(strict, file), expected, &format!("{name}, strictly"));
    if !cloudtrail::is_gzip(file) {
        let compressed = gzip(file);
        same(&whole(&compressed), expected, &format!("{name}, compressed"));
        let long = Options { max_whole_bytes: 16, chunk_bytes: 16, ..Options::default() };
        same(&read_with(long, &compressed), expected, &format!("{name}, compressed and too long"));
    }
}

fn same(answer: &Answer, expected: &Answer, how: &str) {
    if answer != expected {
        let (got, wanted) = (render(&answer.0, &answer.1), render(&expected.0, &expected.1));
        panic!("{how}:\n{got}\nas a whole:\n{wanted}");
    }
}

/// What the published files of `quirks` hold, as plain Python counts it where it can read them: their records, and where
/// something is wrong. The first object of 12 has lost its beginning, and a later one its end, but no record is lost; 16
/// lacks a comma, and 36 was cut off.
const QUIRKS: [(&str, usize, &[u64]); 37] = [
    ("01_records_compact_gz.json.gz", 7, &[]),
    ("02_records_plain_no_gz.json", 1, &[]),
    ("03_records_pretty_printed_gz.json.gz", 2, &[]),
    ("04_gz_named_log_gz.log.gz", 20, &[]),
    ("05_top_level_array.json", 2, &[]),
    ("06_single_record_pretty.json", 1, &[]),
    ("07_eventbridge_envelope.json", 1, &[]),
    ("08_lookup_events_ndjson.jsonl", 6, &[]),
    ("09_cwl_subscription.json", 4, &[]),
    ("10_cribl_raw_string_array.json", 44, &[]),
    ("11_elastic_opensearch_envelope.json", 50, &[]),
    ("12_broken_array.json", 840, &[3053, 102085]),
    ("13_ndjson_logstash_no_eventTime.ndjson", 12, &[]),
    ("14_keys_alphabetical_userAgent_first.json", 94, &[]),
    ("15_crlf.json", 1, &[]),
    ("16_invalid_missing_comma.json", 0, &[542]),
    ("17_record_66KB.json", 1, &[]),
    ("18_eventTime_space_no_Z.json", 3, &[]),
    ("19_eventTime_broken_docs.json", 2, &[]),
    ("20_errorCode_empty_string.json", 1, &[]),
    ("21_errorMessage_without_errorCode.json", 2, &[]),
    ("22_no_eventVersion.json", 2, &[]),
    ("23_userIdentity_null_or_missing.json", 2, &[]),
    ("24_stringified_params.json", 2, &[]),
    ("25_non_ascii.json", 3, &[]),
    ("26_kms_awsservice_no_arn.json", 2, &[]),
    ("27_kms_awsaccount_cross_account.json", 2, &[]),
    ("28_kms_vpce_denied_network_event.json", 1, &[]),
    ("29_kms_errors_other_than_decrypt.json", 6, &[]),
    ("30_kms_decrypt_failures.json", 7, &[]),
    ("31_unicode_escapes.json", 29, &[]),
    ("32_nested_error_words.json", 3, &[]),
    ("34_key_order_errorCode_first.json", 2, &[]),
    ("35_empty_records.json", 0, &[]),
    ("36_truncated.json.gz", 6, &[6690, 7600]),
    ("37_multi_member.json.gz", 27, &[]),
    ("38_bom.json", 1, &[]),
];

#[test]
fn quirks() {
    let Some(folder) = shared("data/quirks") else { return };
    let mut paths = files(&folder);
    paths.retain(|path| path.file_name().unwrap() != "README.md");
    assert_eq!(paths.len(), QUIRKS.len());
    for (path, (name, records, problems)) in paths.iter().zip(QUIRKS) {
        assert!(path.ends_with(name), "{} isn't {name}", path.display());
        let file = fs::read(path).unwrap();
        let answer = whole(&file);
        let offsets: Vec<u64> = answer.1.problems.first.iter().map(|problem| problem.offset).collect();
        assert_eq!((answer.0.len(), offsets.as_slice()), (records, problems), "{name}");
        same(&in_pieces(&file, 1000), &answer, name);
    }
}

/// All files below a folder, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

/// Plain Python counted the records of each published file.
#[test]
fn published_files() {
    let Some(folder) = shared("data/real") else { return };
    let truth: serde_json::Value =
        serde_json::from_slice(&fs::read(folder.join("truth.json")).unwrap()).unwrap();
    for tree in ["records", "formats"] {
        let counts = truth[tree]["per_file"].as_object().unwrap();
        assert!(counts.len() > 50);
        for (name, expected) in counts {
            let file = fs::read(folder.join(tree).join(name)).unwrap();
            let answer = whole(&file);
            assert_eq!(serde_json::json!(answer.0.len()), expected["records"], "{name}");
            assert!(answer.1.problems.is_empty(), "{name}: {:?}", answer.1.problems);
            same(&in_pieces(&file, 4096), &answer, name);
        }
    }
}

/// A file as its makers write it, and where in it things are.
#[derive(Debug, Default)]
struct Shape {
    text: Vec<u8>,
    /// For each record, how long the text must be for it to be readable.
    readable: Vec<usize>,
    /// Where the text may end and be a whole file.
    may_end: Vec<usize>,
}

impl Shape {
    /// Records between `before` and `behind`, each with `around` on both sides. `closed`: the file is whole only if all
    /// of it is there. `as_text`: a record is readable only with what is around it.
    fn new(before: &str, around: [&str; 2], behind: &str, closed: bool, as_text: bool) -> Self {
        let mut shape = Shape { text: before.as_bytes().to_vec(), ..Shape::default() };
        for name in ["First", "Second", "Third"] {
            let record = format!(
                r#"{{"eventTime":"2025","userIdentity":{{"a":["é\n"]}},"n":[-1.5,null],"eventSource":"{name}","eventName":"{name}"}}"#
            );
            let inside = if as_text { record.replace('\\', "\\\\").replace('"', "\\\"") } else { record };
            shape.text.extend_from_slice(around[0].as_bytes());
            shape.text.extend_from_slice(inside.as_bytes());
            let end = shape.text.len();
            shape.text.extend_from_slice(around[1].as_bytes());
            let unit_end = end + around[1].trim_end_matches(['\r', '\n', ',']).len();
            shape.readable.push(if as_text { unit_end } else { end });
            if !closed {
                shape.may_end.extend(unit_end..=shape.text.len());
            }
        }
        while closed && shape.text.last() == Some(&b',') {
            shape.text.pop();
        }
        shape.text.extend_from_slice(behind.as_bytes());
        let whole = shape.text.trim_ascii_end().len();
        shape.may_end.extend(whole..=shape.text.len());
        shape
    }

    fn all() -> Vec<Self> {
        vec![
            Shape::new("{\"Records\":[", ["", ","], "]}", true, false),
            Shape::new("{\r\n  \"Records\" : [\r\n", ["\t", ","], "\r\n]\r\n}\r\n", true, false),
            Shape::new("[", ["\n", "\n,"], "\n]\n", true, false),
            Shape::new("", ["", ""], "", false, false),
            Shape::new("\u{feff}", ["", "\r\n"], "", false, false),
            Shape::new("", ["{\"detail-type\":\"x\",\"detail\":", "}\n"], "", false, false),
            Shape::new("[", ["{\"aws\":{\"cloudtrail\":", "}},"], "]", true, false),
            Shape::new("", ["{\"EventId\":\"x\",\"CloudTrailEvent\":\"", "\"}\n"], "", false, true),
            Shape::new("[", ["\"", "\","], "]", true, true),
        ]
    }

    /// The names of the records that the first `length` bytes hold.
    fn names(&self, length: usize) -> Vec<&'static str> {
        let names = ["First", "Second", "Third"].into_iter().zip(&self.readable);
        names.filter(|(_, readable)| **readable <= length).map(|(name, _)| name).collect()
    }
}

fn names(records: &[Seen]) -> Vec<&str> {
    records.iter().map(|record| record.name.as_str()).collect()
}

#[test]
fn whole_shapes_are_read_in_pieces_of_any_size() {
    for shape in Shape::all() {
        let answer = whole(&shape.text);
        assert_eq!(names(&answer.0), ["First", "Second", "Third"]);
        assert!(answer.1.problems.is_empty(), "{answer:?}");
        for bytes in 1..=shape.text.len() {
            same(&in_pieces(&shape.text, bytes), &answer, &format!("pieces of {bytes}"));
        }
    }
}

/// Cut off anywhere, a file gives the records that stand before the cut, and says that it is cut off.
#[test]
fn files_cut_off_at_each_byte() {
    for shape in Shape::all() {
        for length in 0..shape.text.len() {
            let cut = &shape.text[..length];
            let answer = whole(cut);
            let shown = || format!("{}\n{}", String::from_utf8_lossy(cut), render(&answer.0, &answer.1));
            assert_eq!(names(&answer.0), shape.names(length), "{}", shown());
            assert_eq!(answer.1.problems.is_empty(), shape.may_end.contains(&length), "{}", shown());
            assert!(answer.1.problems.first.len() <= 1, "{}", shown());
            for bytes in [1, 7, 64] {
                same(&in_pieces(cut, bytes), &answer, &shown());
            }
        }
    }
}

#[test]
fn gzip_cut_off_at_each_byte() {
    for shape in Shape::all() {
        let file = gzip(&shape.text);
        for length in 0..file.len() {
            let answer = whole(&file[..length]);
            assert!(shape.names(usize::MAX).starts_with(&names(&answer.0)));
            assert!(!answer.1.problems.is_empty(), "{length} of {}", file.len());
            for bytes in [1, 7, 64] {
                same(&in_pieces(&file[..length], bytes), &answer, &format!("{length} bytes"));
            }
        }
    }
}

/// A changed byte costs at most the record it stands in, or it is a file of another shape; nobody panics or hangs.
#[test]
fn each_byte_changed() {
    for shape in Shape::all() {
        for at in 0..shape.text.len() {
            let mut text = shape.text.clone();
            for byte in
                [text[at] ^ 1, text[at] ^ 0x20, text[at] ^ 0x80, b'"', b'\\', b'{', b'}', b'[', b']', b',']
            {
                text[at] = byte;
                let answer = whole(&text);
                for bytes in [1, 7, 64] {
                    same(&in_pieces(&text, bytes), &answer, &String::from_utf8_lossy(&text));
                }
            }
        }
    }
}

#[test]
fn each_byte_of_gzip_changed() {
    for shape in Shape::all() {
        let (file, expected) = (gzip(&shape.text), whole(&shape.text));
        for at in 0..file.len() {
            for bit in [1, 0x10, 0x80] {
                let mut file = file.clone();
                file[at] ^= bit;
                let answer = whole(&file);
                assert!(answer == expected || !answer.1.problems.is_empty(), "byte {at}: {answer:?}");
            }
        }
    }
}

/// What may stand in a file: objects, separators, brackets, and what shouldn't be there.
fn any_file() -> impl Strategy<Value = Vec<u8>> {
    let piece = prop_oneof![
        4 => hostile::object(),
        2 => Just(r#"{"eventSource":"s","eventName":"n","eventTime":"t"}"#.to_owned()),
        4 => hostile::gap(),
        3 => prop::sample::select(&["{\"Records\":[", "{\"Records\" : [", "]}", "[", "]", "{", "}", ",", "\n", "\"", "\\", "12",
            "null", "nul", "\"text\"", "2025-01-01T00:00:00Z ", "garbage ", "\u{feff}", "\0"][..]).prop_map(String::from),
    ];
    vec(piece, 0..12).prop_map(|pieces| pieces.concat().into_bytes())
}

/// How a file may begin: not at all, with a byte order mark, as UTF-16, as JSON.
const STARTS: &[&[u8]] = &[b"", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b" ", b"{", b"["];

proptest! {
    #![proptest_config(ProptestConfig { cases: 3000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_file_is_the_same_in_pieces(file in any_file(), bytes in 1..200_usize) {
        let answer = whole(&file);
        same(&in_pieces(&file, bytes), &answer, &String::from_utf8_lossy(&file));
        same(&in_pieces(&gzip(&file), bytes), &answer, &String::from_utf8_lossy(&file));
    }

    #[test]
    fn any_bytes_are_the_same_in_pieces(
        start in prop::sample::select(STARTS),
        bytes in vec(any::<u8>(), 0..300),
        piece in 1..100_usize,
    ) {
        let file = [start, &bytes].concat();
        same(&in_pieces(&file, piece), &whole(&file), &format!("{file:?}"));
    }
}

const MIB: usize = 1 << 20;

/// A stream that is made as it is read, and notes how much it was asked for at a time: that is what the reader holds.
struct Made {
    start: Vec<u8>,
    unit: Vec<u8>,
    at: usize,
    length: usize,
    most: usize,
}

impl Made {
    /// `start`, and then `unit` over and over, `length` bytes in all.
    fn new(start: &str, unit: &str, length: usize) -> Self {
        let unit = unit.repeat((64 << 10) / unit.len());
        Self { start: start.into(), unit: unit.into(), at: 0, length, most: 0 }
    }

    fn into_bytes(mut self) -> Vec<u8> {
        let mut bytes = Vec::new();
        self.read_to_end(&mut bytes).unwrap();
        bytes
    }
}

impl Read for Made {
    fn read(&mut self, buffer: &mut [u8]) -> std::io::Result<usize> {
        self.most = self.most.max(buffer.len());
        let rest = match self.at.checked_sub(self.start.len()) {
            None => &self.start[self.at..],
            Some(at) => &self.unit[at % self.unit.len()..],
        };
        let count = rest.len().min(buffer.len()).min(self.length - self.at);
        buffer[..count].copy_from_slice(&rest[..count]);
        self.at += count;
        Ok(count)
    }
}

/// Files that are long, and made to be slow to read or to fill the memory.
const HOSTILE: [(&str, &str); 22] = [
    ("{\"Records\":[{\"a\":\"", "x"),
    ("{\"Records\":[{\"a\":\"", "\\\""),
    ("{\"Records\":[{\"a\":\"", "{"),
    ("{\"Records\":[{\"a\":\"", "[{\"},"),
    ("{\"Records\":[", "{\"Records\":["),
    ("", "["),
    ("", "{"),
    ("{\"a\":", "["),
    ("", "{\"a\":"),
    ("", " "),
    ("{", " "),
    ("{\"Records\"", "\n"),
    ("{\"Records\":[", " "),
    ("[{},", " "),
    ("[", "1,"),
    ("[", "1 "),
    ("{\"Records\":[", "\"{\","),
    ("[", "\"[{"),
    ("", "{]"),
    ("", "[{}"),
    ("{\"Records\":[],\"a\":[", "{\"b\":1},"),
    ("{}x", "{},,"),
];

#[test]
fn hostile_files_end_and_say_so() {
    for (start, unit) in HOSTILE {
        let (_, outcome) = whole(&Made::new(start, unit, 30 * MIB).into_bytes());
        assert!(!outcome.problems.is_empty(), "{start}{unit}");
        let mut stream = Made::new(start, unit, 2 * MAX_RECORD_BYTES + 2 * MIB);
        let outcome = reader(Options::default()).read_stream(&mut stream, &mut Collected::default());
        assert!(!outcome.problems.is_empty(), "{start}{unit}");
        assert!(stream.most <= MAX_RECORD_BYTES, "{start}{unit}: {} bytes at a time", stream.most);
    }
}

const RECORD: &str = r#"{"eventTime":"t","eventSource":"s","eventName":"n"}"#;

/// A gigabyte in a file of one megabyte.
#[test]
fn a_file_that_inflates_to_a_gigabyte() {
    for (start, unit, reason) in [
        (format!("{{\"Records\":[{RECORD},"), " ", Reason::EndsInsideArray),
        (format!("{{\"Records\":[{RECORD},{{\"a\":\""), "x", Reason::RecordTooLong),
    ] {
        let mut file = gzip(start.as_bytes());
        let member = gzip(&Made::new("", unit, 64 * MIB).into_bytes());
        (0..16).for_each(|_| file.extend_from_slice(&member));
        let (records, outcome) = whole(&file);
        assert_eq!(records.len(), 1);
        assert_eq!(outcome.problems.first.len(), 1);
        assert_eq!(outcome.problems.first[0].reason, reason);
    }
}

#[test]
fn what_is_wrapped_may_not_inflate_without_end() {
    let wrapped = BASE64_STANDARD.encode(gzip(&Made::new(RECORD, " ", 33 * MIB).into_bytes()));
    let (records, outcome) = whole(format!("{{\"data\":\"{wrapped}\"}}\n{RECORD}").as_bytes());
    assert_eq!(records.len(), 1);
    assert_eq!(outcome.problems.first.len(), 1);
    assert_eq!(outcome.problems.first[0].reason, Reason::WrappedGzip);
}

/// A record longer than any record may be, and those around it.
#[test]
fn a_record_that_is_too_long_is_passed_over() {
    let start = format!("{{\"Records\":[{RECORD},{{\"a\":\"");
    let mut file = Made::new(&start, "x", 2 * MAX_RECORD_BYTES + 2 * MIB).into_bytes();
    file.extend_from_slice(format!("\"}},{RECORD}]}}").as_bytes());
    let (records, outcome) = in_pieces(&file, MIB);
    assert_eq!(names(&records), ["n", "n"]);
    assert_eq!(records[1].offset as usize, file.len() - RECORD.len() - 2);
    let expected = Problem { offset: (start.len() - 6) as u64, reason: Reason::RecordTooLong };
    assert_eq!(outcome.problems.first, [expected]);
}

/// However much else is broken, a file that wasn't read to its end says so.
#[test]
fn a_cut_is_listed_behind_many_problems() {
    let broken = "{\"a\":oops}\n".repeat(50);
    let file = gzip(broken.as_bytes());
    for file in [format!("{broken}{{\"a").as_bytes(), &file[..file.len() - 9]] {
        let (_, outcome) = whole(file);
        assert_eq!(outcome.problems.first.len(), MAX_PROBLEMS_PER_FILE);
        assert!(outcome.problems.cut_off());
        assert!(outcome.problems.more > 0);
    }
}
