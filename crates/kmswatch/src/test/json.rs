//! The answer for a program: `docs/test.md` describes it.

use std::collections::BTreeMap;
use std::io::{self, Write};

use serde::Serialize;

use super::compare::Failure;
use super::notation::offset;
use super::{CaseResult, FileResult, Run};
use crate::report::write_value;

/// It grows when a field changes its meaning or goes, not when one is added.
const VERSION: u32 = 1;
/// Down to which depth each value has a line of its own.
const OPEN: usize = 8;

pub(super) fn write(run: &Run, out: &mut dyn Write) -> io::Result<()> {
    let cases = || run.files.iter().flat_map(|file| file.cases());
    let failed = cases().filter(|case| !case.failures.is_empty()).count();
    let document = Document {
        version: VERSION,
        passed: cases().count() - failed,
        failed,
        left_out: run.left_out,
        files: run.files.iter().map(file).collect(),
    };
    write_value(&document, OPEN, out)
}

#[derive(Serialize)]
struct Document<'r> {
    version: u32,
    passed: usize,
    failed: usize,
    left_out: usize,
    files: Vec<File<'r>>,
}

#[derive(Serialize)]
struct File<'r> {
    path: &'r str,
    /// Why it couldn't be run.
    error: Option<&'r str>,
    cases: Vec<Case<'r>>,
}

#[derive(Serialize)]
struct Case<'r> {
    name: &'r str,
    line: usize,
    passed: bool,
    failures: Vec<Entry<'r>>,
}

#[derive(Serialize)]
struct Entry<'r> {
    key: &'r str,
    name: &'r str,
    message: &'r str,
    /// When it shows first, after the start.
    at: Option<String>,
    expected: &'r str,
    got: &'r str,
    timeline: Vec<Column<'r>>,
    notes: Vec<String>,
}

#[derive(Serialize)]
struct Column<'r> {
    time: &'r str,
    #[serde(flatten)]
    cells: BTreeMap<&'r str, &'r str>,
}

fn file(file: &FileResult) -> File<'_> {
    File {
        path: &file.path,
        error: file.outcome.as_ref().err().map(String::as_str),
        cases: file.cases().iter().map(case).collect(),
    }
}

fn case(case: &CaseResult) -> Case<'_> {
    Case {
        name: &case.name,
        line: case.line,
        passed: case.failures.is_empty(),
        failures: case.failures.iter().map(entry).collect(),
    }
}

fn entry(failure: &Failure) -> Entry<'_> {
    let column = |(number, time): (usize, &'_ String)| -> BTreeMap<&str, &str> {
        let _ = time;
        let rows = failure.timeline.rows.iter();
        rows.filter_map(|(label, row)| Some((*label, row.get(number)?.as_str()))).collect()
    };
    let columns = failure.timeline.times.iter().enumerate();
    Entry {
        key: failure.key,
        name: &failure.name,
        message: &failure.message,
        at: failure.at.map(offset),
        expected: &failure.expected,
        got: &failure.got,
        timeline: columns.map(|(number, time)| Column { time, cells: column((number, time)) }).collect(),
        notes: failure.notes.iter().map(|(label, text)| format!("{label}: {text}")).collect(),
    }
}
