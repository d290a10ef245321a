//! Is what the demonstration writes what it promises: log files that a reader reads, and alarms that go off?

use std::collections::BTreeMap;
use std::sync::atomic::AtomicI64;

use alarm::StateValue;
use cloudtrail::call::Call;
use filter_pattern::{PatternSet, Scratch, Wildcards};
use monitor::{Change, Command, Evidence, Ingest, Match, Monitor};
use stack::Environment;

use super::*;

/// 12 June 2025, 09:30:17: in the middle of a minute, and of a period of five.
const BEGINS: i64 = 1_749_720_617;

/// What the built-in template makes of the trail. Times are seconds after its beginning.
#[derive(Default)]
struct Seen {
    /// Of each alarm, its state changes.
    changes: BTreeMap<String, Vec<(i64, StateValue)>>,
    news: Vec<(i64, String, Vec<String>)>,
    /// The first failed `Decrypt`.
    first_failed: Option<i64>,
    failed: u32,
}

/// Plays a trail to the built-in template, second by second, as the service does.
fn watch(seconds: i64) -> Seen {
    let environment = Environment::new("kmswatch", "111122223333", "us-east-1");
    let chain = chain::read(crate::builtin::TEMPLATE, &environment, Wildcards::Glob).unwrap();
    let mut monitor = Monitor::new();
    // In this order: alarms that are there before the first tick needn't wait for the end of the minute.
    monitor.apply(&Command::Configure(Box::new(chain.configuration.clone())));
    monitor.apply(&Command::Tick((BEGINS - 1) * 1000));
    let set = PatternSet::new(chain.patterns.clone());
    let mut scratch = Scratch::default();
    let mut live = Live::new(7, BEGINS);
    let mut seen = Seen::default();
    for second in 0..seconds {
        let mut changes = monitor.apply(&Command::Tick((BEGINS + second) * 1000));
        for file in live.until(BEGINS + second) {
            let matches = matches(&chain, &set, &mut scratch, &file);
            seen.count(second, &matches);
            changes.extend(monitor.apply(&Command::Ingest(Ingest { matches, ..Ingest::default() })));
        }
        changes.iter().for_each(|change| seen.take(second, change));
    }
    seen
}

impl Seen {
    fn count(&mut self, second: i64, matches: &[Match]) {
        let failed = matches.iter().filter(|found| found.evidence.as_ref().unwrap().error.is_some()).count();
        self.failed += u32::try_from(failed).unwrap();
        if failed > 0 {
            self.first_failed.get_or_insert(second);
        }
    }

    fn take(&mut self, second: i64, change: &Change) {
        match change {
            Change::State(change) => {
                let name = change.alarm.rsplit(':').next().unwrap().to_owned();
                self.changes.entry(name).or_default().push((second, change.to));
            }
            Change::News(news) => {
                let name = news.alarm.rsplit(':').next().unwrap().to_owned();
                let principals = news.principals.iter().map(ToString::to_string).collect();
                self.news.push((second, name, principals));
            }
            _ => {}
        }
    }

    /// When alarms went to `ALARM`.
    fn alarms(&self) -> BTreeMap<&str, Vec<i64>> {
        let alarms = |changes: &[(i64, StateValue)]| {
            changes.iter().filter(|(_, to)| *to == StateValue::Alarm).map(|(at, _)| *at).collect::<Vec<_>>()
        };
        let all = self.changes.iter().map(|(name, changes)| (name.as_str(), alarms(changes)));
        all.filter(|(_, alarms)| !alarms.is_empty()).collect()
    }
}

