//! The state that follows from datapoints.

use crate::condition::{Condition, TreatMissingData};
use crate::reason::{Crossing, Filled, Retention, StateReason};
use crate::state::StateValue;
use serde::{Deserialize, Serialize};

/// What a period's observations come to.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Datapoint {
    /// The statistic's value, or what an expression yields.
    #[serde(with = "metric::float")]
    pub value: f64,
    /// How many observations there were. `None` where that can't be said, as of an expression.
    #[serde(with = "metric::float::optional")]
    pub sample_count: Option<f64>,
}

/// A period, with or without a datapoint.
pub type Slot = Option<Datapoint>;

/// A state, and what it rests on. [`evaluate`] says it in full.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Decision {
    /// The state, which may be the previous one.
    pub state: StateValue,
    /// What it rests on.
    pub basis: Basis,
}

/// What a state rests on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Basis {
    /// Datapoints alone.
    Datapoints,
    /// Datapoints, if any, and so many missing ones that were treated as good or bad.
    Filled {
        /// How many were missing.
        missing: u32,
        /// As what they count.
        breaching: bool,
    },
    /// There was none, and nothing is made of missing ones.
    NoDatapoints,
    /// It stays as it was.
    Retained(Retention),
}

/// An evaluation with all that it rests on.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// The state, which may be the previous one.
    pub state: StateValue,
    /// Why, for people.
    pub reason: StateReason,
    /// What it rests on.
    pub basis: Basis,
    /// What was looked at, newest first: at most N datapoints and, where these don't decide, as many of the newest
    /// missing ones as make up N.
    pub evaluated: Vec<Evaluated>,
}

/// A slot that was looked at.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Evaluated {
    /// The start of the slot, in seconds since 1970.
    pub start: i64,
    /// Its datapoint.
    pub datapoint: Slot,
    /// What it is.
    pub verdict: Verdict,
    /// What was made of it, if it is missing.
    pub treated_as: Option<TreatMissingData>,
}

/// What one slot is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Verdict {
    /// Its datapoint breaches the threshold.
    Breaching,
    /// Its datapoint doesn't.
    NotBreaching,
    /// It has none.
    Missing,
}

impl Verdict {
    /// In one word: `breaching`, `notBreaching` or `missing`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Verdict::Breaching => "breaching",
            Verdict::NotBreaching => "notBreaching",
            Verdict::Missing => "missing",
        }
    }
}

/// The state that follows from `slots` (oldest first, one per period, the last one the newest), and what it rests
/// on. Where there are fewer slots than the evaluation range has, older ones are missing; where there are more, the
/// oldest don't count. Allocates nothing.
///
/// The rules are those of AWS's "Configuring how CloudWatch alarms treat missing data". Let R be the newest
/// datapoints of the range, at most N. M bad ones make `ALARM`, N - M + 1 good ones `OK`, and only where neither is
/// so does the treatment of missing data play a part.
#[must_use]
pub fn decide(condition: &Condition, slots: &[Slot], previous: StateValue) -> Decision {
    let counts = Counts::of(condition, slots);
    let retained = |why| Decision { state: previous, basis: Basis::Retained(why) };
    if counts.too_few_samples {
        return retained(Retention::TooFewSamples);
    }
    if counts.bad >= condition.needed() {
        return Decision { state: StateValue::Alarm, basis: Basis::Datapoints };
    }
    if counts.good >= condition.needed_for_ok() {
        return Decision { state: StateValue::Ok, basis: Basis::Datapoints };
    }
    match condition.treatment() {
        TreatMissingData::Breaching => filled(condition, &counts, true),
        TreatMissingData::NotBreaching => filled(condition, &counts, false),
        // AWS's tables say so for both treatments.
        TreatMissingData::Missing | TreatMissingData::Ignore if counts.good > 0 => {
            Decision { state: StateValue::Ok, basis: Basis::Datapoints }
        }
        TreatMissingData::Ignore => retained(Retention::MissingIgnored),
        TreatMissingData::Missing if counts.bad == 0 => {
            Decision { state: StateValue::InsufficientData, basis: Basis::NoDatapoints }
        }
        TreatMissingData::Missing if counts.oldest_bad >= condition.needed() => {
            Decision { state: StateValue::Alarm, basis: Basis::Datapoints }
        }
        TreatMissingData::Missing => retained(Retention::Premature),
    }
}

/// [`decide`], with the reason and all that was looked at. `end` is the end of the newest slot, in seconds since
/// 1970.
#[must_use]
pub fn evaluate(condition: &Condition, slots: &[Slot], end: i64, previous: StateValue) -> Evaluation {
    let Decision { state, basis } = decide(condition, slots, previous);
    let evaluated = looked_at(condition, slots, end);
    let reason = reason(condition, state, basis, &evaluated);
    Evaluation { state, reason, basis, evaluated }
}

