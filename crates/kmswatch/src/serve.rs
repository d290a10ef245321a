//! `kmswatch serve`: follows trails, judges alarms, sends notifications, and keeps its state through everything.

pub(crate) mod applied;
pub(crate) mod arguments;
pub(crate) mod asking;
mod banner;
mod clock;
mod couriers;
pub(crate) mod data_folder;
mod demo;
mod engine;
mod figures;
mod gather;
mod http;
mod loaded;
mod log_file;
mod logging;
mod means;
mod pulse;
mod reload;
mod reports;
pub(crate) mod reserved;
mod signals;
pub(crate) mod status;
pub(crate) mod story;
mod supervisor;
pub(crate) mod totals;
mod trail;
mod watching;

use std::net::SocketAddr;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail};
use monitor::Command;
use source::{FollowOptions, From};

use crate::settings::{self, Origin, SecretSetting, Settings, Start, Trail};
use crate::{Exit, output};
use applied::Applied;
use arguments::ServeArguments;
use asking::{Asking, Resources};
use clock::Clock;
use couriers::{Couriers, Means};
use data_folder::DataFolder;
use engine::{Beginning, Engine, Input};
use figures::Figures;
use http::{Listening, Place};
use loaded::Loaded;
use log_file::LogFileReader;
use reload::Reload;
use reports::Reports;
use signals::Signals;
use supervisor::Supervisor;
use trail::TrailOptions;
use watching::{Shared, Watching};

/// How many inputs may wait for the engine.
const MAX_WAITING: usize = 256;
/// How often the main thread looks whether it is time to end.
const LOOK: Duration = Duration::from_millis(50);
/// The same while it isn't ready yet.
const SHORT_LOOK: Duration = Duration::from_millis(2);
/// How long the service takes at most to end what it has begun; what isn't done by then is done after the next start.
const DRAIN: Duration = Duration::from_secs(20);
/// How long datapoints of a minute are kept, in seconds: 37 days.
const MINUTES_KEPT: i64 = 37 * 86_400;
/// Where a demonstration keeps its state, if nobody says otherwise.
pub(crate) const DEMO_DATA: &str = "kmswatch-demo";
/// How many threads read a trail's log files.
const READERS: usize = 2;

/// Runs the subcommand.
pub(crate) fn run(arguments: &ServeArguments) -> anyhow::Result<Exit> {
    let mut settings = settings::for_service(arguments, std::env::vars_os())?;
    if arguments.demo {
        demo_settings(&mut settings);
    }
    logging::start(&settings)?;
    for warning in &settings.warnings {
        tracing::warn!("{warning}");
    }
    let folder = DataFolder::take(&settings.data)?;
    let signals = Signals::watch()?;
    let supervisor = Supervisor::of(|name| std::env::var_os(name), std::process::id());
    let mut reports = Reports::new(supervisor.context("NOTIFY_SOCKET")?);
    let mut reload = Reload::new(&settings, arguments, folder.instance().to_owned());
    let service = Service::start(&settings, arguments, &folder)?;
    // Ready is what watches: until the template is applied, nobody is told so.
    while !service.watches() && !signals.end() && !service.has_failed() {
        thread::sleep(SHORT_LOOK);
    }
    folder.announce(service.address, service.scheme)?;
    banner::show(&settings, &service, arguments.demo);
    reports.ready(&service);
    let mut reads_backlog = true;
    while !signals.end() && !service.has_failed() {
        thread::sleep(LOOK);
        if reads_backlog && service.has_caught_up() {
            // If there is no room now, there will be.
            let end = Input::Command(Box::new(Command::Backlog(false)), None);
            reads_backlog = service.engine.try_send(end).is_err();
        }
        reload.look(&service, signals.reload());
        reports.go_on(&service);
    }
    reports.stopping();
    tracing::info!("ending: what was begun is finished; once more ends it at once");
    folder.retract();
    service.end()
}

/// A demonstration has a data folder of its own, so that what it invents doesn't get among what is true.
fn demo_settings(settings: &mut Settings) {
    if settings.origin("data") == &Origin::Default {
        settings.data = DEMO_DATA.into();
    }
    settings.trails = vec![Trail { path: settings.data.join("trail"), ..Trail::default() }];
}

/// A service that runs.
pub(crate) struct Service {
    pub(crate) shared: Arc<Shared>,
    pub(crate) figures: Arc<Figures>,
    pub(crate) means: Arc<Means>,
    pub(crate) clock: Clock,
    pub(crate) engine: SyncSender<Input>,
    pub(crate) address: SocketAddr,
    pub(crate) scheme: &'static str,
    door: Listening,
    pub(crate) applied: Mutex<Applied>,
    trails: Vec<Arc<figures::SourceFigures>>,
    stop: Arc<AtomicBool>,
    give_up: Arc<AtomicBool>,
    sources: Vec<JoinHandle<()>>,
    couriers: Vec<JoinHandle<()>>,
    core: JoinHandle<()>,
}

