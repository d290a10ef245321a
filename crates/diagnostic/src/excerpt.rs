//! The part of a text that is shown.

use std::borrow::Cow;
use std::ops::Range;

use crate::harmless::without_rest;
use crate::source::Source;

/// Lines longer than this are shown in part, and so are places further from each other.
const MOST_SHOWN: usize = 16 * 1024;

pub(crate) struct Excerpt<'t> {
    text: &'t str,
    start: usize,
    pub(crate) line: usize,
    pub(crate) whole_lines: bool,
}

impl<'t> Excerpt<'t> {
    /// The lines that the places touch; if they are too long, what stands around the primary one.
    pub(crate) fn of<'s>(
        source: &Source<'t>,
        primary: &Range<usize>,
        others: impl Iterator<Item = &'s Range<usize>>,
    ) -> Self {
        let text = source.text();
        let clamp = |span: &Range<usize>| {
            text.floor_char_boundary(span.start)..text.floor_char_boundary(span.end.max(span.start))
        };
        let first = clamp(primary);
        let (start, end) = others.map(clamp).fold((first.start, first.end), |(start, end), other| {
            (start.min(other.start), end.max(other.end))
        });
        let mut bounds = lines_around(text, start, end);
        if bounds.len() > MOST_SHOWN {
            bounds = lines_around(text, first.start, first.end);
        }
        let whole_lines = bounds.len() <= MOST_SHOWN;
        if !whole_lines {
            bounds = text.floor_char_boundary(first.start.saturating_sub(60))
                ..text.floor_char_boundary(first.end.min(first.start + 400) + 60);
        }
        let line = source.place(bounds.start).line;
        Excerpt { text: text.get(bounds.clone()).unwrap_or_default(), start: bounds.start, line, whole_lines }
    }

    /// Its text as it may be shown.
    pub(crate) fn shown(&self) -> Cow<'t, str> {
        without_rest(self.text)
    }

    pub(crate) fn holds(&self, span: &Range<usize>) -> bool {
        span.start >= self.start && span.end <= self.start + self.text.len()
    }

    /// A span of the whole text as one of what is shown, on the borders of characters.
    pub(crate) fn inside(&self, span: &Range<usize>) -> Range<usize> {
        let at = |offset: usize| {
            let end = self.text.floor_char_boundary(offset.saturating_sub(self.start));
            without_rest(self.text.get(..end).unwrap_or_default()).len()
        };
        at(span.start)..at(span.end).max(at(span.start))
    }
}

/// With the break of the last line, by which `annotate-snippets` knows a `\r` that belongs to it.
fn lines_around(text: &str, start: usize, end: usize) -> Range<usize> {
    let before = text.get(..start).unwrap_or_default();
    let after = text.get(end..).unwrap_or_default();
    let from = before.rfind('\n').map_or(0, |at| at + 1);
    from..end + after.find('\n').map_or(after.len(), |at| at + 1)
}
