//! Tables like those of AWS's documentation: points, and the state under each treatment of missing data.

use alarm::{Datapoint, Slot, StateValue, TreatMissingData, evaluate};
use testkit::{Case, Expectation};

use super::settings::Settings;

const TREATMENTS: [TreatMissingData; 4] = [
    TreatMissingData::Missing,
    TreatMissingData::Ignore,
    TreatMissingData::Breaching,
    TreatMissingData::NotBreaching,
];

pub(crate) fn run(case: &Case) -> Expectation {
    let lines = case.section("points").lines().map(|points| line(case, points));
    Expectation::of("states", lines.collect::<Vec<_>>().join("\n"))
}

fn line(case: &Case, points: &str) -> String {
    let states: Vec<String> = TREATMENTS.map(|treatment| state(case, points, treatment)).into();
    let [missing, ignore, breaching, not] = &states[..] else { panic!() };
    format!("  {points}  {missing:<17}  {ignore:<17}  {breaching:<5}  {not}")
}

/// `retain` where the state depends on the previous one.
fn state(case: &Case, points: &str, treatment: TreatMissingData) -> String {
    let mut condition = Settings::of(case.section("table")).condition();
    condition.treat_missing_data = Some(treatment);
    let slots: Vec<Slot> = points.chars().map(slot).collect();
    let states = StateValue::ALL.map(|previous| evaluate(&condition, &slots, 0, previous).state);
    if states == StateValue::ALL { "retain".into() } else { states[0].to_string() }
}

fn slot(point: char) -> Slot {
    let value = match point {
        '-' => return None,
        '0' => 0.0,
        'X' => 2.0,
        other => panic!("{other}"),
    };
    Some(Datapoint { value, sample_count: None })
}
