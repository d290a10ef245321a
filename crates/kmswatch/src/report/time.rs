//! Seconds since 1970 as people and programs read them, always UTC.

use jiff::Timestamp;

/// The last second that every way of writing it can express, 9999-12-30T22:00:00Z.
pub(super) const LAST: i64 = 253_402_207_200;

/// The time if it lies between 1970 and 9999, as every honest one does.
pub(crate) fn sane(time: Option<i64>) -> Option<i64> {
    time.filter(|seconds| (0..=LAST).contains(seconds))
}

/// `2025-03-10T08:00:00Z`
pub(crate) fn rfc3339(seconds: i64) -> String {
    Timestamp::from_second(seconds).map(|time| time.to_string()).unwrap_or_default()
}

/// `2025-03-10 08:00:00`
pub(crate) fn readable(seconds: i64) -> String {
    format!("{} {}", date(seconds), clock(seconds))
}

/// `2025-03-10 08:00:00 – 09:13:20 UTC`, as short as it can be said.
pub(crate) fn readable_range(first: i64, last: i64) -> String {
    if first == last {
        format!("{} UTC", readable(first))
    } else if date(first) == date(last) {
        format!("{} – {} UTC", readable(first), clock(last))
    } else {
        format!("{} – {} UTC", readable(first), readable(last))
    }
}

/// `2025-03-10`
pub(super) fn date(seconds: i64) -> String {
    rfc3339(seconds).split('T').next().unwrap_or_default().to_owned()
}

/// `08:00`
pub(super) fn hour_and_minute(seconds: i64) -> String {
    let clock = clock(seconds);
    clock.rsplit_once(':').map_or(clock.as_str(), |(start, _)| start).to_owned()
}

/// `08:00:00`
fn clock(seconds: i64) -> String {
    rfc3339(seconds).split('T').nth(1).unwrap_or_default().trim_end_matches('Z').to_owned()
}

/// The last second that an RFC 3339 date or time covers: of a date, the last of that day in UTC.
pub(crate) fn last_second(text: &str) -> Option<i64> {
    let dashes = text.as_bytes().get(4) == Some(&b'-') && text.as_bytes().get(7) == Some(&b'-');
    let whole = if text.len() == 10 { format!("{text}T23:59:59Z") } else { text.to_owned() };
    let parsed: Timestamp = whole.parse().ok().filter(|_| dashes)?;
    Some(parsed.as_second())
}
