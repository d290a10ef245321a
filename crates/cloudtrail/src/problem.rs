//! What could not be read, where, and why.

use std::fmt;

use crate::limits::{MAX_INFLATED_BYTES, MAX_PROBLEMS_PER_FILE, MAX_RECORD_BYTES, MAX_WHOLE_BYTES};

/// Something in a log file that could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Byte offset into the file's text (after inflating).
    pub offset: u64,
    /// What is wrong there.
    pub reason: Reason,
}

/// Why something could not be read.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Reason {
    /// The file has no byte, or only white space.
    Empty,
    /// The file isn't JSON at all.
    NotJson,
    /// The file is UTF-16.
    Utf16,
    /// The gzip data are cut off or damaged.
    Gzip(String),
    /// The file inflates beyond the limit.
    InflatesTooFar,
    /// Whoever takes the records wanted no more of them.
    Stopped,
    /// Reading failed.
    Io(String),
    /// The file ends inside a record.
    EndsInsideRecord,
    /// The file ends inside an array.
    EndsInsideArray,
    /// The file ends behind the records, but isn't closed.
    EndsBehindRecords,
    /// An object is longer than a record may be.
    RecordTooLong,
    /// An object isn't JSON inside.
    Json(json::ErrorKind),
    /// Text that is neither an object nor a separator.
    Stray,
    /// An element of `Records` that isn't an object.
    NotAnObject,
    /// The file is broken in so many places that the rest wasn't tried.
    GaveUp,
    /// Log files wrapped in each other deeper than the limit.
    WrappedTooDeep,
    /// Gzip in base64 that is damaged or too long.
    WrappedGzip,
}

impl Reason {
    /// Whether what comes behind it in the file isn't read, or isn't there.
    fn cuts_off(&self) -> bool {
        matches!(
            self,
            Reason::Gzip(_)
                | Reason::Io(_)
                | Reason::Stopped
                | Reason::InflatesTooFar
                | Reason::EndsInsideRecord
                | Reason::EndsInsideArray
                | Reason::EndsBehindRecords
                | Reason::GaveUp
        )
    }
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Reason::Empty => write!(f, "the file is empty"),
            Reason::NotJson => write!(f, "not JSON"),
            Reason::Utf16 => write!(f, "UTF-16 text; CloudTrail writes UTF-8"),
            Reason::Gzip(error) => {
                write!(f, "gzip data cut off or damaged ({error}); what came before was read")
            }
            Reason::InflatesTooFar => {
                write!(f, "inflates to more than {} GiB; the rest was not read", MAX_INFLATED_BYTES >> 30)
            }
            Reason::Stopped => write!(f, "interrupted; the rest was not read"),
            Reason::Io(error) => write!(f, "reading failed: {error}"),
            Reason::EndsInsideRecord => write!(f, "the file ends inside this record"),
            Reason::EndsInsideArray => write!(f, "the file ends before the `]` that closes its records"),
            Reason::EndsBehindRecords => write!(f, "the file ends before the `}}` that closes it"),
            Reason::RecordTooLong => write!(f, "an object longer than {} MiB", MAX_RECORD_BYTES >> 20),
            Reason::Json(kind) => write!(f, "broken JSON: {kind}"),
            Reason::Stray => write!(f, "text that is neither a record nor a separator"),
            Reason::NotAnObject => write!(f, "an element of `Records` that is not an object"),
            Reason::GaveUp => write!(f, "broken in too many places; the rest was not read"),
            Reason::WrappedTooDeep => write!(f, "log files wrapped in each other too deeply"),
            Reason::WrappedGzip => {
                let most = MAX_WHOLE_BYTES >> 20;
                write!(f, "gzip in base64 that is damaged, or inflates to more than {most} MiB")
            }
        }
    }
}

/// The problems of one file: the first ones, and how many more there were.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Problems {
    /// At most [`MAX_PROBLEMS_PER_FILE`].
    pub first: Vec<Problem>,
    /// How many were left out.
    pub more: u64,
}

impl Problems {
    /// Adds one, unless one at the same place is there already: what is broken inside is broken outside too.
    ///
    /// That the file wasn't read to its end is listed in any case, once.
    pub(crate) fn add(&mut self, offset: u64, reason: Reason) {
        let repeated = |problem: &Problem| {
            problem.offset == offset || (reason == Reason::GaveUp && problem.reason == Reason::GaveUp)
        };
        if self.first.iter().any(repeated) {
            return;
        }
        let is_news = reason.cuts_off() && !self.cut_off();
        let problem = Problem { offset, reason };
        if self.first.len() < MAX_PROBLEMS_PER_FILE {
            self.first.push(problem);
            return;
        }
        self.more += 1;
        if is_news && let Some(last) = self.first.last_mut() {
            *last = problem;
        }
    }

    /// Whether the file wasn't read to its end.
    #[must_use]
    pub fn cut_off(&self) -> bool {
        self.first.iter().any(|problem| problem.reason.cuts_off())
    }

    /// Whether there was none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.first.is_empty()
    }
}
