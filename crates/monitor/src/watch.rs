//! One metric alarm that is watched: its state, and what its evaluations come to over time.

use std::ops::RangeInclusive;
use std::sync::Arc;

use alarm::definition::Source;
use alarm::{Definition, Mode, StateReason, StateValue, window};
use serde::{Deserialize, Serialize};

use crate::actions::Actions;
use crate::change::{Judged, LateEpisode, Reminder, Revised, StateChange, Untold};
use crate::configuration::MetricAlarm;
use crate::judge::{Judge, Scratch};
use crate::metrics::Metrics;
use crate::recent::Recent;
use crate::saved::{Part, PartKey};
use crate::sightings::{Pending, SHARES, SavedNames, SavedSightings, Sightings};
use crate::timeline::{Run, Timeline};
use crate::{CLOCK_REACH, Evidence, LATE_HORIZON, MILLISECONDS, only_pushes_towards_breaching};

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Watch {
    pub(crate) alarm: MetricAlarm,
    pub(crate) arn: Arc<str>,
    pub(crate) name: Arc<str>,
    pub(crate) actions: Arc<Actions>,
    /// The metrics that it looks at, in the order of the definition.
    pub(crate) places: Vec<Option<u32>>,
    pub(crate) state: StateValue,
    sightings: Sightings,
    /// What the ends of windows are multiples of, in seconds.
    grain: i64,
    /// Whether added observations can only push towards breaching.
    accumulates: bool,
    /// Whether the same datapoints may come to something else at another time.
    follows_clock: bool,
    /// Whether it was ever evaluated.
    evaluated: bool,
    /// Whether it was never evaluated under this definition.
    fresh: bool,
    /// The end of the newest window that was evaluated.
    judged: Option<i64>,
    /// The end of the newest window that was over before the alarm was watched, by this definition.
    recalled: i64,
    /// Whether the window behind that was judged before its end, by another definition.
    is_ahead: bool,
    /// The end of the first window behind `judged` that may come to something else.
    next: i64,
    timeline: Timeline,
    /// The periods that were looked at last.
    recent: Recent,
    /// Starts of slots that got observations after their windows had been evaluated.
    late: Vec<i64>,
    /// Evaluations that came to `ALARM` before late observations came, as first and last.
    gone: Vec<(i64, i64)>,
    /// When it changed its state last, or was configured: the next change isn't earlier. In milliseconds since 1970.
    changed_at: i64,
    /// When it changed its state last, in milliseconds since 1970.
    since: i64,
    /// Whether something of it changed that has to be saved. That windows were evaluated that came to nothing new is none:
    /// how far evaluations got follows from the time, and which window may differ is found again.
    unsaved: bool,
}

/// What is saved of an alarm.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SavedWatch {
    state: StateValue,
    evaluated: bool,
    fresh: bool,
    judged: Option<i64>,
    recalled: i64,
    is_ahead: bool,
    next: i64,
    timeline: Timeline,
    late: Vec<i64>,
    gone: Vec<(i64, i64)>,
    changed_at: i64,
    since: i64,
    sightings: SavedSightings,
}

/// What was found out about an alarm.
#[derive(Debug)]
pub(crate) enum Found {
    State {
        change: StateChange,
        /// Why nobody is told.
        untold: Option<Untold>,
    },
    LateEpisode(LateEpisode),
    Revised(Revised),
}

/// What finding out takes.
pub(crate) struct Work<'w> {
    pub(crate) metrics: &'w Metrics,
    pub(crate) scratch: &'w mut Scratch,
    pub(crate) found: &'w mut Vec<Found>,
}

/// When late observations came, in milliseconds since 1970, and the newest window that they can change.
#[derive(Clone, Copy)]
struct Revision {
    at: i64,
    judged: i64,
}

impl Found {
    /// In milliseconds since 1970.
    pub(crate) fn at(&self) -> i64 {
        match self {
            Found::State { change, .. } => change.at,
            Found::LateEpisode(episode) => episode.seen_at,
            Found::Revised(revised) => revised.at,
        }
    }
}

