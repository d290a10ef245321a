//! Reads one log file of a trail: as far as it wasn't read before, and only if it is whole.

use std::fs;
use std::io::{self, Read as _};
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Sender, SyncSender};

use cloudtrail::problem::Reason;
use cloudtrail::reader::{Options, Reader};
use source::{Content, FoundFile, Version};
use store_sqlite::{Checkpoint, Problem};

use super::clock::Clock;
use super::engine::{Input, Portion, Taken as Answer};
use super::figures::SourceFigures;
use super::gather::{Around, Gather, Piece, Taken};
use super::totals;
use super::trail::{Done, Task, key_of};
use super::watching::{Shared, Watching};
use crate::log_event::Memory;
use crate::report::escape::shown;
use crate::scan::{each_problem, is_skipped};

/// A file of at most this many bytes is read at once, a longer one piece by piece.
const MAX_AT_ONCE: usize = 8 << 20;
/// A file that inflates to at most this many bytes is inflated at once.
const MAX_INFLATED_AT_ONCE: usize = 32 << 20;
/// So many pieces of a short file are held back until it turns out to be whole; with more, it is as one that isn't short.
const MAX_HELD: usize = 16;

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// There is nothing more to do until it changes.
    Finished,
    /// It isn't whole.
    Unfinished,
    /// It can't be opened, but may later.
    Unopened,
    /// The configuration changed meanwhile.
    Stale,
}

/// Reads files, one after another, in the same memory.
pub(crate) struct LogFileReader {
    pub(crate) source: String,
    pub(crate) folder: PathBuf,
    pub(crate) shared: Arc<Shared>,
    pub(crate) engine: SyncSender<Input>,
    pub(crate) figures: Arc<SourceFigures>,
    pub(crate) clock: Clock,
    pub(crate) checkpoints: store_sqlite::Reader,
    memory: Memory,
    buffer: Vec<u8>,
    /// Of the generation that it was made for.
    reader: Option<(u64, Reader)>,
}

/// A file that is being read.
struct Reading {
    task: Task,
    key: Vec<u8>,
    version: Version,
}

/// What the reader of a log file works with.
pub(crate) struct Beginning {
    pub(crate) source: String,
    pub(crate) folder: PathBuf,
    pub(crate) shared: Arc<Shared>,
    pub(crate) engine: SyncSender<Input>,
    pub(crate) figures: Arc<SourceFigures>,
    pub(crate) clock: Clock,
    pub(crate) checkpoints: store_sqlite::Reader,
}

impl LogFileReader {
    pub(crate) fn new(beginning: Beginning) -> Self {
        let Beginning { source, folder, shared, engine, figures, clock, checkpoints } = beginning;
        LogFileReader {
            source,
            folder,
            shared,
            engine,
            figures,
            clock,
            checkpoints,
            memory: Memory::default(),
            buffer: Vec::new(),
            reader: None,
        }
    }

    /// Reads a file, and tells `finished` what became of it: where something was found, when it is on the disk.
    pub(crate) fn read(&mut self, task: Task, finished: &Sender<Done>) {
        let path = task.candidate.path.clone();
        let say = |outcome| drop(finished.send(Done { task: task.clone(), outcome }));
        match self.begin(&path) {
            Ok(None) => say(Outcome::Finished),
            Ok(Some((version, before))) => {
                let key = key_of(&self.folder, &path).as_os_str().as_bytes().to_vec();
                self.read_from(Reading { task, key, version }, before, finished);
            }
            // Deleted or renamed since.
            Err(error) if error.kind() == io::ErrorKind::NotFound => say(Outcome::Finished),
            Err(error) => {
                self.unopened(&task, &words(&error));
                say(Outcome::Unopened);
            }
        }
    }

    /// Which version is there, and what of it was taken; `None` where all of it was.
    fn begin(&self, path: &Path) -> io::Result<Option<(Version, Taken)>> {
        let version = version_of(path)?;
        let key = key_of(&self.folder, path).as_os_str().as_bytes();
        let known = self.checkpoints.questions().checkpoint(&self.source, key).map_err(io::Error::other)?;
        if known.as_ref().is_some_and(|known| known.version == stored(version)) {
            return Ok(None);
        }
        let others = self.of_this_number(version)?;
        // Also over another one that was read.
        let renamed = others.iter().find(|other| other.version == stored(version));
        // Renamed before it was read to its end.
        let cut_short = || others.iter().rfind(|other| !other.complete);
        let before = renamed.or(known.as_ref()).or_else(cut_short);
        let before = before.map(|before| Taken { records: before.taken, hash: before.content });
        Ok(Some((version, before.unwrap_or_default())))
    }

    /// What is known of the file under the names that it had before. It only says where to look: numbers are used again, and
    /// copies keep their times, so that another file may look the same. What it holds tells.
    fn of_this_number(&self, version: Version) -> io::Result<Vec<Checkpoint>> {
        let found = self.checkpoints.questions().checkpoint_by_identity(version.device, version.inode);
        let mut found = found.map_err(io::Error::other)?;
        found.retain(|checkpoint| checkpoint.source == self.source);
        Ok(found)
    }

