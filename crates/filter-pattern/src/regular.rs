//! Regular expressions between percent signs (4).
//!
//! The dialect is small: no groups, and so no alternatives inside an expression, no look-around, no references.
//! An expression is checked character by character and written anew for the `regex` crate, so that nothing of that
//! crate's own dialect (`--` in a class, `\p`, flags) shines through. Two things that one could write are refused
//! though AWS may know them: a `+` after another repetition (`a*+`), and an expression that takes more than
//! [`MAX_COMPILED_REGEX`] bytes when compiled.

use std::fmt::Write as _;
use std::ops::Range;

use crate::error::{ErrorCode, PatternError};

/// How many bytes a compiled regular expression may take: `.{1000}` fits, `.{1000}` ten times over doesn't.
pub const MAX_COMPILED_REGEX: usize = 1 << 20;

/// A regular expression of a pattern.
#[derive(Debug, Clone)]
pub struct Regex {
    text: String,
    compiled: regex::bytes::Regex,
}

impl Regex {
    /// Parses what stands between the percent signs; `offset` is where that begins in the pattern.
    pub(crate) fn parse(text: &str, offset: usize) -> Result<Self, PatternError> {
        let whole = offset..offset + text.len();
        if text.is_empty() {
            let span = offset.saturating_sub(1)..offset + 1;
            return Err(PatternError::new(ErrorCode::EmptyRegex, span, "this regular expression is empty")
                .aws_term("%%")
                .help("write what to look for between the percent signs, e.g. `%Denied%`"));
        }
        let translated = Translator::new(text, offset).run()?;
        let compiled = regex::bytes::RegexBuilder::new(&translated).size_limit(MAX_COMPILED_REGEX).build();
        let compiled = compiled.map_err(|error| refused(&error, whole))?;
        Ok(Regex { text: text.into(), compiled })
    }

    /// As typed, without the percent signs.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// Whether it matches somewhere in `text`.
    #[must_use]
    pub fn is_match(&self, text: &[u8]) -> bool {
        self.compiled.is_match(text)
    }
}

fn refused(error: &regex::Error, span: Range<usize>) -> PatternError {
    match error {
        regex::Error::CompiledTooBig(_) => {
            PatternError::new(ErrorCode::RegexTooLarge, span, "this regular expression becomes too large")
                .help("repeat less: `{m,n}` with large numbers is what makes it large")
        }
        _ => PatternError::new(ErrorCode::InvalidRegex, span, "this isn't a regular expression").help(
            "only `^ $ ? * + {m,n} [ ] | . \\` have a meaning; put a backslash before one that hasn't here",
        ),
    }
}

/// What stands just before a repetition.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// The start, `|`, `^` or `$`: nothing that can be repeated.
    Nothing,
    /// A character or a class.
    Atom,
    /// A repetition, which `?` can make lazy.
    Repetition,
    /// A lazy repetition.
    Lazy,
}

/// One item of a class.
#[derive(Clone, Copy)]
enum Item {
    Char(char),
    Class(&'static str),
}

/// Writes an expression of AWS's dialect as one of the `regex` crate's.
struct Translator<'t> {
    text: &'t str,
    /// Where `text` begins in the pattern.
    offset: usize,
    at: usize,
    out: String,
    before: Before,
}

impl<'t> Translator<'t> {
    fn new(text: &'t str, offset: usize) -> Self {
        Translator { text, offset, at: 0, out: String::new(), before: Before::Nothing }
    }

    fn run(mut self) -> Result<String, PatternError> {
        self.check_characters()?;
        while let Some(c) = self.next() {
            self.step(c)?;
        }
        Ok(self.out)
    }

    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    /// The span from `from` to here, in the pattern.
    fn span_from(&self, from: usize) -> Range<usize> {
        self.offset + from..self.offset + self.at
    }

    fn check_characters(&self) -> Result<(), PatternError> {
        match self.text.char_indices().find(|&(_, c)| !is_allowed(c)) {
            Some((at, c)) => Err(self.refuse_character(at, c)),
            None => Ok(()),
        }
    }

