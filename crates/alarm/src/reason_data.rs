//! What an evaluation rests on, for programs: `StateReasonData`.

use std::fmt;

use crate::calendar;
use crate::condition::Condition;
use crate::evaluate::{Basis, Evaluated, Evaluation, Slot};
use crate::number::java_double;

/// How many characters `StateReasonData` may have (AWS: `MetricAlarm`).
pub const MAX_REASON_DATA_CHARS: usize = 4000;

/// What an evaluation rests on. Its `Display` is AWS's JSON: fields in AWS's order, what isn't known left out, at
/// most [`MAX_REASON_DATA_CHARS`] characters. Where that isn't enough, the oldest datapoints are left out, first of
/// the evaluated and then of the recent ones; what AWS leaves out isn't documented.
#[derive(Debug, Clone, PartialEq)]
pub struct StateReasonData {
    /// When the evaluation took place, in milliseconds since 1970.
    pub query_date: i64,
    /// The start of the oldest datapoint looked at, in seconds since 1970.
    pub start_date: Option<i64>,
    /// The unit that the alarm asks for, if it does.
    pub unit: Option<String>,
    /// The statistic. `None` for metric math.
    pub statistic: Option<String>,
    /// In seconds.
    pub period: u32,
    /// From the oldest datapoint looked at to the newest, oldest first, with gaps.
    pub recent_datapoints: Vec<Option<f64>>,
    /// What datapoints were compared with.
    pub threshold: f64,
    /// What was looked at, newest first.
    pub evaluated_datapoints: Vec<EvaluatedDatapoint>,
}

/// An element of `evaluatedDatapoints`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct EvaluatedDatapoint {
    /// The start of the period, in seconds since 1970.
    pub start: i64,
    /// The datapoint; `None` for a missing one that counted.
    pub datapoint: Slot,
}

impl StateReasonData {
    /// The data of an evaluation that took place at `query_date` (milliseconds since 1970). `statistic` and `unit`
    /// are AWS's names of those, where the alarm has them.
    #[must_use]
    pub fn of(
        condition: &Condition,
        evaluation: &Evaluation,
        query_date: i64,
        statistic: Option<String>,
        unit: Option<String>,
    ) -> Self {
        let points = || evaluation.evaluated.iter().filter(|slot| slot.datapoint.is_some());
        Self {
            query_date,
            start_date: points().next_back().map(|slot| slot.start),
            unit,
            statistic,
            period: condition.period,
            recent_datapoints: recent(points().copied().collect(), condition.period),
            threshold: condition.threshold,
            evaluated_datapoints: evaluated(evaluation),
        }
    }
}

/// From the newest first to the oldest first, with gaps.
fn recent(points: Vec<Evaluated>, period: u32) -> Vec<Option<f64>> {
    let mut values = Vec::new();
    let mut next: Option<i64> = None;
    for slot in points.iter().rev() {
        while next.is_some_and(|next| next < slot.start) {
            values.push(None);
            next = next.map(|next| next + i64::from(period.max(1)));
        }
        values.push(slot.datapoint.map(|datapoint| datapoint.value));
        next = Some(slot.start + i64::from(period.max(1)));
    }
    values
}

/// Missing ones are listed where they counted, or where there is nothing else.
fn evaluated(evaluation: &Evaluation) -> Vec<EvaluatedDatapoint> {
    let with_missing = matches!(evaluation.basis, Basis::Filled { .. } | Basis::NoDatapoints);
    let listed = evaluation.evaluated.iter().filter(|slot| with_missing || slot.datapoint.is_some());
    listed.map(|slot| EvaluatedDatapoint { start: slot.start, datapoint: slot.datapoint }).collect()
}

impl fmt::Display for StateReasonData {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut recent: Vec<String> =
            self.recent_datapoints.iter().map(|value| value.map_or_else(|| "null".into(), number)).collect();
        let mut evaluated: Vec<String> = self.evaluated_datapoints.iter().map(ToString::to_string).collect();
        let head = self.head();
        let middle = format!("],\"threshold\":{},\"evaluatedDatapoints\":[", number(self.threshold));
        let room = MAX_REASON_DATA_CHARS.saturating_sub(head.len() + middle.len() + "]}".len());
        // The oldest of the evaluated ones is the last, the oldest of the recent ones the first.
        let kept = fitting(evaluated.iter(), room.saturating_sub(joined_length(&recent)));
        evaluated.truncate(kept.max(1));
        let kept = fitting(recent.iter().rev(), room.saturating_sub(joined_length(&evaluated)));
        recent.drain(..recent.len() - kept);
        write!(f, "{head}{}{middle}{}]}}", recent.join(","), evaluated.join(","))
    }
}

impl StateReasonData {
    fn head(&self) -> String {
        let text = |key: &str, value: &Option<String>| {
            value.as_ref().map(|value| format!("\"{key}\":{},", quoted(value))).unwrap_or_default()
        };
        let start = self.start_date.map(|start| calendar::iso(start.saturating_mul(1000)));
        format!(
            "{{\"version\":\"1.0\",\"queryDate\":\"{}\",{}{}{}\"period\":{},\"recentDatapoints\":[",
            calendar::iso(self.query_date),
            text("startDate", &start),
            text("unit", &self.unit),
            text("statistic", &self.statistic),
            self.period
        )
    }
}

impl fmt::Display for EvaluatedDatapoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{{\"timestamp\":\"{}\"", calendar::iso(self.start.saturating_mul(1000)))?;
        if let Some(datapoint) = self.datapoint {
            if let Some(samples) = datapoint.sample_count {
                write!(f, ",\"sampleCount\":{}", number(samples))?;
            }
            write!(f, ",\"value\":{}", number(datapoint.value))?;
        }
        f.write_str("}")
    }
}

/// JSON has no word for what isn't a number.
fn number(value: f64) -> String {
    if value.is_finite() { java_double(value) } else { "null".into() }
}

pub(crate) fn quoted(text: &str) -> String {
    let mut json = String::from('"');
    for character in text.chars() {
        match character {
            '"' | '\\' => json.extend(['\\', character]),
            control if control < ' ' => json.push_str(&format!("\\u{:04x}", u32::from(control))),
            other => json.push(other),
        }
    }
    json + "\""
}

fn joined_length(pieces: &[String]) -> usize {
    pieces.iter().map(|piece| piece.len() + 1).sum()
}

/// How many pieces fit into `room`, with a comma behind each.
fn fitting<'p>(pieces: impl Iterator<Item = &'p String>, mut room: usize) -> usize {
    pieces
        .take_while(|piece| {
            let fits = piece.len() < room;
            room = room.saturating_sub(piece.len() + 1);
            fits
        })
        .count()
}
