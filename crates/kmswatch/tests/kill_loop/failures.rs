//! Exactly once when the surroundings fail: no room, no right to write, a wrong clock, an end in the middle of something.

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rusqlite::Connection;

use crate::chance::Chance;
use crate::comparison::Comparison;
use crate::generator::{self, Plan};
use crate::mail_server::MailServer;
use crate::service::{Place, SUBSCRIBERS, Service, tail};

/// How long anything may take that is waited for.
const BOUND: Duration = Duration::from_secs(120);
/// Log files of a plan.
const FILES: usize = 36;
const SEED: u64 = 7;

/// A service with a trail, and mails that arrive.
struct World {
    folder: tempfile::TempDir,
    mail_server: MailServer,
    place: Place,
    plan: Plan,
}

impl World {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mail_server = MailServer::start(SEED);
        mail_server.behave();
        let place = Place { folder: folder.path().to_owned(), mail_port: mail_server.port };
        place.prepare();
        World { folder, mail_server, place, plan: Plan::short(SEED, FILES) }
    }

    /// Starts it, and waits until it is ready and watches.
    fn start(&self) -> Service {
        self.start_with(&mut self.place.command())
    }

    fn start_with(&self, command: &mut Command) -> Service {
        let mut service = self.start_anyhow(command);
        let log = self.place.log();
        service.until("it is well", &log, |_| self.place.readyz() == Some(200));
        service
    }

    /// The same where not all may be well.
    fn start_anyhow(&self, command: &mut Command) -> Service {
        let mut service = self.place.start_with(command);
        service.ready(&self.place.log());
        service
    }

    /// What happens in the trail in that third of the time.
    fn third(&self, number: usize) {
        let length = self.plan.acts.len().div_ceil(3);
        let acts = self.plan.acts.chunks(length).nth(number).unwrap();
        generator::act(&self.place.trail(), acts, SEED, Duration::from_secs(1));
    }

    fn comparison(&self) -> Comparison<'_> {
        let (place, mails) = (&self.place, self.mail_server.mails());
        Comparison { truth: &self.plan.truth, place, mails, killed: BTreeSet::from([0]) }
    }

    /// Waits until nothing is left to do, and ends the service.
    fn drain(&self, mut service: Service) {
        let log = self.place.log();
        service.until_within(BOUND, "everything is read and sent", &log, |_| self.comparison().is_drained());
        service.end_well("-TERM", &log);
    }

    /// Kills it. What it sent belongs to a life that ended badly.
    fn kill(&self, service: Service) {
        service.kill();
        self.mail_server.end_life();
    }

    fn expect(&self, differences: &[String]) {
        let log = tail(&self.place.log());
        assert!(differences.is_empty(), "{}\n\nthe service's last words:\n{log}", differences.join("\n"));
    }

    /// Waits until the service says that it can't write, and looks what that means.
    fn until_it_cannot_write(&self, service: &mut Service) {
        let place = &self.place;
        service.until("it isn't ready", &place.log(), |_| place.readyz() == Some(503));
        assert_eq!(place.push("{\"Records\":[]}"), Some(503), "a push that can't be kept");
        let ahead = self.unwritten_mails();
        assert!(ahead.is_empty(), "sent before it was written: {ahead:?}");
    }

    /// Mails of which the database doesn't know.
    fn unwritten_mails(&self) -> Vec<String> {
        // In this order: what comes meanwhile is known, then.
        let mails = self.mail_server.mails();
        let database = Connection::open(self.place.database()).unwrap();
        let count = "SELECT count(*) FROM notification WHERE endpoint = ?1";
        let sent = |to: &str| {
            let ids = mails.iter().filter(|mail| mail.to == to).map(|mail| mail.header("Message-ID"));
            i64::try_from(ids.collect::<BTreeSet<_>>().len()).unwrap()
        };
        let known = |to: &str| database.query_row(count, [to], |row| row.get::<_, i64>(0)).unwrap();
        let all: BTreeSet<&String> = mails.iter().map(|mail| &mail.to).collect();
        all.into_iter().filter(|to| sent(to) > known(to)).cloned().collect()
    }
}

/// Runs a program of the system; `false` where it isn't there, or isn't allowed to do that here.
fn system(program: &str, arguments: &[&str]) -> bool {
    let mut command = Command::new(program);
    command.args(arguments).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

/// A small disk of its own.
struct Disk(PathBuf);

impl Disk {
    fn mount(folder: &Path) -> Option<Self> {
        fs::create_dir_all(folder).unwrap();
        let options = ["-t", "tmpfs", "-o", "size=12m,mode=0700", "kmswatch-test"];
        let path = folder.to_str().unwrap();
        system("mount", &[&options[..], &[path]].concat()).then(|| Disk(folder.to_owned()))
    }

    /// Leaves no room, also not in the write-ahead log.
    fn fill(&self, database: &Path) {
        let connection = Connection::open(database).unwrap();
        connection.busy_timeout(Duration::from_secs(10)).unwrap();
        let busy = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get::<_, i64>(0));
        assert_eq!(busy, Ok(0));
        let mut ballast = File::create(self.ballast()).unwrap();
        let piece = [0_u8; 4096];
        while ballast.write_all(&piece).is_ok() {}
    }

    fn free(&self) {
        fs::remove_file(self.ballast()).unwrap();
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }
}

