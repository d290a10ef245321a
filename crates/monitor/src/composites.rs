//! Composite alarms: their states follow from those of other alarms.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use alarm::composite::{AlarmReference, Happening, Suppression, Suppressor, evaluation_order};
use alarm::{StateReason, StateValue};
use serde::{Deserialize, Serialize};

use crate::MILLISECONDS;
use crate::actions::Actions;
use crate::change::{Reminder, StateChange};
use crate::configuration::CompositeAlarm;
use crate::saved::{Part, PartKey};

/// All composite alarms, and the states that they follow.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Composites {
    /// Children before parents. Those that are part of a cycle, or depend on one, aren't here: AWS doesn't evaluate them
    /// either.
    list: Vec<Composite>,
    /// Places in `list`, by ARN.
    places: HashMap<Arc<str>, usize>,
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
    /// Why its rule is evaluated at the next tick, whether or not a child changes.
    pending: Option<Pending>,
    suppression: Option<Suppressed>,
    /// The suppressor that held actions back, and doesn't any more.
    released: Option<Suppressed>,
    /// When somebody was told last that it is in `ALARM`, in milliseconds since 1970; `None` where nobody was.
    told_at: Option<i64>,
    /// Whether it changed since it was saved.
    unsaved: bool,
}

/// What is saved of a composite alarm.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct SavedComposite {
    state: StateValue,
    last_change: Option<Arc<StateChange>>,
    pending: Option<Pending>,
    suppression: Option<Suppression>,
    told_at: Option<i64>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
enum Pending {
    /// It was created: what children do meanwhile doesn't matter.
    Created,
    /// It has another rule: likewise.
    Updated,
    /// Children may have been created or deleted.
    Reconfigured,
}

