//! Databases of each schema that was released, and of those to come.

use std::fs;
use std::path::Path;

use rusqlite::Connection;

use crate::connection;
use crate::schema::{self, SCHEMA};

fn empty(folder: &Path) -> Connection {
    let path = folder.join("kmswatch.db");
    fs::write(&path, []).unwrap();
    let connection = connection::writer(&path).unwrap();
    schema::create(&connection).unwrap();
    connection
}

fn number(connection: &Connection, sql: &str) -> i64 {
    connection.query_row(sql, [], |row| row.get(0)).unwrap()
}

const NEXT: &str = "ALTER TABLE counter ADD COLUMN unit TEXT; UPDATE counter SET unit = 'n';";
const AFTER: &str = "CREATE TABLE more (x INTEGER) STRICT;";

/// All steps that there are, and those.
fn steps<'s>(more: &[&'s str]) -> Vec<&'s str> {
    schema::STEPS.iter().chain(more).copied().collect()
}

#[test]
fn each_step_is_taken_once_and_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let connection = empty(folder.path());
    assert_eq!(schema::found(&connection).unwrap(), SCHEMA);
    connection.execute("INSERT INTO counter VALUES ('records', 5)", []).unwrap();
    schema::take_steps(&connection, &steps(&[NEXT])).unwrap();
    schema::take_steps(&connection, &steps(&[NEXT])).unwrap();
    schema::take_steps(&connection, &steps(&[NEXT, AFTER])).unwrap();
    assert_eq!(schema::found(&connection).unwrap(), SCHEMA + 2);
    assert_eq!(number(&connection, "SELECT value FROM counter WHERE unit = 'n'"), 5);
    assert_eq!(number(&connection, "SELECT count(*) FROM more"), 0);
    assert_eq!(number(&connection, "PRAGMA foreign_keys"), 1);
}

#[test]
fn a_step_that_fails_leaves_what_was_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let connection = empty(folder.path());
    let dangling = "PRAGMA defer_foreign_keys = ON; INSERT INTO datapoint VALUES (7, 60, 0, 'None', x'00');";
    for (bad, said) in [
        ("CREATE TABLE more (x INTEGER) STRICT; SELECT nothing;", "the database doesn't answer"),
        (dangling, "the database is damaged: rows refer to others that aren't there, in schema 3"),
    ] {
        let error = schema::take_steps(&connection, &steps(&[NEXT, bad])).unwrap_err().to_string();
        assert!(error.starts_with(said), "{error}");
        assert_eq!(schema::found(&connection).unwrap(), SCHEMA + 1);
        assert_eq!(number(&connection, "SELECT count(*) FROM sqlite_schema WHERE name = 'more'"), 0);
        assert_eq!(number(&connection, "SELECT count(*) FROM datapoint"), 0);
    }
}
