//! When each alarm would have fired, who was behind it, and what other choices would have cost.

use std::io;

use alarm::StateValue;

use super::super::escape::{shown, shown_up_to};
use super::super::format::{Alarms, Report, View};
use super::super::time::{readable, readable_range};
use super::page::{Page, Style, grouped, plural};
use crate::alarms::{History, Outcome, Told};

/// How many alarms that fired are shown in full.
const MAX_ALARMS: usize = 50;
/// How many episodes of an alarm are shown.
const MAX_EPISODES: usize = 5;
/// How many groups behind an episode are shown.
const MAX_GROUPS: usize = 3;
/// How wide an alarm's name may be.
const MAX_NAME: usize = 60;
/// How many alarms of a choice are named.
const MAX_NAMED: usize = 4;

/// The section; nothing where nobody asked.
pub(super) fn write(report: &Report, page: &mut Page<'_>) -> io::Result<()> {
    let Some(alarms) = &report.alarms else { return Ok(()) };
    let histories = &alarms.evaluated.histories;
    if !histories.is_empty() && report.records.read > 0 {
        write_histories(report, alarms, page)?;
    }
    write_what_if(&alarms.what_if, page)?;
    write_reservations(report, alarms, page)
}

fn write_histories(report: &Report, alarms: &Alarms, page: &mut Page<'_>) -> io::Result<()> {
    let histories = &alarms.evaluated.histories;
    let (fired, quiet): (Vec<&History>, Vec<&History>) =
        histories.iter().partition(|history| history.alarms > 0);
    let count = plural(histories.len() as u64, "alarm");
    page.heading(&format!("Alarms ({} of {count} would have fired)", grouped(fired.len() as u64)))?;
    if let Some((from, to)) = alarms.evaluated.span.filter(|_| !fired.is_empty()) {
        let times =
            format!("Each row of dots is the time of the logs, {}; █ is ALARM.", readable_range(from, to));
        let times = page.paint(Style::Dim, &times);
        page.paragraph(2, &times)?;
    }
    for history in fired.iter().take(MAX_ALARMS) {
        write_history(report, alarms, history, page)?;
    }
    let others = fired.iter().skip(MAX_ALARMS);
    let others: Vec<String> = others.map(|history| shown_up_to(&history.name, MAX_NAME)).collect();
    if !others.is_empty() {
        page.blank()?;
        page.hanging("  Also:  ", 9, &others.join(", "))?;
    }
    let quiet: Vec<String> = quiet.into_iter().map(|history| shown_up_to(&history.name, MAX_NAME)).collect();
    if !quiet.is_empty() {
        page.blank()?;
        page.hanging("  Never: ", 9, &quiet.join(", "))?;
    }
    Ok(())
}

/// A change to `ALARM`, and the one that ended it, if any did.
struct Episode<'h> {
    began: &'h Told,
    ended: Option<&'h Told>,
}

fn episodes(history: &History) -> Vec<Episode<'_>> {
    let mut episodes = Vec::new();
    for (place, told) in history.changes.iter().enumerate() {
        if told.to == StateValue::Alarm {
            episodes.push(Episode { began: told, ended: history.changes.get(place + 1) });
        }
    }
    episodes
}

fn write_history(report: &Report, alarms: &Alarms, history: &History, page: &mut Page<'_>) -> io::Result<()> {
    let episodes = episodes(history);
    let name = page.paint(Style::Bold, &shown_up_to(&history.name, MAX_NAME));
    let times = match history.alarms {
        1 => "once".to_owned(),
        count => format!("{} times", grouped(count)),
    };
    page.blank()?;
    page.line(&format!(
        "  {name}  {times}, {}, now {}",
        plural(history.notifications, "notification"),
        history.state
    ))?;
    if let Some(span) = alarms.evaluated.span {
        write_timeline(history, span, page)?;
    }
    for episode in episodes.iter().take(MAX_EPISODES) {
        write_episode(report, history, episode, page)?;
    }
    match history.alarms.saturating_sub(MAX_EPISODES as u64) {
        0 => Ok(()),
        more => page.line(&format!("    … {} more; --format json has them", grouped(more))),
    }
}

/// A column for each part of the time: `█` if the alarm was in `ALARM` in it, `·` if it was `OK`, a blank where nothing was
/// known.
fn write_timeline(history: &History, (from, to): (i64, i64), page: &mut Page<'_>) -> io::Result<()> {
    let columns = page.options.width.saturating_sub(6).clamp(20, 96);
    let at = |column: usize| from + (to - from) * i64::try_from(column).unwrap_or_default() / columns as i64;
    // What happens at the very end belongs to the last column.
    let end = |column: usize| at(column + 1) + i64::from(column + 1 == columns);
    let sign = |column: usize| match worst_between(history, at(column), end(column)) {
        StateValue::Alarm => '█',
        StateValue::Ok => '·',
        StateValue::InsufficientData => ' ',
    };
    let line: String = (0..columns).map(sign).collect();
    page.line(&format!("    {}", line.trim_end()))
}

