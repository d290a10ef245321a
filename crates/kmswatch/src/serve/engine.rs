//! The one thread that changes state.
//!
//! It takes what waits in its queue, applies it to the monitor, and writes what changed in one transaction, with the checkpoint
//! of what was read. Only then does it answer: whoever pushed records hears that they are kept, readers go on, couriers get
//! notifications to deliver. A transaction that fails is tried again until it succeeds; until then nothing leaves.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use alarm::StateValue;
use monitor::{
    About, Change, Command, Configuration, DeliveryOutcome, Ingest, Monitor, Notification, Part, Slot,
    Subscription, SummaryKind,
};
use store_sqlite::{Batch, Checkpoint, Problem, Retention, Store, StoreError, StoredTemplate};

use super::clock::Clock;
use super::couriers::Couriers;
use super::figures::Figures;
use super::reserved;
use super::story::{self, identity};
use super::totals;
use super::watching::{Shared, Watching};
use crate::report::rfc3339;

/// How many inputs one transaction may hold.
const MAX_INPUTS: usize = 256;
/// How many matches one transaction may hold, roughly.
const MAX_MATCHES: usize = 20_000;
/// How often time is told, at least.
pub(crate) const TICK: Duration = Duration::from_secs(1);
/// After this long, what ticks changed that nobody could tell is written anyhow.
const SAVE_EVERY: Duration = Duration::from_secs(60);
/// How often it is looked for what needn't be kept any longer.
const SWEEP: Duration = Duration::from_secs(60);
/// The same while there is more of it.
const SWEEP_ON: Duration = Duration::from_secs(1);
/// What a new alarm may look at lies so many seconds back at most: 14 days for late records, and the longest window.
const KNOWN: i64 = 36 * 86_400;
/// The wait before a failed transaction is tried again; twice that after the next failure, and so on.
const FIRST_RETRY: Duration = Duration::from_millis(100);
/// The longest wait before a failed transaction is tried again.
const LONGEST_RETRY: Duration = Duration::from_secs(10);
/// How often an engine that waits looks whether the process ends.
const LOOK: Duration = Duration::from_millis(50);

/// What comes to the engine.
pub(crate) enum Input {
    /// Records were read.
    Portion(Box<Portion>),
    /// A delivery was attempted.
    Delivered { notification: Arc<Notification>, outcome: DeliveryOutcome },
    /// A delivery wasn't attempted, as the service ends.
    Undelivered(Arc<Notification>),
    /// From now on this is watched, and things are called like this.
    Configure(Arc<Watching>, StoredTemplate, Box<story::Names>),
    /// Any other command; whoever asked hears what changed when it is written.
    Command(Box<Command>, Option<Box<dyn FnOnce(Vec<Change>) + Send>>),
    /// Everything before this is to be written, and what is on its way waited for; then the engine ends.
    Stop,
}

/// What was read of a source, to be taken in one transaction.
#[derive(Default)]
pub(crate) struct Portion {
    /// The generation of the configuration that `ingest` names filters of; `None` where it names none.
    pub(crate) generation: Option<u64>,
    pub(crate) ingest: Ingest,
    pub(crate) checkpoint: Option<Checkpoint>,
    pub(crate) problems: Vec<Problem>,
    /// What to add to the totals.
    pub(crate) totals: Vec<(&'static str, u64)>,
    /// Hears what became of it.
    pub(crate) reply: Option<Box<dyn FnOnce(Taken) + Send>>,
}

/// What became of a portion.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Taken {
    /// It is on the disk.
    Durable,
    /// Another configuration came in between: what was found names filters that may not be there any more. Read it again.
    Stale,
}

/// The thread's state.
pub(crate) struct Engine {
    monitor: Monitor,
    store: Store,
    watching: Arc<Watching>,
    shared: Arc<Shared>,
    couriers: Couriers,
    clock: Clock,
    figures: Arc<Figures>,
    names: story::Names,
    retention: Retention,
    next_sweep: Instant,
    /// What is watched from the next transaction on, so that no transaction holds changes of two configurations.
    next: Option<(Arc<Watching>, StoredTemplate)>,
    /// Set when the process ends, whether or not the state can be written.
    give_up: Arc<AtomicBool>,
    /// Subscribers to whom a notification is on its way.
    in_flight: HashSet<Subscription>,
    saved_at: Instant,
    /// Whether something was applied that isn't written.
    unsaved: bool,
    /// Whether it ends as soon as nothing is on its way.
    stopping: bool,
}

