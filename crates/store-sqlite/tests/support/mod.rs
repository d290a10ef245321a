//! What the tests write.

#![allow(dead_code, reason = "each test uses some of it")]

use std::path::PathBuf;
use std::sync::Arc;

use metric::{Dimension, MetricId, MetricValue, Summary, Unit};
use monitor::{About, Change, Evidence, News, Notification, Subscription};
use store_sqlite::{Batch, Checkpoint, Durability, Store, Version};
use tempfile::TempDir;

/// Some time in 2026, in seconds since 1970.
pub(crate) const NOW: i64 = 1_790_000_000;
pub(crate) const DAY: i64 = 86_400;

/// A folder for one database.
pub(crate) struct Folder(TempDir);

impl Folder {
    pub(crate) fn new() -> Self {
        Folder(tempfile::tempdir().unwrap())
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.0.path().to_owned()
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.0.path().join("kmswatch.db")
    }

    pub(crate) fn store(&self) -> Store {
        Store::open(&self.database(), Durability::Normal).unwrap()
    }
}

pub(crate) fn write(store: &mut Store, batch: &Batch<'_>) {
    let mut writing = store.begin().unwrap();
    writing.write(batch).unwrap();
    writing.commit().unwrap();
}

pub(crate) fn changes(store: &mut Store, changes: &[Change]) {
    write(store, &Batch { now: NOW * 1000, changes, ..Batch::default() });
}

pub(crate) fn metric(name: &str) -> Arc<MetricId> {
    Arc::new(MetricId::new("KMS", name, Vec::new()).unwrap())
}

pub(crate) fn metric_of_key(name: &str, key: &str) -> Arc<MetricId> {
    let dimension = Dimension { name: "KeyId".into(), value: key.into() };
    Arc::new(MetricId::new("KMS", name, vec![dimension]).unwrap())
}

pub(crate) fn summary(values: &[f64]) -> Summary {
    let mut summary = Summary::new();
    values.iter().for_each(|value| summary.add(MetricValue::new(*value).unwrap(), 1));
    summary
}

pub(crate) fn observed(metric: &Arc<MetricId>, start: i64, values: &[f64]) -> Change {
    let (metric, added) = (Arc::clone(metric), summary(values));
    Change::Observed { metric, unit: Unit::None, start, length: 60, added }
}

pub(crate) fn evidence(principal: &str, key: Option<&str>, error: Option<&str>) -> Evidence {
    Evidence {
        principal: principal.into(),
        operation: "Decrypt".into(),
        key: key.map(Into::into),
        error: error.map(Into::into),
        source_address: Some("203.0.113.9".into()),
        principal_words: format!("user {principal}"),
        service: Some("kms.amazonaws.com".into()),
        ..Evidence::default()
    }
}

pub(crate) fn matched(
    metrics: &[&Arc<MetricId>],
    (record, time): (u128, i64),
    evidence: &Evidence,
) -> Change {
    Change::Matched {
        record: Some(record),
        time,
        filters: vec![0],
        metrics: metrics.iter().map(|metric| Arc::clone(metric)).collect(),
        evidence: Arc::new(evidence.clone()),
    }
}

pub(crate) fn subscription(endpoint: &str) -> Subscription {
    Subscription { protocol: "email".into(), endpoint: endpoint.into() }
}

pub(crate) fn notification(id: u64, endpoint: &str, about: About) -> Notification {
    Notification {
        id,
        topic: "arn:aws:sns:eu-west-1:111122223333:soc".into(),
        subscription: subscription(endpoint),
        queued_at: NOW * 1000 + i64::try_from(id).unwrap(),
        about,
    }
}

pub(crate) fn news(alarm: &str) -> About {
    About::News(Arc::new(News {
        alarm: alarm.into(),
        name: "a".into(),
        at: NOW * 1000,
        principals: vec!["p".into()],
        keys: Vec::new(),
        more: 0,
    }))
}

pub(crate) fn checkpoint(key: &[u8], inode: u64) -> Checkpoint {
    let version = Version { length: 4096, modified_ns: NOW * 1_000_000_000, device: 66_306, inode };
    Checkpoint {
        source: "trail".into(),
        key: key.to_vec(),
        version,
        taken: 17,
        complete: true,
        read_at: NOW * 1000,
        content: 0x0123_4567_89ab_cdef,
    }
}
