//! What AWS writes: subject, block of alarm details, JSON. To the letter, so that mail filters and programs which read
//! CloudWatch's messages read ours.

mod block;
mod json;
mod subject;

pub(crate) use block::block;
pub use json::message;
pub(crate) use subject::subject;
