//! How tests start the program.

#![allow(
    dead_code,
    clippy::print_stderr,
    reason = "each test file uses a part of it, and says what it leaves out"
)]

pub(crate) mod beside;
pub(crate) mod service;

use std::ffi::OsStr;
use std::process::{Command, Output};

use serde_json::Value;

/// The program, in surroundings that are the same everywhere.
pub(crate) fn kmswatch() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_kmswatch"));
    command
        .env("COLUMNS", "100")
        .env_remove("KMSWATCH_PYTHON")
        .env_remove("NO_COLOR")
        .env_remove("CLICOLOR_FORCE");
    command
}

/// Runs it without input.
pub(crate) fn run(arguments: &[&OsStr]) -> Output {
    kmswatch().args(arguments).stdin(std::process::Stdio::null()).output().unwrap()
}

/// Runs it and reads what it writes as JSON. Nothing may be wrong with what it reads.
pub(crate) fn json(arguments: &[&OsStr]) -> Value {
    let output = run(arguments);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.code() == Some(0), "{arguments:?}: {}\n{errors}", output.status);
    serde_json::from_slice(&output.stdout).unwrap()
}
