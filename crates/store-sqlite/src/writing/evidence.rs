//! Evidence: what records say, each text once.

use monitor::Evidence;
use rusqlite::{Connection, OptionalExtension as _, params};

use crate::StoreError;
use crate::hash::{Hash, of_pair};
use crate::numbers::{Numbers, keep};
use crate::rows::Detail;

/// The number of a sighting: of the one that was stored, if this is a repeat. (Records that are older than a monitor can
/// remember come here each time that they are delivered.)
pub(crate) fn sighting(
    connection: &Connection,
    numbers: &mut Numbers,
    (record, time): (Option<u128>, i64),
    evidence: &Evidence,
) -> Result<i64, StoreError> {
    const KNOWN: &str = "SELECT id FROM sighting WHERE time = ? AND record = ?";
    const NEW: &str = "INSERT INTO sighting (time, record, pair, content, failed) VALUES (?, ?, ?, ?, ?)";
    let record = record.map(u128::to_be_bytes);
    if let Some(record) = record {
        let known =
            connection.prepare_cached(KNOWN)?.query_row((time, record), |row| row.get(0)).optional()?;
        if let Some(known) = known {
            return Ok(known);
        }
    }
    let pair = pair(connection, numbers, evidence)?;
    let content = content(connection, numbers, pair, evidence)?;
    let failed = evidence.error.is_some();
    Ok(connection.prepare_cached(NEW)?.insert(params![time, record, pair, content, failed])?)
}

/// The record is behind the metric.
pub(crate) fn link(connection: &Connection, metric: i64, time: i64, sighting: i64) -> Result<(), StoreError> {
    const SQL: &str = "INSERT OR IGNORE INTO behind (metric, time, sighting) VALUES (?, ?, ?)";
    connection.prepare_cached(SQL)?.execute((metric, time, sighting))?;
    Ok(())
}

fn pair(connection: &Connection, numbers: &mut Numbers, evidence: &Evidence) -> Result<i64, StoreError> {
    const FIND: &str = "SELECT id FROM pair WHERE hash = ?";
    const NEW: &str = "INSERT INTO pair (hash, principal, key) VALUES (?, ?, ?)";
    let hash = of_pair(&evidence.principal, evidence.key.as_deref());
    if let Some(known) = numbers.pairs.get(&hash) {
        return Ok(*known);
    }
    let found = connection.prepare_cached(FIND)?.query_row([hash], |row| row.get(0)).optional()?;
    let number = match found {
        Some(number) => number,
        None => connection.prepare_cached(NEW)?.insert((hash, &evidence.principal, &evidence.key))?,
    };
    keep(&mut numbers.pairs, hash, number);
    Ok(number)
}

fn content(
    connection: &Connection,
    numbers: &mut Numbers,
    pair: i64,
    evidence: &Evidence,
) -> Result<i64, StoreError> {
    const FIND: &str = "SELECT id FROM content WHERE pair = ? AND hash = ?";
    const NEW: &str = "INSERT INTO content (pair, hash, operation, error, source_address, detail) VALUES (?, ?, ?, ?, ?, ?)";
    let detail = Detail::of(evidence).to_json()?;
    let Evidence { operation, error, source_address, .. } = evidence;
    let hash = Hash::new().text(operation).optional(error.as_deref()).optional(source_address.as_deref());
    let hash = hash.text(&detail).finish();
    if let Some(known) = numbers.contents.get(&(pair, hash)) {
        return Ok(*known);
    }
    let found = connection.prepare_cached(FIND)?.query_row((pair, hash), |row| row.get(0)).optional()?;
    let number = match found {
        Some(number) => number,
        None => {
            connection.prepare_cached(NEW)?.insert((pair, hash, operation, error, source_address, detail))?
        }
    };
    keep(&mut numbers.contents, (pair, hash), number);
    Ok(number)
}
