//! Is a list of metrics and expressions one that an alarm can look at?

use std::collections::{BTreeMap, BTreeSet};

use super::ast::Expression;
use super::kind::{Kind, kind};
use super::{MAX_METRICS, MAX_QUERIES, Math, Query, QueryBody};
use crate::definition::{MetricDataQuery, MetricStatistic, Problem, ProblemKind, check_metric_stat};
use crate::error::{ErrorCode, SyntaxError};

/// The list, if nothing is wrong with it. What is wrong goes into `problems`.
pub(crate) fn check(queries: &[MetricDataQuery], problems: &mut Vec<Problem>) -> Option<Math> {
    let before = problems.len();
    check_sizes(queries, problems);
    check_ids(queries, problems);
    let read: Vec<Option<Query>> =
        queries.iter().enumerate().map(|(index, query)| read_query(index, query, problems)).collect();
    let returned = returned(queries, problems);
    check_periods(&read, problems);
    let read: Vec<Query> = read.into_iter().collect::<Option<_>>()?;
    let order = order(&read, problems)?;
    check_kinds(&read, &order, returned, problems);
    (problems.len() == before).then_some(Math { queries: read, returned: returned?, order })
}

/// A list that was checked before, read back.
pub(super) fn check_again(queries: Vec<Query>, returned: usize) -> Result<Math, String> {
    let mut problems = Vec::new();
    if returned >= queries.len() {
        return Err(format!("there is no query {returned}"));
    }
    let order = order(&queries, &mut problems);
    if let Some(order) = &order {
        check_kinds(&queries, order, Some(returned), &mut problems);
    }
    match (order, problems.into_iter().next()) {
        (Some(order), None) => Ok(Math { queries, returned, order }),
        (_, problem) => Err(problem.map_or_else(String::new, |problem| problem.to_string())),
    }
}

fn property(index: usize, field: &str) -> String {
    format!("Metrics[{index}].{field}")
}

fn check_sizes(queries: &[MetricDataQuery], problems: &mut Vec<Problem>) {
    if queries.len() > MAX_QUERIES {
        let bound = format!("have length less than or equal to {MAX_QUERIES}");
        problems.push(Problem::constraint("Metrics", &format!("of {} elements", queries.len()), bound));
    }
    let metrics = queries.iter().filter(|query| query.metric_stat.is_some()).count();
    if metrics > MAX_METRICS {
        let message =
            format!("An alarm's list of metrics may hold {MAX_METRICS} metrics, and this holds {metrics}.");
        problems.push(Problem::combination("Metrics", message));
    }
    if metrics == 0 && !queries.is_empty() {
        problems.push(Problem::combination("Metrics", "The list of metrics holds no metric."));
    }
}

fn check_ids(queries: &[MetricDataQuery], problems: &mut Vec<Problem>) {
    let mut seen = BTreeSet::new();
    for (index, query) in queries.iter().enumerate() {
        let id = query.id.as_str();
        let well_formed = id.starts_with(|first: char| first.is_ascii_lowercase())
            && id.len() <= 255
            && id.chars().all(|sign| sign.is_ascii_alphanumeric() || sign == '_');
        if !well_formed {
            let message = format!(
                "The value {id} for parameter Id is invalid: ids begin with a lower-case letter and hold letters, \
                 digits and underscores."
            );
            problems.push(Problem::new(property(index, "Id"), ProblemKind::Value, message));
        }
        if !seen.insert(id) {
            let message = format!("The values for parameter id in the list of metrics are not unique: {id}");
            problems.push(Problem::combination(property(index, "Id"), message));
        }
    }
}

fn read_query(index: usize, query: &MetricDataQuery, problems: &mut Vec<Problem>) -> Option<Query> {
    let body = match (&query.metric_stat, &query.expression) {
        (Some(metric), None) => {
            let prefix = property(index, "MetricStat.");
            QueryBody::Metric(check_metric_stat(&prefix, metric, problems)?)
        }
        (None, Some(text)) => match Expression::parse(text) {
            Ok(expression) => QueryBody::Expression(expression),
            Err(error) => {
                problems.push(in_expression(index, &query.id, error));
                return None;
            }
        },
        _ => {
            let message =
                "Exactly one of Expression and MetricStat must be set in an element of the metrics list.";
            problems.push(Problem::combination(format!("Metrics[{index}]"), message));
            return None;
        }
    };
    Some(Query { id: query.id.clone(), label: query.label.clone(), body })
}

fn in_expression(index: usize, id: &str, error: SyntaxError) -> Problem {
    let message = format!("Error in expression '{id}' [{}]", error.message);
    Problem::syntax(property(index, "Expression"), error.aws(message))
}

