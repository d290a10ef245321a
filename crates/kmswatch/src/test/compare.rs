//! What of a case isn't as expected, and where on its timeline that shows first.

use std::collections::BTreeSet;

use alarm::StateValue;
use monitor::Untold;

use super::case_file::{Case, CaseFile, period};
use super::expect::{Expectation, Notified, StateAt, What};
use super::names::Named;
use super::notation::{datapoint, offset};
use super::play::{History, Played, Told, ToldKind, Turn};
use super::timeline::Timeline;

/// One expectation that isn't met.
#[derive(Debug)]
pub(super) struct Failure {
    /// `states`, as the case file calls it.
    pub(super) key: &'static str,
    /// The name of the alarm, metric filter or topic.
    pub(super) name: String,
    /// What differs first, in a line.
    pub(super) message: String,
    /// When that is, in seconds after the start.
    pub(super) at: Option<i64>,
    pub(super) expected: String,
    pub(super) got: String,
    pub(super) timeline: Timeline,
    /// Why it is so: a label and a text each.
    pub(super) notes: Vec<(String, String)>,
}

/// All expectations of a case that aren't met.
pub(super) fn failures(file: &CaseFile, case: &Case, played: &Played) -> Vec<Failure> {
    let compare = Compare { file, case, played };
    let mut failures: Vec<Failure> =
        case.expectations.iter().filter_map(|expected| compare.expectation(expected)).collect();
    failures.iter_mut().for_each(|failure| failure.timeline.keep(MOST_KEPT));
    failures
}

/// So many columns before and behind the first difference are kept, for those who have room for more than a page.
const MOST_KEPT: usize = 50;

struct Compare<'c> {
    file: &'c CaseFile,
    case: &'c Case,
    played: &'c Played,
}

/// By how much two datapoints may differ, relative to the larger one: nobody writes all digits of a third.
const TOLERANCE: f64 = 1e-9;

impl Compare<'_> {
    fn expectation(&self, expected: &Expectation) -> Option<Failure> {
        let of = expected.of;
        match (&expected.what, of) {
            (What::Matches(count), Named::Filter(filter)) => self.matches(of, filter, *count),
            (What::Datapoints(series), _) => self.datapoints(of, series),
            (What::States(list), Named::Alarm(alarm)) => self.states(of, alarm, list),
            (What::Throughout(state), Named::Alarm(alarm)) => self.throughout(of, alarm, *state),
            (What::Changes(list), Named::Alarm(alarm)) => self.changes(of, alarm, list),
            (What::Count(count), _) => self.count(of, *count),
            (What::Notifications(list), _) => self.notifications(of, list),
            // Names were looked for among those of the right kind.
            _ => None,
        }
    }

    fn failure(&self, key: &'static str, of: Named, (expected, got): (String, String)) -> Failure {
        Failure {
            key,
            name: self.file.names.name(of).to_owned(),
            message: String::new(),
            at: None,
            expected,
            got,
            timeline: Timeline::default(),
            notes: Vec::new(),
        }
    }

    /// `alarm kms-denied`
    fn subject(&self, of: Named) -> String {
        format!("{} `{}`", of.kind().words(), self.file.names.name(of))
    }
}

