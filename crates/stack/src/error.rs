//! What is wrong with a template, in words for the person who wrote it.

use std::fmt;

use diagnostic::{Diagnostic, Source};

use crate::limits::MAX_ERRORS;
use crate::tree::Span;

/// One thing that is wrong with a template.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct TemplateError {
    /// Which kind of mistake it is.
    pub code: ErrorCode,
    /// What is wrong, for a person.
    pub message: String,
    /// Where in the text; `None` where it is in what the caller gave beside it.
    pub span: Option<Span>,
    /// Other places that matter, each with what to say there.
    pub labels: Vec<(Span, String)>,
    /// What to write instead.
    pub help: String,
}

diagnostic::error_codes! {
    Syntax "S001" "The text is neither YAML nor JSON."
    TooLarge "S002" "The text is longer, or holds more, than a template may."
    TooDeep "S003" "Lists, maps or functions are nested too deeply."
    DuplicateKey "S004" "A key occurs twice in one map."
    Alias "S005" "YAML aliases and merges, which CloudFormation doesn't allow."
    UnknownTag "S006" "A YAML tag that is no function of CloudFormation."
    NullValue "S007" "A null value, which CloudFormation doesn't allow anywhere."
    UnknownSection "S008" "A section that templates don't have."
    MissingSection "S009" "A template without resources."
    WrongShape "S010" "A section, or something in it, isn't the map, list or text that it must be."
    UnsupportedTransform "S011" "A macro that rewrites the template, which only AWS can run."
    InvalidName "S012" "A logical id or the name of a parameter may hold letters and digits only."
    Quota "S013" "More of something than CloudFormation allows."
    InvalidParameter "S020" "The declaration of a parameter isn't right."
    MissingParameter "S021" "A parameter without a default, and no value was given."
    UnknownParameter "S022" "A value was given for a parameter that the template doesn't declare."
    ParameterConstraint "S023" "The value of a parameter isn't among those allowed."
    MissingReference "S030" "A name that nothing in the template bears."
    CircularReference "S031" "Things that refer to each other in a circle."
    NotCreated "S032" "A reference to a resource whose condition is false."
    UnknownAttribute "S033" "An attribute that resources of this type don't have."
    UnknownFunction "S034" "A function that CloudFormation doesn't have, or that can't be answered here."
    FunctionArguments "S035" "The arguments of a function aren't what it takes."
    MissingMapValue "S036" "A mapping has no such key."
    MissingImport "S037" "A value of another stack that wasn't given."
    MissingProperty "S040" "A property that AWS requires."
    WrongType "S041" "A property whose value is of another type."
    InvalidValue "S042" "A property whose value isn't among those that AWS takes."
    PropertyConflict "S043" "Properties that exclude each other, or need each other."
    MissingType "S044" "A resource without a type."
    DuplicateResource "S045" "Two resources have the same physical name."
    NotAPlan "S050" "The JSON text isn't what `terraform show -json` writes of a plan."
    UnknownValue "S051" "A value that the plan doesn't know before the apply, and that refers to no resource."
}

impl TemplateError {
    pub(crate) fn new(code: ErrorCode, span: Span, message: impl Into<String>) -> Self {
        TemplateError { span: Some(span), ..Self::of_input(code, message) }
    }

    /// One without a place in the text.
    pub(crate) fn of_input(code: ErrorCode, message: impl Into<String>) -> Self {
        TemplateError { code, message: message.into(), span: None, labels: Vec::new(), help: String::new() }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = help.into();
        self
    }

    pub(crate) fn label(mut self, span: Span, text: impl Into<String>) -> Self {
        self.labels.push((span, text.into()));
        self
    }

    /// The same as every crate says it.
    #[must_use]
    pub fn diagnostic(&self) -> Diagnostic {
        Diagnostic {
            span: self.span.map(Span::range),
            labels: self.labels.iter().map(|(span, text)| (span.range(), text.clone())).collect(),
            ..Diagnostic::error(self.code.as_str(), &self.message).help(&self.help)
        }
    }

    /// The error with the place underlined and the help, as rustc would print it. `text` is the template that was
    /// read and `path` its name. Control characters are replaced; the text may go to a terminal.
    #[must_use]
    pub fn render(&self, text: &str, path: &str, colour: bool) -> String {
        self.diagnostic().render(&Source::file(text, path), colour)
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.code.as_str(), self.message, self.help)
    }
}

impl std::error::Error for TemplateError {}

/// Everything that is wrong with a template, in the order of the text. Never empty where a caller sees it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Errors {
    list: Vec<TemplateError>,
    more: usize,
}

impl Errors {
    /// The errors; at most [`MAX_ERRORS`].
    #[must_use]
    pub fn list(&self) -> &[TemplateError] {
        &self.list
    }

    /// How many there are beyond that.
    #[must_use]
    pub fn more(&self) -> usize {
        self.more
    }

    /// All of them rendered, see [`TemplateError::render`], with an empty line between two.
    #[must_use]
    pub fn render(&self, text: &str, path: &str, colour: bool) -> String {
        let mut parts: Vec<String> = self.list.iter().map(|error| error.render(text, path, colour)).collect();
        if self.more > 0 {
            parts.push(format!("error: {} more", self.more));
        }
        parts.join("\n\n")
    }

    /// Is nothing wrong?
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.list.is_empty()
    }

    pub(crate) fn push(&mut self, error: TemplateError) {
        let known = |own: &TemplateError| {
            own.code == error.code && own.span == error.span && own.message == error.message
        };
        if error.span.is_some() && self.list.iter().any(known) {
            return;
        }
        if self.list.len() < MAX_ERRORS { self.list.push(error) } else { self.more += 1 }
    }

    /// Like `push`, for an error that takes long to word: beyond the limit it is only counted.
    pub(crate) fn push_with(&mut self, error: impl FnOnce() -> TemplateError) {
        if self.list.len() < MAX_ERRORS { self.push(error()) } else { self.more += 1 }
    }

    pub(crate) fn add(&mut self, code: ErrorCode, span: Span, message: impl Into<String>, help: &str) {
        self.push(TemplateError::new(code, span, message).help(help));
    }

    pub(crate) fn with(mut self, others: Errors) -> Self {
        self.more += others.more;
        for error in others.list {
            self.push(error);
        }
        self
    }

    /// In the order of the text, with places that don't cut its characters apart.
    pub(crate) fn finished(mut self, text: &str) -> Self {
        let floor = |at: usize| text.floor_char_boundary(at);
        let whole = |span: &mut Span| *span = Span::new(floor(span.start), floor(span.end));
        for error in &mut self.list {
            error.span.iter_mut().chain(error.labels.iter_mut().map(|(span, _)| span)).for_each(whole);
        }
        self.list.sort_by_key(|error| error.span);
        self
    }
}

impl From<TemplateError> for Errors {
    fn from(error: TemplateError) -> Self {
        Errors { list: vec![error], more: 0 }
    }
}

impl fmt::Display for Errors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, error) in self.list.iter().enumerate() {
            write!(f, "{}{error}", if index == 0 { "" } else { "\n" })?;
        }
        Ok(())
    }
}

impl std::error::Error for Errors {}
