//! What matched records are for metrics and alarms: observations, and who is behind them.

use std::collections::{BTreeMap, HashMap};

use metric::{Dimension, MetricValue, Resolution, Summary};

use super::evidence::Evidence;
use super::group::Place;
use super::limits::Limits;

/// What matched records come to, minute by minute, in bounded memory. Whatever order they come in, the answer is the same
/// below the limits.
#[derive(Debug, Default)]
pub(crate) struct Observations {
    /// Of each detection: what it counts.
    counts: Vec<Counting>,
    places: HashMap<Stream, usize>,
    streams: Vec<(Stream, BTreeMap<i64, Summary>)>,
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

/// The detection, and the dimensions of the metric.
type Stream = (u32, Vec<Dimension>);

/// The observations of one minute.
#[derive(Debug, Clone)]
pub(crate) struct Minute {
    /// The detection.
    pub(crate) detection: u32,
    /// The dimensions of the metric.
    pub(crate) dimensions: Vec<Dimension>,
    /// The start, in seconds since 1970.
    pub(crate) start: i64,
    /// The observations.
    pub(crate) summary: Summary,
}

impl Observations {
    /// None yet, of detections that count so.
    pub(crate) fn new(counts: Vec<Counting>, limits: &Limits) -> Self {
        Observations {
            without_number: vec![0; counts.len()],
            counts,
            max_slots: limits.slots,
            sightings: Sightings { limit: limits.sightings, ..Sightings::default() },
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
        for detection in &evidence.detections {
            match self.count(*detection) {
                Counting::Nothing => continue,
                Counting::Constant(value) => self.observe((*detection, Vec::new()), time, value),
                Counting::FromRecord => {
                    let found = evidence.observations.iter().find(|(own, _)| own == detection);
                    let Some((_, observation)) = found else {
                        if let Some(count) = self.without_number.get_mut(*detection as usize) {
                            *count += 1;
                        }
                        continue;
                    };
                    self.observe((*detection, observation.dimensions.clone()), time, observation.value);
                }
            }
            self.sightings.add(Sighting { detection: *detection, minute: minute(time), group, count: 1 });
        }
    }

    fn count(&self, detection: u32) -> Counting {
        self.counts.get(detection as usize).copied().unwrap_or(Counting::Nothing)
    }

    fn observe(&mut self, stream: Stream, time: i64, value: MetricValue) {
        let mut summary = Summary::new();
        summary.add(value, 1);
        self.merge(stream, time, &summary);
    }

    /// Adds observations of one minute.
    pub(crate) fn merge(&mut self, stream: Stream, time: i64, summary: &Summary) {
        let start = Resolution::Standard.slot_of(time);
        let place = match self.places.get(&stream) {
            Some(place) => *place,
            None => {
                self.places.insert(stream.clone(), self.streams.len());
                self.streams.push((stream, BTreeMap::new()));
                self.streams.len() - 1
            }
        };
        let Some((_, minutes)) = self.streams.get_mut(place) else { return };
        if let Some(known) = minutes.get_mut(&start) {
            known.merge(summary);
        } else if self.slots < self.max_slots {
            self.slots += 1;
            minutes.insert(start, summary.clone());
        } else {
            self.beyond += summary.sample_count();
        }
    }

    /// All minutes, in the order of time, then of detections and dimensions.
    pub(crate) fn minutes(&self) -> Vec<Minute> {
        let of_stream = |((detection, dimensions), minutes): &(Stream, BTreeMap<i64, Summary>)| {
            let (detection, dimensions) = (*detection, dimensions.clone());
            let minute = move |(start, summary): (&i64, &Summary)| Minute {
                detection,
                dimensions: dimensions.clone(),
                start: *start,
                summary: summary.clone(),
            };
            minutes.iter().map(minute).collect::<Vec<_>>()
        };
        let mut all: Vec<Minute> = self.streams.iter().flat_map(of_stream).collect();
        all.sort_by(|one, other| {
            let key = |minute: &Minute| (minute.start, minute.detection);
            key(one).cmp(&key(other)).then_with(|| one.dimensions.cmp(&other.dimensions))
        });
        all
    }

    /// The groups of the records that matched one of `detections` from `start` and before `end` (seconds since 1970, whole
    /// minutes), the most frequent first, and how many records are known to be in no group or not known to which.
    pub(crate) fn groups_between(
        &self,
        detections: &[u32],
        start: i64,
        end: i64,
    ) -> (Vec<(Place, u64)>, u64) {
        self.sightings.between(detections, minute(start), minute(end.saturating_add(59)))
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

fn minute(time: i64) -> u32 {
    u32::try_from(time.div_euclid(60)).unwrap_or_default()
}

/// So many records of one group, minute and detection.
#[derive(Debug, Clone, Copy)]
struct Sighting {
    detection: u32,
    minute: u32,
    group: Option<Place>,
    count: u32,
}

impl Sighting {
    fn key(&self) -> (u32, u32, Option<Place>) {
        (self.detection, self.minute, self.group)
    }
}

/// Which groups are behind which minutes.
#[derive(Debug, Default)]
struct Sightings {
    list: Vec<Sighting>,
    limit: usize,
    /// So many, and equal ones are put together.
    compact_at: usize,
    beyond: u64,
}

impl Sightings {
    fn add(&mut self, sighting: Sighting) {
        if self.list.len() >= self.compact_at.max(1024) {
            self.compact();
            self.compact_at = 2 * self.list.len();
        }
        if self.list.len() < self.limit {
            self.list.push(sighting);
        } else {
            self.beyond += 1;
        }
    }

    fn compact(&mut self) {
        self.list.sort_unstable_by_key(Sighting::key);
        self.list.dedup_by(|next, kept| {
            let same = next.key() == kept.key();
            if same {
                kept.count = kept.count.saturating_add(next.count);
            }
            same
        });
    }

    fn between(&self, detections: &[u32], start: u32, end: u32) -> (Vec<(Place, u64)>, u64) {
        let mut groups: BTreeMap<Place, u64> = BTreeMap::new();
        let mut without = 0;
        for detection in detections {
            let first = self
                .list
                .partition_point(|sighting| (sighting.detection, sighting.minute) < (*detection, start));
            let own = self.list.get(first..).unwrap_or_default().iter();
            for sighting in
                own.take_while(|sighting| sighting.detection == *detection && sighting.minute < end)
            {
                let count = u64::from(sighting.count);
                match sighting.group {
                    Some(group) => *groups.entry(group).or_default() += count,
                    None => without += count,
                }
            }
        }
        let mut groups: Vec<(Place, u64)> = groups.into_iter().collect();
        groups.sort_by_key(|(place, count)| (std::cmp::Reverse(*count), *place));
        (groups, without)
    }
}
