//! Objects that arrive as text: JSON in a string, or rows as Athena prints them (`{keyid=…, accountid=…}`).

use json::{Document, Kind, Value};

/// The longest text, in bytes, that is read as an object: CloudTrail's own limit for `requestParameters` is
/// 100 KB.
pub const MAX_STRINGIFIED: usize = 128 * 1024;

/// How deeply Athena's rows may be nested; `userIdentity` needs 4.
const MAX_ROWS: usize = 16;

/// Reads a value through `borrowed`, or, where it is text that holds an object or array, what the text holds
/// through `owned`. `None` for text that holds neither.
pub(crate) fn open<'r, T>(
    value: Value<'r>,
    borrowed: impl FnOnce(Value<'r>) -> T,
    owned: impl FnOnce(Value<'_>) -> T,
) -> Option<T> {
    if value.kind() != Kind::String {
        return Some(borrowed(value));
    }
    let text = value.string().filter(|text| text.len() <= MAX_STRINGIFIED)?;
    let text = text.trim();
    if !text.starts_with(['{', '[']) {
        return None;
    }
    if let Ok(document) = Document::parse(text.as_bytes()) {
        return Some(owned(document.root()));
    }
    let text = rows(text)?;
    Document::parse(text.as_bytes()).ok().map(|document| owned(document.root()))
}

/// Athena's text of rows as JSON.
fn rows(text: &str) -> Option<String> {
    let mut rows = Rows { rest: text, json: String::with_capacity(text.len() * 2) };
    rows.value(0)?;
    rows.rest.trim().is_empty().then_some(rows.json)
}

struct Rows<'t> {
    rest: &'t str,
    json: String,
}

impl Rows<'_> {
    fn value(&mut self, depth: usize) -> Option<()> {
        if depth > MAX_ROWS {
            return None;
        }
        self.rest = self.rest.trim_start();
        match self.rest.bytes().next() {
            Some(b'{') => self.list('{', '}', |rows| rows.member(depth)),
            Some(b'[') => self.list('[', ']', |rows| rows.value(depth + 1)),
            _ => self.scalar(),
        }
    }

    fn list(&mut self, open: char, close: char, mut item: impl FnMut(&mut Self) -> Option<()>) -> Option<()> {
        self.take(open)?;
        while self.take(close).is_none() {
            item(self)?;
            if self.take(',').is_none() && !self.rest.trim_start().starts_with(close) {
                return None;
            }
        }
        Some(())
    }

    /// Takes one structural character, unless it is a comma before the end of a list.
    fn take(&mut self, structural: char) -> Option<()> {
        let rest = self.rest.trim_start();
        self.rest = rest.strip_prefix(structural)?;
        if structural != ',' || !self.rest.trim_start().starts_with(['}', ']']) {
            self.json.push(structural);
        }
        Some(())
    }

    fn member(&mut self, depth: usize) -> Option<()> {
        let (key, rest) = self.rest.split_once('=')?;
        if key.contains([',', '{', '}', '[', ']']) {
            return None;
        }
        self.rest = rest;
        quote(canonical(key.trim()), &mut self.json);
        self.json.push(':');
        self.value(depth + 1)
    }

    fn scalar(&mut self) -> Option<()> {
        let end = self.rest.find([',', '}', ']']).unwrap_or(self.rest.len());
        let (text, rest) = self.rest.split_at_checked(end)?;
        self.rest = rest;
        match text.trim() {
            "null" => self.json.push_str("null"),
            text => quote(text, &mut self.json),
        }
        Some(())
    }
}

/// Athena lowers the names of a row's fields; this is how CloudTrail writes those that are read here.
const NAMES: [&str; 24] = [
    "accessKeyId",
    "accountId",
    "ARN",
    "destinationEncryptionContext",
    "destinationKeyId",
    "ec2RoleDelivery",
    "encryptionContext",
    "federatedProvider",
    "identityProvider",
    "identityStoreArn",
    "invokedBy",
    "keyId",
    "mfaAuthenticated",
    "onBehalfOf",
    "principalId",
    "sessionContext",
    "sessionIssuer",
    "sourceEncryptionContext",
    "sourceIdentity",
    "sourceKeyId",
    "userId",
    "userName",
    "webIdFederationData",
    "issuerType",
];

fn canonical(name: &str) -> &str {
    NAMES.into_iter().find(|known| known.eq_ignore_ascii_case(name)).unwrap_or(name)
}

fn quote(text: &str, json: &mut String) {
    json.push('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => json.extend(['\\', character]),
            control if control.is_control() => json.push(' '),
            other => json.push(other),
        }
    }
    json.push('"');
}
