//! Reading YAML as CloudFormation does, with the place of each value.
//!
//! CloudFormation takes YAML 1.1 without aliases, merges and the tags for binary data, sets and times
//! (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-formats.html>).

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, ScanError, Span as Marks, Tag};

use crate::error::{ErrorCode, Errors, TemplateError};
use crate::limits::MAX_TEMPLATE_NODES;
use crate::tree::{Budget, Dialect, Member, Node, Seen, Span, Spanned, Value, push_member};

/// The functions that have a short form. `!Ref` and `!Condition` stand for keys of the same name.
const SHORT_FORMS: [&str; 21] = [
    "And",
    "Base64",
    "Cidr",
    "Condition",
    "Contains",
    "Equals",
    "FindInMap",
    "GetAtt",
    "GetAZs",
    "If",
    "ImportValue",
    "Join",
    "Length",
    "Not",
    "Or",
    "Ref",
    "Select",
    "Split",
    "Sub",
    "ToJsonString",
    "Transform",
];

/// The tags of YAML itself that change nothing here: what they say is what CloudFormation reads anyway.
const PLAIN_TAGS: [&str; 7] = ["str", "int", "float", "bool", "null", "seq", "map"];

/// The tree of a YAML text. Of several mistakes as many as can be seen are added to `errors`; `None` where the text
/// couldn't be read to its end.
pub(crate) fn read(text: &str, dialect: Dialect, errors: &mut Errors) -> Option<Node> {
    let mut reader = Reader {
        places: Places::new(text),
        text,
        open: Vec::new(),
        root: None,
        budget: Budget::new(MAX_TEMPLATE_NODES),
        dialect,
        errors,
    };
    match reader.run() {
        Ok(()) => reader.root,
        Err(error) => {
            reader.errors.push(error);
            None
        }
    }
}

struct Reader<'t> {
    text: &'t str,
    places: Places,
    open: Vec<Open>,
    root: Option<Node>,
    budget: Budget,
    dialect: Dialect,
    errors: &'t mut Errors,
}

/// A list or map that isn't complete.
struct Open {
    span: Span,
    /// The end of its last child.
    end: usize,
    in_brackets: bool,
    tag: Option<Tagged>,
    content: Content,
}

enum Content {
    List(Vec<Node>),
    Map { members: Vec<Member>, seen: Seen, key: Option<Spanned<String>> },
}

/// The long name of a short form, and where its tag stands.
struct Tagged {
    name: String,
    span: Span,
}

