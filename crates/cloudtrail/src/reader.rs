//! From the bytes of a log file to its records, whatever the file looks like.
//!
//! The ordinary file, `{"Records":[{…},{…}]}` on one line as AWS delivers it, is walked by the [`Scanner`] without
//! being parsed. Everything else has been through other hands, so every object in it is parsed: arrays, one object
//! after another (NDJSON or not), pretty-printed files, and the envelopes in which other services hand records on.
//! In those a record is any object that has an `eventSource` and an `eventName` that are strings and at least one
//! of `eventTime`, `eventID`, `userIdentity` and `eventVersion`; it may lie inside other objects, in JSON inside a
//! string (`CloudTrailEvent`, `message`, `_raw`), and in gzip inside base64 (`awslogs.data`).
//!
//! Of a broken file, what is readable is read, and each break is reported with its offset and reason.

mod session;
mod walk;

use std::io::Read;

use crate::inflate::{Inflater, NotWhole, inflate_stream, is_gzip};
use crate::limits::{CHUNK_BYTES, MAX_INFLATED_BYTES, MAX_WHOLE_BYTES};
use crate::problem::{Problems, Reason};
use crate::scanner::{ABSENT, Engine, Scanner};
use session::Session;

/// One record of a log file.
#[derive(Debug, Clone, Copy)]
pub struct Found<'f> {
    /// Its JSON text, from `{` to `}`.
    pub text: &'f [u8],
    /// Byte offset in the text of the file (after inflating). Of a record inside a string: of that string's object.
    pub offset: u64,
    /// Where its watched members are, unless it lay inside something else.
    pub outline: Option<Outline<'f>>,
    /// Its content, if it has been parsed. An ordinary file's records have not: whoever uses more of one than its
    /// outline parses it, and answers with the error if it isn't JSON.
    pub value: Option<json::Value<'f>>,
}

/// Where a record's watched members are.
#[derive(Debug, Clone, Copy)]
pub struct Outline<'f> {
    /// For each watched key the offset of its value in the record's text, or [`ABSENT`].
    pub values: &'f [u32],
    /// Whether keys may be spelled with escapes, so that `values` may miss some.
    pub escaped: bool,
    /// Offset of the value of `eventTime`, or [`ABSENT`].
    pub event_time: u32,
}

/// Takes the records of a log file.
pub trait Visitor {
    /// Takes one record.
    ///
    /// # Errors
    /// If the record turns out not to be JSON; it is then reported as a problem and not counted.
    fn record(&mut self, record: Found<'_>) -> Result<(), json::Error>;

    /// Whether to end the reading here, which is then a problem of the file. Asked before each piece of a file that is
    /// read piece by piece.
    fn stop(&self) -> bool {
        false
    }
}

/// What a file turned out to be.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum FileKind {
    /// Nothing that belongs to CloudTrail: JSON without records, or not JSON.
    #[default]
    Other,
    /// A log file: it holds records, or an empty list of them.
    Log,
    /// A digest file, which proves the integrity of log files.
    Digest,
}

/// What was read of a file.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Outcome {
    /// What the file is.
    pub kind: FileKind,
    /// Records handed on.
    pub records: u64,
    /// Records that could not be read.
    pub broken: u64,
    /// What could not be read.
    pub problems: Problems,
}

/// Reads log files, one after another, in the same memory.
#[derive(Debug)]
pub struct Reader {
    scanner: Scanner,
    own: OwnKeys,
    inflater: Option<Inflater>,
    inflated: Vec<u8>,
    window: Vec<u8>,
    options: Options,
}

/// How files are read.
#[derive(Debug, Clone, Copy)]
pub struct Options {
    /// Parse every record completely, also those of ordinary files.
    pub strict: bool,
    /// A gzip file that inflates to more bytes than this is read piece by piece.
    pub max_whole_bytes: usize,
    /// Bytes that a gzip file may inflate to; what lies behind them isn't read, and that is a problem of the file.
    pub max_inflated_bytes: u64,
    /// Bytes that are read of a stream at a time; at least 1.
    pub chunk_bytes: usize,
    /// The instructions of the scanner.
    pub engine: Engine,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            strict: false,
            max_whole_bytes: MAX_WHOLE_BYTES,
            max_inflated_bytes: MAX_INFLATED_BYTES,
            chunk_bytes: CHUNK_BYTES,
            engine: Engine::best(),
        }
    }
}

/// Where the values of the keys are that the reader itself wants to know of each record.
#[derive(Debug, Clone, Copy)]
struct OwnKeys {
    event_source: usize,
    event_time: usize,
}

impl Reader {
    /// A reader whose outlines begin with the members of these keys.
    #[must_use]
    pub fn new(watched: &[String], options: Options) -> Self {
        let mut keys = watched.to_vec();
        let mut index_of = |key: &str| {
            keys.iter().position(|watched| watched == key).unwrap_or_else(|| {
                keys.push(key.to_owned());
                keys.len() - 1
            })
        };
        let own = OwnKeys { event_source: index_of("eventSource"), event_time: index_of("eventTime") };
        Self {
            scanner: Scanner::with_engine(&keys, options.engine),
            own,
            inflater: Inflater::new(),
            inflated: Vec::new(),
            window: Vec::new(),
            options,
        }
    }

