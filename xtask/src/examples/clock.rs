//! The day on which the examples play: 10 March 2025, UTC.

use std::fmt;

use serde::{Serialize, Serializer};

const DAY: i64 = 24 * 60 * 60;

/// Seconds since midnight of the day; may lie on the day before or after.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Time(i64);

/// `at(14, 2, 11)` is 14:02:11 on the day.
pub(super) const fn at(hour: i64, minute: i64, second: i64) -> Time {
    Time(hour * 3600 + minute * 60 + second)
}

impl Time {
    pub(super) const fn plus(self, seconds: i64) -> Self {
        Self(self.0 + seconds)
    }

    /// The first of the hour that is `hours` long and holds this time.
    pub(super) const fn aligned(self, seconds: i64) -> Self {
        Self(self.0 - self.0.rem_euclid(seconds))
    }

    /// `2025/03/10`, as the keys of log files have it.
    pub(super) fn folder(self) -> String {
        format!("2025/03/{:02}", self.day())
    }

    /// `20250310T1405`, as the names of log files have it.
    pub(super) fn stamp(self) -> String {
        let (hour, minute, _) = self.clock();
        format!("202503{:02}T{hour:02}{minute:02}", self.day())
    }

    /// `14:02:11`.
    pub(super) fn of_day(self) -> String {
        let (hour, minute, second) = self.clock();
        format!("{hour:02}:{minute:02}:{second:02}")
    }

    const fn day(self) -> i64 {
        10 + self.0.div_euclid(DAY)
    }

    const fn clock(self) -> (i64, i64, i64) {
        let seconds = self.0.rem_euclid(DAY);
        (seconds / 3600, seconds / 60 % 60, seconds % 60)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "2025-03-{:02}T{}Z", self.day(), self.of_day())
    }
}

impl Serialize for Time {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_knows_its_day() {
        assert_eq!(at(14, 2, 11).to_string(), "2025-03-10T14:02:11Z");
        assert_eq!(at(0, 0, 0).plus(-60).to_string(), "2025-03-09T23:59:00Z");
        assert_eq!(at(24, 5, 0).stamp(), "20250311T0005");
        assert_eq!(at(24, 5, 0).folder(), "2025/03/11");
        assert_eq!(at(14, 39, 59).aligned(600), at(14, 30, 0));
    }
}