/// What an alarm is, and when it is evaluated.
impl Watch {
    pub(crate) fn new(alarm: MetricAlarm) -> Self {
        let condition = &alarm.definition.condition;
        let grain = if condition.is_hourly() { 3600 } else { i64::from(condition.period.clamp(1, 60)) };
        Watch {
            arn: alarm.arn.as_str().into(),
            name: alarm.definition.name.as_str().into(),
            actions: Arc::new(Actions::of_metric_alarm(&alarm.definition)),
            places: Vec::new(),
            state: StateValue::InsufficientData,
            sightings: Sightings::default(),
            grain,
            accumulates: only_pushes_towards_breaching(&alarm.definition),
            follows_clock: follows_clock(&alarm.definition),
            evaluated: false,
            fresh: true,
            judged: None,
            recalled: i64::MIN,
            is_ahead: false,
            next: i64::MIN,
            timeline: Timeline::new(Judge::without_observations(&alarm.definition)),
            recent: Recent::default(),
            late: Vec::new(),
            gone: Vec::new(),
            changed_at: i64::MIN,
            since: i64::MIN,
            unsaved: true,
            alarm,
        }
    }

    /// The same alarm with another definition. The state stays; where it asks something else, what its evaluations come to
    /// is found out again.
    pub(crate) fn updated(self, alarm: MetricAlarm) -> Self {
        let (old, new) = (&self.alarm.definition, &alarm.definition);
        if old.source == new.source && old.condition == new.condition && self.alarm.mode == alarm.mode {
            let actions = Arc::new(Actions::of_metric_alarm(new));
            return Watch { name: new.name.as_str().into(), actions, alarm, unsaved: true, ..self };
        }
        let recalled = self.judged.unwrap_or(i64::MIN);
        let Watch { state, evaluated, sightings, changed_at, since, .. } = self;
        Watch { state, evaluated, sightings, changed_at, since, recalled, ..Watch::new(alarm) }
    }

    /// Whether nobody has said yet since when it is watched.
    pub(crate) fn is_new(&self) -> bool {
        self.judged.is_none()
    }

    /// It is watched from `now` (milliseconds since 1970) on. What is known of the time before is history, of which nobody is
    /// told. The first evaluation is that of the window that ended last, or, where nothing is known of the time before or the
    /// window that runs was judged already by another definition, of the one that runs.
    pub(crate) fn begin(&mut self, now: i64, work: &mut Work<'_>) {
        let target = self.target(now);
        let horizon = now.div_euclid(MILLISECONDS).saturating_sub(LATE_HORIZON);
        let judge = self.judge(work.metrics);
        // What is known of the time before that depends on what was forgotten when.
        let oldest = judge.oldest(judge.window(horizon).start());
        self.is_ahead = self.recalled > target;
        let waits = self.is_ahead || oldest.is_none();
        let recalled = if waits { target } else { target.saturating_sub(self.grain) };
        (self.judged, self.recalled, self.changed_at) = (Some(recalled), recalled, now.max(self.changed_at));
        self.unsaved = true;
        if let Some(oldest) = oldest {
            let first = self.first_window_with(oldest.max(horizon));
            let runs = self.evaluate_again((first, recalled), recalled, work);
            self.timeline.replace(&runs, recalled, self.grain);
        }
    }

    fn judge<'j>(&'j self, metrics: &'j Metrics) -> Judge<'j> {
        let (definition, places) = (&self.alarm.definition, self.places.as_slice());
        Judge { definition, places, metrics, grain: self.grain, follows_clock: self.follows_clock }
    }

    /// The end of the newest window that is evaluated by `now`, in milliseconds since 1970.
    fn target(&self, now: i64) -> i64 {
        window(&self.alarm.definition.condition, now.div_euclid(MILLISECONDS), self.alarm.mode).end
    }

    fn first_window_with(&self, time: i64) -> i64 {
        time.saturating_sub(time.rem_euclid(self.grain)).saturating_add(self.grain)
    }

