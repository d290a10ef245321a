//! What can be asked, without looking at a whole table.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use alarm::StateValue;
use metric::MetricId;
use monitor::{Evidence, Slot, Subscription};
use rusqlite::{CachedStatement, Connection, Params, Row, params};

use crate::batch::{Checkpoint, Problem, StoredTemplate, Version};
use crate::error::{OpenError, StoreError};
use crate::hash::of_pair;
use crate::rows::{
    Depth, Detail, EvidenceGroup, EvidenceRow, HistoryKind, HistoryRow, OutboxRow, OutboxState, SeenBefore,
    Size, SourceRow,
};
use crate::store::read_slot;
use crate::{metrics, open};

/// No answer has more rows than this, whatever was asked for.
pub const MAX_ROWS: u32 = 100_000;

/// A connection that only reads: any number of them, in any process. It waits for nobody, and nobody waits for it.
#[derive(Debug)]
pub struct Reader {
    connection: Connection,
}

impl Reader {
    /// Opens a database that a [`crate::Store`] made.
    ///
    /// # Errors
    /// Where there is none, or it isn't of today's schema.
    pub fn open(path: &Path) -> Result<Reader, OpenError> {
        Ok(Reader { connection: open::open_to_read(path)? })
    }

    /// What can be asked. Each question sees what is committed when it is asked.
    #[must_use]
    pub fn questions(&self) -> Questions<'_> {
        Questions::new(&self.connection)
    }

    /// Asks several questions of one state of the database.
    ///
    /// # Errors
    /// Where `ask` fails, or the database can't be read.
    pub fn at_once<T>(
        &mut self,
        ask: impl FnOnce(&Questions<'_>) -> Result<T, StoreError>,
    ) -> Result<T, StoreError> {
        let transaction = self.connection.transaction()?;
        let answer = ask(&Questions::new(&transaction))?;
        transaction.finish()?;
        Ok(answer)
    }
}

/// What can be asked of a database.
#[derive(Debug)]
pub struct Questions<'c> {
    connection: &'c Connection,
}

/// Source, key, version, taken, complete, read_at, content.
const CHECKPOINT: &str =
    "SELECT source.name, checkpoint.key, length, modified_ns, device, inode, taken, complete,
    checkpoint.read_at, content FROM checkpoint JOIN source ON source.id = checkpoint.source";

/// A sighting's evidence.
const EVIDENCE: &str =
    "pair.principal, pair.key, content.operation, content.error, content.source_address, content.detail";

const OUTBOX: &str =
    "SELECT id, topic, protocol, endpoint, alarm, queued_at, state, attempts, next_attempt, closed_at,
    reason, notification, story, summed FROM notification";

const HISTORY: &str = "SELECT id, at, alarm, kind, was, became, detail FROM history";

impl<'c> Questions<'c> {
    pub(crate) fn new(connection: &'c Connection) -> Self {
        Questions { connection }
    }

    /// How far a file has been read.
    ///
    /// # Errors
    /// Where the database can't be read, as of all questions.
    pub fn checkpoint(&self, source: &str, key: impl AsRef<[u8]>) -> Result<Option<Checkpoint>, StoreError> {
        let sql = format!("{CHECKPOINT} WHERE source.name = ? AND checkpoint.key = ?");
        self.one(&sql, (source, key.as_ref()), checkpoint)
    }

    /// How far the files of this number have been read, whatever their paths are: a renamed file, or several names of one.
    ///
    /// # Errors
    /// Where the database can't be read.
    pub fn checkpoint_by_identity(&self, device: u64, inode: u64) -> Result<Vec<Checkpoint>, StoreError> {
        let sql = format!("{CHECKPOINT} WHERE device = ? AND inode = ? LIMIT {MAX_ROWS}");
        self.all(&sql, (device.cast_signed(), inode.cast_signed()), checkpoint)
    }

