//! Many alarms in one letter.

use alarm::StateValue;
use monitor::{Summary, SummaryItem, SummaryKind};

use crate::hostile::own;
use crate::times::{counted, moment, range, times};
use crate::view::Row;
use crate::words::{Fact, Line};

/// `40 alarms`.
pub(crate) fn alarms(summary: &Summary) -> String {
    let and_more = if summary.beyond > 0 { "more than " } else { "" };
    format!("{and_more}{}", counted(summary.alarms, "alarm"))
}

/// What happened, in a sentence.
pub(crate) fn sentence(summary: &Summary) -> String {
    let (alarms, when) = (alarms(summary), when(summary.from, summary.to));
    let over = summary.items.iter().filter(|item| item.is_over).count() as u64;
    let is_whole = summary.items.len() as u64 == summary.alarms;
    match (summary.kind, summary.state) {
        (SummaryKind::Backlog, _) => {
            let were = if summary.alarms == 1 && summary.beyond == 0 { "was" } else { "were" };
            format!("In the past: {alarms} {were} in ALARM, {when}. The backlog that was read shows it.")
        }
        (SummaryKind::Storm, StateValue::Alarm) if is_whole && !summary.items.iter().any(is_change) => {
            format!("Still in ALARM, as was told before: {alarms}, {when}.")
        }
        (SummaryKind::Storm, StateValue::Alarm) if !summary.items.iter().all(is_change) => {
            format!("At once: there is news of {alarms} in ALARM, {when}.")
        }
        (SummaryKind::Storm, StateValue::Alarm) if over > 0 && is_whole => {
            format!("At once: {alarms} went into ALARM, {when}. Over already: {over}.")
        }
        (SummaryKind::Storm, StateValue::Alarm) => format!("At once: {alarms} went into ALARM, {when}."),
        (SummaryKind::Storm, StateValue::Ok) => format!("It is over: {alarms} are OK again, {when}."),
        (SummaryKind::Storm, StateValue::InsufficientData) => {
            format!("Nobody knows: {alarms} have no datapoints any more, {when}.")
        }
    }
}

/// What else there is to say.
pub(crate) fn further(summary: &Summary) -> String {
    match summary.kind {
        SummaryKind::Storm => {
            format!("This stands for {}.", counted(summary.notifications, "notification"))
        }
        SummaryKind::Backlog => {
            let stands = counted(summary.notifications, "notification");
            format!("This stands for {stands}. What happens from now on is told as always.")
        }
    }
}

/// The alarms, one row each.
pub(crate) fn rows(summary: &Summary) -> Vec<Row> {
    summary.items.iter().map(|item| row(item, summary)).collect()
}

/// What isn't listed.
pub(crate) fn rest(summary: &Summary) -> Option<String> {
    let hidden = summary.alarms.saturating_sub(summary.items.len() as u64);
    let alarms = (hidden > 0).then(|| counted(hidden, "more alarm"));
    let beyond = (summary.beyond > 0)
        .then(|| format!("{} of alarms beyond these", counted(summary.beyond, "notification")));
    let parts: Vec<String> = alarms.into_iter().chain(beyond).collect();
    (!parts.is_empty()).then(|| format!("And {}.", parts.join(", and ")))
}

/// `a, b and 38 more`.
pub(crate) fn names(summary: &Summary, most: usize) -> String {
    let shown: Vec<String> = summary.items.iter().take(most).map(|item| own(&item.name)).collect();
    let hidden = summary.alarms.saturating_sub(shown.len() as u64);
    let more =
        if hidden > 0 { format!(" and {} more", crate::times::grouped(hidden)) } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

/// Whether its state changed. A reminder, and news, have no reason.
fn is_change(item: &SummaryItem) -> bool {
    !item.reason.is_empty()
}

const TOLD_BEFORE: &str = "told before: this is a reminder, or somebody is new behind it";

fn row(item: &SummaryItem, summary: &Summary) -> Row {
    let words = |label, text| Fact { label, lines: vec![Line::Words(text)] };
    let often = if item.count > 1 { format!("{}, ", times(item.count)) } else { String::new() };
    let ended = summary.kind == SummaryKind::Storm && summary.state == StateValue::Alarm;
    let over = if item.is_over && ended { "; it is over" } else { "" };
    let still = summary.kind == SummaryKind::Backlog && !item.is_over;
    let still = if still { "; still in ALARM when it was read" } else { "" };
    let when = range(item.first.div_euclid(1000), item.last.div_euclid(1000));
    let mut facts = vec![words("When", format!("{often}{when}{over}{still}"))];
    let why = if is_change(item) { own(&item.reason) } else { TOLD_BEFORE.to_owned() };
    facts.push(words("Why", why));
    Row { count: String::new(), title: own(&item.name), facts }
}

/// `at 2026-09-14 12:00:10 UTC`, `between … and … UTC`.
fn when(from: i64, to: i64) -> String {
    let (from, to) = (moment(from.div_euclid(1000)), moment(to.div_euclid(1000)));
    if from == to { format!("at {from} UTC") } else { format!("between {from} and {to} UTC") }
}
