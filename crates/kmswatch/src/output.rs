//! Where messages go.

use std::io::{self, IsTerminal, Write};

use crate::arguments::ColourArgument;

/// Writes an error for the person at the terminal.
pub(crate) fn error(message: &str) {
    note(&format!("kmswatch: {message}"));
}

/// Writes a line to standard error; if even that fails, there is nobody to tell.
pub(crate) fn note(message: &str) {
    let _ = writeln!(io::stderr().lock(), "{message}");
}

/// Writes lines that end themselves to standard error.
pub(crate) fn lines(text: &str) {
    let _ = io::stderr().lock().write_all(text.as_bytes());
}

/// Whether somebody closed the pipe that we write to.
pub(crate) fn broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause.downcast_ref::<io::Error>().is_some_and(|error| error.kind() == io::ErrorKind::BrokenPipe)
    })
}

/// Whether to use colours on standard output: as asked, else on a terminal unless `NO_COLOR` is set.
pub(crate) fn colour(asked: ColourArgument) -> bool {
    match asked {
        ColourArgument::Always => true,
        ColourArgument::Never => false,
        ColourArgument::Auto => {
            io::stdout().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty())
        }
    }
}

/// The same for standard error.
pub(crate) fn colour_of_errors(asked: ColourArgument) -> bool {
    match asked {
        ColourArgument::Auto => {
            io::stderr().is_terminal() && std::env::var_os("NO_COLOR").is_none_or(|set| set.is_empty())
        }
        _ => colour(asked),
    }
}

/// Columns of the terminal, or 80.
pub(crate) fn width() -> usize {
    let asked = std::env::var("COLUMNS").ok().and_then(|columns| columns.parse().ok());
    let terminal = || terminal_size::terminal_size().map(|(width, _)| usize::from(width.0));
    asked.or_else(terminal).unwrap_or(80)
}
