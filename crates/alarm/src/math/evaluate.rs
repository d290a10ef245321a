//! What expressions yield over data.

use super::ast::{Function, Node, NodeKind, Operator};
use super::{Math, QueryBody};
use crate::window::Window;

type Series = Vec<Option<f64>>;

#[derive(Debug, Clone)]
enum Value {
    Number(Option<f64>),
    Series(Series),
    List(Vec<Series>),
}

/// The values of the returned expression. `metrics` holds the values of each metric over the window.
pub(super) fn evaluate(math: &Math, window: &Window, metrics: Vec<Series>) -> Series {
    let mut scene = Scene { math, window, values: vec![None; math.queries.len()], metrics };
    for &position in &math.order {
        let Some(query) = math.queries.get(position) else { continue };
        let value = match &query.body {
            QueryBody::Metric(_) => Value::Series(scene.metric(math.metric_position(position))),
            QueryBody::Expression(expression) => scene.value(&expression.root),
        };
        if let Some(place) = scene.values.get_mut(position) {
            *place = Some(value);
        }
    }
    match scene.values.get_mut(math.returned).and_then(Option::take) {
        Some(Value::Series(series)) => series,
        Some(Value::Number(number)) => vec![number; window.slots as usize],
        _ => scene.nothing(),
    }
}

struct Scene<'m> {
    math: &'m Math,
    window: &'m Window,
    /// Of each query that has been evaluated.
    values: Vec<Option<Value>>,
    metrics: Vec<Series>,
}

