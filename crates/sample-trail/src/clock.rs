//! Times in the shapes in which CloudTrail writes them, all in UTC.

use std::fmt;

use serde::{Serialize, Serializer};

const DAY: i64 = 24 * 60 * 60;

/// Midnight of the day on which the examples play, 10 March 2025, in seconds since 1970.
const EXAMPLE_DAY: i64 = 1_741_564_800;

/// The last second of the year 9999: no later time has the shape of a time.
const LAST: i64 = 253_402_300_799;

/// Seconds since 1970.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Time(i64);

/// `at(14, 2, 11)` is 14:02:11 on the day of the examples; may lie on the day before or after.
#[must_use]
pub const fn at(hour: i64, minute: i64, second: i64) -> Time {
    Time(EXAMPLE_DAY + hour * 3600 + minute * 60 + second)
}

impl Time {
    /// So many seconds since 1970; at most the end of the year 9999.
    #[must_use]
    pub fn of(seconds: i64) -> Self {
        Self(seconds.clamp(0, LAST))
    }

    /// In seconds since 1970.
    #[must_use]
    pub const fn seconds(self) -> i64 {
        self.0
    }

    /// So many seconds later.
    #[must_use]
    pub fn plus(self, seconds: i64) -> Self {
        Self::of(self.0.saturating_add(seconds))
    }

    /// The first of the span that is `seconds` long and holds this time.
    #[must_use]
    pub const fn aligned(self, seconds: i64) -> Self {
        Self(self.0 - self.0.rem_euclid(seconds))
    }

    /// `2025/03/10`, as the keys of log files have it.
    #[must_use]
    pub fn folder(self) -> String {
        let (year, month, day) = self.date();
        format!("{year:04}/{month:02}/{day:02}")
    }

    /// `20250310T1405`, as the names of log files have it.
    #[must_use]
    pub fn stamp(self) -> String {
        let (year, month, day) = self.date();
        let (hour, minute, _) = self.clock();
        format!("{year:04}{month:02}{day:02}T{hour:02}{minute:02}")
    }

    /// `14:02:11`.
    #[must_use]
    pub fn of_day(self) -> String {
        let (hour, minute, second) = self.clock();
        format!("{hour:02}:{minute:02}:{second:02}")
    }

    /// Year, month and day. Years are counted from 1 March, so that a leap day is the last day of one; 400 of them always
    /// have the same number of days.
    const fn date(self) -> (i64, i64, i64) {
        // Since 1 March of the year 0.
        let days = self.0.div_euclid(DAY) + 719_468;
        let (era, day) = (days.div_euclid(146_097), days.rem_euclid(146_097));
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (5 * day + 2) / 153;
        let day = day - (153 * month + 2) / 5 + 1;
        let (later, month) = if month < 10 { (0, month + 3) } else { (1, month - 9) };
        (era * 400 + year + later, month, day)
    }

    const fn clock(self) -> (i64, i64, i64) {
        let seconds = self.0.rem_euclid(DAY);
        (seconds / 3600, seconds / 60 % 60, seconds % 60)
    }
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (year, month, day) = self.date();
        write!(f, "{year:04}-{month:02}-{day:02}T{}Z", self.of_day())
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

    #[test]
    fn dates_are_those_of_the_calendar() {
        let date = |seconds| Time::of(seconds).to_string();
        assert_eq!(date(0), "1970-01-01T00:00:00Z");
        assert_eq!(date(951_782_399), "2000-02-28T23:59:59Z");
        assert_eq!(date(951_782_400), "2000-02-29T00:00:00Z");
        assert_eq!(date(1_709_251_199), "2024-02-29T23:59:59Z");
        assert_eq!(date(1_767_225_599), "2025-12-31T23:59:59Z");
        assert_eq!(date(4_107_542_400), "2100-03-01T00:00:00Z");
        assert_eq!(date(i64::MAX), "9999-12-31T23:59:59Z");
        assert_eq!(date(i64::MIN), date(0));
    }
}