/// A suppressor, and what is held back.
#[derive(Debug, Clone, PartialEq)]
struct Suppressed {
    /// The name of the alarm.
    by: String,
    suppressor: Suppressor,
    suppression: Suppression,
    /// Whether it was chosen just now, so that its state isn't known yet.
    is_new: bool,
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
    /// Watches these from now on; what is known of the others is forgotten. What became of what a suppressor held back is
    /// said by [`Composites::choose_suppressors`], when the states of all alarms are known.
    pub(crate) fn configure(&mut self, alarms: &[CompositeAlarm]) {
        let rules: BTreeMap<String, _> = alarms
            .iter()
            .map(|alarm| (alarm.definition.name.clone(), alarm.definition.rule.clone()))
            .collect();
        let order = evaluation_order(&rules).order;
        let by_name: HashMap<&str, &CompositeAlarm> =
            alarms.iter().map(|alarm| (alarm.definition.name.as_str(), alarm)).collect();
        let before = std::mem::take(&mut self.list);
        let places = std::mem::take(&mut self.places);
        let known = |alarm: &CompositeAlarm| before.get(*places.get(alarm.arn.as_str())?);
        self.list = order
            .iter()
            .filter_map(|name| by_name.get(name))
            .map(|alarm| Composite::new(alarm, known(alarm)))
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
            self.places.insert(Arc::clone(&composite.arn), place);
            for child in composite.alarm.definition.rule.children() {
                let parents = self.parents.entry(child.name().to_owned()).or_default();
                if parents.last() != Some(&place) {
                    parents.push(place);
                }
            }
            if let Some(suppressed) = &composite.suppression {
                self.suppressed.entry(suppressed.by.clone()).or_default().push(place);
            }
        }
    }

    /// Takes the states of suppressors that were chosen just now. What one that isn't there any more held back is told.
    pub(crate) fn choose_suppressors(&mut self, now: i64, outcomes: &mut Vec<Outcome>) {
        for place in 0..self.list.len() {
            let Some(composite) = self.list.get_mut(place) else { continue };
            if let Some(state) = composite.released.take().and_then(|before| before.suppression.held) {
                let (arn, change) = (Arc::clone(&composite.arn), composite.last_change.clone());
                outcomes.push(Outcome::Act { arn, state, change });
            }
            let Some(suppressed) = composite.suppression.as_mut().filter(|suppressed| suppressed.is_new)
            else {
                continue;
            };
            suppressed.is_new = false;
            let state = self.states.get(suppressed.by.as_str());
            let state = state.copied().unwrap_or(StateValue::InsufficientData);
            self.step(place, Happening::SuppressorReplaced(state), now, outcomes);
        }
    }

    pub(crate) fn list(&self) -> &[Composite] {
        &self.list
    }

    pub(crate) fn find(&self, arn: &str) -> Option<&Composite> {
        self.places.get(arn).and_then(|place| self.list.get(*place))
    }

    /// An alarm is in a state, which it was before as well.
    pub(crate) fn note(&mut self, name: &Arc<str>, state: StateValue) {
        self.states.insert(Arc::clone(name), state);
    }

    /// An alarm of any kind changed its state at `at`, in milliseconds since 1970.
    pub(crate) fn child_changed(
        &mut self,
        child: (&Arc<str>, &Arc<str>),
        state: StateValue,
        at: i64,
        outcomes: &mut Vec<Outcome>,
    ) {
        let mut waiting = BTreeMap::new();
        self.spread(child, (state, at), &mut waiting, outcomes);
        self.evaluate_all(waiting, at, outcomes);
    }

    /// Tells those that hold back their actions by an alarm of its change; those whose rules name it have to be evaluated.
    fn spread(
        &mut self,
        (name, arn): (&Arc<str>, &Arc<str>),
        (state, at): (StateValue, i64),
        waiting: &mut BTreeMap<usize, StateReason>,
        outcomes: &mut Vec<Outcome>,
    ) {
        self.states.insert(Arc::clone(name), state);
        for place in self.suppressed.get(&**name).cloned().unwrap_or_default() {
            self.step(place, Happening::SuppressorChanged(state), at, outcomes);
        }
        for place in self.parents.get(&**name).into_iter().flatten() {
            let at = at.div_euclid(MILLISECONDS);
            waiting.insert(*place, StateReason::ChildChanged { arn: arn.to_string(), state, at });
        }
    }

    /// Evaluates composite alarms at these places, and those that follow from them: all children before their parents, so
    /// that no rule sees some of its children before a change and others behind it.
    fn evaluate_all(
        &mut self,
        mut waiting: BTreeMap<usize, StateReason>,
        at: i64,
        outcomes: &mut Vec<Outcome>,
    ) {
        while let Some((place, reason)) = waiting.pop_first() {
            if let Some(change) = self.evaluate(place, reason, at, outcomes) {
                self.spread((&change.name, &change.alarm), (change.to, at), &mut waiting, outcomes);
            }
        }
    }

    /// Time has come to `now`, in milliseconds since 1970.
    pub(crate) fn tick(&mut self, now: i64, outcomes: &mut Vec<Outcome>) {
        for place in 0..self.list.len() {
            let Some(composite) = self.list.get_mut(place) else { continue };
            if let Some(pending) = composite.pending.take() {
                composite.unsaved = true;
                self.evaluate_pending(place, pending, now, outcomes);
            }
            self.step(place, Happening::Tick, now, outcomes);
        }
    }

    fn evaluate_pending(&mut self, place: usize, pending: Pending, now: i64, outcomes: &mut Vec<Outcome>) {
        let Some(composite) = self.list.get(place) else { return };
        let state = self.rule_state(composite);
        let created = pending == Pending::Created;
        let reason = StateReason::RuleEvaluated { arn: composite.arn.to_string(), created, state };
        self.evaluate_all(BTreeMap::from([(place, reason)]), now, outcomes);
    }

    fn rule_state(&self, composite: &Composite) -> StateValue {
        composite.alarm.definition.rule.state(|child| self.states.get(child.name()).copied())
    }

    fn evaluate(
        &mut self,
        place: usize,
        reason: StateReason,
        at: i64,
        outcomes: &mut Vec<Outcome>,
    ) -> Option<Arc<StateChange>> {
        let composite = self.list.get(place)?;
        let to = self.rule_state(composite);
        let waits = matches!(composite.pending, Some(Pending::Created | Pending::Updated));
        if waits || to == composite.state {
            return None;
        }
        let (alarm, name, from) = (Arc::clone(&composite.arn), Arc::clone(&composite.name), composite.state);
        let change = Arc::new(StateChange { alarm, name, from, to, at, reason, judged: None });
        // A period that is over by now ends first, with the change that it held back.
        self.step(place, Happening::Tick, at, outcomes);
        if let Some(composite) = self.list.get_mut(place) {
            (composite.state, composite.last_change) = (to, Some(Arc::clone(&change)));
            (composite.told_at, composite.unsaved) = (None, true);
        }
        outcomes.push(Outcome::Changed(Arc::clone(&change)));
        self.step(place, Happening::Changed(to), at, outcomes);
        Some(change)
    }

    /// Asks the suppressor, if there is one, whether actions run.
    fn step(&mut self, place: usize, happening: Happening, now: i64, outcomes: &mut Vec<Outcome>) {
        let Some(composite) = self.list.get_mut(place) else { return };
        let Some(Suppressed { suppressor, suppression, .. }) = &mut composite.suppression else {
            if let Happening::Changed(state) = happening {
                let (arn, change) = (Arc::clone(&composite.arn), composite.last_change.clone());
                outcomes.push(Outcome::Act { arn, state, change });
            }
            return;
        };
        let outcome = suppressor.step(*suppression, happening, now.div_euclid(MILLISECONDS));
        composite.unsaved |= *suppression != outcome.suppression;
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

/// Who was told.
impl Composites {
    /// Somebody is told at `now` that one is in `ALARM`.
    pub(crate) fn told(&mut self, arn: &str, now: i64) {
        let place = self.places.get(arn).copied();
        if let Some(composite) = place.and_then(|place| self.list.get_mut(place)) {
            (composite.told_at, composite.unsaved) = (Some(now), true);
        }
    }

    /// Those that are still in `ALARM` at `now`, without anybody holding their actions back, if nobody was told so for that long
    /// (both in milliseconds).
    pub(crate) fn reminders(&self, now: i64, interval: i64) -> Vec<Reminder> {
        self.list.iter().filter_map(|composite| composite.reminder(now, interval)).collect()
    }
}

/// Saving and loading.
impl Composites {
    /// What changed since it was asked for last.
    pub(crate) fn take_parts(&mut self, parts: &mut Vec<Part>) {
        for composite in self.list.iter_mut().filter(|composite| composite.unsaved) {
            composite.unsaved = false;
            parts.push(Part::of(composite.part_key(), &composite.saved()));
        }
    }

    /// Puts each composite alarm into the state that was saved of it.
    pub(crate) fn load(&mut self, mut saved: HashMap<Arc<str>, SavedComposite>) -> Vec<PartKey> {
        for composite in &mut self.list {
            if let Some(saved) = saved.remove(&composite.arn) {
                composite.load(saved);
            }
            self.states.insert(Arc::clone(&composite.name), composite.state);
        }
        saved.into_keys().map(PartKey::CompositeAlarm).collect()
    }
}

impl Composite {
    fn reminder(&self, now: i64, interval: i64) -> Option<Reminder> {
        let is_held = self.suppression.as_ref().is_some_and(|suppressed| suppressed.suppression.by.is_some());
        let told = self.told_at.filter(|_| self.state == StateValue::Alarm && !is_held)?;
        let (alarm, name) = (Arc::clone(&self.arn), Arc::clone(&self.name));
        let since = self.last_change.as_ref().map_or(told, |change| change.at);
        (now.saturating_sub(told) >= interval).then_some(Reminder { alarm, name, since, at: now })
    }

    pub(crate) fn part_key(&self) -> PartKey {
        PartKey::CompositeAlarm(Arc::clone(&self.arn))
    }

    fn saved(&self) -> SavedComposite {
        SavedComposite {
            state: self.state,
            last_change: self.last_change.clone(),
            pending: self.pending,
            suppression: self.suppression.as_ref().map(|suppressed| suppressed.suppression),
            told_at: self.told_at,
        }
    }

    fn load(&mut self, saved: SavedComposite) {
        let SavedComposite { state, last_change, pending, suppression, told_at } = saved;
        self.told_at = told_at;
        (self.state, self.last_change, self.pending) = (state, last_change, pending);
        if let Some((suppressed, saved)) = self.suppression.as_mut().zip(suppression) {
            (suppressed.suppression, suppressed.is_new) = (saved, false);
        }
        self.unsaved = false;
    }
}

impl Composite {
    fn new(alarm: &CompositeAlarm, before: Option<&Composite>) -> Self {
        let state = before.map_or(StateValue::InsufficientData, |before| before.state);
        let same_rule = |before: &Composite| before.alarm.definition.rule == alarm.definition.rule;
        let pending = match before {
            None => Pending::Created,
            Some(before) if !same_rule(before) => Pending::Updated,
            Some(before) => before.pending.unwrap_or(Pending::Reconfigured),
        };
        let held = before.and_then(|before| before.suppression.as_ref());
        let suppression = alarm.definition.suppressor.as_ref().map(|(suppressor, periods)| {
            let by = AlarmReference { text: suppressor.clone(), span: 0..suppressor.len() }.name().to_owned();
            let fresh = Suppression::new(state, StateValue::InsufficientData);
            let suppression = held.map_or(fresh, |held| held.suppression);
            let is_new = held.is_none_or(|held| held.is_new || held.by != by);
            Suppressed { by, suppressor: *periods, suppression, is_new }
        });
        Composite {
            arn: alarm.arn.as_str().into(),
            name: alarm.definition.name.as_str().into(),
            actions: Arc::new(Actions::of_composite_alarm(&alarm.definition)),
            state,
            pending: Some(pending),
            released: held.filter(|_| suppression.is_none()).cloned(),
            suppression,
            last_change: before.and_then(|before| before.last_change.clone()),
            told_at: before.and_then(|before| before.told_at),
            alarm: alarm.clone(),
            unsaved: true,
        }
    }
}
