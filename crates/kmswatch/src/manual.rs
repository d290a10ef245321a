//! `kmswatch completions` and `kmswatch man`: what shells and `man` want to know of the command line.

mod arguments;

use std::fs;
use std::io::{self, Write as _};
use std::path::Path;

use anyhow::{Context as _, bail};
use clap::{Command, CommandFactory as _};
use clap_complete::Shell;
use clap_mangen::Man;
use diagnostic::closest;

use crate::Exit;
use crate::arguments::Arguments;
use crate::report::escape::shown;
pub(crate) use arguments::{COMPLETIONS_HELP, CompletionsArguments, MAN_HELP, ManArguments};

/// Prints what a shell reads to complete our commands and options.
pub(crate) fn completions(arguments: &CompletionsArguments) -> anyhow::Result<Exit> {
    let mut out = io::stdout().lock();
    out.write_all(&completions_for(arguments.shell))?;
    out.flush()?;
    Ok(Exit::Done)
}

/// Prints a manual page, or writes all of them.
pub(crate) fn man(arguments: &ManArguments) -> anyhow::Result<Exit> {
    let pages = pages();
    match (&arguments.folder, &arguments.command) {
        (Some(folder), _) => write_all(&pages, folder)?,
        (None, name) => {
            let mut out = io::stdout().lock();
            out.write_all(&rendered(page(&pages, name.as_deref())?)?)?;
            out.flush()?;
        }
    }
    Ok(Exit::Done)
}

fn completions_for(shell: Shell) -> Vec<u8> {
    let mut written = Vec::new();
    clap_complete::generate(shell, &mut Arguments::command(), "kmswatch", &mut written);
    written
}

/// The program itself, then each of its commands.
fn pages() -> Vec<Command> {
    let mut program = Arguments::command().disable_help_subcommand(true);
    // Gives each command the name of its page, `kmswatch-scan`, and its whole usage.
    program.build();
    let mut pages: Vec<Command> = program.get_subcommands().cloned().collect();
    pages.insert(0, program);
    pages
}

fn page<'p>(pages: &'p [Command], name: Option<&str>) -> anyhow::Result<&'p Command> {
    let wanted = name.unwrap_or("kmswatch");
    if let Some(found) = pages.iter().find(|page| page.get_name() == wanted) {
        return Ok(found);
    }
    let names: Vec<&str> = pages.iter().skip(1).map(Command::get_name).collect();
    match closest(wanted, names.clone()) {
        Some(similar) => bail!("there is no command `{}`; write `{similar}`", shown(wanted)),
        None => bail!("there is no command `{}`; there are {}", shown(wanted), names.join(", ")),
    }
}

fn rendered(command: &Command) -> anyhow::Result<Vec<u8>> {
    let man =
        Man::new(command.clone()).manual("kmswatch").source(concat!("kmswatch ", env!("CARGO_PKG_VERSION")));
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    if let Some(help) = command.get_after_help() {
        page.extend_from_slice(notes(&help.to_string()).as_bytes());
    }
    Ok(page)
}

/// What stands below the options in the help, with its own line breaks.
fn notes(text: &str) -> String {
    let line =
        |line: &str| format!("\\&{}\n", line.replace('\\', "\\e").replace('-', "\\-").replace('\'', "\\(aq"));
    let lines: String = text.lines().map(line).collect();
    format!(".SH NOTES\n.nf\n{lines}.fi\n")
}

fn write_all(pages: &[Command], folder: &Path) -> anyhow::Result<()> {
    let name = |path: &Path| shown(&path.display().to_string());
    fs::create_dir_all(folder).with_context(|| format!("the folder {} can't be made", name(folder)))?;
    for page in pages {
        let path = folder.join(format!("{}.1", page.get_display_name().unwrap_or(page.get_name())));
        fs::write(&path, rendered(page)?).with_context(|| format!("{} can't be written", name(&path)))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
