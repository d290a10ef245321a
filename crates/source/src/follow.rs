//! Which files of a folder are new, or have changed?
//!
//! Linux tells of files at once ([`watches`]); walks over everything find what lay there before, what was missed, and
//! all of it where Linux tells nothing. News comes first: a walk goes on in small steps between it.

mod names;
mod remote;
mod seen;
mod told;
mod unsettled;
mod version;
mod walking;
mod watches;

use std::collections::VecDeque;
use std::fs;
use std::io;
use std::mem;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub use names::is_candidate;
use names::is_candidate_path;
use seen::Seen;
use told::Told;
use unsettled::{Open, Unsettled};
pub use version::Version;
use walking::Origin;
use watches::{Notice, Watches};

use crate::walk::unreadable;
use crate::{Unreadable, Walk};

/// When a file was found that may still be written, it is looked at again after this time.
const SECOND_LOOK: Duration = Duration::from_millis(250);

/// How a folder is followed.
#[derive(Debug, Clone)]
pub struct FollowOptions {
    /// Which of the files that are there at first are handed out.
    pub from: From,
    /// Whether Linux is asked to tell of changes. Otherwise, the folder is only walked over, again and again.
    pub watch: bool,
    /// The time between two walks where Linux tells nothing, and between two looks whether the folder is still there.
    pub poll: Duration,
    /// The time between two walks where it does, to find what was missed all the same.
    pub rescan: Duration,
}

impl Default for FollowOptions {
    fn default() -> Self {
        FollowOptions {
            from: From::Beginning,
            watch: true,
            poll: Duration::from_secs(1),
            rescan: Duration::from_secs(600),
        }
    }
}

/// Which of the files that the first walk finds are handed out, by the time when they were last written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum From {
    /// All.
    Beginning,
    /// Those written since the second in which following began.
    Now,
    /// Those written since that time, in seconds since 1970.
    Time(i64),
}

/// What was found.
#[derive(Debug)]
pub enum Event {
    /// A file that is new, or has changed.
    File(Candidate),
    /// This can't be read; it is said once. If it is the followed folder itself, [`Event::Recovered`] follows.
    Trouble(Unreadable),
    /// The followed folder can be read again.
    Recovered,
    /// Linux doesn't tell what happens in this folder, and why. It is walked over again and again; said once.
    Unwatched(Unreadable),
    /// The first walk over everything is done.
    CaughtUp,
}

/// A file to read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Candidate {
    /// Its path, beginning with the path that was asked for.
    pub path: PathBuf,
    /// Which content of it this is about.
    pub version: Version,
}

/// Follows a folder and everything below it. Symbolic links are followed as by [`Walk`].
#[derive(Debug)]
pub struct Follow {
    root: PathBuf,
    options: FollowOptions,
    /// What was written earlier isn't handed out by the first walk. Nanoseconds.
    from: i64,
    found: Vec<Event>,
    seen: Seen,
    unsettled: Unsettled,
    open: Open,
    told: Told,
    folder: State,
    watches: Option<Watches>,
    /// Whether a folder was met, in the last walk, of which Linux doesn't tell everything; and whether that was said.
    unwatched: bool,
    said_unwatched: bool,
    /// Folders that have come, and the walk over one that came before.
    new_folders: VecDeque<PathBuf>,
    new_walk: Option<Walk>,
    /// The walk over everything, and when it began.
    walk: Option<(Walk, Instant)>,
    next_walk: Instant,
    /// Since the walk began, something couldn't be read: what isn't found may be there all the same.
    incomplete: bool,
    /// Since the walk began, something may have been missed.
    walk_again: bool,
    caught_up: bool,
}

/// The followed folder itself.
#[derive(Debug)]
struct State {
    /// Device and inode, while it can be read.
    identity: Option<(u64, u64)>,
    said_trouble: bool,
    next_look: Instant,
}

