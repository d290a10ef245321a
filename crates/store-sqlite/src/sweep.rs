//! What is kept for how long.

use std::collections::BTreeSet;

use metric::Unit;
use monitor::EARLY_LIMIT;
use rusqlite::{Connection, OptionalExtension as _};

use crate::StoreError;
use crate::numbers::Numbers;
use crate::store::{Store, summary};
use crate::writing::{Additions, Place};

const DAY: i64 = 86_400;

/// Rows of each kind that one call of [`Store::sweep`] looks for.
const ROWS: u32 = 1000;
/// Metrics whose datapoints one call looks at.
const METRICS: u32 = 500;
/// How far retention follows the clock in one call, in milliseconds: a quarter of an hour. A clock that is years ahead for an
/// hour, at a call a minute, costs what is older than 15 hours less than it should be.
const PACE: i64 = 15 * 60_000;
/// How many problems are kept.
const PROBLEMS: i64 = 100_000;
/// Free pages that are left for what will be written next; a twentieth of the database if that is more.
const RESERVE: i64 = 1024;
/// Free pages that one call gives back.
const PAGES: i64 = 1000;

/// How long things are kept, in seconds, and how large the database may become.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Retention {
    /// Ids of records whose repeats don't count.
    pub remembered: i64,
    /// Datapoints of a second or a minute, until they become some of 5 minutes. Less than 22 days would take from late
    /// records what they are judged by.
    pub minutes: i64,
    /// Datapoints of 5 minutes, until they become some of an hour.
    pub five_minutes: i64,
    /// Datapoints of an hour.
    pub hours: i64,
    /// Evidence.
    pub evidence: i64,
    /// How many bytes the database may take, what is free not counted. If it takes more, the oldest evidence goes.
    pub database: u64,
    /// What happened to alarms. The last state change and the last definition of an alarm are kept for as long as there is
    /// the alarm.
    pub history: i64,
    /// Notifications that were delivered or summed up.
    pub delivered: i64,
    /// Notifications that were given up.
    pub dead: i64,
    /// What couldn't be read; of more than 100,000, the newest.
    pub problems: i64,
}

impl Default for Retention {
    fn default() -> Self {
        Retention {
            remembered: 15 * DAY,
            minutes: 22 * DAY,
            five_minutes: 63 * DAY,
            hours: 455 * DAY,
            evidence: 90 * DAY,
            database: 10 << 30,
            history: 455 * DAY,
            delivered: 30 * DAY,
            dead: 90 * DAY,
            problems: 30 * DAY,
        }
    }
}

/// What one call of [`Store::sweep`] did, in rows.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Swept {
    /// Ids of records that were forgotten.
    pub remembered: usize,
    /// Datapoints that became part of longer ones, or went.
    pub datapoints: usize,
    /// Evidence.
    pub evidence: usize,
    /// History.
    pub history: usize,
    /// Notifications.
    pub notifications: usize,
    /// Problems.
    pub problems: usize,
    /// Whether there is more to do, so that it is worth to call again soon.
    pub more: bool,
}

/// How far the store has come.
#[derive(Debug, Default)]
pub(crate) struct Cursor {
    /// The metric that was looked at last.
    metric: i64,
    /// The last call left something to be done.
    unfinished: bool,
}

impl Store {
    /// Removes what is older than it should be, rolls datapoints up as CloudWatch does, and gives free pages back; a bounded
    /// piece of it in each call, in a transaction of its own. Meant to be called about once a minute, and again soon where
    /// there is [`Swept::more`]. `now` is in milliseconds since 1970.
    ///
    /// It doesn't trust the clock: retention follows it by a quarter of an hour a call.
    ///
    /// # Errors
    /// Where the database can't be written.
    pub fn sweep(&mut self, now: i64, retention: &Retention) -> Result<Swept, StoreError> {
        let (metric, unfinished) = (self.cursor.metric, self.cursor.unfinished);
        let mut writing = self.begin()?;
        let (swept, metric) = writing.within(|connection, numbers| {
            let now = believe(connection, now, unfinished)?;
            let ages = Ages { now: now.div_euclid(1000), retention };
            let mut swept = ages.sweep(connection)?;
            if swept.evidence > 0 {
                numbers.forget();
            }
            let (datapoints, next) = ages.roll_up(connection, numbers, metric)?;
            swept.datapoints = datapoints;
            swept.more |= is_all(datapoints);
            Ok((swept, next))
        })?;
        writing.commit()?;
        (self.cursor.metric, self.cursor.unfinished) = (metric, swept.more);
        self.give_back()?;
        Ok(swept)
    }