    fn refuse_character(&self, at: usize, c: char) -> PatternError {
        let end = at + c.len_utf8();
        let until = self.text.get(..end).unwrap_or_default();
        let message = match c {
            '(' | ')' => {
                "a regular expression has no groups, and no parentheses even behind a backslash".into()
            }
            '\'' => "`'` can't stand in a regular expression".into(),
            _ => format!("`{c}` can't stand in a regular expression"),
        };
        PatternError::new(ErrorCode::CharacterInRegex, self.offset + at..self.offset + end, message)
            .aws_term(&format!("%{until}"))
            .help(self.help_for_character(c))
    }

    fn help_for_character(&self, c: char) -> String {
        let escape = if c.is_ascii() { format!("\\x{:02x}", u32::from(c)) } else { String::new() };
        match c {
            '(' | ')' if self.text.contains('|') => format!(
                "give each alternative its own whole expression, as in `%^a|^b%`; for the character itself write \
                 `{escape}`"
            ),
            _ if c.is_ascii() => format!("for the character itself write `{escape}`"),
            _ => "only ASCII characters are allowed; let `.+` stand for it".into(),
        }
    }

    fn step(&mut self, c: char) -> Result<(), PatternError> {
        match c {
            '\\' => match self.escape()? {
                Item::Char(c) => self.atom(|out| push_char(out, c)),
                Item::Class(class) => self.atom(|out| write_class(out, class)),
            },
            '[' => return self.class(),
            '.' => self.atom(|out| out.push('.')),
            '^' => self.nothing("^"),
            '$' => self.nothing("\\z"),
            '|' => self.nothing("|"),
            '?' | '*' | '+' => return self.repeat(c),
            '{' => return self.brace(),
            _ => self.atom(|out| push_char(out, c)),
        }
        Ok(())
    }

    fn atom(&mut self, write: impl FnOnce(&mut String)) {
        write(&mut self.out);
        self.before = Before::Atom;
    }

    fn nothing(&mut self, translated: &str) {
        self.out.push_str(translated);
        self.before = Before::Nothing;
    }

    fn repeat(&mut self, c: char) -> Result<(), PatternError> {
        let from = self.at - 1;
        self.before = match (self.before, c) {
            (Before::Atom, _) => Before::Repetition,
            (Before::Repetition, '?') => Before::Lazy,
            (before, _) => return Err(self.nothing_to_repeat(before, from)),
        };
        self.out.push(c);
        Ok(())
    }

    fn nothing_to_repeat(&self, before: Before, from: usize) -> PatternError {
        let message = match before {
            Before::Nothing => "there is nothing before this that could be repeated",
            _ => "this repeats what is repeated already",
        };
        PatternError::new(ErrorCode::InvalidRegex, self.span_from(from), message)
            .help("for the character itself put a backslash before it")
    }

    /// `{m}`, `{m,}`, `{,n}`, `{m,n}`; any other brace is just a brace.
    fn brace(&mut self) -> Result<(), PatternError> {
        let from = self.at - 1;
        let Some((low, high, len)) = read_bounds(self.rest()) else {
            self.atom(|out| push_char(out, '{'));
            return Ok(());
        };
        self.at += len;
        if self.before != Before::Atom {
            return Err(self.nothing_to_repeat(self.before, from));
        }
        if high.is_some_and(|high| high < low) {
            return Err(PatternError::new(
                ErrorCode::InvalidRegex,
                self.span_from(from),
                "the first number of a repetition may not exceed the second",
            )
            .help(format!("write `{{{},{low}}}`", high.unwrap_or_default())));
        }
        let _ = match high {
            Some(high) => write!(self.out, "{{{low},{high}}}"),
            None => write!(self.out, "{{{low},}}"),
        };
        self.before = Before::Repetition;
        Ok(())
    }

    fn class(&mut self) -> Result<(), PatternError> {
        let from = self.at - 1;
        self.out.push('[');
        if self.peek() == Some('^') {
            self.at += 1;
            self.out.push('^');
        }
        self.class_items(from)?;
        self.out.push(']');
        self.before = Before::Atom;
        Ok(())
    }

