//! What a chain will hardly have been meant to do.

mod actions;
mod alarms;
mod limits;
mod metrics;
mod notes;
mod records;
mod subscriptions;
mod trails;
mod view;

use std::borrow::Cow;

use diagnostic::Diagnostic;

use crate::{Chain, plan};
use view::View;

/// Everything worth saying of a chain, in the order of the text: warnings, and notes on what is only worth knowing. It
/// has nothing to say of a chain that looks as if it does what it was meant to do.
#[must_use]
pub fn lint(text: &str, chain: &Chain) -> Vec<Diagnostic> {
    let view = View::of(text, chain);
    let mut found = chain.remarks.clone();
    notes::lint(&view, &mut found);
    records::lint(&view, &mut found);
    metrics::lint(&view, &mut found);
    alarms::lint(&view, &mut found);
    actions::lint(&view, &mut found);
    subscriptions::lint(&view, &mut found);
    trails::lint(&view, &mut found);
    limits::lint(&view, &mut found);
    found.iter_mut().for_each(with_variables);
    if plan::is_plan(text) {
        found.iter_mut().for_each(plan::in_its_words);
    }
    found.sort_by_key(|found| found.span.as_ref().map_or((0, 0), |span| (span.start, span.end)));
    // What a loop of the template writes stands at one place.
    found.dedup();
    found
}

/// What isn't known is shown as in a template.
pub(crate) fn with_variables(found: &mut Diagnostic) {
    let labels = found.labels.iter_mut().map(|(_, label)| label);
    for text in [&mut found.message].into_iter().chain(&mut found.help).chain(labels) {
        if let Cow::Owned(shown) = stack::with_variables(text) {
            *text = shown;
        }
    }
}

/// A warning at a place of the template.
fn warning(code: &'static str, span: stack::Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::warning(code, message).at(span.range())
}

/// A note at a place of the template.
fn note(code: &'static str, span: stack::Span, message: impl Into<String>) -> Diagnostic {
    Diagnostic::new(diagnostic::Severity::Note, code, message).at(span.range())
}
