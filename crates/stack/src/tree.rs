//! One tree for what YAML and JSON say, in which each node knows where it stands.

use crate::error::{ErrorCode, Errors, TemplateError};
use crate::limits::MAX_DEPTH;

/// A range of bytes in the text of a template.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct Span {
    /// The first byte.
    pub start: usize,
    /// The byte behind the last one.
    pub end: usize,
}

impl Span {
    pub(crate) fn new(start: usize, end: usize) -> Self {
        Span { start, end: end.max(start) }
    }

    /// The same as a range, to slice the text with.
    #[must_use]
    pub fn range(self) -> std::ops::Range<usize> {
        self.start..self.end
    }

    pub(crate) fn is_empty(self) -> bool {
        self.start == self.end
    }
}

/// A value and where it is written in the template; of a value that a function yields, where the function stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spanned<T> {
    /// What it says.
    pub value: T,
    /// Where.
    pub span: Span,
}

impl<T> Spanned<T> {
    /// A value that stands at `span`.
    #[must_use]
    pub fn new(value: T, span: Span) -> Self {
        Spanned { value, span }
    }
}

/// A value of a text in YAML or JSON, and where it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Node {
    /// What it says.
    pub value: Value,
    /// Where.
    pub span: Span,
}

/// What a value says.
#[derive(Debug, Clone, PartialEq)]
pub enum Value {
    /// `null`, `~`, or nothing.
    Null,
    /// `true`, `false`, and what YAML 1.1 takes for one of them.
    Bool(bool),
    /// The text of the number.
    Number(String),
    /// A text.
    String(String),
    /// A list.
    List(Vec<Node>),
    /// A map, its keys all different.
    Map(Vec<Member>),
    /// A function of a template whose value can't be known. Why has been reported, or the resource is none of ours.
    Unresolved,
}

/// A key of a map, and its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Member {
    /// The key.
    pub key: Spanned<String>,
    /// The value.
    pub value: Node,
}

/// What a text is meant to be: some of YAML means something else in a template, and help is in other words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Dialect {
    /// A template: tags are functions.
    Template,
    /// Anything else: tags mean nothing.
    Document,
}

impl Node {
    /// A value that stands at `span`.
    #[must_use]
    pub fn new(value: Value, span: Span) -> Self {
        Node { value, span }
    }

    pub(crate) fn string(text: impl Into<String>, span: Span) -> Self {
        Node::new(Value::String(text.into()), span)
    }

    pub(crate) fn unresolved(span: Span) -> Self {
        Node::new(Value::Unresolved, span)
    }

    pub(crate) fn is_unresolved(&self) -> bool {
        self.value == Value::Unresolved
    }

