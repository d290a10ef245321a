//! Is the program a good neighbour? Closed pipes, Ctrl-C and memory.

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;

use std::fmt::Write as _;
use std::fs::File;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};

use flate2::Compression;
use flate2::write::GzEncoder;
use testkit::repository;

/// Bytes that `scan` may take, whatever it reads (docs/limits.md).
const MEMORY: u64 = 128 << 20;

/// A line that `evaluate` answers.
const QUESTION: &str = r#"{"Period":60,"EvaluationPeriods":1,"Threshold":1,"ComparisonOperator":"GreaterThanThreshold","Datapoints":[2]}"#;

fn start(arguments: &[&str]) -> Child {
    support::kmswatch()
        .args(arguments)
        .current_dir(repository())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

#[test]
fn a_closed_pipe_is_no_error() {
    let commands = [
        &["scan", "--color", "never", "examples/cloudtrail"][..],
        &["scan", "--format", "json", "examples/cloudtrail"],
        &["scan", "--format", "ndjson", "examples/cloudtrail"],
        &["scan", "--format", "csv", "examples/cloudtrail"],
        &["match", "{ $.eventID = * }", "examples/cloudtrail"],
        &["match", "--count", "{ $.eventID = * }", "examples/cloudtrail"],
        &["match", "--explain", "{ $.eventID = * }"],
        &["evaluate"],
        &["evaluate", "--explain"],
        &["check", "--list-codes"],
    ];
    for command in commands {
        let mut child = start(command);
        drop(child.stdout.take());
        let mut input = child.stdin.take().unwrap();
        // The others read none.
        let _ = input.write_all(format!("{QUESTION}\n").as_bytes());
        drop(input);
        let output = child.wait_with_output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        // `scan --format csv` writes its totals there.
        assert!(!errors.contains("kmswatch:") && !errors.contains("panicked"), "{command:?}: {errors}");
        assert_eq!(output.status.code(), Some(0), "{command:?}: {errors}");
    }
}

#[test]
fn a_question_is_answered_while_the_next_is_awaited() {
    let mut child = start(&["evaluate"]);
    let mut input = child.stdin.take().unwrap();
    let mut answers = BufReader::new(child.stdout.take().unwrap());
    let mut ask = || {
        let asked = input.write_all(format!("{QUESTION}\n").as_bytes());
        let mut answer = String::new();
        answers.read_line(&mut answer).unwrap();
        (asked.is_ok(), answer)
    };
    for number in 1..=3 {
        let (_, answer) = ask();
        assert!(answer.starts_with(&format!("{{\"line\":{number},")) && answer.contains("ALARM"), "{answer}");
    }
    let id = child.id().to_string();
    assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
    // It may wait for a line, or even read a few more, before it notices.
    while let (true, answer) = ask()
        && !answer.is_empty()
    {}
    assert_eq!(child.wait().unwrap().code(), Some(130));
}

#[test]
fn a_line_that_is_too_long_is_refused_and_the_next_answered() {
    let mut child = start(&["evaluate"]);
    let mut input = child.stdin.take().unwrap();
    let writer = std::thread::spawn(move || {
        let long = "[".to_owned() + &" ".repeat(16 << 20) + "]\n";
        input.write_all(format!("{long}{QUESTION}\n").as_bytes()).unwrap();
    });
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    let answers = String::from_utf8(output.stdout).unwrap();
    let answers: Vec<&str> = answers.lines().collect();
    assert!(answers.len() == 2 && answers[0].contains("E002") && answers[1].contains("ALARM"), "{answers:?}");
    assert_eq!(output.status.code(), Some(1));
    let errors = String::from_utf8(output.stderr).unwrap();
    assert!(errors.len() < 1000 && errors.contains("the line is longer than 16 MiB"), "{errors}");
}

#[test]
fn a_second_interrupt_ends_a_scan_that_waits() {
    for jobs in ["1", "2"] {
        let mut child = start(&["scan", "--jobs", jobs, "-"]);
        let mut input = child.stdin.take().unwrap();
        // More than a pipe holds: once it is written, the program reads, and so watches for signals.
        input.write_all(" ".repeat(4 << 20).as_bytes()).unwrap();
        let id = child.id().to_string();
        // Signals that come at the same time are one signal, so two may not be enough.
        for _ in 0..10_000 {
            if child.try_wait().unwrap().is_some() {
                break;
            }
            assert!(Command::new("kill").args(["-INT", &id]).status().unwrap().success());
        }
        let output = child.wait_with_output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        drop(input);
        assert_eq!(output.status.code(), Some(130), "{errors}");
        assert!(!errors.contains("panicked"), "{errors}");
    }
}

#[test]
fn an_interrupt_is_noticed_inside_a_stream_and_the_report_says_so() {
    let log = format!("{}\n", record(0)).repeat(1000);
    for jobs in ["1", "2"] {
        let mut child = start(&["scan", "--format", "json", "--jobs", jobs, "-"]);
        let mut input = child.stdin.take().unwrap();
        // More than a pipe holds: once it is written, the program reads, and so watches for signals.
        (0..8).for_each(|_| input.write_all(log.as_bytes()).unwrap());
        assert!(Command::new("kill").args(["-INT", &child.id().to_string()]).status().unwrap().success());
        // A gigabyte more, which nobody reads to its end.
        let written = (0..2000).take_while(|_| input.write_all(log.as_bytes()).is_ok()).count();
        assert!(written < 2000, "it read on");
        drop(input);
        let output = child.wait_with_output().unwrap();
        let errors = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(130), "{errors}");
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["complete"], false);
        assert_eq!(report["matched"], 1);
        assert_eq!(report["files"]["unreadable"], 1);
        assert_eq!(report["problems"][0]["reason"], "interrupted; the rest was not read");
        assert_eq!(report["problems"].as_array().unwrap().len(), 1, "{report}");
    }
}

