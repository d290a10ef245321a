//! The service, and how it ends.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use crate::generator::{EPISODES, present_principal};
use crate::support::kmswatch;
use crate::support::service::agent;

/// How long it may take to end, or to do what is waited for.
const BOUND: Duration = Duration::from_secs(60);

/// A mail goes to the last one by `--mail-to`, to the others by the template.
pub(crate) const SUBSCRIBERS: usize = 6;

pub(crate) fn subscriber(number: usize) -> String {
    format!("subscriber-{number}@example.com")
}

/// Where everything is.
pub(crate) struct Place {
    pub(crate) folder: PathBuf,
    pub(crate) mail_port: u16,
}

impl Place {
    pub(crate) fn trail(&self) -> PathBuf {
        self.folder.join("trail")
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.folder.join("data")
    }

    pub(crate) fn database(&self) -> PathBuf {
        self.data().join("kmswatch.db")
    }

    /// All that the service said.
    pub(crate) fn log(&self) -> PathBuf {
        self.folder.join("log")
    }

    pub(crate) fn prepare(&self) {
        fs::create_dir(self.trail()).unwrap();
        fs::write(self.folder.join("template.yaml"), template()).unwrap();
    }

    /// Changes what is watched, but for nothing that happens. Nobody sees half of it.
    pub(crate) fn change_template(&self, number: usize) {
        let (path, new) = (self.folder.join("template.yaml"), self.folder.join("template.new"));
        let other = alarm(&format!("Other{number}"), &format!("other-{number}"), "nobody");
        fs::write(&new, template() + &other).unwrap();
        fs::rename(new, path).unwrap();
    }

    pub(crate) fn start(&self) -> Service {
        self.start_with(&mut self.command())
    }

    pub(crate) fn start_with(&self, command: &mut Command) -> Service {
        let log = File::options().create(true).append(true).open(self.log()).unwrap();
        command.stdout(log.try_clone().unwrap()).stderr(log);
        Service { child: command.spawn().unwrap(), announcement: self.data().join("run.json") }
    }

    pub(crate) fn command(&self) -> Command {
        let mut command = kmswatch();
        // They are this test's, and no settings.
        command.env_remove("KMSWATCH_SEED").env_remove("KMSWATCH_KILL_ROUNDS");
        command.arg("serve").arg("--data").arg(self.data()).arg("--trail").arg(self.trail());
        command.arg("--template").arg(self.folder.join("template.yaml"));
        command.args(["--listen", "127.0.0.1:0", "--mail-to", &subscriber(0)]);
        // Each episode is told on its own: neither as part of a backlog nor of a storm.
        command.args(["--from", "now"]).env("KMSWATCH_NOTIFY_STORM", "10000");
        command.arg("--smtp").arg(format!("smtp://127.0.0.1:{}", self.mail_port));
        command.current_dir(&self.folder).stdin(Stdio::null());
        command
    }

    /// Runs another subcommand of the program on the data folder.
    pub(crate) fn run(&self, arguments: &[&str]) -> Command {
        let mut command = kmswatch();
        command.args(arguments).arg("--data").arg(self.data());
        command.current_dir(&self.folder).stdin(Stdio::null());
        command
    }

    /// Where the running service says that it is, and its token.
    pub(crate) fn door(&self) -> Option<(String, String)> {
        let text = fs::read_to_string(self.data().join("run.json")).ok()?;
        let running: serde_json::Value = serde_json::from_str(&text).ok()?;
        let token = fs::read_to_string(self.data().join("token")).ok()?;
        Some((running["http"].as_str()?.to_owned(), token))
    }

    /// What `/readyz` answers.
    pub(crate) fn readyz(&self) -> Option<u16> {
        let (url, _) = self.door()?;
        Some(agent().get(format!("{url}/readyz")).call().ok()?.status().as_u16())
    }

    /// Pushes records, and says with which status that was answered, if at all.
    pub(crate) fn push(&self, body: &str) -> Option<u16> {
        let (url, token) = self.door()?;
        let request = agent().post(format!("{url}/v1/records"));
        let answer = request.header("Authorization", format!("Bearer {token}")).send(body);
        Some(answer.ok()?.status().as_u16())
    }
}

