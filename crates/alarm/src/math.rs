//! Expressions over metrics (AWS: "Using math expressions with CloudWatch metrics").

mod ast;
mod check;
mod evaluate;
mod kind;
mod lexer;
mod parse;

use crate::definition::MetricStatistic;
use crate::evaluate::{Datapoint, Slot};
use crate::window::Window;
use serde::{Deserialize, Serialize};

pub use ast::{Expression, Function};
pub(crate) use check::check;

/// How many characters an expression may have.
pub const MAX_EXPRESSION_CHARS: usize = 2048;
/// How many metrics an alarm's expression may use.
pub const MAX_METRICS: usize = 10;
/// How many elements the list of metrics and expressions may have.
pub const MAX_QUERIES: usize = 20;
/// How many operators and functions one expression may hold, and how deeply they may be nested. AWS states no limit;
/// this one keeps the stack small.
pub const MAX_OPERATIONS: usize = 256;

/// Metrics and expressions over them, checked. One of them is what the alarm looks at.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Parts")]
pub struct Math {
    queries: Vec<Query>,
    /// The one that the alarm looks at.
    returned: usize,
    /// Positions of all queries; each comes after those that it names.
    #[serde(skip_serializing)]
    order: Vec<usize>,
}

/// Metrics and expressions as they are stored, not checked.
#[derive(Deserialize)]
struct Parts {
    queries: Vec<Query>,
    returned: usize,
}

/// An element of the list of metrics.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Query {
    /// What expressions call it.
    pub id: String,
    /// What people call it.
    pub label: Option<String>,
    /// What it is.
    pub body: QueryBody,
}

/// A metric, or an expression.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum QueryBody {
    /// A metric.
    Metric(MetricStatistic),
    /// An expression.
    Expression(Expression),
}

impl TryFrom<Parts> for Math {
    type Error = String;

    fn try_from(Parts { queries, returned }: Parts) -> Result<Self, String> {
        check::check_again(queries, returned)
    }
}

impl Math {
    /// All elements, in the order in which they were written.
    #[must_use]
    pub fn queries(&self) -> &[Query] {
        &self.queries
    }

    /// The element that the alarm looks at.
    #[must_use]
    pub fn returned(&self) -> Option<&Query> {
        self.queries.get(self.returned)
    }

    /// The metrics, in the order in which they were written.
    pub fn metrics(&self) -> impl Iterator<Item = &MetricStatistic> {
        self.queries.iter().filter_map(|query| match &query.body {
            QueryBody::Metric(metric) => Some(metric),
            QueryBody::Expression(_) => None,
        })
    }

    /// Whether the same datapoints may come to something else at another time, as those of `IF(HOUR(m1) > 6, m1, 0)` may.
    #[must_use]
    pub fn follows_clock(&self) -> bool {
        self.queries.iter().any(
            |query| matches!(&query.body, QueryBody::Expression(expression) if expression.follows_clock()),
        )
    }

    /// The slots of `window` as the alarm sees them. `metrics` holds the slots of each metric, in the order of
    /// [`Math::metrics`]: oldest first, the last one the newest; what is absent at the beginning is missing. A slot
    /// for which the expression yields nothing is missing.
    #[must_use]
    pub fn evaluate(&self, window: &Window, metrics: &[&[Slot]]) -> Vec<Slot> {
        if let Some(QueryBody::Metric(_)) = self.returned().map(|query| &query.body) {
            let position = self.metric_position(self.returned);
            return padded(metrics.get(position).copied().unwrap_or_default(), window.slots as usize);
        }
        let slots = window.slots as usize;
        let values = metrics.iter().map(|metric| {
            padded(metric, slots).into_iter().map(|slot| slot.map(|datapoint| datapoint.value)).collect()
        });
        let values = evaluate::evaluate(self, window, values.collect());
        values.into_iter().map(|value| value.map(|value| Datapoint { value, sample_count: None })).collect()
    }

    /// How many metrics stand before a query.
    fn metric_position(&self, query: usize) -> usize {
        let before = self.queries.iter().take(query);
        before.filter(|query| matches!(query.body, QueryBody::Metric(_))).count()
    }
}

/// The newest `count` slots.
fn padded(slots: &[Slot], count: usize) -> Vec<Slot> {
    let newest = slots.get(slots.len().saturating_sub(count)..).unwrap_or_default();
    let missing = std::iter::repeat_n(None, count - newest.len());
    missing.chain(newest.iter().copied()).collect()
}
