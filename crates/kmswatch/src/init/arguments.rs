//! What can be asked of `kmswatch init`. The texts here are the help.

use std::path::PathBuf;

use clap::Args;

pub(crate) const INIT_HELP: &str = "\
Exit status: 0 done; 2 wrong arguments, or a file exists or could not be written.

Examples:
  kmswatch init
  kmswatch init detections/
  kmswatch init --stdout > kmswatch.yaml";

#[derive(Debug, Args)]
pub(crate) struct InitArguments {
    /// Where kmswatch.yaml and kmswatch.toml are written; the folder is made if there is none
    #[arg(value_name = "DIR", default_value = ".")]
    pub(crate) folder: PathBuf,

    /// Replace the two files if they exist; without it, nothing is written where one of them does
    #[arg(long)]
    pub(crate) force: bool,

    /// Print the template and write no file
    #[arg(long, conflicts_with_all = ["folder", "force"])]
    pub(crate) stdout: bool,
}
