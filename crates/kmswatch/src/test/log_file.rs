//! Log events from a file of the user's: whatever `kmswatch scan` reads.

use std::path::Path;
use std::rc::Rc;

use cloudtrail::reader::{FileKind, Found, Options, Reader, Visitor};
use source::Content;

use super::events::time_of;
use super::limits::MAX_LOG_FILE;
use crate::report::escape;

/// The records of a file, each with its time in seconds since 1970.
#[derive(Debug, Default)]
pub(super) struct LogFile {
    pub(super) records: Vec<(i64, Rc<str>)>,
}

/// All of a file. A case that rests on half of one would check something else than it says.
pub(super) fn read(path: &Path, (events, bytes): (u64, usize)) -> Result<LogFile, String> {
    let mut content = Vec::new();
    match source::open(path, &mut content, MAX_LOG_FILE) {
        Ok(Content::Whole) => {}
        Ok(Content::Rest(_)) => return Err(format!("it has more than {MAX_LOG_FILE} bytes")),
        Err(problem) => return Err(escape::shown(&problem.reason)),
    }
    let mut taker = Taker { file: LogFile::default(), events, bytes, ended: None };
    // Parsed to the last byte, in pieces, so that it can be stopped.
    let options = Options { strict: true, ..Options::default() };
    let outcome = Reader::new(&[], options).read_stream(content.as_slice(), &mut taker);
    if let Some(reason) = taker.ended {
        return Err(reason.to_owned());
    }
    if let Some(problem) = outcome.problems.first.first() {
        return Err(format!("at byte {}: {}", problem.offset, escape::shown(&problem.reason.to_string())));
    }
    match outcome.kind {
        FileKind::Log if !taker.file.records.is_empty() => Ok(taker.file),
        FileKind::Digest => Err("it is a digest file".into()),
        FileKind::Log | FileKind::Other => Err("there is no record in it".into()),
    }
}

struct Taker {
    file: LogFile,
    events: u64,
    bytes: usize,
    ended: Option<&'static str>,
}

impl Taker {
    fn take(&mut self, text: &[u8], time: Option<i64>) {
        if self.ended.is_some() {
            return;
        }
        let Some(time) = time else {
            self.ended = Some("a record has no `eventTime`");
            return;
        };
        let mut compact = String::new();
        let text = crate::log_event::compacted(text, &mut compact);
        let room = self.events > self.file.records.len() as u64 && self.bytes >= text.len();
        match std::str::from_utf8(text) {
            Ok(text) if room => {
                self.bytes -= text.len();
                self.file.records.push((time, text.into()));
            }
            Ok(_) => self.ended = Some("it holds more than a case file may"),
            Err(_) => self.ended = Some("a record isn't UTF-8"),
        }
    }
}

impl Visitor for Taker {
    fn record(&mut self, record: Found<'_>) -> Result<(), json::Error> {
        match record.value {
            Some(value) => self.take(record.text, time_of(value)),
            None => {
                let document = json::Document::parse(record.text)?;
                self.take(record.text, time_of(document.root()));
            }
        }
        Ok(())
    }

    fn stop(&self) -> bool {
        self.ended.is_some()
    }
}
