//! One file, read in one or several windows.

use json::{Buffer, Document, ErrorKind, Value};

use super::walk::{Item, LAMBDA_SOURCE, is_digest, is_of_lambda, looks_like_record, walk};
use super::{FileKind, Found, Outcome, Outline, OwnKeys, Visitor};
use crate::limits::{MAX_RECORD_BYTES, MAX_SEPARATOR_BYTES};
use crate::problem::{Problem, Reason};
use crate::scanner::{ABSENT, Continue, Record, Scanner, Stop};

/// Where in a file the reading is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    /// Between values, at the outermost level.
    Outside,
    /// Between the elements of `Records`.
    Records {
        /// As AWS writes it, without white space.
        compact: bool,
    },
    /// Behind the `]` that closes `Records`.
    AfterRecords,
    /// Between the elements of an array.
    Array,
    /// Between objects at the outermost level, which may follow each other.
    Objects,
    /// In front of text that can't stand here, of which too little is known.
    Stray,
    /// In text that means nothing, up to the next object.
    Lost,
}

/// The state of reading one file.
pub(super) struct Session<'s> {
    scanner: &'s Scanner,
    own: OwnKeys,
    strict: bool,
    visitor: &'s mut dyn Visitor,
    outcome: Outcome,
    place: Place,
    /// Offset of the window in the file's text.
    base: u64,
    /// Whether there was anything but white space.
    begun: bool,
    /// Whether the file begins with something that can't be JSON.
    starts_strangely: bool,
    /// Offset up to which it is reading inside an object that is known to be broken: what else is wrong in there is no
    /// news.
    broken_until: u64,
    /// Bytes that may still be read again in search of records in broken text.
    salvage_budget: u64,
    buffer: Buffer,
}

impl<'s> Session<'s> {
    pub(super) fn new(
        scanner: &'s Scanner,
        own: OwnKeys,
        strict: bool,
        visitor: &'s mut dyn Visitor,
    ) -> Self {
        Self {
            scanner,
            own,
            strict,
            visitor,
            outcome: Outcome::default(),
            place: Place::Outside,
            base: 0,
            begun: false,
            starts_strangely: false,
            broken_until: 0,
            salvage_budget: 64 << 20,
            buffer: Buffer::default(),
        }
    }

    /// Offset of the next window in the file's text.
    pub(super) fn base(&self) -> u64 {
        self.base
    }

    pub(super) fn problem(&mut self, offset: u64, reason: Reason) {
        self.outcome.problems.add(offset, reason);
    }

    /// Whether nobody wants more records.
    pub(super) fn stop(&self) -> bool {
        self.visitor.stop()
    }

    /// What the file was. Text without a single record that doesn't even begin like JSON is one problem, not many.
    pub(super) fn finish(mut self) -> Outcome {
        if !self.begun && self.outcome.problems.is_empty() {
            self.problem(0, Reason::Empty);
        }
        if self.outcome.records == 0 && self.outcome.kind == FileKind::Other && self.starts_strangely {
            let utf16 = self.outcome.problems.first.iter().any(|problem| problem.reason == Reason::Utf16);
            self.outcome.problems = Default::default();
            self.outcome.broken = 0;
            self.problem(0, if utf16 { Reason::Utf16 } else { Reason::NotJson });
        }
        self.outcome.problems.first.sort_by_key(|problem| problem.offset);
        self.outcome
    }

    /// Reads a window; returns how many of its bytes are done with. The rest comes again, with more behind it.
    pub(super) fn feed(&mut self, window: &[u8], last: bool) -> usize {
        let mut at = 0;
        loop {
            let step = match self.place {
                Place::Outside => self.outside(window, at, last),
                Place::Records { compact } => self.elements(window, at, last, Some(compact)),
                Place::AfterRecords => self.after_records(window, at, last),
                Place::Array => self.elements(window, at, last, None),
                Place::Objects => self.objects(window, at, last),
                Place::Stray => self.stray(window, at, last),
                Place::Lost => self.resume(window, at),
            };
            match step {
                Step::To(next) => at = next,
                Step::More(done) => {
                    self.base += done as u64;
                    return done;
                }
            }
        }
    }

