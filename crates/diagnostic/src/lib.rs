//! How is a mistake in a text shown to the person who wrote it?
//!
//! A [`Diagnostic`] has a code, a place in a text and help; [`Diagnostic::render`] prints it as rustc prints its own.
//! [`error_codes!`] builds the enum of a crate's codes, which never change.
//!
//! Pure: values in, text out.
//!
//! ```
//! use diagnostic::{Diagnostic, Source};
//!
//! let text = "Threshold: one\n";
//! let error = Diagnostic::error("S041", "`Threshold` is a number").at(11..14).help("write `1`");
//! assert_eq!(
//!     error.render(&Source::file(text, "alarm.yaml"), false),
//!     "error[S041]: `Threshold` is a number\n --> alarm.yaml:1:12\n  |\n1 | Threshold: one\n  |            ^^^\n  |\n  = help: write `1`"
//! );
//! ```

mod closest;
mod codes;
mod excerpt;
mod harmless;
mod source;
mod visible;

use std::ops::Range;

use annotate_snippets::renderer::DecorStyle;
use annotate_snippets::{Annotation, AnnotationKind, Level, Renderer, Snippet};

pub use closest::closest;
use excerpt::Excerpt;
use harmless::{harmless, without_rest};
pub use source::{Place, Source};
pub use visible::disturbs;

/// How much a diagnostic weighs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Nothing works until it is mended.
    Error,
    /// It works, and most likely isn't what was meant.
    Warning,
    /// Worth knowing.
    Note,
}

impl Severity {
    /// In one word: `error`, `warning` or `note`.
    #[must_use]
    pub fn as_str(self) -> &'static str {
        match self {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Note => "note",
        }
    }
}

/// Something that is wrong with a text, or worth knowing of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Diagnostic {
    /// How much it weighs.
    pub severity: Severity,
    /// Which kind it is, such as `S001`.
    pub code: &'static str,
    /// What is wrong, for a person; lower case, without a full stop.
    pub message: String,
    /// The bytes of the text that it is about; may be empty, where something is missing. `None` where it is about what was
    /// given beside the text.
    pub span: Option<Range<usize>>,
    /// Other places that matter, each with what to say there.
    pub labels: Vec<(Range<usize>, String)>,
    /// What to write instead, or why it matters; one line each. An empty one isn't shown.
    pub help: Vec<String>,
}

impl Diagnostic {
    /// An error, without a place yet.
    #[must_use]
    pub fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, message)
    }

    /// A warning, without a place yet.
    #[must_use]
    pub fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, message)
    }

    /// Any diagnostic, without a place yet.
    #[must_use]
    pub fn new(severity: Severity, code: &'static str, message: impl Into<String>) -> Self {
        Self { severity, code, message: message.into(), span: None, labels: Vec::new(), help: Vec::new() }
    }

    /// The bytes of the text that it is about.
    #[must_use]
    pub fn at(mut self, span: Range<usize>) -> Self {
        self.span = Some(span);
        self
    }

    /// Another place that matters, and what to say there.
    #[must_use]
    pub fn label(mut self, span: Range<usize>, text: impl Into<String>) -> Self {
        self.labels.push((span, text.into()));
        self
    }

    /// A line of help.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help.push(help.into());
        self
    }

    /// The same of a text in which its own begins at byte `by`: a filter pattern in a template, for one.
    #[must_use]
    pub fn shifted(mut self, by: usize) -> Self {
        for span in self.span.iter_mut().chain(self.labels.iter_mut().map(|(span, _)| span)) {
            *span = span.start + by..span.end + by;
        }
        self
    }

    /// The diagnostic with its place in `source` underlined, and the help, as rustc would print it, without a line break
    /// at its end. Control characters and those that change the direction of writing are replaced,
    /// in every text; the answer may go to a terminal.
    #[must_use]
    pub fn render(&self, source: &Source<'_>, colour: bool) -> String {
        let level = match self.severity {
            Severity::Error => Level::ERROR,
            Severity::Warning => Level::WARNING,
            Severity::Note => Level::NOTE,
        };
        let title = level.primary_title(without_rest(&self.message)).id(self.code);
        let helps = self.help.iter().filter(|help| !help.is_empty());
        let helps = helps.map(|help| Level::HELP.message(harmless(help)));
        let renderer = if colour { Renderer::styled() } else { Renderer::plain() };
        let renderer = renderer.decor_style(DecorStyle::Ascii).term_width(source.width());
        match &self.span {
            Some(span) => {
                let snippet = self.snippet(source, span);
                renderer.render(&[title.element(snippet).elements(helps)])
            }
            None => renderer.render(&[title.elements(helps)]),
        }
    }

    /// The lines that it is about, with `primary` and the labels underlined.
    fn snippet<'s>(&'s self, source: &Source<'s>, primary: &Range<usize>) -> Snippet<'s, Annotation<'s>> {
        let excerpt = Excerpt::of(source, primary, self.labels.iter().map(|(span, _)| span));
        let mut snippet = Snippet::source(excerpt.shown()).line_start(excerpt.line);
        if let Some(path) = source.path().filter(|_| excerpt.whole_lines) {
            snippet = snippet.path(harmless(path));
        }
        snippet = snippet.annotation(AnnotationKind::Primary.span(excerpt.inside(primary)));
        let labels = self.labels.iter().filter(|(span, _)| excerpt.holds(span));
        snippet.annotations(
            labels.map(|(span, label)| {
                AnnotationKind::Context.span(excerpt.inside(span)).label(harmless(label))
            }),
        )
    }
}
