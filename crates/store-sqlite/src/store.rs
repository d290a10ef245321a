//! The one connection that writes.

use std::collections::HashMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use metric::{MetricId, Summary};
use monitor::{PartKey, Slot, Stored};
use rusqlite::{Connection, Row};

use crate::batch::StoredTemplate;
use crate::connection::Durability;
use crate::error::{OpenError, StoreError};
use crate::metrics;
use crate::numbers::Numbers;
use crate::open;
use crate::questions::{Questions, Reader};
use crate::sweep::Cursor;
use crate::writing::Writing;

/// State that outlives the process. Only one may be open on a database; whoever opens it sees to that.
#[derive(Debug)]
pub struct Store {
    path: PathBuf,
    pub(crate) connection: Connection,
    pub(crate) numbers: Numbers,
    pub(crate) cursor: Cursor,
}

impl Store {
    /// Opens the database, or makes one where there is none (and nothing that belongs to one); only its owner can read it.
    /// One of an older version is brought up to date.
    ///
    /// What is checked: that the file is ours and of a known schema, is as long as it says, and has a readable schema; and,
    /// if it wasn't closed before, the structure of its pages: of all up to 256 MiB, beyond that of the tables that
    /// [`Store::load`] reads and of history and notifications. That takes about a second.
    ///
    /// # Errors
    /// Where that isn't so. The file is then as it was.
    pub fn open(path: &Path, durability: Durability) -> Result<Store, OpenError> {
        let connection = open::open_to_write(path, durability)?;
        let path = path.to_owned();
        Ok(Store { path, connection, numbers: Numbers::default(), cursor: Cursor::default() })
    }

    /// What was written of a monitor.
    ///
    /// Records and slots may be more than the monitor still knew: those of the time that [`crate::Retention`] keeps.
    ///
    /// # Errors
    /// Where it can't be read, or isn't what was written.
    pub fn load(&self) -> Result<Stored, StoreError> {
        let transaction = self.connection.unchecked_transaction()?;
        let stored = Stored {
            parts: parts(&transaction)?,
            records: records(&transaction)?,
            slots: slots(&transaction)?,
        };
        transaction.commit()?;
        Ok(stored)
    }

    /// The template that was applied last.
    ///
    /// # Errors
    /// Where it can't be read.
    pub fn template(&self) -> Result<Option<StoredTemplate>, StoreError> {
        Questions::new(&self.connection).template()
    }

    /// Begins a transaction. What it writes is there when it is committed; it is undone when it is dropped.
    ///
    /// # Errors
    /// Where another process holds the database for too long.
    pub fn begin(&mut self) -> Result<Writing<'_>, StoreError> {
        Writing::begin(self)
    }

    /// Another connection, which only reads and sees what is committed.
    ///
    /// # Errors
    /// Where the database can't be opened once more.
    pub fn reader(&self) -> Result<Reader, OpenError> {
        Reader::open(&self.path)
    }

    /// The questions of a [`Reader`], on this connection.
    #[must_use]
    pub fn questions(&self) -> Questions<'_> {
        Questions::new(&self.connection)
    }

    /// Looks at everything: the structure of all pages, that indexes and tables say the same, and that what rows refer to is
    /// there. That reads the whole file.
    ///
    /// # Errors
    /// Where something is wrong with it.
    pub fn check(&self) -> Result<(), StoreError> {
        open::expect_ok(&self.connection, "PRAGMA integrity_check(1)")?;
        if self.connection.prepare("PRAGMA foreign_key_check")?.exists([])? {
            return Err(StoreError::damaged("rows refer to others that aren't there"));
        }
        Ok(())
    }
}

fn parts(connection: &Connection) -> Result<Vec<(PartKey, String)>, StoreError> {
    let mut statement = connection.prepare("SELECT key, state FROM part ORDER BY key")?;
    let mut rows = statement.query([])?;
    let mut parts = Vec::new();
    while let Some(row) = rows.next()? {
        let key = row.get_ref(0)?.as_str().map_err(StoreError::damaged)?;
        parts.push((key.parse().map_err(StoreError::damaged)?, row.get(1)?));
    }
    Ok(parts)
}

fn records(connection: &Connection) -> Result<Vec<(u128, i64)>, StoreError> {
    let mut statement = connection.prepare("SELECT record, time FROM remembered")?;
    let record = |row: &Row<'_>| Ok((u128::from_be_bytes(row.get(0)?), row.get(1)?));
    Ok(statement.query_map([], record)?.collect::<Result<_, _>>()?)
}

/// What an alarm may look at. Longer slots are for people.
fn slots(connection: &Connection) -> Result<Vec<Slot>, StoreError> {
    let metrics = metrics::all(connection)?;
    let mut statement = connection.prepare(
        "SELECT metric, unit, start, length, summary FROM datapoint WHERE length IN (1, 60)
         ORDER BY metric, length, start, unit",
    )?;
    let mut rows = statement.query([])?;
    let mut slots = Vec::new();
    while let Some(row) = rows.next()? {
        slots.push(slot(row, &metrics)?);
    }
    Ok(slots)
}

fn slot(row: &Row<'_>, metrics: &HashMap<i64, Arc<MetricId>>) -> Result<Slot, StoreError> {
    let number: i64 = row.get(0)?;
    let metric = metrics.get(&number).map(Arc::clone);
    let metric = metric.ok_or_else(|| StoreError::damaged(format!("metric {number} is missing")))?;
    read_slot(row, metric)
}

/// Of a row of metric, unit, start, length and summary.
pub(crate) fn read_slot(row: &Row<'_>, metric: Arc<MetricId>) -> Result<Slot, StoreError> {
    let (unit, start, length): (String, i64, u32) = (row.get(1)?, row.get(2)?, row.get(3)?);
    let unit = unit.parse().map_err(StoreError::damaged)?;
    let summary = summary(row.get_ref(4)?.as_blob().map_err(StoreError::damaged)?)?;
    Ok(Slot { metric, unit, start, length, summary })
}

pub(crate) fn summary(bytes: &[u8]) -> Result<Summary, StoreError> {
    Summary::from_bytes(bytes).map_err(StoreError::damaged)
}
