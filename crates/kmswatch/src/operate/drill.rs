//! `kmswatch drill`: does an alarm reach anybody? A failing `Decrypt` that nobody made goes the whole way of every other one.
//!
//! It has a log group, a metric filter, a metric and an alarm of its own (`serve::reserved`) and shares all else: reader, engine,
//! database, outbox, couriers, subscribers. So it tells whether these work, and the counts and alarms of the template stay as
//! they are.

mod aws;
mod record;
mod way;

use std::thread;
use std::time::{Duration, Instant};

use alarm::StateValue;
use anyhow::{anyhow, bail};
use monitor::StateChange;
use store_sqlite::{OutboxRow, OutboxState, Reader};

use super::arguments::{AnswerFormat, DrillArguments};
use super::client::Client;
use super::folder::{Folder, Holder};
use super::words::{length, subscriber};
use super::{now, print, print_json};
use crate::report::escape::shown;
use crate::serve::asking::Drilled;
use crate::serve::reserved::DRILL_ALARM;
use crate::serve::status::Status;
use crate::{Exit, output};
use way::{Stopped, Way};

/// How often it is looked whether something happened.
const LOOK: Duration = Duration::from_millis(20);
/// The same while the alarm of an earlier drill is waited for.
const LOOK_AT_STATE: Duration = Duration::from_millis(500);
/// How long a drill waits, unless it is told otherwise.
const TIMEOUT: Duration = Duration::from_secs(180);
/// How many notifications of a drill are looked at.
const MAX_TOLD: u32 = 1000;

/// Runs the subcommand.
pub(crate) fn run(arguments: &DrillArguments) -> anyhow::Result<Exit> {
    let folder = Folder::existing(&arguments.data)?;
    let drill = Drill::begin(&folder, arguments)?;
    let way = match &arguments.key {
        Some(key) if arguments.aws => drill.with_aws(key)?,
        _ => drill.without_aws(),
    };
    match arguments.format {
        AnswerFormat::Json => print_json(&way)?,
        AnswerFormat::Text => print(|page| way.write(page))?,
    }
    Ok(if way.stopped.is_none() { Exit::Done } else { Exit::Incomplete })
}

/// A drill that goes on.
struct Drill<'f> {
    folder: &'f Folder,
    client: Client,
    reader: Reader,
    timeout: Duration,
    deadline: Instant,
}

impl<'f> Drill<'f> {
    fn begin(folder: &'f Folder, arguments: &DrillArguments) -> anyhow::Result<Self> {
        let running = match folder.holder()? {
            Holder::Service(running) => running,
            Holder::Somebody => bail!("the service isn't ready; try again when it is"),
            Holder::Nobody => {
                bail!("no service runs in {}; start it with kmswatch serve, then drill", folder.name())
            }
        };
        let client = Client::of(folder, &running)?;
        let reader = Reader::open(&folder.database())?;
        let timeout = arguments.timeout.unwrap_or(if arguments.aws { aws::TIMEOUT } else { TIMEOUT });
        Ok(Drill { folder, client, reader, timeout, deadline: Instant::now() + timeout })
    }

    fn without_aws(&self) -> Way {
        let mut way = Way::new();
        way.stopped = self.go(&mut way).err().map(|stopped| stopped.0);
        way
    }

    fn go(&self, way: &mut Way) -> Result<(), Stopped> {
        let arn = self.wait_until_over(way)?;
        let before = self.reader.questions().state_changes(&arn, 1)?.first().map_or(0, |row| row.id);
        let made = now();
        way.step("the record is made", made);
        let drilled = self.send(&record::log_file(&way.id, &arn, made))?;
        way.step("the service has read it", drilled.read_at);
        way.step("it is on the disk", drilled.durable_at);
        let change = self.wait_for_alarm(&arn, before)?;
        way.step(&format!("the alarm goes from {} to ALARM", change.from), change.at);
        self.wait_for_subscribers(way, &arn, change.at)
    }

    /// Waits until the alarm of an earlier drill is over, and says which alarm it is.
    fn wait_until_over(&self, way: &mut Way) -> Result<String, Stopped> {
        let mut said = false;
        loop {
            let status: Status = self.client.get("/v1/status").map_err(|error| self.gone(&error))?;
            way.mail = status.mail;
            let alarm = status.alarms.into_iter().find(|alarm| alarm.name == DRILL_ALARM);
            let alarm = alarm.ok_or_else(|| anyhow!("the service has no alarm {DRILL_ALARM}"))?;
            if alarm.state != StateValue::Alarm.as_str() {
                return Ok(alarm.arn);
            }
            if !std::mem::replace(&mut said, true) {
                output::note(
                    "an earlier drill is still in ALARM; waiting until it is over, up to two minutes",
                );
            }
            self.wait(LOOK_AT_STATE, || "the alarm of an earlier drill is still in ALARM".to_owned())?;
        }
    }

