//! The results as JUnit XML, which CI services show beside a build.
//!
//! There is no standard; this is what the readers of Jenkins, GitLab and GitHub's actions have in common: `testsuites`,
//! `testsuite`, `testcase`, `failure`, `error`.

use std::io::{self, Write};

use super::text::lines;
use super::{CaseResult, FileResult, Run};
use crate::report::escape::Escaped;

pub(super) fn write(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    let cases = || run.files.iter().flat_map(|file| file.cases());
    writeln!(out, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>")?;
    writeln!(
        out,
        "<testsuites name=\"kmswatch test\" tests=\"{}\" failures=\"{}\" errors=\"{}\">",
        cases().count() + run.unusable(),
        failed(cases()),
        run.unusable()
    )?;
    run.files.iter().try_for_each(|file| suite(file, out))?;
    writeln!(out, "</testsuites>")
}

fn failed<'r>(cases: impl Iterator<Item = &'r CaseResult>) -> usize {
    cases.filter(|case| !case.failures.is_empty()).count()
}

fn suite(file: &FileResult, out: &mut dyn Write) -> io::Result<()> {
    let errors = usize::from(file.outcome.is_err());
    let (tests, failures) = (file.cases().len() + errors, failed(file.cases().iter()));
    let path = attribute(&file.path);
    writeln!(
        out,
        "  <testsuite name=\"{path}\" tests=\"{tests}\" failures=\"{failures}\" errors=\"{errors}\" skipped=\"0\">"
    )?;
    if let Err(error) = &file.outcome {
        writeln!(out, "    <testcase name=\"the case file\" classname=\"{path}\" file=\"{path}\">")?;
        writeln!(out, "      <error message=\"the case file can't be run\">{}</error>", text(error))?;
        writeln!(out, "    </testcase>")?;
    }
    file.cases().iter().try_for_each(|case| testcase(case, &path, out))?;
    writeln!(out, "  </testsuite>")
}

fn testcase(case: &CaseResult, path: &str, out: &mut dyn Write) -> io::Result<()> {
    let name = attribute(&case.name);
    write!(out, "    <testcase name=\"{name}\" classname=\"{path}\" file=\"{path}\" line=\"{}\"", case.line)?;
    // Readers take one failure a case.
    let Some(first) = case.failures.first() else { return writeln!(out, "/>") };
    let all: Vec<String> = case.failures.iter().map(|failure| lines(failure).join("\n")).collect();
    writeln!(out, ">")?;
    writeln!(
        out,
        "      <failure message=\"{}\" type=\"{}\">{}</failure>",
        attribute(&first.message),
        first.key,
        text(&all.join("\n\n"))
    )?;
    writeln!(out, "    </testcase>")
}

/// In an attribute: nothing of it ends the attribute, and nothing is a character that XML doesn't have.
fn attribute(text: &str) -> String {
    entities(&Escaped(text).to_string())
}

/// Between tags: line breaks stay.
fn text(text: &str) -> String {
    let lines: Vec<String> = text.split('\n').map(|line| entities(&Escaped(line).to_string())).collect();
    lines.join("\n")
}

fn entities(text: &str) -> String {
    let mut written = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => written.push_str("&amp;"),
            '<' => written.push_str("&lt;"),
            '>' => written.push_str("&gt;"),
            '"' => written.push_str("&quot;"),
            '\u{fffe}' | '\u{ffff}' => written.push('\u{fffd}'),
            other => written.push(other),
        }
    }
    written
}
