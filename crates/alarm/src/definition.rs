//! What an alarm is: the parameters of `PutMetricAlarm`, as written and as checked.

mod actions;
mod check;
mod problem;
mod texts;

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

use metric::{Statistic, Unit};

pub(crate) use actions::{ActionRestriction, Actions, check_actions};
pub(crate) use check::check_metric_stat;
pub(crate) use texts::{check_description, check_name};

pub use problem::{Problem, ProblemKind, aws_message};

use crate::condition::{Condition, LowSamplePolicy};
use crate::math::Math;
use crate::reason_data::StateReasonData;
use crate::{Evaluation, Window};

/// An alarm as written: the parameters of `PutMetricAlarm`, under AWS's names. Nothing is checked yet.
#[derive(Debug, Clone, PartialEq, Default)]
#[expect(missing_docs, reason = "AWS's API Reference explains them; the names are its names")]
pub struct PutMetricAlarm {
    pub alarm_name: Option<String>,
    pub alarm_description: Option<String>,
    pub actions_enabled: Option<bool>,
    pub ok_actions: Vec<String>,
    pub alarm_actions: Vec<String>,
    pub insufficient_data_actions: Vec<String>,
    pub metric_name: Option<String>,
    pub namespace: Option<String>,
    pub dimensions: Vec<Dimension>,
    pub statistic: Option<String>,
    pub extended_statistic: Option<String>,
    /// In seconds.
    pub period: Option<i64>,
    pub unit: Option<String>,
    pub metrics: Vec<MetricDataQuery>,
    pub evaluation_periods: Option<i64>,
    pub datapoints_to_alarm: Option<i64>,
    pub threshold: Option<f64>,
    pub threshold_metric_id: Option<String>,
    pub comparison_operator: Option<String>,
    pub treat_missing_data: Option<String>,
    pub evaluate_low_sample_count_percentile: Option<String>,
    /// Is there an `EvaluationCriteria`, as PromQL alarms have?
    pub has_evaluation_criteria: bool,
    /// Key and value.
    pub tags: Vec<(String, String)>,
}

/// A name and a value that belong to a metric's identity.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Dimension {
    /// The name.
    pub name: String,
    /// The value.
    pub value: String,
}

/// An element of `Metrics` as written.
#[derive(Debug, Clone, PartialEq, Default)]
#[expect(missing_docs, reason = "AWS's API Reference explains them; the names are its names")]
pub struct MetricDataQuery {
    pub id: String,
    pub expression: Option<String>,
    pub metric_stat: Option<MetricStat>,
    pub label: Option<String>,
    pub return_data: Option<bool>,
    /// In seconds.
    pub period: Option<i64>,
    pub account_id: Option<String>,
}

/// A metric with its statistic as written.
#[derive(Debug, Clone, PartialEq, Default)]
#[expect(missing_docs, reason = "AWS's API Reference explains them; the names are its names")]
pub struct MetricStat {
    pub metric_name: Option<String>,
    pub namespace: Option<String>,
    pub dimensions: Vec<Dimension>,
    /// In seconds.
    pub period: Option<i64>,
    pub stat: Option<String>,
    pub unit: Option<String>,
}

/// A metric alarm, checked.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Definition {
    /// The alarm's name: 1 to 255 characters, unique in its region.
    pub name: String,
    /// What it is for.
    pub description: Option<String>,
    /// Do its actions run?
    pub actions_enabled: bool,
    /// ARNs of what is told of a change to `OK`.
    pub ok_actions: Vec<String>,
    /// ARNs of what is told of a change to `ALARM`.
    pub alarm_actions: Vec<String>,
    /// ARNs of what is told of a change to `INSUFFICIENT_DATA`.
    pub insufficient_data_actions: Vec<String>,
    /// Where its datapoints come from.
    pub source: Source,
    /// What it asks of them.
    pub condition: Condition,
    /// What was set for percentiles of few samples, if anything was.
    pub low_sample_policy: Option<LowSamplePolicy>,
}

/// Where an alarm's datapoints come from.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Source {
    /// One metric.
    Metric(MetricStatistic),
    /// An expression over metrics.
    Math(Math),
}

/// A metric under a statistic.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct MetricStatistic {
    /// The metric.
    pub metric: MetricIdentity,
    /// How observations become datapoints.
    pub statistic: Statistic,
    /// Only observations of this unit count, where it is set.
    pub unit: Option<Unit>,
    /// The length of a datapoint's period, in seconds.
    pub period: u32,
}

/// What tells metrics apart. Nothing is added up over dimensions: a metric with fewer of them is another one
/// (AWS: "Metrics concepts").
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct MetricIdentity {
    /// The namespace.
    pub namespace: String,
    /// The name.
    pub name: String,
    /// Values by name.
    pub dimensions: BTreeMap<String, String>,
}

impl PutMetricAlarm {
    /// Checks everything, by the rules of AWS's API Reference.
    ///
    /// # Errors
    /// All problems, in the order of the parameters.
    pub fn check(&self) -> Result<Definition, Vec<Problem>> {
        check::check(self)
    }
}

impl Definition {
    /// The statistic as AWS writes it. `None` for metric math.
    #[must_use]
    pub fn statistic(&self) -> Option<Statistic> {
        match &self.source {
            Source::Metric(metric) => Some(metric.statistic),
            Source::Math(_) => None,
        }
    }

    /// The unit that observations must have, if one was set. `None` for metric math.
    #[must_use]
    pub fn unit(&self) -> Option<Unit> {
        match &self.source {
            Source::Metric(metric) => metric.unit,
            Source::Math(_) => None,
        }
    }

    /// The metrics that its datapoints come from.
    pub fn metrics(&self) -> impl Iterator<Item = &MetricStatistic> {
        let (one, many) = match &self.source {
            Source::Metric(metric) => (Some(metric), None),
            Source::Math(math) => (None, Some(math.metrics())),
        };
        one.into_iter().chain(many.into_iter().flatten())
    }

    /// Its window that ends at `end` (seconds since 1970).
    #[must_use]
    pub fn window_ending(&self, end: i64) -> Window {
        Window::ending(&self.condition, end)
    }

    /// The `StateReasonData` of an evaluation that took place at `query_date` (milliseconds since 1970).
    #[must_use]
    pub fn reason_data(&self, evaluation: &Evaluation, query_date: i64) -> StateReasonData {
        let statistic = self.statistic().map(|statistic| statistic.to_string());
        let unit = self.unit().map(|unit| unit.as_str().to_owned());
        StateReasonData::of(&self.condition, evaluation, query_date, statistic, unit)
    }
}
