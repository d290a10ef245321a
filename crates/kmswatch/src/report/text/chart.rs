//! How many records when, as bars.

use std::io;

use super::super::hours::{HOUR, Hours};
use super::super::time::{date, hour_and_minute};
use super::page::{Page, grouped, plural};

/// How many lines the chart may have.
const MAX_ROWS: usize = 24;

/// Hours that one row may stand for.
const STEPS: [i64; 9] = [1, 2, 3, 6, 12, 24, 48, 168, 720];

/// Eighths of a column.
const EIGHTHS: [&str; 8] = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/// A row: the first second that it stands for, and its records.
type Row = (i64, u64);

/// The chart; nothing where no record has a time.
pub(super) fn write(hours: &Hours, page: &mut Page<'_>) -> io::Result<()> {
    let (step, rows) = rows(hours);
    let most = rows.iter().map(|(_, count)| *count).max().unwrap_or_default();
    if most == 0 {
        return Ok(());
    }
    page.heading(&format!("Matching records per {} (UTC)", unit(step)))?;
    let digits = grouped(most).len();
    let mut expected = None;
    for (start, count) in rows {
        if let Some(gap) = expected.map(|expected| start - expected).filter(|gap| *gap > 0) {
            page.line(&format!("    … {} without", duration(gap)))?;
        }
        write_row((start, count), most, step, digits, page)?;
        expected = Some(start + step);
    }
    Ok(())
}

fn write_row(
    (start, count): Row,
    most: u64,
    step: i64,
    digits: usize,
    page: &mut Page<'_>,
) -> io::Result<()> {
    let label =
        if step < 24 * HOUR { format!("{} {}", date(start), hour_and_minute(start)) } else { date(start) };
    let room = page.options.width.saturating_sub(label.len() + digits + 6);
    page.line(&format!("  {label}  {:>digits$}  {}", grouped(count), bar(count, most, room)))
}

/// A bar that takes all columns for `most`, and at least an eighth of one for anything.
fn bar(count: u64, most: u64, columns: usize) -> String {
    let eighths = u128::from(count) * columns as u128 * 8 / u128::from(most.max(1));
    let eighths = usize::try_from(eighths).unwrap_or_default().max(usize::from(count > 0));
    format!("{}{}", "█".repeat(eighths / 8), EIGHTHS.get(eighths % 8).unwrap_or(&""))
}

/// The finest rows that fit, and how many seconds each stands for.
fn rows(hours: &Hours) -> (i64, Vec<Row>) {
    let longer = (1..).map(|doubling| 720 << doubling);
    let mut steps = STEPS.into_iter().chain(longer).take(30).map(|hours| hours * HOUR);
    let fitting = steps.find(|step| lines(&rows_of(hours, *step), *step) <= MAX_ROWS);
    let step = fitting.unwrap_or(HOUR);
    (step, rows_of(hours, step))
}

fn rows_of(hours: &Hours, step: i64) -> Vec<Row> {
    let mut rows: Vec<Row> = Vec::new();
    for (hour, count) in hours.iter() {
        let start = hour - hour.rem_euclid(step);
        match rows.last_mut() {
            Some((last, sum)) if *last == start => *sum += count,
            _ => rows.push((start, count)),
        }
    }
    rows
}

/// The lines that rows take, those for empty stretches included.
fn lines(rows: &[Row], step: i64) -> usize {
    let gaps =
        rows.iter().zip(rows.iter().skip(1)).filter(|((one, _), (next, _))| one + step < *next).count();
    rows.len() + gaps
}

/// What a row stands for.
fn unit(step: i64) -> String {
    match step / HOUR {
        1 => "hour".to_owned(),
        24 => "day".to_owned(),
        _ => duration(step),
    }
}

fn duration(seconds: i64) -> String {
    let hours = seconds.unsigned_abs() / HOUR.unsigned_abs();
    match (hours / 24, hours % 24) {
        (0..2, _) => plural(hours, "hour"),
        (days, 0) => plural(days, "day"),
        (days, _) => format!("over {}", plural(days, "day")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bars_grow_by_eighths() {
        assert_eq!(bar(8, 8, 3), "███");
        assert_eq!(bar(1, 1_000_000, 3), "▏");
        assert_eq!(bar(9, 16, 2), "█▏");
        assert_eq!(bar(0, 8, 3), "");
    }

    #[test]
    fn long_ranges_are_compressed() {
        let mut hours = Hours::new(100_000);
        (0..100_000).for_each(|hour| hours.add(Some(hour * 7 * HOUR)));
        let (step, rows) = rows(&hours);
        assert!(lines(&rows, step) <= MAX_ROWS);
        assert_eq!(rows.iter().map(|(_, count)| count).sum::<u64>(), 100_000);
    }
}
