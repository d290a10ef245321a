//! What is wrong with the name of a statistic, in words for the person who typed it.

use std::fmt;
use std::ops::Range;

use diagnostic::{Diagnostic, Source};

use crate::shown::MAX_SHOWN;

/// Why a text isn't a statistic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StatisticError {
    /// Which kind of mistake it is.
    pub code: StatisticErrorCode,
    /// What is wrong, for a person.
    pub message: String,
    /// The bytes of the text that are wrong. May be empty, where something is missing.
    pub span: Range<usize>,
    /// What to write instead.
    pub help: String,
}

diagnostic::error_codes! {
    StatisticErrorCode:
    Unknown "M001" "None of the names."
    LetterCase "M002" "A name in other letters, such as `sum` or `P99`."
    Number "M003" "A number is missing or isn't one."
    TooPrecise "M004" "More than 10 digits behind the point, or 18 in all."
    AboveHundred "M005" "A percentage above 100."
    Boundaries "M006" "No pair of boundaries between parentheses."
    MixedBoundaries "M007" "One boundary in percent, the other not."
    BoundaryOrder "M008" "The lower boundary isn't below the upper one."
    RankInPercent "M009" "A percentile rank takes values, not percentages."
}

impl StatisticError {
    pub(super) fn new(
        code: StatisticErrorCode,
        span: Range<usize>,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        StatisticError { code, message: message.into(), span, help: help.into() }
    }

    /// The same as every crate says it.
    #[must_use]
    pub fn diagnostic(&self) -> Diagnostic {
        Diagnostic::error(self.code.as_str(), &self.message).at(self.span.clone()).help(&self.help)
    }

    /// The error with `text`, the mistake underlined, and the help, as rustc would print it. `text` is what was
    /// parsed. Control characters are replaced; the text may go to a terminal.
    #[must_use]
    pub fn render(&self, text: &str, colour: bool) -> String {
        self.diagnostic().render(&Source::typed(text).shown_up_to(MAX_SHOWN), colour)
    }
}

impl fmt::Display for StatisticError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.code, self.message, self.help)
    }
}

impl std::error::Error for StatisticError {}
