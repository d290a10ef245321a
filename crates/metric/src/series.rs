//! A metric's slots over time.

use crate::{Datapoint, MetricValue, Statistic, Summary, Unit};

/// How finely a metric is kept.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub enum Resolution {
    /// 60 seconds: metric filters, and PutMetricData unless it says otherwise.
    #[default]
    Standard,
    /// 1 second: `StorageResolution` 1.
    High,
}

impl Resolution {
    /// The length of a slot.
    #[must_use]
    pub fn seconds(self) -> u32 {
        match self {
            Resolution::Standard => 60,
            Resolution::High => 1,
        }
    }

    /// The start of the slot that a time lies in. Times are seconds since 1970.
    #[must_use]
    pub fn slot_of(self, time: i64) -> i64 {
        let length = i64::from(self.seconds());
        // The slot of the first second that there is would begin before it.
        time.checked_sub(time.rem_euclid(length)).unwrap_or(i64::MIN)
    }
}

/// Whether CloudWatch has periods of so many seconds: 1, 5, 10, 20, 30 and the multiples of 60. An alarm's period is
/// at least 10.
#[must_use]
pub fn is_period(seconds: u32) -> bool {
    matches!(seconds, 1 | 5 | 10 | 20 | 30) || (seconds > 0 && seconds.is_multiple_of(60))
}

/// The observations of one metric, that is of a namespace, a name and an exact set of dimensions.
///
/// Each unit has a stream of its own, and only slots with observations take memory: 32 bytes for one whose
/// observations are equal, 24 for a series without any.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Series {
    /// In the order of units; none is empty.
    streams: Vec<Stream>,
}

#[derive(Debug, Clone, PartialEq)]
struct Stream {
    unit: Unit,
    /// In the order of time.
    slots: Vec<Slot>,
}

#[derive(Debug, Clone, PartialEq)]
struct Slot {
    start: i64,
    summary: Summary,
}

impl Series {
    /// Without observations.
    #[must_use]
    pub const fn new() -> Self {
        Series { streams: Vec::new() }
    }

