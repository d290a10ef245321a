//! How is a map of a case file read? Each key is known, each value of its type, and whatever isn't is underlined.

use diagnostic::{Diagnostic, closest};
use stack::document::Node;
use stack::{Span, Spanned, Text};

use super::codes::ErrorCode;
use super::limits::MAX_MISTAKES;
use super::notation::Mistake;

/// A case file that is read, and what is wrong with it.
pub(super) struct Form<'f> {
    text: &'f str,
    mistakes: Vec<Diagnostic>,
    more: usize,
}

impl<'f> Form<'f> {
    pub(super) fn new(text: &'f str) -> Self {
        Form { text, mistakes: Vec::new(), more: 0 }
    }

    pub(super) fn text(&self) -> &'f str {
        self.text
    }

    /// In the order of the text, and how many more there are.
    pub(super) fn finished(mut self) -> (Vec<Diagnostic>, usize) {
        self.mistakes.sort_by_key(|mistake| mistake.span.as_ref().map(|span| (span.start, span.end)));
        (self.mistakes, self.more)
    }

    pub(super) fn is_right(&self) -> bool {
        self.count_of_mistakes() == 0
    }

    /// How much is wrong so far.
    pub(super) fn count_of_mistakes(&self) -> usize {
        self.mistakes.len() + self.more
    }

    pub(super) fn push(&mut self, mistake: Diagnostic) {
        match self.mistakes.len() < MAX_MISTAKES {
            true => self.mistakes.push(mistake),
            false => self.more += 1,
        }
    }

    pub(super) fn wrong(&mut self, code: ErrorCode, span: Span, message: impl Into<String>, help: &str) {
        self.push(Diagnostic::error(code.as_str(), message).at(span.range()).help(help));
    }

    /// A mistake in the text of a scalar.
    pub(super) fn wrong_text(&mut self, code: ErrorCode, text: &Text, mistake: Mistake) {
        let found = Diagnostic::error(code.as_str(), mistake.message).at(mistake.at).help(mistake.help);
        self.push(chain::in_scalar(found, self.text, text));
    }

    /// The members of a map, all of whose keys are among those `known`.
    pub(super) fn map<'n>(
        &mut self,
        node: &'n Node,
        what: &'static str,
        known: &[&str],
    ) -> Option<Fields<'n>> {
        let Some(members) = node.map() else {
            self.wrong_type(node, what, "a map", &format!("write `{}: …`", known.first().unwrap_or(&"key")));
            return None;
        };
        for member in members.iter().filter(|member| !known.contains(&member.key.value.as_str())) {
            self.unknown_key(&member.key, what, known);
        }
        Some(Fields { node, what })
    }

    fn unknown_key(&mut self, key: &Text, what: &str, known: &[&str]) {
        let help = match closest(&key.value, known.to_vec()) {
            Some(near) => format!("write `{near}`"),
            None => format!("there are {}", listed(known.iter().copied())),
        };
        let message = format!("{what} has no key `{}`", key.value);
        self.wrong(ErrorCode::UnknownKey, key.span, message, &help);
    }

    pub(super) fn wrong_type(&mut self, node: &Node, what: &str, wanted: &str, help: &str) {
        let message = format!("{what} is {wanted}, not {}", node.kind());
        self.wrong(ErrorCode::WrongType, node.span, message, help);
    }

    /// The text of a scalar: a number or a boolean is taken as it is written.
    pub(super) fn scalar(&mut self, node: &Node, what: &str, help: &str) -> Option<Text> {
        let written = node.scalar().map(|text| Spanned::new(text.to_owned(), node.span));
        if written.is_none() {
            self.wrong_type(node, what, "a text", help);
        }
        written
    }

    /// The items of a list, which isn't empty.
    pub(super) fn list<'n>(&mut self, node: &'n Node, what: &str, help: &str) -> Option<&'n [Node]> {
        match node.list() {
            Some([]) => {
                self.wrong(ErrorCode::MissingKey, node.span, format!("{what} is empty"), help);
                None
            }
            Some(items) => Some(items),
            None => {
                self.wrong_type(node, what, "a list", help);
                None
            }
        }
    }

    /// A whole number from 0 on.
    pub(super) fn count(&mut self, node: &Node, what: &str) -> Option<u64> {
        let count = node.scalar().and_then(|text| text.parse::<u64>().ok());
        if count.is_none() {
            let message = format!("{what} is a whole number");
            self.wrong(ErrorCode::WrongType, node.span, message, "write a number such as `0` or `3`");
        }
        count
    }

    /// A scalar that `read` understands.
    pub(super) fn read<T>(
        &mut self,
        node: &Node,
        what: &str,
        (code, read): (ErrorCode, impl FnOnce(&str) -> Result<T, Mistake>),
    ) -> Option<T> {
        let text = self.scalar(node, what, "write a text")?;
        match read(&text.value) {
            Ok(value) => Some(value),
            Err(mistake) => {
                self.wrong_text(code, &text, mistake);
                None
            }
        }
    }
}

/// A map whose keys are known.
#[derive(Clone, Copy)]
pub(super) struct Fields<'n> {
    pub(super) node: &'n Node,
    pub(super) what: &'static str,
}

impl<'n> Fields<'n> {
    pub(super) fn get(self, key: &str) -> Option<&'n Node> {
        self.node.get(key)
    }

    /// The value of a key that must be there.
    pub(super) fn required(self, key: &str, example: &str, form: &mut Form<'_>) -> Option<&'n Node> {
        let found = self.get(key);
        if found.is_none() {
            let message = format!("{} has no `{key}`", self.what);
            form.wrong(
                ErrorCode::MissingKey,
                self.beginning(),
                message,
                &format!("write `{key}: {example}`"),
            );
        }
        found
    }

    /// Where its first key stands: a whole map would be much to underline.
    pub(super) fn beginning(self) -> Span {
        let first = self.node.map().and_then(|members| members.first());
        first.map_or(self.node.span, |member| member.key.span)
    }

    pub(super) fn key_span(self, key: &str) -> Span {
        self.node.member(key).map_or(self.node.span, |member| member.key.span)
    }

    /// Says which of two keys is too much, where both are there.
    pub(super) fn exclusive(self, one: &str, other: &str, help: &str, form: &mut Form<'_>) -> bool {
        let both = self.get(one).is_some() && self.get(other).is_some();
        if both {
            let message = format!("`{other}` can't stand beside `{one}`");
            form.wrong(ErrorCode::Conflict, self.key_span(other), message, help);
        }
        !both
    }
}

/// `one, two and three`, each in backticks.
pub(super) fn listed<'n>(names: impl IntoIterator<Item = &'n str>) -> String {
    const MOST: usize = 12;
    let names: Vec<String> = names.into_iter().map(|name| format!("`{name}`")).collect();
    let more = names.len().saturating_sub(MOST);
    let shown: Vec<String> = names.into_iter().take(MOST).collect();
    match shown.split_last() {
        None => "none".into(),
        Some(_) if more > 0 => format!("{} and {more} more", shown.join(", ")),
        Some((only, [])) => only.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
    }
}
