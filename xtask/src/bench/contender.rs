//! The processes that are measured.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use anyhow::Context as _;

use super::corpus::Corpus;
use crate::workspace;

/// The pattern of the article that kmswatch began with.
const FAILED: &str = r#"{ $.eventSource = "kms.amazonaws.com" && $.errorCode = "*" }"#;

/// Processes that are compared with each other; the first one is the floor.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) title: String,
    pub(super) contenders: Vec<Contender>,
}

/// A process and what it is called in the table.
#[derive(Debug, Clone)]
pub(super) struct Contender {
    pub(super) name: String,
    program: PathBuf,
    arguments: Vec<String>,
}

impl Contender {
    fn new(name: impl Into<String>, program: impl Into<PathBuf>) -> Self {
        Self { name: name.into(), program: program.into(), arguments: Vec::new() }
    }

    fn words<W: ToString>(mut self, words: impl IntoIterator<Item = W>) -> Self {
        self.arguments.extend(words.into_iter().map(|word| word.to_string()));
        self
    }

    fn folder(self, corpus: &Corpus) -> Self {
        self.words([corpus.folder.display()])
    }

    pub(super) fn command(&self) -> Command {
        let mut command = Command::new(&self.program);
        command.args(&self.arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped());
        command
    }
}

/// The programs of this repository, built.
#[derive(Debug)]
pub(super) struct Programs {
    folder: PathBuf,
    patterns_file: PathBuf,
    patterns: Vec<String>,
}

impl Programs {
    pub(super) fn new(folder: &Path) -> anyhow::Result<Self> {
        let patterns_file = workspace::root().join("benches").join("patterns-100.txt");
        let patterns = fs::read_to_string(&patterns_file).context("benches/patterns-100.txt")?;
        let patterns = patterns.lines().map(String::from).collect();
        Ok(Self { folder: folder.to_owned(), patterns_file, patterns })
    }

    pub(super) fn one_thread(&self, corpus: &Corpus) -> Group {
        let named = (1..)
            .zip(&self.patterns)
            .flat_map(|(number, text)| ["--pattern".into(), format!("n{number:03}={text}")]);
        let patterns_file = self.patterns_file.display();
        let matching = |name| self.kmswatch(name, "match", 1).words(["--count"]);
        Group {
            title: "One thread".into(),
            contenders: vec![
                self.floor(corpus, 1),
                self.scan("scan", 1).folder(corpus),
                self.scan("scan --no-alarms", 1).words(["--no-alarms"]).folder(corpus),
                self.scan("scan, 100 more patterns", 1).words(named).folder(corpus),
                matching("match --count, 1 pattern").words([FAILED]).folder(corpus),
                matching("match --count, 100 patterns")
                    .words([format!("--patterns={patterns_file}")])
                    .folder(corpus),
            ],
        }
    }

    pub(super) fn two_threads(&self, corpus: &Corpus) -> Group {
        Group {
            title: "Two threads".into(),
            contenders: vec![self.floor(corpus, 2), self.scan("scan", 2).folder(corpus)],
        }
    }

    /// The peers that are installed, over a part of the corpus. Those that aren't there are left out.
    pub(super) fn peers(&self, sample: &Corpus) -> Group {
        let folder = sample.folder.display();
        let files = format!("find '{folder}' -name '*.json.gz' -print0 | sort -z | xargs -0 zcat");
        let filter = r#".Records[]? | select(.eventSource == "kms.amazonaws.com" and .errorCode)"#;
        let shell = |name: &str, line: String| Contender::new(name, "sh").words(["-c".to_owned(), line]);
        let mut contenders = vec![
            self.floor(sample, 1),
            self.kmswatch("match --count, 1 pattern", "match", 1).words(["--count", FAILED]).folder(sample),
        ];
        let peers = [
            (
                "rg",
                shell(
                    "rg -z -j1 -c (lines, not records)",
                    format!("rg -z -j1 -c '\"errorCode\":\"' '{folder}'"),
                ),
            ),
            ("jq", shell("zcat, piped to jq", format!("{files} | jq -c '{filter}'"))),
            (
                "duckdb",
                Contender::new("duckdb read_json", "duckdb").words(["-c".to_owned(), duckdb_query(sample)]),
            ),
        ];
        contenders.extend(peers.into_iter().filter(|(program, _)| installed(program)).map(|(_, peer)| peer));
        Group { title: format!("Other programs, {} of the files, one thread", sample.files), contenders }
    }

    fn floor(&self, corpus: &Corpus, threads: usize) -> Contender {
        let floor = Contender::new("floor: read and inflate", self.folder.join("floor"));
        floor.folder(corpus).words(["--threads".to_owned(), threads.to_string()])
    }

    fn scan(&self, name: &str, threads: usize) -> Contender {
        self.kmswatch(name, "scan", threads).words(["--format", "json"])
    }

    fn kmswatch(&self, name: &str, command: &str, threads: usize) -> Contender {
        let kmswatch = Contender::new(name, self.folder.join("kmswatch"));
        kmswatch.words([command, "--quiet", "--jobs"]).words([threads])
    }
}

fn duckdb_query(sample: &Corpus) -> String {
    let files = format!("{}/**/*.json.gz", sample.folder.display());
    let columns = "{Records: 'STRUCT(eventSource VARCHAR, errorCode VARCHAR)[]'}";
    let records = format!(
        "SELECT unnest(Records) AS record FROM read_json('{files}', columns = {columns}, maximum_object_size = 1000000000)"
    );
    format!(
        "SET threads = 1; SELECT count(*) FROM ({records}) \
         WHERE record.eventSource = 'kms.amazonaws.com' AND record.errorCode IS NOT NULL"
    )
}

fn installed(program: &str) -> bool {
    let mut command = Command::new(program);
    command.arg("--version").stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}
