//! Lengths and characters of texts.

use super::problem::{Problem, ProblemKind};

/// Between so many characters, both ends included.
pub(super) fn check_length(
    property: &str,
    text: &str,
    least: usize,
    most: usize,
    problems: &mut Vec<Problem>,
) {
    let count = text.chars().count();
    let bound = match count {
        count if count < least => format!("have length greater than or equal to {least}"),
        count if count > most => format!("have length less than or equal to {most}"),
        _ => return,
    };
    problems.push(Problem::constraint(property, &format!("'{text}'"), bound));
}

/// The name of an alarm.
pub(crate) fn check_name(name: Option<&str>, problems: &mut Vec<Problem>) {
    const PROPERTY: &str = "AlarmName";
    let Some(name) = name else { return problems.push(Problem::null(PROPERTY)) };
    check_length(PROPERTY, name, 1, 255, problems);
    if name.contains(|sign: char| sign.is_ascii_control()) {
        let message = "The value for parameter AlarmName must not contain ASCII control characters.";
        problems.push(Problem::new(PROPERTY, ProblemKind::Value, message));
    }
}

/// The description of an alarm.
pub(crate) fn check_description(description: Option<&str>, problems: &mut Vec<Problem>) {
    check_length("AlarmDescription", description.unwrap_or_default(), 0, 1024, problems);
}

/// One of a set of names, which AWS lists in its error.
pub(super) fn check_enum<T>(
    property: &str,
    text: &str,
    parse: impl Fn(&str) -> Option<T>,
    names: &[&str],
    problems: &mut Vec<Problem>,
) -> Option<T> {
    let found = parse(text);
    if found.is_none() {
        let bound = format!("satisfy enum value set: [{}]", names.join(", "));
        problems.push(Problem::constraint(property, &format!("'{text}'"), bound));
    }
    found
}
