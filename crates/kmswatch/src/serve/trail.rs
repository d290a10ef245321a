//! A trail in a folder: its log files go to readers as they come, and what is in them to the engine.
//!
//! One thread follows the folder and decides which file is read when; some others read. A file is read by one of them at a
//! time; what changes meanwhile is read behind it. A file that isn't whole is waited for, and read as far as it goes only if
//! it stays like that for [`PATIENCE`].

use std::collections::{HashMap, HashSet, VecDeque};
use std::os::unix::ffi::OsStrExt as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use source::{Candidate, Event, Follow, FollowOptions, Unreadable};
use store_sqlite::Problem;

use super::engine::{Input, Portion};
use super::figures::SourceFigures;
use super::log_file::{LogFileReader, Outcome};
use crate::report::escape::shown;

/// How long a file that isn't whole is waited for.
const PATIENCE: Duration = Duration::from_secs(30);
/// How often a file that isn't whole is looked at, though nobody says that it changed.
const LOOK_AGAIN: Duration = Duration::from_secs(5);
/// How long to wait before a file is tried again that can't be opened; twice that the next time, and so on.
const FIRST_RETRY: Duration = Duration::from_secs(5);
/// The longest wait before a file is tried again that can't be opened.
const LONGEST_RETRY: Duration = Duration::from_secs(600);
/// What was still written when it was found is read so long behind everything else, at most.
const SETTLED: Duration = Duration::from_secs(1);
/// How long the thread waits for files before it looks whether there is something else to do.
const LOOK: Duration = Duration::from_millis(100);
/// How many files wait for a reader.
const MAX_WAITING: usize = 256;
/// How many files are waited for that aren't whole, or can't be opened. A further one is read as it is; one that can't be opened
/// is found again by the next walk.
const MAX_UNFINISHED: usize = 10_000;
/// Of a file that can't be opened it is said again after this time: who looks at a day sees it.
const SAY_AGAIN: Duration = Duration::from_secs(12 * 3600);

/// What a trail needs.
pub(crate) struct TrailOptions {
    pub(crate) folder: PathBuf,
    pub(crate) follow: FollowOptions,
    pub(crate) readers: usize,
}

/// What a trail works with.
pub(crate) struct Around {
    /// What the source is called.
    pub(crate) name: String,
    pub(crate) figures: Arc<SourceFigures>,
    pub(crate) engine: SyncSender<Input>,
    pub(crate) stop: Arc<AtomicBool>,
}

/// A file to read.
#[derive(Clone)]
pub(crate) struct Task {
    pub(crate) candidate: Candidate,
    /// Whether it is taken as far as it goes.
    pub(crate) as_it_is: bool,
    /// Whether it was said of late that it can't be opened.
    pub(crate) is_said: bool,
}

/// What became of a task.
pub(crate) struct Done {
    pub(crate) task: Task,
    pub(crate) outcome: Outcome,
}

/// A file that is waited for.
struct Unfinished {
    task: Task,
    since: Instant,
    next: Instant,
    wait: Duration,
    /// When it was said that it can't be opened.
    said: Option<Instant>,
}

struct Trail {
    options: TrailOptions,
    around: Around,
    follow: Follow,
    tasks: SyncSender<Task>,
    done: Receiver<Done>,
    readers: Vec<JoinHandle<()>>,
    /// Files that are being read; what came of the same file meanwhile.
    reading: HashMap<PathBuf, Option<Candidate>>,
    /// The same, by device and number on it.
    numbers: HashSet<(u64, u64)>,
    /// Files that are being read under a name that they don't have any more.
    renamed: Vec<Task>,
    unfinished: HashMap<PathBuf, Unfinished>,
    /// Files for which no reader was free.
    waiting: VecDeque<Task>,
    /// Since when everything that was there at the start has been found.
    caught_up: Option<Instant>,
}