    /// Makes the file smaller by some free pages.
    fn give_back(&self) -> Result<(), StoreError> {
        let number = |pragma| self.connection.pragma_query_value(None, pragma, |row| row.get::<_, i64>(0));
        let (pages, free) = (number("page_count")?, number("freelist_count")?);
        if free > RESERVE.max(pages / 20) {
            let mut vacuum = self.connection.prepare(&format!("PRAGMA incremental_vacuum({PAGES})"))?;
            let mut rows = vacuum.query([])?;
            while rows.next()?.is_some() {}
        }
        Ok(())
    }
}

/// What retention takes for the time, in milliseconds.
fn believe(connection: &Connection, now: i64, unfinished: bool) -> Result<i64, StoreError> {
    const READ: &str = "SELECT believed FROM sweep WHERE id = 1";
    const WRITE: &str = "INSERT INTO sweep (id, believed) VALUES (1, ?)
        ON CONFLICT (id) DO UPDATE SET believed = excluded.believed";
    let before: Option<i64> = connection.prepare_cached(READ)?.query_row([], |row| row.get(0)).optional()?;
    let pace = if unfinished { 0 } else { PACE };
    let believed = before.map_or(now, |before| now.min(before.saturating_add(pace)));
    if before != Some(believed) {
        connection.prepare_cached(WRITE)?.execute([believed])?;
    }
    Ok(believed)
}

struct Ages<'r> {
    /// In seconds.
    now: i64,
    retention: &'r Retention,
}

impl Ages<'_> {
    fn before(&self, age: i64) -> i64 {
        self.now.saturating_sub(age)
    }

    /// In milliseconds.
    fn before_ms(&self, age: i64) -> i64 {
        self.before(age).saturating_mul(1000)
    }

    fn sweep(&self, connection: &Connection) -> Result<Swept, StoreError> {
        let kept = self.retention;
        let delivered = closed(connection, "delivered", self.before_ms(kept.delivered))?;
        let summed = closed(connection, "summed", self.before_ms(kept.delivered))?;
        let dead = closed(connection, "dead", self.before_ms(kept.dead))?;
        let swept = Swept {
            remembered: remembered(connection, self.before(kept.remembered))?,
            evidence: self.evidence(connection)?,
            history: history(connection, self.before_ms(kept.history))?,
            notifications: delivered + summed + dead,
            problems: problems(connection, self.before_ms(kept.problems))?,
            ..Swept::default()
        };
        let Swept { remembered, evidence, history, problems, .. } = swept;
        let most = [remembered, evidence, history, problems, delivered, summed, dead].into_iter().max();
        Ok(Swept { more: most.is_some_and(is_all), ..swept })
    }

    fn evidence(&self, connection: &Connection) -> Result<usize, StoreError> {
        const OLD: &str = "SELECT id FROM sighting WHERE time < ? ORDER BY time LIMIT ?";
        const FUTURE: &str = "SELECT id FROM sighting WHERE time > ? ORDER BY time DESC LIMIT ?";
        let old = remove_evidence(connection, OLD, self.before(self.retention.evidence))?;
        if old > 0 || used(connection)? <= self.retention.database {
            return Ok(old);
        }
        // Records that lie about their time would outlast all others.
        let future = remove_evidence(connection, FUTURE, self.now.saturating_add(EARLY_LIMIT))?;
        if future > 0 { Ok(future) } else { remove_evidence(connection, OLD, i64::MAX) }
    }
}

/// Whether a call found as many rows as it looks for, so that there may be more.
fn is_all(found: usize) -> bool {
    left(found) == 0
}

/// How many rows a call may still look for.
fn left(found: usize) -> u32 {
    ROWS.saturating_sub(u32::try_from(found).unwrap_or(u32::MAX))
}