impl Scene<'_> {
    fn nothing(&self) -> Series {
        vec![None; self.window.slots as usize]
    }

    fn metric(&self, position: usize) -> Series {
        self.metrics.get(position).cloned().unwrap_or_else(|| self.nothing())
    }

    fn value(&self, node: &Node) -> Value {
        match &node.kind {
            NodeKind::Number(number) => Value::Number(Some(*number)),
            NodeKind::Identifier(name) => self.named(name),
            NodeKind::List(nodes) => Value::List(nodes.iter().flat_map(|node| self.all(node)).collect()),
            NodeKind::Negative(inner) => self.value(inner).map(|number| Some(-number)),
            NodeKind::Binary(operator, left, right) => {
                join(self.value(left), self.value(right), |left, right| apply(*operator, left, right))
            }
            NodeKind::Call(function, arguments) => self.call(*function, arguments),
            NodeKind::Repeat | NodeKind::Linear | NodeKind::Text(_) => Value::Number(None),
        }
    }

    fn named(&self, name: &str) -> Value {
        let position = self.math.queries.iter().position(|query| query.id == name);
        let value = position.and_then(|position| self.values.get(position));
        value.and_then(Clone::clone).unwrap_or_else(|| Value::Series(self.nothing()))
    }

    /// The series of a value: of a number, the same in each slot.
    fn all(&self, node: &Node) -> Vec<Series> {
        match self.value(node) {
            Value::Number(number) => vec![vec![number; self.window.slots as usize]],
            Value::Series(series) => vec![series],
            Value::List(list) => list,
        }
    }

    fn call(&self, function: Function, arguments: &[Node]) -> Value {
        match (function, arguments) {
            (Function::Metrics, []) => Value::List(self.matching("")),
            (Function::Metrics, [Node { kind: NodeKind::Text(part), .. }]) => {
                Value::List(self.matching(part))
            }
            (Function::If, [condition, yes, no]) => {
                self.choose(self.value(condition), self.value(yes), self.value(no))
            }
            (Function::Fill, [of, with]) => self.filled(of, with),
            (_, [of]) => self.of_one(function, of),
            _ => Value::Number(None),
        }
    }

    fn of_one(&self, function: Function, of: &Node) -> Value {
        let value = self.value(of);
        match function {
            Function::Abs => value.map(|number| Some(number.abs())),
            Function::Ceil => value.map(|number| Some(number.ceil())),
            Function::Floor => value.map(|number| Some(number.floor())),
            Function::Log => value.map(|number| Some(number.ln())),
            Function::Log10 => value.map(|number| Some(number.log10())),
            Function::Avg | Function::Max | Function::Min | Function::Sum | Function::StandardDeviation => {
                aggregate(function, value)
            }
            Function::MetricCount => Value::Number(Some(count(self.all(of).len()))),
            Function::Period => Value::Number(Some(f64::from(self.window.period))),
            Function::DatapointCount => {
                Value::Number(Some(count(self.all(of).iter().flatten().flatten().count())))
            }
            Function::TimeSeries => Value::Series(self.all(of).pop().unwrap_or_else(|| self.nothing())),
            Function::Diff | Function::DiffTime | Function::Rate => {
                value.each(|series| self.differences(function, &series))
            }
            Function::RunningSum => value.each(running_sum),
            Function::Epoch => value.each(|series| self.times(&series, |time| time)),
            Function::Hour => value.each(|series| self.times(&series, |time| time.rem_euclid(86_400) / 3600)),
            Function::Minute => value.each(|series| self.times(&series, |time| time.rem_euclid(3600) / 60)),
            Function::If | Function::Fill | Function::Metrics => Value::Number(None),
        }
    }

    /// The metrics whose ids hold `part`.
    fn matching(&self, part: &str) -> Vec<Series> {
        let metrics = self.math.queries.iter().filter(|query| matches!(query.body, QueryBody::Metric(_)));
        let holding = metrics.enumerate().filter(|(_, query)| query.id.contains(part));
        holding.map(|(position, _)| self.metric(position)).collect()
    }

    /// Slot by slot; without a condition there is nothing.
    fn choose(&self, condition: Value, yes: Value, no: Value) -> Value {
        if let (Value::Number(condition), Value::Number(yes), Value::Number(no)) = (&condition, &yes, &no) {
            return Value::Number(condition.and_then(|holds| if holds != 0.0 { *yes } else { *no }));
        }
        let slots = self.window.slots as usize;
        let at = |value: &Value, slot: usize| match value {
            Value::Number(number) => *number,
            Value::Series(series) => series.get(slot).copied().flatten(),
            Value::List(_) => None,
        };
        let chosen = (0..slots).map(|slot| {
            at(&condition, slot).and_then(|holds| if holds != 0.0 { at(&yes, slot) } else { at(&no, slot) })
        });
        Value::Series(chosen.collect())
    }

    fn filled(&self, of: &Node, with: &Node) -> Value {
        let value = self.value(of);
        match &with.kind {
            NodeKind::Repeat => value.each(repeated),
            NodeKind::Linear => value.each(interpolated),
            _ => {
                let filling = self.all(with).pop().unwrap_or_default();
                value.each(|series| {
                    series.into_iter().zip(&filling).map(|(value, filling)| value.or(*filling)).collect()
                })
            }
        }
    }

    /// From the value before, which may lie several slots back.
    fn differences(&self, function: Function, series: &Series) -> Series {
        let mut before: Option<(f64, i64)> = None;
        let each = series.iter().zip(self.window.starts()).map(|(value, start)| {
            let value = (*value)?;
            let (old, then) = before.replace((value, start))?;
            let seconds = seconds(start - then);
            Some(match function {
                Function::Diff => value - old,
                Function::DiffTime => seconds,
                _ => (value - old) / seconds,
            })
        });
        each.collect()
    }

    fn times(&self, series: &Series, part: impl Fn(i64) -> i64) -> Series {
        let each = series.iter().zip(self.window.starts());
        each.map(|(value, start)| value.map(|_| seconds(part(start)))).collect()
    }
}

impl Value {
    fn map(self, change: impl Fn(f64) -> Option<f64>) -> Value {
        let change = |number: Option<f64>| number.and_then(&change).filter(|number| number.is_finite());
        match self {
            Value::Number(number) => Value::Number(change(number)),
            other => other.each(|series| series.into_iter().map(change).collect()),
        }
    }

    fn each(self, change: impl Fn(Series) -> Series) -> Value {
        match self {
            Value::Number(number) => Value::Number(number),
            Value::Series(series) => Value::Series(change(series)),
            Value::List(list) => Value::List(list.into_iter().map(change).collect()),
        }
    }
}