/// Follows a trail in threads of its own until `stop` is set; they end when everything that was begun is done.
pub(crate) fn start(
    options: TrailOptions,
    around: Around,
    new_reader: &dyn Fn() -> anyhow::Result<LogFileReader>,
) -> anyhow::Result<JoinHandle<()>> {
    let (tasks, queue) = sync_channel(MAX_WAITING);
    let (finished, done) = channel();
    let queue = Arc::new(Mutex::new(queue));
    let mut readers = Vec::new();
    for _ in 0..options.readers.max(1) {
        let (reader, queue, finished) = (new_reader()?, Arc::clone(&queue), finished.clone());
        let stop = Arc::clone(&around.stop);
        readers.push(thread::spawn(move || read_all(reader, &queue, &finished, &stop)));
    }
    drop(finished);
    let trail = Trail {
        follow: Follow::new(options.folder.clone(), options.follow.clone()),
        options,
        around,
        tasks,
        done,
        readers,
        reading: HashMap::new(),
        numbers: HashSet::new(),
        renamed: Vec::new(),
        unfinished: HashMap::new(),
        waiting: VecDeque::new(),
        caught_up: None,
    };
    Ok(thread::spawn(move || trail.run()))
}

/// One reader: file after file until there is none.
fn read_all(
    mut reader: LogFileReader,
    queue: &Mutex<Receiver<Task>>,
    finished: &Sender<Done>,
    stop: &AtomicBool,
) {
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(task) = next else { return };
        if stop.load(Ordering::Relaxed) {
            continue;
        }
        reader.read(task, finished);
    }
}

impl Trail {
    /// Goes on until it is to stop, or a reader has died: what that one had would be waited for without end.
    fn run(mut self) {
        while !self.around.stop.load(Ordering::Relaxed) && !self.readers.iter().any(JoinHandle::is_finished) {
            let timeout = if self.waiting.is_empty() { LOOK } else { Duration::from_millis(5) };
            let room = self.waiting.len() + self.renamed.len() < MAX_WAITING;
            let events = if room { self.follow.next(timeout) } else { Vec::new() };
            events.into_iter().for_each(|event| self.take(event));
            if !room {
                self.wait_for_readers();
            }
            self.take_done();
            self.look_again(Instant::now());
            self.hand_out();
            self.say_whether_caught_up();
        }
        let Trail { tasks, readers, .. } = self;
        drop(tasks);
        readers.into_iter().for_each(|reader| drop(reader.join()));
    }

    fn take(&mut self, event: Event) {
        match event {
            Event::File(candidate) => self.consider(Task { candidate, as_it_is: false, is_said: false }),
            Event::Trouble(trouble) => self.unreadable(&trouble),
            Event::Recovered => {
                tracing::info!(path = name(&self.options.folder), "the trail can be read again");
                self.around.figures.trouble(None);
            }
            Event::Unwatched(why) => {
                let (path, why) = (name(&why.path), shown(&why.reason));
                tracing::warn!(path, "new files are found a little later, by looking: {why}");
            }
            Event::CaughtUp => self.caught_up = Some(Instant::now()),
        }
    }

    fn unreadable(&self, trouble: &Unreadable) {
        let (path, why) = (name(&trouble.path), shown(&trouble.reason));
        tracing::error!(path, "a trail can't be read: {why}");
        if trouble.path == self.options.folder {
            self.around.figures.trouble(Some(format!("{path}: {why}")));
            return;
        }
        // Of a part of it nobody says when that is over, so it isn't a state, but something that happened.
        let problem = Problem {
            source: self.around.name.clone(),
            path: trouble.path.as_os_str().as_bytes().to_vec(),
            reason: trouble.reason.clone(),
            ..Problem::default()
        };
        let portion = Portion { problems: vec![problem], ..Portion::default() };
        // Nobody takes it only when the process ends.
        drop(self.around.engine.send(Input::Portion(Box::new(portion))));
    }

    fn consider(&mut self, task: Task) {
        let path = task.candidate.path.clone();
        if let Some(later) = self.reading.get_mut(&path) {
            *later = Some(task.candidate);
            return;
        }
        if self.numbers.contains(&number_of(&task)) {
            // What of it counted is known only when it is written; until then it would count again under this name.
            self.renamed.push(task);
            return;
        }
        self.numbers.insert(number_of(&task));
        self.reading.insert(path, None);
        self.waiting.push_back(task);
    }