impl Follow {
    /// Follows `root`. If that isn't there, it is waited for.
    #[must_use]
    pub fn new(root: PathBuf, options: FollowOptions) -> Self {
        let now = Instant::now();
        Follow {
            root,
            from: first_time(options.from),
            options,
            found: Vec::new(),
            seen: Seen::default(),
            unsettled: Unsettled::default(),
            open: Open::new(),
            told: Told::default(),
            folder: State { identity: None, said_trouble: false, next_look: now },
            watches: None,
            unwatched: false,
            said_unwatched: false,
            new_folders: VecDeque::new(),
            new_walk: None,
            walk: None,
            next_walk: now,
            incomplete: false,
            walk_again: false,
            caught_up: false,
        }
    }

    /// Waits until something is found, at most for that time. Each version of a file is handed out once, as soon as it
    /// seems whole.
    pub fn next(&mut self, timeout: Duration) -> Vec<Event> {
        let end = after(Instant::now(), timeout);
        loop {
            let now = Instant::now();
            self.look_at_root(now);
            self.take_news(now);
            self.look_again(now);
            self.walk(now);
            if !self.found.is_empty() || end <= now {
                return mem::take(&mut self.found);
            }
            if self.walk.is_none() && self.new_walk.is_none() && self.new_folders.is_empty() {
                self.wait(end);
            }
        }
    }

    /// Whoever was handed a file couldn't take it: the next walk that finds it hands it out once more.
    pub fn forget(&mut self, path: &Path) {
        let key = self.seen.key(path);
        self.seen.forget(key);
    }

    fn look_at_root(&mut self, now: Instant) {
        if now < self.folder.next_look {
            return;
        }
        self.folder.next_look = after(now, self.options.poll);
        match readable(&self.root) {
            Ok(identity) if self.folder.identity == Some(identity) => {}
            Ok(identity) => self.begin(identity, now),
            Err(error) => self.lose(unreadable(self.root.clone(), &error)),
        }
    }

    /// The folder is there, for the first time or in place of another.
    fn begin(&mut self, identity: (u64, u64), now: Instant) {
        self.forget_folders();
        self.folder.identity = Some(identity);
        if mem::take(&mut self.folder.said_trouble) {
            self.found.push(Event::Recovered);
        }
        self.next_walk = now;
    }

    /// The folder isn't there, or can't be read.
    fn lose(&mut self, problem: Unreadable) {
        self.forget_folders();
        self.folder.identity = None;
        if !mem::replace(&mut self.folder.said_trouble, true) {
            self.found.push(Event::Trouble(problem));
        }
    }

    fn forget_folders(&mut self) {
        self.watches = None;
        self.walk = None;
        self.new_folders.clear();
        self.new_walk = None;
        self.open.clear();
    }

    fn take_news(&mut self, now: Instant) {
        let Some(watches) = &mut self.watches else { return };
        match watches.read() {
            Ok(notices) => notices.into_iter().for_each(|notice| self.take_notice(notice, now)),
            Err(error) => {
                self.watches = None;
                self.miss(now);
                self.cannot_watch(&self.root.clone(), error.to_string());
            }
        }
    }

    fn take_notice(&mut self, notice: Notice, now: Instant) {
        match notice {
            Notice::Made(path) => self.made(path, now),
            Notice::Whole(path) => self.whole(path, now),
            Notice::Gone(path) => self.gone(&path),
            Notice::FolderMade(path) => self.walk_new(path, now),
            Notice::FolderGone(path) => self.folder_gone(&path),
            Notice::Ended(path) if path == self.root => {
                // Another may have been put in its place, even with the same numbers.
                self.folder.identity = None;
                self.folder.next_look = now;
            }
            Notice::Ended(_) => self.open.clear(),
            Notice::Overflow => {
                self.open.clear();
                self.miss(now);
            }
        }
    }

    /// A name has appeared. A file that is made now is handed out when it is closed; a link never will be.
    fn made(&mut self, path: PathBuf, now: Instant) {
        let Ok(metadata) = fs::symlink_metadata(&path) else { return };
        match fs::metadata(&path) {
            Ok(target) if target.is_dir() => self.walk_new(path, now),
            Ok(_) if metadata.is_symlink() || metadata.nlink() > 1 => self.listed(path, Origin::News, now),
            Ok(_) => self.open.add(self.seen.key(&path)),
            Err(error) => self.cannot_read(unreadable(path, &error)),
        }
    }