/// What one transaction holds.
#[derive(Default)]
struct Round {
    now: i64,
    changes: Vec<Change>,
    checkpoints: Vec<Checkpoint>,
    problems: Vec<Problem>,
    totals: HashMap<&'static str, u64>,
    template: Option<StoredTemplate>,
    replies: Vec<Box<dyn FnOnce() + Send>>,
    delivered: Vec<Subscription>,
    inputs: usize,
    matches: usize,
    stop: bool,
}

/// What an engine begins with.
pub(crate) struct Beginning {
    pub(crate) monitor: Monitor,
    pub(crate) store: Store,
    pub(crate) watching: Arc<Watching>,
    pub(crate) shared: Arc<Shared>,
    pub(crate) couriers: Couriers,
    pub(crate) clock: Clock,
    pub(crate) figures: Arc<Figures>,
    pub(crate) names: story::Names,
    pub(crate) give_up: Arc<AtomicBool>,
    /// What is applied first.
    pub(crate) template: StoredTemplate,
    pub(crate) retention: Retention,
}

impl Engine {
    pub(crate) fn new(beginning: Beginning) -> Self {
        let Beginning { monitor, store, watching, shared, couriers, clock, .. } = beginning;
        let Beginning { figures, names, give_up, template, retention, .. } = beginning;
        Engine {
            monitor,
            store,
            watching: Arc::clone(&watching),
            shared,
            couriers,
            clock,
            figures,
            names,
            retention,
            next_sweep: Instant::now() + SWEEP,
            next: Some((Arc::clone(&watching), template)),
            give_up,
            in_flight: HashSet::new(),
            saved_at: Instant::now(),
            unsaved: false,
            stopping: false,
        }
    }

    /// Takes inputs until one says [`Input::Stop`], or nobody is left who could send any.
    pub(crate) fn run(mut self, inputs: &Receiver<Input>) {
        loop {
            let wait = if self.next.is_some() { Duration::ZERO } else { self.until_tick() };
            let first = inputs.recv_timeout(wait);
            if matches!(first, Err(RecvTimeoutError::Disconnected)) {
                return;
            }
            let mut round = Round { now: self.clock.now(), ..Round::default() };
            self.figures.turned();
            if self.monitor.time().is_none() {
                // Alarms that are there before time begins needn't wait for the window that runs to end.
                self.configure(&mut round);
            }
            self.apply(&Command::Tick(round.now), &mut round);
            self.configure(&mut round);
            if let Ok(input) = first {
                self.take(input, &mut round);
            }
            while round.has_room()
                && let Ok(input) = inputs.try_recv()
            {
                self.take(input, &mut round);
            }
            self.finish(round);
            let is_done = self.stopping && self.in_flight.is_empty();
            if is_done || self.give_up.load(Ordering::Relaxed) {
                return;
            }
        }
    }

    /// Ticks come at the beginnings of seconds, so that a period's end is seen at once.
    fn until_tick(&self) -> Duration {
        let millisecond = self.clock.now().rem_euclid(1000);
        TICK.saturating_sub(Duration::from_millis(u64::try_from(millisecond).unwrap_or_default()))
    }

    fn apply(&mut self, command: &Command, round: &mut Round) {
        let began = Instant::now();
        round.changes.extend(self.monitor.apply(command));
        self.unsaved = true;
        if matches!(command, Command::Tick(_)) {
            self.figures.evaluated(began.elapsed());
        }
    }

    fn take(&mut self, input: Input, round: &mut Round) {
        round.inputs += 1;
        match input {
            Input::Portion(portion) => self.take_portion(*portion, round),
            Input::Delivered { notification, outcome } => {
                round.delivered.push(notification.subscription.clone());
                self.figures.attempted(&outcome);
                self.apply(&Command::Delivery { notification: notification.id, outcome }, round);
            }
            Input::Undelivered(notification) => round.delivered.push(notification.subscription.clone()),
            Input::Configure(watching, template, names) => {
                self.next = Some((watching, template));
                self.names = *names;
            }
            Input::Command(command, reply) => {
                let before = round.changes.len();
                self.apply(&command, round);
                if let Some(reply) = reply {
                    let changes = round.changes.get(before..).unwrap_or_default().to_vec();
                    round.replies.push(Box::new(move || reply(changes)));
                }
            }
            Input::Stop => {
                round.stop = true;
                self.stopping = true;
                self.couriers.close();
            }
        }
    }

