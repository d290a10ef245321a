//! Which version of which file was handed out already? In 16 bytes a file, for there may be a million.

use std::collections::HashMap;
use std::collections::hash_map::{Entry, RandomState};
use std::hash::BuildHasher;
use std::path::Path;

use super::Version;

/// The bit of a remembered version that tells in which of the last two walks its file was there.
const WALK: u64 = 1;

/// The files that were handed out, by hashes of path and version. Two paths with one hash (a chance of one in
/// 30 million for a million files) are handed out more often than need be, never less.
#[derive(Debug, Default)]
pub(super) struct Seen {
    versions: HashMap<u64, u64>,
    hashes: RandomState,
    /// 0 or 1, by turns.
    walk: u64,
}

impl Seen {
    /// A number for a path.
    pub(super) fn key(&self, path: &Path) -> u64 {
        self.hashes.hash_one(path.as_os_str())
    }

    /// Remembers that a file is there in this version; whether that is new.
    pub(super) fn add(&mut self, key: u64, version: &Version) -> bool {
        let version = (self.hashes.hash_one(version) & !WALK) | self.walk;
        match self.versions.entry(key) {
            Entry::Occupied(mut known) => (known.insert(version) | WALK) != (version | WALK),
            Entry::Vacant(unknown) => {
                unknown.insert(version);
                true
            }
        }
    }

    /// Whether a file was handed out in this version. It is remembered that it is still there, in whichever version.
    pub(super) fn has(&mut self, key: u64, version: &Version) -> bool {
        let version = self.hashes.hash_one(version) | WALK;
        let Some(known) = self.versions.get_mut(&key) else { return false };
        *known = (*known & !WALK) | self.walk;
        *known | WALK == version
    }

    /// Forgets a file that is gone.
    pub(super) fn forget(&mut self, key: u64) {
        self.versions.remove(&key);
    }

    /// A walk over everything begins.
    pub(super) fn begin_walk(&mut self) {
        self.walk ^= WALK;
    }

    /// The walk has looked at everything: what it didn't find is gone.
    pub(super) fn end_walk(&mut self) {
        let walk = self.walk;
        self.versions.retain(|_, version| *version & WALK == walk);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(length: u64) -> Version {
        Version { length, modified_ns: 0, device: 1, inode: 1 }
    }

    #[test]
    fn a_version_is_new_once() {
        let mut seen = Seen::default();
        let key = seen.key(Path::new("a"));
        assert!(seen.add(key, &version(1)) && !seen.add(key, &version(1)));
        assert!(seen.has(key, &version(1)) && !seen.has(key, &version(2)));
        assert!(seen.add(key, &version(2)));
        seen.forget(key);
        assert!(seen.add(key, &version(2)));
    }

    #[test]
    fn what_a_walk_does_not_find_is_forgotten() {
        let mut seen = Seen::default();
        for length in 0..100 {
            seen.add(length, &version(length));
        }
        for round in 1..4 {
            seen.begin_walk();
            // Half of them are there as they were, and one has changed but isn't whole yet.
            (0..100).filter(|key| key % (1 << round) == 0).for_each(|key| {
                assert!(seen.has(key, &version(key)), "{key} in {round}");
            });
            assert!(!seen.has(1, &version(7)));
            seen.end_walk();
            assert_eq!(seen.versions.len(), 100_usize.div_ceil(1 << round) + 1);
        }
    }
}
