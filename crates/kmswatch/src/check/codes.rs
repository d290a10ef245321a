//! All codes that `check` may show: what they mean, and which one was meant.

use std::io::Write;

use anyhow::bail;
use diagnostic::Severity;

use crate::Exit;
use crate::report::escape;

/// A code of any of the languages that users write.
#[derive(Clone, Copy)]
pub(super) struct Code {
    pub(super) code: &'static str,
    pub(super) severity: Severity,
    pub(super) title: &'static str,
    /// Empty where the title says it all.
    pub(super) explanation: &'static str,
}

/// Those of the chain first, then those of the languages in a template, and of the files of other commands.
pub(super) fn all() -> Vec<Code> {
    let of_chain = chain::codes().iter().map(|code| Code {
        code: code.code,
        severity: code.severity,
        title: code.title,
        explanation: code.explanation,
    });
    let mut all: Vec<Code> = of_chain.collect();
    let mut add = |code, title, severity| all.push(Code { code, severity, title, explanation: "" });
    stack::ErrorCode::ALL.iter().for_each(|code| add(code.as_str(), code.meaning(), Severity::Error));
    filter_pattern::ErrorCode::ALL
        .iter()
        .for_each(|code| add(code.as_str(), code.meaning(), Severity::Error));
    let notes = filter_pattern::explain::NoteCode::ALL;
    notes.iter().for_each(|code| add(code.as_str(), code.meaning(), Severity::Warning));
    let transformations = metric::TransformationErrorCode::ALL;
    transformations.iter().for_each(|code| add(code.as_str(), code.meaning(), Severity::Error));
    for code in crate::settings::ErrorCode::ALL {
        let severity = if code.is_warning() { Severity::Warning } else { Severity::Error };
        add(code.as_str(), code.meaning(), severity);
    }
    alarm::ErrorCode::ALL.iter().for_each(|code| add(code.as_str(), code.meaning(), Severity::Error));
    metric::StatisticErrorCode::ALL
        .iter()
        .for_each(|code| add(code.as_str(), code.meaning(), Severity::Error));
    crate::test::ErrorCode::ALL.iter().for_each(|code| add(code.as_str(), code.meaning(), Severity::Error));
    for code in crate::evaluate::ErrorCode::ALL {
        let severity = if code.is_warning() { Severity::Warning } else { Severity::Error };
        add(code.as_str(), code.meaning(), severity);
    }
    all
}

/// `--explain-code`
pub(super) fn explain(code: &str, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let found = find(code)?;
    writeln!(out, "{} ({}): {}", found.code, found.severity.as_str(), found.title)?;
    if !found.explanation.is_empty() {
        writeln!(out, "\n{}", found.explanation)?;
    }
    Ok(Exit::Done)
}

/// `--list-codes`
pub(super) fn list(out: &mut dyn Write) -> anyhow::Result<Exit> {
    for code in all() {
        writeln!(out, "{}  {:<7}  {}", code.code, code.severity.as_str(), code.title)?;
    }
    Ok(Exit::Done)
}

/// `--allow` takes the codes of warnings and notes.
pub(super) fn check_allowed(allowed: &[String]) -> anyhow::Result<()> {
    for code in allowed {
        let found = find(code)?;
        if found.severity == Severity::Error {
            bail!("{} is an error, which can't be allowed: {}", found.code, found.title);
        }
    }
    Ok(())
}

fn find(code: &str) -> anyhow::Result<Code> {
    let all = all();
    if let Some(found) = all.iter().find(|known| known.code.eq_ignore_ascii_case(code)) {
        return Ok(*found);
    }
    let shown = escape::shown(code);
    match diagnostic::closest(code, all.iter().map(|code| code.code).collect()) {
        Some(near) => bail!("there is no code {shown}; write {near}, or --list-codes to see all"),
        None => bail!("there is no code {shown}; --list-codes shows all"),
    }
}

#[cfg(test)]
mod tests {
    use super::all;

    #[test]
    fn no_two_codes_are_the_same() {
        let mut codes: Vec<&str> = all().iter().map(|code| code.code).collect();
        codes.sort_unstable();
        assert!(codes.windows(2).all(|pair| pair[0] != pair[1]));
    }
}
