//! Which data folder is meant, and whether a service runs in it.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};

use super::arguments::DataArguments;
use crate::report::escape::shown;
use crate::serve::data_folder::{self, Running};
use crate::settings::Settings;

/// The variable that names it.
const DATA: &str = "KMSWATCH_DATA";
/// The variable that names the file of the settings.
const CONFIG: &str = "KMSWATCH_CONFIG";
/// The file that is read where nothing names one, if it is there.
const FILE: &str = "kmswatch.toml";
/// Where `serve --demo` keeps its state.
const DEMO: &str = crate::serve::DEMO_DATA;

/// A data folder.
#[derive(Debug, Clone)]
pub(crate) struct Folder {
    pub(crate) path: PathBuf,
}

/// What holds a data folder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Holder {
    /// Nothing: no service runs.
    Nobody,
    /// Something that doesn't answer yet or any more: it starts, ends, or is another command.
    Somebody,
    /// A service that is ready.
    Service(Running),
}

impl Folder {
    /// The one that is meant. The settings are only read where nothing else names it, so that a mistake in them is in nobody's
    /// way at night.
    pub(crate) fn meant(arguments: &DataArguments) -> anyhow::Result<Self> {
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        if let Some(path) = arguments.data.clone().or_else(|| set(DATA)) {
            return Ok(Folder { path });
        }
        let here = || Path::new(FILE).exists().then(|| PathBuf::from(FILE));
        let path = match arguments.config.clone().or_else(|| set(CONFIG)).or_else(here) {
            Some(file) => {
                let help =
                    "which data folder is meant stands in the settings (--data DIR says it without them)";
                Settings::read(&file).map(|settings| settings.data).context(help)?
            }
            None => Settings::default().data,
        };
        Ok(Folder { path })
    }

    /// The one that is meant, if it is there.
    pub(crate) fn existing(arguments: &DataArguments) -> anyhow::Result<Self> {
        let folder = Self::meant(arguments)?;
        match folder.path.metadata() {
            Ok(metadata) if metadata.is_dir() => Ok(folder),
            Ok(_) => bail!("{} is no folder; name the data folder of the service with --data", folder.name()),
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
                let demo =
                    if Path::new(DEMO).is_dir() { format!(" ({DEMO} is here)") } else { String::new() };
                bail!(
                    "there is no data folder {}; name the one of the service with --data{demo}",
                    folder.name()
                )
            }
            Err(error) => Err(error).with_context(|| folder.unreadable()),
        }
    }

    /// For people.
    pub(crate) fn name(&self) -> String {
        shown(&self.path.display().to_string())
    }

    pub(crate) fn database(&self) -> PathBuf {
        data_folder::database(&self.path)
    }

    /// What holds it. A service that was killed left its address behind; only who holds the lock is alive.
    pub(crate) fn holder(&self) -> anyhow::Result<Holder> {
        if !data_folder::is_taken(&self.path).with_context(|| self.unreadable())? {
            return Ok(Holder::Nobody);
        }
        Ok(Running::of(&self.path).map_or(Holder::Somebody, Holder::Service))
    }

    fn unreadable(&self) -> String {
        format!("the data folder {} can't be looked into; be the user that the service runs as", self.name())
    }
}
