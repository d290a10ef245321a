//! Notifications on their way, and what becomes of them.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use crate::actions::Actions;
use crate::change::{About, Change, Notification, Untold};
use crate::command::DeliveryOutcome;
use crate::configuration::{Subscription, Topic};
use crate::saved::{Part, PartKey};
use crate::summary::{Gathering, SummaryKind};
use alarm::StateValue;
use serde::{Deserialize, Serialize};

/// How long until the second attempt, in milliseconds; twice that until the third, and so on.
const FIRST_WAIT: i64 = 10_000;
/// The longest wait between two attempts, in milliseconds.
const LONGEST_WAIT: i64 = 3_600_000;
/// So many attempts, which take about three days, and a notification is given up.
pub const MAX_ATTEMPTS: u32 = 80;
/// A notification that failed and is older than this is given up, in milliseconds: three days. Those that waited behind
/// another one for a dead server aren't tried for as long again, or they would grow more and more.
pub const GIVE_UP_AFTER: i64 = 3 * 86_400_000;

/// So many notifications of one kind may wait at once for somebody, unless the configuration says otherwise; of more, one
/// summary is made.
pub const MAX_LETTERS: usize = 10;
/// What was queued within that time belongs together, in milliseconds.
const STORM: i64 = 60_000;

/// What is to be delivered.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Outbox {
    /// How many notifications there were.
    count: u64,
    /// By ARN.
    topics: HashMap<String, Topic>,
    waiting: BTreeMap<u64, Waiting>,
    /// As [`Configuration::storm`](crate::Configuration::storm).
    storm: Option<u32>,
    /// Those that changed since they were saved.
    unsaved: BTreeSet<u64>,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub(crate) struct Waiting {
    notification: Arc<Notification>,
    attempts: u32,
    /// In milliseconds since 1970.
    next_attempt: i64,
    /// Since when it has waited, in milliseconds since 1970.
    since: i64,
}

impl Waiting {
    /// Whether it is one of many that could become a summary: nobody has tried it, and it is for people.
    fn is_letter(&self) -> bool {
        let Notification { subscription, about, .. } = &*self.notification;
        self.attempts == 0 && subscription.is_for_people() && about.alarm().is_some()
    }

    pub(crate) fn id(&self) -> u64 {
        self.notification.id
    }
}

