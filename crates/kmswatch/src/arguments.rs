//! What can be asked on the command line. The texts here are the help.

use std::ffi::OsString;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::alarms::Choice;
use crate::check::CheckArguments;
use crate::evaluate;
use crate::evaluate::arguments::EvaluateArguments;
use crate::init::{INIT_HELP, InitArguments};
use crate::manual::{COMPLETIONS_HELP, CompletionsArguments, MAN_HELP, ManArguments};
use crate::operate::arguments::{
    ALARMS_HELP, AlarmsArguments, BACKUP_HELP, BackupArguments, DRILL_HELP, DrillArguments, OUTBOX_HELP,
    OutboxArguments, RESTORE_HELP, RestoreArguments, STATUS_HELP, StatusArguments,
};
use crate::serve::arguments::ServeArguments;
use crate::template::TemplateArguments;
use crate::test::{TEST_HELP, TestArguments};

/// Who tried to decrypt what they must not: failing KMS calls in CloudTrail logs.
#[derive(Debug, Parser)]
#[command(name = "kmswatch", version, about, max_term_width = 100, infer_subcommands = false)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Follow trails, judge alarms, send notifications, and keep the state through everything
    #[command(after_help = crate::serve::arguments::HELP)]
    Serve(Box<ServeArguments>),
    /// Read past logs: who failed to decrypt what, with which key, from where
    #[command(after_help = SCAN_HELP)]
    Scan(ScanArguments),
    /// Say whether the service runs, what it watches, and what needs attention
    #[command(after_help = STATUS_HELP)]
    Status(StatusArguments),
    /// Say in which state each alarm is, and everything of one: what it asks, who is behind it, what happened
    #[command(after_help = ALARMS_HELP)]
    Alarms(AlarmsArguments),
    /// List notifications that wait, were given up or were delivered, and try those again that were given up
    #[command(after_help = OUTBOX_HELP)]
    Outbox(OutboxArguments),
    /// See whether an alarm reaches everybody: a drill that goes the whole way of a failing call, and how long each step took
    #[command(after_help = DRILL_HELP)]
    Drill(DrillArguments),
    /// Print the records that a CloudWatch Logs filter pattern matches: grep for CloudTrail
    #[command(after_help = MATCH_HELP, override_usage = MATCH_USAGE)]
    Match(MatchArguments),
    /// Look at a CloudFormation template or Terraform plan: what is wrong, and what will go wrong
    #[command(after_help = crate::check::HELP)]
    Check(CheckArguments),
    /// Run case files: log events over time, and the states and notifications that a template should answer with
    #[command(after_help = TEST_HELP)]
    Test(TestArguments),
    /// Write the built-in template and the settings as files of your own
    #[command(after_help = INIT_HELP)]
    Init(InitArguments),
    /// Say in which state CloudWatch would put an alarm, given its datapoints, and why
    #[command(after_help = evaluate::arguments::HELP)]
    Evaluate(EvaluateArguments),
    /// Copy everything that the service remembers into one file, also while it runs
    #[command(after_help = BACKUP_HELP)]
    Backup(BackupArguments),
    /// Put a backup in the place of what the service remembers; end the service first
    #[command(after_help = RESTORE_HELP)]
    Restore(RestoreArguments),
    /// Print what a shell reads to complete commands and options
    #[command(after_help = COMPLETIONS_HELP)]
    Completions(CompletionsArguments),
    /// Print the manual page of kmswatch or of one of its commands
    #[command(after_help = MAN_HELP)]
    Man(ManArguments),
}

const SCAN_HELP: &str = "\
Exit status: 0 done; 1 done, but something could not be read, or --fail-on is given and no record
was read; 2 wrong arguments or could not run; 3 --fail-on was met; 130 interrupted (the
report covers what was read until then).

Examples:
  kmswatch scan logs/
  kmswatch scan --since 2025-03-01 --format json logs/ > report.json
  kmswatch scan --pattern 'root={ $.userIdentity.type = \"Root\" }' --fail-on root logs/
  kmswatch scan --template template.yaml --what-if 'my-alarm:Threshold=1,2,5,10' logs/";

const MATCH_USAGE: &str = "\
kmswatch match [OPTIONS] <PATTERN> [PATH]...
       kmswatch match [OPTIONS] -e <PATTERN> [PATH]...
       kmswatch match [OPTIONS] --patterns <FILE> [PATH]...";

