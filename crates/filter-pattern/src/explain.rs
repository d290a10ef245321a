//! What does this pattern say, in English, and what in it can't be meant?
//!
//! [`Pattern::explain`] reads a pattern back: as a sentence, as a tree, and as notes on conditions that can never
//! hold or that trip people up, above all on CloudTrail records (13).

mod note;
mod notes;
mod pairs;
mod reading;
mod tree;

use crate::pattern::Pattern;
pub use note::{Note, NoteCode, Severity};

/// A pattern read back.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Explanation {
    /// What it matches: `a JSON log event whose errorCode is any string or number`.
    pub reading: String,
    /// How its conditions are joined, one on a line.
    pub tree: String,
    /// What can never be true or is surely not meant, in the order of the pattern.
    pub notes: Vec<Note>,
}

impl Pattern {
    /// Reads the pattern back.
    #[must_use]
    pub fn explain(&self) -> Explanation {
        Explanation { reading: reading::of(self), tree: tree::of(self), notes: notes::of(self) }
    }
}
