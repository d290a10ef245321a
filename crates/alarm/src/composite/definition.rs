//! What a composite alarm is: the parameters of `PutCompositeAlarm`, as written and as checked.

use super::{AlarmRule, Suppressor};
use crate::definition::{
    ActionRestriction, Actions, Problem, ProblemKind, check_actions, check_description, check_name,
};
use serde::{Deserialize, Serialize};

/// A composite alarm as written: the parameters of `PutCompositeAlarm`, under AWS's names. Nothing is checked yet.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
#[expect(missing_docs, reason = "AWS's API Reference explains them; the names are its names")]
pub struct PutCompositeAlarm {
    pub alarm_name: Option<String>,
    pub alarm_description: Option<String>,
    pub actions_enabled: Option<bool>,
    pub ok_actions: Vec<String>,
    pub alarm_actions: Vec<String>,
    pub insufficient_data_actions: Vec<String>,
    pub alarm_rule: Option<String>,
    /// The name or ARN of an alarm.
    pub actions_suppressor: Option<String>,
    /// In seconds.
    pub actions_suppressor_wait_period: Option<i64>,
    /// In seconds.
    pub actions_suppressor_extension_period: Option<i64>,
}

/// A composite alarm, checked. Whether its children exist, and whether it is part of a cycle, depends on the others:
/// see [`super::evaluation_order`].
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct CompositeDefinition {
    /// The alarm's name: 1 to 255 characters, unique in its region among all alarms.
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
    /// What its state follows from.
    pub rule: AlarmRule,
    /// The alarm that holds its actions back, by name or ARN, and how.
    pub suppressor: Option<(String, Suppressor)>,
}

impl PutCompositeAlarm {
    /// Checks everything, by the rules of AWS's API Reference.
    ///
    /// # Errors
    /// All problems, in the order of the parameters.
    pub fn check(&self) -> Result<CompositeDefinition, Vec<Problem>> {
        let mut problems = Vec::new();
        check_name(self.alarm_name.as_deref(), &mut problems);
        check_description(self.alarm_description.as_deref(), &mut problems);
        let actions = Actions {
            ok: &self.ok_actions,
            alarm: &self.alarm_actions,
            insufficient_data: &self.insufficient_data_actions,
        };
        check_actions(&actions, ActionRestriction::NoResources, &mut problems);
        let rule = self.rule(&mut problems);
        let suppressor = self.suppressor(&mut problems);
        match rule {
            Some(rule) if problems.is_empty() => Ok(CompositeDefinition {
                name: self.alarm_name.clone().unwrap_or_default(),
                description: self.alarm_description.clone(),
                actions_enabled: self.actions_enabled.unwrap_or(true),
                ok_actions: self.ok_actions.clone(),
                alarm_actions: self.alarm_actions.clone(),
                insufficient_data_actions: self.insufficient_data_actions.clone(),
                rule,
                suppressor,
            }),
            _ => Err(problems),
        }
    }

    fn rule(&self, problems: &mut Vec<Problem>) -> Option<AlarmRule> {
        let Some(text) = &self.alarm_rule else {
            problems.push(Problem::null("AlarmRule"));
            return None;
        };
        AlarmRule::parse(text).map_err(|error| problems.push(Problem::syntax("AlarmRule", error))).ok()
    }

    /// All three or none.
    fn suppressor(&self, problems: &mut Vec<Problem>) -> Option<(String, Suppressor)> {
        let periods = (self.actions_suppressor_wait_period, self.actions_suppressor_extension_period);
        match (&self.actions_suppressor, periods) {
            (None, (None, None)) => None,
            (Some(alarm), (Some(wait_period), Some(extension_period))) => {
                for (property, seconds) in
                    [("WaitPeriod", wait_period), ("ExtensionPeriod", extension_period)]
                {
                    if seconds < 0 {
                        let property = format!("ActionsSuppressor{property}");
                        let message = format!("The value {seconds} for parameter {property} is invalid.");
                        problems.push(Problem::new(property, ProblemKind::Value, message));
                    }
                }
                Some((alarm.clone(), Suppressor { wait_period, extension_period }))
            }
            _ => {
                let message = "ActionsSuppressor, ActionsSuppressorWaitPeriod and ActionsSuppressorExtensionPeriod \
                               must be set together.";
                problems.push(Problem::combination("ActionsSuppressor", message));
                None
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn properties(alarm: &PutCompositeAlarm) -> Vec<String> {
        let problems = alarm.check().err().unwrap_or_default();
        problems.into_iter().map(|problem| problem.property).collect()
    }

    #[test]
    fn a_composite_alarm_is_checked() {
        assert_eq!(properties(&PutCompositeAlarm::default()), ["AlarmName", "AlarmRule"]);
        let mut alarm = PutCompositeAlarm {
            alarm_name: Some("all".into()),
            alarm_rule: Some("ALARM(a) OR ALARM(b)".into()),
            alarm_actions: vec!["arn:aws:sns:us-east-1:123456789012:security".into()],
            ..PutCompositeAlarm::default()
        };
        assert_eq!(alarm.check().unwrap().suppressor, None);
        alarm.actions_suppressor = Some("deployment".into());
        assert_eq!(properties(&alarm), ["ActionsSuppressor"]);
        alarm.actions_suppressor_wait_period = Some(120);
        alarm.actions_suppressor_extension_period = Some(60);
        let suppressor = Suppressor { wait_period: 120, extension_period: 60 };
        assert_eq!(alarm.check().unwrap().suppressor, Some(("deployment".into(), suppressor)));
        alarm.actions_suppressor_wait_period = Some(-1);
        alarm.ok_actions = vec!["arn:aws:autoscaling:us-east-1:123456789012:scalingPolicy:a:b".into()];
        assert_eq!(properties(&alarm), ["OKActions[0]", "ActionsSuppressorWaitPeriod"]);
    }
}