    /// The items of the class that opened at `from`, and its `]`. A `]` that comes first is an item.
    fn class_items(&mut self, from: usize) -> Result<(), PatternError> {
        let first = self.at;
        loop {
            let start = self.at;
            match self.next() {
                None => return Err(self.unterminated_class(from)),
                Some(']') if start > first => return Ok(()),
                Some(c) => {
                    let item = self.item(c)?;
                    self.item_or_range(item, start)?;
                }
            }
        }
    }

    fn unterminated_class(&self, from: usize) -> PatternError {
        let span = self.offset + from..self.offset + from + 1;
        PatternError::new(ErrorCode::InvalidRegex, span, "this `[` is never closed")
            .help("close it with `]`, or write `\\[` for the character itself")
    }

    fn item(&mut self, c: char) -> Result<Item, PatternError> {
        if c == '\\' { self.escape() } else { Ok(Item::Char(c)) }
    }

    fn item_or_range(&mut self, item: Item, from: usize) -> Result<(), PatternError> {
        let rest = self.rest();
        if !rest.starts_with('-') || rest.starts_with("-]") || rest.len() == 1 {
            push_item(&mut self.out, item);
            return Ok(());
        }
        self.at += 1;
        let last = match self.next() {
            Some(c) => self.item(c)?,
            None => return Ok(()),
        };
        match (item, last) {
            (Item::Char(low), Item::Char(high)) if low <= high => push_range(&mut self.out, low, high),
            _ => return Err(self.bad_range(from)),
        }
        Ok(())
    }

    fn bad_range(&self, from: usize) -> PatternError {
        PatternError::new(ErrorCode::InvalidRegex, self.span_from(from), "this range has no characters in it")
            .help("a range goes from the lower to the higher character; write `\\-` for the character `-` itself")
    }

    /// What the escape whose backslash was just read stands for.
    fn escape(&mut self) -> Result<Item, PatternError> {
        let from = self.at - 1;
        let Some(c) = self.next() else { return Err(self.bad_escape(from)) };
        Ok(match c {
            'd' => Item::Class("0-9"),
            'D' => Item::Class("^0-9"),
            'w' => Item::Class("0-9A-Za-z_"),
            'W' => Item::Class("^0-9A-Za-z_"),
            's' => Item::Class(r"\t\n\x0b\x0c\r\x20"),
            'S' => Item::Class(r"^\t\n\x0b\x0c\r\x20"),
            't' => Item::Char('\t'),
            'n' => Item::Char('\n'),
            'r' => Item::Char('\r'),
            'f' => Item::Char('\u{c}'),
            'v' => Item::Char('\u{b}'),
            'x' => return self.hex_escape(from),
            _ if is_operator(c) || matches!(c, '-' | '/') => Item::Char(c),
            _ => return Err(self.bad_escape(from)),
        })
    }

    fn hex_escape(&mut self, from: usize) -> Result<Item, PatternError> {
        let digits =
            self.rest().get(..2).filter(|digits| digits.bytes().all(|byte| byte.is_ascii_hexdigit()));
        let byte = digits.and_then(|digits| u8::from_str_radix(digits, 16).ok());
        let byte = byte.ok_or_else(|| self.bad_escape(from))?;
        self.at += 2;
        Ok(Item::Char(char::from(byte)))
    }

    fn bad_escape(&self, from: usize) -> PatternError {
        let code = ErrorCode::EscapeInRegex;
        let error =
            PatternError::new(code, self.span_from(from), "a regular expression doesn't know this escape");
        error.help("known are `\\d \\D \\s \\S \\w \\W \\t \\n \\r \\f \\v`, `\\xHH`, and a backslash before an operator")
    }
}

fn is_allowed(c: char) -> bool {
    c.is_ascii_alphanumeric() || is_operator(c) || ":_#=@/;,- ".contains(c)
}

fn is_operator(c: char) -> bool {
    "^$?[]{}|\\*+.".contains(c)
}