const MATCH_HELP: &str = "\
Exit status, as grep's: 0 something matched; 1 nothing matched; 2 an error (wrong pattern or
arguments, or something could not be read).

Examples:
  kmswatch match '{ $.eventSource = \"kms.amazonaws.com\" && $.errorCode = \"*\" }' logs/
  kmswatch match --extract '$.userIdentity.arn' '{ $.errorCode = \"AccessDenied*\" }' logs/
  kmswatch match --explain '{ $.errorCode != \"*\" }'
  kmswatch match '?ERROR ?WARN' --events application.log";

#[derive(Debug, Args)]
pub(crate) struct ScanArguments {
    /// Log files and folders; `-` is standard input
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,

    /// A detection of your own beside those of the template (may be repeated); what only it matches is counted, and grouped
    /// with --group-all
    #[arg(long = "pattern", value_name = "NAME=PATTERN")]
    pub(crate) patterns: Vec<String>,

    /// Group what the detections of --pattern match like what those of the template do: who, which key, from where (slower)
    #[arg(long)]
    pub(crate) group_all: bool,

    /// What is known and harmless: a list of exact calls, set apart in the report (see docs/scan.md)
    #[arg(long, value_name = "FILE")]
    pub(crate) expected: Option<PathBuf>,

    /// Only records from this time on: a date (from its first second) or an RFC 3339 time, UTC unless it says otherwise
    #[arg(long, value_name = "TIME", value_parser = arguments_time)]
    pub(crate) since: Option<i64>,

    /// Only records until this time: a date (through its last second) or an RFC 3339 time (through that second)
    #[arg(long, value_name = "TIME", value_parser = arguments_last_second)]
    pub(crate) until: Option<i64>,

    /// How the report is written
    #[arg(long, value_enum, default_value_t = ReportFormat::Text)]
    pub(crate) format: ReportFormat,

    /// Groups shown of each kind in the text report; the other formats write all
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) top: usize,

    /// Groups kept; records of further ones are counted together
    #[arg(long, value_name = "N", default_value_t = 100_000)]
    pub(crate) max_groups: usize,

    /// Exit with 3 if this detection matched a record that isn't expected; `any` stands for all (may be repeated)
    #[arg(long, value_name = "NAME")]
    pub(crate) fail_on: Vec<String>,

    /// Count a record as often as it was delivered
    #[arg(long)]
    pub(crate) keep_duplicates: bool,

    /// The CloudFormation template (or Terraform plan in JSON) whose metric filters to look for and whose alarms to evaluate,
    /// instead of the built-in one
    #[arg(long = "template", value_name = "FILE", help_heading = "Template")]
    pub(crate) template_file: Option<PathBuf>,

    #[command(flatten)]
    pub(crate) template: TemplateArguments,

    /// Leave out when each alarm would have fired
    #[arg(long, help_heading = "Alarms")]
    pub(crate) no_alarms: bool,

    /// How many notifications other choices would have cost: Property=value[,value…], for all alarms or, as
    /// ALARM:Property=value, for one; Threshold, Period, EvaluationPeriods, DatapointsToAlarm, ComparisonOperator,
    /// TreatMissingData, Statistic (may be repeated)
    #[arg(
        long,
        value_name = "CHOICE",
        value_parser = what_if,
        conflicts_with = "no_alarms",
        help_heading = "Alarms"
    )]
    pub(crate) what_if: Vec<Vec<Choice>>,

    #[command(flatten)]
    pub(crate) reading: ReadingArguments,
}

#[derive(Debug, Args)]
pub(crate) struct MatchArguments {
    /// The filter pattern, unless -e or --patterns is given
    #[arg(value_name = "PATTERN", allow_hyphen_values = true)]
    pub(crate) first: Option<OsString>,

    /// Log files and folders; without any, or as `-`, standard input
    #[arg(value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,

