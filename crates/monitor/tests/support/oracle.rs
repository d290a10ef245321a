//! What an alarm's evaluations come to, worked out slowly: for each window all observations are looked at again.

use alarm::definition::Source;
use alarm::{Datapoint, Definition, Slot, StateValue, decide};
use metric::{Statistic, Unit};

use super::world::{Observed, SETTLED, START};

/// How far apart the ends of windows are.
fn grain(definition: &Definition) -> i64 {
    let condition = &definition.condition;
    let all = i64::from(condition.period) * i64::from(condition.evaluation_periods);
    if all > 86_400 { 3600 } else { i64::from(condition.period).min(60) }
}

/// From before the first observation until everything has settled, as runs.
pub(crate) fn verdicts(definition: &Definition, observations: &[Observed]) -> monitor::Verdicts {
    let grain = grain(definition);
    let oldest = observations.iter().map(|observed| observed.start).min().unwrap_or(START).min(START);
    let mut state = decide(&definition.condition, &[], StateValue::InsufficientData).state;
    let mut runs: monitor::Verdicts = Vec::new();
    let mut end = oldest.div_euclid(grain) * grain;
    while end <= START + SETTLED {
        state = decide(&definition.condition, &slots(definition, observations, end), state).state;
        match runs.last_mut().filter(|run| run.2 == state) {
            Some(run) => run.1 = end,
            None => runs.push((end, end, state)),
        }
        end += grain;
    }
    runs
}

fn slots(definition: &Definition, observations: &[Observed], end: i64) -> Vec<Slot> {
    let period = i64::from(definition.condition.period);
    let range = i64::from(definition.condition.evaluation_range());
    let Source::Metric(metric) = &definition.source else { panic!() };
    let inside: Vec<&Observed> = observations
        .iter()
        .filter(|observed| observed.start >= end - range * period && observed.start < end)
        .collect();
    let unit: Option<Unit> = metric.unit.or(inside.iter().map(|observed| observed.unit).min());
    let slot = |number: i64| {
        let start = end - (range - number) * period;
        let own = inside.iter().filter(|observed| {
            Some(observed.unit) == unit && observed.start >= start && observed.start < start + period
        });
        let values: Vec<f64> = own.map(|observed| observed.value).collect();
        let count = f64::from(u32::try_from(values.len()).unwrap());
        let value = (!values.is_empty()).then(|| value(&values, &metric.statistic))?;
        Some(Datapoint { value, sample_count: Some(count) })
    };
    (0..range).map(slot).collect()
}

pub(crate) fn value(values: &[f64], statistic: &Statistic) -> f64 {
    let count = f64::from(u32::try_from(values.len()).unwrap());
    let sum: f64 = values.iter().sum();
    let mut sorted = values.to_vec();
    sorted.sort_by(f64::total_cmp);
    match statistic.to_string().as_str() {
        "Sum" => sum,
        "SampleCount" => count,
        "Average" => sum / count,
        "Minimum" => sorted[0],
        "Maximum" => sorted[sorted.len() - 1],
        // The lowest that so many percent don't exceed.
        "p50" => sorted[(values.len() * 50).div_ceil(100) - 1],
        "p99" => sorted[(values.len() * 99).div_ceil(100) - 1],
        other => panic!("{other}"),
    }
}
