//! The case files below `cases/alarm`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

mod support;

use support::{composite, definition, evaluation, math, schedule, table};
use testkit::{Case, Expectation, run_cases};

fn run(case: &Case) -> Expectation {
    let first = case.titles().next().unwrap();
    match first {
        "table" => table::run(case),
        "rule" => composite::run(case),
        "rules" => composite::order(case),
        "definition" => definition::run(case),
        "math" => math::run(case),
        "alarm" => evaluation::run(case),
        "schedule" => schedule::run(case),
        other => panic!("{}: `{}` begins with `{other}`", case.file, case.name),
    }
}

#[test]
fn cases() {
    run_cases("cases/alarm", run);
}
