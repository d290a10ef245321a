//! What time is it? The only place of the service that asks the system.
//!
//! Time never goes back: while the system's clock does, it stands still. Where the clock leaps ahead by more than
//! [`LEAP`], although the machine wasn't asleep, it isn't believed until it has said so for [`CONFIRMED_AFTER`]: a wrong
//! time that is corrected soon after must not age everything that is known.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A clock that goes further ahead than this at once leaps, in milliseconds: an hour.
const LEAP: i64 = 3_600_000;
/// How long a clock that leapt must go on to be believed.
const CONFIRMED_AFTER: Duration = Duration::from_secs(60);
/// How far back it must have gone to be worth a word, in milliseconds.
const WORTH_A_WORD: i64 = 60_000;

/// The clock; all copies are one.
#[derive(Clone)]
pub(crate) struct Clock {
    state: Arc<Mutex<State>>,
    system: fn() -> i64,
    awake: fn() -> Duration,
}

struct State {
    /// What was said last, in milliseconds since 1970.
    said: i64,
    /// How long the machine had been running then, sleep included.
    at: Duration,
    leapt_since: Option<Duration>,
    trouble: Option<String>,
}

impl Clock {
    /// One that isn't earlier than `at_least`, in milliseconds since 1970.
    pub(crate) fn new(at_least: i64) -> Self {
        Self::of(at_least, system, awake)
    }

    fn of(at_least: i64, system: fn() -> i64, awake: fn() -> Duration) -> Self {
        let said = system().max(at_least);
        let state = State { said, at: awake(), leapt_since: None, trouble: None };
        Clock { state: Arc::new(Mutex::new(state)), system, awake }
    }

    /// In milliseconds since 1970.
    pub(crate) fn now(&self) -> i64 {
        let mut state = self.state.lock().unwrap_or_else(PoisonError::into_inner);
        state.advance((self.system)(), (self.awake)());
        state.said
    }

    /// What is wrong with the system's clock.
    pub(crate) fn trouble(&self) -> Option<String> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner).trouble.clone()
    }
}

impl State {
    fn advance(&mut self, system: i64, awake: Duration) {
        let passed = i64::try_from(awake.saturating_sub(self.at).as_millis()).unwrap_or(i64::MAX);
        let expected = self.said.saturating_add(passed);
        let leaps = system > expected.saturating_add(LEAP);
        if leaps && self.leapt_since.is_none_or(|since| awake.saturating_sub(since) < CONFIRMED_AFTER) {
            self.leapt_since.get_or_insert(awake);
            let leap = system.saturating_sub(expected) / 1000;
            self.note(Some(format!("the clock leapt ahead by {leap} s; it isn't believed for a minute")));
            (self.said, self.at) = (expected, awake);
            return;
        }
        self.leapt_since = None;
        if system < self.said {
            let behind = self.said.saturating_sub(system);
            let trouble = format!(
                "the clock went back: time stands still until it has made up for {} s",
                behind / 1000
            );
            self.note((behind > WORTH_A_WORD).then_some(trouble));
        } else {
            self.note(None);
            self.said = system;
        }
        self.at = awake;
    }

    fn note(&mut self, trouble: Option<String>) {
        if let Some(trouble) = trouble.as_ref().filter(|_| self.trouble.is_none()) {
            tracing::error!("{trouble}");
        }
        self.trouble = trouble;
    }
}

fn system() -> i64 {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_millis()).unwrap_or(i64::MAX)
}

