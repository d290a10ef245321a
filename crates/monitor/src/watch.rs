//! One metric alarm that is watched: its state, and what its evaluations come to over time.

use std::sync::Arc;

use alarm::{Mode, StateReason, StateValue, decide, window};

use crate::actions::Actions;
use crate::change::{Judged, LateEpisode, Revised, StateChange};
use crate::configuration::MetricAlarm;
use crate::judge::{Judge, Scratch};
use crate::metrics::Metrics;
use crate::sightings::Sightings;
use crate::timeline::{Run, Timeline};
use crate::{MILLISECONDS, only_pushes_towards_breaching};

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Watch {
    pub(crate) alarm: MetricAlarm,
    pub(crate) arn: Arc<str>,
    pub(crate) name: Arc<str>,
    pub(crate) actions: Arc<Actions>,
    /// The metrics that it looks at, in the order of the definition.
    pub(crate) places: Vec<u32>,
    pub(crate) state: StateValue,
    /// Whether it was ever evaluated.
    pub(crate) evaluated: bool,
    pub(crate) sightings: Sightings,
    /// What the ends of windows are multiples of, in seconds.
    grain: i64,
    /// Whether added observations can only push towards breaching.
    accumulates: bool,
    /// The end of the newest window that was evaluated.
    judged: Option<i64>,
    /// The end of the first window behind it that may come to something else.
    next: i64,
    timeline: Timeline,
    /// Starts of slots that got observations after their windows had been evaluated.
    late: Vec<i64>,
}

/// What was found out about an alarm.
#[derive(Debug)]
pub(crate) enum Found {
    State {
        change: StateChange,
        /// Whether the alarm had never been evaluated before.
        first: bool,
    },
    LateEpisode(LateEpisode),
    Revised(Revised),
}

/// What finding out takes.
pub(crate) struct Work<'w> {
    pub(crate) metrics: &'w Metrics,
    /// In milliseconds since 1970.
    pub(crate) now: i64,
    pub(crate) scratch: &'w mut Scratch,
    pub(crate) found: &'w mut Vec<Found>,
}

impl Watch {
    /// An alarm that is created at `now` (milliseconds since 1970): it is evaluated for the windows that end after that.
    pub(crate) fn new(alarm: MetricAlarm, now: Option<i64>) -> Self {
        let condition = &alarm.definition.condition;
        let base = decide(condition, &[], StateValue::InsufficientData).state;
        let grain = if condition.is_hourly() { 3600 } else { i64::from(condition.period.clamp(1, 60)) };
        Watch {
            arn: alarm.arn.as_str().into(),
            name: alarm.definition.name.as_str().into(),
            actions: Arc::new(Actions::of_metric_alarm(&alarm.definition)),
            places: Vec::new(),
            state: StateValue::InsufficientData,
            evaluated: false,
            sightings: Sightings::default(),
            grain,
            accumulates: only_pushes_towards_breaching(&alarm.definition),
            judged: now.map(|now| window(condition, now.div_euclid(MILLISECONDS), alarm.mode).end),
            next: i64::MIN,
            timeline: Timeline::new(base),
            late: Vec::new(),
            alarm,
        }
    }

    /// The same alarm with another definition: the state stays, and everything else is found out again.
    pub(crate) fn updated(&self, alarm: MetricAlarm, now: Option<i64>) -> Self {
        Watch { state: self.state, evaluated: self.evaluated, ..Watch::new(alarm, now) }
    }

    fn judge<'j>(&'j self, metrics: &'j Metrics) -> Judge<'j> {
        Judge { definition: &self.alarm.definition, places: &self.places, metrics, grain: self.grain }
    }

    /// A slot that it looks at has further observations.
    pub(crate) fn touch(&mut self, start: i64) {
        let Some(judged) = self.judged else { return };
        let first = self.first_window_with(start);
        if first <= judged && self.late.last() != Some(&start) {
            self.late.push(start);
        }
        self.next = self.next.min(first.max(judged.saturating_add(self.grain)));
    }

    /// The episode that a record of `time` enlarges, if it was known before: when it began, in seconds since 1970.
    pub(crate) fn known_episode(&self, time: i64) -> Option<i64> {
        let judged = self.judged?;
        let end = self.first_window_with(time).min(judged);
        let run = self.timeline.runs(end, end, judged, self.grain).next()?;
        let condition = &self.alarm.definition.condition;
        let length = i64::from(condition.evaluation_range()) * i64::from(condition.period);
        (self.accumulates && run.state == StateValue::Alarm).then(|| run.first.saturating_sub(length))
    }

