//! What the settings of the service are: one type for each table of `kmswatch.toml`, with its defaults.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::time::Duration;

use notify::{Credentials, MailServer, Mailbox, Secret};

use super::QuietHours;

const MINUTE: Duration = Duration::from_secs(60);
const HOUR: Duration = Duration::from_secs(60 * 60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);
const MIB: u64 = 1 << 20;
const GIB: u64 = 1 << 30;

/// When alarms are judged.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Evaluation {
    /// At each tick, and at once where a record can only push an alarm towards `ALARM`.
    #[default]
    Eager,
    /// When CloudWatch does.
    CloudWatch,
}

/// What a commit survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Durability {
    /// The machine's sudden end.
    #[default]
    Full,
    /// The process's sudden end; the last moments before a power cut may be lost, and are read again.
    Normal,
}

/// How the service's own log is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum LogFormat {
    /// A line for a person.
    #[default]
    Text,
    /// An object a line.
    Json,
}

/// What of the service's own log is written: this and what weighs more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(crate) enum LogLevel {
    Error,
    Warn,
    #[default]
    Info,
    Debug,
    Trace,
}

/// Where a trail is read from when it is seen for the first time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Start {
    /// Only what comes from now on.
    Now,
    /// All that lies there; it is told as one summary.
    #[default]
    Beginning,
    /// Records from this time on, in milliseconds since 1970.
    Time(i64),
}

/// How long a trail may be silent before that is a finding.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Silence {
    /// As its own rhythm tells.
    #[default]
    Auto,
    /// For ever.
    Off,
    /// As long as this.
    After(Duration),
}

/// A folder that log files come into.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Trail {
    /// The folder.
    pub(crate) path: PathBuf,
    /// What it is called; its path where it has no name.
    pub(crate) name: Option<String>,
    pub(crate) from: Start,
    pub(crate) silence: Silence,
    /// How often the whole folder is looked through, where the system doesn't tell of new files.
    pub(crate) poll: Duration,
}

impl Default for Trail {
    fn default() -> Self {
        let (from, silence) = (Start::default(), Silence::default());
        Trail { path: PathBuf::new(), name: None, from, silence, poll: Duration::from_secs(30) }
    }
}

impl Trail {
    /// What it is called.
    pub(crate) fn name(&self) -> String {
        self.name.clone().unwrap_or_else(|| self.path.display().to_string())
    }
}

/// A secret, or the file that holds it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum SecretSetting {
    Value(Secret),
    /// [`super::for_service`] replaces it by what the file holds.
    File(PathBuf),
}

impl SecretSetting {
    /// The secret; `None` where its file hasn't been read.
    pub(crate) fn secret(&self) -> Option<&Secret> {
        match self {
            SecretSetting::Value(secret) => Some(secret),
            SecretSetting::File(_) => None,
        }
    }
}

/// `[http]`: what the service listens to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Http {
    pub(crate) listen: SocketAddr,
    /// Whether others than this machine may connect without TLS.
    pub(crate) insecure_listen: bool,
    /// PEM files.
    pub(crate) tls_certificate: Option<PathBuf>,
    pub(crate) tls_key: Option<PathBuf>,
    /// What a push must bring. Default: what the file `token` in the data folder holds.
    pub(crate) token: Option<SecretSetting>,
    /// How long a body may be, in bytes.
    pub(crate) max_body: u64,
    /// How much of what was pushed may wait, in bytes.
    pub(crate) max_queue: u64,
}

impl Default for Http {
    fn default() -> Self {
        Http {
            listen: SocketAddr::from((Ipv4Addr::LOCALHOST, 8625)),
            insecure_listen: false,
            tls_certificate: None,
            tls_key: None,
            token: None,
            max_body: 64 * MIB,
            max_queue: 256 * MIB,
        }
    }
}

/// `[mail]`: how mails are sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Mail {
    /// Without one, mails are files in the outbox.
    pub(crate) server: Option<MailServer>,
    pub(crate) username: Option<String>,
    pub(crate) password: Option<SecretSetting>,
    pub(crate) from: Option<Mailbox>,
    /// Who gets all that is told to any topic.
    pub(crate) to: Vec<Mailbox>,
    /// A PEM file with the certificates that are trusted instead of the system's.
    pub(crate) ca: Option<PathBuf>,
    pub(crate) timeout: Duration,
    /// The folder for mails while there is no server. Default: `outbox` in the data folder.
    pub(crate) outbox: Option<PathBuf>,
    /// What stands behind the `@` of message ids.
    pub(crate) domain: Option<String>,
}

impl Default for Mail {
    fn default() -> Self {
        Mail {
            server: None,
            username: None,
            password: None,
            from: None,
            to: Vec::new(),
            ca: None,
            timeout: Duration::from_secs(30),
            outbox: None,
            domain: None,
        }
    }
}

