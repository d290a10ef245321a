//! Hours in which only what can't wait is told: `22:00-06:00 Europe/Berlin`.

use std::fmt;

use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;

/// From a time of day to another one, each day, where somebody sleeps.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct QuietHours {
    from: Time,
    to: Time,
    zone: TimeZone,
}

impl QuietHours {
    /// Reads `22:00-06:00 Europe/Berlin`; without a time zone, UTC.
    pub(super) fn parse(text: &str) -> Option<Self> {
        let (hours, zone) = text.trim().split_once(' ').unwrap_or((text.trim(), "UTC"));
        let (from, to) = hours.split_once('-')?;
        let (from, to) = (time_of_day(from)?, time_of_day(to)?);
        let zone = TimeZone::get(zone.trim()).ok()?;
        (from != to).then_some(QuietHours { from, to, zone })
    }

    /// Until when what can wait must wait, in milliseconds since 1970; `None` where it needn't.
    pub(crate) fn until(&self, now: i64) -> Option<i64> {
        let now = Timestamp::from_millisecond(now).ok()?.to_zoned_datetime(self.zone.clone());
        let time = now.time();
        let over_midnight = self.from > self.to;
        let is_quiet = match over_midnight {
            true => time >= self.from || time < self.to,
            false => time >= self.from && time < self.to,
        };
        let day = if over_midnight && time >= self.from { now.date().tomorrow().ok()? } else { now.date() };
        // Where the clock is put forward over the end, it is the first moment behind the gap.
        let end = day.to_datetime(self.to).to_zoned_datetime(self.zone.clone()).ok()?;
        is_quiet.then(|| end.timestamp().as_millisecond())
    }
}

impl fmt::Display for QuietHours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let zone = self.zone.iana_name().unwrap_or("UTC");
        write!(f, "{}-{} {zone}", self.from.strftime("%H:%M"), self.to.strftime("%H:%M"))
    }
}

fn time_of_day(text: &str) -> Option<Time> {
    let (hour, minute) = text.split_once(':')?;
    let is_number = |text: &str| text.len() == 2 && text.bytes().all(|found| found.is_ascii_digit());
    let number = |text: &str| text.parse::<i8>().ok().filter(|_| is_number(text));
    Time::new(number(hour)?, number(minute)?, 0, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn until(hours: &str, now: &str) -> Option<String> {
        let now: Timestamp = now.parse().unwrap();
        let until = QuietHours::parse(hours).unwrap().until(now.as_millisecond())?;
        Some(Timestamp::from_millisecond(until).unwrap().to_string())
    }

    #[test]
    fn a_night_goes_over_midnight() {
        let night = "22:00-06:00";
        assert_eq!(until(night, "2025-03-10T21:59:59Z"), None);
        assert_eq!(until(night, "2025-03-10T22:00:00Z").unwrap(), "2025-03-11T06:00:00Z");
        assert_eq!(until(night, "2025-03-11T05:59:59Z").unwrap(), "2025-03-11T06:00:00Z");
        assert_eq!(until(night, "2025-03-11T06:00:00Z"), None);
        assert_eq!(until("12:00-13:00", "2025-03-10T12:30:00Z").unwrap(), "2025-03-10T13:00:00Z");
        assert_eq!(until("12:00-13:00", "2025-03-10T13:00:00Z"), None);
    }

    #[test]
    fn a_time_zone_has_summer() {
        let night = "22:00-06:00 Europe/Berlin";
        assert_eq!(until(night, "2025-01-10T21:30:00Z").unwrap(), "2025-01-11T05:00:00Z");
        assert_eq!(until(night, "2025-07-10T21:30:00Z").unwrap(), "2025-07-11T04:00:00Z");
        // The night in which the clock is put forward, at an end that doesn't exist.
        assert_eq!(
            until("22:00-02:30 Europe/Berlin", "2025-03-29T23:00:00Z").unwrap(),
            "2025-03-30T01:30:00Z"
        );
    }

    #[test]
    fn what_is_no_time_is_refused() {
        for text in
            ["", "22:00", "22-06", "22:00-24:00", "+2:00-06:00", "22:00-22:00", "22:00-06:00 Mars/Base"]
        {
            assert_eq!(QuietHours::parse(text), None, "{text}");
        }
        let read = QuietHours::parse(" 22:00-06:00  Europe/Berlin").unwrap();
        assert_eq!(read.to_string(), "22:00-06:00 Europe/Berlin");
    }
}
