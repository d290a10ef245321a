//! The lists of a group: which values occurred in how many of its calls.

use super::strings::Sym;

/// What a list is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(super) enum Kind {
    Operation,
    EventSource,
    Resource,
    SourceAddress,
    UserAgent,
    InvokedBy,
    VpcEndpoint,
    Region,
    Denial,
    DenyingPolicy,
    PrincipalNote,
    KeyNote,
    VpcEndpointAccount,
    Detection,
}

/// How many bits of [`Entry::tag`] hold the value.
const VALUE_BITS: u32 = 28;

/// All lists of one group in one piece of memory, eight bytes a value.
#[derive(Debug, Default)]
pub(super) struct Values(Vec<Entry>);

/// One value of one list, or, where its symbol is 0, the rest of that list.
#[derive(Debug, Clone, Copy)]
struct Entry {
    tag: u32,
    count: u32,
}

/// How many values all groups together may still take.
#[derive(Debug)]
pub(super) struct Room {
    /// Distinct values in one list.
    pub(super) in_list: usize,
    /// Values beyond the first of each list, in all groups.
    pub(super) further: usize,
}

impl Values {
    /// Counts one occurrence of a value; without a symbol, or without room, in the rest of its list.
    pub(super) fn add(&mut self, kind: Kind, value: Option<Sym>, room: &mut Room) {
        let tag = tag(kind, value);
        let counted = self.count(tag, 1) || (value.is_some() && self.push_value(kind, tag, room));
        if !counted {
            self.add_to_rest(kind, 1);
        }
    }

    /// The values of one list and how often each occurred, in no order.
    pub(super) fn of(&self, kind: Kind) -> impl Iterator<Item = (Sym, u32)> {
        self.list(kind).filter_map(|entry| Some((Sym::from_number(entry.value())?, entry.count)))
    }

    /// How often further values occurred in one list.
    pub(super) fn rest(&self, kind: Kind) -> u32 {
        self.list(kind).find(|entry| entry.value() == 0).map_or(0, |entry| entry.count)
    }

    fn list(&self, kind: Kind) -> impl Iterator<Item = &Entry> {
        self.0.iter().filter(move |entry| entry.tag >> VALUE_BITS == kind as u32)
    }

    fn count(&mut self, tag: u32, occurrences: u32) -> bool {
        let known = self.0.iter_mut().find(|entry| entry.tag == tag);
        let Some(entry) = known else { return false };
        entry.count = entry.count.saturating_add(occurrences);
        true
    }

    fn push_value(&mut self, kind: Kind, tag: u32, room: &mut Room) -> bool {
        let length = self.of(kind).count();
        if length >= room.in_list || (length > 0 && room.further == 0) {
            return false;
        }
        room.further -= usize::from(length > 0);
        self.push(tag, 1);
        true
    }

    /// Counts occurrences of values that aren't told.
    pub(super) fn add_to_rest(&mut self, kind: Kind, occurrences: u32) {
        let tag = tag(kind, None);
        if occurrences > 0 && !self.count(tag, occurrences) {
            self.push(tag, occurrences);
        }
    }

    /// Grows by an eighth, not by doubling: there are up to 100,000 of these.
    fn push(&mut self, tag: u32, count: u32) {
        if self.0.len() == self.0.capacity() {
            self.0.reserve_exact((self.0.len() / 8).max(if self.0.is_empty() { 8 } else { 2 }));
        }
        self.0.push(Entry { tag, count });
    }
}

impl Entry {
    fn value(self) -> u32 {
        self.tag & ((1 << VALUE_BITS) - 1)
    }
}

fn tag(kind: Kind, value: Option<Sym>) -> u32 {
    ((kind as u32) << VALUE_BITS) | value.map_or(0, Sym::number)
}
