//! The dead man's switch: says again and again how long each source has been silent, and whether it can be read, as metrics that
//! alarms of the service look at.
//!
//! What counts is when something of a source was read, not when it was written: copies keep their times. A source may be silent
//! as long as its settings say or, where they say nothing, four times the longest time between two deliveries so far, but at
//! least an hour: CloudTrail delivers about every five minutes while something happens, and there are accounts in which nothing
//! happens at night. Until a source has been followed for a day, that is a day.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::SyncSender;
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use metric::{Dimension, MetricId, MetricValue, Resolution, Summary, Unit};
use monitor::{Command, MetricDatum};

use super::clock::Clock;
use super::engine::Input;
use super::figures::SourceFigures;
use super::reserved;
use crate::settings::Silence;

/// What came while the service didn't run is found within this time after its start, in milliseconds: a quarter of an hour, three
/// deliveries of CloudTrail's. Until then nothing that lies before the start counts as silence.
const GRACE: i64 = 900_000;
/// How often a source is looked at.
const EVERY: Duration = Duration::from_secs(15);
/// How often the thread looks whether it is time to end.
const LOOK: Duration = Duration::from_millis(50);
/// What is known too little of may be silent so long, in milliseconds: a day.
const UNKNOWN: i64 = 86_400_000;
/// No source that isn't told otherwise is silent before so long, in milliseconds: an hour.
const AT_LEAST: i64 = 3_600_000;
/// So many times its longest silence so far.
const TIMES: i64 = 4;

/// A source that is watched.
pub(crate) struct Watched {
    pub(crate) name: String,
    pub(crate) figures: Arc<SourceFigures>,
    pub(crate) silence: Silence,
}

/// Reports until `stop` is set.
pub(crate) fn start(
    sources: Vec<Watched>,
    engine: SyncSender<Input>,
    clock: Clock,
    stop: Arc<AtomicBool>,
) -> std::io::Result<JoinHandle<()>> {
    let began = clock.now();
    thread::Builder::new().name("pulse".into()).spawn(move || {
        let mut next = Instant::now();
        while !stop.load(Ordering::Relaxed) {
            if Instant::now() < next {
                thread::sleep(LOOK);
                continue;
            }
            next = Instant::now() + EVERY;
            let now = clock.now();
            let data = sources.iter().flat_map(|source| source.data(now, began)).chain(no_drill(now));
            let data = Command::PutMetricData(data.collect());
            if engine.send(Input::Command(Box::new(data), None)).is_err() {
                return;
            }
        }
    })
}

impl Watched {
    fn data(&self, now: i64, began: i64) -> Vec<MetricDatum> {
        let unreadable = if self.figures.current_trouble().is_some() { 1.0 } else { 0.0 };
        let silence = self.silence_percent(now, began);
        let values = [(reserved::UNREADABLE, Some(unreadable)), (reserved::SILENCE, silence)];
        let datum = |(name, value): (&str, Option<f64>)| self.datum(name, value?, now);
        values.into_iter().filter_map(datum).collect()
    }

    /// How long it has been silent, in percent of how long it may be.
    fn silence_percent(&self, now: i64, began: i64) -> Option<f64> {
        let allowed = match self.silence {
            Silence::Off => return None,
            Silence::After(time) => i64::try_from(time.as_millis()).unwrap_or(i64::MAX),
            Silence::Auto => allowed_by_rhythm(self.figures.longest_gap(), now.saturating_sub(began)),
        };
        Some(percent(silent_for(self.figures.delivered_at(), began, now), allowed))
    }

    fn datum(&self, name: &str, value: f64, now: i64) -> Option<MetricDatum> {
        let source = Dimension { name: reserved::SOURCE.to_owned(), value: self.name.clone() };
        datum(name, vec![source], value, now)
    }
}

/// That there is no drill: so the alarm of one is over with the next minute, and needn't wait until its datapoint is too old
/// to stand in for missing ones.
fn no_drill(now: i64) -> Option<MetricDatum> {
    datum(reserved::DRILLS, Vec::new(), 0.0, now)
}

fn datum(name: &str, dimensions: Vec<Dimension>, value: f64, now: i64) -> Option<MetricDatum> {
    let metric = MetricId::new(reserved::NAMESPACE, name, dimensions).ok()?;
    let mut observations = Summary::new();
    observations.add(MetricValue::new(value).ok()?, 1);
    Some(MetricDatum {
        metric: Arc::new(metric),
        unit: Unit::None,
        resolution: Resolution::Standard,
        time: now.div_euclid(1000),
        observations,
    })
}

/// How long a source has been silent that delivered something last at `last`, by a service that began at `began`; all in
/// milliseconds.
fn silent_for(last: Option<i64>, began: i64, now: i64) -> i64 {
    let since = match last {
        Some(last) if now.saturating_sub(began) >= GRACE => last,
        Some(last) => last.max(began),
        None => began,
    };
    now.saturating_sub(since).max(0)
}

/// How long a source may be silent whose longest silence was `longest`, and that was followed for `followed`; all in milliseconds.
fn allowed_by_rhythm(longest: Option<i64>, followed: i64) -> i64 {
    match longest {
        Some(longest) if followed >= UNKNOWN => longest.saturating_mul(TIMES).max(AT_LEAST),
        _ => UNKNOWN,
    }
}

fn percent(part: i64, whole: i64) -> f64 {
    let hundredths = part.saturating_mul(10_000).checked_div(whole.max(1)).unwrap_or_default();
    let hundredths = i32::try_from(hundredths).unwrap_or(i32::MAX);
    f64::from(hundredths) / 100.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_lies_before_the_start_is_no_silence_at_once() {
        let (hour, began) = (3_600_000, 1_000_000_000_000);
        let long_ago = Some(began - 72 * hour);
        assert_eq!(silent_for(long_ago, began, began), 0, "after three days without the service");
        assert_eq!(silent_for(long_ago, began, began + GRACE - 1), GRACE - 1);
        assert_eq!(silent_for(long_ago, began, began + GRACE), 72 * hour + GRACE, "nothing came meanwhile");
        assert_eq!(silent_for(Some(began + 10), began, began + GRACE), GRACE - 10);
        assert_eq!(silent_for(None, began, began + hour), hour, "nothing ever came");
        assert_eq!(silent_for(Some(began + hour), began, began), 0, "a clock that stands still");
    }

    #[test]
    fn a_source_may_be_silent_for_four_times_its_longest_silence() {
        let hour = 3_600_000;
        assert_eq!(allowed_by_rhythm(None, 30 * UNKNOWN), UNKNOWN);
        assert_eq!(allowed_by_rhythm(Some(hour), UNKNOWN - 1), UNKNOWN);
        assert_eq!(allowed_by_rhythm(Some(60_000), UNKNOWN), hour);
        assert_eq!(allowed_by_rhythm(Some(5 * hour), UNKNOWN), 20 * hour);
        assert_eq!(percent(hour / 2, hour), 50.0);
        assert_eq!(percent(i64::MAX, 1), f64::from(i32::MAX) / 100.0);
    }
}
