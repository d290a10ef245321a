//! One evaluation, with its reason.

use alarm::{Datapoint, Evaluated, Slot, StateReasonData, evaluate};
use testkit::{Case, Expectation};

use super::settings::{Settings, time};

/// Of cases that don't say when.
const END: &str = "2026-09-14T11:20:00";

pub(crate) fn run(case: &Case) -> Expectation {
    let settings = Settings::of(case.section("alarm"));
    let condition = settings.condition();
    let slots: Vec<Slot> = case.section("datapoints").split_whitespace().map(slot).collect();
    let end = time(settings.text("EndTime").unwrap_or(END));
    let evaluation = evaluate(&condition, &slots, end, settings.state("PreviousState"));
    let evaluated: Vec<String> = evaluation.evaluated.iter().map(shown).collect();
    let expected = Expectation::of("state", evaluation.state.as_str())
        .and("reason", evaluation.reason.to_string())
        .and("evaluated", evaluated.join("\n"));
    if case.get("data").is_none() {
        return expected;
    }
    let owned = |key: &str| settings.text(key).map(str::to_owned);
    let query_date = end * 1000 + 775;
    let data = StateReasonData::of(&condition, &evaluation, query_date, owned("Statistic"), owned("Unit"));
    expected.and("data", data.to_string())
}

/// `-`, `2.5`, or `2.5/30` for 30 samples.
fn slot(text: &str) -> Slot {
    if text == "-" {
        return None;
    }
    let (value, samples) = text.split_once('/').unwrap_or((text, "1"));
    Some(Datapoint { value: value.parse().unwrap(), sample_count: Some(samples.parse().unwrap()) })
}

fn shown(slot: &Evaluated) -> String {
    let start = &alarm::calendar::short(slot.start)[9..];
    match (slot.datapoint, slot.treated_as) {
        (Some(datapoint), _) => format!("{start} {} {}", datapoint.value, slot.verdict.as_str()),
        (None, treated_as) => format!("{start} - missing, treated as {}", treated_as.unwrap()),
    }
}
