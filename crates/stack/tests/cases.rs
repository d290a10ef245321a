//! The case files below `cases/stack`.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::indexing_slicing,
    reason = "a test fails by panicking"
)]

mod outline;

use std::collections::BTreeMap;

use stack::{Declaration, Environment, Errors};
use testkit::{Case, Expectation, run_cases};

/// `Name=Value`, a line each.
fn pairs(text: &str) -> BTreeMap<String, String> {
    let pair = |line: &str| line.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned()));
    text.lines().map(|line| pair(line).unwrap_or_else(|| panic!("no `=` in `{line}`"))).collect()
}

fn environment(case: &Case) -> Environment {
    let region = case.get("region").unwrap_or("eu-west-1");
    Environment {
        parameters: pairs(case.get("parameters").unwrap_or_default()),
        imports: pairs(case.get("imports").unwrap_or_default()),
        ..Environment::new("demo", "111122223333", region)
    }
}

fn expectation(text: &str, path: &str, result: Result<Declaration, Errors>) -> Expectation {
    match result {
        Ok(declaration) => Expectation::of("declaration", outline::outline(text, &declaration)),
        Err(errors) => Expectation::of("errors", errors.render(text, path, false)),
    }
}

fn run(case: &Case) -> Expectation {
    let environment = environment(case);
    if let Some(plan) = case.get("plan") {
        return expectation(plan, "plan.json", stack::read_terraform_plan(plan, &environment));
    }
    let text = case.section("template");
    let path = if text.starts_with('{') { "template.json" } else { "template.yaml" };
    expectation(text, path, stack::read(text, &environment))
}

#[test]
fn cases() {
    run_cases("cases/stack", run);
}
