//! What is played to alarms: the observations of past logs, minute by minute.

use std::collections::BTreeMap;
use std::iter::Peekable;
use std::sync::Arc;

use metric::{MetricId, MetricValue, Resolution, Summary, Unit};
use monitor::{Configuration, MetricDatum};

use super::{Unmatched, streams};
use crate::report::Observations;

/// Observations of the metrics that alarms look at, and the times of the first and the last record.
#[derive(Debug)]
pub(crate) struct Past<'p> {
    streams: Vec<Observed<'p>>,
    /// The starts of the minutes with observations, in seconds since 1970, in the order of time.
    minutes: Vec<i64>,
    unmatched: Option<&'p Unmatched>,
    pub(super) span: Option<(i64, i64)>,
}

/// What one metric filter observed in one metric.
#[derive(Debug)]
struct Observed<'p> {
    metric: Arc<MetricId>,
    unit: Unit,
    /// By the start of the minute.
    minutes: &'p BTreeMap<i64, Summary>,
    /// The detection, and what it counts for each record that it doesn't match.
    default: Option<(u32, MetricValue)>,
}

impl<'p> Past<'p> {
    /// Of the observations of a report, whose detections are the filters of `configuration` in the same order.
    pub(crate) fn new(
        configuration: &Configuration,
        observations: &'p Observations,
        unmatched: Option<&'p Unmatched>,
        span: Option<(i64, i64)>,
    ) -> Self {
        let streams = streams(configuration);
        let streams = streams.iter().zip(observations.streams()).filter_map(|((stream, _), minutes)| {
            let transformation = &configuration.filters.get(stream.detection as usize)?.transformation;
            Some(Observed {
                metric: Arc::new(transformation.metric(&stream.dimensions).ok()?),
                unit: transformation.unit(),
                minutes,
                default: transformation.default_value().map(|value| (stream.detection, value)),
            })
        });
        let streams: Vec<Observed<'p>> = streams.collect();
        let observed = streams.iter().flat_map(|stream| stream.minutes.keys().copied());
        let mut minutes: Vec<i64> =
            observed.chain(unmatched.into_iter().flat_map(Unmatched::minutes)).collect();
        minutes.sort_unstable();
        minutes.dedup();
        Past { streams, minutes, unmatched, span }
    }

    /// What was observed in each minute that starts from `from` and before `to`.
    pub(super) fn between(&self, from: i64, to: i64) -> impl Iterator<Item = (i64, Vec<MetricDatum>)> {
        let mut streams: Vec<_> =
            self.streams.iter().map(|own| (own, own.minutes.range(from..).peekable())).collect();
        let minutes = self.minutes.iter().copied().filter(move |start| (from..to).contains(start));
        minutes.map(move |start| {
            let data =
                streams.iter_mut().filter_map(|(own, minutes)| own.datum(start, minutes, self.unmatched));
            (start, data.collect())
        })
    }
}

impl Observed<'_> {
    fn datum<'s>(
        &self,
        start: i64,
        minutes: &mut Peekable<impl Iterator<Item = (&'s i64, &'s Summary)>>,
        unmatched: Option<&Unmatched>,
    ) -> Option<MetricDatum> {
        let found = minutes.next_if(|(minute, _)| **minute == start);
        let mut observations = found.map(|(_, summary)| summary.clone()).unwrap_or_default();
        if let (Some((detection, value)), Some(unmatched)) = (self.default, unmatched) {
            observations.add(value, unmatched.count(detection, start));
        }
        let metric = Arc::clone(&self.metric);
        let (unit, resolution, time) = (self.unit, Resolution::Standard, start);
        (!observations.is_empty()).then_some(MetricDatum { metric, unit, resolution, time, observations })
    }
}
