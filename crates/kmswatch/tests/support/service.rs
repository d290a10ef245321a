//! How tests run the service.

use std::fs::{self, File};
use std::io::{Read, Write};
use std::net::TcpStream;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Output, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::Value;
use ureq::http::Response;
use ureq::{Agent, Body};

/// How long anything may take that is waited for. Nothing takes nearly as long.
pub(crate) const BOUND: Duration = Duration::from_secs(120);

/// One metric filter and one alarm: `denied` counts failed `Decrypt` calls.
pub(crate) const TEMPLATE: &str = r#"AWSTemplateFormatVersion: "2010-09-09"
Resources:
  Denied:
    Type: AWS::Logs::MetricFilter
    Properties:
      LogGroupName: trail
      FilterPattern: '{ $.eventName = "Decrypt" && $.errorCode = "AccessDenied" }'
      MetricTransformations:
        - {MetricNamespace: test, MetricName: denied, MetricValue: "1"}
  DeniedAlarm:
    Type: AWS::CloudWatch::Alarm
    Properties:
      AlarmName: denied
      Namespace: test
      MetricName: denied
      Statistic: Sum
      Period: 60
      EvaluationPeriods: 1
      Threshold: 1
      ComparisonOperator: GreaterThanOrEqualToThreshold
      TreatMissingData: notBreaching
      AlarmActions: [!Ref Topic]
  Topic:
    Type: AWS::SNS::Topic
    Properties:
      TopicName: owners
      Subscription:
        - {Protocol: email, Endpoint: you@example.com}
"#;

/// A folder with everything of one service.
pub(crate) struct Place {
    folder: tempfile::TempDir,
}

impl Place {
    pub(crate) fn new() -> Self {
        let place = Place { folder: tempfile::tempdir().unwrap() };
        fs::write(place.template(), TEMPLATE).unwrap();
        place
    }

    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn data(&self) -> PathBuf {
        self.path().join("data")
    }

    pub(crate) fn template(&self) -> PathBuf {
        self.path().join("template.yaml")
    }

    pub(crate) fn run_file(&self) -> PathBuf {
        self.data().join("run.json")
    }

    /// `serve` with what all have in common.
    pub(crate) fn command(&self) -> Command {
        let mut command = super::kmswatch();
        command.arg("serve").arg("--data").arg(self.data()).arg("--template").arg(self.template());
        // An option wins over a variable.
        command
            .env_remove("KMSWATCH_PYTHON")
            .env("KMSWATCH_HTTP_LISTEN", "127.0.0.1:0")
            .current_dir(self.path())
            .stdin(Stdio::null());
        command
    }

    /// Starts it and waits until it is ready.
    pub(crate) fn start(&self, arguments: &[&str]) -> Service {
        self.start_with(self.command().args(arguments))
    }

    /// The same of a command.
    pub(crate) fn start_with(&self, command: &mut Command) -> Service {
        let log = self.path().join("log");
        let file = File::options().create(true).append(true).open(&log).unwrap();
        let child = command.stdout(file.try_clone().unwrap()).stderr(file).spawn().unwrap();
        let mut service = Service { child, log, data: self.data(), url: String::new(), token: String::new() };
        service.wait_until_ready();
        service
    }

    /// Runs it where it can't run, and answers with what it said.
    pub(crate) fn refused(&self, arguments: &[&str]) -> String {
        let output = self.command().args(arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(2), "{}", said(&output));
        said(&output)
    }

    pub(crate) fn reader(&self) -> store_sqlite::Reader {
        store_sqlite::Reader::open(&self.data().join("kmswatch.db")).unwrap()
    }

    /// How much evidence of `denied` there is.
    pub(crate) fn evidence(&self) -> usize {
        let metric = metric::MetricId::new("test", "denied", Vec::new()).unwrap();
        let reader = self.reader();
        let count = reader.questions().evidence_count(&[metric.into()], 0, i64::MAX / 2_000_000).unwrap();
        usize::try_from(count).unwrap()
    }

    /// The mails that were written while there was no mail server.
    pub(crate) fn mails(&self) -> Vec<String> {
        let Ok(folder) = fs::read_dir(self.data().join("outbox")) else { return Vec::new() };
        let files = folder.map(|file| file.unwrap().path());
        let mails = files.filter(|path| path.extension().is_some_and(|extension| extension == "eml"));
        mails.map(|path| String::from_utf8_lossy(&fs::read(path).unwrap()).into_owned()).collect()
    }
}

pub(crate) fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

/// A service that runs. If the test fails, it is killed.
pub(crate) struct Service {
    pub(crate) child: Child,
    log: PathBuf,
    data: PathBuf,
    pub(crate) url: String,
    pub(crate) token: String,
}

impl Service {
    fn wait_until_ready(&mut self) {
        let (id, file) = (self.child.id(), self.data.join("run.json"));
        let running = self.until("it is ready", || {
            let running: Value = serde_json::from_str(&fs::read_to_string(&file).ok()?).ok()?;
            (running["pid"] == id).then_some(running)
        });
        self.url = running["http"].as_str().unwrap().to_owned();
        self.token = fs::read_to_string(self.data.join("token")).unwrap();
    }

