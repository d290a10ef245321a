//! Does the service begin, go on and end as it should, whatever happens around it?

#![cfg(unix)]
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;

use std::fs;
use std::io::Write as _;
use std::net::{TcpListener, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixDatagram;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::thread;

use store_sqlite::{HistoryKind, OutboxState};
use support::service::{Answer, BOUND, Place, Service, TEMPLATE, agent, log_file, record, said};

fn state_of(service: &Service, alarm: &str) -> Option<String> {
    let status = service.status();
    let found = status["alarms"].as_array().unwrap().iter().find(|found| found["name"] == alarm)?;
    Some(found["state"].as_str().unwrap().to_owned())
}

fn is_ready(service: &Service) -> bool {
    service.get("/readyz").status == 200
}

#[test]
fn a_supervisor_hears_how_the_service_is() {
    let place = Place::new();
    let path = place.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    socket.set_read_timeout(Some(BOUND)).unwrap();
    let hear = || {
        let mut buffer = [0; 1024];
        let length = socket.recv(&mut buffer).unwrap();
        String::from_utf8(buffer[..length].to_vec()).unwrap()
    };
    let mut command = place.command();
    command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "2000000");
    let mut service = place.start_with(&mut command);
    assert_eq!(hear(), "READY=1");
    let (mut signs, mut statuses) = (0, Vec::new());
    while signs < 3 {
        let message = hear();
        match message.strip_prefix("STATUS=") {
            Some(status) => statuses.push(status.to_owned()),
            None => {
                assert_eq!(message, "WATCHDOG=1");
                signs += 1;
            }
        }
    }
    assert!(statuses[0].starts_with("watching: "), "{statuses:?}");
    service.push(record(1));
    while !hear().contains("1 in ALARM") {}
    service.signal("-TERM");
    while hear() != "STOPPING=1" {}
    assert_eq!(service.ended().code(), Some(0));
}

#[test]
fn a_watchdog_of_another_process_is_not_fed() {
    let place = Place::new();
    let path = place.path().join("notify");
    let socket = UnixDatagram::bind(&path).unwrap();
    let mut command = place.command();
    command.env("NOTIFY_SOCKET", &path).env("WATCHDOG_USEC", "2000000").env("WATCHDOG_PID", "1");
    let service = place.start_with(&mut command);
    service.end();
    socket.set_nonblocking(true).unwrap();
    let mut buffer = [0; 1024];
    while let Ok(length) = socket.recv(&mut buffer) {
        assert_ne!(&buffer[..length], b"WATCHDOG=1");
    }
}

/// A mail server that takes connections and says nothing. Each connection is handed over, and open as long as it is kept.
fn silent_mail_server() -> (String, Receiver<TcpStream>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("smtp://{}", listener.local_addr().unwrap());
    let (connected, connections) = channel();
    thread::spawn(move || {
        for stream in listener.incoming() {
            if connected.send(stream.unwrap()).is_err() {
                return;
            }
        }
    });
    (url, connections)
}

/// The mails are there after the next start, each once.
fn expect_mails_after_restart(place: &Place) {
    let mut service = place.start(&[]);
    service.until("the mail is written", || (!place.mails().is_empty()).then_some(()));
    service.until("nothing waits", || (service_depth(place) == 0).then_some(()));
    let mails = place.mails();
    assert_eq!(mails.len(), 1, "{mails:?}");
    assert!(mails[0].contains("ALARM: \"denied\""), "{mails:?}");
    service.end();
}

fn service_depth(place: &Place) -> u64 {
    place.reader().questions().depth().unwrap().waiting
}

#[test]
fn a_mail_server_that_says_nothing_holds_the_end_up_no_longer_than_its_bound() {
    let place = Place::new();
    let (url, connections) = silent_mail_server();
    let mut service = place.start(&["--smtp", &url]);
    service.push(record(1));
    let _connection = connections.recv_timeout(BOUND).unwrap();
    service.signal("-TERM");
    assert_eq!(service.ended().code(), Some(1), "{}", service.log());
    assert!(service.log().contains("not everything could be finished in time"), "{}", service.log());
    assert!(!place.run_file().exists());
    expect_mails_after_restart(&place);
}

#[test]
fn a_delivery_under_way_is_waited_for() {
    let place = Place::new();
    let (url, connections) = silent_mail_server();
    let mut command = place.command();
    let mut service = place.start_with(command.args(["--smtp", &url]).env("KMSWATCH_MAIL_TIMEOUT", "2s"));
    service.push(record(1));
    let _connection = connections.recv_timeout(BOUND).unwrap();
    service.signal("-TERM");
    assert_eq!(service.ended().code(), Some(0), "{}", service.log());
    let reader = place.reader();
    let waiting = reader.questions().outbox(&[OutboxState::Waiting], 10).unwrap();
    assert_eq!(waiting.iter().map(|row| row.attempts).collect::<Vec<_>>(), [1], "the attempt is known");
}