fn matches(chain: &chain::Chain, set: &PatternSet, scratch: &mut Scratch, file: &LogFile) -> Vec<Match> {
    let mut found = Vec::new();
    for record in &file.records {
        let text = serde_json::to_string(record).unwrap();
        let filters = set.matches(text.as_bytes(), scratch).to_vec();
        let observe = |filter: u32| {
            let index = filter as usize;
            let matched = chain.patterns[index].matches(&text).unwrap();
            let transformation = &chain.configuration.filters[index].transformation;
            (filter, transformation.observe(&text, &matched).unwrap())
        };
        if filters.is_empty() {
            continue;
        }
        let document = json::Document::parse(text.as_bytes()).unwrap();
        let call = Call::from_record(document.root());
        let evidence = Evidence {
            principal: call.principal.id().into_owned(),
            key: call.key_name().map(|key| key.into_owned()),
            error: call.error.as_deref().map(str::to_owned),
            ..Evidence::default()
        };
        found.push(Match {
            record: None,
            time: record.time().seconds(),
            observations: filters.into_iter().map(observe).collect(),
            evidence: Some(Arc::new(evidence)),
        });
    }
    found
}

#[test]
fn an_alarm_goes_off_in_the_second_of_the_first_denied_call_and_ends_after_a_while_of_calm() {
    let seen = watch(3600);
    assert_eq!(seen.first_failed, Some(15));
    let expected = BTreeMap::from([("kms-decrypt-failed", vec![15]), ("kms-dry-run", vec![24])]);
    assert_eq!(seen.alarms(), expected);
    for alarm in expected.keys() {
        let (last, state) = *seen.changes[*alarm].last().unwrap();
        assert_eq!(state, StateValue::Ok, "{alarm}");
        assert!(last < 1800, "{alarm}: {last}");
    }
    assert_eq!(seen.failed, 13);
}

#[test]
fn whoever_comes_second_is_news_while_the_alarm_lasts() {
    let seen = watch(900);
    let function = "arn:aws:sts::111122223333:assumed-role/invoice-mailer-role/invoice-mailer";
    let of_function: Vec<_> =
        seen.news.iter().filter(|(_, _, who)| who.iter().any(|who| who.contains(function))).collect();
    let [(at, alarm, _)] = of_function[..] else { panic!("{:?}", seen.news) };
    assert_eq!(alarm, "kms-decrypt-failed");
    assert!((120..600).contains(at), "{at}");
}

#[test]
fn log_files_are_whole_and_nothing_else_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let now = AtomicI64::new(BEGINS);
    let ends = Arc::clone(&stop);
    // Half a minute passes at each look, and at the third it is told to end.
    let clock = move || {
        let now = now.fetch_add(30, Ordering::Relaxed);
        if now >= BEGINS + 90 {
            ends.store(true, Ordering::Relaxed);
        }
        now
    };
    start(folder.path().join("a/trail"), clock, stop).unwrap().join().unwrap();
    let mut records = 0;
    let paths = [folder.path().join("a/trail")];
    for found in source::Walk::new(&paths) {
        let path = found.unwrap().path;
        assert!(path.to_string_lossy().ends_with(".json.gz"), "{}", path.display());
        let mut content = String::new();
        let file = fs::File::open(&path).unwrap();
        std::io::Read::read_to_string(&mut flate2::read::GzDecoder::new(file), &mut content).unwrap();
        let log: serde_json::Value = serde_json::from_str(&content).unwrap();
        records += log["Records"].as_array().unwrap().len();
    }
    assert!(records > 50, "{records}");
}

#[test]
fn a_folder_that_cant_be_made_is_an_error_and_one_that_goes_away_ends_the_thread() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    fs::write(&file, "").unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let error = start(file.join("trail"), || BEGINS, Arc::clone(&stop)).unwrap_err();
    assert!(error.to_string().ends_with("file/trail can't be made"), "{error}");
    let trail = folder.path().join("trail");
    fs::create_dir(&trail).unwrap();
    fs::write(trail.join("AWSLogs"), "").unwrap();
    // It ends by itself.
    start(trail.clone(), || BEGINS, stop).unwrap().join().unwrap();
    let error = write_until(&trail, &|| BEGINS, &AtomicBool::new(false)).unwrap_err();
    assert!(format!("{error:#}").contains("can't be written: "), "{error:#}");
}
