//! How records become delivered files: late, in no order, now and then twice.

use std::collections::BTreeMap;

use sample_trail::{
    LOG_BUCKET, PRODUCTION, Random, Record, Site, TRAIL, Time, at, log_file_content, log_file_key,
};
use serde::Serialize;
use sha2::{Digest as _, Sha256};

/// A delivered file: its key below the bucket, and its content before gzip.
#[derive(Debug)]
pub(super) struct Delivered {
    pub(super) key: String,
    pub(super) content: String,
}

/// The log files of the trail, and how many records lie in them.
pub(super) struct Delivery {
    pub(super) log_files: Vec<Delivered>,
    pub(super) deliveries: usize,
    pub(super) digest: Delivered,
}

/// The records that are delivered together.
struct Batch<'r> {
    site: Site,
    end: Time,
    records: Vec<&'r Record>,
}

/// Delivers all records.
pub(super) fn deliver(records: &[Record]) -> serde_json::Result<Delivery> {
    let mut random = Random::new("delivery");
    let mut batches = batches(&mut random, records);
    deliver_some_twice(&mut random, &mut batches);
    let deliveries = batches.iter().map(|batch| batch.records.len()).sum();
    let mut log_files = Vec::new();
    let mut first_hour = Vec::new();
    for batch in &mut batches {
        random.shuffle(&mut batch.records);
        let file = log_file(&mut random, batch)?;
        if batch.site == PRODUCTION && batch.end <= at(1, 0, 0) {
            first_hour.push(LogFileHash::of(batch, &file));
        }
        log_files.push(file);
    }
    Ok(Delivery { log_files, deliveries, digest: digest(first_hour)? })
}

/// The records of each site by the end of the span of time in which CloudTrail got them.
fn batches<'r>(random: &mut Random, records: &'r [Record]) -> Vec<Batch<'r>> {
    let mut batches: BTreeMap<(Site, Time), Vec<&Record>> = BTreeMap::new();
    for record in records {
        let late = if random.below(300) == 0 { 3000 } else { 0 };
        let delay = 45 + late + i64::try_from(random.below(180)).unwrap_or_default();
        let site = record.site();
        batches.entry((site, batch_end(site, record.time().plus(delay)))).or_default().push(record);
    }
    batches.into_iter().map(|((site, end), records)| Batch { site, end, records }).collect()
}

/// Real trails deliver about every five minutes; the examples do so less often, to stay small.
fn batch_end(site: Site, time: Time) -> Time {
    let seconds = if site != PRODUCTION {
        7200
    } else if (at(13, 0, 0)..at(16, 0, 0)).contains(&time) {
        600
    } else {
        3600
    };
    time.aligned(seconds).plus(seconds)
}

/// CloudTrail may deliver a record twice; here that befalls failed calls to KMS more often.
fn deliver_some_twice(random: &mut Random, batches: &mut [Batch<'_>]) {
    for index in 1..batches.len() {
        let [earlier, later] = batches.get_mut(index - 1..=index).unwrap_or_default() else { continue };
        if earlier.site == later.site {
            let mut again =
                |record: &&Record| random.below(if record.is_failed_kms_call() { 10 } else { 400 }) == 0;
            let twice: Vec<&Record> =
                earlier.records.iter().copied().filter(|record| again(record)).collect();
            later.records.extend(twice);
        }
    }
}

fn log_file(random: &mut Random, batch: &Batch<'_>) -> serde_json::Result<Delivered> {
    let key = log_file_key(batch.site, batch.end.plus(300), random);
    Ok(Delivered { key, content: log_file_content(&batch.records)? })
}

/// What a digest file says about a log file.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct LogFileHash {
    s3_bucket: &'static str,
    s3_object: String,
    hash_value: String,
    hash_algorithm: &'static str,
    newest_event_time: Option<Time>,
    oldest_event_time: Option<Time>,
}

impl LogFileHash {
    fn of(batch: &Batch<'_>, file: &Delivered) -> Self {
        let times = || batch.records.iter().map(|record| record.time());
        let hash = Sha256::digest(file.content.as_bytes());
        Self {
            s3_bucket: LOG_BUCKET,
            s3_object: file.key.clone(),
            hash_value: hash.iter().map(|byte| format!("{byte:02x}")).collect(),
            hash_algorithm: "SHA-256",
            newest_event_time: times().max(),
            oldest_event_time: times().min(),
        }
    }
}

/// The digest of the day's first hour in production: the first one since validation was switched on, so that there
/// is none before it.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Digest {
    aws_account_id: &'static str,
    digest_start_time: Time,
    digest_end_time: Time,
    digest_s3_bucket: &'static str,
    digest_s3_object: String,
    digest_public_key_fingerprint: String,
    digest_signature_algorithm: &'static str,
    newest_event_time: Option<Time>,
    oldest_event_time: Option<Time>,
    previous_digest_s3_bucket: Option<String>,
    previous_digest_s3_object: Option<String>,
    previous_digest_hash_value: Option<String>,
    previous_digest_hash_algorithm: Option<String>,
    previous_digest_signature: Option<String>,
    log_files: Vec<LogFileHash>,
}

fn digest(log_files: Vec<LogFileHash>) -> serde_json::Result<Delivered> {
    let Site { account, region } = PRODUCTION;
    let end = at(1, 15, 0);
    let name = format!("{account}_CloudTrail-Digest_{region}_{TRAIL}_{region}_{}00Z.json.gz", end.stamp());
    let key = format!("AWSLogs/{account}/CloudTrail-Digest/{region}/{}/{name}", end.folder());
    let digest = Digest {
        aws_account_id: account,
        digest_start_time: at(0, 15, 0),
        digest_end_time: end,
        digest_s3_bucket: LOG_BUCKET,
        digest_s3_object: key.clone(),
        digest_public_key_fingerprint: Random::new("public key").hex(32),
        digest_signature_algorithm: "SHA256withRSA",
        newest_event_time: log_files.iter().filter_map(|file| file.newest_event_time).max(),
        oldest_event_time: log_files.iter().filter_map(|file| file.oldest_event_time).min(),
        previous_digest_s3_bucket: None,
        previous_digest_s3_object: None,
        previous_digest_hash_value: None,
        previous_digest_hash_algorithm: None,
        previous_digest_signature: None,
        log_files,
    };
    Ok(Delivered { key, content: serde_json::to_string(&digest)? })
}
