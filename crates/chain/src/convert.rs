//! What other crates find wrong, as diagnostics of the text that they looked at.

use alarm::SyntaxError;
use diagnostic::{Diagnostic, Severity};
use filter_pattern::PatternError;
use filter_pattern::explain::Note;
use metric::TransformationError;
use stack::{Errors, TemplateError};

/// All errors of a template, and how many more there are.
pub(crate) fn template_errors(errors: &Errors) -> Vec<Diagnostic> {
    let mut found: Vec<Diagnostic> = errors.list().iter().map(template_error).collect();
    if errors.more() > 0 {
        found.push(
            Diagnostic::error("K009", format!("{} more errors", errors.more())).help("mend these first"),
        );
    }
    found
}

fn template_error(error: &TemplateError) -> Diagnostic {
    let mut found = Diagnostic::error(error.code.as_str(), &error.message).help(&error.help);
    found.span = error.span.map(stack::Span::range);
    found.labels = error.labels.iter().map(|(span, label)| (span.range(), label.clone())).collect();
    found
}

pub(crate) fn pattern_error(error: &PatternError) -> Diagnostic {
    Diagnostic::error(error.code.as_str(), &error.message).at(error.span.clone()).help(&error.help)
}

pub(crate) fn pattern_note(note: &Note) -> Diagnostic {
    let found = Diagnostic::new(Severity::Warning, note.code.as_str(), &note.message);
    found.at(note.span.clone()).help(&note.help)
}

pub(crate) fn transformation_error(error: &TransformationError) -> Diagnostic {
    Diagnostic::error(error.code.as_str(), &error.message).at(error.span.clone()).help(&error.help)
}

pub(crate) fn syntax_error(error: &SyntaxError) -> Diagnostic {
    Diagnostic::error(error.code.as_str(), &error.message).at(error.span.clone()).help(&error.help)
}
