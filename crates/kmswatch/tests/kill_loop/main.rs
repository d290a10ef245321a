//! Exactly once, through anything: the service is killed again and again while log files come twice, late, cut short and in
//! bad company, while its template changes, and while its mail server refuses, stalls and drops. At the end, what it knows and
//! what it sent is the truth.
//!
//! `KMSWATCH_SEED` repeats a run's plan (the moments of the kills differ), `KMSWATCH_KILL_ROUNDS` makes it longer.

#![cfg(target_os = "linux")]
#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    clippy::print_stderr,
    reason = "a test fails by panicking"
)]

mod chance;
mod comparison;
mod failures;
mod generator;
mod mail_server;
mod pushing;
mod service;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeSet;
use std::env;
use std::hash::{BuildHasher as _, RandomState};
use std::thread;
use std::time::{Duration, Instant};

use chance::Chance;
use comparison::Comparison;
use generator::Plan;
use mail_server::MailServer;
use rusqlite::Connection;
use service::{Place, Service, tail};

/// How often the service is ended, unless the environment says otherwise.
const ROUNDS: usize = 25;
/// Rounds before there is anything in the trail: the data folder is made under kills, too.
const EARLY_ROUNDS: usize = 4;
/// Of a hundred rounds, so many end while a mail is on its way, if there is one.
const AIMED: usize = 40;
/// Of a hundred rounds, so many see another template.
const CHANGED: usize = 25;
/// How long the service may take for what is left at the end: a mail that was refused several times waits for a minute.
const DRAIN: Duration = Duration::from_secs(300);

#[test]
fn what_is_known_and_sent_is_the_truth_whenever_it_is_killed() {
    let seed = number("KMSWATCH_SEED").unwrap_or_else(|| RandomState::new().hash_one(0) % 1_000_000);
    let rounds = number("KMSWATCH_KILL_ROUNDS").map_or(ROUNDS, |rounds| usize::try_from(rounds).unwrap());
    eprintln!("KMSWATCH_SEED={seed} KMSWATCH_KILL_ROUNDS={rounds}");
    let folder = tempfile::tempdir().unwrap();
    let mail_server = MailServer::start(seed);
    let place = Place { folder: folder.path().to_owned(), mail_port: mail_server.port };
    place.prepare();
    // A round takes about a second.
    let time = Duration::from_millis(900) * u32::try_from(rounds).unwrap();
    let mut lives = Lives {
        place: &place,
        mail_server: &mail_server,
        chance: Chance::new(seed),
        life: 0,
        killed: BTreeSet::new(),
    };
    for _ in 0..EARLY_ROUNDS {
        lives.kill_early();
    }
    lives.until_watching();
    let plan = Plan::new(seed, rounds * 12, time);
    let trail = place.trail();
    thread::scope(|scope| {
        let generator = scope.spawn(|| generator::act(&trail, &plan.acts, seed, time));
        for _ in 0..rounds {
            lives.round();
        }
        generator.join().unwrap();
    });
    let comparison = lives.settle(&plan);
    let differences = comparison.differences();
    eprintln!(
        "{} records, {} in files; {} mails taken; faults: {}",
        plan.truth.records,
        plan.truth.deliveries,
        comparison.mails.len(),
        mail_server.faults()
    );
    if !differences.is_empty() {
        let kept = folder.keep();
        panic!(
            "KMSWATCH_SEED={seed}: {} differences; all is kept in {}\n{}\n\nthe service's last words:\n{}",
            differences.len(),
            kept.display(),
            differences.join("\n"),
            tail(&kept.join("log"))
        );
    }
}

fn number(variable: &str) -> Option<u64> {
    Some(env::var(variable).ok()?.parse().unwrap_or_else(|_| panic!("{variable} is a number")))
}

struct Lives<'t> {
    place: &'t Place,
    mail_server: &'t MailServer,
    chance: Chance,
    life: usize,
    /// Those that didn't end well.
    killed: BTreeSet<usize>,
}

impl Lives<'_> {
    /// Kills it while it makes its data folder.
    fn kill_early(&mut self) {
        let service = self.place.start();
        thread::sleep(self.chance.milliseconds(1, 120));
        service.kill();
        self.has_ended(true);
    }

    /// Lets it come so far that it watches, and ends it well.
    fn until_watching(&mut self) {
        let log = self.place.log();
        let mut service = self.place.start();
        service.ready(&log);
        let database = self.place.database();
        service.until("the alarm is watched", &log, |_| {
            let count = Connection::open(&database).and_then(|database| {
                let question =
                    "SELECT count(*) FROM history WHERE kind = 'created' AND alarm LIKE '%:denied'";
                database.query_row(question, [], |row| row.get::<_, i64>(0))
            });
            count.is_ok_and(|count| count > 0)
        });
        service.end_well("-INT", &log);
        self.has_ended(false);
    }

    /// Lets it live for a while.
    fn round(&mut self) {
        let log = self.place.log();
        let mut service = self.place.start();
        if self.chance.percent(CHANGED) {
            thread::sleep(self.chance.milliseconds(50, 700));
            self.place.change_template(self.life);
            // Before it is ready, the signal would end it; it reads the new one then anyway.
            if service.is_ready() {
                service.signal("-HUP");
            }
        }
        if self.chance.percent(AIMED) {
            self.mail_server.until_mail(Duration::from_secs(2));
            thread::sleep(self.chance.milliseconds(0, 60));
        } else {
            thread::sleep(self.chance.milliseconds(50, 2000));
        }
        if let Some(status) = service.ended() {
            panic!("the service ended by itself: {status}\n{}", tail(&log));
        }
        let is_killed = self.end(service);
        self.has_ended(is_killed);
    }

    /// Ends it in one of several ways; whether by killing it in the end.
    fn end(&mut self, service: Service) -> bool {
        let log = self.place.log();
        match self.chance.below(10) {
            0 => service.end("-TERM", &log),
            1 => service.end("-INT", &log),
            2 => {
                service.signal("-TERM");
                thread::sleep(self.chance.milliseconds(0, 300));
                service.kill();
                return true;
            }
            _ => {
                service.kill();
                return true;
            }
        }
        false
    }

    fn has_ended(&mut self, is_killed: bool) {
        if is_killed {
            self.killed.insert(self.life);
        }
        self.mail_server.end_life();
        self.life += 1;
    }

    /// Lets it do what is left.
    fn settle<'p>(&self, plan: &'p Plan) -> Comparison<'p>
    where
        Self: 'p,
    {
        self.mail_server.behave();
        let log = self.place.log();
        let mut service = self.place.start();
        service.ready(&log);
        let comparison = || Comparison {
            truth: &plan.truth,
            place: self.place,
            mails: self.mail_server.mails(),
            killed: self.killed.clone(),
        };
        let end = Instant::now() + DRAIN;
        while !comparison().is_drained() && Instant::now() < end {
            thread::sleep(Duration::from_millis(200));
        }
        service.end_well("-INT", &log);
        comparison()
    }
}
