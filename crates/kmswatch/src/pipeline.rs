//! Reading many log files with several threads, and still getting their results in order.
//!
//! One file is one task. Workers take the next path from one walk; the calling thread receives what they found, file
//! by file in the order of the walk, whatever the number of workers. A worker that is ahead waits, so memory doesn't
//! grow with the number of files, and one that finds much in one file hands it on in parts.

use std::collections::BTreeMap;
use std::io::{self, Read};
use std::path::Path;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;

use cloudtrail::limits::MAX_WHOLE_BYTES;
use cloudtrail::reader::{Found, Options, Outcome, Reader, Visitor};
use source::{Content, FoundFile, Unreadable, Walk};

use crate::{interrupt, progress::Progress};

/// What a subcommand does with each record; each thread has one.
pub(crate) trait Worker: Send {
    /// What is found in a file, or in a part of it.
    type Part: Default + Send;

    /// Takes one record; see [`Visitor::record`].
    fn record(&mut self, path: &Path, record: Found<'_>, part: &mut Self::Part) -> Result<(), json::Error>;

    /// Whether a part is large enough to be handed on before the file ends.
    fn is_full(part: &Self::Part) -> bool;
}

/// What was found in one file, or a part of it.
pub(crate) struct Message<P> {
    /// The file; on the last message for it.
    pub(crate) end: Option<FileEnd>,
    /// What was found since the message before.
    pub(crate) part: P,
}

/// A file that has been read, as far as it could be.
pub(crate) struct FileEnd {
    pub(crate) file: FoundFile,
    pub(crate) outcome: Result<Outcome, String>,
}

/// How files are read.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Settings {
    pub(crate) jobs: usize,
    pub(crate) strict: bool,
}

/// Bytes of inflated files that all threads together may hold; a file that would take more is read piece by piece.
const MAX_HELD_BYTES: usize = 48 << 20;

/// How many files the workers may be ahead of the caller. While one reads a file of 30 MiB, another can read hundreds of
/// small ones; what they find waits in memory, at most one part a file.
const AHEAD: u64 = 128;

impl Settings {
    fn reader_options(self) -> Options {
        let share = (MAX_HELD_BYTES / self.jobs.max(1)).clamp(1 << 20, MAX_WHOLE_BYTES);
        Options { strict: self.strict, max_whole_bytes: share, ..Options::default() }
    }
}

/// Reads everything below `paths` and hands the results to `take`, in order, until that fails.
///
/// # Errors
/// Those of `take`.
pub(crate) fn run<W: Worker>(
    paths: &[std::path::PathBuf],
    watched: &[String],
    settings: Settings,
    progress: &Progress,
    new_worker: impl Fn() -> W + Sync,
    mut take: impl FnMut(Message<W::Part>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let queue = Queue::new(Walk::new(paths), settings.jobs);
    if settings.jobs == 1 {
        let mut reading = Reading::new(new_worker(), watched, settings);
        while let Some((_, item)) = queue.next(|| ()) {
            let mut failed = Ok(());
            let end = reading.item(item, progress, &mut |part| {
                if failed.is_ok() {
                    failed = take(Message { end: None, part });
                }
            });
            failed?;
            take(end)?;
        }
        return Ok(());
    }
    let (sender, receiver) = sync_channel(settings.jobs);
    thread::scope(|scope| {
        for _ in 0..settings.jobs {
            let (sender, queue, new_worker) = (sender.clone(), &queue, &new_worker);
            scope
                .spawn(move || work(Reading::new(new_worker(), watched, settings), queue, progress, &sender));
        }
        drop(sender);
        let outcome = receive(&receiver, &queue, &mut take);
        queue.close();
        // Workers that still want to send find nobody who receives, and end.
        drop(receiver);
        outcome
    })
}

/// One worker: file after file until there is none.
fn work<W: Worker>(
    mut reading: Reading<W>,
    queue: &Queue,
    progress: &Progress,
    sender: &SyncSender<Batch<W::Part>>,
) {
    let mut outgoing = Outgoing { sender, held: Vec::new() };
    while let Some((number, item)) = queue.next(|| outgoing.flush()) {
        let end = reading.item(item, progress, &mut |part| {
            // What is held may be what the caller waits for.
            outgoing.flush();
            queue.wait_for_turn(number);
            outgoing.held.push((number, Message { end: None, part }));
            outgoing.flush();
        });
        outgoing.held.push((number, end));
        if outgoing.held.len() >= HELD {
            outgoing.flush();
        }
    }
    outgoing.flush();
}

/// Messages with the numbers of their files.
type Batch<P> = Vec<(u64, Message<P>)>;

/// How many files' results a worker holds before it sends them: to wake the caller for each costs more than a small file.
const HELD: usize = 8;

/// What a worker sends.
struct Outgoing<'s, P> {
    sender: &'s SyncSender<Batch<P>>,
    held: Batch<P>,
}

impl<P> Outgoing<'_, P> {
    fn flush(&mut self) {
        if !self.held.is_empty() {
            // An error means that nobody receives any more; the queue will say so.
            let _ = self.sender.send(std::mem::take(&mut self.held));
        }
    }
}

