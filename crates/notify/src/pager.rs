//! A notification for PagerDuty and what takes its events (Events API v2).

use alarm::{StateValue, calendar};
use ring::digest::{SHA256, digest};

use crate::aws;
use crate::email::hex;
use crate::hostile::{harmless, own};
use crate::many;
use crate::object::{Object, list};
use crate::secret::Secret;
use crate::story::{Happened, Story};
use crate::view::View;
use crate::words::Line;

/// The limits of the API: a summary, a key.
const MAX_SUMMARY: usize = 1_024;
const MAX_KEY: usize = 255;
/// How many alarms of a summary are named.
const MAX_NAMES: usize = 50;

/// The body of the request. `ALARM` opens an incident and `OK` resolves it; what is new behind an `ALARM` joins it, and late
/// news is an incident of its own.
#[must_use]
pub fn pagerduty_body(story: &Story, routing_key: &Secret) -> String {
    let view = View::of(story);
    let action = if story.happened.state() == StateValue::Ok { "resolve" } else { "trigger" };
    let object = Object::new().text("routing_key", routing_key.reveal()).text("event_action", action);
    let object = object.text("dedup_key", &incident(story)).text("client", "kmswatch");
    let links =
        view.links.iter().map(|(label, url)| Object::new().text("href", url).text("text", label).end());
    object.raw("payload", &payload(story, &view)).raw("links", &list(links)).end()
}

fn payload(story: &Story, view: &View<'_>) -> String {
    let severity = match &story.happened {
        // A drill has calls behind it, and a lead that says what it is.
        _ if story.lead.is_some() && !story.evidence.groups.is_empty() => "info",
        Happened::State { to: StateValue::Alarm, .. } | Happened::News { .. } | Happened::Reminder { .. } => {
            "critical"
        }
        Happened::Late { .. } | Happened::Summary(_) => "error",
        Happened::State { to: StateValue::InsufficientData, .. } => "warning",
        Happened::State { .. } => "info",
    };
    let summary = harmless(&format!("{} - {}", aws::subject(story), view.sentence), MAX_SUMMARY - 1);
    let source = format!("{}/{}", story.account.id, story.region);
    let object =
        Object::new().text("summary", &summary).text("source", &own(&source)).text("severity", severity);
    let object = object.text("timestamp", &calendar::iso(story.happened.at()));
    let object = object.text("component", &own(&story.title())).text("class", "kms");
    object.raw("custom_details", &details(story, view)).end()
}

fn details(story: &Story, view: &View<'_>) -> String {
    let mut object = Object::new();
    for fact in &view.facts {
        let lines: Vec<&str> =
            fact.lines.iter().map(|(Line::Words(text) | Line::Name(text))| text.as_str()).collect();
        object = object.text(fact.label, &lines.join("\n"));
    }
    if let Some(summary) = story.happened.summary() {
        return object.text("Alarms", &many::names(summary, MAX_NAMES)).end();
    }
    object.text("Reason", &own(story.happened.reason())).text("Alarm", &own(&story.alarm.arn)).end()
}

/// What ties the events of one incident together.
fn incident(story: &Story) -> String {
    let key = match &story.happened {
        Happened::Late { from, .. } => format!("{}/late/{from}", story.alarm.arn),
        Happened::Summary(_) => format!("{}/summary/{}", story.letter.instance, story.letter.id),
        _ => story.alarm.arn.clone(),
    };
    if key.len() <= MAX_KEY { key } else { hex(digest(&SHA256, key.as_bytes()).as_ref()) }
}