/// Metric filters and datapoints.
impl Compare<'_> {
    fn matches(&self, of: Named, filter: usize, expected: u64) -> Option<Failure> {
        let got = self.played.matches.get(filter).copied().unwrap_or_default();
        if got == expected {
            return None;
        }
        let mut timeline = Timeline::default();
        let is_match =
            |seen: &super::play::Seen| seen.matched.iter().any(|number| *number as usize == filter);
        for seen in &self.played.seen {
            let word = match () {
                () if !is_match(seen) => "no",
                () if seen.repeated => "repeat",
                () => "yes",
            };
            timeline.add(offset(seen.time), [("matches", word)]);
        }
        let message =
            format!("{} matches {}, expected {expected}", self.subject(of), counted(got, "log event"));
        let failure = self.failure("matches", of, (expected.to_string(), got.to_string()));
        Some(Failure { message, timeline, ..failure })
    }

    fn datapoints(&self, of: Named, expected: &[Option<f64>]) -> Option<Failure> {
        let (file, case) = (self.file, self.case);
        let got = match of {
            Named::Alarm(alarm) => self.played.alarm_datapoints(file, case, alarm, expected.len()),
            Named::Filter(filter) => self.played.filter_datapoints(file, case, filter, expected.len()),
            Named::Topic(_) => Vec::new(),
        };
        let got = |number: usize| got.get(number).copied().flatten();
        let first = (0..expected.len())
            .find(|number| !is_same(expected.get(*number).copied().flatten(), got(*number)))?;
        let period = period(&file.chain, of);
        let start = |number: usize| i64::try_from(number).unwrap_or(i64::MAX).saturating_mul(period);
        let mut timeline = Timeline::default();
        for (number, expected) in expected.iter().enumerate() {
            let cells = [("expected", datapoint(*expected)), ("got", datapoint(got(number)))];
            timeline.add(offset(start(number)), cells);
        }
        timeline.mark = Some(first);
        let pair = (datapoint(expected.get(first).copied().flatten()), datapoint(got(first)));
        let message = format!(
            "{} has {} in the period of {} from {} on, expected {}",
            self.subject(of),
            said(&pair.1),
            offset(period),
            offset(start(first)),
            said(&pair.0)
        );
        Some(Failure { message, timeline, at: Some(start(first)), ..self.failure("datapoints", of, pair) })
    }
}

fn said(datapoint: &str) -> String {
    if datapoint == "_" { "no datapoint".into() } else { datapoint.to_owned() }
}

fn is_same(one: Option<f64>, other: Option<f64>) -> bool {
    match (one, other) {
        (Some(one), Some(other)) => (one - other).abs() <= TOLERANCE * one.abs().max(other.abs()),
        (one, other) => one.is_none() && other.is_none(),
    }
}

