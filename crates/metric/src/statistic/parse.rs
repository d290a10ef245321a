//! Reading the name of a statistic.

use std::ops::Range;

use crate::shown::escaped;

use super::decimal::DecimalError;
use super::{Bounds, Decimal, Statistic, StatisticError, StatisticErrorCode, Trim};

use StatisticErrorCode as Code;

/// The statistics that are a word.
const WORDS: [(&str, Statistic); 6] = [
    ("SampleCount", Statistic::SampleCount),
    ("Average", Statistic::Average),
    ("Sum", Statistic::Sum),
    ("Minimum", Statistic::Minimum),
    ("Maximum", Statistic::Maximum),
    ("IQM", Statistic::InterquartileMean),
];

const TRIMS: [Trim; 4] = [Trim::Mean, Trim::WinsorizedMean, Trim::Count, Trim::Sum];

const ALL: &str = "write `SampleCount`, `Average`, `Sum`, `Minimum`, `Maximum`, `IQM`, or one such as `p99.9`, `tm99`, \
                   `TM(2%:98%)`, `WM(:95%)`, `TC(0.5:)`, `TS(80%:)`, `PR(:300)`";

/// One side of boundaries: its number, and whether it is followed by a percent sign.
type Side = Option<(Decimal, bool)>;

pub(super) fn parse(text: &str) -> Result<Statistic, StatisticError> {
    if let Some((_, statistic)) = WORDS.iter().find(|(word, _)| *word == text) {
        return Ok(*statistic);
    }
    let letters = text.bytes().take_while(u8::is_ascii_alphabetic).count();
    match text.split_at_checked(letters) {
        Some((name, rest)) if rest.starts_with('(') => bounded(text, name),
        Some((name, rest)) if !rest.is_empty() => short(text, name),
        _ => Err(unknown(text, text)),
    }
}

/// `p99`, `tm99`.
fn short(text: &str, name: &str) -> Result<Statistic, StatisticError> {
    let trim = TRIMS.iter().find(|trim| trim.names().0 == name);
    if trim.is_none() && name != "p" {
        return Err(unknown(text, name));
    }
    let percent = number(text, name.len()..text.len())?;
    check_percentage(percent, name.len()..text.len())?;
    Ok(trim.map_or(Statistic::Percentile(percent), |trim| Statistic::Trimmed(*trim, Bounds::Lowest(percent))))
}

/// `TM(2%:98%)`, `PR(:300)`.
fn bounded(text: &str, name: &str) -> Result<Statistic, StatisticError> {
    let trim = TRIMS.iter().find(|trim| trim.names().1 == name);
    if trim.is_none() && name != "PR" {
        return Err(unknown(text, name));
    }
    let bounds = bounds(text, name)?;
    match (trim, bounds) {
        (Some(trim), bounds) => Ok(Statistic::Trimmed(*trim, bounds)),
        (None, Bounds::Values(..)) => Ok(Statistic::PercentileRank(bounds)),
        (None, _) => Err(StatisticError::new(
            Code::RankInPercent,
            inside(text, name),
            "a percentile rank has values as boundaries, not percentages",
            "write values, as in `PR(100:300)`: how many percent of the observations lie between them",
        )),
    }
}

/// What stands between the parentheses.
fn inside(text: &str, name: &str) -> Range<usize> {
    let end = if text.ends_with(')') { text.len() - 1 } else { text.len() };
    name.len() + 1..end.max(name.len() + 1)
}

fn bounds(text: &str, name: &str) -> Result<Bounds, StatisticError> {
    let span = inside(text, name);
    let help =
        format!("write a lower and an upper boundary, one of which may be left out, as in `{name}(10:90)`");
    let wrong = |what: &str| StatisticError::new(Code::Boundaries, span.clone(), what, help.as_str());
    if !text.ends_with(')') {
        return Err(wrong("the parenthesis isn't closed"));
    }
    let pair = text.get(span.clone()).unwrap_or_default();
    let colon = pair.find(':').ok_or_else(|| wrong("boundaries need a colon between them"))?;
    let lower = side(text, span.start..span.start + colon)?;
    let upper = side(text, span.start + colon + 1..span.end)?;
    let bounds = match (lower, upper) {
        (None, None) => return Err(wrong("both boundaries are missing")),
        (Some((_, true)), None | Some((_, true))) | (None, Some((_, true))) => {
            Bounds::Percentages(number_of(lower), number_of(upper))
        }
        (Some((_, false)), None | Some((_, false))) | (None, Some((_, false))) => {
            Bounds::Values(number_of(lower), number_of(upper))
        }
        _ => return Err(mixed(span)),
    };
    check_order(lower, upper, span)?;
    Ok(bounds)
}

fn number_of(side: Side) -> Option<Decimal> {
    side.map(|(number, _)| number)
}

