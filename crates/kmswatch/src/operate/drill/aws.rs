//! `kmswatch drill --aws`: a call that AWS really gets, and the way of its record through CloudTrail.
//!
//! The AWS CLI makes it (`aws kms encrypt --dry-run`): KMS looks whether the caller may, encrypts nothing, and answers with an
//! error, `DryRunOperationException` or the reason for which it wouldn't. CloudTrail records that as a failing call. The
//! caller's user agent, which AWS takes from the environment, holds the drill's id, so that the record is known when it comes.

use std::io;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use alarm::StateValue;
use anyhow::{Context as _, bail};
use metric::MetricId;
use monitor::{Configuration, Evidence};
use store_sqlite::{EvidenceRow, HistoryKind, StoreError};

use super::super::alarms::behind::metrics;
use super::super::now;
use super::super::words::alarm_name;
use super::Drill;
use super::way::{Stopped, Way};
use crate::output;
use crate::report::escape::shown;
use crate::serve::applied::Applied;
use crate::serve::status::Status;

/// CloudTrail promises a record within about five minutes on average.
pub(super) const TIMEOUT: Duration = Duration::from_secs(20 * 60);
/// How often it is looked whether the record is there.
const LOOK: Duration = Duration::from_millis(250);
/// How many of the newest records are looked at for the drill's.
const MAX_RECORDS: u32 = 1000;
/// How much of the history is looked at for alarms that it set off.
const MAX_HISTORY: u32 = 1000;
/// CloudTrail's clock and ours may differ by so much, in seconds.
const SKEW: i64 = 300;

impl Drill<'_> {
    /// Has the AWS CLI make the call, and waits for what follows from it.
    pub(super) fn with_aws(&self, key: &str) -> anyhow::Result<Way> {
        let mut way = Way::new();
        let made = now();
        way.step("aws kms encrypt --dry-run is called", made);
        let answer = call(key, &way.id)?;
        way.step(&format!("AWS answers: {answer}"), now());
        output::note("CloudTrail takes some minutes to deliver the record; waiting for it");
        way.stopped = self.follow(&mut way, made).err().map(|stopped| stopped.0);
        Ok(way)
    }

    fn follow(&self, way: &mut Way, made: i64) -> Result<(), Stopped> {
        let status: Status = self.client.get("/v1/status").map_err(|error| self.gone(&error))?;
        way.mail = status.mail;
        let configuration = self.configuration()?;
        let row = self.wait_for_record(&way.id, made, &configuration)?;
        let alarms = self.alarms_behind(&way.id, made, &configuration)?;
        let error = row.evidence.error.as_deref().unwrap_or("no error");
        // A record that sets off an alarm was read just before; of any other it is only known that it is there now.
        let read = alarms.iter().map(|(_, at)| *at).min().unwrap_or_else(now);
        way.step(&format!("its record was read and counts: {error}"), read);
        if alarms.is_empty() {
            output::note(
                "no alarm went to ALARM for it: each that counts it is there already, or wants more than one",
            );
        }
        for (arn, at) in alarms {
            way.step(&format!("the alarm {} goes to ALARM", alarm_name(&arn)), at);
            self.wait_for_subscribers(way, &arn, at)?;
        }
        Ok(())
    }

    /// Waits until a record whose user agent holds the drill's id is evidence behind some metric.
    fn wait_for_record(
        &self,
        id: &str,
        made: i64,
        configuration: &Configuration,
    ) -> Result<EvidenceRow, Stopped> {
        let metrics = configuration.filters.iter();
        let metrics: Vec<_> =
            metrics.filter_map(|filter| filter.transformation.metric(&[]).ok()).map(Arc::new).collect();
        loop {
            if let Some(row) = self.record(id, made, &metrics)? {
                return Ok(row);
            }
            self.wait(LOOK, || {
                "AWS answered, but no record of the call came. Does a trail log KMS calls of this account and region, do its \
                 files come into a folder that is followed, and does a metric filter of the template count failing ones?"
                    .to_owned()
            })?;
        }
    }

    /// The record of the call, if it is behind one of these metrics.
    fn record(
        &self,
        id: &str,
        made: i64,
        metrics: &[Arc<MetricId>],
    ) -> Result<Option<EvidenceRow>, StoreError> {
        let from = made.div_euclid(1000).saturating_sub(SKEW);
        let to = now().div_euclid(1000).saturating_add(monitor::EARLY_LIMIT);
        let rows = self.reader.questions().evidence(metrics, (from, to), MAX_RECORDS)?;
        Ok(rows.into_iter().find(|row| is_of(&row.evidence, id)))
    }

    fn configuration(&self) -> anyhow::Result<Configuration> {
        let stored = self.reader.questions().template()?.context("no template has been applied yet")?;
        Ok(Applied::stored(&stored)?.chain()?.configuration)
    }

    /// The alarms that went to `ALARM` since the call with its record behind them, and when.
    fn alarms_behind(
        &self,
        id: &str,
        made: i64,
        configuration: &Configuration,
    ) -> Result<Vec<(String, i64)>, StoreError> {
        let mut alarms = Vec::new();
        for row in self.reader.questions().history(None, MAX_HISTORY)? {
            let went_off = row.kind == HistoryKind::State && row.became == Some(StateValue::Alarm);
            let metrics = metrics(&row.alarm, configuration, 0);
            if went_off && row.at >= made && self.record(id, made, &metrics)?.is_some() {
                alarms.push((row.alarm, row.at));
            }
        }
        Ok(alarms)
    }
}

