//! What an alarm's evaluations come to over time, by what is known now.

use alarm::StateValue;
use serde::{Deserialize, Serialize};

/// Consecutive evaluations that come to one state. Both ends are ends of windows, in seconds since 1970, and belong to it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Run {
    pub(crate) first: i64,
    pub(crate) last: i64,
    pub(crate) state: StateValue,
}

impl Run {
    /// Whether some evaluation belongs to both.
    pub(crate) fn meets(&self, other: &Run) -> bool {
        self.first <= other.last && other.first <= self.last
    }
}

/// The states of all evaluations so far, as runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Vec<(i64, StateValue)>", into = "Vec<(i64, StateValue)>")]
pub(crate) struct Timeline {
    /// Where each run begins, in the order of time; neighbours differ. The first one begins with time itself.
    starts: Vec<(i64, StateValue)>,
}

impl Timeline {
    pub(crate) fn new(state: StateValue) -> Self {
        Timeline { starts: vec![(i64::MIN, state)] }
    }

    /// What the evaluation of the window that ends at `end` comes to.
    pub(crate) fn state_at(&self, end: i64) -> StateValue {
        let place = self.starts.partition_point(|(start, _)| *start <= end);
        let run = self.starts.get(place.saturating_sub(1));
        run.map_or(StateValue::InsufficientData, |(_, state)| *state)
    }

    /// From the window that ends at `end` on, all evaluations come to `state`. Nothing is known behind it. Says whether that
    /// is something else than before it.
    pub(crate) fn append(&mut self, end: i64, state: StateValue) -> bool {
        let differs = self.starts.last().is_none_or(|(_, last)| *last != state);
        if differs {
            self.starts.push((end, state));
        }
        differs
    }

    /// Puts `runs`, which follow each other, in the place of what lies between their first and their last evaluation.
    /// Behind `newest` nothing is known.
    pub(crate) fn replace(&mut self, runs: &[Run], newest: i64, grain: i64) {
        let (Some(first), Some(last)) = (runs.first(), runs.last()) else { return };
        let behind = last.last.saturating_add(grain);
        let mut middle: Vec<(i64, StateValue)> = runs.iter().map(|run| (run.first, run.state)).collect();
        let mut to = self.starts.len();
        if behind <= newest {
            middle.push((behind, self.state_at(behind)));
            to = self.starts.partition_point(|(start, _)| *start <= behind);
        }
        let from = self.starts.partition_point(|(start, _)| *start < first.first);
        self.starts.splice(from..to, middle);
        self.starts.dedup_by_key(|(_, state)| *state);
    }

    /// The runs that have an evaluation between `first` and `last`, each as a whole; that of the newest evaluations ends
    /// at `newest`.
    pub(crate) fn runs(&self, first: i64, last: i64, newest: i64, grain: i64) -> impl Iterator<Item = Run> {
        let from = self.starts.partition_point(|(start, _)| *start <= first).saturating_sub(1);
        let runs = self.starts.get(from..).unwrap_or_default();
        let ends = runs.iter().skip(1).map(move |(start, _)| start.saturating_sub(grain)).chain([newest]);
        let run =
            |((first, state), last): (&(i64, StateValue), i64)| Run { first: *first, last, state: *state };
        runs.iter()
            .zip(ends)
            .map(run)
            .take_while(move |run| run.first <= last)
            .filter(|run| run.first <= run.last)
    }

    /// Forgets what lies before `end`; says whether that was anything.
    pub(crate) fn forget_before(&mut self, end: i64) -> bool {
        let old = self.starts.partition_point(|(start, _)| *start <= end).saturating_sub(1);
        self.starts.drain(..old);
        old > 0
    }
}

impl From<Timeline> for Vec<(i64, StateValue)> {
    fn from(timeline: Timeline) -> Self {
        timeline.starts
    }
}

impl TryFrom<Vec<(i64, StateValue)>> for Timeline {
    type Error = &'static str;

    fn try_from(starts: Vec<(i64, StateValue)>) -> Result<Self, &'static str> {
        let follow = |(one, other): (&(i64, StateValue), &(i64, StateValue))| one.0 < other.0;
        match starts.iter().zip(starts.iter().skip(1)).all(follow) {
            true if !starts.is_empty() => Ok(Timeline { starts }),
            _ => Err("the runs of a timeline follow each other, and there is at least one"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use StateValue::{Alarm, Ok};

    fn run(first: i64, last: i64, state: StateValue) -> Run {
        Run { first, last, state }
    }

    fn timeline() -> Timeline {
        let mut timeline = Timeline::new(Ok);
        timeline.append(60, Alarm);
        timeline.append(180, Ok);
        timeline
    }

    #[test]
    fn runs_are_whole() {
        let runs: Vec<Run> = timeline().runs(120, 240, 300, 60).collect();
        assert_eq!(runs, [run(60, 120, Alarm), run(180, 300, Ok)]);
    }

    #[test]
    fn a_replacement_joins_its_neighbours() {
        let mut joined = timeline();
        joined.replace(&[run(180, 240, Alarm)], 300, 60);
        assert_eq!(
            joined.runs(60, 300, 300, 60).collect::<Vec<_>>(),
            [run(60, 240, Alarm), run(300, 300, Ok)]
        );
        let mut split = timeline();
        split.replace(&[run(120, 120, Ok)], 300, 60);
        assert_eq!(split.state_at(60), Alarm);
        assert_eq!(split.state_at(120), Ok);
        split.replace(&[run(120, 120, Alarm)], 300, 60);
        assert_eq!(split, timeline());
    }
}
