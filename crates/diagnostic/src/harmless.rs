//! What is kept from a terminal.
//!
//! `annotate-snippets` replaces control characters (C0) and most of what changes the direction of writing, though not in
//! every text that it is given, and it passes on what some terminals take for a command (C1) or for the end of a line.

use std::borrow::Cow;

/// `text` with all that could disturb a terminal replaced, but for line breaks.
pub(crate) fn harmless(text: &str) -> String {
    annotate_snippets::normalize_untrusted_str(&without_rest(text))
}

/// `text` with that replaced which `annotate-snippets` leaves in a source.
pub(crate) fn without_rest(text: &str) -> Cow<'_, str> {
    if text.contains(disturbs) { Cow::Owned(text.replace(disturbs, "\u{fffd}")) } else { Cow::Borrowed(text) }
}

fn disturbs(character: char) -> bool {
    matches!(
        character,
        '\u{80}'..='\u{9f}' | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{206a}'..='\u{206f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_disturbs_a_terminal_is_replaced() {
        assert_eq!(harmless("a\u{1b}[31m\u{202e}\u{9b}1m\u{200f}\u{2028}\r"), "a␛[31m��1m��␍");
    }

    #[test]
    fn honest_text_stays() {
        assert_eq!(harmless("Zoë 王 🙂\nnext"), "Zoë 王 🙂\nnext");
    }
}
