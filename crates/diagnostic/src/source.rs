//! The text that a diagnostic is about.

/// A text that somebody wrote: a whole file, or a line that was typed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Source<'t> {
    text: &'t str,
    path: Option<&'t str>,
    first_line: usize,
}

/// A place in a text, for editors: both count from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The character in it.
    pub column: usize,
}

/// How wide a line of a file is shown.
const FILE_WIDTH: usize = 160;
/// So wide that nothing of a text that was typed is cut off for lack of room.
const TYPED_WIDTH: usize = 16 * 1024;

impl<'t> Source<'t> {
    /// A file and its name, which is shown.
    #[must_use]
    pub fn file(text: &'t str, path: &'t str) -> Self {
        Source { text, path: Some(path), first_line: 1 }
    }

    /// A text without a name, such as an argument.
    #[must_use]
    pub fn typed(text: &'t str) -> Self {
        Source { text, path: None, first_line: 1 }
    }

    /// The same where the text is a part of the file that begins in that line, counted from 1.
    #[must_use]
    pub fn starting_at(self, first_line: usize) -> Self {
        Source { first_line, ..self }
    }

    /// Only its first `chars` characters, for a text that may be longer than is worth showing.
    #[must_use]
    pub fn shown_up_to(self, chars: usize) -> Self {
        let end = self.text.char_indices().nth(chars).map_or(self.text.len(), |(end, _)| end);
        Source { text: self.text.get(..end).unwrap_or_default(), ..self }
    }

    /// The text.
    #[must_use]
    pub fn text(&self) -> &'t str {
        self.text
    }

    /// Its name.
    #[must_use]
    pub fn path(&self) -> Option<&'t str> {
        self.path
    }

    /// Where a byte of it stands.
    #[must_use]
    pub fn place(&self, byte: usize) -> Place {
        let before = self.text.get(..self.text.floor_char_boundary(byte)).unwrap_or_default();
        let line_start = before.rfind('\n').map_or(0, |at| at + 1);
        Place {
            line: self.first_line + before.bytes().filter(|byte| *byte == b'\n').count(),
            column: 1 + before.get(line_start..).unwrap_or_default().chars().count(),
        }
    }

    pub(crate) fn width(&self) -> usize {
        if self.path.is_some() { FILE_WIDTH } else { TYPED_WIDTH }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_count_from_one_and_in_characters() {
        let source = Source::typed("é\nab");
        let place = |byte| source.place(byte);
        assert_eq!(place(0), Place { line: 1, column: 1 });
        assert_eq!(place(2), Place { line: 1, column: 2 });
        assert_eq!(place(4), Place { line: 2, column: 2 });
        assert_eq!(place(99), Place { line: 2, column: 3 });
        assert_eq!(source.starting_at(7).place(3), Place { line: 8, column: 1 });
    }

    #[test]
    fn a_long_text_is_cut_between_characters() {
        assert_eq!(Source::typed("éaé").shown_up_to(2).text(), "éa");
        assert_eq!(Source::typed("éaé").shown_up_to(3).text(), "éaé");
        assert_eq!(Source::file("éaé", "a").shown_up_to(0), Source::file("", "a"));
    }
}
