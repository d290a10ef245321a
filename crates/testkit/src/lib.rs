//! How do tests speak?
//!
//! Most tests of kmswatch are case files below `cases/` that a person without Rust can read and add to. This
//! crate reads them, runs them through a function of the test, and says what differs.
//!
//! ```text
//! # A line that starts with # before the first case is a comment.
//!
//! === a name for the case
//! --- pattern
//! { $.errorCode = "*" }
//! --- event
//! {"errorCode":"AccessDenied"}
//! --- match
//! yes
//! ```
//!
//! A case has named sections; by convention the last ones are what is expected. `UPDATE_CASES=1 cargo test`
//! writes what the program answers now into the expected sections; read the difference before committing it.

#![expect(
    clippy::panic,
    clippy::print_stderr,
    reason = "only tests use this crate, and a test fails by panicking"
)]

mod cases;
mod shared;

pub use cases::{Case, Expectation, run_cases};
pub use shared::{repository, shared};