impl Outbox {
    /// Publishes to these topics from now on.
    pub(crate) fn configure(&mut self, topics: &[Topic], storm: Option<u32>) {
        self.storm = storm;
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
                changes.push(Change::Queued(self.queue_one(arn, subscription, about, now)));
            }
        }
    }

    /// Queues a notification to each subscriber of a topic, if there is any.
    pub(crate) fn publish(&mut self, arn: &str, about: &About, now: i64, changes: &mut Vec<Change>) {
        let subscriptions = self.topics.get(arn).map(|topic| topic.subscriptions.clone());
        for subscription in subscriptions.unwrap_or_default() {
            changes.push(Change::Queued(self.queue_one(arn, subscription, about, now)));
        }
    }

    fn queue_one(
        &mut self,
        topic: &str,
        subscription: Subscription,
        about: &About,
        now: i64,
    ) -> Arc<Notification> {
        let notification = Arc::new(Notification {
            id: self.count,
            topic: topic.to_owned(),
            subscription,
            queued_at: now,
            about: about.clone(),
        });
        self.count += 1;
        let waiting =
            Waiting { notification: Arc::clone(&notification), attempts: 0, next_attempt: now, since: now };
        self.waiting.insert(notification.id, waiting);
        self.unsaved.insert(notification.id);
        notification
    }

    /// A notification that isn't waiting any more waits again. One that is changes nothing.
    pub(crate) fn retry(&mut self, notification: &Arc<Notification>, now: i64) -> Option<Change> {
        let id = notification.id;
        if self.waiting.contains_key(&id) {
            return None;
        }
        self.count = self.count.max(id.saturating_add(1));
        let notification = Arc::clone(notification);
        let waiting =
            Waiting { notification: Arc::clone(&notification), attempts: 0, next_attempt: now, since: now };
        self.waiting.insert(id, waiting);
        self.unsaved.insert(id);
        Some(Change::Queued(notification))
    }

    /// What came of an attempt. A notification that isn't waiting (any more) changes nothing.
    pub(crate) fn attempted(&mut self, id: u64, outcome: &DeliveryOutcome, now: i64) -> Option<Change> {
        let waiting = self.waiting.get_mut(&id)?;
        self.unsaved.insert(id);
        waiting.attempts += 1;
        let attempts = waiting.attempts;
        let age = now.saturating_sub(waiting.since);
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

    /// What may be attempted at `now`: of each subscriber the earliest notification that is wanted, or that is of the same alarm
    /// as a later one that is. So of one alarm nothing overtakes anything else: that it is `OK` again, told behind a later
    /// `ALARM`, would be taken for the end of that.
    pub(crate) fn due(
        &self,
        now: i64,
        is_wanted: impl Fn(&Notification) -> bool,
    ) -> impl Iterator<Item = &Arc<Notification>> {
        let mut subscribers = HashSet::new();
        let mut wanted: Vec<&Waiting> = Vec::new();
        let mut of_alarms = HashSet::new();
        for waiting in self.waiting.values().rev() {
            let Notification { subscription, about, .. } = &*waiting.notification;
            let alarm = about.alarm().map(|(alarm, _)| (subscription, alarm));
            let is_wanted = is_wanted(&waiting.notification);
            if is_wanted {
                of_alarms.extend(alarm);
            }
            if is_wanted || alarm.is_some_and(|alarm| of_alarms.contains(&alarm)) {
                wanted.push(waiting);
            }
        }
        wanted.into_iter().rev().filter_map(move |waiting| {
            let is_first = subscribers.insert(&waiting.notification.subscription);
            (is_first && waiting.next_attempt <= now).then_some(&waiting.notification)
        })
    }
}

/// Storms.
impl Outbox {
    /// Makes one notification of many that people would get at once. One that may be on its way already isn't among them.
    pub(crate) fn sum_up(&mut self, now: i64, changes: &mut Vec<Change>) {
        for (state, covers) in self.storms(now) {
            let mut gathering = Gathering::new(SummaryKind::Storm, state);
            let mut first = None;
            for waiting in covers.iter().filter_map(|id| self.waiting.remove(id)) {
                self.unsaved.insert(waiting.id());
                gathering.add(&waiting.notification.about, usize::MAX);
                first.get_or_insert(waiting.notification);
            }
            let Some(first) = first else { continue };
            let about = About::Summary(Arc::new(gathering.finished()));
            let into = self.queue_one(&first.topic, first.subscription.clone(), &about, now);
            changes.push(Change::Queued(Arc::clone(&into)));
            changes.push(Change::Summed { into, covers });
        }
    }

    /// What is to become one each: alarms of which state, and the notifications in their order.
    fn storms(&self, now: i64) -> Vec<(StateValue, Vec<u64>)> {
        let recent = now.saturating_sub(STORM);
        let fresh = self.waiting.values().rev().take_while(|one| one.notification.queued_at >= recent);
        let mut letters: BTreeMap<(&str, &Subscription), Vec<&Waiting>> = BTreeMap::new();
        for waiting in fresh.filter(|one| one.is_letter()) {
            let Notification { topic, subscription, .. } = &*waiting.notification;
            letters.entry((topic, subscription)).or_default().push(waiting);
        }
        let most = self.storm.map_or(MAX_LETTERS, |storm| storm as usize);
        letters.retain(|_, waiting| waiting.len() > most);
        let storms = letters.into_iter().flat_map(|((_, subscription), mut waiting)| {
            let on_its_way = self.on_its_way(subscription, now);
            waiting.retain(|one| Some(one.id()) != on_its_way);
            waiting.reverse();
            storms_of(waiting, most)
        });
        storms.collect()
    }

