//! What can be asked of `kmswatch test`. The texts here are the help.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use crate::arguments::ColourArgument;
use crate::template::TemplateArguments;

pub(crate) const TEST_HELP: &str = "\
Exit status: 0 all cases passed; 1 a case failed; 2 wrong arguments, a case file is wrong or could
not be read, or no case was run.

Examples:
  kmswatch test kmswatch.test.yaml
  kmswatch test --junit report.xml detections/
  kmswatch test --filter 'near miss' -v detections/
  kmswatch test --template new.yaml kmswatch.test.yaml";

/// Arguments of the subcommand.
#[derive(Debug, Args)]
pub(crate) struct TestArguments {
    /// Case files, and folders with files named *.test.yaml, *_test.yaml (or .yml); docs/test.md describes the format
    #[arg(required = true, value_name = "CASES")]
    pub(super) paths: Vec<PathBuf>,

    /// Run the cases whose name contains this
    #[arg(long, value_name = "SUBSTRING")]
    pub(super) filter: Option<String>,

    /// How the answer is written
    #[arg(long, value_enum, default_value_t = TestFormat::Text)]
    pub(super) format: TestFormat,

    /// Also write the results as JUnit XML
    #[arg(long, value_name = "FILE")]
    pub(super) junit: Option<PathBuf>,

    /// Also name the cases that passed
    #[arg(short, long)]
    pub(super) verbose: bool,

    /// The template, or Terraform plan in JSON, instead of those that the case files name
    #[arg(long = "template", value_name = "FILE", help_heading = "Template")]
    pub(super) template_file: Option<PathBuf>,

    #[command(flatten)]
    pub(super) template: TemplateArguments,

    /// When to use colours
    #[arg(long, value_enum, default_value_t = ColourArgument::Auto, value_name = "WHEN")]
    pub(super) color: ColourArgument,
}

/// How the answer is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum TestFormat {
    /// For a person at a terminal
    Text,
    /// One object; docs/test.md describes it
    Json,
}
