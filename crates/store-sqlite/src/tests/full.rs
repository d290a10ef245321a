//! A disk without room, or that can't be written.

use super::{changes, metric, store, write};
use crate::{Batch, Store, StoreError};

/// As a full disk does, this refuses pages beyond those that there are.
fn allow(store: &Store, pages: i64) {
    store.connection.query_row(&format!("PRAGMA max_page_count = {pages}"), [], |_| Ok(())).unwrap();
}

#[test]
fn what_finds_no_room_is_undone_and_can_be_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store(folder.path());
    let first = changes(1, 10);
    write(&mut store, &Batch { changes: &first, counters: &[("records", 1)], ..Batch::default() }).unwrap();
    let pages: i64 = store.connection.query_row("PRAGMA page_count", [], |row| row.get(0)).unwrap();
    allow(&store, pages + 3);
    let large: Vec<_> = (2..12).flat_map(|record| changes(record, 20_000)).collect();
    let batch = Batch { changes: &large, counters: &[("records", 10)], ..Batch::default() };
    let before = store.load().unwrap();
    for _ in 0..3 {
        let error = write(&mut store, &batch).unwrap_err();
        assert_eq!(error, StoreError::Full("database or disk is full (SQLite's code 13)".into()));
        assert_eq!(store.load().unwrap(), before);
        store.check().unwrap();
    }
    // What is small enough still goes.
    write(&mut store, &Batch { counters: &[("records", 1)], ..Batch::default() }).unwrap();
    allow(&store, 1 << 20);
    write(&mut store, &batch).unwrap();
    store.check().unwrap();
    assert_eq!(store.load().unwrap().records.len(), 11);
    assert_eq!(store.questions().evidence_count(&[metric("Failures")], 60, 61).unwrap(), 11);
    assert_eq!(store.questions().counters().unwrap(), [("records".to_owned(), 12)]);
}

#[test]
fn a_metric_that_was_new_in_what_was_undone_is_new_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store(folder.path());
    let changes = changes(1, 10);
    let mut writing = store.begin().unwrap();
    writing.write(&Batch { changes: &changes, ..Batch::default() }).unwrap();
    drop(writing);
    assert!(store.load().unwrap().slots.is_empty());
    write(&mut store, &Batch { changes: &changes, ..Batch::default() }).unwrap();
    store.check().unwrap();
    assert_eq!(store.load().unwrap().slots.len(), 1);
}

#[test]
fn what_sqlite_undoes_by_itself_when_it_commits_can_be_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store(folder.path());
    let changes = changes(1, 10);
    let batch = Batch { changes: &changes, ..Batch::default() };
    let mut writing = store.begin().unwrap();
    writing.write(&batch).unwrap();
    writing.within(|connection, _| Ok(connection.execute_batch("ROLLBACK")?)).unwrap();
    let error = writing.commit().unwrap_err();
    assert!(matches!(error, StoreError::Other(_)), "{error}");
    write(&mut store, &batch).unwrap();
    store.check().unwrap();
    assert_eq!(store.load().unwrap().records.len(), 1);
}

#[test]
fn what_may_not_be_written_can_be_written_again() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store(folder.path());
    let changes = changes(1, 10);
    let batch = Batch { changes: &changes, ..Batch::default() };
    store.connection.pragma_update(None, "query_only", true).unwrap();
    let error = write(&mut store, &batch).unwrap_err().to_string();
    let expected = "the database can't be written: attempt to write a readonly database (SQLite's code 8)";
    assert_eq!(error, expected);
    store.connection.pragma_update(None, "query_only", false).unwrap();
    write(&mut store, &batch).unwrap();
}

#[test]
fn whoever_holds_the_database_is_waited_for_but_not_for_ever() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store(folder.path());
    let other = rusqlite::Connection::open(folder.path().join("kmswatch.db")).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    store.connection.busy_timeout(std::time::Duration::from_millis(1)).unwrap();
    let error = store.begin().unwrap_err();
    assert_eq!(error, StoreError::Busy("database is locked (SQLite's code 5)".into()));
    other.execute_batch("ROLLBACK").unwrap();
    write(&mut store, &Batch { changes: &changes(1, 10), ..Batch::default() }).unwrap();
}
