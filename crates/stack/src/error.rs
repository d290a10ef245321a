//! What is wrong with a template, in words for the person who wrote it.

use std::fmt;
use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{AnnotationKind, Level, Renderer, Snippet};

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

macro_rules! error_codes {
    ($($name:ident $code:literal $meaning:literal)*) => {
        /// The kinds of mistakes. Their codes never change.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        #[non_exhaustive]
        pub enum ErrorCode {
            $(#[doc = $meaning] $name,)*
        }

        impl ErrorCode {
            /// Its short form: `S001`.
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

        /// All codes, in ascending order.
        #[must_use]
        pub fn error_codes() -> &'static [ErrorCode] {
            &[$(ErrorCode::$name,)*]
        }
    };
}

error_codes! {
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

    /// The error with the place underlined and the help, as rustc would print it. `text` is the template that was
    /// read and `path` its name. Control characters are replaced; the text may go to a terminal.
    #[must_use]
    pub fn render(&self, text: &str, path: &str, colour: bool) -> String {
        let title = Level::ERROR.primary_title(self.message.as_str()).id(self.code.as_str());
        let help = Level::HELP.message(self.help.as_str());
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(160);
        let Some(span) = self.span else { return renderer.render(&[title.element(help)]) };
        let shown = excerpt(text, &self.places(span, text));
        let mut snippet = Snippet::source(shown.text).line_start(shown.line);
        if shown.whole_lines {
            snippet = snippet.path(path);
        }
        snippet = snippet.annotation(AnnotationKind::Primary.span(inside(span, &shown)));
        for (other, label) in self.labels.iter().filter(|(other, _)| shown.holds(*other)) {
            snippet = snippet.annotation(AnnotationKind::Context.span(inside(*other, &shown)).label(label));
        }
        renderer.render(&[title.element(snippet).element(help)])
    }

    /// The bytes that the error is about, the primary place first.
    fn places(&self, primary: Span, text: &str) -> Vec<Span> {
        let clamp = |span: Span| Span::new(floor(span.start, text), floor(span.end, text));
        std::iter::once(primary).chain(self.labels.iter().map(|(span, _)| *span)).map(clamp).collect()
    }
}

impl fmt::Display for TemplateError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}; {}", self.code.as_str(), self.message, self.help)
    }
}

impl std::error::Error for TemplateError {}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

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
        let whole = |span: &mut Span| *span = Span::new(floor(span.start, text), floor(span.end, text));
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

/// The part of a text that is shown.
struct Excerpt<'t> {
    text: &'t str,
    start: usize,
    line: usize,
    whole_lines: bool,
}

impl Excerpt<'_> {
    fn holds(&self, span: Span) -> bool {
        span.start >= self.start && span.end <= self.start + self.text.len()
    }
}

/// Lines longer than this are shown in part, and so are places further from each other.
const MOST_SHOWN: usize = 16 * 1024;

/// The lines that `places` touch; if they are too long, what stands around the first place.
fn excerpt<'t>(text: &'t str, places: &[Span]) -> Excerpt<'t> {
    let first = places.first().copied().unwrap_or_default();
    let start = places.iter().map(|span| span.start).min().unwrap_or_default();
    let end = places.iter().map(|span| span.end).max().unwrap_or_default();
    let mut bounds = lines_around(text, start, end);
    if bounds.len() > MOST_SHOWN {
        bounds = lines_around(text, first.start, first.end);
    }
    let whole_lines = bounds.len() <= MOST_SHOWN;
    if !whole_lines {
        bounds =
            floor(first.start.saturating_sub(60), text)..floor(first.end.min(first.start + 400) + 60, text);
    }
    let before = text.get(..bounds.start).unwrap_or_default();
    let line = 1 + before.bytes().filter(|byte| *byte == b'\n').count();
    Excerpt { text: text.get(bounds.clone()).unwrap_or_default(), start: bounds.start, line, whole_lines }
}

fn lines_around(text: &str, start: usize, end: usize) -> Range<usize> {
    let before = text.get(..start).unwrap_or_default();
    let after = text.get(end..).unwrap_or_default();
    let from = before.rfind('\n').map_or(0, |at| at + 1);
    from..end + after.find('\n').unwrap_or(after.len())
}

/// A span of the whole text as one of the excerpt, on the borders of characters.
fn inside(span: Span, shown: &Excerpt<'_>) -> Range<usize> {
    let at = |offset: usize| floor(offset.saturating_sub(shown.start), shown.text);
    at(span.start)..at(span.end).max(at(span.start))
}

fn floor(at: usize, text: &str) -> usize {
    (0..=at.min(text.len())).rev().find(|&at| text.is_char_boundary(at)).unwrap_or_default()
}
