//! What a chain will hardly have been meant to do.

use diagnostic::Diagnostic;

use crate::Chain;

/// Everything worth saying of a chain, in the order of the text.
#[must_use]
pub fn lint(text: &str, chain: &Chain) -> Vec<Diagnostic> {
    let _ = (text, chain);
    Vec::new()
}
