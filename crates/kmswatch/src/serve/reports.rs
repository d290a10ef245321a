//! What whoever supervises the service hears of it, and when.

use std::io;
use std::time::{Duration, Instant};

use alarm::StateValue;

use super::Service;
use super::asking::LONGEST_TURN;
use super::engine::TICK;
use super::supervisor::Supervisor;

/// How often it is looked whether there is news.
const EVERY: Duration = Duration::from_secs(1);

/// Tells the supervisor.
pub(crate) struct Reports {
    supervisor: Supervisor,
    next_status: Instant,
    next_sign: Option<Instant>,
    /// What was told last.
    status: String,
}

impl Reports {
    pub(crate) fn new(supervisor: Supervisor) -> Self {
        let now = Instant::now();
        let next_sign = supervisor.watchdog().map(|_| now);
        Reports { supervisor, next_status: now, next_sign, status: String::new() }
    }

    /// The service watches from now on.
    pub(crate) fn ready(&mut self, service: &Service) {
        self.said(self.supervisor.ready());
        self.go_on(service);
    }

    /// Tells what there is to tell by now. Of an engine that hangs nothing is told, so that the supervisor sees it.
    pub(crate) fn go_on(&mut self, service: &Service) {
        let now = Instant::now();
        if let (Some(next), Some(often)) = (self.next_sign, self.supervisor.watchdog())
            && now >= next
            && service.figures.since_last_turn() < LONGEST_TURN.min(often.max(2 * TICK))
        {
            self.next_sign = Some(now + often);
            self.said(self.supervisor.alive());
        }
        if now >= self.next_status {
            self.next_status = now + EVERY;
            let status = status(service);
            if status != self.status {
                self.said(self.supervisor.status(&status));
                self.status = status;
            }
        }
    }

    /// The service ends.
    pub(crate) fn stopping(&self) {
        self.said(self.supervisor.stopping());
    }

    /// A supervisor that doesn't listen is no reason to end: watching goes on.
    fn said(&self, told: io::Result<()>) {
        if let Err(error) = told {
            tracing::debug!("the supervisor can't be told: {error}");
        }
    }
}

fn status(service: &Service) -> String {
    let troubles = service.figures.troubles(&service.clock);
    if let Some(first) = troubles.first() {
        return format!("trouble: {first}");
    }
    let alarms = service.figures.alarms();
    let raised = alarms.iter().filter(|alarm| alarm.state == StateValue::Alarm.to_string()).count();
    format!("watching: {} alarms, {raised} in ALARM", alarms.len())
}