    /// Waits for something.
    pub(crate) fn until<T>(&mut self, what: &str, mut look: impl FnMut() -> Option<T>) -> T {
        let end = Instant::now() + BOUND;
        loop {
            if let Some(found) = look() {
                return found;
            }
            let ended = self.child.try_wait().unwrap();
            assert!(ended.is_none() && Instant::now() < end, "until {what}: {ended:?}\n{}", self.log());
            thread::sleep(Duration::from_millis(10));
        }
    }

    /// All that was said at this place.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(&self.log).unwrap_or_default()
    }

    /// `127.0.0.1:PORT`
    pub(crate) fn address(&self) -> &str {
        self.url.split_once("://").unwrap().1
    }

    pub(crate) fn connect(&self) -> TcpStream {
        let stream = TcpStream::connect(self.address()).unwrap();
        stream.set_read_timeout(Some(BOUND)).unwrap();
        stream
    }

    /// A request with the token.
    pub(crate) fn post(&self, path: &str, body: &[u8], headers: &[(&str, &str)]) -> Answer {
        let mut request = agent().post(format!("{}{path}", self.url)).header("Authorization", self.bearer());
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        Answer::of(request.send(body).unwrap())
    }

    /// Pushes records.
    pub(crate) fn push(&self, body: impl AsRef<[u8]>) -> Answer {
        self.post("/v1/records", body.as_ref(), &[])
    }

    /// A request with the token.
    pub(crate) fn get(&self, path: &str) -> Answer {
        let request = agent().get(format!("{}{path}", self.url)).header("Authorization", self.bearer());
        Answer::of(request.call().unwrap())
    }

    pub(crate) fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }

    pub(crate) fn status(&self) -> Value {
        let answer = self.get("/v1/status");
        assert_eq!(answer.status, 200, "{}", answer.body);
        answer.json()
    }

    /// Sends a request as it stands, and answers with all that comes back.
    pub(crate) fn raw(&self, request: impl AsRef<[u8]>) -> String {
        let mut stream = self.connect();
        // It may have been refused before its end.
        let _ = stream.write_all(request.as_ref());
        read_all(&mut stream)
    }

    pub(crate) fn signal(&self, signal: &str) {
        let status = Command::new("kill").args([signal, &self.child.id().to_string()]).status().unwrap();
        assert!(status.success(), "kill {signal}");
    }

    /// Waits for its end.
    pub(crate) fn ended(&mut self) -> ExitStatus {
        let end = Instant::now() + BOUND;
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(Instant::now() < end, "it doesn't end\n{}", self.log());
            thread::sleep(Duration::from_millis(5));
        }
    }

    /// Asks it to end, which it must do well.
    pub(crate) fn end(mut self) {
        self.signal("-TERM");
        let status = self.ended();
        assert_eq!(status.code(), Some(0), "{}", self.log());
        assert!(!self.data.join("run.json").exists());
    }

    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// All that comes until the other end closes the connection.
pub(crate) fn read_all(stream: &mut impl Read) -> String {
    let mut bytes = Vec::new();
    // What was refused before its end may be reset behind the answer.
    let _ = stream.read_to_end(&mut bytes);
    String::from_utf8_lossy(&bytes).into_owned()
}

/// An answer to a request.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) retry_after: Option<String>,
    pub(crate) body: String,
}

impl Answer {
    pub(crate) fn of(response: Response<Body>) -> Self {
        let retry_after =
            response.headers().get("Retry-After").map(|value| value.to_str().unwrap().to_owned());
        let (status, mut body) = (response.status().as_u16(), response.into_body());
        Answer { status, retry_after, body: body.read_to_string().unwrap() }
    }

    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }
}

pub(crate) fn agent() -> Agent {
    Agent::config_builder().http_status_as_error(false).timeout_global(Some(BOUND)).build().into()
}

/// A failed `Decrypt` of a minute ago, with an id of its own.
pub(crate) fn record(number: u64) -> String {
    let time = jiff::Timestamp::now() - jiff::SignedDuration::from_secs(60);
    let time = time.strftime("%Y-%m-%dT%H:%M:%SZ");
    format!(
        r#"{{"eventVersion":"1.11","userIdentity":{{"type":"IAMUser","arn":"arn:aws:iam::111122223333:user/mallory"}},"eventTime":"{time}","eventSource":"kms.amazonaws.com","eventName":"Decrypt","awsRegion":"eu-central-1","sourceIPAddress":"192.0.2.7","errorCode":"AccessDenied","eventID":"00000000-0000-4000-8000-{number:012}","recipientAccountId":"111122223333"}}"#
    )
}

/// A log file as AWS delivers it, not compressed.
pub(crate) fn log_file(numbers: std::ops::Range<u64>) -> String {
    format!(r#"{{"Records":[{}]}}"#, numbers.map(record).collect::<Vec<_>>().join(","))
}

pub(crate) fn gzip(text: impl AsRef<[u8]>) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_ref()).unwrap();
    encoder.finish().unwrap()
}