/// How long the machine has been running, sleep included.
fn awake() -> Duration {
    #[cfg(target_os = "linux")]
    {
        let time = rustix::time::clock_gettime(rustix::time::ClockId::Boottime);
        Duration::new(
            u64::try_from(time.tv_sec).unwrap_or_default(),
            u32::try_from(time.tv_nsec).unwrap_or_default(),
        )
    }
    #[cfg(not(target_os = "linux"))]
    {
        static START: std::sync::OnceLock<std::time::Instant> = std::sync::OnceLock::new();
        START.get_or_init(std::time::Instant::now).elapsed()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: i64 = 1_780_000_000_000;
    const HOUR: i64 = 3_600_000;

    /// Tells a clock that said noon what the system says, and how many seconds the machine has run by then; answers with what it
    /// says each time, from noon on.
    fn said(steps: &[(i64, u64)]) -> (Vec<i64>, Option<String>) {
        let mut state = State { said: NOON, at: Duration::from_secs(100), leapt_since: None, trouble: None };
        let said = steps.iter().map(|(system, awake)| {
            state.advance(NOON + system, Duration::from_secs(100 + awake));
            state.said - NOON
        });
        (said.collect(), state.trouble)
    }

    #[test]
    fn time_is_what_the_system_says() {
        assert_eq!(said(&[(0, 0), (999, 1), (2_000, 2), (2_000, 2)]), (vec![0, 999, 2_000, 2_000], None));
        let a_little_ahead = HOUR + 1_000;
        assert_eq!(said(&[(a_little_ahead, 1)]), (vec![a_little_ahead], None), "no leap yet");
    }

    #[test]
    fn a_machine_that_slept_is_believed() {
        let night = 8 * HOUR;
        assert_eq!(said(&[(night, 8 * 3_600)]), (vec![night], None));
    }

    #[test]
    fn time_stands_still_while_the_clock_is_back() {
        let (times, trouble) = said(&[(5_000, 5), (-2 * HOUR, 6), (-HOUR, 3_606), (4_000, 7_206)]);
        assert_eq!(times, [5_000, 5_000, 5_000, 5_000]);
        assert_eq!(trouble, None, "a second back is nothing to speak of");
        let (times, trouble) = said(&[(5_000, 5), (-HOUR, 6)]);
        assert_eq!(times, [5_000, 5_000]);
        assert!(trouble.unwrap().contains("time stands still until it has made up for 3605 s"));
        let (times, trouble) = said(&[(5_000, 5), (-HOUR, 6), (6_000, 3_612)]);
        assert_eq!((times, trouble), (vec![5_000, 5_000, 6_000], None), "it has caught up");
    }

    #[test]
    fn a_leap_is_believed_when_it_lasts() {
        let year = 365 * 24 * HOUR;
        let (times, trouble) = said(&[(year, 1), (year + 30_000, 31), (year + 59_000, 60)]);
        assert_eq!(times, [1_000, 31_000, 60_000], "until then time goes on by itself");
        let trouble = trouble.unwrap();
        assert!(trouble.contains("leapt ahead by 31535999 s"), "{trouble}");
        let (times, trouble) = said(&[(year, 1), (year + 60_000, 61), (year + 61_000, 62)]);
        assert_eq!((times, trouble), (vec![1_000, year + 60_000, year + 61_000], None));
    }

    #[test]
    fn a_leap_that_is_corrected_leaves_nothing_behind() {
        let year = 365 * 24 * HOUR;
        assert_eq!(
            said(&[(year, 1), (year + 49_000, 50), (51_000, 51), (52_000, 52)]),
            (vec![1_000, 50_000, 51_000, 52_000], None)
        );
        // The next one is as new as the first.
        let (times, _) = said(&[(year, 1), (51_000, 51), (year + 52_000, 52), (year + 70_000, 70)]);
        assert_eq!(times, [1_000, 51_000, 52_000, 70_000]);
    }

    #[test]
    fn a_clock_is_not_earlier_than_what_is_known() {
        let clock = Clock::of(NOON, || NOON - HOUR, Duration::default);
        assert_eq!(clock.now(), NOON);
        assert!(clock.trouble().unwrap().contains("went back"));
        let clock = Clock::of(NOON, || NOON + HOUR, Duration::default);
        assert_eq!((clock.now(), clock.trouble()), (NOON + HOUR, None));
    }
}