impl Service {
    fn start(settings: &Settings, arguments: &ServeArguments, folder: &DataFolder) -> anyhow::Result<Self> {
        let place = Place::take(&settings.http)?;
        let names = source_names(&settings.trails);
        let loaded = Loaded::from(settings, arguments, folder, &names)?;
        let clock = Clock::new(loaded.monitor.time().unwrap_or_default());
        let Loaded { mut applied, before, chain, store, monitor } = loaded;
        applied.follow(before.as_ref(), clock.now().div_euclid(1000));
        let watching = Arc::new(Watching::new(0, chain));
        let shared = Arc::new(Shared::new(Arc::clone(&watching)));
        let (engine, inputs) = sync_channel(MAX_WAITING);
        let means = Arc::new(Means::new(means::courier(settings)?));
        let (couriers, courier_threads) = Couriers::start(&means, &engine, &clock);
        let figures = Arc::new(figures_of(&store, &names)?);
        let (stop, give_up) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicBool::new(false)));
        let core = Engine::new(Beginning {
            monitor,
            store,
            watching,
            shared: Arc::clone(&shared),
            couriers,
            clock: clock.clone(),
            figures: Arc::clone(&figures),
            names: means::names(settings, folder.instance()),
            give_up: Arc::clone(&give_up),
            template: applied.to_store(clock.now())?,
            retention: retention(&settings.retention),
        });
        if has_backlog(settings, &names, before.as_ref()) {
            let begin = Input::Command(Box::new(Command::Backlog(true)), None);
            engine.send(begin).map_err(|_| anyhow!("the engine ended"))?;
        }
        let core = thread::Builder::new().name("engine".into()).spawn(move || core.run(&inputs))?;
        let asking = Arc::new(Asking {
            engine: engine.clone(),
            shared: Arc::clone(&shared),
            figures: Arc::clone(&figures),
            clock: clock.clone(),
            means: Arc::clone(&means),
            database: folder.database(),
            started_at: clock.now(),
            resources: Resources::new(settings.http.max_body),
        });
        let door = Listening::start(place, &settings.http, tokens(settings, folder)?, asking)?;
        let mut service = Service {
            shared,
            figures,
            means,
            clock,
            engine,
            address: door.address,
            scheme: door.scheme,
            door,
            applied: Mutex::new(applied),
            trails: Vec::new(),
            stop,
            give_up,
            sources: Vec::new(),
            couriers: courier_threads,
            core,
        };
        if arguments.demo {
            service.write_demo(settings)?;
        }
        service.follow(settings, &names, folder)?;
        Ok(service)
    }

    fn follow(&mut self, settings: &Settings, names: &[String], folder: &DataFolder) -> anyhow::Result<()> {
        for (trail, name) in settings.trails.iter().zip(names) {
            let since = self.applied.lock().unwrap_or_else(PoisonError::into_inner).followed_since(name);
            let figures = self.figures.source(name);
            self.trails.push(Arc::clone(&figures));
            let options = TrailOptions {
                folder: trail.path.clone(),
                follow: follow_options(trail, since),
                readers: READERS,
            };
            let around = trail::Around {
                name: name.clone(),
                figures: Arc::clone(&figures),
                engine: self.engine.clone(),
                stop: Arc::clone(&self.stop),
            };
            let new_reader = || {
                let checkpoints = store_sqlite::Reader::open(&folder.database())?;
                Ok(LogFileReader::new(log_file::Beginning {
                    source: name.clone(),
                    folder: trail.path.clone(),
                    shared: Arc::clone(&self.shared),
                    engine: self.engine.clone(),
                    figures: Arc::clone(&figures),
                    clock: self.clock.clone(),
                    checkpoints,
                }))
            };
            self.sources.push(trail::start(options, around, &new_reader)?);
        }
        let watched = settings.trails.iter().zip(names).map(|(trail, name)| pulse::Watched {
            name: name.clone(),
            figures: self.figures.source(name),
            silence: trail.silence,
        });
        let (engine, clock, stop) = (self.engine.clone(), self.clock.clone(), Arc::clone(&self.stop));
        self.sources.push(pulse::start(watched.collect(), engine, clock, stop)?);
        Ok(())
    }

    /// Writes the trail of a demonstration.
    fn write_demo(&mut self, settings: &Settings) -> anyhow::Result<()> {
        let clock = self.clock.clone();
        let seconds = move || clock.now().div_euclid(1000);
        for trail in &settings.trails {
            std::fs::create_dir_all(&trail.path)
                .with_context(|| format!("{} can't be made", trail.path.display()))?;
            self.sources.push(demo::start(trail.path.clone(), seconds.clone(), Arc::clone(&self.stop))?);
        }
        Ok(())
    }

    /// Whether the template is applied, and that is on the disk.
    fn watches(&self) -> bool {
        self.figures.has_alarms()
    }

    /// Whether everything has been read that was there at the start. A trail that can't be read isn't waited for: it may never
    /// come, and what a backlog of another one told waits for this.
    fn has_caught_up(&self) -> bool {
        self.trails.iter().all(|trail| trail.is_caught_up() || trail.current_trouble().is_some())
    }

    /// Whether a thread ended that shouldn't have.
    fn has_failed(&self) -> bool {
        let mut others = self.sources.iter().chain(&self.couriers);
        self.core.is_finished() || self.door.has_ended() || others.any(JoinHandle::is_finished)
    }

    /// Finishes what was begun, within [`DRAIN`].
    fn end(self) -> anyhow::Result<Exit> {
        let failed = self.has_failed();
        self.stop.store(true, Ordering::Relaxed);
        let ending =
            Ending { deadline: Instant::now() + DRAIN, figures: self.figures, give_up: self.give_up };
        let mut others = self.sources;
        others.push(self.door.close());
        let mut done = ending.join(others);
        if self.engine.try_send(Input::Stop).is_err() && !self.core.is_finished() {
            // The queue is full: the engine can't write, or it would have taken something by now.
            ending.give_up();
        }
        drop(self.engine);
        done &= ending.join(vec![self.core]);
        if !done {
            ending.give_up();
        }
        done &= ending.join(self.couriers) && !ending.has_given_up();
        match (failed, done) {
            (true, _) => bail!("a part of the service ended unexpectedly; nothing that was read is lost"),
            (false, true) => Ok(Exit::Done),
            (false, false) => {
                output::error("not everything could be finished in time; it is done after the next start");
                Ok(Exit::Incomplete)
            }
        }
    }
}

