//! What could not be read, in bounded memory.

use super::strings::cut;

/// How many problems are kept; further ones are counted.
const MAX_PROBLEMS: usize = 1000;

/// Where a path or a reason is cut, in bytes.
const MAX_LENGTH: usize = 1024;

/// Something that couldn't be read, and why.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Problem {
    /// The file.
    pub(crate) path: String,
    /// How far into it, in bytes of the uncompressed text; `None` where all of it is meant.
    pub(crate) offset: Option<u64>,
    /// Why.
    pub(crate) reason: String,
}

/// The first 1,000 problems and how many came after them.
#[derive(Debug, Default)]
pub(crate) struct Problems {
    list: Vec<Problem>,
    more: u64,
}

impl Problems {
    /// Adds one.
    pub(crate) fn add(&mut self, path: &str, offset: Option<u64>, reason: &str) {
        if self.list.len() < MAX_PROBLEMS {
            self.list.push(Problem { path: bounded(path), offset, reason: bounded(reason) });
        } else {
            self.more += 1;
        }
    }

    /// Whether there is none.
    pub(crate) fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    /// The first ones.
    pub(super) fn list(&self) -> &[Problem] {
        &self.list
    }

    /// How many came after them.
    pub(super) fn more(&self) -> u64 {
        self.more
    }
}

fn bounded(text: &str) -> String {
    let (kept, mark) = cut(text, MAX_LENGTH);
    format!("{kept}{mark}")
}
