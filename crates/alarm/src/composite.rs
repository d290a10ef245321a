//! Alarms whose state follows from that of other alarms (AWS: "Combining alarms", `PutCompositeAlarm`).

mod definition;
mod lexer;
mod order;
mod parse;
mod suppression;

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;
use std::ops::Range;

pub use definition::{CompositeDefinition, PutCompositeAlarm};
pub use order::{Order, evaluation_order};
pub use suppression::{Happening, Outcome, SuppressedBy, Suppression, Suppressor};

use crate::calendar;
use crate::error::SyntaxError;
use crate::reason_data::quoted;
use crate::state::StateValue;

/// How many characters an alarm rule may have.
pub const MAX_RULE_CHARS: usize = 10_240;
/// How many different alarms a rule may name.
pub const MAX_CHILDREN: usize = 100;
/// How many elements a rule may have: alarms, `TRUE` and `FALSE`, pairs of parentheses.
pub const MAX_ELEMENTS: usize = 500;
/// How deeply parentheses may be nested. AWS states no limit; this one keeps the parser's stack small.
pub const MAX_RULE_NESTING: usize = 128;

/// The rule of a composite alarm: `ALARM(a) AND NOT (OK(b) OR ALARM("c d"))`.
///
/// `NOT` binds closest, then `AND`, then `OR`; AWS documents no precedence.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct AlarmRule {
    text: String,
    condition: RuleCondition,
    children: Vec<AlarmReference>,
}

/// A part of an alarm rule.
#[derive(Debug, Clone, PartialEq)]
pub enum RuleCondition {
    /// One of them holds. Has at least two.
    Or(Vec<RuleCondition>),
    /// All of them hold. Has at least two.
    And(Vec<RuleCondition>),
    /// It doesn't hold.
    Not(Box<RuleCondition>),
    /// `TRUE` or `FALSE`.
    Constant(bool),
    /// `ALARM(a)`: the alarm is in that state.
    State(StateValue, AlarmReference),
    /// `AT_LEAST(2, ALARM, (a, b, c))`: so many of the alarms are in that state, or, with `NOT`, aren't.
    AtLeast {
        /// How many.
        threshold: Threshold,
        /// With `NOT`?
        negated: bool,
        /// The state.
        state: StateValue,
        /// The alarms. Has at least one.
        alarms: Vec<AlarmReference>,
    },
}

/// How many alarms `AT_LEAST` asks for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Threshold {
    /// So many.
    Count(u32),
    /// So many of a hundred.
    Percent(u32),
}

/// An alarm as a rule names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AlarmReference {
    /// Its name or ARN, without quotes.
    pub text: String,
    /// Where it stands in the rule, in bytes, with quotes.
    pub span: Range<usize>,
}

impl AlarmReference {
    /// The alarm's name, also where the rule holds its ARN.
    #[must_use]
    pub fn name(&self) -> &str {
        let arn = self.text.strip_prefix("arn:").and_then(|rest| rest.split_once(":alarm:"));
        arn.map_or(self.text.as_str(), |(_, name)| name)
    }

    /// Its ARN, where the rule holds that.
    #[must_use]
    pub fn arn(&self) -> Option<&str> {
        (self.name().len() < self.text.len()).then_some(self.text.as_str())
    }
}

impl AlarmRule {
    /// Reads a rule.
    ///
    /// # Errors
    /// What is wrong, where, and what to write instead.
    pub fn parse(text: &str) -> Result<Self, SyntaxError> {
        let (condition, mut children) = parse::parse(text)?;
        let mut seen = BTreeMap::new();
        children.retain(|child| seen.insert(child.text.clone(), ()).is_none());
        Ok(Self { text: text.to_owned(), condition, children })
    }

    /// The rule as typed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// What it says.
    #[must_use]
    pub fn condition(&self) -> &RuleCondition {
        &self.condition
    }

    /// The alarms that it names, each once, in the order in which they stand there first.
    #[must_use]
    pub fn children(&self) -> &[AlarmReference] {
        &self.children
    }

    /// `ALARM` if the rule holds, otherwise `OK`. `lookup` says the states of the alarms; no condition holds of an
    /// alarm that it doesn't know.
    pub fn state(&self, lookup: impl Fn(&AlarmReference) -> Option<StateValue>) -> StateValue {
        if self.condition.holds(&lookup) { StateValue::Alarm } else { StateValue::Ok }
    }
}

impl TryFrom<String> for AlarmRule {
    type Error = SyntaxError;

    fn try_from(text: String) -> Result<Self, SyntaxError> {
        AlarmRule::parse(&text)
    }
}

impl From<AlarmRule> for String {
    fn from(rule: AlarmRule) -> Self {
        rule.text
    }
}

impl RuleCondition {
    fn holds(&self, lookup: &impl Fn(&AlarmReference) -> Option<StateValue>) -> bool {
        match self {
            RuleCondition::Or(parts) => parts.iter().any(|part| part.holds(lookup)),
            RuleCondition::And(parts) => parts.iter().all(|part| part.holds(lookup)),
            RuleCondition::Not(part) => !part.holds(lookup),
            RuleCondition::Constant(holds) => *holds,
            RuleCondition::State(state, alarm) => lookup(alarm) == Some(*state),
            RuleCondition::AtLeast { threshold, negated, state, alarms } => {
                let counts = |alarm: &&AlarmReference| {
                    lookup(alarm).is_some_and(|found| (found == *state) != *negated)
                };
                threshold.is_met(alarms.iter().filter(counts).count(), alarms.len())
            }
        }
    }
}

impl Threshold {
    fn is_met(self, count: usize, of: usize) -> bool {
        match self {
            Threshold::Count(needed) => count >= needed as usize,
            Threshold::Percent(percent) => count * 100 >= percent as usize * of,
        }
    }
}

impl fmt::Display for AlarmRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

/// A child whose change made a composite alarm change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TriggeringAlarm {
    /// Its ARN.
    pub arn: String,
    /// The state that it changed to.
    pub state: StateValue,
    /// When, in milliseconds since 1970.
    pub at: i64,
}

/// The `StateReasonData` of a composite alarm: AWS's JSON.
#[must_use]
pub fn triggering_alarms_data(alarms: &[TriggeringAlarm]) -> String {
    let each = |alarm: &TriggeringAlarm| {
        let (arn, state, at) = (quoted(&alarm.arn), alarm.state, calendar::iso(alarm.at));
        format!("{{\"arn\":{arn},\"state\":{{\"value\":\"{state}\",\"timestamp\":\"{at}\"}}}}")
    };
    format!("{{\"triggeringAlarms\":[{}]}}", alarms.iter().map(each).collect::<Vec<_>>().join(","))
}
