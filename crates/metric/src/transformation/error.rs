//! What is wrong with a metric transformation, in words for the person who typed it.

use std::fmt;
use std::ops::Range;

use crate::rendering::Mistake;

/// Why CloudWatch Logs doesn't take a metric transformation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransformationError {
    /// Which kind of mistake it is.
    pub code: TransformationErrorCode,
    /// Which property is wrong.
    pub property: Property,
    /// What is wrong, for a person.
    pub message: String,
    /// The bytes of that property's text that are wrong.
    pub span: Range<usize>,
    /// What to write instead.
    pub help: String,
    /// What CloudWatch Logs says. Known word for word for a wrong value, for a wrong dimension, and for dimensions of a
    /// term pattern.
    pub aws_message: String,
}

/// A property of a metric transformation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Property {
    /// `metricNamespace`.
    Namespace,
    /// `metricName`.
    Name,
    /// `metricValue`.
    Value,
    /// `defaultValue`.
    Default,
    /// `unit`.
    Unit,
    /// `dimensions` as a whole.
    Dimensions,
    /// The name of the dimension at this position, from 0.
    DimensionName(usize),
    /// The value of the dimension at this position, from 0.
    DimensionValue(usize),
}

/// The kinds of mistakes. Their codes never change.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum TransformationErrorCode {
    /// `T001`: a name is empty or too long, or has characters that it mustn't have.
    Name,
    /// `T002`: the metric value is neither a number nor a selector nor a field that fits the pattern.
    Value,
    /// `T003`: the default value isn't one that CloudWatch takes.
    Default,
    /// `T004`: there is no such unit.
    Unit,
    /// `T005`: more than three dimensions, or two of one name.
    Dimensions,
    /// `T006`: a dimension's value is neither a selector nor a field that fits the pattern.
    DimensionValue,
    /// `T007`: a term pattern has no dimensions.
    TermPattern,
    /// `T008`: a default value and dimensions exclude each other.
    DefaultWithDimensions,
}

impl TransformationErrorCode {
    /// Its short form: `T001`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            TransformationErrorCode::Name => "T001",
            TransformationErrorCode::Value => "T002",
            TransformationErrorCode::Default => "T003",
            TransformationErrorCode::Unit => "T004",
            TransformationErrorCode::Dimensions => "T005",
            TransformationErrorCode::DimensionValue => "T006",
            TransformationErrorCode::TermPattern => "T007",
            TransformationErrorCode::DefaultWithDimensions => "T008",
        }
    }
}

impl TransformationError {
    /// With the whole of `text` as the place.
    pub(super) fn new(
        code: TransformationErrorCode,
        property: Property,
        text: &str,
        message: impl Into<String>,
        help: impl Into<String>,
    ) -> Self {
        let (message, help) = (message.into(), help.into());
        let aws_message = "Invalid metric transformation".into();
        TransformationError { code, property, message, span: 0..text.len(), help, aws_message }
    }

    /// AWS's own text.
    pub(super) fn aws(mut self, message: impl Into<String>) -> Self {
        self.aws_message = message.into();
        self
    }

    pub(super) fn at(mut self, span: Range<usize>) -> Self {
        self.span = span;
        self
    }

    /// The error with `text`, the mistake underlined, and the help, as rustc would print it. `text` is what was typed
    /// for [`TransformationError::property`]. Control characters are replaced; the text may go to a terminal.
    #[must_use]
    pub fn render(&self, text: &str, colour: bool) -> String {
        let TransformationError { code, message, span, help, .. } = self;
        Mistake { code: code.as_str(), message, span, help }.render(text, colour)
    }
}

impl fmt::Display for TransformationErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl fmt::Display for TransformationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.code, self.message, self.help)
    }
}

impl std::error::Error for TransformationError {}
