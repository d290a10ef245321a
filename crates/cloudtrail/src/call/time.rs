//! When was the call? The spellings of `eventTime` that occur, read without a calendar library.

/// Seconds since 1970-01-01T00:00:00 UTC of a date and time as records spell it; `None` for anything else.
///
/// CloudTrail writes `2022-11-24T18:57:43Z`. Beside it are read what data lakes and log shippers make of it: a
/// space instead of the `T`, no zone (UTC), a fraction of a second (dropped), an offset (`+02:00`, `+0200`,
/// `+02`), and spaces behind the colons, as AWS's documentation once printed it. Dates and times that don't
/// exist are refused.
#[must_use]
pub fn seconds(text: &str) -> Option<i64> {
    let mut reader = Reader { rest: text.trim().as_bytes() };
    let days = reader.date()?;
    reader.separator()?;
    let clock = reader.clock()?;
    reader.fraction()?;
    let offset = reader.zone()?;
    reader.rest.is_empty().then_some(days * 86_400 + clock - offset)
}

struct Reader<'t> {
    rest: &'t [u8],
}

impl Reader<'_> {
    /// Days since 1970-01-01.
    fn date(&mut self) -> Option<i64> {
        let year = self.digits(4)?;
        self.byte(b'-')?;
        let month = self.within(1, 12)?;
        self.byte(b'-')?;
        let day = self.within(1, days_in(year, month))?;
        Some(days_before(year, month) + day - 1)
    }

    fn separator(&mut self) -> Option<()> {
        self.byte(b'T').or_else(|| self.byte(b't')).or_else(|| self.byte(b' '))
    }

    /// Seconds since midnight.
    fn clock(&mut self) -> Option<i64> {
        let hour = self.within(0, 23)?;
        self.colon()?;
        let minute = self.within(0, 59)?;
        self.colon()?;
        let second = self.within(0, 59)?;
        Some(hour * 3600 + minute * 60 + second)
    }

    fn colon(&mut self) -> Option<()> {
        self.byte(b':')?;
        self.spaces();
        Some(())
    }

    fn fraction(&mut self) -> Option<()> {
        if self.byte(b'.').or_else(|| self.byte(b',')).is_none() {
            return Some(());
        }
        let digits = self.rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        self.rest = self.rest.get(digits..)?;
        (digits > 0).then_some(())
    }

    /// Seconds east of UTC.
    fn zone(&mut self) -> Option<i64> {
        self.spaces();
        if self.rest.is_empty() || self.byte(b'Z').or_else(|| self.byte(b'z')).is_some() {
            return Some(0);
        }
        if let Some(rest) = self.rest.strip_prefix(b"UTC") {
            self.rest = rest;
            return Some(0);
        }
        let sign = if self.byte(b'+').is_some() { 1 } else { self.byte(b'-').map(|()| -1)? };
        let hours = self.within(0, 23)?;
        let _ = self.byte(b':');
        let minutes = if self.rest.is_empty() { 0 } else { self.within(0, 59)? };
        Some(sign * (hours * 3600 + minutes * 60))
    }

    fn spaces(&mut self) {
        while self.byte(b' ').is_some() {}
    }

    fn byte(&mut self, expected: u8) -> Option<()> {
        let (first, rest) = self.rest.split_first()?;
        (*first == expected).then(|| self.rest = rest)
    }

    fn within(&mut self, low: i64, high: i64) -> Option<i64> {
        self.digits(2).filter(|number| (low..=high).contains(number))
    }

    fn digits(&mut self, count: usize) -> Option<i64> {
        let (digits, rest) = self.rest.split_at_checked(count)?;
        self.rest = rest;
        digits.iter().try_fold(0, |number, digit| {
            digit.is_ascii_digit().then(|| number * 10 + i64::from(digit - b'0'))
        })
    }
}

fn is_leap(year: i64) -> bool {
    (year % 4 == 0 && year % 100 != 0) || year % 400 == 0
}

fn days_in(year: i64, month: i64) -> i64 {
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap(year) => 29,
        2 => 28,
        _ => 31,
    }
}

/// Days from 1970-01-01 to the first of a month in the proleptic Gregorian calendar.
fn days_before(year: i64, month: i64) -> i64 {
    let past = year - 1;
    let to_year = past * 365 + past.div_euclid(4) - past.div_euclid(100) + past.div_euclid(400);
    let in_year: i64 = (1..month).map(|month| days_in(year, month)).sum();
    to_year + in_year - 719_162
}