/// Hands on what the workers send, in order.
fn receive<P>(
    receiver: &Receiver<Batch<P>>,
    queue: &Queue,
    take: &mut impl FnMut(Message<P>) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut waiting = BTreeMap::new();
    let mut turn = 0;
    for batch in receiver {
        let before = turn;
        for (number, message) in batch {
            if number != turn {
                // Only a file's last message can be early; the others wait for their turn.
                waiting.insert(number, message);
                continue;
            }
            let mut next = Some(message);
            while let Some(message) = next {
                let ended = message.end.is_some();
                take(message)?;
                turn += u64::from(ended);
                next = if ended { waiting.remove(&turn) } else { None };
            }
        }
        if turn > before {
            queue.set_turn(turn);
        }
    }
    Ok(())
}

/// The walk that all workers take from.
struct Queue {
    state: Mutex<QueueState>,
    turn_changed: Condvar,
    jobs: u64,
}

struct QueueState {
    walk: Walk,
    next: u64,
    /// The file whose results the caller takes now.
    turn: u64,
    closed: bool,
    /// How many workers wait for the turn to change.
    waiting: usize,
}

impl Queue {
    fn new(walk: Walk, jobs: usize) -> Self {
        let state = QueueState { walk, next: 0, turn: 0, closed: false, waiting: 0 };
        Self { state: Mutex::new(state), turn_changed: Condvar::new(), jobs: jobs as u64 }
    }

    fn lock(&self) -> MutexGuard<'_, QueueState> {
        // A worker that panicked left the walk as it was; the panic itself surfaces when the scope ends.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn wait_while(&self, condition: impl Fn(&QueueState) -> bool) -> MutexGuard<'_, QueueState> {
        let mut guard = self.lock();
        guard.waiting += 1;
        let waited = self.turn_changed.wait_while(guard, |state| condition(state));
        let mut guard = waited.unwrap_or_else(PoisonError::into_inner);
        guard.waiting -= 1;
        guard
    }

    /// The next file and its number, once the caller isn't too far behind; `None` at the end or after Ctrl-C.
    fn next(&self, before_waiting: impl FnOnce()) -> Option<(u64, Result<FoundFile, Unreadable>)> {
        let too_far = |state: &QueueState| {
            self.jobs > 1 && !state.closed && state.next >= state.turn + AHEAD.max(4 * self.jobs)
        };
        let mut state = self.lock();
        if too_far(&state) {
            drop(state);
            before_waiting();
            state = self.wait_while(too_far);
        }
        if state.closed || interrupt::seen() {
            return None;
        }
        let item = state.walk.next()?;
        state.next += 1;
        Some((state.next - 1, item))
    }

    fn wait_for_turn(&self, number: u64) {
        drop(self.wait_while(|state| !state.closed && state.turn < number));
    }

    fn set_turn(&self, turn: u64) {
        let mut state = self.lock();
        state.turn = turn;
        if state.waiting > 0 {
            self.turn_changed.notify_all();
        }
    }

    fn close(&self) {
        self.lock().closed = true;
        self.turn_changed.notify_all();
    }
}

/// One thread's reader, buffers and worker.
struct Reading<W: Worker> {
    reader: Reader,
    buffer: Vec<u8>,
    limit: usize,
    worker: W,
}

impl<W: Worker> Reading<W> {
    fn new(worker: W, watched: &[String], settings: Settings) -> Self {
        let options = settings.reader_options();
        let reader = Reader::new(watched, options);
        Self { reader, buffer: Vec::new(), limit: options.max_whole_bytes / 4, worker }
    }

    /// Reads one file. `hand_on` gets what is found before its end, if that is much.
    fn item(
        &mut self,
        item: Result<FoundFile, Unreadable>,
        progress: &Progress,
        hand_on: &mut dyn FnMut(W::Part),
    ) -> Message<W::Part> {
        let file = match item {
            Ok(file) => file,
            Err(Unreadable { path, reason }) => {
                let file = FoundFile { path, named: true };
                return Message {
                    end: Some(FileEnd { file, outcome: Err(reason) }),
                    part: W::Part::default(),
                };
            }
        };
        let mut visit =
            Visit { path: &file.path, worker: &mut self.worker, part: W::Part::default(), hand_on };
        let outcome = read(&mut self.reader, &mut self.buffer, self.limit, &file, &mut visit);
        let part = visit.part;
        progress.file(outcome.as_ref().map_or(0, |outcome| outcome.records));
        Message { end: Some(FileEnd { file, outcome }), part }
    }
}

fn read(
    reader: &mut Reader,
    buffer: &mut Vec<u8>,
    limit: usize,
    file: &FoundFile,
    visitor: &mut dyn Visitor,
) -> Result<Outcome, String> {
    if file.named && file.path.as_os_str() == "-" {
        return Ok(reader.read_stream(io::stdin().lock(), visitor));
    }
    match source::open(&file.path, buffer, limit) {
        Ok(Content::Whole) => Ok(reader.read(buffer, visitor)),
        Ok(Content::Rest(rest)) => {
            let stream = io::Cursor::new(std::mem::take(buffer)).chain(rest);
            Ok(reader.read_stream(stream, visitor))
        }
        Err(Unreadable { reason, .. }) => Err(reason),
    }
}

struct Visit<'v, W: Worker> {
    path: &'v Path,
    worker: &'v mut W,
    part: W::Part,
    hand_on: &'v mut dyn FnMut(W::Part),
}

impl<W: Worker> Visitor for Visit<'_, W> {
    fn record(&mut self, record: Found<'_>) -> Result<(), json::Error> {
        self.worker.record(self.path, record, &mut self.part)?;
        if W::is_full(&self.part) {
            (self.hand_on)(std::mem::take(&mut self.part));
        }
        Ok(())
    }

    fn stop(&self) -> bool {
        interrupt::seen()
    }
}
