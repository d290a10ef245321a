//! What the tests of this crate share.

#![allow(dead_code, reason = "not every test needs everything")]

pub(crate) mod python;
pub(crate) mod server;
pub(crate) mod story;
