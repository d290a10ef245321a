//! Mails into a folder, while no mail server is set.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use monitor::DeliveryOutcome;

use crate::email::Email;
use crate::story::Story;
use crate::times;

/// A folder in which each mail becomes a file `.eml`, whole or not at all.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Folder {
    path: PathBuf,
}

impl Folder {
    /// Uses a folder, which is made with the first mail where it is missing.
    #[must_use]
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Folder { path: path.into() }
    }

    /// Which folder.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a mail, and says what came of it.
    #[must_use]
    pub fn keep(&self, story: &Story, email: &Email) -> DeliveryOutcome {
        let path = self.path.join(file_name(story));
        match write(&self.path, &path, &email.message()) {
            Ok(()) => DeliveryOutcome::Accepted,
            Err(error) => DeliveryOutcome::Deferred(format!("{} can't be written: {error}", path.display())),
        }
    }
}

/// `20260914T111848Z-42-ALARM.eml`: in the order of time, and the same on each attempt.
fn file_name(story: &Story) -> String {
    let time = times::exact(story.letter.written_at.div_euclid(1000)).replace(['-', ':'], "");
    format!("{time}-{}-{}.eml", story.letter.id, story.happened.state())
}

/// Under another name first, so that nobody sees half a mail; on the disk before it counts as delivered.
fn write(folder: &Path, path: &Path, message: &[u8]) -> io::Result<()> {
    fs::create_dir_all(folder)?;
    let unfinished = path.with_extension("unfinished");
    let mut file = private().open(&unfinished)?;
    file.write_all(message)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)?;
    File::open(folder)?.sync_all()
}

/// For the user alone: mails tell who may decrypt what.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}
