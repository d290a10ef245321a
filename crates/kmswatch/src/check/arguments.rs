//! What can be asked of `kmswatch check`. The texts here are the help.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::arguments::ColourArgument;
use crate::template::TemplateArguments;

pub(crate) const HELP: &str = "\
Exit status: 0 nothing is wrong, or there are only warnings; 1 a template has an error; 2 wrong
arguments, or a file could not be read; 3 there are warnings and --deny-warnings is given.

Examples:
  kmswatch check template.yaml
  kmswatch check --parameter Email=security@example.com --deny-warnings template.yaml
  terraform show -json plan.out | kmswatch check -
  kmswatch check --format sarif templates/*.yaml > kmswatch.sarif
  kmswatch check kmswatch.toml kmswatch.yaml
  kmswatch check --explain-code K031";

/// Arguments of the subcommand.
#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// CloudFormation templates in YAML or JSON, Terraform plans (`terraform show -json`), or settings (`.toml`); `-` is
    /// standard input
    #[arg(value_name = "FILE", required_unless_present_any = ["explain_code", "list_codes"])]
    pub(super) files: Vec<PathBuf>,

    /// How the answer is written
    #[arg(long, value_enum, default_value_t = CheckFormat::Text)]
    pub(super) format: CheckFormat,

    /// Exit with 3 if there are warnings
    #[arg(long)]
    pub(super) deny_warnings: bool,

    /// Don't say what has this code, a warning or a note (may be repeated)
    #[arg(long, value_name = "CODE")]
    pub(super) allow: Vec<String>,

    /// Also say what is only worth knowing
    #[arg(long)]
    pub(super) notes: bool,

    /// Say what a code means, why it matters and how to mend it; reads no files
    #[arg(long, value_name = "CODE", conflicts_with_all = ["files", "list_codes"])]
    pub(super) explain_code: Option<String>,

    /// List all codes; reads no files
    #[arg(long, conflicts_with = "files")]
    pub(super) list_codes: bool,

    #[command(flatten)]
    pub(super) template: TemplateArguments,

    /// When to use colours
    #[arg(long, value_enum, default_value_t = ColourArgument::Auto, value_name = "WHEN")]
    pub(super) color: ColourArgument,
}

/// How the answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    /// For a person at a terminal
    Text,
    /// One object; docs/check.md describes it
    Json,
    /// SARIF 2.1.0, for what shows findings beside code
    Sarif,
}
