//! Changes, one line each.

use metric::Statistic;
use monitor::{About, Change, LateEpisode, News, Notification, StateChange, Summary, SummaryItem, Untold};

use super::clock::{moment, short};

/// `None` for what [`observed`] shows, and for what remembers and keeps records.
pub(crate) fn change(change: &Change) -> Option<String> {
    Some(match change {
        Change::Observed { .. } | Change::Remembered { .. } | Change::Matched { .. } => return None,
        Change::Repeated { .. } => "repeated".into(),
        Change::OutOfReach { time } => format!("out of reach: {}", short(*time)),
        Change::AlarmCreated { alarm } => format!("created {}", name(alarm)),
        Change::AlarmUpdated { alarm } => format!("updated {}", name(alarm)),
        Change::AlarmDeleted { alarm } => format!("deleted {}", name(alarm)),
        Change::State(change) => state(change),
        Change::LateEpisode(episode) => late_episode(episode),
        Change::Revised(revised) => format!(
            "revised {} from {} to {} at {}, windows {} .. {}",
            name(&revised.alarm),
            revised.was,
            revised.is,
            moment(revised.at),
            short(revised.first_end),
            short(revised.last_end)
        ),
        Change::News(news) => self::news(news),
        Change::Queued(notification) => format!("queued {}", due(notification)),
        Change::Summed { into, covers } => format!("summed {covers:?} into {}", into.id),
        Change::Untold { alarm, why } => format!("nobody is told of {}: {}", name(alarm), untold(why)),
        Change::Delivered { notification } => format!("delivered {notification}"),
        Change::Postponed { notification, attempts, until, reason } => {
            format!("postponed {notification} until {}, {attempts} attempts: {reason}", moment(*until))
        }
        Change::GivenUp { notification, reason } => format!("given up {notification}: {reason}"),
    })
}

/// What was counted, and what of it is remembered.
pub(crate) fn observed(change: &Change) -> Option<String> {
    match change {
        Change::Observed { metric, unit, start, length, added } => {
            let sum = added.datapoint(&Statistic::Sum).unwrap();
            let (start, count) = (short(*start), sum.sample_count);
            Some(format!("{metric}, {unit}, {start} + {length} s: {count} observations, sum {}", sum.value))
        }
        Change::Matched { record, time, filters, metrics, evidence } => {
            let key = evidence.key.as_deref().unwrap_or("no key");
            let metrics = metrics.iter().map(ToString::to_string).collect::<Vec<_>>().join("; ");
            let repeats = if record.is_some() { "" } else { ", not known again" };
            let (time, who) = (short(*time), &evidence.principal);
            Some(format!("{time} of filters {filters:?} in {metrics}: {who}, {key}{repeats}"))
        }
        Change::Remembered { time, .. } => Some(format!("remembered {}", short(*time))),
        _ => None,
    }
}

pub(crate) fn due(notification: &Notification) -> String {
    let Notification { id, topic, subscription, queued_at, about } = notification;
    let about = match about {
        About::State(change) => format!("{} {}", change.name, change.to),
        About::LateEpisode(episode) => format!("{} late episode", episode.name),
        About::News(news) => format!("{} news", news.name),
        About::Reminder(reminder) => {
            format!("{} still in ALARM since {}", reminder.name, moment(reminder.since))
        }
        About::Summary(summary) => self::summary(summary),
    };
    let (topic, endpoint) = (name(topic), &subscription.endpoint);
    format!("{id} at {} to {endpoint} of {topic}: {about}", moment(*queued_at))
}

fn state(change: &StateChange) -> String {
    let window = change
        .judged
        .as_ref()
        .map(|judged| format!(", window {} .. {}", short(judged.window.start()), short(judged.window.end)));
    format!(
        "state {} from {} to {} at {}{}\n  {}",
        change.name,
        change.from,
        change.to,
        moment(change.at),
        window.unwrap_or_default(),
        change.reason
    )
}

fn late_episode(episode: &LateEpisode) -> String {
    format!(
        "late episode {}, windows {} .. {}, seen at {}\n  {}",
        episode.name,
        short(episode.first_end),
        short(episode.last_end),
        moment(episode.seen_at),
        episode.reason
    )
}

fn news(news: &News) -> String {
    let (principals, keys) = (news.principals.join(", "), news.keys.join(", "));
    format!("news {} at {}: [{principals}] [{keys}] and {} more", news.name, moment(news.at), news.more)
}

fn summary(summary: &Summary) -> String {
    let Summary { kind, state, from, to, alarms, notifications, beyond, items } = summary;
    let (from, to) = (moment(*from), moment(*to));
    let head =
        format!("{kind:?}: {notifications} × {state} of {alarms} alarms and {beyond} beyond, {from} .. {to}");
    let item = |item: &SummaryItem| {
        let over = if item.is_over { ", over" } else { "" };
        let (first, last) = (moment(item.first), moment(item.last));
        format!("\n  {} {}×, {first} .. {last}{over}", item.name, item.count)
    };
    head + &items.iter().map(item).collect::<String>()
}

fn untold(why: &Untold) -> String {
    match why {
        Untold::ActionsDisabled => "actions disabled".into(),
        Untold::NoAction => "no action".into(),
        Untold::FirstEvaluation => "first evaluation".into(),
        Untold::ToldBefore => "told before".into(),
        Untold::Suppressed => "suppressed".into(),
        Untold::Backlog => "backlog".into(),
        Untold::UnknownAction(arn) => format!("unknown action {}", name(arn)),
        Untold::NoSubscriber(arn) => format!("no subscriber of {}", name(arn)),
    }
}

fn name(arn: &str) -> &str {
    arn.rsplit(':').next().unwrap()
}
