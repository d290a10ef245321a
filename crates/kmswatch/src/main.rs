//! `kmswatch`: who tried to decrypt what they must not, from where, and with which key.
//!
//! This crate is the command line, and the only place with arguments, environment, a clock and signals. Each
//! subcommand is a module; what they share is reading log files with several threads ([`pipeline`]).

mod alarms;
mod arguments;
mod builtin;
mod check;
mod detections;
mod evaluate;
mod evidence;
mod init;
mod interrupt;
mod log_event;
mod manual;
mod matching;
mod operate;
mod output;
mod pipeline;
mod progress;
mod report;
mod scan;
mod serve;
mod settings;
mod template;
mod test;

use std::process::ExitCode;

use clap::Parser;

use arguments::{Arguments, Command};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// What the process answers with; `--help` lists the numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Exit {
    /// Done. For `match`: something matched.
    Done,
    /// Done, but something couldn't be read. For `match`: nothing matched.
    Incomplete,
    /// Wrong arguments, or it couldn't run. For `match`: something couldn't be read.
    Failed,
    /// What `--fail-on` names was found, or a warning with `--deny-warnings`.
    Found,
    /// Somebody pressed Ctrl-C.
    Interrupted,
}

fn main() -> ExitCode {
    let arguments = Arguments::parse();
    let outcome = match arguments.command {
        Command::Scan(arguments) => scan::run(&arguments),
        Command::Match(arguments) => matching::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::Init(arguments) => init::run(&arguments),
        Command::Evaluate(arguments) => evaluate::run(&arguments),
        Command::Test(arguments) => test::run(&arguments),
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Completions(arguments) => manual::completions(&arguments),
        Command::Man(arguments) => manual::man(&arguments),
        Command::Status(arguments) => operate::status::run(&arguments),
        Command::Alarms(arguments) => operate::alarms::run(&arguments),
        Command::Outbox(arguments) => operate::outbox::run(&arguments),
        Command::Drill(arguments) => operate::drill::run(&arguments),
        Command::Backup(arguments) => operate::backup::backup(&arguments),
        Command::Restore(arguments) => operate::backup::restore(&arguments),
    };
    let exit = outcome.unwrap_or_else(|error| match output::broken_pipe(&error) {
        // Whoever reads our output has read enough.
        true => Exit::Done,
        false => {
            output::error(&format!("{error:#}"));
            Exit::Failed
        }
    });
    ExitCode::from(match exit {
        Exit::Done => 0,
        Exit::Incomplete => 1,
        Exit::Failed => 2,
        Exit::Found => 3,
        Exit::Interrupted => 130,
    })
}
