//! The envelope in which SNS delivers a message over HTTP, and as `email-json`.

use alarm::calendar;

use crate::aws;
use crate::email::{Email, plain, uuid};
use crate::object::quoted;
use crate::story::Story;
use crate::view;

/// SNS's envelope around [`message`](crate::message), with SNS's members in SNS's order. AWS's signature can't be given;
/// its members are there and say so. Whether it comes from us, [`Signature`](crate::Signature) tells.
#[must_use]
pub fn sns_envelope(story: &Story) -> String {
    let unsubscribe = story.unsubscribe.as_deref().and_then(view::url);
    let members = [
        ("Type", "Notification".to_owned()),
        ("MessageId", uuid(&story.letter)),
        ("TopicArn", story.topic.clone()),
        ("Subject", aws::subject(story)),
        ("Message", aws::message(story)),
        ("Timestamp", calendar::iso(story.letter.written_at).replace("+0000", "Z")),
        ("SignatureVersion", "0".to_owned()),
        ("Signature", String::new()),
        ("SigningCertURL", String::new()),
        ("UnsubscribeURL", unsubscribe.unwrap_or_default()),
    ];
    let lines = members.map(|(name, value)| format!("  {} : {}", quoted(name), quoted(&value)));
    format!("{{\n{}\n}}", lines.join(",\n"))
}

/// The envelope as a mail: what a subscription of the protocol `email-json` gets.
#[must_use]
pub fn email_json(story: &Story) -> Email {
    plain(story, sns_envelope(story) + "\n")
}
