//! `kmswatch status`: does the service run, what does it watch, and what needs attention?

use std::io;

use serde::Serialize;
use serde_json::{Value, json};
use store_sqlite::Problem;

use super::arguments::{AnswerFormat, StatusArguments};
use super::folder::{Folder, Holder};
use super::seen::{Seen, harmless_lines};
use super::words::{length, moment, size};
use super::{print, print_json, words};
use crate::Exit;
use crate::report::escape::{shown, shown_up_to};
use crate::report::page::{Page, Style, grouped, plural};
use crate::report::readable;
use crate::serve::status::{AlarmStatus, Source, Status};
use crate::serve::{reserved, totals};

/// How many alarms that aren't `OK` are shown without --verbose.
const MAX_ALARMS: usize = 20;
/// How many problems are shown.
const MAX_PROBLEMS: usize = 50;
/// How many characters of a reason are shown.
const MAX_REASON: usize = 400;
/// Columns before a field's text, as in a report.
const INDENT: usize = 16;

/// Runs the subcommand.
pub(crate) fn run(arguments: &StatusArguments) -> anyhow::Result<Exit> {
    let folder = Folder::existing(&arguments.data)?;
    let seen = Seen::of(&folder)?;
    let attention = seen.attention();
    match arguments.format {
        AnswerFormat::Json => print_json(&Answer::of(&folder, &seen, &attention))?,
        AnswerFormat::Text => print(|page| {
            let screen = Screen { folder: &folder, seen: &seen, verbose: arguments.verbose };
            screen.write(&attention, page)
        })?,
    }
    Ok(if attention.is_empty() { Exit::Done } else { Exit::Incomplete })
}

/// The answer for programs.
#[derive(Serialize)]
struct Answer<'s> {
    /// Where a service runs: its process, where it is, and whether it answers.
    service: Option<Value>,
    attention: &'s [String],
    #[serde(flatten)]
    status: &'s Status,
    data: String,
    problems: Vec<Value>,
}

impl<'s> Answer<'s> {
    fn of(folder: &Folder, seen: &'s Seen, attention: &'s [String]) -> Self {
        let service = match &seen.holder {
            Holder::Nobody => None,
            Holder::Somebody => Some(json!({ "answers": false })),
            Holder::Service(running) => {
                Some(json!({ "pid": running.pid, "http": running.http, "answers": seen.silent.is_none() }))
            }
        };
        let problems = seen.problems.iter().map(|problem| {
            let path = String::from_utf8_lossy(&problem.path);
            let Problem { time, source, offset, reason, .. } = problem;
            json!({ "time": time, "source": source, "path": path, "offset": offset, "reason": reason })
        });
        let data = folder.path.display().to_string();
        Answer { service, attention, status: &seen.status, data, problems: problems.collect() }
    }
}

/// The answer for people.
struct Screen<'s> {
    folder: &'s Folder,
    seen: &'s Seen,
    verbose: bool,
}

