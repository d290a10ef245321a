//! What can be seen of a service: from itself where it answers, and from its database in any case.

use store_sqlite::{OutboxRow, OutboxState, Problem, Questions, Reader, StoreError};

use super::client::Client;
use super::folder::{Folder, Holder};
use super::now;
use super::words::{length, watches_a_source};
use crate::report::escape::shown;
use crate::report::page::plural;
use crate::serve::status::Status;

/// How many problems are looked at.
const MAX_PROBLEMS: u32 = 1000;
/// How many waiting notifications are looked at.
const MAX_WAITING: u32 = 10_000;
/// A problem of the last day needs attention, in milliseconds.
const RECENT: i64 = 86_400_000;

/// What is known.
pub(super) struct Seen {
    pub(super) holder: Holder,
    /// Why a service that runs doesn't answer.
    pub(super) silent: Option<String>,
    pub(super) status: Status,
    /// What couldn't be read, the newest first.
    pub(super) problems: Vec<Problem>,
    /// Notifications that were tried and not delivered, the oldest first.
    pub(super) stuck: Vec<OutboxRow>,
    /// Why the database can't be read.
    pub(super) unreadable: Option<String>,
}

impl Seen {
    /// Looks.
    ///
    /// # Errors
    /// Where neither the service nor the database answers.
    pub(super) fn of(folder: &Folder) -> anyhow::Result<Self> {
        let holder = folder.holder()?;
        let (answer, silent) = match &holder {
            Holder::Service(running) => {
                match Client::of(folder, running).and_then(|client| client.get::<Status>("/v1/status")) {
                    Ok(status) => (Some(status), None),
                    Err(error) => (None, Some(format!("{error:#}"))),
                }
            }
            Holder::Nobody | Holder::Somebody => (None, None),
        };
        let (status, stored) = match answer {
            Some(status) => (status, stored(folder)),
            None => (Status::of_database(&folder.database(), now())?, stored(folder)),
        };
        let (problems, stuck, unreadable) = match stored {
            Ok((problems, stuck)) => (problems, stuck, None),
            Err(error) => (Vec::new(), Vec::new(), Some(format!("{error:#}"))),
        };
        Ok(Seen { holder, silent, status, problems, stuck, unreadable })
    }

    /// What somebody should do something about, the worst first.
    pub(super) fn attention(&self) -> Vec<String> {
        let mut all: Vec<String> = self.of_the_process().into_iter().collect();
        all.extend(self.status.troubles.iter().cloned());
        all.extend(self.unreadable.iter().map(|why| format!("the database can't be read from here: {why}")));
        all.extend(self.of_the_outbox());
        let own = self.status.alarms.iter().filter(|alarm| alarm.state == "ALARM");
        all.extend(own.filter(|alarm| watches_a_source(&alarm.name)).map(|alarm| {
            let since = alarm.since.map(|since| length(self.status.now.saturating_sub(since)));
            let since = since.map(|since| format!(" for {since}")).unwrap_or_default();
            format!("{} is in ALARM{since}: a source that should deliver doesn't", alarm.name)
        }));
        let recent = |problem: &&Problem| problem.time >= self.status.now.saturating_sub(RECENT);
        let recent = self.problems.iter().filter(recent).count() as u64;
        if recent > 0 {
            let what = plural(recent, "problem");
            all.push(format!("{what} of reading logs in the last day: kmswatch status --verbose lists them"));
        }
        all
    }

    /// Whether the process is there and answers; nothing where it does.
    pub(super) fn of_the_process(&self) -> Option<String> {
        match (&self.holder, &self.silent) {
            (Holder::Nobody, _) => Some(
                "the service doesn't run, so nothing is watched: start it with kmswatch serve".to_owned(),
            ),
            (Holder::Somebody, _) => Some(
                "a process holds the data folder, but isn't ready: it starts, ends, or is stuck".to_owned(),
            ),
            (Holder::Service(running), Some(why)) => Some(format!(
                "the service (process {} at {}) doesn't answer: {why}",
                running.pid, running.http
            )),
            (Holder::Service(_), None) => None,
        }
    }

    fn of_the_outbox(&self) -> Vec<String> {
        let mut all = Vec::new();
        if let Some(last) = self.stuck.iter().max_by_key(|row| row.attempts) {
            let oldest = self.stuck.iter().map(|row| row.queued_at).min().unwrap_or_default();
            all.push(format!(
                "{} can't be delivered and {} tried again, for {} now: {}",
                plural(self.stuck.len() as u64, "notification"),
                if self.stuck.len() == 1 { "is" } else { "are" },
                length(self.status.now.saturating_sub(oldest)),
                last.reason.as_deref().unwrap_or("nobody said why"),
            ));
        }
        let dead = self.status.outbox.dead;
        if dead > 0 {
            all.push(format!(
                "{} given up: kmswatch outbox says why, kmswatch outbox retry all tries again",
                if dead == 1 {
                    "1 notification was".to_owned()
                } else {
                    format!("{dead} notifications were")
                },
            ));
        }
        all
    }
}

fn stored(folder: &Folder) -> anyhow::Result<(Vec<Problem>, Vec<OutboxRow>)> {
    let mut reader = Reader::open(&folder.database())?;
    Ok(reader.at_once(|questions| Ok((questions.problems(MAX_PROBLEMS)?, stuck(questions)?)))?)
}

fn stuck(questions: &Questions<'_>) -> Result<Vec<OutboxRow>, StoreError> {
    let mut rows = questions.outbox(&[OutboxState::Waiting], MAX_WAITING)?;
    rows.retain(|row| row.attempts > 0);
    Ok(rows)
}

/// A text of several lines, each harmless: what is wrong with a template is underlined.
pub(super) fn harmless_lines(text: &str) -> Vec<String> {
    const MAX_LINES: usize = 30;
    let mut lines: Vec<String> = text.lines().take(MAX_LINES).map(shown).collect();
    if text.lines().count() > MAX_LINES {
        lines.push("…".to_owned());
    }
    lines
}
