//! Composite alarms: their rules, and whether they depend on each other in a circle.

use std::collections::BTreeMap;

use alarm::composite::{AlarmRule, PutCompositeAlarm, evaluation_order};
use diagnostic::Diagnostic;
use monitor::CompositeAlarm;
use stack::Declaration;

use crate::alarms::{self, Place, split, text, value, values};
use crate::read::Found;

/// Composite alarms that name one alarm (AWS: "Combining alarms").
const MAX_PARENTS: usize = 150;

/// How many circles of composite alarms are listed.
const MAX_CIRCLES: usize = 10;

pub(crate) fn read(template: &str, declaration: &Declaration, found: &mut Found) -> Vec<CompositeAlarm> {
    let mut composites = Vec::new();
    for declared in &declaration.composite_alarms {
        match without_unknown(put(declared), found).check() {
            Ok(definition) => composites.push(CompositeAlarm { arn: declared.arn.clone(), definition }),
            Err(problems) => {
                for problem in &problems {
                    let place = place_of(declared, &problem.property);
                    let id = &declared.resource.logical_id;
                    let is_guessed = found.is_guessed(&id.value, split(&problem.property).0);
                    let told = alarms::told(template, problem, place, id.span, found);
                    told.filter(|_| !is_guessed).into_iter().for_each(|told| found.push(told));
                }
            }
        }
    }
    check_circles(declaration, &composites, found);
    check_parents(declaration, &composites, found);
    composites
}

fn without_unknown(mut put: PutCompositeAlarm, found: &Found) -> PutCompositeAlarm {
    alarms::known_actions(&mut put.ok_actions, found);
    alarms::known_actions(&mut put.alarm_actions, found);
    alarms::known_actions(&mut put.insufficient_data_actions, found);
    put
}

fn put(declared: &stack::CompositeAlarm) -> PutCompositeAlarm {
    PutCompositeAlarm {
        alarm_name: Some(declared.name.value.clone()),
        alarm_description: value(declared.description.as_ref()),
        actions_enabled: declared.actions.actions_enabled.map(|enabled| enabled.value),
        ok_actions: values(&declared.actions.ok_actions),
        alarm_actions: values(&declared.actions.alarm_actions),
        insufficient_data_actions: values(&declared.actions.insufficient_data_actions),
        alarm_rule: Some(declared.alarm_rule.value.clone()),
        actions_suppressor: value(declared.actions_suppressor.as_ref()),
        actions_suppressor_wait_period: declared.actions_suppressor_wait_period.map(|period| period.value),
        actions_suppressor_extension_period: declared
            .actions_suppressor_extension_period
            .map(|period| period.value),
    }
}

fn place_of<'d>(declared: &'d stack::CompositeAlarm, property: &str) -> Option<Place<'d>> {
    let (name, index, _) = split(property);
    let seconds = |period: Option<stack::Spanned<i64>>| period.map(|period| Place::Other(period.span));
    match name {
        "AlarmName" => Some(Place::Text(&declared.name)),
        "AlarmDescription" => text(declared.description.as_ref()),
        "AlarmRule" => Some(Place::Text(&declared.alarm_rule)),
        "ActionsSuppressor" => text(declared.actions_suppressor.as_ref()),
        "ActionsSuppressorWaitPeriod" => seconds(declared.actions_suppressor_wait_period),
        "ActionsSuppressorExtensionPeriod" => seconds(declared.actions_suppressor_extension_period),
        _ => alarms::action(&declared.actions, name, index),
    }
}

/// An alarm waits for those that its rule names; in a circle, none of them is ever evaluated.
fn check_circles(declaration: &Declaration, composites: &[CompositeAlarm], found: &mut Found) {
    let mut rules: BTreeMap<String, AlarmRule> = composites
        .iter()
        .map(|composite| (composite.definition.name.clone(), composite.definition.rule.clone()))
        .collect();
    for _ in 0..MAX_CIRCLES {
        let cycle: Vec<String> = evaluation_order(&rules).cycle.into_iter().map(str::to_owned).collect();
        let Some(first) = cycle.first() else { return };
        let declared = declaration.composite_alarms.iter().find(|declared| declared.name.value == *first);
        if let Some(declared) = declared {
            let path = cycle.iter().chain([first]).map(|name| format!("`{name}`")).collect::<Vec<_>>();
            let message = format!("composite alarms wait for each other: {}", path.join(" -> "));
            let help = "AWS evaluates none of them; take one of the names out of a rule";
            found.push(Diagnostic::error("K003", message).at(declared.alarm_rule.span.range()).help(help));
        }
        for name in &cycle {
            rules.remove(name);
        }
    }
}

fn check_parents(declaration: &Declaration, composites: &[CompositeAlarm], found: &mut Found) {
    let mut parents: BTreeMap<&str, usize> = BTreeMap::new();
    for child in composites.iter().flat_map(|composite| composite.definition.rule.children()) {
        *parents.entry(child.name()).or_default() += 1;
    }
    for (child, count) in parents.into_iter().filter(|(_, count)| *count > MAX_PARENTS) {
        let metric = declaration.alarms.iter().map(|alarm| (&alarm.name, &alarm.resource));
        let composite = declaration.composite_alarms.iter().map(|alarm| (&alarm.name, &alarm.resource));
        let mut all = metric.chain(composite);
        let Some((_, resource)) = all.find(|(name, _)| name.value == child) else { continue };
        let message = format!("{count} composite alarms name `{child}`; AWS allows {MAX_PARENTS}");
        let help = "let composite alarms name other composite alarms";
        found.push(Diagnostic::error("K006", message).at(resource.logical_id.span.range()).help(help));
    }
}
