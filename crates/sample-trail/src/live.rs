//! A trail that is written while one watches.

use std::collections::BTreeMap;

use crate::clock::Time;
use crate::delivery::{LogFile, log_file_key};
use crate::random::Random;
use crate::record::Record;
use crate::world::{Callers, Site};
use crate::{attack, background};

/// After a longer pause (the machine slept) only what happened in the last so many seconds is delivered, and of an attack
/// everything.
pub const MAX_CATCH_UP: i64 = 600;

/// For so many seconds something happens every other second; then less often, as nobody looks any more and the disk
/// should not fill.
const LIVELY: i64 = 1800;

/// Programs get new credentials so often, in seconds.
const CREDENTIALS_LAST: i64 = 6 * 3600;

/// A trail that is written while one watches: log files as CloudTrail delivers them.
///
/// Every couple of seconds there is a log file of an ordinary day. Ten seconds after the beginning somebody uses the build
/// server's access key from elsewhere, looks around, and tries for half a minute to decrypt a secret of production;
/// after two minutes they are back with the credentials of a Lambda function. Then it stays calm.
///
/// Times in records are the true ones. Delivery is faster than CloudTrail's: what takes it about five minutes is done here in
/// the same second.
#[derive(Debug)]
pub struct Live {
    random: Random,
    begins: i64,
    /// Everything up to this second is delivered.
    delivered: i64,
    /// When something happens next.
    next: i64,
    /// What is known to happen.
    coming: Vec<Record>,
}

impl Live {
    /// A trail that begins at a time, in seconds since 1970. Those of different seeds have no record in common.
    #[must_use]
    pub fn new(seed: u64, begins_at: i64) -> Self {
        let begins = Time::of(begins_at);
        let mut random = Random::seeded("live", seed);
        let coming = attack::records(&mut random, callers(begins.seconds(), begins.seconds()), begins);
        let begins = begins.seconds();
        Self { random, begins, delivered: begins - 1, next: begins, coming }
    }

    /// The log files that are delivered from the time of the last call up to `now`, in seconds since 1970. If the clock was set
    /// back, the trail goes on from there.
    pub fn until(&mut self, now: i64) -> Vec<LogFile> {
        let now = Time::of(now).seconds();
        self.set_back_to(now);
        let first = (self.delivered + 1).max(now - MAX_CATCH_UP + 1);
        self.next = self.next.max(first);
        self.delivered = now;
        (first..=now).flat_map(|second| self.deliver(second)).collect()
    }

    /// What was to happen in a minute still does, when it is an hour earlier.
    fn set_back_to(&mut self, now: i64) {
        let back = (self.delivered - now).max(0);
        self.begins -= back;
        self.delivered -= back;
        self.next -= back;
        for record in &mut self.coming {
            record.event_time = record.event_time.plus(-back);
        }
    }

    /// The log files of one second: one for each site where something happened.
    fn deliver(&mut self, second: i64) -> Vec<LogFile> {
        let time = Time::of(second);
        if second >= self.next {
            self.live(time);
        }
        let mut happened: BTreeMap<Site, Vec<Record>> = BTreeMap::new();
        for record in self.coming.extract_if(.., |record| record.time() <= time) {
            happened.entry(record.site()).or_default().push(record);
        }
        let file = |(site, records)| LogFile { path: log_file_key(site, time, &mut self.random), records };
        happened.into_iter().map(file).collect()
    }

    /// Something happens, and it is decided when something happens next.
    fn live(&mut self, time: Time) {
        let age = time.seconds() - self.begins;
        for _ in 0..=self.random.below(3) {
            let callers = callers(self.begins, time.seconds());
            self.coming.extend(background::any(&mut self.random, callers, time));
        }
        let (least, more) = if age < LIVELY { (1, 3) } else { (20, 21) };
        let pause = least + i64::try_from(self.random.below(more)).unwrap_or_default();
        self.next = time.seconds() + pause;
    }
}

