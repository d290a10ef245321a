//! A mail server on bad days: it refuses for now, keeps its clients waiting, and drops them at any step.

use std::io::{self, BufRead as _, BufReader, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard};
use std::thread;
use std::time::{Duration, Instant};

use crate::chance::Chance;

/// Of a hundred connections, and of a hundred mails, so many go wrong.
const BAD_CONNECTIONS: usize = 8;
const BAD_MAILS: usize = 15;

/// A mail that was taken.
#[derive(Debug, Clone)]
pub(crate) struct Mail {
    pub(crate) to: String,
    pub(crate) text: String,
    /// During which life of the service its connection was made.
    pub(crate) life: usize,
    /// Whether the client was told so, as far as the server could tell.
    pub(crate) answered: bool,
}

impl Mail {
    /// The value of a header, on one line.
    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let headers = self.text.split("\r\n\r\n").next().unwrap_or_default().replace("\r\n ", " ");
        let lines = headers.lines().filter_map(|line| line.split_once(": "));
        lines.filter(|(found, _)| *found == name).map(|(_, value)| value.to_owned()).next()
    }
}

#[derive(Default)]
struct State {
    mails: Vec<Mail>,
    life: usize,
    connections: usize,
    /// How many mails were begun.
    begun: usize,
    /// How often something went wrong, by what.
    faults: std::collections::BTreeMap<String, usize>,
    is_good: bool,
    /// Whether nobody hears that a mail was taken.
    is_holding: bool,
}

#[derive(Clone)]
pub(crate) struct MailServer {
    pub(crate) port: u16,
    state: Arc<Mutex<State>>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Step {
    Greeting,
    Hello,
    Sender,
    Recipient,
    Data,
    /// In the middle of the mail.
    Text,
    /// The mail is there; it is not taken.
    End,
    /// The mail is taken; nothing is said of it, or late.
    Taken,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fault {
    Refuse,
    Stall(Duration),
    Drop,
}

impl MailServer {
    pub(crate) fn start(seed: u64) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let server = MailServer { port: listener.local_addr().unwrap().port(), state: Arc::default() };
        let answering = server.clone();
        thread::spawn(move || {
            for (number, stream) in listener.incoming().enumerate() {
                let chance = Chance::new(seed.wrapping_mul(31).wrapping_add(u64::try_from(number).unwrap()));
                let server = answering.clone();
                let life = server.connected();
                thread::spawn(move || {
                    let session =
                        Session { server: &server, stream: BufReader::new(stream.unwrap()), chance, life };
                    // The client may go at any time.
                    let _ = session.run();
                    server.state().connections -= 1;
                });
            }
        });
        server
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    fn connected(&self) -> usize {
        let mut state = self.state();
        state.connections += 1;
        state.life
    }

    /// Waits until a mail is begun, at most for that time.
    pub(crate) fn until_mail(&self, timeout: Duration) {
        let (end, before) = (Instant::now() + timeout, self.state().begun);
        while self.state().begun == before && Instant::now() < end {
            thread::sleep(Duration::from_millis(1));
        }
    }

    /// From now on, nothing goes wrong any more.
    pub(crate) fn behave(&self) {
        self.state().is_good = true;
    }

    /// From now on, mails are taken, but nobody hears of it before [`MailServer::release`].
    pub(crate) fn hold(&self) {
        self.state().is_holding = true;
    }

    pub(crate) fn release(&self) {
        self.state().is_holding = false;
    }

    pub(crate) fn mails(&self) -> Vec<Mail> {
        self.state().mails.clone()
    }

    pub(crate) fn faults(&self) -> String {
        format!("{:?}", self.state().faults)
    }

    /// The service is dead. What it had sent is read to its end, and a new life begins.
    pub(crate) fn end_life(&self) {
        // Connections are taken in order: those that it made come before this one.
        let stream = TcpStream::connect(("127.0.0.1", self.port)).unwrap();
        let _ = BufReader::new(stream).read_line(&mut String::new());
        let end = Instant::now() + Duration::from_secs(30);
        while self.state().connections > 0 {
            assert!(Instant::now() < end, "a connection of the mail server doesn't end");
            thread::sleep(Duration::from_millis(5));
        }
        self.state().life += 1;
    }
}

struct Session<'s> {
    server: &'s MailServer,
    stream: BufReader<TcpStream>,
    chance: Chance,
    life: usize,
}

impl Session<'_> {
    fn run(mut self) -> io::Result<()> {
        let connection = self.fault(BAD_CONNECTIONS, &[Step::Greeting, Step::Hello]);
        self.answer(Step::Greeting, connection, "220 mail.test")?;
        let (mut mail, mut to) = (None, String::new());
        loop {
            let line = self.line()?;
            let command = line.to_ascii_uppercase();
            match command.split([' ', ':']).next().unwrap_or_default() {
                "EHLO" | "HELO" => self.answer(Step::Hello, connection, "250 mail.test")?,
                "MAIL" => {
                    use Step::{Data, End, Recipient, Sender, Taken, Text};
                    self.server.state().begun += 1;
                    mail = self.fault(BAD_MAILS, &[Sender, Recipient, Data, Text, End, Taken, Taken]);
                    self.answer(Sender, mail, "250 ok")?;
                }
                "RCPT" => {
                    to = line.split(['<', '>']).nth(1).unwrap_or_default().to_owned();
                    self.answer(Step::Recipient, mail, "250 ok")?;
                }
                "DATA" => {
                    if self.answer(Step::Data, mail, "354 go on").is_ok_and(|()| !refuses(mail, Step::Data)) {
                        self.take(&to, mail)?;
                    }
                }
                "QUIT" => return self.say("221 bye"),
                "RSET" | "NOOP" => self.say("250 ok")?,
                _ => self.say("500 what?")?,
            }
        }
    }

