//! Each distinct string once, in bounded memory.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::num::NonZeroU32;

use super::limits::{LONG, Limits, SHORT};

/// How much text one block holds.
const BLOCK: usize = 1 << 20;

/// A string in [`Strings`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Sym(NonZeroU32);

impl Sym {
    /// Counted from 1.
    pub(super) fn number(self) -> u32 {
        self.0.get()
    }

    /// The inverse of [`Sym::number`].
    pub(super) fn from_number(number: u32) -> Option<Self> {
        NonZeroU32::new(number).map(Sym)
    }
}

/// What a string is for: what describes groups must leave room for what tells them apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Use {
    /// It tells groups apart: a principal, a key, an error.
    Name,
    /// It describes a group.
    Value,
}

/// Each distinct string once. Long ones are stored cut, with `…`, but still told apart: a string is known by the
/// 64-bit hash of the whole of it, keyed anew in each run (the chance that any two of 229,376 meet is 1 in 10⁹).
#[derive(Debug)]
pub(super) struct Strings {
    known: HashMap<u64, Sym>,
    hasher: RandomState,
    blocks: Vec<String>,
    places: Vec<Place>,
    used: usize,
    max_strings: usize,
    max_text: usize,
}

/// Where a string's text lies.
#[derive(Debug, Clone, Copy)]
struct Place {
    block: u16,
    length: u16,
    start: u32,
}

impl Strings {
    /// Nothing yet.
    pub(super) fn new(limits: &Limits) -> Self {
        Strings {
            known: HashMap::new(),
            hasher: RandomState::new(),
            blocks: Vec::new(),
            places: Vec::new(),
            used: 0,
            max_strings: limits.strings,
            max_text: limits.text,
        }
    }

    /// The string's symbol; `None` where it is new and there is no room for it.
    pub(super) fn intern(&mut self, text: &str, what_for: Use) -> Option<Sym> {
        let hash = self.hasher.hash_one(text);
        if let Some(sym) = self.known.get(&hash) {
            return Some(*sym);
        }
        let limit = if self.used > self.max_text / 4 { SHORT } else { LONG };
        let (kept, mark) = cut(text, limit);
        self.has_room(kept.len() + mark.len(), what_for).then(|| self.store(hash, kept, mark)).flatten()
    }

    /// The text of a symbol.
    pub(super) fn get(&self, sym: Sym) -> &str {
        let place = self.places.get(sym.0.get() as usize - 1);
        place.and_then(|place| self.text_at(*place)).unwrap_or_default()
    }

    /// Bytes of all texts.
    #[cfg(test)]
    pub(super) fn used(&self) -> usize {
        self.used
    }

    fn text_at(&self, place: Place) -> Option<&str> {
        let start = place.start as usize;
        self.blocks.get(usize::from(place.block))?.get(start..start + usize::from(place.length))
    }

    fn has_room(&self, length: usize, what_for: Use) -> bool {
        let share = |limit: usize| if what_for == Use::Value { limit / 2 } else { limit };
        self.used + length <= share(self.max_text) && self.places.len() < share(self.max_strings)
    }

    fn store(&mut self, hash: u64, kept: &str, mark: &str) -> Option<Sym> {
        let length = kept.len() + mark.len();
        if self.blocks.last().is_none_or(|block| block.len() + length > BLOCK) {
            self.blocks.push(String::with_capacity(BLOCK));
        }
        let block = self.blocks.last_mut()?;
        let start = u32::try_from(block.len()).ok()?;
        block.push_str(kept);
        block.push_str(mark);
        let place = Place {
            block: u16::try_from(self.blocks.len() - 1).ok()?,
            length: u16::try_from(length).ok()?,
            start,
        };
        self.used += length;
        self.places.push(place);
        let sym = Sym::from_number(u32::try_from(self.places.len()).ok()?)?;
        self.known.insert(hash, sym);
        Some(sym)
    }
}

/// `text`, or as much of it as `limit` bytes hold and the mark that says so.
pub(super) fn cut(text: &str, limit: usize) -> (&str, &'static str) {
    if text.len() <= limit {
        return (text, "");
    }
    (text.get(..text.floor_char_boundary(limit)).unwrap_or_default(), "…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_string_has_one_symbol() {
        let mut strings = Strings::new(&Limits::default());
        let first = strings.intern("a", Use::Name).unwrap();
        assert_eq!(strings.intern("a", Use::Value), Some(first));
        assert_ne!(strings.intern("b", Use::Name), Some(first));
        assert_eq!(strings.get(first), "a");
    }

    #[test]
    fn long_strings_are_cut_and_told_apart() {
        let mut strings = Strings::new(&Limits::default());
        let first = strings.intern(&"ü".repeat(400), Use::Name).unwrap();
        let second = strings.intern(&"ü".repeat(401), Use::Name).unwrap();
        assert_ne!(first, second);
        assert_eq!(strings.get(first), format!("{}…", "ü".repeat(256)));
    }

    #[test]
    fn values_leave_room_for_names() {
        let mut strings = Strings::new(&Limits { strings: 4, ..Limits::default() });
        for value in ["1", "2"] {
            assert!(strings.intern(value, Use::Value).is_some());
        }
        assert!(strings.intern("3", Use::Value).is_none());
        assert!(strings.intern("3", Use::Name).is_some());
        assert!(strings.intern("4", Use::Name).is_some());
        assert!(strings.intern("5", Use::Name).is_none());
    }
}
