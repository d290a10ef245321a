//! All codes that `check` may show: what they mean, and which one was meant.

use std::io::Write;

use anyhow::bail;

use crate::Exit;
use crate::report::escape;

/// A code of any of the languages.
struct Code {
    code: &'static str,
    title: &'static str,
    explanation: &'static str,
}

fn all() -> Vec<Code> {
    let mut all: Vec<Code> = chain::codes()
        .iter()
        .map(|code| Code { code: code.code, title: code.title, explanation: code.explanation })
        .collect();
    let mut add = |code: &'static str, title: &'static str| all.push(Code { code, title, explanation: "" });
    filter_pattern::ErrorCode::ALL.iter().for_each(|code| add(code.as_str(), code.meaning()));
    filter_pattern::explain::NoteCode::ALL.iter().for_each(|code| add(code.as_str(), code.meaning()));
    alarm::ErrorCode::ALL.iter().for_each(|code| add(code.as_str(), code.meaning()));
    stack::ErrorCode::ALL.iter().for_each(|code| add(code.as_str(), code.meaning()));
    all
}

/// `--explain-code`
pub(super) fn explain(code: &str, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let found = find(code)?;
    writeln!(out, "{}: {}", found.code, found.title)?;
    if !found.explanation.is_empty() {
        writeln!(out, "\n{}", found.explanation)?;
    }
    Ok(Exit::Done)
}

/// `--list-codes`
pub(super) fn list(out: &mut dyn Write) -> anyhow::Result<Exit> {
    for code in all() {
        writeln!(out, "{}  {}", code.code, code.title)?;
    }
    Ok(Exit::Done)
}

/// `--allow` takes codes that there are.
pub(super) fn check_allowed(allowed: &[String]) -> anyhow::Result<()> {
    allowed.iter().try_for_each(|code| find(code).map(|_| ()))
}

fn find(code: &str) -> anyhow::Result<Code> {
    let names: Vec<&str> = all().iter().map(|code| code.code).collect();
    if let Some(found) = all().into_iter().find(|known| known.code.eq_ignore_ascii_case(code)) {
        return Ok(found);
    }
    let shown = escape::shown(code);
    match diagnostic::closest(code, names) {
        Some(near) => bail!("there is no code {shown}; write {near}, or --list-codes to see all"),
        None => bail!("there is no code {shown}; --list-codes shows all"),
    }
}
