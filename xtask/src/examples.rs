//! `cargo xtask examples`: the example trail, made from nothing but this program.

mod trail;
mod truth;

use std::collections::BTreeMap;
use std::fs;
use std::io::{Read as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context as _;
use flate2::read::MultiGzDecoder;
use flate2::{Compression, GzBuilder};

use crate::arguments::Arguments;
use crate::workspace;

pub(crate) const HELP: &str = "\
Usage: cargo xtask examples [--check]

Writes examples/cloudtrail, examples/cloudtrail-truth.json and examples/README.md. The same
program always writes the same files.

  --check   writes nothing; lists the files that aren't as they would be written
";

/// The contents of the files, before gzip where the name ends so, by their path below `examples`.
type Files = BTreeMap<String, String>;

/// How a file on disk differs from what it should be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Difference {
    /// Relative to the repository's root.
    pub(crate) path: String,
    /// What is wrong with it.
    pub(crate) what: &'static str,
}

pub(crate) fn run(mut arguments: Arguments) -> anyhow::Result<ExitCode> {
    let check = arguments.take_switch("--check");
    arguments.finish()?;
    let found = differences()?;
    if !check {
        write(&found)?;
        println!("{} of the files in examples were written", found.len());
        return Ok(ExitCode::SUCCESS);
    }
    for Difference { path, what } in &found {
        println!("{path}: {what}");
    }
    if found.is_empty() {
        return Ok(ExitCode::SUCCESS);
    }
    println!("hint: cargo xtask examples");
    Ok(ExitCode::FAILURE)
}

/// What `cargo xtask examples` would change.
pub(crate) fn differences() -> anyhow::Result<Vec<Difference>> {
    compare(&folder(), &generate()?)
}

fn folder() -> PathBuf {
    workspace::root().join("examples")
}

/// Everything in memory.
fn generate() -> anyhow::Result<Files> {
    let day = sample_trail::day();
    let delivery = trail::deliver(&day.records)?;
    let truth = truth::Truth::new(&day.records, delivery.log_files.len(), delivery.deliveries, day.steps);
    let mut files = Files::new();
    for file in delivery.log_files.into_iter().chain([delivery.digest]) {
        files.insert(format!("cloudtrail/{}", file.key), file.content);
    }
    files.insert("cloudtrail-truth.json".into(), truth.json()?);
    files.insert("README.md".into(), truth.readme());
    Ok(files)
}

/// Compares contents, not compressed bytes: another version of the compressor isn't another example.
fn compare(folder: &Path, files: &Files) -> anyhow::Result<Vec<Difference>> {
    let difference = |path: &str, what| Difference { path: format!("examples/{path}"), what };
    let mut found = Vec::new();
    for (path, content) in files {
        let path_on_disk = folder.join(path);
        if !path_on_disk.exists() {
            found.push(difference(path, "missing"));
        } else if read(&path_on_disk).ok().as_ref() != Some(content) {
            found.push(difference(path, "not what the generator writes"));
        }
    }
    for path in files_below(folder, Path::new("cloudtrail"))? {
        if !files.contains_key(&path) {
            found.push(difference(&path, "not written by the generator"));
        }
    }
    Ok(found)
}

fn read(path: &Path) -> anyhow::Result<String> {
    let bytes = fs::read(path)?;
    let mut content = String::new();
    if is_gzip(path) {
        MultiGzDecoder::new(bytes.as_slice()).read_to_string(&mut content)?;
    } else {
        content = String::from_utf8(bytes)?;
    }
    Ok(content)
}

/// Puts the differences right.
fn write(differences: &[Difference]) -> anyhow::Result<()> {
    let files = generate()?;
    for Difference { path, .. } in differences {
        let on_disk = workspace::root().join(path);
        let content = path.strip_prefix("examples/").and_then(|path| files.get(path));
        let result =
            content.map_or_else(|| fs::remove_file(&on_disk), |content| write_file(&on_disk, content));
        result.with_context(|| path.clone())?;
    }
    Ok(())
}

