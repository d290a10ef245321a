//! Alarms in the report for programs.

use serde::Serialize;

use super::format::Report;
use super::time::rfc3339;
use crate::alarms::{History, Outcome, Told};

/// How many groups are listed behind one change.
const MAX_GROUPS: usize = 50;

/// An alarm.
#[derive(Serialize)]
pub(super) struct Alarm<'a> {
    name: &'a str,
    description: &'a str,
    state: &'static str,
    changes: Vec<Change<'a>>,
    changes_more: u64,
}

#[derive(Serialize)]
struct Change<'a> {
    at: String,
    from: &'static str,
    to: &'static str,
    reason: &'a str,
    window_start: Option<String>,
    window_end: Option<String>,
    notifications: u64,
    evidence: Vec<Behind<'a>>,
    evidence_more: u64,
}

/// A group behind a change.
#[derive(Serialize)]
struct Behind<'a> {
    principal: &'a str,
    principal_words: &'a str,
    key: Option<&'a str>,
    error: Option<&'a str>,
    expected: bool,
    count: u64,
}

/// What a choice comes to.
#[derive(Serialize)]
pub(super) struct WhatIf<'a> {
    choice: Option<&'a str>,
    notifications: u64,
    alarms: Vec<Fired<'a>>,
}

#[derive(Serialize)]
struct Fired<'a> {
    name: &'a str,
    alarms: u64,
    notifications: u64,
}

/// All alarms; `None` where nobody asked.
pub(super) fn alarms(report: &Report) -> Option<Vec<Alarm<'_>>> {
    let histories = &report.alarms.as_ref()?.evaluated.histories;
    Some(histories.iter().map(|history| alarm(report, history)).collect())
}

/// What choices come to.
pub(super) fn what_if(report: &Report) -> Vec<WhatIf<'_>> {
    let outcomes = report.alarms.as_ref().map(|alarms| alarms.what_if.as_slice()).unwrap_or_default();
    outcomes.iter().map(choice).collect()
}

fn alarm<'a>(report: &'a Report, history: &'a History) -> Alarm<'a> {
    Alarm {
        name: &history.name,
        description: &history.description,
        state: history.state.as_str(),
        changes: history.changes.iter().map(|told| change(report, history, told)).collect(),
        changes_more: history.more,
    }
}

fn change<'a>(report: &'a Report, history: &History, told: &'a Told) -> Change<'a> {
    let (start, end) = told.window.unzip();
    let (groups, without) = report.evidence(history, told);
    let more: u64 = groups.iter().skip(MAX_GROUPS).map(|(_, count)| count).sum();
    let behind = groups.into_iter().take(MAX_GROUPS).map(|(view, count)| Behind {
        principal: view.principal(),
        principal_words: view.principal_words(),
        key: view.key(),
        error: view.error(),
        expected: view.expected().is_some(),
        count,
    });
    Change {
        at: rfc3339(told.at),
        from: told.from.as_str(),
        to: told.to.as_str(),
        reason: &told.reason,
        window_start: start.map(rfc3339),
        window_end: end.map(rfc3339),
        notifications: told.notifications,
        evidence: behind.collect(),
        evidence_more: more + without,
    }
}

fn choice(outcome: &Outcome) -> WhatIf<'_> {
    WhatIf {
        choice: outcome.choice.as_deref(),
        notifications: outcome.notifications,
        alarms: outcome
            .alarms
            .iter()
            .map(|(name, alarms, notifications)| Fired {
                name,
                alarms: *alarms,
                notifications: *notifications,
            })
            .collect(),
    }
}
