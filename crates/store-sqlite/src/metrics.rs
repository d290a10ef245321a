//! Metrics as rows: a number for each, so that a datapoint doesn't repeat its name.

use std::collections::HashMap;
use std::sync::Arc;

use metric::{Dimension, MetricId};
use rusqlite::{Connection, OptionalExtension as _, Row};
use serde_json::{Map, Value};

use crate::StoreError;
use crate::numbers::{Numbers, keep};

impl Numbers {
    /// The number of a metric, which gets one if it has none.
    pub(crate) fn of(&mut self, connection: &Connection, metric: &Arc<MetricId>) -> Result<i64, StoreError> {
        if let Some(number) = self.metrics.get(metric) {
            return Ok(*number);
        }
        let number = match find(connection, metric)? {
            Some(number) => number,
            None => insert(connection, metric)?,
        };
        keep(&mut self.metrics, Arc::clone(metric), number);
        Ok(number)
    }
}

/// The number of a metric, if anything was ever stored of it.
pub(crate) fn find(connection: &Connection, metric: &MetricId) -> Result<Option<i64>, StoreError> {
    const SQL: &str = "SELECT id FROM metric WHERE namespace = ? AND name = ? AND dimensions = ?";
    let mut statement = connection.prepare_cached(SQL)?;
    let key = (metric.namespace(), metric.name(), dimensions(metric));
    Ok(statement.query_row(key, |row| row.get(0)).optional()?)
}

fn insert(connection: &Connection, metric: &MetricId) -> Result<i64, StoreError> {
    const SQL: &str = "INSERT INTO metric (namespace, name, dimensions) VALUES (?, ?, ?)";
    let key = (metric.namespace(), metric.name(), dimensions(metric));
    Ok(connection.prepare_cached(SQL)?.insert(key)?)
}

/// As a JSON object. Dimensions are in the order of their names, and no two have the same, so that equal metrics have equal
/// texts.
fn dimensions(metric: &MetricId) -> String {
    let pair = |dimension: &Dimension| (dimension.name.clone(), Value::from(dimension.value.as_str()));
    Value::Object(metric.dimensions().iter().map(pair).collect::<Map<_, _>>()).to_string()
}

/// All metrics that anything is stored of.
pub(crate) fn all(connection: &Connection) -> Result<HashMap<i64, Arc<MetricId>>, StoreError> {
    let mut statement = connection.prepare("SELECT id, namespace, name, dimensions FROM metric")?;
    let mut rows = statement.query([])?;
    let mut metrics = HashMap::new();
    while let Some(row) = rows.next()? {
        let (number, metric) = read(row)?;
        metrics.insert(number, metric);
    }
    Ok(metrics)
}

fn read(row: &Row<'_>) -> Result<(i64, Arc<MetricId>), StoreError> {
    let number: i64 = row.get(0)?;
    let bad = |why: &dyn std::fmt::Display| StoreError::damaged(format!("metric {number}: {why}"));
    let (namespace, name, dimensions): (String, String, String) = (row.get(1)?, row.get(2)?, row.get(3)?);
    let dimensions: Map<String, Value> = serde_json::from_str(&dimensions).map_err(|error| bad(&error))?;
    let dimension = |(name, value): (String, Value)| match value {
        Value::String(value) => Ok(Dimension { name, value }),
        _ => Err(bad(&"a dimension isn't a text")),
    };
    let dimensions = dimensions.into_iter().map(dimension).collect::<Result<Vec<_>, _>>()?;
    let metric = MetricId::new(namespace, name, dimensions).map_err(|error| bad(&error))?;
    Ok((number, Arc::new(metric)))
}
