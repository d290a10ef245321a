//! The Python in which the tests' other half runs.

use std::ffi::OsString;
use std::path::PathBuf;
use std::process::Command;

/// The interpreter of `cargo xtask test`, which has what `xtask/requirements.txt` lists. `None`, and a line that says so,
/// without it.
pub(crate) fn python() -> Option<OsString> {
    let python = std::env::var_os("KMSWATCH_PYTHON");
    if python.is_none() {
        eprintln!("left out: KMSWATCH_PYTHON isn't set; `cargo xtask test` sets it");
    }
    python
}

/// A command that runs a script of this folder's parent.
pub(crate) fn script(python: &OsString, name: &str) -> Command {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests").join(name);
    let mut command = Command::new(python);
    command.arg(path);
    command
}
