//! Connections, and how SQLite is to behave on them.

use std::path::Path;
use std::time::Duration;

use rusqlite::config::DbConfig;
use rusqlite::{Connection, OpenFlags};

use crate::StoreError;

/// What tells a database of ours from others: `kmsw`.
pub(crate) const APPLICATION_ID: i32 = 0x6b6d_7377;

/// How long SQLite waits for another process that holds the database.
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);
/// Pages that the writer keeps in memory, in KiB.
const WRITER_CACHE: i64 = 32 * 1024;
/// Pages that a reader keeps in memory, in KiB.
const READER_CACHE: i64 = 2 * 1024;
/// How long the write-ahead log may stay when all of it is in the database, in bytes.
const LOG_SIZE: i64 = 64 * 1024 * 1024;
/// Statements that are kept ready on a connection.
const STATEMENTS: usize = 128;

/// When a transaction counts as committed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Durability {
    /// When the disk has it: it survives that the power fails.
    #[default]
    Full,
    /// When the system has it: it survives that the process is killed. If the power fails, the last transactions may be
    /// missing, each wholly.
    Normal,
}

/// A connection that may write to a file that exists.
pub(crate) fn writer(path: &Path) -> rusqlite::Result<Connection> {
    connect(path, OpenFlags::SQLITE_OPEN_READ_WRITE, WRITER_CACHE)
}

/// A connection that only reads.
pub(crate) fn reader(path: &Path) -> rusqlite::Result<Connection> {
    let connection = connect(path, OpenFlags::SQLITE_OPEN_READ_ONLY, READER_CACHE)?;
    connection.pragma_update(None, "query_only", true)?;
    Ok(connection)
}

fn connect(path: &Path, access: OpenFlags, cache: i64) -> rusqlite::Result<Connection> {
    // Without SQLITE_OPEN_URI a path is a path, whatever is in it.
    let connection = Connection::open_with_flags(path, access | OpenFlags::SQLITE_OPEN_NO_MUTEX)?;
    connection.busy_timeout(BUSY_TIMEOUT)?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    // The schema of a file that somebody prepared runs nothing.
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_DEFENSIVE, true)?;
    connection.set_db_config(DbConfig::SQLITE_DBCONFIG_TRUSTED_SCHEMA, false)?;
    connection.pragma_update(None, "cell_size_check", true)?;
    connection.pragma_update(None, "mmap_size", 0)?;
    connection.pragma_update(None, "cache_size", -cache)?;
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    Ok(connection)
}

/// From now on transactions are written as ours are. Changes the file if it isn't in this mode yet.
pub(crate) fn prepare_to_write(connection: &Connection, durability: Durability) -> Result<(), StoreError> {
    let mode: String = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0))?;
    if mode != "wal" {
        return Err(StoreError::Other(format!(
            "this file system doesn't allow a write-ahead log (the mode stays `{mode}`)"
        )));
    }
    let synchronous = match durability {
        Durability::Full => "FULL",
        Durability::Normal => "NORMAL",
    };
    connection.pragma_update(None, "synchronous", synchronous)?;
    connection.pragma_update(None, "journal_size_limit", LOG_SIZE)?;
    connection.pragma_update(None, "foreign_keys", true)?;
    Ok(())
}
