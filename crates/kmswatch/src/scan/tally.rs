//! What files and their records add up to.

use anyhow::Context;
use cloudtrail::reader::{FileKind, Outcome};
use source::FoundFile;

use super::only_counted_from;
use crate::arguments::ScanArguments;
use crate::detections::Detection;
use crate::pipeline::{FileEnd, Message};
use crate::report::{self, Aggregate, Expected, Files, Limits, Matched, Problems, Records, Stream};

/// What the calling thread adds up.
pub(super) struct Tally {
    pub(super) aggregate: Aggregate,
    pub(super) files: Files,
    pub(super) records: Records,
    pub(super) problems: Problems,
}

impl Tally {
    pub(super) fn new(
        arguments: &ScanArguments,
        detections: &[Detection],
        streams: &[Stream],
        expected: Expected,
    ) -> Self {
        let listed = detections.iter().map(|detection| {
            let listed = report::Detection::new(&detection.name, detection.pattern.text());
            report::Detection { words: detection.words.clone(), ..listed }
        });
        let counting = |detection: &Detection| detection.counting();
        let alarms = !arguments.no_alarms;
        let limits = Limits { groups: arguments.max_groups, ..Limits::default() };
        let options = report::Options {
            keep_duplicates: arguments.keep_duplicates,
            expected,
            only_counted_from: only_counted_from(arguments, detections),
            counting: detections.iter().map(counting).filter(|_| alarms).collect(),
            streams: streams.to_vec(),
            limits,
        };
        Self {
            aggregate: Aggregate::new(listed.collect(), options),
            files: Files::default(),
            records: Records::default(),
            problems: Problems::default(),
        }
    }

    pub(super) fn take(&mut self, message: Message<Vec<Matched>>) -> anyhow::Result<()> {
        for matched in message.part {
            let taken = match matched {
                Matched::Counted(counted) => self.aggregate.count(&counted),
                Matched::Read(evidence) => self.aggregate.add(*evidence),
            };
            taken.context("the temporary file that remembers records")?;
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
        each_problem(outcome, |offset, reason| self.problems.add(path, offset, reason));
    }
}

/// Shows `take` each problem of a file with its byte offset, and how many more there were.
pub(crate) fn each_problem(outcome: &Outcome, mut take: impl FnMut(Option<u64>, &str)) {
    for problem in &outcome.problems.first {
        take(Some(problem.offset), &problem.reason.to_string());
    }
    if outcome.problems.more > 0 {
        take(None, &format!("{} more problems in this file", outcome.problems.more));
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