impl Reader<'_> {
    fn run(&mut self) -> Result<(), TemplateError> {
        let mut parser = Parser::new_from_str(self.text);
        while let Some(event) = parser.next_event() {
            let (event, marks) = event.map_err(|error| self.syntax(&error))?;
            let span = self.span(marks);
            self.take(event, span)?;
        }
        Ok(())
    }

    fn take(&mut self, event: Event<'_>, span: Span) -> Result<(), TemplateError> {
        match event {
            Event::DocumentStart(_) if self.root.is_some() => {
                let message = "a second document begins here";
                let help = match self.dialect {
                    Dialect::Template => "a template is one document",
                    Dialect::Document => "write one document a file",
                };
                Err(TemplateError::new(ErrorCode::Syntax, span, message).help(help))
            }
            Event::Alias(_) => self.alias(span),
            Event::Scalar(text, style, _, tag) => self.scalar(&text, style, tag.as_deref(), span),
            Event::SequenceStart(_, tag) => self.open(Content::List(Vec::new()), tag.as_deref(), span),
            Event::MappingStart(_, tag) => {
                let content = Content::Map { members: Vec::new(), seen: Seen::default(), key: None };
                self.open(content, tag.as_deref(), span)
            }
            Event::SequenceEnd | Event::MappingEnd => self.close(span),
            _ => Ok(()),
        }
    }

    fn alias(&mut self, span: Span) -> Result<(), TemplateError> {
        let (message, help) = match self.dialect {
            Dialect::Template => (
                "CloudFormation doesn't allow YAML aliases",
                "write the value out; `aws cloudformation package` does that",
            ),
            Dialect::Document => ("YAML aliases aren't read here", "write the value out"),
        };
        self.errors.add(ErrorCode::Alias, span, message, help);
        self.add(Node::unresolved(span))
    }

    fn scalar(
        &mut self,
        text: &str,
        style: ScalarStyle,
        tag: Option<&Tag>,
        span: Span,
    ) -> Result<(), TemplateError> {
        let tagged = self.tagged(tag, span);
        let inner = self.content_span(tagged.as_ref(), span);
        let is_text = tag.is_some_and(|tag| !tag.is_yaml_core_schema() || tag.suffix == "str");
        let value = match style {
            ScalarStyle::Plain if !is_text => plain(text),
            _ => Value::String(text.to_owned()),
        };
        if self.waits_for_key() && tagged.is_none() {
            return self.key(text, style, span);
        }
        self.add(wrap(Node::new(value, inner), tagged, span))
    }

    fn waits_for_key(&self) -> bool {
        matches!(self.open.last(), Some(Open { content: Content::Map { key: None, .. }, .. }))
    }

    fn key(&mut self, text: &str, style: ScalarStyle, span: Span) -> Result<(), TemplateError> {
        self.budget.take(self.open.len(), span)?;
        if text == "<<" && style == ScalarStyle::Plain {
            let message = match self.dialect {
                Dialect::Template => "CloudFormation doesn't allow YAML merges",
                Dialect::Document => "YAML merges aren't read here",
            };
            self.errors.add(ErrorCode::Alias, span, message, "write the members out");
        }
        if let Some(Open { content: Content::Map { key, .. }, .. }) = self.open.last_mut() {
            *key = Some(Spanned::new(text.to_owned(), span));
        }
        Ok(())
    }

    fn open(&mut self, content: Content, tag: Option<&Tag>, span: Span) -> Result<(), TemplateError> {
        self.budget.take(self.open.len() + 1, span)?;
        let tagged = self.tagged(tag, span);
        let start = self.text.get(span.range()).unwrap_or_default();
        let in_brackets = start.ends_with(['[', '{']);
        self.open.push(Open { span, end: span.end, in_brackets, tag: tagged, content });
        Ok(())
    }

    fn close(&mut self, span: Span) -> Result<(), TemplateError> {
        let Some(open) = self.open.pop() else { return Ok(()) };
        let end = if open.in_brackets { span.end } else { open.end };
        let whole = Span::new(open.span.start, end);
        let inner = self.content_span(open.tag.as_ref(), whole);
        let value = match open.content {
            Content::List(items) => Value::List(items),
            Content::Map { members, .. } => Value::Map(members),
        };
        self.add(wrap(Node::new(value, inner), open.tag, whole))
    }

    fn add(&mut self, node: Node) -> Result<(), TemplateError> {
        self.budget.take(self.open.len(), node.span)?;
        let Some(open) = self.open.last_mut() else {
            self.root = Some(node);
            return Ok(());
        };
        open.end = open.end.max(node.span.end);
        match &mut open.content {
            Content::List(items) => items.push(node),
            Content::Map { members, seen, key } => match key.take() {
                Some(key) => {
                    open.end = open.end.max(key.span.end);
                    let member = Member { key, value: node };
                    push_member(members, seen, member, (self.dialect, self.errors));
                }
                None => {
                    let message = "a key must be a plain text";
                    self.errors.add(ErrorCode::WrongShape, node.span, message, "write `key: value`");
                    *key = Some(Spanned::new(String::new(), node.span));
                }
            },
        }
        Ok(())
    }

    fn tagged(&mut self, tag: Option<&Tag>, span: Span) -> Option<Tagged> {
        let tag = tag?;
        let written = self.text.get(span.range()).unwrap_or_default();
        let start = span.start + written.find('!').unwrap_or_default();
        let says_text = matches!((tag.handle.as_str(), tag.suffix.as_str()), ("!", "") | ("", "!"));
        if says_text || (tag.is_yaml_core_schema() && PLAIN_TAGS.contains(&tag.suffix.as_str())) {
            return None;
        }
        let handle = if tag.is_yaml_core_schema() { 2 } else { tag.handle.len() };
        let length = (handle + tag.suffix.len()).min(span.end.saturating_sub(start));
        let at = Span::new(start, start + length);
        if self.dialect == Dialect::Document {
            let message = format!("the tag `{}` means nothing here", written_tag(tag));
            self.errors.add(ErrorCode::UnknownTag, at, message, "write the value without it, or in quotes");
            return None;
        }
        if tag.handle != "!" || !SHORT_FORMS.contains(&tag.suffix.as_str()) {
            self.errors.push(unknown_tag(tag, at));
            return None;
        }
        let name = match tag.suffix.as_str() {
            "Ref" | "Condition" => tag.suffix.clone(),
            suffix => format!("Fn::{suffix}"),
        };
        Some(Tagged { name, span: at })
    }

    /// A span without the tag and the white space behind it.
    fn content_span(&self, tag: Option<&Tagged>, span: Span) -> Span {
        let Some(tag) = tag else { return span };
        let rest = self.text.get(tag.span.end..span.end).unwrap_or_default();
        Span::new(span.end - rest.trim_start().len(), span.end)
    }

    /// In bytes, without the line breaks that end a block of text.
    fn span(&self, marks: Marks) -> Span {
        let (start, end) = (self.places.byte(marks.start), self.places.byte(marks.end));
        let written = self.text.get(start..end).unwrap_or_default();
        Span::new(start, start + written.trim_end().len())
    }

    fn syntax(&self, error: &ScanError) -> TemplateError {
        let at = self.places.byte(*error.marker()).min(self.text.len());
        let width = self.text.get(at..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
        let message = format!("this isn't YAML: {}", error.info());
        // Inside of brackets, a brace ends a text that isn't in quotes.
        let before = self.text.get(..at).unwrap_or_default();
        let help = match before.ends_with('$') {
            true => "put the text with `${` in quotes: it stands inside of `{…}` or `[…]`",
            false => {
                "look at the indentation, and put texts with `: `, `#`, `*` or `{` at their start in quotes"
            }
        };
        TemplateError::new(ErrorCode::Syntax, Span::new(at, at + width), message).help(help)
    }
}