    fn first_window_with(&self, time: i64) -> i64 {
        time.saturating_sub(time.rem_euclid(self.grain)).saturating_add(self.grain)
    }

    /// Time has come to `work.now`.
    pub(crate) fn tick(&mut self, work: &mut Work<'_>) {
        self.revise(work);
        let mode = self.alarm.mode;
        let target = window(&self.alarm.definition.condition, work.now.div_euclid(MILLISECONDS), mode).end;
        let delay = if mode == Mode::CloudWatch { alarm::CLOUDWATCH_DELAY } else { 0 };
        let mut end = match self.judged {
            Some(judged) => self.next.max(judged.saturating_add(self.grain)),
            None => target,
        };
        while end <= target {
            let at = end.saturating_add(delay).saturating_mul(MILLISECONDS);
            end = self.evaluate_at(end, at, work);
        }
        self.next = end;
        self.judged = self.judged.max(Some(target));
    }

    /// Evaluates the window that ends at `end`, behind all others, and answers with the next one that may differ.
    fn evaluate_at(&mut self, end: i64, at: i64, work: &mut Work<'_>) -> i64 {
        let state = self.judge(work.metrics).state(end, self.state, work.scratch);
        self.timeline.append(end, state);
        if state != self.state {
            self.change(state, (end, at), work);
        }
        self.evaluated = true;
        self.judge(work.metrics).next_change(end)
    }

    /// An ingest may have made the window that runs breach for good.
    pub(crate) fn judge_eagerly(&mut self, work: &mut Work<'_>) {
        let Some(judged) = self.judged else { return };
        let end = judged.saturating_add(self.grain);
        let is_eager = self.alarm.mode == Mode::Eager && self.accumulates && self.state != StateValue::Alarm;
        if is_eager && self.next <= end && self.judge(work.metrics).is_settled(end, work.scratch) {
            self.next = self.evaluate_at(end, work.now, work);
            self.judged = Some(end);
        }
    }

    fn change(&mut self, to: StateValue, (end, at): (i64, i64), work: &mut Work<'_>) {
        let judged = self.judged_at(end, self.state, work);
        let change = StateChange {
            alarm: Arc::clone(&self.arn),
            name: Arc::clone(&self.name),
            from: self.state,
            to,
            at,
            reason: judged.evaluation.reason.clone(),
            judged: Some(judged),
        };
        work.found.push(Found::State { change, first: !self.evaluated });
        self.state = to;
    }

    fn judged_at(&self, end: i64, previous: StateValue, work: &mut Work<'_>) -> Judged {
        let judge = self.judge(work.metrics);
        let evaluation = judge.evaluation(end, previous, work.scratch);
        Judged { window: judge.window(end), evaluation }
    }

    /// Evaluates again what late observations may have changed.
    pub(crate) fn revise(&mut self, work: &mut Work<'_>) {
        let Some(judged) = self.judged.filter(|_| !self.late.is_empty()) else { return };
        let mut late = std::mem::take(&mut self.late);
        late.sort_unstable();
        late.dedup();
        let judge = self.judge(work.metrics);
        let windows = late
            .iter()
            .map(|start| (judge.first_window_with(*start), judge.last_window_with(*start).min(judged)));
        for (first, last) in joined(windows, self.grain) {
            self.revise_between(first, last, judged, work);
        }
        self.next = self.next.min(self.judge(work.metrics).next_change(judged));
    }

    fn revise_between(&mut self, first: i64, last: i64, judged: i64, work: &mut Work<'_>) {
        let runs = self.evaluate_again(first, last, judged, work);
        let Some(stop) = runs.last().map(|run| run.last) else { return };
        let around = (first.saturating_sub(self.grain), stop.saturating_add(self.grain).min(judged));
        let list = |timeline: &Timeline| -> Vec<Run> {
            timeline.runs(around.0, around.1, judged, self.grain).collect()
        };
        let before = list(&self.timeline);
        self.timeline.replace(&runs, judged, self.grain);
        let after = list(&self.timeline);
        if before == after {
            return;
        }
        self.find_episodes(&before, &after, judged, work);
        let state = self.timeline.state_at(judged);
        if state != self.state {
            self.change_late(state, judged, work);
        }
    }

