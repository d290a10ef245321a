//! `kmswatch outbox`: what waits to be delivered, what was given up, and trying that again.

use std::io;

use anyhow::bail;
use monitor::Notification;
use serde_json::{Value, json};
use store_sqlite::{OutboxRow, OutboxState, Reader};

use super::arguments::{AnswerFormat, OutboxAction, OutboxArguments, Which};
use super::client::Client;
use super::folder::{Folder, Holder};
use super::words::{about, alarm_name, length, moment, subscriber};
use super::{now, print, print_json};
use crate::report::escape::shown;
use crate::report::page::{Page, Style, grouped, plural};
use crate::{Exit, output};

/// How many notifications `retry all` takes.
const MAX_RETRIED: u32 = 100_000;

/// Runs the subcommand.
pub(crate) fn run(arguments: &OutboxArguments) -> anyhow::Result<Exit> {
    let folder = Folder::existing(&arguments.data)?;
    match &arguments.action {
        Some(OutboxAction::Retry { ids }) => retry(&folder, ids, arguments.format),
        None => list(&folder, arguments),
    }
}

/// The notifications in one state, and how many there are.
struct Section {
    state: OutboxState,
    rows: Vec<OutboxRow>,
    /// Whether there are more.
    more: bool,
}

fn list(folder: &Folder, arguments: &OutboxArguments) -> anyhow::Result<Exit> {
    let mut reader = Reader::open(&folder.database())?;
    let states = [OutboxState::Dead, OutboxState::Waiting, OutboxState::Delivered, OutboxState::Summed];
    let sections = reader.at_once(|questions| {
        let section = |state| {
            let mut rows = questions.outbox(&[state], arguments.top.saturating_add(1))?;
            let more = rows.len() > arguments.top as usize;
            rows.truncate(arguments.top as usize);
            Ok(Section { state, rows, more })
        };
        states.into_iter().map(section).collect::<Result<Vec<_>, store_sqlite::StoreError>>()
    })?;
    if folder.holder()? == Holder::Nobody {
        output::error("the service doesn't run, so nothing is delivered; this is what its database says");
    }
    match arguments.format {
        AnswerFormat::Json => print_json(&for_programs(&sections))?,
        AnswerFormat::Text => print(|page| sections.iter().try_for_each(|section| section.write(page)))?,
    }
    Ok(Exit::Done)
}

fn for_programs(sections: &[Section]) -> Value {
    let name = |state: OutboxState| state.as_str().to_owned();
    sections
        .iter()
        .map(|section| {
            let rows: Vec<Value> = section.rows.iter().map(row_for_programs).collect();
            (name(section.state), json!({ "notifications": rows, "more": section.more }))
        })
        .collect::<serde_json::Map<_, _>>()
        .into()
}

fn row_for_programs(row: &OutboxRow) -> Value {
    json!({
        "id": row.id,
        "about": subject(row),
        "alarm": row.alarm,
        "topic": row.topic,
        "protocol": row.subscription.protocol,
        "to": subscriber(&row.subscription),
        "queued_at": row.queued_at,
        "attempts": row.attempts,
        "next_attempt": row.next_attempt,
        "closed_at": row.closed_at,
        "reason": row.reason,
        "summed_by": row.summed,
    })
}

impl Section {
    fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        if self.state == OutboxState::Summed && self.rows.is_empty() {
            return Ok(());
        }
        let title = match self.state {
            OutboxState::Dead => "Given up",
            OutboxState::Waiting => "Waiting",
            OutboxState::Delivered => "Delivered, the newest first",
            OutboxState::Summed => "Told in a summary, the newest first",
        };
        let style = if self.state == OutboxState::Dead { Style::Red } else { Style::Bold };
        let title = if self.rows.is_empty() { format!("{title}: none") } else { title.to_owned() };
        let title = if self.rows.is_empty() { title } else { page.paint(style, &title) };
        page.line(&title)?;
        let now = now();
        self.rows.iter().try_for_each(|row| write_row(row, now, page))?;
        if self.more {
            page.line("  and more; --top shows them")?;
        }
        if self.state == OutboxState::Dead && !self.rows.is_empty() {
            page.line("  kmswatch outbox retry all tries them again")?;
        }
        Ok(())
    }
}

