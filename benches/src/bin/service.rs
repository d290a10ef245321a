//! How soon does the service tell, how much does it take, and how large does it become?
//!
//! Runs `kmswatch serve` as a whole process, with a mail server of its own and log files that are moved into a trail, and
//! measures from outside: from the moment when a log file is visible to the moment when the mail server takes the mail.
//!
//! - `service latency`: one log file after another, nothing else.
//! - `service load`: the same while 20,000 records a second come in.
//! - `service replay`: 72 hours of traffic as fast as it goes; memory and the size of the database meanwhile.

use std::collections::HashMap;
use std::fmt::Write as _;
use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Write};
use std::net::{TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use anyhow::{Context as _, bail};
use flate2::Compression;
use flate2::write::GzEncoder;

/// How many log files are timed, each of which sets off another alarm.
const FILES: usize = 240;
/// The time between two of them.
const BETWEEN: Duration = Duration::from_millis(120);
/// Records of the load: so many files a second, each with so many records.
const LOAD: (u64, usize) = (20, 1000);
/// One record of so many matches a filter.
const ONE_MATCHES: usize = 100;
/// The longest wait for a mail.
const PATIENCE: Duration = Duration::from_secs(60);

fn main() -> anyhow::Result<()> {
    let mut arguments = std::env::args().skip(1);
    let (mode, program) = (arguments.next(), arguments.next());
    let program = program.map_or_else(beside, |program| Ok(PathBuf::from(program)))?;
    match mode.as_deref() {
        Some("latency") => latency(&program, false),
        Some("load") => latency(&program, true),
        Some("replay") => replay(&program),
        _ => bail!("write `service latency`, `service load` or `service replay`, and the program to measure"),
    }
}

/// The program that was built with this one.
fn beside() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe()?;
    Ok(own.parent().context("no folder")?.join("kmswatch"))
}

fn say(text: &str) {
    let _ = writeln!(std::io::stdout().lock(), "{text}");
}

/// From a visible file to an accepted mail.
fn latency(program: &Path, under_load: bool) -> anyhow::Result<()> {
    let folder = Folder::new("latency")?;
    let mails = Mails::listen()?;
    let service = folder.serve(program, mails.port)?;
    let load = under_load.then(|| folder.load()).transpose()?;
    let mut sent = HashMap::new();
    for number in 0..FILES {
        let name = format!("caller-{number:03}");
        let staged = folder.stage(&format!("timed-{number}"), &file(&[record(&name, &now_text(), true)]))?;
        sent.insert(format!("{name}\""), folder.show(&staged)?);
        thread::sleep(BETWEEN);
    }
    let took = mails.wait_for(&sent)?;
    let taken = load.map(Load::end);
    say(&format!(
        "{} of {FILES} mails; p50 {:.1} ms, p90 {:.1} ms, p99 {:.1} ms, longest {:.1} ms",
        took.len(),
        at(&took, 50),
        at(&took, 90),
        at(&took, 99),
        at(&took, 100)
    ));
    if let Some(records) = taken {
        say(&format!("{records} records came in meanwhile"));
    }
    let (memory, database) = (service.memory()?, folder.database());
    say(&format!("memory {} MiB at most; database {} KiB", memory / 1024, database / 1024));
    Ok(())
}

/// 72 hours of traffic at once.
fn replay(program: &Path) -> anyhow::Result<()> {
    const HOURS: i64 = 72;
    let folder = Folder::new("replay")?;
    let begin = now() - HOURS * 3600;
    // A file each five minutes, with 4,000 records: 13 records a second.
    let files = HOURS * 12;
    for number in 0..files {
        let time = begin + number * 300;
        let records: Vec<String> = (0..4000_i64)
            .map(|place| {
                record(&format!("caller-{:03}", place % 240), &text_of(time + place % 300), place % 100 == 0)
            })
            .collect();
        let staged = folder.stage(&format!("replayed-{number}"), &file(&records))?;
        folder.show(&staged)?;
    }
    let mails = Mails::listen()?;
    let began = Instant::now();
    let service = folder.serve(program, mails.port)?;
    let mut memory = Vec::new();
    while service.files_waiting()? && began.elapsed() < Duration::from_secs(600) {
        memory.push(service.memory_now()?);
        thread::sleep(Duration::from_millis(200));
    }
    let records = files * 4000;
    let seconds = began.elapsed().as_secs_f64();
    let quarter = memory.len() / 4;
    let most = |part: &[u64]| part.iter().max().copied().unwrap_or_default() / 1024;
    let (first, rest) = memory.split_at(quarter.max(1).min(memory.len()));
    say(&format!(
        "{records} records of {HOURS} hours in {seconds:.1} s: {:.0} a second",
        records as f64 / seconds
    ));
    say(&format!("memory at most {} MiB in the first quarter, {} MiB in the rest", most(first), most(rest)));
    let database = folder.database();
    say(&format!(
        "database {:.1} MiB: {:.1} MiB a million records, of which one of 100 matched",
        database as f64 / 1048576.0,
        database as f64 / 1048576.0 / (records as f64 / 1e6)
    ));
    Ok(())
}

