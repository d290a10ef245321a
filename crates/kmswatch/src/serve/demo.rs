//! The trail of `serve --demo`: log files that are written while one watches.

use std::ffi::OsString;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use anyhow::Context as _;
use flate2::Compression;
use flate2::write::GzEncoder;
use sample_trail::{Live, LogFile};

/// How often it is looked whether something is to be written, or it is time to end.
const LOOK: Duration = Duration::from_millis(100);

/// Writes log files below `folder`, each second those that are due, until `stop`. The folder is made if it isn't there. `clock`
/// tells the time in seconds since 1970. What can't be written is logged, and ends the thread.
///
/// # Errors
/// If the folder can't be made, or the thread.
pub(crate) fn start(
    folder: PathBuf,
    clock: impl Fn() -> i64 + Send + 'static,
    stop: Arc<AtomicBool>,
) -> anyhow::Result<JoinHandle<()>> {
    fs::create_dir_all(&folder).with_context(|| format!("{} can't be made", folder.display()))?;
    let follow = move || {
        if let Err(error) = write_until(&folder, &clock, &stop) {
            tracing::error!("the demonstration writes no more log files: {error:#}");
        }
    };
    thread::Builder::new().name("demo".into()).spawn(follow).context("a thread can't be started")
}

/// A trail that begins now. Its beginning is its seed, so that a second demonstration in one folder has records of its own.
fn write_until(folder: &Path, clock: &impl Fn() -> i64, stop: &AtomicBool) -> anyhow::Result<()> {
    let begins = clock();
    let mut live = Live::new(begins.unsigned_abs(), begins);
    while !stop.load(Ordering::Relaxed) {
        for file in live.until(clock()) {
            write(folder, &file)?;
        }
        thread::sleep(LOOK);
    }
    Ok(())
}

/// Under its name a file is whole at once: whoever follows the folder never sees a part of it.
fn write(folder: &Path, file: &LogFile) -> anyhow::Result<()> {
    let path = folder.join(&file.path);
    let unfinished = unfinished(&path);
    let written = || -> anyhow::Result<()> {
        if let Some(parent) = path.parent() {
            fs::create_dir_all(parent)?;
        }
        let mut gzip = GzEncoder::new(fs::File::create(&unfinished)?, Compression::default());
        gzip.write_all(file.content()?.as_bytes())?;
        gzip.finish()?;
        Ok(fs::rename(&unfinished, &path)?)
    };
    written().with_context(|| format!("{} can't be written", path.display())).inspect_err(|_| {
        // Half a file helps nobody; that it can't be removed either adds nothing to what is said anyway.
        drop(fs::remove_file(&unfinished));
    })
}

/// What a file is called until it is whole: `.NAME.unfinished`.
fn unfinished(path: &Path) -> PathBuf {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(".unfinished");
    path.with_file_name(name)
}

#[cfg(test)]
mod tests;