impl Drop for Disk {
    fn drop(&mut self) {
        system("umount", &["-l", self.0.to_str().unwrap()]);
    }
}

#[test]
fn a_full_disk_is_waited_for() {
    let world = World::new();
    let Some(disk) = Disk::mount(&world.place.data()) else {
        eprintln!("left out: nothing can be mounted here");
        return;
    };
    let (place, log) = (&world.place, world.place.log());
    let mut service = world.start();
    world.third(0);
    disk.fill(&place.database());
    world.third(1);
    world.until_it_cannot_write(&mut service);
    disk.free();
    service.until("there is room again", &log, |_| place.readyz() == Some(200));
    disk.fill(&place.database());
    world.third(2);
    world.until_it_cannot_write(&mut service);
    world.kill(service);
    // It can't begin there either, or waits; in both cases it says why.
    fs::remove_file(&log).unwrap();
    let mut service = place.start();
    let says_why = |_: &Service| tail(&log).contains("there is no room for the database");
    service.until("it says why", &log, says_why);
    world.kill(service);
    disk.free();
    world.drain(world.start());
    world.expect(&world.comparison().differences());
}

#[test]
fn a_limit_of_what_a_file_may_hold_is_waited_for() {
    let world = World::new();
    let (place, log) = (&world.place, world.place.log());
    let mut service = world.start();
    let process = service.id().to_string();
    let limit = |most: &str| system("prlimit", &["--pid", &process, &format!("--fsize={most}:unlimited")]);
    world.third(0);
    // What is longer already can't be written either, not even the log.
    if !limit("4096") {
        eprintln!("left out: there is no prlimit here");
        return;
    }
    world.third(1);
    world.until_it_cannot_write(&mut service);
    world.third(2);
    assert!(limit("unlimited"));
    service.until("it can be written again", &log, |_| place.readyz() == Some(200));
    world.drain(service);
    world.expect(&world.comparison().differences());
}

/// Files that nobody may change.
struct Immutable(Vec<PathBuf>);

impl Immutable {
    /// Makes a folder immutable, with the files in it that are chosen.
    fn make(folder: &Path, chosen: fn(&Path) -> bool) -> Option<Self> {
        let inside = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
        let mut files: Vec<PathBuf> = inside.filter(|path| path.is_file() && chosen(path)).collect();
        files.push(folder.to_owned());
        let immutable = Immutable(files);
        immutable.change("+i").then_some(immutable)
    }

    fn change(&self, how: &str) -> bool {
        let files = self.0.iter().map(|path| path.to_str().unwrap());
        system("chattr", &std::iter::once(how).chain(files).collect::<Vec<_>>())
    }
}

/// SQLite has the index of its write-ahead log in memory that is a file. The system allows no error there.
fn is_no_memory(path: &Path) -> bool {
    path.extension().is_none_or(|extension| extension != "db-shm")
}

impl Drop for Immutable {
    fn drop(&mut self) {
        self.change("-i");
    }
}

#[test]
fn a_data_folder_that_cannot_be_written_is_waited_for() {
    let world = World::new();
    let (place, log) = (&world.place, world.place.log());
    let mut service = world.start();
    world.third(0);
    let Some(immutable) = Immutable::make(&place.data(), is_no_memory) else {
        eprintln!("left out: files can't be made immutable here");
        return;
    };
    world.third(1);
    world.until_it_cannot_write(&mut service);
    drop(immutable);
    service.until("it can be written again", &log, |_| place.readyz() == Some(200));
    // Now without exception: the system may end it, as if somebody had killed it.
    let immutable = Immutable::make(&place.data(), |_| true).unwrap();
    world.third(2);
    let end = Instant::now() + BOUND;
    while service.ended().is_none() && place.readyz() != Some(503) {
        assert!(Instant::now() < end, "it neither says what is wrong nor ends\n{}", tail(&log));
        thread::sleep(Duration::from_millis(20));
    }
    world.kill(service);
    assert_eq!(place.start().end_of(&log).code(), Some(2));
    assert!(tail(&log).contains("can't be written to"), "{}", tail(&log));
    drop(immutable);
    world.drain(world.start());
    world.expect(&world.comparison().differences());
}

