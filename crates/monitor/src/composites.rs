//! Composite alarms: their states follow from those of other alarms.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use alarm::composite::{Happening, Suppression, Suppressor, evaluation_order};
use alarm::{StateReason, StateValue};

use crate::MILLISECONDS;
use crate::actions::Actions;
use crate::change::StateChange;
use crate::configuration::CompositeAlarm;

/// All composite alarms, and the states that they follow.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Composites {
    /// Children before parents. Those that are part of a cycle, or depend on one, aren't here: AWS doesn't evaluate them
    /// either.
    list: Vec<Composite>,
    /// Of all alarms, by name.
    states: HashMap<Arc<str>, StateValue>,
    /// By the name of a child: places in `list`, ascending.
    parents: HashMap<String, Vec<usize>>,
    /// By the name of a suppressor.
    suppressed: HashMap<String, Vec<usize>>,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Composite {
    pub(crate) alarm: CompositeAlarm,
    pub(crate) arn: Arc<str>,
    pub(crate) name: Arc<str>,
    pub(crate) actions: Arc<Actions>,
    pub(crate) state: StateValue,
    /// What it came to last.
    last_change: Option<Arc<StateChange>>,
    /// What its rule came to is told with the next tick: it was created, or has another rule.
    pending: Option<Pending>,
    suppression: Option<(String, Suppressor, Suppression)>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Pending {
    Created,
    Updated,
}

/// What became of composite alarms.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// One changed its state.
    Changed(Arc<StateChange>),
    /// The actions of a state run now.
    Act {
        arn: Arc<str>,
        state: StateValue,
        /// Its newest change, which may lie back.
        change: Option<Arc<StateChange>>,
    },
    /// They are held back.
    Held { arn: Arc<str> },
}

impl Composites {
    /// Watches these from now on; what is known of the others is forgotten.
    pub(crate) fn configure(&mut self, alarms: &[CompositeAlarm]) {
        let rules: BTreeMap<String, _> = alarms
            .iter()
            .map(|alarm| (alarm.definition.name.clone(), alarm.definition.rule.clone()))
            .collect();
        let order = evaluation_order(&rules).order;
        let by_name = |name: &&str| alarms.iter().find(|alarm| alarm.definition.name == **name);
        let before = std::mem::take(&mut self.list);
        self.list = order
            .iter()
            .filter_map(by_name)
            .map(|alarm| Composite::new(alarm, before.iter().find(|known| *known.arn == *alarm.arn)))
            .collect();
        self.index();
        self.states.clear();
        for composite in &self.list {
            self.states.insert(Arc::clone(&composite.name), composite.state);
        }
    }

    fn index(&mut self) {
        self.parents.clear();
        self.suppressed.clear();
        for (place, composite) in self.list.iter().enumerate() {
            for child in composite.alarm.definition.rule.children() {
                self.parents.entry(child.name().to_owned()).or_default().push(place);
            }
            if let Some((name, ..)) = &composite.suppression {
                self.suppressed.entry(name.clone()).or_default().push(place);
            }
        }
    }

    pub(crate) fn list(&self) -> &[Composite] {
        &self.list
    }

    pub(crate) fn find(&self, arn: &str) -> Option<&Composite> {
        self.list.iter().find(|composite| *composite.arn == *arn)
    }

    /// An alarm is in a state, which it was before as well.
    pub(crate) fn note(&mut self, name: &Arc<str>, state: StateValue) {
        self.states.insert(Arc::clone(name), state);
    }

    /// An alarm of any kind changed its state at `at`, in milliseconds since 1970.
    pub(crate) fn child_changed(
        &mut self,
        (name, arn): (&Arc<str>, &Arc<str>),
        state: StateValue,
        at: i64,
        outcomes: &mut Vec<Outcome>,
    ) {
        self.states.insert(Arc::clone(name), state);
        for place in self.suppressed.get(&**name).cloned().unwrap_or_default() {
            self.step(place, Happening::SuppressorChanged(state), at, outcomes);
        }
        for place in self.parents.get(&**name).cloned().unwrap_or_default() {
            let reason =
                StateReason::ChildChanged { arn: arn.to_string(), state, at: at.div_euclid(MILLISECONDS) };
            self.evaluate(place, reason, at, outcomes);
        }
    }

