//! Matching the records of log files.

use std::io::Write;
use std::path::{Path, PathBuf};

use cloudtrail::reader::{FileKind, Found};
use filter_pattern::{Pattern, Selector};
use json::Document;
use serde_json::json;

use super::Lines;
use crate::arguments::{MatchArguments, MatchFormat};
use crate::log_event::{Memory, Patterns, compacted};
use crate::pipeline::{self, FileEnd, Message, Settings, Worker};
use crate::progress::Progress;
use crate::report::escape;
use crate::scan::{each_problem, is_skipped};
use crate::{Exit, interrupt, output};

pub(super) fn run(
    arguments: &MatchArguments,
    patterns: Vec<Pattern>,
    paths: &[PathBuf],
    out: &mut dyn Write,
) -> anyhow::Result<Exit> {
    let job = Job::new(arguments, patterns)?;
    let mut tally = Tally {
        arguments,
        out,
        counts: vec![0; job.patterns.set.len()],
        matched: 0,
        in_file: 0,
        failed: false,
    };
    let progress = Progress::new(paths, arguments.reading.quiet || job.output == Output::Records);
    interrupt::watch(progress.on_interrupt(arguments.reading.quiet))?;
    let settings = Settings { jobs: arguments.reading.jobs(), strict: arguments.reading.strict };
    let outcome = pipeline::run(
        paths,
        job.patterns.set.watched_keys(),
        settings,
        &progress,
        || MatchWorker { job: &job, memory: Memory::default(), compact: String::new() },
        |message| tally.take(message),
    );
    progress.finish();
    outcome?;
    tally.finish(&job)
}

/// What is written of a matching record.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Output {
    /// The record, on one line.
    Records,
    /// What selectors find in it.
    Extracts,
    /// Nothing: it is counted.
    Counts,
}

/// What all threads share.
struct Job {
    patterns: Patterns,
    selectors: Vec<Selector>,
    output: Output,
    /// Whether many patterns are only counted.
    many: bool,
}

impl Job {
    fn new(arguments: &MatchArguments, patterns: Vec<Pattern>) -> anyhow::Result<Self> {
        let selectors =
            arguments.extract.iter().map(|text| selector(arguments, text)).collect::<Result<Vec<_>, _>>()?;
        let counts = arguments.count || arguments.files_with_matches || arguments.patterns.is_some();
        let output = match (counts, selectors.is_empty()) {
            (true, _) => Output::Counts,
            (false, false) => Output::Extracts,
            (false, true) => Output::Records,
        };
        Ok(Self { patterns: Patterns::new(patterns), selectors, output, many: arguments.patterns.is_some() })
    }
}

fn selector(arguments: &MatchArguments, text: &str) -> anyhow::Result<Selector> {
    let colour = output::colour_of_errors(arguments.reading.color);
    Selector::parse(text).map_err(|error| {
        anyhow::anyhow!("--extract: the selector is refused\n{}", error.render(text, colour))
    })
}

/// One thread.
struct MatchWorker<'j> {
    job: &'j Job,
    memory: Memory,
    /// A record on one line.
    compact: String,
}

/// What was found in a file, or a part of it.
#[derive(Default)]
struct Part {
    /// Lines to write.
    text: Vec<u8>,
    /// Matching records.
    matched: u64,
    /// Matching records of each pattern.
    counts: Vec<u64>,
}

impl Worker for MatchWorker<'_> {
    type Part = Part;

    fn record(&mut self, _path: &Path, record: Found<'_>, part: &mut Part) -> Result<(), json::Error> {
        let matched = self.job.patterns.matching(&record, &mut self.memory);
        if matched.is_empty() {
            return Ok(());
        }
        if record.value.is_none() && !self.job.many {
            // Only now does it matter whether the record is JSON. Counts of many patterns are taken from outlines, as
            // most records match one of them; `--strict` parses those too.
            Document::check(record.text)?;
        }
        part.matched += 1;
        part.counts.resize(self.job.patterns.set.len(), 0);
        count(&mut part.counts, matched);
        self.write(&record, &mut part.text)
    }

    fn is_full(part: &Part) -> bool {
        part.text.len() > 128 << 10
    }
}

impl MatchWorker<'_> {
    fn write(&mut self, record: &Found<'_>, out: &mut Vec<u8>) -> Result<(), json::Error> {
        match self.job.output {
            Output::Counts => return Ok(()),
            Output::Records => out.extend_from_slice(compacted(record.text, &mut self.compact)),
            Output::Extracts => {
                let document = Document::parse(record.text)?;
                let columns: Vec<String> =
                    self.job.selectors.iter().map(|selector| extract(selector, document.root())).collect();
                out.extend_from_slice(columns.join("\t").as_bytes());
            }
        }
        out.push(b'\n');
        Ok(())
    }
}

