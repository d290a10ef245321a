//! Whom an alarm tells of its changes.

use alarm::composite::CompositeDefinition;
use alarm::{Definition, StateValue};

/// The actions of an alarm of either kind.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Actions {
    pub(crate) enabled: bool,
    ok: Vec<String>,
    alarm: Vec<String>,
    insufficient_data: Vec<String>,
}

impl Actions {
    pub(crate) fn of_metric_alarm(definition: &Definition) -> Self {
        Actions {
            enabled: definition.actions_enabled,
            ok: definition.ok_actions.clone(),
            alarm: definition.alarm_actions.clone(),
            insufficient_data: definition.insufficient_data_actions.clone(),
        }
    }

    pub(crate) fn of_composite_alarm(definition: &CompositeDefinition) -> Self {
        Actions {
            enabled: definition.actions_enabled,
            ok: definition.ok_actions.clone(),
            alarm: definition.alarm_actions.clone(),
            insufficient_data: definition.insufficient_data_actions.clone(),
        }
    }

    /// The ARNs that are told of a change to `state`.
    pub(crate) fn of(&self, state: StateValue) -> &[String] {
        match state {
            StateValue::Ok => &self.ok,
            StateValue::Alarm => &self.alarm,
            StateValue::InsufficientData => &self.insufficient_data,
        }
    }
}
