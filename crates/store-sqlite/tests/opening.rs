//! Which files are opened, and what is said of others.

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
use std::path::Path;

use rusqlite::Connection;
use store_sqlite::{Durability, OpenErrorKind, Reader, SCHEMA, Store, StoreError};
use support::*;

/// What is said when it is opened to write, without the folder.
fn refused(folder: &Folder) -> String {
    said(folder, Store::open(&folder.database(), Durability::Full).unwrap_err())
}

fn said(folder: &Folder, error: impl std::fmt::Display) -> String {
    error.to_string().replace(folder.path().to_str().unwrap(), "DATA")
}

fn change(path: &Path, sql: &str) {
    Connection::open(path).unwrap().execute_batch(sql).unwrap();
}

const ANEW: &str = "\n  help: name another data folder, or restore a backup here\n  help: to begin anew without what was \
                    remembered, move the file away first";

#[test]
fn a_new_database_is_complete_and_nobody_elses() {
    let folder = Folder::new();
    let store = folder.store();
    store.check().unwrap();
    drop(store);
    let connection = Connection::open(folder.database()).unwrap();
    let is = |pragma: &str| {
        connection.query_row(&format!("PRAGMA {pragma}"), [], |row| row.get::<_, i64>(0)).unwrap()
    };
    assert_eq!((is("application_id"), is("user_version"), is("auto_vacuum")), (0x6b6d_7377, SCHEMA, 2));
    drop(connection);
    let names: Vec<_> =
        fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(names, ["kmswatch.db"]);
}

#[cfg(unix)]
#[test]
fn only_its_owner_can_read_it() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = Folder::new();
    let mut store = folder.store();
    changes(&mut store, &[]);
    for entry in fs::read_dir(folder.path()).unwrap() {
        let entry = entry.unwrap();
        assert_eq!(entry.metadata().unwrap().permissions().mode() & 0o777, 0o600, "{entry:?}");
    }
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 3);
}

#[test]
fn what_is_no_database_of_ours_is_left_as_it_is() {
    let folder = Folder::new();
    let mut cases: Vec<(Vec<u8>, String)> = vec![
        (Vec::new(), format!("the database `DATA/kmswatch.db` is empty: what was in it has been lost{ANEW}")),
        (b"resources:\n".repeat(500), format!("`DATA/kmswatch.db` is no database{ANEW}")),
        (b"{}".to_vec(), format!("`DATA/kmswatch.db` is no database{ANEW}")),
    ];
    let other = folder.path().join("other");
    change(&other, "CREATE TABLE t (x); PRAGMA application_id = 7;");
    cases.push((
        fs::read(&other).unwrap(),
        format!("`DATA/kmswatch.db` is a database of another program (application id 7){ANEW}"),
    ));
    for (bytes, expected) in cases {
        fs::write(folder.database(), &bytes).unwrap();
        assert_eq!(refused(&folder), expected);
        assert_eq!(said(&folder, Reader::open(&folder.database()).unwrap_err()), expected);
        assert_eq!(fs::read(folder.database()).unwrap(), bytes);
    }
    fs::remove_file(folder.database()).unwrap();
    fs::create_dir(folder.database()).unwrap();
    assert_eq!(refused(&folder), format!("`DATA/kmswatch.db` is no database{ANEW}"));
}

#[test]
fn a_newer_one_is_refused() {
    let folder = Folder::new();
    drop(folder.store());
    change(&folder.database(), "PRAGMA user_version = 99;");
    let expected = format!(
        "a newer kmswatch wrote the database `DATA/kmswatch.db`: schema 99, known here up to {SCHEMA}\n  help: use the \
         version of kmswatch that wrote it, or a later one\n  help: or restore a backup that was made before the update"
    );
    assert_eq!(refused(&folder), expected);
    assert_eq!(said(&folder, Reader::open(&folder.database()).unwrap_err()), expected);
}

#[test]
fn a_lost_one_is_not_made_anew() {
    for rest in ["kmswatch.db-wal", "kmswatch.db.before-restore"] {
        let folder = Folder::new();
        fs::write(folder.path().join(rest), "x").unwrap();
        let expected = format!(
            "the database `DATA/kmswatch.db` is missing, though `DATA/{rest}` belongs to it\n  help: put the file \
             `DATA/kmswatch.db` back beside it, or restore a backup\n  help: to begin anew without what was remembered, \
             move these files away first"
        );
        assert_eq!(refused(&folder), expected);
        assert!(!folder.database().exists());
    }
}

#[test]
fn what_was_left_of_a_beginning_is_no_database() {
    let folder = Folder::new();
    fs::write(folder.path().join("kmswatch.db.new"), "half").unwrap();
    fs::write(folder.path().join("kmswatch.db.new-wal"), "half").unwrap();
    folder.store().check().unwrap();
    assert!(!folder.path().join("kmswatch.db.new").exists());
}

