//! What each code means, why it matters, and how to mend it.

/// A kind of remark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// `K012`. It never changes.
    pub code: &'static str,
    /// In a few words.
    pub title: &'static str,
    /// Why it matters, an example, how to mend it, and where it is written.
    pub explanation: &'static str,
}

/// All codes of this crate, in ascending order.
#[must_use]
pub fn codes() -> &'static [Code] {
    &CODES
}

static CODES: [Code; 0] = [];
