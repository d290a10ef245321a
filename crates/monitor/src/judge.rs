//! What one alarm's evaluations come to, from the metrics that it looks at.

use alarm::definition::Source;
use alarm::{Datapoint, Definition, Evaluation, Slot, StateValue, Window, decide, evaluate};

use metric::{Series, Unit};

use crate::metrics::{Metric, Metrics};
use crate::recent::Recent;

/// An alarm's definition and the metrics that it looks at.
#[derive(Clone, Copy)]
pub(crate) struct Judge<'j> {
    pub(crate) definition: &'j Definition,
    /// In the order of the definition's metrics.
    pub(crate) places: &'j [Option<u32>],
    pub(crate) metrics: &'j Metrics,
    /// What the ends of windows are multiples of, in seconds.
    pub(crate) grain: i64,
    /// Whether the same datapoints may come to something else at another time.
    pub(crate) follows_clock: bool,
}

/// Memory that is used again.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scratch {
    points: Vec<Option<metric::Datapoint>>,
    slots: Vec<Slot>,
}

/// A window with more slots than this changes with each evaluation, as far as it is worth looking.
const MANY_SLOTS: usize = 24;

impl Judge<'_> {
    /// What evaluations come to where nothing was ever observed. An expression may yield numbers all the same.
    pub(crate) fn without_observations(definition: &Definition) -> StateValue {
        let metrics = Metrics::default();
        let judge = Judge { definition, places: &[], metrics: &metrics, grain: 1, follows_clock: false };
        judge.state(0, StateValue::InsufficientData, &mut Scratch::default())
    }

    /// What the evaluation of the window that ends at `end` comes to.
    pub(crate) fn state(&self, end: i64, previous: StateValue, scratch: &mut Scratch) -> StateValue {
        self.fill(end, scratch);
        decide(&self.definition.condition, &scratch.slots, previous).state
    }

    /// The same, where the window before was looked at just now.
    pub(crate) fn state_after(
        &self,
        end: i64,
        previous: StateValue,
        recent: &mut Recent,
        scratch: &mut Scratch,
    ) -> StateValue {
        match self.only_series().filter(|_| recent.is_used()) {
            Some((unit, statistic, series)) => {
                let Window { period, slots, .. } = self.window(end);
                let find = |end: i64| {
                    let start = end.saturating_sub(i64::from(period));
                    to_slot(&series.datapoint(Some(unit), start, period, statistic))
                };
                let ends = (0..slots).rev().map(|age| end.saturating_sub(i64::from(age) * i64::from(period)));
                scratch.slots.clear();
                scratch.slots.extend(ends.map(|end| recent.slot(end, self.grain, || find(end))));
            }
            None => {
                recent.end();
                self.fill(end, scratch);
            }
        }
        decide(&self.definition.condition, &scratch.slots, previous).state
    }

    /// What all of its windows are made of, where that is one stream of a metric.
    fn only_series(&self) -> Option<(Unit, &metric::Statistic, &Series)> {
        let Source::Metric(wanted) = &self.definition.source else { return None };
        let series = &self.metric(0)?.series;
        let mut units = series.units();
        let unit = wanted.unit.or_else(|| units.next().filter(|_| units.next().is_none()))?;
        Some((unit, &wanted.statistic, series))
    }

    /// How many periods, one ending each time a window does, all periods of a window are among. Without bound where some
    /// end at other times.
    pub(crate) fn periods_touched(&self) -> usize {
        let condition = &self.definition.condition;
        let period = i64::from(condition.period);
        if period % self.grain != 0 {
            return usize::MAX;
        }
        let steps = period / self.grain;
        let touched = i64::from(condition.evaluation_range()).saturating_sub(1).saturating_mul(steps) + 1;
        usize::try_from(touched).unwrap_or(usize::MAX)
    }

    /// The same as [`Judge::state`], with why.
    pub(crate) fn evaluation(&self, end: i64, previous: StateValue, scratch: &mut Scratch) -> Evaluation {
        self.fill(end, scratch);
        evaluate(&self.definition.condition, &scratch.slots, end, previous)
    }

    /// Whether M of the newest N periods of a window breach, so that no further observation can undo it where these only
    /// push towards breaching.
    pub(crate) fn is_settled(&self, end: i64, scratch: &mut Scratch) -> bool {
        self.fill(end, scratch);
        let condition = &self.definition.condition;
        let newest = scratch.slots.iter().rev().take(condition.evaluation_periods as usize);
        let breaching = newest.flatten().filter(|datapoint| condition.breaches(datapoint.value)).count();
        breaching >= condition.needed() as usize
    }

    /// The slots of the window that ends at `end`.
    fn fill(&self, end: i64, scratch: &mut Scratch) {
        let window = self.window(end);
        scratch.slots.clear();
        match &self.definition.source {
            Source::Metric(_) => {
                self.slots_of(0, &window, &mut scratch.points);
                scratch.slots.extend(scratch.points.iter().map(to_slot));
            }
            Source::Math(math) => {
                let metrics: Vec<Vec<Slot>> = (0..self.places.len())
                    .map(|number| {
                        self.slots_of(number, &window, &mut scratch.points);
                        scratch.points.iter().map(to_slot).collect()
                    })
                    .collect();
                let metrics: Vec<&[Slot]> = metrics.iter().map(Vec::as_slice).collect();
                scratch.slots.extend(math.evaluate(&window, &metrics));
            }
        }
    }

    fn slots_of(&self, number: usize, window: &Window, points: &mut Vec<Option<metric::Datapoint>>) {
        points.clear();
        let wanted = self.definition.metrics().nth(number).zip(self.metric(number));
        if let Some((wanted, metric)) = wanted {
            let (start, shape) = (window.start(), (window.period, window.slots));
            let unit = wanted.unit.or_else(|| first_unit(&metric.series, window));
            metric.series.datapoints(unit, start, shape, &wanted.statistic, points);
        }
    }

    pub(crate) fn window(&self, end: i64) -> Window {
        Window::ending(&self.definition.condition, end)
    }

    fn metric(&self, number: usize) -> Option<&Metric> {
        self.places.get(number).and_then(|place| self.metrics.get((*place)?))
    }

    /// The time of the earliest observation since `from` that is known.
    pub(crate) fn oldest(&self, from: i64) -> Option<i64> {
        let series = self.series().map(|(unit, series)| series.starts(Some(unit), from).next());
        series.flatten().min()
    }

    /// The streams that it looks at.
    fn series(&self) -> impl Iterator<Item = (Unit, &Series)> {
        let metrics = self.definition.metrics().enumerate();
        let metrics =
            metrics.filter_map(|(number, wanted)| Some((wanted.unit, &self.metric(number)?.series)));
        metrics.flat_map(|(wanted, series)| {
            let units = series.units().filter(move |unit| wanted.is_none_or(|wanted| wanted == *unit));
            units.map(move |unit| (unit, series))
        })
    }

    /// The first window behind the one that ends at `end` that may come to something else: that some observation enters,
    /// leaves, or goes from one period to another in. `i64::MAX` where there is none.
    pub(crate) fn next_change(&self, end: i64) -> i64 {
        let next = end.saturating_add(self.grain);
        if self.follows_clock {
            return next;
        }
        let mut change = i64::MAX;
        for (unit, series) in self.series() {
            change =
                change.min(self.next_change_in(series.starts(Some(unit), self.window(end).start()), end));
            if change <= next {
                return next;
            }
        }
        change
    }

    fn next_change_in(&self, starts: impl Iterator<Item = i64>, end: i64) -> i64 {
        let next = end.saturating_add(self.grain);
        let period = i64::from(self.definition.condition.period).max(1);
        let mut change = i64::MAX;
        for (number, start) in starts.enumerate() {
            if start >= end {
                return change.min(self.first_window_with(start));
            }
            if number >= MANY_SLOTS {
                return next;
            }
            let age = (end - 1 - start) / period;
            change = change.min(self.first_window_with(start.saturating_add((age + 1) * period)));
            if change <= next {
                return next;
            }
        }
        change
    }

    /// The end of the first window that a time lies in.
    pub(crate) fn first_window_with(&self, time: i64) -> i64 {
        time.saturating_sub(time.rem_euclid(self.grain)).saturating_add(self.grain)
    }

    /// The end of the last window that a time lies in.
    pub(crate) fn last_window_with(&self, time: i64) -> i64 {
        let condition = &self.definition.condition;
        let length = i64::from(condition.evaluation_range()) * i64::from(condition.period);
        let end = time.saturating_add(length);
        end.saturating_sub(end.rem_euclid(self.grain))
    }
}

/// Of a metric with several units and an alarm without one: the first, by name, that the window has observations in. So
/// what a window comes to follows from the observations in it alone.
fn first_unit(series: &Series, window: &Window) -> Option<Unit> {
    let lies_in = |start: i64| start < window.end;
    let has = |unit: &Unit| series.starts(Some(*unit), window.start()).next().is_some_and(lies_in);
    series.units().nth(1)?;
    series.units().find(has)
}

fn to_slot(point: &Option<metric::Datapoint>) -> Slot {
    point.map(|point| Datapoint { value: point.value, sample_count: Some(point.sample_count) })
}
