//! What happened on the way, step by step.

use std::io;

use serde::Serialize;
use store_sqlite::{OutboxRow, OutboxState};

use super::super::words::{self, precisely, subscriber};
use super::record;
use crate::report::escape::shown;
use crate::report::page::{Page, Style};
use crate::serve::status::Mail;

/// At what the drill stopped, for people.
#[derive(Debug)]
pub(super) struct Stopped(pub(super) String);

impl<E: Into<anyhow::Error>> From<E> for Stopped {
    fn from(error: E) -> Self {
        Stopped(format!("{:#}", error.into()))
    }
}

/// The way of a drill.
#[derive(Debug, Serialize)]
pub(super) struct Way {
    /// The record's event id.
    pub(super) id: String,
    /// In the order of time.
    steps: Vec<Step>,
    /// At what it stopped; `None` where it went the whole way.
    pub(super) stopped: Option<String>,
    /// Where mails go.
    pub(super) mail: Option<Mail>,
}

#[derive(Debug, Serialize)]
struct Step {
    what: String,
    /// In milliseconds since 1970.
    at: i64,
}

impl Way {
    pub(super) fn new() -> Self {
        Way { id: record::fresh_id(), steps: Vec::new(), stopped: None, mail: None }
    }

    /// Something happened. The engine judges and queues in one go with writing, so steps aren't always in one order.
    pub(super) fn step(&mut self, what: &str, at: i64) {
        self.steps.push(Step { what: what.to_owned(), at });
        self.steps.sort_by_key(|step| step.at);
    }

    /// What became of each notification.
    pub(super) fn end(&mut self, rows: &[OutboxRow]) -> Result<(), Stopped> {
        if let Some(queued) = rows.iter().map(|row| row.queued_at).min() {
            self.step("notifications are queued", queued);
        }
        for row in rows.iter().rev() {
            if let (OutboxState::Delivered, Some(at)) = (row.state, row.closed_at) {
                let attempts =
                    if row.attempts > 1 { format!(", at attempt {}", row.attempts) } else { String::new() };
                let who = subscriber(&row.subscription);
                let took = self.took(&row.subscription.protocol);
                self.step(&format!("{took} {who}{attempts}"), at);
            }
        }
        let dead: Vec<String> =
            rows.iter().filter(|row| row.state == OutboxState::Dead).map(refused).collect();
        if dead.is_empty() { Ok(()) } else { Err(Stopped(dead.join("; "))) }
    }

    /// Who took a notification.
    fn took(&self, protocol: &str) -> &'static str {
        match (protocol, &self.mail) {
            ("email" | "email-json", Some(Mail::Folder(_))) => "written as a file, for",
            ("email" | "email-json", _) => "the mail server accepted it for",
            _ => "accepted by",
        }
    }

    pub(super) fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        let began = self.steps.first().map_or(0, |step| step.at);
        for step in &self.steps {
            let after = precisely(step.at.saturating_sub(began));
            page.hanging(&format!("  {after:>10}  "), 14, &shown(&step.what))?;
        }
        match &self.stopped {
            Some(why) => {
                let label = page.paint(Style::Red, "The drill failed: ");
                page.hanging(&label, 18, why)
            }
            None => {
                let took = self.steps.last().map_or(0, |step| step.at.saturating_sub(began));
                page.line(&format!("The whole way took {}.", precisely(took)))?;
                match &self.mail {
                    Some(folder @ Mail::Folder(_)) => {
                        page.paragraph(0, &format!("Mails: {}.", words::mail(folder)))
                    }
                    _ => Ok(()),
                }
            }
        }
    }
}

fn refused(row: &OutboxRow) -> String {
    let why = row.reason.as_deref().unwrap_or("nobody said why");
    format!("{} was given up: {}", subscriber(&row.subscription), shown(why))
}