    /// The notification that a courier may have taken before `now`.
    fn on_its_way(&self, subscription: &Subscription, now: i64) -> Option<u64> {
        let earliest = self.waiting.values().find(|one| one.notification.subscription == *subscription);
        earliest.filter(|one| one.next_attempt < now).map(Waiting::id)
    }
}

/// Of what waits for one subscriber, in its order.
fn storms_of(mut waiting: Vec<&Waiting>, most: usize) -> Vec<(StateValue, Vec<u64>)> {
    let mut storms = Vec::new();
    for state in [StateValue::Alarm, StateValue::Ok, StateValue::InsufficientData] {
        let tells = |one: &&&Waiting| one.notification.about.state() == state;
        if waiting.iter().filter(tells).count() <= most {
            continue;
        }
        // What an alarm did behind its `ALARM` goes with it, or it would be told before it.
        let mut alarms = HashSet::new();
        let (covered, left) = waiting.into_iter().partition(|one| {
            let about = &one.notification.about;
            let alarm = about.alarm().map(|(alarm, _)| Arc::clone(alarm));
            if about.state() == state {
                alarms.insert(alarm);
                return true;
            }
            state == StateValue::Alarm && alarms.contains(&alarm)
        });
        let covered: Vec<&Waiting> = covered;
        storms.push((state, covered.into_iter().map(Waiting::id).collect()));
        waiting = left;
    }
    storms
}

/// Saving and loading.
impl Outbox {
    /// How many notifications there were.
    pub(crate) fn count(&self) -> u64 {
        self.count
    }

    /// What changed since it was asked for last.
    pub(crate) fn take_parts(&mut self, parts: &mut Vec<Part>) {
        for id in std::mem::take(&mut self.unsaved) {
            let key = PartKey::Notification(id);
            let waiting = self.waiting.get(&id);
            parts.push(waiting.map_or(Part::gone(key.clone()), |waiting| Part::of(key, waiting)));
        }
    }

    /// As it was when this was saved.
    pub(crate) fn load(&mut self, count: u64, waiting: BTreeMap<u64, Waiting>) {
        let behind = waiting.keys().next_back().map_or(0, |id| id.saturating_add(1));
        (self.count, self.waiting) = (count.max(behind), waiting);
        self.unsaved.clear();
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
    use crate::change::{News, Reminder};

    fn outbox() -> Outbox {
        let mut outbox = Outbox::default();
        let subscription = Subscription { protocol: "email".into(), endpoint: "soc@example.org".into() };
        let topic = Topic { arn: "t".into(), name: "t".into(), subscriptions: vec![subscription] };
        outbox.configure(&[topic], None);
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
    fn what_can_wait_goes_before_what_cannot_of_the_same_alarm() {
        let mut outbox = outbox();
        let mut queue = |alarm: &str, at| {
            let alarm = Arc::from(alarm);
            let name = Arc::clone(&alarm);
            let reminder = Reminder { alarm: Arc::clone(&alarm), name, since: 0, at };
            let about = About::Reminder(Arc::new(reminder));
            outbox.queue((&alarm, &["t".into()]), &about, at, &mut Vec::new());
        };
        // The news of `a` is the first.
        queue("b", 1);
        queue("a", 2);
        queue("a", 3);
        let mut order = Vec::new();
        loop {
            let next = outbox.due(9, |one| one.queued_at == 2).next().map(|next| next.id);
            let Some(next) = next else { break };
            order.push(next);
            outbox.attempted(next, &DeliveryOutcome::Accepted, 9);
        }
        assert_eq!(order, [0, 2], "`b` and what came behind wait");
        assert_eq!(outbox.due(9, |_| true).map(|next| next.id).collect::<Vec<_>>(), [1]);
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
