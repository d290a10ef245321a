//! Memory that is used again for each log event.

use json::{Buffer, Value};

/// The memory that a [`PatternSet`](super::PatternSet) works in. Give the same one each time, and nothing is
/// allocated for a log event once it has grown, except where escaped strings are decoded or a wildcard looks
/// through an object.
#[derive(Debug, Default)]
pub struct Scratch {
    pub(super) matched: Vec<u32>,
    /// Patterns that the index didn't rule out, each once.
    pub(super) candidates: Vec<u32>,
    /// Candidates that the bytes of the watched members don't decide.
    pub(super) pending: Vec<u32>,
    pub(super) memo: Memo,
    pub(super) buffer: Buffer,
    pub(super) values: Vec<u32>,
    /// By pattern, the log event for which it last became a candidate.
    seen: Vec<u32>,
    found: Found<'static>,
}

/// By selector, what it finds in the present log event; `None` where nobody has looked yet.
pub(super) type Found<'d> = Vec<Option<Option<Value<'d>>>>;

/// What is known of the conditions for the present log event.
#[derive(Debug, Default)]
pub(super) struct Memo {
    /// Counts log events; a truth of another one isn't known.
    now: u32,
    truths: Vec<(u32, bool)>,
}

impl Scratch {
    /// A new one, without any memory yet.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Forgets the last log event.
    pub(super) fn begin(&mut self, patterns: usize, conditions: usize) {
        self.matched.clear();
        self.candidates.clear();
        self.pending.clear();
        self.memo.now = self.memo.now.wrapping_add(1);
        if self.memo.now == 0 || self.seen.len() < patterns || self.memo.truths.len() < conditions {
            self.grow(patterns, conditions);
        }
    }

    /// Also where the counter starts again: then nothing old may look like new.
    fn grow(&mut self, patterns: usize, conditions: usize) {
        let seen = self.seen.len().max(patterns);
        let truths = self.memo.truths.len().max(conditions);
        self.memo.now = 1;
        self.seen.clear();
        self.seen.resize(seen, 0);
        self.memo.truths.clear();
        self.memo.truths.resize(truths, (0, false));
    }

    pub(super) fn add_candidate(&mut self, pattern: u32) {
        if let Some(seen) = self.seen.get_mut(pattern as usize)
            && *seen != self.memo.now
        {
            *seen = self.memo.now;
            self.candidates.push(pattern);
        }
    }

    pub(super) fn sorted(&mut self) -> &[u32] {
        self.matched.sort_unstable();
        &self.matched
    }

    /// The memory for what selectors find in one document.
    pub(super) fn take_found<'d>(&mut self, selectors: usize) -> Found<'d> {
        let mut found = emptied(std::mem::take(&mut self.found));
        found.resize(selectors, None);
        found
    }

    pub(super) fn keep_found(&mut self, found: Found<'_>) {
        self.found = emptied(found);
    }
}

/// The same memory for another document. The standard library collects in place, so nothing is allocated.
#[expect(
    clippy::unnecessary_filter_map,
    reason = "it changes the type of the items, of which there are none"
)]
fn emptied<'d>(mut found: Found<'_>) -> Found<'d> {
    found.clear();
    found.into_iter().filter_map(|_| None).collect()
}

impl Memo {
    /// What is known of a condition, or else what `find` finds out.
    pub(super) fn get_or(&mut self, id: u32, find: impl FnOnce() -> Option<bool>) -> Option<bool> {
        let now = self.now;
        match self.truths.get_mut(id as usize) {
            Some((known, truth)) if *known == now => Some(*truth),
            Some(entry) => {
                let truth = find()?;
                *entry = (now, truth);
                Some(truth)
            }
            None => find(),
        }
    }
}