    fn hand_out(&mut self) {
        while let Some(task) = self.waiting.pop_front() {
            if let Err(refused) = self.tasks.try_send(task) {
                let (std::sync::mpsc::TrySendError::Full(task)
                | std::sync::mpsc::TrySendError::Disconnected(task)) = refused;
                self.waiting.push_front(task);
                break;
            }
        }
        self.around.figures.waiting(self.reading.len() as u64);
    }

    fn wait_for_readers(&mut self) {
        if let Ok(done) = self.done.recv_timeout(LOOK) {
            self.finished(done);
        }
    }

    fn take_done(&mut self) {
        while let Ok(done) = self.done.try_recv() {
            self.finished(done);
        }
    }

    fn finished(&mut self, Done { task, outcome }: Done) {
        let path = task.candidate.path.clone();
        let later = self.reading.remove(&path).flatten();
        self.numbers.remove(&number_of(&task));
        for renamed in std::mem::take(&mut self.renamed) {
            self.consider(renamed);
        }
        match (outcome, later) {
            (_, Some(candidate)) => {
                self.unfinished.remove(&path);
                self.consider(Task { candidate, as_it_is: false, is_said: false });
            }
            (Outcome::Stale, None) => self.consider(task),
            (Outcome::Finished, None) => drop(self.unfinished.remove(&path)),
            (Outcome::Unfinished, None) => self.wait_for(task, LOOK_AGAIN, false),
            (Outcome::Unopened, None) => self.wait_for(task, FIRST_RETRY, true),
        }
    }

    /// Keeps a file in mind that isn't whole, or can't be opened.
    fn wait_for(&mut self, task: Task, first_wait: Duration, is_unopened: bool) {
        let is_known = self.unfinished.contains_key(&task.candidate.path);
        if self.unfinished.len() >= MAX_UNFINISHED && !is_known {
            if is_unopened {
                self.follow.forget(&task.candidate.path);
            } else {
                self.consider(Task { as_it_is: true, ..task });
            }
            return;
        }
        let now = Instant::now();
        let path = task.candidate.path.clone();
        let known = self.unfinished.entry(path).or_insert_with(|| Unfinished {
            task: task.clone(),
            since: now,
            next: now,
            wait: first_wait,
            said: None,
        });
        if known.task.candidate.version != task.candidate.version {
            (known.since, known.wait) = (now, first_wait);
        }
        if is_unopened && !task.is_said {
            known.said = Some(now);
        }
        known.task = task;
        known.next = now + known.wait;
        if is_unopened {
            known.wait = (known.wait * 2).min(LONGEST_RETRY);
        }
    }

    fn look_again(&mut self, now: Instant) {
        let due: Vec<PathBuf> = self
            .unfinished
            .iter()
            .filter(|(path, file)| file.next <= now && !self.reading.contains_key(*path))
            .map(|(path, _)| path.clone())
            .collect();
        for path in due {
            let Some(file) = self.unfinished.get(&path) else { continue };
            let as_it_is = now.duration_since(file.since) >= PATIENCE;
            let is_said = file.said.is_some_and(|said| now.duration_since(said) < SAY_AGAIN);
            self.consider(Task { candidate: file.task.candidate.clone(), as_it_is, is_said });
        }
    }

    fn say_whether_caught_up(&mut self) {
        let is_found = self.caught_up.is_some_and(|found| found.elapsed() >= SETTLED);
        if is_found && self.reading.is_empty() && self.waiting.is_empty() {
            self.around.figures.caught_up();
        }
    }
}

/// The device that a file is on, and its number there.
fn number_of(task: &Task) -> (u64, u64) {
    (task.candidate.version.device, task.candidate.version.inode)
}

/// A path in the log.
fn name(path: &Path) -> String {
    shown(&path.display().to_string())
}

/// Where a file lies below the folder, which is what it is known by.
pub(crate) fn key_of<'p>(folder: &Path, path: &'p Path) -> &'p Path {
    path.strip_prefix(folder).unwrap_or(path)
}
