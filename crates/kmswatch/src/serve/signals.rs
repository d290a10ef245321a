//! What the service is told by signals.
//!
//! `SIGINT` and `SIGTERM` end it, the second one at once. `SIGHUP` means that template and settings are to be read again, as
//! daemons have it; but where the log goes to a terminal, and that terminal is gone, nobody is left who wants the service.

use std::io::{self, IsTerminal as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM, SIGXFSZ};
use signal_hook::flag;

/// What the process answers with that is ended at once.
const AT_ONCE: i32 = 130;

/// What came so far.
pub(crate) struct Signals {
    end: Arc<AtomicBool>,
    reload: Arc<AtomicBool>,
    hangup: Arc<AtomicBool>,
    had_terminal: bool,
}

impl Signals {
    /// Watches from here on.
    ///
    /// # Errors
    /// Where the system refuses.
    pub(crate) fn watch() -> io::Result<Self> {
        let [end, reload, hangup] = [(); 3].map(|()| Arc::new(AtomicBool::new(false)));
        for signal in [SIGINT, SIGTERM] {
            // In this order: the first one only sets the flag, which the second one finds.
            flag::register_conditional_shutdown(signal, AT_ONCE, Arc::clone(&end))?;
            flag::register(signal, Arc::clone(&end))?;
        }
        flag::register(SIGHUP, Arc::clone(&hangup))?;
        flag::register(SIGHUP, Arc::clone(&reload))?;
        // Else a file that may not become longer (`ulimit -f`) ends the process. This way it is like a full disk, which is waited for.
        flag::register(SIGXFSZ, Arc::default())?;
        Ok(Signals { end, reload, hangup, had_terminal: io::stderr().is_terminal() })
    }

    /// Whether the service is to end.
    pub(crate) fn end(&self) -> bool {
        if self.hangup.swap(false, Ordering::Relaxed) && self.had_terminal && !io::stderr().is_terminal() {
            self.end.store(true, Ordering::Relaxed);
        }
        self.end.load(Ordering::Relaxed)
    }

    /// Whether somebody asked to read everything again since this was asked last.
    pub(crate) fn reload(&self) -> bool {
        self.reload.swap(false, Ordering::Relaxed)
    }
}
