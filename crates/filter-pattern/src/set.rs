//! Many patterns asked at once.
//!
//! Almost no log event matches anything, so a set is built to find that out from as little as it can. Each JSON
//! pattern is turned into conjunctions, and each conjunction is filed under the one of its conditions that is
//! cheapest to rule out (see `index`): the text of a top-level member, the presence of rare members, or a piece of
//! text that must occur. Only patterns with a conjunction that isn't ruled out are evaluated, first on the bytes of
//! the top-level members (see `raw`), and only if that leaves something open on the parsed log event. What rules
//! out is always a necessary condition, so the answer is the one that each pattern gives on its own.

mod conjunctions;
mod index;
mod literals;
mod program;
mod raw;
mod scratch;
mod table;

use json::{Document, Kind, Value};
use memchr::memmem;

use crate::ast::Syntax;
use crate::pattern::Pattern;
use index::Index;
use program::{Program, Programs};
pub use scratch::Scratch;

/// How many top-level members a set watches at most.
pub const MAX_WATCHED: usize = 16;

/// That a watched member isn't there; see [`Outline::values`].
pub const ABSENT: u32 = u32::MAX;

/// Patterns compiled together.
///
/// It is immutable; threads share it, each with its own [`Scratch`].
#[derive(Debug)]
pub struct PatternSet {
    patterns: Vec<Pattern>,
    programs: Programs,
    index: Index,
    /// The term and space-delimited patterns, which have no index.
    texts: Vec<u32>,
}

/// What a scanner knows of a log event that is one JSON object without having parsed it.
#[derive(Debug, Clone, Copy)]
pub struct Outline<'e> {
    /// The object's bytes, from `{` to `}`.
    pub event: &'e [u8],
    /// For each of [`PatternSet::watched_keys`]: the offset in `event` of the first byte of its value, white space
    /// skipped, of the last top-level member of that name; or [`ABSENT`].
    pub values: &'e [u32],
    /// Whether `event` holds a `\u00` escape anywhere. Then a key may be spelt with escapes, and `values` needn't
    /// be complete.
    pub escaped: bool,
}

impl PatternSet {
    /// Compiles a set. The patterns are numbered from 0 in the order given.
    #[must_use]
    pub fn new(patterns: Vec<Pattern>) -> Self {
        let programs = Programs::new(&patterns);
        let index = Index::new(&programs);
        let is_text = |pattern: &Pattern| !matches!(pattern.syntax(), Syntax::Json(_));
        let texts = (0u32..)
            .zip(&patterns)
            .filter(|(_, pattern)| is_text(pattern))
            .map(|(number, _)| number)
            .collect();
        PatternSet { patterns, programs, index, texts }
    }

    /// How many patterns it holds.
    #[must_use]
    pub fn len(&self) -> usize {
        self.patterns.len()
    }

