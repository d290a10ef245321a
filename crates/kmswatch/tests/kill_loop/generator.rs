//! Log files as they come to a trail in bad times, and what is true of them.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use flate2::Compression;
use flate2::write::GzEncoder;
use serde_json::{Value, json};

use crate::chance::Chance;

/// Of a hundred records, so many are in two files, come hours late, and have no `eventID`.
const TWICE: usize = 27;
const LATE: usize = 10;
const WITHOUT_ID: usize = 3;
/// Of a hundred records, so many are failures that belong to an episode.
const FAILING: usize = 30;
const MAX_RECORDS_IN_FILE: usize = 12;
/// Episodes of each kind.
pub(crate) const EPISODES: usize = 12;
/// Minutes between two episodes of the past, and from the last one to the start.
const APART: i64 = 23;
const LAST_EPISODE: i64 = 61;

/// What is done to the trail, in order.
#[derive(Debug)]
pub(crate) enum Act {
    /// A file is written, closed, and whole.
    Write {
        path: PathBuf,
        bytes: Vec<u8>,
    },
    /// The same, with a pause in the middle.
    WriteSlowly {
        path: PathBuf,
        bytes: Vec<u8>,
    },
    Rename {
        from: PathBuf,
        to: PathBuf,
    },
}

/// What is done, and what must come of it.
pub(crate) struct Plan {
    pub(crate) acts: Vec<Act>,
    pub(crate) truth: Truth,
}

#[derive(Default)]
pub(crate) struct Truth {
    /// How many failures there were of whom, by second.
    pub(crate) failures: BTreeMap<(i64, String), i64>,
    /// Those who failed: one in each episode.
    pub(crate) principals: BTreeSet<String>,
    /// Below the trail: all log files as they are in the end, those of which nothing is to be said, and those that are none.
    pub(crate) files: BTreeSet<PathBuf>,
    pub(crate) faultless: BTreeSet<PathBuf>,
    pub(crate) garbage: BTreeSet<PathBuf>,
    pub(crate) records: i64,
    pub(crate) deliveries: i64,
}

impl Truth {
    /// The sum of each minute.
    pub(crate) fn minutes(&self) -> BTreeMap<i64, i64> {
        let mut minutes = BTreeMap::new();
        for ((time, _), count) in &self.failures {
            *minutes.entry(time - time.rem_euclid(60)).or_default() += count;
        }
        minutes
    }
}

pub(crate) fn now() -> i64 {
    i64::try_from(SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs()).unwrap()
}

/// Who fails in an episode of the past. All of them are watched by one alarm.
fn past_principal(episode: usize) -> String {
    format!("user-0{episode:02}")
}

/// Who fails in an episode of the present. Each of them has an alarm.
pub(crate) fn present_principal(episode: usize) -> String {
    format!("user-1{episode:02}")
}

struct Maker {
    chance: Chance,
    now: i64,
    seconds: i64,
    /// Episodes of each kind that have begun; further records come to each of them until the end.
    begun: usize,
    truth: Truth,
    acts: Vec<Act>,
    /// What follows later: how many acts later, at least.
    later: Vec<(usize, Act)>,
}

impl Plan {
    /// So many files, over that time. Half of the episodes are hours ago, and half happen while it is told.
    pub(crate) fn new(seed: u64, files: usize, time: Duration) -> Self {
        Plan::with_garbage(seed, files, time, files / 50 + 3)
    }

    /// So many files, as fast as they come, and nothing that is waited for in vain.
    pub(crate) fn short(seed: u64, files: usize) -> Self {
        Plan::with_garbage(seed, files, Duration::from_secs(1), 0)
    }

    fn with_garbage(seed: u64, files: usize, time: Duration, garbage: usize) -> Self {
        let mut maker = Maker {
            chance: Chance::new(seed),
            now: now(),
            seconds: i64::try_from(time.as_secs()).unwrap(),
            begun: 1,
            truth: Truth::default(),
            acts: Vec::new(),
            later: Vec::new(),
        };
        let mut twice = Vec::new();
        for number in 0..files {
            maker.begun = 1 + number * EPISODES / files;
            let records = maker.records(&mut twice);
            maker.file(number, &records);
        }
        maker.file(files, &twice);
        maker.garbage(garbage);
        while !maker.later.is_empty() {
            maker.catch_up();
        }
        Plan { acts: maker.acts, truth: maker.truth }
    }
}