#[test]
fn a_clock_that_jumps_changes_no_count() {
    const LIBRARIES: [&str; 2] = [
        "/usr/lib/x86_64-linux-gnu/faketime/libfaketime.so.1",
        "/usr/lib/aarch64-linux-gnu/faketime/libfaketime.so.1",
    ];
    let Some(library) = LIBRARIES.iter().find(|library| Path::new(library).exists()) else {
        eprintln!("left out: libfaketime isn't installed");
        return;
    };
    let world = World::new();
    let (place, log) = (&world.place, world.place.log());
    let offset = world.folder.path().join("offset");
    // In one step, so that nobody reads half of it.
    let set = |text: &str| {
        let new = offset.with_extension("new");
        fs::write(&new, format!("{text}\n")).unwrap();
        fs::rename(&new, &offset).unwrap();
    };
    let mut command = place.command();
    command.env("LD_PRELOAD", library).env("FAKETIME_TIMESTAMP_FILE", &offset);
    command.env("FAKETIME_NO_CACHE", "1").env("FAKETIME_DONT_FAKE_MONOTONIC", "1");
    set("+0");
    let mut service = world.start_with(&mut command);
    world.third(0);
    set("-3600");
    service.until("it sees that the clock went back", &log, |_| place.readyz() == Some(503));
    world.third(1);
    set("+0");
    service.until("the clock is right again", &log, |_| place.readyz() == Some(200));
    set("+86400000");
    service.until("it sees that the clock leapt", &log, |_| place.readyz() == Some(503));
    world.third(2);
    world.kill(service);
    set("-7200");
    let mut service = world.start_anyhow(&mut command);
    set("+0");
    service.until("the clock is right again", &log, |_| place.readyz() == Some(200));
    world.drain(service);
    world.expect(&world.comparison().differences());
}

#[test]
fn an_end_in_the_middle_of_a_delivery_waits_for_it() {
    let world = World::new();
    let log = world.place.log();
    let mut service = world.start();
    world.mail_server.hold();
    world.third(0);
    service.until("a mail is on its way", &log, |_| !world.mail_server.mails().is_empty());
    service.signal("-TERM");
    service.until("it ends", &log, |_| tail(&log).contains("ending:"));
    world.mail_server.release();
    assert_eq!(service.end_of(&log).code(), Some(0), "{}", tail(&log));
    world.mail_server.end_life();
    world.third(1);
    world.third(2);
    world.drain(world.start());
    // Nothing of it was sent twice: it was killed in none of its lives.
    world.expect(&Comparison { killed: BTreeSet::new(), ..world.comparison() }.differences());
}

#[test]
fn an_end_in_the_middle_of_a_delivery_that_hangs_has_a_bound() {
    let world = World::new();
    let log = world.place.log();
    let mut service = world.start();
    world.mail_server.hold();
    world.third(0);
    service.until("a mail is on its way", &log, |_| !world.mail_server.mails().is_empty());
    service.signal("-TERM");
    // Not well, as something is left.
    assert_eq!(service.end_of(&log).code(), Some(1), "{}", tail(&log));
    let hung = world.mail_server.mails();
    world.mail_server.release();
    world.mail_server.end_life();
    world.third(1);
    world.third(2);
    world.drain(world.start());
    world.expect(&world.comparison().differences());
    assert!(hung.len() <= SUBSCRIBERS, "more than one to a subscriber: {}", hung.len());
    for mail in hung {
        let id = mail.header("Message-ID");
        let copies = world.mail_server.mails().into_iter().filter(|copy| copy.header("Message-ID") == id);
        assert!(copies.count() <= 2, "{id:?}");
    }
}

#[test]
fn a_backup_is_whole_or_not_there_and_what_it_lacks_is_read_again() {
    let world = World::new();
    let (place, log) = (&world.place, world.place.log());
    let mut chance = Chance::new(SEED);
    let mut service = world.start();
    thread::scope(|scope| {
        let trail = scope.spawn(|| world.third(0));
        for number in 0..12 {
            let name = format!("killed-{number}");
            let mut backup = quiet(place.run(&["backup", &name])).spawn().unwrap();
            thread::sleep(chance.milliseconds(0, 60));
            backup.kill().unwrap();
            backup.wait().unwrap();
            check_backup(&place.folder.join(&name), false);
        }
        trail.join().unwrap();
    });
    // Killed is who writes what is copied.
    let mut backup = quiet(place.run(&["backup", "beside-a-kill"])).spawn().unwrap();
    thread::sleep(chance.milliseconds(0, 40));
    world.kill(service);
    let done = backup.wait().unwrap().success();
    check_backup(&place.folder.join("beside-a-kill"), done);
    service = world.start();
    thread::scope(|scope| {
        let trail = scope.spawn(|| world.third(1));
        assert!(quiet(place.run(&["backup", "whole"])).status().unwrap().success());
        trail.join().unwrap();
    });
    check_backup(&place.folder.join("whole"), true);
    world.third(2);
    service.until_within(BOUND, "everything is read and sent", &log, |_| world.comparison().is_drained());
    world.kill(service);
    for _ in 0..8 {
        let mut restore = quiet(place.run(&["restore", "whole"])).spawn().unwrap();
        thread::sleep(chance.milliseconds(0, 60));
        restore.kill().unwrap();
        restore.wait().unwrap();
        check_backup(&place.database(), true);
    }
    assert!(quiet(place.run(&["restore", "whole"])).status().unwrap().success());
    world.drain(world.start());
    world.expect(&world.comparison().differences_known());
}

