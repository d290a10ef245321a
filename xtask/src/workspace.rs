//! Where things lie, and what cargo and git know about them.

use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};
use serde::Deserialize;

/// The root of this repository.
pub(crate) fn root() -> PathBuf {
    let package = Path::new(env!("CARGO_MANIFEST_DIR"));
    package.parent().unwrap_or(package).to_owned()
}

/// What `cargo metadata` says.
#[derive(Debug, Deserialize)]
pub(crate) struct Metadata {
    pub(crate) packages: Vec<Package>,
    pub(crate) target_directory: PathBuf,
}

/// A package of the workspace or one that it depends on.
#[derive(Debug, Deserialize)]
pub(crate) struct Package {
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) license: Option<String>,
    /// `None` for the workspace's own packages.
    pub(crate) source: Option<String>,
    #[serde(default)]
    pub(crate) dependencies: Vec<Dependency>,
}

/// What a package's `Cargo.toml` asks for.
#[derive(Debug, Deserialize)]
pub(crate) struct Dependency {
    pub(crate) name: String,
    /// `dev` or `build`; `None` for a normal one.
    pub(crate) kind: Option<String>,
}

impl Metadata {
    /// The workspace's own packages; needs no network and no downloaded dependency.
    pub(crate) fn of_workspace() -> anyhow::Result<Self> {
        Self::read(&["--no-deps", "--offline"])
    }

    /// All packages of `Cargo.lock`.
    pub(crate) fn of_everything() -> anyhow::Result<Self> {
        Self::read(&["--locked"])
    }

    fn read(options: &[&str]) -> anyhow::Result<Self> {
        let mut command = cargo();
        command.args(["metadata", "--format-version", "1"]).args(options);
        serde_json::from_str(&output(&mut command)?).context("cargo metadata: unexpected answer")
    }
}

/// The cargo that runs us, at the repository's root.
pub(crate) fn cargo() -> Command {
    let mut command = Command::new(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()));
    command.current_dir(root());
    command
}

/// The files that git knows, relative to the root.
pub(crate) fn tracked_files() -> anyhow::Result<Vec<String>> {
    git_ls_files(&["--cached"])
}

/// The files that git knows or would add, relative to the root, without those that are deleted.
pub(crate) fn source_files() -> anyhow::Result<Vec<String>> {
    let mut files = git_ls_files(&["--cached", "--others", "--exclude-standard"])?;
    let root = root();
    files.retain(|file| root.join(file).is_file());
    files.sort();
    files.dedup();
    Ok(files)
}

fn git_ls_files(options: &[&str]) -> anyhow::Result<Vec<String>> {
    let mut command = Command::new("git");
    command.current_dir(root()).args(["ls-files", "-z"]).args(options);
    let listing = output(&mut command)?;
    Ok(listing.split('\0').filter(|name| !name.is_empty()).map(String::from).collect())
}

/// Runs a program to its end and gives what it printed to standard output.
pub(crate) fn output(command: &mut Command) -> anyhow::Result<String> {
    let name = command.get_program().to_string_lossy().into_owned();
    let output = command.output().with_context(|| format!("{name} can't be started"))?;
    if !output.status.success() {
        bail!("{name} failed: {}", String::from_utf8_lossy(&output.stderr).trim());
    }
    String::from_utf8(output.stdout).with_context(|| format!("{name} printed something that isn't UTF-8"))
}
