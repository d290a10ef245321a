//! A hash table from the text of one top-level member to the conjunctions that require it.

use super::index::{Filed, Groups};

/// A table for one watched key. Open addressing; at most a third of the slots are taken.
#[derive(Debug)]
pub(super) struct Table {
    pub(super) key: usize,
    /// All conjunctions of the table, for a value that isn't plain text.
    pub(super) all: Groups,
    entries: Vec<(Vec<u8>, Groups)>,
    /// Number of an entry plus one; 0 where there is none. A power of two.
    slots: Vec<u32>,
}

impl Table {
    pub(super) fn new(key: usize) -> Self {
        Table { key, all: Groups::default(), entries: Vec::new(), slots: Vec::new() }
    }

    /// Files a conjunction under `text`; [`Table::finish`] makes it found.
    pub(super) fn add(&mut self, text: &str, filed: Filed) {
        self.all.add(filed);
        match self.entries.iter_mut().find(|(known, _)| known == text.as_bytes()) {
            Some((_, groups)) => groups.add(filed),
            None => {
                let mut groups = Groups::default();
                groups.add(filed);
                self.entries.push((text.into(), groups));
            }
        }
    }

    pub(super) fn finish(&mut self) {
        let len = (self.entries.len() * 3).next_power_of_two();
        let mut slots = vec![0; len];
        for (number, (text, _)) in (1u32..).zip(&self.entries) {
            let free = probe(hash(text), len).find(|at| slots.get(*at) == Some(&0));
            if let Some(slot) = free.and_then(|at| slots.get_mut(at)) {
                *slot = number;
            }
        }
        self.slots = slots;
    }

    pub(super) fn get(&self, text: &[u8]) -> Option<&Groups> {
        for at in probe(hash(text), self.slots.len()) {
            let number = (*self.slots.get(at)? as usize).checked_sub(1)?;
            match self.entries.get(number) {
                Some((known, groups)) if known == text => return Some(groups),
                _ => {}
            }
        }
        None
    }
}

/// The slots to look at, in order.
#[expect(clippy::cast_possible_truncation, reason = "only the bits that fit the table are used")]
fn probe(hash: u64, len: usize) -> impl Iterator<Item = usize> {
    (0..len).map(move |step| (hash as usize + step) & (len - 1))
}

/// Of the length and the first and last eight bytes. Who writes the patterns is trusted, so nobody can choose them
/// to collide; a log event costs one comparison more at worst.
fn hash(text: &[u8]) -> u64 {
    let (first, last) = ends(text);
    let mixed = u128::from(first ^ 0x9e37_79b9_7f4a_7c15)
        * u128::from(last ^ (text.len() as u64) ^ 0xa076_1d64_78bd_642f);
    fold(mixed)
}

#[expect(clippy::cast_possible_truncation, reason = "the two halves are folded together")]
fn fold(product: u128) -> u64 {
    (product >> 64) as u64 ^ product as u64
}

fn ends(text: &[u8]) -> (u64, u64) {
    if let (Some(first), Some(last)) = (text.first_chunk::<8>(), text.last_chunk::<8>()) {
        return (u64::from_le_bytes(*first), u64::from_le_bytes(*last));
    }
    if let (Some(first), Some(last)) = (text.first_chunk::<4>(), text.last_chunk::<4>()) {
        return (u32::from_le_bytes(*first).into(), u32::from_le_bytes(*last).into());
    }
    (text.iter().fold(0, |word, byte| word << 8 | u64::from(*byte)), 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_filed_and_nothing_else() {
        let mut table = Table::new(0);
        for number in 0..300u32 {
            table.add(
                &"x".repeat(number as usize % 20).replacen('x', &number.to_string(), 1),
                Filed { mask: 1, pattern: number },
            );
        }
        table.finish();
        let patterns = |text: &str| {
            let mut found = Vec::new();
            if let Some(groups) = table.get(text.as_bytes()) {
                groups.any(1, &mut |pattern| {
                    found.push(pattern);
                    false
                });
            }
            found
        };
        assert_eq!(patterns("7xxxxxx"), [7]);
        assert_eq!(patterns("299xxxxxxxxxxxxxxxxxx"), [299]);
        assert_eq!(patterns("7xxxxxy"), Vec::<u32>::new());
        assert_eq!(patterns("").len(), 15);
    }
}
