//! A service with commands run beside it, and a mail server for both.

use std::ffi::OsStr;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use serde_json::Value;
use testkit::repository;

use super::kmswatch;

/// How long something may take that a test waits for.
const PATIENCE: Duration = Duration::from_secs(60);

/// A folder with a service in it, and its data in `data`.
pub(crate) struct Service {
    pub(crate) folder: tempfile::TempDir,
    child: Option<Child>,
}

impl Service {
    /// Starts one, and waits until it is ready.
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let mut service = Service { folder: tempfile::tempdir().unwrap(), child: None };
        fs::create_dir(service.path("trail")).unwrap();
        service.again(arguments);
        service
    }

    /// Starts it once more, after it ended.
    pub(crate) fn again(&mut self, arguments: &[&str]) {
        self.again_with(arguments, &[]);
    }

    /// The same with variables of the environment.
    pub(crate) fn again_with(&mut self, arguments: &[&str], variables: &[(&str, &str)]) {
        let _ = fs::remove_file(self.path("data/run.json"));
        let mut command = kmswatch();
        command
            .args(["serve", "--data", "data", "--trail", "trail", "--listen", "127.0.0.1:0"])
            .args(arguments);
        command.envs(variables.iter().copied()).current_dir(self.folder.path());
        let log = fs::File::create(self.path("log")).unwrap();
        self.child = Some(command.stderr(log).stdin(Stdio::null()).spawn().unwrap());
        wait_for("the service", || self.path("data/run.json").exists());
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Kills it at once.
    pub(crate) fn kill(&mut self) {
        if let Some(mut child) = self.child.take() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }

    /// Ends it as Ctrl-C does.
    pub(crate) fn end(&mut self) {
        let Some(mut child) = self.child.take() else { return };
        let pid = child.id().to_string();
        assert!(Command::new("kill").args(["-INT", &pid]).status().unwrap().success());
        assert_eq!(child.wait().unwrap().code(), Some(0), "{}", self.log());
    }

    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.path("log")).unwrap_or_default()
    }

    /// Runs a command beside it.
    pub(crate) fn command(&self, arguments: &[&str]) -> Said {
        self.command_with(arguments, &[])
    }

    /// The same with variables of the environment.
    pub(crate) fn command_with(&self, arguments: &[&str], variables: &[(&str, &OsStr)]) -> Said {
        let mut command = kmswatch();
        command.args(arguments).envs(variables.iter().copied()).current_dir(self.folder.path());
        if !arguments.contains(&"--data") {
            command.args(["--data", "data"]);
        }
        Said::of(&command.stdin(Stdio::null()).output().unwrap())
    }

    /// Runs a command that answers in JSON.
    pub(crate) fn json(&self, arguments: &[&str]) -> Value {
        let arguments: Vec<&str> = arguments.iter().copied().chain(["--format", "json"]).collect();
        let said = self.command(&arguments);
        serde_json::from_str(&said.out).unwrap_or_else(|error| panic!("{error}: {said:?}\n{}", self.log()))
    }

    /// Waits until an alarm is in a state.
    pub(crate) fn wait_for_state(&self, alarm: &str, state: &str) {
        wait_for(&format!("{alarm} in {state}"), || {
            let alarms = self.json(&["alarms", "--state", state]);
            alarms.as_array().unwrap().iter().any(|found| found["name"] == alarm)
        });
    }

    /// Delivers a log file, which is complete when it has its name.
    pub(crate) fn deliver(&self, name: &str, content: &str) {
        let unfinished = self.path(name);
        fs::write(&unfinished, content).unwrap();
        fs::rename(&unfinished, self.path("trail").join(name)).unwrap();
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.kill();
    }
}

/// What a command said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Said {
    fn of(output: &Output) -> Self {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        let said =
            Said { status: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) };
        let harmless = |text: &str| !text.chars().any(|c| c.is_control() && c != '\n');
        assert!(harmless(&said.out) && harmless(&said.err), "{said:?}");
        said
    }

    /// Standard output without line breaks, in which a sentence can be found.
    pub(crate) fn flat(&self) -> String {
        self.out.split_whitespace().collect::<Vec<_>>().join(" ")
    }
}

/// Waits until something is so.
pub(crate) fn wait_for(what: &str, mut is_so: impl FnMut() -> bool) {
    let deadline = Instant::now() + PATIENCE;
    while !is_so() {
        assert!(Instant::now() < deadline, "waited too long for {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// A mail server in Python, whose recipients decide how it behaves.
pub(crate) struct MailServer {
    child: Child,
    /// What it says, which somebody must read, or it stops.
    mails: Receiver<String>,
    pub(crate) url: String,
}

impl MailServer {
    /// Starts one; `None`, and a line that says so, where there is no Python for it.
    #[allow(clippy::print_stderr, reason = "who runs the tests should know what was left out")]
    pub(crate) fn start() -> Option<Self> {
        let Some(python) = std::env::var_os("KMSWATCH_PYTHON") else {
            eprintln!("left out: KMSWATCH_PYTHON isn't set; `cargo xtask test` sets it");
            return None;
        };
        let script = repository().join("crates/notify/tests/smtp_server.py");
        let mut command = Command::new(python);
        let mut child = command.arg(script).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        lines.read_line(&mut line).unwrap();
        let port = line.strip_prefix("port ").unwrap().trim();
        let url = format!("smtp://127.0.0.1:{port}");
        let (told, mails) = channel();
        std::thread::spawn(move || {
            lines.lines().map_while(Result::ok).take_while(|line| told.send(line.clone()).is_ok()).count()
        });
        Some(MailServer { child, mails, url })
    }

    /// The next mail that it took.
    pub(crate) fn next(&self) -> Value {
        serde_json::from_str(&self.mails.recv_timeout(PATIENCE).unwrap()).unwrap()
    }
}

impl Drop for MailServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
