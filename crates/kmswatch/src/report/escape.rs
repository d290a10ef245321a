//! How does hostile text reach a terminal?
//!
//! Everything in a record may have been written by an attacker. [`shown`] keeps what a person can see and writes
//! the rest as an escape (`\x1b`, `\u{202e}`): control characters (C0, DEL, C1), line and paragraph separators,
//! bidirectional controls, and characters without a width that hide between others. A backslash stays as it is.

use std::fmt::{self, Write as _};

pub(crate) use diagnostic::disturbs;

/// Where [`shown`] cuts text, in characters of the original.
pub(crate) const MAX_SHOWN: usize = 200;

/// `text` for a terminal: escaped, and cut after [`MAX_SHOWN`] characters with `…`.
pub(crate) fn shown(text: &str) -> String {
    shown_up_to(text, MAX_SHOWN)
}

/// [`shown`] with a length of one's own.
pub(crate) fn shown_up_to(text: &str, limit: usize) -> String {
    match text.char_indices().nth(limit) {
        Some((end, _)) => format!("{}…", Escaped(text.get(..end).unwrap_or_default())),
        None => Escaped(text).to_string(),
    }
}

/// Displays text of any length with every disturbing character escaped.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Escaped<'t>(pub(crate) &'t str);

impl fmt::Display for Escaped<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.chars().try_for_each(|character| match character {
            '\n' => f.write_str("\\n"),
            '\r' => f.write_str("\\r"),
            '\t' => f.write_str("\\t"),
            character if !disturbs(character) => f.write_char(character),
            character if character.is_ascii() => write!(f, "\\x{:02x}", u32::from(character)),
            character => write!(f, "\\u{{{:x}}}", u32::from(character)),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_characters_become_visible() {
        assert_eq!(shown("a\x1b[31mb"), "a\\x1b[31mb");
        assert_eq!(shown("\u{202e}gnp.exe\u{9b}\u{7f}\n"), "\\u{202e}gnp.exe\\u{9b}\\x7f\\n");
        assert_eq!(shown("ze\u{200b}ro \u{2028}"), "ze\\u{200b}ro \\u{2028}");
    }

    #[test]
    fn honest_text_stays() {
        assert_eq!(shown("DOMAIN\\Zoë 王 🙂"), "DOMAIN\\Zoë 王 🙂");
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        assert_eq!(shown_up_to("äöü", 2), "äö…");
        assert_eq!(shown_up_to("äöü", 3), "äöü");
        assert_eq!(shown(&"x".repeat(300)).chars().count(), MAX_SHOWN + 1);
    }
}
