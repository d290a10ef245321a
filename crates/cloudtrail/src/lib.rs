//! What does a CloudTrail log file say?
//!
//! [`reader`] finds the records of a log file, whatever shape it is in; [`call`] reads one record as a person
//! would. The [`scanner`] below both is what makes ordinary files fast.

pub mod call;
mod inflate;
pub mod limits;
pub mod problem;
pub mod reader;
pub mod scanner;

pub use inflate::{Inflater, NotWhole, is_gzip};
