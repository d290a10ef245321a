//! Which files are looked at a second time, because they may still be written?

use std::collections::{HashSet, VecDeque};
use std::mem;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use super::{Version, after};

/// More files than this aren't looked at twice: they are handed out at once, and again when they have changed.
const MAX_UNSETTLED: usize = 1 << 16;

/// More files than this aren't known to be open.
const MAX_OPEN: usize = 1 << 16;

/// Files that were found just after they had been written.
#[derive(Debug, Default)]
pub(super) struct Unsettled {
    files: VecDeque<Look>,
    keys: HashSet<u64>,
}

/// A second look at a file.
#[derive(Debug)]
pub(super) struct Look {
    pub(super) key: u64,
    pub(super) path: PathBuf,
    /// What it was at the first look.
    pub(super) version: Version,
    due: Instant,
}

impl Unsettled {
    pub(super) fn is_full(&self) -> bool {
        self.files.len() >= MAX_UNSETTLED
    }

    /// Looks at a file again at that time, unless that will happen anyhow.
    pub(super) fn add(&mut self, key: u64, path: PathBuf, version: Version, due: Instant) {
        if self.keys.insert(key) {
            self.files.push_back(Look { key, path, version, due });
        }
    }

    /// When the next look is due.
    pub(super) fn due(&self) -> Option<Instant> {
        self.files.front().map(|look| look.due)
    }

    /// The next look, if it is due.
    pub(super) fn next(&mut self, now: Instant) -> Option<Look> {
        let look = self.files.pop_front_if(|look| look.due <= now)?;
        self.keys.remove(&look.key);
        Some(look)
    }
}

/// Files that were seen to be made and not yet seen to be closed.
#[derive(Debug)]
pub(super) struct Open {
    recent: HashSet<u64>,
    /// Those that have been open longer. Some are never seen to be closed, so that they are forgotten after a while.
    earlier: HashSet<u64>,
    since: Instant,
}

impl Open {
    pub(super) fn new() -> Self {
        Open { recent: HashSet::new(), earlier: HashSet::new(), since: Instant::now() }
    }

    pub(super) fn add(&mut self, key: u64) {
        if self.recent.len() < MAX_OPEN {
            self.recent.insert(key);
        }
    }

    pub(super) fn has(&self, key: u64) -> bool {
        self.recent.contains(&key) || self.earlier.contains(&key)
    }

    pub(super) fn remove(&mut self, key: u64) {
        self.recent.remove(&key);
        self.earlier.remove(&key);
    }

    pub(super) fn clear(&mut self) {
        self.recent.clear();
        self.earlier.clear();
    }

    /// Forgets what has been open for twice as long as `limit`, or at least once.
    pub(super) fn age(&mut self, now: Instant, limit: Duration) {
        if after(self.since, limit) <= now {
            self.earlier = mem::take(&mut self.recent);
            self.since = now;
        }
    }
}
