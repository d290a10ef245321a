//! Walking a parsed document.

use std::borrow::Cow;
use std::collections::HashMap;

use crate::parse::{Document, Node, NodeKind};
use crate::string::decode;

/// A value inside a [`Document`].
#[derive(Debug, Clone, Copy)]
pub struct Value<'d> {
    document: &'d Document<'d>,
    index: u32,
}

/// What a value is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// `null`
    Null,
    /// `true` or `false`
    Bool(bool),
    /// A number; [`Value::raw`] is its text.
    Number,
    /// A string; [`Value::string`] is what it says.
    String,
    /// An array.
    Array,
    /// An object.
    Object,
}

impl<'d> Value<'d> {
    pub(crate) fn new(document: &'d Document<'_>, index: u32) -> Self {
        Value { document, index }
    }

    #[expect(clippy::indexing_slicing, reason = "an index comes from the parser, which wrote that node")]
    fn node(self) -> &'d Node {
        &self.document.nodes[self.index as usize]
    }

    /// What it is.
    #[must_use]
    pub fn kind(self) -> Kind {
        match self.node().kind {
            NodeKind::Null => Kind::Null,
            NodeKind::True => Kind::Bool(true),
            NodeKind::False => Kind::Bool(false),
            NodeKind::Number => Kind::Number,
            NodeKind::Plain | NodeKind::Escaped => Kind::String,
            NodeKind::Array => Kind::Array,
            NodeKind::Object => Kind::Object,
        }
    }

    /// Its text as it stands in the document, quotes and brackets included.
    #[must_use]
    pub fn raw(self) -> &'d str {
        let Node { start, end, .. } = *self.node();
        self.document.text.get(start as usize..end as usize).unwrap_or_default()
    }

    /// Where it stands in the document, in bytes.
    #[must_use]
    pub fn span(self) -> std::ops::Range<usize> {
        self.node().start as usize..self.node().end as usize
    }

    /// What it says, if it is a string.
    #[must_use]
    pub fn string(self) -> Option<Cow<'d, str>> {
        let raw = self.raw();
        let inside = || raw.get(1..raw.len() - 1).unwrap_or_default();
        match self.node().kind {
            NodeKind::Plain => Some(Cow::Borrowed(inside())),
            NodeKind::Escaped => Some(decode(inside())),
            _ => None,
        }
    }

    /// The text of a string or number; `None` for anything else.
    #[must_use]
    pub fn scalar(self) -> Option<Cow<'d, str>> {
        match self.kind() {
            Kind::Number => Some(Cow::Borrowed(self.raw())),
            _ => self.string(),
        }
    }

    /// The member `key` of an object; of several, the last.
    #[must_use]
    pub fn get(self, key: &str) -> Option<Value<'d>> {
        self.members().filter(|(name, _)| name.says(key)).last().map(|(_, value)| value)
    }

    /// The element at `index`, counted from 0, of an array.
    #[must_use]
    pub fn at(self, index: usize) -> Option<Value<'d>> {
        self.elements().nth(index)
    }

    /// An object's keys and values in the order of the text, repeated keys included. Nothing for other kinds.
    #[must_use]
    pub fn members(self) -> Members<'d> {
        Members(self.inside(NodeKind::Object))
    }

    /// An array's elements. Nothing for other kinds.
    #[must_use]
    pub fn elements(self) -> Elements<'d> {
        Elements(self.inside(NodeKind::Array))
    }

    /// The elements of an array or the values of an object's members, of a repeated key the last one.
    #[must_use]
    pub fn children(self) -> Children<'d> {
        match self.kind() {
            Kind::Object => Children::Members(self.distinct_members().into_iter()),
            _ => Children::Elements(self.elements()),
        }
    }

    fn distinct_members(self) -> Vec<Value<'d>> {
        let mut seen = HashMap::new();
        let mut values: Vec<Value<'d>> = Vec::new();
        for (key, value) in self.members() {
            let slot = *seen.entry(key.string().unwrap_or_default()).or_insert(values.len());
            match values.get_mut(slot) {
                Some(earlier) => *earlier = value,
                None => values.push(value),
            }
        }
        values
    }

    fn inside(self, kind: NodeKind) -> Siblings<'d> {
        let node = self.node();
        let end = if node.kind == kind { node.next } else { self.index + 1 };
        Siblings { document: self.document, index: self.index + 1, end }
    }

    /// Whether it is a string that says `text`.
    #[must_use]
    pub fn says(self, text: &str) -> bool {
        match self.node().kind {
            NodeKind::Plain => {
                let raw = self.raw().as_bytes();
                raw.len() == text.len() + 2 && raw.get(1..raw.len() - 1) == Some(text.as_bytes())
            }
            NodeKind::Escaped => self.string().is_some_and(|said| said == text),
            _ => false,
        }
    }
}

/// Neighbouring nodes on one level.
#[derive(Debug, Clone)]
struct Siblings<'d> {
    document: &'d Document<'d>,
    index: u32,
    end: u32,
}

impl<'d> Iterator for Siblings<'d> {
    type Item = Value<'d>;

    fn next(&mut self) -> Option<Value<'d>> {
        if self.index >= self.end {
            return None;
        }
        let value = Value { document: self.document, index: self.index };
        self.index = value.node().next;
        Some(value)
    }
}

/// See [`Value::members`].
#[derive(Debug, Clone)]
pub struct Members<'d>(Siblings<'d>);

impl<'d> Iterator for Members<'d> {
    type Item = (Value<'d>, Value<'d>);

    fn next(&mut self) -> Option<Self::Item> {
        Some((self.0.next()?, self.0.next()?))
    }
}

/// See [`Value::elements`].
#[derive(Debug, Clone)]
pub struct Elements<'d>(Siblings<'d>);

impl<'d> Iterator for Elements<'d> {
    type Item = Value<'d>;

    fn next(&mut self) -> Option<Value<'d>> {
        self.0.next()
    }
}

/// See [`Value::children`].
#[derive(Debug, Clone)]
pub enum Children<'d> {
    /// An array's elements.
    Elements(Elements<'d>),
    /// An object's members, each key once.
    Members(std::vec::IntoIter<Value<'d>>),
}

impl<'d> Iterator for Children<'d> {
    type Item = Value<'d>;

    fn next(&mut self) -> Option<Value<'d>> {
        match self {
            Children::Elements(elements) => elements.next(),
            Children::Members(members) => members.next(),
        }
    }
}
