//! Rules of composite alarms.

use std::collections::BTreeMap;

use alarm::StateValue;
use alarm::composite::{AlarmReference, AlarmRule, evaluation_order};
use testkit::{Case, Expectation};

use super::settings::Settings;

pub(crate) fn run(case: &Case) -> Expectation {
    let text = case.section("rule");
    let rule = match AlarmRule::parse(text) {
        Ok(rule) => rule,
        Err(error) => {
            return Expectation::of("error", error.render(text, false)).and("aws", error.aws_message);
        }
    };
    let states = Settings::of(case.section("states"));
    let lookup = |alarm: &AlarmReference| states.text(&alarm.text).and_then(StateValue::parse);
    let children: Vec<&str> = rule.children().iter().map(AlarmReference::name).collect();
    Expectation::of("state", rule.state(lookup).as_str()).and("children", children.join("\n"))
}

/// `name: rule` lines.
pub(crate) fn order(case: &Case) -> Expectation {
    let lines = case.section("rules").lines().map(|line| line.split_once(": ").unwrap());
    let rules: BTreeMap<String, AlarmRule> =
        lines.map(|(name, rule)| (name.into(), AlarmRule::parse(rule).unwrap())).collect();
    let order = evaluation_order(&rules);
    let stuck: Vec<&str> = order.stuck.into_iter().collect();
    Expectation::of("order", order.order.join("\n"))
        .and("stuck", stuck.join("\n"))
        .and("cycle", order.cycle.join("\n"))
}