/// States.
impl Compare<'_> {
    fn history(&self, alarm: usize) -> Option<&History> {
        self.played.alarms.get(alarm)
    }

    fn states(&self, of: Named, alarm: usize, expected: &[StateAt]) -> Option<Failure> {
        let history = self.history(alarm)?;
        let is_met = |state: &StateAt| {
            history
                .at(state.at)
                .is_some_and(|turn| turn.state == state.state && says(turn, state.reason.as_deref()))
        };
        let first = expected.iter().find(|state| !is_met(state))?;
        let got = history.at(first.at)?;
        let at = expected.iter().map(|state| state.at);
        let rows = |time: i64| {
            let expected = expected.iter().find(|state| state.at == time);
            expected.map(|state| state.state.to_string()).unwrap_or_default()
        };
        let timeline = self.state_timeline(alarm, at, first.at, rows);
        let failure = self.state_failure("states", of, first, got);
        let notes = self.why(alarm, first.at, got);
        Some(Failure { timeline, notes, ..failure })
    }

    fn state_failure(&self, key: &'static str, of: Named, expected: &StateAt, got: &Turn) -> Failure {
        let (subject, at) = (self.subject(of), offset(expected.at));
        let (message, pair) = match &expected.reason {
            Some(reason) if got.state == expected.state => (
                format!("{subject} is {} at {at}, but its reason doesn't contain `{reason}`", got.state),
                (reason.clone(), got.reason.clone()),
            ),
            _ => (
                format!("{subject} is {} at {at}, expected {}", got.state, expected.state),
                (expected.state.to_string(), got.state.to_string()),
            ),
        };
        Failure { message, at: Some(expected.at), ..self.failure(key, of, pair) }
    }

    fn throughout(&self, of: Named, alarm: usize, expected: StateValue) -> Option<Failure> {
        let history = self.history(alarm)?;
        let mut turns = history.first.iter().chain(&history.changes);
        let got = turns.find(|turn| turn.state != expected && turn.at <= self.case.end)?;
        let at = [got.at, self.case.end];
        let timeline = self.state_timeline(alarm, at.into_iter(), got.at, |_| expected.to_string());
        let message = format!(
            "{} is {} at {}, expected {expected} throughout",
            self.subject(of),
            got.state,
            offset(got.at)
        );
        let failure = self.failure("states", of, (expected.to_string(), got.state.to_string()));
        Some(Failure { message, at: Some(got.at), timeline, notes: self.why(alarm, got.at, got), ..failure })
    }

    fn changes(&self, of: Named, alarm: usize, expected: &[StateAt]) -> Option<Failure> {
        let history = self.history(alarm)?;
        let got: Vec<&Turn> = history.changes.iter().filter(|turn| turn.at <= self.case.end).collect();
        let is_met = |pair: (Option<&StateAt>, Option<&&Turn>)| match pair {
            (Some(expected), Some(got)) => {
                expected.at == got.at && expected.state == got.state && says(got, expected.reason.as_deref())
            }
            (one, other) => one.is_none() && other.is_none(),
        };
        let count = expected.len().max(got.len());
        let first = (0..count).find(|number| !is_met((expected.get(*number), got.get(*number))))?;
        let (wanted, found) = (expected.get(first), got.get(first).copied());
        let mark = wanted.map(|state| state.at).into_iter().chain(found.map(|turn| turn.at)).min()?;
        let rows = |time: i64| {
            let state = expected.iter().find(|state| state.at == time);
            state.map(|state| format!("→ {}", state.state)).unwrap_or_default()
        };
        let timeline = self.state_timeline(alarm, expected.iter().map(|state| state.at), mark, rows);
        let said = |change: Option<(StateValue, i64)>| match change {
            Some((state, at)) => format!("{state} at {}", offset(at)),
            None => "no further change".to_owned(),
        };
        let pair = (
            said(wanted.map(|state| (state.state, state.at))),
            said(found.map(|turn| (turn.state, turn.at))),
        );
        let mut message =
            format!("state change {} of {}: {}, expected {}", first + 1, self.subject(of), pair.1, pair.0);
        if let Some(reason) = wanted.and_then(|state| state.reason.as_deref()).filter(|_| pair.0 == pair.1) {
            message = format!("{}: {}, but its reason doesn't contain `{reason}`", self.subject(of), pair.1);
        }
        let notes = history.at(mark).map(|turn| self.why(alarm, mark, turn)).unwrap_or_default();
        Some(Failure { message, at: Some(mark), timeline, notes, ..self.failure("changes", of, pair) })
    }

    /// What the alarm saw, and its states: at the times that are expected, and where something changes.
    fn state_timeline(
        &self,
        alarm: usize,
        expected_at: impl Iterator<Item = i64>,
        mark: i64,
        expected: impl Fn(i64) -> String,
    ) -> Timeline {
        let Some(history) = self.history(alarm) else { return Timeline::default() };
        let mut times: BTreeSet<i64> = BTreeSet::from([0, mark]);
        times.extend(expected_at);
        times.extend(history.changes.iter().map(|turn| turn.at).filter(|at| *at <= self.case.end));
        times.extend(self.played.news(self.file, self.case, alarm));
        let around = around(&times, mark);
        let is_cut = (around.first() != times.first(), around.last() != times.last());
        let mut timeline = Timeline { is_cut, ..Timeline::default() };
        for time in around {
            let got = history.at(time).map(|turn| turn.state.to_string()).unwrap_or_default();
            let mut cells = vec![("expected", expected(time)), ("got", got)];
            if alarm < self.file.names.metric_alarms {
                let newest = self.played.newest(self.file, self.case, alarm, time);
                cells.insert(0, ("datapoint", datapoint(newest)));
            }
            if time == mark {
                timeline.mark = Some(timeline.len());
            }
            timeline.add(offset(time), cells);
        }
        timeline
    }

    /// Why the state at a time is what it is, in AWS's words.
    fn why(&self, alarm: usize, at: i64, turn: &Turn) -> Vec<(String, String)> {
        let evaluated = self.played.reason(self.file, self.case, alarm, at);
        let mut notes = Vec::new();
        if let Some(reason) = evaluated.filter(|reason| *reason != turn.reason) {
            notes.push((format!("evaluated at {}", offset(at)), reason));
        }
        notes.push((format!("{} since {}", turn.state, offset(turn.at)), turn.reason.clone()));
        notes
    }
}

