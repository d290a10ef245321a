//! What does Linux tell of folders at once?
//!
//! inotify, through rustix rather than the crate `inotify`: it is kept well, linked anyway, and has the waiting with a
//! time limit that the other lacks.

use std::collections::HashMap;
use std::ffi::OsStr;
use std::io;
use std::mem::MaybeUninit;
use std::os::fd::OwnedFd;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::fs::inotify::{self, CreateFlags, ReadFlags, WatchFlags};
use rustix::io::Errno;

/// What is read from the system at once.
const BUFFER: usize = 32 << 10;

/// What happened in a folder.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Notice {
    /// A file was made; it may still be written.
    Made(PathBuf),
    /// Somebody who wrote a file has closed it, or it was moved to here.
    Whole(PathBuf),
    /// A file was deleted or moved away.
    Gone(PathBuf),
    /// A folder was made, or moved to here.
    FolderMade(PathBuf),
    /// A folder was deleted or moved away.
    FolderGone(PathBuf),
    /// A folder that was watched isn't any more: it is gone, or its file system was unmounted.
    Ended(PathBuf),
    /// More happened than the system kept.
    Overflow,
}

/// The folders that are watched.
#[derive(Debug)]
pub(super) struct Watches {
    inotify: OwnedFd,
    /// By the system's number: the paths that lead to a folder (links lead there as well).
    folders: HashMap<i32, Vec<PathBuf>>,
    /// A limit of the system's, reached earlier.
    #[cfg(test)]
    pub(super) limit: usize,
}

impl Watches {
    pub(super) fn new() -> io::Result<Self> {
        let inotify = inotify::init(CreateFlags::NONBLOCK | CreateFlags::CLOEXEC)?;
        Ok(Watches {
            inotify,
            folders: HashMap::new(),
            #[cfg(test)]
            limit: super::tests::limit_of_watches(),
        })
    }

    /// Watches a folder, without those in it. To do it again changes nothing.
    pub(super) fn add(&mut self, folder: &Path) -> io::Result<()> {
        #[cfg(test)]
        if self.folders.len() >= self.limit {
            return Err(Errno::NOSPC.into());
        }
        let kinds = WatchFlags::CREATE | WatchFlags::CLOSE_WRITE | WatchFlags::DELETE | WatchFlags::MOVE;
        let number = inotify::add_watch(&self.inotify, folder, kinds | WatchFlags::ONLYDIR)?;
        let paths = self.folders.entry(number).or_default();
        if !paths.iter().any(|path| path == folder) {
            paths.push(folder.to_owned());
        }
        Ok(())
    }

    #[cfg(test)]
    pub(super) fn paths(&self) -> Vec<PathBuf> {
        let mut paths: Vec<PathBuf> = self.folders.values().flatten().cloned().collect();
        paths.sort();
        paths
    }

    /// Ends watching a folder under this path, and those below it: the system would go on where they were moved to.
    pub(super) fn remove(&mut self, folder: &Path) {
        let Watches { inotify, folders, .. } = self;
        folders.retain(|number, paths| {
            paths.retain(|path| !path.starts_with(folder));
            if paths.is_empty() {
                // It fails for a folder that is gone, whose watch has ended by itself.
                let _ = inotify::remove_watch(&*inotify, *number);
            }
            !paths.is_empty()
        });
    }

    /// Waits until there is something to read.
    pub(super) fn wait(&self, timeout: Duration) {
        let seconds = i64::try_from(timeout.as_secs()).unwrap_or(i64::MAX);
        let timeout = Timespec { tv_sec: seconds, tv_nsec: timeout.subsec_nanos().into() };
        // That it was interrupted is as good a reason to look as any.
        let _ = poll(&mut [PollFd::new(&self.inotify, PollFlags::IN)], Some(&timeout));
    }

    /// What has happened, in order: not all of it if it is much.
    ///
    /// # Errors
    /// Those of the system; then nothing more can be learnt from it.
    pub(super) fn read(&mut self) -> io::Result<Vec<Notice>> {
        let mut buffer = [MaybeUninit::uninit(); BUFFER];
        let mut reader = inotify::Reader::new(&self.inotify, &mut buffer);
        let mut notices = Vec::new();
        loop {
            match reader.next() {
                Ok(event) => {
                    let name = event.file_name().map(|name| OsStr::from_bytes(name.to_bytes()));
                    take(&mut self.folders, event.wd(), event.events(), name, &mut notices);
                }
                Err(Errno::WOULDBLOCK) => return Ok(notices),
                Err(Errno::INTR) => {}
                Err(error) => return Err(error.into()),
            }
            if reader.is_buffer_empty() {
                return Ok(notices);
            }
        }
    }
}

fn take(
    folders: &mut HashMap<i32, Vec<PathBuf>>,
    number: i32,
    what: ReadFlags,
    name: Option<&OsStr>,
    notices: &mut Vec<Notice>,
) {
    if what.contains(ReadFlags::QUEUE_OVERFLOW) {
        notices.push(Notice::Overflow);
    } else if what.contains(ReadFlags::IGNORED) {
        notices.extend(folders.remove(&number).into_iter().flatten().map(Notice::Ended));
    } else if let (Some(paths), Some(name), Some(notice)) = (folders.get(&number), name, kind(what)) {
        notices.extend(paths.iter().map(|folder| notice(folder.join(name))));
    }
}

/// What a notice says of its path. `None`: nothing that matters.
fn kind(what: ReadFlags) -> Option<fn(PathBuf) -> Notice> {
    let is_folder = what.contains(ReadFlags::ISDIR);
    if what.intersects(ReadFlags::DELETE | ReadFlags::MOVED_FROM) {
        Some(if is_folder { Notice::FolderGone } else { Notice::Gone })
    } else if what.intersects(ReadFlags::CREATE | ReadFlags::MOVED_TO) && is_folder {
        Some(Notice::FolderMade)
    } else if what.intersects(ReadFlags::CLOSE_WRITE | ReadFlags::MOVED_TO) {
        Some(Notice::Whole)
    } else {
        what.contains(ReadFlags::CREATE).then_some(Notice::Made)
    }
}
