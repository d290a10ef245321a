//! `kmswatch scan`: who failed to decrypt what, with which key, from where.

use std::hash::Hasher;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Mutex;

use anyhow::{Context, bail};
use cloudtrail::call::{self, Call, Tier};
use cloudtrail::reader::{FileKind, Found, Outcome, plain_string};
use cloudtrail::scanner::ABSENT;
use siphasher::sip128::{Hasher128, SipHasher13};
use source::FoundFile;

use crate::arguments::{ReportFormat, ScanArguments};
use crate::detections::{self, Detection};
use crate::log_event::{Memory, Patterns};
use crate::pipeline::{self, FileEnd, Message, Settings, Worker};
use crate::progress::Progress;
use crate::report::{
    self, Aggregate, Expected, Files, Finding, Format, Limits, Problems, Records, Report, TextOptions, Window,
};
use crate::{Exit, interrupt, output};

/// Runs the subcommand.
pub(crate) fn run(arguments: &ScanArguments) -> anyhow::Result<Exit> {
    let detections = all_detections(arguments)?;
    let fail_on = FailOn::new(&arguments.fail_on, &detections)?;
    let expected = read_expected(arguments.expected.as_deref())?;
    let window = Window::new(arguments.since, arguments.until)
        .context("--since lies behind --until: no record can lie between them; swap the two")?;
    let scan = Scan::new(arguments, &detections, window);
    let mut tally = Tally::new(arguments, &detections, expected);
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
    finish(arguments, tally, (window, span), &fail_on)
}

fn all_detections(arguments: &ScanArguments) -> anyhow::Result<Vec<Detection>> {
    let wildcards = arguments.reading.wildcards();
    let colour = output::colour_of_errors(arguments.reading.color);
    let mut detections = detections::built_in(wildcards)?;
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

/// What tells records apart: see [`Call::identity`].
const IDENTITY_KEYS: [&str; 6] =
    ["eventID", "recipientAccountId", "addendum", "eventSource", "eventName", "errorCode"];

/// The place of `key` in a list, at whose end it is added if it isn't there.
fn index_of(keys: &mut Vec<String>, key: &str) -> usize {
    keys.iter().position(|other| other == key).unwrap_or_else(|| {
        keys.push(key.to_owned());
        keys.len() - 1
    })
}

/// What all threads of a scan share.
struct Scan {
    patterns: Patterns,
    /// What the scanner looks for: the keys of the set, and [`IDENTITY_KEYS`].
    watched: Vec<String>,
    /// Where among those the identity keys are, if they are wanted.
    identity: Option<[usize; 6]>,
    /// The detections from this number on are counted, not grouped.
    grouped: u32,
    window: Window,
    /// The earliest and latest time of all records; threads add theirs at their end.
    span: Mutex<Span>,
}

impl Scan {
    fn new(arguments: &ScanArguments, detections: &[Detection], window: Window) -> Self {
        let patterns = Patterns::new(detections.iter().map(|detection| detection.pattern.clone()).collect());
        let mut watched = patterns.set.watched_keys().to_vec();
        let mut identity = None;
        let own = detections.iter().filter(|detection| !detection.built_in).count();
        let counted = if arguments.group_all { 0 } else { own };
        if counted > 0 {
            identity = Some(IDENTITY_KEYS.map(|key| index_of(&mut watched, key)));
        }
        let grouped = u32::try_from(detections.len() - counted).unwrap_or(u32::MAX);
        Self { patterns, watched, identity, grouped, window, span: Mutex::default() }
    }
}

/// The earliest and the latest of some times, in seconds since 1970.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Span(Option<(i64, i64)>);

impl Span {
    fn add(&mut self, time: i64) {
        let (first, last) = self.0.unwrap_or((time, time));
        self.0 = Some((first.min(time), last.max(time)));
    }

    fn join(&mut self, other: Span) {
        if let Some((first, last)) = other.0 {
            self.add(first);
            self.add(last);
        }
    }
}

/// One thread of a scan.
struct ScanWorker<'s> {
    scan: &'s Scan,
    memory: Memory,
    buffer: json::Buffer,
    span: SpanText,
}