    /// Forgets evaluations before `time`, in seconds since 1970.
    pub(crate) fn forget_before(&mut self, time: i64) {
        let gone = self.gone.len();
        self.gone.retain(|(_, last)| *last >= time);
        self.unsaved |= self.gone.len() < gone;
        self.unsaved |= self.timeline.forget_before(time);
        self.unsaved |= self.sightings.forget_before(time);
    }

    /// The states of all evaluations of the windows that end between `first` and `last` (seconds since 1970), as runs.
    pub(crate) fn verdicts(&self, first: i64, last: i64) -> Vec<(i64, i64, StateValue)> {
        let Some(judged) = self.judged else { return Vec::new() };
        let first = self.first_window_with(first.saturating_sub(1));
        let last = last.saturating_sub(last.rem_euclid(self.grain)).min(judged);
        let runs = self.timeline.runs(first, last, judged, self.grain).filter(|_| first <= last);
        runs.map(|run| (run.first.max(first), run.last.min(last), run.state)).collect()
    }
}

/// As time goes by.
impl Watch {
    /// A slot that it looks at has further observations.
    pub(crate) fn touch(&mut self, start: i64) {
        self.unsaved = true;
        let first = self.first_window_with(start);
        let judged = self.judged.unwrap_or(i64::MAX);
        if first <= judged && self.late.last() != Some(&start) {
            self.late.push(start);
        }
        self.next = self.next.min(first.max(judged.saturating_add(self.grain)));
        if self.recent.is_used() {
            let period = i64::from(self.alarm.definition.condition.period);
            self.recent.forget(first, start.saturating_add(period), self.grain);
        }
    }

    /// Time has come to `now`, in milliseconds since 1970. What came late is found at the first evaluation after it came.
    pub(crate) fn tick(&mut self, now: i64, work: &mut Work<'_>) {
        let target = self.target(now);
        self.unsaved |= self.judged.is_none();
        let judged = *self.judged.get_or_insert(target.saturating_sub(self.grain));
        let late_at = self.evaluation_of(judged.saturating_add(self.grain));
        if self.fresh {
            let running = self.recalled.saturating_add(self.grain);
            let first = if self.is_ahead { target.max(running) } else { target };
            if first < running {
                return;
            }
            self.catch_up(first, now, work);
            (self.fresh, self.unsaved) = (false, true);
            self.revise(late_at, work);
        } else if target > judged {
            self.revise(late_at, work);
            self.catch_up(target, now, work);
        }
    }

    /// When the window that ends at `end` is evaluated, in milliseconds since 1970.
    fn evaluation_of(&self, end: i64) -> i64 {
        let delay = if self.alarm.mode == Mode::CloudWatch { alarm::CLOUDWATCH_DELAY } else { 0 };
        end.saturating_add(delay).saturating_mul(MILLISECONDS)
    }

    fn catch_up(&mut self, target: i64, now: i64, work: &mut Work<'_>) {
        let behind = self.judged.map_or(target, |judged| judged.saturating_add(self.grain));
        let mut end = self.next.max(behind);
        while end <= target {
            let at = self.evaluation_of(end).min(now);
            end = self.evaluate_at(end, at, work);
            if self.follows_clock && end > behind.saturating_add(CLOCK_REACH) {
                end = end.max(self.first_window_with(target.saturating_sub(CLOCK_REACH)));
            }
        }
        self.next = end;
        self.judged = self.judged.max(Some(target));
    }

    /// Evaluates the window that ends at `end`, behind all others, and answers with the next one that may differ.
    fn evaluate_at(&mut self, end: i64, at: i64, work: &mut Work<'_>) -> i64 {
        let mut recent = std::mem::take(&mut self.recent);
        let state = self.judge(work.metrics).state_after(end, self.state, &mut recent, work.scratch);
        self.recent = recent;
        self.unsaved |= self.timeline.append(end, state);
        if state != self.state {
            self.change(state, (end, at), false, work);
        }
        self.unsaved |= !self.evaluated;
        self.evaluated = true;
        let judge = self.judge(work.metrics);
        let (next, periods) = (judge.next_change(end), judge.periods_touched());
        // Where each window differs from the one before, most of its periods were looked at already.
        match next == end.saturating_add(self.grain) {
            true => self.recent.begin(periods),
            false => self.recent.end(),
        }
        next
    }

