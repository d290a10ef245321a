//! What is wrong with a metric transformation, in words for the person who typed it.

use std::fmt;
use std::ops::Range;

use diagnostic::{Diagnostic, Source};

use crate::shown::MAX_SHOWN;

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

diagnostic::error_codes! {
    TransformationErrorCode:
    Name "T001" "A name is empty or too long, or has characters that it mustn't have."
    Value "T002" "The metric value is neither a number nor a selector nor a field that fits the pattern."
    Default "T003" "The default value isn't one that CloudWatch takes."
    Unit "T004" "There is no such unit."
    Dimensions "T005" "More than three dimensions, or two of one name."
    DimensionValue "T006" "A dimension's value is neither a selector nor a field that fits the pattern."
    TermPattern "T007" "A term pattern has no dimensions."
    DefaultWithDimensions "T008" "A default value and dimensions exclude each other."
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

    /// The same as every crate says it. Its place is in the text of [`TransformationError::property`].
    #[must_use]
    pub fn diagnostic(&self) -> Diagnostic {
        Diagnostic::error(self.code.as_str(), &self.message).at(self.span.clone()).help(&self.help)
    }

    /// The error with `text`, the mistake underlined, and the help, as rustc would print it. `text` is what was typed
    /// for [`TransformationError::property`]. Control characters are replaced; the text may go to a terminal.
    #[must_use]
    pub fn render(&self, text: &str, colour: bool) -> String {
        self.diagnostic().render(&Source::typed(text).shown_up_to(MAX_SHOWN), colour)
    }
}

impl fmt::Display for TransformationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.code, self.message, self.help)
    }
}

impl std::error::Error for TransformationError {}
