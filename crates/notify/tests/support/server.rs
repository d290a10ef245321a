//! Servers in Python, each a process of its own on a port of its own, and certificates for them.

use std::ffi::{OsStr, OsString};
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Stdio};

use notify::Roots;
use serde_json::Value;

use super::python;

/// A running server.
pub(crate) struct Server {
    child: Child,
    lines: BufReader<ChildStdout>,
    /// Where it listens, on 127.0.0.1.
    pub(crate) port: u16,
}

impl Server {
    /// Starts a script and waits until it listens.
    pub(crate) fn start(python: &OsString, script: &str, arguments: &[&OsStr]) -> Self {
        let mut command = python::script(python, script);
        let mut child = command.args(arguments).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        let port =
            line.strip_prefix("port ").unwrap_or_else(|| panic!("{script}: {line}")).trim().parse().unwrap();
        Server { child, lines, port }
    }

    /// What it says next: a mail, or a request.
    pub(crate) fn next(&mut self) -> Value {
        let mut line = String::new();
        self.lines.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A certificate of one's own for a name, with its key, in files.
pub(crate) struct Identity {
    folder: tempfile::TempDir,
    pem: String,
}

impl Identity {
    /// For these names and addresses.
    pub(crate) fn of(names: &[&str]) -> Self {
        let names: Vec<String> = names.iter().map(|name| (*name).to_owned()).collect();
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        let folder = tempfile::tempdir().unwrap();
        let pem = made.cert.pem();
        std::fs::write(folder.path().join("certificate.pem"), &pem).unwrap();
        std::fs::write(folder.path().join("key.pem"), made.signing_key.serialize_pem()).unwrap();
        Identity { folder, pem }
    }

    /// The arguments with which a script uses it.
    pub(crate) fn arguments(&self) -> [OsString; 4] {
        let file = |name: &str| -> PathBuf { Path::join(self.folder.path(), name) };
        ["--certificate".into(), file("certificate.pem").into(), "--key".into(), file("key.pem").into()]
    }

    /// Trust in nobody else.
    pub(crate) fn roots(&self) -> Roots {
        let mut roots = Roots::default();
        roots.add_pem(self.pem.as_bytes()).unwrap();
        roots
    }
}
