//! What happened to alarms.

use alarm::StateValue;
use monitor::{Change, Revised, Untold};
use rusqlite::{Connection, params};
use serde::Serialize;
use serde_json::{Value, json};

use crate::StoreError;
use crate::rows::HistoryKind;

/// Writes a change that belongs to an alarm's history.
pub(crate) fn write(connection: &Connection, change: &Change, now: i64) -> Result<(), StoreError> {
    use HistoryKind as Kind;
    let plain = |alarm, kind| Entry { at: now, alarm, kind, states: None, detail: "{}".to_owned() };
    let entry = match change {
        Change::AlarmCreated { alarm } => plain(alarm, Kind::Created),
        Change::AlarmUpdated { alarm } => plain(alarm, Kind::Updated),
        Change::AlarmDeleted { alarm } => plain(alarm, Kind::Deleted),
        Change::State(change) => {
            let (at, states, detail) = (change.at, Some((change.from, change.to)), to_json(&**change)?);
            Entry { at, states, detail, ..plain(&change.alarm, Kind::State) }
        }
        Change::LateEpisode(episode) => {
            Entry { at: episode.seen_at, detail: to_json(&**episode)?, ..plain(&episode.alarm, Kind::Late) }
        }
        Change::Revised(revised) => {
            let (states, detail) = (Some((revised.was, revised.is)), windows(revised).to_string());
            Entry { at: revised.at, states, detail, ..plain(&revised.alarm, Kind::Revised) }
        }
        Change::News(news) => {
            Entry { at: news.at, detail: to_json(&**news)?, ..plain(&news.alarm, Kind::News) }
        }
        Change::Untold { alarm, why } => {
            Entry { detail: reason(why).to_string(), ..plain(alarm, Kind::Untold) }
        }
        _ => return Ok(()),
    };
    entry.write(connection)
}

struct Entry<'c> {
    at: i64,
    alarm: &'c str,
    kind: HistoryKind,
    /// Before and after.
    states: Option<(StateValue, StateValue)>,
    detail: String,
}

impl Entry<'_> {
    fn write(&self, connection: &Connection) -> Result<(), StoreError> {
        const SQL: &str =
            "INSERT INTO history (at, alarm, kind, was, became, detail) VALUES (?, ?, ?, ?, ?, ?)";
        let (was, became) = self.states.map(|(was, became)| (was.as_str(), became.as_str())).unzip();
        let kind = self.kind.as_str();
        connection.prepare_cached(SQL)?.execute(params![
            self.at,
            self.alarm,
            kind,
            was,
            became,
            self.detail
        ])?;
        Ok(())
    }
}

fn windows(revised: &Revised) -> Value {
    json!({ "first_end": revised.first_end, "last_end": revised.last_end })
}

fn reason(why: &Untold) -> Value {
    match why {
        Untold::ActionsDisabled => json!({ "why": "actions disabled" }),
        Untold::NoAction => json!({ "why": "no action" }),
        Untold::FirstEvaluation => json!({ "why": "first evaluation" }),
        Untold::ToldBefore => json!({ "why": "told before" }),
        Untold::Backlog => json!({ "why": "backlog" }),
        Untold::Suppressed => json!({ "why": "suppressed" }),
        Untold::UnknownAction(action) => json!({ "why": "unknown action", "action": action }),
        Untold::NoSubscriber(topic) => json!({ "why": "no subscriber", "topic": topic }),
    }
}

pub(crate) fn to_json<T: Serialize>(value: &T) -> Result<String, StoreError> {
    serde_json::to_string(value).map_err(|error| StoreError::Other(format!("no JSON: {error}")))
}
