//! `kmswatch match`: grep for CloudTrail, with CloudWatch's filter patterns.

mod events;
mod files;
mod patterns;

use std::ffi::OsStr;
use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::bail;
use filter_pattern::Pattern;
use filter_pattern::explain::Severity;
use serde_json::{Value, json};

use crate::arguments::{MatchArguments, MatchFormat};
use crate::report::escape;
use crate::{Exit, output};
use patterns::Refused;

/// Runs the subcommand.
pub(crate) fn run(arguments: &MatchArguments) -> anyhow::Result<Exit> {
    let (pattern, paths) = split(arguments)?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    let exit = match patterns::read(arguments, pattern.as_deref()) {
        Err(error) => error.downcast::<Refused>()?.show(arguments, &mut out)?,
        Ok(patterns) if arguments.explain => explain(arguments, &patterns, &mut out)?,
        Ok(patterns) => match &arguments.events {
            Some(path) => events::run(arguments, patterns, path, &mut out)?,
            None => files::run(arguments, patterns, &with_standard_input(paths)?, &mut out)?,
        },
    };
    out.flush()?;
    Ok(exit)
}

/// The pattern, if it stands on the command line, and the paths.
fn split(arguments: &MatchArguments) -> anyhow::Result<(Option<String>, Vec<PathBuf>)> {
    let mut pattern = arguments.pattern.clone();
    let mut paths = arguments.paths.clone();
    match &arguments.first {
        Some(first) if pattern.is_some() || arguments.patterns.is_some() => paths.insert(0, first.into()),
        Some(first) => pattern = Some(first_word(first)?),
        None => {}
    }
    if let (Some(first), true) = (paths.first(), arguments.events.is_some() || arguments.explain) {
        let option =
            if arguments.explain { "--explain reads no logs" } else { "--events names what is read" };
        bail!("{option}; leave out {}", escape::shown(&first.display().to_string()));
    }
    let written_as_is = arguments.files_with_matches || !arguments.extract.is_empty();
    if arguments.format == MatchFormat::Json && written_as_is {
        bail!("--format json is for records, --count, --patterns, --events and --explain");
    }
    Ok((pattern, paths))
}

/// The first word as a pattern. One that begins with a hyphen is a pattern too (`-ERROR`), but a misspelt option isn't.
fn first_word(word: &OsStr) -> anyhow::Result<String> {
    let Some(word) = word.to_str() else { bail!("the filter pattern isn't UTF-8") };
    let is_option = |word: &str| {
        word.strip_prefix("--").is_some_and(|name| name.starts_with(|first: char| first.is_ascii_lowercase()))
    };
    if is_option(word) && !std::env::args_os().any(|word| word == "--") {
        bail!("there is no option {}; if it is a filter pattern, put -e before it", escape::shown(word));
    }
    Ok(word.to_owned())
}

fn with_standard_input(paths: Vec<PathBuf>) -> anyhow::Result<Vec<PathBuf>> {
    if paths.is_empty() && io::stdin().is_terminal() {
        bail!("nothing to read: name log files or folders, or send logs to standard input");
    }
    Ok(if paths.is_empty() { vec![PathBuf::from("-")] } else { paths })
}

/// A file, or standard input for `-`.
fn read_input(path: &Path) -> io::Result<Vec<u8>> {
    if path.as_os_str() != "-" {
        return std::fs::read(path);
    }
    let mut bytes = Vec::new();
    io::Read::read_to_end(&mut io::stdin().lock(), &mut bytes)?;
    Ok(bytes)
}

/// The reading in words, the tree, and what can never be true or is surely not meant.
fn explain(arguments: &MatchArguments, patterns: &[Pattern], out: &mut dyn Write) -> anyhow::Result<Exit> {
    let colour = output::colour(arguments.reading.color);
    for pattern in patterns {
        if arguments.format == MatchFormat::Json {
            writeln!(out, "{}", explanation(pattern))?;
            continue;
        }
        let explanation = pattern.explain();
        writeln!(out, "Matches {}.\n\n{}", explanation.reading, explanation.tree.trim_end())?;
        for note in &explanation.notes {
            writeln!(out, "\n{}", note.render(pattern.text(), colour))?;
        }
    }
    Ok(Exit::Done)
}

fn explanation(pattern: &Pattern) -> Value {
    let explanation = pattern.explain();
    let notes: Vec<Value> = explanation
        .notes
        .iter()
        .map(|note| {
            json!({
                "code": note.code.as_str(),
                "never_true": note.code.severity() == Severity::Never,
                "message": note.message,
                "span": [note.span.start, note.span.end],
                "help": note.help,
            })
        })
        .collect();
    json!({ "pattern": pattern.text(), "reading": explanation.reading, "notes": notes })
}

/// How lines of records and messages are written: as they are, unless a terminal shows them.
struct Lines<'o> {
    out: &'o mut dyn Write,
    escaped: bool,
}

impl<'o> Lines<'o> {
    fn new(out: &'o mut dyn Write) -> Self {
        Self { out, escaped: io::stdout().is_terminal() }
    }

    fn write(&mut self, line: &[u8]) -> io::Result<()> {
        if self.escaped {
            let text = String::from_utf8_lossy(line);
            self.out.write_all(escape::shown_up_to(&text, usize::MAX).as_bytes())?;
        } else {
            self.out.write_all(line)?;
        }
        self.out.write_all(b"\n")
    }
}
