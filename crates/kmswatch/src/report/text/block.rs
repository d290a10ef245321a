//! One group.

use std::io;

use cloudtrail::call::{Reason, Tier};

use super::super::escape::shown;
use super::super::format::{Counted, View};
use super::super::values::Kind;
use super::answer::{outcome, times, who};
use super::page::{Page, Style, grouped, plural};

/// How many values of a list are shown.
const MAX_VALUES: usize = 5;

/// What is said of every group, even if it is the same as of the one above.
const ALWAYS: [&str; 3] = ["what", "which key", "when"];

/// A label and its texts.
type Field = (&'static str, Vec<String>);

/// All that is known of a group. What is the same as of `previous`, which stands above it, is only named.
pub(super) fn full(
    number: usize,
    view: View<'_>,
    previous: Option<View<'_>>,
    page: &mut Page<'_>,
) -> io::Result<()> {
    title(number, view, page)?;
    let above = previous.map(fields);
    let is_above = |field: &Field| {
        !ALWAYS.contains(&field.0) && above.as_ref().is_some_and(|above| above.contains(field))
    };
    let (same, different): (Vec<Field>, Vec<Field>) =
        fields(view).into_iter().filter(|(_, texts)| !texts.is_empty()).partition(is_above);
    for (label, texts) in different {
        page.fields(label, &texts)?;
    }
    let same: Vec<&str> = same.into_iter().map(|(label, _)| label).collect();
    page.field("as above", &same.join(", "))
}

/// All fields of a group.
fn fields(view: View<'_>) -> [Field; 15] {
    [
        ("who", principal(view)),
        ("what", list(view, Kind::Operation)),
        ("which key", key(view)),
        ("which data", list(view, Kind::Resource)),
        ("from where", list(view, Kind::SourceAddress)),
        ("region", list(view, Kind::Region)),
        ("through", list(view, Kind::InvokedBy)),
        ("endpoint", list(view, Kind::VpcEndpoint)),
        ("of account", list(view, Kind::VpcEndpointAccount)),
        ("with", list(view, Kind::UserAgent)),
        ("when", vec![times(view)]),
        ("refused", list(view, Kind::Denial)),
        ("by policy", list(view, Kind::DenyingPolicy)),
        ("means", sentence(view.meaning())),
        ("what to do", advice(view)),
    ]
}

fn sentence(text: &str) -> Vec<String> {
    if text.is_empty() { Vec::new() } else { vec![shown(text)] }
}

/// What to do in any case, and where to look for the most frequent reason that is stated.
fn advice(view: View<'_>) -> Vec<String> {
    let reasons = || view.denials().into_iter().map(|(reason, _)| reason);
    let reason = reasons().find(|reason| *reason != Reason::Unstated).or_else(|| reasons().next());
    sentence(view.advice()).into_iter().chain(reason.map(|reason| reason.look().to_owned())).collect()
}

/// The same for a group that needs nobody at once.
pub(super) fn short(number: usize, view: View<'_>, page: &mut Page<'_>) -> io::Result<()> {
    title(number, view, page)?;
    page.fields("what", &list(view, Kind::Operation))?;
    page.fields("which key", &key(view))?;
    page.fields("which data", &list(view, Kind::Resource))?;
    page.field("when", &times(view))?;
    match view.expected() {
        Some((reason, until)) => {
            page.field("expected", &format!("{} (until {})", shown(reason), shown(until)))
        }
        None => page.field("means", &shown(view.meaning())),
    }
}

/// `1. ALERT  IAM user Alice, AccessDenied, 17 calls`
fn title(number: usize, view: View<'_>, page: &mut Page<'_>) -> io::Result<()> {
    page.blank()?;
    let start = format!("{number:>2}. ");
    let (word, style) = weight(view.tier());
    let text = format!("{}, {}, {}", who(view), outcome(view), calls(view));
    let columns = start.chars().count() + word.len();
    let start = format!("{start}{}", page.paint(style, &word));
    page.hanging(&start, columns, &text)
}

/// The tier, the worst one in capitals: it stands out without colours too.
fn weight(tier: Tier) -> (String, Style) {
    let (name, style) = match tier {
        Tier::Alert => (tier.code().to_uppercase(), Style::Red),
        Tier::Unknown | Tier::Count => (tier.code().to_owned(), Style::Yellow),
        Tier::Ignore => (tier.code().to_owned(), Style::Dim),
    };
    (format!("{name:<8}"), style)
}

fn calls(view: View<'_>) -> String {
    let calls = plural(view.group.calls(), "call");
    match view.group.copies {
        0 => calls,
        copies => format!("{calls} (and {} of another account)", plural(copies, "record")),
    }
}

/// The principal, and what is true of some of its calls.
fn principal(view: View<'_>) -> Vec<String> {
    let principal = shown(view.principal());
    let principal = match view.account() {
        Some(account) if !view.principal().contains(account) => {
            format!("{principal} (account {})", shown(account))
        }
        _ => principal,
    };
    std::iter::once(principal).chain(notes(view)).collect()
}

/// Notes on the principal that aren't true of all its calls.
fn notes(view: View<'_>) -> Vec<String> {
    let notes = view.list(Kind::PrincipalNote);
    let some = notes.iter().filter(|note| u64::from(note.count) != view.group.calls());
    let calls = plural(view.group.calls(), "call");
    some.take(MAX_VALUES)
        .map(|note| format!("{} in {} of {calls}", shown(note.value), grouped(note.count.into())))
        .collect()
}

/// The key and notes on it, or why there is none.
fn key(view: View<'_>) -> Vec<String> {
    let notes = list(view, Kind::KeyNote);
    match view.key() {
        Some(key) => std::iter::once(shown(key)).chain(notes).collect(),
        None if notes.is_empty() => vec!["not in the record".to_owned()],
        None => notes,
    }
}

/// The most frequent values of a list. Counts are left out where there is only one value, in every call.
fn list(view: View<'_>, kind: Kind) -> Vec<String> {
    let values = view.list(kind);
    let more = u64::from(view.more(kind));
    match values.as_slice() {
        [only] if more == 0 && u64::from(only.count) == view.group.calls() => vec![shown(only.value)],
        _ => values.iter().take(MAX_VALUES).map(with_count).chain(rest(&values, more)).collect(),
    }
}

fn with_count(counted: &Counted<'_>) -> String {
    format!("{} ({})", shown(counted.value), counted.count)
}

/// What `list` leaves out.
fn rest(values: &[Counted<'_>], beyond: u64) -> Option<String> {
    let left = values.get(MAX_VALUES..).unwrap_or_default();
    let calls = left.iter().map(|value| u64::from(value.count)).sum::<u64>() + beyond;
    match (left.len(), beyond) {
        (0, 0) => None,
        (count, 0) => Some(format!("{count} more ({calls})")),
        (count, _) => Some(format!("at least {} more ({calls})", count + 1)),
    }
}
