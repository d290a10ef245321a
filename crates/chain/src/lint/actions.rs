//! Alarms that tell nobody.

use std::collections::{BTreeMap, BTreeSet};

use diagnostic::Diagnostic;
use stack::{Actions, Resource, Text};

use super::view::{View, meant};
use super::{note, warning};

pub(super) fn lint(view: &View<'_>, found: &mut Vec<Diagnostic>) {
    let told_of = named_by_composites(view);
    let declaration = view.declaration();
    for alarm in &declaration.alarms {
        let has_parent = told_of.contains(alarm.name.value.as_str());
        if !view.is_unknown(&alarm.resource, "alarm_actions", "AlarmActions") {
            found.extend(of_alarm(&alarm.actions, &alarm.resource, has_parent));
        }
    }
    for alarm in &declaration.composite_alarms {
        let has_parent = told_of.contains(alarm.name.value.as_str());
        if !view.is_unknown(&alarm.resource, "alarm_actions", "AlarmActions") {
            found.extend(of_alarm(&alarm.actions, &alarm.resource, has_parent));
        }
    }
    unknown_alarms(view, found);
    without_subscribers(view, found);
    not_run_here(view, found);
}

/// The alarms that a composite alarm looks at, or that hold one back. The chain's composite alarms are in the order in
/// which they are declared.
fn named_by_composites<'v>(view: &'v View<'_>) -> BTreeSet<&'v str> {
    let composites = &view.chain.configuration.composite_alarms;
    let children = composites.iter().flat_map(|composite| composite.definition.rule.children());
    let suppressors = composites.iter().filter_map(|composite| composite.definition.suppressor.as_ref());
    children
        .map(alarm::composite::AlarmReference::name)
        .chain(suppressors.map(|(suppressor, _)| name_of(suppressor)))
        .collect()
}

/// The name of an alarm, also where its ARN is given.
fn name_of(alarm: &str) -> &str {
    alarm.strip_prefix("arn:").and_then(|rest| rest.split_once(":alarm:")).map_or(alarm, |(_, name)| name)
}

/// K040, K041, K042
fn of_alarm(actions: &Actions, resource: &Resource, has_parent: bool) -> Option<Diagnostic> {
    let span = resource.logical_id.span;
    let name = &resource.logical_id.value;
    let others = actions.ok_actions.first().or(actions.insufficient_data_actions.first());
    if actions.alarm_actions.is_empty() && others.is_none() {
        let message = format!("`{name}` has no actions: nobody is told");
        return (!has_parent)
            .then(|| warning("K040", span, message).help("add `AlarmActions: [!Ref Topic]`"));
    }
    let disabled = actions.actions_enabled.filter(|enabled| !enabled.value);
    if let Some(disabled) = disabled {
        let message = format!("the actions of `{name}` are switched off: nobody is told");
        return Some(warning("K041", disabled.span, message).help("write `true`, or leave it out"));
    }
    let other = others.filter(|_| actions.alarm_actions.is_empty() && !has_parent)?;
    let message = format!("`{name}` has actions, but none for `ALARM`");
    Some(warning("K042", other.span, message).help("add `AlarmActions` with the same topic"))
}

/// K048
fn unknown_alarms(view: &View<'_>, found: &mut Vec<Diagnostic>) {
    let declaration = view.declaration();
    let metric = declaration.alarms.iter().map(|alarm| alarm.name.value.as_str());
    let known: Vec<&str> =
        metric.chain(declaration.composite_alarms.iter().map(|alarm| alarm.name.value.as_str())).collect();
    let unknown = |name: &str| {
        let message = format!("this template declares no alarm `{name}`");
        let help = match meant(name, known.iter().copied()) {
            Some(near) => format!("write `{near}`"),
            None => {
                "declare it here: what isn't known is in no state, so no condition on it holds".to_owned()
            }
        };
        Diagnostic::warning("K048", message).help(help)
    };
    let is_known: BTreeSet<&str> = known.iter().copied().collect();
    let is_missing = |name: &str| {
        let may_be_one = || view.is_lenient() && known.iter().any(|known| view.may_be_equal(known, name));
        !(is_known.contains(name) || view.is_variable(name) || may_be_one())
    };
    for (declared, watched) in view.chain.composite_alarms() {
        let children = watched.definition.rule.children().iter();
        for child in children.filter(|child| is_missing(child.name())) {
            let diagnostic = unknown(child.name()).at(child.span.clone());
            found.push(crate::place::in_scalar(diagnostic, view.text, &declared.alarm_rule));
        }
        let suppressor = declared.actions_suppressor.as_ref();
        if let Some(suppressor) = suppressor.filter(|alarm| is_missing(name_of(&alarm.value))) {
            found.push(unknown(name_of(&suppressor.value)).at(suppressor.span.range()));
        }
    }
}

/// Each action, whatever state it belongs to.
fn all_actions<'v>(view: &'v View<'_>) -> impl Iterator<Item = &'v Text> {
    let declaration = view.declaration();
    let metric = declaration.alarms.iter().map(|alarm| &alarm.actions);
    let composite = declaration.composite_alarms.iter().map(|alarm| &alarm.actions);
    metric.chain(composite).flat_map(|actions| {
        actions.alarm_actions.iter().chain(&actions.ok_actions).chain(&actions.insufficient_data_actions)
    })
}

/// K043
fn without_subscribers(view: &View<'_>, found: &mut Vec<Diagnostic>) {
    let mut used: BTreeMap<&str, Vec<&Text>> = BTreeMap::new();
    let told = |topic: &str| {
        let mut subscriptions = view.declaration().subscriptions.iter();
        subscriptions.any(|subscription| view.may_be_equal(&subscription.topic_arn.value, topic))
    };
    for action in all_actions(view) {
        used.entry(&action.value).or_default().push(action);
    }
    let topics = view.declaration().topics.iter().zip(&view.chain.configuration.topics);
    for (declared, topic) in topics.filter(|(_, topic)| topic.subscriptions.is_empty() && !told(&topic.arn)) {
        let Some(actions) = used.get(topic.arn.as_str()) else { continue };
        let message = format!(
            "nobody subscribes to `{}`: its alarms are told to nobody",
            declared.resource.logical_id.value
        );
        let diagnostic = warning("K043", declared.resource.logical_id.span, message);
        let label = actions.first().map(|action| action.span.range());
        let help = "add an `AWS::SNS::Subscription` with `Protocol: email` and an `Endpoint`";
        let diagnostic = diagnostic.help(help);
        found
            .push(label.into_iter().fold(diagnostic, |found, label| found.label(label, "an alarm tells it")));
    }
}

/// K044, K045
fn not_run_here(view: &View<'_>, found: &mut Vec<Diagnostic>) {
    let topics: BTreeSet<&str> = view.declaration().topics.iter().map(|topic| topic.arn.as_str()).collect();
    for action in all_actions(view).filter(|action| !view.is_variable(&action.value)) {
        match action.value.split(':').nth(2) {
            Some("sns") if topics.contains(action.value.as_str()) => {}
            Some("sns") => {
                let message =
                    "this template doesn't declare this topic, so its subscribers aren't known here";
                let help = "declare the topic and its subscriptions here to be told by kmswatch itself";
                found.push(note("K045", action.span, message).help(help));
            }
            // An alarm that can't be evaluated here isn't looked at as closely.
            None => {}
            Some(service) => {
                let message = format!("kmswatch doesn't run this action: it needs `{service}` of AWS");
                found.push(note("K044", action.span, message).help("tell a topic too"));
            }
        }
    }
}
