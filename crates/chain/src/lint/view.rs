//! A chain seen from the side of its metrics: who writes one, who looks at it.

use std::collections::{BTreeMap, BTreeSet};

use alarm::Definition;
use alarm::definition::MetricStatistic;
use filter_pattern::Pattern;
use stack::{Alarm, Declaration, IgnoredReason, MetricFilter, MetricTransformation, Resource, Span};

use crate::{Chain, patterns};

/// A chain, indexed.
pub(super) struct View<'c> {
    pub(super) text: &'c str,
    pub(super) chain: &'c Chain,
    pub(super) filters: Vec<Filter<'c>>,
    pub(super) uses: Vec<Use<'c>>,
    /// The first filter that writes a metric of such a namespace and name, by its position.
    written: BTreeMap<(&'c str, &'c str), usize>,
    /// The metrics of a name.
    by_name: BTreeMap<&'c str, (&'c str, &'c str)>,
    /// The filters that write a metric, at most [`MOST_WRITERS`].
    writers: BTreeMap<Identity<'c>, Vec<usize>>,
    /// The log groups that trails of the template deliver to.
    pub(super) trail_groups: BTreeSet<&'c str>,
    /// Resources and their properties whose value a plan doesn't know yet.
    unknown: BTreeSet<(&'c str, &'c str)>,
    /// Was the template read without some of its values?
    is_lenient: bool,
}

/// Namespace, name, and the names of its dimensions.
type Identity<'c> = (&'c str, &'c str, BTreeSet<&'c str>);

/// How many filters of one metric are looked at. A template has no more in a log group; a plan may have.
const MOST_WRITERS: usize = 100;

/// Beyond so many names none is looked for that was meant.
const MOST_NAMES: usize = 1_000;

/// The name that was meant.
pub(super) fn meant<'n>(name: &str, names: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    let names: Vec<&str> = names.take(MOST_NAMES + 1).collect();
    if names.len() > MOST_NAMES { None } else { diagnostic::closest(name, names) }
}

/// A metric filter with its pattern.
pub(super) struct Filter<'c> {
    pub(super) declared: &'c MetricFilter,
    pub(super) typed: &'c MetricTransformation,
    pub(super) pattern: &'c Pattern,
    /// Does the pattern ask for what CloudTrail's records have?
    pub(super) reads_records: bool,
    /// Is the whole of the pattern known?
    pub(super) is_known: bool,
}

/// An alarm's look at a metric, and where it is written.
pub(super) struct Use<'c> {
    pub(super) alarm: &'c Alarm,
    pub(super) definition: &'c Definition,
    pub(super) metric: &'c MetricStatistic,
    /// Is it the only thing that the alarm looks at?
    pub(super) alone: bool,
    pub(super) name: Span,
    pub(super) namespace: Span,
    pub(super) dimensions: Option<Span>,
    pub(super) unit: Option<Span>,
    pub(super) period: Span,
    pub(super) statistic: Span,
}

impl<'c> View<'c> {
    pub(super) fn of(text: &'c str, chain: &'c Chain) -> Self {
        let trail_groups = trail_groups(&chain.declaration);
        let filters = filters(chain, &trail_groups);
        let (mut written, mut by_name, mut writers) = (BTreeMap::new(), BTreeMap::new(), BTreeMap::new());
        for (index, filter) in filters.iter().enumerate() {
            let (namespace, name) = filter.metric();
            written.entry((namespace, name)).or_insert(index);
            by_name.entry(name).or_insert((namespace, name));
            let own: &mut Vec<usize> =
                writers.entry((namespace, name, filter.dimension_names())).or_default();
            if own.len() < MOST_WRITERS {
                own.push(index);
            }
        }
        let ignored = chain.declaration.ignored_properties.iter();
        let unknown = ignored.filter(|ignored| ignored.reason == IgnoredReason::NotKnownYet);
        let unknown = unknown.map(|ignored| (ignored.logical_id.as_str(), ignored.path.as_str())).collect();
        let uses = uses(chain);
        let is_lenient = chain.declaration.unknown != stack::Unknown::default();
        View { text, chain, filters, uses, written, by_name, writers, trail_groups, unknown, is_lenient }
    }

    /// Is there such a property, whose value a plan doesn't know yet (where it is `argument`), or wasn't given?
    pub(super) fn is_unknown(&self, resource: &Resource, argument: &str, property: &str) -> bool {
        let id = resource.logical_id.value.as_str();
        self.unknown.contains(&(id, argument)) || self.is_guessed(resource, |guessed| guessed == property)
    }

    /// Is any of these properties one whose value wasn't given?
    fn is_guessed(&self, resource: &Resource, any: impl Fn(&str) -> bool) -> bool {
        let guessed = self.declaration().unknown.properties.get(&resource.logical_id.value);
        guessed.is_some_and(|properties| properties.iter().any(|property| any(property)))
    }

    /// Is all known that decides when an alarm fires?
    pub(super) fn is_condition_known(&self, resource: &Resource) -> bool {
        !self.is_guessed(resource, |property| !property.ends_with("Actions") && property != "ActionsEnabled")
    }

    /// Was the template read without some of its values?
    pub(super) fn is_lenient(&self) -> bool {
        self.is_lenient
    }

    /// Is part of this text a value that wasn't given?
    pub(super) fn is_variable(&self, text: &str) -> bool {
        self.is_lenient && stack::is_unknown(text)
    }

    /// Could both turn out to be one?
    pub(super) fn may_be_equal(&self, one: &str, other: &str) -> bool {
        one == other || (self.is_lenient && stack::may_be_equal(one, other))
    }

