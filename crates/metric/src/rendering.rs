//! Errors in what a user wrote, printed as rustc prints its own.

use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

/// How many characters of a text are shown.
const SHOWN_CHARS: usize = 300;

/// A mistake in a text.
pub(crate) struct Mistake<'m> {
    pub(crate) code: &'m str,
    pub(crate) message: &'m str,
    pub(crate) span: &'m Range<usize>,
    pub(crate) help: &'m str,
}

impl Mistake<'_> {
    /// With `text`, the mistake underlined, and the help.
    pub(crate) fn render(&self, text: &str, colour: bool) -> String {
        let shown = text.char_indices().nth(SHOWN_CHARS).and_then(|(end, _)| text.get(..end)).unwrap_or(text);
        let start = floor(self.span.start, shown);
        let span = start..floor(self.span.end, shown).max(start);
        let source = Snippet::source(shown).annotation(AnnotationKind::Primary.span(span));
        let title = Level::ERROR.primary_title(self.message).id(self.code);
        let report = title.element(source).element(Level::HELP.message(self.help));
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        renderer.decor_style(DecorStyle::Ascii).term_width(4 * SHOWN_CHARS).render(&[report])
    }
}

/// What a user or a log event says, safe to be shown in a terminal: as [`char::escape_debug`], but for quotes.
pub(crate) fn escaped(text: &str) -> String {
    let escape = |character: char| match character {
        '"' | '\'' | '\\' => character.to_string(),
        _ => character.escape_debug().to_string(),
    };
    text.chars().map(escape).collect()
}

/// The nearest border of a character of `text` that isn't behind `at`.
fn floor(at: usize, text: &str) -> usize {
    (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_upset_a_terminal_is_escaped() {
        assert_eq!(escaped("\"é\" \u{1b}[31m\u{202e}\n"), r#""é" \u{1b}[31m\u{202e}\n"#);
    }
}
