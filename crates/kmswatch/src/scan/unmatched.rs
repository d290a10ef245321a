//! How many records didn't match, minute by minute: what metric filters with a default value count.

use std::collections::HashMap;

use cloudtrail::call;
use metric::Summary;

use crate::detections::Detection;
use crate::report::Observations;

/// Deliveries by minute (seconds since 1970, divided by 60): of all records, and of those that each filter with a default
/// value matched.
#[derive(Debug, Clone, Default)]
pub(super) struct Unmatched {
    all: Minutes,
    /// By the number of the detection; only those with a default value are here.
    matched: Vec<(u32, Minutes)>,
    /// The minute of the record before, as it is written: records of a file are near each other.
    last: Option<([u8; 16], i64)>,
}

type Minutes = HashMap<i64, u64>;

impl Unmatched {
    /// `None` where no filter has a default value, so that nothing need be counted.
    pub(super) fn new(detections: &[Detection]) -> Option<Self> {
        let has_default = |detection: &Detection| {
            detection.transformation.as_ref().is_some_and(|found| found.default_value().is_some())
        };
        let numbered = (0_u32..).zip(detections).filter(|(_, detection)| has_default(detection));
        let matched: Vec<(u32, Minutes)> = numbered.map(|(number, _)| (number, Minutes::new())).collect();
        (!matched.is_empty()).then(|| Unmatched { matched, ..Unmatched::default() })
    }

    /// The same with nothing counted yet.
    pub(super) fn emptied(&self) -> Self {
        let matched = self.matched.iter().map(|(number, _)| (*number, Minutes::new())).collect();
        Unmatched { matched, ..Unmatched::default() }
    }

    /// A record whose `eventTime` begins `value`, with its quote, and the detections that it matched.
    pub(super) fn add(&mut self, value: &[u8], detections: &[u32], is_wanted: impl Fn(i64) -> bool) {
        let Some(minute) = self.minute(value).filter(|minute| is_wanted(minute * 60)) else { return };
        *self.all.entry(minute).or_default() += 1;
        for (number, matched) in &mut self.matched {
            if detections.contains(number) {
                *matched.entry(minute).or_default() += 1;
            }
        }
    }

    fn minute(&mut self, value: &[u8]) -> Option<i64> {
        // `"2025-03-10T08:00`
        let text: [u8; 16] = *value.get(1..)?.first_chunk()?;
        if let Some((_, minute)) = self.last.filter(|(known, _)| *known == text) {
            return Some(minute);
        }
        let document = json::Document::parse_prefix(value).ok()?.0;
        let minute = call::seconds(&document.root().string()?)?.div_euclid(60);
        self.last = Some((text, minute));
        Some(minute)
    }

    /// Those of another thread, too.
    pub(super) fn join(&mut self, other: &Unmatched) {
        add(&mut self.all, &other.all);
        for ((_, own), (_, others)) in self.matched.iter_mut().zip(&other.matched) {
            add(own, others);
        }
    }

    /// Counts the default value of each filter once for each record that it didn't match.
    pub(super) fn add_to(&self, observations: &mut Observations, detections: &[Detection]) {
        for (number, matched) in &self.matched {
            let transformation = detections.get(*number as usize).and_then(|own| own.transformation.as_ref());
            let Some(value) = transformation.and_then(|own| own.default_value()) else { continue };
            for (minute, all) in &self.all {
                let count = all.saturating_sub(matched.get(minute).copied().unwrap_or_default());
                let mut summary = Summary::new();
                summary.add(value, count);
                if !summary.is_empty() {
                    observations.merge((*number, Vec::new()), minute * 60, &summary);
                }
            }
        }
    }
}

fn add(own: &mut Minutes, others: &Minutes) {
    for (minute, count) in others {
        *own.entry(*minute).or_default() += count;
    }
}
