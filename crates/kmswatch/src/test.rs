//! `kmswatch test`: does a template do what its author expects of it?
//!
//! Case files ([`case_file`]) hold log events over time and what is expected of them. Each case is played through the
//! same monitor as the records of the service ([`play`]); what differs is shown on a timeline ([`compare`]).

mod arguments;
mod case_file;
mod codes;
mod compare;
mod events;
mod expect;
mod form;
mod json;
mod junit;
mod limits;
mod log_file;
mod names;
mod notation;
mod play;
mod record;
mod text;
mod timeline;

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use anyhow::Context as _;
use source::Walk;

use crate::report::escape;
use crate::{Exit, output};
use arguments::TestFormat;
pub(crate) use arguments::{TEST_HELP, TestArguments};
use case_file::{CaseFile, Given, Unusable};
pub(crate) use codes::ErrorCode;
use compare::Failure;

/// What became of all case files.
struct Run {
    files: Vec<FileResult>,
    /// Cases that `--filter` doesn't name.
    left_out: usize,
}

struct FileResult {
    path: String,
    /// Its cases, or why it can't be run.
    outcome: Result<Vec<CaseResult>, String>,
}

struct CaseResult {
    name: String,
    line: usize,
    /// None: it passed.
    failures: Vec<Failure>,
}

impl Run {
    fn unusable(&self) -> usize {
        self.files.iter().filter(|file| file.outcome.is_err()).count()
    }

    fn exit(&self) -> Exit {
        let cases = || self.files.iter().flat_map(FileResult::cases);
        match () {
            () if self.unusable() > 0 || cases().next().is_none() => Exit::Failed,
            () if cases().any(|case| !case.failures.is_empty()) => Exit::Incomplete,
            () => Exit::Done,
        }
    }
}

impl FileResult {
    fn cases(&self) -> &[CaseResult] {
        self.outcome.as_deref().unwrap_or_default()
    }
}

/// Runs the subcommand.
pub(crate) fn run(arguments: &TestArguments) -> anyhow::Result<Exit> {
    // What is kept beside the terminal is plain.
    let plain = arguments.junit.is_some() || arguments.format == TestFormat::Json;
    let given = Given {
        template: arguments.template_file.as_deref(),
        arguments: &arguments.template,
        colour: !plain && output::colour_of_errors(arguments.color),
    };
    let mut run = Run { files: Vec::new(), left_out: 0 };
    for found in found(&arguments.paths) {
        let outcome = match &found.unreadable {
            None => outcome(&found.path, &given, arguments.filter.as_deref(), &mut run.left_out),
            Some(reason) => Err(format!("error: can't read {}: {}", found.shown(), escape::shown(reason))),
        };
        if let Err(error) = &outcome {
            output::note(&format!("{error}\n"));
        }
        run.files.push(FileResult { path: found.path.display().to_string(), outcome });
    }
    write(&run, arguments)?;
    if run.files.is_empty() {
        output::error("there is no case file; in folders they are named *.test.yaml or *_test.yaml");
    } else if run.unusable() == 0 && run.exit() == Exit::Failed {
        output::error("no case was run");
    }
    Ok(run.exit())
}

fn write(run: &Run, arguments: &TestArguments) -> anyhow::Result<()> {
    if let Some(path) = &arguments.junit {
        let shown = || format!("can't write {}", escape::shown(&path.display().to_string()));
        let mut file = io::BufWriter::new(File::create(path).with_context(shown)?);
        junit::write(run, &mut file).and_then(|()| file.flush()).with_context(shown)?;
    }
    let mut out = io::BufWriter::new(io::stdout().lock());
    match arguments.format {
        TestFormat::Text => text::write(run, arguments.verbose, output::colour(arguments.color), &mut out)?,
        TestFormat::Json => json::write(run, &mut out)?,
    }
    Ok(out.flush()?)
}

fn outcome(
    path: &Path,
    given: &Given<'_>,
    filter: Option<&str>,
    left_out: &mut usize,
) -> Result<Vec<CaseResult>, String> {
    let text = case_file::text(path).map_err(|reason| {
        format!("error: can't read {}: {reason}", escape::shown(&path.display().to_string()))
    })?;
    let file = case_file::read(&text, path, given).map_err(|Unusable(error)| error)?;
    let mut results = Vec::new();
    for case in &file.cases {
        match filter.is_none_or(|filter| case.name.contains(filter)) {
            true => results.push(result(&file, case)),
            false => *left_out += 1,
        }
    }
    Ok(results)
}

fn result(file: &CaseFile, case: &case_file::Case) -> CaseResult {
    let played = play::play(file, case);
    CaseResult { name: case.name.clone(), line: case.line, failures: compare::failures(file, case, &played) }
}

/// A case file, or what should be one.
struct Found {
    path: PathBuf,
    unreadable: Option<String>,
}

impl Found {
    fn shown(&self) -> String {
        escape::shown(&self.path.display().to_string())
    }
}

/// What is named, and what lies in folders under the name of a case file.
fn found(paths: &[PathBuf]) -> Vec<Found> {
    let walk = Walk::new(paths).filter_map(|item| match item {
        Ok(file) => {
            (file.named || is_case_file(&file.path)).then_some(Found { path: file.path, unreadable: None })
        }
        Err(problem) => Some(Found { path: problem.path, unreadable: Some(problem.reason) }),
    });
    walk.collect()
}

fn is_case_file(path: &Path) -> bool {
    const ENDS: [&str; 4] = [".test.yaml", ".test.yml", "_test.yaml", "_test.yml"];
    let name = path.file_name().map(|name| name.to_string_lossy()).unwrap_or_default();
    ENDS.iter().any(|end| name.ends_with(end))
}

#[cfg(test)]
mod tests;
