//! The answer for a person: diagnostics as rustc prints its own, then how many there are.

use std::io::{self, Write};

use diagnostic::{Severity, Source};

use super::Checked;

/// How many diagnostics of one file are shown; the others are counted.
pub(super) const MOST_SHOWN: usize = 500;

pub(super) fn write(
    checked: &[Checked],
    unreadable: usize,
    colour: bool,
    out: &mut dyn Write,
) -> io::Result<()> {
    for file in checked {
        let source = Source::file(&file.text, &file.path);
        for found in file.diagnostics.iter().take(MOST_SHOWN) {
            writeln!(out, "{}\n", found.render(&source, colour))?;
        }
        let more = file.diagnostics.len().saturating_sub(MOST_SHOWN);
        if more > 0 {
            writeln!(out, "… and {more} more, which --format json lists\n")?;
        }
    }
    writeln!(out, "{}", summary(checked, unreadable))
}

/// `2 files: 1 error, 3 warnings`
fn summary(checked: &[Checked], unreadable: usize) -> String {
    let sum = |severity| checked.iter().map(|file| file.count(severity)).sum::<usize>();
    let mut parts = vec![counted(sum(Severity::Error), "error"), counted(sum(Severity::Warning), "warning")];
    if sum(Severity::Note) > 0 {
        parts.push(counted(sum(Severity::Note), "note"));
    }
    let hidden: usize = checked.iter().map(|file| file.hidden_notes).sum();
    if hidden > 0 {
        parts.push(format!("{} (--notes shows them)", counted(hidden, "note")));
    }
    if unreadable > 0 {
        parts.push(format!("{unreadable} not read"));
    }
    format!("{}: {}", counted(checked.len() + unreadable, "file"), parts.join(", "))
}

fn counted(count: usize, what: &str) -> String {
    match count {
        0 => format!("no {what}s"),
        1 => format!("1 {what}"),
        _ => format!("{count} {what}s"),
    }
}
