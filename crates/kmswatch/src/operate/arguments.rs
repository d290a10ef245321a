//! What can be asked of the commands that operate the service. The texts here are the help.

use std::path::PathBuf;
use std::time::Duration;

use alarm::StateValue;
use clap::{Args, Subcommand, ValueEnum};

use crate::settings;

pub(crate) const STATUS_HELP: &str = "\
Exit status: 0 the service runs and does its work; 1 something needs attention, and is listed first: \
the service doesn't run or doesn't answer, something is wrong with it, a source is silent or can't \
be read, a notification isn't delivered or was given up, a log file of the last day can't be read; \
2 nothing could be found out. An alarm of the template in ALARM is no fault of the service: still 0.

Examples:
  kmswatch status
  kmswatch status --verbose --data /var/lib/kmswatch
  kmswatch status --format json | jq .attention";

pub(crate) const ALARMS_HELP: &str = "\
Exit status: 0 done; 2 wrong arguments, no alarm of that name, or the data folder could not be read.

Examples:
  kmswatch alarms
  kmswatch alarms --state ALARM
  kmswatch alarms kms-decrypt-failed";

pub(crate) const OUTBOX_HELP: &str = "\
Exit status: 0 done; 1 with `retry`: one of them wasn't given up, or isn't there; 2 wrong arguments, \
the data folder could not be read, or with `retry`: no service runs.

Examples:
  kmswatch outbox
  kmswatch outbox retry 17 18
  kmswatch outbox retry all";

/// Whose service.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct DataArguments {
    /// The data folder of the service; else KMSWATCH_DATA, or what the settings say [default: kmswatch-data]
    #[arg(long, value_name = "DIR", global = true)]
    pub(crate) data: Option<PathBuf>,

    /// Settings that name it [default: kmswatch.toml, if it is there]
    #[arg(long, value_name = "FILE", global = true)]
    pub(crate) config: Option<PathBuf>,
}

/// How an answer is written.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum AnswerFormat {
    /// For a person at a terminal
    #[default]
    Text,
    /// For a program; docs/serve.md describes it
    Json,
}

#[derive(Debug, Args)]
pub(crate) struct StatusArguments {
    #[command(flatten)]
    pub(crate) data: DataArguments,

    /// All alarms, all totals, and what couldn't be read lately, each with its reason
    #[arg(short, long)]
    pub(crate) verbose: bool,

    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: AnswerFormat,
}

#[derive(Debug, Args)]
pub(crate) struct AlarmsArguments {
    /// Say everything of these alarms: what they ask, why they are in their state, who is behind it, what they were before
    #[arg(value_name = "NAME")]
    pub(crate) names: Vec<String>,

    #[command(flatten)]
    pub(crate) data: DataArguments,

    /// Only alarms in this state: ALARM, OK or INSUFFICIENT_DATA
    #[arg(long, value_name = "STATE", value_parser = state)]
    pub(crate) state: Option<StateValue>,

    /// State changes and groups of calls shown of each alarm that is named
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) top: u32,

    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: AnswerFormat,
}

#[derive(Debug, Args)]
pub(crate) struct OutboxArguments {
    #[command(subcommand)]
    pub(crate) action: Option<OutboxAction>,

    #[command(flatten)]
    pub(crate) data: DataArguments,

    /// Notifications shown of each kind: waiting, given up, delivered
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) top: u32,

    /// How the answer is written
    #[arg(long, value_enum, default_value_t, global = true)]
    pub(crate) format: AnswerFormat,
}

#[derive(Debug, Subcommand)]
pub(crate) enum OutboxAction {
    /// Try notifications again that were given up; the service must run
    Retry {
        /// Their numbers, or `all`
        #[arg(required = true, value_name = "ID")]
        ids: Vec<Which>,
    },
}

/// Which notifications.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Which {
    All,
    One(u64),
}

impl std::str::FromStr for Which {
    type Err = String;

    /// `17`, `#17` as the list shows it, or `all`.
    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "all" => Ok(Which::All),
            number => number
                .trim_start_matches('#')
                .parse()
                .map(Which::One)
                .map_err(|_| "write the number that kmswatch outbox shows, or `all`".to_owned()),
        }
    }
}

fn state(text: &str) -> Result<StateValue, String> {
    let name = text.to_ascii_uppercase().replace('-', "_");
    StateValue::parse(&name).ok_or_else(|| "write ALARM, OK or INSUFFICIENT_DATA".to_owned())
}

pub(crate) const DRILL_HELP: &str = "\
Makes the record of a failing Decrypt, by a user kmswatch-drill that nobody is, and follows it until \
each subscriber has accepted the mail that says it is a drill. Alarms and counts of the template stay \
as they are. With --aws, the AWS CLI makes a call (a dry run of Encrypt, which encrypts nothing) that \
comes back through CloudTrail; that one counts, and may set off alarms of the template.

Exit status: 0 all subscribers have it; 1 not all of them, or not in time; 2 wrong arguments, or no \
service runs.

Examples:
  kmswatch drill
  kmswatch drill --timeout 30s --format json
  kmswatch drill --aws --key arn:aws:kms:eu-west-1:123456789012:key/1234abcd-…";

#[derive(Debug, Args)]
pub(crate) struct DrillArguments {
    #[command(flatten)]
    pub(crate) data: DataArguments,

    /// How long to wait, for an earlier drill to be over as well, which takes up to two minutes [default: 3m;
    /// with --aws 20m]
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,

    /// Have the AWS CLI call KMS, and wait until CloudTrail delivers that; needs its credentials
    #[arg(long, requires = "key")]
    pub(crate) aws: bool,

    /// The key to call KMS with: an id, ARN or alias
    #[arg(long, value_name = "KEY", requires = "aws", allow_hyphen_values = false)]
    pub(crate) key: Option<String>,

    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: AnswerFormat,
}

fn duration(text: &str) -> Result<Duration, String> {
    settings::duration(text).ok_or_else(|| "write a whole number with s, m or h: 30s, 2m".to_owned())
}

pub(crate) const BACKUP_HELP: &str = "\
Also while the service runs, which goes on meanwhile. The file is complete and checked when it gets \
its name, and only you can read it. The token and the settings aren't in it.

Exit status: 0 done; 2 wrong arguments, the file exists, or it could not be written.

Examples:
  kmswatch backup /backup/kmswatch-$(date +%F).db
  kmswatch backup --force --data /var/lib/kmswatch kmswatch.db";

pub(crate) const RESTORE_HELP: &str = "\
The service must not run: end it, restore, start it. The backup is checked as a whole first, and takes \
the place of the database in one step. How far each log file was read is as it was when the backup was \
made, so what came since is read again from the trail; records that were counted then don't count \
twice. What was pushed over HTTP since then must be pushed again.

Exit status: 0 done; 2 wrong arguments, the service runs, or the backup is damaged; nothing is changed \
then.

Examples:
  kmswatch restore /backup/kmswatch-2025-03-10.db --data /var/lib/kmswatch";

#[derive(Debug, Args)]
pub(crate) struct BackupArguments {
    /// The file that the backup becomes
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    #[command(flatten)]
    pub(crate) data: DataArguments,

    /// Replace the file if it exists
    #[arg(long)]
    pub(crate) force: bool,

    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: AnswerFormat,
}

#[derive(Debug, Args)]
pub(crate) struct RestoreArguments {
    /// The backup
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,

    #[command(flatten)]
    pub(crate) data: DataArguments,

    /// How the answer is written
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: AnswerFormat,
}
