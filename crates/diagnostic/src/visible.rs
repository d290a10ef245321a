//! Which characters a person can't see as they are.

/// Whether a character must not be shown as it is, since it does something to what is around it or can't be seen: control
/// characters, what changes the direction of writing, and what takes no room, or room with nothing in it.
#[must_use]
pub fn disturbs(character: char) -> bool {
    character.is_control() || changes_direction(character) || is_invisible(character)
}

/// Bidirectional marks, embeddings, overrides and isolates.
fn changes_direction(character: char) -> bool {
    matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{206f}')
}

/// Separators of lines and paragraphs, and characters that take no room, or room with nothing in it.
fn is_invisible(character: char) -> bool {
    matches!(
        character,
        '\u{ad}' | '\u{34f}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}' | '\u{180b}'..='\u{180f}'
            | '\u{200b}'..='\u{200d}' | '\u{2028}' | '\u{2029}' | '\u{2060}'..='\u{2065}' | '\u{3164}'
            | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff9}'..='\u{fffb}'
            | '\u{e0000}'..='\u{e0fff}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_disturbs() {
        assert!("\x1b\n\u{9b}\u{202e}\u{200b}\u{2028}\u{e0041}".chars().all(disturbs));
        assert!(!"DOMAIN\\Zoë 王 🙂".contains(disturbs));
    }
}
