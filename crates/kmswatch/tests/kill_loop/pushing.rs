//! Exactly once for those who push: what was answered with 200 is there, whatever happens, and nothing is there twice.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::{Connection, OpenFlags};
use serde_json::json;

use crate::chance::Chance;
use crate::generator;
use crate::mail_server::MailServer;
use crate::service::Place;

const CLIENTS: u64 = 3;
const RECORDS: i64 = 15;
/// How often the service is killed.
const KILLS: usize = 12;
/// Of a hundred batches, so many aren't tried again.
const GIVEN_UP: usize = 15;
/// How long it may take until a batch is taken.
const BOUND: Duration = Duration::from_secs(120);
const SEED: u64 = 11;

/// Whether batches were answered with 200, by number.
type Answers = BTreeMap<u64, bool>;

struct Client<'p> {
    place: &'p Place,
    chance: Chance,
    answers: Answers,
}

impl Client<'_> {
    /// Pushes batches until it is enough.
    fn push_all(mut self, next: &AtomicU64, enough: &AtomicBool) -> Answers {
        while !enough.load(Ordering::Relaxed) {
            let number = next.fetch_add(1, Ordering::Relaxed);
            let body = batch(&mut self.chance, number);
            let is_taken = self.push(&body);
            self.answers.insert(number, is_taken);
            thread::sleep(self.chance.milliseconds(0, 30));
        }
        self.answers
    }

    /// Tries until it is taken, unless this is one of those that are given up.
    fn push(&mut self, body: &str) -> bool {
        let (end, gives_up) = (Instant::now() + BOUND, self.chance.percent(GIVEN_UP));
        loop {
            match self.place.push(body) {
                Some(200) => return true,
                // Nobody there, no room, or not now.
                None | Some(429 | 503) if gives_up => return false,
                None | Some(429 | 503) => {}
                Some(status) => panic!("a push was answered with {status}"),
            }
            assert!(Instant::now() < end, "a push isn't taken");
            thread::sleep(Duration::from_millis(20));
        }
    }
}

/// Records of somebody of whom there are no others.
fn batch(chance: &mut Chance, number: u64) -> String {
    let record = |_| {
        let mut record = generator::call(&who(number), generator::now() - 60);
        record["errorCode"] = "AccessDenied".into();
        record["eventID"] = generator::uuid(chance.next(), chance.next()).into();
        record
    };
    json!({ "Records": (0..RECORDS).map(record).collect::<Vec<_>>() }).to_string()
}

fn who(number: u64) -> String {
    format!("user-0{number:06}")
}

#[test]
fn what_was_answered_with_200_is_there_once() {
    let folder = tempfile::tempdir().unwrap();
    let mail_server = MailServer::start(SEED);
    mail_server.behave();
    let place = Place { folder: folder.path().to_owned(), mail_port: mail_server.port };
    place.prepare();
    let (next, enough) = (AtomicU64::new(0), AtomicBool::new(false));
    let mut chance = Chance::new(SEED);
    let answers: Answers = thread::scope(|scope| {
        let client = |number| Client {
            place: &place,
            chance: Chance::new(SEED * 100 + number),
            answers: Answers::new(),
        };
        let (next, enough) = (&next, &enough);
        let clients: Vec<_> =
            (0..CLIENTS).map(|number| scope.spawn(move || client(number).push_all(next, enough))).collect();
        let log = place.log();
        for _ in 0..KILLS {
            let mut service = place.start();
            service.ready(&log);
            thread::sleep(chance.milliseconds(0, 700));
            service.kill();
        }
        let mut service = place.start();
        service.ready(&log);
        enough.store(true, Ordering::Relaxed);
        let answers = clients.into_iter().flat_map(|client| client.join().unwrap()).collect();
        service.end_well("-TERM", &log);
        answers
    });
    compare(&place, &answers);
}

fn compare(place: &Place, answers: &Answers) {
    let database = Connection::open_with_flags(place.database(), OpenFlags::SQLITE_OPEN_READ_ONLY).unwrap();
    let question = "SELECT principal, count(*) FROM evidence GROUP BY 1";
    let mut statement = database.prepare(question).unwrap();
    let rows = statement.query_map([], |row| Ok((row.get::<_, String>(0)?, row.get::<_, i64>(1)?))).unwrap();
    let found: BTreeMap<String, i64> = rows.map(Result::unwrap).collect();
    let taken = answers.values().filter(|is_taken| **is_taken).count();
    eprintln!("{} batches, {taken} answered with 200, {} there", answers.len(), found.len());
    assert!(taken > KILLS, "too few batches to say anything: {taken}");
    let count_of = |number| {
        let of_it = found.iter().filter(|(principal, _)| principal.ends_with(&who(number)));
        of_it.map(|(_, count)| *count).sum::<i64>()
    };
    for (number, is_taken) in answers {
        let count = count_of(*number);
        let is_right = count == RECORDS || (count == 0 && !is_taken);
        assert!(is_right, "batch {number}: answered with 200: {is_taken}, there: {count} of {RECORDS}");
    }
    assert_eq!(crate::comparison::sums(&database).values().sum::<i64>(), found.values().sum::<i64>());
}
