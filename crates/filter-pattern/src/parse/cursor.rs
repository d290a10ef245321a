//! A place in a pattern, and what can be read there.

use std::ops::Range;

use crate::error::{ErrorCode, PatternError};
use crate::glob::Wildcards;
use crate::regular::Regex;
use crate::text::{is_name, is_space};

/// How much of a pattern an error quotes.
const QUOTED_CHARS: usize = 12;

/// A place in a pattern.
pub(super) struct Cursor<'t> {
    text: &'t str,
    at: usize,
    pub(super) wildcards: Wildcards,
    /// Where the regular expressions read so far stand.
    pub(super) regexes: Vec<Range<usize>>,
    /// Where the selectors with a wildcard read so far stand.
    pub(super) wildcard_selectors: Vec<Range<usize>>,
}

impl<'t> Cursor<'t> {
    pub(super) fn new(text: &'t str, wildcards: Wildcards) -> Self {
        Cursor { text, at: 0, wildcards, regexes: Vec::new(), wildcard_selectors: Vec::new() }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    /// The character at another place.
    pub(super) fn first_at(&self, at: usize) -> Option<char> {
        self.text.get(at..)?.chars().next()
    }

    /// The text between here and an earlier place.
    pub(super) fn since(&self, start: usize) -> &'t str {
        self.text.get(start..self.at).unwrap_or_default()
    }

    pub(super) fn span_since(&self, start: usize) -> Range<usize> {
        start..self.at
    }

    /// Where the last character stands that was read and isn't white space.
    pub(super) fn last_read(&self) -> usize {
        let read = self.since(0).trim_end_matches(is_space);
        read.char_indices().next_back().map_or(0, |(at, _)| at)
    }

    /// The span of the next `len` bytes.
    pub(super) fn span_ahead(&self, len: usize) -> Range<usize> {
        self.at..self.at + len
    }

    /// The span of what stands here up to white space; empty at the end.
    pub(super) fn word_span(&self) -> Range<usize> {
        self.span_ahead(self.word().len())
    }

    /// What stands here up to white space.
    pub(super) fn word(&self) -> &'t str {
        self.rest().split(is_space).next().unwrap_or_default()
    }

    /// From the last dot since `start`, up to white space.
    pub(super) fn name_around(&self, start: usize) -> String {
        let before = self.since(start).rsplit('.').next().unwrap_or_default();
        [before, self.word()].concat()
    }

    /// The name that stands here; empty if none does.
    pub(super) fn name(&self) -> &'t str {
        leading(self.rest(), is_name)
    }

    pub(super) fn advance(&mut self, bytes: usize) {
        self.at = (self.at + bytes).min(self.text.len());
    }

    pub(super) fn skip_space(&mut self) {
        self.take_while(is_space);
    }

    pub(super) fn take_while(&mut self, accept: impl Fn(char) -> bool) -> &'t str {
        let taken = leading(self.rest(), accept);
        self.advance(taken.len());
        taken
    }

    /// Reads `literal` if it stands right here.
    pub(super) fn take_here(&mut self, literal: &str) -> bool {
        let found = self.rest().starts_with(literal);
        if found {
            self.advance(literal.len());
        }
        found
    }

    /// Reads white space, then `literal` if it follows.
    pub(super) fn take(&mut self, literal: &str) -> bool {
        self.skip_space();
        self.take_here(literal)
    }

    /// Reads white space, then `word` if it follows and ends there.
    pub(super) fn take_word(&mut self, word: &str) -> bool {
        self.skip_space();
        let follows = self.rest().strip_prefix(word).map(|rest| rest.chars().next());
        let ends = |next: Option<char>| !next.is_some_and(|c| c.is_ascii_alphanumeric() || c == '_');
        follows.is_some_and(ends) && self.take_here(word)
    }

    /// Reads white space; whether the pattern ends there.
    pub(super) fn ends(&mut self) -> bool {
        self.skip_space();
        self.rest().is_empty()
    }

    /// Reads a text between two `quote`s, the first of which stands here. A backslash makes the next character an
    /// ordinary one (2).
    pub(super) fn quoted(&mut self, quote: char) -> Result<String, PatternError> {
        let start = self.at;
        let mut text = String::new();
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => text.push(chars.next().map_or(c, |(_, escaped)| escaped)),
                _ if c == quote => {
                    self.advance(at + 1);
                    return Ok(text);
                }
                _ => text.push(c),
            }
        }
        Err(self.unterminated_quote(start, quote))
    }

    fn unterminated_quote(&self, start: usize, quote: char) -> PatternError {
        PatternError::new(ErrorCode::UnterminatedQuote, start..self.text.len(), "this quote is never closed")
            .aws_term(self.rest())
            .help(format!("close it with `{quote}`; a quote inside the text is written `\\{quote}`"))
    }

    /// Reads a regular expression, whose opening percent sign stands here.
    pub(super) fn regex(&mut self) -> Result<Regex, PatternError> {
        let start = self.at;
        let mut chars = self.rest().char_indices().skip(1);
        while let Some((at, c)) = chars.next() {
            match c {
                '\\' => drop(chars.next()),
                '%' => {
                    self.advance(at + 1);
                    self.regexes.push(self.span_since(start));
                    let source = self.text.get(start + 1..start + at).unwrap_or_default();
                    return Regex::parse(source, start + 1);
                }
                _ => {}
            }
        }
        Err(self.unterminated_regex(start))
    }

    fn unterminated_regex(&self, start: usize) -> PatternError {
        let span = start..self.text.len();
        PatternError::new(ErrorCode::UnterminatedRegex, span, "this regular expression is never closed")
            .aws_term(self.rest())
            .help("close it with `%`; the character itself is written `\\x25`")
    }

    /// What AWS quotes of the text from here on.
    pub(super) fn quote_ahead(&self) -> String {
        self.word().chars().take(QUOTED_CHARS).collect()
    }
}

fn leading(text: &str, accept: impl Fn(char) -> bool) -> &str {
    let end = text.find(|c| !accept(c)).unwrap_or(text.len());
    text.get(..end).unwrap_or_default()
}

/// A text as it is typed into a pattern: in double quotes.
pub(super) fn in_quotes(text: &str) -> String {
    format!("\"{}\"", text.replace('\\', "\\\\").replace('"', "\\\""))
}

/// Whether `c` is one of the quotes that word processors put in place of `"` and `'`.
pub(super) fn is_typographic_quote(c: char) -> bool {
    matches!(c, '“' | '”' | '„' | '‟' | '«' | '»' | '‘' | '’' | '‚' | '″' | '＂')
}