    fn offset(&self, at: usize) -> u64 {
        self.base + at as u64
    }

    /// Before a value of the outermost level: which shape is it?
    fn outside(&mut self, window: &[u8], at: usize, last: bool) -> Step {
        if self.offset(at) == 0 && !last && window.len() < BYTE_ORDER_MARK.len() {
            return Step::More(0);
        }
        let at = skip_space(window, skip_byte_order_mark(window, at, self.base));
        let rest = window.get(at..).unwrap_or_default();
        let Some(first) = rest.first() else { return Step::More(at) };
        let begins = !std::mem::replace(&mut self.begun, true);
        match first {
            b'{' => match records_prefix(rest, last) {
                Prefix::Yes { length, compact } => {
                    self.outcome.kind = FileKind::Log;
                    self.place = Place::Records { compact };
                    return Step::To(at + length);
                }
                Prefix::Unknown if !last && rest.len() < MAX_SEPARATOR_BYTES => return Step::More(at),
                _ => self.place = Place::Objects,
            },
            b'[' => {
                self.place = Place::Array;
                return Step::To(at + 1);
            }
            _ if begins => return self.strange_start(window, at),
            _ => self.place = Place::Objects,
        }
        Step::To(at)
    }

    /// The file begins with something that is neither an object nor an array.
    fn strange_start(&mut self, window: &[u8], at: usize) -> Step {
        self.starts_strangely = true;
        if window.starts_with(&[0xff, 0xfe]) || window.starts_with(&[0xfe, 0xff]) {
            self.problem(0, Reason::Utf16);
            return self.skip_all(window);
        }
        self.place = Place::Objects;
        Step::To(at)
    }

    /// The elements of `Records` (`compact` says how they were written) or of another array (`None`).
    fn elements(&mut self, window: &[u8], at: usize, last: bool, records: Option<bool>) -> Step {
        let unchecked = records == Some(true) && !self.strict;
        let (stop, retry) = self.scan(window, at, records.is_some(), unchecked);
        match stop {
            Stop::ArrayEnd(end) => {
                self.place = if records.is_some() { Place::AfterRecords } else { Place::Outside };
                Step::To(end + 1)
            }
            Stop::End if last => {
                self.problem(self.offset(window.len()), Reason::EndsInsideArray);
                Step::More(window.len())
            }
            Stop::End => Step::More(last_separator(window, at)),
            Stop::Unexpected(stray) => self.odd_element(window, stray, last, records.is_some()),
            Stop::Incomplete(start) => self.incomplete(window, start, last),
            Stop::Broken { start, at } => self.broken(window, start, at),
            Stop::Asked(end) => self.retry(retry.unwrap_or(end)),
        }
    }

    /// Objects one after another.
    fn objects(&mut self, window: &[u8], at: usize, last: bool) -> Step {
        let (stop, retry) = self.scan(window, at, false, false);
        match stop {
            Stop::End if last => Step::More(window.len()),
            Stop::End => Step::More(last_separator(window, at)),
            Stop::ArrayEnd(stray) | Stop::Unexpected(stray) => self.stray(window, stray, last),
            Stop::Incomplete(start) => self.incomplete(window, start, last),
            Stop::Broken { start, at } => self.broken(window, start, at),
            Stop::Asked(end) => self.retry(retry.unwrap_or(end)),
        }
    }

    /// Goes on inside an object that wasn't JSON: what it holds may be.
    fn retry(&mut self, at: usize) -> Step {
        self.place = Place::Objects;
        Step::To(at)
    }

    /// Runs the scanner. Where an object asks for another try, the second value says from where.
    fn scan(&mut self, window: &[u8], at: usize, in_records: bool, unchecked: bool) -> (Stop, Option<usize>) {
        let scanner = self.scanner;
        let mut retry = None;
        let stop = scanner.scan(window, at, &mut |record| {
            let good = if unchecked && self.is_ordinary(window, &record) {
                self.unparsed(window, record)
            } else {
                self.parsed(window, record, in_records)
            };
            if good || !self.may_salvage(window, record.start, record.end) {
                return Continue::Yes;
            }
            retry = next_object(window.get(..record.end).unwrap_or_default(), record.start + 1);
            if retry.is_some() { Continue::No } else { Continue::Yes }
        });
        (stop, retry)
    }

