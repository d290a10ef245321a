//! What is going on: for `kmswatch status`, `/v1/status` and whoever else asks.

use std::collections::BTreeMap;
use std::path::Path;

use monitor::Configuration;
use serde::{Deserialize, Serialize};
use store_sqlite::{Questions, Reader, StoreError};

use super::applied::Applied;
use super::asking::Asking;

/// What is going on. Times are milliseconds since 1970.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Status {
    /// The program's version.
    pub(crate) version: String,
    /// When this was said.
    pub(crate) now: i64,
    /// `None` where no service runs.
    pub(crate) started_at: Option<i64>,
    /// What somebody should look at.
    pub(crate) troubles: Vec<String>,
    pub(crate) template: Template,
    pub(crate) sources: Vec<Source>,
    pub(crate) alarms: Vec<AlarmStatus>,
    pub(crate) outbox: Outbox,
    /// Since the data folder was made.
    pub(crate) totals: BTreeMap<String, u64>,
    /// In bytes.
    pub(crate) database_bytes: u64,
    /// Where mails go; `None` where no service runs.
    #[serde(default)]
    pub(crate) mail: Option<Mail>,
}

/// The template that is applied.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Template {
    pub(crate) name: String,
    pub(crate) applied_at: i64,
}

/// Where mails go.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Mail {
    /// To this server.
    Server(String),
    /// Into this folder, as there is no server.
    Folder(String),
}

/// A source.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Source {
    pub(crate) name: String,
    /// How many files of it are known, and how many wait to be read.
    pub(crate) files: u64,
    pub(crate) waiting: u64,
    /// Whether what was there at the start has been read; `None` where no service runs.
    pub(crate) caught_up: Option<bool>,
    /// When something of it was read last.
    pub(crate) read_at: Option<i64>,
    /// When the newest file that was read since the start was written.
    pub(crate) newest_file: Option<i64>,
    pub(crate) trouble: Option<String>,
}

/// An alarm.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct AlarmStatus {
    pub(crate) name: String,
    pub(crate) arn: String,
    pub(crate) state: String,
    /// Since when.
    pub(crate) since: Option<i64>,
    /// Why, in AWS's words.
    pub(crate) reason: Option<String>,
}

/// The outbox.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Outbox {
    pub(crate) waiting: u64,
    /// When the oldest that waits was queued.
    pub(crate) oldest: Option<i64>,
    /// Given up.
    pub(crate) dead: u64,
}

/// Of so many alarms the reason is said; of others the state.
const MAX_REASONS: usize = 200;
/// So many alarms are looked at where no service runs.
const MAX_ALARMS: usize = 100_000;

impl Status {
    /// Of a service that runs.
    ///
    /// # Errors
    /// Where the database can't be read.
    pub(crate) fn of_service(asking: &Asking, reader: &mut Reader) -> anyhow::Result<Self> {
        let alarms = asking.figures.alarms();
        let mut status = reader.at_once(|questions| {
            let mut status = Status::of_tables(questions)?;
            status.alarms = with_reasons(alarms, questions)?;
            Ok(status)
        })?;
        status.now = asking.clock.now();
        status.started_at = Some(asking.started_at);
        status.troubles = asking.troubles();
        status.mail = Some(asking.means.mail());
        for (name, figures) in asking.figures.sources() {
            let place = match status.sources.iter().position(|source| source.name == name) {
                Some(place) => place,
                None => {
                    status.sources.push(Source { name, ..Source::default() });
                    status.sources.len() - 1
                }
            };
            if let Some(source) = status.sources.get_mut(place) {
                source.waiting = figures.files_waiting();
                source.caught_up = Some(figures.is_caught_up());
                source.newest_file = figures.newest_file();
                source.trouble = figures.current_trouble();
            }
        }
        Ok(status)
    }

    /// Of a data folder whose service doesn't run.
    ///
    /// # Errors
    /// Where the database can't be read.
    pub(crate) fn of_database(database: &Path, now: i64) -> anyhow::Result<Self> {
        let mut reader = Reader::open(database)?;
        let mut status = reader.at_once(|questions| {
            let mut status = Status::of_tables(questions)?;
            let stored = questions.template()?;
            let chain = stored.as_ref().map(|stored| Applied::stored(stored)?.chain()).transpose();
            let configuration = match chain {
                Ok(chain) => chain.map(|chain| chain.configuration).unwrap_or_default(),
                Err(error) => {
                    let trouble = format!("the template that was applied last can't be read: {error:#}");
                    status.troubles.push(trouble);
                    Configuration::default()
                }
            };
            let metric = configuration.alarms.iter().map(|alarm| (&alarm.arn, &alarm.definition.name));
            let composite =
                configuration.composite_alarms.iter().map(|alarm| (&alarm.arn, &alarm.definition.name));
            for (arn, name) in metric.chain(composite).take(MAX_ALARMS) {
                let last = questions.last_change(arn)?;
                let state = last.as_ref().and_then(|change| change.became);
                status.alarms.push(AlarmStatus {
                    name: name.clone(),
                    arn: arn.clone(),
                    state: state.unwrap_or(alarm::StateValue::InsufficientData).to_string(),
                    since: last.as_ref().map(|change| change.at),
                    reason: last.as_ref().and_then(super::story::reason_of),
                });
            }
            worst_first(&mut status.alarms);
            Ok(status)
        })?;
        status.now = now;
        Ok(status)
    }

    fn of_tables(questions: &Questions<'_>) -> Result<Self, StoreError> {
        let template = questions.template()?;
        let depth = questions.depth()?;
        let size = questions.size()?;
        let sources = questions.sources()?.into_iter().map(|row| Source {
            name: row.name,
            files: row.files,
            read_at: Some(row.read_at),
            ..Source::default()
        });
        Ok(Status {
            version: env!("CARGO_PKG_VERSION").to_owned(),
            template: template
                .map(|template| Template { name: template.name, applied_at: template.applied_at })
                .unwrap_or_default(),
            sources: sources.collect(),
            outbox: Outbox { waiting: depth.waiting, oldest: depth.oldest, dead: depth.dead },
            totals: questions.counters()?.into_iter().collect(),
            database_bytes: size.database.saturating_add(size.log),
            ..Status::default()
        })
    }
}

fn worst_first(alarms: &mut [AlarmStatus]) {
    alarms.sort_by_key(|alarm| match alarm.state.as_str() {
        "ALARM" => 0,
        "OK" => 2,
        _ => 1,
    });
}

/// Those that aren't `OK` first, each with why.
fn with_reasons(
    mut alarms: Vec<AlarmStatus>,
    questions: &Questions<'_>,
) -> Result<Vec<AlarmStatus>, StoreError> {
    worst_first(&mut alarms);
    for alarm in alarms.iter_mut().take(MAX_REASONS) {
        let last = questions.last_change(&alarm.arn)?;
        // The process doesn't know of changes before its start.
        alarm.since = alarm.since.or(last.as_ref().map(|change| change.at));
        alarm.reason = last.as_ref().and_then(super::story::reason_of);
    }
    Ok(alarms)
}
