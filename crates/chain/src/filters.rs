//! Metric filters: their patterns, their transformations, and AWS's quotas.

use std::collections::BTreeMap;

use diagnostic::Diagnostic;
use filter_pattern::{Language, Pattern, Wildcards};
use metric::{Property, Transformation, TransformationError, TransformationParts};
use monitor::MetricFilter;
use stack::{Declaration, MetricTransformation, Text};

use crate::read::Found;
use crate::{patterns, place};

/// Metric filters of one log group (AWS: "CloudWatch Logs quotas").
pub(crate) const MAX_FILTERS: usize = 100;
/// Patterns with regular expressions of one log group (AWS: "Filter pattern syntax").
pub(crate) const MAX_REGEX_FILTERS: usize = 5;
/// How many characters the name of a metric filter or of a log group has at most.
const MAX_NAME_CHARS: usize = 512;

/// The properties of a transformation that can be wrong one by one.
const MOST_PROPERTIES: usize = 6;

/// The filters that can be run, and the pattern of each that is declared.
pub(crate) fn read(
    text: &str,
    declaration: &Declaration,
    wildcards: Wildcards,
    found: &mut Found,
) -> (Vec<MetricFilter>, Vec<Option<Pattern>>) {
    let (mut filters, mut patterns) = (Vec::new(), Vec::new());
    for filter in &declaration.metric_filters {
        check_name(&filter.name, "metric filter", |sign| sign != ':' && sign != '*', found);
        let pattern = pattern(text, &filter.filter_pattern, wildcards, found);
        let language =
            pattern.as_ref().map_or_else(|| likely(&filter.filter_pattern.value), Pattern::language);
        let first = filter.metric_transformations.first();
        let transformation = first.and_then(|typed| transformation(text, typed, language, found));
        filters.extend(transformation.map(|transformation| MetricFilter {
            name: filter.name.value.clone(),
            log_group: filter.log_group_name.value.clone(),
            transformation,
        }));
        patterns.push(pattern);
    }
    for group in &declaration.log_groups {
        let allowed = |sign: char| sign.is_ascii_alphanumeric() || "_-/.#".contains(sign);
        check_name(&group.name, "log group", allowed, found);
    }
    (filters, patterns)
}

fn pattern(text: &str, typed: &Text, wildcards: Wildcards, found: &mut Found) -> Option<Pattern> {
    match Pattern::parse_with(&typed.value, wildcards) {
        Ok(pattern) => Some(pattern),
        // What isn't known may be any pattern.
        Err(_) if found.is_unknown(&typed.value) => Pattern::parse("").ok(),
        Err(error) => {
            found.push(place::in_scalar(error.diagnostic(), text, typed));
            None
        }
    }
}

/// The language that a pattern with a mistake is meant to be in.
fn likely(pattern: &str) -> Language {
    match pattern.trim_start().chars().next() {
        Some('{') => Language::Json,
        Some('[') => Language::Space,
        _ => Language::Term,
    }
}

fn transformation(
    text: &str,
    typed: &MetricTransformation,
    language: Language,
    found: &mut Found,
) -> Option<Transformation> {
    let parts = TransformationParts {
        namespace: &typed.metric_namespace.value,
        name: &typed.metric_name.value,
        value: &typed.metric_value.value,
        default: typed.default_value.map(|value| value.value),
        unit: typed.unit.as_ref().map(|unit| unit.value.as_str()),
        dimensions: typed
            .dimensions
            .iter()
            .map(|dimension| (dimension.name.value.as_str(), dimension.value.value.as_str()))
            .collect(),
    };
    match Transformation::parse(&parts, language) {
        Ok(transformation) => Some(transformation),
        Err(error) => report(text, typed, parts, error, language, found),
    }
}

/// The parser stops at the first property that is wrong. What is wrong with the others is found by mending that one. The
/// answer is what to go on with where none of them is known to be wrong.
fn report(
    text: &str,
    typed: &MetricTransformation,
    mut parts: TransformationParts<'_>,
    mut error: TransformationError,
    language: Language,
    found: &mut Found,
) -> Option<Transformation> {
    let mut is_wrong = false;
    for _ in 0..MOST_PROPERTIES {
        let converted = error.diagnostic();
        let scalar = scalar(typed, error.property);
        if !scalar.is_some_and(|scalar| found.is_unknown(&scalar.value)) {
            is_wrong = true;
            found.push(match scalar {
                Some(scalar) => place::in_scalar(converted, text, scalar),
                None => converted.at(span(typed, error.property)),
            });
        }
        mend(&mut parts, error.property);
        match Transformation::parse(&parts, language) {
            Ok(mended) => return Some(mended).filter(|_| !is_wrong),
            Err(next) => error = next,
        }
    }
    None
}