    fn send(&self, log_file: &[u8]) -> Result<Drilled, Stopped> {
        let said = self.client.post("/v1/drill", log_file).map_err(|error| self.gone(&error))?;
        let said =
            said.fine().map_err(|error| Stopped(format!("the service didn't take the record: {error}")))?;
        Ok(serde_json::from_slice(&said.body).map_err(anyhow::Error::from)?)
    }

    /// Waits for a change to `ALARM` behind the row `before` of the history.
    fn wait_for_alarm(&self, arn: &str, before: i64) -> Result<StateChange, Stopped> {
        loop {
            let rows = self.reader.questions().state_changes(arn, 10)?;
            let found = rows.iter().find(|row| row.id > before && row.became == Some(StateValue::Alarm));
            if let Some(row) = found {
                return Ok(serde_json::from_str(&row.detail).map_err(anyhow::Error::from)?);
            }
            self.wait(LOOK, || "the record is counted, but the alarm didn't go off".to_owned())?;
        }
    }

    /// Waits until each subscriber has the notification about an alarm that was queued from `since` on.
    fn wait_for_subscribers(&self, way: &mut Way, arn: &str, since: i64) -> Result<(), Stopped> {
        let mut said = Vec::new();
        loop {
            let rows = self.told(arn, since)?;
            if rows.is_empty() {
                return Err(Stopped(
                    "the alarm went off, but has nobody to tell: no topic has a subscriber; set mail.to"
                        .to_owned(),
                ));
            }
            self.tell_failures(&rows, &mut said);
            if rows.iter().all(|row| row.state != OutboxState::Waiting) {
                return way.end(&rows);
            }
            if let Err(stopped) = self.wait(LOOK, || self.undelivered(&rows)) {
                // Those that have it are steps all the same.
                let _ = way.end(&rows);
                return Err(stopped);
            }
        }
    }

    /// The notifications about an alarm that were queued from `since` on; where a summary took the place of one, the summary.
    fn told(&self, arn: &str, since: i64) -> Result<Vec<OutboxRow>, Stopped> {
        let questions = self.reader.questions();
        let mut rows = questions.told(arn, MAX_TOLD)?;
        rows.retain(|row| row.queued_at >= since);
        for row in &mut rows {
            if let Some(summary) = row.summed.map(|id| questions.notification(id)).transpose()?.flatten() {
                *row = summary;
            }
        }
        Ok(rows)
    }

    /// Says on the way what goes wrong, each once.
    fn tell_failures(&self, rows: &[OutboxRow], said: &mut Vec<(u64, u32)>) {
        for row in rows.iter().filter(|row| row.state == OutboxState::Waiting && row.attempts > 0) {
            if said.contains(&(row.id, row.attempts)) {
                continue;
            }
            said.push((row.id, row.attempts));
            let why = shown(row.reason.as_deref().unwrap_or("nobody said why"));
            let next = row.next_attempt.map(|at| length(at.saturating_sub(now()))).unwrap_or_default();
            let who = subscriber(&row.subscription);
            output::note(&format!("{who} couldn't be told: {why}; the next attempt is in {next}"));
        }
    }

    fn undelivered(&self, rows: &[OutboxRow]) -> String {
        let waiting: Vec<&OutboxRow> = rows.iter().filter(|row| row.state == OutboxState::Waiting).collect();
        let said = waiting.iter().map(|row| {
            let why = match (&row.reason, row.attempts) {
                (Some(why), _) => shown(why),
                (None, 0) => "not tried yet: earlier notifications to the same subscriber wait before it, or a delivery \
                              takes long (kmswatch outbox)"
                    .to_owned(),
                (None, _) => "nobody said why".to_owned(),
            };
            format!("{}: {why}", subscriber(&row.subscription))
        });
        format!("the notification was queued, but not accepted; {}", said.collect::<Vec<_>>().join("; "))
    }

    /// Waits a little; where there is no time left, or nobody left to wait for, says at what the drill stopped.
    fn wait(&self, time: Duration, at: impl FnOnce() -> String) -> Result<(), Stopped> {
        if Instant::now() >= self.deadline {
            let timeout = length(i64::try_from(self.timeout.as_millis()).unwrap_or(i64::MAX));
            return Err(Stopped(format!("not done within {timeout}: {}", at())));
        }
        if !matches!(self.folder.holder()?, Holder::Service(_)) {
            return Err(Stopped(format!("the service ended meanwhile: {}", at())));
        }
        thread::sleep(time);
        Ok(())
    }

    fn gone(&self, error: &anyhow::Error) -> Stopped {
        Stopped(format!("the service doesn't answer: {error:#}"))
    }
}