    /// The sources that something was read of, by name.
    ///
    /// # Errors
    /// Where the database can't be read.
    pub fn sources(&self) -> Result<Vec<SourceRow>, StoreError> {
        self.all(
            &format!("SELECT name, files, read_at FROM source ORDER BY name LIMIT {MAX_ROWS}"),
            [],
            |row| Ok(SourceRow { name: row.get(0)?, files: count(row, 1)?, read_at: row.get(2)? }),
        )
    }

    /// The template that was applied last.
    ///
    /// # Errors
    /// Where the database can't be read.
    pub fn template(&self) -> Result<Option<StoredTemplate>, StoreError> {
        self.one("SELECT name, text, settings, applied_at FROM template WHERE id = 1", [], |row| {
            let (name, text, settings, applied_at) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
            Ok(StoredTemplate { name, text, settings, applied_at })
        })
    }

    /// All totals, by name.
    ///
    /// # Errors
    /// Where the database can't be read.
    pub fn counters(&self) -> Result<Vec<(String, u64)>, StoreError> {
        self.all(&format!("SELECT name, value FROM counter ORDER BY name LIMIT {MAX_ROWS}"), [], |row| {
            Ok((row.get(0)?, count(row, 1)?))
        })
    }

    /// What couldn't be read, the newest first.
    ///
    /// # Errors
    /// Where the database can't be read.
    pub fn problems(&self, limit: u32) -> Result<Vec<Problem>, StoreError> {
        const SQL: &str =
            "SELECT time, source, path, \"offset\", reason FROM problem ORDER BY id DESC LIMIT ?";
        self.all(SQL, [limit.min(MAX_ROWS)], |row| {
            let (time, source, path, reason) = (row.get(0)?, row.get(1)?, row.get(2)?, row.get(4)?);
            let offset = row.get::<_, Option<i64>>(3)?.map(i64::cast_unsigned);
            Ok(Problem { time, source, path, offset, reason })
        })
    }

    /// How much room the database takes.
    ///
    /// # Errors
    /// Where the database can't be read.
    pub fn size(&self) -> Result<Size, StoreError> {
        const SQL: &str = "SELECT page_count * page_size, freelist_count * page_size
            FROM pragma_page_count, pragma_page_size, pragma_freelist_count";
        let path = PathBuf::from(self.connection.path().unwrap_or_default());
        let log = fs::metadata(open::beside(&path, "-wal")).map_or(0, |metadata| metadata.len());
        let size = |row: &Row<'_>| Ok((count(row, 0)?, count(row, 1)?));
        let (database, free) = self.one(SQL, [], size)?.unwrap_or_default();
        Ok(Size { path, database, free, log })
    }

