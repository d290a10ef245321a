//! What can go wrong with a database, for people and for callers that do something about it.

use std::fmt;
use std::path::{Path, PathBuf};

use rusqlite::{ErrorCode, ffi};

/// Why something couldn't be written or read. Nothing of it was written, and it can be tried again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum StoreError {
    /// The disk is full, or the database may not grow.
    Full(String),
    /// The database or its folder can't be written.
    ReadOnly(String),
    /// Another process holds the database for longer than we wait.
    Busy(String),
    /// What stands in the database isn't what was written.
    Corrupt(String),
    /// Anything else.
    Other(String),
}

impl StoreError {
    /// Of a value that nobody wrote there.
    pub(crate) fn damaged(what: impl fmt::Display) -> Self {
        StoreError::Corrupt(what.to_string())
    }
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StoreError::Full(detail) => write!(f, "there is no room for the database: {detail}"),
            StoreError::ReadOnly(detail) => write!(f, "the database can't be written: {detail}"),
            StoreError::Busy(detail) => write!(f, "another process holds the database: {detail}"),
            StoreError::Corrupt(detail) => write!(f, "the database is damaged: {detail}"),
            StoreError::Other(detail) => write!(f, "the database doesn't answer: {detail}"),
        }
    }
}

impl std::error::Error for StoreError {}

impl From<rusqlite::Error> for StoreError {
    fn from(error: rusqlite::Error) -> Self {
        use rusqlite::Error as E;
        match &error {
            E::SqliteFailure(failure, _) => {
                let detail = with_code(&error, failure.extended_code);
                match failure.code {
                    ErrorCode::SystemIoFailure => of_input_output(failure.extended_code, detail),
                    ErrorCode::DiskFull => StoreError::Full(detail),
                    ErrorCode::ReadOnly | ErrorCode::PermissionDenied => StoreError::ReadOnly(detail),
                    ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked => StoreError::Busy(detail),
                    ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase => StoreError::Corrupt(detail),
                    _ => StoreError::Other(detail),
                }
            }
            E::FromSqlConversionFailure(..)
            | E::InvalidColumnType(..)
            | E::IntegralValueOutOfRange(..)
            | E::Utf8Error(..) => StoreError::Corrupt(error.to_string()),
            _ => StoreError::Other(error.to_string()),
        }
    }
}

/// SQLite knows only some of the system's reasons by name.
fn of_input_output(code: i32, detail: String) -> StoreError {
    match code {
        // The index of the write-ahead log couldn't be made longer.
        ffi::SQLITE_IOERR_SHMSIZE => StoreError::Full(detail),
        ffi::SQLITE_IOERR_WRITE | ffi::SQLITE_IOERR_FSYNC | ffi::SQLITE_IOERR_TRUNCATE => {
            StoreError::ReadOnly(detail)
        }
        _ => StoreError::Other(detail),
    }
}

/// SQLite's words, and the code that its documentation explains.
fn with_code(error: &rusqlite::Error, code: i32) -> String {
    format!("{error} (SQLite's code {code})")
}

/// Why a database can't be opened, and what can be done.
#[derive(Debug)]
pub struct OpenError {
    /// Which database.
    pub path: PathBuf,
    /// Why.
    pub kind: OpenErrorKind,
}

/// Why a database can't be opened.
#[derive(Debug)]
pub enum OpenErrorKind {
    /// The folder that it should be in isn't there.
    NoFolder,
    /// There is none, where none is made.
    Missing,
    /// There is none, but something that belongs to one, at this path: it was lost.
    Lost(PathBuf),
    /// The file is empty. A new database isn't, at any time.
    Empty,
    /// It is no SQLite database, or no file.
    NotADatabase,
    /// It is a database of another program, with this application id.
    OtherApplication(i32),
    /// A newer kmswatch wrote it.
    Newer {
        /// The schema that it has.
        found: i64,
        /// The newest schema that is known here.
        known: i64,
    },
    /// An older kmswatch wrote it, and who only reads doesn't change it.
    Older {
        /// The schema that it has.
        found: i64,
        /// The schema that is known here.
        known: i64,
    },
    /// It is damaged: this is what SQLite says.
    Corrupt(String),
    /// It can't be read or written as it should be.
    Store(StoreError),
    /// The system refuses something.
    Io(std::io::Error),
}

