//! What is wrong with a line, or odd about it.

use std::ops::Range;

use diagnostic::{Diagnostic, Source};
use json::{Error, ErrorKind};
use serde::Serialize;

use super::codes::ErrorCode;
use super::limits::{MAX_LINE, MAX_MESSAGE, MAX_MISTAKES};
use crate::report::escape;

/// A mistake, and the property that it is about.
#[derive(Debug, Clone)]
pub(super) struct Mistake {
    /// AWS's name, such as `Metrics[0].Expression`. `None` for the line as a whole.
    pub(super) property: Option<String>,
    pub(super) diagnostic: Diagnostic,
}

/// The mistakes of a line, of which only so many are kept.
#[derive(Debug, Default)]
pub(super) struct Mistakes {
    pub(super) errors: Vec<Mistake>,
    /// Errors that aren't kept.
    pub(super) more: u64,
    pub(super) warnings: Vec<Mistake>,
}

impl Mistakes {
    /// Adds one that is about a property, or, without a name, about the line. Its message may hold what stands there.
    pub(super) fn push(&mut self, property: impl Into<String>, mut diagnostic: Diagnostic) {
        for text in std::iter::once(&mut diagnostic.message).chain(&mut diagnostic.help) {
            *text = escape::shown_up_to(text, MAX_MESSAGE);
        }
        let property = Some(property.into()).filter(|property| !property.is_empty());
        let list = match diagnostic.severity {
            diagnostic::Severity::Error => &mut self.errors,
            _ => &mut self.warnings,
        };
        if list.len() < MAX_MISTAKES {
            list.push(Mistake { property, diagnostic });
        } else if diagnostic.severity == diagnostic::Severity::Error {
            self.more += 1;
        }
    }

    /// Puts errors in the order of the line.
    pub(super) fn sort(&mut self) {
        self.errors.sort_by_key(|error| error.diagnostic.span.as_ref().map(|span| span.start));
    }

    /// Is anything wrong with a property, with what is inside it, or with what it is inside of?
    pub(super) fn touch(&self, property: &str) -> bool {
        let inside = |inner: &str, outer: &str| {
            inner.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['[', '.']))
        };
        let mut found = self.errors.iter().filter_map(|error| error.property.as_deref());
        found.any(|found| inside(found, property) || inside(property, found))
    }
}

/// A line that isn't JSON.
pub(super) fn not_json(line: &[u8], error: Error) -> Mistake {
    let rest = line.get(error.offset..).unwrap_or_default();
    let is_no_number = [&b"NaN"[..], b"Infinity", b"-Infinity"].iter().any(|word| rest.starts_with(word));
    let help = match error.kind {
        _ if is_no_number => "write `null` for a missing datapoint",
        ErrorKind::UnexpectedEnd => "write each alarm in one line, as `jq -c .` does",
        _ => "write a JSON object",
    };
    let message = format!("this isn't JSON: {}", error.kind);
    let end = line.len().min(error.offset + 1);
    let diagnostic =
        Diagnostic::error(ErrorCode::NotJson.as_str(), message).at(error.offset.min(end)..end).help(help);
    Mistake { property: None, diagnostic }
}

/// A line beyond [`MAX_LINE`].
pub(super) fn too_long() -> Mistake {
    let message = format!("the line is longer than {} MiB", MAX_LINE >> 20);
    let help = "leave out the oldest datapoints: CloudWatch looks at no more than 8,646";
    Mistake {
        property: None,
        diagnostic: Diagnostic::error(ErrorCode::TooLong.as_str(), message).at(0..1).help(help),
    }
}

/// Something is missing from the object that stands at `object`.
pub(super) fn missing(name: &str, object: &Range<usize>, help: &str) -> Diagnostic {
    Diagnostic::error(ErrorCode::Missing.as_str(), format!("`{name}` is missing"))
        .at(object.start..object.start + 1)
        .help(help)
}

/// The answer to a line that can't be evaluated.
#[derive(Serialize)]
pub(super) struct Refusal<'m> {
    line: u64,
    error: Option<Shown<'m>>,
    further: Vec<Shown<'m>>,
    further_more: u64,
}

#[derive(Serialize)]
struct Shown<'m> {
    code: &'m str,
    message: &'m str,
    property: Option<&'m str>,
    column: Option<usize>,
    help: &'m [String],
}

impl<'m> Refusal<'m> {
    pub(super) fn new(line: u64, mistakes: &'m Mistakes, source: &Source<'_>) -> Self {
        let mut shown = mistakes.errors.iter().map(|mistake| Shown {
            code: mistake.diagnostic.code,
            message: &mistake.diagnostic.message,
            property: mistake.property.as_deref(),
            column: mistake.diagnostic.span.as_ref().map(|span| source.place(span.start).column),
            help: &mistake.diagnostic.help,
        });
        let error = shown.next();
        Self { line, error, further: shown.collect(), further_more: mistakes.more }
    }
}
