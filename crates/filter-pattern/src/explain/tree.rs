//! A pattern as a tree, one condition on a line.

use std::fmt::Write as _;

use crate::ast::{Expression, Field, Prefix, Syntax};
use crate::pattern::Pattern;

/// What is to be drawn.
struct Node {
    label: String,
    children: Vec<Node>,
}

pub(super) fn of(pattern: &Pattern) -> String {
    let root = match pattern.syntax() {
        Syntax::Json(expression) => expression_node(expression, pattern.text()),
        Syntax::Term(terms) => {
            let leaves = terms
                .terms
                .iter()
                .map(|term| leaf(format!("{} {}", prefix(term.prefix), part(pattern.text(), &term.span))));
            branch("terms", leaves.collect())
        }
        Syntax::Space(space) => branch(
            "fields",
            space.fields.iter().map(|field| leaf(field_label(field, pattern.text()))).collect(),
        ),
    };
    let mut out = root.label.clone();
    draw(&root.children, "", &mut out);
    out
}

fn expression_node(expression: &Expression, text: &str) -> Node {
    let nodes = |parts: &[Expression]| parts.iter().map(|part| expression_node(part, text)).collect();
    match expression {
        Expression::All(parts) => branch("all of", nodes(parts)),
        Expression::Any(parts) => branch("any of", nodes(parts)),
        Expression::Condition(condition) => leaf(part(text, &condition.span)),
    }
}

fn branch(label: &str, children: Vec<Node>) -> Node {
    Node { label: label.into(), children }
}

fn leaf(label: String) -> Node {
    Node { label, children: Vec::new() }
}

/// A part of the pattern as it stands there; what a terminal would obey is escaped.
fn part(text: &str, span: &std::ops::Range<usize>) -> String {
    let mut shown = String::new();
    for character in text.get(span.clone()).unwrap_or_default().chars() {
        match character {
            '"' | '\'' | '\\' => shown.push(character),
            _ => shown.extend(character.escape_debug()),
        }
    }
    shown
}

fn prefix(prefix: Prefix) -> &'static str {
    match prefix {
        Prefix::Required => "required:",
        Prefix::Excluded => "excluded:",
        Prefix::Optional => "optional:",
    }
}

fn field_label(field: &Field, text: &str) -> String {
    match field {
        Field::Ellipsis => "... (any number of fields)".into(),
        Field::Unnamed => "(a field without name)".into(),
        Field::Named { span, .. } => part(text, span),
    }
}

fn draw(nodes: &[Node], indent: &str, out: &mut String) {
    for (index, node) in nodes.iter().enumerate() {
        let last = index + 1 == nodes.len();
        let (corner, below) = if last { ("└ ", "  ") } else { ("├ ", "│ ") };
        let _ = write!(out, "\n{indent}{corner}{}", node.label);
        draw(&node.children, &format!("{indent}{below}"), out);
    }
}
