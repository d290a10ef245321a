//! The log files to measure with.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::process::Command;

use anyhow::{Context as _, bail};

use crate::workspace;

/// How much of the corpus the slow peers get, in compressed bytes.
const SAMPLE: u64 = 12_000_000;

/// A folder of log files, already read once, so that they lie in the page cache.
#[derive(Debug)]
pub(super) struct Corpus {
    pub(super) folder: PathBuf,
    pub(super) files: usize,
    pub(super) compressed: u64,
}

/// Builds the corpus of a size and seed below `parent`, unless it is there.
pub(super) fn generated(parent: &Path, gigabytes: f64, seed: u64) -> anyhow::Result<PathBuf> {
    let folder = parent.join(format!("corpus-{gigabytes}-gb-seed-{seed}"));
    // Written last.
    if !folder.join("truth.json").exists() {
        let program = workspace::root().join("../shared/data/build_corpus.py");
        if !program.exists() {
            bail!(
                "../shared/data/build_corpus.py isn't beside this repository: give a folder of log files with --corpus"
            );
        }
        eprintln!("building {}", folder.display());
        let (gigabytes, seed) = (gigabytes.to_string(), seed.to_string());
        let mut python = Command::new("python3");
        python.arg(program).args(["--gb", &gigabytes, "--seed", &seed, "--out"]).arg(&folder);
        workspace::output(&mut python)?;
    }
    Ok(folder.join("AWSLogs"))
}

impl Corpus {
    /// Reads all files once.
    pub(super) fn open(folder: &Path) -> anyhow::Result<Self> {
        let mut paths = Vec::new();
        walk(folder, &mut paths).with_context(|| folder.display().to_string())?;
        if paths.is_empty() {
            bail!("{}: no .json.gz files", folder.display());
        }
        let mut compressed = 0;
        for path in &paths {
            let mut file = File::open(path).with_context(|| path.display().to_string())?;
            compressed += io::copy(&mut file, &mut io::sink()).with_context(|| path.display().to_string())?;
        }
        Ok(Self { folder: folder.to_owned(), files: paths.len(), compressed })
    }

    /// A part of this corpus for programs that would take minutes for all of it: every n-th file, as links.
    pub(super) fn sample(&self, folder: &Path) -> anyhow::Result<Self> {
        if folder.exists() {
            fs::remove_dir_all(folder)?;
        }
        fs::create_dir_all(folder)?;
        let mut paths = Vec::new();
        walk(&self.folder, &mut paths)?;
        let step = usize::try_from(self.compressed / SAMPLE).unwrap_or(1).max(1);
        for (number, path) in paths.iter().step_by(step).enumerate() {
            let link = folder.join(format!("{number:05}.json.gz"));
            fs::hard_link(path, &link).or_else(|_| fs::copy(path, &link).map(drop))?;
        }
        Self::open(folder)
    }
}

/// The `.json.gz` files below a folder, in order.
fn walk(folder: &Path, paths: &mut Vec<PathBuf>) -> io::Result<()> {
    let mut entries: Vec<PathBuf> =
        fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect::<io::Result<_>>()?;
    entries.sort();
    for path in entries {
        if path.is_dir() {
            walk(&path, paths)?;
        } else if path.to_string_lossy().ends_with(".json.gz") {
            paths.push(path);
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_takes_files_from_everywhere() {
        let folder = tempfile::tempdir().unwrap();
        let logs = folder.path().join("logs");
        fs::create_dir_all(logs.join("a")).unwrap();
        for name in ["1.json.gz", "a/2.json.gz", "truth.json"] {
            fs::write(logs.join(name), "12345").unwrap();
        }
        let corpus = Corpus::open(&logs).unwrap();
        assert_eq!((corpus.files, corpus.compressed), (2, 10));
        assert_eq!(corpus.sample(&folder.path().join("sample")).unwrap().files, 2);
    }

    #[test]
    fn a_folder_without_log_files_is_an_error() {
        assert!(Corpus::open(tempfile::tempdir().unwrap().path()).is_err());
    }
}