#[test]
fn a_second_signal_ends_it_at_once() {
    for (first, second) in [("-TERM", "-TERM"), ("-INT", "-INT"), ("-TERM", "-INT")] {
        let place = Place::new();
        let (url, connections) = silent_mail_server();
        let mut service = place.start(&["--smtp", &url]);
        service.push(record(1));
        let _connection = connections.recv_timeout(BOUND).unwrap();
        service.signal(first);
        let run_file = place.run_file();
        service.until("it is ending", || (!run_file.exists()).then_some(()));
        service.signal(second);
        assert_eq!(service.ended().code(), Some(130), "{}", service.log());
        expect_mails_after_restart(&place);
    }
}

#[test]
fn hanging_up_reads_everything_again_and_ends_nothing() {
    let place = Place::new();
    let mut service = place.start(&[]);
    let log = place.path().join("log");
    for times in 1..=3 {
        service.signal("-HUP");
        service.until("it is read again", || {
            let said = fs::read_to_string(&log).unwrap();
            (said.matches("template and settings are applied").count() == times).then_some(())
        });
    }
    assert_eq!(service.push(record(1)).status, 200);
    service.end();
}

#[cfg(target_os = "linux")]
#[test]
fn a_terminal_that_is_closed_ends_what_runs_in_it() {
    let place = Place::new();
    let serve = place.command();
    let words = std::iter::once(serve.get_program()).chain(serve.get_args());
    let line = words.map(|word| format!("'{}'", word.to_str().unwrap())).collect::<Vec<_>>().join(" ");
    let mut script = Command::new("script");
    script.args(["--quiet", "--command", &format!("exec {line}"), "/dev/null"]).current_dir(place.path());
    let variables = serve.get_envs().filter_map(|(name, value)| Some((name, value?)));
    script.envs(variables).stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::null());
    let mut terminal = script.spawn().unwrap();
    let end = std::time::Instant::now() + BOUND;
    let wait = |done: &dyn Fn() -> bool| {
        while !done() {
            assert!(std::time::Instant::now() < end);
            thread::sleep(std::time::Duration::from_millis(10));
        }
    };
    wait(&|| place.run_file().exists());
    let running: serde_json::Value = serde_json::from_slice(&fs::read(place.run_file()).unwrap()).unwrap();
    let process = Path::new("/proc").join(running["pid"].to_string());
    assert!(process.exists());
    terminal.kill().unwrap();
    terminal.wait().unwrap();
    wait(&|| !place.run_file().exists());
    // Nobody may be there who asks how it ended.
    let ended =
        || fs::read_to_string(process.join("status")).is_ok_and(|status| !status.contains("(zombie)"));
    wait(&|| !ended());
}

