//! Remarks on a pattern that is valid.

use std::ops::Range;

use diagnostic::{Diagnostic, Source};

/// A remark on a part of a pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Note {
    /// Which kind of remark it is.
    pub code: NoteCode,
    /// What is the matter, for a person.
    pub message: String,
    /// The bytes of the pattern, as typed, that it is about.
    pub span: Range<usize>,
    /// What to write instead, or to think of.
    pub help: String,
}

/// How bad it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Severity {
    /// The condition is false for every log event.
    Never,
    /// It probably doesn't mean what its author wants.
    Warning,
}

diagnostic::error_codes! {
    NoteCode:
    NotAnything "W001" "`!= \"*\"` is false for every value: each string and number equals `*`."
    Contradiction "W002" "Two conditions that must both hold exclude each other."
    AbsentAndPresent "W003" "A member must be absent and have a value at the same time."
    EmptyRange "W004" "No number is in both ranges."
    OrderOnText "W005" "CloudTrail writes this member as a string, and strings have no order."
    NotEqualAbsent "W006" "`!=` is false where the member is absent, as this one often is."
    KeyOfDenied "W007" "Records of denied calls don't name the resource outside of their message."
    OptionalIgnored "W008" "Optional terms count for nothing beside terms that aren't optional."
    OtherCase "W009" "Text is compared with its case, and this one is known in another."
    Duplicate "W010" "The same condition stands there already."
    WildcardsDiffer "W011" "The two ways in which AWS may match `*` differ on this value."
    LiteralStar "W012" "In a term pattern `*` is a character like others."
    TextTrue "W013" "Compared is the text, not the value that JSON writes without quotes."
    EscapedStar "W014" "A backslash before `*` changes nothing: it is still a wildcard."
}

impl NoteCode {
    /// How bad it is.
    #[must_use]
    pub fn severity(self) -> Severity {
        match self {
            NoteCode::NotAnything
            | NoteCode::Contradiction
            | NoteCode::AbsentAndPresent
            | NoteCode::EmptyRange => Severity::Never,
            NoteCode::OrderOnText
            | NoteCode::NotEqualAbsent
            | NoteCode::KeyOfDenied
            | NoteCode::OptionalIgnored
            | NoteCode::OtherCase
            | NoteCode::Duplicate
            | NoteCode::WildcardsDiffer
            | NoteCode::LiteralStar
            | NoteCode::TextTrue
            | NoteCode::EscapedStar => Severity::Warning,
        }
    }
}

impl Note {
    pub(super) fn new(
        code: NoteCode,
        span: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        Note { code, message: message.into(), span, help: help.into() }
    }

    /// The same as every crate says it.
    #[must_use]
    pub fn diagnostic(&self) -> Diagnostic {
        Diagnostic::warning(self.code.as_str(), &self.message).at(self.span.clone()).help(&self.help)
    }

    /// The remark with `pattern`, the part underlined, and the help, as rustc would print it.
    #[must_use]
    pub fn render(&self, pattern: &str, colour: bool) -> String {
        self.diagnostic().render(&Source::typed(pattern), colour)
    }
}
