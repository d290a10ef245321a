//! Why an alarm is in its state: a value, and AWS's sentence for it.

use serde::{Deserialize, Serialize};
use std::fmt;

use crate::calendar;
use crate::condition::ComparisonOperator;
use crate::number::java_double;
use crate::state::StateValue;

/// How many characters a state reason may have (AWS: `MetricAlarm`).
pub const MAX_REASON_CHARS: usize = 1023;

/// How many datapoints are named where all of them would be too many; AWS names five.
const MOST_RECENT: usize = 5;

/// Why an alarm is in its state. Its `Display` is AWS's text, of at most [`MAX_REASON_CHARS`] characters.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum StateReason {
    /// It was created and not yet evaluated.
    InitialCreation,
    /// Datapoints, or missing ones that count as such, decided.
    ThresholdCrossed(Crossing),
    /// No datapoint, and nothing is made of missing ones.
    NoData {
        /// How many datapoints were asked for: N.
        datapoints: u32,
    },
    /// The state stayed as it was. CloudWatch keeps the reason of the last change then, and has no text for it; this
    /// text is our own.
    Retained {
        /// The state.
        state: StateValue,
        /// Why.
        why: Retention,
    },
    /// A child of a composite alarm changed its state.
    ChildChanged {
        /// The child's ARN.
        arn: String,
        /// The state that it changed to.
        state: StateValue,
        /// When, in seconds since 1970.
        at: i64,
    },
    /// A composite alarm was created, or its rule replaced.
    RuleEvaluated {
        /// The composite alarm's ARN.
        arn: String,
        /// Was it created? Otherwise its rule was replaced; that wording is our own.
        created: bool,
        /// What the rule came to.
        state: StateValue,
    },
    /// Somebody set the state and gave this reason.
    Given(String),
}

/// Datapoints that made an alarm change, or confirmed it.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Crossing {
    /// Is the state `ALARM`? Otherwise it is `OK`.
    pub to_alarm: bool,
    /// The decisive datapoints, newest first: the start of each one's period, in seconds since 1970, and its value.
    #[serde(with = "metric::float::at_times")]
    pub datapoints: Vec<(i64, f64)>,
    /// N.
    pub evaluation_periods: u32,
    /// M, if it was set.
    pub datapoints_to_alarm: Option<u32>,
    /// How datapoints were compared.
    pub comparison_operator: ComparisonOperator,
    /// With what.
    #[serde(with = "metric::float")]
    pub threshold: f64,
    /// Missing datapoints that counted.
    pub filled: Option<Filled>,
}

/// Missing datapoints that counted as good or bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filled {
    /// How many.
    pub missing: u32,
    /// As what.
    pub breaching: bool,
}

/// Why a state stayed as it was.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Retention {
    /// Datapoints are missing, and that is ignored.
    MissingIgnored,
    /// All datapoints breach, but they are too few and too recent: others may be on their way.
    Premature,
    /// A percentile of too few samples says nothing.
    TooFewSamples,
}

impl fmt::Display for StateReason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            StateReason::InitialCreation => f.write_str("Unchecked: Initial alarm creation"),
            StateReason::ThresholdCrossed(crossing) => crossing.fmt(f),
            StateReason::NoData { datapoints } => {
                write!(f, "Insufficient Data: {} unknown.", were(*datapoints, "datapoint"))
            }
            StateReason::Retained { state, why } => {
                write!(f, "Unchanged: the alarm stays in {state}: {why}.")
            }
            StateReason::ChildChanged { arn, state, at } => {
                write!(f, "{arn} transitioned to {state} at {}", calendar::long(*at))
            }
            StateReason::RuleEvaluated { arn, created, state } => {
                let happened = if *created { "created" } else { "updated" };
                write!(f, "{arn} was {happened} and its alarm rule evaluates to {state}")
            }
            StateReason::Given(text) => f.write_str(shortened(text)),
        }
    }
}

impl fmt::Display for Retention {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Retention::MissingIgnored => "missing datapoints are ignored",
            Retention::Premature => "too few datapoints have arrived, and others may follow",
            Retention::TooFewSamples => "there are too few samples for a percentile",
        })
    }
}

impl fmt::Display for Crossing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let text = match self.filled {
            Some(filled) if self.datapoints.is_empty() => return without_datapoints(filled, f),
            _ => self.with_all_datapoints(),
        };
        let fits = text.len() <= MAX_REASON_CHARS;
        f.write_str(&if fits { text } else { self.with_most_recent_datapoints() })
    }
}

impl Crossing {
    fn with_all_datapoints(&self) -> String {
        let listed = list(&self.datapoints);
        format!("Threshold Crossed: {} [{listed}] {}{}.", self.how_many(), self.comparison(), self.minimum())
    }

    /// AWS's other sentence, for when there are many.
    fn with_most_recent_datapoints(&self) -> String {
        let recent = list(self.datapoints.get(..MOST_RECENT).unwrap_or(&self.datapoints));
        format!(
            "Threshold Crossed: {} {}. The most recent datapoints which crossed the threshold: [{recent}]{}.",
            self.how_many(),
            self.comparison(),
            self.minimum()
        )
    }

    fn how_many(&self) -> String {
        let count = self.datapoints.len();
        match self.datapoints_to_alarm {
            Some(_) => format!("{count} out of the last {} datapoints", self.evaluation_periods),
            None => format!("{count} datapoint{}", if count == 1 { "" } else { "s" }),
        }
    }

    fn comparison(&self) -> String {
        let verb = if self.datapoints.len() == 1 { "was" } else { "were" };
        let not = if self.to_alarm { "" } else { " not" };
        let words = self.comparison_operator.words();
        let threshold = java_double(self.threshold);
        let filled = self.filled.map(|filled| format!(" and {filled}")).unwrap_or_default();
        format!("{verb}{not} {words} the threshold ({threshold}){filled}")
    }

    /// Between which states the transition is said to be doesn't depend on the state that it really came from.
    fn minimum(&self) -> String {
        let Some(needed) = self.datapoints_to_alarm else { return String::new() };
        let (minimum, transition) = match self.to_alarm {
            true => (needed, "OK -> ALARM"),
            false => (self.evaluation_periods.saturating_sub(needed) + 1, "ALARM -> OK"),
        };
        format!(" (minimum {} for {transition} transition)", counted(minimum, "datapoint"))
    }
}

impl fmt::Display for Filled {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let treatment = if self.breaching { "Breaching" } else { "NonBreaching" };
        write!(f, "{} treated as [{treatment}]", were(self.missing, "missing datapoint"))
    }
}

fn without_datapoints(filled: Filled, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let periods = counted(filled.missing, "period");
    write!(f, "Threshold Crossed: no datapoints were received for {periods} and {filled}.")
}

fn list(datapoints: &[(i64, f64)]) -> String {
    let each = |(start, value): &(i64, f64)| format!("{} ({})", java_double(*value), calendar::short(*start));
    datapoints.iter().map(each).collect::<Vec<_>>().join(", ")
}

fn counted(count: u32, what: &str) -> String {
    format!("{count} {what}{}", if count == 1 { "" } else { "s" })
}

fn were(count: u32, what: &str) -> String {
    format!("{} {}", counted(count, what), if count == 1 { "was" } else { "were" })
}

fn shortened(text: &str) -> &str {
    let end = text.char_indices().nth(MAX_REASON_CHARS).map_or(text.len(), |(end, _)| end);
    text.get(..end).unwrap_or_default()
}
