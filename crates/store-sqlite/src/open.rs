//! What must hold before a database is used.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use crate::connection::{self, APPLICATION_ID, Durability};
use crate::error::{OpenError, OpenErrorKind, StoreError};
use crate::schema::{self, SCHEMA};

/// A database that wasn't closed is checked as a whole up to this size, in bytes: about a second. Of a larger one the
/// tables are checked that a monitor is loaded from.
const CHECKED_WHOLE: u64 = 256 * 1024 * 1024;
/// The tables that a monitor and its notifications depend on.
const VITAL: [&str; 7] = ["part", "remembered", "metric", "notification", "history", "counter", "template"];

/// Opens a database to write, or makes one where there is none.
pub(crate) fn open_to_write(path: &Path, durability: Durability) -> Result<Connection, OpenError> {
    let refused = |kind| OpenError::new(path, kind);
    if !look(path).map_err(refused)? {
        create(path).map_err(refused)?;
    }
    let connection = connection::writer(path).map_err(|error| refused(why(error)))?;
    check(&connection, was_left_open(path)).map_err(refused)?;
    let ready = || -> Result<(), StoreError> {
        connection::prepare_to_write(&connection, durability)?;
        schema::migrate(&connection)
    };
    ready().map_err(|error| refused(error.into()))?;
    Ok(connection)
}

/// Opens a database of today's schema to read.
pub(crate) fn open_to_read(path: &Path) -> Result<Connection, OpenError> {
    let (connection, found) = open_to_copy(path)?;
    if found < SCHEMA {
        return Err(OpenError::new(path, OpenErrorKind::Older { found, known: SCHEMA }));
    }
    Ok(connection)
}

/// Opens a database of any schema that is known, and says which it has.
pub(crate) fn open_to_copy(path: &Path) -> Result<(Connection, i64), OpenError> {
    let refused = |kind| OpenError::new(path, kind);
    if !look(path).map_err(refused)? {
        return Err(refused(OpenErrorKind::Missing));
    }
    let connection = connection::reader(path).map_err(|error| refused(why(error)))?;
    let found = identify(&connection).map_err(refused)?;
    Ok((connection, found))
}

/// Whether there is a file that can be a database. It isn't opened: closing it again would release the locks of other
/// connections of this process.
fn look(path: &Path) -> Result<bool, OpenErrorKind> {
    match fs::metadata(path) {
        Ok(metadata) if !metadata.is_file() => Err(OpenErrorKind::NotADatabase),
        // A new one gets its name when it is complete, so that an empty file is never a beginning.
        Ok(metadata) if metadata.len() == 0 => Err(OpenErrorKind::Empty),
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => nothing_of_it(path).map(|()| false),
        Err(error) => Err(OpenErrorKind::Io(error)),
    }
}

/// That neither the database nor something that belongs to one is there.
fn nothing_of_it(path: &Path) -> Result<(), OpenErrorKind> {
    if !folder_of(path).is_dir() {
        return Err(OpenErrorKind::NoFolder);
    }
    let rest = [beside(path, "-wal"), beside(path, BEFORE_RESTORE)];
    match rest.into_iter().find(|file| fs::metadata(file).is_ok_and(|metadata| metadata.len() > 0)) {
        Some(file) => Err(OpenErrorKind::Lost(file)),
        None => Ok(()),
    }
}

/// Makes a database, which has its name only when it is complete and on the disk.
fn create(path: &Path) -> Result<(), OpenErrorKind> {
    let new = beside(path, ".new");
    clear(&new).map_err(OpenErrorKind::Io)?;
    new_file(&new).map_err(OpenErrorKind::Io)?;
    let fill = || -> Result<(), StoreError> {
        let connection = connection::writer(&new)?;
        schema::create(&connection)?;
        connection.close().map_err(|(_, error)| error.into())
    };
    fill().map_err(OpenErrorKind::from)?;
    publish(&new, path).map_err(OpenErrorKind::Io)
}