    /// What a string says; not that of a number.
    #[must_use]
    pub fn as_str(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) => Some(text),
            _ => None,
        }
    }

    /// A scalar's text as CloudFormation hands it to a property of type String.
    #[must_use]
    pub fn scalar(&self) -> Option<&str> {
        match &self.value {
            Value::String(text) | Value::Number(text) => Some(text),
            Value::Bool(true) => Some("true"),
            Value::Bool(false) => Some("false"),
            _ => None,
        }
    }

    /// The items of a list.
    #[must_use]
    pub fn list(&self) -> Option<&[Node]> {
        match &self.value {
            Value::List(items) => Some(items),
            _ => None,
        }
    }

    /// The members of a map, in the order of the text.
    #[must_use]
    pub fn map(&self) -> Option<&[Member]> {
        match &self.value {
            Value::Map(members) => Some(members),
            _ => None,
        }
    }

    /// The member of a map that has this key.
    #[must_use]
    pub fn member(&self, key: &str) -> Option<&Member> {
        self.map()?.iter().find(|member| member.key.value == key)
    }

    /// The value of that member.
    #[must_use]
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.member(key).map(|member| &member.value)
    }

    /// The name and the argument, if it is a function: a map of one key, `Ref` or `Fn::…`.
    pub(crate) fn function(&self) -> Option<&Member> {
        match self.map()? {
            [only] if is_function_name(&only.key.value) => Some(only),
            _ => None,
        }
    }

    /// What kind of value it is, for messages.
    #[must_use]
    pub fn kind(&self) -> &'static str {
        match self.value {
            Value::Null => "null",
            Value::Bool(_) => "a boolean",
            Value::Number(_) => "a number",
            Value::String(_) => "a string",
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
            Value::Unresolved => "unknown",
        }
    }

    /// Its JSON text without white space, as `Fn::ToJsonString` writes it.
    #[must_use]
    pub fn to_json(&self) -> String {
        let mut text = String::new();
        self.write_json(&mut text);
        text
    }

    fn write_json(&self, text: &mut String) {
        match &self.value {
            Value::Null | Value::Unresolved => text.push_str("null"),
            Value::Bool(value) => text.push_str(if *value { "true" } else { "false" }),
            Value::Number(number) => write_json_number(number, text),
            Value::String(string) => write_json_string(string, text),
            Value::List(items) => {
                text.push('[');
                for (index, item) in items.iter().enumerate() {
                    text.push_str(if index == 0 { "" } else { "," });
                    item.write_json(text);
                }
                text.push(']');
            }
            Value::Map(members) => {
                text.push('{');
                for (index, member) in members.iter().enumerate() {
                    text.push_str(if index == 0 { "" } else { "," });
                    write_json_string(&member.key.value, text);
                    text.push(':');
                    member.value.write_json(text);
                }
                text.push('}');
            }
        }
    }
}

pub(crate) fn is_function_name(name: &str) -> bool {
    name == "Ref" || name.starts_with("Fn::")
}

/// YAML also writes `+1`, `.5` and `5.`.
fn write_json_number(number: &str, text: &mut String) {
    let number = number.strip_prefix('+').unwrap_or(number);
    let (sign, digits) = number.strip_prefix('-').map_or(("", number), |digits| ("-", digits));
    let zero = if digits.starts_with('.') { "0" } else { "" };
    text.push_str(&format!("{sign}{zero}{}", digits.trim_end_matches('.')));
}

fn write_json_string(string: &str, text: &mut String) {
    text.push('"');
    for character in string.chars() {
        match character {
            '"' => text.push_str("\\\""),
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            control if control < ' ' => text.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => text.push(other),
        }
    }
    text.push('"');
}

/// Adds a member, or reports that its key is there already.
pub(crate) fn push_member(
    members: &mut Vec<Member>,
    seen: &mut Seen,
    member: Member,
    (dialect, errors): (Dialect, &mut Errors),
) {
    if let Some(first) = seen.0.get(&member.key.value) {
        let help = match dialect {
            Dialect::Template => "CloudFormation would keep one of them without a word; remove the other",
            Dialect::Document => "remove one of them, or give it another name",
        };
        let message = format!("the key `{}` occurs twice", member.key.value);
        errors.push(
            TemplateError::new(ErrorCode::DuplicateKey, member.key.span, message)
                .label(*first, "first here")
                .help(help),
        );
        return;
    }
    seen.0.insert(member.key.value.clone(), member.key.span);
    members.push(member);
}

/// The keys of a map so far.
#[derive(Debug, Default)]
pub(crate) struct Seen(std::collections::HashMap<String, Span>);

/// Counts what has been read.
#[derive(Debug)]
pub(crate) struct Budget {
    nodes: usize,
    most: usize,
}

impl Budget {
    pub(crate) fn new(most: usize) -> Self {
        Budget { nodes: 0, most }
    }

    /// One more node at a depth.
    pub(crate) fn take(&mut self, depth: usize, span: Span) -> Result<(), TemplateError> {
        self.nodes += 1;
        if depth > MAX_DEPTH {
            let message = format!("lists and maps are nested more than {MAX_DEPTH} deep");
            return Err(TemplateError::new(ErrorCode::TooDeep, span, message).help("make it flatter"));
        }
        if self.nodes > self.most {
            let message = format!("more than {} values", self.most);
            let help = "split it into several";
            return Err(TemplateError::new(ErrorCode::TooLarge, span, message).help(help));
        }
        Ok(())
    }
}