#[test]
fn files_that_are_renamed_while_they_are_read_count_once() {
    const RENAMED: i64 = 150;
    let world = World::new();
    let (place, log) = (&world.place, world.place.log());
    let mut chance = Chance::new(SEED);
    let mut service = world.start();
    for number in 0..RENAMED {
        let path = |name: &str| place.trail().join(format!("{name}-{number}.json"));
        // Without an id, so that a record that comes again counts again.
        let mut record = generator::call("user-000", generator::now() - 60);
        record["errorCode"] = "AccessDenied".into();
        fs::write(path("new"), serde_json::json!({ "Records": [record] }).to_string()).unwrap();
        thread::sleep(chance.milliseconds(0, 30));
        fs::rename(path("new"), path("old")).unwrap();
    }
    let known = || {
        let database = Connection::open(place.database()).unwrap();
        let question = "SELECT count(*) FROM checkpoint WHERE complete AND CAST(key AS TEXT) LIKE 'old-%'";
        database.query_row(question, [], |row| row.get::<_, i64>(0)).unwrap()
    };
    service.until("all of them are known", &log, |_| known() == RENAMED);
    service.end_well("-TERM", &log);
    let database = Connection::open(place.database()).unwrap();
    let sum: i64 = crate::comparison::sums(&database).values().sum();
    assert_eq!(sum, RENAMED);
    let problems = database.query_row("SELECT count(*) FROM problem", [], |row| row.get::<_, i64>(0));
    assert_eq!(problems, Ok(0));
}

#[test]
fn a_file_that_is_renamed_when_half_of_it_counted_counts_once() {
    const RECORDS: i64 = 40_000;
    let world = World::new();
    let (place, log) = (&world.place, world.place.log());
    // Without an id, so that a record that comes again counts again.
    let mut record = generator::call("user-000", generator::now() - 60);
    record["errorCode"] = "AccessDenied".into();
    let records = vec![record; usize::try_from(RECORDS).unwrap()];
    let text = serde_json::json!({ "Records": records }).to_string();
    let counted = || {
        let database = Connection::open(place.database()).unwrap();
        database.busy_timeout(Duration::from_secs(10)).unwrap();
        crate::comparison::sums(&database).values().sum::<i64>()
    };
    let (mut before, mut halves) = (0, 0);
    // One that is read piece by piece, and one that is read at once.
    for (number, bytes) in [text.as_bytes(), &generator::gzip(text.as_bytes())].iter().enumerate() {
        let path = |name: &str| place.trail().join(format!("{name}-{number}.json"));
        let mut service = world.start();
        fs::write(path("new"), bytes).unwrap();
        service.until("some of it counted", &log, |_| counted() > before);
        world.kill(service);
        halves += usize::from(counted() < before + RECORDS);
        fs::rename(path("new"), path("old")).unwrap();
        let mut service = world.start();
        let known = || {
            let database = Connection::open(place.database()).unwrap();
            let question = "SELECT count(*) FROM checkpoint WHERE complete AND CAST(key AS TEXT) = ?1";
            database.query_row(question, [format!("old-{number}.json")], |row| row.get::<_, i64>(0)).unwrap()
        };
        service.until("all of it is known", &log, |_| known() == 1);
        service.end_well("-TERM", &log);
        before += RECORDS;
        assert_eq!(counted(), before);
    }
    assert!(halves > 0, "it was never killed in the middle");
}

/// What it says is of no interest.
fn quiet(mut command: Command) -> Command {
    command.stdout(Stdio::null()).stderr(Stdio::null());
    command
}

fn check_backup(file: &Path, must_be_there: bool) {
    if must_be_there || file.exists() {
        let said = Connection::open(file).and_then(|database| {
            database.query_row("PRAGMA integrity_check", [], |row| row.get::<_, String>(0))
        });
        assert_eq!(said.as_deref(), Ok("ok"), "{}", file.display());
    }
}
