//! Notifications, and what becomes of them.

use monitor::{About, Change, Notification};
use rusqlite::{Connection, params};

use super::history::to_json;
use crate::StoreError;

/// Writes a change that belongs to a notification. Of one that isn't there, there is nothing to be changed.
pub(crate) fn write(connection: &Connection, change: &Change, now: i64) -> Result<(), StoreError> {
    match change {
        Change::Queued(notification) => queue(connection, notification),
        Change::Summed { into, covers } => sum(connection, into.id, covers, now),
        Change::Delivered { notification } => end(connection, *notification, "delivered", None, now),
        Change::GivenUp { notification, reason } => end(connection, *notification, "dead", Some(reason), now),
        Change::Postponed { notification, attempts, until, reason } => {
            postpone(connection, *notification, (*attempts, *until), reason)
        }
        _ => Ok(()),
    }
}

/// One that was given up and is tried again keeps what it tells and why it failed.
fn queue(connection: &Connection, notification: &Notification) -> Result<(), StoreError> {
    const SQL: &str = "INSERT INTO notification
        (id, topic, protocol, endpoint, alarm, tells, queued_at, state, attempts, next_attempt, notification)
        VALUES (?, ?, ?, ?, ?, ?, ?, 'waiting', 0, ?, ?)
        ON CONFLICT (id) DO UPDATE SET state = 'waiting', attempts = 0, next_attempt = excluded.next_attempt,
            closed_at = NULL, summed = NULL, notification = excluded.notification";
    let alarm = notification.about.alarm().map(|(arn, _)| &**arn);
    let tells = tells(&notification.about);
    let (subscription, queued_at) = (&notification.subscription, notification.queued_at);
    connection.prepare_cached(SQL)?.execute(params![
        notification.id.cast_signed(),
        notification.topic,
        subscription.protocol,
        subscription.endpoint,
        alarm,
        tells,
        queued_at,
        queued_at,
        to_json(notification)?,
    ])?;
    Ok(())
}

/// The state that begins or ends a thread of letters.
fn tells(about: &About) -> Option<&'static str> {
    match about {
        About::State(_) | About::Summary(_) => Some(about.state().as_str()),
        About::LateEpisode(_) | About::News(_) | About::Reminder(_) => None,
    }
}

/// Others are told by this one.
fn sum(connection: &Connection, into: u64, covers: &[u64], now: i64) -> Result<(), StoreError> {
    const SQL: &str =
        "UPDATE notification SET state = 'summed', next_attempt = NULL, closed_at = ?3, summed = ?2
        WHERE id = ?1";
    let mut statement = connection.prepare_cached(SQL)?;
    for covered in covers {
        statement.execute((covered.cast_signed(), into.cast_signed(), now))?;
    }
    Ok(())
}

fn postpone(
    connection: &Connection,
    id: u64,
    (attempts, until): (u32, i64),
    reason: &str,
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE notification SET attempts = ?2, next_attempt = ?3, reason = ?4 WHERE id = ?1";
    connection.prepare_cached(SQL)?.execute(params![id.cast_signed(), attempts, until, reason])?;
    Ok(())
}

fn end(
    connection: &Connection,
    id: u64,
    state: &str,
    reason: Option<&String>,
    now: i64,
) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE notification SET state = ?2, attempts = attempts + 1, next_attempt = NULL,
        closed_at = ?3, reason = coalesce(?4, reason) WHERE id = ?1";
    connection.prepare_cached(SQL)?.execute(params![id.cast_signed(), state, now, reason])?;
    Ok(())
}

pub(crate) fn story(connection: &Connection, id: u64, story: &str) -> Result<(), StoreError> {
    const SQL: &str = "UPDATE notification SET story = ?2 WHERE id = ?1";
    let changed = connection.prepare_cached(SQL)?.execute((id.cast_signed(), story))?;
    if changed == 1 { Ok(()) } else { Err(StoreError::Other(format!("there is no notification {id}"))) }
}