    fn prepare(&self, sql: &str) -> Result<CachedStatement<'_>, StoreError> {
        #[cfg(test)]
        crate::tests::note(sql);
        Ok(self.connection.prepare_cached(sql)?)
    }

    fn one<T>(
        &self,
        sql: &str,
        with: impl Params,
        read: impl Fn(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Option<T>, StoreError> {
        let mut statement = self.prepare(sql)?;
        let mut rows = statement.query(with)?;
        rows.next()?.map(read).transpose()
    }

    fn all<T>(
        &self,
        sql: &str,
        with: impl Params,
        read: impl Fn(&Row<'_>) -> Result<T, StoreError>,
    ) -> Result<Vec<T>, StoreError> {
        let mut statement = self.prepare(sql)?;
        let mut rows = statement.query(with)?;
        let mut answer = Vec::new();
        while let Some(row) = rows.next()? {
            answer.push(read(row)?);
        }
        Ok(answer)
    }
}

/// Datapoints and what is behind them.
impl Questions<'_> {
    /// The slots of a metric that begin from `from` and before `to` (seconds since 1970), in the order of time. Old ones are
    /// longer: 5 minutes, an hour.
    ///
    /// # Errors
    /// Where the database can't be read.
    pub fn datapoints(&self, metric: &Arc<MetricId>, from: i64, to: i64) -> Result<Vec<Slot>, StoreError> {
        // The lengths are named, so that each is a range of the primary key.
        let sql = format!(
            "SELECT metric, unit, start, length, summary FROM datapoint
             WHERE metric = ? AND length IN (1, 60, 300, 3600) AND start >= ? AND start < ?
             ORDER BY start, length, unit LIMIT {MAX_ROWS}"
        );
        let Some(number) = metrics::find(self.connection, metric)? else { return Ok(Vec::new()) };
        self.all(&sql, (number, from, to), |row| read_slot(row, Arc::clone(metric)))
    }

    /// The slots of these metrics that an alarm may look at, for [`monitor::Configuration::known`].
    ///
    /// # Errors
    /// Where the database can't be read.
    pub fn known(&self, metrics: &[Arc<MetricId>]) -> Result<Vec<Slot>, StoreError> {
        const SQL: &str = "SELECT metric, unit, start, length, summary FROM datapoint
            WHERE metric = ? AND length IN (1, 60) ORDER BY length, start, unit";
        let mut slots = Vec::new();
        for metric in metrics {
            let Some(number) = metrics::find(self.connection, metric)? else { continue };
            slots.extend(self.all(SQL, [number], |row| read_slot(row, Arc::clone(metric)))?);
        }
        Ok(slots)
    }

    /// The records behind these metrics from `from` and before `to` (seconds since 1970), the newest first; each once, also
    /// if it is behind several of them.
    ///
    /// # Errors
    /// Where the database can't be read.
    pub fn evidence(
        &self,
        metrics: &[Arc<MetricId>],
        (from, to): (i64, i64),
        limit: u32,
    ) -> Result<Vec<EvidenceRow>, StoreError> {
        let limit = limit.min(MAX_ROWS);
        let sql = format!(
            "SELECT sighting.id, sighting.time, sighting.record, {EVIDENCE}
             FROM (SELECT sighting FROM behind WHERE metric = ?1 AND time >= ?2 AND time < ?3
                   ORDER BY time DESC, sighting DESC LIMIT ?4) AS behind
             CROSS JOIN sighting ON sighting.id = behind.sighting
             CROSS JOIN pair ON pair.id = sighting.pair CROSS JOIN content ON content.id = sighting.content"
        );
        let mut found = BTreeMap::new();
        for metric in metrics {
            let Some(number) = metrics::find(self.connection, metric)? else { continue };
            for row in self.all(&sql, (number, from, to, limit), evidence_row)? {
                found.insert((row.time, row.id), row);
            }
        }
        Ok(found.into_values().rev().take(limit as usize).collect())
    }

    /// How many records are behind these metrics from `from` and before `to` (seconds since 1970).
    ///
    /// # Errors
    /// Where the database can't be read.
    pub fn evidence_count(&self, metrics: &[Arc<MetricId>], from: i64, to: i64) -> Result<u64, StoreError> {
        const ONE: &str = "SELECT count(*) FROM behind WHERE metric = ? AND time >= ? AND time < ?";
        const SEVERAL: &str = "SELECT count(DISTINCT sighting) FROM behind
            WHERE metric IN (SELECT value FROM json_each(?)) AND time >= ? AND time < ?";
        let numbers = self.numbers(metrics)?;
        let counted = match numbers.as_slice() {
            [] => None,
            [number] => self.one(ONE, (number, from, to), |row| count(row, 0))?,
            several => self.one(SEVERAL, (list(several), from, to), |row| count(row, 0))?,
        };
        Ok(counted.unwrap_or_default())
    }

    /// The same records by what they say: those that most say first. Of more than [`MAX_ROWS`] records, the newest.
    ///
    /// # Errors
    /// Where the database can't be read.
    pub fn evidence_groups(
        &self,
        metrics: &[Arc<MetricId>],
        (from, to): (i64, i64),
        limit: u32,
    ) -> Result<Vec<EvidenceGroup>, StoreError> {
        let sql = format!(
            "WITH found AS MATERIALIZED (
               SELECT DISTINCT time, sighting FROM behind
               WHERE metric IN (SELECT value FROM json_each(?1)) AND time >= ?2 AND time < ?3
               ORDER BY time DESC LIMIT {MAX_ROWS}),
             grouped AS MATERIALIZED (
               SELECT pair, content, count(*) AS count, min(found.time) AS first, max(found.time) AS last
               FROM found CROSS JOIN sighting ON sighting.id = found.sighting
               GROUP BY pair, content ORDER BY count(*) DESC, last DESC LIMIT ?4)
             SELECT grouped.count, grouped.first, grouped.last, {EVIDENCE}
             FROM grouped CROSS JOIN pair ON pair.id = grouped.pair CROSS JOIN content ON content.id = grouped.content
             ORDER BY grouped.count DESC, grouped.last DESC"
        );
        let numbers = self.numbers(metrics)?;
        self.all(&sql, (list(&numbers), from, to, limit.min(MAX_ROWS)), |row| {
            let (count, evidence) = (count(row, 0)?, evidence(row)?);
            Ok(EvidenceGroup { evidence, count, first: row.get(1)?, last: row.get(2)? })
        })
    }

    /// How often a principal was seen failing on a key, from `since` and before `before` (seconds since 1970).
    ///
    /// # Errors
    /// Where the database can't be read.
    pub fn seen_before(
        &self,
        principal: &str,
        key: Option<&str>,
        before: i64,
        since: i64,
    ) -> Result<SeenBefore, StoreError> {
        const PAIR: &str = "SELECT id FROM pair WHERE hash = ?";
        const SEEN: &str = "SELECT count(*), max(time) FROM sighting
            WHERE pair = ? AND failed = 1 AND time >= ? AND time < ?";
        let known_since = self.one("SELECT min(time) FROM sighting", [], |row| Ok(row.get(0)?))?.flatten();
        let hash = of_pair(principal, key);
        let pair: Option<i64> = self.one(PAIR, [hash], |row| Ok(row.get(0)?))?;
        let Some(pair) = pair else { return Ok(SeenBefore { known_since, ..SeenBefore::default() }) };
        let seen =
            |row: &Row<'_>| Ok(SeenBefore { failures: count(row, 0)?, last: row.get(1)?, known_since });
        Ok(self.one(SEEN, (pair, since, before), seen)?.unwrap_or_default())
    }

    /// The numbers of those metrics that something is stored of, each once.
    fn numbers(&self, metrics: &[Arc<MetricId>]) -> Result<Vec<i64>, StoreError> {
        let mut numbers = Vec::new();
        for metric in metrics {
            numbers.extend(metrics::find(self.connection, metric)?);
        }
        numbers.sort_unstable();
        numbers.dedup();
        Ok(numbers)
    }
}