    /// Could both turn out to be one metric? Both are namespace and name.
    pub(super) fn may_be_one(&self, one: (&str, &str), other: (&str, &str)) -> bool {
        self.may_be_equal(one.0, other.0) && self.may_be_equal(one.1, other.1)
    }

    pub(super) fn declaration(&self) -> &'c Declaration {
        &self.chain.declaration
    }

    /// The metrics that filters write, by namespace and name.
    pub(super) fn metrics(&self) -> impl Iterator<Item = (&'c str, &'c str)> {
        self.written.keys().copied()
    }

    /// A metric of this name, in whatever namespace.
    pub(super) fn metric_named(&self, name: &str) -> Option<(&'c str, &'c str)> {
        self.by_name.get(name).copied()
    }

    /// A filter that writes a metric of this namespace and name, whatever its dimensions.
    pub(super) fn writer(&self, namespace: &str, name: &str) -> Option<&Filter<'c>> {
        self.written.get(&(namespace, name)).and_then(|at| self.filters.get(*at))
    }

    /// The filters that write what is looked at.
    pub(super) fn writers_of(&self, used: &Use<'_>) -> Vec<&Filter<'c>> {
        let metric = &used.metric.metric;
        let dimensions = metric.dimensions.keys().map(String::as_str).collect();
        let positions = self.writers.get(&(metric.namespace.as_str(), metric.name.as_str(), dimensions));
        positions.into_iter().flatten().filter_map(|at| self.filters.get(*at)).collect()
    }
}

impl<'c> Filter<'c> {
    /// Namespace and name.
    pub(super) fn metric(&self) -> (&'c str, &'c str) {
        (self.typed.metric_namespace.value.as_str(), self.typed.metric_name.value.as_str())
    }

    pub(super) fn dimension_names(&self) -> BTreeSet<&'c str> {
        self.typed.dimensions.iter().map(|dimension| dimension.name.value.as_str()).collect()
    }

    /// Does each match count nothing? Such a filter writes what the default value of another one would.
    pub(super) fn is_default(&self) -> bool {
        self.constant() == Some(0.0)
    }

    /// The value of each match, where it is always the same.
    pub(super) fn constant(&self) -> Option<f64> {
        self.typed.metric_value.value.parse().ok()
    }
}

impl Use<'_> {
    /// Namespace and name, for a message.
    pub(super) fn shown(&self) -> String {
        format!("{}/{}", self.metric.metric.namespace, self.metric.metric.name)
    }
}

fn filters<'c>(chain: &'c Chain, trail_groups: &BTreeSet<&str>) -> Vec<Filter<'c>> {
    let pairs = chain.declaration.metric_filters.iter().zip(&chain.patterns);
    let is_lenient = chain.declaration.unknown != stack::Unknown::default();
    let filter = |(declared, pattern): (&'c MetricFilter, &'c Pattern)| {
        let reads_records =
            patterns::reads_records(pattern) || trail_groups.contains(declared.log_group_name.value.as_str());
        let typed = declared.metric_transformations.first()?;
        let is_known = !(is_lenient && stack::is_unknown(&declared.filter_pattern.value));
        Some(Filter { declared, typed, pattern, reads_records, is_known })
    };
    pairs.filter_map(filter).collect()
}

fn trail_groups(declaration: &Declaration) -> BTreeSet<&str> {
    let arns = declaration.trails.iter().filter_map(|trail| trail.cloud_watch_logs_log_group_arn.as_ref());
    arns.filter_map(|arn| group_of(&arn.value)).collect()
}

/// The name of a log group in its ARN: `arn:aws:logs:eu-west-1:111122223333:log-group:NAME:*`.
pub(super) fn group_of(arn: &str) -> Option<&str> {
    let (_, name) = arn.split_once(":log-group:")?;
    Some(name.strip_suffix(":*").unwrap_or(name))
}

fn uses(chain: &Chain) -> Vec<Use<'_>> {
    let mut uses = Vec::new();
    for (alarm, watched) in chain.alarms() {
        let definition = &watched.definition;
        if alarm.metrics.is_empty() {
            uses.extend(definition.metrics().next().and_then(|metric| only(alarm, definition, metric)));
            continue;
        }
        let queries = alarm.metrics.iter().filter_map(|query| Some((query, query.metric_stat.as_ref()?)));
        let own = queries.zip(definition.metrics()).filter(|((query, _), _)| query.account_id.is_none());
        uses.extend(own.map(|((query, stat), metric)| {
            let span = |text: Option<&stack::Text>| text.map_or(query.span, |text| text.span);
            Use {
                alarm,
                definition,
                metric,
                alone: false,
                name: span(stat.metric_name.as_ref()),
                namespace: span(stat.namespace.as_ref()),
                dimensions: stat.dimensions.first().map(|dimension| dimension.span),
                unit: stat.unit.as_ref().map(|unit| unit.span),
                period: stat.period.span,
                statistic: stat.stat.span,
            }
        }));
    }
    uses
}

fn only<'c>(alarm: &'c Alarm, definition: &'c Definition, metric: &'c MetricStatistic) -> Option<Use<'c>> {
    let statistic = alarm.statistic.as_ref().or(alarm.extended_statistic.as_ref())?;
    Some(Use {
        alarm,
        definition,
        metric,
        alone: true,
        name: alarm.metric_name.as_ref()?.span,
        namespace: alarm.namespace.as_ref()?.span,
        dimensions: alarm.dimensions.first().map(|dimension| dimension.span),
        unit: alarm.unit.as_ref().map(|unit| unit.span),
        period: alarm.period.as_ref()?.span,
        statistic: statistic.span,
    })
}
