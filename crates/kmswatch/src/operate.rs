//! The commands with which somebody operates the service: what it does, what it told, and what to do when it doesn't.
//!
//! What only a running service knows it is asked over HTTP; all else is read from its database, whether or not it runs. So each
//! of these commands has an answer when nothing else works any more, and says what it rests on.

pub(crate) mod alarms;
pub(crate) mod arguments;
pub(crate) mod backup;
mod client;
pub(crate) mod drill;
mod folder;
pub(crate) mod outbox;
mod seen;
pub(crate) mod status;
mod words;

pub(crate) use words::subscriber;

use std::io::{self, Write as _};

use serde::Serialize;

use crate::arguments::ColourArgument;
use crate::output;
use crate::report::TextOptions;
use crate::report::page::Page;

/// Writes a page to standard output.
fn print(write: impl FnOnce(&mut Page<'_>) -> io::Result<()>) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    let colour = output::colour(ColourArgument::Auto);
    let options = TextOptions { width: output::width(), colour, ..TextOptions::default() };
    write(&mut Page::new(&mut out, options))?;
    Ok(out.flush()?)
}

/// Writes a value as JSON to standard output.
fn print_json(value: &impl Serialize) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    // As an error of writing, so that a pipe that somebody closed is known as one.
    serde_json::to_writer_pretty(&mut out, value).map_err(io::Error::from)?;
    writeln!(out)?;
    Ok(out.flush()?)
}

/// Now, in milliseconds since 1970.
fn now() -> i64 {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}
