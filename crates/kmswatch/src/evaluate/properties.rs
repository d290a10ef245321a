//! The members of a line, read with the types that they should have.

use std::borrow::Cow;
use std::ops::Range;

use diagnostic::{Diagnostic, closest};
use json::{Kind, Value};

use super::codes::ErrorCode;
use super::mistake::Mistakes;

/// What this program reads or knows, sorted. Beside its own names these are the parameters of `PutMetricAlarm` and
/// `PutCompositeAlarm` and what `DescribeAlarms` adds to them.
const NAMES: &[&str] = &[
    "ActionsEnabled",
    "ActionsSuppressedBy",
    "ActionsSuppressedReason",
    "ActionsSuppressor",
    "ActionsSuppressorExtensionPeriod",
    "ActionsSuppressorWaitPeriod",
    "Alarm",
    "AlarmActions",
    "AlarmArn",
    "AlarmConfigurationUpdatedTimestamp",
    "AlarmDescription",
    "AlarmName",
    "AlarmRule",
    "Children",
    "ComparisonOperator",
    "CompositeAlarms",
    "Data",
    "Datapoints",
    "DatapointsToAlarm",
    "Dimensions",
    "EndTime",
    "EvaluateLowSampleCountPercentile",
    "EvaluationCriteria",
    "EvaluationInterval",
    "EvaluationPeriods",
    "EvaluationState",
    "ExtendedStatistic",
    "InsufficientDataActions",
    "MetricAlarms",
    "MetricName",
    "Metrics",
    "Namespace",
    "NextToken",
    "OKActions",
    "Period",
    "PreviousState",
    "ResponseMetadata",
    "SampleCounts",
    "StateReason",
    "StateReasonData",
    "StateTransitionedTimestamp",
    "StateUpdatedTimestamp",
    "StateValue",
    "Statistic",
    "Tags",
    "Threshold",
    "ThresholdMetricId",
    "TreatMissingData",
    "Unit",
];

/// The members of a line that are known, and of what it wraps.
pub(super) struct Properties<'d> {
    found: Vec<(&'static str, Value<'d>)>,
    /// The whole line.
    pub(super) line: Value<'d>,
}

impl<'d> Properties<'d> {
    /// Members that nobody knows become warnings, and those that hold no single alarm mistakes.
    pub(super) fn of(line: Value<'d>, mistakes: &mut Mistakes) -> Self {
        let mut properties = Self { found: Vec::with_capacity(24), line };
        // What stands beside a wrapped alarm counts more than what it holds, so it comes behind.
        let mut beside = Vec::with_capacity(24);
        for (key, value) in line.members() {
            match known(key, mistakes) {
                Some("Alarm") => properties.add_wrapped(value, mistakes),
                Some(name @ ("MetricAlarms" | "CompositeAlarms")) => {
                    properties.add_only(name, value, mistakes);
                }
                Some(name) => beside.push((name, value)),
                None => {}
            }
        }
        properties.found.append(&mut beside);
        properties
    }

    fn add_wrapped(&mut self, alarm: Value<'d>, mistakes: &mut Mistakes) {
        if alarm.kind() != Kind::Object {
            return mistakes
                .push("Alarm", wrong_type("Alarm", alarm, "an object", "write the alarm's properties"));
        }
        for (key, value) in alarm.members() {
            self.found.extend(known(key, mistakes).map(|name| (name, value)));
        }
    }

    /// The one alarm of a list, as `DescribeAlarms` answers.
    fn add_only(&mut self, name: &str, list: Value<'d>, mistakes: &mut Mistakes) {
        let mut alarms = list.elements();
        match (list.kind(), alarms.next(), alarms.next()) {
            (Kind::Array, None, _) => {}
            (Kind::Array, Some(alarm), None) => self.add_wrapped(alarm, mistakes),
            (Kind::Array, ..) => {
                let message = format!("`{name}` holds {} alarms", list.elements().count());
                let help = format!("write one alarm in a line: `jq -c '.{name}[]'` does");
                let error =
                    Diagnostic::error(ErrorCode::NotOneAlarm.as_str(), message).at(list.span()).help(help);
                mistakes.push(name, error);
            }
            _ => mistakes.push(name, wrong_type(name, list, "a list", "write `[` and `]` around the alarm")),
        }
    }

    /// A property; `null` is as good as none.
    pub(super) fn get(&self, name: &str) -> Option<Value<'d>> {
        let found = self.found.iter().rev().find(|(known, _)| *known == name);
        found.map(|(_, value)| *value).filter(|value| value.kind() != Kind::Null)
    }

    /// A property that should be text.
    pub(super) fn text(&self, name: &str, mistakes: &mut Mistakes) -> Option<Cow<'d, str>> {
        text(self.get(name)?, name, mistakes)
    }

    /// A property that should be a number.
    pub(super) fn number(&self, name: &str, mistakes: &mut Mistakes) -> Option<f64> {
        number(self.get(name)?, name, mistakes)
    }

    /// A property that should be a whole number.
    pub(super) fn integer(&self, name: &str, mistakes: &mut Mistakes) -> Option<i64> {
        integer(self.get(name)?, name, mistakes)
    }

    /// Where in the line a property stands that a path names, such as `Metrics[0].Stat`; as far as it is there.
    pub(super) fn span(&self, path: &str) -> Range<usize> {
        let start = self.line.span().start;
        self.at(path).map_or(start..start + 1, Value::span)
    }

    /// Where in the line a part of a text stands: the whole text, where it is written with escapes.
    pub(super) fn place_in(&self, path: &str, part: &Range<usize>) -> Range<usize> {
        let Some(value) = self.at(path).filter(|value| !value.raw().contains('\\')) else {
            return self.span(path);
        };
        let begin = value.span().start + 1;
        begin + part.start..begin + part.end
    }

    fn at(&self, path: &str) -> Option<Value<'d>> {
        let mut parts = path.split(['.', '[']).map(|part| part.trim_end_matches(']'));
        let mut value = self.get(parts.next()?)?;
        for part in parts {
            let inside = part.parse().map_or_else(|_| value.get(part), |index| value.at(index));
            let Some(inside) = inside else { break };
            value = inside;
        }
        Some(value)
    }
}

