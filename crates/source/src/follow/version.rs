//! Which content of a file was it?

use std::fs::Metadata;
use std::os::unix::fs::MetadataExt;

/// What tells one content of a file from another without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Version {
    /// Bytes.
    pub length: u64,
    /// When it was last written, in nanoseconds since 1970.
    pub modified_ns: i64,
    /// The device that it lies on.
    pub device: u64,
    /// Its number there: a file that is renamed keeps it.
    pub inode: u64,
}

impl Version {
    /// The version of a file that has this metadata.
    #[must_use]
    pub fn of(metadata: &Metadata) -> Self {
        let seconds = metadata.mtime().saturating_mul(1_000_000_000);
        Version {
            length: metadata.len(),
            modified_ns: seconds.saturating_add(metadata.mtime_nsec()),
            device: metadata.dev(),
            inode: metadata.ino(),
        }
    }
}