    fn whole(&mut self, path: PathBuf, now: Instant) {
        let key = self.seen.key(&path);
        self.open.remove(key);
        match fs::metadata(&path) {
            Ok(metadata) if metadata.is_dir() => self.walk_new(path, now),
            Ok(metadata) if metadata.is_file() && is_candidate_path(&path) => {
                self.hand_out(key, path, Version::of(&metadata));
            }
            Ok(_) => {}
            Err(error) => self.cannot_read(unreadable(path, &error)),
        }
    }

    fn gone(&mut self, path: &Path) {
        let key = self.seen.key(path);
        self.open.remove(key);
        self.seen.forget(key);
    }

    fn folder_gone(&mut self, path: &Path) {
        // Its files may be closed in another place.
        self.open.clear();
        if let Some(watches) = &mut self.watches {
            watches.remove(path);
        }
    }

    fn look_again(&mut self, now: Instant) {
        while let Some(look) = self.unsettled.next(now) {
            let Ok(metadata) = fs::metadata(&look.path) else { continue };
            let version = Version::of(&metadata);
            if self.open.has(look.key) || !metadata.is_file() {
                continue;
            } else if version == look.version {
                self.hand_out(look.key, look.path, version);
            } else {
                self.unsettled.add(look.key, look.path, version, after(now, self.second_look()));
            }
        }
    }

    /// Hands out a file, unless that was done.
    fn hand_out(&mut self, key: u64, path: PathBuf, version: Version) {
        if self.seen.add(key, &version) {
            self.found.push(Event::File(Candidate { path, version }));
        }
    }

    fn cannot_read(&mut self, problem: Unreadable) {
        if problem.path == self.root {
            return self.lose(problem);
        }
        // What is gone since needn't be read.
        if fs::symlink_metadata(&problem.path).is_err_and(|error| error.kind() == io::ErrorKind::NotFound) {
            return;
        }
        self.incomplete = true;
        if self.told.is_new(&problem) {
            self.found.push(Event::Trouble(problem));
        }
    }

    fn cannot_watch(&mut self, folder: &Path, reason: String) {
        self.unwatched = true;
        if !mem::replace(&mut self.said_unwatched, true) {
            self.found.push(Event::Unwatched(Unreadable { path: folder.to_owned(), reason }));
        }
    }

    fn second_look(&self) -> Duration {
        if self.is_watched() { SECOND_LOOK } else { self.options.poll }
    }

    fn is_watched(&self) -> bool {
        self.watches.is_some() && !self.unwatched
    }

    fn wait(&self, end: Instant) {
        let walk = self.folder.identity.is_some().then_some(self.next_walk);
        let dues = [Some(end), Some(self.folder.next_look), walk, self.unsettled.due()];
        let next = dues.into_iter().flatten().min().unwrap_or(end);
        let timeout = next.saturating_duration_since(Instant::now());
        match &self.watches {
            Some(watches) => watches.wait(timeout),
            None => thread::sleep(timeout),
        }
    }
}

/// When the folder that is followed can be listed: which one it is.
fn readable(root: &Path) -> io::Result<(u64, u64)> {
    fs::read_dir(root)?;
    let metadata = fs::metadata(root)?;
    Ok((metadata.dev(), metadata.ino()))
}

fn first_time(from: From) -> i64 {
    let seconds = match from {
        From::Beginning => return i64::MIN,
        From::Now => nanoseconds_now() / 1_000_000_000,
        From::Time(seconds) => seconds,
    };
    seconds.saturating_mul(1_000_000_000)
}

fn nanoseconds_now() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_nanos()).unwrap_or(i64::MAX)
}

/// A time that lies so much later, or as late as makes no difference.
fn after(time: Instant, duration: Duration) -> Instant {
    const LATE: Duration = Duration::from_secs(365 * 24 * 3600);
    time.checked_add(duration.min(LATE)).unwrap_or(time)
}

#[cfg(test)]
mod tests;
