//! Remarks on a pattern that is valid.

use std::fmt;
use std::ops::Range;

use annotate_snippets::{AnnotationKind, Level, Snippet};

use crate::error::{clamp, renderer};

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

macro_rules! note_codes {
    ($($name:ident $code:literal $severity:ident $meaning:literal)*) => {
        /// The kinds of remarks. Their codes never change.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum NoteCode {
            $(#[doc = $meaning] $name,)*
        }

        impl NoteCode {
            /// Its short form: `W001`.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(NoteCode::$name => $code,)* }
            }

            /// How bad it is.
            #[must_use]
            pub fn severity(self) -> Severity {
                match self { $(NoteCode::$name => Severity::$severity,)* }
            }

            /// What it means.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(NoteCode::$name => $meaning,)* }
            }
        }

        /// All codes in ascending order.
        #[must_use]
        pub fn note_codes() -> &'static [NoteCode] {
            &[$(NoteCode::$name,)*]
        }
    };
}

note_codes! {
    NotAnything "W001" Never "`!= \"*\"` is false for every value: each string and number equals `*`."
    Contradiction "W002" Never "Two conditions that must both hold exclude each other."
    AbsentAndPresent "W003" Never "A member must be absent and have a value at the same time."
    EmptyRange "W004" Never "No number is in both ranges."
    OrderOnText "W005" Warning "CloudTrail writes this member as a string, and strings have no order."
    NotEqualAbsent "W006" Warning "`!=` is false where the member is absent, as this one often is."
    KeyOfDenied "W007" Warning "Records of denied calls don't name the resource outside of their message."
    OptionalIgnored "W008" Warning "Optional terms count for nothing beside terms that aren't optional."
    OtherCase "W009" Warning "Text is compared with its case, and this one is known in another."
    Duplicate "W010" Warning "The same condition stands there already."
    WildcardsDiffer "W011" Warning "The two ways in which AWS may match `*` differ on this value."
    LiteralStar "W012" Warning "In a term pattern `*` is a character like others."
    TextTrue "W013" Warning "Compared is the text, not the value that JSON writes without quotes."
    EscapedStar "W014" Warning "A backslash before `*` changes nothing: it is still a wildcard."
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

    /// The remark with `pattern`, the part underlined, and the help, as rustc would print it.
    #[must_use]
    pub fn render(&self, pattern: &str, colour: bool) -> String {
        let source =
            Snippet::source(pattern).annotation(AnnotationKind::Primary.span(clamp(&self.span, pattern)));
        let title = Level::WARNING.primary_title(self.message.as_str()).id(self.code.as_str());
        let report = title.element(source).element(Level::HELP.message(self.help.as_str()));
        renderer(colour).render(&[report])
    }
}

impl fmt::Display for NoteCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}
