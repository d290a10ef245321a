//! The stories below `cases/monitor`: what is watched, what happens, what changes.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

mod support;

use monitor::{Change, Command, Ingest, Monitor};
use support::clock::{millis, parse, short};
use support::{happening, shown, watched};
use testkit::{Case, Expectation, run_cases};

/// A monitor that a case tells what happens.
struct Story<'c> {
    case: &'c Case,
    monitor: Monitor,
    filters: Vec<String>,
    now: Option<i64>,
    changes: String,
    observed: String,
}

fn run(case: &Case) -> Expectation {
    let (monitor, filters) = (Monitor::new(), Vec::new());
    let mut story =
        Story { case, monitor, filters, now: None, changes: String::new(), observed: String::new() };
    story.configure("");
    let lines: Vec<&str> = case.section("commands").lines().collect();
    for group in lines.chunk_by(|_, next| next.starts_with("+ ")) {
        story.command(group);
    }
    let mut expected = Expectation::of("changes", std::mem::take(&mut story.changes));
    if case.get("observed").is_some() {
        expected = expected.and("observed", std::mem::take(&mut story.observed));
    }
    if case.get("verdicts").is_some() {
        expected = expected.and("verdicts", story.verdicts());
    }
    expected.and("states", story.states())
}

impl Story<'_> {
    /// What comes together stands on lines that follow each other, with a `+` in the place of a time.
    fn command(&mut self, group: &[&str]) {
        let (time, rest) = group[0].split_once(' ').unwrap();
        let time = (time != "-").then(|| parse(time));
        if let Some(time) = time.filter(|_| !rest.starts_with("tick")) {
            self.apply(&format!("{} tick", short(time)), &Command::Tick(millis(time)));
        }
        let mut words = rest.split(' ');
        match words.next().unwrap() {
            "tick" => self.apply(group[0], &Command::Tick(millis(time.unwrap()))),
            "ticks" => self.tick_until(time.unwrap(), words.next().map_or(60, |step| step.parse().unwrap())),
            "configure" => self.configure(&format!(" {}", words.next().unwrap())),
            "due" => self.due(time.unwrap()),
            _ => self.happen(group, rest),
        }
        self.now = time.or(self.now);
    }

    fn happen(&mut self, group: &[&str], rest: &str) {
        let ingest = Ingest::default();
        let mut command = happening::of(rest, &self.filters, Command::Ingest(ingest));
        for line in &group[1..] {
            command = happening::of(&line[2..], &self.filters, command);
        }
        self.apply(&group.join("\n"), &command);
    }

    fn tick_until(&mut self, until: i64, step: usize) {
        let from = self.now.unwrap() + i64::try_from(step).unwrap();
        for time in (from..=until).step_by(step) {
            self.apply(&format!("{} tick", short(time)), &Command::Tick(millis(time)));
        }
    }

    fn configure(&mut self, version: &str) {
        let section = |title: &str| {
            self.case.get(&format!("{title}{version}")).or(self.case.get(title)).unwrap_or_default()
        };
        let (filters, mut configuration) =
            watched::configuration(section("filters"), section("alarms"), section("topics"));
        configuration.reminder =
            self.case.get("reminder").map(|minutes| minutes.trim().parse::<i64>().unwrap() * 60_000);
        self.filters = filters;
        let command = Command::Configure(Box::new(configuration));
        let first = version.is_empty();
        let changes = self.monitor.apply(&command);
        self.show(&format!("configure{version}"), if first { &[] } else { &changes });
    }

    fn apply(&mut self, text: &str, command: &Command) {
        let changes = self.monitor.apply(command);
        self.show(text, &changes);
    }

    fn show(&mut self, text: &str, changes: &[Change]) {
        let lines: Vec<String> = changes.iter().filter_map(shown::change).collect();
        if !lines.is_empty() {
            self.changes.push_str(&format!("> {text}\n{}\n", lines.join("\n")));
        }
        for line in changes.iter().filter_map(shown::observed) {
            self.observed.push_str(&format!("{line}\n"));
        }
    }

    fn due(&mut self, now: i64) {
        let due = self.monitor.due(millis(now)).map(|notification| shown::due(notification));
        let due = due.collect::<Vec<_>>().join("\n");
        let due = if due.is_empty() { "nothing" } else { &due };
        self.changes.push_str(&format!("> {} due\n{due}\n", short(now)));
    }

    fn states(&self) -> String {
        let each = self.monitor.alarms().map(|alarm| format!("{}: {}", alarm.name, alarm.state));
        each.collect::<Vec<_>>().join("\n")
    }

    /// `alarm first last` lines are answered with runs.
    fn verdicts(&self) -> String {
        let mut answer = String::new();
        for line in self.case.section("verdicts").lines().filter(|line| !line.starts_with(' ')) {
            let fields: Vec<&str> = line.split(' ').collect();
            let arn = watched::arn(fields[0]);
            let runs = self.monitor.verdicts(&arn, parse(fields[1]), parse(fields[2]));
            answer.push_str(&format!("{line}\n"));
            for (first, last, state) in runs.unwrap() {
                answer.push_str(&format!("  {} .. {} {state}\n", short(first), short(last)));
            }
        }
        answer
    }
}

#[test]
fn cases() {
    run_cases("cases/monitor", run);
}