/// Removes a database that wasn't completed, with what SQLite put beside it.
pub(crate) fn clear(new: &Path) -> io::Result<()> {
    for file in [new.to_owned(), beside(new, "-wal"), beside(new, "-shm"), beside(new, "-journal")] {
        match fs::remove_file(file) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
    }
    Ok(())
}

/// A file that only its owner can read. SQLite gives what it puts beside it the same permissions.
pub(crate) fn new_file(path: &Path) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(|_| ())
}

/// Gives a complete file its name, so that it is there after the power failed, too.
pub(crate) fn publish(new: &Path, path: &Path) -> io::Result<()> {
    File::open(new)?.sync_all()?;
    fs::rename(new, path)?;
    File::open(folder_of(path))?.sync_all()
}

/// Whether whoever wrote it last didn't close it. Who closes it removes the write-ahead log.
fn was_left_open(path: &Path) -> bool {
    fs::metadata(beside(path, "-wal")).is_ok_and(|metadata| metadata.len() > 0)
}

fn check(connection: &Connection, was_left_open: bool) -> Result<(), OpenErrorKind> {
    identify(connection)?;
    if was_left_open {
        check_pages(connection).map_err(OpenErrorKind::from)?;
    }
    Ok(())
}

/// Whether it is ours, and which schema it has. SQLite finds here if the file is shorter than it says.
fn identify(connection: &Connection) -> Result<i64, OpenErrorKind> {
    let number = |pragma: &str| connection.pragma_query_value(None, pragma, |row| row.get::<_, i32>(0));
    let application = number("application_id").map_err(why)?;
    if application != APPLICATION_ID {
        return Err(OpenErrorKind::OtherApplication(application));
    }
    let found = i64::from(number("user_version").map_err(why)?);
    if found > SCHEMA {
        return Err(OpenErrorKind::Newer { found, known: SCHEMA });
    }
    if found < 1 {
        return Err(OpenErrorKind::Corrupt("it has no schema".into()));
    }
    // Reads the whole schema.
    connection.prepare("SELECT 1 FROM part").map_err(why)?;
    Ok(found)
}

fn why(error: rusqlite::Error) -> OpenErrorKind {
    match error.sqlite_error_code() {
        Some(rusqlite::ErrorCode::NotADatabase) => OpenErrorKind::NotADatabase,
        _ => StoreError::from(error).into(),
    }
}

/// Looks at the structure of the pages.
fn check_pages(connection: &Connection) -> Result<(), StoreError> {
    let bytes: i64 = connection.query_row(
        "SELECT page_count * page_size FROM pragma_page_count, pragma_page_size",
        [],
        |row| row.get(0),
    )?;
    if u64::try_from(bytes).is_ok_and(|bytes| bytes <= CHECKED_WHOLE) {
        return quick_check(connection, None);
    }
    VITAL.iter().try_for_each(|table| quick_check(connection, Some(table)))
}

pub(crate) fn quick_check(connection: &Connection, table: Option<&str>) -> Result<(), StoreError> {
    let sql = match table {
        Some(table) => format!("PRAGMA quick_check('{table}')"),
        None => "PRAGMA quick_check(1)".to_owned(),
    };
    expect_ok(connection, &sql)
}

/// That a check of SQLite's says nothing but `ok`.
pub(crate) fn expect_ok(connection: &Connection, sql: &str) -> Result<(), StoreError> {
    let said: String = connection.query_row(sql, [], |row| row.get(0))?;
    if said == "ok" { Ok(()) } else { Err(StoreError::Corrupt(said.replace('\n', "; "))) }
}

/// Where the database lies that a backup took the place of.
pub(crate) const BEFORE_RESTORE: &str = ".before-restore";

/// A file whose name begins as that of the database.
pub(crate) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name: OsString = path.as_os_str().to_owned();
    name.push(suffix);
    PathBuf::from(name)
}

pub(crate) fn folder_of(path: &Path) -> PathBuf {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder.to_owned(),
        _ => PathBuf::from("."),
    }
}

impl From<StoreError> for OpenErrorKind {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Corrupt(detail) => OpenErrorKind::Corrupt(detail),
            other => OpenErrorKind::Store(other),
        }
    }
}
