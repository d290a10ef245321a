//! Where the patterns of `match` come from, and what is said of one that the language refuses.

use std::collections::BTreeMap;
use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use filter_pattern::{Pattern, PatternError};
use serde::Serialize;

use super::read_input;
use crate::arguments::{MatchArguments, MatchFormat};
use crate::report::escape;
use crate::{Exit, output};

/// Where in a file of patterns one stands; counted from 1.
#[derive(Debug, Clone, Copy)]
enum Place {
    Line(usize),
    Element(usize),
}

/// A pattern that the language refuses.
#[derive(Debug)]
pub(super) struct Refused {
    text: String,
    /// Where it stands, if it comes from a file.
    place: Option<(PathBuf, Place)>,
    error: PatternError,
}

/// The patterns that are asked for.
///
/// # Errors
/// [`Refused`] for the first one that the language refuses; others, if they can't be read.
pub(super) fn read(arguments: &MatchArguments, pattern: Option<&str>) -> anyhow::Result<Vec<Pattern>> {
    let wildcards = arguments.reading.wildcards();
    let parse = |text: String, place| {
        Pattern::parse_with(&text, wildcards).map_err(|error| Refused { text, place, error }.into())
    };
    match (&arguments.patterns, pattern) {
        (Some(path), _) => {
            let texts = file(path).with_context(|| format!("--patterns {}", path.display()))?;
            texts.into_iter().map(|(place, text)| parse(text, Some((path.clone(), place)))).collect()
        }
        (None, Some(pattern)) => Ok(vec![parse(pattern.to_owned(), None)?]),
        (None, None) => {
            bail!(
                "a filter pattern is missing; for example: kmswatch match '{{ $.errorCode = \"*\" }}' logs/"
            )
        }
    }
}

/// The patterns of a file: a JSON array of strings, or one a line. Empty lines, and lines that begin with `#`, are
/// passed over.
fn file(path: &Path) -> anyhow::Result<Vec<(Place, String)>> {
    let text = String::from_utf8(read_input(path)?)?;
    let text = text.trim_start_matches('\u{feff}');
    let patterns: Vec<_> = if is_list(text) {
        let list: Vec<String> = serde_json::from_str(text).context("not a JSON array of strings")?;
        (1..).zip(list).map(|(number, text)| (Place::Element(number), text)).collect()
    } else {
        let skipped = |line: &str| matches!(line.trim_start().chars().next(), None | Some('#'));
        let lines = (1..).zip(text.lines()).filter(|(_, line)| !skipped(line));
        lines.map(|(number, line)| (Place::Line(number), line.to_owned())).collect()
    };
    if patterns.is_empty() {
        bail!("holds no pattern");
    }
    Ok(patterns)
}

/// Whether a text is, or is meant to be, a JSON array of strings. No pattern begins with `["`.
fn is_list(text: &str) -> bool {
    let inside = text.trim_start().strip_prefix('[').map(str::trim_start);
    inside.is_some_and(|inside| inside.starts_with('"') || inside.trim_end() == "]")
}

impl fmt::Display for Refused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.error.fmt(f)
    }
}

impl std::error::Error for Refused {}

impl Refused {
    /// Tells the person, or the program, that asked.
    pub(super) fn show(&self, arguments: &MatchArguments, out: &mut dyn Write) -> anyhow::Result<Exit> {
        if arguments.format == MatchFormat::Json {
            let answer = BTreeMap::from([("error", self.as_json())]);
            writeln!(out, "{}", serde_json::to_string(&answer)?)?;
            return Ok(Exit::Failed);
        }
        if let Some((path, place)) = &self.place {
            let path = path.display();
            let place = match place {
                Place::Line(number) => format!("{path}, line {number}"),
                Place::Element(number) => format!("{path}, element {number}"),
            };
            output::error(&format!("{}:", escape::shown(&place)));
        }
        output::note(&self.error.render(&self.text, output::colour_of_errors(arguments.reading.color)));
        Ok(Exit::Failed)
    }

    fn as_json(&self) -> RefusedJson<'_> {
        let (line, element) = match self.place {
            Some((_, Place::Line(number))) => (Some(number), None),
            Some((_, Place::Element(number))) => (None, Some(number)),
            None => (None, None),
        };
        RefusedJson {
            code: self.error.code.as_str(),
            message: &self.error.message,
            aws_message: &self.error.aws_message,
            span: [self.error.span.start, self.error.span.end],
            help: &self.error.help,
            pattern: &self.text,
            line,
            element,
        }
    }
}

/// [`Refused`] for a program.
#[derive(Serialize)]
struct RefusedJson<'r> {
    code: &'static str,
    message: &'r str,
    aws_message: &'r str,
    /// First byte, and the one behind the last.
    span: [usize; 2],
    help: &'r str,
    pattern: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    element: Option<usize>,
}
