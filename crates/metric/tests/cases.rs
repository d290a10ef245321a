//! The case files below `cases/metric`.

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

use metric::Statistic;
use testkit::{Case, Expectation, run_cases};

fn run(case: &Case) -> Expectation {
    let text = case.section("statistic");
    match Statistic::parse(text) {
        Ok(statistic) => Expectation::of("reading", format!("{statistic:?}")),
        Err(error) => Expectation::of("error", error.render(text, false)),
    }
}

#[test]
fn cases() {
    run_cases("cases/metric", run);
}
