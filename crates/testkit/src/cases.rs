//! Case files: reading, running, comparing, rewriting.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::shared::repository;

/// One case of a case file.
#[derive(Debug, Clone)]
pub struct Case {
    /// Its file, relative to the repository.
    pub file: String,
    /// What stands behind `===`.
    pub name: String,
    sections: Vec<Section>,
}

/// What a test answers for one case: the text of each section that holds an expectation.
#[derive(Debug, Clone, Default)]
pub struct Expectation {
    sections: Vec<Section>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
struct Section {
    title: String,
    body: String,
}

impl Case {
    /// The text of a section, without its last line break; `None` where the case has none of that title.
    #[must_use]
    pub fn get(&self, title: &str) -> Option<&str> {
        self.sections.iter().find(|section| section.title == title).map(|section| section.body.as_str())
    }

    /// The text of a section that each case must have.
    ///
    /// # Panics
    /// Where the case has none of that title.
    #[must_use]
    pub fn section(&self, title: &str) -> &str {
        self.get(title)
            .unwrap_or_else(|| panic!("{}: case `{}` has no section `{title}`", self.file, self.name))
    }

    /// The titles of the sections, in order.
    pub fn titles(&self) -> impl Iterator<Item = &str> {
        self.sections.iter().map(|section| section.title.as_str())
    }
}

impl Expectation {
    /// The answer in one section.
    #[must_use]
    pub fn of(title: &str, body: impl Into<String>) -> Self {
        Self::default().and(title, body)
    }

    /// One more section.
    #[must_use]
    pub fn and(mut self, title: &str, body: impl Into<String>) -> Self {
        self.sections.push(Section { title: title.into(), body: trimmed(&body.into()) });
        self
    }
}

/// Runs each case of each file in `folder` (below the repository's root) through `run` and compares the sections
/// that it answers.
///
/// # Panics
/// With all differences, where there are any; where the folder holds no case; where a file can't be read.
pub fn run_cases(folder: &str, run: impl Fn(&Case) -> Expectation) {
    let root = repository();
    let mut failures = String::new();
    let mut count = 0;
    for path in case_files(&root.join(folder)) {
        let mut cases = read(&root, &path);
        for case in &mut cases.list {
            count += 1;
            let got = run(case);
            compare(case, &got, &mut failures);
        }
        if std::env::var_os("UPDATE_CASES").is_some() {
            fs::write(&path, cases.render()).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        }
    }
    assert!(count > 0, "no case in {folder}");
    assert!(failures.is_empty() || std::env::var_os("UPDATE_CASES").is_some(), "\n{failures}");
}

/// Writes the differences into `failures` and the answers into the case, for a rewrite.
fn compare(case: &mut Case, got: &Expectation, failures: &mut String) {
    for section in &got.sections {
        let expected = case.get(&section.title).unwrap_or("(no such section)").to_owned();
        if expected != section.body {
            let _ = writeln!(failures, "{}: `{}`, section `{}`", case.file, case.name, section.title);
            let _ = writeln!(failures, "expected:\n{expected}\ngot:\n{}\n", section.body);
        }
        match case.sections.iter_mut().find(|own| own.title == section.title) {
            Some(own) => own.body.clone_from(&section.body),
            None => case.sections.push(section.clone()),
        }
    }
}

fn case_files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries
        .map(|entry| entry.unwrap_or_else(|error| panic!("{}: {error}", folder.display())).path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "txt"))
        .collect();
    files.sort();
    files
}

struct CaseFile {
    preamble: String,
    list: Vec<Case>,
}

fn read(root: &Path, path: &Path) -> CaseFile {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let file = path.strip_prefix(root).unwrap_or(path).display().to_string();
    let mut parsed = CaseFile { preamble: String::new(), list: Vec::new() };
    for line in text.lines() {
        if let Some(name) = line.strip_prefix("=== ") {
            parsed.list.push(Case { file: file.clone(), name: name.into(), sections: Vec::new() });
        } else if let Some(case) = parsed.list.last_mut() {
            take_line(case, line);
        } else {
            let _ = writeln!(parsed.preamble, "{line}");
        }
    }
    for section in parsed.list.iter_mut().flat_map(|case| &mut case.sections) {
        section.body = trimmed(&section.body);
    }
    parsed
}

fn take_line(case: &mut Case, line: &str) {
    if let Some(title) = line.strip_prefix("--- ") {
        case.sections.push(Section { title: title.into(), body: String::new() });
    } else if let Some(section) = case.sections.last_mut() {
        section.body.push_str(line);
        section.body.push('\n');
    } else {
        assert!(
            line.trim().is_empty(),
            "{}: case `{}`: text before the first `--- section`",
            case.file,
            case.name
        );
    }
}

/// Without white space at the ends of lines and empty lines at the end: editors remove both.
fn trimmed(body: &str) -> String {
    let lines: Vec<&str> = body.lines().map(str::trim_end).collect();
    lines.join("\n").trim_end().to_owned()
}

impl CaseFile {
    fn render(&self) -> String {
        let mut text = self.preamble.clone();
        for (index, case) in self.list.iter().enumerate() {
            if index > 0 {
                text.push('\n');
            }
            let _ = writeln!(text, "=== {}", case.name);
            for section in &case.sections {
                let _ = writeln!(text, "--- {}\n{}", section.title, section.body);
            }
        }
        text
    }
}
