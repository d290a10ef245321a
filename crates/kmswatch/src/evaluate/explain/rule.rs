//! Which of AWS's rules decided, and what missing datapoints did.

use alarm::{Basis, Condition, Evaluation, Retention, StateValue, Verdict};

use super::super::answer::age;
use super::super::question::MetricQuestion;
use crate::report::page::plural;

/// How many datapoints count, by verdict.
struct Counts {
    bad: u32,
    good: u32,
}

impl Counts {
    fn of(evaluation: &Evaluation) -> Self {
        let count = |verdict| {
            let found = evaluation.evaluated.iter().filter(|slot| slot.verdict == verdict).count();
            u32::try_from(found).unwrap_or(u32::MAX)
        };
        Self { bad: count(Verdict::Breaching), good: count(Verdict::NotBreaching) }
    }
}

/// What the state follows from.
pub(super) fn decisive(condition: &Condition, evaluation: &Evaluation) -> String {
    let counts = Counts::of(evaluation);
    let counted = match (counts.bad, counts.good) {
        (0, 0) => "no datapoint counts".to_owned(),
        (bad, 0) => format!("{} and breach{}", count(bad), if bad == 1 { "es" } else { "" }),
        (0, good) => format!("{} and {} breach", count(good), if good == 1 { "doesn't" } else { "don't" }),
        (bad, good) => format!("{}: {bad} breaching, {good} not", count(bad + good)),
    };
    format!("{counted}; {}", rule(condition, evaluation, &counts))
}

fn count(datapoints: u32) -> String {
    format!("{} count{}", plural(datapoints.into(), "datapoint"), if datapoints == 1 { "s" } else { "" })
}

fn rule(condition: &Condition, evaluation: &Evaluation, counts: &Counts) -> String {
    let (needed, needed_for_ok) = (condition.needed(), condition.needed_for_ok());
    let state = evaluation.state;
    match evaluation.basis {
        Basis::Retained(why) => retained(condition, why, state),
        Basis::NoDatapoints => {
            "without any, and with missing ones left missing, it is INSUFFICIENT_DATA".to_owned()
        }
        Basis::Filled { missing, breaching } => {
            let as_what = if breaching { "breaching" } else { "not breaching" };
            let bad = counts.bad + if breaching { missing } else { 0 };
            let of = condition.evaluation_periods;
            format!(
                "neither {needed} breaching (ALARM) nor {needed_for_ok} not breaching (OK), so {missing} missing of {of} \
                 count as {as_what}, which makes {bad} breaching: {state}"
            )
        }
        Basis::Datapoints if state == StateValue::Alarm && counts.bad >= needed => {
            format!("{needed} breaching {} enough for ALARM, whatever is missing", are(needed))
        }
        Basis::Datapoints if state == StateValue::Alarm => format!(
            "all breach, and the oldest lies {needed} slots back or more, so that nothing else is waited for: ALARM, \
             though {needed} would be needed"
        ),
        Basis::Datapoints if counts.good >= needed_for_ok => {
            format!("{needed_for_ok} not breaching {} enough for OK, whatever is missing", are(needed_for_ok))
        }
        Basis::Datapoints => {
            format!(
                "that is too few for ALARM ({needed}), and one that doesn't breach makes it OK while others are missing"
            )
        }
    }
}

fn are(count: u32) -> &'static str {
    if count == 1 { "is" } else { "are" }
}

fn retained(condition: &Condition, why: Retention, state: StateValue) -> String {
    match why {
        Retention::MissingIgnored => {
            format!("nothing decides, and missing ones are ignored: it stays {state}")
        }
        Retention::Premature => format!(
            "all breach, but they are fewer than {} and younger than that many slots, so that others may still \
             come: it stays {state}",
            condition.needed()
        ),
        Retention::TooFewSamples => format!(
            "one has fewer than {} samples, too few for a percentile (EvaluateLowSampleCountPercentile is ignore): it \
             stays {state}",
            condition.fewest_samples.unwrap_or_default()
        ),
    }
}

/// What missing datapoints did, and for how long older ones stand in.
pub(super) fn missing(question: &MetricQuestion, evaluation: &Evaluation) -> String {
    let range = question.condition.evaluation_range() as usize;
    let present = question.slots.iter().rev().take(range).flatten().count();
    if present == range {
        return "none".to_owned();
    }
    let missing = plural((range - present) as u64, "slot");
    let all = i64::from(question.condition.evaluation_periods);
    let points = || evaluation.evaluated.iter().filter(|slot| slot.datapoint.is_some());
    let older = points().filter(|slot| age(question, slot) > all).count();
    let stand_in = match older {
        0 => String::new(),
        1 => "; 1 older datapoint stands in".to_owned(),
        older => format!("; {older} older datapoints stand in"),
    };
    let effect = match evaluation.basis {
        Basis::Filled { .. } => ", and decide",
        Basis::NoDatapoints => ", which is all there is",
        Basis::Retained(Retention::MissingIgnored) => ", which leaves the state as it is",
        Basis::Retained(Retention::Premature) => ", which may still be filled",
        _ => ", which changes nothing",
    };
    format!("{missing} of {range}{effect}{stand_in}")
}
