//! A progress bar on a terminal, nothing elsewhere.

use std::io::IsTerminal;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use source::Walk;

use crate::output;

/// What is said at once.
const INTERRUPTING: &str = "interrupting… (Ctrl-C again ends it without a report)";

/// Shows how many files and records have been read.
pub(crate) struct Progress {
    bar: Option<ProgressBar>,
    records: AtomicU64,
}

impl Progress {
    /// A bar for reading `paths`; hidden where standard error isn't a terminal, or `quiet` is asked for.
    pub(crate) fn new(paths: &[PathBuf], quiet: bool) -> Self {
        let shown = !quiet && std::io::stderr().is_terminal();
        Self { bar: shown.then(|| bar(paths)), records: AtomicU64::new(0) }
    }

    /// One more file has been read.
    pub(crate) fn file(&self, records: u64) {
        let records = self.records.fetch_add(records, Ordering::Relaxed) + records;
        if let Some(bar) = &self.bar {
            bar.inc(1);
            bar.set_message(format!("{records} records"));
        }
    }

    /// What to do at once when Ctrl-C is seen: say so on a terminal, as the reading may take a while to end.
    pub(crate) fn on_interrupt(&self, quiet: bool) -> impl Fn() + Send + 'static {
        let bar = self.bar.clone();
        let shown = !quiet && std::io::stderr().is_terminal();
        move || match &bar {
            Some(bar) => bar.println(INTERRUPTING),
            None if shown => output::note(INTERRUPTING),
            None => {}
        }
    }

    /// Takes the bar off the screen.
    pub(crate) fn finish(&self) {
        if let Some(bar) = &self.bar {
            bar.finish_and_clear();
        }
    }
}

fn bar(paths: &[PathBuf]) -> ProgressBar {
    let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr_with_hz(10));
    let counting = ProgressStyle::with_template("{spinner} {pos} files, {msg} ({elapsed})");
    bar.set_style(counting.unwrap_or_else(|_| ProgressStyle::default_spinner()));
    bar.enable_steady_tick(Duration::from_millis(200));
    count_files(paths.to_vec(), bar.clone());
    bar
}

/// Counts the files beside the reading; once the number is known, the bar shows how much is left.
fn count_files(paths: Vec<PathBuf>, bar: ProgressBar) {
    if paths.iter().any(|path| path == Path::new("-")) {
        return;
    }
    thread::spawn(move || {
        let files = Walk::new(&paths).filter(Result::is_ok).take_while(|_| !bar.is_finished()).count();
        let whole = ProgressStyle::with_template("{bar:30} {pos}/{len} files, {msg} ({elapsed}, {eta} left)");
        bar.set_style(whole.unwrap_or_else(|_| ProgressStyle::default_bar()));
        bar.set_length(files as u64);
    });
}
