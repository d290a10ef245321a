//! From the records of a log file to what the monitor takes of them, piece by piece.
//!
//! A file may be read again: because it wasn't whole, because somebody touched it, or because the process was killed in the
//! middle of it. What was taken of it before is known by a hash over its first records; if it still begins with these, they
//! are passed over. Else everything counts, and repeats are known by their ids.

use std::collections::HashMap;
use std::hash::Hasher;
use std::sync::Arc;

use cloudtrail::call::{self, Call};
use cloudtrail::reader::{Found, Visitor};
use cloudtrail::scanner::ABSENT;
use metric::Observation;
use monitor::{Ingest, Match, Unmatched};
use siphasher::sip128::{Hasher128, SipHasher13};

use super::watching::{Filters, Watching};
use crate::evidence;
use crate::log_event::{Memory, compacted};
use crate::report::sane;
use crate::scan::identity;

/// A piece has at most about this many matches.
const MAX_MATCHES: usize = 2_000;
/// A piece has at most this many records.
const MAX_RECORDS: u64 = 100_000;

/// What was found in records that follow each other.
#[derive(Debug, Default)]
pub(crate) struct Piece {
    pub(crate) ingest: Ingest,
    /// How many records these are.
    pub(crate) records: u64,
    /// How many of them had no time, so that no period has them; they are evidence of nothing.
    pub(crate) timeless: u64,
    /// Where the file stands behind it.
    pub(crate) taken: Taken,
}

/// How much of a file was taken.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Taken {
    /// So many records.
    pub(crate) records: u64,
    /// A hash over them.
    pub(crate) hash: u128,
}

/// Takes the records of one file.
pub(crate) struct Gather<'g> {
    watching: &'g Watching,
    filters: &'g Filters,
    memory: &'g mut Memory,
    buffer: json::Buffer,
    before: Taken,
    hasher: SipHasher13,
    piece: Piece,
    /// By the position of a filter in the configuration and the start of a minute.
    unmatched: HashMap<(u32, i64), u64>,
    /// Gets each piece; `false` ends the reading.
    hand_on: &'g mut dyn FnMut(Piece) -> bool,
    ended: bool,
}

/// What is kept from file to file.
pub(crate) struct Around<'g> {
    pub(crate) watching: &'g Watching,
    pub(crate) filters: &'g Filters,
    pub(crate) memory: &'g mut Memory,
}

impl<'g> Gather<'g> {
    /// Takes the records of a file of which `before` was taken already.
    pub(crate) fn new(around: Around<'g>, before: Taken, hand_on: &'g mut dyn FnMut(Piece) -> bool) -> Self {
        let Around { watching, filters, memory } = around;
        Gather {
            watching,
            filters,
            memory,
            buffer: json::Buffer::default(),
            before,
            hasher: SipHasher13::new(),
            piece: Piece::default(),
            unmatched: HashMap::new(),
            hand_on,
            ended: false,
        }
    }

    /// The last piece, which may hold nothing.
    pub(crate) fn finish(mut self) -> Piece {
        self.take_piece()
    }

    fn take_piece(&mut self) -> Piece {
        let mut piece = std::mem::take(&mut self.piece);
        let next = Piece { taken: piece.taken, ..Piece::default() };
        self.piece = next;
        let mut unmatched: Vec<Unmatched> = std::mem::take(&mut self.unmatched)
            .into_iter()
            .map(|((filter, time), count)| Unmatched { filter, time, count })
            .collect();
        unmatched.sort_unstable_by_key(|found| (found.filter, found.time));
        piece.ingest.unmatched = unmatched;
        piece
    }

    /// Counts the record, and looks whether the file still begins as it did.
    fn count(&mut self, record: &Found<'_>) {
        fingerprint(&mut self.hasher, record);
        self.piece.records += 1;
        self.piece.taken =
            Taken { records: self.piece.taken.records + 1, hash: self.hasher.finish128().as_u128() };
        if self.piece.taken == self.before {
            self.piece = Piece { taken: self.before, ..Piece::default() };
            self.unmatched.clear();
        }
    }

    /// Whether the records so far may all have been taken before.
    fn may_be_known(&self) -> bool {
        self.piece.taken.records < self.before.records
    }

