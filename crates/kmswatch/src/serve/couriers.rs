//! Threads that bring notifications to where they belong, each one at a time.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Receiver, Sender, SyncSender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use monitor::{DeliveryOutcome, Notification};
use notify::{Courier, Endpoint, Post, Story};

use super::clock::Clock;
use super::engine::Input;
use super::status::Mail;
use crate::operate::subscriber;

/// How many deliveries are attempted at a time of each kind: by mail, and by everything else. So a mail server that stalls
/// doesn't keep a pager from ringing.
const COURIERS: usize = 4;

/// Hands notifications to the threads. When it is dropped, they end behind what they have.
pub(crate) struct Couriers {
    mails: Sender<Job>,
    others: Sender<Job>,
    closed: Arc<AtomicBool>,
}

struct Job {
    notification: Arc<Notification>,
    /// JSON; `None` if the store has none.
    story: Option<String>,
}

/// How deliveries are made; can be exchanged while the service runs.
pub(crate) struct Means(Mutex<Arc<Courier>>);

impl Means {
    pub(crate) fn new(courier: Courier) -> Self {
        Means(Mutex::new(Arc::new(courier)))
    }

    pub(crate) fn set(&self, courier: Courier) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Arc::new(courier);
    }

    /// Where mails go.
    pub(crate) fn mail(&self) -> Mail {
        match &self.get().post {
            Post::Server(mailer) => Mail::Server(mailer.place()),
            Post::Folder(folder) => Mail::Folder(folder.path().display().to_string()),
        }
    }

    fn get(&self) -> Arc<Courier> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Couriers {
    /// Starts the threads. What becomes of a notification is told to the engine.
    pub(crate) fn start(
        means: &Arc<Means>,
        engine: &SyncSender<Input>,
        clock: &Clock,
    ) -> (Self, Vec<JoinHandle<()>>) {
        let (mails, mail_queue) = channel();
        let (others, other_queue) = channel();
        let queues = [mail_queue, other_queue].map(|queue| Arc::new(Mutex::new(queue)));
        let closed = Arc::new(AtomicBool::new(false));
        let threads = queues.iter().cycle().take(queues.len() * COURIERS).map(|queue| {
            let (means, queue, closed) = (Arc::clone(means), Arc::clone(queue), Arc::clone(&closed));
            let (engine, clock) = (engine.clone(), clock.clone());
            thread::spawn(move || {
                deliver_all(&queue, &engine, |notification, story| {
                    let is_open = !closed.load(Ordering::Relaxed);
                    is_open.then(|| deliver(&means.get(), notification, story, &clock))
                });
            })
        });
        let threads = threads.collect();
        (Couriers { mails, others, closed }, threads)
    }

    /// No delivery is begun any more.
    pub(crate) fn close(&self) {
        self.closed.store(true, Ordering::Relaxed);
    }

    pub(crate) fn send(&self, notification: Arc<Notification>, story: Option<String>) {
        let is_mail = notification.subscription.protocol.starts_with("email");
        let jobs = if is_mail { &self.mails } else { &self.others };
        // The threads end only after this end of the queue is gone.
        drop(jobs.send(Job { notification, story }));
    }
}

/// Tells the engine what became of each notification. `deliver` says nothing where it wasn't attempted.
fn deliver_all(
    queue: &Mutex<Receiver<Job>>,
    engine: &SyncSender<Input>,
    deliver: impl Fn(&Notification, Option<&str>) -> Option<DeliveryOutcome>,
) {
    loop {
        let next = queue.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(Job { notification, story }) = next else { return };
        let told = match deliver(&notification, story.as_deref()) {
            Some(outcome) => {
                log(&notification, &outcome);
                Input::Delivered { notification, outcome }
            }
            None => Input::Undelivered(notification),
        };
        if engine.send(told).is_err() {
            return;
        }
    }
}

fn deliver(
    courier: &Courier,
    notification: &Notification,
    story: Option<&str>,
    clock: &Clock,
) -> DeliveryOutcome {
    let subscription = &notification.subscription;
    let endpoint = match Endpoint::parse(&subscription.protocol, &subscription.endpoint) {
        Ok(endpoint) => endpoint,
        Err(error) => return DeliveryOutcome::Refused(error.to_string()),
    };
    let Some(story) = story else {
        return DeliveryOutcome::Refused("the database doesn't say what it was about".to_owned());
    };
    match serde_json::from_str::<Story>(story) {
        Ok(story) => courier.deliver(&story, &endpoint, clock.now().div_euclid(1000)),
        Err(error) => DeliveryOutcome::Refused(format!("what it was about can't be read: {error}")),
    }
}

fn log(notification: &Notification, outcome: &DeliveryOutcome) {
    let (id, to) = (notification.id, subscriber(&notification.subscription));
    match outcome {
        DeliveryOutcome::Accepted => tracing::info!(id, to, "notification delivered"),
        DeliveryOutcome::Deferred(why) => {
            tracing::warn!(id, to, "notification can't be delivered now and will be tried again: {why}");
        }
        DeliveryOutcome::Refused(why) => {
            tracing::error!(id, to, "notification was refused for good: {why}");
        }
    }
}