/// A [`Span`] that is compared as text: of two times as CloudTrail writes them, the earlier one is less.
#[derive(Debug, Clone, Copy, Default)]
struct SpanText {
    bounds: Option<(TimeText, TimeText)>,
    span: Span,
}

/// `2025-03-10T08:00:00Z` as numbers that compare as the text does.
type TimeText = (u128, u32);

/// Reads `2025-03-10T08:00:00Z` with its quotes at the start of `text`; other spellings are no [`TimeText`].
#[inline]
fn time_text(text: &[u8]) -> Option<TimeText> {
    let [b'"', time @ .., b'"'] = text.first_chunk::<22>()? else { return None };
    let [.., b'T', _, _, _, _, _, _, _, _, b'Z'] = time else { return None };
    let (head, tail) = (time.first_chunk::<16>()?, time.last_chunk::<4>()?);
    Some((u128::from_be_bytes(*head), u32::from_be_bytes(*tail)))
}

impl SpanText {
    /// Adds the `eventTime` of a record; `value` begins with its value.
    #[inline]
    fn add(&mut self, value: &[u8]) {
        if let (Some((first, last)), Some(time)) = (self.bounds, time_text(value))
            && first <= time
            && time <= last
        {
            return;
        }
        self.widen(value);
    }

    #[cold]
    fn widen(&mut self, value: &[u8]) {
        let text = json::Document::parse_prefix(value)
            .ok()
            .and_then(|(time, _)| Some(time.root().string()?.into_owned()));
        // One absurd time must not hide when all the other records were.
        let Some(time) = report::sane(text.as_deref().and_then(call::seconds)) else { return };
        self.span.add(time);
        if let Some(text) = time_text(value) {
            let (first, last) = self.bounds.unwrap_or((text, text));
            self.bounds = Some((first.min(text), last.max(text)));
        }
    }
}

impl<'s> ScanWorker<'s> {
    fn new(scan: &'s Scan) -> Self {
        Self { scan, memory: Memory::default(), buffer: json::Buffer::default(), span: SpanText::default() }
    }

    fn note_time(&mut self, record: &Found<'_>) {
        let value = match (record.outline, record.value) {
            (Some(outline), _) => record.text.get(outline.event_time as usize..),
            (None, Some(record)) => record.get("eventTime").map(|time| time.raw().as_bytes()),
            (None, None) => None,
        };
        if let Some(value) = value {
            self.span.add(value);
        }
    }

    /// A record that is only counted, from its outline; `None` if that doesn't tell enough.
    fn counted(&self, record: &Found<'_>, detections: &[u32]) -> Option<Finding> {
        let outline = record.outline.filter(|outline| !outline.escaped)?;
        let identity = self.scan.identity?;
        let [event_id, recipient, addendum, source, name, error] =
            identity.map(|index| outline.values.get(index).copied().unwrap_or(ABSENT));
        let only_counted = detections.iter().all(|detection| *detection >= self.scan.grouped);
        if !only_counted || addendum != ABSENT || !self.scan.window.is_open() {
            return None;
        }
        let text = |offset| std::str::from_utf8(plain_string(record.text, offset)?).ok();
        let optional = |offset| if offset == ABSENT { Some("") } else { text(offset) };
        let recipient_account = optional(recipient)?;
        let identity = call::Identity { event_id: text(event_id)?, recipient_account };
        let identity = hash(identity, [text(source)?, text(name)?, optional(error)?]);
        let time = text(outline.event_time).and_then(call::seconds);
        let detections = detections.to_vec();
        Some(Finding { only_counted, detections, time, identity: Some(identity), ..Finding::default() })
    }

    /// Reads a matching record.
    fn finding(&mut self, record: &Found<'_>, detections: Vec<u32>) -> Result<Finding, json::Error> {
        if let Some(value) = record.value {
            return Ok(self.finding_in(value, detections));
        }
        match json::Document::parse_with(record.text, std::mem::take(&mut self.buffer)) {
            Ok(document) => {
                let finding = self.finding_in(document.root(), detections);
                self.buffer = document.into_buffer();
                Ok(finding)
            }
            Err((error, buffer)) => {
                self.buffer = buffer;
                Err(error)
            }
        }
    }

