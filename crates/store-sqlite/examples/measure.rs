//! How long batches take and how much room they do: `cargo run --release -p store-sqlite --example measure [FOLDER]`.

#![expect(clippy::print_stdout, clippy::cast_precision_loss, reason = "it prints a table of rounded numbers")]

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use metric::{Dimension, MetricId, MetricValue, Summary, Unit};
use monitor::{Change, Evidence, Part, PartKey};
use store_sqlite::{Batch, Checkpoint, Durability, Retention, Store, StoreError, Version};

/// Records of a batch.
const RECORDS: u64 = 1000;
/// Some time in 2026, in seconds since 1970.
const NOW: i64 = 1_790_000_000;

type Failure = Box<dyn std::error::Error>;

fn main() -> Result<(), Failure> {
    let folder = std::env::args_os().nth(1).unwrap_or_else(|| std::env::temp_dir().into_os_string());
    let path = Path::new(&folder).join(format!("measure-{}.db", std::process::id()));
    println!(
        "{:40} {:>8} {:>8} {:>8} {:>10} {:>10}",
        "batches of 1,000 records, ms", "CPU", "median", "p99", "MB/million", "log in KB"
    );
    let cases: [(&str, Kind); 4] = [
        ("that say the same of 100 callers", Kind::Alike),
        ("that all differ", Kind::Different),
        ("that differ, a metric for each", Kind::Metrics),
        ("that don't match", Kind::Unmatched),
    ];
    for (name, kind) in cases {
        for durability in [Durability::Full, Durability::Normal] {
            measure(&path, name, kind, durability)?;
        }
    }
    Ok(())
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    Alike,
    Different,
    Metrics,
    Unmatched,
}

fn measure(path: &Path, name: &str, kind: Kind, durability: Durability) -> Result<(), Failure> {
    let mut store = Store::open(path, durability)?;
    let before = store.questions().size()?.database;
    let batches = if kind == Kind::Metrics { 40 } else { 200 };
    let mut times = Vec::new();
    let mut busy = 0.0;
    for number in 0..batches {
        let changes = changes(kind, number);
        let state = format!("{{\"now\":{number},\"more\":\"{}\"}}", "x".repeat(2000));
        let parts = [Part { key: PartKey::Monitor, state: Some(state) }];
        let checkpoint = checkpoint(number);
        let (started, cpu) = (Instant::now(), cpu_ms());
        let mut writing = store.begin()?;
        writing.write(&Batch {
            now: NOW * 1000,
            changes: &changes,
            parts: &parts,
            checkpoints: &[checkpoint],
            counters: &[("records", RECORDS), ("files", 1)],
            ..Batch::default()
        })?;
        writing.commit()?;
        times.push(started.elapsed().as_secs_f64() * 1000.0);
        busy += cpu_ms() - cpu;
    }
    let size = store.questions().size()?;
    times.sort_by(f64::total_cmp);
    let share = |share: usize| times.get(times.len() * share / 100).copied().unwrap_or_default();
    let growth = (size.database - before) as f64 / (batches * RECORDS) as f64;
    let name = format!("{name}, {durability:?}");
    let (cpu, log) = (busy / batches as f64, size.log / 1024);
    println!("{name:40} {cpu:>8.2} {:>8.2} {:>8.2} {growth:>10.0} {log:>10}", share(50), share(99));
    if kind == Kind::Different && durability == Durability::Normal {
        questions(&mut store)?;
    }
    drop(store);
    std::fs::remove_file(path)?;
    Ok(())
}

fn questions(store: &mut Store) -> Result<(), Failure> {
    let metrics = [metric(None)?];
    let questions = store.questions();
    time("  evidence of a window, 100 rows", || questions.evidence(&metrics, (NOW, NOW + 300), 100))?;
    time("  groups of 100,000 records", || questions.evidence_groups(&metrics, (0, NOW * 2), 10))?;
    time("  seen before", || questions.seen_before(&principal(5), Some(&key(5)), NOW * 2, 0))?;
    time("  a checkpoint", || questions.checkpoint("trail", checkpoint(7).key))?;
    time("  all that a monitor is loaded from", || store.load())?;
    time("  a check of everything", || store.check())?;
    let retention = Retention { evidence: 0, ..Retention::default() };
    let mut most = 0.0_f64;
    for _ in 0..20 {
        let started = Instant::now();
        store.sweep((NOW + 10_000) * 1000, &retention)?;
        most = most.max(started.elapsed().as_secs_f64() * 1000.0);
    }
    println!("{:49} {most:>8.2}", "  a piece of a sweep, at most");
    Ok(())
}

