//! The bounds of `kmswatch evaluate`, all in one place. `docs/limits.md` repeats them.

/// Bytes of a line. The longest that CloudWatch's alarms need has 8,646 datapoints.
pub(super) const MAX_LINE: usize = 16 << 20;

/// Mistakes that one line's answer lists; further ones are counted.
pub(super) const MAX_MISTAKES: usize = 20;

/// Characters of a message, which may hold what stands in the line.
pub(super) const MAX_MESSAGE: usize = 1000;

/// Lines whose mistakes are shown on standard error; further ones are counted, and their answers say what is wrong.
pub(super) const MAX_SHOWN: u64 = 100;

/// Different warnings that are shown, each where it occurs first.
pub(super) const MAX_WARNINGS: usize = 100;

/// Slots that `--explain` lists; of more, the newest.
pub(super) const MAX_SLOTS: usize = 40;
