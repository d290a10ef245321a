//! Text to spans: a recursive-descent parser that writes a flat, pre-ordered list of nodes.

use std::fmt;

use crate::MAX_DEPTH;
use crate::string::{self, skip_string};
use crate::value::Value;

/// One JSON text and the spans of its values.
#[derive(Debug)]
pub struct Document<'t> {
    pub(crate) text: &'t str,
    pub(crate) nodes: Vec<Node>,
}

/// The memory of a dropped [`Document`], to be used by the next one.
#[derive(Debug, Default)]
pub struct Buffer(Vec<Node>);

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum NodeKind {
    Null,
    True,
    False,
    Number,
    /// A string without escapes: its text is its bytes.
    Plain,
    /// A string with at least one backslash.
    Escaped,
    Array,
    Object,
}

/// A value, or an object's key. An object's children are key, value, key, value…
#[derive(Debug, Clone, Copy)]
pub(crate) struct Node {
    pub(crate) kind: NodeKind,
    /// Byte offsets into the text, quotes and brackets included.
    pub(crate) start: u32,
    pub(crate) end: u32,
    /// Index of the first node that isn't inside this one.
    pub(crate) next: u32,
}

/// Why a text isn't JSON, and where.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Error {
    /// Byte offset into the text.
    pub offset: usize,
    /// What is wrong there.
    pub kind: ErrorKind,
}

/// What is wrong with a text that isn't JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The text ends inside a value.
    UnexpectedEnd,
    /// A byte that can't stand here.
    UnexpectedByte(u8),
    /// Not a number as JSON writes them.
    InvalidNumber,
    /// A backslash followed by something that JSON doesn't know.
    InvalidEscape,
    /// A byte below 0x20 inside a string.
    ControlCharacter,
    /// Not UTF-8.
    InvalidUtf8,
    /// Deeper than [`MAX_DEPTH`].
    TooDeep,
    /// Something follows the value.
    TrailingText,
    /// 4 GiB or longer.
    TooLong,
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} at byte {}", self.kind, self.offset)
    }
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            ErrorKind::UnexpectedEnd => write!(f, "the JSON text ends inside a value"),
            ErrorKind::UnexpectedByte(byte) => write!(f, "unexpected {}", Shown(byte)),
            ErrorKind::InvalidNumber => write!(f, "not a JSON number"),
            ErrorKind::InvalidEscape => write!(f, "unknown escape in a string"),
            ErrorKind::ControlCharacter => write!(f, "raw control character in a string"),
            ErrorKind::InvalidUtf8 => write!(f, "not valid UTF-8"),
            ErrorKind::TooDeep => write!(f, "nested deeper than {MAX_DEPTH} levels"),
            ErrorKind::TrailingText => write!(f, "text after the end of the JSON value"),
            ErrorKind::TooLong => write!(f, "longer than 4 GiB"),
        }
    }
}

impl std::error::Error for Error {}

/// A byte as a person reads it in an error message.
struct Shown(u8);

impl fmt::Display for Shown {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.0.is_ascii_graphic() {
            write!(f, "`{}`", char::from(self.0))
        } else {
            write!(f, "byte 0x{:02x}", self.0)
        }
    }
}

impl<'t> Document<'t> {
    /// Parses `text`, which must hold exactly one JSON value; white space around it is fine.
    ///
    /// # Errors
    /// The first place at which `text` isn't JSON.
    pub fn parse(text: &'t [u8]) -> Result<Self, Error> {
        Self::parse_with(text, Buffer::default()).map_err(|(error, _)| error)
    }

    /// Whether `text` holds exactly one JSON value, found with less work than parsing it.
    ///
    /// # Errors
    /// As [`Document::parse`].
    pub fn check(text: &[u8]) -> Result<(), Error> {
        let text = checked(text)?;
        let mut parser = Parser { bytes: text.as_bytes(), at: 0, nodes: Vec::new(), keep: false };
        parser.whole()
    }

    /// [`Document::parse`] in the memory of an earlier document.
    ///
    /// # Errors
    /// As [`Document::parse`]; the memory comes back with the error.
    pub fn parse_with(text: &'t [u8], buffer: Buffer) -> Result<Self, (Error, Buffer)> {
        let mut nodes = buffer.0;
        nodes.clear();
        match checked(text).and_then(|text| parse_whole(text, &mut nodes).map(|()| text)) {
            Ok(text) => Ok(Document { text, nodes }),
            Err(error) => Err((error, Buffer(nodes))),
        }
    }

    /// Parses the one value at the start of `text` and says where it ends (byte offset), whatever follows.
    ///
    /// # Errors
    /// The first place at which that value isn't JSON. Of bytes that aren't UTF-8, only those inside the value
    /// count.
    pub fn parse_prefix(text: &'t [u8]) -> Result<(Self, usize), Error> {
        // Not more text is looked at than the value is long: whoever reads value after value depends on that.
        let (within, _) = text.split_at(text.len().min(narrow(text.len()) as usize));
        let mut parser = Parser { bytes: within, at: 0, nodes: Vec::new(), keep: true };
        let outcome = parser.value(0);
        let read = outcome.map_or_else(|error| error.offset, |()| parser.at);
        let valid = checked(within.get(..read).unwrap_or_default())?;
        outcome.map(|()| (Document { text: valid, nodes: parser.nodes }, parser.at))
    }