/// Where one of two is missing, so is the result.
fn join(left: Value, right: Value, apply: impl Fn(f64, f64) -> Option<f64> + Copy) -> Value {
    match (left, right) {
        (Value::Number(Some(left)), right) => right.map(|right| apply(left, right)),
        (left, Value::Number(Some(right))) => left.map(|left| apply(left, right)),
        (Value::Number(None), other) | (other, Value::Number(None)) => other.map(|_| None),
        (Value::Series(left), other) => other.each(|right| joined(&left, &right, apply)),
        (other, Value::Series(right)) => other.each(|left| joined(&left, &right, apply)),
        (Value::List(list), Value::List(_)) => Value::List(list),
    }
}

fn joined(left: &Series, right: &Series, apply: impl Fn(f64, f64) -> Option<f64>) -> Series {
    let both = left.iter().zip(right).map(|(left, right)| left.zip(*right));
    both.map(|both| both.and_then(|(left, right)| apply(left, right)).filter(|number| number.is_finite()))
        .collect()
}

/// What isn't a number, such as a division by zero, is missing.
fn apply(operator: Operator, left: f64, right: f64) -> Option<f64> {
    let truth = |holds: bool| f64::from(u8::from(holds));
    let number = match operator {
        Operator::Or => truth(left != 0.0 || right != 0.0),
        Operator::And => truth(left != 0.0 && right != 0.0),
        Operator::Equal => truth(left == right),
        Operator::NotEqual => truth(left != right),
        Operator::LessOrEqual => truth(left <= right),
        Operator::GreaterOrEqual => truth(left >= right),
        Operator::Less => truth(left < right),
        Operator::Greater => truth(left > right),
        Operator::Plus => left + right,
        Operator::Minus => left - right,
        Operator::Times => left * right,
        Operator::Divided => left / right,
        Operator::Power => left.powf(right),
    };
    number.is_finite().then_some(number)
}

/// Of one series a number over time, of a list a series over its members; what is missing doesn't count.
fn aggregate(function: Function, value: Value) -> Value {
    match value {
        Value::Number(number) => Value::Number(number),
        Value::Series(series) => Value::Number(total(function, series.into_iter().flatten().collect())),
        Value::List(list) => {
            let slots = list.iter().map(Vec::len).max().unwrap_or_default();
            let at =
                |slot: usize| list.iter().filter_map(|series| series.get(slot).copied().flatten()).collect();
            Value::Series((0..slots).map(|slot| total(function, at(slot))).collect())
        }
    }
}

fn total(function: Function, numbers: Vec<f64>) -> Option<f64> {
    let sum: f64 = numbers.iter().sum();
    let mean = sum / count(numbers.len());
    let total = match function {
        _ if numbers.is_empty() => return None,
        Function::Max => numbers.into_iter().fold(f64::NEG_INFINITY, f64::max),
        Function::Min => numbers.into_iter().fold(f64::INFINITY, f64::min),
        Function::Sum => sum,
        Function::Avg => mean,
        _ => {
            let squares: f64 = numbers.iter().map(|number| (number - mean).powi(2)).sum();
            (squares / count(numbers.len())).sqrt()
        }
    };
    total.is_finite().then_some(total)
}

fn running_sum(series: Series) -> Series {
    let mut sum = 0.0;
    let each = series.into_iter().map(|value| {
        value.map(|value| {
            sum += value;
            sum
        })
    });
    each.collect()
}

/// Gaps get the value before them. Before the first value there is none.
fn repeated(series: Series) -> Series {
    let mut last = None;
    let each = series.into_iter().map(|value| {
        last = value.or(last);
        last
    });
    each.collect()
}

/// Gaps get what lies on the line between the values around them. At the ends there is no line.
fn interpolated(mut series: Series) -> Series {
    let known: Vec<(usize, f64)> =
        series.iter().enumerate().filter_map(|(slot, value)| value.map(|value| (slot, value))).collect();
    for pair in known.windows(2) {
        let &[(left, low), (right, high)] = pair else { continue };
        for (slot, value) in series.iter_mut().enumerate().take(right).skip(left + 1) {
            *value = Some(low + (high - low) * count(slot - left) / count(right - left));
        }
    }
    series
}

#[expect(clippy::cast_precision_loss, reason = "windows have fewer slots than there are exact numbers")]
fn count(number: usize) -> f64 {
    number as f64
}

#[expect(clippy::cast_precision_loss, reason = "times have fewer seconds than there are exact numbers")]
fn seconds(number: i64) -> f64 {
    number as f64
}
