//! What happened to an alarm, in words.

use std::io;

use monitor::{LateEpisode, News, StateChange};
use serde::Serialize;
use store_sqlite::{HistoryKind, HistoryRow, Questions, StoreError};

use super::shown_whole;
use crate::report::page::Page;
use crate::report::{readable, readable_range};

/// How many rows are looked at for each that is shown: most say only that nobody is told of `OK`.
const LOOKED_AT: u32 = 5;

/// Something that happened.
#[derive(Debug, Serialize)]
pub(super) struct Happening {
    /// In milliseconds since 1970.
    at: i64,
    kind: &'static str,
    what: String,
    why: Option<String>,
}

/// The newest first.
pub(super) fn of(arn: &str, questions: &Questions<'_>, limit: u32) -> Result<Vec<Happening>, StoreError> {
    let rows = questions.history(Some(arn), limit.saturating_mul(LOOKED_AT))?;
    Ok(rows.iter().filter_map(happening).take(limit as usize).collect())
}

fn happening(row: &HistoryRow) -> Option<Happening> {
    let (what, why) = match row.kind {
        HistoryKind::State => {
            let change: StateChange = serde_json::from_str(&row.detail).ok()?;
            (format!("{} → {}", change.from, change.to), Some(change.reason.to_string()))
        }
        HistoryKind::Late => {
            let late: LateEpisode = serde_json::from_str(&row.detail).ok()?;
            let span = readable_range(late.first_end, late.last_end);
            (format!("late records: it should have been in ALARM, {span}"), Some(late.reason.to_string()))
        }
        HistoryKind::News => {
            let news: News = serde_json::from_str(&row.detail).ok()?;
            let names: Vec<String> = news.principals.into_iter().chain(news.keys).collect();
            ("somebody or something new behind it".to_owned(), Some(names.join(", ")))
        }
        HistoryKind::Untold => (untold(&row.detail)?, None),
        HistoryKind::Created => ("it is watched from now on".to_owned(), None),
        HistoryKind::Updated => ("it has another definition".to_owned(), None),
        HistoryKind::Deleted => ("it isn't watched any more".to_owned(), None),
        HistoryKind::Revised => return None,
    };
    Some(Happening { at: row.at, kind: row.kind.as_str(), what, why })
}

/// Why nobody was told, where that isn't what the template says anyway.
fn untold(detail: &str) -> Option<String> {
    let detail: serde_json::Value = serde_json::from_str(detail).ok()?;
    let text = |name: &str| detail.get(name)?.as_str();
    match text("why")? {
        "no action" | "first evaluation" | "told before" => None,
        "no subscriber" => {
            Some(format!("nobody was told: {} has no subscriber", text("topic").unwrap_or("the topic")))
        }
        "unknown action" => {
            Some(format!("nobody was told: {} is no topic here", text("action").unwrap_or("the action")))
        }
        other => Some(format!("nobody was told: {other}")),
    }
}

pub(super) fn write(history: &[Happening], page: &mut Page<'_>) -> io::Result<()> {
    page.heading("What happened to it, the newest first")?;
    for happening in history {
        let at = readable(happening.at.div_euclid(1000));
        page.hanging(&format!("  {at}  "), 4, &shown_whole(&happening.what))?;
        happening.why.iter().try_for_each(|why| page.paragraph(6, &shown_whole(why)))?;
    }
    Ok(())
}