/// What happened to alarms, and what was told of it.
impl Questions<'_> {
    /// What happened to an alarm, or to all of them, the newest first.
    ///
    /// # Errors
    /// Where the database can't be read.
    pub fn history(&self, alarm: Option<&str>, limit: u32) -> Result<Vec<HistoryRow>, StoreError> {
        let limit = limit.min(MAX_ROWS);
        match alarm {
            Some(alarm) => {
                let sql = format!("{HISTORY} WHERE alarm = ? ORDER BY id DESC LIMIT ?");
                self.all(&sql, (alarm, limit), history_row)
            }
            None => self.all(&format!("{HISTORY} ORDER BY id DESC LIMIT ?"), [limit], history_row),
        }
    }

    /// How an alarm changed its state, the newest change first.
    ///
    /// # Errors
    /// Where the database can't be read.
    pub fn state_changes(&self, alarm: &str, limit: u32) -> Result<Vec<HistoryRow>, StoreError> {
        let sql = format!("{HISTORY} WHERE alarm = ? AND kind = 'state' ORDER BY id DESC LIMIT ?");
        self.all(&sql, (alarm, limit.min(MAX_ROWS)), history_row)
    }

    /// The last time that an alarm changed its state.
    ///
    /// # Errors
    /// Where the database can't be read.
    pub fn last_change(&self, alarm: &str) -> Result<Option<HistoryRow>, StoreError> {
        Ok(self.state_changes(alarm, 1)?.pop())
    }

    /// When an alarm got the definition that it has, in milliseconds since 1970.
    ///
    /// # Errors
    /// Where the database can't be read.
    pub fn defined_at(&self, alarm: &str) -> Result<Option<i64>, StoreError> {
        let newest = |kind: &str| {
            let sql = "SELECT id, at FROM history WHERE alarm = ? AND kind = ? ORDER BY id DESC LIMIT 1";
            self.one(sql, (alarm, kind), |row| Ok((row.get::<_, i64>(0)?, row.get::<_, i64>(1)?)))
        };
        Ok(newest("created")?.max(newest("updated")?).map(|(_, at)| at))
    }

    /// Notifications in one of these states: those that wait with the oldest first, all others with the newest.
    ///
    /// # Errors
    /// Where the database can't be read.
    pub fn outbox(&self, states: &[OutboxState], limit: u32) -> Result<Vec<OutboxRow>, StoreError> {
        let limit = limit.min(MAX_ROWS);
        let mut rows = Vec::new();
        for state in states {
            let order = if *state == OutboxState::Waiting { "ASC" } else { "DESC" };
            let sql = format!("{OUTBOX} WHERE state = ? ORDER BY id {order} LIMIT ?");
            rows.extend(self.all(&sql, (state.as_str(), limit), outbox_row)?);
        }
        rows.truncate(limit as usize);
        Ok(rows)
    }

    /// One notification.
    ///
    /// # Errors
    /// Where the database can't be read.
    pub fn notification(&self, id: u64) -> Result<Option<OutboxRow>, StoreError> {
        self.one(&format!("{OUTBOX} WHERE id = ?"), [id.cast_signed()], outbox_row)
    }

    /// The notifications about an alarm, the newest first.
    ///
    /// # Errors
    /// Where the database can't be read.
    pub fn told(&self, alarm: &str, limit: u32) -> Result<Vec<OutboxRow>, StoreError> {
        let sql = format!("{OUTBOX} WHERE alarm = ? ORDER BY id DESC LIMIT ?");
        self.all(&sql, (alarm, limit.min(MAX_ROWS)), outbox_row)
    }

    /// How many notifications wait or were given up.
    ///
    /// # Errors
    /// Where the database can't be read.
    pub fn depth(&self) -> Result<Depth, StoreError> {
        const COUNT: &str = "SELECT count(*) FROM notification WHERE state = ?";
        const OLDEST: &str = "SELECT queued_at FROM notification WHERE state = 'waiting' ORDER BY id LIMIT 1";
        let number = |state: OutboxState| self.one(COUNT, [state.as_str()], |row| count(row, 0));
        Ok(Depth {
            waiting: number(OutboxState::Waiting)?.unwrap_or_default(),
            oldest: self.one(OLDEST, [], |row| Ok(row.get(0)?))?,
            dead: number(OutboxState::Dead)?.unwrap_or_default(),
        })
    }

    /// The notifications to the same subscriber about the same alarm that came before notification `before`, from the last
    /// one on that told `ALARM`; the oldest first, at most 100. In the place of one that was summed up stands the one that
    /// tells it. None if there was no such one.
    ///
    /// # Errors
    /// Where the database can't be read.
    pub fn earlier(
        &self,
        subscription: &Subscription,
        alarm: &str,
        before: u64,
    ) -> Result<Vec<u64>, StoreError> {
        const LAST_ALARM: &str = "SELECT id FROM notification
            WHERE alarm = ? AND protocol = ? AND endpoint = ? AND tells = 'ALARM' AND id < ? ORDER BY id DESC LIMIT 1";
        const SINCE: &str = "SELECT DISTINCT coalesce(summed, id) AS letter FROM notification
            WHERE alarm = ?1 AND protocol = ?2 AND endpoint = ?3 AND id >= ?4 AND id < ?5 AND letter < ?5
            ORDER BY letter LIMIT 100";
        let Subscription { protocol, endpoint } = subscription;
        let before = before.cast_signed();
        let alarmed = self.one(LAST_ALARM, (alarm, protocol, endpoint, before), |row| Ok(row.get(0)?))?;
        let Some(first): Option<i64> = alarmed else { return Ok(Vec::new()) };
        self.all(SINCE, params![alarm, protocol, endpoint, first, before], |row| {
            Ok(row.get::<_, i64>(0)?.cast_unsigned())
        })
    }
}

