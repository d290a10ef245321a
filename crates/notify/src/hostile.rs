//! How does hostile text reach a mail?
//!
//! Text from a record may have been written by an attacker, who knows that somebody reads it half asleep. What can't be
//! seen, or changes how the text around it is seen, is written as an escape (`\x1b`, `\u{202e}`); what mail programs would
//! turn into a link is broken up (`http[:]//`, `evil[.]com`); what is too long is cut.

use std::fmt::Write as _;

use crate::limits::{MAX_BRIEF, MAX_OWN_TEXT, MAX_TEXT};

/// How many combining marks may stand behind a character; further ones grow over the lines around.
const MAX_MARKS: usize = 2;

/// Text from a record, in one line, with nothing left to click on.
pub(crate) fn record(text: &str) -> String {
    without_links(&harmless(text, MAX_TEXT))
}

/// The same for a place in a sentence, which must stay one that can be read. The whole text stands elsewhere.
pub(crate) fn brief(text: &str) -> String {
    without_links(&harmless(text, MAX_BRIEF))
}

/// Text that the alarm's owner wrote, in one line. Links in it stay.
pub(crate) fn own(text: &str) -> String {
    harmless(text, MAX_OWN_TEXT)
}

/// `text` in one line with every disturbing character escaped, cut after `limit` characters with `…`.
pub(crate) fn harmless(text: &str, limit: usize) -> String {
    let mut safe = String::new();
    let mut marks = 0;
    for (position, character) in text.chars().enumerate() {
        if position >= limit {
            safe.push('…');
            break;
        }
        marks = if combines(character) { marks + 1 } else { 0 };
        if marks > MAX_MARKS || disturbs(character) {
            escape(character, &mut safe)
        } else {
            safe.push(character)
        }
    }
    safe
}

/// Whether a text is shown exactly as it is.
pub(crate) fn is_harmless(text: &str) -> bool {
    !text.contains(|character| disturbs(character) || combines(character))
}

/// What no mail program takes for a link.
fn without_links(text: &str) -> String {
    let mut text = text.replace("://", "[:]//");
    for word in ["www.", "mailto:", "WWW.", "MAILTO:"] {
        if text.contains(word) {
            let (name, sign) = word.split_at(word.len() - 1);
            text = text.replace(word, &format!("{name}[{sign}]"));
        }
    }
    without_domains(&text)
}

/// Names of hosts, which mail programs make links of without any `http`, with their dots in brackets.
fn without_domains(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.find(is_of_host) {
        let (before, from_host) = rest.split_at(first);
        let end = from_host.find(|found| !is_of_host(found)).unwrap_or(from_host.len());
        let (name, behind) = from_host.split_at(end);
        let is_mailbox = before.ends_with('@') && !behind.starts_with(['/', ':', '?', '#']);
        safe.push_str(before);
        if is_domain(name) && !is_mailbox {
            safe.push_str(&name.replace('.', "[.]"));
        } else {
            safe.push_str(name);
        }
        rest = behind;
    }
    safe.push_str(rest);
    safe
}

fn is_of_host(found: char) -> bool {
    found.is_alphanumeric() || ".-".contains(found)
}

/// Whether a mail program may take a name for that of a host. AWS's own hosts are harmless, and so are names of files.
fn is_domain(name: &str) -> bool {
    let name = name.trim_matches('.').to_lowercase();
    let is_below = |owner: &&str| name == **owner || name.ends_with(&format!(".{owner}"));
    let is_top = |label: &str| {
        label.chars().count() >= 2 && label.chars().all(char::is_alphabetic) && !FILES.contains(&label)
    };
    // One that isn't written in Latin letters begins with `xn--`.
    let has_top = name.split('.').skip(1).any(|label| is_top(label) || label.starts_with("xn--"));
    has_top && !HARMLESS_HOSTS.iter().any(is_below)
}