    /// The value that the text holds.
    #[must_use]
    pub fn root(&self) -> Value<'_> {
        Value::new(self, 0)
    }

    /// The text that was parsed.
    #[must_use]
    pub fn text(&self) -> &'t str {
        self.text
    }

    /// Gives the memory back for the next document.
    #[must_use]
    pub fn into_buffer(self) -> Buffer {
        Buffer(self.nodes)
    }
}

fn checked(text: &[u8]) -> Result<&str, Error> {
    if u32::try_from(text.len()).is_err() {
        return Err(Error { offset: 0, kind: ErrorKind::TooLong });
    }
    std::str::from_utf8(text)
        .map_err(|error| Error { offset: error.valid_up_to(), kind: ErrorKind::InvalidUtf8 })
}

fn parse_whole(text: &str, nodes: &mut Vec<Node>) -> Result<(), Error> {
    let mut parser = Parser { bytes: text.as_bytes(), at: 0, nodes: std::mem::take(nodes), keep: true };
    let outcome = parser.whole();
    *nodes = parser.nodes;
    outcome
}

struct Parser<'t> {
    bytes: &'t [u8],
    at: usize,
    nodes: Vec<Node>,
    /// Whether nodes are written at all.
    keep: bool,
}

impl Parser<'_> {
    fn error(&self, kind: ErrorKind) -> Error {
        Error { offset: self.at, kind }
    }

    fn unexpected(&self) -> Error {
        self.error(self.peek().map_or(ErrorKind::UnexpectedEnd, ErrorKind::UnexpectedByte))
    }

    fn peek(&self) -> Option<u8> {
        self.bytes.get(self.at).copied()
    }

    fn skip_space(&mut self) {
        while let Some(b' ' | b'\t' | b'\n' | b'\r') = self.peek() {
            self.at += 1;
        }
    }

    /// White space, then the byte after it.
    fn next_token(&mut self) -> Option<u8> {
        self.skip_space();
        self.peek()
    }

    /// One value and nothing behind it.
    fn whole(&mut self) -> Result<(), Error> {
        self.value(0)?;
        self.skip_space();
        if self.at < self.bytes.len() { Err(self.error(ErrorKind::TrailingText)) } else { Ok(()) }
    }

    fn value(&mut self, depth: usize) -> Result<(), Error> {
        match self.next_token() {
            Some(b'{') => self.object(depth),
            Some(b'[') => self.array(depth),
            Some(b'"') => self.string(),
            Some(b't') => self.literal(b"true", NodeKind::True),
            Some(b'f') => self.literal(b"false", NodeKind::False),
            Some(b'n') => self.literal(b"null", NodeKind::Null),
            Some(b'-' | b'0'..=b'9') => self.number(),
            _ => Err(self.unexpected()),
        }
    }

    fn object(&mut self, depth: usize) -> Result<(), Error> {
        let node = self.open(NodeKind::Object, depth)?;
        if self.next_token() == Some(b'}') {
            return self.close(node);
        }
        loop {
            if self.next_token() != Some(b'"') {
                return Err(self.unexpected());
            }
            self.string()?;
            if self.next_token() != Some(b':') {
                return Err(self.unexpected());
            }
            self.at += 1;
            self.value(depth + 1)?;
            match self.next_token() {
                Some(b',') => self.at += 1,
                Some(b'}') => return self.close(node),
                _ => return Err(self.unexpected()),
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<(), Error> {
        let node = self.open(NodeKind::Array, depth)?;
        if self.next_token() == Some(b']') {
            return self.close(node);
        }
        loop {
            self.value(depth + 1)?;
            match self.next_token() {
                Some(b',') => self.at += 1,
                Some(b']') => return self.close(node),
                _ => return Err(self.unexpected()),
            }
        }
    }

    fn open(&mut self, kind: NodeKind, depth: usize) -> Result<usize, Error> {
        if depth >= MAX_DEPTH {
            return Err(self.error(ErrorKind::TooDeep));
        }
        let node = self.nodes.len();
        let start = self.at;
        self.at += 1;
        self.push(kind, start);
        Ok(node)
    }

    fn close(&mut self, node: usize) -> Result<(), Error> {
        self.at += 1;
        let (end, next) = (narrow(self.at), narrow(self.nodes.len()));
        if let Some(node) = self.nodes.get_mut(node) {
            (node.end, node.next) = (end, next);
        }
        Ok(())
    }

    /// Adds a node that ends here and holds nothing.
    fn push(&mut self, kind: NodeKind, start: usize) {
        if !self.keep {
            return;
        }
        let next = narrow(self.nodes.len() + 1);
        self.nodes.push(Node { kind, start: narrow(start), end: narrow(self.at), next });
    }

    fn string(&mut self) -> Result<(), Error> {
        let start = self.at;
        let (end, escaped) = skip_string(self.bytes, start)?;
        self.at = end;
        self.push(if escaped { NodeKind::Escaped } else { NodeKind::Plain }, start);
        Ok(())
    }

    fn literal(&mut self, word: &[u8], kind: NodeKind) -> Result<(), Error> {
        let start = self.at;
        for expected in word {
            if self.peek() != Some(*expected) {
                return Err(self.unexpected());
            }
            self.at += 1;
        }
        self.push(kind, start);
        Ok(())
    }

    fn number(&mut self) -> Result<(), Error> {
        let start = self.at;
        self.at = string::skip_number(self.bytes, start)?;
        self.push(NodeKind::Number, start);
        Ok(())
    }
}

/// Texts of 4 GiB or more are refused before parsing, so an offset or a count of nodes always fits.
fn narrow(position: usize) -> u32 {
    u32::try_from(position).unwrap_or(u32::MAX)
}
