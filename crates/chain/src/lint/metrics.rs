//! Metrics that nothing writes, that nothing looks at, or that are others than they seem.

use std::collections::{BTreeMap, BTreeSet};

use diagnostic::Diagnostic;
use metric::Unit;

use super::view::{self, Filter, Use, View};
use super::warning;

pub(super) fn lint(view: &View<'_>, found: &mut Vec<Diagnostic>) {
    let mut meant = BTreeSet::new();
    for used in &view.uses {
        let (namespace, name) = (used.metric.metric.namespace.as_str(), used.metric.metric.name.as_str());
        let writers = view.writers_of(used);
        found.extend(match view.writer(namespace, name) {
            None => nothing_writes(used, view, &mut meant),
            Some(other) if writers.is_empty() => {
                may_differ(used, other, view).then(|| other_dimensions(used, other))
            }
            Some(_) if !view.is_condition_known(&used.alarm.resource) => None,
            Some(_) => other_unit(used, &writers),
        });
    }
    nothing_looks(view, &meant, found);
    written_twice(view, found);
}

/// Namespaces that AWS's services and agents write to.
fn is_written_elsewhere(namespace: &str) -> bool {
    namespace.starts_with("AWS/")
        || ["CWAgent", "ContainerInsights", "LambdaInsights", "Glue", "CloudWatchSynthetics", "System/Linux"]
            .contains(&namespace)
        || ["ECS/", "ContainerInsights/", "Route53/"].iter().any(|start| namespace.starts_with(start))
}

/// K021, K022. `meant` gets the metric that was meant, if one is like it.
fn nothing_writes<'c>(
    used: &Use<'_>,
    view: &View<'c>,
    meant: &mut BTreeSet<(&'c str, &'c str)>,
) -> Option<Diagnostic> {
    let (namespace, name) = (used.metric.metric.namespace.as_str(), used.metric.metric.name.as_str());
    let may_be_written =
        || view.is_lenient() && view.metrics().any(|own| view.may_be_one(own, (namespace, name)));
    if is_written_elsewhere(namespace) || view.is_variable(namespace) || may_be_written() {
        return None;
    }
    if let Some(other) = view.metric_named(name) {
        meant.insert(other);
        let message = format!("`{name}` is written to the namespace `{}`, not to `{namespace}`", other.0);
        let found = warning("K022", used.namespace, message);
        return Some(found.help(format!("write `{}` in one of the two places", other.0)));
    }
    let message = format!("nothing in this template writes the metric `{}`", used.shown());
    let own = view.metrics().filter(|(own, _)| *own == namespace);
    let near = view::meant(name, own.map(|(_, name)| name));
    let metric = near.and_then(|near| view.writer(namespace, near)).map(Filter::metric);
    meant.extend(metric);
    Some(warning("K021", used.name, message).help(match near {
        Some(near) => format!("write `{near}`, which a metric filter writes"),
        None => "declare a metric filter that writes it; until then the alarm has no data".to_owned(),
    }))
}

/// Are the dimensions of both known?
fn may_differ(used: &Use<'_>, filter: &Filter<'_>, view: &View<'_>) -> bool {
    let mut names = used.metric.metric.dimensions.keys().map(String::as_str).chain(filter.dimension_names());
    names.all(|name| !view.is_variable(name))
        && view.is_condition_known(&used.alarm.resource)
        && view.is_condition_known(&filter.declared.resource)
}

/// K022
fn other_dimensions(used: &Use<'_>, filter: &Filter<'_>) -> Diagnostic {
    let own: BTreeSet<&str> = used.metric.metric.dimensions.keys().map(String::as_str).collect();
    let written = filter.dimension_names();
    let list = |names: &BTreeSet<&str>| match names.is_empty() {
        true => "no dimensions".to_owned(),
        false => format!(
            "the dimensions {}",
            names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
        ),
    };
    let message = format!(
        "`{}` is written with {}, and the alarm asks for {}",
        used.shown(),
        list(&written),
        list(&own)
    );
    let help = if own.is_empty() {
        "nothing is added up over dimensions: give the alarm the dimensions with their values, or take them from the filter"
    } else {
        "a metric is the same only with the same dimensions: give both the same"
    };
    let span = used.dimensions.unwrap_or(used.name);
    warning("K022", span, message).label(filter.typed.metric_name.span.range(), "written here").help(help)
}

