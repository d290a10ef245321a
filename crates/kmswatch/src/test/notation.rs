//! How are times and numbers written in a case file? `2m30s`, `2m x5 every 1m`, `0 _ 3x5`.

use std::ops::Range;

use super::limits::{MAX_EVENTS, MAX_SECONDS, MAX_SLOTS};

/// What is wrong with a text, where in it, and what to write instead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mistake {
    pub(super) at: Range<usize>,
    pub(super) message: String,
    pub(super) help: &'static str,
}

/// A time: so long after the start of a case, or one of the calendar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Time {
    /// In seconds.
    After(i64),
    /// In seconds since 1970.
    At(i64),
}

impl Time {
    /// In seconds after `start`, which is in seconds since 1970.
    pub(super) fn after(self, start: i64) -> i64 {
        match self {
            Time::After(seconds) => seconds,
            Time::At(time) => time.saturating_sub(start),
        }
    }
}

/// A time that comes again: `2m x5 every 1m` are five times.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Repeated {
    pub(super) first: Time,
    pub(super) times: u64,
    /// In seconds.
    pub(super) every: i64,
}

const UNITS: [(char, i64); 4] = [('d', 86_400), ('h', 3600), ('m', 60), ('s', 1)];

const DURATION_HELP: &str = "write days, hours, minutes and seconds, such as `2m30s`, `1h` or `0m`";
const TIME_HELP: &str =
    "write how long after the start, such as `2m30s`, or a time such as `2025-03-10T08:02:30Z`";
const REPEAT_HELP: &str = "write `2m`, or `2m x5 every 1m` for five times";
const SERIES_HELP: &str =
    "write a number or `_` for each period, such as `0 _ 3`; `3x5` stands for five times 3";

/// `1h30m`
pub(super) fn duration(text: &str) -> Result<i64, Mistake> {
    let wrong = |message: String| Mistake { at: 0..text.len(), message, help: DURATION_HELP };
    let mut units = UNITS.iter();
    let (mut seconds, mut number) = (0_i64, String::new());
    for character in text.chars() {
        if character.is_ascii_digit() {
            number.push(character);
            continue;
        }
        let unit = units.find(|(name, _)| *name == character);
        let amount = number.parse::<i64>().ok().and_then(|count| count.checked_mul(unit?.1));
        let Some(amount) = amount else { return Err(wrong(format!("`{text}` isn't a duration"))) };
        seconds = seconds.saturating_add(amount);
        number.clear();
    }
    if text.is_empty() || !number.is_empty() {
        return Err(wrong(format!("`{text}` isn't a duration")));
    }
    if seconds > MAX_SECONDS {
        return Err(wrong(format!("`{text}` is longer than {} days", MAX_SECONDS / 86_400)));
    }
    Ok(seconds)
}

/// `-1h30m` and `1h30m`
pub(super) fn signed_duration(text: &str) -> Result<i64, Mistake> {
    match text.strip_prefix('-') {
        Some(rest) => duration(rest).map(|seconds| -seconds).map_err(|mistake| moved(mistake, 1)),
        None => duration(text),
    }
}

/// `2m30s`, or a time in RFC 3339.
pub(super) fn time(text: &str) -> Result<Time, Mistake> {
    match duration(text) {
        Ok(seconds) => Ok(Time::After(seconds)),
        Err(mistake) if mistake.message.contains("longer") => Err(mistake),
        Err(_) => match calendar(text) {
            Some(time) => Ok(Time::At(time)),
            None => {
                Err(Mistake { at: 0..text.len(), message: format!("`{text}` isn't a time"), help: TIME_HELP })
            }
        },
    }
}

/// A time in RFC 3339 as seconds since 1970.
pub(super) fn calendar(text: &str) -> Option<i64> {
    let has_zone = text.ends_with(['Z', 'z']) || text.get(19..).is_some_and(|zone| zone.contains(['+', '-']));
    let time = cloudtrail::call::seconds(text).filter(|_| has_zone && text.contains(['T', 't']))?;
    crate::report::sane(Some(time))
}

/// `0m, 2m x5 every 1m`
pub(super) fn times(text: &str) -> Result<Vec<Repeated>, Mistake> {
    let mut all = Vec::new();
    let mut start = 0;
    for part in text.split(',') {
        let inner = start + (part.len() - part.trim_start().len());
        let each = repeated(part.trim()).map_err(|mistake| moved(mistake, inner))?;
        all.push(each);
        start += part.len() + 1;
    }
    Ok(all)
}

fn repeated(text: &str) -> Result<Repeated, Mistake> {
    let words = words(text);
    let word = |number: usize| words.get(number).map(|(_, word)| *word);
    let one = |first: &(usize, &str)| time(first.1).map_err(|mistake| moved(mistake, first.0));
    match (words.as_slice(), word(2)) {
        ([first], _) => Ok(Repeated { first: one(first)?, times: 1, every: 0 }),
        ([first, count, _, every], Some("every")) => {
            let first = one(first)?;
            let times = repetitions(count.1).map_err(|mistake| moved(mistake, count.0))?;
            let every = duration(every.1).map_err(|mistake| moved(mistake, every.0))?;
            Ok(Repeated { first, times, every })
        }
        _ => Err(Mistake {
            at: 0..text.len(),
            message: format!("`{text}` isn't a time, or one that is repeated"),
            help: REPEAT_HELP,
        }),
    }
}

fn repetitions(text: &str) -> Result<u64, Mistake> {
    let count = text.strip_prefix('x').and_then(|digits| digits.parse::<u64>().ok());
    let wrong = |message| Mistake { at: 0..text.len(), message, help: REPEAT_HELP };
    match count {
        Some(count) if count > MAX_EVENTS => Err(wrong(format!("more than {MAX_EVENTS} log events"))),
        Some(count) if count > 0 => Ok(count),
        _ => Err(wrong(format!("`{text}` doesn't say how often"))),
    }
}

