//! When the actions of a composite alarm are held back (AWS: "Alarm suppression").

use crate::state::StateValue;
use serde::{Deserialize, Serialize};

/// How long a composite alarm waits for its suppressor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Suppressor {
    /// For how long after a change the alarm waits whether the suppressor goes into `ALARM`, in seconds.
    pub wait_period: i64,
    /// For how long after the suppressor left `ALARM` actions are still held back, in seconds.
    pub extension_period: i64,
}

/// What a composite alarm with a suppressor remembers. Begins with [`Suppression::new`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Suppression {
    /// Why actions are held back now, if they are.
    pub by: Option<SuppressedBy>,
    /// When the period ends that runs, in seconds since 1970. `None` where none runs.
    pub until: Option<i64>,
    /// The state whose actions have last run, or that the alarm had at first.
    pub acted: StateValue,
    /// The state that the alarm has changed to while actions were held back, if it has.
    pub held: Option<StateValue>,
}

/// Why actions are held back.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SuppressedBy {
    /// The suppressor is in `ALARM`.
    Alarm,
    /// The alarm has just changed, and the suppressor may follow.
    WaitPeriod,
    /// The suppressor has just left `ALARM`.
    ExtensionPeriod,
}

impl SuppressedBy {
    /// AWS's name, as in `ActionsSuppressedBy`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            SuppressedBy::Alarm => "Alarm",
            SuppressedBy::WaitPeriod => "WaitPeriod",
            SuppressedBy::ExtensionPeriod => "ExtensionPeriod",
        }
    }
}

/// What can happen to a composite alarm with a suppressor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Happening {
    /// The composite alarm changed to that state.
    Changed(StateValue),
    /// The suppressor changed to that state.
    SuppressorChanged(StateValue),
    /// Another suppressor was chosen, which is in that state.
    SuppressorReplaced(StateValue),
    /// Time went by.
    Tick,
}

/// What comes of it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Outcome {
    /// What is remembered.
    pub suppression: Suppression,
    /// The states whose actions run now, the earlier change first. Mostly none or one; two where a period had ended
    /// before this happened.
    pub act: Vec<StateValue>,
}

impl Suppression {
    /// Of an alarm in `state` whose suppressor is in `suppressor`.
    #[must_use]
    pub fn new(state: StateValue, suppressor: StateValue) -> Self {
        let by = (suppressor == StateValue::Alarm).then_some(SuppressedBy::Alarm);
        Self { by, until: None, acted: state, held: None }
    }
}

impl Suppressor {
    /// What comes of `happening` at `now` (seconds since 1970). A period that has ended by then has ended first, so
    /// that it doesn't matter how often somebody looks.
    #[must_use]
    pub fn step(&self, before: Suppression, happening: Happening, now: i64) -> Outcome {
        let expired = expire(before, now);
        let suppression = expired.suppression;
        let next = match happening {
            Happening::Tick => return expired,
            Happening::Changed(state) => self.changed(suppression, state, now),
            Happening::SuppressorChanged(StateValue::Alarm) => suppressed(suppression),
            Happening::SuppressorChanged(_) => self.released(suppression, now),
            Happening::SuppressorReplaced(StateValue::Alarm) => suppressed(suppression),
            Happening::SuppressorReplaced(_) => act(Suppression { by: None, until: None, ..suppression }),
        };
        let act = expired.act.into_iter().chain(next.act).collect();
        Outcome { act, ..next }
    }

    fn changed(&self, before: Suppression, state: StateValue, now: i64) -> Outcome {
        let held = Suppression { held: Some(state), ..before };
        if before.by == Some(SuppressedBy::Alarm) {
            return Outcome { suppression: held, act: Vec::new() };
        }
        let until = Some(now.saturating_add(self.wait_period));
        expire(Suppression { by: Some(SuppressedBy::WaitPeriod), until, ..held }, now)
    }

    fn released(&self, before: Suppression, now: i64) -> Outcome {
        if before.by != Some(SuppressedBy::Alarm) {
            return Outcome { suppression: before, act: Vec::new() };
        }
        let until = Some(now.saturating_add(self.extension_period));
        expire(Suppression { by: Some(SuppressedBy::ExtensionPeriod), until, ..before }, now)
    }
}