fn at(sorted: &[f64], percent: usize) -> f64 {
    let place = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
    sorted.get(place).copied().unwrap_or(f64::NAN)
}

/// A folder with everything of one run; removed at the end.
struct Folder(PathBuf);

impl Folder {
    fn new(name: &str) -> anyhow::Result<Self> {
        let path = std::env::temp_dir().join(format!("kmswatch-bench-{name}-{}", std::process::id()));
        for part in ["trail", "staged"] {
            fs::create_dir_all(path.join(part))?;
        }
        fs::write(path.join("template.json"), template())?;
        Ok(Folder(path))
    }

    /// A log file that isn't visible yet.
    fn stage(&self, name: &str, content: &[u8]) -> anyhow::Result<PathBuf> {
        let path = self.0.join("staged").join(format!("{name}.json.gz"));
        fs::write(&path, content)?;
        Ok(path)
    }

    /// Moves it into the trail, and says when.
    fn show(&self, staged: &Path) -> anyhow::Result<Instant> {
        let name = staged.file_name().context("no name")?;
        let at = Instant::now();
        fs::rename(staged, self.0.join("trail").join(name))?;
        Ok(at)
    }

    fn serve(&self, program: &Path, port: u16) -> anyhow::Result<Service> {
        let data = self.0.join("data");
        let log = File::create(self.0.join("log"))?;
        let child = Command::new(program)
            .arg("serve")
            .args(["--listen", "127.0.0.1:0", "--mail-to", "oncall@example.com", "--log-level", "warn"])
            .args(["--smtp", &format!("smtp://127.0.0.1:{port}?tls=none")])
            .arg("--data")
            .arg(&data)
            .arg("--trail")
            .arg(self.0.join("trail"))
            .arg("--template")
            .arg(self.0.join("template.json"))
            .stdin(Stdio::null())
            .stderr(log)
            .spawn()?;
        let mut service = Service { child, data };
        let began = Instant::now();
        while !service.data.join("run.json").exists() {
            if began.elapsed() > PATIENCE || service.child.try_wait()?.is_some() {
                bail!("the service doesn't start: {}", fs::read_to_string(self.0.join("log"))?);
            }
            thread::sleep(Duration::from_millis(20));
        }
        thread::sleep(Duration::from_secs(2));
        Ok(service)
    }

    /// Begins to move files into the trail.
    fn load(&self) -> anyhow::Result<Load> {
        let (files, records) = LOAD;
        let seconds = (FILES as u64 * u64::try_from(BETWEEN.as_millis())?).div_ceil(1000) + 5;
        let mut staged = Vec::new();
        for number in 0..files * seconds {
            let matches = |place: usize| place.is_multiple_of(ONE_MATCHES);
            let records: Vec<String> =
                (0..records).map(|place| record("noise", &now_text(), matches(place))).collect();
            staged.push(self.stage(&format!("load-{number}"), &file(&records))?);
        }
        let trail = self.0.join("trail");
        let stop = Arc::new(Mutex::new(false));
        let told = Arc::clone(&stop);
        let thread = thread::spawn(move || {
            let began = Instant::now();
            let mut shown = 0_u64;
            for path in staged {
                if *told.lock().unwrap_or_else(PoisonError::into_inner) {
                    break;
                }
                let due = began + Duration::from_millis(shown * 1000 / LOAD.0);
                thread::sleep(due.saturating_duration_since(Instant::now()));
                if let Some(name) = path.file_name() {
                    let _ = fs::rename(&path, trail.join(name));
                }
                shown += 1;
            }
            shown * LOAD.1 as u64
        });
        Ok(Load { stop, thread })
    }

