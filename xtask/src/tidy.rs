//! `cargo xtask tidy`: the house rules that a machine can check, each with its own message.

mod crates;
mod functions;
mod licences;
mod readme;
mod repository;
mod text;

use std::fmt;
use std::fs;
use std::process::ExitCode;

use anyhow::Context as _;

use crate::arguments::Arguments;
use crate::{examples, workspace};

pub(crate) const HELP: &str = "\
Usage: cargo xtask tidy

Checks the rules of STYLE.md that a machine can check, and prints file:line: message for
what breaks one:
  text        module documentation, white space, leftovers, paths of a machine, ignored tests
  functions   none longer than 70 lines
  crates      pure crates stay pure; ARCHITECTURE.md names each crate
  repository  Cargo.lock is committed; no large and no binary file
  licences    those of all dependencies are in deny.toml
  readme      the commands in README.md exist
  examples    they are what `cargo xtask examples` writes
";

/// Something that breaks a rule.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Finding {
    file: String,
    line: Option<usize>,
    message: String,
}

impl Finding {
    fn in_file(file: impl Into<String>, message: impl Into<String>) -> Self {
        Self { file: file.into(), line: None, message: message.into() }
    }

    /// `index` counts lines from 0, as `enumerate` does.
    fn in_line(file: &SourceFile, index: usize, message: impl Into<String>) -> Self {
        Self { file: file.path.clone(), line: Some(index + 1), message: message.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            Some(line) => write!(f, "{}:{line}: {}", self.file, self.message),
            None => write!(f, "{}: {}", self.file, self.message),
        }
    }
}

/// A text file of the repository.
#[derive(Debug)]
struct SourceFile {
    /// Relative to the root.
    path: String,
    text: String,
}

impl SourceFile {
    fn has_extension(&self, extension: &str) -> bool {
        self.path.rsplit_once('.').is_some_and(|(_, own)| own == extension)
    }

    /// Its lines up to the tests at its end, if it is Rust.
    fn lines_before_tests(&self) -> impl Iterator<Item = (usize, &str)> {
        self.text.lines().enumerate().take_while(|(_, line)| *line != "#[cfg(test)]")
    }

    /// Does all of it belong to tests?
    fn is_test(&self) -> bool {
        self.path.starts_with("tests/") || self.path.contains("/tests/") || self.path.ends_with("/tests.rs")
    }
}

/// A rule's name and how to find what breaks it.
type Rule = (&'static str, fn(&[SourceFile]) -> anyhow::Result<Vec<Finding>>);

const RULES: [Rule; 7] = [
    ("text", text::check),
    ("functions", functions::check),
    ("crates", crates::check),
    ("repository", repository::check),
    ("licences", licences::check),
    ("readme", readme::check),
    ("examples", check_examples),
];

pub(crate) fn run(arguments: Arguments) -> anyhow::Result<ExitCode> {
    arguments.finish()?;
    let files = source_files()?;
    let mut count = 0;
    for (name, check) in RULES {
        // A rule that can't be checked is reported like one that is broken, and the others are still checked.
        let findings = check(&files)
            .unwrap_or_else(|error| vec![Finding::in_file(name, format!("not checked: {error:#}"))]);
        count += findings.len();
        for finding in findings {
            println!("{finding}");
        }
    }
    println!("tidy: {} files, {} rules, {count} findings", files.len(), RULES.len());
    Ok(if count == 0 { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// The text files of the repository; others are the business of [`repository`].
fn source_files() -> anyhow::Result<Vec<SourceFile>> {
    let root = workspace::root();
    let mut files = Vec::new();
    for path in workspace::source_files()? {
        let bytes = fs::read(root.join(&path)).with_context(|| path.clone())?;
        if let Ok(text) = String::from_utf8(bytes) {
            files.push(SourceFile { path, text });
        }
    }
    Ok(files)
}

fn check_examples(_: &[SourceFile]) -> anyhow::Result<Vec<Finding>> {
    let finding = |found: examples::Difference| {
        Finding::in_file(found.path, format!("{}; `cargo xtask examples` puts it right", found.what))
    };
    Ok(examples::differences()?.into_iter().map(finding).collect())
}

/// For the tests of the rules.
#[cfg(test)]
fn file(path: &str, text: &str) -> SourceFile {
    SourceFile { path: path.into(), text: text.into() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_finding_says_where() {
        let source = file("a.rs", "one\ntwo\n");
        assert_eq!(Finding::in_line(&source, 1, "bad").to_string(), "a.rs:2: bad");
        assert_eq!(Finding::in_file("a.rs", "bad").to_string(), "a.rs: bad");
    }

    #[test]
    fn the_help_names_each_rule() {
        for (name, _) in RULES {
            assert!(HELP.contains(&format!("\n  {name} ")), "{name}");
        }
    }
}
