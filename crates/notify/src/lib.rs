//! How does a notification reach a person?
//!
//! A [`Story`] holds what there is to tell. [`compose`] puts it into a mail; [`sns_envelope`], [`slack_body`] and
//! [`pagerduty_body`] into what programs want; all of them are functions of the story and nothing else, so each attempt to
//! deliver a notification sends the same. A [`Courier`] brings it to where an [`Endpoint`] says, over SMTP, over HTTP or
//! into a folder, and answers with a [`monitor::DeliveryOutcome`].
//!
//! Everything in a record is hostile text: it is escaped for the place where it stands, and nothing of it can be clicked on,
//! run in a shell without quotes, or break out of a header.

mod advice;
mod aws;
mod caller;
mod chart;
mod chat;
mod command;
mod courier;
mod email;
mod endpoint;
mod envelope;
mod folder;
mod hostile;
mod html;
pub mod limits;
mod mail_server;
mod mailbox;
mod mailer;
mod many;
mod mime;
mod object;
mod pager;
mod reason;
mod region;
mod roots;
mod secret;
mod signature;
mod story;
mod text;
mod times;
mod view;
mod web;
mod words;

pub use aws::message;
pub use chat::slack_body;
pub use courier::{Courier, Post};
pub use email::{Email, compose};
pub use endpoint::{Endpoint, EndpointError, WebAddress};
pub use envelope::{email_json, sns_envelope};
pub use folder::Folder;
pub use mail_server::{Credentials, MailServer, MailServerError, Security};
pub use mailbox::Mailbox;
pub use mailer::Mailer;
pub use pager::pagerduty_body;
pub use region::region_name;
pub use roots::{Roots, RootsError};
pub use secret::Secret;
pub use signature::{SIGNATURE_HEADER, Signature};
pub use story::{
    Account, Alarm, Before, Child, Evidence, Group, Happened, Key, Letter, Link, Ongoing, Series, Story,
    Watched,
};
pub use web::Web;
