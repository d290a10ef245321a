//! Text to compare with, in which `*` stands for any run of characters (5.5, A1).

use memchr::memmem::Finder;

/// How `*` is matched (ambiguity A1). The two differ only where the text after a `*` occurs more than once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Wildcards {
    /// As in a shell: `*Denied` matches whatever ends in `Denied`. What AWS documents.
    #[default]
    Glob,
    /// Each piece is taken where it first occurs, and the last piece must end the text: `*Denied` doesn't match
    /// `Denied by policy: Denied`. The only reading that fits every result AWS was seen to return in 2019.
    Leftmost,
}

/// A value as typed in a pattern, its escapes removed.
#[derive(Debug, Clone)]
pub struct Glob {
    text: String,
    wildcards: Wildcards,
    /// What stands after each `*`; empty without one.
    after: Vec<Finder<'static>>,
    /// The length of what stands before the first `*`.
    first: usize,
}

impl Glob {
    pub(crate) fn new(text: String, wildcards: Wildcards) -> Self {
        let mut pieces = text.split('*');
        let first = pieces.next().map_or(0, str::len);
        let after = pieces.map(|piece| Finder::new(piece.as_bytes()).into_owned()).collect();
        Glob { text, wildcards, after, first }
    }

    /// The text, `*` included.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it holds no `*`: equal only to itself.
    #[must_use]
    pub fn is_exact(&self) -> bool {
        self.after.is_empty()
    }

    /// Whether it matches every text, the empty one too: `*`.
    #[must_use]
    pub fn is_anything(&self) -> bool {
        !self.is_exact() && self.text.bytes().all(|byte| byte == b'*')
    }

    /// Whether it matches the whole of `text`. Takes time in proportion to the length of `text`, times the number
    /// of `*` at worst.
    #[must_use]
    pub fn matches(&self, text: &[u8]) -> bool {
        if self.is_exact() {
            return text == self.text.as_bytes();
        }
        let Some(rest) = self.after_first(text) else { return false };
        let Some((last, middle)) = self.after.split_last() else { return false };
        middle
            .iter()
            .try_fold(rest, |rest, piece| after_piece(rest, piece))
            .is_some_and(|rest| self.ends(rest, last))
    }

    /// What follows the text before the first `*`. Comparing with nothing is left out here and below: it costs more
    /// than comparing with something, as `memcmp` then looks at an address that isn't there.
    fn after_first<'t>(&self, text: &'t [u8]) -> Option<&'t [u8]> {
        if self.first == 0 {
            return Some(text);
        }
        text.strip_prefix(self.text.as_bytes().get(..self.first)?)
    }

    fn ends(&self, rest: &[u8], last: &Finder<'_>) -> bool {
        match self.wildcards {
            _ if last.needle().is_empty() => true,
            Wildcards::Glob => rest.ends_with(last.needle()),
            Wildcards::Leftmost => after_piece(rest, last) == Some(&[]),
        }
    }
}

/// What follows the first occurrence of `piece`.
fn after_piece<'t>(text: &'t [u8], piece: &Finder<'_>) -> Option<&'t [u8]> {
    let at = piece.find(text)?;
    text.get(at + piece.needle().len()..)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(pattern: &str, text: &str) -> (bool, bool) {
        let with = |wildcards| Glob::new(pattern.into(), wildcards).matches(text.as_bytes());
        (with(Wildcards::Glob), with(Wildcards::Leftmost))
    }

    #[test]
    fn the_two_ways_differ_where_a_piece_occurs_twice() {
        assert_eq!(both("*111.111.111", "111.111.111.111"), (true, false));
        assert_eq!(both("*.111.111.111", "111.111.111.111"), (true, true));
        assert_eq!(both("111*111", "111111"), (true, true));
        assert_eq!(both("111*111", "1111111"), (true, false));
        assert_eq!(both("1*3", "123"), (true, true));
    }

    #[test]
    fn stars_alone_match_everything() {
        for text in ["", "a", "a\nb"] {
            assert_eq!(both("*", text), (true, true));
            assert_eq!(both("***", text), (true, true));
        }
    }

    #[test]
    fn pieces_do_not_overlap() {
        assert_eq!(both("ab*ba", "aba"), (false, false));
        assert_eq!(both("a*", ""), (false, false));
        assert_eq!(both("*a*a*", "a"), (false, false));
        assert_eq!(both("*a*a*", "xaya"), (true, true));
    }
}