    /// The filter pattern, where it could be taken for an option
    #[arg(
        short = 'e',
        long,
        value_name = "PATTERN",
        allow_hyphen_values = true,
        conflicts_with = "patterns"
    )]
    pub(crate) pattern: Option<String>,

    /// Match all patterns of this file at once (one a line, or a JSON array of strings) and print a count for each
    #[arg(long, value_name = "FILE")]
    pub(crate) patterns: Option<PathBuf>,

    /// Print how many records match instead of the records
    #[arg(short, long, conflicts_with_all = ["files_with_matches", "extract"])]
    pub(crate) count: bool,

    /// Print the paths of the files with matching records
    #[arg(short = 'l', long, conflicts_with_all = ["extract", "events"])]
    pub(crate) files_with_matches: bool,

    /// Print what this selector finds in each matching record, tab-separated if repeated
    #[arg(long, value_name = "SELECTOR", conflicts_with_all = ["events", "patterns"])]
    pub(crate) extract: Vec<String>,

    /// Show how the pattern is read, in words and as a tree, and what in it can never be true; reads no logs
    #[arg(long, conflicts_with_all = ["events", "patterns", "count", "files_with_matches", "extract"])]
    pub(crate) explain: bool,

    /// Match log events of any kind: a file with a JSON array of strings, each the message of one log event, or with
    /// one message a line
    #[arg(long, value_name = "FILE")]
    pub(crate) events: Option<PathBuf>,

    /// How the answer is written; `json` answers --events as TestMetricFilter does, and is for counts and --explain too
    #[arg(long, value_enum, default_value_t = MatchFormat::Text)]
    pub(crate) format: MatchFormat,

    #[command(flatten)]
    pub(crate) reading: ReadingArguments,
}

#[derive(Debug, Args)]
pub(crate) struct ReadingArguments {
    /// What `*` in a pattern means: any text, or what AWS was seen to do in 2019 (each piece at its first place)
    #[arg(long, value_enum, default_value_t = WildcardsArgument::Glob)]
    pub(crate) wildcards: WildcardsArgument,

    /// Threads; by default one for each processor
    #[arg(short, long, value_name = "N", value_parser = clap::value_parser!(u16).range(1..=512))]
    pub(crate) jobs: Option<u16>,

    /// Parse every record completely, also those that can't match or are only counted: finds each broken one, takes
    /// about twice as long
    #[arg(long)]
    pub(crate) strict: bool,

    /// Nothing on standard error: no progress bar, no messages, no totals beside CSV; only what ends the command at
    /// once is still said. The report and the exit status tell what couldn't be read
    #[arg(short, long)]
    pub(crate) quiet: bool,

    /// When to use colours
    #[arg(long, value_enum, default_value_t = ColourArgument::Auto, value_name = "WHEN")]
    pub(crate) color: ColourArgument,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For a person at a terminal
    Text,
    /// One object; docs/scan.schema.json describes it
    Json,
    /// A line for each group and one for the rest
    Ndjson,
    /// A row for each group; totals go to standard error, unless --quiet
    Csv,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum MatchFormat {
    Text,
    Json,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum WildcardsArgument {
    Glob,
    Leftmost,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColourArgument {
    Auto,
    Always,
    Never,
}

impl ReadingArguments {
    /// How `*` is read.
    pub(crate) fn wildcards(&self) -> filter_pattern::Wildcards {
        match self.wildcards {
            WildcardsArgument::Glob => filter_pattern::Wildcards::Glob,
            WildcardsArgument::Leftmost => filter_pattern::Wildcards::Leftmost,
        }
    }

    /// How many threads read.
    pub(crate) fn jobs(&self) -> usize {
        let processors = || std::thread::available_parallelism().map_or(1, usize::from);
        self.jobs.map_or_else(processors, usize::from)
    }
}

fn what_if(text: &str) -> Result<Vec<Choice>, String> {
    Choice::parse(text)
}

/// A date (its first second) or a time, as seconds since 1970.
fn arguments_time(text: &str) -> Result<i64, String> {
    date_or_time(text, "00:00:00")
}

/// A date (its last second, as in the expected list) or a time, as seconds since 1970.
fn arguments_last_second(text: &str) -> Result<i64, String> {
    date_or_time(text, "23:59:59")
}

fn date_or_time(text: &str, clock: &str) -> Result<i64, String> {
    cloudtrail::call::seconds(text)
        .or_else(|| cloudtrail::call::seconds(&format!("{text}T{clock}Z")))
        .ok_or_else(|| "write a date (2025-03-10) or a time (2025-03-10T08:00:00Z)".to_owned())
}
