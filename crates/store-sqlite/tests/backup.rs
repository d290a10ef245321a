//! Copies, and databases from copies.

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

use std::fs;
use std::sync::atomic::{AtomicBool, Ordering};

use rusqlite::Connection;
use store_sqlite::{Batch, Durability, Reader, Store, backup, restore};
use support::*;

fn said(folder: &Folder, error: impl std::fmt::Display) -> String {
    error.to_string().replace(folder.path().to_str().unwrap(), "DATA")
}

/// Writes batches of which each has a counter, a slot and evidence in common with all others.
fn write_batch(store: &mut Store, number: u128) {
    let one = metric("One");
    let who = evidence(&format!("p{number}"), Some("k"), None);
    let changes = [matched(&[&one], (number, NOW), &who), observed(&one, NOW, &[1.0])];
    write(store, &Batch { changes: &changes, counters: &[("batches", 1)], ..Batch::default() });
}

fn batches(reader: &Reader) -> u64 {
    let questions = reader.questions();
    let counted = questions.counters().unwrap().first().map_or(0, |(_, count)| *count);
    let one = metric("One");
    assert_eq!(questions.evidence_count(std::slice::from_ref(&one), NOW, NOW + 1).unwrap(), counted);
    let slots = questions.datapoints(&one, NOW, NOW + 1).unwrap();
    assert_eq!(slots.first().map_or(0, |slot| slot.summary.sample_count()), counted);
    counted
}

#[test]
fn a_backup_is_of_one_moment_while_others_write() {
    let folder = Folder::new();
    let mut store = folder.store();
    (0..500).for_each(|number| write_batch(&mut store, number));
    let done = AtomicBool::new(false);
    let copies: Vec<u64> = std::thread::scope(|scope| {
        scope.spawn(|| {
            let mut number = 500;
            while !done.load(Ordering::Relaxed) {
                write_batch(&mut store, number);
                number += 1;
            }
        });
        let copy = |number: u32| {
            let to = folder.path().join(format!("copy{number}"));
            backup(&folder.database(), &to).unwrap();
            let reader = Reader::open(&to).unwrap();
            batches(&reader)
        };
        let copies = (0..10).map(copy).collect();
        done.store(true, Ordering::Relaxed);
        copies
    });
    assert!(copies.is_sorted() && copies[0] >= 500 && copies[9] > copies[0], "{copies:?}");
}

#[test]
fn a_backup_is_one_file_that_replaces_nothing() {
    let folder = Folder::new();
    let mut store = folder.store();
    write_batch(&mut store, 1);
    let to = folder.path().join("a 'copy' %3f?x#y.db");
    backup(&folder.database(), &to).unwrap();
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        assert_eq!(fs::metadata(&to).unwrap().permissions().mode() & 0o777, 0o600);
    }
    let before = fs::read(&to).unwrap();
    for existing in [&to, &folder.database()] {
        let error = said(&folder, backup(&folder.database(), existing).unwrap_err());
        assert!(
            error.ends_with("exists already, and a backup replaces nothing\n  help: name a new file"),
            "{error}"
        );
    }
    assert_eq!(fs::read(&to).unwrap(), before);
    assert_eq!(batches(&Reader::open(&to).unwrap()), 1);
    let mut names: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    names.sort_unstable();
    assert_eq!(names, ["a 'copy' %3f?x#y.db", "kmswatch.db", "kmswatch.db-shm", "kmswatch.db-wal"]);
    let missing = folder.path().join("no").join("copy");
    let error = said(&folder, backup(&folder.database(), &missing).unwrap_err());
    assert_eq!(error, "`DATA/no/copy.new` can't be written: No such file or directory (os error 2)");
}

