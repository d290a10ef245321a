//! Where does a text of another language, such as a filter pattern, stand in the template?
//!
//! The value of a scalar isn't what is written: JSON escapes quotes, YAML folds lines, functions put texts together. Where
//! what is written can be followed character by character, a place in the value is one in the template; elsewhere the
//! whole scalar is shown, and the place in words.

use std::ops::Range;

use diagnostic::Diagnostic;
use stack::Text;

/// How many characters of a value are shown in words.
const SHOWN_CHARS: usize = 200;
/// How many places in a scalar are tried as the beginning of the value.
const MOST_BEGINNINGS: usize = 16;

/// A diagnostic of the value of `scalar` as one of the template.
#[must_use]
pub fn in_scalar(mut found: Diagnostic, template: &str, scalar: &Text) -> Diagnostic {
    let whole = scalar.span.range();
    let Some(inner) = found.span.clone() else { return found.at(whole) };
    let Some(places) = followed(template, scalar) else {
        found.labels.clear();
        let words = in_words(&inner, &scalar.value);
        return found.at(whole).help(words);
    };
    let outer = |span: &Range<usize>| {
        let at = |byte: usize| places.get(byte.min(scalar.value.len())).copied().unwrap_or(whole.end);
        // A place ends behind its last character, not before the next one: a line break may lie between.
        let end = span.end.checked_sub(1).filter(|last| *last >= span.start);
        let end =
            end.map(|last| at(floor(&scalar.value, last)) + width(template, at(floor(&scalar.value, last))));
        at(span.start)..end.unwrap_or_else(|| at(span.start))
    };
    for (span, _) in &mut found.labels {
        *span = outer(span);
    }
    found.at(outer(&inner))
}

fn in_words(inner: &Range<usize>, value: &str) -> String {
    let (start, end) = (floor(value, inner.start), floor(value, inner.end));
    let part = value.get(start..end.max(start)).unwrap_or_default();
    let before = value.get(..start).unwrap_or_default().chars().count();
    let said = if part.is_empty() { String::new() } else { format!(": `{}`", shown(part)) };
    format!("the text is `{}`, and it is about its character {}{said}", shown(value), before + 1)
}

fn shown(text: &str) -> String {
    match text.char_indices().nth(SHOWN_CHARS) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

fn floor(text: &str, at: usize) -> usize {
    text.floor_char_boundary(at)
}

fn width(template: &str, at: usize) -> usize {
    template.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8)
}

/// The place in the template of each byte of the value, and of its end.
fn followed(template: &str, scalar: &Text) -> Option<Vec<usize>> {
    let span = scalar.span.range();
    let written = template.get(span.clone())?;
    let value = scalar.value.as_str();
    if let Some(start) = written.find(value) {
        return Some((0..=value.len()).map(|at| span.start + start + at).collect());
    }
    let quotes = written.char_indices().filter(|(_, quote)| matches!(quote, '"' | '\''));
    let quoted = quotes.map(|(at, quote)| (at + 1, Some(quote)));
    let block = written.find('\n').map(|at| (at + 1, None));
    let beginnings = std::iter::once((0, None)).chain(block).chain(quoted).take(MOST_BEGINNINGS);
    let places =
        beginnings.filter_map(|(start, quote)| Walk { written, at: start, quote }.follow(value)).next();
    places.map(|places| places.into_iter().map(|at| span.start + at).collect())
}

/// A walk through what is written.
struct Walk<'w> {
    written: &'w str,
    at: usize,
    quote: Option<char>,
}

impl Walk<'_> {
    /// The place of each byte of `value`. How much white space is written is of no matter: lines are folded.
    fn follow(mut self, value: &str) -> Option<Vec<usize>> {
        let mut places = Vec::with_capacity(value.len() + 1);
        for character in value.chars() {
            let start = self.step(character)?;
            places.extend(std::iter::repeat_n(start, character.len_utf8()));
        }
        places.push(self.at);
        Some(places)
    }

    /// The place of the next character, behind which the walk then stands.
    fn step(&mut self, character: char) -> Option<usize> {
        if character.is_whitespace() {
            let start = self.at;
            match self.escape() {
                Some((escaped, length)) if escaped == character => self.at += length,
                _ if self.rest().starts_with(character) && !self.breaks_here() => {
                    self.at += character.len_utf8()
                }
                _ => self.at += self.blank(),
            }
            return Some(start);
        }
        if !self.rest().starts_with(character) {
            self.at += self.blank();
        }
        let start = self.at;
        if let Some((escaped, length)) = self.escape() {
            self.at += length;
            return (escaped == character).then_some(start);
        }
        let next = self.rest().chars().next()?;
        self.at += next.len_utf8();
        (next == character).then_some(start)
    }

    fn rest(&self) -> &str {
        self.written.get(self.at..).unwrap_or_default()
    }

    /// How long the white space is that begins here.
    fn blank(&self) -> usize {
        self.rest().len() - self.rest().trim_start().len()
    }

    /// Is there a line break in the white space that begins here?
    fn breaks_here(&self) -> bool {
        self.rest().get(..self.blank()).is_some_and(|blank| blank.contains('\n'))
    }

    /// The character that an escape here stands for, and how long the escape is.
    fn escape(&self) -> Option<(char, usize)> {
        match self.quote? {
            '\'' => self.rest().starts_with("''").then_some(('\'', 2)),
            _ => double_quoted_escape(self.rest().strip_prefix('\\')?)
                .map(|(escaped, length)| (escaped, length + 1)),
        }
    }
}

/// Those of JSON, and of YAML what one meets.
fn double_quoted_escape(rest: &str) -> Option<(char, usize)> {
    let first = rest.chars().next()?;
    let hexadecimal = |digits: usize| {
        let code = u32::from_str_radix(rest.get(1..=digits)?, 16).ok()?;
        Some((char::from_u32(code)?, digits + 1))
    };
    match first {
        'n' => Some(('\n', 1)),
        't' => Some(('\t', 1)),
        'r' => Some(('\r', 1)),
        'b' => Some(('\u{8}', 1)),
        'f' => Some(('\u{c}', 1)),
        'e' => Some(('\u{1b}', 1)),
        'x' => hexadecimal(2),
        'u' => hexadecimal(4),
        other => Some((other, other.len_utf8())),
    }
}