#[test]
fn a_folder_must_be_there() {
    let folder = Folder::new();
    let path = folder.path().join("no").join("kmswatch.db");
    let error = Store::open(&path, Durability::Full).unwrap_err();
    assert_eq!(
        said(&folder, error),
        "the folder of the database `DATA/no/kmswatch.db` isn't there\n  help: make the folder, or name another one"
    );
    let error = Reader::open(&folder.database()).unwrap_err();
    assert_eq!(
        said(&folder, error),
        "there is no database `DATA/kmswatch.db`\n  help: a database is made when the service starts"
    );
}

/// A database with something in it.
fn filled() -> Folder {
    let folder = Folder::new();
    let mut store = folder.store();
    let one = metric("One");
    let all: Vec<_> = (0..2000)
        .map(|record| matched(&[&one], (record, NOW), &evidence(&format!("p{record}"), Some("k"), None)))
        .collect();
    changes(&mut store, &all);
    folder
}

const WAYS_OUT: &str = "\n  help: restore a backup\n  help: or save what can be read with sqlite3: `sqlite3 \
    'DATA/kmswatch.db' .recover | sqlite3 NEW`; then put NEW in its place\n  help: or begin anew without what was \
    remembered: move the file away, with its -wal and -shm";

#[test]
fn a_shortened_one_is_damaged() {
    let folder = filled();
    let bytes = fs::read(folder.database()).unwrap();
    fs::write(folder.database(), &bytes[..bytes.len() / 8192 * 4096]).unwrap();
    let said = refused(&folder);
    assert_eq!(
        said,
        format!(
            "the database `DATA/kmswatch.db` is damaged: database disk image is malformed (SQLite's code 11){WAYS_OUT}"
        )
    );
    fs::write(folder.database(), &bytes).unwrap();
    folder.store().check().unwrap();
}

#[test]
fn one_that_was_not_closed_is_checked() {
    let folder = filled();
    let mut bytes = fs::read(folder.database()).unwrap();
    let middle = bytes.len() / 8192 * 4096;
    bytes[middle..middle + 4096].fill(0x55);
    fs::write(folder.database(), &bytes).unwrap();
    // As a killed process leaves it.
    fs::write(folder.path().join("kmswatch.db-wal"), [0; 32]).unwrap();
    let error = Store::open(&folder.database(), Durability::Full).unwrap_err();
    assert!(matches!(error.kind, OpenErrorKind::Corrupt(_)), "{error}");
    assert!(said(&folder, error).ends_with(WAYS_OUT));
    assert_eq!(fs::read(folder.database()).unwrap(), bytes);
}

#[test]
fn what_nobody_wrote_is_damage() {
    let folder = Folder::new();
    let mut store = folder.store();
    changes(&mut store, &[observed(&metric("One"), 60, &[1.0])]);
    drop(store);
    for (sql, expected) in [
        (
            "UPDATE datapoint SET summary = x'ff'",
            "the database is damaged: these bytes aren't a summary of observations",
        ),
        ("UPDATE datapoint SET unit = 'count'", "the database is damaged: `count` is no unit; write `Count`"),
        (
            "UPDATE metric SET dimensions = '[]'",
            "the database is damaged: metric 1: invalid type: sequence, expected a map at line 1 column 0",
        ),
        (
            "INSERT INTO part VALUES ('alarms', '')",
            "the database is damaged: `alarms` is no part of a monitor",
        ),
    ] {
        change(&folder.database(), sql);
        assert_eq!(folder.store().load().unwrap_err().to_string(), expected);
        let undo = "UPDATE datapoint SET unit = 'None', summary = x'01000000000000f03f0100000000000000';
            UPDATE metric SET dimensions = '{}'; DELETE FROM part;";
        change(&folder.database(), undo);
    }
    assert_eq!(folder.store().load().unwrap().slots.len(), 1);
}

#[cfg(target_os = "linux")]
#[test]
fn a_folder_that_may_not_be_written() {
    use std::os::unix::fs::PermissionsExt as _;
    let folder = filled();
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    mode(&folder.database(), 0o400);
    mode(&folder.path(), 0o500);
    // Whoever may do everything isn't stopped.
    let is_root = fs::write(folder.path().join("probe"), "").is_ok();
    let opened = Store::open(&folder.database(), Durability::Full);
    mode(&folder.path(), 0o700);
    if is_root {
        return opened.unwrap().check().unwrap();
    }
    let error = opened.unwrap_err();
    assert!(matches!(&error.kind, OpenErrorKind::Store(StoreError::ReadOnly(_))), "{error}");
}
