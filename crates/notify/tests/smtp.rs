//! Mails to a real server: taken, refused, deferred, and what goes wrong on the way.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stderr,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test fails by panicking"
)]

mod support;

use std::ffi::{OsStr, OsString};
use std::io::{BufRead as _, BufReader, Write as _};
use std::net::TcpListener;
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use monitor::DeliveryOutcome;
use notify::{MailServer, Mailbox, Mailer, Roots};
use support::python::python;
use support::server::{Identity, Server};

const MAIL: &[u8] = b"Subject: a\r\nMessage-ID: <1@example.com>\r\n\r\n.\r\n..two points\r\nend\r\n";

struct Setting {
    server: Server,
    url: String,
    roots: Roots,
}

impl Setting {
    /// Without encryption and login.
    fn plain(python: &OsString) -> Self {
        let server = Server::start(python, "smtp_server.py", &[]);
        Setting { url: format!("smtp://127.0.0.1:{}?tls=none", server.port), server, roots: Roots::default() }
    }

    /// With either of the two encryptions, and a login.
    fn encrypted(python: &OsString, tls: &str, scheme: &str, identity: &Identity) -> Self {
        let files = identity.arguments();
        let mut arguments: Vec<&OsStr> = files.iter().map(OsString::as_os_str).collect();
        arguments.extend(["--auth", "--tls", tls].map(OsStr::new));
        let server = Server::start(python, "smtp_server.py", &arguments);
        let url = format!("{scheme}://alarms:p%3Aw%40rd@localhost:{}", server.port);
        Setting { server, url, roots: identity.roots() }
    }

    fn mailer(&self) -> Mailer {
        let mut server = MailServer::parse(&self.url).unwrap();
        server.timeout = Duration::from_secs(10);
        Mailer::new(server, &self.roots).unwrap()
    }
}

fn send(mailer: &Mailer, to: &str) -> DeliveryOutcome {
    let mailbox = |address: &str| Mailbox::parse(address).unwrap();
    mailer.send(&mailbox("kmswatch <kmswatch@example.com>"), &mailbox(&format!("{to}@example.com")), MAIL)
}

/// What an outcome says, with its server's place left out.
fn said(outcome: &DeliveryOutcome) -> String {
    let without_place = |reason: &str| {
        let (_, port) = reason.strip_prefix("the mail server ").unwrap().split_once(':').unwrap();
        port.trim_start_matches(|found: char| found.is_ascii_digit() || ": ".contains(found)).to_owned()
    };
    match outcome {
        DeliveryOutcome::Accepted => "accepted".into(),
        DeliveryOutcome::Deferred(reason) => format!("deferred: {}", without_place(reason)),
        DeliveryOutcome::Refused(reason) => format!("refused: {}", without_place(reason)),
    }
}

#[test]
fn a_mail_arrives_as_it_was_sent() {
    let Some(python) = python() else { return };
    let mut setting = Setting::plain(&python);
    assert_eq!(send(&setting.mailer(), "ok"), DeliveryOutcome::Accepted);
    let mail = setting.server.next();
    assert_eq!((&mail["from"], &mail["to"][0]), (&"kmswatch@example.com".into(), &"ok@example.com".into()));
    let data = STANDARD.decode(mail["data"].as_str().unwrap()).unwrap();
    assert_eq!(data.strip_suffix(b"\r\n").unwrap_or(&data), MAIL);
}

#[test]
fn the_recipient_decides() {
    let Some(python) = python() else { return };
    let mut setting = Setting::plain(&python);
    let mailer = setting.mailer();
    let answers = [
        ("refused", "refused: doesn't take the recipient: 550 5.1.1 no such user\\x1b[31m"),
        ("deferred", "deferred: doesn't take the recipient: 451 4.7.1 greylisted, come back later"),
        ("spam", "refused: doesn't take the mail: 554 5.6.0 this looks like spam"),
        ("full", "deferred: doesn't take the mail: 452 4.2.2 mailbox full"),
        ("dropped", "deferred: it closed the connection"),
        ("ok", "accepted"),
    ];
    for (to, answer) in answers {
        assert_eq!(said(&send(&mailer, to)), answer, "{to}");
    }
    assert_eq!(setting.server.next()["to"][0], "ok@example.com");
}

#[test]
fn who_may_not_send_has_wrong_settings_and_waits() {
    let Some(python) = python() else { return };
    let setting = Setting::plain(&python);
    let mailbox = |address: &str| Mailbox::parse(address).unwrap();
    let outcome = setting.mailer().send(&mailbox("nobody@example.com"), &mailbox("ok@example.com"), MAIL);
    assert_eq!(said(&outcome), "deferred: doesn't take the sender: 550 5.7.1 nobody may send from here");
}

