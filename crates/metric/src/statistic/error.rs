//! What is wrong with the name of a statistic, in words for the person who typed it.

use std::fmt;
use std::ops::Range;

use crate::rendering::Mistake;

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

/// The kinds of mistakes. Their codes never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum StatisticErrorCode {
    /// `S001`: none of the names.
    Unknown,
    /// `S002`: a name in other letters, such as `sum` or `P99`.
    LetterCase,
    /// `S003`: a number is missing or isn't one.
    Number,
    /// `S004`: more than 10 digits behind the point, or 18 in all.
    TooPrecise,
    /// `S005`: a percentage above 100.
    AboveHundred,
    /// `S006`: no pair of boundaries between parentheses.
    Boundaries,
    /// `S007`: one boundary in percent, the other not.
    MixedBoundaries,
    /// `S008`: the lower boundary isn't below the upper one.
    BoundaryOrder,
    /// `S009`: a percentile rank takes values, not percentages.
    RankInPercent,
}

impl StatisticErrorCode {
    /// Its short form: `S001`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            StatisticErrorCode::Unknown => "S001",
            StatisticErrorCode::LetterCase => "S002",
            StatisticErrorCode::Number => "S003",
            StatisticErrorCode::TooPrecise => "S004",
            StatisticErrorCode::AboveHundred => "S005",
            StatisticErrorCode::Boundaries => "S006",
            StatisticErrorCode::MixedBoundaries => "S007",
            StatisticErrorCode::BoundaryOrder => "S008",
            StatisticErrorCode::RankInPercent => "S009",
        }
    }
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

    /// The error with `text`, the mistake underlined, and the help, as rustc would print it. `text` is what was
    /// parsed. Control characters are replaced; the text may go to a terminal.
    #[must_use]
    pub fn render(&self, text: &str, colour: bool) -> String {
        let StatisticError { code, message, span, help } = self;
        Mistake { code: code.as_str(), message, span, help }.render(text, colour)
    }
}

impl fmt::Display for StatisticErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for StatisticError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.code, self.message, self.help)
    }
}

impl std::error::Error for StatisticError {}