    /// Time has come to `now`, in milliseconds since 1970.
    pub(crate) fn tick(&mut self, now: i64, outcomes: &mut Vec<Outcome>) {
        for place in 0..self.list.len() {
            if let Some(pending) = self.list.get_mut(place).and_then(|composite| composite.pending.take()) {
                self.evaluate_first(place, pending, now, outcomes);
            }
            self.step(place, Happening::Tick, now, outcomes);
        }
    }

    fn evaluate_first(&mut self, place: usize, pending: Pending, now: i64, outcomes: &mut Vec<Outcome>) {
        let Some(composite) = self.list.get(place) else { return };
        let state = self.rule_state(composite);
        let created = pending == Pending::Created;
        let reason = StateReason::RuleEvaluated { arn: composite.arn.to_string(), created, state };
        self.evaluate(place, reason, now, outcomes);
    }

    fn rule_state(&self, composite: &Composite) -> StateValue {
        composite.alarm.definition.rule.state(|child| self.states.get(child.name()).copied())
    }

    fn evaluate(&mut self, place: usize, reason: StateReason, at: i64, outcomes: &mut Vec<Outcome>) {
        let Some(composite) = self.list.get(place) else { return };
        let to = self.rule_state(composite);
        if composite.pending.is_some() || to == composite.state {
            return;
        }
        let (arn, name) = (Arc::clone(&composite.arn), Arc::clone(&composite.name));
        let (alarm, from) = (Arc::clone(&arn), composite.state);
        let change =
            Arc::new(StateChange { alarm, name: Arc::clone(&name), from, to, at, reason, judged: None });
        if let Some(composite) = self.list.get_mut(place) {
            (composite.state, composite.last_change) = (to, Some(Arc::clone(&change)));
        }
        outcomes.push(Outcome::Changed(change));
        self.step(place, Happening::Changed(to), at, outcomes);
        self.child_changed((&name, &arn), to, at, outcomes);
    }

    /// Asks the suppressor, if there is one, whether actions run.
    fn step(&mut self, place: usize, happening: Happening, now: i64, outcomes: &mut Vec<Outcome>) {
        let Some(composite) = self.list.get_mut(place) else { return };
        let Some((_, suppressor, suppression)) = &mut composite.suppression else {
            if let Happening::Changed(state) = happening {
                let (arn, change) = (Arc::clone(&composite.arn), composite.last_change.clone());
                outcomes.push(Outcome::Act { arn, state, change });
            }
            return;
        };
        let outcome = suppressor.step(*suppression, happening, now.div_euclid(MILLISECONDS));
        *suppression = outcome.suppression;
        let acts = !outcome.act.is_empty();
        let (arn, change) = (&composite.arn, &composite.last_change);
        let act = |state| Outcome::Act { arn: Arc::clone(arn), state, change: change.clone() };
        outcomes.extend(outcome.act.into_iter().map(act));
        if matches!(happening, Happening::Changed(_)) && !acts {
            outcomes.push(Outcome::Held { arn: Arc::clone(arn) });
        }
    }
}

impl Composite {
    fn new(alarm: &CompositeAlarm, before: Option<&Composite>) -> Self {
        let state = before.map_or(StateValue::InsufficientData, |before| before.state);
        let same_rule = |before: &Composite| before.alarm.definition.rule == alarm.definition.rule;
        let pending = match before {
            None => Some(Pending::Created),
            Some(before) if same_rule(before) => before.pending,
            Some(_) => Some(Pending::Updated),
        };
        let suppression = alarm.definition.suppressor.as_ref().map(|(name, suppressor)| {
            let known =
                before.and_then(|before| before.suppression.as_ref()).filter(|(known, ..)| known == name);
            let fresh = Suppression::new(state, StateValue::InsufficientData);
            (name.clone(), *suppressor, known.map_or(fresh, |(.., suppression)| *suppression))
        });
        Composite {
            arn: alarm.arn.as_str().into(),
            name: alarm.definition.name.as_str().into(),
            actions: Arc::new(Actions::of_composite_alarm(&alarm.definition)),
            state,
            pending,
            suppression,
            last_change: before.and_then(|before| before.last_change.clone()),
            alarm: alarm.clone(),
        }
    }
}
