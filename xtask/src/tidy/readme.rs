//! Do the commands in README.md exist?

use anyhow::Context as _;

use super::{Finding, SourceFile};
use crate::{COMMANDS, workspace};

const README: &str = "README.md";

/// The parts of cargo that a reader may need.
const CARGO: [&str; 9] = ["bench", "build", "clippy", "doc", "fmt", "install", "run", "test", "xtask"];

pub(super) fn check(files: &[SourceFile]) -> anyhow::Result<Vec<Finding>> {
    let Some(readme) = files.iter().find(|file| file.path == README) else {
        return Ok(vec![Finding::in_file(README, "missing")]);
    };
    let mut findings = Vec::new();
    let mut known = Vec::new();
    for (index, line) in shell_lines(&readme.text) {
        match command(line) {
            Some(Command::Cargo(name)) if !CARGO.contains(&name) => {
                findings.push(Finding::in_line(readme, index, format!("cargo has no command `{name}` here")));
            }
            Some(Command::Xtask(name)) if !COMMANDS.iter().any(|command| command.name == name) => {
                findings.push(Finding::in_line(
                    readme,
                    index,
                    format!("`cargo xtask` has no command `{name}`"),
                ));
            }
            Some(Command::Kmswatch(name)) if !known.contains(&name) => {
                if kmswatch_knows(name)? {
                    known.push(name);
                } else {
                    findings.push(Finding::in_line(
                        readme,
                        index,
                        format!("`kmswatch` has no command `{name}`"),
                    ));
                }
            }
            _ => {}
        }
    }
    Ok(findings)
}

/// The lines in code fences for a shell.
fn shell_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let mut shell = false;
    let mut fenced = false;
    text.lines().enumerate().filter(move |(_, line)| {
        if let Some(language) = line.trim_start().strip_prefix("```") {
            fenced = !fenced;
            shell = fenced && matches!(language.trim(), "" | "sh" | "bash" | "shell" | "console");
            return false;
        }
        shell
    })
}

/// What a line calls.
#[derive(Debug, PartialEq, Eq)]
enum Command<'l> {
    Cargo(&'l str),
    Xtask(&'l str),
    Kmswatch(&'l str),
}

fn command(line: &str) -> Option<Command<'_>> {
    let line = line.trim_start().trim_start_matches("$ ");
    let mut words = line.split_whitespace();
    match words.next()? {
        "kmswatch" | "./kmswatch" | "target/release/kmswatch" => {
            Some(Command::Kmswatch(words.next().filter(|name| !name.starts_with('-'))?))
        }
        "cargo" => match words.next()? {
            "xtask" => words.next().map(Command::Xtask),
            "run" => words.skip_while(|word| *word != "--").nth(1).map(Command::Kmswatch),
            name => Some(Command::Cargo(name)),
        },
        _ => None,
    }
}

/// Asks the program itself; built with the profile of the tests, which need it anyway.
fn kmswatch_knows(name: &str) -> anyhow::Result<bool> {
    let mut build = workspace::cargo();
    build.args(["build", "--quiet", "--profile", "test", "--package", "kmswatch"]);
    workspace::output(&mut build).context("kmswatch doesn't build")?;
    let mut help = workspace::cargo();
    help.args(["run", "--quiet", "--profile", "test", "--package", "kmswatch", "--", name, "--help"]);
    Ok(workspace::output(&mut help).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_shell_fences_hold_commands() {
        let text =
            "cargo one\n```sh\ncargo two\n```\n```toml\ncargo three\n```\n```console\n$ cargo four\n```\n";
        let lines: Vec<_> = shell_lines(text).collect();
        assert_eq!(lines, [(2, "cargo two"), (8, "$ cargo four")]);
    }

    #[test]
    fn a_line_says_what_it_calls() {
        assert_eq!(command("$ cargo xtask test"), Some(Command::Xtask("test")));
        assert_eq!(command("cargo install --path ."), Some(Command::Cargo("install")));
        assert_eq!(command("cargo run --release -- scan logs"), Some(Command::Kmswatch("scan")));
        assert_eq!(command("kmswatch scan logs"), Some(Command::Kmswatch("scan")));
        assert_eq!(command("kmswatch --version"), None);
        assert_eq!(command("12 records"), None);
    }
}
