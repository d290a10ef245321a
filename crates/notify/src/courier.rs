//! Brings a notification to where it belongs, in the form that is wanted there.

use monitor::DeliveryOutcome;

use crate::chat::slack_body;
use crate::email::{Email, compose, uuid};
use crate::endpoint::{Endpoint, WebAddress};
use crate::envelope::{email_json, sns_envelope};
use crate::folder::Folder;
use crate::mailbox::Mailbox;
use crate::mailer::Mailer;
use crate::pager::pagerduty_body;
use crate::signature::{SIGNATURE_HEADER, Signature};
use crate::story::Story;
use crate::web::Web;

/// Where mails go.
#[derive(Debug)]
pub enum Post {
    /// To a mail server.
    Server(Box<Mailer>),
    /// Into a folder.
    Folder(Folder),
}

/// Delivers notifications of all kinds.
#[derive(Debug)]
pub struct Courier {
    /// Where mails go.
    pub post: Post,
    /// Sends what goes over HTTP.
    pub web: Web,
    /// Signs what goes over HTTP in SNS's envelope, if there is something to sign with.
    pub signature: Option<Signature>,
}

impl Courier {
    /// Makes one attempt to deliver a notification, at `now` (seconds since 1970), and says what came of it.
    #[must_use]
    pub fn deliver(&self, story: &Story, endpoint: &Endpoint, now: i64) -> DeliveryOutcome {
        match endpoint {
            Endpoint::Email(to) => self.mail(story, to, &compose(story)),
            Endpoint::EmailJson(to) => self.mail(story, to, &email_json(story)),
            Endpoint::Web(address) => self.envelope(story, address, now),
            Endpoint::Slack(address) => self.web.post(address, &json(), &slack_body(story)),
            Endpoint::PagerDuty(address, key) => self.web.post(address, &json(), &pagerduty_body(story, key)),
        }
    }

    fn mail(&self, story: &Story, to: &Mailbox, email: &Email) -> DeliveryOutcome {
        let mailer = match &self.post {
            Post::Folder(folder) => return folder.keep(story, email),
            Post::Server(mailer) => mailer,
        };
        match Mailbox::parse(&story.letter.from) {
            Some(from) => mailer.send(&from, to, &email.message()),
            None => DeliveryOutcome::Deferred(format!("`{}` is no sender's address", story.letter.from)),
        }
    }

    /// With the headers by which receivers know SNS's messages.
    fn envelope(&self, story: &Story, address: &WebAddress, now: i64) -> DeliveryOutcome {
        let body = sns_envelope(story);
        let mut headers = vec![
            ("Content-Type", "text/plain; charset=UTF-8".to_owned()),
            ("x-amz-sns-message-type", "Notification".to_owned()),
            ("x-amz-sns-message-id", uuid(&story.letter)),
            ("x-amz-sns-topic-arn", story.topic.clone()),
        ];
        if let Some(signature) = &self.signature {
            headers.push((SIGNATURE_HEADER, signature.header(&body, now)));
        }
        self.web.post(address, &headers, &body)
    }
}

fn json() -> [(&'static str, String); 1] {
    [("Content-Type", "application/json".to_owned())]
}
