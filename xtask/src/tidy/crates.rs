//! What a crate may know, and that the map shows it.

use std::fs;

use anyhow::Context as _;

use super::{Finding, SourceFile};
use crate::workspace::{self, Metadata, Package};

/// The pure crates: each with the crates from elsewhere that it may use. Tests may use more.
const PURE: [(&str, &[&str]); 10] = [
    ("alarm", &["serde"]),
    ("chain", &[]),
    ("diagnostic", &["annotate-snippets"]),
    ("json", &["memchr"]),
    ("filter-pattern", &["aho-corasick", "memchr", "regex"]),
    ("metric", &["serde"]),
    ("monitor", &["serde", "serde_json"]),
    ("cloudtrail", &["base64", "flate2", "libdeflate-sys", "memchr", "siphasher"]),
    ("sample-trail", &["serde", "serde_json"]),
    ("stack", &["base64", "regex", "saphyr-parser"]),
];

/// What a pure crate doesn't touch: files, sockets, environment, threads, processes and clocks.
const WORLD: [&str; 7] = [
    "std::fs",
    "std::net",
    "std::env",
    "std::thread",
    "std::process",
    "std::time::SystemTime",
    "std::time::Instant",
];

pub(super) fn check(files: &[SourceFile]) -> anyhow::Result<Vec<Finding>> {
    let metadata = Metadata::of_workspace()?;
    let pure = |package: &&Package| allowed_by(&package.name).is_some();
    let mut findings: Vec<Finding> = metadata.packages.iter().filter(pure).flat_map(dependencies).collect();
    findings.extend(files.iter().filter(|file| is_pure_source(file)).flat_map(touches_the_world));
    findings.extend(not_on_the_map(files, &crate_folders()?));
    Ok(findings)
}

fn allowed_by(name: &str) -> Option<&'static [&'static str]> {
    PURE.iter().find(|(pure, _)| *pure == name).map(|(_, allowed)| *allowed)
}

fn dependencies(package: &Package) -> Vec<Finding> {
    let manifest = format!("crates/{}/Cargo.toml", package.name);
    let allowed = allowed_by(&package.name).unwrap_or_default();
    let refused = |name: &str| allowed_by(name).is_none() && !allowed.contains(&name);
    let normal = package.dependencies.iter().filter(|dependency| dependency.kind.as_deref() != Some("dev"));
    normal
        .filter(|dependency| refused(&dependency.name))
        .map(|dependency| {
            format!("the pure crate `{}` may not depend on `{}`", package.name, dependency.name)
        })
        .map(|message| Finding::in_file(manifest.as_str(), message))
        .collect()
}

fn is_pure_source(file: &SourceFile) -> bool {
    let in_source = |name: &str| file.path.starts_with(&format!("crates/{name}/src/"));
    file.has_extension("rs") && !file.is_test() && PURE.iter().any(|(name, _)| in_source(name))
}

fn touches_the_world(file: &SourceFile) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut path = String::new();
    for (index, line) in file.lines_before_tests() {
        let code = line.split("//").next().unwrap_or_default();
        // An import may be written over several lines.
        path = if path.is_empty() { code.to_owned() } else { path + code };
        if path.trim_start().starts_with("use std::{") && !path.contains(';') {
            continue;
        }
        if let Some(name) = WORLD.iter().find(|name| names(&path, name)) {
            findings.push(Finding::in_line(
                file,
                index,
                format!("a pure crate doesn't name `{name}`; take it as an argument"),
            ));
        }
        path.clear();
    }
    findings
}

/// Does a piece of code name an item, whole or in the braces of an import?
fn names(code: &str, item: &str) -> bool {
    let ends = |rest: &str| !rest.starts_with(|next: char| next.is_alphanumeric() || next == '_');
    if code.match_indices(item).any(|(at, _)| code.get(at + item.len()..).is_some_and(ends)) {
        return true;
    }
    item.rsplit_once("::").is_some_and(|(parent, last)| {
        let group = code.split_once(&format!("{parent}::{{")).map(|(_, group)| group);
        group.is_some_and(|group| {
            group.split(|found: char| !found.is_alphanumeric() && found != '_').any(|word| word == last)
        })
    })
}

/// The folders below `crates`, in order.
fn crate_folders() -> anyhow::Result<Vec<String>> {
    let mut folders = Vec::new();
    for entry in fs::read_dir(workspace::root().join("crates")).context("crates")? {
        let entry = entry?;
        if entry.path().join("Cargo.toml").is_file() {
            folders.push(entry.file_name().to_string_lossy().into_owned());
        }
    }
    folders.sort();
    Ok(folders)
}

fn not_on_the_map(files: &[SourceFile], folders: &[String]) -> Vec<Finding> {
    const MAP: &str = "ARCHITECTURE.md";
    let Some(map) = files.iter().find(|file| file.path == MAP) else {
        return vec![Finding::in_file(MAP, "missing")];
    };
    let missing = folders.iter().filter(|folder| !map.text.contains(&format!("{folder}/")));
    missing
        .map(|folder| Finding::in_file(MAP, format!("doesn't name `{folder}/`, a folder of crates/")))
        .collect()
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    fn lines(text: &str) -> Vec<Option<usize>> {
        touches_the_world(&file("crates/json/src/a.rs", text)).iter().map(|finding| finding.line).collect()
    }

    #[test]
    fn the_world_is_found_in_each_spelling() {
        assert_eq!(lines("use std::fs;\n"), [Some(1)]);
        assert_eq!(lines("let now = std::time::Instant::now();\n"), [Some(1)]);
        assert_eq!(lines("use std::{fmt, env};\n"), [Some(1)]);
        assert_eq!(lines("use std::{\n    fmt,\n    thread::spawn,\n};\n"), [Some(4)]);
        assert_eq!(lines("use std::time::{Duration, SystemTime};\n"), [Some(1)]);
    }

    #[test]
    fn what_only_looks_like_the_world_is_left_alone() {
        assert_eq!(lines("use std::time::Duration;\nuse std::{fmt, str};\nlet fs = 1;\n"), []);
        assert_eq!(lines("// std::fs is for others\n#[cfg(test)]\nuse std::fs;\n"), []);
    }

    #[test]
    fn a_pure_crate_depends_on_what_the_table_says() {
        let text = r#"{"name": "json", "version": "0.1.0", "license": null, "source": null,
            "dependencies": [{"name": "memchr", "kind": null}, {"name": "tokio", "kind": null},
                             {"name": "cloudtrail", "kind": null}, {"name": "proptest", "kind": "dev"}]}"#;
        let found = dependencies(&serde_json::from_str(text).unwrap());
        let found: Vec<String> = found.iter().map(ToString::to_string).collect();
        assert_eq!(found, ["crates/json/Cargo.toml: the pure crate `json` may not depend on `tokio`"]);
    }

    #[test]
    fn the_map_names_each_folder() {
        let folders = ["json".to_owned(), "source".to_owned()];
        let map = [file("ARCHITECTURE.md", "`json/` reads JSON\n")];
        assert_eq!(not_on_the_map(&map, &folders).len(), 1);
        assert_eq!(not_on_the_map(&[], &folders)[0].to_string(), "ARCHITECTURE.md: missing");
    }
}
