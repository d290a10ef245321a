//! What is done to this repository besides `cargo build`?
//!
//! `cargo xtask` lists the commands. Each one is a module; `--help` behind its name prints its own help.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "its answers are for the terminal that called it"
)]

mod arguments;
mod bench;
mod examples;
mod testing;
mod tidy;
mod workspace;

use std::process::ExitCode;

use arguments::{Arguments, UsageError};

/// One word that may stand behind `cargo xtask`.
struct Command {
    name: &'static str,
    about: &'static str,
    help: &'static str,
    run: fn(Arguments) -> anyhow::Result<ExitCode>,
}

const COMMANDS: [Command; 4] = [
    Command {
        name: "test",
        about: "Install what the tests need and run them all",
        help: testing::HELP,
        run: testing::run,
    },
    Command {
        name: "tidy",
        about: "Check the house rules that a machine can check",
        help: tidy::HELP,
        run: tidy::run,
    },
    Command {
        name: "examples",
        about: "Write the example trail, or check it",
        help: examples::HELP,
        run: examples::run,
    },
    Command {
        name: "bench",
        about: "Measure kmswatch against the physical floor",
        help: bench::HELP,
        run: bench::run,
    },
];

fn main() -> ExitCode {
    let mut words = std::env::args().skip(1);
    let Some(name) = words.next() else {
        print!("{}", overview());
        return ExitCode::SUCCESS;
    };
    if matches!(name.as_str(), "help" | "-h" | "--help") {
        print!("{}", overview());
        return ExitCode::SUCCESS;
    }
    let Some(command) = COMMANDS.iter().find(|command| command.name == name) else {
        eprintln!("{}", unknown_command(&name));
        return ExitCode::from(2);
    };
    call(command, Arguments::new(words.collect()))
}

fn call(command: &Command, arguments: Arguments) -> ExitCode {
    if arguments.asks_for_help() {
        print!("{}", command.help);
        return ExitCode::SUCCESS;
    }
    match (command.run)(arguments) {
        Ok(code) => code,
        Err(error) if error.is::<UsageError>() => {
            eprintln!("error: {error}\nhint: cargo xtask {} --help", command.name);
            ExitCode::from(2)
        }
        Err(error) => {
            eprintln!("error: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn overview() -> String {
    let mut text = String::from("Usage: cargo xtask <command> [options]\n\nCommands:\n");
    for command in &COMMANDS {
        text.push_str(&format!("  {:10}{}\n", command.name, command.about));
    }
    text.push_str("\ncargo xtask <command> --help says more.\n");
    text
}

fn unknown_command(name: &str) -> String {
    let names = COMMANDS.iter().map(|command| command.name);
    match arguments::nearest(name, names) {
        Some(nearest) => format!("error: no command `{name}`\nhint: did you mean `cargo xtask {nearest}`?"),
        None => format!("error: no command `{name}`\nhint: `cargo xtask` lists the commands"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_overview_names_each_command() {
        for command in &COMMANDS {
            assert!(overview().contains(command.about));
            assert!(
                command.help.starts_with(&format!("Usage: cargo xtask {}", command.name)),
                "{}",
                command.name
            );
        }
    }

    #[test]
    fn an_unknown_command_is_answered_with_the_nearest_one() {
        assert!(unknown_command("tydi").contains("`cargo xtask tidy`"));
        assert!(unknown_command("deploy").contains("lists the commands"));
    }
}
