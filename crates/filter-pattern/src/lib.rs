//! Does this log event match these patterns?
//!
//! The filter-pattern language of CloudWatch Logs: term patterns (`ERROR -"timed out"`), JSON patterns
//! (`{ $.errorCode = "AccessDenied*" }`) and space-delimited patterns (`[ip, user, ..., status = 4*]`). What a
//! pattern means is written down in `spec/FILTER_PATTERN.md`; the numbers in this crate's comments are that text's
//! sections.
//!
//! - [`Pattern`] is one parsed filter pattern. [`Pattern::matches`] asks it about one log event.
//! - [`PatternSet`] asks many at once and is much faster: it looks at as little of the log event as it can.
//! - [`PatternError`] says what is wrong with a pattern, where, what to write instead, and what AWS would say.
//! - [`Selector`] finds the values that a metric value or a dimension names.
//! - [`explain`] reads a pattern back in English and warns of what can't be meant.
//!
//! ```
//! use filter_pattern::Pattern;
//!
//! let pattern = Pattern::parse(r#"{ $.eventSource = "kms.amazonaws.com" && $.errorCode = "*" }"#)?;
//! assert!(pattern.matches(r#"{"eventSource":"kms.amazonaws.com","errorCode":"AccessDenied"}"#).is_some());
//! assert!(pattern.matches(r#"{"eventSource":"kms.amazonaws.com"}"#).is_none());
//! # Ok::<(), filter_pattern::PatternError>(())
//! ```

mod ast;
mod error;
pub mod explain;
mod glob;
mod json_match;
mod parse;
mod pattern;
mod regular;
mod selector;
mod set;
mod space_match;
mod text;

pub use ast::{
    Comparison, Condition, Expression, Field, FieldTest, FieldTests, Number, Operand, Prefix, SpacePattern,
    Syntax, Term, TermPattern, TermText, Test,
};
pub use error::{ErrorCode, PatternError};
pub use glob::{Glob, Wildcards};
pub use pattern::{Language, Match, Pattern};
pub use regular::{MAX_COMPILED_REGEX, Regex};
pub use selector::{Selector, Step};
pub use set::{ABSENT, MAX_WATCHED, Outline, PatternSet, Scratch};

/// How many characters a filter pattern may have (1).
pub const MAX_PATTERN_CHARS: usize = 1024;
/// How many regular expressions a JSON or space-delimited pattern may hold (4).
pub const MAX_REGEXES: usize = 2;
/// How many wildcards one selector may hold (5.2).
pub const MAX_WILDCARDS_PER_SELECTOR: usize = 1;
/// How many selectors with a wildcard a pattern may hold (5.2).
pub const MAX_WILDCARD_SELECTORS: usize = 3;
/// How deeply parentheses may be nested. AWS states no limit; this one keeps the parser's stack small.
pub const MAX_NESTING: usize = 128;
