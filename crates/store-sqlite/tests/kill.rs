//! Whoever writes can be killed at any time: what was committed is there, and nothing of what wasn't.

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

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::Arc;

use metric::Statistic;
use monitor::{Change, Part, PartKey};
use store_sqlite::{Batch, Checkpoint, Durability, Store};
use support::*;

/// Names the database to the process that is killed.
const CHILD: &str = "STORE_SQLITE_TEST_CHILD";
/// How often it is killed.
const KILLS: u64 = 40;
/// Records of a batch.
const RECORDS: u64 = 50;

#[test]
fn a_killed_writer_leaves_a_beginning_of_its_batches() {
    if let Some(path) = std::env::var_os(CHILD) {
        return write_for_ever(Path::new(&path));
    }
    let folder = Folder::new();
    drop(folder.store());
    let mut random = 0x9e37_79b9_7f4a_7c15_u64;
    let mut least = 0;
    for _ in 0..KILLS {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let acknowledged = run_and_kill(&folder, random >> 33).unwrap_or(least);
        let batches = whole_batches(&folder);
        assert!(batches >= acknowledged && batches >= least, "{batches} {acknowledged} {least}");
        least = batches;
    }
    assert!(least > KILLS, "{least}");
}

/// Starts a writer, waits for some of its batches and a bit, kills it, and answers with the last batch that it called committed.
fn run_and_kill(folder: &Folder, random: u64) -> Option<u64> {
    let mut child = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "a_killed_writer_leaves_a_beginning_of_its_batches", "--nocapture"])
        .env(CHILD, folder.database())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map(Result::unwrap);
    let committed = |line: &String| line.strip_prefix("committed ").map(|number| number.parse().unwrap());
    let wait = usize::try_from(random % 7).unwrap();
    let mut last = lines.by_ref().filter_map(|line| committed(&line)).take(wait).last();
    (0..random % 1_000_003).for_each(|_| std::hint::spin_loop());
    child.kill().unwrap();
    child.wait().unwrap();
    last = lines.filter_map(|line| committed(&line)).last().or(last);
    last
}

fn write_for_ever(path: &Path) {
    let mut store = Store::open(path, Durability::Full).unwrap();
    let mut number = batches_of(&store);
    loop {
        number += 1;
        let (changes, parts, checkpoint) = batch(number);
        let batch = Batch {
            now: NOW * 1000,
            changes: &changes,
            parts: &parts,
            checkpoints: &[checkpoint],
            counters: &[("batches", 1), ("records", RECORDS)],
            ..Batch::default()
        };
        write(&mut store, &batch);
        println!("\ncommitted {number}");
    }
}

fn batch(number: u64) -> (Vec<Change>, Vec<Part>, Checkpoint) {
    let metric = metric("Failures");
    let mut changes = Vec::new();
    for record in 0..RECORDS {
        let id = u128::from(number) << 64 | u128::from(record);
        let (principal, key) = (format!("p{}", record % 7), format!("k{number}"));
        changes.push(matched(&[&metric], (id, NOW), &evidence(&principal, Some(&key), Some("AccessDenied"))));
        changes.push(Change::Remembered { record: id, time: NOW });
        changes.push(observed(&metric, NOW, &[1.0]));
    }
    changes.push(Change::Queued(Arc::new(notification(number, "soc@example.org", news("a")))));
    let part = Part { key: PartKey::Monitor, state: Some(number.to_string()) };
    (changes, vec![part], checkpoint(format!("file {number}").as_bytes(), number))
}

fn batches_of(store: &Store) -> u64 {
    store
        .questions()
        .counters()
        .unwrap()
        .iter()
        .find(|(name, _)| name == "batches")
        .map_or(0, |(_, number)| *number)
}

/// How many batches there are, all of them whole.
fn whole_batches(folder: &Folder) -> u64 {
    let store = Store::open(&folder.database(), Durability::Full).unwrap();
    store.check().unwrap();
    let batches = batches_of(&store);
    let questions = store.questions();
    let loaded = store.load().unwrap();
    let metric = metric("Failures");
    if batches > 0 {
        assert_eq!(loaded.parts, [(PartKey::Monitor, batches.to_string())]);
        let count = loaded.slots[0].summary.datapoint(&Statistic::SampleCount).unwrap().value;
        assert!((count - loaded.records.len() as f64).abs() < 0.5, "{count}");
        assert_eq!(
            questions.checkpoint("trail", format!("file {batches}")).unwrap().unwrap().version.inode,
            batches
        );
        assert!(questions.notification(batches).unwrap().is_some());
    }
    assert_eq!(loaded.records.len() as u64, batches * RECORDS);
    assert_eq!(questions.evidence_count(&[metric], NOW, NOW + 1).unwrap(), batches * RECORDS);
    assert_eq!(questions.sources().unwrap().first().map_or(0, |source| source.files), batches);
    assert_eq!(questions.checkpoint("trail", format!("file {}", batches + 1)).unwrap(), None);
    assert_eq!(questions.notification(batches + 1).unwrap(), None);
    batches
}