/// The bytes that a database takes but for free pages.
fn used(connection: &Connection) -> Result<u64, StoreError> {
    const SQL: &str = "SELECT (page_count - freelist_count) * page_size
        FROM pragma_page_count, pragma_page_size, pragma_freelist_count";
    let used: i64 = connection.prepare_cached(SQL)?.query_row([], |row| row.get(0))?;
    u64::try_from(used).map_err(StoreError::damaged)
}

/// Many records can be of one second: the last second of a piece goes as a whole.
fn remembered(connection: &Connection, before: i64) -> Result<usize, StoreError> {
    const LAST: &str = "SELECT max(time) FROM
        (SELECT time FROM remembered WHERE time < ? ORDER BY time LIMIT ?)";
    const REMOVE: &str = "DELETE FROM remembered WHERE time <= ?";
    let last: Option<i64> = connection.prepare_cached(LAST)?.query_row((before, ROWS), |row| row.get(0))?;
    last.map_or(Ok(0), |last| Ok(connection.prepare_cached(REMOVE)?.execute([last])?))
}

/// Removes the evidence that a statement finds, and the texts that nothing else says.
fn remove_evidence(connection: &Connection, find: &str, time: i64) -> Result<usize, StoreError> {
    const REMOVE: &str = "DELETE FROM sighting WHERE id = ? RETURNING pair, content";
    const PAIR: &str =
        "DELETE FROM pair WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM content WHERE pair = ?1)";
    const CONTENT: &str =
        "DELETE FROM content WHERE id = ?1 AND NOT EXISTS (SELECT 1 FROM sighting WHERE content = ?1)";
    let mut statement = connection.prepare_cached(find)?;
    let ids: Vec<i64> = statement.query_map((time, ROWS), |row| row.get(0))?.collect::<Result<_, _>>()?;
    let (mut pairs, mut contents) = (BTreeSet::new(), BTreeSet::new());
    let mut remove = connection.prepare_cached(REMOVE)?;
    for id in &ids {
        let (pair, content): (i64, i64) = remove.query_row([id], |row| Ok((row.get(0)?, row.get(1)?)))?;
        pairs.insert(pair);
        contents.insert(content);
    }
    for (sql, unused) in [(CONTENT, contents), (PAIR, pairs)] {
        let mut remove = connection.prepare_cached(sql)?;
        unused.iter().try_for_each(|id| remove.execute([id]).map(|_| ()))?;
    }
    Ok(ids.len())
}

fn history(connection: &Connection, before: i64) -> Result<usize, StoreError> {
    const SQL: &str = "DELETE FROM history WHERE id IN (
        SELECT id FROM history AS old WHERE at < ?1 AND (
            kind NOT IN ('state', 'created', 'updated')
            OR EXISTS (SELECT 1 FROM history AS later
                WHERE later.alarm = old.alarm AND later.kind = old.kind AND later.id > old.id)
            OR EXISTS (SELECT 1 FROM history AS gone
                WHERE gone.alarm = old.alarm AND gone.kind = 'deleted' AND gone.id > old.id))
        ORDER BY at LIMIT ?2)";
    Ok(connection.prepare_cached(SQL)?.execute((before, ROWS))?)
}

fn closed(connection: &Connection, state: &str, before: i64) -> Result<usize, StoreError> {
    const SQL: &str = "DELETE FROM notification WHERE id IN (
        SELECT id FROM notification WHERE state = ? AND closed_at < ? ORDER BY closed_at LIMIT ?)";
    Ok(connection.prepare_cached(SQL)?.execute((state, before, ROWS))?)
}

fn problems(connection: &Connection, before: i64) -> Result<usize, StoreError> {
    const OLD: &str = "DELETE FROM problem WHERE id IN (
        SELECT id FROM problem WHERE time < ? ORDER BY time LIMIT ?)";
    const MANY: &str = "DELETE FROM problem WHERE id IN (
        SELECT id FROM problem WHERE id <= (SELECT max(id) FROM problem) - ? ORDER BY id LIMIT ?)";
    let old = connection.prepare_cached(OLD)?.execute((before, ROWS))?;
    let many = connection.prepare_cached(MANY)?.execute((PROBLEMS, ROWS))?;
    Ok(old.max(many))
}

