//! What the service knows of itself since it was started.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use monitor::{Change, DeliveryOutcome, Monitor};
use source::Candidate;

use super::clock::Clock;
use super::status::AlarmStatus;

/// Of the whole service.
#[derive(Default)]
pub(crate) struct Figures {
    sources: Mutex<BTreeMap<String, Arc<SourceFigures>>>,
    /// Why the last transaction failed; `None` if it succeeded.
    write_trouble: Mutex<Option<String>>,
    /// Why a changed template or settings file isn't applied.
    configuration_trouble: Mutex<Option<String>>,
    /// Why notifications don't leave, though their time has come.
    outbox_trouble: Mutex<Option<String>>,
    /// Why a changed certificate isn't used.
    certificate_trouble: Mutex<Option<String>>,
    /// When the engine last turned, by a clock that nobody sets.
    turned_at: Mutex<Option<Instant>>,
    /// By ARN.
    alarms: Mutex<BTreeMap<String, AlarmStatus>>,
    pub(crate) evaluations: Durations,
    pub(crate) writes: Durations,
    pub(crate) accepted: AtomicU64,
    pub(crate) deferred: AtomicU64,
    pub(crate) refused: AtomicU64,
}

/// How long something took, over and over.
#[derive(Default)]
pub(crate) struct Durations {
    pub(crate) count: AtomicU64,
    pub(crate) microseconds: AtomicU64,
    pub(crate) longest: AtomicU64,
}

/// Of one source.
#[derive(Default)]
pub(crate) struct SourceFigures {
    /// Files that are known and not read yet.
    waiting: AtomicU64,
    /// When the file that was read last was changed, in milliseconds since 1970; 0 before the first one.
    newest_file: AtomicI64,
    /// When a log file was read that wasn't known, in milliseconds since 1970; 0 before the first one.
    delivered_at: AtomicI64,
    /// The longest time between two of these moments, in milliseconds; 0 before there were two.
    longest_gap: AtomicI64,
    caught_up: AtomicBool,
    trouble: Mutex<Option<String>>,
}

impl Figures {
    pub(crate) fn source(&self, name: &str) -> Arc<SourceFigures> {
        let mut sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(sources.entry(name.to_owned()).or_default())
    }

    pub(crate) fn sources(&self) -> Vec<(String, Arc<SourceFigures>)> {
        let sources = self.sources.lock().unwrap_or_else(PoisonError::into_inner);
        sources.iter().map(|(name, figures)| (name.clone(), Arc::clone(figures))).collect()
    }

    /// The engine isn't stuck.
    pub(crate) fn turned(&self) {
        *self.turned_at.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }

    /// Nothing before the first time.
    pub(crate) fn since_last_turn(&self) -> Duration {
        let turned_at = *self.turned_at.lock().unwrap_or_else(PoisonError::into_inner);
        turned_at.map(|at| at.elapsed()).unwrap_or_default()
    }

    /// Notes what alarms there are, and in which state.
    pub(crate) fn set_alarms(&self, monitor: &Monitor) {
        let mut alarms = self.alarms.lock().unwrap_or_else(PoisonError::into_inner);
        let mut before = std::mem::take(&mut *alarms);
        for alarm in monitor.alarms() {
            let known = before.remove(alarm.arn).filter(|known| known.state == alarm.state.to_string());
            let status = known.unwrap_or_else(|| AlarmStatus {
                name: alarm.name.to_owned(),
                arn: alarm.arn.to_owned(),
                state: alarm.state.to_string(),
                since: None,
                reason: None,
            });
            alarms.insert(alarm.arn.to_owned(), status);
        }
    }

    /// Notes what became of alarms.
    pub(crate) fn changed(&self, changes: &[Change]) {
        let states = changes.iter().filter_map(|change| match change {
            Change::State(change) => Some(change),
            _ => None,
        });
        let mut alarms = self.alarms.lock().unwrap_or_else(PoisonError::into_inner);
        for change in states {
            if let Some(alarm) = alarms.get_mut(&*change.alarm) {
                alarm.state = change.to.to_string();
                alarm.since = Some(change.at);
            }
        }
    }

    /// Whether any alarm is watched: the drill's always is, once a template is applied.
    pub(crate) fn has_alarms(&self) -> bool {
        !self.alarms.lock().unwrap_or_else(PoisonError::into_inner).is_empty()
    }

    /// All alarms, by ARN.
    pub(crate) fn alarms(&self) -> Vec<AlarmStatus> {
        self.alarms.lock().unwrap_or_else(PoisonError::into_inner).values().cloned().collect()
    }

    /// What somebody should look at.
    pub(crate) fn troubles(&self, clock: &Clock) -> Vec<String> {
        let mut troubles: Vec<String> = Vec::new();
        troubles.extend(self.write_trouble().map(|why| format!("the state can't be written: {why}")));
        troubles.extend(self.outbox_trouble.lock().unwrap_or_else(PoisonError::into_inner).clone());
        troubles.extend(clock.trouble());
        let configuration = self.configuration_trouble();
        troubles.extend(
            configuration.map(|why| format!("the changed template or settings aren't applied: {why}")),
        );
        let certificate = self.certificate_trouble.lock().unwrap_or_else(PoisonError::into_inner).clone();
        troubles.extend(certificate.map(|why| format!("the changed certificate isn't used: {why}")));
        for (name, source) in self.sources() {
            troubles.extend(
                source.current_trouble().map(|why| format!("the source {name} can't be read: {why}")),
            );
        }
        troubles
    }

    pub(crate) fn evaluated(&self, took: Duration) {
        self.evaluations.add(took);
    }