fn count(row: &Row<'_>, column: usize) -> Result<u64, StoreError> {
    u64::try_from(row.get::<_, i64>(column)?).map_err(StoreError::damaged)
}

fn list(numbers: &[i64]) -> String {
    serde_json::Value::from(numbers).to_string()
}

fn number(bytes: [u8; 16]) -> u128 {
    u128::from_be_bytes(bytes)
}

fn checkpoint(row: &Row<'_>) -> Result<Checkpoint, StoreError> {
    let unsigned = |column| row.get::<_, i64>(column).map(i64::cast_unsigned);
    let version =
        Version { length: unsigned(2)?, modified_ns: row.get(3)?, device: unsigned(4)?, inode: unsigned(5)? };
    Ok(Checkpoint {
        source: row.get(0)?,
        key: row.get(1)?,
        version,
        taken: unsigned(6)?,
        complete: row.get(7)?,
        read_at: row.get(8)?,
        content: number(row.get(9)?),
    })
}

fn evidence_row(row: &Row<'_>) -> Result<EvidenceRow, StoreError> {
    let record = row.get::<_, Option<[u8; 16]>>(2)?.map(number);
    Ok(EvidenceRow { id: row.get(0)?, time: row.get(1)?, record, evidence: evidence(row)? })
}

/// From the columns of [`EVIDENCE`], which come fourth.
fn evidence(row: &Row<'_>) -> Result<Evidence, StoreError> {
    let detail = row.get_ref(8)?.as_str().map_err(StoreError::damaged)?;
    let detail: Detail = serde_json::from_str(detail).map_err(StoreError::damaged)?;
    let (principal, key, operation) = (row.get(3)?, row.get(4)?, row.get(5)?);
    let (error, source_address) = (row.get(6)?, row.get(7)?);
    Ok(Evidence { principal, key, operation, error, source_address, ..detail.into_evidence() })
}

