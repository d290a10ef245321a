//! What would change the state: the next slot, silence, another treatment of missing datapoints.

use alarm::{Condition, Datapoint, Slot, StateValue, TreatMissingData, decide};

use super::super::question::{CompositeQuestion, MetricQuestion};
use crate::report::escape::shown;
use crate::report::page::plural;

/// The state one slot later.
pub(super) fn next(question: &MetricQuestion, state: StateValue) -> String {
    let after = |slot: Slot| {
        let mut slots = question.slots.clone();
        slots.push(slot);
        decide(&question.condition, &slots, state).state
    };
    let point = |value: f64| Some(Datapoint { value, sample_count: None });
    let (bad, good) = values(&question.condition);
    let states = (bad.map(|value| after(point(value))), good.map(|value| after(point(value))), after(None));
    match states {
        (Some(bad), Some(good), missing) if bad == good && good == missing => {
            format!("{bad}, whatever it is")
        }
        (bad, good, missing) => {
            let part = |state: Option<StateValue>, when| state.map(|state| format!("{state} if it {when}"));
            let parts = [part(bad, "breaches"), part(good, "doesn't"), part(Some(missing), "is missing")];
            parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
        }
    }
}

/// A value that breaches and one that doesn't.
fn values(condition: &Condition) -> (Option<f64>, Option<f64>) {
    let near = [condition.threshold, condition.threshold.next_up(), condition.threshold.next_down()];
    let find = |breaches| near.into_iter().find(|value| condition.breaches(*value) == breaches);
    (find(true), find(false))
}

/// What happens while nothing comes, slot after slot.
pub(super) fn silence(question: &MetricQuestion, state: StateValue) -> String {
    let range = question.condition.evaluation_range() as usize;
    let mut slots: Vec<Slot> = question.slots.iter().rev().take(range).rev().copied().collect();
    let mut now = state;
    let mut changes = Vec::new();
    for later in 1..=range {
        slots.push(None);
        let then = decide(&question.condition, &slots, now).state;
        if then != now {
            changes.push(format!("{then} after {}", plural(later as u64, "slot")));
            now = then;
        }
    }
    if changes.is_empty() {
        format!("without further datapoints it stays {state}")
    } else {
        format!("without further datapoints {}", changes.join(", then "))
    }
}

/// The state under each treatment of missing datapoints.
pub(super) fn treatments(question: &MetricQuestion, previous: StateValue) -> String {
    const ORDER: [TreatMissingData; 4] = [
        TreatMissingData::Missing,
        TreatMissingData::Ignore,
        TreatMissingData::Breaching,
        TreatMissingData::NotBreaching,
    ];
    let state = |treatment| {
        let condition = Condition { treat_missing_data: Some(treatment), ..question.condition };
        decide(&condition, &question.slots, previous).state
    };
    let states = ORDER.map(state);
    match states.iter().all(|found| Some(found) == states.first()) {
        true => "the same with any TreatMissingData".to_owned(),
        false => {
            let each = ORDER.iter().zip(states).map(|(treatment, state)| format!("{treatment}: {state}"));
            format!("with TreatMissingData {}", each.collect::<Vec<_>>().join("; "))
        }
    }
}

/// Which child alone would change a composite alarm, and how.
pub(super) fn of_children(composite: &CompositeQuestion) -> Vec<String> {
    let now = composite.state();
    let mut changes = Vec::new();
    for (position, child) in composite.rule.children().iter().enumerate() {
        for state in StateValue::ALL {
            let mut states = composite.children.clone();
            let Some(place) = states.get_mut(position) else { continue };
            *place = state;
            let then = composite.state_with(&states);
            if then != now {
                changes.push(format!("{then} if {} were {state}", shown(&child.text)));
            }
        }
    }
    if changes.is_empty() {
        changes.push("no child alone would change it".to_owned());
    }
    changes
}
