//! A changed template or settings file is applied while the service runs, if it is valid; if not, the old one stays, and
//! everybody who asks hears why.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::mpsc::TrySendError;
use std::sync::{Arc, PoisonError};
use std::time::{Duration, Instant};

use anyhow::bail;

use super::Service;
use super::applied::Applied;
use super::arguments::ServeArguments;
use super::engine::Input;
use super::watching::Watching;
use super::{demo_settings, means, source_names};
use crate::settings::{self, Settings};

/// How often the files are looked at.
const EVERY: Duration = Duration::from_secs(1);

/// What is looked at, and how it was the last time.
pub(crate) struct Reload {
    settings: Settings,
    /// What is followed, whatever the settings say by now.
    sources: Vec<String>,
    arguments: ServeArguments,
    seen: Vec<(PathBuf, State)>,
    next: Instant,
    generation: u64,
    instance: String,
}

/// By what a changed file is known: its length, its time in nanoseconds, its number. `None` if it isn't there.
pub(super) type State = Option<(u64, i64, u64)>;

impl Reload {
    pub(crate) fn new(settings: &Settings, arguments: &ServeArguments, instance: String) -> Self {
        let seen = states(settings);
        Reload {
            settings: settings.clone(),
            sources: source_names(&settings.trails),
            arguments: arguments.clone(),
            seen,
            next: Instant::now() + EVERY,
            generation: 0,
            instance,
        }
    }

    /// Looks whether a file changed: now and then, and at once where somebody asked for it, who is answered in any case.
    pub(crate) fn look(&mut self, service: &Service, asked: bool) {
        if Instant::now() < self.next && !asked {
            return;
        }
        self.next = Instant::now() + EVERY;
        let now = states(&self.settings);
        if now == self.seen && !asked {
            return;
        }
        self.seen = now;
        match self.apply(service) {
            // While the engine can't take it, it is tried again.
            Ok(false) => self.seen.clear(),
            Ok(true) => {
                service.figures.set_configuration_trouble(None);
                tracing::info!("the changed template and settings are applied");
            }
            Err(error) => {
                let error = format!("{error:#}");
                tracing::error!(
                    "the changed template or settings can't be applied, so those before stay: {error}"
                );
                service.figures.set_configuration_trouble(Some(error));
            }
        }
    }

    /// `false` if the engine has no room for it now.
    fn apply(&mut self, service: &Service) -> anyhow::Result<bool> {
        let mut settings = settings::for_service(&self.arguments, std::env::vars_os())?;
        if self.arguments.demo {
            demo_settings(&mut settings);
        }
        let seen = self.states_of(&settings);
        let mut applied = Applied::of(&settings, &self.arguments, &self.sources)?;
        let now = service.clock.now().div_euclid(1000);
        applied.follow(Some(&service.applied.lock().unwrap_or_else(PoisonError::into_inner)), now);
        let chain = Arc::new(applied.chain()?);
        let courier = means::courier(&settings)?;
        let names = means::names(&settings, &self.instance);
        self.generation += 1;
        let watching = Arc::new(Watching::new(self.generation, chain));
        let template = applied.to_store(service.clock.now())?;
        match service.engine.try_send(Input::Configure(watching, template, Box::new(names))) {
            Ok(()) => {}
            Err(TrySendError::Full(_)) => return Ok(false),
            Err(TrySendError::Disconnected(_)) => bail!("the service is ending"),
        }
        service.means.set(courier);
        *service.applied.lock().unwrap_or_else(PoisonError::into_inner) = applied;
        for what in needs_restart(&self.settings, &settings) {
            tracing::warn!("`{what}` changed; that is applied when the service is started again");
        }
        self.seen = seen;
        self.settings = settings;
        Ok(true)
    }

    /// How files were before they were read, so that a change meanwhile is seen the next time.
    fn states_of(&self, settings: &Settings) -> Vec<(PathBuf, State)> {
        let mut now = states(settings);
        for (path, state) in &mut now {
            if let Some((_, before)) = self.seen.iter().find(|(known, _)| known == path) {
                *state = *before;
            }
        }
        now
    }
}

/// What has another value that is only read at the start.
fn needs_restart(before: &Settings, now: &Settings) -> Vec<&'static str> {
    let differs = [
        ("data", before.data != now.data),
        ("trail", before.trails != now.trails),
        ("http", before.http != now.http),
        ("retention", before.retention != now.retention),
        ("durability", before.durability != now.durability),
        ("log", (before.log, before.log_level) != (now.log, now.log_level)),
    ];
    differs.into_iter().filter(|(_, differs)| *differs).map(|(name, _)| name).collect()
}

fn states(settings: &Settings) -> Vec<(PathBuf, State)> {
    let files = [&settings.file, &settings.template, &settings.mail.ca];
    files.into_iter().flatten().map(|path| (path.clone(), state(path))).collect()
}

pub(super) fn state(path: &Path) -> State {
    use std::os::unix::fs::MetadataExt as _;
    let metadata = fs::metadata(path).ok()?;
    let nanoseconds = metadata.mtime().saturating_mul(1_000_000_000).saturating_add(metadata.mtime_nsec());
    Some((metadata.len(), nanoseconds, metadata.ino()))
}
