//! Notifications on their way, and what becomes of them.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;

use crate::actions::Actions;
use crate::change::{About, Change, Notification, Untold};
use crate::command::DeliveryOutcome;
use crate::configuration::{Subscription, Topic};

/// How long until the second attempt, in milliseconds; twice that until the third, and so on.
const FIRST_WAIT: i64 = 10_000;
/// The longest wait between two attempts, in milliseconds.
const LONGEST_WAIT: i64 = 3_600_000;
/// So many attempts, which take about three days, and a notification is given up.
pub const MAX_ATTEMPTS: u32 = 80;
/// A notification that failed and is older than this is given up, in milliseconds: three days. Those that waited behind
/// another one for a dead server aren't tried for as long again, or they would grow more and more.
pub const GIVE_UP_AFTER: i64 = 3 * 86_400_000;

/// What is to be delivered.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Outbox {
    /// How many notifications there were.
    count: u64,
    /// By ARN.
    topics: HashMap<String, Topic>,
    waiting: BTreeMap<u64, Waiting>,
}

#[derive(Debug, Clone, PartialEq)]
struct Waiting {
    notification: Arc<Notification>,
    attempts: u32,
    /// In milliseconds since 1970.
    next_attempt: i64,
}

impl Outbox {
    /// Publishes to these topics from now on.
    pub(crate) fn configure(&mut self, topics: &[Topic]) {
        self.topics = topics.iter().map(|topic| (topic.arn.clone(), topic.clone())).collect();
    }

    /// Queues a notification to each subscriber of each topic that `arns` name.
    pub(crate) fn queue(
        &mut self,
        (alarm, arns): (&Arc<str>, &[String]),
        about: &About,
        now: i64,
        changes: &mut Vec<Change>,
    ) {
        let untold = |why| Change::Untold { alarm: Arc::clone(alarm), why };
        if arns.is_empty() {
            changes.push(untold(Untold::NoAction));
        }
        for arn in arns {
            let Some(topic) = self.topics.get(arn) else {
                changes.push(untold(Untold::UnknownAction(arn.clone())));
                continue;
            };
            if topic.subscriptions.is_empty() {
                changes.push(untold(Untold::NoSubscriber(arn.clone())));
            }
            for subscription in topic.subscriptions.clone() {
                changes.push(self.queue_one(arn, subscription, about, now));
            }
        }
    }

    fn queue_one(&mut self, topic: &str, subscription: Subscription, about: &About, now: i64) -> Change {
        let notification = Arc::new(Notification {
            id: self.count,
            topic: topic.to_owned(),
            subscription,
            queued_at: now,
            about: about.clone(),
        });
        self.count += 1;
        let waiting = Waiting { notification: Arc::clone(&notification), attempts: 0, next_attempt: now };
        self.waiting.insert(notification.id, waiting);
        Change::Queued(notification)
    }

    /// What came of an attempt. A notification that isn't waiting (any more) changes nothing.
    pub(crate) fn attempted(&mut self, id: u64, outcome: &DeliveryOutcome, now: i64) -> Option<Change> {
        let waiting = self.waiting.get_mut(&id)?;
        waiting.attempts += 1;
        let attempts = waiting.attempts;
        let age = now.saturating_sub(waiting.notification.queued_at);
        match outcome {
            DeliveryOutcome::Deferred(reason) if attempts < MAX_ATTEMPTS && age < GIVE_UP_AFTER => {
                let until = now.saturating_add(wait(id, attempts));
                waiting.next_attempt = until;
                Some(Change::Postponed { notification: id, attempts, until, reason: reason.clone() })
            }
            DeliveryOutcome::Accepted => {
                self.waiting.remove(&id);
                Some(Change::Delivered { notification: id })
            }
            DeliveryOutcome::Deferred(reason) | DeliveryOutcome::Refused(reason) => {
                self.waiting.remove(&id);
                Some(Change::GivenUp { notification: id, reason: reason.clone() })
            }
        }
    }

    /// What may be attempted at `now`: of each subscriber the earliest notification, so that none overtakes another.
    pub(crate) fn due(&self, now: i64) -> impl Iterator<Item = &Arc<Notification>> {
        let mut subscribers = HashSet::new();
        self.waiting.values().filter_map(move |waiting| {
            let is_first = subscribers.insert(&waiting.notification.subscription);
            (is_first && waiting.next_attempt <= now).then_some(&waiting.notification)
        })
    }
}

/// Twice as long after each attempt, and up to a fifth more, which differs from notification to notification so that they
/// don't all come back at once.
fn wait(id: u64, attempts: u32) -> i64 {
    let doubled = FIRST_WAIT.saturating_mul(1_i64 << attempts.saturating_sub(1).min(20));
    let wait = doubled.min(LONGEST_WAIT);
    let mixed = id.wrapping_add(u64::from(attempts)).wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 54;
    wait + wait / 5 * i64::try_from(mixed).unwrap_or_default() / 1024
}

/// Whom an alarm tells of a change to one of its states, or why nobody.
pub(crate) fn told_of(actions: &Actions, state: alarm::StateValue) -> Result<&[String], Untold> {
    if actions.enabled { Ok(actions.of(state)) } else { Err(Untold::ActionsDisabled) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::change::News;

    fn outbox() -> Outbox {
        let mut outbox = Outbox::default();
        let subscription = Subscription { protocol: "email".into(), endpoint: "soc@example.org".into() };
        let topic = Topic { arn: "t".into(), name: "t".into(), subscriptions: vec![subscription] };
        outbox.configure(&[topic]);
        let (alarm, at) = (Arc::from("a"), 0);
        let news = News {
            alarm: Arc::clone(&alarm),
            name: Arc::clone(&alarm),
            at,
            principals: Vec::new(),
            keys: Vec::new(),
            more: 0,
        };
        outbox.queue((&alarm, &["t".into()]), &About::News(Arc::new(news)), at, &mut Vec::new());
        outbox
    }

    #[test]
    fn a_notification_is_tried_for_about_three_days_and_eighty_times_at_most() {
        let deferred = DeliveryOutcome::Deferred("later".into());
        let mut patient = outbox();
        let (mut now, mut attempts) = (0, 1);
        while let Some(Change::Postponed { until, .. }) = patient.attempted(0, &deferred, now) {
            (now, attempts) = (until, attempts + 1);
        }
        assert!((60..=MAX_ATTEMPTS).contains(&attempts), "{attempts}");
        assert!((GIVE_UP_AFTER..GIVE_UP_AFTER + 2 * LONGEST_WAIT).contains(&now), "{now}");
        let mut hasty = outbox();
        let tries = std::iter::from_fn(|| hasty.attempted(0, &deferred, 0));
        let given_up: Vec<bool> = tries.map(|change| matches!(change, Change::GivenUp { .. })).collect();
        assert_eq!(given_up.len(), MAX_ATTEMPTS as usize);
        assert_eq!(given_up.iter().filter(|given_up| **given_up).count(), 1);
    }
}
