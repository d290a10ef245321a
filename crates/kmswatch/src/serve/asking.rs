//! What others ask of a running service, whatever door they come through.

use std::path::PathBuf;
use std::sync::mpsc::{SyncSender, TrySendError};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use anyhow::Context as _;
use cloudtrail::limits::MAX_WHOLE_BYTES;
use cloudtrail::problem::Reason;
use cloudtrail::reader::{FileKind, Options, Outcome, Reader};
use monitor::{Change, Command, Notification};
use serde::{Deserialize, Serialize};
use store_sqlite::Problem;
use tokio::sync::{Semaphore, oneshot};
use tokio::time::{Instant, sleep, timeout};

use super::clock::Clock;
use super::couriers::Means;
use super::engine::{Input, Portion, Taken as Answer};
use super::figures::Figures;
use super::gather::{Around, Gather, Piece, Taken};
use super::status::Status;
use super::watching::{Filters, Shared, Watching};
use super::{reserved, totals};
use crate::log_event::Memory;
use crate::scan::each_problem;

/// The name under which pushed records are known.
pub(crate) const PUSH: &str = "push";
/// How long somebody waits until the engine has written.
const PATIENCE: Duration = Duration::from_secs(20);
/// How long somebody waits until the engine has room for more.
const WAIT_FOR_ROOM: Duration = Duration::from_secs(2);
/// How often whoever waits looks whether waiting is in vain.
const LOOK: Duration = Duration::from_millis(20);
/// How often records are read again because the configuration changed meanwhile.
const MAX_READS: u32 = 5;
/// How many records of a body may match; all of them are taken in one transaction.
const MAX_MATCHES: usize = 50_000;
/// How many bodies are read at a time.
const MAX_TURNS: usize = 2;
/// A body may inflate to so many times what one may have.
const MAX_INFLATION: u64 = 8;
/// How many connections to the database are kept that nobody uses.
const MAX_READERS: usize = 8;
/// If the engine hasn't turned for so long, something hangs.
pub(crate) const LONGEST_TURN: Duration = Duration::from_secs(30);

/// What is asked with.
pub(crate) struct Asking {
    pub(crate) engine: SyncSender<Input>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) figures: Arc<Figures>,
    pub(crate) clock: Clock,
    pub(crate) means: Arc<Means>,
    pub(crate) database: PathBuf,
    pub(crate) started_at: i64,
    pub(crate) resources: Resources,
}

/// What those who ask share.
pub(crate) struct Resources {
    /// Connections to the database that nobody uses now.
    readers: Mutex<Vec<store_sqlite::Reader>>,
    /// How many more bodies may be read now.
    turns: Semaphore,
    /// How many bytes a body may inflate to.
    max_inflated: u64,
}

impl Resources {
    /// Where a body may have `max_body` bytes.
    pub(crate) fn new(max_body: u64) -> Self {
        let max_inflated = max_body.saturating_mul(MAX_INFLATION);
        Resources { readers: Mutex::default(), turns: Semaphore::new(MAX_TURNS), max_inflated }
    }
}

/// Something that holds a body.
pub(crate) trait Bytes: AsRef<[u8]> + Send + Sync + 'static {}

impl<T: AsRef<[u8]> + Send + Sync + 'static> Bytes for T {}

/// What became of pushed records.
#[derive(Debug, Default, Serialize)]
pub(crate) struct Pushed {
    pub(crate) records: u64,
    pub(crate) matches: u64,
    /// What couldn't be read.
    pub(crate) problems: Vec<String>,
    /// In milliseconds since 1970.
    #[serde(skip)]
    pub(crate) read_at: i64,
}

/// What became of the record of a drill. Times are milliseconds since 1970.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Drilled {
    pub(crate) read_at: i64,
    /// When it was on the disk, with all that followed from it at once.
    pub(crate) durable_at: i64,
    pub(crate) matches: u64,
    pub(crate) problems: Vec<String>,
}

/// Why something isn't done.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Refused {
    /// Too much comes at once.
    Busy,
    /// It holds too much, for this reason.
    TooLong(String),
    /// Nothing can be written now, for this reason.
    Unavailable(String),
}

impl Asking {
    pub(crate) fn figures(&self) -> &Figures {
        &self.figures
    }

    /// Whether the engine still turns.
    pub(crate) fn is_alive(&self) -> bool {
        self.figures.since_last_turn() < LONGEST_TURN
    }

    /// What somebody should look at.
    pub(crate) fn troubles(&self) -> Vec<String> {
        self.figures.troubles(&self.clock)
    }

