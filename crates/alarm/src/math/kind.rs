//! Numbers, series and lists of series: what an expression yields, before there is data.

use super::ast::{Function, Node, NodeKind};
use crate::error::{ErrorCode, SyntaxError};

/// What an expression yields.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    Number,
    Series,
    List,
}

impl Kind {
    pub(super) fn words(self) -> &'static str {
        match self {
            Kind::Number => "a number",
            Kind::Series => "one series",
            Kind::List => "a list of series",
        }
    }
}

/// What `node` yields. `lookup` says it of identifiers that are known.
pub(super) fn kind(node: &Node, lookup: &impl Fn(&str) -> Option<Kind>) -> Result<Kind, SyntaxError> {
    match &node.kind {
        NodeKind::Number(_) => Ok(Kind::Number),
        NodeKind::Repeat | NodeKind::Linear => {
            Err(wrong(node, "only `FILL` knows this word", Function::Fill))
        }
        NodeKind::Text(_) => Err(wrong(node, "only `METRICS` takes a text", Function::Metrics)),
        NodeKind::Identifier(name) => lookup(name).ok_or_else(|| {
            let message = format!("no metric and no other expression has the id `{name}`");
            SyntaxError::new(ErrorCode::UnknownMetric, node.span.clone(), message)
                .help("write the id of an element of the list of metrics")
        }),
        NodeKind::List(nodes) => list(nodes, lookup),
        NodeKind::Negative(inner) => kind(inner, lookup),
        NodeKind::Binary(_, left, right) => match (kind(left, lookup)?, kind(right, lookup)?) {
            (Kind::List, Kind::List) => Err(SyntaxError::new(
                ErrorCode::WrongKind,
                node.span.clone(),
                "an operator can't join two lists of series",
            )
            .help("make one series of a list first, such as `SUM([m1, m2])`")),
            (left, right) => Ok(left.max(right)),
        },
        NodeKind::Call(function, arguments) => call(node, *function, arguments, lookup),
    }
}

fn list(nodes: &[Node], lookup: &impl Fn(&str) -> Option<Kind>) -> Result<Kind, SyntaxError> {
    for node in nodes {
        kind(node, lookup)?;
    }
    Ok(Kind::List)
}

fn call(
    node: &Node,
    function: Function,
    arguments: &[Node],
    lookup: &impl Fn(&str) -> Option<Kind>,
) -> Result<Kind, SyntaxError> {
    match (function, arguments) {
        (Function::Metrics, []) => return Ok(Kind::List),
        (Function::Metrics, [text]) => {
            let is_text = matches!(text.kind, NodeKind::Text(_));
            return if is_text {
                Ok(Kind::List)
            } else {
                Err(wrong(text, "a text is expected here", function))
            };
        }
        (Function::Fill, [of, with]) if matches!(with.kind, NodeKind::Repeat | NodeKind::Linear) => {
            return series(of, function, kind(of, lookup)?);
        }
        _ => {}
    }
    let kinds = arguments.iter().map(|argument| kind(argument, lookup)).collect::<Result<Vec<Kind>, _>>()?;
    match (function, kinds.as_slice(), arguments) {
        (Function::If, [condition, yes, no], _) => match condition.max(yes).max(no) {
            Kind::List => Err(wrong(node, "`IF` takes no lists of series", function)),
            other => Ok(*other),
        },
        (Function::Fill, [of, Kind::Number | Kind::Series], [argument, _]) => series(argument, function, *of),
        (Function::Fill, _, [_, with]) => {
            Err(wrong(with, "gaps can't be filled with a list of series", function))
        }
        (Function::TimeSeries, [Kind::Number], _) => Ok(Kind::Series),
        (Function::TimeSeries, _, _) => Err(wrong(node, "`TIME_SERIES` takes a number", function)),
        (Function::MetricCount, [Kind::List], _) => Ok(Kind::Number),
        (Function::MetricCount, _, _) => Err(wrong(node, "`METRIC_COUNT` takes a list of series", function)),
        (Function::Period | Function::DatapointCount, [of], [argument]) => match of {
            Kind::Series => Ok(Kind::Number),
            other => {
                Err(wrong(argument, &format!("one series is expected here, not {}", other.words()), function))
            }
        },
        (
            Function::Avg | Function::Max | Function::Min | Function::Sum | Function::StandardDeviation,
            [of],
            [argument],
        ) => match of {
            Kind::Number => Err(wrong(argument, "series are expected here, not a number", function)),
            Kind::Series => Ok(Kind::Number),
            Kind::List => Ok(Kind::Series),
        },
        (Function::Abs | Function::Ceil | Function::Floor | Function::Log | Function::Log10, [of], _) => {
            Ok(*of)
        }
        (_, [of], [argument]) => series(argument, function, *of),
        _ => Err(wrong(node, "wrong arguments", function)),
    }
}

/// Functions that work on each series alone.
fn series(argument: &Node, function: Function, of: Kind) -> Result<Kind, SyntaxError> {
    match of {
        Kind::Number => Err(wrong(argument, "series are expected here, not a number", function)),
        other => Ok(other),
    }
}

fn wrong(node: &Node, message: &str, function: Function) -> SyntaxError {
    SyntaxError::new(ErrorCode::WrongArguments, node.span.clone(), message).help(format!(
        "`{}` is written {}",
        function.as_str(),
        function.usage()
    ))
}
