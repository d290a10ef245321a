//! Whoever reads sees whole batches, and neither waits nor is waited for.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unreachable,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "a test fails by panicking, and its numbers are small"
)]

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use monitor::Evidence;
use store_sqlite::{Batch, Problem, Reader};
use support::*;

#[test]
fn two_readers_see_whole_batches_while_others_are_written() {
    let folder = Folder::new();
    let mut store = folder.store();
    let one = metric("One");
    let done = AtomicBool::new(false);
    let read = |mut reader: Reader| {
        let mut seen = Vec::new();
        while !done.load(Ordering::Relaxed) {
            let metrics = [Arc::clone(&one)];
            let (evidence, counted) = reader
                .at_once(|questions| {
                    let evidence = questions.evidence_count(&metrics, NOW, NOW + 1)?;
                    Ok((evidence, questions.counters()?.first().map_or(0, |(_, count)| *count)))
                })
                .unwrap();
            assert_eq!(evidence, counted);
            seen.push(counted);
        }
        seen
    };
    let (first, second) = (store.reader().unwrap(), Reader::open(&folder.database()).unwrap());
    std::thread::scope(|scope| {
        let readers = [scope.spawn(|| read(first)), scope.spawn(|| read(second))];
        for number in 0..200 {
            let who = evidence("p", Some("k"), None);
            let changes: Vec<_> =
                (0..10).map(|place| matched(&[&one], (number * 10 + place, NOW), &who)).collect();
            write(&mut store, &Batch { changes: &changes, counters: &[("records", 10)], ..Batch::default() });
        }
        done.store(true, Ordering::Relaxed);
        for reader in readers {
            let seen = reader.join().unwrap();
            assert!(seen.is_sorted() && seen.iter().all(|count| count % 10 == 0) && !seen.is_empty());
        }
    });
    assert_eq!(store.questions().evidence_count(&[one], NOW, NOW + 1).unwrap(), 2000);
}

#[test]
fn a_reader_writes_nothing() {
    let folder = Folder::new();
    drop(folder.store());
    let before = std::fs::read(folder.database()).unwrap();
    let reader = Reader::open(&folder.database()).unwrap();
    assert_eq!(reader.questions().counters().unwrap(), []);
    drop(reader);
    assert_eq!(std::fs::read(folder.database()).unwrap(), before);
    folder.store().check().unwrap();
}

#[test]
fn hostile_text_comes_back_as_it_was() {
    let folder = Folder::new();
    let mut store = folder.store();
    let one = metric("One");
    let long = |text: &str| text.repeat((1 << 20) / text.len());
    let texts =
        ["", "\0", "a\0b", "'; DROP TABLE part; --", "\u{202e}\u{feff}\u{10ffff}", "{\"a\":[", "\\u0000"];
    let texts: Vec<String> =
        texts.iter().map(|text| (*text).to_owned()).chain([long("x"), long("\0"), long("é\"\\")]).collect();
    let all: Vec<Evidence> = texts
        .iter()
        .map(|text| Evidence {
            principal: text.clone(),
            principal_words: text.clone(),
            operation: text.clone(),
            service: Some(text.clone()),
            region: Some(text.clone()),
            account: Some(text.clone()),
            key: Some(text.clone()),
            key_notes: vec![text.clone(), String::new(), text.clone()],
            error: Some(text.clone()),
            error_message: Some(text.clone()),
            source_address: Some(text.clone()),
            data: vec![text.clone()],
            more_data: u32::MAX,
            user_agent: Some(text.clone()),
        })
        .chain([Evidence::default()])
        .collect();
    let records: Vec<_> =
        all.iter().enumerate().map(|(record, who)| matched(&[&one], (record as u128, NOW), who)).collect();
    let problems: Vec<Problem> = texts
        .iter()
        .map(|text| Problem {
            source: text.clone(),
            path: text.bytes().rev().collect(),
            reason: text.clone(),
            ..Problem::default()
        })
        .collect();
    write(&mut store, &Batch { changes: &records, problems: &problems, ..Batch::default() });
    store.check().unwrap();
    let rows = store.questions().evidence(&[one], (NOW, NOW + 1), 100).unwrap();
    let back: Vec<Evidence> = rows.into_iter().rev().map(|row| row.evidence).collect();
    assert!(back == all, "evidence differs");
    let back: Vec<Problem> = store.questions().problems(100).unwrap().into_iter().rev().collect();
    assert!(back == problems, "problems differ");
    for text in &texts {
        let seen = store.questions().seen_before(text, Some(text), NOW + 1, 0).unwrap();
        assert_eq!((seen.failures, seen.last), (1, Some(NOW)));
    }
}