/// Puts something in the place of a property that nothing is wrong with.
fn mend(parts: &mut TransformationParts<'_>, property: Property) {
    match property {
        Property::Namespace => parts.namespace = "Mended",
        Property::Name => parts.name = "Mended",
        Property::Value => parts.value = "1",
        Property::Default => parts.default = None,
        Property::Unit => parts.unit = None,
        Property::Dimensions => parts.dimensions.clear(),
        Property::DimensionName(at) | Property::DimensionValue(at) => {
            // What stands behind it keeps its position.
            parts.dimensions.truncate(at);
        }
    }
}

/// The text that a property is written as.
fn scalar(typed: &MetricTransformation, property: Property) -> Option<&Text> {
    match property {
        Property::Namespace => Some(&typed.metric_namespace),
        Property::Name => Some(&typed.metric_name),
        Property::Value => Some(&typed.metric_value),
        Property::Unit => typed.unit.as_ref(),
        Property::DimensionName(at) => typed.dimensions.get(at).map(|dimension| &dimension.name),
        Property::DimensionValue(at) => typed.dimensions.get(at).map(|dimension| &dimension.value),
        Property::Default | Property::Dimensions => None,
    }
}

fn span(typed: &MetricTransformation, property: Property) -> std::ops::Range<usize> {
    let dimension = || typed.dimensions.first().map(|dimension| dimension.span);
    let span = match property {
        Property::Default => typed.default_value.map(|value| value.span),
        Property::Dimensions => dimension(),
        _ => None,
    };
    span.unwrap_or(typed.span).range()
}

fn check_name(name: &Text, what: &str, allowed: impl Fn(char) -> bool, found: &mut Found) {
    let value = &name.value;
    if let Some(sign) = value.chars().find(|sign| !allowed(*sign)) {
        let message = format!("the name of a {what} can't hold `{sign}`");
        let error = Diagnostic::error("K007", message).at(name.span.range());
        found.push_of(name, error.help("leave it out of the name"));
    } else if value.chars().count() > MAX_NAME_CHARS {
        let message = format!("the name of a {what} has at most {MAX_NAME_CHARS} characters");
        found.push_of(name, Diagnostic::error("K007", message).at(name.span.range()).help("shorten it"));
    }
}

/// How much AWS takes of one log group.
pub(crate) fn check_quotas(declaration: &Declaration, patterns: &[Option<Pattern>], found: &mut Found) {
    for (group, filters) in by_group(declaration, patterns.iter().map(Option::as_ref)) {
        let beyond = |filters: &[&stack::MetricFilter], most: usize| {
            filters.get(most).map(|filter| filter.resource.logical_id.span)
        };
        if let Some(span) = beyond(&filters.all, MAX_FILTERS) {
            let message = format!(
                "the log group `{group}` has {} metric filters; AWS allows {MAX_FILTERS}",
                filters.all.len()
            );
            let help = "join patterns with `||`, or deliver to a second log group";
            found.push(Diagnostic::error("K004", message).at(span.range()).help(help));
        }
        if let Some(span) = beyond(&filters.with_regex, MAX_REGEX_FILTERS) {
            let count = filters.with_regex.len();
            let message = format!(
                "the log group `{group}` has {count} filter patterns with regular expressions; AWS allows {MAX_REGEX_FILTERS}"
            );
            let help = "write `*` instead of a `%regex%` where that says enough";
            found.push(Diagnostic::error("K005", message).at(span.range()).help(help));
        }
    }
}

/// The filters of one log group.
#[derive(Debug, Default)]
pub(crate) struct GroupFilters<'d> {
    pub(crate) all: Vec<&'d stack::MetricFilter>,
    pub(crate) with_regex: Vec<&'d stack::MetricFilter>,
}

pub(crate) fn by_group<'d, 'p>(
    declaration: &'d Declaration,
    patterns: impl Iterator<Item = Option<&'p Pattern>>,
) -> BTreeMap<&'d str, GroupFilters<'d>> {
    let mut groups: BTreeMap<&str, GroupFilters<'_>> = BTreeMap::new();
    for (filter, pattern) in declaration.metric_filters.iter().zip(patterns) {
        let group = groups.entry(&filter.log_group_name.value).or_default();
        group.all.push(filter);
        if pattern.is_some_and(patterns::has_regex) {
            group.with_regex.push(filter);
        }
    }
    groups
}
