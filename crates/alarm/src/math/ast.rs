//! Expressions, read.

use serde::{Deserialize, Serialize};
use std::ops::Range;

use crate::error::SyntaxError;

/// An expression, read. Whether its identifiers mean something depends on the list that it stands in.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Expression {
    pub(super) text: String,
    pub(super) root: Node,
}

impl Expression {
    /// Reads an expression.
    ///
    /// # Errors
    /// What is wrong, where, and what to write instead.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        super::parse::parse(text)
    }

    /// The expression as typed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The identifiers that it names, with their places in the text.
    #[must_use]
    pub fn identifiers(&self) -> Vec<(&str, Range<usize>)> {
        let mut found = Vec::new();
        self.root.visit(&mut |node| {
            if let NodeKind::Identifier(name) = &node.kind {
                found.push((name.as_str(), node.span.clone()));
            }
        });
        found
    }

    /// Whether it asks what time it is.
    pub(super) fn follows_clock(&self) -> bool {
        let mut found = false;
        self.root.visit(&mut |node| {
            let clock = [Function::Epoch, Function::Hour, Function::Minute];
            found |= matches!(&node.kind, NodeKind::Call(function, _) if clock.contains(function));
        });
        found
    }
}

impl TryFrom<String> for Expression {
    type Error = SyntaxError;

    fn try_from(text: String) -> Result<Self, SyntaxError> {
        Expression::parse(&text)
    }
}

impl From<Expression> for String {
    fn from(expression: Expression) -> Self {
        expression.text
    }
}

#[derive(Debug, Clone, PartialEq)]
pub(super) struct Node {
    pub(super) kind: NodeKind,
    pub(super) span: Range<usize>,
}

#[derive(Debug, Clone, PartialEq)]
pub(super) enum NodeKind {
    Number(f64),
    /// `REPEAT` and `LINEAR`, which only `FILL` knows.
    Repeat,
    Linear,
    Text(String),
    Identifier(String),
    List(Vec<Node>),
    Negative(Box<Node>),
    Binary(Operator, Box<Node>, Box<Node>),
    Call(Function, Vec<Node>),
}

impl Node {
    pub(super) fn visit<'n>(&'n self, see: &mut impl FnMut(&'n Node)) {
        see(self);
        match &self.kind {
            NodeKind::List(nodes) | NodeKind::Call(_, nodes) => nodes.iter().for_each(|node| node.visit(see)),
            NodeKind::Negative(node) => node.visit(see),
            NodeKind::Binary(_, left, right) => [left, right].into_iter().for_each(|node| node.visit(see)),
            _ => {}
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    LessOrEqual,
    GreaterOrEqual,
    Less,
    Greater,
    Plus,
    Minus,
    Times,
    Divided,
    Power,
}

impl Operator {
    /// What binds closer has more.
    pub(super) fn precedence(self) -> u8 {
        match self {
            Operator::Or => 1,
            Operator::And => 2,
            Operator::Equal
            | Operator::NotEqual
            | Operator::LessOrEqual
            | Operator::GreaterOrEqual
            | Operator::Less
            | Operator::Greater => 3,
            Operator::Plus | Operator::Minus => 4,
            Operator::Times | Operator::Divided => 5,
            Operator::Power => 7,
        }
    }
}

macro_rules! functions {
    ($($name:ident $text:literal $least:literal $most:literal $usage:literal)*) => {
        /// The functions that alarms can use.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
        #[expect(missing_docs, reason = "AWS's page on metric math explains them")]
        pub enum Function { $($name,)* }

        impl Function {
            /// All of them, in the order of their names.
            pub const ALL: &'static [Function] = &[$(Function::$name,)*];

            /// AWS's name.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(Function::$name => $text,)* }
            }

            /// How it is written.
            #[must_use]
            pub fn usage(self) -> &'static str {
                match self { $(Function::$name => $usage,)* }
            }

            /// How many arguments it takes.
            pub(super) fn arguments(self) -> std::ops::RangeInclusive<usize> {
                match self { $(Function::$name => $least..=$most,)* }
            }
        }
    };
}

functions! {
    Abs "ABS" 1 1 "ABS(m1)"
    Avg "AVG" 1 1 "AVG([m1, m2]) or AVG(METRICS())"
    Ceil "CEIL" 1 1 "CEIL(m1)"
    DatapointCount "DATAPOINT_COUNT" 1 1 "DATAPOINT_COUNT(m1)"
    Diff "DIFF" 1 1 "DIFF(m1)"
    DiffTime "DIFF_TIME" 1 1 "DIFF_TIME(m1)"
    Epoch "EPOCH" 1 1 "EPOCH(m1)"
    Fill "FILL" 2 2 "FILL(m1, 0), FILL(m1, REPEAT) or FILL(m1, LINEAR)"
    Floor "FLOOR" 1 1 "FLOOR(m1)"
    Hour "HOUR" 1 1 "HOUR(m1)"
    If "IF" 3 3 "IF(m1 > 10, m1, 0)"
    Log "LOG" 1 1 "LOG(m1)"
    Log10 "LOG10" 1 1 "LOG10(m1)"
    Max "MAX" 1 1 "MAX([m1, m2]) or MAX(METRICS())"
    Metrics "METRICS" 0 1 "METRICS() or METRICS(\"errors\")"
    MetricCount "METRIC_COUNT" 1 1 "METRIC_COUNT(METRICS())"
    Min "MIN" 1 1 "MIN([m1, m2]) or MIN(METRICS())"
    Minute "MINUTE" 1 1 "MINUTE(m1)"
    Period "PERIOD" 1 1 "PERIOD(m1)"
    Rate "RATE" 1 1 "RATE(m1)"
    RunningSum "RUNNING_SUM" 1 1 "RUNNING_SUM(m1)"
    StandardDeviation "STDDEV" 1 1 "STDDEV([m1, m2]) or STDDEV(METRICS())"
    Sum "SUM" 1 1 "SUM([m1, m2]) or SUM(METRICS())"
    TimeSeries "TIME_SERIES" 1 1 "TIME_SERIES(5)"
}

/// Functions of metric math that AWS's alarms, or kmswatch, can't use, and why.
pub(super) const REFUSED: [(&str, &str); 9] = [
    ("ANOMALY_DETECTION_BAND", "kmswatch doesn't learn what is usual"),
    ("DB_PERF_INSIGHTS", "kmswatch has no databases to ask"),
    ("INSIGHT_RULE_METRIC", "kmswatch has no Contributor Insights"),
    ("LAMBDA", "kmswatch calls no functions"),
    ("REMOVE_EMPTY", "it yields a list, and an alarm looks at one series"),
    ("SEARCH", "alarms can't search for metrics"),
    ("SERVICE_QUOTA", "kmswatch has no quotas to ask for"),
    ("SLICE", "it yields a list, and an alarm looks at one series"),
    ("SORT", "it yields a list, and an alarm looks at one series"),
];
