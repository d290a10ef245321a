//! JSON objects whose members stay in the order in which they were written.

/// An object that is being written.
pub(crate) struct Object {
    text: String,
}

impl Object {
    /// Without members.
    pub(crate) fn new() -> Self {
        Object { text: String::from("{") }
    }

    /// A member that is JSON already.
    pub(crate) fn raw(mut self, name: &str, json: &str) -> Self {
        if self.text.len() > 1 {
            self.text.push(',');
        }
        self.text.push_str(&quoted(name));
        self.text.push(':');
        self.text.push_str(json);
        self
    }

    /// A member that is text.
    pub(crate) fn text(self, name: &str, text: &str) -> Self {
        self.raw(name, &quoted(text))
    }

    /// A member that is text or `null`.
    pub(crate) fn text_or_null(self, name: &str, text: Option<&str>) -> Self {
        match text {
            Some(text) => self.text(name, text),
            None => self.raw(name, "null"),
        }
    }

    /// The JSON.
    pub(crate) fn end(self) -> String {
        self.text + "}"
    }
}

/// A list of what is JSON already.
pub(crate) fn list(items: impl Iterator<Item = String>) -> String {
    format!("[{}]", items.collect::<Vec<_>>().join(","))
}

/// A text as JSON.
pub(crate) fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}
