//! What each code means, why it matters, and how to mend it.

mod table;

use diagnostic::Severity;

/// A kind of remark.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Code {
    /// `K012`. It never changes.
    pub code: &'static str,
    /// How much it weighs; of some, a milder case is a note.
    pub severity: Severity,
    /// In a few words.
    pub title: &'static str,
    /// Why it matters, an example, how to mend it, and where that is written; in lines of at most 90 characters.
    pub explanation: &'static str,
}

/// All codes of this crate, in ascending order. What is wrong in a language of its own has that language's codes.
#[must_use]
pub fn codes() -> &'static [Code] {
    table::CODES
}

#[cfg(test)]
mod tests {
    use super::codes;

    #[test]
    fn codes_ascend_and_are_explained() {
        assert!(codes().is_sorted_by(|first, second| first.code < second.code));
        for code in codes() {
            assert!(code.title.len() < 90 && !code.title.ends_with('.'), "{}", code.code);
            assert!(
                code.explanation.matches(". ").count() + code.explanation.matches(".\n").count() >= 2,
                "{}",
                code.code
            );
            assert!(code.explanation.contains("Source: "), "{}", code.code);
            assert!(code.explanation.lines().all(|line| line.chars().count() <= 90), "{}", code.code);
        }
    }
}
