//! `cargo xtask bench`: how near does kmswatch come to the physical floor, and how far are its peers from it?

mod contender;
mod corpus;
mod measure;
mod table;

use std::fs;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};

use crate::arguments::{Arguments, UsageError};
use crate::workspace::{self, Metadata};
use contender::{Group, Programs};
use measure::Usage;

pub(crate) const HELP: &str = "\
Usage: cargo xtask bench scan [options]
       cargo xtask bench alarms
       cargo xtask bench service

`alarms` measures the monitor (benches/src/bin/alarms.rs): one tick of 100,000 alarms, and a
year of one-minute datapoints for 100 alarms, each with its ratio to adding the same
observations up and nothing else.

`service` measures `kmswatch serve` from outside (benches/src/bin/service.rs): from a visible log file
to an accepted mail, alone and while 20,000 records a second come in; and 72 hours of traffic as
fast as it goes, with memory and the size of the database.

`scan` runs whole processes over the same log files, in turn, and prints the medians of their wall
time, processor time and peak memory, with their speed as a share of the floor's: reading and
inflating the files and nothing else (benches/src/bin/floor.rs). Compare the shares, not the
seconds: they hold on other machines too.

  --gb N         size of the corpus, inflated, in GB (1.5)
  --seed N       the corpus is always the same for a seed (1)
  --corpus DIR   measure with these log files instead
  --runs N       how often each process runs (5)
  --write FILE   also put the table between the markers in FILE; needs --date
  --date DATE    the day to put above that table
";

/// What was asked for.
#[derive(Debug)]
struct Options {
    gigabytes: f64,
    seed: u64,
    corpus: Option<PathBuf>,
    runs: usize,
    write: Option<PathBuf>,
    date: Option<String>,
}

pub(crate) fn run(mut arguments: Arguments) -> anyhow::Result<ExitCode> {
    let options = options(&mut arguments)?;
    arguments.finish()?;
    let options = match options {
        What::Scan(options) => options,
        What::Alarms => return beside("alarms", &["tick", "year"]),
        What::Service => return beside("service", &["latency", "load", "replay"]),
    };
    let target = Metadata::of_workspace()?.target_directory;
    build()?;
    let folder = match &options.corpus {
        Some(folder) => folder.clone(),
        None => corpus::generated(&target.join("bench"), options.gigabytes, options.seed)?,
    };
    let logs = corpus::Corpus::open(&folder)?;
    let sample = logs.sample(&target.join("bench").join("sample"))?;
    let programs = Programs::new(&target.join("release"))?;
    let mut sections = vec![table::heading(&logs, options.runs)];
    for group in [programs.one_thread(&logs), programs.two_threads(&logs), programs.peers(&sample)] {
        let usages = measure_group(&group, options.runs)?;
        let section = table::section(&group, &usages);
        println!("{section}");
        sections.push(section);
    }
    if let (Some(file), Some(date)) = (&options.write, &options.date) {
        write(file, &format!("Measured on {date}. {}", sections.join("\n")))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Runs another program of `benches`, once for each of `modes`.
fn beside(name: &str, modes: &[&str]) -> anyhow::Result<ExitCode> {
    build()?;
    let program = Metadata::of_workspace()?.target_directory.join("release").join(name);
    for mode in modes {
        println!("{name} {mode}");
        let status = std::process::Command::new(&program).arg(mode).status();
        if !status.with_context(|| program.display().to_string())?.success() {
            bail!("{name} {mode} failed");
        }
    }
    Ok(ExitCode::SUCCESS)
}

/// What to measure.
enum What {
    Scan(Options),
    Alarms,
    Service,
}

fn options(arguments: &mut Arguments) -> Result<What, UsageError> {
    let options = Options {
        gigabytes: arguments.take_value("--gb")?.unwrap_or(1.5),
        seed: arguments.take_value("--seed")?.unwrap_or(1),
        corpus: arguments.take_value("--corpus")?,
        runs: arguments.take_value("--runs")?.unwrap_or(5),
        write: arguments.take_value("--write")?,
        date: arguments.take_value("--date")?,
    };
    match arguments.take_word().as_deref() {
        Some("scan") => {}
        Some("alarms") => return Ok(What::Alarms),
        Some("service") => return Ok(What::Service),
        _ => return Err(UsageError::new("say what to measure: scan, alarms or service")),
    }
    if options.runs == 0 || options.gigabytes.is_nan() || options.gigabytes <= 0.0 {
        return Err(UsageError::new("--runs and --gb are more than 0"));
    }
    if options.write.is_some() != options.date.is_some() {
        return Err(UsageError::new("--write and --date go together"));
    }
    Ok(What::Scan(options))
}

fn build() -> anyhow::Result<()> {
    eprintln!("building kmswatch and the floor");
    let mut cargo = workspace::cargo();
    let status = cargo
        .args(["build", "--quiet", "--release", "--package", "kmswatch", "--package", "benches"])
        .status();
    if !status.context("cargo can't be started")?.success() {
        bail!("kmswatch doesn't build");
    }
    Ok(())
}

/// Runs the contenders in turn, each round beginning with another one, so that whatever else the machine does
/// disturbs all of them alike. The first round only warms caches and isn't counted.
fn measure_group(group: &Group, runs: usize) -> anyhow::Result<Vec<Vec<Usage>>> {
    let mut usages = vec![Vec::new(); group.contenders.len()];
    for round in 0..=runs {
        eprintln!("{}: round {round} of {runs}", group.title);
        for turn in 0..group.contenders.len() {
            let index = (round + turn) % group.contenders.len();
            let (Some(contender), Some(list)) = (group.contenders.get(index), usages.get_mut(index)) else {
                continue;
            };
            let usage = measure::run(contender)?;
            if round > 0 {
                list.push(usage);
            }
        }
    }
    Ok(usages)
}

fn write(file: &PathBuf, measured: &str) -> anyhow::Result<()> {
    let text = fs::read_to_string(file).with_context(|| file.display().to_string())?;
    let text = table::replace(&text, measured).with_context(|| format!("{}: no markers", file.display()))?;
    fs::write(file, text).with_context(|| file.display().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(words: &str) -> Result<Option<Options>, UsageError> {
        let what = options(&mut Arguments::new(words.split_whitespace().map(String::from).collect()));
        what.map(|what| match what {
            What::Scan(options) => Some(options),
            What::Alarms | What::Service => None,
        })
    }

    #[test]
    fn options_have_defaults() {
        assert!(parsed("alarms").unwrap().is_none() && parsed("service").unwrap().is_none());
        let options = parsed("scan").unwrap().unwrap();
        assert_eq!((options.runs, options.seed), (5, 1));
        assert_eq!(parsed("scan --runs 3 --corpus a").unwrap().unwrap().corpus, Some("a".into()));
    }

    #[test]
    fn what_makes_no_sense_is_refused() {
        for words in
            ["", "match", "scan --runs 0", "scan --gb -1", "scan --write a.md", "scan --date 2025-03-10"]
        {
            assert!(parsed(words).is_err(), "{words}");
        }
    }
}
