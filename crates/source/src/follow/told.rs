//! What was said already of what can't be read? Said again would be noise.

use std::collections::HashSet;
use std::hash::{BuildHasher, RandomState};
use std::mem;

use crate::Unreadable;

/// More than this is said again after the next walk.
const MAX_TOLD: usize = 10_000;

/// What was said since the walk before the last one, by hash.
#[derive(Debug, Default)]
pub(super) struct Told {
    hashes: RandomState,
    now: HashSet<u64>,
    before: HashSet<u64>,
}

impl Told {
    /// Whether this is to be said: it wasn't, or not of late.
    pub(super) fn is_new(&mut self, problem: &Unreadable) -> bool {
        let key = self.hashes.hash_one((&problem.path, &problem.reason));
        let known = self.now.contains(&key) || self.before.contains(&key);
        if self.now.len() < MAX_TOLD {
            self.now.insert(key);
        }
        !known
    }

    /// A walk over everything has ended: what it didn't meet has been mended, and is said if it breaks again.
    pub(super) fn end_walk(&mut self) {
        self.before = mem::take(&mut self.now);
    }
}
