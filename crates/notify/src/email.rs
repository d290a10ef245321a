//! A notification as a mail: headers, plain text, HTML, picture.

use ring::digest::{SHA256, digest};

use crate::aws;
use crate::hostile::harmless;
use crate::html;
use crate::limits::{MAX_REFERENCES, MAX_SUBJECT};
use crate::mailbox::Mailbox;
use crate::mime;
use crate::story::{Letter, Story};
use crate::text;
use crate::times;
use crate::view::{self, View};

/// A mail. [`Email::message`] is what a mail server gets.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Email {
    /// The subject, as AWS writes it.
    pub subject: String,
    /// All headers but those of MIME, in their order; values are ASCII and not folded.
    pub headers: Vec<(&'static str, String)>,
    /// The part for who reads plain text.
    pub text: String,
    /// The part for everybody else; empty where there is only plain text.
    pub html: String,
    /// The chart, which the HTML shows.
    pub chart_png: Option<Vec<u8>>,
    /// The name of the chart, without angle brackets.
    pub chart_id: String,
}

/// Puts a story into words. The same story gives the same mail, byte for byte.
#[must_use]
pub fn compose(story: &Story) -> Email {
    let view = View::of(story);
    let domain = domain(&story.letter.domain);
    let subject = aws::subject(story);
    Email {
        headers: headers(story, &subject),
        subject,
        text: text::text(&view),
        html: html::html(&view, &domain),
        chart_png: view.chart.as_ref().map(crate::chart::Chart::png),
        chart_id: format!("{}@{domain}", html::CHART_ID),
    }
}

/// A mail that holds nothing but `body`, for programs: what `email-json` gets.
pub(crate) fn plain(story: &Story, body: String) -> Email {
    let subject = aws::subject(story);
    let headers = headers(story, &subject);
    Email { subject, headers, text: body, html: String::new(), chart_png: None, chart_id: String::new() }
}

impl Email {
    /// The mail as it goes over the wire: ASCII, in lines of at most 998 bytes that end in CRLF.
    #[must_use]
    pub fn message(&self) -> Vec<u8> {
        mime::message(self)
    }

    /// The value of a header.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.iter().find(|(known, _)| *known == name).map(|(_, value)| value.as_str())
    }
}

fn headers(story: &Story, subject: &str) -> Vec<(&'static str, String)> {
    let letter = &story.letter;
    let mut headers = vec![
        ("Date", times::header(letter.written_at.div_euclid(1000))),
        (
            "From",
            Mailbox::parse(&letter.from)
                .map_or_else(|| "kmswatch <kmswatch@localhost>".into(), |from| from.header()),
        ),
        (
            "To",
            Mailbox::parse(&letter.to).map_or_else(|| "undisclosed-recipients:;".into(), |to| to.header()),
        ),
        ("Subject", harmless(subject, MAX_SUBJECT + "Re: ".len())),
        ("Message-ID", message_id(letter, letter.id)),
    ];
    if let Some(last) = letter.earlier.last() {
        headers.push(("In-Reply-To", message_id(letter, *last)));
        headers.push(("References", references(letter)));
    }
    headers.push(("List-Id", list_id(story)));
    if let Some(url) = story.unsubscribe.as_deref().and_then(view::url) {
        headers.push(("List-Unsubscribe", format!("<{url}>")));
    }
    // No robot should answer: RFC 3834, and the header that Exchange heeds.
    headers.push(("Auto-Submitted", "auto-generated".into()));
    headers.push(("X-Auto-Response-Suppress", "All".into()));
    headers.push(("X-Kmswatch-State", story.happened.state().as_str().into()));
    headers
}

/// The same for each attempt to deliver a notification, and another one for each notification.
fn message_id(letter: &Letter, id: u64) -> String {
    format!("<{id}.{}@{}>", label(&letter.instance), domain(&letter.domain))
}

/// The first letter of the thread and the newest ones.
fn references(letter: &Letter) -> String {
    let newest = letter.earlier.len().saturating_sub(MAX_REFERENCES - 1).max(1);
    let newest = letter.earlier.get(newest..).unwrap_or_default();
    let ids = letter.earlier.first().into_iter().chain(newest);
    ids.map(|id| message_id(letter, *id)).collect::<Vec<_>>().join(" ")
}

/// `<security.us-east-1.111122223333.alarms.example.com>`: the topic, turned around.
fn list_id(story: &Story) -> String {
    let name = story.topic.rsplit(':').next().unwrap_or_default();
    let parts = [name, &story.region, &story.account.id].map(label);
    format!("<{}.{}>", parts.join("."), domain(&story.letter.domain))
}

/// One label of a name: what isn't a letter, digit or hyphen becomes a hyphen.
fn label(text: &str) -> String {
    const LONGEST: usize = 63;
    let plain = |found: char| if found.is_ascii_alphanumeric() || found == '_' { found } else { '-' };
    let label: String = text.chars().take(LONGEST).map(plain).collect();
    if label.is_empty() { "-".into() } else { label }
}

/// A domain, or `localhost` where it isn't one.
fn domain(text: &str) -> String {
    let is_label = |label: &str| {
        !label.is_empty()
            && label.len() <= 63
            && label.chars().all(|found| found.is_ascii_alphanumeric() || found == '-')
    };
    if text.len() <= 200 && text.split('.').all(is_label) {
        text.to_ascii_lowercase()
    } else {
        "localhost".into()
    }
}

/// An id as SNS gives it: a UUID, the same for the same notification.
pub(crate) fn uuid(letter: &Letter) -> String {
    let hash = digest(&SHA256, message_id(letter, letter.id).as_bytes());
    let hex = hex(hash.as_ref());
    let part = |from: usize, to: usize| hex.get(from..to).unwrap_or_default();
    // Version 8: made by a rule of one's own (RFC 9562).
    format!("{}-{}-8{}-8{}-{}", part(0, 8), part(8, 12), part(13, 16), part(17, 20), part(20, 32))
}

/// Bytes in hexadecimal digits.
pub(crate) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}
