//! Texts of which one must occur somewhere in the log event.
//!
//! A condition on a nested member is filed under a piece of text that the event's bytes must hold if it is true. To
//! be sure of that, the piece has only characters that JSON writes as themselves unless they are escaped as
//! `\u00…`; an event with such an escape is never ruled out here.

use aho_corasick::{AhoCorasick, packed};
use memchr::memmem::Finder;

use super::Outline;
use super::index::{Filed, Groups};
use super::program::Shared;
use crate::ast::{Operand, Test};
use crate::glob::Glob;

/// Shorter pieces occur in nearly every event.
const MIN_LITERAL: usize = 4;

#[derive(Debug)]
pub(super) struct Literals {
    search: Search,
    /// By number of the literal.
    by_literal: Vec<Groups>,
    all: Groups,
}

#[derive(Debug)]
enum Search {
    One(Finder<'static>),
    Many {
        /// Says quickly that none occurs; there is none for too many literals.
        quick: Option<packed::Searcher>,
        automaton: AhoCorasick,
    },
}

impl Literals {
    /// `None` if nothing is filed here.
    pub(super) fn new(filed: Vec<(Vec<u8>, Filed)>) -> Option<Self> {
        let mut texts: Vec<Vec<u8>> = Vec::new();
        let mut by_literal: Vec<Groups> = Vec::new();
        let mut all = Groups::default();
        for (text, filed) in filed {
            all.add(filed);
            match texts.iter().position(|known| *known == text).and_then(|at| by_literal.get_mut(at)) {
                Some(groups) => groups.add(filed),
                None => {
                    let mut groups = Groups::default();
                    groups.add(filed);
                    by_literal.push(groups);
                    texts.push(text);
                }
            }
        }
        Search::new(&texts).map(|search| Literals { search, by_literal, all })
    }

    /// Calls `take` with each pattern whose literal occurs, until it returns `true`.
    pub(super) fn any(
        &self,
        outline: &Outline<'_>,
        present: u32,
        take: &mut impl FnMut(u32) -> bool,
    ) -> bool {
        if !self.all.fits(present) {
            return false;
        }
        if outline.escaped {
            return self.all.any(present, take);
        }
        self.search.any(outline.event, &mut |number| {
            self.by_literal.get(number).is_some_and(|groups| groups.any(present, take))
        })
    }
}

impl Search {
    fn new(texts: &[Vec<u8>]) -> Option<Self> {
        match texts {
            [] => None,
            [text] => Some(Search::One(Finder::new(text).into_owned())),
            _ => Some(Search::Many {
                quick: packed::Searcher::new(texts),
                automaton: AhoCorasick::new(texts).ok()?,
            }),
        }
    }

    fn any(&self, event: &[u8], take: &mut impl FnMut(usize) -> bool) -> bool {
        match self {
            Search::One(text) => text.find(event).is_some() && take(0),
            Search::Many { quick: Some(quick), .. } if quick.find(event).is_none() => false,
            Search::Many { automaton, .. } => {
                automaton.find_overlapping_iter(event).any(|found| take(found.pattern().as_usize()))
            }
        }
    }
}

/// A piece of text that an event must hold for a condition to be true.
pub(super) fn literal_of(shared: &Shared) -> Option<Vec<u8>> {
    let Test::Equal(Operand::Text(glob)) = &shared.condition.test else { return None };
    let literal = if glob.is_exact()
        && !glob.text().starts_with(['-', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9'])
    {
        exact_literal(glob)
    } else {
        longest_run(glob.text()).as_bytes().to_vec()
    };
    (literal.len() >= MIN_LITERAL).then_some(literal)
}

/// A text that can't be a number stands in quotes.
fn exact_literal(glob: &Glob) -> Vec<u8> {
    let run = longest_run(glob.text());
    if run == glob.text() { format!("\"{run}\"").into_bytes() } else { run.as_bytes().to_vec() }
}

/// The longest part of which each character is written as itself.
fn longest_run(text: &str) -> &str {
    let is_plain = |c: char| matches!(c, ' '..='~') && !matches!(c, '/' | '"' | '\\' | '*');
    text.split(|c| !is_plain(c)).max_by_key(|run| run.len()).unwrap_or_default()
}
