//! Case files below `cases/report`, properties, and the JSON schema.

mod memory;
mod properties;
mod schema;

use serde::Deserialize;
use testkit::{Case, Expectation};

use super::*;

/// What a case's section `options` may say.
#[derive(Debug, Deserialize)]
#[serde(default, deny_unknown_fields)]
struct Setting {
    detections: Vec<(String, String)>,
    keep_duplicates: bool,
    max_groups: usize,
    max_values: usize,
    max_calls: usize,
    max_waiting: usize,
    max_hours: usize,
    width: usize,
    colour: bool,
    top: usize,
    files: (u64, u64, u64),
    records: u64,
    span: Option<(i64, i64)>,
    window: (Option<i64>, Option<i64>),
    complete: bool,
    problems: Vec<(String, Option<u64>, String)>,
}

impl Default for Setting {
    fn default() -> Self {
        let limits = Limits::default();
        Setting {
            detections: vec![(
                "UnsuccessfulKmsCalls".into(),
                r#"{ $.eventSource = "kms.amazonaws.com" && $.errorCode = "*" }"#.into(),
            )],
            keep_duplicates: false,
            max_groups: limits.groups,
            max_values: limits.values,
            max_calls: limits.calls,
            max_waiting: limits.waiting,
            max_hours: limits.hours,
            width: 80,
            colour: false,
            top: 20,
            files: (1, 0, 0),
            records: 100,
            span: None,
            window: (None, None),
            complete: true,
            problems: Vec::new(),
        }
    }
}

impl Setting {
    fn limits(&self) -> Limits {
        Limits {
            groups: self.max_groups,
            values: self.max_values,
            calls: self.max_calls,
            waiting: self.max_waiting,
            hours: self.max_hours,
            ids_in_memory: 2,
            ..Limits::default()
        }
    }

    fn report(&self, records: &[Evidence], expected: Expected) -> Report {
        let detections =
            self.detections.iter().map(|(name, pattern)| Detection::new(name, pattern)).collect();
        let options = Options {
            keep_duplicates: self.keep_duplicates,
            expected,
            limits: self.limits(),
            ..Options::default()
        };
        let mut aggregate = Aggregate::new(detections, options);
        let deliveries = records.len() as u64;
        for evidence in records {
            aggregate.add(evidence.clone()).unwrap();
        }
        let mut problems = Problems::default();
        self.problems.iter().for_each(|(path, offset, reason)| problems.add(path, *offset, reason));
        let (read, unreadable, skipped) = self.files;
        Report {
            answer: aggregate.finish(),
            files: Files { read, unreadable, skipped },
            records: Records { read: self.records, deliveries, span: self.span },
            problems,
            alarms: None,
            window: Window::new(self.window.0, self.window.1).unwrap(),
            complete: self.complete,
        }
    }
}

/// The records of a case, a JSON object each; `{"repeat": N, …}` is one that comes N times, without identity.
fn records(text: &str) -> Vec<Evidence> {
    let lines = text.lines().filter(|line| !line.trim().is_empty());
    lines
        .flat_map(|line| {
            let mut value: serde_json::Value =
                serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
            let times =
                value.as_object_mut().unwrap().remove("repeat").map_or(1, |times| times.as_u64().unwrap());
            let evidence: Evidence =
                serde_json::from_value(value).unwrap_or_else(|error| panic!("{error}: {line}"));
            std::iter::repeat_n(evidence, usize::try_from(times).unwrap())
        })
        .collect()
}

fn rendered(report: &Report, format: Format) -> String {
    let mut out = Vec::new();
    report.write(format, &mut out).unwrap();
    String::from_utf8(out).unwrap()
}

fn format(name: &str, setting: &Setting) -> Option<Format> {
    let text = TextOptions { width: setting.width, colour: setting.colour, groups: setting.top };
    match name {
        "text" => Some(Format::Text(text)),
        "json" => Some(Format::Json),
        "ndjson" => Some(Format::Ndjson),
        "csv" => Some(Format::Csv),
        _ => None,
    }
}

fn setting(case: &Case) -> Setting {
    case.get("options").map(|text| serde_json::from_str(text).unwrap()).unwrap_or_default()
}

fn case_report(case: &Case) -> (Setting, Report) {
    let setting = setting(case);
    let expected = Expected::parse(case.get("expected list").unwrap_or("[]").as_bytes()).unwrap();
    let report = setting.report(&records(case.section("records")), expected);
    (setting, report)
}

fn run(case: &Case) -> Expectation {
    if let Some(list) = case.get("refused list") {
        return Expectation::of("errors", Expected::parse(list.as_bytes()).unwrap_err().to_string());
    }
    let (setting, report) = case_report(case);
    let formats = case.titles().filter_map(|title| Some((title, format(title, &setting)?)));
    formats.fold(Expectation::default(), |all, (title, format)| {
        all.and(title, rendered(&report, format).replace('\x1b', "<ESC>"))
    })
}

#[test]
fn cases() {
    testkit::run_cases("cases/report", run);
}
