//! `cargo xtask test`: from a fresh clone to the result of all tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitCode, Stdio};

use anyhow::{Context as _, bail};

use crate::arguments::Arguments;
use crate::workspace::{self, Metadata};

pub(crate) const HELP: &str = "\
Usage: cargo xtask test [-- <arguments of cargo test>]

Installs what the tests need and runs them all with `cargo test --workspace`:
  python3      from the system; its Debian package where it is missing
  test-env     a Python environment in the target folder, with xtask/requirements.txt

A second call finds both and starts the tests at once. The tests find the environment's
interpreter in KMSWATCH_PYTHON.

Examples:
  cargo xtask test
  cargo xtask test -- --package cloudtrail
  cargo xtask test -- a_name -- --nocapture
";

pub(crate) fn run(mut arguments: Arguments) -> anyhow::Result<ExitCode> {
    let for_cargo = arguments.take_rest();
    arguments.finish()?;
    let python = test_environment(&Metadata::of_workspace()?.target_directory.join("test-env"))?;
    let status = workspace::cargo()
        .arg("test")
        .args((!names_a_package(&for_cargo)).then_some("--workspace"))
        .args(for_cargo)
        .env("KMSWATCH_PYTHON", python)
        .status()
        .context("cargo can't be started")?;
    Ok(if status.success() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

/// `cargo test --workspace --package a` tests everything; who names a package means only that one.
fn names_a_package(words: &[String]) -> bool {
    let mut for_cargo = words.iter().take_while(|word| *word != "--");
    for_cargo.any(|word| word.starts_with("-p") || word.starts_with("--package"))
}

/// The Python interpreter of an environment in `folder` that holds exactly the required packages.
fn test_environment(folder: &Path) -> anyhow::Result<PathBuf> {
    let requirements = workspace::root().join("xtask").join("requirements.txt");
    let wanted = fs::read_to_string(&requirements).with_context(|| requirements.display().to_string())?;
    let python = folder.join("bin").join("python");
    let installed = folder.join("installed.txt");
    if runs(Command::new(&python)) && fs::read_to_string(&installed).is_ok_and(|found| found == wanted) {
        return Ok(python);
    }
    install_python()?;
    create_environment(folder)?;
    install_packages(&python, &requirements)?;
    fs::write(&installed, wanted).with_context(|| installed.display().to_string())?;
    Ok(python)
}

fn install_python() -> anyhow::Result<()> {
    if runs(Command::new("python3"))
        || (install_debian_packages(&["python3", "python3-venv"]) && runs(Command::new("python3")))
    {
        return Ok(());
    }
    bail!("the tests need python3 and it can't be installed from here: apt-get install python3 python3-venv")
}

fn create_environment(folder: &Path) -> anyhow::Result<()> {
    eprintln!("creating {}", folder.display());
    let create = || {
        let mut command = Command::new("python3");
        command.args(["-m", "venv", "--clear"]).arg(folder).stdin(Stdio::null()).stdout(Stdio::null());
        command.stderr(Stdio::null()).status().is_ok_and(|status| status.success())
    };
    if create() || (install_debian_packages(&["python3-venv"]) && create()) {
        return Ok(());
    }
    bail!("python3 can't create an environment, its module venv is missing: apt-get install python3-venv")
}

fn install_packages(python: &Path, requirements: &Path) -> anyhow::Result<()> {
    let mut pip = Command::new(python);
    pip.args([
        "-m",
        "pip",
        "install",
        "--quiet",
        "--disable-pip-version-check",
        "--no-input",
        "--requirement",
    ]);
    let status = pip.arg(requirements).stdin(Stdio::null()).status().context("pip can't be started")?;
    if status.success() {
        return Ok(());
    }
    bail!(
        "pip can't install xtask/requirements.txt: it needs a package index that it reaches, or a folder of wheels in PIP_FIND_LINKS"
    )
}

/// Does `python --version` work?
fn runs(mut python: Command) -> bool {
    let quiet = python.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    quiet.status().is_ok_and(|status| status.success())
}

/// Tries to install Debian packages, if need be after fetching their list.
fn install_debian_packages(packages: &[&str]) -> bool {
    eprintln!("installing {}", packages.join(" "));
    let install = || {
        let mut words = vec!["install", "--yes", "--no-install-recommends"];
        words.extend(packages);
        apt_get(&words)
    };
    install() || (apt_get(&["update"]) && install())
}

/// As root, or with a sudo that asks for no password.
fn apt_get(words: &[&str]) -> bool {
    let quietly = |command: &mut Command| {
        command.args(words).env("DEBIAN_FRONTEND", "noninteractive");
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    quietly(&mut Command::new("apt-get"))
        || quietly(Command::new("sudo").args(["--non-interactive", "apt-get"]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_named_package_is_tested_alone() {
        let words = |text: &str| text.split_whitespace().map(String::from).collect::<Vec<_>>();
        assert!(names_a_package(&words("-p json")));
        assert!(names_a_package(&words("--package=json a_name")));
        assert!(!names_a_package(&words("a_name -- -p")));
    }
}
