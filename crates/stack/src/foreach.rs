//! `Fn::ForEach`, which writes a part of the template once for each element of a list.
//!
//! It is expanded before anything else is read, as at AWS. What stands in the copies keeps its place in the text.
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-foreach.html>

use crate::environment::Environment;
use crate::error::{ErrorCode, Errors};
use crate::limits::{MAX_DEPTH, MAX_EVALUATED_BYTES, MAX_TEMPLATE_NODES};
use crate::tree::{Member, Node, Span, Spanned, Value};

/// A key that stands for what the loop writes.
pub(crate) const LOOP: &str = "Fn::ForEach::";

/// A template without its loops. One over a list that can't be known stays as it is.
pub(crate) fn expand(root: Node, environment: &Environment, errors: &mut Errors) -> Node {
    let parameters = root.get("Parameters").cloned();
    let mut expansion = Expansion { parameters, environment, written: Size::default(), is_too_long: None };
    let expanded = expansion.node(root, 0);
    if let Some(span) = expansion.is_too_long {
        let message =
            format!("the loops write more than {MAX_TEMPLATE_NODES} values, or {MAX_EVALUATED_BYTES} bytes");
        errors.add(ErrorCode::TooLarge, span, message, "shorten the lists");
    }
    expanded
}

struct Expansion<'e> {
    parameters: Option<Node>,
    environment: &'e Environment,
    /// How much the loops have written.
    written: Size,
    /// The loop that wrote too many.
    is_too_long: Option<Span>,
}

impl Expansion<'_> {
    fn node(&mut self, node: Node, depth: usize) -> Node {
        // A tree is no deeper than this; what loops inside of loops write might be.
        if depth > MAX_DEPTH {
            return node;
        }
        let value = match node.value {
            Value::List(items) => {
                Value::List(items.into_iter().map(|item| self.node(item, depth + 1)).collect())
            }
            Value::Map(members) => Value::Map(self.members(members, depth + 1)),
            other => other,
        };
        Node::new(value, node.span)
    }

    fn members(&mut self, members: Vec<Member>, depth: usize) -> Vec<Member> {
        let mut expanded = Vec::new();
        for member in members {
            let copies = member.key.value.starts_with(LOOP).then(|| self.copies(&member)).flatten();
            match copies {
                // A copy may be a loop itself.
                Some(copies) if depth <= MAX_DEPTH => expanded.extend(self.members(copies, depth + 1)),
                _ => expanded.push(Member { value: self.node(member.value, depth), key: member.key }),
            }
        }
        expanded
    }

    /// What a loop writes.
    fn copies(&mut self, member: &Member) -> Option<Vec<Member>> {
        let [name, collection, body] = member.value.list()? else { return None };
        let (name, body) = (name.as_str()?, body.map()?);
        let items = self.items(collection)?;
        let mut copies = Vec::new();
        for item in &items {
            let variable = Variable { name, value: item };
            body.iter().for_each(|member| self.written.add(member, &variable));
            if self.written.nodes > MAX_TEMPLATE_NODES || self.written.bytes > MAX_EVALUATED_BYTES {
                self.is_too_long = Some(member.key.span);
                return Some(Vec::new());
            }
            copies.extend(body.iter().map(|member| variable.in_member(member)));
        }
        Some(copies)
    }

    /// The elements of a list that is written out, or of a parameter with a value.
    fn items(&self, collection: &Node) -> Option<Vec<String>> {
        if let Some(items) = collection.list() {
            let text = |item: &Node| item.scalar().map(str::to_owned).map(|text| vec![text]);
            let each: Option<Vec<Vec<String>>> =
                items.iter().map(|item| text(item).or_else(|| self.items(item))).collect();
            return each.map(|each| each.concat());
        }
        let reference = collection.function().filter(|function| function.key.value == "Ref")?;
        let name = reference.value.as_str()?;
        let given = self.environment.parameters.get(name).map(String::as_str);
        let declared = self.parameters.as_ref()?.get(name)?;
        let text = given.or_else(|| declared.get("Default")?.scalar())?;
        Some(text.split(',').map(str::trim).filter(|_| !text.is_empty()).map(str::to_owned).collect())
    }
}

#[derive(Debug, Default)]
struct Size {
    nodes: usize,
    bytes: usize,
}

impl Size {
    /// Adds what a copy of a member takes.
    fn add(&mut self, member: &Member, variable: &Variable<'_>) {
        self.bytes += variable.length_in(&member.key.value);
        self.add_node(&member.value, variable);
    }

    fn add_node(&mut self, node: &Node, variable: &Variable<'_>) {
        self.nodes += 1;
        self.bytes += node.scalar().map_or(0, |text| variable.length_in(text));
        node.map().unwrap_or_default().iter().for_each(|member| self.add(member, variable));
        node.list().unwrap_or_default().iter().for_each(|item| self.add_node(item, variable));
    }
}

/// What changes from copy to copy.
struct Variable<'v> {
    name: &'v str,
    value: &'v str,
}

impl Variable<'_> {
    fn in_member(&self, member: &Member) -> Member {
        let key = Spanned::new(self.in_text(&member.key.value), member.key.span);
        Member { key, value: self.in_node(&member.value) }
    }

    fn in_node(&self, node: &Node) -> Node {
        let reference = node.function().filter(|function| function.key.value == "Ref");
        if reference.is_some_and(|function| function.value.as_str() == Some(self.name)) {
            return Node::string(self.value, node.span);
        }
        let value = match &node.value {
            Value::String(text) => Value::String(self.in_text(text)),
            Value::List(items) => Value::List(items.iter().map(|item| self.in_node(item)).collect()),
            Value::Map(members) => Value::Map(members.iter().map(|member| self.in_member(member)).collect()),
            other => other.clone(),
        };
        Node::new(value, node.span)
    }

    /// At most so long is a text with the value in it.
    fn length_in(&self, text: &str) -> usize {
        text.len() + (1 + text.matches(&format!("{{{}}}", self.name)).count()) * self.value.len()
    }

    /// `&{Name}` leaves out what a logical id may not hold.
    fn in_text(&self, text: &str) -> String {
        let bare: String = self.value.chars().filter(char::is_ascii_alphanumeric).collect();
        text.replace(&format!("${{{}}}", self.name), self.value)
            .replace(&format!("&{{{}}}", self.name), &bare)
    }
}