    fn database(&self) -> u64 {
        let length = |name: &str| fs::metadata(self.0.join("data").join(name)).map_or(0, |file| file.len());
        length("kmswatch.db")
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

struct Load {
    stop: Arc<Mutex<bool>>,
    thread: thread::JoinHandle<u64>,
}

impl Load {
    /// How many records came in.
    fn end(self) -> u64 {
        *self.stop.lock().unwrap_or_else(PoisonError::into_inner) = true;
        self.thread.join().unwrap_or_default()
    }
}

struct Service {
    child: Child,
    data: PathBuf,
}

impl Service {
    /// In KiB.
    fn status(&self, field: &str) -> anyhow::Result<u64> {
        let status = fs::read_to_string(format!("/proc/{}/status", self.child.id()))?;
        let line = status.lines().find(|line| line.starts_with(field)).context("no such figure")?;
        Ok(line.split_whitespace().nth(1).context("no number")?.parse()?)
    }

    fn memory(&self) -> anyhow::Result<u64> {
        self.status("VmHWM")
    }

    fn memory_now(&self) -> anyhow::Result<u64> {
        self.status("VmRSS")
    }

    fn files_waiting(&self) -> anyhow::Result<bool> {
        let page = self.page("/metrics")?;
        let value = |name: &str| -> f64 {
            let lines = page.lines().filter(|line| line.starts_with(name));
            lines.filter_map(|line| line.rsplit_once(' ')?.1.parse::<f64>().ok()).sum()
        };
        let read = value("kmswatch_files_read_total");
        Ok(value("kmswatch_source_files_waiting") > 0.0 || read < 864.0)
    }

    fn page(&self, path: &str) -> anyhow::Result<String> {
        let run = fs::read_to_string(self.data.join("run.json"))?;
        let address =
            run.split("http://").nth(1).and_then(|rest| rest.split('"').next()).context("no address")?;
        let mut stream = TcpStream::connect(address)?;
        write!(stream, "GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")?;
        let mut text = String::new();
        std::io::Read::read_to_string(&mut stream, &mut text)?;
        Ok(text)
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A mail server that takes everything.
struct Mails {
    port: u16,
    /// Subjects, and when the mail was accepted.
    taken: Arc<Mutex<Vec<(String, Instant)>>>,
}

impl Mails {
    fn listen() -> anyhow::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let taken = Arc::new(Mutex::new(Vec::new()));
        let own = Arc::clone(&taken);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let taken = Arc::clone(&own);
                thread::spawn(move || drop(converse(&stream, &taken)));
            }
        });
        Ok(Mails { port, taken })
    }

    /// In milliseconds, sorted.
    fn wait_for(&self, sent: &HashMap<String, Instant>) -> anyhow::Result<Vec<f64>> {
        let began = Instant::now();
        loop {
            let taken = self.taken.lock().unwrap_or_else(PoisonError::into_inner).clone();
            let mut took: Vec<f64> = taken
                .iter()
                .filter_map(|(subject, at)| {
                    let (_, sent) = sent.iter().find(|(name, _)| subject.contains(name.as_str()))?;
                    Some(at.duration_since(*sent).as_secs_f64() * 1000.0)
                })
                .collect();
            if took.len() >= sent.len() || began.elapsed() > PATIENCE {
                took.sort_by(f64::total_cmp);
                return Ok(took);
            }
            thread::sleep(Duration::from_millis(50));
        }
    }
}

fn converse(stream: &TcpStream, taken: &Mutex<Vec<(String, Instant)>>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut out = stream;
    out.write_all(b"220 bench ESMTP\r\n")?;
    let mut lines = BufReader::new(stream).lines();
    let (mut subject, mut in_data) = (String::new(), false);
    while let Some(line) = lines.next().transpose()? {
        match (in_data, line.as_str()) {
            (true, ".") => {
                in_data = false;
                out.write_all(b"250 taken\r\n")?;
                let mail = (std::mem::take(&mut subject), Instant::now());
                taken.lock().unwrap_or_else(PoisonError::into_inner).push(mail);
            }
            (true, line) => {
                if subject.is_empty() && line.starts_with("Subject:") {
                    line.clone_into(&mut subject);
                }
            }
            (false, "DATA") => {
                in_data = true;
                out.write_all(b"354 go on\r\n")?;
            }
            (false, "QUIT") => return out.write_all(b"221 bye\r\n"),
            (false, line) if line.starts_with("EHLO") => out.write_all(b"250-bench\r\n250 8BITMIME\r\n")?,
            (false, _) => out.write_all(b"250 fine\r\n")?,
        }
    }
    Ok(())
}