    fn read_from(&mut self, reading: Reading, before: Taken, finished: &Sender<Done>) {
        let watching = self.shared.get();
        let mut buffer = std::mem::take(&mut self.buffer);
        let content = match source::open(&reading.task.candidate.path, &mut buffer, MAX_AT_ONCE) {
            Ok(content) => content,
            Err(trouble) => {
                self.buffer = buffer;
                if matches!(trouble.path.try_exists(), Ok(false)) {
                    // Deleted or renamed since it was looked at: then it is found under its new name.
                    drop(finished.send(Done { task: reading.task, outcome: Outcome::Finished }));
                    return;
                }
                self.unopened(&reading.task, &trouble.reason);
                drop(finished.send(Done { task: reading.task, outcome: Outcome::Unopened }));
                return;
            }
        };
        let is_short = matches!(content, Content::Whole);
        let is_empty = is_short && buffer.is_empty();
        let (outcome, mut pieces, last) = {
            let Self { reader, memory, engine, source, .. } = self;
            let reader = reader_for(reader, &watching);
            let send = |piece: Piece| {
                let checkpoint = reading.unfinished(source, piece.taken);
                let portion = portion_of(piece, &watching, Some(checkpoint));
                engine.send(Input::Portion(Box::new(portion))).is_ok()
            };
            let mut pieces = Pieces { is_short, ..Pieces::default() };
            let mut take = |piece: Piece| pieces.take(piece, &send);
            let around = Around { watching: &watching, filters: &watching.trails, memory };
            let mut gather = Gather::new(around, before, &mut take);
            let outcome = match content {
                Content::Whole => reader.read(&buffer, &mut gather),
                Content::Rest(rest) => {
                    let stream = io::Cursor::new(std::mem::take(&mut buffer)).chain(rest);
                    reader.read_stream(stream, &mut gather)
                }
            };
            let last = gather.finish();
            (outcome, pieces, last)
        };
        self.buffer = buffer;
        if let Some(reason) = broke_off(&outcome) {
            self.unopened(&reading.task, reason);
            self.not_taken(reading.task, Outcome::Unopened, finished);
            return;
        }
        let is_whole = !outcome.problems.cut_off() && (outcome.records > 0 || !is_empty);
        if !is_whole && !reading.task.as_it_is {
            self.not_taken(reading.task, Outcome::Unfinished, finished);
            return;
        }
        for piece in pieces.held.drain(..) {
            let checkpoint = reading.unfinished(&self.source, piece.taken);
            self.portion(portion_of(piece, &watching, Some(checkpoint)));
        }
        let last = Piece { timeless: pieces.timeless + last.timeless, ..last };
        self.end(reading, (before, last), &outcome, &watching, finished);
    }

    /// A file isn't taken, or only in part. It isn't read again before that part is on the disk: where it isn't known what was
    /// taken, it would be taken twice.
    fn not_taken(&self, task: Task, outcome: Outcome, finished: &Sender<Done>) {
        let finished = finished.clone();
        let reply = move |_| drop(finished.send(Done { task, outcome }));
        self.portion(Portion { reply: Some(Box::new(reply)), ..Portion::default() });
    }

    /// The last piece of a file, with everything that there is to say of it.
    fn end(
        &self,
        reading: Reading,
        (before, last): (Taken, Piece),
        outcome: &cloudtrail::reader::Outcome,
        watching: &Arc<Watching>,
        finished: &Sender<Done>,
    ) {
        let path = reading.task.candidate.path.clone();
        let found = FoundFile { path: path.clone(), named: false };
        let is_skipped = is_skipped(&found, outcome);
        // Somebody touched the file, and that is all.
        let is_known = last.taken.records > 0 && last.records == 0 && last.taken == before;
        let timeless = last.timeless;
        let checkpoint = Checkpoint {
            version: stored(reading.version),
            complete: !outcome.problems.cut_off(),
            ..reading.unfinished(&self.source, last.taken)
        };
        let mut portion = portion_of(last, watching, Some(checkpoint));
        let mut problem = |offset: Option<u64>, reason: &str| {
            portion.problems.push(Problem {
                source: self.source.clone(),
                path: path.as_os_str().as_bytes().to_vec(),
                offset,
                reason: reason.to_owned(),
                ..Problem::default()
            });
        };
        if !is_skipped {
            each_problem(outcome, &mut problem);
        }
        if timeless > 0 {
            problem(None, &format!("{timeless} records match but have no time, so that no period has them"));
        }
        let of_file = match (is_skipped, portion.problems.is_empty()) {
            (true, _) => totals::FILES_SKIPPED,
            (false, true) => totals::FILES_READ,
            (false, false) => totals::FILES_WITH_PROBLEMS,
        };
        if !is_known {
            let bytes = (totals::BYTES, reading.version.length);
            portion.totals.extend([(of_file, 1), bytes, (totals::RECORDS_BROKEN, outcome.broken)]);
        }
        let is_delivery = !is_skipped && !is_known;
        let (figures, clock) = (Arc::clone(&self.figures), self.clock.clone());
        let (finished, task) = (finished.clone(), reading.task);
        portion.reply = Some(Box::new(move |answer| {
            let outcome = match answer {
                Answer::Durable => Outcome::Finished,
                Answer::Stale => Outcome::Stale,
            };
            if outcome == Outcome::Finished && is_delivery {
                figures.file_read(&task.candidate, clock.now());
            }
            drop(finished.send(Done { task, outcome }));
        }));
        self.portion(portion);
    }

