//! How much is shown of what a user or a log event says, and how.

/// How many characters are shown of a text with a mistake in it.
pub(crate) const MAX_SHOWN: usize = 300;

/// What a user or a log event says, safe to be shown in a terminal: as [`char::escape_debug`], but for quotes.
pub(crate) fn escaped(text: &str) -> String {
    let escape = |character: char| match character {
        '"' | '\'' | '\\' => character.to_string(),
        _ => character.escape_debug().to_string(),
    };
    text.chars().map(escape).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_upset_a_terminal_is_escaped() {
        assert_eq!(escaped("\"é\" \u{1b}[31m\u{202e}\n"), r#""é" \u{1b}[31m\u{202e}\n"#);
    }
}