impl Maker {
    /// Records of a file: new ones, and some of those that are due a second time.
    fn records(&mut self, twice: &mut Vec<Value>) -> Vec<Value> {
        let mut records = Vec::new();
        for _ in 0..self.chance.between(1, MAX_RECORDS_IN_FILE) {
            let record = self.record();
            if record.get("eventID").is_some() && self.chance.percent(TWICE) {
                twice.push(record.clone());
            }
            records.push(record);
            if !twice.is_empty() && self.chance.percent(TWICE) {
                let other = self.chance.below(twice.len());
                records.push(twice.swap_remove(other));
            }
        }
        records
    }

    fn record(&mut self) -> Value {
        self.truth.records += 1;
        let fails = self.chance.percent(FAILING);
        let (who, time) = if fails { self.failure() } else { ("worker".to_owned(), self.time()) };
        if fails {
            *self.truth.failures.entry((time, who.clone())).or_default() += 1;
            self.truth.principals.insert(who.clone());
        }
        let mut record = call(&who, time);
        if fails {
            let reason = format!("User: {who} is not authorized to perform: kms:Decrypt on this resource");
            record["errorCode"] = "AccessDenied".into();
            record["errorMessage"] = reason.into();
        }
        if !self.chance.percent(WITHOUT_ID) {
            let (one, other) = (self.chance.next(), self.chance.next());
            record["eventID"] = uuid(one, other).into();
        }
        record
    }

    /// Who fails, and when: each episode is one minute and has one principal.
    fn failure(&mut self) -> (String, i64) {
        let episode = self.chance.below(self.begun);
        let number = i64::try_from(episode).unwrap();
        let second = i64::try_from(self.chance.below(60)).unwrap();
        if self.chance.percent(50) {
            let minute = self.now / 60 - LAST_EPISODE - APART * number;
            (past_principal(episode), minute * 60 + second)
        } else {
            let begins = self.now + self.seconds * number / i64::try_from(EPISODES).unwrap();
            (present_principal(episode), begins / 60 * 60 + second)
        }
    }

    fn time(&mut self) -> i64 {
        let hours = if self.chance.percent(LATE) { self.chance.between(1, 12) } else { 0 };
        self.now - i64::try_from(hours * 3600 + self.chance.below(120)).unwrap()
    }

    /// A file with these records, in one of the ways in which files come.
    fn file(&mut self, number: usize, records: &[Value]) {
        self.truth.deliveries += i64::try_from(records.len()).unwrap();
        let text = json!({ "Records": records }).to_string();
        let (ending, bytes) = if self.chance.percent(25) {
            ("json", text.into_bytes())
        } else {
            ("json.gz", gzip(text.as_bytes()))
        };
        let folder = self.folder();
        let path = folder.join(format!("111122223333_CloudTrail_eu-west-1_{number:06}.{ending}"));
        let mut last = path.clone();
        let mut faultless = true;
        match self.chance.below(100) {
            0..12 => {
                let half = bytes[..bytes.len() / 2].to_vec();
                self.acts.push(Act::Write { path: path.clone(), bytes: half });
                self.later(Act::Write { path, bytes });
                faultless = false;
            }
            12..24 => {
                let unfinished = path.with_extension("tmp");
                self.acts.push(Act::WriteSlowly { path: unfinished.clone(), bytes });
                self.acts.push(Act::Rename { from: unfinished, to: path });
            }
            24..32 => self.acts.push(Act::WriteSlowly { path, bytes }),
            32..40 => {
                last = self.folder().join("moved").join(path.file_name().unwrap());
                self.acts.push(Act::Write { path: path.clone(), bytes });
                self.later(Act::Rename { from: path, to: last.clone() });
            }
            _ => self.acts.push(Act::Write { path, bytes }),
        }
        if faultless {
            self.truth.faultless.insert(last.clone());
        }
        self.truth.files.insert(last);
        self.catch_up();
    }

