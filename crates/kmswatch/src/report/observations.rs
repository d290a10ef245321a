//! What matched records are for metrics and alarms: observations, and who is behind them.

mod sightings;

use std::collections::{BTreeMap, HashMap};

use metric::{Dimension, MetricValue, Resolution, Summary};

use super::evidence::Evidence;
use super::group::Place;
use super::limits::Limits;
use sightings::Sightings;

/// What matched records come to, minute by minute, in bounded memory. Whatever order they come in, the answer is the same
/// below the limits.
#[derive(Debug, Default)]
pub(crate) struct Observations {
    /// Of each detection: what it counts.
    counts: Vec<Counting>,
    /// Of each detection: where the observations with such dimensions are kept. Those of others reach no alarm.
    places: Vec<HashMap<Vec<Dimension>, u32>>,
    /// Of each stream, by the start of the minute in seconds since 1970.
    streams: Vec<BTreeMap<i64, Summary>>,
    slots: usize,
    max_slots: usize,
    /// Observations that found no slot.
    pub(crate) beyond: u64,
    sightings: Sightings,
    /// Matches without a number, for each detection.
    pub(crate) without_number: Vec<u64>,
    /// Records without a readable time.
    pub(crate) without_time: u64,
}

/// What a detection's matches count.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Counting {
    /// Nothing: it is no metric filter.
    Nothing,
    /// Each the same number.
    Constant(MetricValue),
    /// What stands in the record: [`Evidence::observations`].
    FromRecord,
}

/// The observations of one detection with the same dimensions, which some alarm looks at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stream {
    /// The detection.
    pub(crate) detection: u32,
    /// The dimensions, in the order in which the metric filter gives them.
    pub(crate) dimensions: Vec<Dimension>,
}

impl Observations {
    /// None yet, of detections that count so. Only those of `streams` are kept.
    pub(crate) fn new(counts: Vec<Counting>, streams: &[Stream], limits: &Limits) -> Self {
        let mut places = vec![HashMap::new(); counts.len()];
        for (number, stream) in (0_u32..).zip(streams) {
            if let Some(places) = places.get_mut(stream.detection as usize) {
                places.insert(stream.dimensions.clone(), number);
            }
        }
        Observations {
            without_number: vec![0; counts.len()],
            counts,
            places,
            streams: vec![BTreeMap::new(); streams.len()],
            max_slots: limits.slots,
            sightings: Sightings::new(limits.sightings),
            ..Observations::default()
        }
    }

    /// A record of a group.
    pub(super) fn add(&mut self, evidence: &Evidence, group: Option<Place>) {
        let is_wanted = |detection: &u32| !matches!(self.count(*detection), Counting::Nothing);
        if !evidence.detections.iter().any(is_wanted) {
            return;
        }
        let Some(time) = super::sane(evidence.time) else {
            self.without_time += 1;
            return;
        };
        let mut streams = Vec::new();
        for detection in &evidence.detections {
            let observed = match self.count(*detection) {
                Counting::Nothing => continue,
                Counting::Constant(value) => Some((&[][..], value)),
                Counting::FromRecord => {
                    let found = evidence.observations.iter().find(|(own, _)| own == detection);
                    found.map(|(_, observation)| (observation.dimensions.as_slice(), observation.value))
                }
            };
            match observed {
                Some((dimensions, value)) => {
                    streams.extend(self.observe((*detection, dimensions), time, value));
                }
                None => self.lacks_number(*detection),
            }
        }
        if !streams.is_empty() {
            self.sightings.add(streams, time, group);
        }
    }

    fn count(&self, detection: u32) -> Counting {
        self.counts.get(detection as usize).copied().unwrap_or(Counting::Nothing)
    }

    fn lacks_number(&mut self, detection: u32) {
        if let Some(count) = self.without_number.get_mut(detection as usize) {
            *count += 1;
        }
    }

    /// Keeps an observation, and answers with its stream, if an alarm looks at that.
    fn observe(&mut self, of: (u32, &[Dimension]), time: i64, value: MetricValue) -> Option<u32> {
        let stream = *self.places.get(of.0 as usize)?.get(of.1)?;
        let minutes = self.streams.get_mut(stream as usize)?;
        let start = Resolution::Standard.slot_of(time);
        let is_full = self.slots >= self.max_slots;
        match minutes.entry(start) {
            std::collections::btree_map::Entry::Occupied(mut known) => known.get_mut().add(value, 1),
            std::collections::btree_map::Entry::Vacant(_) if is_full => self.beyond += 1,
            std::collections::btree_map::Entry::Vacant(free) => {
                self.slots += 1;
                free.insert(Summary::new()).add(value, 1);
            }
        }
        Some(stream)
    }

    /// The observations of each stream, by the start of the minute in seconds since 1970; in the order in which the streams
    /// were given.
    pub(crate) fn streams(&self) -> &[BTreeMap<i64, Summary>] {
        &self.streams
    }

    /// The groups of the records that were observed in one of `streams` from `start` and before `end` (seconds since 1970,
    /// whole minutes), the most frequent first, and how many records are known to be in no group.
    pub(crate) fn groups_between(&self, streams: &[u32], start: i64, end: i64) -> (Vec<(Place, u64)>, u64) {
        self.sightings.between(streams, start, end)
    }

    /// Records of which is forgotten to which group they belong.
    pub(crate) fn sightings_beyond(&self) -> u64 {
        self.sightings.beyond
    }

    /// Now that all records were added: what was sighted can be found.
    pub(super) fn finish(&mut self) {
        self.sightings.compact();
    }
}