/// What is known of these sources from before.
fn figures_of(store: &store_sqlite::Store, names: &[String]) -> anyhow::Result<Figures> {
    let figures = Figures::default();
    for source in store.questions().sources()?.into_iter().filter(|source| names.contains(&source.name)) {
        figures.source(&source.name).read_before(source.read_at);
    }
    Ok(figures)
}

/// What opens the door: the token of the data folder, with which the commands on this machine come, and the one that is set.
fn tokens(settings: &Settings, folder: &DataFolder) -> anyhow::Result<Vec<String>> {
    let set = settings.http.token.as_ref().and_then(SecretSetting::secret);
    let set = set.map(|token| token.reveal().to_owned());
    Ok(set.into_iter().chain([folder.token()?]).collect())
}

/// The end of the service, which has a bound.
struct Ending {
    deadline: Instant,
    figures: Arc<Figures>,
    give_up: Arc<AtomicBool>,
}

impl Ending {
    /// Waits for threads. A state that can't be written isn't waited for: nobody was told that it is.
    fn join(&self, threads: Vec<JoinHandle<()>>) -> bool {
        let mut all = true;
        for thread in threads {
            while !thread.is_finished() && Instant::now() < self.deadline {
                if self.figures.write_trouble().is_some() {
                    self.give_up();
                }
                thread::sleep(Duration::from_millis(5));
            }
            all &= thread.is_finished() && thread.join().is_ok();
        }
        all
    }

    fn give_up(&self) {
        self.give_up.store(true, Ordering::Relaxed);
    }

    fn has_given_up(&self) -> bool {
        self.give_up.load(Ordering::Relaxed)
    }
}

/// Whether something may lie in a trail that is followed for the first time: what it tells lies back, and is told at once.
fn has_backlog(settings: &Settings, names: &[String], before: Option<&Applied>) -> bool {
    let is_new = |name: &str| before.and_then(|before| before.followed_since(name)).is_none();
    let mut followed = settings.trails.iter().zip(names);
    followed.any(|(trail, name)| is_new(name) && trail.from != Start::Now)
}

/// How long things are kept; what the settings don't name, as long as CloudWatch does.
fn retention(settings: &crate::settings::Retention) -> store_sqlite::Retention {
    let seconds = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
    store_sqlite::Retention {
        evidence: seconds(settings.evidence),
        history: seconds(settings.history),
        problems: seconds(settings.problems),
        database: settings.size,
        // Late records may ask for a window of a week again, fourteen days behind.
        minutes: MINUTES_KEPT,
        ..store_sqlite::Retention::default()
    }
}

/// `since` is when it was followed for the first time, in seconds since 1970: what came from then on is read, whatever happened
/// meanwhile.
fn follow_options(trail: &Trail, since: Option<i64>) -> FollowOptions {
    let from = match trail.from {
        Start::Now => since.map_or(From::Now, From::Time),
        Start::Beginning => From::Beginning,
        Start::Time(milliseconds) => From::Time(milliseconds.div_euclid(1000)),
    };
    FollowOptions { from, poll: trail.poll, ..FollowOptions::default() }
}

/// What trails are called in figures, checkpoints and alarms: short names, each once.
fn source_names(trails: &[Trail]) -> Vec<String> {
    let mut names: Vec<String> = Vec::new();
    for trail in trails {
        let last = || trail.path.file_name().map(|name| name.to_string_lossy().into_owned());
        let name = trail.name.clone().or_else(last).unwrap_or_else(|| "trail".to_owned());
        let plain =
            |found: char| if found.is_ascii_alphanumeric() || "._-".contains(found) { found } else { '-' };
        let name: String = name.chars().map(plain).take(64).collect();
        let mut unique = name.clone();
        for number in 2.. {
            if !names.contains(&unique) {
                break;
            }
            unique = format!("{name}-{number}");
        }
        names.push(unique);
    }
    names
}