/// What a selector finds: strings as they are, with line breaks and tabs escaped, other values as JSON; several are
/// separated by commas.
fn extract(selector: &Selector, record: json::Value<'_>) -> String {
    let shown = |value: json::Value<'_>| match value.string() {
        Some(text) => {
            text.replace('\\', "\\\\").replace('\n', "\\n").replace('\r', "\\r").replace('\t', "\\t")
        }
        None => {
            let mut compact = String::new();
            json::minify(value.raw(), &mut compact);
            compact
        }
    };
    let found: Vec<String> = selector.select(record).into_iter().map(shown).collect();
    found.join(",")
}

/// Adds one to the count of each pattern that matched.
pub(super) fn count(counts: &mut [u64], matched: &[u32]) {
    for number in matched {
        if let Some(count) = counts.get_mut(*number as usize) {
            *count += 1;
        }
    }
}

/// What the calling thread adds up.
struct Tally<'a> {
    arguments: &'a MatchArguments,
    out: &'a mut dyn Write,
    counts: Vec<u64>,
    matched: u64,
    /// Matches in the file that is being taken.
    in_file: u64,
    failed: bool,
}

impl Tally<'_> {
    fn take(&mut self, message: Message<Part>) -> anyhow::Result<()> {
        let Part { text, matched, counts } = message.part;
        self.matched += matched;
        self.in_file += matched;
        self.counts.iter_mut().zip(counts).for_each(|(total, count)| *total += count);
        let mut lines = Lines::new(self.out);
        if lines.escaped {
            text.split(|byte| *byte == b'\n')
                .filter(|line| !line.is_empty())
                .try_for_each(|line| lines.write(line))?;
        } else {
            self.out.write_all(&text)?;
        }
        match message.end {
            Some(end) => self.file(&end),
            None => Ok(()),
        }
    }

    fn file(&mut self, FileEnd { file, outcome }: &FileEnd) -> anyhow::Result<()> {
        if self.arguments.files_with_matches && self.in_file > 0 {
            Lines::new(self.out).write(file.path.as_os_str().as_encoded_bytes())?;
        }
        self.in_file = 0;
        match outcome {
            Err(reason) => self.problem(&file.path, None, reason),
            Ok(outcome) if is_skipped(file, outcome) => {}
            Ok(outcome) if outcome.kind == FileKind::Other && outcome.problems.is_empty() => {
                let reason = "holds no CloudTrail records; log events of other kinds are read with --events";
                self.problem(&file.path, None, reason);
            }
            Ok(outcome) => {
                each_problem(outcome, |offset, reason| self.problem(&file.path, offset, reason));
            }
        }
        Ok(())
    }

    fn problem(&mut self, path: &Path, offset: Option<u64>, reason: &str) {
        self.failed = true;
        if !self.arguments.reading.quiet {
            let at = offset.map(|offset| format!(", byte {offset}")).unwrap_or_default();
            output::error(&format!(
                "{}{at}: {}",
                escape::shown(&path.display().to_string()),
                escape::shown(reason)
            ));
        }
    }

    fn finish(self, job: &Job) -> anyhow::Result<Exit> {
        if self.arguments.patterns.is_some() && !self.arguments.files_with_matches {
            write_counts(self.arguments, job.patterns.set.patterns(), &self.counts, self.out)?;
        } else if self.arguments.count {
            write_count(self.arguments.format, self.matched, self.out)?;
        }
        Ok(match (interrupt::seen(), self.failed, self.matched) {
            (true, ..) => Exit::Interrupted,
            (false, true, _) => Exit::Failed,
            (false, false, 0) => Exit::Incomplete,
            (false, false, _) => Exit::Done,
        })
    }
}

/// Writes how many matched in all.
pub(super) fn write_count(format: MatchFormat, matched: u64, out: &mut dyn Write) -> std::io::Result<()> {
    match format {
        MatchFormat::Text => writeln!(out, "{matched}"),
        MatchFormat::Json => writeln!(out, "{}", json!({ "matched": matched })),
    }
}

/// Writes a count for each pattern, in their order.
pub(super) fn write_counts(
    arguments: &MatchArguments,
    patterns: &[Pattern],
    counts: &[u64],
    out: &mut dyn Write,
) -> anyhow::Result<Exit> {
    let rows = patterns.iter().map(Pattern::text).zip(counts);
    match arguments.format {
        MatchFormat::Text => {
            let width = counts.iter().map(|count| count.to_string().len()).max().unwrap_or_default();
            for (pattern, count) in rows {
                writeln!(out, "{count:width$}  {}", escape::shown_up_to(pattern, usize::MAX))?;
            }
        }
        MatchFormat::Json => {
            let rows: Vec<_> =
                rows.map(|(pattern, count)| json!({ "pattern": pattern, "matched": count })).collect();
            writeln!(out, "{}", json!({ "patterns": rows }))?;
        }
    }
    Ok(if counts.iter().any(|count| *count > 0) { Exit::Done } else { Exit::Incomplete })
}