    /// Whether the record has an `eventSource` that isn't Lambda's and an `eventTime`; an envelope hasn't, and a message of a
    /// queue has only the first.
    fn is_ordinary(&self, window: &[u8], record: &Record<'_>) -> bool {
        let at = |key: usize| record.values.get(key).copied().filter(|value| *value != ABSENT);
        let Some(source) = at(self.own.event_source) else { return false };
        let source = window.get(record.start + source as usize..).unwrap_or_default();
        at(self.own.event_time).is_some() && !record.escaped && !source.starts_with(LAMBDA_SOURCE)
    }

    fn outline<'r>(&self, record: &Record<'r>) -> Outline<'r> {
        let event_time = record.values.get(self.own.event_time).copied().unwrap_or(ABSENT);
        Outline { values: record.values, escaped: record.escaped, event_time }
    }

    /// Hands on a record of an ordinary file. Returns whether its visitor could read it.
    fn unparsed(&mut self, window: &[u8], record: Record<'_>) -> bool {
        let text = window.get(record.start..record.end).unwrap_or_default();
        let outline = self.outline(&record);
        let offset = self.base + record.start as u64;
        self.hand_on(Found { text, offset, outline: Some(outline), value: None })
    }

    fn hand_on(&mut self, found: Found<'_>) -> bool {
        let outcome = self.visitor.record(found);
        match outcome {
            Ok(()) => {
                self.outcome.records += 1;
                self.broken_until = 0;
            }
            Err(error) => {
                let end = found.offset + found.text.len() as u64;
                self.broken_object(
                    found.offset,
                    end,
                    found.offset + error.offset as u64,
                    Reason::Json(error.kind),
                );
            }
        }
        outcome.is_ok()
    }

    /// Reports an object that is broken, and counts it unless it is a part of one that has been counted.
    fn broken_object(&mut self, start: u64, end: u64, at: u64, reason: Reason) {
        if self.cut_before(start) {
            return;
        }
        self.problem(at, reason);
        if start >= self.broken_until {
            self.outcome.broken += 1;
            self.broken_until = end;
        }
    }

    /// Parses an object and hands on the records in it. Returns whether it was JSON.
    fn parsed(&mut self, window: &[u8], record: Record<'_>, in_records: bool) -> bool {
        let text = window.get(record.start..record.end).unwrap_or_default();
        let offset = self.base + record.start as u64;
        match Document::parse_with(text, std::mem::take(&mut self.buffer)) {
            Ok(document) => {
                let outline = self.outline(&record);
                self.object(document.root(), text, offset, outline, in_records);
                self.buffer = document.into_buffer();
                true
            }
            Err((error, buffer)) => {
                self.buffer = buffer;
                let end = offset + text.len() as u64;
                self.broken_object(offset, end, offset + error.offset as u64, Reason::Json(error.kind));
                false
            }
        }
    }

    fn object(&mut self, value: Value<'_>, text: &[u8], offset: u64, outline: Outline<'_>, in_records: bool) {
        if looks_like_record(value) {
            self.outcome.kind = FileKind::Log;
            self.hand_on(Found { text, offset, outline: Some(outline), value: Some(value) });
            return;
        }
        if is_digest(value) {
            self.outcome.kind = FileKind::Digest;
            return;
        }
        // In `Records` even an object without the usual members is a record, unless it wraps others.
        if self.inside(value, offset) == 0 && in_records && !is_of_lambda(value) {
            self.hand_on(Found { text, offset, outline: Some(outline), value: Some(value) });
        }
    }

    /// Hands on the records inside a value; returns how many there were.
    fn inside(&mut self, value: Value<'_>, offset: u64) -> u64 {
        let mut found = 0;
        walk(value, 0, &mut |item| match item {
            Item::Record(record) => {
                found += 1;
                self.outcome.kind = FileKind::Log;
                let text = record.raw().as_bytes();
                self.hand_on(Found { text, offset, outline: None, value: Some(record) });
            }
            Item::Problem(reason) => self.problem(offset, reason),
        });
        found
    }

    /// Behind the records of a file: its end, or further members of the outer object.
    fn after_records(&mut self, window: &[u8], at: usize, last: bool) -> Step {
        let at = skip_space(window, at);
        match window.get(at) {
            Some(b'}') => {
                self.place = Place::Outside;
                Step::To(at + 1)
            }
            Some(b',') => self.further_members(window, at, last),
            Some(_) => self.stray(window, at, last),
            None if last => {
                self.problem(self.offset(window.len()), Reason::EndsBehindRecords);
                Step::More(at)
            }
            None => Step::More(at),
        }
    }

    /// The member behind the comma at `at`, behind `Records`.
    fn further_members(&mut self, window: &[u8], at: usize, last: bool) -> Step {
        let value_at = match member_value(window, at + 1) {
            Ok(value_at) => value_at,
            Err((error_at, kind)) => return self.broken_member(window, at, last, (error_at, kind)),
        };
        match Document::parse_prefix(window.get(value_at..).unwrap_or_default()) {
            // A number may go on in the next window.
            Ok((_, end)) if value_at + end == window.len() && !last => Step::More(at),
            Ok((document, end)) => {
                self.inside(document.root(), self.offset(at));
                Step::To(value_at + end)
            }
            Err(error) => self.broken_member(window, at, last, (value_at + error.offset, error.kind)),
        }
    }

    /// A member behind `Records` that isn't JSON, or isn't finished; `error` says where and why.
    fn broken_member(&mut self, window: &[u8], at: usize, last: bool, error: (usize, ErrorKind)) -> Step {
        if !last && window.len() - at < MAX_RECORD_BYTES {
            return Step::More(at);
        }
        let (error_at, kind) = error;
        self.place = Place::Outside;
        self.problem(self.offset(error_at), Reason::Json(kind));
        self.broken_until = self.offset(error_at + 1);
        let salvaged = self.may_salvage(window, at, error_at);
        self.resume(window, if salvaged { at + 1 } else { error_at })
    }

    /// An object that isn't finished at the end of the window.
    fn incomplete(&mut self, window: &[u8], start: usize, last: bool) -> Step {
        let length = window.len() - start;
        if !last && length < MAX_RECORD_BYTES {
            return Step::More(start);
        }
        if self.offset(start) < self.broken_until {
            // A part of what has been reported.
        } else if last {
            self.cut_object(window, start);
        } else {
            self.problem(self.offset(start), Reason::RecordTooLong);
        }
        self.broken_until = u64::MAX;
        let salvaged = self.may_salvage(window, start, window.len());
        if salvaged { self.resume(window, start + 1) } else { self.skip_all(window) }
    }

    /// An object that isn't finished where the file ends: the file is cut off, or the object is broken long before.
    fn cut_object(&mut self, window: &[u8], start: usize) {
        let rest = window.get(start..).unwrap_or_default();
        let (at, reason) = match Document::parse_prefix(rest).err() {
            Some(error) if !may_go_on(error, rest) => (start + error.offset, Reason::Json(error.kind)),
            _ => (start, Reason::EndsInsideRecord),
        };
        self.broken_object(self.offset(start), u64::MAX, self.offset(at), reason);
    }

    /// Whether the file ends inside an object that begins before this offset: nothing in there is whole.
    fn cut_before(&self, offset: u64) -> bool {
        let cut = |problem: &Problem| problem.reason == Reason::EndsInsideRecord && problem.offset < offset;
        self.outcome.problems.first.iter().any(cut)
    }

    /// An object in which brackets don't fit.
    fn broken(&mut self, window: &[u8], start: usize, at: usize) -> Step {
        let object = window.get(start..=at).unwrap_or_default();
        let (at, reason) = match Document::parse_prefix(object).err() {
            Some(error) => (start + error.offset, Reason::Json(error.kind)),
            None => (at, Reason::Stray),
        };
        self.broken_object(self.offset(start), self.offset(start + object.len()), self.offset(at), reason);
        let salvaged = self.may_salvage(window, start, start + object.len());
        self.resume(window, start + if salvaged { 1 } else { object.len() })
    }

    /// Elements of an array that aren't objects: a string may hold records, anything else is reported. They are read
    /// one after another here, as the scanner would look for the next bracket each time.
    fn odd_element(&mut self, window: &[u8], from: usize, last: bool, in_records: bool) -> Step {
        let mut at = from;
        loop {
            if at == from && window.get(at) == Some(&b',') {
                at = skip_space(window, at + 1);
                if is_odd(window.get(at)) {
                    continue;
                }
                return if at == window.len() && !last {
                    Step::More(from)
                } else {
                    self.stray(window, from, last)
                };
            }
            let rest = window.get(at..).unwrap_or_default();
            if !is_odd(rest.first()) {
                return self.stray(window, at, last);
            }
            let (document, end) = match Document::parse_prefix(rest) {
                Ok((_, end)) if end == rest.len() && !last => return Step::More(at),
                Ok(parsed) => parsed,
                Err(error) if may_go_on(error, rest) && last => {
                    self.problem(self.offset(at), Reason::EndsInsideRecord);
                    return self.resume(window, at + 1);
                }
                Err(error) if may_go_on(error, rest) && rest.len() < MAX_RECORD_BYTES => {
                    return Step::More(at);
                }
                Err(_) => return self.stray(window, at, last),
            };
            if self.inside(document.root(), self.offset(at)) == 0 && in_records {
                self.problem(self.offset(at), Reason::NotAnObject);
            }
            let after = skip_space(window, at + end);
            let next = skip_space(window, after + usize::from(window.get(after) == Some(&b',')));
            if !is_odd(window.get(next)) {
                return Step::To(after);
            }
            at = next;
        }
    }

    /// Text that can't stand here: reported (time stamps in front of log events are not), then on with the next
    /// object or array.
    fn stray(&mut self, window: &[u8], at: usize, last: bool) -> Step {
        let rest = window.get(at..).unwrap_or_default();
        if rest.first() == Some(&b'[') && self.place == Place::Objects {
            self.place = Place::Outside;
            return Step::To(at);
        }
        let next = next_object(window, at + usize::from(matches!(rest.first(), Some(b'{' | b'['))));
        let between = window.get(at..next.unwrap_or(window.len())).unwrap_or_default();
        let closes = matches!(rest.first(), Some(b']' | b'}')) && !self.outcome.problems.is_empty();
        // A time stamp may go on in the next window.
        if next.is_none() && !last && between.len() < MAX_TIME_STAMP {
            self.place = Place::Stray;
            return Step::More(at);
        }
        let known = self.offset(at) < self.broken_until || self.cut_before(self.offset(at));
        if !(closes || known || is_time_stamp(between)) {
            self.problem(self.offset(at), Reason::Stray);
        }
        self.resume(window, at + usize::from(next == Some(at)))
    }

    /// Goes on with the next object from `at` on.
    fn resume(&mut self, window: &[u8], at: usize) -> Step {
        let next = next_object(window, at);
        self.place = if next.is_some() { Place::Objects } else { Place::Lost };
        next.map_or_else(|| self.skip_all(window), Step::To)
    }

    fn skip_all(&mut self, window: &[u8]) -> Step {
        Step::More(window.len())
    }

    /// Whether `start..end` may be read once more; without that limit a file made for it could take hours.
    fn may_salvage(&mut self, window: &[u8], start: usize, end: usize) -> bool {
        let bytes = end.min(window.len()).saturating_sub(start);
        match self.salvage_budget.checked_sub(bytes as u64 + 64) {
            Some(left) => {
                self.salvage_budget = left;
                true
            }
            None => {
                self.problem(self.offset(start + 1), Reason::GaveUp);
                false
            }
        }
    }
}

