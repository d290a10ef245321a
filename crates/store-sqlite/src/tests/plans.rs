//! No question looks at a whole table, however long it is.

use std::cell::RefCell;

use monitor::Subscription;

use super::{metric, store};
use crate::OutboxState;

thread_local! {
    /// What was asked in this thread.
    static ASKED: RefCell<Vec<String>> = const { RefCell::new(Vec::new()) };
}

/// Notes a statement of a question.
pub(crate) fn note(sql: &str) {
    ASKED.with_borrow_mut(|asked| asked.push(sql.to_owned()));
}

#[test]
fn no_question_looks_at_a_whole_table() {
    let folder = tempfile::tempdir().unwrap();
    let mut store = store(folder.path());
    super::write(&mut store, &crate::Batch { changes: &super::changes(1, 1), ..crate::Batch::default() })
        .unwrap();
    let questions = store.questions();
    let metrics = [metric("Failures"), metric("Failures")];
    let subscription = Subscription { protocol: "email".into(), endpoint: "soc@example.org".into() };
    questions.checkpoint("trail", "a").unwrap();
    questions.checkpoint_by_identity(1, 2).unwrap();
    questions.sources().unwrap();
    questions.template().unwrap();
    questions.counters().unwrap();
    questions.problems(10).unwrap();
    questions.size().unwrap();
    questions.datapoints(&metrics[0], 0, 60).unwrap();
    questions.known(&metrics).unwrap();
    questions.evidence(&metrics, (0, 61), 10).unwrap();
    questions.evidence_count(&metrics, 0, 61).unwrap();
    questions.evidence_groups(&metrics, (0, 61), 10).unwrap();
    questions.seen_before(&format!("1 {}", "p"), None, 100, 0).unwrap();
    questions.history(Some("a"), 10).unwrap();
    questions.history(None, 10).unwrap();
    questions.last_change("a").unwrap();
    questions.defined_at("a").unwrap();
    questions.outbox(&[OutboxState::Waiting, OutboxState::Dead], 10).unwrap();
    questions.notification(1).unwrap();
    questions.told("a", 5).unwrap();
    questions.depth().unwrap();
    questions.earlier(&subscription, "a", 5).unwrap();
    let asked = ASKED.take();
    assert!(asked.len() > 20, "{asked:?}");
    for sql in asked {
        check(&store.connection, &sql);
    }
}

fn check(connection: &rusqlite::Connection, sql: &str) {
    let mut statement = connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).unwrap();
    for place in 1..=statement.parameter_count() {
        statement.raw_bind_parameter(place, 1).unwrap();
    }
    let mut rows = statement.raw_query();
    while let Some(row) = rows.next().unwrap() {
        let line: String = row.get(3).unwrap();
        let scanned = line.strip_prefix("SCAN ").and_then(|rest| rest.split(' ').next());
        assert!(scanned.is_none_or(|table| is_short(table, sql)), "{line}\n{sql}");
        assert!(!line.contains("AUTOMATIC"), "{line}\n{sql}");
    }
}

/// Whether what a statement goes through is short.
fn is_short(table: &str, sql: &str) -> bool {
    match table {
        // A row for each thing that the program itself names.
        "source" | "counter" => true,
        // The end of the table.
        "history" | "problem" => !sql.contains("WHERE") && sql.contains("ORDER BY id DESC LIMIT"),
        // What was found in a table before.
        "found" | "grouped" => true,
        "behind" => sql.contains(") AS behind"),
        _ => table == "json_each" || table.starts_with("pragma_"),
    }
}
