//! What is wrong with a pattern, in words for the person who typed it.

use std::fmt;
use std::ops::Range;

use diagnostic::{Diagnostic, Source};

/// What AWS says to most of what it can't parse (7).
pub(crate) const AWS_INVALID: &str = "Invalid metric filter pattern";

/// How many characters of a pattern are shown: a little more than may be typed.
const MAX_SHOWN: usize = crate::MAX_PATTERN_CHARS + 16;

/// Why a text isn't a filter pattern.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PatternError {
    /// Which kind of mistake it is.
    pub code: ErrorCode,
    /// What is wrong, for a person.
    pub message: String,
    /// What CloudWatch Logs returns for the same pattern. Known word for word for the mistakes of sections 1, 2,
    /// 4, 5.2, 6 and 7; the likeliest of its texts for the others.
    pub aws_message: String,
    /// The bytes of the pattern, as typed, that are wrong. May be empty, where something is missing.
    pub span: Range<usize>,
    /// What to write instead.
    pub help: String,
}

diagnostic::error_codes! {
    TooLong "P001" "A filter pattern may have at most 1024 characters."
    UnterminatedQuote "P002" "A double quote opens a text that no double quote closes."
    UnterminatedRegex "P003" "A percent sign opens a regular expression that no percent sign closes."
    EmptyRegex "P004" "Nothing stands between two percent signs."
    CharacterInRegex "P005" "A character that regular expressions of CloudWatch may not hold, such as a parenthesis."
    EscapeInRegex "P006" "A backslash in a regular expression is followed by something that has no meaning there."
    InvalidRegex "P007" "What stands between percent signs isn't a regular expression."
    RegexTooLarge "P008" "A regular expression takes too much memory when compiled."
    TooManyRegexes "P009" "A JSON or space-delimited pattern may hold at most 2 regular expressions."
    UnclosedBrace "P010" "The opening brace of a JSON pattern is never closed."
    UnclosedParenthesis "P011" "An opening parenthesis is never closed."
    TextAfterEnd "P012" "Something follows the brace or bracket that ends the pattern."
    MissingCondition "P013" "A condition is missing: nothing, an operator or a closing sign stands where one should."
    MissingPrefix "P014" "The selector of a condition must begin with `$.`."
    InvalidSelector "P015" "A selector is misspelt: `$.a.b`, `$.a[0]`, `$.a[*]`, `$.*` and `$.['any key']` are known."
    InvalidIndex "P016" "Brackets in a selector hold an index such as `[0]`, `[*]`, or a key in quotes."
    WildcardsInSelector "P017" "A selector may hold at most 1 wildcard."
    TooManyWildcards "P018" "A pattern may hold at most 3 selectors with a wildcard."
    UnknownOperator "P019" "An operator that the language doesn't have, such as `==`, `LIKE`, `IN` or `=~`."
    MissingOperator "P020" "A selector alone isn't a condition; `= \"*\"` or `NOT EXISTS` asks whether it is there."
    MissingValue "P021" "An operator isn't followed by a value."
    InvalidValue "P022" "A value holds characters that need double quotes."
    SingleQuotes "P023" "Texts stand in double quotes; single quotes are allowed only in `$.['key']`."
    TypographicQuotes "P024" "Quotation marks that a word processor has replaced."
    NullValue "P025" "`null` can't be compared with `=` or `!=`; there is `IS NULL`, `NOT EXISTS` and `= \"*\"`."
    WordOperator "P026" "Conditions are joined with `&&` and `||`, not with words."
    Negation "P027" "There is no negation; each condition has its own opposite."
    UnknownTest "P028" "After `IS` only `NULL`, `TRUE` and `FALSE` are known, after `NOT` only `EXISTS`."
    LowerCaseWord "P029" "`IS NULL`, `IS TRUE`, `IS FALSE` and `NOT EXISTS` are written in capital letters."
    OrderNeedsNumber "P030" "`<`, `<=`, `>` and `>=` compare with an unquoted number only."
    TooDeep "P031" "Parentheses are nested too deeply."
    InvalidTerm "P032" "A term holds characters that need double quotes."
    DanglingPrefix "P033" "A `-` or `?` isn't followed by a term."
    UnclosedBracket "P034" "The opening bracket of a space-delimited pattern is never closed."
    DuplicateField "P035" "Two fields have the same name, or there are two ellipses."
    OtherField "P036" "The conditions of a field repeat that field's own name; those of another belong to it."
    InvalidField "P037" "A field is misspelt: a name, then maybe conditions, then a comma."
    UnexpectedParenthesis "P038" "A closing parenthesis that nothing opened, or parentheses where none are allowed."
    MissingJoin "P039" "Two conditions, or a condition and something else, stand side by side without `&&` or `||`."
}

impl PatternError {
    pub(crate) fn new(code: ErrorCode, span: Range<usize>, message: impl Into<String>) -> Self {
        PatternError {
            code,
            message: message.into(),
            aws_message: AWS_INVALID.into(),
            span,
            help: String::new(),
        }
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

    /// AWS's text that quotes what it couldn't read (7).
    pub(crate) fn aws_term(self, term: &str) -> Self {
        self.aws(format!("Invalid character(s) in term '{term}'"))
    }

    /// The same as every crate says it.
    #[must_use]
    pub fn diagnostic(&self) -> Diagnostic {
        Diagnostic::error(self.code.as_str(), &self.message).at(self.span.clone()).help(&self.help)
    }

    /// The error with `pattern`, the mistake underlined, and the help, as rustc would print it. `pattern` is the
    /// text that was parsed. Control characters are replaced; the text may go to a terminal.
    #[must_use]
    pub fn render(&self, pattern: &str, colour: bool) -> String {
        self.diagnostic().render(&Source::typed(pattern).shown_up_to(MAX_SHOWN), colour)
    }
}

impl fmt::Display for PatternError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.code.as_str(), self.message, self.help)
    }
}

impl std::error::Error for PatternError {}
