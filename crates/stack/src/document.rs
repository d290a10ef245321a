//! What does this text in YAML or JSON say, and where does each value of it stand? For files that are no templates.
//!
//! The same tree, rules and limits as those of templates: YAML 1.1 without aliases and merges, keys that occur once, one
//! document. Tags mean nothing.
//!
//! ```
//! let text = "name: one\nat: 2m\n";
//! let root = stack::document::read(text)?;
//! let at = root.get("at").ok_or("no time")?;
//! assert_eq!((at.as_str(), text.get(at.span.range())), (Some("2m"), Some("2m")));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

use crate::error::{ErrorCode, Errors};
use crate::limits::MAX_TEMPLATE_BYTES;
use crate::read::tree_of;
use crate::tree::{Dialect, Span};

pub use crate::tree::{Member, Node, Value};

/// The tree of a text; no [`Value::Unresolved`] is in it.
///
/// # Errors
/// Everything that is wrong with it as YAML or JSON, in the order of the text; never an empty list.
pub fn read(text: &str) -> Result<Node, Errors> {
    let mut errors = Errors::default();
    if text.len() > MAX_TEMPLATE_BYTES {
        let message = format!("a file like this may have at most {MAX_TEMPLATE_BYTES} bytes");
        errors.add(ErrorCode::TooLarge, Span::default(), message, "split it into several");
        return Err(errors);
    }
    match tree_of(text, Dialect::Document, &mut errors) {
        Some(root) if errors.is_empty() => Ok(root),
        None if errors.is_empty() => {
            errors.add(ErrorCode::Syntax, Span::default(), "there is nothing in it", "write `key: value`");
            Err(errors)
        }
        _ => Err(errors.finished(text)),
    }
}