    fn take(&mut self, record: &Found<'_>) -> Result<(), json::Error> {
        let places = self.filters.patterns.matching(record, self.memory).to_vec();
        self.count_unmatched(record, &places);
        if places.is_empty() {
            return Ok(());
        }
        match record.value {
            Some(value) => self.take_match(value, &places),
            None => {
                let buffer = std::mem::take(&mut self.buffer);
                match json::Document::parse_with(record.text, buffer) {
                    Ok(document) => {
                        self.take_match(document.root(), &places);
                        self.buffer = document.into_buffer();
                    }
                    Err((error, buffer)) => {
                        self.buffer = buffer;
                        return Err(error);
                    }
                }
            }
        }
        Ok(())
    }

    fn take_match(&mut self, record: json::Value<'_>, places: &[u32]) {
        let call = Call::from_record(record);
        let Some(time) = sane(call.time) else {
            self.piece.timeless += 1;
            return;
        };
        let observations = places.iter().filter_map(|place| self.observation(record, *place)).collect();
        self.piece.ingest.matches.push(Match {
            record: identity(&call),
            time,
            observations,
            evidence: Some(Arc::new(evidence::of(&call))),
        });
    }

    fn observation(&self, record: json::Value<'_>, place: u32) -> Option<(u32, Observation)> {
        let number = *self.filters.numbers.get(place as usize)?;
        let filter = self.watching.configuration().filters.get(number as usize)?;
        let observation = match self.filters.text_pattern(place) {
            Some(pattern) => {
                let mut compact = String::new();
                let event = compacted(record.raw().as_bytes(), &mut compact);
                let event = std::str::from_utf8(event).ok()?;
                filter.transformation.observe(event, &pattern.matches(event)?)
            }
            None => filter.transformation.observe_json(record),
        };
        Some((number, observation.ok()?))
    }

    /// Counts the record for each filter with a default value that it doesn't match.
    fn count_unmatched(&mut self, record: &Found<'_>, places: &[u32]) {
        if self.filters.with_default.is_empty() {
            return;
        }
        let Some(time) = time_of(record) else { return };
        let minute = time - time.rem_euclid(60);
        for place in self.filters.with_default.iter().filter(|place| !places.contains(place)) {
            if let Some(number) = self.filters.numbers.get(*place as usize) {
                *self.unmatched.entry((*number, minute)).or_default() += 1;
            }
        }
    }
}

impl Visitor for Gather<'_> {
    fn record(&mut self, record: Found<'_>) -> Result<(), json::Error> {
        if self.ended {
            return Ok(());
        }
        let taken = self.take(&record);
        self.count(&record);
        let is_full = self.piece.ingest.matches.len() >= MAX_MATCHES || self.piece.records >= MAX_RECORDS;
        if is_full && !self.may_be_known() {
            let piece = self.take_piece();
            self.ended = !(self.hand_on)(piece);
        }
        taken
    }

    fn stop(&self) -> bool {
        self.ended
    }
}

/// By what a record at its place in a file is known again.
fn fingerprint(hasher: &mut SipHasher13, record: &Found<'_>) {
    hasher.write_usize(record.text.len());
    hasher.write(record.text);
}

