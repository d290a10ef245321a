//! What is wrong with a rule or an expression, in words for the person who typed it.

use std::fmt;
use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

/// Why a text isn't an alarm rule or an expression.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct SyntaxError {
    /// Which kind of mistake it is.
    pub code: ErrorCode,
    /// What is wrong, for a person.
    pub message: String,
    /// What CloudWatch says to the same text, as far as it is known.
    pub aws_message: String,
    /// The bytes of the text that are wrong. May be empty, where something is missing.
    pub span: Range<usize>,
    /// What to write instead.
    pub help: String,
}

macro_rules! error_codes {
    ($($name:ident $code:literal $meaning:literal)*) => {
        /// The kinds of mistakes. Their codes never change.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $(#[doc = $meaning] $name,)*
        }

        impl ErrorCode {
            /// All codes, in ascending order.
            pub const ALL: &'static [ErrorCode] = &[$(ErrorCode::$name,)*];

            /// Its short form: `R001` for rules, `X001` for expressions.
            #[must_use]
            pub fn as_str(self) -> &'static str {
                match self { $(ErrorCode::$name => $code,)* }
            }

            /// What it means.
            #[must_use]
            pub fn meaning(self) -> &'static str {
                match self { $(ErrorCode::$name => $meaning,)* }
            }
        }
    };
}

error_codes! {
    RuleTooLong "R001" "An alarm rule has 1 to 10240 characters."
    TooManyChildren "R002" "An alarm rule names at most 100 alarms."
    TooManyElements "R003" "An alarm rule has at most 500 elements: alarms, `TRUE`, `FALSE` and parentheses."
    RuleTooDeep "R004" "Parentheses are nested too deeply."
    MissingRuleCondition "R005" "A condition is missing: nothing, an operator or a closing sign stands where one should."
    UnknownRuleWord "R006" "A word that alarm rules don't have."
    LowerCaseRuleWord "R007" "The words of alarm rules are written in capital letters."
    MissingRuleOperator "R008" "Two conditions stand side by side without `AND` or `OR`."
    UnclosedRuleParenthesis "R009" "An opening parenthesis is never closed."
    UnopenedRuleParenthesis "R010" "A closing parenthesis that nothing opened."
    MissingAlarmName "R011" "The name or ARN of an alarm is missing."
    UnquotedAlarmName "R012" "A name with spaces, parentheses or commas stands in double quotes."
    UnterminatedRuleQuote "R013" "A double quote opens a name that no double quote closes."
    InvalidAtLeast "R014" "`AT_LEAST` takes a number or a percentage, a state, and a list of alarms."
    ExpressionTooLong "X001" "An expression has 1 to 2048 characters."
    ExpressionTooDeep "X002" "Parentheses or functions are nested too deeply."
    MissingOperand "X003" "A value is missing: nothing, an operator or a closing sign stands where one should."
    MissingOperator "X004" "Two values stand side by side without an operator."
    UnclosedParenthesis "X005" "An opening parenthesis or bracket is never closed."
    UnexpectedSign "X006" "A sign that has no meaning there."
    UnknownFunction "X007" "A function that metric math doesn't have."
    RefusedFunction "X008" "A function of metric math that alarms, or kmswatch, can't use."
    WrongArguments "X009" "A function is given too few, too many, or the wrong kind of arguments."
    UnknownMetric "X010" "An identifier that no element of the list of metrics has."
    WrongKind "X011" "A single series, a number or a list of series stands where another of these should."
    InvalidNumber "X012" "A number that can't be read."
    UnterminatedText "X013" "A quote opens a text that no quote closes."
}

impl SyntaxError {
    pub(crate) fn new(code: ErrorCode, span: Range<usize>, message: impl Into<String>) -> Self {
        let message = message.into();
        Self { code, aws_message: message.clone(), message, span, help: String::new() }
    }

    /// What to write instead.
    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    /// AWS's own text.
    pub(crate) fn aws(mut self, message: impl Into<String>) -> Self {
        self.aws_message = message.into();
        self
    }

    /// The error with `text`, the mistake underlined, and the help, as rustc would print it. `text` is what was
    /// parsed. Control characters are replaced; the result may go to a terminal.
    #[must_use]
    pub fn render(&self, text: &str, colour: bool) -> String {
        let text = shown_part(text);
        let source = Snippet::source(text).annotation(AnnotationKind::Primary.span(clamp(&self.span, text)));
        let title = Level::ERROR.primary_title(self.message.as_str()).id(self.code.as_str());
        let report = title.element(source).element(Level::HELP.message(self.help.as_str()));
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        renderer.decor_style(DecorStyle::Ascii).term_width(WIDTH).render(&[report])
    }
}

/// So wide that no line of a text that may be typed is cut off for lack of room.
const WIDTH: usize = 4096;

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.code.as_str(), self.message, self.help)
    }
}

impl std::error::Error for SyntaxError {}

/// As much of a text as is worth showing: a little more than may be typed.
fn shown_part(text: &str) -> &str {
    let end =
        text.char_indices().nth(crate::composite::MAX_RULE_CHARS + 16).map_or(text.len(), |(end, _)| end);
    text.get(..end).unwrap_or_default()
}

/// `span` inside of `text`, on the borders of characters.
fn clamp(span: &Range<usize>, text: &str) -> Range<usize> {
    let floor =
        |at: usize| (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or_default();
    let start = floor(span.start);
    start..floor(span.end).max(start)
}