#[test]
fn a_connection_is_used_again_as_long_as_it_lasts() {
    let Some(python) = python() else { return };
    let mut setting = Setting::plain(&python);
    let mailer = setting.mailer();
    for to in ["ok", "ok", "once", "ok"] {
        assert_eq!(send(&mailer, to), DeliveryOutcome::Accepted);
    }
    let sessions: Vec<u64> = (0..4).map(|_| setting.server.next()["session"].as_u64().unwrap()).collect();
    assert_eq!(sessions, [0, 0, 0, 1]);
}

#[test]
fn both_encryptions_and_the_login_work() {
    let Some(python) = python() else { return };
    let identity = Identity::of(&["localhost"]);
    for (tls, scheme) in [("implicit", "smtps"), ("starttls", "smtp")] {
        let mut setting = Setting::encrypted(&python, tls, scheme, &identity);
        assert_eq!(said(&send(&setting.mailer(), "ok")), "accepted", "{tls}");
        let mail = setting.server.next();
        assert_eq!((&mail["tls"], &mail["user"]), (&true.into(), &"alarms".into()), "{tls}");
        setting.url = setting.url.replace("rd@", "rong@");
        let refused = "deferred: doesn't let us log in: 535 5.7.8 Authentication credentials invalid";
        assert_eq!(said(&send(&setting.mailer(), "ok")), refused, "{tls}");
    }
}

#[test]
fn a_certificate_must_be_trusted_and_of_that_name() {
    let Some(python) = python() else { return };
    let (ours, theirs) = (Identity::of(&["localhost"]), Identity::of(&["mail.example.com"]));
    for (tls, scheme) in [("implicit", "smtps"), ("starttls", "smtp")] {
        let mut setting = Setting::encrypted(&python, tls, scheme, &ours);
        setting.roots = theirs.roots();
        let outcome = said(&send(&setting.mailer(), "ok"));
        assert!(outcome.starts_with("deferred: its certificate isn't trusted ("), "{outcome}");
        let setting = Setting::encrypted(&python, tls, scheme, &theirs);
        let outcome = said(&send(&setting.mailer(), "ok"));
        assert!(outcome.contains("isn't trusted") && outcome.contains("not valid for name"), "{outcome}");
    }
}

#[test]
fn without_the_encryption_that_was_asked_for_nothing_is_sent() {
    let Some(python) = python() else { return };
    let setting = Setting::plain(&python);
    let mut server = MailServer::parse(&format!("smtp://127.0.0.1:{}", setting.server.port)).unwrap();
    let lenient = Mailer::new(server.clone(), &Roots::default()).unwrap();
    assert_eq!(send(&lenient, "ok"), DeliveryOutcome::Accepted);
    server.security = notify::Security::StartTls;
    let strict = Mailer::new(server, &Roots::default()).unwrap();
    assert_eq!(said(&send(&strict, "ok")), "deferred: STARTTLS is not supported on this server");
}

#[test]
fn a_server_that_is_silent_is_given_up_on() {
    let Some(python) = python() else { return };
    let setting = Setting::plain(&python);
    let mut server = MailServer::parse(&setting.url).unwrap();
    server.timeout = Duration::from_secs(1);
    let mailer = Mailer::new(server, &Roots::default()).unwrap();
    assert_eq!(said(&send(&mailer, "stalled")), "deferred: it didn't answer within 1 seconds");
    assert_eq!(said(&send(&mailer, "ok")), "accepted");
}

#[test]
fn answers_must_belong_to_their_commands() {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let says_yes = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        stream.write_all(b"220 mail.test\r\n").unwrap();
        let commands = BufReader::new(stream.try_clone().unwrap()).lines();
        commands.map_while(Result::ok).for_each(|_| stream.write_all(b"250 yes\r\n").unwrap());
    });
    let server = MailServer::parse(&format!("smtp://127.0.0.1:{port}")).unwrap();
    let mailer = Mailer::new(server, &Roots::default()).unwrap();
    assert_eq!(said(&send(&mailer, "ok")), "deferred: it answers out of turn; is somebody in between?");
    says_yes.join().unwrap();
}

#[test]
fn a_server_that_is_not_there_may_come_back() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let server = MailServer::parse(&format!("smtp://127.0.0.1:{port}")).unwrap();
    let mailer = Mailer::new(server, &Roots::default()).unwrap();
    assert_eq!(said(&send(&mailer, "ok")), "deferred: nothing listens there (connection refused)");
    let shown = format!("{mailer:?}");
    assert!(shown.contains("127.0.0.1"), "{shown}");
}
