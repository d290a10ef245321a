//! Times in the shapes in which AWS writes them, all in UTC.

const WEEKDAYS: [&str; 7] = ["Thursday", "Friday", "Saturday", "Sunday", "Monday", "Tuesday", "Wednesday"];
const MONTHS: [&str; 12] = [
    "January",
    "February",
    "March",
    "April",
    "May",
    "June",
    "July",
    "August",
    "September",
    "October",
    "November",
    "December",
];

/// `14/09/26 11:18:00`, as times stand in state reasons. `time` is in seconds since 1970.
#[must_use]
pub fn short(time: i64) -> String {
    let moment = Moment::of(time);
    let Moment { year, month, day, .. } = moment;
    format!("{day:02}/{month:02}/{:02} {}", year.rem_euclid(100), moment.clock())
}

/// `Monday 14 September, 2026 11:18:48 UTC`, as times stand in sentences. `time` is in seconds since 1970.
#[must_use]
pub fn long(time: i64) -> String {
    let moment = Moment::of(time);
    let weekday = name(&WEEKDAYS, time.div_euclid(86_400).rem_euclid(7));
    let month = name(&MONTHS, i64::from(moment.month) - 1);
    format!("{weekday} {:02} {month}, {} {} UTC", moment.day, moment.year, moment.clock())
}

/// `2026-09-14T11:18:48.123+0000`, as times stand in JSON. `time` is in milliseconds since 1970.
#[must_use]
pub fn iso(time: i64) -> String {
    let moment = Moment::of(time.div_euclid(1000));
    let Moment { year, month, day, .. } = moment;
    format!("{year:04}-{month:02}-{day:02}T{}.{:03}+0000", moment.clock(), time.rem_euclid(1000))
}

fn name(names: &[&'static str], index: i64) -> &'static str {
    usize::try_from(index).ok().and_then(|index| names.get(index)).copied().unwrap_or_default()
}

struct Moment {
    year: i64,
    month: u8,
    day: u8,
    second_of_day: i64,
}

impl Moment {
    /// Counts days from the first of March of the year 0, so that leap days are at the ends of years, and years in
    /// cycles of 400.
    fn of(time: i64) -> Self {
        let day = time.div_euclid(86_400) + 719_468;
        let cycle = day.div_euclid(146_097);
        let day = day.rem_euclid(146_097);
        let year = (day - day / 1460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let march_month = (5 * day + 2) / 153;
        let month = if march_month < 10 { march_month + 3 } else { march_month - 9 };
        Self {
            year: year + cycle * 400 + i64::from(month <= 2),
            month: u8::try_from(month).unwrap_or_default(),
            day: u8::try_from(day - (153 * march_month + 2) / 5 + 1).unwrap_or_default(),
            second_of_day: time.rem_euclid(86_400),
        }
    }

    fn clock(&self) -> String {
        let second = self.second_of_day;
        format!("{:02}:{:02}:{:02}", second / 3600, second / 60 % 60, second % 60)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_as_aws_does() {
        assert_eq!(short(1_789_384_680), "14/09/26 11:18:00");
        assert_eq!(long(1_658_505_465), "Friday 22 July, 2022 15:57:45 UTC");
        assert_eq!(iso(1_789_364_578_775), "2026-09-14T05:42:58.775+0000");
        assert_eq!(short(951_782_400), "29/02/00 00:00:00");
        assert_eq!(iso(-1), "1969-12-31T23:59:59.999+0000");
    }
}