/// What to do next.
enum Step {
    /// Go on at this offset of the window.
    To(usize),
    /// More text is needed (or there is none); so many bytes of the window are done with.
    More(usize),
}

/// How a file begins.
enum Prefix {
    Yes {
        length: usize,
        compact: bool,
    },
    No,
    /// Too short to tell.
    Unknown,
}

/// Whether `text`, which begins with `{`, goes on with `"Records":[`.
fn records_prefix(text: &[u8], last: bool) -> Prefix {
    if text == b"{\"Records\":[" && !last {
        return Prefix::Unknown;
    }
    if text.starts_with(b"{\"Records\":[") {
        return Prefix::Yes { length: 12, compact: !text.get(12).is_some_and(u8::is_ascii_whitespace) };
    }
    let mut at = 1;
    for token in [&b"\"Records\""[..], b":", b"["] {
        at = skip_space(text, at);
        let rest = text.get(at..).unwrap_or_default();
        if !rest.starts_with(token) {
            return if token.starts_with(rest) { Prefix::Unknown } else { Prefix::No };
        }
        at += token.len();
    }
    Prefix::Yes { length: at, compact: false }
}

/// Where the value of a member begins, of which the key may begin at `from`; where there is none, at which byte and why.
fn member_value(window: &[u8], from: usize) -> Result<usize, (usize, ErrorKind)> {
    let unexpected = |at: usize| {
        let kind = window.get(at).map_or(ErrorKind::UnexpectedEnd, |byte| ErrorKind::UnexpectedByte(*byte));
        Err((at, kind))
    };
    let key_at = skip_space(window, from);
    if window.get(key_at) != Some(&b'"') {
        return unexpected(key_at);
    }
    let key = Document::parse_prefix(window.get(key_at..).unwrap_or_default());
    let (_, end) = key.map_err(|error| (key_at + error.offset, error.kind))?;
    let colon_at = skip_space(window, key_at + end);
    if window.get(colon_at) == Some(&b':') { Ok(colon_at + 1) } else { unexpected(colon_at) }
}