    /// Whether there is no observation.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.streams.is_empty()
    }

    /// The slot in which `time` lies. The caller adds an observation to it: no slot is ever left empty.
    fn slot(&mut self, time: i64, resolution: Resolution, unit: Unit) -> &mut Summary {
        let start = resolution.slot_of(time);
        let place = self.streams.partition_point(|stream| stream.unit < unit);
        if self.streams.get(place).is_none_or(|stream| stream.unit != unit) {
            self.streams.insert(place, Stream { unit, slots: Vec::new() });
        }
        #[expect(clippy::indexing_slicing, reason = "the stream at `place` was there or has been inserted")]
        self.streams[place].slot(start)
    }

    /// Adds one observation made at `time`, in seconds since 1970.
    pub fn add(&mut self, time: i64, resolution: Resolution, unit: Unit, value: MetricValue) {
        self.slot(time, resolution, unit).add(value, 1);
    }

    /// Adds the observations of a summary to the slot that `time` lies in: those of a batch, or a slot that was stored
    /// (with its start as the time and [`Resolution::High`], which leaves it there).
    pub fn merge(&mut self, time: i64, resolution: Resolution, unit: Unit, summary: &Summary) {
        if !summary.is_empty() {
            self.slot(time, resolution, unit).merge(summary);
        }
    }

    /// What a statistic says of the period of `period` seconds that begins at `start`, in seconds since 1970; `None`
    /// where it says nothing.
    ///
    /// An observation belongs to the start of its slot. So a period shorter than a slot has a datapoint only if the
    /// slot begins in it, and that is of the whole slot: with a period of 10 seconds over a metric of standard
    /// resolution, five of six periods are missing (API reference, `PutMetricAlarm`, `Period`).
    ///
    /// Without a unit, the stream of the first unit in the order of names answers, as CloudWatch does.
    #[must_use]
    pub fn datapoint(
        &self,
        unit: Option<Unit>,
        start: i64,
        period: u32,
        statistic: &Statistic,
    ) -> Option<Datapoint> {
        let slots = self.stream(unit)?.between(start, start.saturating_add(i64::from(period)));
        Summary::datapoint_of(slots.iter().map(|slot| &slot.summary), statistic)
    }

    /// What [`Series::datapoint`] says of `periods` periods that follow each other, the first of which begins at `start`; the
    /// answers are added to `into`, the earliest first.
    pub fn datapoints(
        &self,
        unit: Option<Unit>,
        start: i64,
        (period, periods): (u32, u32),
        statistic: &Statistic,
        into: &mut Vec<Option<Datapoint>>,
    ) {
        let mut slots = self.stream(unit).map(|stream| stream.from(start)).unwrap_or_default();
        let mut end = start;
        for _ in 0..periods {
            end = end.saturating_add(i64::from(period));
            let inside = slots.iter().take_while(|slot| slot.start < end).count();
            let (own, rest) = slots.split_at_checked(inside).unwrap_or((slots, &[]));
            into.push(Summary::datapoint_of(own.iter().map(|slot| &slot.summary), statistic));
            slots = rest;
        }
    }

    /// The starts of the slots that begin at `from` or later and have observations, the earliest first. Without a unit, of
    /// the first unit in the order of names. Times are seconds since 1970.
    pub fn starts(&self, unit: Option<Unit>, from: i64) -> impl Iterator<Item = i64> {
        let slots = self.stream(unit).map(|stream| stream.from(from)).unwrap_or_default();
        slots.iter().map(|slot| slot.start)
    }

    /// How many slots have observations.
    #[must_use]
    pub fn len(&self) -> usize {
        self.streams.iter().map(|stream| stream.slots.len()).sum()
    }

    /// The units that there are observations in, in the order of their names. More than one means that a query without
    /// unit overlooks some.
    pub fn units(&self) -> impl Iterator<Item = Unit> {
        self.streams.iter().map(|stream| stream.unit)
    }

    /// Each slot that has observations: its unit, its start in seconds since 1970, and what is kept of it. In the
    /// order of units, then of time.
    pub fn slots(&self) -> impl Iterator<Item = (Unit, i64, &Summary)> {
        self.streams.iter().flat_map(Stream::entries)
    }

    /// Forgets the slots that begin before `time`, in seconds since 1970, and gives their memory back.
    pub fn forget_before(&mut self, time: i64) {
        for stream in &mut self.streams {
            let old = stream.slots.partition_point(|slot| slot.start < time);
            stream.slots.drain(..old);
            if stream.slots.capacity() > 2 * stream.slots.len() {
                stream.slots.shrink_to_fit();
            }
        }
        self.streams.retain(|stream| !stream.slots.is_empty());
        if self.streams.is_empty() {
            self.streams = Vec::new();
        }
    }

    fn stream(&self, unit: Option<Unit>) -> Option<&Stream> {
        match unit {
            Some(unit) => self.streams.iter().find(|stream| stream.unit == unit),
            None => self.streams.first(),
        }
    }
}

impl Stream {
    fn slot(&mut self, start: i64) -> &mut Summary {
        let place = self.place(start);
        if self.slots.get(place).is_none_or(|slot| slot.start != start) {
            self.slots.insert(place, Slot { start, summary: Summary::new() });
        }
        #[expect(clippy::indexing_slicing, reason = "the slot at `place` was there or has been inserted")]
        &mut self.slots[place].summary
    }

    fn entries(&self) -> impl Iterator<Item = (Unit, i64, &Summary)> {
        self.slots.iter().map(|slot| (self.unit, slot.start, &slot.summary))
    }

    /// How many slots begin before `start`. Most questions are about the newest slots, so these are looked at first: the last
    /// one, two, four, and so on.
    fn place(&self, start: i64) -> usize {
        let count = self.slots.len();
        let mut newest = 1;
        while newest < count && self.slots.get(count - newest).is_some_and(|slot| slot.start >= start) {
            newest *= 2;
        }
        let first = count.saturating_sub(newest);
        let slots = self.slots.get(first..count - newest / 2).unwrap_or_default();
        first + slots.partition_point(|slot| slot.start < start)
    }

    /// The slots that begin at `start` or later.
    fn from(&self, start: i64) -> &[Slot] {
        self.slots.get(self.place(start)..).unwrap_or_default()
    }

    /// The slots that begin from `start` and before `end`.
    fn between(&self, start: i64, end: i64) -> &[Slot] {
        self.slots.get(self.place(start)..self.place(end)).unwrap_or_default()
    }
}
