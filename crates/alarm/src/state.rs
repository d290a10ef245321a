//! The three states of an alarm.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The state of an alarm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub enum StateValue {
    /// `OK`: what is asked about isn't so.
    #[serde(rename = "OK")]
    Ok,
    /// `ALARM`: it is.
    #[serde(rename = "ALARM")]
    Alarm,
    /// `INSUFFICIENT_DATA`: nobody knows, or nobody has looked yet.
    #[serde(rename = "INSUFFICIENT_DATA")]
    InsufficientData,
}

impl StateValue {
    /// All states, in the order in which AWS lists them in its errors.
    pub const ALL: [StateValue; 3] = [StateValue::InsufficientData, StateValue::Alarm, StateValue::Ok];

    /// AWS's name of the state.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            StateValue::Ok => "OK",
            StateValue::Alarm => "ALARM",
            StateValue::InsufficientData => "INSUFFICIENT_DATA",
        }
    }

    /// The state of that name.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == text)
    }
}

impl fmt::Display for StateValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