/// An alarm for each caller.
fn template() -> String {
    let mut text = String::from(
        r#"{"Resources":{"Topic":{"Type":"AWS::SNS::Topic","Properties":{"TopicName":"bench"}}"#,
    );
    for number in 0..FILES {
        let _ = write!(
            text,
            r#","F{number}":{{"Type":"AWS::Logs::MetricFilter","Properties":{{"LogGroupName":"trail-{}","FilterPattern":"{{ $.errorCode = \"AccessDenied\" && $.userIdentity.userName = \"caller-{number:03}\" }}","MetricTransformations":[{{"MetricNamespace":"bench","MetricName":"caller-{number:03}","MetricValue":"1"}}]}}}},"A{number}":{{"Type":"AWS::CloudWatch::Alarm","Properties":{{"AlarmName":"caller-{number:03}","Namespace":"bench","MetricName":"caller-{number:03}","Statistic":"Sum","Period":60,"EvaluationPeriods":1,"Threshold":1,"ComparisonOperator":"GreaterThanOrEqualToThreshold","TreatMissingData":"notBreaching","AlarmActions":[{{"Ref":"Topic"}}]}}}}"#,
            // A log group has at most 100 metric filters.
            number / 90
        );
    }
    text.push_str(r#","N":{"Type":"AWS::Logs::MetricFilter","Properties":{"LogGroupName":"trail","FilterPattern":"{ $.errorCode = \"AccessDenied\" && $.userIdentity.userName = \"noise\" }","MetricTransformations":[{"MetricNamespace":"bench","MetricName":"noise","MetricValue":"1"}]}}}}"#);
    text
}

fn record(caller: &str, time: &str, fails: bool) -> String {
    use std::sync::atomic::{AtomicU64, Ordering};
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
    let error = if fails {
        r#""errorCode":"AccessDenied","errorMessage":"User is not authorized to perform: kms:Decrypt","#
    } else {
        ""
    };
    format!(
        r#"{{"eventVersion":"1.11","userIdentity":{{"type":"IAMUser","principalId":"AIDAEXAMPLEEXAMPLE","arn":"arn:aws:iam::111122223333:user/{caller}","accountId":"111122223333","accessKeyId":"AKIAEXAMPLEEXAMPLE","userName":"{caller}"}},"eventTime":"{time}","eventSource":"kms.amazonaws.com","eventName":"Decrypt","awsRegion":"us-east-1","sourceIPAddress":"198.51.100.{}","userAgent":"aws-cli/2.15.30 Python/3.11.6 Linux/5.10 exe/x86_64",{error}"requestParameters":{{"encryptionContext":{{"aws:s3:arn":"arn:aws:s3:::invoices/2026/{}"}},"encryptionAlgorithm":"SYMMETRIC_DEFAULT"}},"responseElements":null,"requestID":"{number:08x}-1111-4222-8333-444455556666","eventID":"{number:08x}-aaaa-4bbb-8ccc-ddddeeeeffff","readOnly":true,"resources":[{{"accountId":"111122223333","type":"AWS::KMS::Key","ARN":"arn:aws:kms:us-east-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab"}}],"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"111122223333","eventCategory":"Management","tlsDetails":{{"tlsVersion":"TLSv1.3","cipherSuite":"TLS_AES_256_GCM_SHA384","clientProvidedHostHeader":"kms.us-east-1.amazonaws.com"}}}}"#,
        number % 250,
        number % 997
    )
}

fn file(records: &[String]) -> Vec<u8> {
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    let text = format!("{{\"Records\":[{}]}}", records.join(","));
    let _ = out.write_all(text.as_bytes());
    out.finish().unwrap_or_default()
}

fn now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_secs()).unwrap_or_default()
}

fn now_text() -> String {
    text_of(now())
}

/// As CloudTrail writes it.
fn text_of(seconds: i64) -> String {
    jiff::Timestamp::from_second(seconds).map(|time| time.to_string()).unwrap_or_default()
}
