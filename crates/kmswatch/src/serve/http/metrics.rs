//! `/metrics`, as Prometheus reads it.

use std::fmt::Write as _;
use std::sync::atomic::Ordering;

use axum::extract::State;
use axum::http::header;
use axum::response::{IntoResponse, Response};

use super::{Door, blocking, unavailable};
use crate::serve::asking::Asking;
use crate::serve::status::Status;
use crate::serve::totals;

/// What Prometheus calls the format.
const FORMAT: &str = "text/plain; version=0.0.4; charset=utf-8";

pub(super) async fn metrics(State(door): State<Door>) -> Response {
    let asking = door.asking.clone();
    match blocking(move || Ok(text(&asking.status()?, &asking))).await {
        Ok(text) => ([(header::CONTENT_TYPE, FORMAT)], text).into_response(),
        Err(error) => unavailable(&error),
    }
}

/// Totals of the data folder, with what they are called there.
const COUNTERS: [(&str, &str, &str); 9] = [
    ("kmswatch_records_total", totals::RECORDS, "Records read."),
    ("kmswatch_records_broken_total", totals::RECORDS_BROKEN, "Records that are no JSON."),
    ("kmswatch_bytes_total", totals::BYTES, "Bytes of log files and pushed bodies."),
    ("kmswatch_matches_total", totals::MATCHES, "Records that matched a metric filter, repeats included."),
    ("kmswatch_repeats_total", totals::REPEATS, "Matches that had been counted already."),
    ("kmswatch_out_of_reach_total", totals::OUT_OF_REACH, "Matches too old or too new for any alarm."),
    ("kmswatch_files_read_total", totals::FILES_READ, "Log files read to their end."),
    ("kmswatch_files_skipped_total", totals::FILES_SKIPPED, "Files that are no log files."),
    (
        "kmswatch_files_unreadable_total",
        totals::FILES_WITH_PROBLEMS,
        "Log files of which something can't be read.",
    ),
];

fn text(status: &Status, asking: &Asking) -> String {
    let mut page = Page(String::new());
    for (name, total, help) in COUNTERS {
        let value = status.totals.get(total).copied().unwrap_or_default();
        page.family(name, "counter", help, [(String::new(), value as f64)]);
    }
    sources(&mut page, status);
    let states = ["OK", "ALARM", "INSUFFICIENT_DATA"].map(|state| {
        let count = status.alarms.iter().filter(|alarm| alarm.state == state).count();
        (format!("{{state=\"{state}\"}}"), count as f64)
    });
    page.family("kmswatch_alarms", "gauge", "Alarms by state.", states);
    outbox(&mut page, status);
    durations(&mut page, asking);
    let bytes = [(String::new(), status.database_bytes as f64)];
    page.family("kmswatch_database_bytes", "gauge", "Size of the database.", bytes);
    let troubles = [(String::new(), status.troubles.len() as f64)];
    page.family("kmswatch_troubles", "gauge", "How much somebody should look at.", troubles);
    page.0
}

fn sources(page: &mut Page, status: &Status) {
    let each = |value: &dyn Fn(&crate::serve::status::Source) -> Option<f64>| -> Vec<(String, f64)> {
        let labelled = |source: &crate::serve::status::Source| {
            Some((format!("{{source=\"{}\"}}", escaped(&source.name)), value(source)?))
        };
        status.sources.iter().filter_map(labelled).collect()
    };
    let lag = |source: &crate::serve::status::Source| {
        Some((status.now.saturating_sub(source.newest_file?)) as f64 / 1000.0)
    };
    page.family(
        "kmswatch_source_files_waiting",
        "gauge",
        "Files that are known and not read yet.",
        each(&|source| Some(source.waiting as f64)),
    );
    page.family(
        "kmswatch_source_silent_seconds",
        "gauge",
        "Time since the newest file was written.",
        each(&lag),
    );
    page.family(
        "kmswatch_source_readable",
        "gauge",
        "1 if the source can be read.",
        each(&|source| Some(if source.trouble.is_none() { 1.0 } else { 0.0 })),
    );
}

fn outbox(page: &mut Page, status: &Status) {
    let outbox = &status.outbox;
    let age = outbox.oldest.map_or(0.0, |oldest| status.now.saturating_sub(oldest) as f64 / 1000.0);
    page.family(
        "kmswatch_outbox_waiting",
        "gauge",
        "Notifications to deliver.",
        [(String::new(), outbox.waiting as f64)],
    );
    page.family(
        "kmswatch_outbox_oldest_seconds",
        "gauge",
        "Age of the oldest of them.",
        [(String::new(), age)],
    );
    page.family(
        "kmswatch_outbox_dead",
        "gauge",
        "Notifications given up.",
        [(String::new(), outbox.dead as f64)],
    );
}

fn durations(page: &mut Page, asking: &Asking) {
    let figures = asking.figures();
    let attempts =
        [("accepted", &figures.accepted), ("deferred", &figures.deferred), ("refused", &figures.refused)];
    let attempts = attempts
        .map(|(outcome, count)| (format!("{{outcome=\"{outcome}\"}}"), count.load(Ordering::Relaxed) as f64));
    page.family("kmswatch_delivery_attempts_total", "counter", "Delivery attempts by outcome.", attempts);
    for (name, help, durations) in [
        ("kmswatch_evaluation_seconds", "Time to evaluate all alarms at a tick.", &figures.evaluations),
        ("kmswatch_commit_seconds", "Time to write a transaction.", &figures.writes),
    ] {
        let seconds = |microseconds: u64| microseconds as f64 / 1e6;
        let total = seconds(durations.microseconds.load(Ordering::Relaxed));
        let count = durations.count.load(Ordering::Relaxed) as f64;
        page.family(name, "summary", help, []);
        page.line(&format!("{name}_sum"), "", total);
        page.line(&format!("{name}_count"), "", count);
        let longest = seconds(durations.longest.load(Ordering::Relaxed));
        page.family(
            &format!("{name}_max"),
            "gauge",
            "The longest since the start.",
            [(String::new(), longest)],
        );
    }
}

/// A page of metrics.
struct Page(String);

impl Page {
    fn family(
        &mut self,
        name: &str,
        kind: &str,
        help: &str,
        values: impl IntoIterator<Item = (String, f64)>,
    ) {
        let _ = writeln!(self.0, "# HELP {name} {help}\n# TYPE {name} {kind}");
        for (labels, value) in values {
            self.line(name, &labels, value);
        }
    }

    fn line(&mut self, name: &str, labels: &str, value: f64) {
        let _ = writeln!(self.0, "{name}{labels} {value}");
    }
}

/// The value of a label.
fn escaped(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n")
}