    pub(crate) fn wrote(&self, took: Duration) {
        self.writes.add(took);
        *self.write_trouble.lock().unwrap_or_else(PoisonError::into_inner) = None;
    }

    pub(crate) fn write_failed(&self, why: String) {
        *self.write_trouble.lock().unwrap_or_else(PoisonError::into_inner) = Some(why);
    }

    pub(crate) fn write_trouble(&self) -> Option<String> {
        self.write_trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn set_configuration_trouble(&self, why: Option<String>) {
        *self.configuration_trouble.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }

    /// Said in the log where it is new, and here as long as it lasts.
    pub(crate) fn set_outbox_trouble(&self, why: Option<String>) {
        let mut known = self.outbox_trouble.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(why) = why.as_ref().filter(|why| known.as_ref() != Some(*why)) {
            tracing::error!("{why}");
        }
        *known = why;
    }

    pub(crate) fn set_certificate_trouble(&self, why: Option<String>) {
        *self.certificate_trouble.lock().unwrap_or_else(PoisonError::into_inner) = why;
    }

    pub(crate) fn configuration_trouble(&self) -> Option<String> {
        self.configuration_trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Matches that didn't count.
    pub(crate) fn uncounted(changes: &[Change]) -> (u64, u64) {
        let count = |is: fn(&Change) -> bool| changes.iter().filter(|change| is(change)).count() as u64;
        let repeats = count(|change| matches!(change, Change::Repeated { .. }));
        (repeats, count(|change| matches!(change, Change::OutOfReach { .. })))
    }

    pub(crate) fn attempted(&self, outcome: &DeliveryOutcome) {
        let counter = match outcome {
            DeliveryOutcome::Accepted => &self.accepted,
            DeliveryOutcome::Deferred(_) => &self.deferred,
            DeliveryOutcome::Refused(_) => &self.refused,
        };
        counter.fetch_add(1, Ordering::Relaxed);
    }
}

impl Durations {
    fn add(&self, took: Duration) {
        let microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.count.fetch_add(1, Ordering::Relaxed);
        self.microseconds.fetch_add(microseconds, Ordering::Relaxed);
        self.longest.fetch_max(microseconds, Ordering::Relaxed);
    }
}

impl SourceFigures {
    pub(crate) fn waiting(&self, files: u64) {
        self.waiting.store(files, Ordering::Relaxed);
    }

    /// A log file was read at `now` that is new, or has more in it. When it was written may be long before: copies keep their
    /// times.
    pub(crate) fn file_read(&self, file: &Candidate, now: i64) {
        let modified = file.version.modified_ns.div_euclid(1_000_000);
        self.newest_file.fetch_max(modified, Ordering::Relaxed);
        let before = self.delivered_at.fetch_max(now, Ordering::Relaxed);
        // What was there at the start came long ago, in any order.
        if before > 0 && self.is_caught_up() {
            self.longest_gap.fetch_max(now.saturating_sub(before), Ordering::Relaxed);
        }
    }

    /// Something of it was read before the service was started, in milliseconds since 1970.
    pub(crate) fn read_before(&self, time: i64) {
        self.newest_file.fetch_max(time, Ordering::Relaxed);
        self.delivered_at.fetch_max(time, Ordering::Relaxed);
    }

    pub(crate) fn caught_up(&self) {
        if !self.caught_up.swap(true, Ordering::Relaxed) {
            tracing::info!("everything that was there at the start has been read");
        }
    }

    pub(crate) fn is_caught_up(&self) -> bool {
        self.caught_up.load(Ordering::Relaxed)
    }

    pub(crate) fn trouble(&self, trouble: Option<String>) {
        *self.trouble.lock().unwrap_or_else(PoisonError::into_inner) = trouble;
    }

    pub(crate) fn current_trouble(&self) -> Option<String> {
        self.trouble.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// In milliseconds; `None` before there were two files.
    pub(crate) fn longest_gap(&self) -> Option<i64> {
        Some(self.longest_gap.load(Ordering::Relaxed)).filter(|gap| *gap > 0)
    }

    /// When it delivered something last, in milliseconds since 1970; `None` if it never did.
    pub(crate) fn delivered_at(&self) -> Option<i64> {
        Some(self.delivered_at.load(Ordering::Relaxed)).filter(|time| *time > 0)
    }

    pub(crate) fn files_waiting(&self) -> u64 {
        self.waiting.load(Ordering::Relaxed)
    }

    /// In milliseconds since 1970; `None` before the first file.
    pub(crate) fn newest_file(&self) -> Option<i64> {
        Some(self.newest_file.load(Ordering::Relaxed)).filter(|time| *time > 0)
    }
}

#[cfg(test)]
mod tests {
    use source::Version;

    use super::*;

    fn file(modified: i64) -> Candidate {
        let version = Version { length: 1, modified_ns: modified * 1_000_000, device: 1, inode: 1 };
        Candidate { path: "a".into(), version }
    }

    #[test]
    fn the_rhythm_of_a_source_is_when_it_delivers_whenever_that_was_written() {
        let figures = SourceFigures::default();
        assert_eq!((figures.delivered_at(), figures.longest_gap()), (None, None));
        figures.read_before(500);
        // A backlog in any order.
        figures.file_read(&file(90), 1_000);
        figures.file_read(&file(10), 9_000);
        assert_eq!((figures.delivered_at(), figures.longest_gap()), (Some(9_000), None));
        figures.caught_up();
        figures.file_read(&file(20), 10_000);
        figures.file_read(&file(30), 13_000);
        figures.file_read(&file(40), 14_000);
        assert_eq!((figures.delivered_at(), figures.longest_gap()), (Some(14_000), Some(3_000)));
        assert_eq!(figures.newest_file(), Some(500));
    }
}