fn is_of(evidence: &Evidence, id: &str) -> bool {
    evidence.user_agent.as_deref().is_some_and(|agent| agent.contains(id))
}

/// Has the AWS CLI call KMS. What KMS answers is an error in any case; that it answered is what counts.
fn call(key: &str, id: &str) -> anyhow::Result<String> {
    let mark = format!("kmswatch-drill-{id}");
    let output = Command::new("aws")
        .args([
            "kms",
            "encrypt",
            "--dry-run",
            "--plaintext",
            "a21zd2F0Y2g=",
            "--output",
            "json",
            "--key-id",
            key,
        ])
        // The first is in the user agent of every version of the CLI, the second is what newer ones have for this.
        .env("AWS_EXECUTION_ENV", &mark)
        .env("AWS_SDK_UA_APP_ID", &mark)
        .env("AWS_PAGER", "")
        .stdin(Stdio::null())
        .output();
    let output = match output {
        Ok(output) => output,
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            bail!("there is no `aws` here: install the AWS CLI, version 2, and give it credentials")
        }
        Err(error) => return Err(error).context("`aws` can't be started"),
    };
    let said = String::from_utf8_lossy(&output.stderr);
    match error_code(&said) {
        Some(code) => Ok(shown(code)),
        None => bail!("`aws` didn't get an answer of KMS: {}", shown(said.trim())),
    }
}

/// `An error occurred (DryRunOperationException) when calling the Encrypt operation: …`
fn error_code(said: &str) -> Option<&str> {
    let (_, rest) = said.split_once("An error occurred (")?;
    let (code, rest) = rest.split_once(')')?;
    rest.starts_with(" when calling the Encrypt operation").then_some(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cli_says_what_kms_answered() {
        let dry = "\nAn error occurred (DryRunOperationException) when calling the Encrypt operation: The request would have \
                   succeeded, but the DryRun option is set.\n";
        assert_eq!(error_code(dry), Some("DryRunOperationException"));
        assert_eq!(
            error_code("Unable to locate credentials. You can configure them with aws configure"),
            None
        );
        assert_eq!(
            error_code("An error occurred (ExpiredToken) when calling the GetCallerIdentity operation: x"),
            None
        );
    }
}
