//! Which tables there are, and how those of an older version become those of today.

use rusqlite::Connection;

use crate::StoreError;
use crate::connection::APPLICATION_ID;

/// The steps from an empty database to today's, each from the schema of its position to the next one. A step that was
/// released is never changed.
pub(crate) const STEPS: [&str; 1] = [include_str!("schema/1.sql")];

/// The number of today's schema.
pub const SCHEMA: i64 = STEPS.len() as i64;

/// Prepares an empty file.
pub(crate) fn create(connection: &Connection) -> Result<(), StoreError> {
    // Both can only be chosen before there are tables.
    connection.pragma_update(None, "page_size", 4096)?;
    connection.pragma_update(None, "auto_vacuum", "INCREMENTAL")?;
    connection.pragma_update(None, "application_id", APPLICATION_ID)?;
    migrate(connection)
}

/// Brings the tables up to date.
pub(crate) fn migrate(connection: &Connection) -> Result<(), StoreError> {
    take_steps(connection, &STEPS)
}

/// The number of the schema that a database has.
pub(crate) fn found(connection: &Connection) -> Result<i64, StoreError> {
    Ok(connection.query_row("PRAGMA user_version", [], |row| row.get(0))?)
}

pub(crate) fn take_steps(connection: &Connection, steps: &[&str]) -> Result<(), StoreError> {
    let done = usize::try_from(found(connection)?).unwrap_or(usize::MAX);
    // A step may rebuild a table that others refer to.
    connection.pragma_update(None, "foreign_keys", false)?;
    for (from, step) in steps.iter().enumerate().skip(done) {
        let taken = take_step(connection, step, from + 1);
        if taken.is_err() && !connection.is_autocommit() {
            connection.execute_batch("ROLLBACK")?;
        }
        taken?;
    }
    connection.pragma_update(None, "foreign_keys", true)?;
    Ok(())
}

fn take_step(connection: &Connection, step: &str, to: usize) -> Result<(), StoreError> {
    connection.execute_batch("BEGIN IMMEDIATE")?;
    connection.execute_batch(step)?;
    let dangling = connection.prepare("PRAGMA foreign_key_check")?.exists([])?;
    if dangling {
        return Err(StoreError::Corrupt(format!("rows refer to others that aren't there, in schema {to}")));
    }
    connection.pragma_update(None, "user_version", i64::try_from(to).unwrap_or(i64::MAX))?;
    connection.execute_batch("COMMIT")?;
    Ok(())
}