fn filled(condition: &Condition, counts: &Counts, breaching: bool) -> Decision {
    let missing = condition.evaluation_periods.saturating_sub(counts.bad + counts.good);
    let bad = counts.bad + if breaching { missing } else { 0 };
    let state = if bad >= condition.needed() { StateValue::Alarm } else { StateValue::Ok };
    Decision { state, basis: Basis::Filled { missing, breaching } }
}

/// What there is of the newest N datapoints in the range.
#[derive(Default)]
struct Counts {
    bad: u32,
    good: u32,
    /// The position of the oldest bad one; the newest slot is 1.
    oldest_bad: u32,
    too_few_samples: bool,
}

impl Counts {
    fn of(condition: &Condition, slots: &[Slot]) -> Self {
        let mut counts = Counts::default();
        for (age, slot) in (1..=condition.evaluation_range()).zip(slots.iter().rev()) {
            if counts.bad + counts.good >= condition.evaluation_periods {
                break;
            }
            if let Some(datapoint) = slot {
                counts.take(condition, datapoint, age);
            }
        }
        counts
    }

    fn take(&mut self, condition: &Condition, datapoint: &Datapoint, age: u32) {
        if condition.breaches(datapoint.value) {
            self.bad += 1;
            self.oldest_bad = age;
        } else {
            self.good += 1;
        }
        let fewest = condition.fewest_samples.zip(datapoint.sample_count);
        self.too_few_samples |= fewest.is_some_and(|(fewest, samples)| samples < fewest);
    }
}

fn looked_at(condition: &Condition, slots: &[Slot], end: i64) -> Vec<Evaluated> {
    let all = || {
        let padded = slots.iter().rev().copied().chain(std::iter::repeat(None));
        (1..=condition.evaluation_range()).zip(padded)
    };
    let points = all().filter(|(_, slot)| slot.is_some()).take(condition.evaluation_periods as usize).count();
    let mut missing =
        if is_decided(condition, slots) { 0 } else { condition.evaluation_periods as usize - points };
    let mut points = condition.evaluation_periods as usize;
    let mut evaluated = Vec::with_capacity(points);
    for (age, slot) in all() {
        let left = if slot.is_some() { &mut points } else { &mut missing };
        if *left > 0 {
            *left -= 1;
            evaluated.push(judged(
                condition,
                slot,
                end.saturating_sub(i64::from(age) * i64::from(condition.period)),
            ));
        }
    }
    evaluated
}

/// Do the datapoints decide, so that it doesn't matter what is missing?
fn is_decided(condition: &Condition, slots: &[Slot]) -> bool {
    let counts = Counts::of(condition, slots);
    counts.bad >= condition.needed() || counts.good >= condition.needed_for_ok()
}

fn judged(condition: &Condition, datapoint: Slot, start: i64) -> Evaluated {
    let verdict = match datapoint {
        None => Verdict::Missing,
        Some(datapoint) if condition.breaches(datapoint.value) => Verdict::Breaching,
        Some(_) => Verdict::NotBreaching,
    };
    let treated_as = datapoint.is_none().then(|| condition.treatment());
    Evaluated { start, datapoint, verdict, treated_as }
}

fn reason(condition: &Condition, state: StateValue, basis: Basis, evaluated: &[Evaluated]) -> StateReason {
    let filled = match basis {
        Basis::Retained(why) => return StateReason::Retained { state, why },
        Basis::NoDatapoints => return StateReason::NoData { datapoints: condition.evaluation_periods },
        Basis::Datapoints => None,
        Basis::Filled { missing, breaching } => Some(Filled { missing, breaching }),
    };
    let (decisive, most) = match state {
        StateValue::Alarm => (Verdict::Breaching, condition.needed()),
        _ => (Verdict::NotBreaching, condition.needed_for_ok()),
    };
    let datapoints = evaluated
        .iter()
        .filter(|slot| slot.verdict == decisive)
        .filter_map(|slot| slot.datapoint.map(|datapoint| (slot.start, datapoint.value)))
        .take(most as usize)
        .collect();
    StateReason::ThresholdCrossed(Crossing {
        to_alarm: state == StateValue::Alarm,
        datapoints,
        evaluation_periods: condition.evaluation_periods,
        datapoints_to_alarm: condition.datapoints_to_alarm,
        comparison_operator: condition.comparison_operator,
        threshold: condition.threshold,
        filled,
    })
}
