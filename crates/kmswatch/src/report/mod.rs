//! What answer do matched records add up to, and how is it written?
//!
//! [`Aggregate`] takes one [`Evidence`] after the other, drops repeats, and counts the rest per detection, per
//! hour, and per group of principal × key × error. [`Aggregate::finish`] puts the groups in order, worst first;
//! [`Report`] adds what the pipeline knows about files and records; [`Report::write`] renders it for a person
//! (`text`), a program (`json`, `ndjson`) or a spreadsheet (`csv`).
//!
//! Everything is bounded: [`Limits`] names each bound, and what lies beyond one is counted, never dropped in
//! silence. The order in which records are added matters only beyond a bound, where the first ones stay.
//!
//! Every string of evidence is hostile: [`escape`] is the way to a terminal, `csv` has its own for
//! spreadsheets, and `json` writes what could disturb a terminal as `\u` escapes.

mod aggregate;
mod csv;
pub(crate) mod escape;
mod evidence;
mod expected;
mod format;
mod group;
mod hours;
mod json;
mod json_alarms;
mod limits;
mod observations;
mod order;
mod pairs;
mod problems;
mod seen;
mod strings;
mod text;
mod time;
mod values;
mod window;

#[cfg(test)]
mod tests;

pub(crate) use aggregate::{Aggregate, Detection, Options};
pub(crate) use evidence::{Counted, Evidence, Matched};
pub(crate) use expected::{Expected, not_exact};
pub(crate) use format::{Alarms, Files, Format, Records, Report, TextOptions};
pub(crate) use json::write_value;
pub(crate) use limits::Limits;
pub(crate) use observations::{Counting, Observations, Stream};
pub(crate) use problems::Problems;
pub(crate) use text::page;
pub(crate) use time::{last_second, readable, readable_range, rfc3339, sane};
pub(crate) use window::Window;
