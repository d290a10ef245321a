//! What `kmswatch evaluate` can be asked. The texts here are its help.

use std::path::PathBuf;

use clap::Args;

use crate::arguments::ColourArgument;

pub(crate) const HELP: &str = "\
Each line is a JSON object with an alarm under AWS's names and its datapoints:

  {\"Period\": 300, \"EvaluationPeriods\": 3, \"DatapointsToAlarm\": 2, \"Threshold\": 1,
   \"ComparisonOperator\": \"GreaterThanThreshold\", \"TreatMissingData\": \"notBreaching\",
   \"Datapoints\": [0, null, 2, null, 2], \"EndTime\": \"2026-09-14T11:20:00Z\"}

(in one line). Datapoints are oldest first, null for a missing one; EndTime is the end of the newest
one's period. Beside them may stand SampleCounts, PreviousState and all that describe-alarms prints.
Each line is answered by one, with the state, the reason and what was looked at; blank ones are
skipped. See docs/evaluate.md.

Exit status: 0 done; 1 done, but a line could not be evaluated, which its answer says; 2 wrong
arguments or could not run; 130 interrupted.

Examples:
  kmswatch evaluate questions.ndjson
  kmswatch evaluate --explain questions.ndjson
  jq -c '.[]' questions.json | kmswatch evaluate | jq -r .state";

#[derive(Debug, Args)]
pub(crate) struct EvaluateArguments {
    /// A file with a question a line; without it, or as `-`, standard input
    #[arg(value_name = "FILE")]
    pub(crate) file: Option<PathBuf>,

    /// Say it in words: which slots were looked at, what each came to, which rule decided, what missing datapoints did
    /// and what would change it
    #[arg(long)]
    pub(crate) explain: bool,

    /// Nothing on standard error but what ends the command at once; answers and exit status say what is wrong
    #[arg(short, long)]
    pub(crate) quiet: bool,

    /// When to use colours
    #[arg(long, value_enum, default_value_t = ColourArgument::Auto, value_name = "WHEN")]
    pub(crate) color: ColourArgument,
}
