//! Durations and sizes as people write them: `30s`, `14d`, `10GiB`.

use std::time::Duration;

/// Each unit of time, in milliseconds, the largest first.
const TIMES: [(&str, u64); 6] =
    [("w", 604_800_000), ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1)];

/// Each unit of size, in bytes, the largest first; of two that are equally large, the one that is written.
const SIZES: [(&str, u64); 9] = [
    ("TiB", 1 << 40),
    ("TB", 1_000_000_000_000),
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("kB", 1000),
    ("B", 1),
];

/// Reads a number with a unit of time.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    measured(text, &TIMES).map(Duration::from_millis)
}

/// Reads a number with a unit of size, in bytes.
pub(super) fn size(text: &str) -> Option<u64> {
    measured(text, &SIZES)
}

/// A duration as [`duration`] reads it.
pub(super) fn shown_duration(duration: Duration) -> String {
    shown(u64::try_from(duration.as_millis()).unwrap_or(u64::MAX), &TIMES)
}

/// A size as [`size`] reads it.
#[cfg(test)]
pub(super) fn shown_size(size: u64) -> String {
    shown(size, &SIZES)
}

fn measured(text: &str, units: &[(&str, u64)]) -> Option<u64> {
    let end = text.find(|found: char| !found.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(end)?;
    let (_, size) = units.iter().find(|(name, _)| *name == unit.trim_start())?;
    number.parse::<u64>().ok()?.checked_mul(*size)
}

/// In the largest unit that makes it a whole number.
fn shown(number: u64, units: &[(&str, u64)]) -> String {
    let fits = |size: u64| number >= size && number.is_multiple_of(size);
    // Weeks are read but not written: nobody counts a year's retention in them.
    let unit = units.iter().filter(|(name, _)| *name != "w").find(|(_, size)| fits(*size)).or(units.last());
    unit.map(|(name, size)| format!("{}{name}", number / size)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_have_units() {
        for (text, milliseconds) in
            [("250ms", 250), ("30s", 30_000), ("15m", 900_000), ("36h", 129_600_000), ("14 d", 1_209_600_000)]
        {
            let read = duration(text).unwrap();
            assert_eq!(read.as_millis(), milliseconds);
            assert_eq!(shown_duration(read), text.replace(' ', ""));
        }
        for text in ["512B", "64kB", "1MiB", "10GiB", "2TB", "1001B"] {
            assert_eq!(shown_size(size(text).unwrap()), text);
        }
        assert_eq!(shown_duration(duration("2w").unwrap()), "14d");
    }

    #[test]
    fn what_has_no_unit_or_no_number_is_refused() {
        for text in ["", "30", "s", "-1s", "1.5h", "1h30m", "30 seconds", "1M", "99999999999999999d", "1e3s"]
        {
            assert_eq!(duration(text), None, "{text}");
        }
        for text in ["10", "10G", "10gib", "10 GIB", "99999999999TiB"] {
            assert_eq!(size(text), None, "{text}");
        }
    }
}
