//! What the example trail holds, known because it was made that way, and the two files that say it to people and
//! programs.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use sample_trail::{Record, Step, Time};
use serde::Serialize;

/// `examples/cloudtrail-truth.json`.
#[derive(Debug, Serialize)]
pub(super) struct Truth {
    about: &'static str,
    log_files: usize,
    digest_files: usize,
    /// Records in all log files, those that lie in two of them counted twice.
    deliveries: usize,
    duplicates: usize,
    records: usize,
    failed_kms_calls: FailedCalls,
    story: Vec<Step>,
}

#[derive(Debug, Serialize)]
struct FailedCalls {
    definition: &'static str,
    total: usize,
    first: Option<Time>,
    last: Option<Time>,
    by_error_code: BTreeMap<String, usize>,
    by_principal_arn: BTreeMap<String, usize>,
}

impl Truth {
    pub(super) fn new(records: &[Record], log_files: usize, deliveries: usize, story: Vec<Step>) -> Self {
        Self {
            about: "Known by construction; written by `cargo xtask examples`.",
            log_files,
            digest_files: 1,
            deliveries,
            duplicates: deliveries.saturating_sub(records.len()),
            records: records.len(),
            failed_kms_calls: FailedCalls::of(records),
            story,
        }
    }

    pub(super) fn json(&self) -> serde_json::Result<String> {
        Ok(serde_json::to_string_pretty(self)? + "\n")
    }

    /// `examples/README.md`.
    pub(super) fn readme(&self) -> String {
        let failed = &self.failed_kms_calls;
        let mut text = format!(
            "# A day of a small company\n\n\
             `cloudtrail/` holds what CloudTrail delivered for 10 March 2025: {} log files with {} records of two\n\
             accounts, 111122223333 (production) and 444455556666 (analytics). {} of the records were delivered twice,\n\
             and a digest file lies beside the log files. All of it is invented and written by `cargo xtask examples`.\n\n\
             {} calls to KMS failed. Most of the day they are the usual noise: AWS Config may not decrypt the\n\
             environment of two Lambda functions, one call is throttled, the build server makes a dry run. In the\n\
             afternoon they are not:\n\n",
            self.log_files, self.records, self.duplicates, failed.total
        );
        text.push_str("| time (UTC) | what happens |\n| --- | --- |\n");
        for step in &self.story {
            let _ = writeln!(text, "| {} | {} |", step.time.of_day(), step.what);
        }
        text.push_str("\n| errorCode | failed calls |\n| --- | --- |\n");
        for (code, count) in &failed.by_error_code {
            let _ = writeln!(text, "| {code} | {count} |");
        }
        text.push_str("\n`cloudtrail-truth.json` says the same to programs.\n\n");
        text.push_str("```sh\nkmswatch scan examples/cloudtrail\n```\n\n");
        text.push_str(BESIDE);
        text
    }
}

/// What lies beside the log files.
const BESIDE: &str = "\
Beside them lie the built-in template, `kmswatch.yaml` ([docs/template.md](../docs/template.md)), and the settings that
`kmswatch init` writes with it, `kmswatch.toml` ([docs/settings.md](../docs/settings.md)).
";

impl FailedCalls {
    fn of(records: &[Record]) -> Self {
        let failed = || records.iter().filter(|record| record.is_failed_kms_call());
        let code = |record: &Record| record.error_code().unwrap_or_default().to_owned();
        let principal = |record: &Record| record.principal_arn().unwrap_or("(none)").to_owned();
        Self {
            definition: "{ $.eventSource = \"kms.amazonaws.com\" && $.errorCode = \"*\" }, each eventID once",
            total: failed().count(),
            first: failed().map(Record::time).min(),
            last: failed().map(Record::time).max(),
            by_error_code: counted(failed().map(code)),
            by_principal_arn: counted(failed().map(principal)),
        }
    }
}

fn counted(names: impl Iterator<Item = String>) -> BTreeMap<String, usize> {
    let mut counts = BTreeMap::new();
    for name in names {
        *counts.entry(name).or_default() += 1;
    }
    counts
}
