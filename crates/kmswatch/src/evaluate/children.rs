//! Composite alarms: the rule, and the states of the alarms that it names.

use alarm::StateValue;
use alarm::composite::{AlarmReference, AlarmRule};
use diagnostic::{Diagnostic, closest};
use json::{Kind, Value};

use super::codes::ErrorCode;
use super::mistake::{Mistakes, missing};
use super::properties::{Properties, text, wrong_type};
use super::question::{CompositeQuestion, state};

/// The rule, and a state for each alarm that it names.
pub(super) fn read(
    rule: Value<'_>,
    properties: &Properties<'_>,
    mistakes: &mut Mistakes,
) -> Option<CompositeQuestion> {
    let rule = parsed(rule, properties, mistakes);
    let children = properties.get("Children");
    if let Some(children) = children.filter(|children| children.kind() != Kind::Object) {
        let help = "write the state of each alarm: `{\"a\": \"OK\"}`";
        mistakes.push("Children", wrong_type("Children", children, "an object", help));
        return None;
    }
    let rule = rule?;
    if let Some(children) = children {
        refuse_unknown(children, &rule, mistakes);
    }
    let states: Vec<Option<StateValue>> =
        rule.children().iter().map(|child| of_child(child, children, properties, mistakes)).collect();
    let arn = properties.text("AlarmArn", mistakes).or_else(|| properties.text("AlarmName", mistakes));
    let children = states.into_iter().collect::<Option<_>>()?;
    Some(CompositeQuestion { rule, children, arn: arn.map(Into::into) })
}

fn parsed(rule: Value<'_>, properties: &Properties<'_>, mistakes: &mut Mistakes) -> Option<AlarmRule> {
    const PROPERTY: &str = "AlarmRule";
    match AlarmRule::parse(&text(rule, PROPERTY, mistakes)?) {
        Ok(rule) => Some(rule),
        Err(error) => {
            let message = format!("`{PROPERTY}`: {}", error.message);
            let place = properties.place_in(PROPERTY, &error.span);
            let error = Diagnostic::error(error.code.as_str(), message).at(place).help(error.help.as_str());
            mistakes.push(PROPERTY, error);
            None
        }
    }
}

fn of_child(
    child: &AlarmReference,
    children: Option<Value<'_>>,
    properties: &Properties<'_>,
    mistakes: &mut Mistakes,
) -> Option<StateValue> {
    let property = format!("Children.{}", child.text);
    let found =
        children.and_then(|children| children.get(&child.text).or_else(|| children.get(child.name())));
    let Some(found) = found else {
        let object = children.map_or(properties.line.span(), Value::span);
        let help = "write its state: `OK`, `ALARM` or `INSUFFICIENT_DATA`";
        mistakes.push(&property, missing(&property, &object, help));
        return None;
    };
    state(found, &property, mistakes)
}

fn refuse_unknown(children: Value<'_>, rule: &AlarmRule, mistakes: &mut Mistakes) {
    for (key, _) in children.members() {
        let name = key.string().unwrap_or_default();
        if rule.children().iter().any(|child| child.text == name || child.name() == name) {
            continue;
        }
        let names = rule.children().iter().map(|child| child.text.as_str()).collect();
        let help = match closest(&name, names) {
            Some(similar) => format!("write `{similar}` if that is meant; it is left out"),
            None => "it is left out".to_owned(),
        };
        let message = format!("the rule names no alarm `{name}`");
        let warning =
            Diagnostic::warning(ErrorCode::UnknownChild.as_str(), message).at(key.span()).help(help);
        mistakes.push(format!("Children.{name}"), warning);
    }
}
