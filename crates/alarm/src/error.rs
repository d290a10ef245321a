//! What is wrong with a rule or an expression, in words for the person who typed it.

use std::fmt;
use std::ops::Range;

use diagnostic::{Diagnostic, Source};

/// How many characters of a text are shown: a little more than may be typed.
const MAX_SHOWN: usize = crate::composite::MAX_RULE_CHARS + 16;

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

diagnostic::error_codes! {
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

    /// The same as every crate says it.
    #[must_use]
    pub fn diagnostic(&self) -> Diagnostic {
        Diagnostic::error(self.code.as_str(), &self.message).at(self.span.clone()).help(&self.help)
    }

    /// The error with `text`, the mistake underlined, and the help, as rustc would print it. `text` is what was
    /// parsed. Control characters are replaced; the result may go to a terminal.
    #[must_use]
    pub fn render(&self, text: &str, colour: bool) -> String {
        self.diagnostic().render(&Source::typed(text).shown_up_to(MAX_SHOWN), colour)
    }
}

impl fmt::Display for SyntaxError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.code.as_str(), self.message, self.help)
    }
}

impl std::error::Error for SyntaxError {}