/// Who calls at a time, with the credentials of then.
fn callers(begins: i64, now: i64) -> Callers {
    // The last session of a day begins at eight o'clock; at the beginning all have begun.
    let age = now - begins;
    Callers::of_day(Time::of(begins + age - age.rem_euclid(CREDENTIALS_LAST) - 10 * 3600))
}

#[cfg(test)]
mod tests {
    use std::collections::HashSet;

    use proptest::prelude::*;

    use super::*;

    /// 12 June 2025, 09:30:17.
    const BEGINS: i64 = 1_749_720_617;

    /// What a trail delivers until a second after its beginning, call by call.
    fn delivered(live: &mut Live, calls: &[i64]) -> Vec<(String, String)> {
        let files = calls.iter().flat_map(|second| live.until(BEGINS + second));
        files.map(|file| (file.path.clone(), file.content().unwrap())).collect()
    }

    fn first_minutes(seconds: i64) -> Vec<(i64, Record)> {
        let mut live = Live::new(1, BEGINS);
        let each = |second| live.until(BEGINS + second).into_iter().map(move |file| (second, file));
        let files: Vec<_> = (0..seconds).flat_map(each).collect();
        files
            .into_iter()
            .flat_map(|(at, file)| file.records.into_iter().map(move |record| (at, record)))
            .collect()
    }

    #[test]
    fn something_happens_every_couple_of_seconds_and_each_record_says_when() {
        let records = first_minutes(300);
        let mut before = -1;
        for (at, record) in &records {
            assert!(at - before <= 3, "nothing from {before} to {at}");
            assert_eq!(record.time().seconds(), BEGINS + at);
            before = *at;
        }
        let ids: HashSet<&str> = records.iter().map(|(_, record)| record.event_id.as_str()).collect();
        assert_eq!(ids.len(), records.len());
        let principals: HashSet<_> =
            records.iter().filter_map(|(_, record)| record.principal_arn()).collect();
        assert!(principals.len() >= 8, "{principals:?}");
    }

    #[test]
    fn only_the_attacks_fail_and_a_denied_call_has_no_parameters() {
        let mut failed = Vec::new();
        for (at, record) in first_minutes(900).iter().filter(|(_, record)| record.is_failed_kms_call()) {
            let record = serde_json::to_value(record).unwrap();
            let code = record["errorCode"].as_str().unwrap().to_owned();
            assert_eq!(record["requestParameters"].is_null(), code == "AccessDenied", "{record}");
            assert_eq!(record.get("resources").is_none(), code == "AccessDenied", "{record}");
            assert!(record["sourceIPAddress"].as_str().unwrap().starts_with("203.0.113."), "{record}");
            failed.push((*at, record["userIdentity"]["type"].as_str().unwrap().to_owned(), code));
        }
        let said: Vec<_> = failed.iter().map(|(at, who, code)| format!("{at} {who} {code}")).collect();
        let expected = [
            "15 IAMUser AccessDenied",
            "15 IAMUser IncorrectKeyException",
            "16 IAMUser AccessDenied",
            "18 IAMUser AccessDenied",
            "22 IAMUser IncorrectKeyException",
            "24 IAMUser DryRunOperationException",
            "27 IAMUser InvalidCiphertextException",
            "28 IAMUser AccessDenied",
            "30 IAMUser AccessDenied",
            "122 AssumedRole AccessDenied",
            "123 AssumedRole AccessDenied",
            "125 AssumedRole InvalidCiphertextException",
            "128 AssumedRole AccessDenied",
        ];
        assert_eq!(said, expected);
    }

