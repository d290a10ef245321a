//! One transaction.

mod datapoints;
mod evidence;
mod history;
mod outbox;

use monitor::{Change, Part};
use rusqlite::{Connection, params};

use crate::StoreError;
use crate::batch::{Batch, Checkpoint, Problem, StoredTemplate};
use crate::numbers::Numbers;
use crate::questions::Questions;
use crate::store::Store;
pub(crate) use datapoints::{Additions, Place};

/// A transaction that is open. Dropped without [`Writing::commit`], nothing of it was written.
#[derive(Debug)]
pub struct Writing<'s> {
    store: &'s mut Store,
    /// What went wrong, and everything with it.
    failed: Option<StoreError>,
    committed: bool,
}

impl<'s> Writing<'s> {
    pub(crate) fn begin(store: &'s mut Store) -> Result<Self, StoreError> {
        store.connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        Ok(Writing { store, failed: None, committed: false })
    }

    /// Writes a batch. May be called several times.
    ///
    /// # Errors
    /// Where it can't be written. The whole transaction is undone then, and can only be dropped; the store is as it was
    /// before, and the same can be written again.
    pub fn write(&mut self, batch: &Batch<'_>) -> Result<(), StoreError> {
        self.within(|connection, numbers| write(connection, numbers, batch))
    }

    /// Keeps what a notification tells, as JSON of whoever sends it.
    ///
    /// # Errors
    /// As [`Writing::write`], and where there is no such notification.
    pub fn story(&mut self, notification: u64, story: &str) -> Result<(), StoreError> {
        self.within(|connection, _| outbox::story(connection, notification, story))
    }

    /// The questions of a [`crate::Reader`], with what this transaction has written so far.
    #[must_use]
    pub fn questions(&self) -> Questions<'_> {
        Questions::new(&self.store.connection)
    }

    /// Ends the transaction. When this returns, everything is where [`crate::Durability`] says.
    ///
    /// # Errors
    /// Where that isn't possible. Everything is undone then, and can be written again.
    pub fn commit(mut self) -> Result<(), StoreError> {
        if let Some(error) = self.failed.take() {
            return Err(error);
        }
        self.store.connection.prepare_cached("COMMIT")?.execute([])?;
        self.committed = true;
        Ok(())
    }

    pub(crate) fn within<T>(
        &mut self,
        work: impl FnOnce(&Connection, &mut Numbers) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        if let Some(error) = &self.failed {
            return Err(error.clone());
        }
        let done = work(&self.store.connection, &mut self.store.numbers);
        if let Err(error) = &done {
            self.failed = Some(error.clone());
            self.undo();
        }
        done
    }

    fn undo(&mut self) {
        // What got its number in this transaction doesn't have it any more.
        self.store.numbers.forget();
        if !self.store.connection.is_autocommit() {
            // Where even this fails, SQLite undoes the transaction before it begins the next one.
            let _ = self.store.connection.execute_batch("ROLLBACK");
        }
    }
}

impl Drop for Writing<'_> {
    fn drop(&mut self) {
        // Also where SQLite undid the transaction by itself, as it does if there is no room to commit it.
        if !self.committed {
            self.undo();
        }
    }
}

fn write(connection: &Connection, numbers: &mut Numbers, batch: &Batch<'_>) -> Result<(), StoreError> {
    let mut additions = Additions::default();
    for change in batch.changes {
        write_change(connection, numbers, change, batch.now, &mut additions)?;
    }
    additions.write(connection)?;
    batch.parts.iter().try_for_each(|part| write_part(connection, part))?;
    batch.checkpoints.iter().try_for_each(|checkpoint| write_checkpoint(connection, checkpoint))?;
    batch.problems.iter().try_for_each(|problem| write_problem(connection, problem))?;
    batch.counters.iter().try_for_each(|(name, added)| count(connection, name, *added))?;
    batch.template.map_or(Ok(()), |template| write_template(connection, template))
}

