//! `--events`: log events of any kind, answered as CloudWatch Logs' TestMetricFilter does.

use std::io::Write;
use std::path::Path;

use anyhow::Context;
use filter_pattern::{Match, Pattern, PatternSet, Scratch};
use serde_json::{Map, Value, json};

use super::{Lines, read_input};
use crate::Exit;
use crate::arguments::{MatchArguments, MatchFormat};

pub(super) fn run(
    arguments: &MatchArguments,
    patterns: Vec<Pattern>,
    path: &Path,
    out: &mut dyn Write,
) -> anyhow::Result<Exit> {
    let what = || format!("--events {}: a JSON array of strings is needed", path.display());
    let bytes = read_input(path).with_context(|| format!("--events {}", path.display()))?;
    let messages: Vec<String> = serde_json::from_slice(&bytes).with_context(what)?;
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
        _ if arguments.count => writeln!(out, "{}", matches.len())?,
        MatchFormat::Json => writeln!(out, "{}", answer(&matches))?,
        MatchFormat::Text => {
            let mut lines = Lines::new(out);
            matches.iter().try_for_each(|(_, message, _)| lines.write(message.as_bytes()))?;
        }
    }
    Ok(if matches.is_empty() { Exit::Incomplete } else { Exit::Done })
}

/// TestMetricFilter's answer; events are numbered from 1 (FILTER_PATTERN 8).
fn answer(matches: &[(usize, &String, Match)]) -> Value {
    let matches: Vec<Value> = matches
        .iter()
        .map(|(number, message, found)| {
            let extracted: Map<String, Value> = found
                .extracted
                .iter()
                .map(|(name, value)| (name.clone(), Value::String(value.clone())))
                .collect();
            json!({ "eventNumber": number, "eventMessage": message, "extractedValues": extracted })
        })
        .collect();
    json!({ "matches": matches })
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
        super::files::count(&mut counts, set.matches(message.as_bytes(), &mut scratch));
    }
    super::files::write_counts(arguments, set.patterns(), &counts, out)
}