    #[test]
    fn a_log_file_lies_where_cloudtrail_puts_it() {
        let files = Live::new(1, BEGINS).until(BEGINS + 30);
        for LogFile { path, records } in &files {
            let Site { account, region } = records[0].site();
            let start = format!(
                "AWSLogs/{account}/CloudTrail/{region}/2025/06/12/{account}_CloudTrail_{region}_20250612T0930Z_"
            );
            let random = path.strip_prefix(&start).and_then(|rest| rest.strip_suffix(".json.gz"));
            assert_eq!(random.map(str::len), Some(16), "{path}");
            assert!(records.iter().all(|record| record.site() == records[0].site()));
        }
        let paths: HashSet<&str> = files.iter().map(|file| file.path.as_str()).collect();
        assert_eq!(paths.len(), files.len());
    }

    #[test]
    fn sessions_began_before_they_are_used_and_are_renewed() {
        let mut live = Live::new(1, BEGINS);
        let mut began = HashSet::new();
        for minute in 0..24 * 60 {
            for record in live.until(BEGINS + minute * 60).into_iter().flat_map(|file| file.records) {
                let record = serde_json::to_value(record).unwrap();
                let session = &record["userIdentity"]["sessionContext"]["attributes"]["creationDate"];
                let Some(session) = session.as_str() else { continue };
                assert!(session < record["eventTime"].as_str().unwrap(), "{record}");
                if record["userIdentity"]["arn"].as_str().unwrap().contains("payments-task-role") {
                    began.insert(session.to_owned());
                }
            }
        }
        assert_eq!(began.len(), 4, "{began:?}");
    }

    #[test]
    fn another_seed_is_another_trail() {
        let one = delivered(&mut Live::new(1, BEGINS), &[60]);
        assert_eq!(one, delivered(&mut Live::new(1, BEGINS), &[60]));
        let other = delivered(&mut Live::new(2, BEGINS), &[60]);
        assert!(one.iter().all(|file| !other.contains(file)));
    }

    #[test]
    fn after_a_long_sleep_the_attack_is_still_seen_and_the_rest_is_left_out() {
        let mut live = Live::new(1, BEGINS);
        let day = 86_400;
        let files = live.until(BEGINS + day);
        let records: Vec<&Record> = files.iter().flat_map(|file| &file.records).collect();
        assert_eq!(records.iter().filter(|record| record.is_failed_kms_call()).count(), 13);
        let late = records.iter().filter(|record| record.time().seconds() <= BEGINS + day - MAX_CATCH_UP);
        assert_eq!(late.count(), 18);
        assert!(live.until(BEGINS + day).is_empty());
        assert!(Live::new(1, i64::MIN).until(i64::MAX).len() < 2000);
        assert!(Live::new(1, i64::MAX).until(i64::MIN).len() < 2000);
    }

    #[test]
    fn a_clock_that_is_set_back_neither_stops_nor_repeats_the_trail() {
        let mut live = Live::new(1, BEGINS);
        let failed = |files: Vec<LogFile>| {
            let records = files.into_iter().flat_map(|file| file.records);
            records
                .filter(Record::is_failed_kms_call)
                .map(|record| record.time().seconds())
                .collect::<Vec<_>>()
        };
        assert_eq!(failed(live.until(BEGINS + 15)), [BEGINS + 15; 2]);
        assert!(live.until(BEGINS - 3600).is_empty());
        let then: Vec<i64> = (1..=15).flat_map(|second| failed(live.until(BEGINS - 3600 + second))).collect();
        let expected = [16, 18, 22, 24, 27, 28, 30].map(|second| BEGINS - 3600 - 15 + second);
        assert_eq!(then, expected);
        let ordinary = |second| live.until(BEGINS - 3600 + second).len();
        assert!((16..30).map(ordinary).sum::<usize>() > 3);
    }

    proptest! {
        #[test]
        fn how_often_it_is_asked_makes_no_difference(mut calls in proptest::collection::vec(0_i64..500, 0..40)) {
            calls.push(500);
            calls.sort_unstable();
            let pieces = delivered(&mut Live::new(1, BEGINS), &calls);
            prop_assert_eq!(pieces, delivered(&mut Live::new(1, BEGINS), &[500]));
        }
    }
}
