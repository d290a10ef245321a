//! The periods that an alarm looked at last: windows slide, so that most of a window's periods were part of the one before.

use alarm::Slot;

/// Datapoints of periods by their ends, in seconds since 1970, in a ring.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Recent {
    /// Empty where it isn't worth it.
    ring: Vec<(i64, Slot)>,
    /// The newest end in the ring.
    newest: i64,
}

/// Alarms whose windows touch more periods than this aren't remembered, to bound the memory of one alarm: 10 KiB.
const MAX_PERIODS: usize = 256;
/// No period ends then.
const NOTHING: i64 = i64::MIN;

impl Recent {
    /// Remembers periods from now on, for an alarm whose windows touch `periods` of them; one that does already goes on.
    pub(crate) fn begin(&mut self, periods: usize) {
        if self.ring.is_empty() && periods <= MAX_PERIODS {
            self.ring = vec![(NOTHING, None); periods];
            self.newest = NOTHING;
        }
    }

    /// Gives the memory back.
    pub(crate) fn end(&mut self) {
        self.ring = Vec::new();
    }

    pub(crate) fn is_used(&self) -> bool {
        !self.ring.is_empty()
    }

    /// The datapoint of the period that ends at `end`, a multiple of `grain`: as it is known, or else as `find` says.
    pub(crate) fn slot(&mut self, end: i64, grain: i64, find: impl FnOnce() -> Slot) -> Slot {
        self.newest = self.newest.max(end);
        let Some(place) = self.place(end, grain) else { return find() };
        let Some(known) = self.ring.get_mut(place) else { return find() };
        if known.0 != end {
            *known = (end, find());
        }
        known.1
    }

    /// Further observations came for the periods that end from `first` to `last`, multiples of `grain`.
    pub(crate) fn forget(&mut self, first: i64, last: i64, grain: i64) {
        let mut end = first;
        while end <= last.min(self.newest) && self.is_used() {
            if let Some(known) = self.place(end, grain).and_then(|place| self.ring.get_mut(place))
                && known.0 == end
            {
                known.0 = NOTHING;
            }
            end = end.saturating_add(grain);
        }
    }

    fn place(&self, end: i64, grain: i64) -> Option<usize> {
        let periods = i64::try_from(self.ring.len()).ok().filter(|periods| *periods > 0)?;
        usize::try_from(end.div_euclid(grain).rem_euclid(periods)).ok()
    }
}