/// A record with an id of its own; one of ten is a KMS call that failed.
fn record(number: u64) -> String {
    let mut record = String::with_capacity(1024);
    let error = if number.is_multiple_of(10) { r#""errorCode":"AccessDenied","# } else { "" };
    let padding = "x".repeat(400);
    let _ = write!(
        record,
        r#"{{"eventVersion":"1.11","userIdentity":{{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/u{}"}},"eventTime":"2025-03-10T14:00:00Z","eventSource":"kms.amazonaws.com","eventName":"Decrypt",{error}"userAgent":"{padding}","eventID":"00000000-0000-4000-8000-{number:012}","recipientAccountId":"111122223333"}}"#,
        number % 100_000
    );
    record
}

/// Writes records of 200 MB.
fn write_records(out: &mut dyn Write, separator: &str) -> u64 {
    let (mut length, mut count) = (0, 0);
    while length < 200_000_000 {
        let text = record(count);
        let separator = if count == 0 { "" } else { separator };
        write!(out, "{separator}{text}").unwrap();
        length += text.len() + separator.len();
        count += 1;
    }
    count
}

/// The most memory that a process has had, in bytes, while it runs. (What `wait4` tells of a process counts the memory of
/// the one that started it.)
fn peak(id: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{id}/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    Some(line.trim().trim_end_matches(" kB").parse::<u64>().ok()? << 10)
}

/// Waits for the program, checks its memory, and answers with how many records it read.
fn records_read(mut child: Child) -> u64 {
    let mut stdout = child.stdout.take().unwrap();
    let output = std::thread::spawn(move || {
        let mut bytes = Vec::new();
        stdout.read_to_end(&mut bytes).map(|_| bytes)
    });
    let mut memory = 0;
    let status = loop {
        memory = memory.max(peak(child.id()).unwrap_or_default());
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    };
    assert_eq!(status.code(), Some(0));
    assert!(memory < MEMORY, "{memory} bytes of memory at most, of {MEMORY} allowed");
    assert!(memory > 1 << 20 || !cfg!(target_os = "linux"), "the memory wasn't measured");
    let report: serde_json::Value = serde_json::from_slice(&output.join().unwrap().unwrap()).unwrap();
    report["records"]["read"].as_u64().unwrap()
}

#[test]
fn memory_does_not_grow_with_a_stream() {
    let mut child = start(&["scan", "--format", "json", "-"]);
    let count = write_records(&mut std::io::BufWriter::new(child.stdin.take().unwrap()), "\n");
    assert_eq!(records_read(child), count);
}

#[test]
fn memory_does_not_grow_with_what_gzip_inflates_to() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("log.json.gz");
    let mut gzip = GzEncoder::new(File::create(&path).unwrap(), Compression::fast());
    gzip.write_all(br#"{"Records":["#).unwrap();
    let count = write_records(&mut gzip, ",");
    gzip.write_all(b"]}").unwrap();
    gzip.finish().unwrap();
    let path = path.to_str().unwrap();
    let child = start(&["scan", "--format", "json", "--jobs", "4", path, path, path, path]);
    assert_eq!(records_read(child), 4 * count);
}