    /// Whether it holds none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.patterns.is_empty()
    }

    /// The patterns, in order of their numbers.
    #[must_use]
    pub fn patterns(&self) -> &[Pattern] {
        &self.patterns
    }

    /// The keys of the top-level members whose values an [`Outline`] locates, the most useful first; at most
    /// [`MAX_WATCHED`], each of `[A-Za-z0-9_-]` only.
    #[must_use]
    pub fn watched_keys(&self) -> &[String] {
        &self.programs.watched
    }

    /// The numbers of the patterns that match `event`, the whole message of one log event, in ascending order.
    ///
    /// A JSON pattern matches only a JSON object. A message that isn't UTF-8 matches nothing, not even the empty
    /// pattern.
    pub fn matches<'s>(&self, event: &[u8], scratch: &'s mut Scratch) -> &'s [u32] {
        scratch.begin(self.patterns.len(), self.programs.conditions.len());
        if self.texts.len() < self.patterns.len() {
            self.match_parsed(event, scratch);
        }
        self.match_texts(event, scratch);
        scratch.sorted()
    }

    /// What [`PatternSet::matches`] answers for `outline.event`, found with less work.
    ///
    /// The event must be one well-formed JSON object: it isn't parsed unless a condition needs it, so of a
    /// malformed one a match may be reported. Whoever can't be sure checks the few events that match.
    pub fn matches_outline<'s>(&self, outline: &Outline<'_>, scratch: &'s mut Scratch) -> &'s [u32] {
        if !self.covers(outline) {
            return self.matches(outline.event, scratch);
        }
        if self.texts.is_empty() && !self.index.any(outline, &mut |_| true) {
            return &[];
        }
        scratch.begin(self.patterns.len(), self.programs.conditions.len());
        self.find_candidates(outline, scratch);
        if !scratch.candidates.is_empty() {
            self.decide_raw(outline, scratch);
        }
        if !scratch.pending.is_empty() {
            self.decide_parsed(outline.event, scratch);
        }
        self.match_texts(outline.event, scratch);
        scratch.sorted()
    }

    /// Whether a pattern may match. `false` is certain. Cheaper than [`PatternSet::matches_outline`] where that
    /// would have to parse; otherwise about the same.
    #[must_use]
    pub fn could_match(&self, outline: &Outline<'_>) -> bool {
        !self.texts.is_empty()
            || !self.covers(outline)
            || self.index.any(outline, &mut |pattern| self.may_hold(pattern, outline))
    }

    fn may_hold(&self, pattern: u32, outline: &Outline<'_>) -> bool {
        self.program(pattern).is_some_and(|program| {
            program.truth(&mut |id| self.programs.condition(id)?.decide(outline)) != Some(false)
        })
    }

    /// Whether an outline locates each watched member.
    fn covers(&self, outline: &Outline<'_>) -> bool {
        !outline.escaped && outline.values.len() == self.programs.watched.len()
    }

    fn program(&self, pattern: u32) -> Option<&Program> {
        self.programs.programs.get(pattern as usize)?.as_ref()
    }

    fn find_candidates(&self, outline: &Outline<'_>, scratch: &mut Scratch) {
        self.index.any(outline, &mut |pattern| {
            scratch.add_candidate(pattern);
            false
        });
    }

    /// Decides the candidates on the bytes of the watched members; what stays open is pending.
    fn decide_raw(&self, outline: &Outline<'_>, scratch: &mut Scratch) {
        let Scratch { candidates, matched, pending, memo, .. } = scratch;
        for &pattern in &*candidates {
            let Some(program) = self.program(pattern) else { continue };
            let condition = |id| memo.get_or(id, || self.programs.condition(id)?.decide(outline));
            match program.truth(&mut { condition }) {
                Some(true) => matched.push(pattern),
                Some(false) => {}
                None => pending.push(pattern),
            }
        }
    }

    /// Parses the event and decides what is pending.
    fn decide_parsed(&self, event: &[u8], scratch: &mut Scratch) {
        match Document::parse_with(event, std::mem::take(&mut scratch.buffer)) {
            Ok(document) => {
                self.decide_on(document.root(), scratch);
                scratch.buffer = document.into_buffer();
            }
            Err((_, buffer)) => scratch.buffer = buffer,
        }
    }

    fn decide_on(&self, root: Value<'_>, scratch: &mut Scratch) {
        let mut found = scratch.take_found(self.programs.selectors.len());
        let Scratch { matched, pending, memo, .. } = scratch;
        for &pattern in &*pending {
            let Some(program) = self.program(pattern) else { continue };
            let condition = |id| memo.get_or(id, || Some(self.programs.holds(id, root, &mut found)));
            if program.truth(&mut { condition }) == Some(true) {
                matched.push(pattern);
            }
        }
        scratch.keep_found(found);
    }

    /// Decides all JSON patterns on an event of which nothing is known.
    fn match_parsed(&self, event: &[u8], scratch: &mut Scratch) {
        if !event.trim_ascii_start().starts_with(b"{") {
            return;
        }
        match Document::parse_with(event, std::mem::take(&mut scratch.buffer)) {
            Ok(document) => {
                self.match_document(&document, scratch);
                scratch.buffer = document.into_buffer();
            }
            Err((_, buffer)) => scratch.buffer = buffer,
        }
    }

    fn match_document(&self, document: &Document<'_>, scratch: &mut Scratch) {
        if document.root().kind() != Kind::Object {
            return;
        }
        let mut values = std::mem::take(&mut scratch.values);
        self.locate(document.root(), &mut values);
        let event = document.text().as_bytes();
        let escaped = self.index.has_literals() && memmem::find(event, b"\\u00").is_some();
        let outline = Outline { event, values: &values, escaped };
        self.find_candidates(&outline, scratch);
        self.decide_raw(&outline, scratch);
        if !scratch.pending.is_empty() {
            self.decide_on(document.root(), scratch);
        }
        scratch.values = values;
    }

    /// Where the values of the watched members begin.
    fn locate(&self, root: Value<'_>, values: &mut Vec<u32>) {
        values.clear();
        values.resize(self.programs.watched.len(), ABSENT);
        for (key, value) in root.members() {
            let watched = self.programs.watched.iter().position(|watched| key.says(watched));
            if let Some(slot) = watched.and_then(|index| values.get_mut(index)) {
                *slot = u32::try_from(value.span().start).unwrap_or(ABSENT);
            }
        }
    }

    fn match_texts(&self, event: &[u8], scratch: &mut Scratch) {
        if self.texts.is_empty() {
            return;
        }
        let Ok(text) = std::str::from_utf8(event) else { return };
        for &number in &self.texts {
            let matches = match self.patterns.get(number as usize).map(Pattern::syntax) {
                Some(Syntax::Term(pattern)) => pattern.matches(event),
                Some(Syntax::Space(pattern)) => pattern.matches(text),
                _ => false,
            };
            if matches {
                scratch.matched.push(number);
            }
        }
    }
}