    fn folder(&mut self) -> PathBuf {
        let region = ["eu-west-1", "us-east-1", "ap-southeast-2"][self.chance.below(3)];
        let (month, day) = (self.chance.between(1, 12), self.chance.between(1, 28));
        PathBuf::from(format!("AWSLogs/111122223333/CloudTrail/{region}/2026/{month:02}/{day:02}"))
    }

    /// What are no log files, in between.
    fn garbage(&mut self, count: usize) {
        for number in 0..count {
            let noise: Vec<u8> =
                (0..self.chance.between(20, 3000)).map(|_| self.chance.next() as u8).collect();
            let bytes = match number % 3 {
                0 => noise,
                1 => [&[0x1f, 0x8b, 8, 0], noise.as_slice()].concat(),
                _ => b"<html>503 slow down</html>".to_vec(),
            };
            let ending = ["json", "json.gz"][number % 2];
            let path = self.folder().join(format!("garbage_{number}.{ending}"));
            self.truth.garbage.insert(path.clone());
            let at = self.chance.below(self.acts.len());
            self.acts.insert(at, Act::Write { path, bytes });
        }
    }

    fn later(&mut self, act: Act) {
        let wait = self.chance.between(1, 40);
        self.later.push((wait, act));
    }

    fn catch_up(&mut self) {
        for (wait, _) in &mut self.later {
            *wait -= 1;
        }
        while let Some(due) = self.later.iter().position(|(wait, _)| *wait == 0) {
            self.acts.push(self.later.remove(due).1);
        }
    }
}

/// A successful decryption.
pub(crate) fn call(who: &str, time: i64) -> Value {
    let arn = format!("arn:aws:iam::111122223333:user/{who}");
    let key = "arn:aws:kms:eu-west-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab";
    json!({
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "IAMUser", "principalId": "AIDAEXAMPLE", "arn": arn, "accountId": "111122223333", "userName": who,
        },
        "eventTime": jiff::Timestamp::from_second(time).unwrap().to_string(),
        "eventSource": "kms.amazonaws.com",
        "eventName": "Decrypt",
        "awsRegion": "eu-west-1",
        "sourceIPAddress": "192.0.2.7",
        "userAgent": "aws-sdk-rust/1.3",
        "requestParameters": {"keyId": key, "encryptionAlgorithm": "SYMMETRIC_DEFAULT"},
        "responseElements": null,
        "readOnly": true,
        "resources": [{"accountId": "111122223333", "type": "AWS::KMS::Key", "ARN": key}],
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "recipientAccountId": "111122223333",
        "eventCategory": "Management",
    })
}

pub(crate) fn uuid(one: u64, other: u64) -> String {
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        one >> 32,
        one >> 16 & 0xffff,
        one & 0xffff,
        other >> 48,
        other & 0xffff_ffff_ffff
    )
}

pub(crate) fn gzip(bytes: &[u8]) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(bytes).unwrap();
    encoder.finish().unwrap()
}

/// Does it all, with pauses.
pub(crate) fn act(trail: &Path, acts: &[Act], seed: u64, time: Duration) {
    let mut chance = Chance::new(seed ^ 1);
    let pause = usize::try_from(time.as_millis()).unwrap() / acts.len().max(1);
    for act in acts {
        // Some come together.
        if chance.percent(70) {
            thread::sleep(chance.milliseconds(0, pause * 3));
        }
        match act {
            Act::Write { path, bytes } => fs::write(prepared(trail, path), bytes).unwrap(),
            Act::WriteSlowly { path, bytes } => {
                let (first, second) = bytes.split_at(bytes.len() / 2);
                let mut file = File::create(prepared(trail, path)).unwrap();
                file.write_all(first).unwrap();
                thread::sleep(chance.milliseconds(0, 400));
                file.write_all(second).unwrap();
            }
            Act::Rename { from, to } => fs::rename(trail.join(from), prepared(trail, to)).unwrap(),
        }
    }
}

fn prepared(trail: &Path, path: &Path) -> PathBuf {
    let path = trail.join(path);
    fs::create_dir_all(path.parent().unwrap()).unwrap();
    path
}