fn write_change(
    connection: &Connection,
    numbers: &mut Numbers,
    change: &Change,
    now: i64,
    additions: &mut Additions,
) -> Result<(), StoreError> {
    match change {
        Change::Remembered { record, time } => remember(connection, *record, *time),
        Change::Repeated { .. } | Change::OutOfReach { .. } => Ok(()),
        Change::Observed { metric, unit, start, length, added } => {
            let metric = numbers.of(connection, metric)?;
            additions.add((metric, *length, *start, *unit), added);
            Ok(())
        }
        Change::Matched { record, time, metrics, evidence, .. } => {
            let sighting = evidence::sighting(connection, numbers, (*record, *time), evidence)?;
            for metric in metrics {
                let metric = numbers.of(connection, metric)?;
                evidence::link(connection, metric, *time, sighting)?;
            }
            Ok(())
        }
        Change::Queued(_)
        | Change::Summed { .. }
        | Change::Delivered { .. }
        | Change::Postponed { .. }
        | Change::GivenUp { .. } => outbox::write(connection, change, now),
        Change::AlarmCreated { .. }
        | Change::AlarmUpdated { .. }
        | Change::AlarmDeleted { .. }
        | Change::State(_)
        | Change::LateEpisode(_)
        | Change::Revised(_)
        | Change::News(_)
        | Change::Untold { .. } => history::write(connection, change, now),
    }
}

fn remember(connection: &Connection, record: u128, time: i64) -> Result<(), StoreError> {
    const SQL: &str = "INSERT OR IGNORE INTO remembered (time, record) VALUES (?, ?)";
    connection.prepare_cached(SQL)?.execute(params![time, record.to_be_bytes()])?;
    Ok(())
}

fn write_part(connection: &Connection, part: &Part) -> Result<(), StoreError> {
    const WRITE: &str = "INSERT INTO part (key, state) VALUES (?, ?)
        ON CONFLICT (key) DO UPDATE SET state = excluded.state";
    const REMOVE: &str = "DELETE FROM part WHERE key = ?";
    let key = part.key.to_string();
    match &part.state {
        Some(state) => connection.prepare_cached(WRITE)?.execute((key, state))?,
        None => connection.prepare_cached(REMOVE)?.execute([key])?,
    };
    Ok(())
}

fn write_checkpoint(connection: &Connection, checkpoint: &Checkpoint) -> Result<(), StoreError> {
    const UPDATE: &str =
        "UPDATE checkpoint SET length = ?3, modified_ns = ?4, device = ?5, inode = ?6, taken = ?7,
        complete = ?8, read_at = ?9, content = ?10 WHERE source = ?1 AND key = ?2";
    const INSERT: &str = "INSERT INTO checkpoint
        (source, key, length, modified_ns, device, inode, taken, complete, read_at, content)
        VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)";
    let source = source(connection, &checkpoint.source, checkpoint.read_at)?;
    let version = &checkpoint.version;
    let row = params![
        source,
        checkpoint.key,
        version.length.cast_signed(),
        version.modified_ns,
        version.device.cast_signed(),
        version.inode.cast_signed(),
        checkpoint.taken.cast_signed(),
        checkpoint.complete,
        checkpoint.read_at,
        checkpoint.content.to_be_bytes(),
    ];
    if connection.prepare_cached(UPDATE)?.execute(row)? == 0 {
        connection.prepare_cached(INSERT)?.execute(row)?;
        connection.prepare_cached("UPDATE source SET files = files + 1 WHERE id = ?")?.execute([source])?;
    }
    Ok(())
}

/// The number of a source of which something was read now.
fn source(connection: &Connection, name: &str, read_at: i64) -> Result<i64, StoreError> {
    const SQL: &str = "INSERT INTO source (name, files, read_at) VALUES (?, 0, ?)
        ON CONFLICT (name) DO UPDATE SET read_at = max(read_at, excluded.read_at) RETURNING id";
    Ok(connection.prepare_cached(SQL)?.query_row((name, read_at), |row| row.get(0))?)
}

fn write_problem(connection: &Connection, problem: &Problem) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO problem (time, source, path, \"offset\", reason) VALUES (?, ?, ?, ?, ?)";
    let Problem { time, source, path, offset, reason } = problem;
    let offset = offset.map(u64::cast_signed);
    connection.prepare_cached(SQL)?.execute(params![time, source, path, offset, reason])?;
    Ok(())
}

/// Totals stop at 2^63 - 1.
fn count(connection: &Connection, name: &str, added: u64) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO counter (name, value) VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET
        value = CASE WHEN value > 9223372036854775807 - excluded.value THEN 9223372036854775807
                     ELSE value + excluded.value END";
    let added = i64::try_from(added).unwrap_or(i64::MAX);
    connection.prepare_cached(SQL)?.execute((name, added))?;
    Ok(())
}

fn write_template(connection: &Connection, template: &StoredTemplate) -> Result<(), StoreError> {
    const SQL: &str =
        "INSERT OR REPLACE INTO template (id, name, text, settings, applied_at) VALUES (1, ?, ?, ?, ?)";
    let StoredTemplate { name, text, settings, applied_at } = template;
    connection.prepare_cached(SQL)?.execute((name, text, settings, applied_at))?;
    Ok(())
}