    /// What is going on.
    ///
    /// # Errors
    /// Where the database can't be read.
    pub(crate) fn status(&self) -> anyhow::Result<Status> {
        let mut reader = self.reader()?;
        let status = Status::of_service(self, &mut reader)?;
        self.keep(reader);
        Ok(status)
    }

    fn keep(&self, reader: store_sqlite::Reader) {
        let mut kept = self.resources.readers.lock().unwrap_or_else(PoisonError::into_inner);
        if kept.len() < MAX_READERS {
            kept.push(reader);
        }
    }

    fn reader(&self) -> anyhow::Result<store_sqlite::Reader> {
        let kept = self.resources.readers.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match kept {
            Some(reader) => Ok(reader),
            None => Ok(store_sqlite::Reader::open(&self.database)?),
        }
    }

    /// Tries a notification again that was given up; `false` if there is none.
    ///
    /// # Errors
    /// Where the database can't be read, or nothing can be written.
    pub(crate) async fn retry(self: &Arc<Self>, id: u64) -> anyhow::Result<Result<bool, Refused>> {
        let asking = Arc::clone(self);
        let Some(notification) = beside(move || asking.given_up(id)).await?? else { return Ok(Ok(false)) };
        let (reply, answer) = oneshot::channel();
        // Whoever asked may have gone away.
        let reply = Box::new(move |changes: Vec<Change>| {
            let _ = reply.send(!changes.is_empty());
        });
        let input = Input::Command(Box::new(Command::Retry(Arc::new(notification))), Some(reply));
        Ok(match self.hand_over(input).await {
            Ok(()) => self.answer(answer).await,
            Err(refused) => Err(refused),
        })
    }

    fn given_up(&self, id: u64) -> anyhow::Result<Option<Notification>> {
        let reader = self.reader()?;
        let row = reader.questions().notification(id)?;
        self.keep(reader);
        let Some(row) = row.filter(|row| row.state == store_sqlite::OutboxState::Dead) else {
            return Ok(None);
        };
        serde_json::from_str(&row.notification).context("the notification can't be read")
    }

    /// Takes the records of a body; when it answers, they are on the disk.
    ///
    /// # Errors
    /// Why nothing was taken, or perhaps was: whoever comes again with the same records does no harm.
    pub(crate) async fn push(self: &Arc<Self>, body: Arc<impl Bytes>) -> Result<Pushed, Refused> {
        self.take(body, PUSH, |watching| &watching.trails).await
    }

    /// Takes the record of a drill. It isn't one of the records that the totals count.
    ///
    /// # Errors
    /// As [`Asking::push`].
    pub(crate) async fn drill(self: &Arc<Self>, body: Arc<impl Bytes>) -> Result<Drilled, Refused> {
        let pushed = self.take(body, reserved::DRILL_LOG_GROUP, |watching| &watching.drill).await?;
        let Pushed { read_at, matches, problems, .. } = pushed;
        Ok(Drilled { read_at, durable_at: self.clock.now(), matches, problems })
    }

    /// Why nothing at all is taken now.
    pub(crate) fn refuses_all(&self) -> Option<Refused> {
        let why = self.figures.write_trouble()?;
        Some(Refused::Unavailable(format!("the state can't be written now ({why}); come again")))
    }

    async fn take(
        self: &Arc<Self>,
        body: Arc<impl Bytes>,
        source: &'static str,
        filters: fn(&Watching) -> &Filters,
    ) -> Result<Pushed, Refused> {
        for _ in 0..MAX_READS {
            let turn = self.resources.turns.acquire().await;
            let (asking, held) = (Arc::clone(self), Arc::clone(&body));
            let read = beside(move || asking.read((*held).as_ref(), source, filters)).await;
            drop(turn);
            let (pushed, mut portion) = read.unwrap_or_else(|error| {
                tracing::error!("pushed records can't be read: {error:#}");
                Err(Refused::Unavailable("the records can't be read now; the log says why".to_owned()))
            })?;
            let (reply, answer) = oneshot::channel();
            portion.reply = Some(Box::new(move |answer| {
                let _ = reply.send(answer);
            }));
            self.hand_over(Input::Portion(Box::new(portion))).await?;
            match self.answer(answer).await? {
                Answer::Durable => return Ok(pushed),
                Answer::Stale => {}
            }
        }
        Err(Refused::Busy)
    }

