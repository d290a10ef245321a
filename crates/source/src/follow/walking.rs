//! How are folders walked over, while there is news?

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::io::Errno;

use super::names::is_candidate_path;
use super::remote::file_system;
use super::{Event, Follow, Version, Watches, after, nanoseconds_now};
use crate::Walk;
use crate::walk::unreadable;

/// Steps of a walk between two looks at the news, and so many where there is news.
const STEPS: usize = 512;
const STEPS_BETWEEN_NEWS: usize = 64;

/// With more new folders than this waiting to be walked over, everything is.
const MAX_NEW_FOLDERS: usize = 10_000;

/// A file that a walk finds is taken for whole if nobody has written to it for so long. Where the writer may be another
/// machine, it is that one's clock that says so.
const SETTLED: Duration = Duration::from_secs(2);
const SETTLED_ELSEWHERE: Duration = Duration::from_secs(60);

/// Walks that are repeated all the time take at most the fifth part of it.
const PAUSE_AFTER_WALK: u32 = 4;

/// Why a file is looked at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Origin {
    /// Everything is walked over.
    Everything,
    /// It is new.
    News,
}

impl Follow {
    /// Goes on with what is to be walked over, for a little while.
    pub(super) fn walk(&mut self, now: Instant) {
        self.walk_new_folders(now);
        if self.walk.is_none() && self.folder.identity.is_some() && self.next_walk <= now {
            self.begin_walk(now);
        }
        let Some((mut walk, began)) = self.walk.take() else { return };
        let mut steps = if self.found.is_empty() { STEPS } else { STEPS_BETWEEN_NEWS };
        let ended = self.go(&mut walk, &mut steps, Origin::Everything, now);
        if self.folder.identity.is_none() {
            // The folder itself was lost on the way.
        } else if ended {
            self.end_walk(began);
        } else {
            self.walk = Some((walk, began));
        }
    }

    /// A folder has come: what is in it is news.
    pub(super) fn walk_new(&mut self, folder: PathBuf, now: Instant) {
        if self.new_folders.len() < MAX_NEW_FOLDERS {
            self.new_folders.push_back(folder);
        } else {
            self.miss(now);
        }
    }

    /// Something may have been missed: all must be walked over.
    pub(super) fn miss(&mut self, now: Instant) {
        self.walk_again = true;
        self.next_walk = now;
    }

    /// A file that a walk has found, or that won't be closed.
    pub(super) fn listed(&mut self, path: PathBuf, origin: Origin, now: Instant) {
        if !is_candidate_path(&path) {
            return;
        }
        let metadata = match fs::metadata(&path) {
            Ok(metadata) if metadata.is_file() => metadata,
            Ok(_) => return,
            Err(error) => return self.cannot_read(unreadable(path, &error)),
        };
        let (key, version) = (self.seen.key(&path), Version::of(&metadata));
        if self.seen.has(key, &version) || self.open.has(key) {
            return;
        }
        let is_backlog = origin == Origin::Everything && !self.caught_up;
        if is_backlog && version.modified_ns < self.from {
            self.seen.add(key, &version);
        } else if self.is_settled(&version) || self.unsettled.is_full() {
            self.hand_out(key, path, version);
        } else {
            self.unsettled.add(key, path, version, after(now, self.second_look()));
        }
    }

    fn walk_new_folders(&mut self, now: Instant) {
        let mut steps = STEPS;
        while let Some(mut walk) = self.next_new_walk() {
            if !self.go(&mut walk, &mut steps, Origin::News, now) {
                self.new_walk = Some(walk);
                return;
            }
        }
    }

    fn next_new_walk(&mut self) -> Option<Walk> {
        let begun = self.new_walk.take();
        begun.or_else(|| Some(Walk::within(&self.root, self.new_folders.pop_front()?)))
    }

    fn begin_walk(&mut self, now: Instant) {
        self.seen.begin_walk();
        self.incomplete = false;
        self.walk_again = false;
        self.unwatched = false;
        if self.options.watch && self.watches.is_none() {
            match Watches::new() {
                Ok(watches) => self.watches = Some(watches),
                Err(error) => self.cannot_watch(&self.root.clone(), words(&error, "max_user_instances")),
            }
        }
        self.walk = Some((Walk::new(std::slice::from_ref(&self.root)), now));
    }

    fn end_walk(&mut self, began: Instant) {
        let now = Instant::now();
        if !self.incomplete {
            self.seen.end_walk();
        }
        self.told.end_walk();
        self.open.age(now, self.options.rescan);
        self.said_unwatched &= !self.is_watched();
        self.next_walk = match (self.walk_again, self.is_watched()) {
            (true, _) => now,
            (false, true) => after(now, self.options.rescan),
            (false, false) => after(now, self.options.poll.max((now - began) * PAUSE_AFTER_WALK)),
        };
        if !self.caught_up {
            self.caught_up = true;
            self.found.push(Event::CaughtUp);
        }
    }

    /// Goes on while there are steps left; whether that was the end of it.
    fn go(&mut self, walk: &mut Walk, steps: &mut usize, origin: Origin, now: Instant) -> bool {
        while *steps > 0 {
            *steps -= 1;
            match walk.step(&mut |folder| self.enters(folder, now)) {
                None => return true,
                Some(None) => {}
                Some(Some(Ok(file))) => self.listed(file.path, origin, now),
                Some(Some(Err(problem))) => self.cannot_read(problem),
            }
        }
        false
    }

    /// Whether a folder is looked into. If so, it is watched before it is listed: what comes in between is seen twice,
    /// rather than never.
    fn enters(&mut self, folder: &Path, now: Instant) -> bool {
        if folder != self.root && !is_candidate_path(folder) {
            return false;
        }
        let problem = self.watches.as_mut().and_then(|watches| watch(watches, folder).err());
        if let Some(problem) = problem {
            self.cannot_watch(folder, problem);
            self.next_walk = self.next_walk.min(after(now, self.options.poll));
        }
        true
    }

    /// Whether nobody seems to write to a file that was found so.
    fn is_settled(&self, version: &Version) -> bool {
        let limit = if self.is_watched() { SETTLED } else { SETTLED_ELSEWHERE };
        let age = nanoseconds_now().saturating_sub(version.modified_ns);
        u128::try_from(age).is_ok_and(|age| age >= limit.as_nanos())
    }
}

/// # Errors
/// Why not all that happens in the folder will be told.
fn watch(watches: &mut Watches, folder: &Path) -> Result<(), String> {
    use ErrorKind::{NotADirectory, NotFound, PermissionDenied};
    match watches.add(folder) {
        // The walk says so itself, if it meets that.
        Err(error) if matches!(error.kind(), NotFound | NotADirectory | PermissionDenied) => Ok(()),
        Err(error) => Err(words(&error, "max_user_watches")),
        Ok(()) => match file_system(folder) {
            Some(name) => Err(format!("{name} doesn't tell what other machines write")),
            None => Ok(()),
        },
    }
}

/// Why the system doesn't watch, and which of its limits has to do with it.
fn words(error: &std::io::Error, limit: &str) -> String {
    match error.kind() {
        ErrorKind::StorageFull => format!("the limit fs.inotify.{limit} is reached"),
        _ if error.raw_os_error() == Some(Errno::MFILE.raw_os_error()) => {
            format!("the limit fs.inotify.{limit}, or that of open files, is reached")
        }
        _ => error.to_string(),
    }
}
