//! One filter pattern, and what one log event says to it.

use std::fmt;

use json::{Document, Kind};

use crate::ast::{Prefix, Syntax, TermPattern, TermText};
use crate::error::PatternError;
use crate::glob::Wildcards;
use crate::parse::parse_pattern;

/// A parsed filter pattern.
///
/// It is an immutable value; [`Pattern::matches`] may be called from many threads.
#[derive(Debug, Clone)]
pub struct Pattern {
    text: String,
    wildcards: Wildcards,
    syntax: Syntax,
}

/// Which of the three languages a pattern is written in (1).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Language {
    /// Words, phrases and regular expressions; the empty pattern too.
    Term,
    /// `{ … }`
    Json,
    /// `[ … ]`
    Space,
}

/// That a log event matches.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Match {
    /// What TestMetricFilter returns as `extractedValues`: of a space-delimited pattern each field's `$name`, or
    /// `$N` for one without name, and what it says, in the order of the fields. Empty for the other languages.
    pub extracted: Vec<(String, String)>,
}

impl Pattern {
    /// Parses a filter pattern, with `*` matched as [`Wildcards::Glob`].
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        Self::parse_with(text, Wildcards::default())
    }

    /// Parses a filter pattern.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse_with(text: &str, wildcards: Wildcards) -> Result<Self, PatternError> {
        let syntax = parse_pattern(text, wildcards)?;
        Ok(Pattern { text: text.into(), wildcards, syntax })
    }

    /// As typed.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// How `*` is matched.
    #[must_use]
    pub fn wildcards(&self) -> Wildcards {
        self.wildcards
    }

    /// What it consists of.
    #[must_use]
    pub fn syntax(&self) -> &Syntax {
        &self.syntax
    }

    /// Which language it is written in.
    #[must_use]
    pub fn language(&self) -> Language {
        match self.syntax {
            Syntax::Term(_) => Language::Term,
            Syntax::Json(_) => Language::Json,
            Syntax::Space(_) => Language::Space,
        }
    }

    /// Whether `event`, the whole message of one log event, matches, and what it extracts.
    #[must_use]
    pub fn matches(&self, event: &str) -> Option<Match> {
        match &self.syntax {
            Syntax::Term(pattern) => pattern.matches(event.as_bytes()).then(Match::default),
            Syntax::Space(pattern) => pattern.extract(event).map(|extracted| Match { extracted }),
            Syntax::Json(expression) => {
                let document = Document::parse(event.as_bytes()).ok()?;
                let root = document.root();
                (root.kind() == Kind::Object && expression.holds(root)).then(Match::default)
            }
        }
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl TermPattern {
    /// Optional terms count only where there are no others (3.4).
    pub(crate) fn matches(&self, event: &[u8]) -> bool {
        let mut optional = None;
        for term in &self.terms {
            let wanted = match term.prefix {
                Prefix::Required => true,
                Prefix::Excluded => false,
                Prefix::Optional if self.ignores_optional() => continue,
                Prefix::Optional => {
                    optional = Some(optional == Some(true) || term.text.occurs_in(event));
                    continue;
                }
            };
            if term.text.occurs_in(event) != wanted {
                return false;
            }
        }
        optional.unwrap_or(true)
    }

    /// Whether it has a term that isn't optional.
    #[must_use]
    pub fn ignores_optional(&self) -> bool {
        self.terms.iter().any(|term| term.prefix != Prefix::Optional)
    }
}

impl TermText {
    pub(crate) fn occurs_in(&self, event: &[u8]) -> bool {
        match self {
            TermText::Text(text) => text.find(event).is_some(),
            TermText::Regex(regex) => regex.is_match(event),
        }
    }
}
