//! How case files say what is watched and what happens, and random worlds for properties.

#![allow(dead_code, reason = "each test uses some of it")]

pub(crate) mod clock;
pub(crate) mod happening;
pub(crate) mod oracle;
pub(crate) mod shown;
pub(crate) mod store;
pub(crate) mod watched;
pub(crate) mod world;