    fn finding_in(&self, record: json::Value<'_>, detections: Vec<u32>) -> Finding {
        let call = Call::from_record(record);
        let outside = !self.scan.window.may_hold(call.time);
        if outside || detections.iter().all(|detection| *detection >= self.scan.grouped) {
            let (time, identity) = (call.time, identity(&call));
            return Finding { only_counted: true, outside, detections, time, identity, ..Finding::default() };
        }
        finding(&call, detections)
    }
}

impl Worker for ScanWorker<'_> {
    type Part = Vec<Finding>;

    fn record(
        &mut self,
        _path: &Path,
        record: Found<'_>,
        part: &mut Vec<Finding>,
    ) -> Result<(), json::Error> {
        let matched = self.scan.patterns.matching(&record, &mut self.memory);
        if !matched.is_empty() {
            let detections = matched.to_vec();
            match self.counted(&record, &detections) {
                Some(counted) => part.push(counted),
                None => part.push(self.finding(&record, detections)?),
            }
        }
        self.note_time(&record);
        Ok(())
    }

    fn is_full(part: &Vec<Finding>) -> bool {
        part.len() >= 128
    }
}

impl Drop for ScanWorker<'_> {
    fn drop(&mut self) {
        self.scan.span.lock().unwrap_or_else(std::sync::PoisonError::into_inner).join(self.span.span);
    }
}

/// A call as the report wants it.
fn finding(call: &Call<'_>, detections: Vec<u32>) -> Finding {
    let owned = |text: &Option<call::Text<'_>>| text.as_deref().map(str::to_owned);
    let meaning = call.meaning();
    Finding {
        only_counted: false,
        outside: false,
        detections,
        time: call.time,
        principal: call.principal.id().into_owned(),
        principal_words: call.principal.words(),
        principal_notes: call.principal.notes(),
        principal_type: call.principal.kind.to_string(),
        account: owned(&call.principal.account),
        key: call.key_name().map(call::Text::into_owned),
        key_notes: call.key_notes(),
        error: owned(&call.error),
        operation: owned(&call.operation).unwrap_or_default(),
        event_source: owned(&call.source).unwrap_or_default(),
        resources: call.data.iter().map(call::Data::words).collect(),
        resources_more: u32::try_from(call.data_more).unwrap_or(u32::MAX),
        source_address: owned(&call.source_address),
        user_agent: owned(&call.user_agent),
        invoked_by: call.invoked_by().map(str::to_owned),
        vpc_endpoint: owned(&call.vpc_endpoint),
        vpc_endpoint_account: owned(&call.vpc_endpoint_account),
        region: owned(&call.region),
        denial: call.denial.as_ref().map(|denial| denial.reason),
        denying_policy: call.denial.as_ref().and_then(|denial| owned(&denial.policy)),
        by_service: call.by_service(),
        tier: meaning.map_or(Tier::Unknown, |meaning| meaning.tier),
        error_meaning: meaning.map(|meaning| meaning.words.to_owned()).unwrap_or_default(),
        what_to_do: meaning.map(|meaning| meaning.what_to_do.to_owned()).unwrap_or_default(),
        shared_event_id: owned(&call.shared_event_id),
        recipient_account: owned(&call.recipient_account),
        identity: identity(call),
    }
}

fn identity(call: &Call<'_>) -> Option<u128> {
    let more = [&call.source, &call.operation, &call.error].map(|text| text.as_deref().unwrap_or_default());
    call.identity().map(|identity| hash(identity, more))
}

/// 16 bytes in the place of an identity of any length. Source, operation and error are part of it where the event id isn't
/// one that AWS gave: logs made for exercises repeat theirs (docs/decisions/006).
fn hash(identity: call::Identity<'_>, [source, operation, error]: [&str; 3]) -> u128 {
    let mut hasher = SipHasher13::new();
    let mut write = |text: &str| {
        hasher.write(text.as_bytes());
        hasher.write_u8(0xff);
    };
    write(identity.event_id);
    write(identity.recipient_account);
    if !identity.is_from_aws() {
        [source, operation, error].into_iter().for_each(write);
    }
    hasher.finish128().as_u128()
}

