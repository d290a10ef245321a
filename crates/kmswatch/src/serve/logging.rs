//! What the service says of its work: to standard error, through `tracing`, as text or JSON.

use std::fmt::Write as _;
use std::io::{self, IsTerminal as _, Write};

use anyhow::anyhow;
use tracing::level_filters::LevelFilter;

use crate::report::escape::{Escaped, disturbs};
use crate::settings::{LogFormat, LogLevel, Settings};

/// Starts the log. Nothing is written before.
pub(crate) fn start(settings: &Settings) -> anyhow::Result<()> {
    let level = match settings.log_level {
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let format = settings.log;
    let colour = format == LogFormat::Text && io::stderr().is_terminal();
    let writer = move || Harmless { out: io::stderr(), format, colour };
    let log = tracing_subscriber::fmt().with_writer(writer).with_max_level(level).with_target(false);
    // Where nobody reads the log any more, nobody reads why it can't be written, and to try it would be a panic.
    let log = log.log_internal_errors(false);
    let started = match settings.log {
        LogFormat::Json => log.json().flatten_event(true).try_init(),
        LogFormat::Text => log.with_ansi(colour).compact().try_init(),
    };
    started.map_err(|error| anyhow!("the log can't be started: {error}"))
}

/// Writes events, each in one piece, so that no name of a file or an alarm in them looks like another event, or like anything
/// that it isn't.
struct Harmless<W> {
    out: W,
    format: LogFormat,
    colour: bool,
}

impl<W: Write> Write for Harmless<W> {
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let safe = match self.format {
            LogFormat::Text => for_people(&text, self.colour),
            LogFormat::Json => for_programs(&text),
        };
        self.out.write_all(safe.as_bytes())?;
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

/// Further lines of an event are indented: only an event begins at the margin. Colours are those of `tracing`, which escapes what
/// looks like one in a message.
fn for_people(event: &str, colour: bool) -> String {
    let mut safe = String::with_capacity(event.len() + 1);
    for (number, line) in event.trim_end_matches('\n').split('\n').enumerate() {
        safe.push_str(if number > 0 { "\n    " } else { "" });
        for part in line.split_inclusive('\x1b') {
            let (text, escape) = part.strip_suffix('\x1b').map_or((part, ""), |text| (text, "\x1b"));
            // Writing to a string doesn't fail.
            let _ = write!(safe, "{}", Escaped(text));
            let _ = if colour { safe.write_str(escape) } else { write!(safe, "{}", Escaped(escape)) };
        }
    }
    safe.push('\n');
    safe
}

/// What disturbs and isn't ASCII stands in texts only, where JSON knows it as an escape.
fn for_programs(event: &str) -> String {
    let mut safe = String::with_capacity(event.len());
    for character in event.chars() {
        if character.is_ascii() || !disturbs(character) {
            safe.push(character);
            continue;
        }
        for unit in character.encode_utf16(&mut [0; 2]) {
            let _ = write!(safe, "\\u{unit:04x}");
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    fn written(event: &str, format: LogFormat, colour: bool) -> String {
        let mut log = Harmless { out: Vec::new(), format, colour };
        log.write_all(event.as_bytes()).unwrap();
        String::from_utf8(log.out).unwrap()
    }

    #[test]
    fn a_name_of_a_file_cannot_look_like_an_event() {
        let event = "2026 WARN a file path=x\n2026 ERROR all is lost\u{202e}\x1b[31m\n";
        let said = "2026 WARN a file path=x\n    2026 ERROR all is lost\\u{202e}\\x1b[31m\n";
        assert_eq!(written(event, LogFormat::Text, false), said);
    }

    #[test]
    fn colours_stay() {
        let event = "\x1b[2m2026\x1b[0m \x1b[33m WARN\x1b[0m a\u{9b}31m\n";
        assert_eq!(written(event, LogFormat::Text, true), event.replace('\u{9b}', "\\u{9b}"));
    }

    #[test]
    fn json_stays_what_it_is() {
        let event = "{\"message\":\"a\\n\u{202e}\u{e0041}é\"}\n";
        let said = written(event, LogFormat::Json, false);
        assert_eq!(said, "{\"message\":\"a\\n\\u202e\\udb40\\udc41é\"}\n");
        let (before, after): (serde_json::Value, serde_json::Value) =
            (serde_json::from_str(event).unwrap(), serde_json::from_str(&said).unwrap());
        assert_eq!(before, after);
    }
}