    /// What the evaluations from `first` on come to now; as far behind `last` as they come to something else than before.
    fn evaluate_again(&self, first: i64, last: i64, judged: i64, work: &mut Work<'_>) -> Vec<Run> {
        let judge = self.judge(work.metrics);
        let mut previous = self.timeline.state_at(first.saturating_sub(self.grain));
        let mut runs: Vec<Run> = Vec::new();
        let mut end = first;
        while end <= judged {
            let state = judge.state(end, previous, work.scratch);
            if end > last && state == self.timeline.state_at(end) {
                break;
            }
            let next = judge.next_change(end);
            let run_end = next.saturating_sub(self.grain).min(judged);
            match runs.last_mut().filter(|run| run.state == state) {
                Some(run) => run.last = run_end,
                None => runs.push(Run { first: end, last: run_end, state }),
            }
            (previous, end) = (state, next);
        }
        runs
    }

    /// What is an episode that nobody knew of is told as such; any other difference is a revision.
    fn find_episodes(&self, before: &[Run], after: &[Run], judged: i64, work: &mut Work<'_>) {
        let is_alarm = |run: &&Run| run.state == StateValue::Alarm;
        let meets = |one: &Run, other: &Run| one.first <= other.last && other.first <= one.last;
        for run in after {
            let is_news = self.accumulates
                && is_alarm(&run)
                && run.last < judged
                && !before.iter().filter(is_alarm).any(|known| meets(known, run));
            if is_news {
                let previous = self.timeline.state_at(run.first.saturating_sub(self.grain));
                let episode = self.late_episode(run, previous, work);
                work.found.push(Found::LateEpisode(episode));
                continue;
            }
            for was in before.iter().filter(|was| meets(was, run) && was.state != run.state) {
                work.found.push(Found::Revised(Revised {
                    alarm: Arc::clone(&self.arn),
                    first_end: run.first.max(was.first),
                    last_end: run.last.min(was.last),
                    was: was.state,
                    is: run.state,
                    at: work.now,
                }));
            }
        }
    }

    fn late_episode(&self, run: &Run, previous: StateValue, work: &mut Work<'_>) -> LateEpisode {
        let judged = self.judged_at(run.first, previous, work);
        LateEpisode {
            alarm: Arc::clone(&self.arn),
            name: Arc::clone(&self.name),
            first_end: run.first,
            last_end: run.last,
            seen_at: work.now,
            reason: judged.evaluation.reason.clone(),
            judged,
        }
    }

    /// The newest evaluation comes to something else by late observations. Where it only retains what an earlier one came
    /// to, that one says why.
    fn change_late(&mut self, state: StateValue, judged: i64, work: &mut Work<'_>) {
        let now = work.now;
        let first =
            self.timeline.runs(judged, judged, judged, self.grain).next().map_or(judged, |run| run.first);
        let retains =
            matches!(self.judged_at(judged, state, work).evaluation.reason, StateReason::Retained { .. });
        let end = if retains { first } else { judged };
        self.change(state, (end, now), work);
    }

    /// Forgets evaluations before `time`, in seconds since 1970.
    pub(crate) fn forget_before(&mut self, time: i64) {
        self.timeline.forget_before(time);
        self.sightings.forget_before(time);
    }

    /// The states of all evaluations of the windows that end between `first` and `last` (seconds since 1970), as runs.
    pub(crate) fn verdicts(&self, first: i64, last: i64) -> Vec<(i64, i64, StateValue)> {
        let Some(judged) = self.judged else { return Vec::new() };
        let runs = self.timeline.runs(first, last.min(judged), judged, self.grain);
        runs.map(|run| (run.first.max(first), run.last.min(last), run.state)).collect()
    }
}

/// Pairs of first and last, sorted, those that meet made one.
fn joined(pairs: impl Iterator<Item = (i64, i64)>, grain: i64) -> Vec<(i64, i64)> {
    let mut list: Vec<(i64, i64)> = Vec::new();
    for (first, last) in pairs {
        match list.last_mut().filter(|known| first <= known.1.saturating_add(grain)) {
            Some(known) => known.1 = known.1.max(last),
            None => list.push((first, last)),
        }
    }
    list
}
