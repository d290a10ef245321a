//! Times of cases: `12:05:00` is on 14 September 2026, `13T23:00:00` a day earlier.

/// 14 September 2026, 00:00, in seconds since 1970.
const TODAY: i64 = 1_789_344_000;

pub(crate) fn parse(text: &str) -> i64 {
    let (day, time) = text.split_once('T').unwrap_or(("14", text));
    let fields: Vec<i64> = time.split(':').map(|field| field.parse().unwrap()).collect();
    let &[hours, minutes, seconds] = fields.as_slice() else { panic!("{text}") };
    TODAY + (day.parse::<i64>().unwrap() - 14) * 86_400 + hours * 3600 + minutes * 60 + seconds
}

pub(crate) fn short(time: i64) -> String {
    let text = alarm::calendar::short(time);
    let (date, time) = text.split_once(' ').unwrap();
    match date.strip_suffix("/09/26") {
        Some("14") => time.into(),
        Some(day) => format!("{day}T{time}"),
        None => text,
    }
}

/// With milliseconds, where there are any.
pub(crate) fn moment(millis: i64) -> String {
    let rest = millis.rem_euclid(1000);
    let whole = short(seconds(millis));
    if rest == 0 { whole } else { format!("{whole}.{rest:03}") }
}

pub(crate) fn millis(seconds: i64) -> i64 {
    seconds * 1000
}

pub(crate) fn seconds(millis: i64) -> i64 {
    millis.div_euclid(1000)
}