    fn configure(&mut self, round: &mut Round) {
        let Some((watching, template)) = self.next.take() else { return };
        let mut configuration = watching.configuration().clone();
        configuration.known = self.known(&configuration, round.now);
        self.apply(&Command::Configure(Box::new(configuration)), round);
        self.shared.set(Arc::clone(&watching));
        self.watching = watching;
        round.template = Some(template);
    }

    /// What is stored of the metrics that alarms look at which aren't there yet.
    fn known(&self, configuration: &Configuration, now: i64) -> Vec<Slot> {
        let before: HashSet<&str> = self.monitor.alarms().map(|alarm| alarm.arn).collect();
        let since = now.div_euclid(1000).saturating_sub(KNOWN);
        let new = configuration.alarms.iter().filter(|alarm| !before.contains(alarm.arn.as_str()));
        let metrics: BTreeSet<_> = new
            .flat_map(|alarm| alarm.definition.metrics())
            .filter_map(|metric| identity(&metric.metric))
            .collect();
        let questions = self.store.questions();
        let mut known = Vec::new();
        for metric in metrics {
            known.extend(reserved::first_slot(&metric, now));
            match questions.datapoints(&metric, since, i64::MAX) {
                Ok(slots) => known.extend(slots),
                Err(error) => tracing::error!("what is known of a metric can't be read: {error}"),
            }
        }
        known
    }

    fn take_portion(&mut self, portion: Portion, round: &mut Round) {
        let Portion { generation, ingest, checkpoint, problems, totals, reply } = portion;
        if generation.is_some_and(|generation| generation != self.watching.generation) {
            if let Some(reply) = reply {
                round.replies.push(Box::new(move || reply(Taken::Stale)));
            }
            return;
        }
        round.matches += ingest.matches.len();
        if !ingest.matches.is_empty() || !ingest.unmatched.is_empty() {
            self.apply(&Command::Ingest(ingest), round);
        }
        let now = round.now;
        round.checkpoints.extend(checkpoint.map(|checkpoint| Checkpoint { read_at: now, ..checkpoint }));
        round.problems.extend(problems.into_iter().map(|problem| Problem { time: now, ..problem }));
        for (name, count) in totals {
            *round.totals.entry(name).or_default() += count;
        }
        if let Some(reply) = reply {
            round.replies.push(Box::new(move || reply(Taken::Durable)));
        }
    }

    /// Writes, answers, delivers.
    fn finish(&mut self, round: Round) {
        let is_due = self.stopping || self.saved_at.elapsed() >= SAVE_EVERY;
        if (round.must_be_written() || (self.unsaved && is_due)) && !self.write(&round) {
            // Nobody hears that anything was done: it wasn't.
            return;
        }
        round.changes.iter().for_each(log);
        match round.template {
            Some(_) => self.figures.set_alarms(&self.monitor),
            None => self.figures.changed(&round.changes),
        }
        round.replies.into_iter().for_each(|reply| reply());
        for subscriber in &round.delivered {
            self.in_flight.remove(subscriber);
        }
        self.sweep(round.now);
        if !self.stopping {
            self.dispatch(round.now);
        }
    }

    /// Writes until it succeeds, or the process ends.
    fn write(&mut self, round: &Round) -> bool {
        let parts = self.monitor.take_parts();
        let mut wait = FIRST_RETRY;
        loop {
            let began = Instant::now();
            match self.try_to_write(round, &parts) {
                Ok(()) => {
                    self.figures.wrote(began.elapsed());
                    self.saved_at = Instant::now();
                    self.unsaved = false;
                    return true;
                }
                Err(error) => {
                    let why = with_way_out(&error);
                    tracing::error!(
                        "the state can't be written, so nothing more is read or sent: {why}; trying again"
                    );
                    self.figures.write_failed(why);
                    if !self.wait(wait) {
                        return false;
                    }
                    wait = (wait * 2).min(LONGEST_RETRY);
                }
            }
        }
    }

    /// Waits before the next attempt to write; `false` if the process ends meanwhile.
    fn wait(&self, time: Duration) -> bool {
        let end = Instant::now() + time;
        while !self.give_up.load(Ordering::Relaxed) {
            self.figures.turned();
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            std::thread::sleep(left.min(LOOK));
        }
        false
    }

