//! `kmswatch scan`: who failed to decrypt what, with which key, from where.

mod reading;
mod span;
mod tally;

use std::io::{self, BufWriter, Write};
use std::path::Path;

use anyhow::{Context, bail};
use chain::Chain;

use crate::alarms::{self, Past};
use crate::arguments::{ReportFormat, ScanArguments};
use crate::detections::{self, Detection};
use crate::pipeline::{self, Settings};
use crate::progress::Progress;
use crate::report::{Alarms, Expected, Format, Records, Report, Stream, TextOptions, Window};
use crate::{Exit, interrupt, output};
pub(crate) use reading::identity;
use reading::{Scan, ScanWorker};
use tally::Tally;
pub(crate) use tally::{each_problem, is_skipped};

/// Runs the subcommand.
pub(crate) fn run(arguments: &ScanArguments) -> anyhow::Result<Exit> {
    let chain = read_template(arguments)?;
    let detections = all_detections(arguments, &chain)?;
    for choice in arguments.what_if.iter().flatten() {
        choice.made(&chain)?;
    }
    let fail_on = FailOn::new(&arguments.fail_on, &detections)?;
    let expected = read_expected(arguments.expected.as_deref())?;
    let window = Window::new(arguments.since, arguments.until)
        .context("--since lies behind --until: no record can lie between them; swap the two")?;
    let streams = streams(arguments, &chain);
    let scan = Scan::new(arguments, &detections, &streams, window);
    let mut tally = Tally::new(arguments, &detections, &streams, expected);
    let progress = Progress::new(&arguments.paths, arguments.reading.quiet);
    interrupt::watch(progress.on_interrupt(arguments.reading.quiet))?;
    let settings = Settings { jobs: arguments.reading.jobs(), strict: arguments.reading.strict };
    let outcome = pipeline::run(
        &arguments.paths,
        &scan.watched,
        settings,
        &progress,
        || ScanWorker::new(&scan),
        |message| tally.take(message),
    );
    progress.finish();
    outcome?;
    let span = *scan.span.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    let Tally { aggregate, files, records, problems } = tally;
    let mut answer = aggregate.finish();
    let records = Records { span: span.0, ..records };
    let unmatched =
        scan.unmatched.map(|all| all.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner));
    answer.observations.beyond += unmatched.as_ref().map_or(0, |unmatched| unmatched.beyond);
    let past =
        Past::new(&chain.configuration, &answer.observations, unmatched.as_ref(), window.within(span.0));
    let alarms = if arguments.no_alarms { None } else { Some(evaluate(arguments, &chain, &past)?) };
    let complete = !interrupt::seen();
    finish(arguments, &Report { answer, files, records, problems, alarms, window, complete }, &fail_on)
}

fn read_template(arguments: &ScanArguments) -> anyhow::Result<Chain> {
    let standard_input = Path::new("-");
    if arguments.template_file.as_deref() == Some(standard_input)
        && arguments.paths.iter().any(|path| path == standard_input)
    {
        bail!(
            "--template - and -: standard input holds either the template or log files; name a file for one of them"
        );
    }
    let wildcards = arguments.reading.wildcards();
    let colour = output::colour_of_errors(arguments.reading.color);
    arguments.template.chain(arguments.template_file.as_deref(), wildcards, colour)
}

/// What the alarms look at.
fn streams(arguments: &ScanArguments, chain: &Chain) -> Vec<Stream> {
    if arguments.no_alarms {
        return Vec::new();
    }
    alarms::streams(&chain.configuration).into_iter().map(|(stream, _)| stream).collect()
}

/// Plays what was read to the alarms.
fn evaluate(arguments: &ScanArguments, chain: &Chain, past: &Past<'_>) -> anyhow::Result<Alarms> {
    let evaluated = past.play(&chain.configuration);
    let choices: Vec<_> = arguments.what_if.iter().flatten().cloned().collect();
    let what_if = match choices.as_slice() {
        [] => Vec::new(),
        choices => alarms::outcomes(choices, chain, past, &evaluated)?,
    };
    Ok(Alarms { evaluated, what_if })
}

