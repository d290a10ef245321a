//! What is told of a change of state.

use super::problem::{Problem, ProblemKind};
use super::texts::check_length;

/// How many actions each state may have.
const MAX_ACTIONS: usize = 5;

/// The three lists of an alarm.
pub(crate) struct Actions<'a> {
    pub(crate) ok: &'a [String],
    pub(crate) alarm: &'a [String],
    pub(crate) insufficient_data: &'a [String],
}

/// What an alarm can't do, besides what no alarm can.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ActionRestriction {
    /// It is an alarm on one metric.
    None,
    /// Metric math has no instance to stop.
    NoEc2,
    /// Composite alarms act on no resources.
    NoResources,
}

/// Checks the lengths and the kinds of all actions.
pub(crate) fn check_actions(
    actions: &Actions<'_>,
    restriction: ActionRestriction,
    problems: &mut Vec<Problem>,
) {
    let lists = [
        ("OKActions", actions.ok),
        ("AlarmActions", actions.alarm),
        ("InsufficientDataActions", actions.insufficient_data),
    ];
    for (property, list) in lists {
        if list.len() > MAX_ACTIONS {
            let shown = format!("'[{}]'", list.join(", "));
            let bound = format!("have length less than or equal to {MAX_ACTIONS}");
            problems.push(Problem::constraint(property, &shown, bound));
        }
        for (index, arn) in list.iter().enumerate() {
            check_action(property, index, arn, restriction, problems);
        }
    }
}

fn check_action(
    list: &str,
    index: usize,
    arn: &str,
    restriction: ActionRestriction,
    problems: &mut Vec<Problem>,
) {
    let property = format!("{list}[{index}]");
    check_length(&property, arn, 1, 1024, problems);
    let fields: Vec<&str> = arn.splitn(6, ':').collect();
    let &[prefix, _, service, _, _, _] = fields.as_slice() else {
        return problems.push(invalid(property, format!("Invalid arn syntax: {arn}")));
    };
    if prefix != "arn" {
        return problems.push(invalid(property, format!("Invalid arn syntax: {arn}")));
    }
    match refusal(service, list, restriction) {
        Some(true) => problems.push(invalid(property, format!("Unsupported action for this alarm: {arn}"))),
        Some(false) => problems.push(invalid(property, format!("Invalid or unsupported action: {arn}"))),
        None => {}
    }
}

fn invalid(property: String, message: String) -> Problem {
    Problem::new(property, ProblemKind::Value, message)
}

/// Why an action can't be used: because of the alarm (`true`), or because there is none like it (`false`).
fn refusal(service: &str, list: &str, restriction: ActionRestriction) -> Option<bool> {
    match service {
        "sns" | "lambda" | "aiops" => None,
        "ssm" | "ssm-incidents" if list != "AlarmActions" => Some(true),
        "ssm" | "ssm-incidents" => None,
        "automate" | "swf" => (restriction != ActionRestriction::None).then_some(true),
        "autoscaling" => (restriction == ActionRestriction::NoResources).then_some(true),
        _ => Some(false),
    }
}