/// What isn't said to return data does.
fn returned(queries: &[MetricDataQuery], problems: &mut Vec<Problem>) -> Option<usize> {
    let mut returning = queries.iter().enumerate().filter(|(_, query)| query.return_data != Some(false));
    match (returning.next(), returning.next()) {
        (Some((index, _)), None) => Some(index),
        _ => {
            let message = "Exactly one element of the metrics list should return data.";
            problems.push(Problem::combination("Metrics", message));
            None
        }
    }
}

fn check_periods(queries: &[Option<Query>], problems: &mut Vec<Problem>) {
    let metrics = queries.iter().enumerate().filter_map(|(index, query)| match &query.as_ref()?.body {
        QueryBody::Metric(metric) => Some((index, metric)),
        QueryBody::Expression(_) => None,
    });
    let metrics: Vec<(usize, &MetricStatistic)> = metrics.collect();
    let Some((_, first)) = metrics.first() else { return };
    if let Some((index, _)) = metrics.iter().find(|(_, metric)| metric.period != first.period) {
        let message = "All metrics in the metrics list must have the same period.";
        problems.push(Problem::combination(property(*index, "MetricStat.Period"), message));
    }
}

/// Each comes after those that it names. `None` where some name each other.
fn order(queries: &[Query], problems: &mut Vec<Problem>) -> Option<Vec<usize>> {
    let names: BTreeSet<&str> = queries.iter().map(|query| query.id.as_str()).collect();
    let mut done: BTreeSet<&str> = BTreeSet::new();
    let mut order = Vec::new();
    while order.len() < queries.len() {
        let ready = |(index, query): &(usize, &Query)| {
            let waits =
                identifiers(query).into_iter().any(|name| names.contains(name) && !done.contains(name));
            !order.contains(index) && !waits
        };
        let Some((index, query)) = queries.iter().enumerate().find(ready) else {
            let (index, stuck) = queries.iter().enumerate().find(|(index, _)| !order.contains(index))?;
            problems.push(circular(index, stuck));
            return None;
        };
        order.push(index);
        done.insert(query.id.as_str());
    }
    Some(order)
}

fn circular(index: usize, query: &Query) -> Problem {
    let span = match &query.body {
        QueryBody::Expression(expression) => 0..expression.text().len(),
        QueryBody::Metric(_) => 0..0,
    };
    let error = SyntaxError::new(ErrorCode::UnknownMetric, span, "the expression depends on itself")
        .help("let expressions name only those that don't name them");
    in_expression(index, &query.id, error)
}

fn identifiers(query: &Query) -> Vec<&str> {
    match &query.body {
        QueryBody::Expression(expression) => {
            expression.identifiers().into_iter().map(|(name, _)| name).collect()
        }
        QueryBody::Metric(_) => Vec::new(),
    }
}

fn check_kinds(queries: &[Query], order: &[usize], returned: Option<usize>, problems: &mut Vec<Problem>) {
    let mut kinds: BTreeMap<&str, Kind> = BTreeMap::new();
    for (index, query) in order.iter().filter_map(|index| Some((*index, queries.get(*index)?))) {
        let found = match &query.body {
            QueryBody::Metric(_) => Ok(Kind::Series),
            QueryBody::Expression(expression) => kind(&expression.root, &|name| kinds.get(name).copied()),
        };
        match found {
            Ok(kind) if kind != Kind::Series && returned == Some(index) => {
                problems.push(not_one_series(index, query, kind));
            }
            Err(error) => problems.push(in_expression(index, &query.id, error)),
            Ok(_) => {}
        }
        // What is wrong is reported once, not wherever it is named.
        kinds.insert(query.id.as_str(), found_or_series(query, &kinds));
    }
}

fn found_or_series(query: &Query, kinds: &BTreeMap<&str, Kind>) -> Kind {
    match &query.body {
        QueryBody::Metric(_) => Kind::Series,
        QueryBody::Expression(expression) => {
            kind(&expression.root, &|name| kinds.get(name).copied()).unwrap_or(Kind::Series)
        }
    }
}

fn not_one_series(index: usize, query: &Query, kind: Kind) -> Problem {
    let QueryBody::Expression(expression) = &query.body else { return Problem::combination("Metrics", "") };
    let message = format!("an alarm looks at one series, and this yields {}", kind.words());
    let help = match kind {
        Kind::List => "make one series of it, such as `SUM(METRICS())`",
        _ => "make a series of it, such as `TIME_SERIES(…)`, or use the series itself",
    };
    let span = 0..expression.text().len();
    in_expression(index, &query.id, SyntaxError::new(ErrorCode::WrongKind, span, message).help(help))
}