/// What the calling thread adds up.
struct Tally {
    aggregate: Aggregate,
    files: Files,
    records: Records,
    problems: Problems,
}

impl Tally {
    fn new(arguments: &ScanArguments, detections: &[Detection], expected: Expected) -> Self {
        let listed = detections
            .iter()
            .map(|detection| report::Detection::new(&detection.name, detection.pattern.text()));
        let limits = Limits { groups: arguments.max_groups, ..Limits::default() };
        let options = report::Options { keep_duplicates: arguments.keep_duplicates, expected, limits };
        Self {
            aggregate: Aggregate::new(listed.collect(), options),
            files: Files::default(),
            records: Records::default(),
            problems: Problems::default(),
        }
    }

    fn take(&mut self, message: Message<Vec<Finding>>) -> anyhow::Result<()> {
        for finding in message.part {
            self.aggregate.add(finding).context("the temporary file that remembers records")?;
        }
        if let Some(end) = message.end {
            self.file(end);
        }
        Ok(())
    }

    fn file(&mut self, FileEnd { file, outcome }: FileEnd) {
        let path = file.path.display().to_string();
        match outcome {
            Ok(outcome) => self.read(&path, &file, &outcome),
            Err(reason) => {
                self.files.unreadable += 1;
                self.problems.add(&path, None, &reason);
            }
        }
    }

    fn read(&mut self, path: &str, file: &FoundFile, outcome: &Outcome) {
        self.records.read += outcome.records;
        self.records.deliveries += outcome.records + outcome.broken;
        if is_skipped(file, outcome) {
            self.files.skipped += 1;
            return;
        }
        let to_its_end = !outcome.problems.cut_off() && (outcome.records > 0 || outcome.problems.is_empty());
        *(if to_its_end { &mut self.files.read } else { &mut self.files.unreadable }) += 1;
        for problem in &outcome.problems.first {
            self.problems.add(path, Some(problem.offset), &problem.reason.to_string());
        }
        if outcome.problems.more > 0 {
            self.problems.add(path, None, &format!("{} more problems in this file", outcome.problems.more));
        }
    }
}

/// Whether a file has nothing to do with CloudTrail's log: a digest file; and, unless it was named, a file without
/// records that is readable, or isn't called as log files are.
pub(crate) fn is_skipped(file: &FoundFile, outcome: &Outcome) -> bool {
    let looks_like_log = || {
        let name = file.path.file_name().unwrap_or_default().to_string_lossy().to_lowercase();
        [".json", ".jsonl", ".ndjson", ".gz", ".log", ".cloudtrail"]
            .iter()
            .any(|ending| name.ends_with(ending))
    };
    match outcome.kind {
        FileKind::Digest => true,
        FileKind::Log => false,
        FileKind::Other if outcome.problems.is_empty() => !file.named,
        FileKind::Other => !file.named && !looks_like_log(),
    }
}

fn finish(
    arguments: &ScanArguments,
    tally: Tally,
    (window, span): (Window, Span),
    fail_on: &FailOn,
) -> anyhow::Result<Exit> {
    let Tally { aggregate, files, records, problems } = tally;
    let incomplete = !problems.is_empty();
    let complete = !interrupt::seen();
    let records = Records { span: span.0, ..records };
    let report = Report { answer: aggregate.finish(), files, records, problems, window, complete };
    write(arguments, &report)?;
    if !complete {
        if !arguments.reading.quiet {
            output::error("interrupted; the report covers what was read until then");
        }
        return Ok(Exit::Interrupted);
    }
    let unanswered = fail_on.is_unanswered(&report);
    if unanswered && !arguments.reading.quiet {
        output::error("--fail-on: no record was read, so this says nothing about what it names");
    }
    Ok(match (fail_on.is_met(&report), incomplete || unanswered) {
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