/// The bounds at the start of `text`, which follows a `{`, and their length with the `}`.
fn read_bounds(text: &str) -> Option<(u32, Option<u32>, usize)> {
    let (inside, _) = text.split_once('}')?;
    let (low, high) = match inside.split_once(',') {
        Some((low, "")) => (bound(low)?, None),
        Some((low, high)) => (bound(low)?, Some(bound(high)?)),
        None if inside.is_empty() => return None,
        None => (bound(inside)?, Some(bound(inside)?)),
    };
    Some((low, high, inside.len() + 1))
}

/// A number of repetitions; nothing means none. One too large for the machine is refused for its size later.
fn bound(digits: &str) -> Option<u32> {
    let all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    all_digits.then(|| if digits.is_empty() { 0 } else { digits.parse().unwrap_or(u32::MAX) })
}

fn push_item(out: &mut String, item: Item) {
    match item {
        Item::Char(c) => push_char(out, c),
        Item::Class(class) => write_class(out, class),
    }
}

fn push_range(out: &mut String, low: char, high: char) {
    push_char(out, low);
    out.push('-');
    push_char(out, high);
}

fn push_char(out: &mut String, c: char) {
    if c.is_ascii_alphanumeric() {
        out.push(c);
    } else {
        let _ = write!(out, "\\x{{{:x}}}", u32::from(c));
    }
}

fn write_class(out: &mut String, class: &str) {
    let _ = write!(out, "[{class}]");
}

#[cfg(test)]
mod tests {
    use super::*;

    fn matches(regex: &str, text: &str) -> bool {
        Regex::parse(regex, 1).unwrap_or_else(|error| panic!("{regex}: {error}")).is_match(text.as_bytes())
    }

    fn code(regex: &str) -> ErrorCode {
        Regex::parse(regex, 1).err().unwrap_or_else(|| panic!("{regex} was accepted")).code
    }

    #[test]
    fn the_dialect_of_aws_not_of_the_regex_crate() {
        assert_eq!(code("[a--b]"), ErrorCode::InvalidRegex, "a range from a to -");
        assert!(matches("[+--]", ","), "a range from + to -");
        assert!(matches("[[a]", "["));
        assert!(matches("a{x}", "a{x}"));
        assert!(matches("a{,2}$", "aa"));
        assert!(matches("a{}", "a{}"));
        assert!(matches("x{,}y", "y"));
        assert!(!matches("^a$", "a\n"), "$ is the end of the text");
        assert!(!matches("\\w", "é") && matches("\\W", "é"));
        assert!(matches("^.$", "é"));
        assert!(!matches("^.$", "\n"));
        assert!(matches("\\xe9", "é"));
        assert!(matches("^.{0,1000}$", "é"));
        assert!(matches("^a|b$", "axx") && matches("^a|b$", "xxb"));
    }

    #[test]
    fn refused() {
        assert_eq!(code("a**"), ErrorCode::InvalidRegex);
        assert_eq!(code("a*+"), ErrorCode::InvalidRegex);
        assert_eq!(code("^*"), ErrorCode::InvalidRegex);
        assert_eq!(code("|*"), ErrorCode::InvalidRegex);
        assert_eq!(code("a{2,1}"), ErrorCode::InvalidRegex);
        assert_eq!(code("[z-a]"), ErrorCode::InvalidRegex);
        assert_eq!(code("[\\d-z]"), ErrorCode::InvalidRegex);
        assert_eq!(code("[abc"), ErrorCode::InvalidRegex);
        assert_eq!(code("a\\"), ErrorCode::EscapeInRegex);
        assert_eq!(code("\\p"), ErrorCode::EscapeInRegex);
        assert_eq!(code("\\x4"), ErrorCode::EscapeInRegex);
        assert_eq!(code("a!"), ErrorCode::CharacterInRegex);
        assert_eq!(code("\\("), ErrorCode::CharacterInRegex);
        assert_eq!(code(&"[a-z]{999}".repeat(50)), ErrorCode::RegexTooLarge);
        assert_eq!(code("a{4294967296}"), ErrorCode::RegexTooLarge);
    }
}
