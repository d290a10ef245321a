//! `Name: value` lines with AWS's names.

use std::collections::BTreeMap;
use std::str::FromStr;

use alarm::{ComparisonOperator, Condition, StateValue, TreatMissingData};

pub(crate) struct Settings<'c>(BTreeMap<&'c str, &'c str>);

impl<'c> Settings<'c> {
    pub(crate) fn of(section: &'c str) -> Self {
        Self(section.lines().map(|line| line.split_once(": ").unwrap()).collect())
    }

    pub(crate) fn get<T: FromStr>(&self, key: &str) -> Option<T> {
        self.0.get(key).map(|text| text.parse().ok().unwrap_or_else(|| panic!("{key}: {text}")))
    }

    pub(crate) fn text(&self, key: &str) -> Option<&'c str> {
        self.0.get(key).copied()
    }

    pub(crate) fn condition(&self) -> Condition {
        let operator = self.text("ComparisonOperator").unwrap_or("GreaterThanThreshold");
        let percentile: Option<f64> = self.get("LowSamplePercentile");
        Condition {
            period: self.get("Period").unwrap_or(300),
            evaluation_periods: self.get("EvaluationPeriods").unwrap_or(1),
            datapoints_to_alarm: self.get("DatapointsToAlarm"),
            threshold: self.get("Threshold").unwrap_or(1.0),
            comparison_operator: ComparisonOperator::parse(operator).unwrap(),
            treat_missing_data: self
                .text("TreatMissingData")
                .map(|text| TreatMissingData::parse(text).unwrap()),
            fewest_samples: percentile.map(alarm::low_sample_limit),
        }
    }

    pub(crate) fn state(&self, key: &str) -> StateValue {
        self.text(key).map_or(StateValue::InsufficientData, |text| StateValue::parse(text).unwrap())
    }
}

/// `2026-09-14T11:20:00`, in seconds since 1970.
pub(crate) fn time(text: &str) -> i64 {
    let mut fields =
        text.split(|sign: char| !sign.is_ascii_digit()).map(|field| field.parse::<i64>().unwrap());
    let mut next = || fields.next().unwrap();
    let (year, month, day) = (next(), next(), next());
    let seconds = next() * 3600 + next() * 60 + next();
    let date = format!("{year:04}-{month:02}-{day:02}");
    let days = (year - 1970) * 365..(year - 1970) * 366 + 366;
    let day = days.into_iter().find(|day| alarm::calendar::iso(day * 86_400_000).starts_with(&date)).unwrap();
    day * 86_400 + seconds
}