impl Mail {
    /// Who sends. Default: the one who logs in, where that is an address; else `kmswatch` at our domain.
    pub(crate) fn sender(&self, name: &str) -> Mailbox {
        let sender = self.from.clone().or_else(|| self.login_address());
        sender.unwrap_or_else(|| Mailbox {
            name: Some(name.to_owned()),
            address: format!("kmswatch@{}", self.own_domain()),
        })
    }

    /// What stands behind the `@` of message ids. Default: the domain of who sends, or else of the first who gets mails.
    pub(crate) fn own_domain(&self) -> String {
        let known = self.from.clone().or_else(|| self.login_address()).or_else(|| self.to.first().cloned());
        let domain = |mailbox: Mailbox| mailbox.address.rsplit_once('@').map(|(_, domain)| domain.to_owned());
        self.domain.clone().or_else(|| known.and_then(domain)).unwrap_or_else(|| "localhost".to_owned())
    }

    fn login_address(&self) -> Option<Mailbox> {
        let in_url =
            || self.server.as_ref()?.credentials.as_ref().map(|credentials| credentials.user.as_str());
        Mailbox::parse(self.username.as_deref().or_else(in_url)?)
    }

    /// The server with all that is set beside its URL.
    pub(super) fn complete_server(&mut self) {
        let password = self.password.as_ref().and_then(SecretSetting::secret).cloned();
        let Some(server) = &mut self.server else { return };
        server.timeout = self.timeout;
        server.hello = self.domain.clone().or_else(|| server.hello.take());
        if let (Some(user), Some(password)) = (self.username.clone(), password) {
            server.credentials = Some(Credentials { user, password });
        }
    }
}

/// `[webhook]`: what web endpoints are told.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Webhook {
    /// What requests are signed with.
    pub(crate) secret: Option<SecretSetting>,
}

/// `[notify]`: when something is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Notify {
    /// How often an alarm that stays in `ALARM` is told again.
    pub(crate) reminder: Option<Duration>,
    /// When only what can't wait is told.
    pub(crate) quiet_hours: Option<QuietHours>,
    /// How many notifications to one subscriber at once are still sent singly.
    pub(crate) storm: u32,
}

impl Default for Notify {
    fn default() -> Self {
        Notify { reminder: None, quiet_hours: None, storm: 10 }
    }
}

/// `[retention]`: how long something is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Retention {
    pub(crate) evidence: Duration,
    /// State changes, and notifications that were delivered.
    pub(crate) history: Duration,
    /// How large the database may be, in bytes.
    pub(crate) size: u64,
    /// What couldn't be read.
    pub(crate) problems: Duration,
}

impl Default for Retention {
    fn default() -> Self {
        Retention { evidence: 90 * DAY, history: 400 * DAY, size: 10 * GIB, problems: 30 * DAY }
    }
}

/// `[[expected]]`: calls that are known and harmless, compared exactly.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct ExpectedCall {
    pub(crate) principal: String,
    pub(crate) operation: String,
    /// `None`: of calls whose record names no key.
    pub(crate) key: Option<String>,
    /// `None`: of calls that succeed.
    pub(crate) error: Option<String>,
    pub(crate) reason: String,
    /// The last second that it is for, in seconds since 1970.
    pub(crate) until: i64,
}

impl ExpectedCall {
    /// Whether a call falls under it: all of it is the same, and its time, in seconds since 1970, isn't later.
    pub(crate) fn covers(
        &self,
        (principal, operation): (&str, &str),
        key: Option<&str>,
        error: Option<&str>,
        time: Option<i64>,
    ) -> bool {
        self.principal == principal
            && self.operation == operation
            && self.key.as_deref() == key
            && self.error.as_deref() == error
            && crate::report::sane(time).is_some_and(|time| time <= self.until)
    }
}

/// What somebody calls accounts and keys.
pub(crate) type Names = BTreeMap<String, String>;

/// The bounds of durations.
pub(super) mod bounds {
    use std::ops::RangeInclusive;
    use std::time::Duration;

    use super::{DAY, HOUR, MINUTE};

    pub(crate) const SILENCE: RangeInclusive<Duration> = MINUTE..=DAY.saturating_mul(366);
    pub(crate) const POLL: RangeInclusive<Duration> = Duration::from_millis(100)..=DAY;
    pub(crate) const TIMEOUT: RangeInclusive<Duration> = Duration::from_secs(1)..=HOUR;
    pub(crate) const REMINDER: RangeInclusive<Duration> = MINUTE..=DAY.saturating_mul(366);
    pub(crate) const KEPT: RangeInclusive<Duration> = DAY..=DAY.saturating_mul(3660);
}