    /// Reads a whole file: gzip or not is told by its content.
    pub fn read(&mut self, file: &[u8], visitor: &mut dyn Visitor) -> Outcome {
        if !is_gzip(file) {
            return self.read_text(file, visitor);
        }
        let Some(inflater) = &mut self.inflater else { return self.read_stream(file, visitor) };
        let mut inflated = std::mem::take(&mut self.inflated);
        let outcome = match inflater.inflate(file, &mut inflated, self.options.max_whole_bytes) {
            Ok(length) => self.read_text(inflated.get(..length).unwrap_or_default(), visitor),
            // Piece by piece, a long file needs little memory, and a damaged one is read as far as it goes.
            // The buffer isn't needed for that, and may be large.
            Err(NotWhole::TooLong | NotWhole::Damaged) => {
                inflated = Vec::new();
                self.read_stream(file, visitor)
            }
        };
        self.inflated = inflated;
        outcome
    }

    /// Reads a whole file that isn't compressed.
    pub fn read_text(&mut self, text: &[u8], visitor: &mut dyn Visitor) -> Outcome {
        let mut session = Session::new(&self.scanner, self.own, self.options.strict, visitor);
        session.feed(text, true);
        session.finish()
    }

    /// Reads a file piece by piece, in memory that doesn't grow with it: gzip or not is told by its content.
    pub fn read_stream(&mut self, mut stream: impl Read, visitor: &mut dyn Visitor) -> Outcome {
        let mut start = [0; 2];
        let mut session = Session::new(&self.scanner, self.own, self.options.strict, visitor);
        let mut window = Window { bytes: &mut self.window, chunk_bytes: self.options.chunk_bytes.max(1) };
        let read = match read_full(&mut stream, &mut start) {
            Ok(read) => start.get(..read).unwrap_or_default(),
            Err(error) => {
                session.problem(0, Reason::Io(error.to_string()));
                return session.finish();
            }
        };
        let whole = read.chain(stream);
        if is_gzip(read) {
            let limited = inflate_stream(whole).take(self.options.max_inflated_bytes);
            feed_stream(limited, &mut window, &mut session, |error| Reason::Gzip(error.to_string()));
        } else {
            feed_stream(whole.take(u64::MAX), &mut window, &mut session, |error| {
                Reason::Io(error.to_string())
            });
        }
        session.finish()
    }
}

/// The part of a stream that is in memory.
struct Window<'w> {
    bytes: &'w mut Vec<u8>,
    chunk_bytes: usize,
}

/// Hands a stream on, window by window. What the session leaves of a window comes again with the next.
fn feed_stream(
    mut stream: std::io::Take<impl Read>,
    window: &mut Window<'_>,
    session: &mut Session<'_>,
    reason: impl Fn(std::io::Error) -> Reason,
) {
    let Window { bytes, chunk_bytes } = window;
    bytes.clear();
    let mut room = *chunk_bytes;
    loop {
        let kept = bytes.len();
        bytes.resize(kept + room, 0);
        let (filled, failed) = fill(&mut stream, bytes, kept, || session.stop());
        bytes.truncate(filled);
        let last = failed.is_some() || filled < kept + room;
        let stopped = matches!(failed, Some(Ended::Stopped));
        if let Some(ended) = failed {
            let reason = match ended {
                Ended::Stopped => Reason::Stopped,
                Ended::Failed(error) => reason(error),
            };
            session.problem(session.base() + filled as u64, reason);
        } else if last && stream.limit() == 0 {
            session.problem(session.base() + filled as u64, Reason::InflatesTooFar);
        }
        // Where the reading was stopped, the file doesn't end.
        let consumed = session.feed(bytes, last && !stopped);
        if last {
            return;
        }
        bytes.drain(..consumed);
        // An object longer than the window needs a longer one; doubling keeps the rereading linear.
        room = bytes.len().max(*chunk_bytes);
    }
}

/// What ended a stream before its end.
enum Ended {
    Stopped,
    Failed(std::io::Error),
}

/// Fills `window` from `from` on; returns how far it is filled, and what ended it early.
fn fill(
    stream: &mut impl Read,
    window: &mut [u8],
    from: usize,
    stop: impl Fn() -> bool,
) -> (usize, Option<Ended>) {
    let mut filled = from;
    while let Some(room) = window.get_mut(filled..).filter(|room| !room.is_empty()) {
        if stop() {
            return (filled, Some(Ended::Stopped));
        }
        match stream.read(room) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == std::io::ErrorKind::Interrupted => {}
            Err(error) => return (filled, Some(Ended::Failed(error))),
        }
    }
    (filled, None)
}

/// Fills `bytes` as far as the stream goes.
fn read_full(stream: &mut impl Read, bytes: &mut [u8]) -> std::io::Result<usize> {
    match fill(stream, bytes, 0, || false) {
        (_, Some(Ended::Failed(error))) => Err(error),
        (filled, _) => Ok(filled),
    }
}

/// The text of a string value without escapes that begins at `offset` of `record`.
#[must_use]
pub fn plain_string(record: &[u8], offset: u32) -> Option<&[u8]> {
    if offset == ABSENT {
        return None;
    }
    let inside = record.get(offset as usize..)?.strip_prefix(b"\"")?;
    let end = memchr::memchr2(b'"', b'\\', inside)?;
    if inside.get(end) == Some(&b'"') { inside.get(..end) } else { None }
}