fn write_row(row: &OutboxRow, now: i64, page: &mut Page<'_>) -> io::Result<()> {
    let number = format!("#{}", row.id);
    page.line(&format!("  {number:<6} {}  to {}", subject(row), subscriber(&row.subscription)))?;
    let attempts = plural(u64::from(row.attempts), "attempt");
    let how = match (row.state, row.closed_at) {
        (OutboxState::Delivered, Some(at)) if row.attempts == 1 => {
            format!("delivered {}, {} after it was queued", moment(at, now), length(at - row.queued_at))
        }
        (OutboxState::Delivered, Some(at)) => {
            let took = length(at.saturating_sub(row.queued_at));
            format!("delivered {}, {took} after it was queued, with {attempts}", moment(at, now))
        }
        (OutboxState::Summed, Some(at)) => {
            let summary = row.summed.map(|id| format!("by #{id}")).unwrap_or_default();
            format!("summed up {} {summary}", moment(at, now))
        }
        (OutboxState::Dead, Some(at)) => format!("given up {} after {attempts}", moment(at, now)),
        _ => {
            let next = row.next_attempt.unwrap_or(now).saturating_sub(now);
            let next = if next <= 0 { "next now".to_owned() } else { format!("next in {}", length(next)) };
            format!("queued {}, {attempts}, {next}", moment(row.queued_at, now))
        }
    };
    page.paragraph(9, &how)?;
    match &row.reason {
        Some(reason) if row.state != OutboxState::Delivered => {
            page.paragraph(9, &format!("why: {}", shown(reason)))
        }
        _ => Ok(()),
    }
}

/// `ALARM: kms-denied`. A notification that can't be read is known by its alarm.
fn subject(row: &OutboxRow) -> String {
    match serde_json::from_str::<Notification>(&row.notification) {
        Ok(notification) => about(&notification.about),
        Err(_) => row.alarm.as_deref().map_or("a summary".to_owned(), |arn| shown(alarm_name(arn))),
    }
}

fn retry(folder: &Folder, ids: &[Which], format: AnswerFormat) -> anyhow::Result<Exit> {
    let running = match folder.holder()? {
        Holder::Service(running) => running,
        Holder::Somebody => bail!("the service isn't ready; try again when it is"),
        Holder::Nobody => bail!(
            "no service runs in {}, so nothing can be delivered; start it with kmswatch serve, then try again",
            folder.name()
        ),
    };
    let client = Client::of(folder, &running)?;
    let mut tried = Tried::default();
    for id in numbers(folder, ids)? {
        let said = client.post(&format!("/v1/outbox/{id}/retry"), &[])?;
        match said.status {
            200 => tried.again.push(id),
            409 => tried.not.push(id),
            _ => drop(said.fine()?),
        }
    }
    tried.tell(format)
}

/// Which ones were asked for, each once.
fn numbers(folder: &Folder, ids: &[Which]) -> anyhow::Result<Vec<u64>> {
    let mut numbers = Vec::new();
    for id in ids {
        match id {
            Which::One(id) => numbers.push(*id),
            Which::All => {
                let reader = Reader::open(&folder.database())?;
                let dead = reader.questions().outbox(&[OutboxState::Dead], MAX_RETRIED)?;
                numbers.extend(dead.iter().map(|row| row.id));
            }
        }
    }
    numbers.sort_unstable();
    numbers.dedup();
    Ok(numbers)
}

#[derive(Default)]
struct Tried {
    again: Vec<u64>,
    not: Vec<u64>,
}

impl Tried {
    fn tell(&self, format: AnswerFormat) -> anyhow::Result<Exit> {
        match format {
            AnswerFormat::Json => {
                print_json(&json!({ "tried_again": self.again, "not_given_up": self.not }))?
            }
            AnswerFormat::Text => print(|page| {
                self.not
                    .iter()
                    .try_for_each(|id| page.line(&format!("#{id} wasn't given up, or isn't there")))?;
                let count = self.again.len() as u64;
                match count {
                    0 if self.not.is_empty() => page.line("nothing was given up"),
                    0 => Ok(()),
                    1 => page
                        .line("1 notification is tried again now; kmswatch outbox shows what becomes of it"),
                    count => page.line(&format!(
                        "{} notifications are tried again now; kmswatch outbox shows what becomes of them",
                        grouped(count)
                    )),
                }
            })?,
        }
        Ok(if self.not.is_empty() { Exit::Done } else { Exit::Incomplete })
    }
}
