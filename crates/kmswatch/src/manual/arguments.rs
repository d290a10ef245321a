//! What can be asked of `kmswatch completions` and `kmswatch man`. The texts here are the help.

use std::path::PathBuf;

use clap::Args;
use clap_complete::Shell;

pub(crate) const COMPLETIONS_HELP: &str = "\
Examples:
  kmswatch completions bash > ~/.local/share/bash-completion/completions/kmswatch
  kmswatch completions zsh > ~/.zfunc/_kmswatch
  kmswatch completions fish > ~/.config/fish/completions/kmswatch.fish";

pub(crate) const MAN_HELP: &str = "\
Examples:
  kmswatch man | man -l -
  kmswatch man scan | man -l -
  kmswatch man --folder /usr/local/share/man/man1";

/// Arguments of `completions`.
#[derive(Debug, Args)]
pub(crate) struct CompletionsArguments {
    /// The shell that shall complete commands and options
    #[arg(value_name = "SHELL", value_enum)]
    pub(super) shell: Shell,
}

/// Arguments of `man`.
#[derive(Debug, Args)]
pub(crate) struct ManArguments {
    /// The command whose page is printed; without one, the page of kmswatch itself
    #[arg(value_name = "COMMAND")]
    pub(super) command: Option<String>,

    /// Write the pages of all commands into this folder instead, which is made if need be
    #[arg(long, value_name = "DIR", conflicts_with = "command")]
    pub(super) folder: Option<PathBuf>,
}
