//! `kmswatch backup` and `kmswatch restore`: everything that the service remembers, as one file.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use serde_json::{Value, json};
use store_sqlite::{OpenErrorKind, Reader};

use super::arguments::{AnswerFormat, BackupArguments, RestoreArguments};
use super::folder::Folder;
use super::words::{moment, size};
use super::{now, print, print_json};
use crate::Exit;
use crate::report::escape::shown;
use crate::report::page::{Page, grouped, plural};
use crate::serve::data_folder::DataFolder;
use crate::serve::totals;

/// Runs `kmswatch backup`.
pub(crate) fn backup(arguments: &BackupArguments) -> anyhow::Result<Exit> {
    let folder = Folder::existing(&arguments.data)?;
    let file = &arguments.file;
    if arguments.force {
        replace(&folder, file)?;
    } else {
        store_sqlite::backup(&folder.database(), file).map_err(|error| with_force(error, file))?;
    }
    let what = Content::of(file)?;
    tell(arguments.format, &what, &format!("Wrote {}", name(file)), &[])?;
    Ok(Exit::Done)
}

fn with_force(error: store_sqlite::BackupError, file: &Path) -> anyhow::Error {
    match error {
        store_sqlite::BackupError::Exists(_) => {
            anyhow!("{} exists, so nothing was written; --force replaces it", name(file))
        }
        other => other.into(),
    }
}

/// The backup is complete beside its place before it replaces anything.
fn replace(folder: &Folder, file: &Path) -> anyhow::Result<()> {
    let same = |one: &Path, other: &Path| Some(fs::canonicalize(one).ok()? == fs::canonicalize(other).ok()?);
    if same(file, &folder.database()) == Some(true) {
        bail!("{} is the database itself", name(file));
    }
    if file.is_dir() {
        bail!("{} is a folder", name(file));
    }
    let mut beside = file.as_os_str().to_owned();
    beside.push(".unfinished");
    let beside = PathBuf::from(beside);
    match fs::remove_file(&beside) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
            return Err(error).with_context(|| format!("{} can't be removed", name(&beside)));
        }
        _ => {}
    }
    store_sqlite::backup(&folder.database(), &beside)?;
    let parent = file.parent().filter(|parent| !parent.as_os_str().is_empty()).unwrap_or(Path::new("."));
    fs::rename(&beside, file)
        .and_then(|()| File::open(parent)?.sync_all())
        .with_context(|| format!("{} can't be replaced", name(file)))
}

/// Runs `kmswatch restore`.
pub(crate) fn restore(arguments: &RestoreArguments) -> anyhow::Result<Exit> {
    let folder = Folder::meant(&arguments.data)?;
    let file = &arguments.file;
    if !file.exists() {
        bail!("there is no backup {}", name(file));
    }
    // No service begins while the database is exchanged, and none may run.
    let mut taken = DataFolder::take(&folder.path)?;
    let what = Content::of(file).map_err(|error| {
        let why = error.to_string();
        anyhow!("{} can't be restored: {}", name(file), why.lines().next().unwrap_or_default())
    })?;
    // What it counts on from was given to other notifications meanwhile.
    taken.renew_instance()?;
    let replaced = taken.database().exists();
    store_sqlite::restore(file, &taken.database())?;
    let aside = format!("{}.before-restore", name(&folder.database()));
    let aside = format!("The database that was there before is {aside}; delete it when all is well.");
    let then = [
        "Start the service: it reads again what its trails got since then, as far as they still have it. Records that were \
         pushed since then are to be pushed again; what comes twice counts once."
            .to_owned(),
        "Notifications that were delivered since then may be sent once more.".to_owned(),
    ];
    let then: Vec<String> = then.into_iter().chain(replaced.then_some(aside)).collect();
    tell(arguments.format, &what, &format!("Restored {} from {}", folder.name(), name(file)), &then)?;
    Ok(Exit::Done)
}

/// What is in a backup.
struct Content {
    bytes: u64,
    /// `None` where an older version wrote it, which it is brought up to date from.
    tables: Option<Tables>,
}

#[derive(Default)]
struct Tables {
    template: String,
    records: u64,
    files: u64,
    /// When something was read last, in milliseconds since 1970.
    read_at: Option<i64>,
    changed_at: Option<i64>,
    waiting: u64,
    dead: u64,
}

impl Content {
    fn of(file: &Path) -> anyhow::Result<Self> {
        let bytes = fs::metadata(file).with_context(|| format!("{} can't be read", name(file)))?.len();
        let tables = match Reader::open(file) {
            Ok(mut reader) => Some(Tables::of(&mut reader)?),
            Err(error) if matches!(error.kind, OpenErrorKind::Older { .. }) => None,
            Err(error) => return Err(error.into()),
        };
        Ok(Content { bytes, tables })
    }

    fn for_programs(&self, file: &str) -> Value {
        let tables = self.tables.as_ref().map(|tables| {
            json!({
                "template": tables.template,
                "records": tables.records,
                "files": tables.files,
                "read_at": tables.read_at,
                "changed_at": tables.changed_at,
                "waiting": tables.waiting,
                "dead": tables.dead,
            })
        });
        json!({ "said": file, "bytes": self.bytes, "content": tables })
    }

    fn write(&self, page: &mut Page<'_>) -> std::io::Result<()> {
        page.field("size", &size(self.bytes))?;
        let Some(tables) = &self.tables else {
            return page.field("content", "as an older version wrote it; the service brings it up to date");
        };
        let Tables { template, records, files, read_at, changed_at, waiting, dead } = tables;
        let template = if template.is_empty() { "none yet" } else { template };
        page.field("template", &shown(template))?;
        page.field("read", &format!("{} of {}", plural(*records, "record"), plural(*files, "file")))?;
        let now = now();
        let at = |at: &Option<i64>| at.map_or("never".to_owned(), |at| moment(at, now));
        page.field("last read", &at(read_at))?;
        page.field("last change", &at(changed_at))?;
        page.field("outbox", &format!("{} waiting, {} given up", grouped(*waiting), grouped(*dead)))
    }
}

impl Tables {
    fn of(reader: &mut Reader) -> anyhow::Result<Self> {
        Ok(reader.at_once(|questions| {
            let depth = questions.depth()?;
            let sources = questions.sources()?;
            let totals: std::collections::BTreeMap<_, _> = questions.counters()?.into_iter().collect();
            Ok(Tables {
                template: questions.template()?.map(|template| template.name).unwrap_or_default(),
                records: totals.get(totals::RECORDS).copied().unwrap_or_default(),
                files: sources.iter().map(|source| source.files).sum(),
                read_at: sources.iter().map(|source| source.read_at).max(),
                changed_at: questions.history(None, 1)?.first().map(|row| row.at),
                waiting: depth.waiting,
                dead: depth.dead,
            })
        })?)
    }
}

fn tell(format: AnswerFormat, what: &Content, said: &str, then: &[String]) -> anyhow::Result<()> {
    match format {
        AnswerFormat::Json => print_json(&what.for_programs(said)),
        AnswerFormat::Text => print(|page| {
            page.line(said)?;
            what.write(page)?;
            then.iter().try_for_each(|text| page.paragraph(0, text))
        }),
    }
}

fn name(path: &Path) -> String {
    shown(&path.display().to_string())
}