fn write_file(path: &Path, content: &str) -> std::io::Result<()> {
    if let Some(parent) = path.parent() {
        fs::create_dir_all(parent)?;
    }
    if !is_gzip(path) {
        return fs::write(path, content);
    }
    // No time and no operating system in the header: the same bytes wherever they are written.
    let mut gzip = GzBuilder::new().mtime(0).operating_system(255).write(Vec::new(), Compression::best());
    gzip.write_all(content.as_bytes())?;
    fs::write(path, gzip.finish()?)
}

fn is_gzip(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "gz")
}

/// All files below `folder/part`, relative to `folder`; none where it doesn't exist.
fn files_below(folder: &Path, part: &Path) -> anyhow::Result<Vec<String>> {
    let mut files = Vec::new();
    if !folder.join(part).exists() {
        return Ok(files);
    }
    for entry in fs::read_dir(folder.join(part))? {
        let path = part.join(entry?.file_name());
        if folder.join(&path).is_dir() {
            files.extend(files_below(folder, &path)?);
        } else {
            files.push(path.to_string_lossy().into_owned());
        }
    }
    Ok(files)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn codes_and_totals() -> serde_json::Value {
        serde_json::from_str(generate().unwrap().get("cloudtrail-truth.json").unwrap()).unwrap()
    }

    #[test]
    fn two_runs_write_the_same() {
        assert_eq!(generate().unwrap(), generate().unwrap());
    }

    #[test]
    fn the_truth_is_what_a_reader_of_the_log_files_counts() {
        let files = generate().unwrap();
        let mut seen = std::collections::HashSet::new();
        let (mut deliveries, mut failed) = (0, 0);
        for (path, content) in files.iter().filter(|(path, _)| path.contains("/CloudTrail/")) {
            let log: serde_json::Value = serde_json::from_str(content).unwrap();
            for record in log["Records"].as_array().unwrap() {
                let (account, region) = (&record["recipientAccountId"], &record["awsRegion"]);
                let start = format!(
                    "cloudtrail/AWSLogs/{}/CloudTrail/{}/",
                    account.as_str().unwrap(),
                    region.as_str().unwrap()
                );
                assert!(path.starts_with(&start), "{path}");
                deliveries += 1;
                let first_time = seen.insert(record["eventID"].as_str().unwrap().to_owned());
                let kms = record["eventSource"] == "kms.amazonaws.com";
                failed += usize::from(first_time && kms && record["errorCode"].is_string());
            }
        }
        let truth = codes_and_totals();
        assert_eq!(truth["deliveries"], deliveries);
        assert_eq!(truth["records"], seen.len());
        assert_eq!(truth["failed_kms_calls"]["total"], failed);
    }

    #[test]
    fn every_kind_of_failure_of_the_story_is_there() {
        let truth = codes_and_totals();
        let codes = truth["failed_kms_calls"]["by_error_code"].as_object().unwrap();
        let expected = [
            "AccessDenied",
            "DisabledException",
            "DryRunOperationException",
            "IncorrectKeyException",
            "InvalidCiphertextException",
            "KMSInvalidStateException",
            "NotFoundException",
            "ThrottlingException",
            "VpceAccessDenied",
        ];
        assert!(codes.keys().eq(expected), "{codes:?}");
        assert!(truth["duplicates"].as_u64().unwrap() >= 5);
    }

    #[test]
    fn a_file_that_differs_is_named_and_one_that_was_compressed_otherwise_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let files = Files::from([("cloudtrail/a.json.gz".into(), "{}".into()), ("b.md".into(), "b".into())]);
        let path = folder.path().join("cloudtrail/a.json.gz");
        write_file(&path, "{}").unwrap();
        write_file(&folder.path().join("cloudtrail/c.json.gz"), "{}").unwrap();
        let found = compare(folder.path(), &files).unwrap();
        let paths: Vec<&str> = found.iter().map(|difference| difference.path.as_str()).collect();
        assert_eq!(paths, ["examples/b.md", "examples/cloudtrail/c.json.gz"]);
    }
}