fn says(turn: &Turn, reason: Option<&str>) -> bool {
    reason.is_none_or(|part| turn.reason.contains(part))
}

/// So many times before and behind the first difference are looked at: more wouldn't fit on the page.
const MOST_AROUND: usize = 12;

fn around(times: &BTreeSet<i64>, mark: i64) -> Vec<i64> {
    let before = times.range(..mark).rev().take(MOST_AROUND);
    let mut all: Vec<i64> = before.copied().collect();
    all.reverse();
    all.extend(times.range(mark..).take(MOST_AROUND));
    all
}

/// Notifications.
impl Compare<'_> {
    fn told(&self, of: Named) -> Vec<&Told> {
        let is_wanted = |told: &&Told| match of {
            Named::Alarm(alarm) => told.alarm == alarm,
            Named::Topic(topic) => {
                self.file.names.topics.get(topic).is_some_and(|topic| topic.arn == told.topic)
            }
            Named::Filter(_) => false,
        };
        let until = self.case.end;
        self.played.notifications.iter().filter(is_wanted).filter(|told| told.at <= until).collect()
    }

    fn count(&self, of: Named, expected: u64) -> Option<Failure> {
        let told = self.told(of);
        let got = told.len() as u64;
        if got == expected {
            return None;
        }
        let timeline = self.told_timeline(of, &told);
        let message = match of {
            Named::Topic(_) => {
                format!("{} gets {}, expected {expected}", self.subject(of), counted(got, "notification"))
            }
            _ => format!("{} sends {}, expected {expected}", self.subject(of), counted(got, "notification")),
        };
        let failure = self.failure("notifications", of, (expected.to_string(), got.to_string()));
        Some(Failure { message, timeline, notes: self.untold(of), ..failure })
    }

    /// What was told, and of an alarm its states.
    fn told_timeline(&self, of: Named, told: &[&Told]) -> Timeline {
        let history = match of {
            Named::Alarm(alarm) => self.history(alarm),
            _ => None,
        };
        let turns = || history.into_iter().flat_map(|history| history.first.iter().chain(&history.changes));
        let mut times: BTreeSet<i64> = told.iter().map(|told| told.at).collect();
        times.extend(turns().map(|turn| turn.at).filter(|at| *at <= self.case.end));
        let mut timeline = Timeline::default();
        for time in times {
            let words: Vec<String> =
                told.iter().filter(|told| told.at == time).map(|told| self.words(told, of)).collect();
            let mut cells = vec![("told", words.join(", "))];
            if let Some(turn) = history.and_then(|history| history.at(time)) {
                cells.insert(0, ("state", turn.state.to_string()));
            }
            timeline.add(offset(time), cells);
        }
        timeline
    }

    fn notifications(&self, of: Named, expected: &[Notified]) -> Option<Failure> {
        let got = self.told(of);
        let is_met = |pair: (Option<&Notified>, Option<&&Told>)| match pair {
            (Some(expected), Some(got)) => self.is_expected(expected, got),
            (one, other) => one.is_none() && other.is_none(),
        };
        let count = expected.len().max(got.len());
        let first = (0..count).find(|number| !is_met((expected.get(*number), got.get(*number))))?;
        let (wanted, found) = (expected.get(first), got.get(first).copied());
        let mark = wanted.map(|told| told.at).into_iter().chain(found.map(|told| told.at)).min()?;
        let times: BTreeSet<i64> =
            expected.iter().map(|told| told.at).chain(got.iter().map(|told| told.at)).collect();
        let mut timeline = Timeline::default();
        for (column, time) in times.iter().enumerate() {
            let wanted: Vec<String> = expected
                .iter()
                .filter(|told| told.at == *time)
                .map(|told| self.expected_words(told))
                .collect();
            let found: Vec<String> =
                got.iter().filter(|told| told.at == *time).map(|told| self.words(told, of)).collect();
            timeline.add(offset(*time), [("expected", wanted.join(", ")), ("got", found.join(", "))]);
            if *time == mark {
                timeline.mark = Some(column);
            }
        }
        let at = |what: String, time: i64| format!("{what} at {}", offset(time));
        let none = || "no further one".to_owned();
        let pair = (
            wanted.map_or_else(none, |told| at(self.expected_words(told), told.at)),
            found.map_or_else(none, |told| at(self.words(told, of), told.at)),
        );
        let message =
            format!("notification {} of {}: {}, expected {}", first + 1, self.subject(of), pair.1, pair.0);
        let failure = self.failure("notifications", of, pair);
        Some(Failure { message, at: Some(mark), timeline, notes: self.untold(of), ..failure })
    }

    fn is_expected(&self, expected: &Notified, got: &Told) -> bool {
        let topic = expected.topic.map(|topic| self.file.names.topics.get(topic).map(|topic| &topic.arn));
        expected.at == got.at
            && expected.state.is_none_or(|state| state == got.state)
            && expected.alarm.is_none_or(|alarm| alarm == got.alarm)
            && topic.is_none_or(|topic| topic == Some(&got.topic))
    }

    fn expected_words(&self, told: &Notified) -> String {
        let state = told.state.map_or_else(|| "any".to_owned(), |state| state.to_string());
        let named = told.alarm.map(Named::Alarm).or(told.topic.map(Named::Topic));
        named.map_or_else(|| state.clone(), |named| format!("{state} ({})", self.file.names.name(named)))
    }

    fn words(&self, told: &Told, of: Named) -> String {
        let kind = match told.kind {
            ToldKind::State => "",
            ToldKind::Late => " (late)",
            ToldKind::News => " (somebody new)",
        };
        match of {
            Named::Topic(_) => {
                format!("{}{kind} ({})", told.state, self.file.names.name(Named::Alarm(told.alarm)))
            }
            _ => format!("{}{kind}", told.state),
        }
    }

    /// Why an alarm told nobody.
    fn untold(&self, of: Named) -> Vec<(String, String)> {
        let Named::Alarm(alarm) = of else { return Vec::new() };
        let of_alarm =
            self.played.untold.iter().filter(|(at, number, _)| *number == alarm && *at <= self.case.end);
        let words = of_alarm.filter_map(|(at, _, why)| Some((offset(*at), untold_words(why)?.to_owned())));
        words.take(MOST_AROUND).collect()
    }
}

fn untold_words(why: &Untold) -> Option<&'static str> {
    match why {
        Untold::ActionsDisabled => Some("nobody is told: the alarm's actions are disabled"),
        Untold::NoAction => Some("nobody is told: the alarm has no action for this state"),
        Untold::FirstEvaluation => Some("nobody is told that an alarm is OK when it is evaluated first"),
        Untold::ToldBefore => Some("nobody is told: the episode was told before"),
        Untold::Suppressed => Some("nobody is told: the alarm's suppressor holds its actions back"),
        Untold::Backlog => Some("nobody is told: it is part of a backlog, of which one summary tells"),
        // These are counted as notifications: who gets them is known elsewhere.
        Untold::UnknownAction(_) | Untold::NoSubscriber(_) => None,
    }
}

fn counted(count: u64, what: &str) -> String {
    match count {
        0 => format!("no {what}"),
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}
