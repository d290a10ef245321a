//! Does each alarm change its state when it should? What `scan` says of whole corpora is compared with what the
//! specification's reference models in Python say, minute by minute.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::print_stderr,
    reason = "a test fails by panicking"
)]

mod support;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use support::run;
use testkit::{repository, shared};

/// Name, pattern, default value.
type Filter = (&'static str, &'static str, Option<f64>);

const FILTERS: [Filter; 4] = [
    ("failed", r#"{ $.eventSource = "kms.amazonaws.com" && $.errorCode = "*" }"#, None),
    ("failed-or-zero", r#"{ $.eventSource = "kms.amazonaws.com" && $.errorCode = "*" }"#, Some(0.0)),
    ("decrypt", r#"{ $.eventName = "Decrypt" }"#, None),
    ("half", r#"{ $.eventSource = "kms.amazonaws.com" }"#, Some(0.5)),
];

/// Metric, statistic, period, N, M, operator, threshold, treatment of missing data.
type Alarm = (&'static str, &'static str, u32, u32, u32, &'static str, f64, &'static str);

const GE: &str = "GreaterThanOrEqualToThreshold";

const ALARMS: [Alarm; 18] = [
    ("failed", "Sum", 300, 1, 1, GE, 1.0, "notBreaching"),
    ("failed", "Sum", 300, 1, 1, GE, 5.0, "notBreaching"),
    ("failed", "Sum", 300, 1, 1, GE, 1.0, "missing"),
    ("failed", "Sum", 60, 1, 1, "GreaterThanThreshold", 1.0, "ignore"),
    ("failed", "Sum", 10, 1, 1, "GreaterThanThreshold", 1.0, "ignore"),
    ("failed", "Sum", 60, 3, 2, GE, 1.0, "missing"),
    ("failed", "Sum", 60, 5, 3, GE, 2.0, "ignore"),
    ("failed", "SampleCount", 3600, 2, 1, GE, 3.0, "notBreaching"),
    ("failed", "Maximum", 600, 3, 3, GE, 1.0, "breaching"),
    ("failed-or-zero", "Sum", 300, 1, 1, GE, 1.0, "notBreaching"),
    ("failed-or-zero", "Average", 300, 2, 1, "GreaterThanThreshold", 0.1, "missing"),
    ("failed-or-zero", "Minimum", 60, 3, 3, "LessThanOrEqualToThreshold", 0.0, "breaching"),
    ("failed-or-zero", "Sum", 21_600, 3, 2, GE, 20.0, "ignore"),
    ("decrypt", "Sum", 60, 10, 4, GE, 1.0, "notBreaching"),
    ("decrypt", "Sum", 86_400, 1, 1, GE, 50.0, "missing"),
    ("decrypt", "Sum", 43_200, 3, 1, "LessThanThreshold", 30.0, "breaching"),
    ("half", "Average", 900, 1, 1, "LessThanThreshold", 0.6, "missing"),
    ("half", "SampleCount", 1800, 4, 2, GE, 40.0, "notBreaching"),
];

#[test]
fn alarms_of_the_example_change_when_the_reference_says() {
    compare(&repository().join("examples/cloudtrail"));
}

#[test]
fn alarms_of_the_sample_corpus_change_when_the_reference_says() {
    if let Some(folder) = shared("data/sample_corpus") {
        compare(&folder);
    }
}

/// Records come in any order, some twice, in files of any size; that makes no difference to any alarm.
#[test]
fn the_order_of_delivery_makes_no_difference() {
    let example = repository().join("examples/cloudtrail");
    let expected = alarms(&[], &example);
    for seed in 1..4 {
        let folder = tempfile::tempdir().unwrap();
        deliver(records(&example), seed, folder.path());
        assert_eq!(alarms(&["--jobs", "2"], folder.path()), expected, "seed {seed}");
    }
}

/// All alarms of the built-in template, with their changes and the evidence.
fn alarms(options: &[&str], logs: &Path) -> Value {
    let mut arguments: Vec<&std::ffi::OsStr> =
        ["scan", "--format", "json"].map(std::ffi::OsStr::new).to_vec();
    arguments.extend(options.iter().map(std::ffi::OsStr::new));
    arguments.push(logs.as_os_str());
    let output = run(&arguments);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let mut report: Value = serde_json::from_slice(&output.stdout).unwrap();
    report["alarms"].take()
}

fn records(folder: &Path) -> Vec<Value> {
    let mut records = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.to_string_lossy().ends_with(".json.gz")
                && !path.to_string_lossy().contains("Digest")
            {
                let file = flate2::read::GzDecoder::new(fs::File::open(path).unwrap());
                let mut file: Value = serde_json::from_reader(file).unwrap();
                records.append(file["Records"].as_array_mut().unwrap());
            }
        }
    }
    records
}

/// Shuffles the records, delivers a quarter of them twice, and writes them to files of 1 to 200.
fn deliver(mut records: Vec<Value>, seed: u64, folder: &Path) {
    let mut state = seed;
    let mut random = |below: usize| {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(state >> 33).unwrap() % below
    };
    let again: Vec<Value> = records.iter().filter(|_| random(4) == 0).cloned().collect();
    records.extend(again);
    for place in (1..records.len()).rev() {
        records.swap(place, random(place + 1));
    }
    let mut rest = records.as_slice();
    for number in 0.. {
        if rest.is_empty() {
            break;
        }
        let (file, others) = rest.split_at(rest.len().min(1 + random(200)));
        let text = json!({ "Records": file }).to_string();
        fs::write(folder.join(format!("{number}.json")), text).unwrap();
        rest = others;
    }
}

fn compare(logs: &Path) {
    let Some(spec) = shared("spec") else { return };
    let expected = reference(&spec, logs);
    let got = scanned(logs);
    let count: usize = expected.values().map(Vec::len).sum();
    assert!(count > ALARMS.len(), "only {count} changes: these logs show nothing");
    for (name, expected) in &expected {
        assert_eq!(got.get(name), Some(expected), "{name}");
    }
}

/// A change: when (seconds since 1970), from, to.
type Change = (i64, String, String);

fn name(number: usize) -> String {
    format!("alarm-{number:02}")
}

fn reference(spec: &Path, logs: &Path) -> BTreeMap<String, Vec<Change>> {
    let filters = FILTERS
        .iter()
        .map(|(name, pattern, default)| json!({"metric": name, "pattern": pattern, "default": default}));
    let alarms = ALARMS.iter().enumerate().map(|(number, alarm)| {
        let (metric, stat, period, n, m, op, threshold, treat) = alarm;
        json!({"name": name(number), "metric": metric, "stat": stat, "period": period, "n": n, "m": m, "op": op,
               "threshold": threshold, "treat": treat})
    });
    let question = json!({"filters": filters.collect::<Value>(), "alarms": alarms.collect::<Value>()});
    let python = std::env::var_os("KMSWATCH_PYTHON").unwrap_or_else(|| "python3".into());
    let mut child = Command::new(python)
        .arg(repository().join("crates/kmswatch/tests/alarm_states.py"))
        .args([spec, logs])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    child.stdin.take().unwrap().write_all(question.to_string().as_bytes()).unwrap();
    let output = child.wait_with_output().unwrap();
    assert!(output.status.success(), "the reference fails");
    serde_json::from_slice(&output.stdout).unwrap()
}

fn template() -> String {
    let filters = FILTERS.iter().enumerate().map(|(number, (name, pattern, default))| {
        let default = default.map(|value| format!(", DefaultValue: {value}")).unwrap_or_default();
        format!(
            "  Filter{number}:\n    Type: AWS::Logs::MetricFilter\n    Properties:\n      FilterName: {name}\n      \
             LogGroupName: trail\n      FilterPattern: '{pattern}'\n      MetricTransformations:\n        - \
             {{MetricNamespace: test, MetricName: {name}, MetricValue: '1'{default}}}\n"
        )
    });
    let alarms = ALARMS.iter().enumerate().map(|(number, alarm)| {
        let (metric, stat, period, n, m, op, threshold, treat) = alarm;
        format!(
            "  Alarm{number}:\n    Type: AWS::CloudWatch::Alarm\n    Properties:\n      AlarmName: {}\n      Namespace: \
             test\n      MetricName: {metric}\n      Statistic: {stat}\n      Period: {period}\n      EvaluationPeriods: \
             {n}\n      DatapointsToAlarm: {m}\n      Threshold: {threshold}\n      ComparisonOperator: {op}\n      \
             TreatMissingData: {treat}\n",
            name(number)
        )
    });
    format!("Resources:\n{}", filters.chain(alarms).collect::<String>())
}

fn scanned(logs: &Path) -> BTreeMap<String, Vec<Change>> {
    let folder = tempfile::tempdir().unwrap();
    let template_file = folder.path().join("template.yaml");
    fs::write(&template_file, template()).unwrap();
    let arguments = ["scan", "--format", "json", "--template"].map(std::ffi::OsStr::new);
    let arguments: Vec<_> =
        arguments.into_iter().chain([template_file.as_os_str(), logs.as_os_str()]).collect();
    let output = run(&arguments);
    assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    let alarms = report["alarms"].as_array().unwrap().iter();
    alarms.map(|alarm| (text(&alarm["name"]), changes(alarm))).collect()
}

fn changes(alarm: &Value) -> Vec<Change> {
    let change = |change: &Value| {
        let at: jiff::Timestamp = change["at"].as_str().unwrap().parse().unwrap();
        (at.as_second(), text(&change["from"]), text(&change["to"]))
    };
    alarm["changes"].as_array().unwrap().iter().map(change).collect()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}