fn wrap(node: Node, tag: Option<Tagged>, whole: Span) -> Node {
    let Some(tag) = tag else { return node };
    let member = Member { key: Spanned::new(tag.name, tag.span), value: node };
    Node::new(Value::Map(vec![member]), whole)
}

fn unknown_tag(tag: &Tag, span: Span) -> TemplateError {
    let name = if tag.handle == "!" { tag.suffix.as_str() } else { "" };
    let similar = SHORT_FORMS.iter().find(|short| short.eq_ignore_ascii_case(name));
    let help = match similar {
        Some(short) => format!("write `!{short}`"),
        None => "write one of CloudFormation's functions, such as `!Ref`, `!Sub` or `!GetAtt`".into(),
    };
    let message = format!("`{}` isn't a tag of CloudFormation", written_tag(tag));
    TemplateError::new(ErrorCode::UnknownTag, span, message).help(help)
}

fn written_tag(tag: &Tag) -> String {
    let handle = if tag.is_yaml_core_schema() { "!!" } else { tag.handle.as_str() };
    format!("{handle}{}", tag.suffix)
}

/// A scalar without quotes, by the rules of YAML 1.1. Numbers keep their text. Those with leading zeros (an account's
/// id), in other bases or with colons stay texts, and so do times.
fn plain(text: &str) -> Value {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Value::Null,
        "true" | "True" | "TRUE" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" => Value::Bool(true),
        "false" | "False" | "FALSE" | "no" | "No" | "NO" | "off" | "Off" | "OFF" => Value::Bool(false),
        _ if is_number(text) => Value::Number(text.to_owned()),
        _ => Value::String(text.to_owned()),
    }
}

fn is_number(text: &str) -> bool {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    let whole: String = digits.chars().take_while(char::is_ascii_digit).collect();
    let leading_zero = whole.len() > 1 && whole.starts_with('0');
    let starts_well = digits.starts_with(|first: char| first.is_ascii_digit() || first == '.');
    starts_well
        && !leading_zero
        && digits.ends_with(|last: char| last.is_ascii_digit() || last == '.')
        && digits.len() < 400
        && digits.parse::<f64>().is_ok_and(f64::is_finite)
}

/// From the characters that the parser counts to bytes.
struct Places {
    /// The byte at which each character begins; empty where all are of one byte.
    starts: Vec<usize>,
    length: usize,
}

impl Places {
    fn new(text: &str) -> Self {
        let starts =
            if text.is_ascii() { Vec::new() } else { text.char_indices().map(|(at, _)| at).collect() };
        Places { starts, length: text.len() }
    }

    fn byte(&self, marker: Marker) -> usize {
        let index = marker.index();
        if self.starts.is_empty() {
            return index.min(self.length);
        }
        self.starts.get(index).copied().unwrap_or(self.length)
    }
}