    /// An ingest at `now` (milliseconds since 1970) may have made the window that runs breach for good.
    pub(crate) fn judge_eagerly(&mut self, now: i64, work: &mut Work<'_>) {
        let Some(judged) = self.judged.filter(|_| !self.fresh) else { return };
        let end = judged.saturating_add(self.grain);
        let is_eager = self.alarm.mode == Mode::Eager && self.accumulates && self.state != StateValue::Alarm;
        let runs = judged <= now.div_euclid(MILLISECONDS);
        if is_eager && runs && self.next <= end && self.judge(work.metrics).is_settled(end, work.scratch) {
            self.next = self.evaluate_at(end, now, work);
            self.judged = Some(end);
            self.unsaved = true;
        }
    }

    fn change(&mut self, to: StateValue, (end, at): (i64, i64), told: bool, work: &mut Work<'_>) {
        let judged = self.judged_at(end, self.state, work);
        self.changed_at = self.changed_at.max(at);
        self.since = self.changed_at;
        let change = StateChange {
            alarm: Arc::clone(&self.arn),
            name: Arc::clone(&self.name),
            from: self.state,
            to,
            at: self.changed_at,
            reason: judged.evaluation.reason.clone(),
            judged: Some(judged),
        };
        let is_first = !self.evaluated && to == StateValue::Ok;
        let untold = is_first.then_some(Untold::FirstEvaluation).or(told.then_some(Untold::ToldBefore));
        work.found.push(Found::State { change, untold });
        (self.state, self.unsaved) = (to, true);
    }

    fn judged_at(&self, end: i64, previous: StateValue, work: &mut Work<'_>) -> Judged {
        let judge = self.judge(work.metrics);
        let evaluation = judge.evaluation(end, previous, work.scratch);
        Judged { window: judge.window(end), evaluation }
    }
}

/// As late observations come.
impl Watch {
    /// Evaluates again what late observations may have changed, which came at `at`, in milliseconds since 1970.
    pub(crate) fn revise(&mut self, at: i64, work: &mut Work<'_>) {
        let Some(judged) = self.judged.filter(|_| !self.late.is_empty() && !self.fresh) else { return };
        let revision = Revision { at: at.max(self.changed_at), judged };
        self.unsaved = true;
        let mut late = std::mem::take(&mut self.late);
        late.sort_unstable();
        late.dedup();
        let judge = self.judge(work.metrics);
        let windows = late
            .iter()
            .map(|start| (judge.first_window_with(*start), judge.last_window_with(*start).min(judged)))
            .filter(|(first, last)| first <= last);
        for windows in joined(windows, self.grain) {
            self.revise_between(windows, revision, work);
        }
    }

    fn revise_between(&mut self, windows: (i64, i64), revision: Revision, work: &mut Work<'_>) {
        let judged = revision.judged;
        let runs = self.evaluate_again(windows, judged, work);
        let Some(stop) = runs.last().map(|run| run.last) else { return };
        let around = (windows.0.saturating_sub(self.grain), stop.saturating_add(self.grain).min(judged));
        let list = |timeline: &Timeline| -> Vec<Run> {
            timeline.runs(around.0, around.1, judged, self.grain).collect()
        };
        let before = list(&self.timeline);
        self.timeline.replace(&runs, judged, self.grain);
        let after = list(&self.timeline);
        if before == after {
            return;
        }
        self.find_episodes(&before, &after, revision, work);
        let state = self.timeline.state_at(judged);
        if state != self.state {
            let told = after.last().is_some_and(|run| self.was_told(run, &before));
            self.change_late(state, told, revision, work);
        }
        self.remember_gone(&before, &after);
    }

