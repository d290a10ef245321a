//! The subject of a notification.

use monitor::{Summary, SummaryKind};

use crate::limits::MAX_SUBJECT;
use crate::many::alarms;
use crate::region::region_name;
use crate::story::{Happened, Story};

/// `ALARM: "kms-denied" in US East (N. Virginia)`. Of late news, and of what is new behind an `ALARM`, with a mark that
/// leaves the beginning as mail filters know it, or makes it an answer to the first letter.
#[must_use]
pub(crate) fn subject(story: &Story) -> String {
    let (before, behind) = match &story.happened {
        Happened::State { .. } => ("", ""),
        Happened::Late { .. } => ("", " (late)"),
        Happened::News { .. } | Happened::Reminder { .. } => ("Re: ", ""),
        Happened::Summary(summary) => return many(summary, region_name(&story.region)),
    };
    let state = story.happened.state();
    let region = region_name(&story.region);
    let around = format!("{state}: \"\" in {region}{behind}").chars().count();
    let name = shortened(&ascii(story.alarm.definition.name()), MAX_SUBJECT.saturating_sub(around));
    let whole = format!("{state}: \"{name}\" in {}{behind}", ascii(region));
    let cut: String = whole.chars().take(MAX_SUBJECT).collect();
    format!("{before}{cut}")
}

/// `ALARM: 40 alarms in EU (Ireland)`.
fn many(summary: &Summary, region: &str) -> String {
    let behind = if summary.kind == SummaryKind::Backlog { " (backlog)" } else { "" };
    let whole = format!("{}: {} in {}{behind}", summary.state, alarms(summary), ascii(region));
    whole.chars().take(MAX_SUBJECT).collect()
}

/// Runs of what isn't printable ASCII become one `_`.
fn ascii(text: &str) -> String {
    let mut plain = String::new();
    let mut in_run = false;
    for character in text.chars() {
        let printable = character.is_ascii() && !character.is_ascii_control();
        if printable {
            plain.push(character);
        } else if !in_run {
            plain.push('_');
        }
        in_run = !printable;
    }
    plain
}

/// At most `length` characters, the last three being dots where something is left out.
fn shortened(name: &str, length: usize) -> String {
    if name.chars().count() <= length {
        return name.to_owned();
    }
    let kept: String = name.chars().take(length.saturating_sub(3)).collect();
    kept + "..."
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_ascii() {
        assert_eq!(ascii("schlüssel 王王 \u{202e}\nweg"), "schl_ssel _ _weg");
        assert_eq!(shortened("abcdef", 6), "abcdef");
        assert_eq!(shortened("abcdefg", 6), "abc...");
    }
}
