//! Metric math: the list of metrics and expressions, and the datapoints of each metric.

use alarm::definition::{Dimension, MetricDataQuery, MetricStat};
use alarm::math::{Math, QueryBody};
use alarm::{Condition, Datapoint, Slot, Window};
use diagnostic::{Diagnostic, closest};
use json::{Kind, Value};

use super::codes::ErrorCode;
use super::mistake::{Mistakes, missing};
use super::properties::{integer, numbers, text, wrong_type};

/// The list of metrics and expressions.
pub(super) fn read(list: Value<'_>, mistakes: &mut Mistakes) -> Vec<MetricDataQuery> {
    if list.kind() != Kind::Array {
        mistakes.push("Metrics", wrong_type("Metrics", list, "a list", "write it in `[` and `]`"));
    }
    let each = list.elements().enumerate();
    each.map(|(index, element)| query(element, &format!("Metrics[{index}]"), mistakes)).collect()
}

/// A member of an object, with its full name.
struct Member<'d> {
    property: String,
    value: Option<Value<'d>>,
}

impl<'d> Member<'d> {
    fn of(object: Value<'d>, path: &str, name: &str) -> Self {
        let value = object.get(name).filter(|value| value.kind() != Kind::Null);
        Self { property: format!("{path}.{name}"), value }
    }

    fn text(&self, mistakes: &mut Mistakes) -> Option<String> {
        text(self.value?, &self.property, mistakes).map(Into::into)
    }

    fn integer(&self, mistakes: &mut Mistakes) -> Option<i64> {
        integer(self.value?, &self.property, mistakes)
    }
}

fn query(element: Value<'_>, path: &str, mistakes: &mut Mistakes) -> MetricDataQuery {
    if element.kind() != Kind::Object {
        let help = "write an `Id`, and an `Expression` or a `MetricStat`";
        mistakes.push(path, wrong_type(path, element, "an object", help));
        return MetricDataQuery::default();
    }
    let member = |name: &str| Member::of(element, path, name);
    let metric = member("MetricStat");
    MetricDataQuery {
        id: member("Id").text(mistakes).unwrap_or_default(),
        expression: member("Expression").text(mistakes),
        metric_stat: metric.value.map(|value| metric_stat(value, &metric.property, mistakes)),
        label: None,
        return_data: match member("ReturnData").value.map(Value::kind) {
            Some(Kind::Bool(returns)) => Some(returns),
            _ => None,
        },
        period: member("Period").integer(mistakes),
        account_id: None,
    }
}

/// What identifies the metric may be absent: its datapoints are given.
fn metric_stat(value: Value<'_>, path: &str, mistakes: &mut Mistakes) -> MetricStat {
    let absent = || Some("absent".to_owned());
    let metric = value.get("Metric");
    let name = |name: &str, mistakes: &mut Mistakes| {
        metric.and_then(|metric| Member::of(metric, &format!("{path}.Metric"), name).text(mistakes))
    };
    MetricStat {
        metric_name: name("MetricName", mistakes).or_else(absent),
        namespace: name("Namespace", mistakes).or_else(absent),
        dimensions: Vec::<Dimension>::new(),
        period: Member::of(value, path, "Period").integer(mistakes),
        stat: Member::of(value, path, "Stat").text(mistakes),
        unit: Member::of(value, path, "Unit").text(mistakes),
    }
}

/// What the alarm sees: its expression over `Data`, which holds a list of datapoints for each metric's id.
pub(super) fn slots(
    data: Value<'_>,
    math: &Math,
    condition: &Condition,
    end: Option<i64>,
    mistakes: &mut Mistakes,
) -> Option<Vec<Slot>> {
    if data.kind() != Kind::Object {
        let help = "write a list of datapoints for each metric: `{\"m1\": [1, 2, null]}`";
        mistakes.push("Data", wrong_type("Data", data, "an object", help));
        return None;
    }
    refuse_unknown(data, math, mistakes);
    let metrics: Vec<Option<Vec<Slot>>> = ids(math).map(|id| of_metric(data, id, mistakes)).collect();
    let metrics: Vec<Vec<Slot>> = metrics.into_iter().collect::<Option<_>>()?;
    let metrics: Vec<&[Slot]> = metrics.iter().map(Vec::as_slice).collect();
    let length = i64::from(condition.evaluation_range()) * i64::from(condition.period);
    Some(math.evaluate(&Window::ending(condition, end.unwrap_or(length)), &metrics))
}

/// The ids of the metrics, in the order in which the expression wants their datapoints.
fn ids(math: &Math) -> impl Iterator<Item = &str> {
    let metrics = math.queries().iter().filter(|query| matches!(query.body, QueryBody::Metric(_)));
    metrics.map(|query| query.id.as_str())
}

fn of_metric(data: Value<'_>, id: &str, mistakes: &mut Mistakes) -> Option<Vec<Slot>> {
    let property = format!("Data.{id}");
    let Some(list) = data.get(id) else {
        let help = "write a list of its datapoints, oldest first; `[]` if there is none";
        mistakes.push(&property, missing(&property, &data.span(), help));
        return None;
    };
    let slot = |value: Option<f64>| value.map(|value| Datapoint { value, sample_count: None });
    Some(numbers(list, &property, mistakes)?.into_iter().map(slot).collect())
}

fn refuse_unknown(data: Value<'_>, math: &Math, mistakes: &mut Mistakes) {
    for (key, _) in data.members() {
        let id = key.string().unwrap_or_default();
        if ids(math).any(|known| known == id) {
            continue;
        }
        let help = match closest(&id, ids(math).collect()) {
            Some(similar) => format!("write `{similar}`"),
            None => "write the id of an element of `Metrics` with a `MetricStat`".to_owned(),
        };
        let message = format!("no metric has the id `{id}`");
        let error = Diagnostic::error(ErrorCode::Unknown.as_str(), message).at(key.span()).help(help);
        mistakes.push(format!("Data.{id}"), error);
    }
}