impl OpenError {
    pub(crate) fn new(path: &Path, kind: OpenErrorKind) -> Self {
        OpenError { path: path.to_owned(), kind }
    }

    /// What can be done about it, a sentence a line, if anything is known.
    #[must_use]
    pub fn help(&self) -> Vec<String> {
        use OpenErrorKind as K;
        let path = shown(&self.path);
        match &self.kind {
            K::NoFolder => vec!["make the folder, or name another one".into()],
            K::Missing => vec!["a database is made when the service starts".into()],
            K::Lost(_) => vec![
                format!("put the file `{path}` back beside it, or restore a backup"),
                "to begin anew without what was remembered, move these files away first".into(),
            ],
            K::Empty | K::NotADatabase | K::OtherApplication(_) => vec![
                "name another data folder, or restore a backup here".into(),
                "to begin anew without what was remembered, move the file away first".into(),
            ],
            K::Newer { .. } => vec![
                "use the version of kmswatch that wrote it, or a later one".into(),
                "or restore a backup that was made before the update".into(),
            ],
            K::Older { .. } => vec!["start the service once, which brings the database up to date".into()],
            K::Corrupt(_) => ways_out_of_damage(&path),
            K::Store(StoreError::Corrupt(_)) => ways_out_of_damage(&path),
            K::Store(StoreError::ReadOnly(_)) => {
                vec!["the folder and all files of the database must be writable for this user".into()]
            }
            K::Store(StoreError::Full(_)) => vec!["make room on the disk".into()],
            K::Store(StoreError::Busy(_)) => vec!["end the other process".into()],
            K::Store(StoreError::Other(_)) | K::Io(_) => Vec::new(),
        }
    }
}

fn ways_out_of_damage(path: &str) -> Vec<String> {
    vec![
        "restore a backup".into(),
        format!(
            "or save what can be read with sqlite3: `sqlite3 '{path}' .recover | sqlite3 NEW`; then put NEW in its place"
        ),
        "or begin anew without what was remembered: move the file away, with its -wal and -shm".into(),
    ]
}

impl fmt::Display for OpenError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        use OpenErrorKind as K;
        let path = shown(&self.path);
        match &self.kind {
            K::NoFolder => write!(f, "the folder of the database `{path}` isn't there"),
            K::Missing => write!(f, "there is no database `{path}`"),
            K::Lost(rest) => {
                write!(f, "the database `{path}` is missing, though `{}` belongs to it", shown(rest))
            }
            K::Empty => write!(f, "the database `{path}` is empty: what was in it has been lost"),
            K::NotADatabase => write!(f, "`{path}` is no database"),
            K::OtherApplication(id) => {
                write!(f, "`{path}` is a database of another program (application id {id})")
            }
            K::Newer { found, known } => {
                write!(
                    f,
                    "a newer kmswatch wrote the database `{path}`: schema {found}, known here up to {known}"
                )
            }
            K::Older { found, known } => {
                write!(f, "an older kmswatch wrote the database `{path}`: schema {found} instead of {known}")
            }
            K::Corrupt(detail) => write!(f, "the database `{path}` is damaged: {detail}"),
            K::Store(error) => write!(f, "the database `{path}` can't be opened: {error}"),
            K::Io(error) => write!(f, "the database `{path}` can't be opened: {error}"),
        }?;
        self.help().iter().try_for_each(|line| write!(f, "\n  help: {line}"))
    }
}

impl std::error::Error for OpenError {}

/// A path on a terminal.
pub(crate) fn shown(path: &Path) -> String {
    path.to_string_lossy().escape_debug().to_string()
}
