//! Observations, added to what is stored of their slots.

use std::collections::BTreeMap;

use metric::{Summary, Unit};
use rusqlite::{Connection, OptionalExtension as _};

use crate::StoreError;
use crate::store::summary;

/// The number of a metric, and the length, the start and the unit of a slot.
pub(crate) type Place = (i64, u32, i64, Unit);

/// What is to be added, each slot once and in the order in which slots are stored.
#[derive(Debug, Default)]
pub(crate) struct Additions(BTreeMap<Place, Summary>);

impl Additions {
    pub(crate) fn add(&mut self, place: Place, added: &Summary) {
        self.0.entry(place).or_default().merge(added);
    }

    pub(crate) fn write(&self, connection: &Connection) -> Result<(), StoreError> {
        self.0.iter().try_for_each(|(place, added)| merge(connection, *place, added))
    }
}

fn merge(connection: &Connection, place: Place, added: &Summary) -> Result<(), StoreError> {
    const READ: &str =
        "SELECT summary FROM datapoint WHERE metric = ? AND length = ? AND start = ? AND unit = ?";
    const WRITE: &str = "INSERT INTO datapoint (metric, length, start, unit, summary) VALUES (?, ?, ?, ?, ?)
        ON CONFLICT (metric, length, start, unit) DO UPDATE SET summary = excluded.summary";
    if added.is_empty() {
        return Ok(());
    }
    let (metric, length, start, unit) = place;
    let unit = unit.as_str();
    let known: Option<Vec<u8>> = connection
        .prepare_cached(READ)?
        .query_row((metric, length, start, unit), |row| row.get(0))
        .optional()?;
    let mut all = known.map_or_else(|| Ok(Summary::new()), |bytes| summary(&bytes))?;
    all.merge(added);
    connection.prepare_cached(WRITE)?.execute((metric, length, start, unit, all.to_bytes()))?;
    Ok(())
}