#[test]
fn a_restored_database_is_the_backup_and_the_old_one_is_kept() {
    let folder = Folder::new();
    let mut store = folder.store();
    write_batch(&mut store, 1);
    let copy = folder.path().join("copy");
    backup(&folder.database(), &copy).unwrap();
    write_batch(&mut store, 2);
    // As a killed process leaves it: the last batch is only in the log.
    let log = fs::read(folder.path().join("kmswatch.db-wal")).unwrap();
    let database = fs::read(folder.database()).unwrap();
    drop(store);
    fs::write(folder.path().join("kmswatch.db-wal"), log).unwrap();
    fs::write(folder.database(), database).unwrap();
    restore(&copy, &folder.database()).unwrap();
    let store = Store::open(&folder.database(), Durability::Full).unwrap();
    store.check().unwrap();
    assert_eq!(batches(&store.reader().unwrap()), 1);
    assert_eq!(batches(&Reader::open(&folder.path().join("kmswatch.db.before-restore")).unwrap()), 2);
    drop(store);
    // Again, onto nothing.
    fs::remove_file(folder.database()).unwrap();
    restore(&copy, &folder.database()).unwrap();
    assert_eq!(batches(&Reader::open(&folder.database()).unwrap()), 1);
}

#[test]
fn a_damaged_database_is_replaced_and_its_log_is_not_taken_for_the_new_ones() {
    let folder = Folder::new();
    let mut store = folder.store();
    write_batch(&mut store, 1);
    let copy = folder.path().join("copy");
    backup(&folder.database(), &copy).unwrap();
    (2..9).for_each(|number| write_batch(&mut store, number));
    let log = fs::read(folder.path().join("kmswatch.db-wal")).unwrap();
    drop(store);
    for (bytes, log) in [(vec![7; 9000], Some(&log)), (Vec::new(), None), (fs::read(&copy).unwrap(), None)] {
        fs::write(folder.database(), bytes).unwrap();
        if let Some(log) = log {
            fs::write(folder.path().join("kmswatch.db-wal"), log).unwrap();
        }
        restore(&copy, &folder.database()).unwrap();
        let store = Store::open(&folder.database(), Durability::Full).unwrap();
        store.check().unwrap();
        assert_eq!(batches(&store.reader().unwrap()), 1);
    }
}

#[test]
fn what_is_no_backup_of_ours_replaces_nothing() {
    let folder = Folder::new();
    let mut store = folder.store();
    (0..300).for_each(|number| write_batch(&mut store, number));
    let copy = folder.path().join("copy");
    backup(&folder.database(), &copy).unwrap();
    let whole = fs::read(&copy).unwrap();
    drop(store);
    let before = fs::read(folder.database()).unwrap();
    let refused = |bytes: &[u8], sql: &str| {
        fs::write(&copy, bytes).unwrap();
        if !sql.is_empty() {
            Connection::open(&copy).unwrap().execute_batch(sql).unwrap();
        }
        let error = said(&folder, restore(&copy, &folder.database()).unwrap_err());
        assert_eq!(fs::read(folder.database()).unwrap(), before);
        assert!(!folder.path().join("kmswatch.db.new").exists());
        error.lines().next().unwrap().to_owned()
    };
    assert_eq!(refused(b"no database at all", ""), "`DATA/copy` is no database");
    assert_eq!(
        refused(&whole[..whole.len() - 8192], ""),
        "the database `DATA/copy` is damaged: database disk image is malformed (SQLite's code 11)"
    );
    assert_eq!(
        refused(&whole, "PRAGMA user_version = 9"),
        "a newer kmswatch wrote the database `DATA/copy`: schema 9, known here up to 1"
    );
    assert_eq!(
        refused(&whole, "PRAGMA application_id = 9"),
        "`DATA/copy` is a database of another program (application id 9)"
    );
    assert_eq!(
        refused(&whole, "PRAGMA foreign_keys = OFF; DELETE FROM pair"),
        "the database `DATA/copy` is damaged: rows refer to others that aren't there"
    );
    let mut turned = whole.clone();
    let middle = whole.len() / 8192 * 4096;
    turned[middle..middle + 4096].rotate_left(13);
    let error = refused(&turned, "");
    assert!(error.starts_with("the database `DATA/copy` is damaged: "), "{error}");
}
