//! Notifications on their way, and what becomes of them.

use std::collections::{BTreeMap, HashSet};
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

/// What is to be delivered.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Outbox {
    /// How many notifications there were.
    count: u64,
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
    /// Queues a notification to each subscriber of each topic that `arns` name.
    pub(crate) fn queue(
        &mut self,
        (alarm, arns): (&Arc<str>, &[String]),
        topics: &[Topic],
        about: &About,
        now: i64,
        changes: &mut Vec<Change>,
    ) {
        let untold = |why| Change::Untold { alarm: Arc::clone(alarm), why };
        if arns.is_empty() {
            changes.push(untold(Untold::NoAction));
        }
        for arn in arns {
            let Some(topic) = topics.iter().find(|topic| topic.arn == *arn) else {
                changes.push(untold(Untold::UnknownAction(arn.clone())));
                continue;
            };
            if topic.subscriptions.is_empty() {
                changes.push(untold(Untold::NoSubscriber(arn.clone())));
            }
            for subscription in &topic.subscriptions {
                changes.push(self.queue_one(topic, subscription, about, now));
            }
        }
    }

    fn queue_one(&mut self, topic: &Topic, subscription: &Subscription, about: &About, now: i64) -> Change {
        let notification = Arc::new(Notification {
            id: self.count,
            topic: topic.arn.clone(),
            subscription: subscription.clone(),
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
        match outcome {
            DeliveryOutcome::Deferred(reason) if attempts < MAX_ATTEMPTS => {
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
