//! JSON objects whose members stay in the order in which they were written.

use crate::hostile::disturbs;

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

/// A text as JSON. What can't be seen is written as an escape, which means the same.
pub(crate) fn quoted(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    if !json.contains(disturbs) {
        return json;
    }
    let mut harmless = String::new();
    for character in json.chars() {
        if disturbs(character) {
            let mut units = [0; 2];
            harmless.extend(character.encode_utf16(&mut units).iter().map(|unit| format!("\\u{unit:04x}")));
        } else {
            harmless.push(character);
        }
    }
    harmless
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_be_seen_is_escaped() {
        let text = "é\u{202e}\u{9b}\u{e0041}\"\n";
        assert_eq!(quoted(text), r#""é\u202e\u009b\udb40\udc41\"\n""#);
        assert_eq!(serde_json::from_str::<String>(&quoted(text)).unwrap(), text);
    }
}