impl Screen<'_> {
    fn write(&self, attention: &[String], page: &mut Page<'_>) -> io::Result<()> {
        let headline = page.paint(Style::Bold, &self.headline());
        page.line(&headline)?;
        if !attention.is_empty() {
            let heading = page.paint(Style::Red, "Needs attention");
            page.blank()?;
            page.line(&heading)?;
            attention.iter().try_for_each(|what| item(page, what))?;
        }
        page.blank()?;
        self.write_alarms(page)?;
        self.write_sources(page)?;
        self.write_rest(page)?;
        if self.verbose {
            self.write_totals(page)?;
            self.write_problems(page)?;
        }
        Ok(())
    }

    fn headline(&self) -> String {
        let Status { version, started_at, now, .. } = &self.seen.status;
        match (&self.seen.holder, &self.seen.silent) {
            (Holder::Service(running), None) => {
                let since = started_at.map(|at| format!(" for {}", length(now.saturating_sub(at))));
                let (pid, place) = (running.pid, shown(&running.http));
                format!("kmswatch {version} runs{}, process {pid} at {place}", since.unwrap_or_default())
            }
            (Holder::Service(_), Some(_)) => {
                "kmswatch runs, but doesn't answer; its database says:".to_owned()
            }
            (Holder::Somebody, _) => "kmswatch isn't ready; its database says:".to_owned(),
            (Holder::Nobody, _) => "kmswatch doesn't run; its database says:".to_owned(),
        }
    }

    fn write_alarms(&self, page: &mut Page<'_>) -> io::Result<()> {
        let alarms = &self.seen.status.alarms;
        let (own, all): (Vec<_>, Vec<_>) =
            alarms.iter().partition(|alarm| reserved::is_reserved(&alarm.name));
        page.field("alarms", &format!("{}: {}", plural(all.len() as u64, "alarm"), counts(&all)))?;
        let own = own.iter().filter(|alarm| self.verbose || alarm.state == "ALARM");
        let all = all.iter().filter(|alarm| self.verbose || alarm.state != "OK");
        let listed: Vec<_> = all.chain(own).collect();
        let most = if self.verbose { usize::MAX } else { MAX_ALARMS };
        listed.iter().take(most).try_for_each(|alarm| self.write_alarm(alarm, page))?;
        match listed.len().saturating_sub(most) {
            0 => Ok(()),
            more => {
                page.field("", &format!("and {}: kmswatch alarms lists them", plural(more as u64, "more")))
            }
        }
    }

    fn write_alarm(&self, alarm: &AlarmStatus, page: &mut Page<'_>) -> io::Result<()> {
        let state = match alarm.state.as_str() {
            "ALARM" => page.paint(Style::Red, "ALARM"),
            other => shown(other),
        };
        let since = alarm.since.map(|since| format!(" since {}", moment(since, self.seen.status.now)));
        let name = shown(&alarm.name);
        page.line(&format!("{:INDENT$}{state} {name}{}", "", since.unwrap_or_default()))?;
        match &alarm.reason {
            Some(reason) if alarm.state != "OK" => {
                page.paragraph(INDENT + 2, &shown_up_to(reason, MAX_REASON))
            }
            _ => Ok(()),
        }
    }

    fn write_sources(&self, page: &mut Page<'_>) -> io::Result<()> {
        let sources = &self.seen.status.sources;
        if sources.is_empty() {
            return page.field("sources", "none: nothing has been read, and no trail is followed");
        }
        let labels = std::iter::once("sources").chain(std::iter::repeat(""));
        sources
            .iter()
            .zip(labels)
            .try_for_each(|(source, label)| page.field(label, &source_words(source, self.seen.status.now)))
    }

    fn write_rest(&self, page: &mut Page<'_>) -> io::Result<()> {
        let Status { now, outbox, template, database_bytes, mail, .. } = &self.seen.status;
        let waiting = match (outbox.waiting, outbox.oldest) {
            (0, _) => "nothing waits".to_owned(),
            (count, Some(oldest)) => {
                format!("{} waiting, the oldest for {}", grouped(count), length(now.saturating_sub(oldest)))
            }
            (count, None) => format!("{} waiting", grouped(count)),
        };
        page.field("outbox", &format!("{waiting}, {} given up", grouped(outbox.dead)))?;
        mail.iter().try_for_each(|mail| page.field("mails", &words::mail(mail)))?;
        let since = if template.applied_at > 0 {
            format!(", applied {}", moment(template.applied_at, *now))
        } else {
            String::new()
        };
        let name = if template.name.is_empty() { "none yet".to_owned() } else { shown(&template.name) };
        page.field("template", &format!("{name}{since}"))?;
        let total = |name: &str| self.seen.status.totals.get(name).copied().unwrap_or_default();
        let read = format!(
            "{} of {} read, {} matched",
            plural(total(totals::RECORDS), "record"),
            plural(total(totals::FILES_READ), "file"),
            grouped(total(totals::MATCHES)),
        );
        page.field("in all", &read)?;
        page.field("database", &format!("{} in {}", size(*database_bytes), self.folder.name()))
    }

    fn write_totals(&self, page: &mut Page<'_>) -> io::Result<()> {
        page.heading("Totals since the data folder was made")?;
        let totals = &self.seen.status.totals;
        totals
            .iter()
            .try_for_each(|(name, value)| page.line(&format!("  {:<22}{}", shown(name), grouped(*value))))
    }

    fn write_problems(&self, page: &mut Page<'_>) -> io::Result<()> {
        page.heading("What couldn't be read, the newest first")?;
        let problems = &self.seen.problems;
        if problems.is_empty() {
            return page.line("  nothing that is still remembered");
        }
        for problem in problems.iter().take(MAX_PROBLEMS) {
            let path = String::from_utf8_lossy(&problem.path);
            let place = if path.is_empty() { String::new() } else { format!(" {}", shown(&path)) };
            let offset =
                problem.offset.map(|offset| format!(", byte {}", grouped(offset))).unwrap_or_default();
            let time = readable(problem.time.div_euclid(1000));
            page.line(&format!("  {time}  {}{place}{offset}", shown(&problem.source)))?;
            page.paragraph(4, &shown(&problem.reason))?;
        }
        match problems.len().saturating_sub(MAX_PROBLEMS) {
            0 => Ok(()),
            more => page
                .line(&format!("  and {} more; --format json lists up to a thousand", grouped(more as u64))),
        }
    }
}

/// A thing to look at, whose further lines stand below it.
fn item(page: &mut Page<'_>, what: &str) -> io::Result<()> {
    let lines = harmless_lines(what);
    match lines.as_slice() {
        [one] => page.hanging("  - ", 4, one),
        // What is underlined stays as it is.
        several => several
            .iter()
            .zip(std::iter::once("  - ").chain(std::iter::repeat("    ")))
            .try_for_each(|(line, start)| page.line(&format!("{start}{line}"))),
    }
}

/// `1 ALARM, 11 OK`
fn counts(alarms: &[&AlarmStatus]) -> String {
    let states = ["ALARM", "INSUFFICIENT_DATA", "OK"].map(|state| {
        let count = alarms.iter().filter(|alarm| alarm.state == state).count();
        (count > 0).then(|| format!("{} {state}", grouped(count as u64)))
    });
    let states: Vec<String> = states.into_iter().flatten().collect();
    if states.is_empty() { "no template is applied yet".to_owned() } else { states.join(", ") }
}

fn source_words(source: &Source, now: i64) -> String {
    let ago = |at: i64| length(now.saturating_sub(at));
    let progress = match source.caught_up {
        Some(true) if source.waiting == 0 => "all read".to_owned(),
        Some(true) => format!("{} to read", plural(source.waiting, "file")),
        Some(false) => {
            format!("what was there at the start is still being read, {} to go", grouped(source.waiting))
        }
        None => "isn't followed now".to_owned(),
    };
    let newest = source.newest_file.map(|at| format!(", newest file {} old", ago(at)));
    let read = source.read_at.map(|at| format!(", read something {} ago", ago(at)));
    let trouble = source.trouble.iter().map(|why| format!("; CAN'T BE READ: {}", shown(why)));
    format!(
        "{}: {progress}, {} known{}{}{}",
        shown(&source.name),
        plural(source.files, "file"),
        newest.unwrap_or_default(),
        read.unwrap_or_default(),
        trouble.collect::<String>(),
    )
}
