//! Copies of a database, and databases from copies.

use std::fmt;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use rusqlite::backup::{Backup, StepResult};

use crate::connection;
use crate::error::{OpenError, StoreError, shown};
use crate::open::{self, BEFORE_RESTORE, beside};

/// Pages that are copied in one go.
const PAGES: i32 = 1024;

/// Why there is no copy, or why a copy wasn't put back.
#[derive(Debug)]
pub enum BackupError {
    /// A file of that name is there already.
    Exists(PathBuf),
    /// The database that is to be copied can't be used.
    From(OpenError),
    /// The copy can't be made.
    Copy(PathBuf, StoreError),
    /// The system refuses something.
    Io(PathBuf, io::Error),
}

/// Copies the database `from` into a new file, as it is at one moment, also while it is written. The copy is complete and
/// checked when it gets its name; only its owner can read it. It is one file, without a write-ahead log.
///
/// While it runs, the write-ahead log of `from` grows by what is written.
///
/// # Errors
/// Where `to` exists, `from` can't be read, or there is no room.
pub fn backup(from: &Path, to: &Path) -> Result<(), BackupError> {
    if fs::symlink_metadata(to).is_ok() {
        return Err(BackupError::Exists(to.to_owned()));
    }
    let (source, _) = open::open_to_copy(from).map_err(BackupError::From)?;
    let new = copy_beside(&source, to)?;
    open::publish(&new, to).map_err(|error| BackupError::Io(to.to_owned(), error))
}

/// Puts the backup `from` in the place of the database `to`. It is checked as a whole first, and takes the place in one step;
/// what was there before stays beside it, with `.before-restore` behind its name.
///
/// Nobody may use `to` meanwhile; whoever calls sees to that.
///
/// # Errors
/// Where `from` is damaged, of a newer version or no backup, and where it can't be copied. `to` is as it was then.
pub fn restore(from: &Path, to: &Path) -> Result<(), BackupError> {
    let (source, _) = open::open_to_copy(from).map_err(BackupError::From)?;
    check(&source).map_err(|error| BackupError::From(OpenError::new(from, error.into())))?;
    let new = copy_beside(&source, to)?;
    let put = set_aside(to)
        .and_then(|()| open::publish(&new, to).map_err(|error| BackupError::Io(to.to_owned(), error)));
    if put.is_err() {
        clear(&new)?;
    }
    put
}

fn check(source: &Connection) -> Result<(), StoreError> {
    open::expect_ok(source, "PRAGMA integrity_check(1)")?;
    if source.prepare("PRAGMA foreign_key_check")?.exists([])? {
        return Err(StoreError::damaged("rows refer to others that aren't there"));
    }
    Ok(())
}

/// A complete copy, under another name beside the one that it will have.
fn copy_beside(source: &Connection, to: &Path) -> Result<PathBuf, BackupError> {
    let new = beside(to, ".new");
    clear(&new)?;
    open::new_file(&new).map_err(|error| BackupError::Io(new.clone(), error))?;
    match copy(source, &new) {
        Ok(()) => Ok(new),
        Err(error) => {
            clear(&new)?;
            Err(BackupError::Copy(to.to_owned(), error))
        }
    }
}

fn clear(new: &Path) -> Result<(), BackupError> {
    open::clear(new).map_err(|error| BackupError::Io(new.to_owned(), error))
}

fn copy(source: &Connection, to: &Path) -> Result<(), StoreError> {
    let mut copy = connection::writer(to)?;
    // Whoever writes meanwhile would make the copy begin anew, again and again; a transaction that reads sees none of it.
    let snapshot = source.unchecked_transaction()?;
    snapshot.query_row("SELECT count(*) FROM sqlite_schema", [], |_| Ok(()))?;
    copy_pages(&snapshot, &mut copy)?;
    snapshot.commit()?;
    copy.close().map_err(|(_, error)| error)?;
    finish(to)
}

fn copy_pages(from: &Connection, to: &mut Connection) -> Result<(), StoreError> {
    let copying = Backup::new(from, to)?;
    loop {
        match copying.step(PAGES)? {
            StepResult::Done => return Ok(()),
            StepResult::More => {}
            _ => return Err(StoreError::Busy("the file that is being copied".into())),
        }
    }
}

/// Makes one file of it, and looks whether it can be read.
fn finish(copy: &Path) -> Result<(), StoreError> {
    let connection = connection::writer(copy)?;
    connection.query_row("PRAGMA journal_mode = DELETE", [], |_| Ok(()))?;
    open::quick_check(&connection, None)?;
    connection.close().map_err(|(_, error)| error.into())
}

/// Keeps what is in the place of a database under another name, and sees to it that nothing of it is taken for a part of the
/// next one.
fn set_aside(to: &Path) -> Result<(), BackupError> {
    let log = beside(to, "-wal");
    let aside = beside(to, BEFORE_RESTORE);
    let failed = |error| BackupError::Io(to.to_owned(), error);
    open::clear(&aside).map_err(failed)?;
    if to.exists() {
        match settle(to) {
            // What of a damaged database is in its log stays there.
            Ok(()) | Err(StoreError::Corrupt(_)) => {}
            Err(error) => return Err(BackupError::Copy(to.to_owned(), error)),
        }
        fs::hard_link(to, &aside).or_else(|_| fs::copy(to, &aside).map(|_| ())).map_err(failed)?;
    }
    if log.exists() {
        fs::rename(&log, beside(&aside, "-wal")).map_err(failed)?;
    }
    match fs::remove_file(beside(to, "-shm")) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(error)),
        _ => Ok(()),
    }
}

/// Brings what is in the write-ahead log into the database.
fn settle(path: &Path) -> Result<(), StoreError> {
    let connection = connection::writer(path)?;
    connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0)).and_then(
        |busy| {
            if busy == 0 { Ok(()) } else { Err(rusqlite::Error::QueryReturnedNoRows) }
        },
    )?;
    connection.close().map_err(|(_, error)| error.into())
}

impl fmt::Display for BackupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            BackupError::Exists(path) => write!(
                f,
                "`{}` exists already, and a backup replaces nothing\n  help: name a new file",
                shown(path)
            ),
            BackupError::From(error) => error.fmt(f),
            BackupError::Copy(path, error) => {
                write!(f, "no copy could be made as `{}`: {error}", shown(path))
            }
            BackupError::Io(path, error) => write!(f, "`{}` can't be written: {error}", shown(path)),
        }
    }
}

impl std::error::Error for BackupError {}