/// `0 _ 3x5`: a datapoint for each period, or that it is missing.
pub(super) fn series(text: &str) -> Result<Vec<Option<f64>>, Mistake> {
    let mut all = Vec::new();
    for (start, word) in words(text) {
        let wrong = |message| Mistake { at: start..start + word.len(), message, help: SERIES_HELP };
        let (value, count) = match word.split_once('x') {
            Some((value, count)) => (value, count.parse::<usize>().ok().filter(|count| *count > 0)),
            None => (word, Some(1)),
        };
        let number = value.parse::<f64>().ok().filter(|number| number.is_finite());
        let value = if value == "_" { Some(None) } else { number.map(Some) };
        let Some((value, count)) = value.zip(count) else {
            return Err(wrong(format!("`{word}` isn't a number")));
        };
        if all.len().saturating_add(count) > MAX_SLOTS {
            return Err(wrong(format!("more than {MAX_SLOTS} periods")));
        }
        all.extend(std::iter::repeat_n(value, count));
    }
    match all.is_empty() {
        true => Err(Mistake { at: 0..text.len(), message: "no period is written".into(), help: SERIES_HELP }),
        false => Ok(all),
    }
}

/// The words of a text, each with the byte where it begins.
fn words(text: &str) -> Vec<(usize, &str)> {
    let mut all = Vec::new();
    let mut start = 0;
    for word in text.split_whitespace() {
        let at = start + text.get(start..).and_then(|rest| rest.find(word)).unwrap_or_default();
        all.push((at, word));
        start = at + word.len();
    }
    all
}

fn moved(mistake: Mistake, by: usize) -> Mistake {
    Mistake { at: mistake.at.start + by..mistake.at.end + by, ..mistake }
}

/// How long after the start, as it is written: `2m30s`.
pub(super) fn offset(seconds: i64) -> String {
    let mut rest = seconds.unsigned_abs();
    let mut text = String::from(if seconds < 0 { "-" } else { "" });
    for (unit, length) in UNITS {
        let count = rest / length.unsigned_abs();
        rest %= length.unsigned_abs();
        if count > 0 {
            text.push_str(&format!("{count}{unit}"));
        }
    }
    if seconds == 0 { "0m".into() } else { text }
}

/// A datapoint as it is written.
pub(super) fn datapoint(value: Option<f64>) -> String {
    value.map_or_else(|| "_".into(), |value| value.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn durations_name_their_units_from_long_to_short() {
        assert_eq!(duration("1d2h3m4s"), Ok(93_784));
        assert_eq!(duration("0m"), Ok(0));
        assert_eq!(duration("90m"), Ok(5400));
        for wrong in
            ["", "5", "m", "1m1h", "1m1m", "1.5m", "-1m", "1 m", "1w", "99999999999999999999s", "32d"]
        {
            assert!(duration(wrong).is_err(), "{wrong}");
        }
        assert_eq!(signed_duration("-2m"), Ok(-120));
        assert!(signed_duration("--2m").is_err());
    }

    #[test]
    fn times_are_offsets_or_of_the_calendar() {
        assert_eq!(time("2m"), Ok(Time::After(120)));
        assert_eq!(time("1970-01-01T00:02:00Z"), Ok(Time::At(120)));
        assert_eq!(time("1970-01-01T02:00:00+02:00"), Ok(Time::At(0)));
        assert_eq!(Time::At(150).after(30), 120);
        for wrong in
            ["2025-03-10", "2025-03-10T08:00:00", "2025-03-10 08:00:00Z", "2025-02-30T08:00:00Z", "soon"]
        {
            assert!(time(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_time_can_be_repeated() {
        let first = Time::After(120);
        assert_eq!(times("2m x5 every 1m"), Ok(vec![Repeated { first, times: 5, every: 60 }]));
        let once = |seconds| Repeated { first: Time::After(seconds), times: 1, every: 0 };
        assert_eq!(times("0m,1m , 2m"), Ok(vec![once(0), once(60), once(120)]));
        for (wrong, at) in [
            ("0m, 1x", 4..6),
            ("0m,", 3..3),
            ("2m  x0 every 1m", 4..6),
            ("2m x5 every soon", 12..16),
            ("2m x5", 0..5),
            ("2m x5 each 1m", 0..13),
            ("1m, 2m x999999999999 every 1m", 7..20),
        ] {
            assert_eq!(times(wrong).unwrap_err().at, at, "{wrong}");
        }
    }

    #[test]
    fn a_series_has_a_value_or_a_gap_for_each_period() {
        assert_eq!(series("0 _  3.5"), Ok(vec![Some(0.0), None, Some(3.5)]));
        assert_eq!(series("1x3 _x2"), Ok(vec![Some(1.0), Some(1.0), Some(1.0), None, None]));
        for (wrong, at) in
            [("", 0..0), ("0 x 1", 2..3), ("1x0", 0..3), ("1x", 0..2), ("NaN", 0..3), ("0 0x99999999", 2..12)]
        {
            assert_eq!(series(wrong).unwrap_err().at, at, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn what_is_shown_can_be_written(seconds in 0..MAX_SECONDS) {
            prop_assert_eq!(duration(&offset(seconds)), Ok(seconds));
        }

        #[test]
        fn no_text_is_too_hostile(text in "[0-9dhmsx_., everyT:Z+é-]{0,30}") {
            for at in [times(&text).err(), series(&text).err()].into_iter().flatten().map(|mistake| mistake.at) {
                prop_assert!(text.get(at).is_some());
            }
        }
    }
}
