//! The answer for a program: `docs/check.md` describes it.

use std::io::{self, Write};

use diagnostic::{Diagnostic, Severity};
use serde::Serialize;

use super::Checked;
use crate::report::write_value;

/// It grows when a field changes its meaning or goes, not when one is added.
const VERSION: u32 = 1;
/// Down to which depth each value has a line of its own.
const OPEN: usize = 6;

pub(super) fn write(checked: &[Checked], out: &mut dyn Write) -> io::Result<()> {
    write_value(&Document { version: VERSION, files: checked.iter().map(file).collect() }, OPEN, out)
}

#[derive(Serialize)]
struct Document<'c> {
    version: u32,
    files: Vec<File<'c>>,
}

#[derive(Serialize)]
struct File<'c> {
    path: &'c str,
    errors: usize,
    warnings: usize,
    diagnostics: Vec<Entry<'c>>,
}

#[derive(Serialize)]
struct Entry<'c> {
    code: &'c str,
    severity: &'c str,
    message: &'c str,
    /// Absent where it is about what was given beside the file.
    #[serde(flatten)]
    place: Option<Region>,
    help: &'c [String],
    labels: Vec<Label<'c>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    resource: Option<&'c str>,
}

#[derive(Serialize)]
struct Label<'c> {
    message: &'c str,
    #[serde(flatten)]
    place: Region,
}

/// Lines and columns count from 1, columns in characters; the end is behind the last character.
#[derive(Debug, Clone, Copy, Serialize)]
pub(super) struct Region {
    pub(super) line: usize,
    pub(super) column: usize,
    pub(super) end_line: usize,
    pub(super) end_column: usize,
}

fn file(checked: &Checked) -> File<'_> {
    let lines = Lines::of(&checked.text);
    File {
        path: &checked.path,
        errors: checked.count(Severity::Error),
        warnings: checked.count(Severity::Warning),
        diagnostics: checked.diagnostics.iter().map(|found| entry(found, checked, &lines)).collect(),
    }
}

fn entry<'c>(found: &'c Diagnostic, checked: &'c Checked, lines: &Lines<'_>) -> Entry<'c> {
    let label =
        |(span, message): &'c (std::ops::Range<usize>, String)| Label { message, place: lines.region(span) };
    Entry {
        code: found.code,
        severity: found.severity.as_str(),
        message: &found.message,
        place: found.span.as_ref().map(|span| lines.region(span)),
        help: &found.help,
        labels: found.labels.iter().map(label).collect(),
        resource: checked.resource(found),
    }
}

/// Where the lines of a text begin, so that it isn't walked for each place.
pub(super) struct Lines<'t> {
    text: &'t str,
    starts: Vec<usize>,
}

impl<'t> Lines<'t> {
    pub(super) fn of(text: &'t str) -> Self {
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n').map(|(at, _)| at + 1);
        Lines { text, starts: std::iter::once(0).chain(breaks).collect() }
    }

    pub(super) fn region(&self, span: &std::ops::Range<usize>) -> Region {
        let ((line, column), (end_line, end_column)) =
            (self.place(span.start), self.place(span.end.max(span.start)));
        Region { line, column, end_line, end_column }
    }

    fn place(&self, byte: usize) -> (usize, usize) {
        let byte = self.text.floor_char_boundary(byte);
        let line = self.starts.partition_point(|start| *start <= byte);
        let start = line.checked_sub(1).and_then(|at| self.starts.get(at)).copied().unwrap_or_default();
        (line, 1 + self.text.get(start..byte).unwrap_or_default().chars().count())
    }
}
