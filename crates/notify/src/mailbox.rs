//! An address with the name of whose it is: `kmswatch <alarms@example.com>`.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::hostile::harmless;
use crate::limits::MAX_ADDRESS;

/// How many characters of a name are shown.
const MAX_NAME: usize = 80;
/// How many bytes one encoded word may hold, so that it is at most 75 characters long (RFC 2047).
const ENCODED_BYTES: usize = 42;

/// An address, and whose it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mailbox {
    /// Whose it is.
    pub name: Option<String>,
    /// `alarms@example.com`: ASCII, without quotes or comments.
    pub address: String,
}

impl Mailbox {
    /// Reads `alarms@example.com` or `Name <alarms@example.com>`. `None` where there is no such address.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let (name, address) = match text.strip_suffix('>').and_then(|text| text.rsplit_once('<')) {
            Some((name, address)) => (name.trim().trim_matches('"').trim(), address),
            None => ("", text),
        };
        let name = (!name.is_empty()).then(|| harmless(name, MAX_NAME));
        is_address(address).then(|| Mailbox { name, address: address.to_owned() })
    }

    /// As it stands in a header: ASCII, and [`Mailbox::parse`] reads it again.
    #[must_use]
    pub fn header(&self) -> String {
        match &self.name {
            None => self.address.clone(),
            Some(name) => format!("{} <{}>", phrase(name), self.address),
        }
    }
}

fn is_address(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let atom = |found: char| found.is_ascii_alphanumeric() || "!#$%&'*+-/=?^_`{|}~.".contains(found);
    let is_label = |label: &str| {
        !label.is_empty() && label.chars().all(|found| found.is_ascii_alphanumeric() || found == '-')
    };
    let local_is_fine =
        !local.is_empty() && local.chars().all(atom) && local.split('.').all(|part| !part.is_empty());
    text.len() <= MAX_ADDRESS && local_is_fine && domain.split('.').all(is_label)
}

/// A name: as it stands, in quotes, or in encoded words.
fn phrase(name: &str) -> String {
    // What looks like an encoded word must not stand in quotes.
    if !name.is_ascii() || name.contains("=?") {
        return encoded_words(name);
    }
    let plain = |found: char| found.is_ascii_alphanumeric() || " -_".contains(found);
    if name.chars().all(plain) {
        return name.to_owned();
    }
    format!("\"{}\"", name.replace('\\', "\\\\").replace('"', "\\\""))
}

fn encoded_words(text: &str) -> String {
    let mut words = vec![String::new()];
    for character in text.chars() {
        if words.last().is_none_or(|word| word.len() + character.len_utf8() > ENCODED_BYTES) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.push(character);
        }
    }
    let encoded = words.iter().map(|word| format!("=?UTF-8?B?{}?=", STANDARD.encode(word)));
    encoded.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(text: &str) -> Option<String> {
        Mailbox::parse(text).map(|mailbox| mailbox.header())
    }

    #[test]
    fn addresses_are_read() {
        assert_eq!(header("a@example.com").unwrap(), "a@example.com");
        assert_eq!(header("Sec Team <a.b+c@example.com>").unwrap(), "Sec Team <a.b+c@example.com>");
        assert_eq!(header("\"Team, Sec\" <a@example.com>").unwrap(), "\"Team, Sec\" <a@example.com>");
        assert_eq!(header("Zoë <a@example.com>").unwrap(), "=?UTF-8?B?Wm/Dqw==?= <a@example.com>");
        assert_eq!(header("root@localhost").unwrap(), "root@localhost");
    }

    #[test]
    fn what_would_be_more_than_an_address_is_refused() {
        let wrong = [
            "",
            "a",
            "@example.com",
            "a@",
            "a@b@c",
            "a b@example.com",
            "a@example.com\r\nBcc: x@example.com",
            "a..b@c",
            "a@example.com> RCPT TO:<b@c",
            "\"a\"@example.com",
            "a@exämple.com",
            "a@example..com",
        ];
        for text in wrong {
            assert_eq!(header(text), None, "{text:?}");
        }
        assert_eq!(header("a\r\nBcc: b <a@example.com>").unwrap(), "\"a\\\\r\\\\nBcc: b\" <a@example.com>");
    }
}
