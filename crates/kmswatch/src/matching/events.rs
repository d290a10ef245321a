//! `--events`: log events of any kind, answered as CloudWatch Logs' TestMetricFilter does.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, bail};
use filter_pattern::{Match, Pattern, PatternSet, Scratch};
use json::{Document, Kind, Value};
use serde::Serialize;

use super::{Lines, files, read_input};
use crate::Exit;
use crate::arguments::{MatchArguments, MatchFormat};

pub(super) fn run(
    arguments: &MatchArguments,
    patterns: Vec<Pattern>,
    path: &Path,
    out: &mut dyn Write,
) -> anyhow::Result<Exit> {
    let what = || format!("--events {}", path.display());
    let bytes = read_input(path).with_context(what)?;
    let messages = messages(&bytes).with_context(what)?;
    if arguments.patterns.is_some() {
        return counts(arguments, patterns, &messages, out);
    }
    let matches: Vec<(usize, &String, Match)> = patterns
        .iter()
        .flat_map(|pattern| {
            (1..)
                .zip(&messages)
                .filter_map(move |(number, text)| Some((number, text, pattern.matches(text)?)))
        })
        .collect();
    match arguments.format {
        _ if arguments.count => files::write_count(arguments.format, matches.len() as u64, out)?,
        MatchFormat::Json => writeln!(out, "{}", serde_json::to_string(&Answer::new(&matches))?)?,
        MatchFormat::Text => {
            let mut lines = Lines::new(out);
            matches.iter().try_for_each(|(_, message, _)| lines.write(message.as_bytes()))?;
        }
    }
    Ok(if matches.is_empty() { Exit::Incomplete } else { Exit::Done })
}

/// The messages in a file: a JSON array of strings, TestMetricFilter's own request (`{"logEventMessages":[…]}`), or, if
/// it is neither, one message a line.
fn messages(bytes: &[u8]) -> anyhow::Result<Vec<String>> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let document = match Document::parse(bytes) {
        Ok(document) => document,
        // A line of a log may begin with a bracket, but hardly one with a bracket and a quote.
        Err(error) if looks_like_list(bytes) => bail!("not a JSON array of strings: {error}"),
        Err(_) => return lines(bytes),
    };
    let list = match document.root() {
        root if root.kind() == Kind::Array => root,
        root => match root.get("logEventMessages") {
            Some(list) if list.kind() == Kind::Array => list,
            _ => return lines(bytes),
        },
    };
    (1..).zip(list.elements()).map(|(number, element)| text(number, element)).collect()
}

fn text(number: usize, element: Value<'_>) -> anyhow::Result<String> {
    match element.string() {
        Some(text) => Ok(text.into_owned()),
        None => bail!("element {number} of the array isn't a string; each is the message of one log event"),
    }
}

fn looks_like_list(bytes: &[u8]) -> bool {
    bytes
        .trim_ascii_start()
        .strip_prefix(b"[")
        .is_some_and(|inside| inside.trim_ascii_start().starts_with(b"\""))
}

fn lines(bytes: &[u8]) -> anyhow::Result<Vec<String>> {
    let text = std::str::from_utf8(bytes).context("neither a JSON array of strings nor lines of UTF-8")?;
    Ok(text.lines().map(str::to_owned).collect())
}

/// TestMetricFilter's answer.
#[derive(Serialize)]
struct Answer<'m> {
    matches: Vec<AnswerMatch<'m>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct AnswerMatch<'m> {
    /// Counted from 1.
    event_number: usize,
    event_message: &'m str,
    extracted_values: BTreeMap<&'m str, &'m str>,
}

impl<'m> Answer<'m> {
    fn new(matches: &'m [(usize, &String, Match)]) -> Self {
        let matches = matches.iter().map(|(number, message, found)| AnswerMatch {
            event_number: *number,
            event_message: message,
            extracted_values: found.extracted.iter().map(|(name, value)| (&**name, &**value)).collect(),
        });
        Self { matches: matches.collect() }
    }
}

/// How many messages each of several patterns matches.
fn counts(
    arguments: &MatchArguments,
    patterns: Vec<Pattern>,
    messages: &[String],
    out: &mut dyn Write,
) -> anyhow::Result<Exit> {
    let set = PatternSet::new(patterns);
    let mut scratch = Scratch::default();
    let mut counts = vec![0_u64; set.len()];
    for message in messages {
        files::count(&mut counts, set.matches(message.as_bytes(), &mut scratch));
    }
    files::write_counts(arguments, set.patterns(), &counts, out)
}
