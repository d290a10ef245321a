//! Numbers of rows that are written again and again, in memory.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::Arc;

use metric::MetricId;

/// How many numbers of each kind are kept; then all are looked up again.
const MOST: usize = 16_384;

/// The numbers of rows, as far as they were asked for.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    pub(crate) metrics: HashMap<Arc<MetricId>, i64>,
    /// By their hashes.
    pub(crate) pairs: HashMap<[u8; 16], i64>,
    /// By the numbers of their pairs and their hashes.
    pub(crate) contents: HashMap<(i64, [u8; 16]), i64>,
}

impl Numbers {
    /// What was written may not be there any more.
    pub(crate) fn forget(&mut self) {
        *self = Numbers::default();
    }
}

/// Keeps a number.
pub(crate) fn keep<K: Eq + Hash>(numbers: &mut HashMap<K, i64>, key: K, number: i64) {
    if numbers.len() >= MOST {
        numbers.clear();
    }
    numbers.insert(key, number);
}