    /// What the evaluations from the first window on come to now; as far behind the last one as they come to something else
    /// than before.
    fn evaluate_again(&self, (first, last): (i64, i64), judged: i64, work: &mut Work<'_>) -> Vec<Run> {
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
    fn find_episodes(&self, before: &[Run], after: &[Run], revision: Revision, work: &mut Work<'_>) {
        for run in after {
            let is_over = run.state == StateValue::Alarm && run.last < revision.judged;
            if self.accumulates && is_over && !self.is_known(run, before, i64::MIN) {
                let episode = self.late_episode(run, revision.at, work);
                work.found.push(Found::LateEpisode(episode));
                continue;
            }
            for was in before.iter().filter(|was| was.meets(run) && was.state != run.state) {
                work.found.push(Found::Revised(Revised {
                    alarm: Arc::clone(&self.arn),
                    first_end: run.first.max(was.first),
                    last_end: run.last.min(was.last),
                    was: was.state,
                    is: run.state,
                    at: revision.at,
                }));
            }
        }
    }

    /// Whether some of the evaluations of a run, behind the window that ends at `behind`, came to `ALARM` before.
    fn is_known(&self, run: &Run, before: &[Run], behind: i64) -> bool {
        let alarms = before.iter().filter(|known| known.state == StateValue::Alarm);
        let known = alarms.map(|known| (known.first, known.last)).chain(self.gone.iter().copied());
        known.into_iter().any(|(first, last)| run.first <= last && first <= run.last && last > behind)
    }

    /// Whether people were told already of the episode that a run is.
    fn was_told(&self, run: &Run, before: &[Run]) -> bool {
        self.accumulates && run.state == StateValue::Alarm && self.is_known(run, before, self.recalled)
    }

    /// An episode that was told isn't told again, if late observations come that bring it back.
    fn remember_gone(&mut self, before: &[Run], after: &[Run]) {
        let alarms = before.iter().filter(|was| self.accumulates && was.state == StateValue::Alarm);
        for was in alarms {
            for run in after.iter().filter(|run| was.meets(run) && run.state != was.state) {
                self.gone.push((run.first.max(was.first), run.last.min(was.last)));
            }
        }
    }

    fn late_episode(&self, run: &Run, seen_at: i64, work: &mut Work<'_>) -> LateEpisode {
        let previous = self.timeline.state_at(run.first.saturating_sub(self.grain));
        let judged = self.judged_at(run.first, previous, work);
        LateEpisode {
            alarm: Arc::clone(&self.arn),
            name: Arc::clone(&self.name),
            first_end: run.first,
            last_end: run.last,
            seen_at,
            reason: judged.evaluation.reason.clone(),
            judged,
        }
    }

    /// The newest evaluation comes to something else by late observations. Where it only retains what an earlier one came
    /// to, that one says why.
    fn change_late(&mut self, state: StateValue, told: bool, revision: Revision, work: &mut Work<'_>) {
        let Revision { at, judged } = revision;
        let run = self.timeline.runs(judged, judged, judged, self.grain).next();
        let first = run.map(|run| run.first).filter(|first| *first > i64::MIN);
        let retains =
            matches!(self.judged_at(judged, state, work).evaluation.reason, StateReason::Retained { .. });
        let end = first.filter(|_| retains).unwrap_or(judged);
        self.change(state, (end, at), told, work);
    }

    /// The episode that a record of `time` enlarges, if it was known before: when it began, and when it ended by what is known
    /// so far, in seconds since 1970. A record is part of it if it lies in one of the newest N periods of a window.
    fn known_episode(&self, time: i64) -> Option<(i64, i64)> {
        let judged = self.judged.filter(|_| self.accumulates)?;
        let condition = &self.alarm.definition.condition;
        let length = i64::from(condition.evaluation_periods) * i64::from(condition.period);
        let first = self.first_window_with(time).min(judged);
        let last = time.saturating_add(length).clamp(first, judged);
        let mut runs = self.timeline.runs(first, last, judged, self.grain);
        let run = runs.find(|run| run.state == StateValue::Alarm)?;
        let ended = if run.last < judged { run.last } else { i64::MAX };
        Some((run.first.saturating_sub(length), ended))
    }
}

/// What was seen behind it.
impl Watch {
    /// A record of `time` (seconds since 1970) is behind it.
    pub(crate) fn see(&mut self, evidence: &Evidence, time: i64) {
        let episode = self.known_episode(time);
        self.sightings.add(evidence, time, episode);
        self.unsaved = true;
    }