fn side(text: &str, span: Range<usize>) -> Result<Side, StatisticError> {
    let typed = text.get(span.clone()).unwrap_or_default();
    if typed.is_empty() {
        return Ok(None);
    }
    let is_percentage = typed.ends_with('%');
    let digits = span.start..span.end - usize::from(is_percentage);
    let number = number(text, digits)?;
    if is_percentage {
        check_percentage(number, span)?;
    }
    Ok(Some((number, is_percentage)))
}

fn check_order(lower: Side, upper: Side, span: Range<usize>) -> Result<(), StatisticError> {
    match (lower, upper) {
        (Some((lower, _)), Some((upper, _))) if !lower.is_below(upper) => Err(StatisticError::new(
            Code::BoundaryOrder,
            span,
            "the lower boundary isn't below the upper one",
            "write the lower boundary first; what equals it is left out",
        )),
        _ => Ok(()),
    }
}

fn check_percentage(number: Decimal, span: Range<usize>) -> Result<(), StatisticError> {
    if number.is_percentage() {
        return Ok(());
    }
    let message = format!("{number} is more than 100 percent");
    Err(StatisticError::new(Code::AboveHundred, span, message, "write a number from 0 to 100"))
}

fn mixed(span: Range<usize>) -> StatisticError {
    StatisticError::new(
        Code::MixedBoundaries,
        span,
        "one boundary is a percentage and the other a value",
        "write `%` behind both or behind none",
    )
}

fn number(text: &str, span: Range<usize>) -> Result<Decimal, StatisticError> {
    let typed = text.get(span.clone()).unwrap_or_default();
    Decimal::parse(typed).map_err(|error| match error {
        DecimalError::NotANumber if typed.starts_with('-') => StatisticError::new(
            Code::Number,
            span,
            "a number of a statistic can't be negative",
            "write a number from 0; CloudWatch has no such statistic of a metric with negative values",
        ),
        DecimalError::NotANumber => StatisticError::new(
            Code::Number,
            span,
            if typed.is_empty() {
                "a number is missing".into()
            } else {
                format!("`{}` is no number", escaped(typed))
            },
            "write digits, and maybe a point and further digits: `99` or `99.9`",
        ),
        DecimalError::TooManyDecimals => StatisticError::new(
            Code::TooPrecise,
            span,
            "more than 10 digits follow the point",
            "write at most 10 digits behind the point",
        ),
        DecimalError::TooManyDigits => StatisticError::new(
            Code::TooPrecise,
            span,
            "a number has more than 18 digits",
            "write at most 18 digits",
        ),
    })
}

/// `name` is the beginning of `text` that isn't known.
fn unknown(text: &str, name: &str) -> StatisticError {
    match spelling(text, name) {
        Some(right) => StatisticError::new(
            Code::LetterCase,
            0..name.len(),
            format!("`{name}` is written in other letters"),
            format!("write `{right}`"),
        ),
        None => StatisticError::new(Code::Unknown, 0..text.len(), "this is no statistic", ALL),
    }
}

/// `text` with the capital letters that it should have.
fn spelling(text: &str, name: &str) -> Option<String> {
    if let Some((word, _)) = WORDS.iter().find(|(word, _)| word.eq_ignore_ascii_case(text)) {
        return Some((*word).into());
    }
    let rest = text.get(name.len()..).filter(|rest| !rest.is_empty())?;
    let respelt = match rest.starts_with('(') {
        true => name.to_ascii_uppercase(),
        false => name.to_ascii_lowercase(),
    };
    let text = format!("{respelt}{rest}");
    (respelt != name && parse(&text).is_ok()).then_some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_prints_as_it_was_typed() {
        let typed = "SampleCount Average Sum Minimum Maximum IQM p0 p0.0 p99 p99.9 p95.45 p100 p99.9999999999 tm99 wm98 \
                     tc90 ts80.5 TM(2%:98%) TM(150:1000) TM(:99%) WM(10%:) TC(0.005:0.030) TS(80%:) PR(:300) \
                     PR(100:2000) PR(0.5:)";
        for text in typed.split_whitespace() {
            assert_eq!(Statistic::parse(text).map(|statistic| statistic.to_string()), Ok(text.to_owned()));
        }
    }

    #[test]
    fn few_samples_are_few_by_the_rule() {
        let few = |text: &str, count: f64| Statistic::parse(text).unwrap().has_few_samples(count);
        for (text, enough) in
            [("p50", 20.0), ("p90", 100.0), ("p99", 1000.0), ("p99.9", 10000.0), ("p1", 1000.0)]
        {
            assert!(few(text, enough - 1.0) && !few(text, enough), "{text}");
        }
        assert!(few("p100", 1e15) && few("p0", 1e15) && !few("Sum", 0.0) && !few("tm99", 1.0));
    }
}