    fn portion(&self, portion: Portion) {
        // Nobody takes it only when the process ends; then it is read again after the next start.
        drop(self.engine.send(Input::Portion(Box::new(portion))));
    }

    /// Says that a file can't be read, unless that was said.
    fn unopened(&self, task: &Task, reason: &str) {
        if task.is_said {
            return;
        }
        let path = &task.candidate.path;
        let name = shown(&path.display().to_string());
        tracing::warn!(path = name, "a log file can't be read: {}; it will be tried again", shown(reason));
        self.portion(Portion {
            problems: vec![Problem {
                source: self.source.clone(),
                path: path.as_os_str().as_bytes().to_vec(),
                reason: reason.to_owned(),
                ..Problem::default()
            }],
            ..Portion::default()
        });
    }
}

/// What was found in a file so far.
#[derive(Default)]
struct Pieces {
    /// A short file is taken only as a whole, or as it is when nobody waits for the rest any more.
    is_short: bool,
    held: Vec<Piece>,
    /// As in [`Piece::timeless`], of all.
    timeless: u64,
}

impl Pieces {
    /// Holds a piece back, or gives it to `send`; `false` if nobody takes it.
    fn take(&mut self, piece: Piece, send: &impl Fn(Piece) -> bool) -> bool {
        self.timeless += piece.timeless;
        self.held.push(piece);
        self.is_short &= self.held.len() <= MAX_HELD;
        self.is_short || self.held.drain(..).all(send)
    }
}

/// Why the reading broke off although the file goes on, if it did. That isn't the file's fault, and may be over soon.
fn broke_off(outcome: &cloudtrail::reader::Outcome) -> Option<&str> {
    outcome.problems.first.iter().find_map(|problem| match &problem.reason {
        Reason::Io(reason) => Some(reason.as_str()),
        _ => None,
    })
}

fn words(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

impl Reading {
    /// The checkpoint in the middle of a file: no version of it was read to its end.
    fn unfinished(&self, source: &str, taken: Taken) -> Checkpoint {
        Checkpoint {
            source: source.to_owned(),
            key: self.key.clone(),
            version: store_sqlite::Version { length: 0, modified_ns: 0, ..stored(self.version) },
            taken: taken.records,
            content: taken.hash,
            complete: false,
            ..Checkpoint::default()
        }
    }
}

fn portion_of(piece: Piece, watching: &Watching, checkpoint: Option<Checkpoint>) -> Portion {
    let totals = vec![(totals::RECORDS, piece.records), (totals::MATCHES, piece.ingest.matches.len() as u64)];
    Portion {
        generation: Some(watching.generation),
        ingest: piece.ingest,
        checkpoint,
        totals,
        ..Portion::default()
    }
}

/// The reader for what is watched now: it looks for the members that the patterns ask for.
fn reader_for<'r>(kept: &'r mut Option<(u64, Reader)>, watching: &Watching) -> &'r mut Reader {
    let is_current = kept.as_ref().is_some_and(|(generation, _)| *generation == watching.generation);
    if !is_current {
        *kept = None;
    }
    let new = || {
        let options = Options { max_whole_bytes: MAX_INFLATED_AT_ONCE, ..Options::default() };
        (watching.generation, Reader::new(watching.trails.patterns.set.watched_keys(), options))
    };
    &mut kept.get_or_insert_with(new).1
}

fn version_of(path: &Path) -> io::Result<Version> {
    let metadata = fs::metadata(path)?;
    Ok(Version {
        length: metadata.len(),
        modified_ns: metadata.mtime().saturating_mul(1_000_000_000).saturating_add(metadata.mtime_nsec()),
        device: metadata.dev(),
        inode: metadata.ino(),
    })
}

fn stored(version: Version) -> store_sqlite::Version {
    let Version { length, modified_ns, device, inode } = version;
    store_sqlite::Version { length, modified_ns, device, inode }
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_short_file_is_held_back_as_long_as_that_takes_little() {
        let sent = Cell::new(0);
        let send = |_| {
            sent.set(sent.get() + 1);
            true
        };
        let mut pieces = Pieces { is_short: true, ..Pieces::default() };
        for _ in 0..MAX_HELD {
            assert!(pieces.take(Piece { timeless: 2, ..Piece::default() }, &send));
        }
        assert_eq!((sent.get(), pieces.held.len()), (0, MAX_HELD));
        assert!(pieces.take(Piece::default(), &send));
        assert_eq!((sent.get(), pieces.held.len()), (MAX_HELD + 1, 0));
        assert!(pieces.take(Piece::default(), &send));
        assert_eq!((sent.get(), pieces.timeless), (MAX_HELD + 2, 2 * MAX_HELD as u64));
        assert!(!pieces.take(Piece::default(), &|_| false), "nobody takes it");
    }
}