    /// Somebody was told of it at `at` (milliseconds since 1970), and of those who were seen in these seconds.
    pub(crate) fn told(&mut self, at: i64, seconds: &RangeInclusive<i64>) {
        self.sightings.told(at, seconds);
        self.unsaved = true;
    }

    /// What is to be told of them now, if anything is.
    pub(crate) fn news(&mut self, now: i64) -> Option<Pending> {
        let news = self.sightings.news(now);
        self.unsaved |= news.is_some();
        news
    }
}

/// Reminders.
impl Watch {
    /// That it is still in `ALARM` at `now`, if nobody was told so for that long (both in milliseconds).
    pub(crate) fn reminder(&mut self, now: i64, interval: i64) -> Option<Reminder> {
        let told = self.sightings.told_at().unwrap_or(i64::MIN).max(self.since);
        if self.state != StateValue::Alarm || now.saturating_sub(told) < interval {
            return None;
        }
        self.sightings.told(now, &(i64::MAX..=i64::MAX));
        self.unsaved = true;
        let (alarm, name) = (Arc::clone(&self.arn), Arc::clone(&self.name));
        Some(Reminder { alarm, name, since: self.since, at: now })
    }
}

/// Saving and loading.
impl Watch {
    /// What changed since it was asked for last.
    pub(crate) fn take_parts(&mut self, parts: &mut Vec<Part>) {
        if !std::mem::take(&mut self.unsaved) {
            return;
        }
        parts.push(Part::of(PartKey::Alarm(Arc::clone(&self.arn)), &self.saved()));
        for (share, names) in self.sightings.take_shares() {
            let key = PartKey::Names(Arc::clone(&self.arn), share);
            parts.push(if names.is_empty() { Part::gone(key) } else { Part::of(key, &names) });
        }
    }

    /// All that may have been saved of it.
    pub(crate) fn part_keys(&self) -> Vec<PartKey> {
        let shares = (0..SHARES).filter(|_| self.sightings.is_in_shares());
        let shares = shares.map(|share| PartKey::Names(Arc::clone(&self.arn), share));
        [PartKey::Alarm(Arc::clone(&self.arn))].into_iter().chain(shares).collect()
    }

    fn saved(&self) -> SavedWatch {
        SavedWatch {
            state: self.state,
            evaluated: self.evaluated,
            fresh: self.fresh,
            judged: self.judged,
            recalled: self.recalled,
            is_ahead: self.is_ahead,
            next: self.next,
            timeline: self.timeline.clone(),
            late: self.late.clone(),
            gone: self.gone.clone(),
            changed_at: self.changed_at,
            since: self.since,
            sightings: self.sightings.saved(),
        }
    }

    /// The same alarm as it was at `now`, in milliseconds since 1970. Ticks that came to nothing new weren't saved: all windows
    /// until the last one have been evaluated. `next` may lie too early, which costs an evaluation.
    pub(crate) fn load(self, saved: SavedWatch, names: Vec<SavedNames>, now: Option<i64>) -> Self {
        let reached = now.filter(|_| !saved.fresh).map(|now| self.target(now));
        let mut sightings = Sightings::load(saved.sightings);
        names.into_iter().for_each(|names| sightings.load_names(names));
        Watch {
            state: saved.state,
            evaluated: saved.evaluated,
            fresh: saved.fresh,
            judged: saved.judged.max(reached),
            recalled: saved.recalled,
            is_ahead: saved.is_ahead,
            next: saved.next,
            timeline: saved.timeline,
            late: saved.late,
            gone: saved.gone,
            changed_at: saved.changed_at,
            since: saved.since,
            sightings,
            unsaved: false,
            ..self
        }
    }
}

fn follows_clock(definition: &Definition) -> bool {
    matches!(&definition.source, Source::Math(math) if math.follows_clock())
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
