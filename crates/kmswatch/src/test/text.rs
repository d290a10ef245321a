//! The answer for a person: what failed, on a timeline, and how many cases there were.

use std::io::{self, Write};

use super::compare::Failure;
use super::timeline::wrapped;
use super::{CaseResult, Run};
use crate::report::escape::shown;

const RED: &str = "\x1b[31;1m";
const GREEN: &str = "\x1b[32m";
const RESET: &str = "\x1b[0m";

pub(super) fn write(run: &Run, verbose: bool, colour: bool, out: &mut dyn Write) -> io::Result<()> {
    let paint =
        |code: &str, text: &str| if colour { format!("{code}{text}{RESET}") } else { text.to_owned() };
    for file in &run.files {
        let path = shown(&file.path);
        for case in file.cases() {
            let place = format!("{path}:{}: {}", case.line, shown(&case.name));
            if !case.failures.is_empty() {
                writeln!(out, "{}  {place}", paint(RED, "FAIL"))?;
                failures(case, &|text| paint(RED, text), out)?;
            } else if verbose {
                writeln!(out, "{}    {place}", paint(GREEN, "ok"))?;
            }
        }
    }
    writeln!(out, "{}", summary(run))
}

fn failures(case: &CaseResult, paint: &dyn Fn(&str) -> String, out: &mut dyn Write) -> io::Result<()> {
    for failure in &case.failures {
        for line in lines(failure) {
            match line.trim() {
                "^" => writeln!(out, "{}", line.replace('^', &paint("^")))?,
                _ => writeln!(out, "{line}")?,
            }
        }
        writeln!(out)?;
    }
    Ok(())
}

/// A failure as it is read, in lines of a page.
pub(super) fn lines(failure: &Failure) -> Vec<String> {
    let mut lines = wrapped(&failure.message, "  ");
    let timeline = failure.timeline.lines();
    if !timeline.is_empty() {
        lines.push(String::new());
        lines.extend(timeline);
    }
    if !failure.notes.is_empty() {
        lines.push(String::new());
    }
    for (label, text) in &failure.notes {
        lines.extend(wrapped(&format!("{label}: {text}"), "    "));
    }
    lines
}

/// `14 cases in 2 files: 13 passed, 1 failed`
fn summary(run: &Run) -> String {
    let cases = || run.files.iter().flat_map(|file| file.cases());
    let failed = cases().filter(|case| !case.failures.is_empty()).count();
    let all = cases().count();
    let mut parts = vec![format!("{} passed", all - failed), format!("{failed} failed")];
    let unusable = run.unusable();
    if unusable > 0 {
        parts.push(format!("{} couldn't be run", counted(unusable, "file")));
    }
    if run.left_out > 0 {
        parts.push(format!("{} left out by --filter", run.left_out));
    }
    format!("{} in {}: {}", counted(all, "case"), counted(run.files.len(), "file"), parts.join(", "))
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
