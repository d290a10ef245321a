//! `kmswatch alarms`: in which state each alarm is, and everything that is known of one.

pub(super) mod behind;
mod definition;
mod history;

use std::io;

use alarm::StateValue;
use anyhow::{anyhow, bail};
use chain::Chain;
use diagnostic::closest;
use serde::Serialize;
use serde_json::json;
use store_sqlite::{Questions, Reader, StoreError};

use super::arguments::{AlarmsArguments, AnswerFormat};
use super::folder::Folder;
use super::seen::Seen;
use super::words::moment;
use super::{print, print_json};
use crate::report::escape::shown;
use crate::report::page::{Page, Style};
use crate::serve::applied::Applied;
use crate::serve::reserved;
use crate::serve::status::AlarmStatus;
use crate::{Exit, output};
use behind::Behind;
use definition::Asks;
use history::Happening;

/// Runs the subcommand.
pub(crate) fn run(arguments: &AlarmsArguments) -> anyhow::Result<Exit> {
    let folder = Folder::existing(&arguments.data)?;
    let seen = Seen::of(&folder)?;
    if let Some(what) = seen.of_the_process() {
        output::error(&format!("{}; this is what its database says", shown(&what)));
    }
    let alarms = chosen(&seen.status.alarms, arguments)?;
    if arguments.names.is_empty() {
        list(&alarms, seen.status.now, arguments)?;
    } else {
        show(&folder, &alarms, seen.status.now, arguments)?;
    }
    Ok(Exit::Done)
}

/// Those that are named, or all; of these, those in the state that is asked for.
fn chosen<'a>(
    alarms: &'a [AlarmStatus],
    arguments: &AlarmsArguments,
) -> anyhow::Result<Vec<&'a AlarmStatus>> {
    let mut chosen: Vec<&AlarmStatus> = Vec::new();
    for name in &arguments.names {
        match alarms.iter().find(|alarm| alarm.name == *name || alarm.arn == *name) {
            Some(alarm) => chosen.push(alarm),
            None => {
                let similar = closest(name, alarms.iter().map(|alarm| alarm.name.as_str()).collect());
                let help = similar.map(|name| format!("; did you mean `{}`?", shown(name)));
                bail!("no alarm is called `{}`{}", shown(name), help.unwrap_or_default());
            }
        }
    }
    if arguments.names.is_empty() {
        chosen = alarms.iter().collect();
        chosen.sort_by_key(|alarm| (rank(&alarm.state), reserved::is_reserved(&alarm.name), &alarm.name));
    }
    let wanted = |alarm: &&AlarmStatus| arguments.state.is_none_or(|state| alarm.state == state.as_str());
    chosen.retain(wanted);
    Ok(chosen)
}

/// What is worth looking at comes first.
fn rank(state: &str) -> u32 {
    match StateValue::parse(state) {
        Some(StateValue::Alarm) => 0,
        Some(StateValue::Ok) => 2,
        _ => 1,
    }
}

fn list(alarms: &[&AlarmStatus], now: i64, arguments: &AlarmsArguments) -> anyhow::Result<()> {
    if arguments.format == AnswerFormat::Json {
        return print_json(&alarms);
    }
    if alarms.is_empty() {
        let which = arguments.state.map(|state| format!(" in {state}")).unwrap_or_default();
        output::note(&format!("there is no alarm{which}"));
    }
    let name_width = alarms.iter().map(|alarm| shown(&alarm.name).chars().count()).max().unwrap_or_default();
    let state_width = alarms.iter().map(|alarm| alarm.state.len()).max().unwrap_or_default();
    print(|page| {
        alarms.iter().try_for_each(|alarm| {
            let state = painted(page, &alarm.state, state_width);
            let since = alarm.since.map_or("since it was made".to_owned(), |at| moment(at, now));
            page.line(&format!("{state}  {:<name_width$}  {since}", shown(&alarm.name)))
        })
    })
}

fn painted(page: &Page<'_>, state: &str, width: usize) -> String {
    let padded = format!("{:<width$}", shown(state));
    if state == "ALARM" { page.paint(Style::Red, &padded) } else { padded }
}

/// Everything that is known of an alarm.
#[derive(Serialize)]
struct Known<'a> {
    #[serde(flatten)]
    status: &'a AlarmStatus,
    /// Whether kmswatch made it for itself.
    own: bool,
    asks: Option<Asks>,
    behind: Behind,
    history: Vec<Happening>,
}

fn show(
    folder: &Folder,
    alarms: &[&AlarmStatus],
    now: i64,
    arguments: &AlarmsArguments,
) -> anyhow::Result<()> {
    let mut reader = Reader::open(&folder.database())?;
    let chain = chain(&reader)?;
    let known = reader.at_once(|questions| {
        alarms
            .iter()
            .map(|alarm| know(alarm, &chain, questions, now, arguments))
            .collect::<Result<Vec<_>, _>>()
    })?;
    match arguments.format {
        AnswerFormat::Json => print_json(&json!(known)),
        AnswerFormat::Text => print(|page| {
            let mut first = true;
            known.iter().try_for_each(|known| {
                if !std::mem::take(&mut first) {
                    page.blank()?;
                }
                write(known, now, page)
            })
        }),
    }
}

/// What the template that is applied makes.
fn chain(reader: &Reader) -> anyhow::Result<Chain> {
    let stored = reader.questions().template()?.ok_or_else(|| anyhow!("no template has been applied yet"))?;
    Applied::stored(&stored)?.chain()
}

fn know<'a>(
    alarm: &'a AlarmStatus,
    chain: &Chain,
    questions: &Questions<'_>,
    now: i64,
    arguments: &AlarmsArguments,
) -> Result<Known<'a>, StoreError> {
    Ok(Known {
        status: alarm,
        own: reserved::is_reserved(&alarm.name),
        asks: Asks::of(&alarm.arn, chain),
        behind: Behind::of(alarm, &chain.configuration, questions, now)?,
        history: history::of(&alarm.arn, questions, arguments.top)?,
    }
    .cut(arguments.top as usize))
}

impl Known<'_> {
    fn cut(mut self, top: usize) -> Self {
        self.behind.cut(top);
        self
    }
}

fn write(known: &Known<'_>, now: i64, page: &mut Page<'_>) -> io::Result<()> {
    let status = known.status;
    let name = page.paint(Style::Bold, &shown(&status.name));
    let own = if known.own { "  (kmswatch's own)" } else { "" };
    page.line(&format!("{name}{own}"))?;
    let state = painted(page, &status.state, 0);
    let since = status.since.map(|at| format!(" since {}", moment(at, now))).unwrap_or_default();
    page.field("state", &format!("{state}{since}"))?;
    page.field("why", &shown_whole(status.reason.as_deref().unwrap_or("it hasn't changed its state yet")))?;
    known.behind.write(page)?;
    history::write(&known.history, page)?;
    page.heading("What it asks")?;
    if let Some(asks) = &known.asks {
        asks.write(page)?;
    }
    page.field("arn", &shown(&status.arn))
}

/// Reasons and descriptions have up to about a thousand characters, and all of them count.
fn shown_whole(text: &str) -> String {
    crate::report::escape::shown_up_to(text, 2000)
}
