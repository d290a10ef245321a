//! Where do log files come from?
//!
//! [`Walk`] goes over files and folders in a fixed order without holding more than one folder's names a level, and
//! [`open`] reads a file into memory or, if it is long, hands out a stream. [`Follow`] doesn't end: it says which files
//! of a folder are new or changed, as soon as they are whole. What can't be read is an answer like any other, never a
//! reason to stop.

mod follow;
mod open;
mod walk;

pub use follow::{Candidate, Event, Follow, FollowOptions, From, Version, is_candidate};
pub use open::{Content, open};
pub use walk::{FoundFile, Unreadable, Walk};
