//! The observations that alarms look at.

use std::cmp::Ordering;
use std::collections::HashMap;
use std::sync::Arc;

use crate::saved::Slot;
use metric::{MetricId, MetricValue, Resolution, Series, Summary, Unit};

/// The metrics that alarms look at.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) struct Metrics {
    places: HashMap<Arc<MetricId>, u32>,
    list: Vec<Metric>,
}

/// A metric that an alarm looks at.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Metric {
    pub(crate) series: Series,
    /// The alarms that look at it, as positions.
    pub(crate) watchers: Vec<u32>,
    /// How long the longest of their windows is, in seconds.
    reach: i64,
    /// So many slots, and old ones are looked for.
    forget_at: usize,
}

/// How long late observations may wait until their windows are evaluated, in seconds.
const WAITING: i64 = 86_400;
/// How few slots it isn't worth to look for old ones among.
const FEW_SLOTS: usize = 256;

impl Metrics {
    pub(crate) fn get(&self, place: u32) -> Option<&Metric> {
        self.list.get(place as usize)
    }

    pub(crate) fn place(&self, id: &MetricId) -> Option<u32> {
        self.places.get(id).copied()
    }

    /// An alarm looks at a metric from now on, in windows of `reach` seconds; answers with the metric's place. Alarms come in
    /// the order of their positions.
    pub(crate) fn watch(
        &mut self,
        id: &Arc<MetricId>,
        (alarm, reach): (u32, i64),
        before: &mut Metrics,
    ) -> u32 {
        let place = self.places.get(id).copied().unwrap_or_else(|| {
            let place = u32::try_from(self.list.len()).unwrap_or(u32::MAX);
            let known = before.place(id).and_then(|place| before.list.get_mut(place as usize));
            let series = known.map(|known| std::mem::take(&mut known.series)).unwrap_or_default();
            self.places.insert(Arc::clone(id), place);
            self.list.push(Metric { series, watchers: Vec::new(), reach: 0, forget_at: FEW_SLOTS });
            place
        });
        if let Some(metric) = self.list.get_mut(place as usize) {
            metric.reach = metric.reach.max(reach);
            if metric.watchers.last() != Some(&alarm) {
                metric.watchers.push(alarm);
            }
        }
        place
    }

    /// Adds observations, if somebody looks at the metric. No window that ends before
    /// `oldest` is evaluated any more.
    pub(crate) fn add(&mut self, addition: &Addition, oldest: i64) {
        let Some(metric) = addition.place.and_then(|place| self.list.get_mut(place as usize)) else { return };
        metric.series.merge(addition.start, Resolution::High, addition.unit, &addition.summary);
        if metric.series.len() >= metric.forget_at {
            metric.series.forget_before(metric.looked_at_from(oldest));
            metric.forget_at = (metric.series.len() * 5 / 4).max(FEW_SLOTS);
        }
    }
}

impl Metrics {
    /// What was observed before. Of a metric that was looked at already, only slots that it doesn't know: it knows others better.
    pub(crate) fn recall(&mut self, slots: &[Slot], oldest: i64) {
        let unknown: Vec<&Slot> = slots.iter().filter(|slot| !self.knows(slot)).collect();
        for slot in unknown {
            self.load(slot, oldest);
        }
    }

    /// Adds a slot that was stored, if somebody looks at the metric at its time.
    pub(crate) fn load(&mut self, slot: &Slot, oldest: i64) {
        let place = self.place(&slot.metric);
        let Some(metric) = place.and_then(|place| self.list.get_mut(place as usize)) else { return };
        if slot.start >= metric.looked_at_from(oldest) {
            metric.series.merge(slot.start, Resolution::High, slot.unit, &slot.summary);
        }
    }

    fn knows(&self, slot: &Slot) -> bool {
        let metric = self.place(&slot.metric).and_then(|place| self.get(place));
        let next = metric.and_then(|metric| metric.series.starts(Some(slot.unit), slot.start).next());
        next == Some(slot.start)
    }
}

impl Metric {
    /// The first second whose observations a window can hold, where none that ends before `oldest` is evaluated any more. A
    /// day before that, for windows of late observations that have to wait until they are evaluated.
    fn looked_at_from(&self, oldest: i64) -> i64 {
        oldest.saturating_sub(self.reach).saturating_sub(WAITING)
    }
}

/// Observations of one slot of one metric.
#[derive(Debug, Clone)]
pub(crate) struct Addition {
    pub(crate) metric: Arc<MetricId>,
    /// Where it is among the metrics that somebody looks at.
    pub(crate) place: Option<u32>,
    pub(crate) unit: Unit,
    /// The start of the slot.
    pub(crate) start: i64,
    pub(crate) length: u32,
    pub(crate) summary: Summary,
}

impl Addition {
    pub(crate) fn new(
        (metric, place): (&Arc<MetricId>, Option<u32>),
        unit: Unit,
        (resolution, time): (Resolution, i64),
        summary: Summary,
    ) -> Self {
        let (start, length) = (resolution.slot_of(time), resolution.seconds());
        Addition { metric: Arc::clone(metric), place, unit, start, length, summary }
    }

    /// Of a metric filter.
    pub(crate) fn of_value(
        metric: (&Arc<MetricId>, Option<u32>),
        unit: Unit,
        time: i64,
        (value, count): (MetricValue, u64),
    ) -> Self {
        let mut summary = Summary::new();
        summary.add(value, count);
        Addition::new(metric, unit, (Resolution::Standard, time), summary)
    }

    fn order(&self, other: &Self) -> Ordering {
        let key = |addition: &Self| (addition.place, addition.start, addition.unit, addition.length);
        let by_name = || if self.place.is_none() { self.metric.cmp(&other.metric) } else { Ordering::Equal };
        key(self).cmp(&key(other)).then_with(by_name)
    }
}

/// Additions by metric and slot, each slot once, whatever order they came in.
pub(crate) fn merged(mut additions: Vec<Addition>) -> Vec<Addition> {
    additions.sort_by(Addition::order);
    additions.dedup_by(|next, kept| {
        let same = next.order(kept) == Ordering::Equal;
        if same {
            kept.summary.merge(&next.summary);
        }
        same
    });
    additions
}
