//! The databases of all schemas that were released, below `cases/store`: what of them is loaded and answered today.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::unreachable,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    reason = "a test fails by panicking, and its numbers are small"
)]

mod support;

use std::cell::RefCell;
use std::fmt::{Debug, Write as _};
use std::fs;
use std::sync::Arc;

use metric::MetricId;
use rusqlite::Connection;
use store_sqlite::{Durability, OutboxState, SCHEMA, Store};
use support::*;
use testkit::{Case, Expectation, repository, run_cases};

#[test]
fn databases_of_all_released_schemas_are_brought_up_to_date() {
    let seen = RefCell::new(Vec::new());
    run_cases("cases/store", |case| {
        seen.borrow_mut().push(case.name.clone());
        run(case)
    });
    let released: Vec<String> = (1..=SCHEMA).map(|number| format!("schema {number}")).collect();
    assert_eq!(seen.into_inner(), released);
}

fn run(case: &Case) -> Expectation {
    let folder = Folder::new();
    let dump = fs::read_to_string(repository().join("cases/store").join(case.section("dump"))).unwrap();
    let connection = Connection::open(folder.database()).unwrap();
    connection.execute_batch(&dump).unwrap();
    let found: i64 = connection.query_row("PRAGMA user_version", [], |row| row.get(0)).unwrap();
    assert_eq!(case.name, format!("schema {found}"));
    drop(connection);
    let store = Store::open(&folder.database(), Durability::Full).unwrap();
    store.check().unwrap();
    assert_eq!(tables(&folder), tables_of_a_new_one(), "a migrated database has what a new one has");
    Expectation::of("loaded", loaded(&store))
        .and("datapoints and evidence", behind(&store))
        .and("alarms and notifications", told(&store))
        .and("files and the rest", files(&store))
}

/// Everything in the schema, but for how it is laid out.
fn tables(folder: &Folder) -> Vec<(String, String)> {
    let connection = Connection::open(folder.database()).unwrap();
    let mut statement =
        connection.prepare("SELECT name, coalesce(sql, '') FROM sqlite_schema ORDER BY name").unwrap();
    let plain = |sql: String| sql.split_whitespace().collect::<Vec<_>>().join(" ");
    let row = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, plain(row.get(1)?)));
    statement.query_map([], row).unwrap().collect::<Result<_, _>>().unwrap()
}

fn tables_of_a_new_one() -> Vec<(String, String)> {
    let folder = Folder::new();
    drop(folder.store());
    tables(&folder)
}

fn lines<T: Debug>(text: &mut String, title: &str, rows: impl IntoIterator<Item = T>) {
    writeln!(text, "{title}:").unwrap();
    rows.into_iter().for_each(|row| writeln!(text, "  {row:?}").unwrap());
}

fn loaded(store: &Store) -> String {
    let mut text = String::new();
    let loaded = store.load().unwrap();
    lines(&mut text, "parts", loaded.parts);
    lines(&mut text, "records", loaded.records.iter().map(|(record, time)| format!("{record:032x} {time}")));
    let slot = |slot: &monitor::Slot| {
        let statistic = |name: &str| {
            slot.summary.datapoint(&metric::Statistic::parse(name).unwrap()).map(|datapoint| datapoint.value)
        };
        let values = ["SampleCount", "Sum", "Maximum", "p50"].map(statistic);
        format!("{} {} {} {}: {values:?}", slot.metric, slot.unit, slot.start, slot.length)
    };
    lines(&mut text, "slots", loaded.slots.iter().map(slot));
    text
}

fn metrics() -> [Arc<MetricId>; 2] {
    let key = "arn:aws:kms:eu-west-1:111122223333:key/5f6b8c2e";
    [metric("DecryptFailures"), metric_of_key("DecryptFailures", key)]
}

fn behind(store: &Store) -> String {
    let mut text = String::new();
    let (questions, metrics) = (store.questions(), metrics());
    for metric in &metrics {
        let slots = questions.datapoints(metric, 0, i64::MAX).unwrap();
        let slots =
            slots.iter().map(|slot| (slot.start, slot.length, slot.unit, slot.summary.sample_count()));
        lines(&mut text, &metric.to_string(), slots);
    }
    lines(&mut text, "evidence", questions.evidence(&metrics, (0, i64::MAX), 9).unwrap());
    lines(&mut text, "groups", questions.evidence_groups(&metrics[1..], (0, i64::MAX), 9).unwrap());
    let (eve, key) = ("arn:aws:iam::111122223333:user/eve", metrics[1].dimensions()[0].value.clone());
    lines(&mut text, "seen before", [questions.seen_before(eve, Some(&key), NOW, 0).unwrap()]);
    text
}

fn told(store: &Store) -> String {
    let mut text = String::new();
    let questions = store.questions();
    let alarm = "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:failures";
    lines(&mut text, "history", questions.history(Some(alarm), 9).unwrap());
    lines(&mut text, "defined at", questions.defined_at(alarm).unwrap());
    let all = [OutboxState::Waiting, OutboxState::Delivered, OutboxState::Dead, OutboxState::Summed];
    lines(&mut text, "outbox", questions.outbox(&all, 9).unwrap());
    lines(&mut text, "earlier", questions.earlier(&subscription("soc@example.org"), alarm, 2).unwrap());
    lines(
        &mut text,
        "earlier, summed up",
        questions.earlier(&subscription("soc@example.org"), alarm, 6).unwrap(),
    );
    text
}

fn files(store: &Store) -> String {
    let mut text = String::new();
    let questions = store.questions();
    lines(&mut text, "checkpoint", questions.checkpoint("trail", "AWSLogs/1.json.gz").unwrap());
    lines(&mut text, "by identity", questions.checkpoint_by_identity(66_306, u64::MAX).unwrap());
    lines(&mut text, "sources", questions.sources().unwrap());
    lines(&mut text, "problems", questions.problems(9).unwrap());
    lines(&mut text, "counters", questions.counters().unwrap());
    lines(&mut text, "template", questions.template().unwrap());
    text
}
