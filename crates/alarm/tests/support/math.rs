//! Expressions over metrics: `id: slots` and `id = expression` lines.

use alarm::definition::{MetricDataQuery, MetricStat, Source};
use alarm::{Datapoint, PutMetricAlarm, Slot, Window};
use testkit::{Case, Expectation};

use super::definition::shown;
use super::settings::time;

pub(crate) fn run(case: &Case) -> Expectation {
    let lines: Vec<&str> = case.section("math").lines().collect();
    let last = lines.len() - 1;
    let metrics: Vec<MetricDataQuery> =
        lines.iter().enumerate().map(|(index, line)| query(line, index == last)).collect();
    let alarm = PutMetricAlarm {
        alarm_name: Some("math".into()),
        metrics,
        evaluation_periods: Some(1),
        threshold: Some(1.0),
        comparison_operator: Some("GreaterThanThreshold".into()),
        ..PutMetricAlarm::default()
    };
    match alarm.check() {
        Ok(definition) => {
            let Source::Math(math) = &definition.source else { panic!() };
            let slots: Vec<Vec<Slot>> = lines.iter().filter_map(|line| slots(line)).collect();
            let slots: Vec<&[Slot]> = slots.iter().map(Vec::as_slice).collect();
            let count = slots.iter().map(|metric| metric.len()).max().unwrap();
            let window = Window {
                end: time("2026-09-14T11:20:00"),
                period: definition.condition.period,
                slots: u32::try_from(count).unwrap(),
            };
            let values: Vec<String> = math.evaluate(&window, &slots).iter().map(value).collect();
            assert_eq!(values.len(), count);
            Expectation::of("result", values.join(" "))
        }
        Err(problems) => Expectation::of("problems", shown(&problems, &alarm)),
    }
}

fn query(line: &str, return_data: bool) -> MetricDataQuery {
    if let Some((id, expression)) = line.split_once(" = ") {
        let expression = Some(expression.to_owned());
        return MetricDataQuery {
            id: id.into(),
            expression,
            return_data: Some(return_data),
            ..Default::default()
        };
    }
    let metric = MetricStat {
        metric_name: Some("Denied".into()),
        namespace: Some("Kms".into()),
        period: Some(60),
        stat: Some("Sum".into()),
        ..MetricStat::default()
    };
    let id = line.split_once(": ").unwrap().0.into();
    MetricDataQuery { id, metric_stat: Some(metric), return_data: Some(return_data), ..Default::default() }
}

fn slots(line: &str) -> Option<Vec<Slot>> {
    let (id, slots) = line.split_once(": ")?;
    if id.contains(" = ") {
        return None;
    }
    let slot = |text: &str| {
        let value = text.parse().ok()?;
        Some(Datapoint { value, sample_count: Some(1.0) })
    };
    Some(slots.split_whitespace().map(slot).collect())
}

fn value(slot: &Slot) -> String {
    slot.map_or_else(|| "-".into(), |datapoint| datapoint.value.to_string())
}