#[test]
fn a_log_that_nobody_reads_ends_nothing() {
    let place = Place::new();
    let mut command = place.command();
    let mut child = command.stdout(Stdio::null()).stderr(Stdio::piped()).spawn().unwrap();
    drop(child.stderr.take());
    let end = std::time::Instant::now() + BOUND;
    while !place.run_file().exists() {
        assert!(child.try_wait().unwrap().is_none() && std::time::Instant::now() < end);
        thread::sleep(std::time::Duration::from_millis(10));
    }
    let running: serde_json::Value = serde_json::from_slice(&fs::read(place.run_file()).unwrap()).unwrap();
    let (url, token) =
        (running["http"].as_str().unwrap(), fs::read_to_string(place.data().join("token")).unwrap());
    let bearer = format!("Bearer {token}");
    let push =
        agent().post(format!("{url}/v1/records")).header("Authorization", &bearer).send(record(1)).unwrap();
    assert_eq!(Answer::of(push).status, 200);
    // The alarm and the mail are logged.
    while place.mails().is_empty() {
        assert!(child.try_wait().unwrap().is_none() && std::time::Instant::now() < end);
        thread::sleep(std::time::Duration::from_millis(10));
    }
    assert!(Command::new("kill").arg(child.id().to_string()).status().unwrap().success());
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

#[test]
fn a_folder_has_one_service() {
    let place = Place::new();
    let service = place.start(&[]);
    let said = place.refused(&[]);
    assert!(
        said.contains(&format!("is in use by process {} at {}", service.child.id(), service.url)),
        "{said}"
    );
    // As before it says that it is ready, or while it ends.
    fs::remove_file(place.run_file()).unwrap();
    let said = place.refused(&[]);
    assert!(said.contains(&format!("is in use by process {};", service.child.id())), "{said}");
    assert_eq!(service.push(record(1)).status, 200);
    service.kill();
    place.start(&[]).end();
}

#[test]
fn a_folder_that_cannot_be_written_is_an_error() {
    let place = Place::new();
    place.start(&[]).end();
    let program = place.path().join("kmswatch");
    fs::copy(env!("CARGO_BIN_EXE_kmswatch"), &program).unwrap();
    let mode = |path: &Path, mode| fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
    mode(place.path(), 0o755);
    mode(&place.data(), 0o555);
    let mut command = Command::new(program);
    command.arg("serve").arg("--data").arg(place.data()).args(["--listen", "127.0.0.1:0"]);
    command.current_dir(place.path());
    if fs::metadata(place.data()).is_ok_and(|data| std::os::unix::fs::MetadataExt::uid(&data) == 0) {
        // Nothing is read-only for root, so somebody else tries.
        command.uid(65534).gid(65534);
    } else {
        mode(&place.data().join("lock"), 0o444);
    }
    let output = command.output().unwrap();
    mode(&place.data(), 0o755);
    let said = said(&output);
    assert_eq!(output.status.code(), Some(2), "{said}");
    assert!(said.contains("the data folder") && said.contains("can't be written to"), "{said}");
}

#[test]
fn a_folder_that_cannot_be_made_is_an_error() {
    let place = Place::new();
    fs::write(place.data(), "").unwrap();
    let said = place.refused(&[]);
    assert!(said.contains("can't be made"), "{said}");
}

/// `serve` whose files may have so many KiB, until somebody lifts that.
fn with_little_room(place: &Place, kibibytes: u64) -> Command {
    let serve = place.command();
    let mut shell = Command::new("sh");
    // Without the trap, the system would end the process rather than refuse to write.
    let script = format!("trap '' XFSZ; ulimit -S -f {}; exec \"$0\" \"$@\"", kibibytes * 2);
    shell.arg("-c").arg(script).arg(serve.get_program()).args(serve.get_args());
    for (name, value) in serve.get_envs() {
        match value {
            Some(value) => shell.env(name, value),
            None => shell.env_remove(name),
        };
    }
    shell.current_dir(place.path()).stdin(Stdio::null());
    shell
}

#[test]
fn a_full_disk_is_said_and_waited_for() {
    let place = Place::new();
    let mut service = place.start_with(&mut with_little_room(&place, 1024));
    let mut acknowledged = 0;
    let refused = (0..200).find_map(|round| {
        let answer = service.push(log_file(round * 500..round * 500 + 500));
        acknowledged += if answer.status == 200 { 500 } else { 0 };
        (answer.status != 200).then_some(answer)
    });
    let refused = refused.unwrap();
    assert_eq!(refused.status, 503, "{refused:?}");
    assert!(refused.retry_after.is_some() && refused.body.contains("can't be written"), "{refused:?}");
    let answer = service.push(record(1));
    assert_eq!(answer.status, 503, "{answer:?}");
    assert!(!is_ready(&service));
    let troubles = service.status()["troubles"].to_string();
    assert!(troubles.contains("the state can't be written"), "{troubles}");
    // It does what it can: it tries again.
    assert_eq!(service.get("/healthz").status, 200);
    let limit = ["--fsize=unlimited:unlimited", "--pid", &service.child.id().to_string()].map(str::to_owned);
    assert!(Command::new("prlimit").args(limit).status().unwrap().success());
    let url = service.url.clone();
    service.until("it has recovered", || {
        let answer = Answer::of(agent().get(format!("{url}/readyz")).call().unwrap());
        (answer.status == 200).then_some(())
    });
    let all = acknowledged + 500;
    expect_all(&service, &place, all);
    service.end();
    expect_all(&place.start(&[]), &place, all);
}

/// All records up to here count once, however often they come.
fn expect_all(service: &Service, place: &Place, all: u64) {
    for first in (0..all).step_by(500) {
        assert_eq!(service.push(log_file(first..first + 500)).status, 200);
    }
    assert_eq!(place.evidence(), usize::try_from(all).unwrap());
}

#[test]
fn a_full_disk_does_not_hold_up_the_end() {
    let place = Place::new();
    let mut service = place.start_with(&mut with_little_room(&place, 1024));
    let mut acknowledged = 0;
    for round in 0..200 {
        match service.push(log_file(round * 500..round * 500 + 500)).status {
            200 => acknowledged += 500,
            _ => break,
        }
    }
    service.signal("-TERM");
    assert_eq!(service.ended().code(), Some(1), "{}", service.log());
    assert!(!place.run_file().exists());
    let service = place.start(&[]);
    assert!(place.evidence() >= usize::try_from(acknowledged).unwrap(), "what was acknowledged is lost");
    expect_all(&service, &place, acknowledged + 500);
    service.end();
}

#[test]
fn a_damaged_database_is_refused_and_left_alone() {
    let place = Place::new();
    place.start(&[]).end();
    let database = place.data().join("kmswatch.db");
    let damaged = b"this was a database once".repeat(1000);
    fs::write(&database, &damaged).unwrap();
    let said = place.refused(&[]);
    assert!(said.contains("kmswatch.db") && said.contains("restore"), "{said}");
    assert_eq!(fs::read(&database).unwrap(), damaged);
    assert!(!place.run_file().exists());
}

#[test]
fn a_template_with_mistakes_is_refused_with_all_of_them() {
    let place = Place::new();
    let broken = TEMPLATE.replace("AccessDenied\" }", "AccessDenied }").replace("Period: 60", "Period: 61");
    fs::write(place.template(), broken).unwrap();
    let said = place.refused(&[]);
    assert!(
        said.contains("template.yaml") && said.contains("error[") && said.contains("Period: 61"),
        "{said}"
    );
    assert!(!place.run_file().exists());
}

#[test]
fn a_changed_template_is_applied_if_it_is_valid() {
    let place = Place::new();
    let mut service = place.start(&[]);
    assert_eq!(state_of(&service, "denied").as_deref(), Some("OK"));

    fs::write(place.template(), TEMPLATE.replace("Period: 60", "Period: 61")).unwrap();
    let log = place.path().join("log");
    let hears = |what: &str| fs::read_to_string(&log).unwrap().contains(what).then_some(());
    service.until("the mistake is said", || hears("can't be applied"));
    assert!(hears("Period: 61").is_some());
    assert!(!is_ready(&service));
    let status = service.status();
    assert!(status["troubles"].to_string().contains("Period: 61"), "{status}");
    // What was applied before goes on.
    assert_eq!(service.push(record(1)).status, 200);
    assert_eq!(state_of(&service, "denied").as_deref(), Some("ALARM"));

    let second = "AlarmName: second\n";
    let alarm = TEMPLATE.split_once("  DeniedAlarm:\n").unwrap().1.split_once("  Topic:").unwrap().0;
    let more = format!("  SecondAlarm:\n{}", alarm.replace("AlarmName: denied\n", second));
    let changed = TEMPLATE
        .replace("Threshold: 1\n", "Threshold: 100\n")
        .replace("  Topic:\n    T", &format!("{more}  Topic:\n    T"));
    fs::write(place.template(), &changed).unwrap();
    service.until("the change is applied", || hears("template and settings are applied"));
    let (url, bearer) = (service.url.clone(), service.bearer());
    let alarms = || {
        let answer = agent().get(format!("{url}/v1/status")).header("Authorization", &bearer).call().unwrap();
        Answer::of(answer).json()["alarms"].clone()
    };
    service.until("the new alarm is there", || alarms().to_string().contains("\"second\"").then_some(()));
    assert!(is_ready(&service));

    fs::write(place.template(), changed.replace(&more, "")).unwrap();
    service.until("the alarm is gone", || (!alarms().to_string().contains("\"second\"")).then_some(()));
    service.end();

    let reader = place.reader();
    let history = reader.questions().history(None, 1000).unwrap();
    let of = |alarm: &str, kind: HistoryKind| {
        history.iter().filter(|row| row.alarm.ends_with(&format!(":{alarm}")) && row.kind == kind).count()
    };
    assert_eq!(
        [of("denied", HistoryKind::Created), of("denied", HistoryKind::Updated)],
        [1, 1],
        "{history:?}"
    );
    assert_eq!(
        [of("second", HistoryKind::Created), of("second", HistoryKind::Deleted)],
        [1, 1],
        "{history:?}"
    );
}

#[test]
fn two_trails_are_both_followed() {
    let place = Place::new();
    for (place_of, records) in [("one/logs", 0..3), ("two/logs", 2..7)] {
        let folder = place.path().join(place_of);
        fs::create_dir_all(&folder).unwrap();
        fs::write(folder.join("first.json"), log_file(records)).unwrap();
    }
    let mut service = place.start(&["--trail", "one/logs", "--trail", "two/logs"]);
    service.until("both are read", || (place.evidence() == 7).then_some(()));
    let mut file = fs::File::create(place.path().join("two/logs/second.json")).unwrap();
    file.write_all(log_file(7..9).as_bytes()).unwrap();
    drop(file);
    service.until("the new file is read", || (place.evidence() == 9).then_some(()));
    let status = service.status();
    let names: Vec<&str> =
        status["sources"].as_array().unwrap().iter().map(|source| source["name"].as_str().unwrap()).collect();
    assert_eq!(names, ["logs", "logs-2"]);
    assert_eq!(status["totals"]["repeats"], 1);
    service.end();
}
