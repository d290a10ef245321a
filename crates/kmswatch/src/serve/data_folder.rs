//! The folder in which the service keeps everything: one service a folder.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io::{self, Read as _, Write as _};
use std::net::SocketAddr;
use std::os::unix::fs::{DirBuilderExt as _, OpenOptionsExt as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::{Context as _, bail};

use crate::report::escape::shown;

/// A data folder that nobody else uses.
pub(crate) struct DataFolder {
    path: PathBuf,
    instance: String,
    /// Held as long as the process lives: the system gives it back, however the process ends. It holds the process's number.
    _lock: File,
}

/// Where the running service of a data folder is.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
pub(crate) struct Running {
    pub(crate) pid: u32,
    /// `http://127.0.0.1:8625`
    pub(crate) http: String,
}

impl DataFolder {
    /// Takes a folder, which is made if it isn't there.
    pub(crate) fn take(path: &Path) -> anyhow::Result<Self> {
        let name = shown(&path.display().to_string());
        DirBuilder::new()
            .recursive(true)
            .mode(0o700)
            .create(path)
            .with_context(|| format!("the data folder {name} can't be made"))?;
        let mut lock = private()
            .truncate(false)
            .open(path.join(LOCK_FILE))
            .with_context(|| format!("the data folder {name} can't be written to"))?;
        match lock_patiently(&lock) {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                let running =
                    Running::of(path).map(|it| format!("process {} at {}", it.pid, shown(&it.http)));
                let starting = || Some(format!("process {}", holder(path)?));
                let who = running.or_else(starting).unwrap_or_else(|| "another process".to_owned());
                bail!("{name} is in use by {who}; end that one first, or choose another folder with --data");
            }
            Err(TryLockError::Error(error)) => {
                return Err(error).with_context(|| format!("the data folder {name} can't be locked"));
            }
        }
        lock.set_len(0)
            .and_then(|()| lock.write_all(std::process::id().to_string().as_bytes()))
            .with_context(|| format!("the data folder {name} can't be written to"))?;
        // Of one that didn't end cleanly.
        let _ = fs::remove_file(path.join(RUN_FILE));
        let instance = match known_instance(path) {
            Some(instance) => instance,
            None => new_instance(path)?,
        };
        Ok(DataFolder { path: path.to_owned(), instance, _lock: lock })
    }

    pub(crate) fn database(&self) -> PathBuf {
        database(&self.path)
    }

    /// Says where the service is, now that it is ready.
    pub(crate) fn announce(&self, address: SocketAddr, scheme: &str) -> anyhow::Result<()> {
        let running = Running { pid: std::process::id(), http: format!("{scheme}://{address}") };
        let text = serde_json::to_string(&running)?;
        replace(&self.path.join(RUN_FILE), text.as_bytes())
            .with_context(|| format!("{RUN_FILE} can't be written"))
    }

    /// What tells the notifications of this database from those of others, in the ids of mails. Mail servers drop a mail whose id
    /// they know, so it is another one where numbers are given a second time: in a new database, and after a backup was restored.
    pub(crate) fn instance(&self) -> &str {
        &self.instance
    }

    /// Begins a new sequence of notifications: the database is exchanged.
    pub(crate) fn renew_instance(&mut self) -> anyhow::Result<()> {
        self.instance = new_instance(&self.path)?;
        Ok(())
    }

    /// The service ends.
    pub(crate) fn retract(&self) {
        let _ = fs::remove_file(self.path.join(RUN_FILE));
    }

    /// The token that whoever pushes records or asks the service to do something shows: made the first time.
    pub(crate) fn token(&self) -> anyhow::Result<String> {
        if let Some(token) = token(&self.path) {
            return Ok(token);
        }
        let token = hex(&random::<32>()?);
        replace(&self.path.join(TOKEN_FILE), token.as_bytes()).context("the token can't be written")?;
        Ok(token)
    }
}

/// The instance of the database that is there.
fn known_instance(folder: &Path) -> Option<String> {
    let known = fs::read_to_string(folder.join(INSTANCE_FILE)).ok()?;
    let is_one = known.len() == 8 && known.bytes().all(|byte| byte.is_ascii_hexdigit());
    (is_one && database(folder).exists()).then_some(known)
}

fn new_instance(folder: &Path) -> anyhow::Result<String> {
    let instance = hex(&random::<4>()?);
    replace(&folder.join(INSTANCE_FILE), instance.as_bytes())
        .with_context(|| format!("{INSTANCE_FILE} can't be written"))?;
    Ok(instance)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Bytes that nobody can guess.
pub(crate) fn random<const LENGTH: usize>() -> anyhow::Result<[u8; LENGTH]> {
    let mut bytes = [0_u8; LENGTH];
    File::open("/dev/urandom")
        .and_then(|mut random| random.read_exact(&mut bytes))
        .context("no randomness")?;
    Ok(bytes)
}

/// Where the database of a data folder is.
pub(crate) fn database(folder: &Path) -> PathBuf {
    folder.join("kmswatch.db")
}

/// Whether somebody uses a data folder: a service, or a command that needs it for itself.
///
/// # Errors
/// Where that can't be looked at.
pub(crate) fn is_taken(folder: &Path) -> io::Result<bool> {
    let lock = match File::open(folder.join(LOCK_FILE)) {
        Ok(lock) => lock,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(false),
        Err(error) => return Err(error),
    };
    // Given back at once; who takes the folder at this very moment tries again.
    match lock.try_lock_shared() {
        Ok(()) => Ok(false),
        Err(TryLockError::WouldBlock) => Ok(true),
        Err(TryLockError::Error(error)) => Err(error),
    }
}

/// Where the token of a data folder is.
pub(crate) fn token_file(folder: &Path) -> PathBuf {
    folder.join(TOKEN_FILE)
}

/// The token of a data folder, as far as the reader may see it.
pub(crate) fn token(folder: &Path) -> Option<String> {
    let text = fs::read_to_string(folder.join(TOKEN_FILE)).ok()?;
    Some(text.trim().to_owned()).filter(|token| !token.is_empty())
}

impl Running {
    /// The service that runs in a folder, as it says itself.
    pub(crate) fn of(folder: &Path) -> Option<Self> {
        serde_json::from_slice(&fs::read(folder.join(RUN_FILE)).ok()?).ok()
    }
}

/// The number of the process that has a folder.
fn holder(folder: &Path) -> Option<u32> {
    fs::read_to_string(folder.join(LOCK_FILE)).ok()?.trim().parse().ok()
}

/// Takes a lock. Commands that look whether it is taken hold it for a moment.
fn lock_patiently(lock: &File) -> Result<(), TryLockError> {
    for _ in 0..LOCK_TRIES {
        match lock.try_lock() {
            Err(TryLockError::WouldBlock) => std::thread::sleep(LOCK_WAIT),
            done => return done,
        }
    }
    lock.try_lock()
}

/// How often a taken lock is tried again, and after how long each time.
const LOCK_TRIES: u32 = 10;
const LOCK_WAIT: Duration = Duration::from_millis(20);

const LOCK_FILE: &str = "lock";
const RUN_FILE: &str = "run.json";
const TOKEN_FILE: &str = "token";
const INSTANCE_FILE: &str = "instance";

/// For the user alone.
fn private() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create(true).mode(0o600);
    options
}

/// Whole or not at all.
fn replace(path: &Path, content: &[u8]) -> io::Result<()> {
    let unfinished = path.with_extension("unfinished");
    let mut file = private().truncate(true).open(&unfinished)?;
    file.write_all(content)?;
    file.sync_all()?;
    fs::rename(&unfinished, path)
}