    fn read(
        &self,
        body: &[u8],
        source: &str,
        filters: fn(&Watching) -> &Filters,
    ) -> Result<(Pushed, Portion), Refused> {
        let watching = self.shared.get();
        let (pieces, outcome) = read(body, &watching, filters(&watching), self.resources.max_inflated);
        let is = |reason| outcome.problems.first.iter().any(|problem| problem.reason == reason);
        if is(Reason::Stopped) {
            let why = format!("more than {MAX_MATCHES} records of it match; send several");
            return Err(Refused::TooLong(why));
        }
        if is(Reason::InflatesTooFar) {
            let most = self.resources.max_inflated;
            let why = format!("the body inflates to more than {most} bytes (http.max_body); send several");
            return Err(Refused::TooLong(why));
        }
        let (mut pushed, mut portion) = portion(pieces, &outcome, source, body.len());
        portion.generation = Some(watching.generation);
        pushed.read_at = self.clock.now();
        if source == reserved::DRILL_LOG_GROUP {
            // Nobody called, so nothing of it is counted.
            portion.totals.clear();
            portion.problems.clear();
        }
        Ok((pushed, portion))
    }

    /// Gives something to the engine.
    async fn hand_over(&self, mut input: Input) -> Result<(), Refused> {
        let deadline = Instant::now() + WAIT_FOR_ROOM;
        loop {
            input = match self.engine.try_send(input) {
                Ok(()) => return Ok(()),
                Err(TrySendError::Disconnected(_)) => return Err(ending()),
                Err(TrySendError::Full(input)) => input,
            };
            if let Some(refused) = self.refuses_all() {
                return Err(refused);
            }
            if Instant::now() >= deadline {
                return Err(Refused::Busy);
            }
            sleep(LOOK).await;
        }
    }

    /// Waits until the engine has written.
    async fn answer<T>(&self, mut answer: oneshot::Receiver<T>) -> Result<T, Refused> {
        let deadline = Instant::now() + PATIENCE;
        loop {
            if let Ok(answer) = timeout(LOOK, &mut answer).await {
                return answer.map_err(|_| ending());
            }
            if let Some(refused) = self.refuses_all() {
                return Err(refused);
            }
            if Instant::now() >= deadline {
                return Err(Refused::Unavailable("it takes too long to write that; come again".to_owned()));
            }
        }
    }
}

fn ending() -> Refused {
    Refused::Unavailable("the service is ending; come again".to_owned())
}

/// Runs what takes a while beside the threads that wait.
async fn beside<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> anyhow::Result<T> {
    tokio::task::spawn_blocking(work).await.context("it was broken off")
}

fn read(body: &[u8], watching: &Watching, filters: &Filters, max_inflated: u64) -> (Vec<Piece>, Outcome) {
    let mut pieces = Vec::new();
    let mut matches = 0;
    let mut take = |piece: Piece| {
        matches += piece.ingest.matches.len();
        pieces.push(piece);
        matches <= MAX_MATCHES
    };
    let mut memory = Memory::default();
    let around = Around { watching, filters, memory: &mut memory };
    let mut gather = Gather::new(around, Taken::default(), &mut take);
    let max_whole_bytes = usize::try_from(max_inflated).unwrap_or(usize::MAX).min(MAX_WHOLE_BYTES);
    let options = Options { max_whole_bytes, max_inflated_bytes: max_inflated, ..Options::default() };
    let mut reader = Reader::new(filters.patterns.set.watched_keys(), options);
    let outcome = reader.read(body, &mut gather);
    let last = gather.finish();
    pieces.push(last);
    (pieces, outcome)
}

/// What is taken, all in one transaction, and what is told of it.
fn portion(pieces: Vec<Piece>, outcome: &Outcome, source: &str, bytes: usize) -> (Pushed, Portion) {
    let (mut pushed, mut portion) = (Pushed::default(), Portion::default());
    let mut timeless = 0;
    for piece in pieces {
        pushed.records += piece.records;
        pushed.matches += piece.ingest.matches.len() as u64;
        timeless += piece.timeless;
        portion.ingest.matches.extend(piece.ingest.matches);
        portion.ingest.unmatched.extend(piece.ingest.unmatched);
    }
    if timeless > 0 {
        pushed
            .problems
            .push(format!("{timeless} records match but have no time, so that no period has them"));
    }
    each_problem(outcome, |offset, reason| {
        pushed.problems.push(match offset {
            Some(offset) => format!("byte {offset}: {reason}"),
            None => reason.to_owned(),
        });
    });
    // AWS delivers log files with an empty list.
    if pushed.records == 0 && pushed.problems.is_empty() && outcome.kind != FileKind::Log {
        pushed.problems.push("there is no record in it".to_owned());
    }
    portion.totals = vec![
        (totals::RECORDS, pushed.records),
        (totals::MATCHES, pushed.matches),
        (totals::BYTES, bytes as u64),
        (totals::RECORDS_BROKEN, outcome.broken),
    ];
    let problem =
        |reason: &String| Problem { source: source.to_owned(), reason: reason.clone(), ..Problem::default() };
    portion.problems = pushed.problems.iter().map(problem).collect();
    (pushed, portion)
}
