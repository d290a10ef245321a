//! Does AWS take the built-in template? cfn-lint, which knows CloudFormation's resources, says so without asking AWS.

#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "a test fails by panicking, and says what it leaves out"
)]

use std::ffi::OsString;
use std::fs;
use std::path::Path;
use std::process::Command;

/// As the command `cfn-lint` does it.
const LINT: &str = "import sys; from cfnlint.runner import main; sys.exit(main())";

/// The interpreter that has cfn-lint, if there is one.
fn python() -> Option<OsString> {
    let python = std::env::var_os("KMSWATCH_PYTHON");
    if python.is_none() {
        let required = std::env::var_os("KMSWATCH_REQUIRE_SHARED").is_some();
        assert!(!required, "KMSWATCH_PYTHON is not set, and KMSWATCH_REQUIRE_SHARED is");
        eprintln!("left out: KMSWATCH_PYTHON doesn't name an interpreter with cfn-lint");
    }
    python
}

/// What cfn-lint complains of, in any region, a line each: errors, warnings and what it only remarks.
fn complaints(python: &OsString, template: &Path) -> String {
    let elsewhere = tempfile::tempdir().unwrap();
    let output = Command::new(python)
        .args(["-c", LINT, "--format", "parseable", "--include-checks", "I", "--regions", "ALL_REGIONS"])
        .arg("--template")
        .arg(template)
        // It would look for settings in both.
        .current_dir(elsewhere.path())
        .env("HOME", elsewhere.path())
        .output()
        .unwrap();
    let (found, errors) = (text(&output.stdout), text(&output.stderr));
    assert_eq!(errors, "", "cfn-lint couldn't run");
    assert_eq!(output.status.success(), found.is_empty(), "{}", output.status);
    found
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

#[test]
fn cfn_lint_finds_nothing() {
    let Some(python) = python() else { return };
    assert_eq!(complaints(&python, &testkit::repository().join("examples/kmswatch.yaml")), "");
}

#[test]
fn cfn_lint_would_find_something() {
    let Some(python) = python() else { return };
    let template = fs::read_to_string(testkit::repository().join("examples/kmswatch.yaml")).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("spoilt.yaml");
    fs::write(&path, template.replacen("Statistic: Sum", "Statistic: Sums", 1)).unwrap();
    let found = complaints(&python, &path);
    assert!(found.contains(":E3030:") && found.contains("'Sums' is not one of"), "{found}");
}
