//! `kmswatch init`: the built-in template and the settings, as files of one's own.

mod arguments;

use std::fs;
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use tempfile::NamedTempFile;

use crate::Exit;
use crate::builtin::TEMPLATE;
use crate::report::escape::Escaped;
pub(crate) use arguments::{INIT_HELP, InitArguments};

const TEMPLATE_NAME: &str = "kmswatch.yaml";
const SETTINGS_NAME: &str = "kmswatch.toml";
const SETTINGS: &str = include_str!("../../../examples/kmswatch.toml");

/// The name and text of each file.
const FILES: [(&str, &str); 2] = [(TEMPLATE_NAME, TEMPLATE), (SETTINGS_NAME, SETTINGS)];

pub(crate) fn run(arguments: &InitArguments) -> anyhow::Result<Exit> {
    let mut output = io::stdout().lock();
    if arguments.stdout {
        output.write_all(TEMPLATE.as_bytes())?;
    } else {
        let folder = &arguments.folder;
        refuse_existing(folder, arguments.force)?;
        write_files(folder, arguments.force)?;
        output.write_all(what_next(folder).as_bytes())?;
    }
    output.flush()?;
    Ok(Exit::Done)
}

/// Finds what is in the way before anything is written.
fn refuse_existing(folder: &Path, replace: bool) -> anyhow::Result<()> {
    let paths = FILES.map(|(name, _)| path(folder, name));
    if let Some(path) = paths.iter().find(|path| path.is_dir()) {
        bail!("{} is a folder, so nothing was written", shown(path));
    }
    // A link that leads nowhere exists as well.
    let existing = paths.iter().filter(|path| !replace && path.symlink_metadata().is_ok());
    let existing: Vec<String> = existing.map(|path| shown(path)).collect();
    match existing.as_slice() {
        [] => Ok(()),
        [one] => bail!("{one} exists, so nothing was written; --force replaces it"),
        more => bail!("{} exist, so nothing was written; --force replaces them", more.join(" and ")),
    }
}

/// Writes all files, or none: each is complete beside its place before the first is put there.
fn write_files(folder: &Path, replace: bool) -> anyhow::Result<()> {
    fs::create_dir_all(folder).with_context(|| format!("the folder {} can't be made", shown(folder)))?;
    let mut prepared = Vec::new();
    for (name, text) in FILES {
        let path = path(folder, name);
        let file = prepare(folder, text).with_context(|| cannot_write(&path))?;
        prepared.push((path, file));
    }
    let mut written: Vec<PathBuf> = Vec::new();
    for (path, file) in prepared {
        if let Err(error) = put(file, &path, replace) {
            // What was there before it was replaced is gone; what is new can go again.
            written.iter().filter(|_| !replace).for_each(|path| drop(fs::remove_file(path)));
            return Err(error).with_context(|| cannot_write(&path));
        }
        written.push(path);
    }
    Ok(())
}

fn prepare(folder: &Path, text: &str) -> io::Result<NamedTempFile> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".kmswatch-");
    #[cfg(unix)]
    // As for any new file: the umask takes away from it.
    let builder = builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    // In the path of a relative folder, so that it can be renamed into place.
    let here = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let mut file = builder.tempfile_in(here)?;
    file.write_all(text.as_bytes())?;
    file.as_file().sync_all()?;
    Ok(file)
}

fn put(file: NamedTempFile, path: &Path, replace: bool) -> io::Result<()> {
    let put = if replace { file.persist(path) } else { file.persist_noclobber(path) };
    put.map(drop).map_err(|error| error.error)
}

fn cannot_write(path: &Path) -> String {
    format!("{} can't be written", shown(path))
}

fn what_next(folder: &Path) -> String {
    let template = path(folder, TEMPLATE_NAME);
    let settings = path(folder, SETTINGS_NAME);
    let word = word(&template);
    format!(
        "\
Wrote {template}, the template: what is looked for, and when an alarm goes off.
Wrote {settings}, the settings: how the template is read, and what the service needs beside it.

Check the template:
  kmswatch check --parameter NotificationEmail=you@example.com {word}

See what it finds in logs that you have, and when each alarm would have gone off:
  kmswatch scan --template {word} logs/

Deploy it to AWS, with your own address:
  aws cloudformation deploy --template-file {word} --stack-name kmswatch \\
    --capabilities CAPABILITY_IAM --parameter-overrides NotificationEmail=you@example.com
",
        template = shown(&template),
        settings = shown(&settings),
    )
}

/// The path of a file, without `./` in front.
fn path(folder: &Path, name: &str) -> PathBuf {
    if folder == Path::new(".") { PathBuf::from(name) } else { folder.join(name) }
}

fn shown(path: &Path) -> String {
    Escaped(&path.display().to_string()).to_string()
}

/// A path as a word for a shell, which no command takes for an option.
fn word(path: &Path) -> String {
    let shown = shown(path);
    let shown = if shown.starts_with('-') { format!("./{shown}") } else { shown };
    let is_plain = |found: char| found.is_alphanumeric() || "_./-+@:,%".contains(found);
    if shown.chars().all(is_plain) { shown } else { format!("'{}'", shown.replace('\'', r"'\''")) }
}

#[cfg(test)]
mod tests;
