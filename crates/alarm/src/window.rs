//! When an alarm is evaluated, and which slots of time it looks at then.

use serde::{Deserialize, Serialize};
use std::iter;

use crate::condition::Condition;

/// When alarms are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Mode {
    /// As soon as a minute is over, without waiting for data that may still come.
    Eager,
    /// As CloudWatch does it: the newest ten seconds aren't looked at.
    CloudWatch,
}

/// How long CloudWatch waits for data, in seconds: it was seen to leave out the newest ten.
pub const CLOUDWATCH_DELAY: i64 = 10;

/// The slots that an evaluation looks at: periods that follow each other, the last of which ends at `end`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Window {
    /// The end of the newest slot, in seconds since 1970; it doesn't belong to the slot.
    pub end: i64,
    /// The length of each slot, in seconds.
    pub period: u32,
    /// How many slots there are.
    pub slots: u32,
}

impl Window {
    /// The window of an alarm that ends at `end`.
    #[must_use]
    pub fn ending(condition: &Condition, end: i64) -> Self {
        Self { end, period: condition.period, slots: condition.evaluation_range() }
    }

    /// The start of the oldest slot, in seconds since 1970.
    #[must_use]
    pub fn start(&self) -> i64 {
        self.start_of(self.slots)
    }

    /// The starts of the slots, oldest first.
    pub fn starts(&self) -> impl Iterator<Item = i64> + use<> {
        let window = *self;
        (1..=window.slots).rev().map(move |age| window.start_of(age))
    }

    /// The start of a slot; the newest has age 1.
    fn start_of(&self, age: u32) -> i64 {
        self.end.saturating_sub(i64::from(age) * i64::from(self.period))
    }
}

/// The window of the evaluation at `now` (seconds since 1970).
///
/// Windows slide: their ends lie on whole minutes, or on whole periods where those are shorter, so that a period
/// of five minutes ends at any minute. Alarms whose N periods are longer than a day see data up to the last full
/// hour only (AWS: "Alarm evaluation").
#[must_use]
pub fn window(condition: &Condition, now: i64, mode: Mode) -> Window {
    Window::ending(condition, floor(now.saturating_sub(delay(mode)), grain(condition)))
}

/// The first time after `after` (both seconds since 1970) at which the alarm is evaluated again: every minute,
/// every ten seconds for periods below a minute, every hour for what is longer than a day.
#[must_use]
pub fn next_evaluation(condition: &Condition, after: i64, mode: Mode) -> i64 {
    let step = if condition.period < 60 { 10 } else { grain(condition) };
    let delay = delay(mode);
    floor(after.saturating_sub(delay), step).saturating_add(step).saturating_add(delay)
}

/// All windows of an alarm that `time` (seconds since 1970) lies in, the earliest first: the evaluations that an
/// observation of that time can change. The first of them ends with the minute that `time` lies in.
pub fn windows_touched_by(condition: &Condition, time: i64) -> impl Iterator<Item = Window> + use<> {
    let condition = *condition;
    let grain = grain(&condition);
    let first = floor(time, grain).saturating_add(grain);
    iter::successors(Some(first), move |end| end.checked_add(grain))
        .map(move |end| Window::ending(&condition, end))
        .take_while(move |window| window.start() <= time)
}

fn delay(mode: Mode) -> i64 {
    match mode {
        Mode::Eager => 0,
        Mode::CloudWatch => CLOUDWATCH_DELAY,
    }
}

/// What the ends of windows are multiples of, in seconds.
fn grain(condition: &Condition) -> i64 {
    if condition.is_hourly() { 3600 } else { i64::from(condition.period.clamp(1, 60)) }
}

fn floor(time: i64, grain: i64) -> i64 {
    time.saturating_sub(time.rem_euclid(grain))
}
