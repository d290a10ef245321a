//! Which patterns can't be ruled out for a log event.
//!
//! A conjunction is filed in one place, so that it is looked at only when the log event has what that place asks
//! for: under the text that a top-level member must equal (`table`), under a text that must occur anywhere
//! (`literals`), or under nothing but the watched members that must be there. In each place, conjunctions stand in
//! groups of those that require the same watched members, as a bit mask, and a place none of whose masks fits the
//! log event isn't looked into at all.

use super::literals::{Literals, literal_of};
use super::program::{Programs, Shared, anchor_rank, is_common};
use super::raw::Raw;
use super::table::Table;
use super::{ABSENT, Outline};

/// Where the conjunctions of a set are filed.
#[derive(Debug, Default)]
pub(super) struct Index {
    tables: Vec<Table>,
    literals: Option<Literals>,
    unfiled: Groups,
}

/// Patterns by the watched members that one of their conjunctions requires.
#[derive(Debug, Default, Clone)]
pub(super) struct Groups {
    groups: Vec<(u32, Vec<u32>)>,
    /// Masks so that each group's mask includes one of them.
    least: Vec<u32>,
}

/// What is the same wherever a conjunction is filed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Filed {
    /// The watched members that it requires.
    pub(super) mask: u32,
    pub(super) pattern: u32,
}

impl Index {
    pub(super) fn new(programs: &Programs) -> Self {
        let mut index = Index::default();
        let mut literals = Vec::new();
        for (pattern, conjunctions) in (0u32..).zip(&programs.conjunctions) {
            match conjunctions {
                Some(conjunctions) => conjunctions.iter().for_each(|conjunction| {
                    let conditions: Vec<&Shared> =
                        conjunction.iter().filter_map(|id| programs.condition(*id)).collect();
                    index.file(&conditions, pattern, &mut literals, programs);
                }),
                None if programs.programs.get(pattern as usize).is_some_and(Option::is_some) => {
                    index.unfiled.add(Filed { mask: 0, pattern });
                }
                None => {}
            }
        }
        index.literals = Literals::new(literals);
        index.tables.iter_mut().for_each(Table::finish);
        index
    }

    fn file(
        &mut self,
        conditions: &[&Shared],
        pattern: u32,
        literals: &mut Vec<(Vec<u8>, Filed)>,
        programs: &Programs,
    ) {
        let filed = Filed { mask: required(conditions), pattern };
        let rare = |shared: &&&Shared| shared.top_level_key().is_some_and(|key| !is_common(key));
        let requires_rare = conditions.iter().filter(rare).any(|shared| bit(shared) != 0);
        if let Some((key, text)) = anchor(conditions, programs) {
            self.table(key).add(text, filed);
        } else if let Some(literal) =
            conditions.iter().find_map(|shared| literal_of(shared)).filter(|_| !requires_rare)
        {
            literals.push((literal, filed));
        } else {
            self.unfiled.add(filed);
        }
    }

    fn table(&mut self, key: usize) -> &mut Table {
        let at = self.tables.iter().position(|table| table.key == key).unwrap_or(self.tables.len());
        if at == self.tables.len() {
            self.tables.push(Table::new(key));
        }
        #[expect(clippy::indexing_slicing, reason = "found or pushed just above")]
        &mut self.tables[at]
    }

    pub(super) fn has_literals(&self) -> bool {
        self.literals.is_some()
    }

    /// Calls `take` with each pattern that isn't ruled out, maybe more than once, until it returns `true`; whether
    /// it did.
    pub(super) fn any(&self, outline: &Outline<'_>, take: &mut impl FnMut(u32) -> bool) -> bool {
        let present = present(outline.values);
        self.tables.iter().any(|table| look_up(table, outline, present, take))
            || self.unfiled.any(present, take)
            || self.literals.as_ref().is_some_and(|literals| literals.any(outline, present, take))
    }
}

fn look_up(table: &Table, outline: &Outline<'_>, present: u32, take: &mut impl FnMut(u32) -> bool) -> bool {
    if !table.all.fits(present) {
        return false;
    }
    match Raw::read(outline, table.key) {
        Raw::Text(text) => table.get(text).is_some_and(|groups| groups.any(present, take)),
        Raw::Number(_) | Raw::EscapedText | Raw::Unknown => table.all.any(present, take),
        _ => false,
    }
}

/// The bits of the watched members that are there.
fn present(values: &[u32]) -> u32 {
    values.iter().rev().fold(0, |mask, &value| mask << 1 | u32::from(value != ABSENT))
}

fn required(conditions: &[&Shared]) -> u32 {
    conditions.iter().fold(0, |mask, shared| mask | bit(shared))
}

/// The bit of the watched member that a condition requires; 0 if none.
fn bit(shared: &Shared) -> u32 {
    match shared.watched {
        Some(key) if shared.requires_presence() => 1 << key,
        _ => 0,
    }
}

/// The watched key and the text that it must equal, of several the one that rules out most.
fn anchor<'p>(conditions: &[&'p Shared], programs: &Programs) -> Option<(usize, &'p str)> {
    let exact = conditions.iter().filter_map(|shared| Some((shared.watched?, shared.exact_text()?)));
    exact.min_by_key(|(key, _)| programs.watched.get(*key).map(|key| anchor_rank(key)))
}

impl Groups {
    pub(super) fn add(&mut self, filed: Filed) {
        match self.groups.iter_mut().find(|(mask, _)| *mask == filed.mask) {
            Some((_, patterns)) if patterns.contains(&filed.pattern) => {}
            Some((_, patterns)) => patterns.push(filed.pattern),
            None => {
                self.groups.push((filed.mask, vec![filed.pattern]));
                self.add_least(filed.mask);
            }
        }
    }

    fn add_least(&mut self, mask: u32) {
        if !self.least.iter().any(|least| least & !mask == 0) {
            self.least.retain(|least| mask & !least != 0);
            self.least.push(mask);
        }
    }

    /// Whether a group requires no more than what is there.
    pub(super) fn fits(&self, present: u32) -> bool {
        self.least.iter().any(|least| least & !present == 0)
    }

    /// Calls `take` with the patterns that require no more than what is there, until it returns `true`.
    pub(super) fn any(&self, present: u32, take: &mut impl FnMut(u32) -> bool) -> bool {
        self.fits(present)
            && self
                .groups
                .iter()
                .filter(|(mask, _)| mask & !present == 0)
                .any(|(_, patterns)| patterns.iter().any(|&pattern| take(pattern)))
    }
}
