//! The earliest and the latest time of all records, which are many.

use cloudtrail::call;

use crate::report;

/// The earliest and the latest of some times, in seconds since 1970.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Span(pub(super) Option<(i64, i64)>);

impl Span {
    fn add(&mut self, time: i64) {
        let (first, last) = self.0.unwrap_or((time, time));
        self.0 = Some((first.min(time), last.max(time)));
    }

    pub(super) fn join(&mut self, other: Span) {
        if let Some((first, last)) = other.0 {
            self.add(first);
            self.add(last);
        }
    }
}

/// A [`Span`] that is compared as text: of two times as CloudTrail writes them, the earlier one is less.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct SpanText {
    bounds: Option<(TimeText, TimeText)>,
    pub(super) span: Span,
}

/// `2025-03-10T08:00:00Z` as numbers that compare as the text does.
type TimeText = (u128, u32);

/// Reads `2025-03-10T08:00:00Z` with its quotes at the start of `text`; other spellings are no [`TimeText`].
#[inline]
fn time_text(text: &[u8]) -> Option<TimeText> {
    let [b'"', time @ .., b'"'] = text.first_chunk::<22>()? else { return None };
    let [.., b'T', _, _, _, _, _, _, _, _, b'Z'] = time else { return None };
    let (head, tail) = (time.first_chunk::<16>()?, time.last_chunk::<4>()?);
    Some((u128::from_be_bytes(*head), u32::from_be_bytes(*tail)))
}

impl SpanText {
    /// Adds the `eventTime` of a record; `value` begins with its value.
    #[inline]
    pub(super) fn add(&mut self, value: &[u8]) {
        if let (Some((first, last)), Some(time)) = (self.bounds, time_text(value))
            && first <= time
            && time <= last
        {
            return;
        }
        self.widen(value);
    }

    #[cold]
    fn widen(&mut self, value: &[u8]) {
        let text = json::Document::parse_prefix(value)
            .ok()
            .and_then(|(time, _)| Some(time.root().string()?.into_owned()));
        // One absurd time must not hide when all the other records were.
        let Some(time) = report::sane(text.as_deref().and_then(call::seconds)) else { return };
        self.span.add(time);
        if let Some(text) = time_text(value) {
            let (first, last) = self.bounds.unwrap_or((text, text));
            self.bounds = Some((first.min(text), last.max(text)));
        }
    }
}
