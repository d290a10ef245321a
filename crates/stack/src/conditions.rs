//! The expressions of the section Conditions.
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-conditions.html>

use crate::error::ErrorCode;
use crate::evaluate::Evaluator;
use crate::limits::MAX_STEPS_INWARDS;
use crate::tree::{Node, Value};
use crate::unknown::may_be_equal;

const HELP: &str = "write `Fn::Equals`, `Fn::And`, `Fn::Or`, `Fn::Not` or `Condition`";

impl Evaluator<'_> {
    /// What an expression says; `None` where that can't be known, which has been reported.
    pub(crate) fn expression(&mut self, node: &Node) -> Option<bool> {
        let [only] = node.map().unwrap_or_default() else {
            if !node.is_unresolved() {
                let message = format!("a condition is a map of one function, not {}", node.kind());
                self.errors.add(ErrorCode::WrongShape, node.span, message, HELP);
            }
            return None;
        };
        if self.steps_left() == 0 {
            let message = format!("conditions are nested more than {MAX_STEPS_INWARDS} deep");
            self.errors.add(ErrorCode::TooDeep, node.span, message, "make it simpler");
            return None;
        }
        let argument = &only.value;
        match only.key.value.as_str() {
            "Condition" => self.condition(argument.as_str()?),
            "Fn::Equals" => self.equals(argument),
            "Fn::Not" => match argument.list() {
                Some([inner]) => self.inner(inner).map(|value| !value),
                _ => self.wrong("Fn::Not", "a list of one condition", argument),
            },
            "Fn::And" => self.several(argument, "Fn::And", false),
            "Fn::Or" => self.several(argument, "Fn::Or", true),
            name => {
                let message = format!("`{name}` isn't a condition");
                self.errors.add(ErrorCode::UnknownFunction, only.key.span, message, HELP);
                None
            }
        }
    }

    fn inner(&mut self, node: &Node) -> Option<bool> {
        self.deeper(|evaluator| evaluator.expression(node))
    }

    /// `decisive` is the value that one of them needs to have for the whole to have it.
    fn several(&mut self, argument: &Node, function: &str, decisive: bool) -> Option<bool> {
        match argument.list() {
            Some(list) if (2..=10).contains(&list.len()) => {
                // Each is looked at, so that each mistake is reported.
                let values: Vec<Option<bool>> = list.iter().map(|item| self.inner(item)).collect();
                match values.contains(&Some(decisive)) {
                    true => Some(decisive),
                    false => values.iter().all(Option::is_some).then_some(!decisive),
                }
            }
            _ => self.wrong(function, "a list of 2 to 10 conditions", argument),
        }
    }

    fn equals(&mut self, argument: &Node) -> Option<bool> {
        let Some([left, right]) = argument.list() else {
            return self.wrong("Fn::Equals", "a list of two values", argument);
        };
        let (left, right) = (self.resolve(left), self.resolve(right));
        let (left, right) = (left?, right?);
        if left.is_unresolved() || right.is_unresolved() {
            return None;
        }
        let (left, right) = (comparable(&left), comparable(&right));
        // The same unknown value is equal to itself.
        let is_known = left == right || !may_be_equal(&left, &right) || !self.environment.without_values;
        is_known.then_some(left == right)
    }
}

/// Scalars are compared as texts: `"5"` equals `5`.
fn comparable(node: &Node) -> String {
    match &node.value {
        Value::List(_) | Value::Map(_) => node.to_json(),
        _ => node.scalar().unwrap_or_default().to_owned(),
    }
}
