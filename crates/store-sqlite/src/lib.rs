//! How is state remembered in one file?
//!
//! A [`Store`] is a SQLite database: what a [`monitor::Monitor`] needs to go on, what happened, what is to be delivered, and
//! how far each log file has been read. A [`Batch`] is written in one transaction, wholly or not at all, and is on the disk when
//! [`Writing::commit`] returns ([`Durability`]). [`Store::load`] gives a monitor back what was written of it.
//!
//! A [`Reader`] answers [`Questions`] while the store is written, from the same process or another one. No question looks at a
//! whole table.
//!
//! A database that was damaged, emptied, lost or written by a newer version is never replaced by a new one: [`OpenError`]
//! says what is wrong and which ways out there are.

mod backup;
mod batch;
mod connection;
mod error;
mod hash;
mod metrics;
mod numbers;
mod open;
mod questions;
mod rows;
mod schema;
mod store;
mod sweep;
#[cfg(test)]
mod tests;
mod writing;

pub use backup::{BackupError, backup, restore};
pub use batch::{Batch, Checkpoint, Problem, StoredTemplate, Version};
pub use connection::Durability;
pub use error::{OpenError, OpenErrorKind, StoreError};
pub use questions::{MAX_ROWS, Questions, Reader};
pub use rows::{
    Depth, EvidenceGroup, EvidenceRow, HistoryKind, HistoryRow, OutboxRow, OutboxState, SeenBefore, Size,
    SourceRow,
};
pub use schema::SCHEMA;
pub use store::Store;
pub use sweep::{Retention, Swept};
pub use writing::Writing;