fn all_detections(arguments: &ScanArguments, chain: &Chain) -> anyhow::Result<Vec<Detection>> {
    let wildcards = arguments.reading.wildcards();
    let colour = output::colour_of_errors(arguments.reading.color);
    let mut detections = detections::of_chain(chain);
    for text in &arguments.patterns {
        let detection = detections::named(text, wildcards, colour)?;
        if detection.name == ANY {
            bail!("--pattern {ANY}: the name stands for all detections in --fail-on; choose another one");
        }
        if detections.iter().any(|other| other.name == detection.name) {
            bail!("--pattern {}: there is a detection of that name already", detection.name);
        }
        detections.push(detection);
    }
    Ok(detections)
}

/// The number of the first detection whose matches are only counted: those of `--pattern`, which come behind those of the
/// template; `None` if all are grouped.
fn only_counted_from(arguments: &ScanArguments, detections: &[Detection]) -> Option<u32> {
    let first_own = detections.iter().position(|detection| !detection.is_of_template())?;
    u32::try_from(first_own).ok().filter(|_| !arguments.group_all)
}

fn read_expected(path: Option<&Path>) -> anyhow::Result<Expected> {
    let Some(path) = path else { return Ok(Expected::default()) };
    let text = std::fs::read(path).with_context(|| format!("--expected {}", path.display()))?;
    Expected::parse(&text).with_context(|| format!("--expected {}", path.display()))
}

/// What `--fail-on` calls all detections together.
const ANY: &str = "any";

/// Which detections make the exit status 3.
enum FailOn {
    Nothing,
    Any,
    These(Vec<String>),
}

impl FailOn {
    fn new(names: &[String], detections: &[Detection]) -> anyhow::Result<Self> {
        let known =
            |name: &&String| *name == ANY || detections.iter().any(|detection| detection.name == **name);
        if let Some(unknown) = names.iter().find(|name| !known(name)) {
            let all: Vec<&str> = detections.iter().map(|detection| detection.name.as_str()).collect();
            bail!("--fail-on {unknown}: no detection of that name; there are: {ANY}, {}", all.join(", "));
        }
        Ok(match names {
            [] => Self::Nothing,
            names if names.iter().any(|name| name == ANY) => Self::Any,
            names => Self::These(names.to_vec()),
        })
    }

    fn is_met(&self, report: &Report) -> bool {
        match self {
            Self::Nothing => false,
            Self::Any => report.answer.unexpected() > 0,
            Self::These(names) => names.iter().any(|name| report.answer.unexpected_of(name) > Some(0)),
        }
    }

    /// Whether there was a question but nothing that could answer it: an empty folder must not pass for a clean one.
    fn is_unanswered(&self, report: &Report) -> bool {
        !matches!(self, Self::Nothing) && report.records.read == 0
    }
}

fn finish(arguments: &ScanArguments, report: &Report, fail_on: &FailOn) -> anyhow::Result<Exit> {
    write(arguments, report)?;
    if !report.complete {
        if !arguments.reading.quiet {
            output::error("interrupted; the report covers what was read until then");
        }
        return Ok(Exit::Interrupted);
    }
    let unanswered = fail_on.is_unanswered(report);
    if unanswered && !arguments.reading.quiet {
        output::error("--fail-on: no record was read, so this says nothing about what it names");
    }
    let incomplete = !report.problems.is_empty();
    Ok(match (fail_on.is_met(report), incomplete || unanswered) {
        (true, _) => Exit::Found,
        (false, true) => Exit::Incomplete,
        (false, false) => Exit::Done,
    })
}

fn write(arguments: &ScanArguments, report: &Report) -> anyhow::Result<()> {
    let options = TextOptions {
        width: output::width(),
        colour: output::colour(arguments.reading.color),
        groups: arguments.top,
    };
    let format = match arguments.format {
        ReportFormat::Text => Format::Text(options),
        ReportFormat::Json => Format::Json,
        ReportFormat::Ndjson => Format::Ndjson,
        ReportFormat::Csv => Format::Csv,
    };
    let mut out = BufWriter::new(io::stdout().lock());
    report.write(format, &mut out)?;
    out.flush()?;
    if arguments.format == ReportFormat::Csv && !arguments.reading.quiet {
        let colour = output::colour_of_errors(arguments.reading.color);
        report.write_totals(TextOptions { colour, ..options }, &mut io::stderr().lock())?;
    }
    Ok(())
}
