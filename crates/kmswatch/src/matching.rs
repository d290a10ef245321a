//! `kmswatch match`: grep for CloudTrail, with CloudWatch's filter patterns.

mod events;
mod files;

use std::io::{self, IsTerminal, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use filter_pattern::{Pattern, PatternError};
use serde_json::json;

use crate::arguments::{MatchArguments, MatchFormat};
use crate::report::escape;
use crate::{Exit, output};

/// Runs the subcommand.
pub(crate) fn run(arguments: &MatchArguments) -> anyhow::Result<Exit> {
    let (pattern, paths) = split(arguments)?;
    let mut out = io::BufWriter::new(io::stdout().lock());
    let exit = match parse(arguments, pattern)? {
        Err(refused) => refused.show(arguments, &mut out)?,
        Ok(patterns) if arguments.explain => explain(arguments, &patterns, &mut out)?,
        Ok(patterns) => match &arguments.events {
            Some(path) => events::run(arguments, patterns, path, &mut out)?,
            None => files::run(arguments, patterns, &with_standard_input(paths)?, &mut out)?,
        },
    };
    out.flush()?;
    Ok(exit)
}

/// The pattern, unless they come from a file, and the paths.
fn split(arguments: &MatchArguments) -> anyhow::Result<(Option<&str>, Vec<PathBuf>)> {
    let mut words = arguments.words.iter();
    let pattern = if arguments.patterns.is_some() { None } else { words.next() };
    if pattern.is_none() && arguments.patterns.is_none() {
        bail!("a filter pattern is missing; for example: kmswatch match '{{ $.errorCode = \"*\" }}' logs/");
    }
    let paths: Vec<PathBuf> = words.map(PathBuf::from).collect();
    if let (Some(first), true) = (paths.first(), arguments.events.is_some() || arguments.explain) {
        let option =
            if arguments.explain { "--explain reads no logs" } else { "--events names what is read" };
        bail!("{option}; leave out {}", first.display());
    }
    Ok((pattern.map(String::as_str), paths))
}

fn with_standard_input(paths: Vec<PathBuf>) -> anyhow::Result<Vec<PathBuf>> {
    if paths.is_empty() && io::stdin().is_terminal() {
        bail!("nothing to read: name log files or folders, or send logs to standard input");
    }
    Ok(if paths.is_empty() { vec![PathBuf::from("-")] } else { paths })
}

/// A pattern that the language refuses.
struct Refused {
    text: String,
    /// Its place in the file of patterns.
    line: Option<String>,
    error: PatternError,
}

fn parse(
    arguments: &MatchArguments,
    pattern: Option<&str>,
) -> anyhow::Result<Result<Vec<Pattern>, Box<Refused>>> {
    let texts = match (&arguments.patterns, pattern) {
        (Some(path), _) => read_patterns(path)?,
        (None, pattern) => pattern.map(|text| (None, text.to_owned())).into_iter().collect(),
    };
    let wildcards = arguments.reading.wildcards();
    Ok(texts
        .into_iter()
        .map(|(line, text)| {
            Pattern::parse_with(&text, wildcards).map_err(|error| Box::new(Refused { text, line, error }))
        })
        .collect())
}

/// The patterns of a file, each with its place: a JSON array of strings, or one a line. Empty lines, and lines that
/// begin with `#`, are passed over.
fn read_patterns(path: &Path) -> anyhow::Result<Vec<(Option<String>, String)>> {
    let bytes = read_input(path).with_context(|| format!("--patterns {}", path.display()))?;
    let text = String::from_utf8(bytes).with_context(|| format!("--patterns {}", path.display()))?;
    let place = |what: &str, number: usize| Some(format!("{}, {what} {number}", path.display()));
    if let Ok(list) = serde_json::from_str::<Vec<String>>(&text) {
        return Ok((1..).zip(list).map(|(number, text)| (place("element", number), text)).collect());
    }
    let lines = (1..).zip(text.lines()).filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
    let patterns: Vec<_> = lines.map(|(number, line)| (place("line", number), line.to_owned())).collect();
    if patterns.is_empty() {
        bail!("--patterns {}: holds no pattern", path.display());
    }
    Ok(patterns)
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

impl Refused {
    fn show(&self, arguments: &MatchArguments, out: &mut dyn Write) -> anyhow::Result<Exit> {
        if arguments.format == MatchFormat::Json {
            writeln!(out, "{}", self.as_json())?;
            return Ok(Exit::Failed);
        }
        if let Some(line) = &self.line {
            output::error(&format!("{}:", escape::shown(line)));
        }
        output::note(&self.error.render(&self.text, output::colour_of_errors(arguments.reading.color)));
        Ok(Exit::Failed)
    }

    fn as_json(&self) -> serde_json::Value {
        json!({
            "error": {
                "code": self.error.code.as_str(),
                "message": self.error.message,
                "aws_message": self.error.aws_message,
                "span": [self.error.span.start, self.error.span.end],
                "help": self.error.help,
                "pattern": self.text,
            }
        })
    }
}

/// The reading in words, the tree, and what can never be true or is surely not meant.
fn explain(arguments: &MatchArguments, patterns: &[Pattern], out: &mut dyn Write) -> anyhow::Result<Exit> {
    let colour = output::colour(arguments.reading.color);
    for pattern in patterns {
        let explanation = pattern.explain();
        writeln!(out, "Matches {}.\n\n{}", explanation.reading, explanation.tree.trim_end())?;
        for note in &explanation.notes {
            writeln!(out, "\n{}", note.render(pattern.text(), colour))?;
        }
    }
    Ok(Exit::Done)
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