/// `ALARM` if the alarm was in it at any time from `start` and before `end`, else its state at `start`.
fn worst_between(history: &History, start: i64, end: i64) -> StateValue {
    let mut state = StateValue::InsufficientData;
    for told in &history.changes {
        let at = told.at;
        if at >= end.max(start + 1) {
            break;
        }
        state = match (at <= start, told.to) {
            (true, to) | (false, to @ StateValue::Alarm) => to,
            (false, to) if state != StateValue::Alarm => to,
            (false, _) => state,
        };
    }
    state
}

fn write_episode(
    report: &Report,
    history: &History,
    episode: &Episode<'_>,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let began = episode.began.at;
    let when = match episode.ended {
        Some(ended) => readable_range(began, ended.at),
        None => format!("{} UTC until the end of the logs", readable(began)),
    };
    page.field("ALARM", &page.paint(Style::Red, &when))?;
    page.field("why", &shown(&episode.began.reason))?;
    let (groups, without) = report.evidence(history, episode.began);
    let named: Vec<String> =
        groups.iter().take(MAX_GROUPS).map(|(view, count)| behind(*view, *count)).collect();
    for (text, label) in named.iter().zip(["behind it", "", ""]) {
        page.field(label, text)?;
    }
    let rest = groups.iter().skip(MAX_GROUPS).map(|(_, count)| count).sum::<u64>() + without;
    let more = groups.len().saturating_sub(MAX_GROUPS) as u64;
    match (more, rest) {
        (_, 0) => Ok(()),
        (0, rest) => page.field("", &format!("{} in no group", plural(rest, "record"))),
        (more, rest) => {
            page.field("", &format!("{}, {}", plural(more, "more group"), plural(rest, "record")))
        }
    }
}

fn behind(view: View<'_>, count: u64) -> String {
    let who = match view.principal_words() {
        "" => view.principal(),
        words => words,
    };
    let what = match view.error() {
        Some("") | None => String::new(),
        Some(error) => format!(", {}", shown(error)),
    };
    let key = view.key().map(|key| format!(", {}", shown(key))).unwrap_or_default();
    let expected = if view.expected().is_some() { " (expected)" } else { "" };
    format!("{} × {}{what}{key}{expected}", grouped(count), shown(who))
}

fn write_what_if(outcomes: &[Outcome], page: &mut Page<'_>) -> io::Result<()> {
    let Some(most) = outcomes.iter().map(|outcome| grouped(outcome.notifications).len()).max() else {
        return Ok(());
    };
    page.heading("What if (notifications that would have been sent)")?;
    let label = |outcome: &Outcome| outcome.choice.as_deref().map_or("as it is".to_owned(), shown);
    let width = outcomes.iter().map(|outcome| label(outcome).chars().count()).max().unwrap_or_default();
    for outcome in outcomes {
        let notifications = grouped(outcome.notifications);
        let start = format!("  {:<width$}  {notifications:>most$}  ", label(outcome));
        let columns = start.chars().count();
        page.hanging(&start, columns, &fired(outcome))?;
    }
    Ok(())
}

/// Which alarms fired how often, the most frequent first.
fn fired(outcome: &Outcome) -> String {
    let mut alarms: Vec<_> = outcome.alarms.iter().filter(|(_, alarms, _)| *alarms > 0).collect();
    alarms.sort_by_key(|(_, alarms, _)| std::cmp::Reverse(*alarms));
    let named = alarms.iter().take(MAX_NAMED);
    let mut words: Vec<String> = named
        .map(|(name, count, _)| format!("{} {}", shown_up_to(name, MAX_NAME), grouped(*count)))
        .collect();
    if alarms.len() > MAX_NAMED {
        words.push(format!("{} more", alarms.len() - MAX_NAMED));
    }
    if words.is_empty() { "no alarm fires".to_owned() } else { words.join(", ") }
}

/// What the alarms didn't see.
fn write_reservations(report: &Report, alarms: &Alarms, page: &mut Page<'_>) -> io::Result<()> {
    let observations = &report.answer.observations;
    let mut sentences = Vec::new();
    if observations.without_time > 0 {
        let records = plural(observations.without_time, "matching record");
        sentences.push(format!("{records} without a time reached no alarm."));
    }
    if observations.beyond > 0 {
        let records = plural(observations.beyond, "observation");
        sentences.push(format!("{records} reached no alarm: there are more minutes than the limit."));
    }
    let unlisted: u64 = alarms.evaluated.histories.iter().map(|history| history.more).sum();
    if unlisted > 0 {
        let changes = plural(unlisted, "state change");
        sentences.push(format!("{changes} aren't listed: there are more than the limit."));
    }
    if observations.sightings_beyond() > 0 {
        let records = plural(observations.sightings_beyond(), "matching record");
        sentences.push(format!("Who is behind an alarm isn't complete: {records} found no room."));
    }
    for (detection, count) in report.detections().iter().zip(&observations.without_number) {
        if *count > 0 {
            let records = plural(*count, "record");
            let name = shown(&detection.name);
            sentences.push(format!("{records} matched {name}, but had no number for its metric."));
        }
    }
    if sentences.is_empty() {
        return Ok(());
    }
    page.blank()?;
    sentences.iter().try_for_each(|sentence| page.paragraph(2, sentence))
}
