//! Reading JSON into the same tree as YAML.

use json::{Document, ErrorKind, Kind};

use crate::error::{ErrorCode, Errors, TemplateError};
use crate::tree::{Budget, Dialect, Member, Node, Seen, Span, Spanned, Value, push_member};

/// The tree of a JSON text. Keys that occur twice are added to `errors`.
pub(crate) fn read(
    text: &str,
    most_nodes: usize,
    dialect: Dialect,
    errors: &mut Errors,
) -> Result<Node, TemplateError> {
    let document = Document::parse(text.as_bytes()).map_err(|error| syntax(&error, text))?;
    let mut reader = Reader { budget: Budget::new(most_nodes), dialect, errors };
    reader.node(document.root(), 0)
}

fn syntax(error: &json::Error, text: &str) -> TemplateError {
    let width = text.get(error.offset..).and_then(|rest| rest.chars().next()).map_or(0, char::len_utf8);
    let span = Span::new(error.offset, error.offset + width);
    let help = match error.kind {
        ErrorKind::UnexpectedEnd => "a bracket or quote is still open",
        _ => "look for a comma too many or too few, and for quotes",
    };
    TemplateError::new(ErrorCode::Syntax, span, format!("this isn't JSON: {}", error.kind)).help(help)
}

struct Reader<'t> {
    budget: Budget,
    dialect: Dialect,
    errors: &'t mut Errors,
}

impl Reader<'_> {
    fn node(&mut self, value: json::Value<'_>, depth: usize) -> Result<Node, TemplateError> {
        let range = value.span();
        let span = Span::new(range.start, range.end);
        self.budget.take(depth, span)?;
        let content = match value.kind() {
            Kind::Null => Value::Null,
            Kind::Bool(value) => Value::Bool(value),
            Kind::Number => Value::Number(value.raw().to_owned()),
            Kind::String => Value::String(value.string().unwrap_or_default().into_owned()),
            Kind::Array => {
                let items = value.elements().map(|item| self.node(item, depth + 1));
                Value::List(items.collect::<Result<_, _>>()?)
            }
            Kind::Object => Value::Map(self.members(value, depth + 1)?),
        };
        Ok(Node::new(content, span))
    }

    fn members(&mut self, object: json::Value<'_>, depth: usize) -> Result<Vec<Member>, TemplateError> {
        let mut members = Vec::new();
        let mut seen = Seen::default();
        for (key, value) in object.members() {
            let range = key.span();
            let text = key.string().unwrap_or_default().into_owned();
            let key = Spanned::new(text, Span::new(range.start, range.end));
            let value = self.node(value, depth)?;
            let member = Member { key, value };
            push_member(&mut members, &mut seen, member, (self.dialect, self.errors));
        }
        Ok(members)
    }
}