/// The suppressor is in `ALARM`; no period runs.
fn suppressed(before: Suppression) -> Outcome {
    Outcome {
        suppression: Suppression { by: Some(SuppressedBy::Alarm), until: None, ..before },
        act: Vec::new(),
    }
}

fn expire(before: Suppression, now: i64) -> Outcome {
    match before.until {
        Some(until) if until <= now => {
            let after = Suppression { by: None, until: None, ..before };
            // A change back, of which nobody knows the way there, is told where it was waited for only.
            if before.by == Some(SuppressedBy::ExtensionPeriod) && before.held == Some(before.acted) {
                return Outcome { suppression: Suppression { held: None, ..after }, act: Vec::new() };
            }
            act(after)
        }
        _ => Outcome { suppression: before, act: Vec::new() },
    }
}

fn act(before: Suppression) -> Outcome {
    let acted = before.held.unwrap_or(before.acted);
    Outcome {
        suppression: Suppression { acted, held: None, ..before },
        act: before.held.into_iter().collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SUPPRESSOR: Suppressor = Suppressor { wait_period: 120, extension_period: 60 };
    use Happening::{Changed, SuppressorChanged, SuppressorReplaced, Tick};
    use StateValue::{Alarm, Ok};

    /// Which actions run when.
    fn told(happenings: &[(i64, Happening)]) -> Vec<(i64, StateValue)> {
        let mut suppression = Suppression::new(Ok, Ok);
        let mut told = Vec::new();
        for &(now, happening) in happenings {
            let outcome = SUPPRESSOR.step(suppression, happening, now);
            suppression = outcome.suppression;
            told.extend(outcome.act.into_iter().map(|state| (now, state)));
        }
        told
    }

    #[test]
    fn nothing_is_told_while_the_suppressor_is_in_alarm() {
        assert_eq!(told(&[(0, SuppressorChanged(Alarm)), (5, Changed(Alarm)), (999, Tick)]), []);
    }

    #[test]
    fn a_change_waits_for_the_suppressor() {
        assert_eq!(told(&[(0, Changed(Alarm)), (119, Tick), (120, Tick), (121, Tick)]), [(120, Alarm)]);
        let followed = [(0, Changed(Alarm)), (60, SuppressorChanged(Alarm)), (200, Tick)];
        assert_eq!(told(&followed), []);
    }

    #[test]
    fn a_further_change_begins_a_new_wait() {
        assert_eq!(told(&[(0, Changed(Alarm)), (60, Changed(Ok)), (120, Tick), (180, Tick)]), [(180, Ok)]);
    }

    #[test]
    fn what_still_applies_is_told_after_the_extension() {
        let released = [(0, SuppressorChanged(Alarm)), (5, Changed(Alarm)), (10, SuppressorChanged(Ok))];
        assert_eq!(told(&[&released[..], &[(69, Tick), (70, Tick)]].concat()), [(70, Alarm)]);
        let back = [
            (0, SuppressorChanged(Alarm)),
            (5, Changed(Alarm)),
            (6, Changed(Ok)),
            (10, SuppressorChanged(Ok)),
        ];
        assert_eq!(told(&[&back[..], &[(70, Tick)]].concat()), []);
    }

    #[test]
    fn a_change_in_the_extension_waits() {
        let released = [(0, SuppressorChanged(Alarm)), (10, SuppressorChanged(Ok)), (20, Changed(Alarm))];
        assert_eq!(told(&[&released[..], &[(70, Tick), (140, Tick)]].concat()), [(140, Alarm)]);
    }

    #[test]
    fn another_suppressor_ends_all_periods() {
        assert_eq!(told(&[(0, Changed(Alarm)), (10, SuppressorReplaced(Ok)), (120, Tick)]), [(10, Alarm)]);
        assert_eq!(told(&[(0, Changed(Alarm)), (10, SuppressorReplaced(Alarm)), (120, Tick)]), []);
    }
}
