//! Which times a report is about.

use super::time::{LAST, readable, sane};

/// The first and the last second whose records count; without either, all before or after.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Window {
    pub(super) since: Option<i64>,
    pub(super) until: Option<i64>,
}

impl Window {
    /// From the first second to the last, both included; `None` if no time lies between them.
    pub(crate) fn new(since: Option<i64>, until: Option<i64>) -> Option<Self> {
        let is_empty = since.zip(until).is_some_and(|(since, until)| since > until);
        let within = |time: i64| time.clamp(0, LAST);
        (!is_empty).then_some(Window { since: since.map(within), until: until.map(within) })
    }

    /// Whether all times lie in it.
    pub(crate) fn is_open(self) -> bool {
        self == Window::default()
    }

    /// Whether a record may lie in it: also one without a readable time, which can't be shown to lie outside.
    pub(crate) fn may_hold(self, time: Option<i64>) -> bool {
        sane(time).is_none_or(|time| {
            self.since.is_none_or(|since| time >= since) && self.until.is_none_or(|until| time <= until)
        })
    }

    /// The part of a span of times that lies in it.
    pub(crate) fn within(self, span: Option<(i64, i64)>) -> Option<(i64, i64)> {
        let (first, last) = span?;
        let first = self.since.map_or(first, |since| since.max(first));
        let last = self.until.map_or(last, |until| until.min(last));
        (first <= last).then_some((first, last))
    }

    /// `between 2025-03-10 00:00:00 and 2025-03-10 23:59:59 UTC`; nothing if all times lie in it.
    pub(super) fn words(self) -> String {
        match (self.since.map(readable), self.until.map(readable)) {
            (None, None) => String::new(),
            (Some(since), None) => format!("from {since} UTC on"),
            (None, Some(until)) => format!("until {until} UTC"),
            (Some(since), Some(until)) => format!("between {since} and {until} UTC"),
        }
    }
}