/// Datapoints.
impl Ages<'_> {
    /// Looks at some metrics behind the one of number `after`; answers with how many datapoints were rolled up or removed,
    /// and where to go on.
    fn roll_up(
        &self,
        connection: &Connection,
        numbers: &mut Numbers,
        after: i64,
    ) -> Result<(usize, i64), StoreError> {
        const NEXT: &str = "SELECT id FROM metric WHERE id > ? ORDER BY id LIMIT ?";
        let mut next = connection.prepare_cached(NEXT)?;
        let metrics: Vec<i64> =
            next.query_map((after, METRICS), |row| row.get(0))?.collect::<Result<_, _>>()?;
        let mut done = 0;
        let mut last = after;
        for metric in &metrics {
            done += self.roll_up_one(connection, *metric, left(done))?;
            if is_all(done) {
                return Ok((done, last));
            }
            if remove_unused(connection, *metric)? {
                numbers.forget();
            }
            last = *metric;
        }
        Ok((done, if metrics.len() < METRICS as usize { 0 } else { last }))
    }

    fn roll_up_one(&self, connection: &Connection, metric: i64, mut most: u32) -> Result<usize, StoreError> {
        let kept = self.retention;
        let steps = [
            (1, Some(300), kept.minutes),
            (60, Some(300), kept.minutes),
            (300, Some(3600), kept.five_minutes),
            (3600, None, kept.hours),
        ];
        let mut done = 0;
        for (length, into, age) in steps {
            let before = round(self.before(age), 3600);
            let made = lengthen(connection, (metric, length), into, before, most)?;
            most = most.saturating_sub(u32::try_from(made).unwrap_or(u32::MAX));
            done += made;
        }
        Ok(done)
    }
}

/// Makes longer datapoints of some that begin before `before`, or removes them.
fn lengthen(
    connection: &Connection,
    (metric, length): (i64, u32),
    into: Option<u32>,
    before: i64,
    most: u32,
) -> Result<usize, StoreError> {
    const OLD: &str = "SELECT start, unit, summary FROM datapoint
        WHERE metric = ? AND length = ? AND start < ? ORDER BY start LIMIT ?";
    const REMOVE: &str = "DELETE FROM datapoint WHERE metric = ? AND length = ? AND start = ? AND unit = ?";
    let mut old: Vec<(i64, String)> = Vec::new();
    let mut longer = Additions::default();
    let mut statement = connection.prepare_cached(OLD)?;
    let mut rows = statement.query((metric, length, before, most))?;
    while let Some(row) = rows.next()? {
        let (start, unit): (i64, String) = (row.get(0)?, row.get(1)?);
        if let Some(into) = into {
            let place: Place = (metric, into, round(start, into), unit_of(&unit)?);
            longer.add(place, &summary(row.get_ref(2)?.as_blob().map_err(StoreError::damaged)?)?);
        }
        old.push((start, unit));
    }
    longer.write(connection)?;
    let mut remove = connection.prepare_cached(REMOVE)?;
    for (start, unit) in &old {
        remove.execute((metric, length, start, unit))?;
    }
    Ok(old.len())
}

fn unit_of(text: &str) -> Result<Unit, StoreError> {
    text.parse().map_err(StoreError::damaged)
}

/// The start of the slot of this length that a time lies in.
fn round(time: i64, length: u32) -> i64 {
    let length = i64::from(length);
    time.checked_sub(time.rem_euclid(length)).unwrap_or(i64::MIN)
}

/// Removes a metric that nothing is stored of; says whether it did.
fn remove_unused(connection: &Connection, metric: i64) -> Result<bool, StoreError> {
    const SQL: &str = "DELETE FROM metric WHERE id = ?1
        AND NOT EXISTS (SELECT 1 FROM datapoint WHERE metric = ?1)
        AND NOT EXISTS (SELECT 1 FROM behind WHERE metric = ?1)";
    Ok(connection.prepare_cached(SQL)?.execute([metric])? > 0)
}