    /// What will go wrong, if anything.
    fn fault(&mut self, percent: usize, steps: &[Step]) -> Option<(Step, Fault)> {
        if self.server.state().is_good || !self.chance.percent(percent) {
            return None;
        }
        let step = steps[self.chance.below(steps.len())];
        let stall = Fault::Stall(self.chance.milliseconds(50, 1500));
        Some((step, [Fault::Refuse, stall, Fault::Drop][self.chance.below(3)]))
    }

    fn answer(&mut self, step: Step, fault: Option<(Step, Fault)>, answer: &str) -> io::Result<()> {
        let fault = fault.filter(|(at, _)| *at == step).map(|(_, fault)| fault);
        if let Some(fault) = fault {
            let name = format!("{step:?} {}", format!("{fault:?}").split('(').next().unwrap_or_default());
            *self.server.state().faults.entry(name).or_default() += 1;
        }
        match fault {
            None => self.say(answer),
            Some(Fault::Refuse) => self.say("451 4.7.1 not now"),
            Some(Fault::Stall(time)) => {
                thread::sleep(time);
                self.say(answer)
            }
            Some(Fault::Drop) => Err(io::ErrorKind::ConnectionAborted.into()),
        }
    }

    fn take(&mut self, to: &str, fault: Option<(Step, Fault)>) -> io::Result<()> {
        let mut text = String::new();
        loop {
            let line = self.line()?;
            if line == "." {
                break;
            }
            if fault == Some((Step::Text, Fault::Drop)) && text.len() > 1000 {
                return self.answer(Step::Text, fault, "");
            }
            text += line.strip_prefix('.').unwrap_or(&line);
            text += "\r\n";
        }
        // Here it ends one way or the other: the answer to the point.
        if let Some((Step::End, Fault::Refuse | Fault::Drop)) = fault {
            return self.answer(Step::End, fault, "");
        }
        let mail = Mail { to: to.to_owned(), text, life: self.life, answered: false };
        let position = {
            let mut state = self.server.state();
            state.mails.push(mail);
            state.mails.len() - 1
        };
        while self.server.state().is_holding {
            thread::sleep(Duration::from_millis(5));
        }
        let fault = fault.filter(|(_, fault)| *fault != Fault::Refuse);
        self.answer(Step::Taken, fault, "250 taken")?;
        self.server.state().mails[position].answered = true;
        Ok(())
    }

    fn line(&mut self) -> io::Result<String> {
        let mut line = Vec::new();
        self.stream.read_until(b'\n', &mut line)?;
        match line.strip_suffix(b"\r\n") {
            Some(line) => Ok(String::from_utf8_lossy(line).into_owned()),
            None => Err(io::ErrorKind::UnexpectedEof.into()),
        }
    }

    fn say(&mut self, answer: &str) -> io::Result<()> {
        self.stream.get_mut().write_all(format!("{answer}\r\n").as_bytes())
    }
}

fn refuses(fault: Option<(Step, Fault)>, step: Step) -> bool {
    fault == Some((step, Fault::Refuse))
}
