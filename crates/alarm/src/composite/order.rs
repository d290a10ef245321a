//! In which order composite alarms are evaluated, and which of them can't be.

use std::collections::{BTreeMap, BTreeSet};

use super::AlarmRule;

/// In which order composite alarms are evaluated, so that children come before their parents.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Order<'r> {
    /// The alarms that can be evaluated, children first.
    pub order: Vec<&'r str>,
    /// Those that are part of a cycle or depend on one: they aren't evaluated.
    pub stuck: BTreeSet<&'r str>,
    /// One cycle, if there is any: each alarm names the next one, and the last the first.
    pub cycle: Vec<&'r str>,
}

/// Puts composite alarms, by name, into an order in which they can be evaluated. Alarms that aren't among `rules` are
/// metric alarms.
#[must_use]
pub fn evaluation_order(rules: &BTreeMap<String, AlarmRule>) -> Order<'_> {
    let mut waiting: BTreeMap<&str, BTreeSet<&str>> =
        rules.iter().map(|(name, rule)| (name.as_str(), composite_children(rule, rules))).collect();
    let mut parents: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (&name, children) in &waiting {
        for &child in children {
            parents.entry(child).or_default().push(name);
        }
    }
    let mut order: Vec<&str> =
        waiting.iter().filter(|(_, on)| on.is_empty()).map(|(&name, _)| name).collect();
    let mut done = 0;
    while let Some(&name) = order.get(done) {
        done += 1;
        waiting.remove(name);
        for parent in parents.get(name).into_iter().flatten() {
            let Some(on) = waiting.get_mut(parent) else { continue };
            on.remove(name);
            if on.is_empty() {
                order.push(parent);
            }
        }
    }
    Order { order, cycle: cycle(&waiting), stuck: waiting.into_keys().collect() }
}

fn composite_children<'r>(rule: &'r AlarmRule, rules: &'r BTreeMap<String, AlarmRule>) -> BTreeSet<&'r str> {
    let names = rule.children().iter().map(super::AlarmReference::name);
    names.filter(|name| rules.contains_key(*name)).collect()
}

/// Each of the alarms waits on another one of them, so that whoever follows comes back.
fn cycle<'r>(waiting: &BTreeMap<&'r str, BTreeSet<&'r str>>) -> Vec<&'r str> {
    let mut path: Vec<&str> = Vec::new();
    let mut at = waiting.keys().next().copied();
    while let Some(name) = at {
        if let Some(start) = path.iter().position(|passed| *passed == name) {
            return path.split_off(start);
        }
        path.push(name);
        at = waiting.get(name).and_then(|on| on.first().copied());
    }
    Vec::new()
}