/// K023
fn other_unit(used: &Use<'_>, writers: &[&Filter<'_>]) -> Option<Diagnostic> {
    let asked = used.metric.unit?;
    let unit = |filter: &&Filter<'_>| filter.typed.unit.as_ref().and_then(|unit| unit.value.parse().ok());
    let written: Vec<Unit> = writers.iter().map(|filter| unit(filter).unwrap_or_default()).collect();
    let first = *written.first()?;
    if written.contains(&asked) {
        return None;
    }
    let message = format!(
        "the metric is written in the unit `{}`, and the alarm asks for `{}`",
        first.as_str(),
        asked.as_str()
    );
    let help = "CloudWatch converts nothing, so the alarm has no data: leave `Unit` out of the alarm";
    Some(warning("K023", used.unit?, message).help(help))
}

/// K020
fn nothing_looks(view: &View<'_>, meant: &BTreeSet<(&str, &str)>, found: &mut Vec<Diagnostic>) {
    let declaration = view.declaration();
    let used: BTreeSet<(&str, &str)> = declaration.alarms.iter().flat_map(looked_at).collect();
    let searches: Vec<&str> = declaration.alarms.iter().flat_map(expressions).collect();
    let is_used = |metric: (&str, &str)| {
        searches.iter().any(|search| search.contains(metric.1))
            || used.contains(&metric)
            || (view.is_lenient() && used.iter().any(|used| view.may_be_one(*used, metric)))
    };
    let idle = |filter: &&Filter<'_>| !is_used(filter.metric()) && !meant.contains(&filter.metric());
    let idle: Vec<&Filter<'_>> = view.filters.iter().filter(idle).collect();
    let help = "declare an `AWS::CloudWatch::Alarm` on it, or remove the filter";
    if view.declaration().alarms.is_empty() && idle.len() > 1 {
        let message = format!("this template has {} metric filters and no alarm", idle.len());
        let first = idle.first().map(|filter| filter.declared.resource.logical_id.span);
        found.extend(first.map(|span| {
            warning("K020", span, message).help("declare an `AWS::CloudWatch::Alarm` on each metric")
        }));
        return;
    }
    for filter in idle {
        let (namespace, name) = filter.metric();
        let message = format!("no alarm looks at the metric `{namespace}/{name}`");
        found.push(warning("K020", filter.typed.metric_name.span, message).help(help));
    }
}

/// The metrics that an alarm is declared on, whether it can be evaluated here or not.
fn looked_at(alarm: &stack::Alarm) -> Vec<(&str, &str)> {
    let stats = alarm.metrics.iter().filter_map(|query| query.metric_stat.as_ref());
    let pairs = stats.map(|stat| (stat.namespace.as_ref(), stat.metric_name.as_ref()));
    let pairs = pairs.chain([(alarm.namespace.as_ref(), alarm.metric_name.as_ref())]);
    let both = pairs.filter_map(|(namespace, name)| namespace.zip(name));
    both.map(|(namespace, name)| (namespace.value.as_str(), name.value.as_str())).collect()
}

/// `SEARCH` and `SELECT` name metrics too.
fn expressions(alarm: &stack::Alarm) -> impl Iterator<Item = &str> {
    let texts = alarm.metrics.iter().filter_map(|query| query.expression.as_ref());
    texts.map(|text| text.value.as_str()).filter(|text| text.contains("SEARCH") || text.contains("SELECT"))
}

/// K024
fn written_twice(view: &View<'_>, found: &mut Vec<Diagnostic>) {
    let mut written: BTreeMap<_, &Filter<'_>> = BTreeMap::new();
    let is_created = |filter: &&Filter<'_>| {
        let id = &filter.declared.resource.logical_id.value;
        !view.declaration().unknown.conditional.contains(id)
    };
    for second in view.filters.iter().filter(is_created) {
        let (namespace, name) = second.metric();
        let Some(first) = written.get(&(namespace, name, second.dimension_names())) else {
            written.insert((namespace, name, second.dimension_names()), second);
            continue;
        };
        if first.is_default() != second.is_default() {
            continue;
        }
        let message = format!("two metric filters write `{namespace}/{name}`: their matches are added up");
        let help = "if that is meant, say `--allow K024`; otherwise give each metric its own name";
        let diagnostic = warning("K024", second.typed.metric_name.span, message).help(help);
        found.push(diagnostic.label(first.typed.metric_name.span.range(), "also written here"));
    }
}
