//! Times and lengths of time for people, in UTC.

use alarm::calendar;

/// `2026-09-14 11:18:48`; `time` is in seconds since 1970.
pub(crate) fn moment(time: i64) -> String {
    let text = calendar::iso(time.saturating_mul(1000));
    text.get(..19).unwrap_or(&text).replace('T', " ")
}

/// `11:18:48`.
pub(crate) fn clock(time: i64) -> String {
    moment(time).get(11..).unwrap_or_default().to_owned()
}

/// `11:18`, for the axis of a chart.
pub(crate) fn minute(time: i64) -> String {
    moment(time).get(11..16).unwrap_or_default().to_owned()
}

/// `2026-09-14 11:18`, for what is drawn.
pub(crate) fn day_and_minute(time: i64) -> String {
    moment(time).get(..16).unwrap_or_default().to_owned()
}

/// `2026-09-14T11:18:48Z`, for the command line.
pub(crate) fn exact(time: i64) -> String {
    moment(time).replace(' ', "T") + "Z"
}

/// `Mon, 14 Sep 2026 11:18:48 +0000`, for the header of a mail.
pub(crate) fn header(time: i64) -> String {
    let long = calendar::long(time);
    let mut words = long.split(' ');
    let mut next = || words.next().unwrap_or_default();
    let (weekday, day, month, year, clock) = (next(), next(), next(), next(), next());
    let short = |word: &str| word.get(..3).unwrap_or_default().to_owned();
    format!("{}, {day} {} {year} {clock} +0000", short(weekday), short(month))
}

/// `2026-09-14 11:18:48 – 11:20:00 UTC`.
pub(crate) fn range(first: i64, last: i64) -> String {
    let (first, last) = (moment(first), moment(last));
    let same_day = first.get(..10) == last.get(..10);
    match last.get(11..) {
        _ if first == last => format!("{first} UTC"),
        Some(clock) if same_day => format!("{first} – {clock} UTC"),
        _ => format!("{first} – {last} UTC"),
    }
}

/// `12 minutes`: the largest unit of which there are two, or the one of which there is one.
pub(crate) fn length(seconds: i64) -> String {
    const UNITS: [(i64, &str); 4] = [(86_400, "day"), (3600, "hour"), (60, "minute"), (1, "second")];
    let seconds = seconds.max(0);
    let large = UNITS.iter().find(|(unit, _)| seconds / 2 >= *unit || seconds == *unit);
    let (unit, name) = large.copied().unwrap_or((1, "second"));
    counted(u64::try_from(seconds / unit).unwrap_or_default(), name)
}

/// `1 call`, `2 calls`.
pub(crate) fn counted(count: u64, what: &str) -> String {
    format!("{} {what}{}", grouped(count), if count == 1 { "" } else { "s" })
}

/// `once`, `twice`, `5 times`.
pub(crate) fn times(count: u64) -> String {
    match count {
        1 => "once".into(),
        2 => "twice".into(),
        more => format!("{} times", grouped(more)),
    }
}

/// `1,234,567`.
pub(crate) fn grouped(number: u64) -> String {
    let digits = number.to_string();
    let mut text = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_for_people() {
        assert_eq!(moment(1_789_384_728), "2026-09-14 11:18:48");
        assert_eq!(minute(1_789_384_728), "11:18");
        assert_eq!(exact(1_789_384_728), "2026-09-14T11:18:48Z");
        assert_eq!(header(1_789_384_728), "Mon, 14 Sep 2026 11:18:48 +0000");
        assert_eq!(range(1_789_384_728, 1_789_384_800), "2026-09-14 11:18:48 – 11:20:00 UTC");
        assert_eq!(range(1_789_384_728, 1_789_384_728), "2026-09-14 11:18:48 UTC");
        assert_eq!(range(1_789_298_328, 1_789_384_728), "2026-09-13 11:18:48 – 2026-09-14 11:18:48 UTC");
    }

    #[test]
    fn lengths_have_one_unit() {
        let lengths = [0, 1, 60, 119, 120, 3600, 7199, 7200, 86_400, 200_000].map(length);
        let expected = [
            "0 seconds",
            "1 second",
            "1 minute",
            "119 seconds",
            "2 minutes",
            "1 hour",
            "119 minutes",
            "2 hours",
            "1 day",
            "2 days",
        ];
        assert_eq!(lengths, expected);
        assert_eq!((times(1), times(2), times(1234)), ("once".into(), "twice".into(), "1,234 times".into()));
    }
}
