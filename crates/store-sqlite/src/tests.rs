//! What needs to see inside.

mod full;
mod migrations;
mod plans;

use std::path::Path;
use std::sync::Arc;

use metric::{MetricId, MetricValue, Summary, Unit};
use monitor::{Change, Evidence};

pub(crate) use plans::note;

use crate::{Batch, Durability, Store};

fn store(folder: &Path) -> Store {
    Store::open(&folder.join("kmswatch.db"), Durability::Normal).unwrap()
}

fn write(store: &mut Store, batch: &Batch<'_>) -> Result<(), crate::StoreError> {
    let mut writing = store.begin()?;
    writing.write(batch)?;
    writing.commit()
}

fn metric(name: &str) -> Arc<MetricId> {
    Arc::new(MetricId::new("KMS", name, Vec::new()).unwrap())
}

/// A record with an observation and evidence of this length.
fn changes(record: u128, length: usize) -> Vec<Change> {
    let mut added = Summary::new();
    added.add(MetricValue::new(1.0).unwrap(), 1);
    let metric = metric("Failures");
    let evidence = Evidence {
        principal: format!("{record} {}", "p".repeat(length)),
        error: Some("AccessDenied".into()),
        ..Evidence::default()
    };
    vec![
        Change::Remembered { record, time: 60 },
        Change::Observed { metric: Arc::clone(&metric), unit: Unit::None, start: 60, length: 60, added },
        Change::Matched {
            record: Some(record),
            time: 60,
            filters: vec![0],
            metrics: vec![metric],
            evidence: Arc::new(evidence),
        },
    ]
}
