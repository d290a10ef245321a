//! Ctrl-C: the first one ends the reading, so that what was read is still reported; the second ends the process.

use std::sync::atomic::{AtomicBool, Ordering};

static INTERRUPTED: AtomicBool = AtomicBool::new(false);

/// Watches for Ctrl-C from here on; the first one calls `notice`.
pub(crate) fn watch(notice: impl Fn() + Send + 'static) -> anyhow::Result<()> {
    ctrlc::set_handler(move || {
        if INTERRUPTED.swap(true, Ordering::SeqCst) {
            std::process::exit(130);
        }
        notice();
    })?;
    Ok(())
}

/// Whether somebody pressed Ctrl-C.
pub(crate) fn seen() -> bool {
    INTERRUPTED.load(Ordering::Relaxed)
}