    fn try_to_write(&mut self, round: &Round, parts: &[Part]) -> Result<(), StoreError> {
        let mut counters: Vec<(&str, u64)> =
            round.totals.iter().map(|(name, count)| (*name, *count)).collect();
        let (repeats, out_of_reach) = Figures::uncounted(&round.changes);
        counters.extend([(totals::REPEATS, repeats), (totals::OUT_OF_REACH, out_of_reach)]);
        counters.retain(|(_, count)| *count > 0);
        let mut writing = self.store.begin()?;
        writing.write(&Batch {
            now: round.now,
            changes: &round.changes,
            parts,
            checkpoints: &round.checkpoints,
            problems: &round.problems,
            counters: &counters,
            template: round.template.as_ref(),
        })?;
        for change in &round.changes {
            let Change::Queued(notification) = change else { continue };
            let known = writing.questions().notification(notification.id)?;
            if known.is_some_and(|row| row.story.is_some()) {
                // It was given up and is tried again: it tells what it told before.
                continue;
            }
            let teller = story::Teller {
                watching: &self.watching,
                monitor: &self.monitor,
                questions: writing.questions(),
                names: &self.names,
                now: round.now,
            };
            let story = teller.tell(notification)?;
            writing.story(notification.id, &story)?;
        }
        writing.commit()
    }

    /// Forgets what needn't be kept any longer, a little at a time.
    fn sweep(&mut self, now: i64) {
        if Instant::now() < self.next_sweep {
            return;
        }
        let wait = match self.store.sweep(now, &self.retention) {
            Ok(swept) if swept.more => SWEEP_ON,
            Ok(_) => SWEEP,
            Err(error) => {
                tracing::error!("old data can't be removed: {error}");
                SWEEP
            }
        };
        self.next_sweep = Instant::now() + wait;
    }

    /// Hands notifications to couriers, one to each subscriber at a time.
    fn dispatch(&mut self, now: i64) {
        let is_quiet = self.names.quiet_hours.as_ref().is_some_and(|hours| hours.until(now).is_some());
        let due: Vec<Arc<Notification>> = self
            .monitor
            .due_of(now, |notification| !is_quiet || cannot_wait(&notification.about))
            .filter(|notification| !self.in_flight.contains(&notification.subscription))
            .cloned()
            .collect();
        let mut trouble = None;
        for notification in due {
            match self.store.questions().notification(notification.id) {
                Ok(row) => {
                    let story = row.and_then(|row| row.story);
                    self.in_flight.insert(notification.subscription.clone());
                    self.couriers.send(notification, story);
                }
                Err(error) => {
                    let why = with_way_out(&error);
                    trouble = Some(format!("notification {} can't be read: {why}", notification.id));
                }
            }
        }
        self.figures.set_outbox_trouble(trouble);
    }
}

/// What went wrong, and what somebody must do about it where waiting doesn't help.
fn with_way_out(error: &StoreError) -> String {
    match error {
        StoreError::Corrupt(_) => {
            format!("{error}; that won't pass: end the service, then restore a backup (`kmswatch restore`)")
        }
        _ => error.to_string(),
    }
}

/// Whether it is told in quiet hours, too: an alarm, and what it has to do with; what is over can wait, and so can what lies back.
fn cannot_wait(about: &About) -> bool {
    match about {
        About::State(change) => change.to == StateValue::Alarm,
        About::Summary(summary) => summary.state == StateValue::Alarm && summary.kind == SummaryKind::Storm,
        About::LateEpisode(_) | About::News(_) | About::Reminder(_) => false,
    }
}

/// What whoever follows the log wants to see of a change.
fn log(change: &Change) {
    match change {
        Change::State(change) if change.to == StateValue::Alarm => {
            tracing::warn!("{}: {} → ALARM: {}", change.name, change.from, change.reason);
        }
        Change::State(change) if change.from == StateValue::Alarm => {
            tracing::info!("{}: ALARM → {}: {}", change.name, change.to, change.reason);
        }
        Change::LateEpisode(episode) => {
            let (from, to) = (rfc3339(episode.first_end), rfc3339(episode.last_end));
            tracing::warn!("{}: was in ALARM from {from} to {to}: {}", episode.name, episode.reason);
        }
        Change::News(news) => {
            let (principals, keys) = (news.principals.len(), news.keys.len());
            tracing::warn!("{}: somebody new is behind it: principals {principals}, keys {keys}", news.name);
        }
        _ => {}
    }
}

impl Round {
    fn has_room(&self) -> bool {
        !self.stop && self.inputs < MAX_INPUTS && self.matches < MAX_MATCHES
    }

    fn must_be_written(&self) -> bool {
        !self.changes.is_empty()
            || !self.checkpoints.is_empty()
            || !self.problems.is_empty()
            || !self.totals.is_empty()
            || self.template.is_some()
    }
}