/// The name as this program spells it, for as long as it likes.
fn name_of(key: Value<'_>) -> Option<&'static str> {
    let key = key.string()?;
    NAMES.binary_search_by(|name| (*name).cmp(&key)).ok().and_then(|index| NAMES.get(index)).copied()
}

fn known(key: Value<'_>, mistakes: &mut Mistakes) -> Option<&'static str> {
    let found = name_of(key);
    if found.is_none() {
        let name = key.string().unwrap_or_default();
        let help = match closest(&name, NAMES.to_vec()) {
            Some(similar) => format!("write `{similar}` if that is meant; it is left out"),
            None => "it is left out; AWS's names begin with a capital letter".to_owned(),
        };
        let message = format!("there is no property `{name}`");
        let warning =
            Diagnostic::warning(ErrorCode::UnknownProperty.as_str(), message).at(key.span()).help(help);
        mistakes.push(name, warning);
    }
    found
}

/// A value that should be text.
pub(super) fn text<'d>(value: Value<'d>, property: &str, mistakes: &mut Mistakes) -> Option<Cow<'d, str>> {
    let text = value.string();
    if text.is_none() {
        mistakes.push(property, wrong_type(property, value, "text", "write it in double quotes"));
    }
    text
}

/// A value that should be a number.
pub(super) fn number(value: Value<'_>, property: &str, mistakes: &mut Mistakes) -> Option<f64> {
    if value.kind() != Kind::Number {
        let quoted = value.string().is_some_and(|text| text.trim().parse::<f64>().is_ok_and(f64::is_finite));
        let help = if quoted { "write it without quotes" } else { "write a number, such as `1` or `0.5`" };
        mistakes.push(property, wrong_type(property, value, "a number", help));
        return None;
    }
    let number = value.raw().parse().ok().filter(|number: &f64| number.is_finite());
    if number.is_none() {
        let message = format!("`{property}` is further from zero than numbers go");
        let error = Diagnostic::error(ErrorCode::WrongType.as_str(), message).at(value.span());
        mistakes.push(property, error.help("CloudWatch takes values between -2^360 and 2^360"));
    }
    number
}

/// A value that should be a whole number; `300.0` is one.
#[expect(clippy::cast_possible_truncation, reason = "it is whole and below 2^53")]
pub(super) fn integer(value: Value<'_>, property: &str, mistakes: &mut Mistakes) -> Option<i64> {
    const LARGEST: f64 = 9_007_199_254_740_992.0;
    let number = number(value, property, mistakes)?;
    if number.fract() != 0.0 || number.abs() > LARGEST {
        let message = format!("`{property}` should be a whole number");
        let error = Diagnostic::error(ErrorCode::WrongType.as_str(), message).at(value.span());
        mistakes.push(property, error.help("write it without decimals, such as `3`"));
        return None;
    }
    Some(number as i64)
}

/// Numbers and `null`s.
pub(super) fn numbers(value: Value<'_>, property: &str, mistakes: &mut Mistakes) -> Option<Vec<Option<f64>>> {
    if value.kind() != Kind::Array {
        let help = "write them in `[` and `]`, oldest first, `null` for a missing one";
        mistakes.push(property, wrong_type(property, value, "a list", help));
        return None;
    }
    let mut all_good = true;
    let mut numbers = Vec::with_capacity(value.raw().len() / 8 + 1);
    for (index, element) in value.elements().enumerate() {
        let read = match element.kind() {
            Kind::Null => None,
            Kind::Number => element.raw().parse().ok().filter(|number: &f64| number.is_finite()),
            _ => None,
        };
        if read.is_none() && element.kind() != Kind::Null {
            all_good = false;
            number(element, &format!("{property}[{index}]"), mistakes);
        }
        numbers.push(read);
    }
    all_good.then_some(numbers)
}

/// A value of the wrong type.
pub(super) fn wrong_type(property: &str, value: Value<'_>, should: &str, help: &str) -> Diagnostic {
    let is = match value.kind() {
        Kind::Null => "`null`",
        Kind::Bool(_) => "true or false",
        Kind::Number => "a number",
        Kind::String => "text",
        Kind::Array => "a list",
        Kind::Object => "an object",
    };
    let message = format!("`{property}` should be {should} and is {is}");
    Diagnostic::error(ErrorCode::WrongType.as_str(), message).at(value.span()).help(help)
}

#[cfg(test)]
mod tests {
    use super::NAMES;

    #[test]
    fn names_are_sorted() {
        assert!(NAMES.is_sorted());
    }
}
