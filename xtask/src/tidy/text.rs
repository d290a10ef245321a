//! Rules about the text of a file, line by line.

use super::{Finding, SourceFile};

/// Files that other programs write or that were written elsewhere.
const NOT_OURS: [&str; 2] = ["Cargo.lock", "LICENSE"];

/// Words that say that something isn't finished. Written in two parts, so that this file doesn't break its own rule.
const LEFTOVERS: [&str; 5] = [
    concat!("TO", "DO"),
    concat!("FIX", "ME"),
    concat!("XX", "X"),
    concat!("to", "do!"),
    concat!("unimple", "mented!"),
];

/// Folders that exist on somebody's machine; `/home/` counts with a name behind it.
const MACHINE_PATHS: [&str; 3] = [concat!("/wo", "rk/"), concat!("/ro", "ot/"), concat!("/tm", "p/k")];
const HOME: &str = concat!("/ho", "me/");

const IGNORED_TEST: &str = concat!("#[ig", "nore");

pub(super) fn check(files: &[SourceFile]) -> anyhow::Result<Vec<Finding>> {
    Ok(files.iter().filter(|file| !NOT_OURS.contains(&file.path.as_str())).flat_map(findings).collect())
}

fn findings(file: &SourceFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    if file.has_extension("rs") && !starts_with_documentation(&file.text) {
        let message = "the first line says in `//!` what question the file answers";
        findings.push(Finding::in_line(file, 0, message));
    }
    if !file.text.is_empty() && !file.text.ends_with('\n') {
        findings.push(Finding::in_file(&file.path, "the last line doesn't end with a line break"));
    }
    let no_tabs = file.has_extension("rs") || file.has_extension("md");
    for (index, line) in file.text.lines().enumerate() {
        findings.extend(
            complaints(line, no_tabs).into_iter().map(|message| Finding::in_line(file, index, message)),
        );
    }
    findings
}

/// A `#!` line may stand before the documentation.
fn starts_with_documentation(text: &str) -> bool {
    text.lines().find(|line| !line.starts_with("#!")).is_some_and(|line| line.starts_with("//!"))
}

/// What is wrong with a line.
fn complaints(line: &str, no_tabs: bool) -> Vec<String> {
    let mut complaints = Vec::new();
    if line.ends_with([' ', '\t', '\r']) {
        complaints.push("white space at the end of the line".into());
    }
    if no_tabs && line.contains('\t') {
        complaints.push("a tab; use spaces".into());
    }
    if let Some(word) = LEFTOVERS.iter().find(|word| contains_word(line, word)) {
        complaints.push(format!("`{word}`: finish it, or say in a decision why not"));
    }
    if let Some(path) = machine_path(line) {
        complaints.push(format!("`{path}` is a path of one machine"));
    }
    if line.contains(IGNORED_TEST) {
        complaints.push("an ignored test tests nothing: mend it or remove it".into());
    }
    complaints
}

fn contains_word(line: &str, word: &str) -> bool {
    line.match_indices(word).any(|(at, _)| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        let after = line.get(at + word.len()..).and_then(|text| text.chars().next());
        let is_part =
            |character: Option<char>| character.is_some_and(|found| found.is_alphanumeric() || found == '_');
        !is_part(before) && (word.ends_with('!') || !is_part(after))
    })
}

/// The path of a machine that a line names; not as a part of a longer path, such as `s3://bucket` has it.
fn machine_path(line: &str) -> Option<&str> {
    let starts_here = |at: usize| {
        let before = line.get(..at).and_then(|text| text.chars().next_back());
        !before.is_some_and(|found| {
            found.is_alphanumeric() || matches!(found, '.' | '-' | '_' | '}' | '*' | '/')
        })
    };
    let known = MACHINE_PATHS.iter().find_map(|path| {
        let at = line.match_indices(path).map(|(at, _)| at).find(|at| starts_here(*at))?;
        line.get(at..at + path.len())
    });
    known.or_else(|| {
        let at = line.match_indices(HOME).map(|(at, _)| at).find(|at| starts_here(*at))?;
        let rest = line.get(at + HOME.len()..)?;
        let name = rest.find('/').filter(|length| *length > 0)?;
        let is_name =
            rest.get(..name)?.chars().all(|found| found.is_alphanumeric() || found == '-' || found == '_');
        line.get(at..=at + HOME.len() + name).filter(|_| is_name)
    })
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    fn messages(path: &str, text: &str) -> Vec<String> {
        findings(&file(path, text)).iter().map(ToString::to_string).collect()
    }

    #[test]
    fn a_rust_file_begins_with_its_question() {
        assert_eq!(messages("a.rs", "//! What?\n"), [""; 0]);
        assert_eq!(messages("a.rs", "#!/usr/bin/env cargo\n//! What?\n"), [""; 0]);
        assert_eq!(messages("a.rs", "fn a() {}\n").len(), 1);
        assert_eq!(messages("a.md", "fn a() {}\n"), [""; 0]);
    }

    #[test]
    fn white_space_is_where_it_belongs() {
        assert_eq!(messages("a.md", "a \nb\n"), ["a.md:1: white space at the end of the line"]);
        assert_eq!(messages("a.md", "a\tb\n"), ["a.md:1: a tab; use spaces"]);
        assert_eq!(messages("Makefile", "a:\n\tb\n"), [""; 0]);
        assert_eq!(messages("a.md", "a"), ["a.md: the last line doesn't end with a line break"]);
    }

    #[test]
    fn leftovers_are_words_not_parts_of_words() {
        for word in LEFTOVERS {
            assert_eq!(messages("a.md", &format!("a {word} b\n")).len(), 1, "{word}");
            assert_eq!(messages("a.md", &format!("a{word}b\n")), [""; 0], "{word}");
        }
    }

    #[test]
    fn paths_of_a_machine_are_named() {
        for path in MACHINE_PATHS {
            assert_eq!(machine_path(&format!("see `{path}`")), Some(path));
            assert_eq!(machine_path(&format!("see target{path}")), None);
        }
        assert_eq!(machine_path(&format!("{HOME}somebody/a")), Some(format!("{HOME}somebody/").as_str()));
        assert_eq!(machine_path(&format!("{HOME}<name>/")), None);
    }

    #[test]
    fn a_test_is_not_ignored() {
        assert_eq!(messages("a.rs", &format!("//! A.\n{IGNORED_TEST}]\n")).len(), 1);
    }
}