fn skip_space(text: &[u8], from: usize) -> usize {
    let rest = text.get(from..).unwrap_or_default();
    let space = rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).count();
    from + space
}

const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

fn skip_byte_order_mark(window: &[u8], at: usize, base: u64) -> usize {
    let marked = at == 0 && base == 0 && window.starts_with(BYTE_ORDER_MARK);
    if marked { BYTE_ORDER_MARK.len() } else { at }
}

/// Where the next window must begin, if only separators are left from somewhere behind `at` on: with the comma behind
/// the last object, so that a second one is seen.
fn last_separator(window: &[u8], at: usize) -> usize {
    let separates = |byte: &&u8| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b',');
    let left = window.iter().skip(at).rev().take_while(separates).count();
    let from = window.len().saturating_sub(left);
    let comma = window.iter().skip(from).position(|byte| *byte == b',');
    // A megabyte of spaces isn't kept for that.
    comma
        .map(|comma| from + comma)
        .filter(|comma| window.len() - comma < MAX_SEPARATOR_BYTES)
        .unwrap_or(window.len())
}

/// Whether this may begin an element of an array that isn't an object.
fn is_odd(first: Option<&u8>) -> bool {
    !matches!(first, Some(b'{' | b',' | b'}' | b']' | b':') | None)
}

/// Whether the text of a value is merely cut off, as far as one can tell.
fn may_go_on(error: json::Error, text: &[u8]) -> bool {
    const LONGEST_TOKEN: usize = 12;
    error.kind == json::ErrorKind::UnexpectedEnd || error.offset + LONGEST_TOKEN > text.len()
}

fn next_object(window: &[u8], from: usize) -> Option<usize> {
    memchr::memchr(b'{', window.get(from..)?).map(|found| from + found)
}

/// Bytes of a time stamp, with the space around it.
const MAX_TIME_STAMP: usize = 64;

/// What an export of a log group puts in front of each log event.
fn is_time_stamp(text: &[u8]) -> bool {
    if text.len() >= MAX_TIME_STAMP {
        return false;
    }
    let text = text.trim_ascii();
    (10..=40).contains(&text.len())
        && text.iter().all(|byte| {
            byte.is_ascii_digit() || matches!(byte, b'T' | b'Z' | b':' | b'.' | b'-' | b'+' | b' ')
        })
}
