//! The text of `Fn::Sub`, in pieces.
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-sub.html>

/// A piece of the text.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Piece<'t> {
    Text(&'t str),
    /// `${Name}` or `${Name.Attribute}`.
    Variable(&'t str),
    /// `${!Name}`, which stands for `${Name}`.
    Literal(&'t str),
    /// `${…}` with something that isn't a name.
    Invalid(&'t str),
}

/// Takes a text apart. A `${` that nothing closes is text.
pub(crate) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("${") {
        let Some((name, behind)) = after.split_once('}') else { break };
        if !before.is_empty() {
            pieces.push(Piece::Text(before));
        }
        pieces.push(piece(name));
        rest = behind;
    }
    if !rest.is_empty() {
        pieces.push(Piece::Text(rest));
    }
    pieces
}

fn piece(name: &str) -> Piece<'_> {
    let is_part = |character: char| character.is_ascii_alphanumeric() || matches!(character, '_' | '.' | ':');
    match name.strip_prefix('!') {
        Some(literal) => Piece::Literal(literal),
        None if !name.is_empty() && name.chars().all(is_part) => Piece::Variable(name),
        None => Piece::Invalid(name),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_taken_apart() {
        let expected = [
            Piece::Text("a "),
            Piece::Variable("B.Arn"),
            Piece::Literal("C"),
            Piece::Invalid("d:-e f"),
            Piece::Text(" ${"),
        ];
        assert_eq!(pieces("a ${B.Arn}${!C}${d:-e f} ${"), expected);
        assert_eq!(pieces(""), []);
        assert_eq!(pieces("${}"), [Piece::Invalid("")]);
    }
}