/// What belongs to AWS, whose services call each other under such names.
const HARMLESS_HOSTS: [&str; 3] = ["amazonaws.com", "amazonaws.com.cn", "amazon.com"];
/// How names of files end that are no top-level domains.
const FILES: [&str; 16] = [
    "avro", "bak", "bin", "csv", "dat", "gz", "jpg", "json", "log", "orc", "parquet", "pdf", "sql", "txt",
    "xml", "yaml",
];

fn escape(character: char, safe: &mut String) {
    // Writing to a string doesn't fail.
    let _ = match character {
        '\n' => safe.write_str("\\n"),
        '\r' => safe.write_str("\\r"),
        '\t' => safe.write_str("\\t"),
        ascii if ascii.is_ascii() => write!(safe, "\\x{:02x}", u32::from(ascii)),
        other => write!(safe, "\\u{{{:x}}}", u32::from(other)),
    };
}

/// What disturbs anywhere, and what mail programs show as nothing or as something of their own: characters for private use, and
/// all planes behind that of tags.
pub(crate) fn disturbs(character: char) -> bool {
    diagnostic::disturbs(character)
        || matches!(character, '\u{2800}' | '\u{e000}'..='\u{f8ff}' | '\u{e0000}'..='\u{10ffff}')
}

/// Marks that are drawn over or below the character before.
fn combines(character: char) -> bool {
    matches!(
        character,
        '\u{300}'..='\u{36f}' | '\u{483}'..='\u{489}' | '\u{1ab0}'..='\u{1aff}' | '\u{1dc0}'..='\u{1dff}'
            | '\u{20d0}'..='\u{20ff}' | '\u{fe20}'..='\u{fe2f}'
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hostile_characters_become_visible() {
        assert_eq!(record("a\x1b[31mb\r\nBcc: c\t"), "a\\x1b[31mb\\r\\nBcc: c\\t");
        assert_eq!(record("\u{202e}gnp.exe\u{9b}\u{7f}\0"), "\\u{202e}gnp[.]exe\\u{9b}\\x7f\\x00");
        assert_eq!(record("ze\u{200b}ro\u{2028}\u{e0041}"), "ze\\u{200b}ro\\u{2028}\\u{e0041}");
    }

    #[test]
    fn honest_text_stays() {
        assert_eq!(record("DOMAIN\\Zoë 王 🙂 e\u{301}"), "DOMAIN\\Zoë 王 🙂 e\u{301}");
    }

    #[test]
    fn towers_of_marks_fall_down() {
        let tower = format!("a{}", "\u{30d}".repeat(40));
        assert_eq!(record(&tower).matches("\\u{30d}").count(), 38);
    }

    #[test]
    fn nothing_in_a_record_can_be_clicked() {
        assert_eq!(record("see https://evil.example/x"), "see https[:]//evil[.]example/x");
        assert_eq!(record("www.evil.example mailto:a"), "www[.]evil[.]example mailto[:]a");
        assert_eq!(own("see https://wiki.example/x"), "see https://wiki.example/x");
    }

    #[test]
    fn hosts_need_no_scheme_to_be_clicked() {
        assert_eq!(record("log in at evil.co.uk/login"), "log in at evil[.]co[.]uk/login");
        assert_eq!(record("EVIL.COM, zoë.example_x"), "EVIL[.]COM, zoë[.]example_x");
        assert_eq!(record("a@evil.com/x evil.xn--p1ai"), "a@evil[.]com/x evil[.]xn--p1ai");
        assert_eq!(record("amazonaws.com.evil.com"), "amazonaws[.]com[.]evil[.]com");
    }

    #[test]
    fn names_that_are_no_hosts_stay() {
        for text in [
            "session/alice@example.com",
            "config.amazonaws.com",
            "Boto3/1.34.0 os/linux#6.6.9-kali lang/python#3.11.8",
            "arn:aws:s3:::bucket/2026/report.csv",
            "203.0.113.77, 2001:db8::1",
            "It ends. And goes on...",
        ] {
            assert_eq!(record(text), text);
        }
    }

    #[test]
    fn long_text_is_cut_between_characters() {
        assert_eq!(harmless("äöü", 2), "äö…");
        assert_eq!(harmless("äöü", 3), "äöü");
    }
}
