//! Log files, as CloudTrail names and fills them.

use serde::Serialize;

use crate::clock::Time;
use crate::random::Random;
use crate::record::Record;
use crate::world::Site;

/// The key of a log file, below the bucket or the folder that the trail is delivered to:
/// `AWSLogs/ACCOUNT/CloudTrail/REGION/YYYY/MM/DD/ACCOUNT_CloudTrail_REGION_TIME_RANDOM.json.gz`.
#[must_use]
pub fn log_file_key(site: Site, time: Time, random: &mut Random) -> String {
    let Site { account, region } = site;
    let name = format!("{account}_CloudTrail_{region}_{}Z_{}.json.gz", time.stamp(), random.base62(16));
    format!("AWSLogs/{account}/CloudTrail/{region}/{}/{name}", time.folder())
}

/// What a log file with these records holds, before gzip.
///
/// # Errors
///
/// If a record can't be written as JSON, which none of this crate does.
pub fn log_file_content<R: Serialize>(records: &[R]) -> serde_json::Result<String> {
    serde_json::to_string(&LogFileContent { records })
}

#[derive(Serialize)]
#[serde(rename_all = "PascalCase")]
struct LogFileContent<'r, R> {
    records: &'r [R],
}

/// A log file that a trail delivers.
#[derive(Debug, Clone)]
pub struct LogFile {
    /// Below the trail, with `/` between the folders.
    pub path: String,
    /// In no order.
    pub records: Vec<Record>,
}

impl LogFile {
    /// What it holds, before gzip.
    ///
    /// # Errors
    ///
    /// If a record can't be written as JSON, which none of this crate does.
    pub fn content(&self) -> serde_json::Result<String> {
        log_file_content(&self.records)
    }
}