/// An alarm for the past, one for each episode of the present, and the subscribers of all.
fn template() -> String {
    let mut text = "AWSTemplateFormatVersion: '2010-09-09'\nResources:\n".to_owned();
    text += &alarm("Past", "denied", "user-0*");
    for episode in 0..EPISODES {
        text +=
            &alarm(&format!("Present{episode}"), &format!("denied-{episode}"), &present_principal(episode));
    }
    text += "  Topic:\n    Type: AWS::SNS::Topic\n    Properties:\n      TopicName: owners\n      Subscription:\n";
    for number in 1..SUBSCRIBERS {
        text += &format!("        - {{Protocol: email, Endpoint: {}}}\n", subscriber(number));
    }
    text
}

fn alarm(id: &str, name: &str, user: &str) -> String {
    format!(
        "  {id}Filter:
    Type: AWS::Logs::MetricFilter
    Properties:
      LogGroupName: trail
      FilterPattern: '{{ $.eventSource = \"kms.amazonaws.com\" && $.eventName = \"Decrypt\"
        && $.errorCode = \"AccessDenied*\" && $.userIdentity.userName = \"{user}\" }}'
      MetricTransformations:
        - {{MetricNamespace: test, MetricName: {name}, MetricValue: '1'}}
  {id}Alarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmName: {name}
      Namespace: test
      MetricName: {name}
      Statistic: Sum
      Period: 60
      EvaluationPeriods: 1
      Threshold: 1
      ComparisonOperator: GreaterThanOrEqualToThreshold
      TreatMissingData: notBreaching
      AlarmActions: [!Ref Topic]
"
    )
}

/// A process of it. If the test fails, it is killed.
pub(crate) struct Service {
    child: Child,
    announcement: PathBuf,
}

impl Service {
    /// Waits until it says that it is ready.
    pub(crate) fn ready(&mut self, log: &Path) {
        self.until("the service is ready", log, Service::is_ready);
    }

    pub(crate) fn is_ready(&self) -> bool {
        let pid = format!("\"pid\":{},", self.child.id());
        fs::read_to_string(&self.announcement).is_ok_and(|text| text.contains(&pid))
    }

    pub(crate) fn until(&mut self, what: &str, log: &Path, done: impl FnMut(&Self) -> bool) {
        self.until_within(BOUND, what, log, done);
    }

    pub(crate) fn until_within(
        &mut self,
        bound: Duration,
        what: &str,
        log: &Path,
        mut done: impl FnMut(&Self) -> bool,
    ) {
        let end = Instant::now() + bound;
        loop {
            // In this order: what it did before it ended counts.
            let ended = self.child.try_wait().unwrap();
            if done(self) {
                return;
            }
            assert!(ended.is_none() && Instant::now() < end, "until {what}: ended {ended:?}\n{}", tail(log));
            thread::sleep(Duration::from_millis(20));
        }
    }

    /// Whether it has ended by itself, which it mustn't.
    pub(crate) fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().unwrap()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    pub(crate) fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success(), "kill {signal}");
    }

    /// Asks it to end, and waits for that.
    pub(crate) fn end(self, signal: &str, log: &Path) {
        self.signal(signal);
        self.end_of(log);
    }

    /// Waits for its end.
    pub(crate) fn end_of(mut self, log: &Path) -> ExitStatus {
        let end = Instant::now() + BOUND;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < end, "the service doesn't end\n{}", tail(log));
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// The same of one that is ready: it must end well.
    pub(crate) fn end_well(mut self, signal: &str, log: &Path) {
        self.signal(signal);
        let status = self.child.wait().unwrap();
        assert!(status.success(), "after {signal}: {status}\n{}", tail(log));
        assert!(!self.announcement.exists(), "run.json is still there after a clean end");
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The last that the service said.
pub(crate) fn tail(log: &Path) -> String {
    let text = fs::read_to_string(log).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    lines[lines.len().saturating_sub(30)..].join("\n")
}
