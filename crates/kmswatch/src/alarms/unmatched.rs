//! How many records didn't match, minute by minute: what metric filters with a default value count.

use std::collections::HashMap;

use cloudtrail::call;

use crate::detections::Detection;
use crate::report::Stream;

/// Deliveries by minute (seconds since 1970, divided by 60): of all records, and of those that each filter with a default
/// value matched.
#[derive(Debug, Clone, Default)]
pub(crate) struct Unmatched {
    all: Minutes,
    /// By the number of the detection; only those with a default value are here.
    matched: Vec<(u32, Minutes)>,
    /// How many minutes are in all of these.
    held: usize,
    /// The minute of the record before, as it is written: records of a file are near each other.
    last: Option<([u8; 16], i64)>,
    /// Deliveries that found no room.
    pub(crate) beyond: u64,
}

type Minutes = HashMap<i64, u64>;

/// How many minutes one thread collects before it hands them on.
const HANDED_ON: usize = 16_384;
/// How many minutes are kept: three years have about as many. Each counts once, and once more for each filter with a default value
/// that matched in it.
const MAX_MINUTES: usize = 1_600_000;

impl Unmatched {
    /// `None` where no alarm looks at what a filter with a default value counts, so that nothing need be counted.
    pub(crate) fn new(detections: &[Detection], streams: &[Stream]) -> Option<Self> {
        let has_default = |detection: &Detection| {
            detection.transformation.as_ref().is_some_and(|found| found.default_value().is_some())
        };
        let is_watched = |number: u32| streams.iter().any(|stream| stream.detection == number);
        let numbered = (0_u32..).zip(detections);
        let wanted = numbered.filter(|(number, detection)| has_default(detection) && is_watched(*number));
        let matched: Vec<(u32, Minutes)> = wanted.map(|(number, _)| (number, Minutes::new())).collect();
        (!matched.is_empty()).then(|| Unmatched { matched, ..Unmatched::default() })
    }

    /// The same with nothing counted yet.
    pub(crate) fn emptied(&self) -> Self {
        let matched = self.matched.iter().map(|(number, _)| (*number, Minutes::new())).collect();
        Unmatched { matched, ..Unmatched::default() }
    }

    /// A record whose `eventTime` begins `value`, with its quote, and the detections that it matched.
    pub(crate) fn add(&mut self, value: &[u8], detections: &[u32], is_wanted: impl Fn(i64) -> bool) {
        let Some(time) = self.time(value).filter(|time| is_wanted(*time)) else { return };
        let minute = time.div_euclid(60);
        self.held += usize::from(count(&mut self.all, minute, 1));
        for (number, matched) in &mut self.matched {
            if detections.contains(number) {
                self.held += usize::from(count(matched, minute, 1));
            }
        }
    }

    /// Whether it is time to hand on what was counted.
    pub(crate) fn is_full(&self) -> bool {
        self.held >= HANDED_ON
    }

    fn time(&mut self, value: &[u8]) -> Option<i64> {
        let (minute, second) = as_written(value).unzip();
        if let (Some((_, start)), Some(second)) =
            (self.last.filter(|(known, _)| minute == Some(*known)), second)
        {
            return Some(start + second);
        }
        let document = json::Document::parse_prefix(value).ok()?.0;
        let time = crate::report::sane(call::seconds(&document.root().string()?))?;
        if let Some(minute) = minute {
            self.last = Some((minute, time - time.rem_euclid(60)));
        }
        Some(time)
    }

    /// Those of another thread, too.
    pub(crate) fn join(&mut self, other: &Unmatched) {
        self.join_up_to(other, MAX_MINUTES);
    }

    fn join_up_to(&mut self, other: &Unmatched, max_minutes: usize) {
        let mut minutes: Vec<(&i64, &u64)> = other.all.iter().collect();
        minutes.sort_unstable();
        for (minute, deliveries) in minutes {
            if self.held >= max_minutes && !self.all.contains_key(minute) {
                self.beyond += deliveries;
                continue;
            }
            self.held += usize::from(count(&mut self.all, *minute, *deliveries));
            for ((_, own), (_, others)) in self.matched.iter_mut().zip(&other.matched) {
                if let Some(matched) = others.get(minute) {
                    self.held += usize::from(count(own, *minute, *matched));
                }
            }
        }
    }

    /// The starts of the minutes that records lie in, in seconds since 1970, in any order.
    pub(crate) fn minutes(&self) -> impl Iterator<Item = i64> {
        self.all.keys().map(|minute| minute * 60)
    }

    /// How many deliveries of the minute that starts then a detection didn't match.
    pub(crate) fn count(&self, detection: u32, start: i64) -> u64 {
        let minute = start.div_euclid(60);
        let of = |minutes: &Minutes| minutes.get(&minute).copied().unwrap_or_default();
        let matched = self.matched.iter().find(|(number, _)| *number == detection);
        matched.map_or(0, |(_, matched)| of(&self.all).saturating_sub(of(matched)))
    }
}

/// Whether the minute is a new one.
fn count(minutes: &mut Minutes, minute: i64, deliveries: u64) -> bool {
    let before = minutes.len();
    *minutes.entry(minute).or_default() += deliveries;
    minutes.len() > before
}

/// The minute and the second of `"2025-03-10T08:00:05Z"`; `None` of a time that is written in another way.
fn as_written(value: &[u8]) -> Option<([u8; 16], i64)> {
    let [b'"', time @ .., b'"'] = value.first_chunk::<22>()? else { return None };
    let [b':', tens @ b'0'..=b'5', ones @ b'0'..=b'9', b'Z'] = time.last_chunk::<4>()? else { return None };
    Some((*time.first_chunk()?, i64::from(tens - b'0') * 10 + i64::from(ones - b'0')))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_is_read_to_its_second() {
        let mut unmatched = Unmatched::default();
        let times: [(&[u8], Option<i64>); 6] = [
            (br#""2025-03-10T08:00:05Z","#, Some(1_741_593_605)),
            (br#""2025-03-10T08:00:59Z","#, Some(1_741_593_659)),
            (br#""2025-03-10T08:00:05+02:00","#, Some(1_741_586_405)),
            (br#""2025-03-10T08:00:60Z","#, call::seconds("2025-03-10T08:00:60Z")),
            (br#""2025-03-10T08:00 nonsense","#, None),
            (br#""2025-03-10T08:00:07Z","#, Some(1_741_593_607)),
        ];
        for (value, time) in times {
            assert_eq!(unmatched.time(value), time, "{}", String::from_utf8_lossy(value));
        }
    }

    #[test]
    fn minutes_beyond_the_limit_are_counted() {
        let one = || Unmatched { matched: vec![(7, Minutes::new())], ..Unmatched::default() };
        let (mut own, mut all) = (one(), one());
        for time in ["08:00:05", "08:00:06", "08:02:00", "08:01:00"] {
            own.add(format!("\"2025-03-10T{time}Z\"").as_bytes(), &[], |_| true);
        }
        own.add(b"\"2025-03-10T08:00:07Z\"", &[7], |_| true);
        all.join_up_to(&own, 3);
        let start = 1_741_593_600;
        assert_eq!([0, 60, 120].map(|later| all.count(7, start + later)), [2, 1, 0]);
        assert_eq!(all.beyond, 1);
        all.join_up_to(&own, 3);
        assert_eq!((all.count(7, start), all.beyond), (4, 2));
    }
}