fn history_row(row: &Row<'_>) -> Result<HistoryRow, StoreError> {
    let state = |column| -> Result<Option<StateValue>, StoreError> {
        let text: Option<String> = row.get(column)?;
        text.map(|text| StateValue::parse(&text).ok_or_else(|| StoreError::damaged("no state"))).transpose()
    };
    Ok(HistoryRow {
        id: row.get(0)?,
        at: row.get(1)?,
        alarm: row.get(2)?,
        kind: HistoryKind::parse(&row.get::<_, String>(3)?)?,
        was: state(4)?,
        became: state(5)?,
        detail: row.get(6)?,
    })
}

fn outbox_row(row: &Row<'_>) -> Result<OutboxRow, StoreError> {
    Ok(OutboxRow {
        id: row.get::<_, i64>(0)?.cast_unsigned(),
        topic: row.get(1)?,
        subscription: Subscription { protocol: row.get(2)?, endpoint: row.get(3)? },
        alarm: row.get(4)?,
        queued_at: row.get(5)?,
        state: OutboxState::parse(&row.get::<_, String>(6)?)?,
        attempts: row.get(7)?,
        next_attempt: row.get(8)?,
        closed_at: row.get(9)?,
        reason: row.get(10)?,
        notification: row.get(11)?,
        story: row.get(12)?,
        summed: row.get::<_, Option<i64>>(13)?.map(i64::cast_unsigned),
    })
}