fn time<T>(name: &str, work: impl FnOnce() -> Result<T, StoreError>) -> Result<(), Failure> {
    let started = Instant::now();
    std::hint::black_box(work()?);
    println!("{name:49} {:>8.2}", started.elapsed().as_secs_f64() * 1000.0);
    Ok(())
}

/// How long this thread has run, where the system says it: other work on the machine doesn't change it.
fn cpu_ms() -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    told.split(' ').next().and_then(|nanoseconds| nanoseconds.parse().ok()).unwrap_or(0.0) / 1e6
}

fn principal(number: u64) -> String {
    format!("arn:aws:sts::111122223333:assumed-role/service-{number}/i-0123456789abcdef0")
}

fn key(number: u64) -> String {
    format!("arn:aws:kms:eu-west-1:111122223333:key/5f6b8c2e-0000-4000-8000-{number:012}")
}

fn metric(of: Option<u64>) -> Result<Arc<MetricId>, Failure> {
    let dimension = |number: u64| Dimension { name: "KeyId".into(), value: key(number) };
    Ok(Arc::new(MetricId::new("KMS", "Failures", of.map(dimension).into_iter().collect())?))
}

fn changes(kind: Kind, batch: u64) -> Vec<Change> {
    let records = batch * RECORDS..(batch + 1) * RECORDS;
    records
        .filter(|_| kind != Kind::Unmatched)
        .filter_map(|number| record(kind, number).ok())
        .flatten()
        .collect()
}

/// A record that matched.
fn record(kind: Kind, number: u64) -> Result<[Change; 3], Failure> {
    let who = if kind == Kind::Alike { number % 100 } else { number };
    let id = u128::from(number.wrapping_mul(0x9e37_79b9_7f4a_7c15)) << 64 | u128::from(number);
    let time = NOW + i64::try_from(number / 20)?;
    let metric = metric((kind == Kind::Metrics).then_some(number))?;
    let mut added = Summary::new();
    added.add(MetricValue::new(1.0)?, 1);
    let (metrics, evidence) = (vec![Arc::clone(&metric)], Arc::new(evidence(who)));
    Ok([
        Change::Matched { record: Some(id), time, filters: vec![0], metrics, evidence },
        Change::Remembered { record: id, time },
        Change::Observed { metric, unit: Unit::None, start: time / 60 * 60, length: 60, added },
    ])
}

fn evidence(who: u64) -> Evidence {
    let (principal, key) = (principal(who), key(who));
    Evidence {
        principal_words: format!("role service-{who} in account 111122223333"),
        service: Some("kms.amazonaws.com".into()),
        region: Some("eu-west-1".into()),
        account: Some("111122223333".into()),
        operation: "Decrypt".into(),
        error: Some("AccessDenied".into()),
        error_message: Some(format!(
            "User: {principal} is not authorized to perform: kms:Decrypt on resource: {key}"
        )),
        data: vec![format!("S3 object customer-data/exports/{who}.parquet")],
        source_address: Some(format!("203.0.113.{}", who % 250)),
        user_agent: Some("aws-sdk-java/2.25.11 Linux/5.10.214 OpenJDK_64-Bit_Server_VM/17.0.10".into()),
        principal,
        key: Some(key),
        ..Evidence::default()
    }
}

fn checkpoint(number: u64) -> Checkpoint {
    Checkpoint {
        source: "trail".into(),
        key: format!("AWSLogs/111122223333/CloudTrail/eu-west-1/2026/09/21/111122223333_CloudTrail_eu-west-1_20260921T{number:06}Z_b4kVJ1dIuhYpXn2O.json.gz").into_bytes(),
        version: Version { length: 40_000, modified_ns: 1, device: 66_306, inode: number },
        taken: RECORDS,
        complete: true,
        read_at: NOW * 1000,
        content: u128::from(number),
    }
}