fn time_of(record: &Found<'_>) -> Option<i64> {
    let time = match (record.outline, record.value) {
        (Some(outline), _) if outline.event_time != ABSENT => {
            let value = record.text.get(outline.event_time as usize..)?;
            call::seconds(&json::Document::parse_prefix(value).ok()?.0.root().string()?)
        }
        (_, Some(record)) => call::seconds(&record.get("eventTime")?.string()?),
        _ => None,
    };
    sane(time)
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use cloudtrail::reader::{Options, Reader};
    use filter_pattern::Wildcards;
    use stack::Environment;

    use super::*;

    const TEMPLATE: &str = "Resources:
  Filter:
    Type: AWS::Logs::MetricFilter
    Properties:
      LogGroupName: trail
      FilterPattern: '{ $.errorCode = \"AccessDenied\" }'
      MetricTransformations: [{MetricNamespace: test, MetricName: denied, MetricValue: '1', DefaultValue: 0}]
";

    fn watching() -> Watching {
        let environment = Environment::new("stack", "111122223333", "eu-west-1");
        Watching::new(0, Arc::new(chain::read(TEMPLATE, &environment, Wildcards::default()).unwrap()))
    }

    /// A record of a second after noon. Every third matches.
    fn record(number: usize) -> String {
        let error = if number.is_multiple_of(3) { r#","errorCode":"AccessDenied""# } else { "" };
        format!(
            r#"{{"eventVersion":"1.08","eventTime":"2026-11-26T12:{:02}:{:02}Z","eventSource":"kms.amazonaws.com","eventName":"Decrypt"{error},"eventID":"{number}"}}"#,
            number / 60 % 60,
            number % 60
        )
    }

    fn file(records: impl IntoIterator<Item = usize>) -> String {
        let records: Vec<String> = records.into_iter().map(record).collect();
        format!(r#"{{"Records":[{}]}}"#, records.join(","))
    }

    /// What was found in a file of which `before` was taken: records, matches, those that don't match, and where it stands then.
    #[derive(Debug, PartialEq, Eq)]
    struct Sum(u64, usize, u64, Taken);

    fn pieces(file: &str, before: Taken) -> Vec<Piece> {
        let watching = watching();
        let (mut pieces, mut memory) = (Vec::new(), Memory::default());
        let mut take = |piece| {
            pieces.push(piece);
            true
        };
        let around = Around { watching: &watching, filters: &watching.trails, memory: &mut memory };
        let mut gather = Gather::new(around, before, &mut take);
        let mut reader = Reader::new(watching.trails.patterns.set.watched_keys(), Options::default());
        reader.read(file.as_bytes(), &mut gather);
        let last = gather.finish();
        pieces.push(last);
        pieces
    }

    fn sum(file: &str, before: Taken) -> Sum {
        let pieces = pieces(file, before);
        let taken = pieces.last().unwrap().taken;
        pieces.iter().fold(Sum(0, 0, 0, taken), |sum, piece| {
            let unmatched: u64 = piece.ingest.unmatched.iter().map(|unmatched| unmatched.count).sum();
            Sum(sum.0 + piece.records, sum.1 + piece.ingest.matches.len(), sum.2 + unmatched, taken)
        })
    }

    #[test]
    fn what_was_taken_before_does_not_count_again() {
        let (some, all) = (file(0..10), file(0..25));
        let Sum(10, 4, 6, before) = sum(&some, Taken::default()) else { panic!("the first ten") };
        let Sum(25, 9, 16, after) = sum(&all, Taken::default()) else { panic!("all of them") };
        assert_ne!(before.hash, after.hash);
        assert_eq!(sum(&some, before), Sum(0, 0, 0, before), "somebody touched it");
        assert_eq!(sum(&all, before), Sum(15, 5, 10, after), "there is more in it");
    }

    #[test]
    fn a_file_that_was_cut_off_is_the_same_when_it_is_whole() {
        let all = file(0..25);
        let cut = all.split_at(all.len() / 2).0;
        let Sum(records, matches, unmatched, before) = sum(cut, Taken::default());
        assert!((10..15).contains(&records));
        let Sum(more, more_matches, more_unmatched, _) = sum(&all, before);
        assert_eq!((records + more, matches + more_matches, unmatched + more_unmatched), (25, 9, 16));
    }

    #[test]
    fn a_file_that_begins_otherwise_counts_as_a_whole() {
        let Sum(.., before) = sum(&file(0..10), Taken::default());
        let other = file(1..26);
        assert_eq!(sum(&other, before), sum(&other, Taken::default()), "another beginning");
        let shorter = file(0..9);
        assert_eq!(sum(&shorter, before), sum(&shorter, Taken::default()), "it has lost some");
        let last_differs = file((0..9).chain([77]).chain(10..25));
        assert_eq!(sum(&last_differs, before), sum(&last_differs, Taken::default()), "its last one differs");
        assert_eq!(sum(&file([]), before), Sum(0, 0, 0, Taken::default()), "it has lost all");
    }

    #[test]
    fn pieces_follow_each_other_without_gap_or_overlap() {
        let all = file(0..20_000);
        let Sum(20_000, 6_667, 13_333, _) = sum(&all, Taken::default()) else { panic!("all of them") };
        let pieces = pieces(&all, Taken::default());
        assert!(pieces.len() > 2);
        let mut records = 0;
        for piece in &pieces {
            assert!(piece.ingest.matches.len() <= MAX_MATCHES);
            records += piece.records;
            assert_eq!(piece.taken.records, records);
            // Whoever was killed behind this piece goes on behind it.
            assert_eq!(sum(&all, piece.taken).0, 20_000 - records);
        }
    }

    #[test]
    fn records_without_a_time_are_counted_apart() {
        let file = r#"{"Records":[{"eventSource":"kms.amazonaws.com","eventName":"Decrypt","errorCode":"AccessDenied","eventID":"1"}]}"#;
        let pieces = pieces(file, Taken::default());
        let [piece] = pieces.as_slice() else { panic!("one piece") };
        assert_eq!((piece.records, piece.timeless, piece.ingest.matches.len()), (1, 1, 0));
    }
}
