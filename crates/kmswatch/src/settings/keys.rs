//! All settings, and how each is read. `docs/settings.md` and `examples/kmswatch.toml` have the same ones; a test compares.

use std::net::{Ipv4Addr, SocketAddr};

use diagnostic::disturbs;
use filter_pattern::Wildcards;
use notify::{MailServer, MailServerError};

use super::given::{Given, Read, Rule};
use super::values::bounds;
use super::{
    Durability, Evaluation, ExpectedCall, LogFormat, LogLevel, QuietHours, SecretSetting, Settings, Silence,
    Start, Trail,
};

/// A setting.
pub(super) struct Key<T> {
    /// Its name in the file, with its table's: `mail.server`.
    pub(super) name: &'static str,
    /// The option that sets it.
    pub(super) flag: Option<&'static str>,
    /// As it is written in the file; empty where there is none.
    #[cfg_attr(not(test), expect(dead_code, reason = "tests compare the documentation with it"))]
    pub(super) default: &'static str,
    /// In some words.
    pub(super) what: &'static str,
    /// Whether its value may not be shown.
    pub(super) secret: bool,
    /// Whether its table can't be without it.
    pub(super) required: bool,
    pub(super) read: Reads<T>,
}

type Setting = Key<Settings>;
type OfTrail = Key<Trail>;
type OfCall = Key<ExpectedCall>;

/// How a setting is read.
type Reads<T> = fn(&mut T, &Given<'_>) -> Read<()>;

impl<T> Key<T> {
    /// The variable of the environment that sets it.
    pub(super) fn variable(&self) -> String {
        format!("KMSWATCH_{}", self.name.replace('.', "_").to_ascii_uppercase())
    }

    const fn new(name: &'static str, default: &'static str, read: Reads<T>) -> Self {
        Key { name, flag: None, default, what: "", secret: false, required: false, read }
    }

    const fn flag(self, flag: &'static str) -> Self {
        Key { flag: Some(flag), ..self }
    }

    const fn secret(self) -> Self {
        Key { secret: true, ..self }
    }

    const fn required(self, what: &'static str) -> Self {
        Key { required: true, what, ..self }
    }
}

/// Puts what was read into its place.
fn put<T>(place: &mut T, read: Read<T>) -> Read<()> {
    read.map(|value| *place = value)
}

/// The same where the place may be empty.
fn put_some<T>(place: &mut Option<T>, read: Read<T>) -> Read<()> {
    put(place, read.map(Some))
}

/// Whether a setting is secret, by its name with its table's; `None` where there is no such setting.
pub(super) fn is_secret(name: &str) -> Option<bool> {
    let inside = |table: &str| name.strip_prefix(table);
    let trail = || TRAIL_KEYS.iter().find(|key| inside("trail.") == Some(key.name)).map(|key| key.secret);
    let call =
        || EXPECTED_KEYS.iter().find(|key| inside("expected.") == Some(key.name)).map(|key| key.secret);
    KEYS.iter().find(|key| key.name == name).map(|key| key.secret).or_else(trail).or_else(call)
}

/// All settings, in the order of the documentation.
pub(super) const KEYS: &[Key<Settings>] = &[
    Setting::new("template", "", |all, given| put_some(&mut all.template, given.path())).flag("--template"),
    Setting::new("stack_name", "\"kmswatch\"", |all, given| {
        put_some(&mut all.stack_name, given.ruled(&STACK_NAME))
    })
    .flag("--stack-name"),
    Setting::new("account_id", "\"111122223333\"", |all, given| {
        put_some(&mut all.account_id, given.ruled(&ACCOUNT_ID))
    })
    .flag("--account-id"),
    Setting::new("region", "\"us-east-1\"", |all, given| put_some(&mut all.region, given.ruled(&REGION)))
        .flag("--region"),
    Setting::new("data", "\"kmswatch-data\"", |all, given| put(&mut all.data, given.path())).flag("--data"),
    Setting::new("name", "\"kmswatch\"", |all, given| put(&mut all.name, given.ruled(&NAME))),
    Setting::new("public_url", "", |all, given| put_some(&mut all.public_url, given.ruled(&URL))),
    Setting::new("evaluation", "\"eager\"", |all, given| {
        let choices = [("eager", Evaluation::Eager), ("cloudwatch", Evaluation::CloudWatch)];
        put(&mut all.evaluation, given.one_of(&choices))
    })
    .flag("--evaluation"),
    Setting::new("wildcards", "\"glob\"", |all, given| {
        let choices = [("glob", Wildcards::Glob), ("leftmost", Wildcards::Leftmost)];
        put(&mut all.wildcards, given.one_of(&choices))
    })
    .flag("--wildcards"),
    Setting::new("durability", "\"full\"", |all, given| {
        let choices = [("full", Durability::Full), ("normal", Durability::Normal)];
        put(&mut all.durability, given.one_of(&choices))
    }),
    Setting::new("log", "\"text\"", |all, given| {
        put(&mut all.log, given.one_of(&[("text", LogFormat::Text), ("json", LogFormat::Json)]))
    })
    .flag("--log"),
    Setting::new("log_level", "\"info\"", |all, given| put(&mut all.log_level, given.one_of(&LOG_LEVELS)))
        .flag("--log-level"),
    Setting::new("parameters", "", |all, given| {
        given.texts(|_, given| given.text()).map(|texts| all.parameters.extend(texts))
    })
    .flag("--parameter"),
    Setting::new("trail", "", |all, given| put(&mut all.trails, trails(given))).flag("--trail"),
    Setting::new("http.listen", "\"127.0.0.1:8625\"", |all, given| put(&mut all.http.listen, socket(given)))
        .flag("--listen"),
    Setting::new("http.insecure_listen", "false", |all, given| {
        put(&mut all.http.insecure_listen, given.yes_or_no())
    })
    .flag("--insecure-listen"),
    Setting::new("http.tls_certificate", "", |all, given| {
        put_some(&mut all.http.tls_certificate, given.path())
    }),
    Setting::new("http.tls_key", "", |all, given| put_some(&mut all.http.tls_key, given.path())),
    Setting::new("http.token", "", |all, given| put_some(&mut all.http.token, secret(given))).secret(),
    Setting::new("http.token_file", "", |all, given| put_some(&mut all.http.token, secret_file(given))),
    Setting::new("http.max_body", "\"64MiB\"", |all, given| put(&mut all.http.max_body, given.size())),
    Setting::new("http.max_queue", "\"256MiB\"", |all, given| put(&mut all.http.max_queue, given.size())),
    Setting::new("mail.server", "", |all, given| put_some(&mut all.mail.server, mail_server(given)))
        .flag("--smtp")
        .secret(),
    Setting::new("mail.username", "", |all, given| put_some(&mut all.mail.username, given.ruled(&NOT_EMPTY))),
    Setting::new("mail.password", "", |all, given| put_some(&mut all.mail.password, secret(given))).secret(),
    Setting::new("mail.password_file", "", |all, given| put_some(&mut all.mail.password, secret_file(given))),
    Setting::new("mail.from", "", |all, given| put_some(&mut all.mail.from, given.mailbox()))
        .flag("--mail-from"),
    Setting::new("mail.to", "[]", |all, given| put(&mut all.mail.to, given.list(|given| given.mailbox())))
        .flag("--mail-to"),
    Setting::new("mail.ca", "", |all, given| put_some(&mut all.mail.ca, given.path())),
    Setting::new("mail.timeout", "\"30s\"", |all, given| {
        put(&mut all.mail.timeout, given.duration(&bounds::TIMEOUT))
    }),
    Setting::new("mail.outbox", "", |all, given| put_some(&mut all.mail.outbox, given.path())),
    Setting::new("mail.domain", "", |all, given| put_some(&mut all.mail.domain, given.ruled(&DOMAIN))),
    Setting::new("webhook.secret", "", |all, given| put_some(&mut all.webhook.secret, secret(given)))
        .secret(),
    Setting::new("webhook.secret_file", "", |all, given| {
        put_some(&mut all.webhook.secret, secret_file(given))
    }),
    Setting::new("notify.reminder", "\"off\"", |all, given| {
        put(&mut all.notify.reminder, given.duration_or_off(&bounds::REMINDER))
    }),
    Setting::new("notify.quiet_hours", "\"off\"", |all, given| {
        put(&mut all.notify.quiet_hours, quiet_hours(given))
    }),
    Setting::new("notify.storm", "10", |all, given| put(&mut all.notify.storm, given.number(&(1..=10_000)))),
    Setting::new("retention.evidence", "\"90d\"", |all, given| {
        put(&mut all.retention.evidence, given.duration(&bounds::KEPT))
    }),
    Setting::new("retention.history", "\"400d\"", |all, given| {
        put(&mut all.retention.history, given.duration(&bounds::KEPT))
    }),
    Setting::new("retention.problems", "\"30d\"", |all, given| {
        put(&mut all.retention.problems, given.duration(&bounds::KEPT))
    }),
    Setting::new("retention.size", "\"10GiB\"", |all, given| put(&mut all.retention.size, given.size())),
    Setting::new("accounts", "", |all, given| {
        given.texts(account_name).map(|names| all.accounts.extend(names))
    }),
    Setting::new("keys", "", |all, given| given.texts(key_name).map(|names| all.keys.extend(names))),
    Setting::new("expected", "", |all, given| put(&mut all.expected, given.tables(EXPECTED_KEYS))),
];

/// The settings of a `[[trail]]`.
pub(super) const TRAIL_KEYS: &[Key<Trail>] = &[
    OfTrail::new("path", "", |trail, given| put(&mut trail.path, given.path()))
        .required("the folder of the trail"),
    OfTrail::new("name", "", |trail, given| put_some(&mut trail.name, given.ruled(&LABEL))),
    OfTrail::new("from", "\"beginning\"", |trail, given| put(&mut trail.from, start(given))).flag("--from"),
    OfTrail::new("silence", "\"auto\"", |trail, given| put(&mut trail.silence, silence(given))),
    OfTrail::new("poll", "\"30s\"", |trail, given| put(&mut trail.poll, given.duration(&bounds::POLL))),
];

/// The settings of an `[[expected]]`.
pub(super) const EXPECTED_KEYS: &[Key<ExpectedCall>] = &[
    OfCall::new("principal", "", |call, given| put(&mut call.principal, exact(given)))
        .required("the principal as a mail shows it, an ARN where there is one"),
    OfCall::new("operation", "", |call, given| put(&mut call.operation, exact(given)))
        .required("the operation, such as `Decrypt`"),
    OfCall::new("key", "", |call, given| put_some(&mut call.key, exact(given))),
    OfCall::new("error", "", |call, given| put_some(&mut call.error, exact(given))),
    OfCall::new("reason", "", |call, given| put(&mut call.reason, given.ruled(&NOT_EMPTY)))
        .required("why these calls are known and harmless"),
    OfCall::new("until", "", |call, given| put(&mut call.until, until(given)))
        .required("the day on which somebody must look again, such as `2026-01-31`"),
];

const LOG_LEVELS: [(&str, LogLevel); 5] = [
    ("error", LogLevel::Error),
    ("warn", LogLevel::Warn),
    ("info", LogLevel::Info),
    ("debug", LogLevel::Debug),
    ("trace", LogLevel::Trace),
];

fn trails(given: &Given<'_>) -> Read<Vec<Trail>> {
    // In a variable, a path alone is a trail.
    match given.untyped && given.text().is_ok_and(|text| !text.trim_start().starts_with('[')) {
        true => given.path().map(|path| vec![Trail { path, ..Trail::default() }]),
        false => given.tables(TRAIL_KEYS),
    }
}

/// Where a trail is read from.
pub(super) fn start(given: &Given<'_>) -> Read<Start> {
    let read = |text: &str| match text {
        "now" => Some(Start::Now),
        "beginning" => Some(Start::Beginning),
        time => seconds(time).and_then(|seconds| seconds.checked_mul(1000)).map(Start::Time),
    };
    let [now, beginning, date, time] =
        ["now", "beginning", "2025-03-10", "2025-03-10T08:00:00Z"].map(|text| given.written(text));
    given.parsed(read, &format!("write `{now}`, `{beginning}`, a date (`{date}`) or a time (`{time}`)"))
}

fn seconds(text: &str) -> Option<i64> {
    cloudtrail::call::seconds(text).or_else(|| cloudtrail::call::seconds(&format!("{text}T00:00:00Z")))
}

fn silence(given: &Given<'_>) -> Read<Silence> {
    match given.text()?.as_str() {
        "auto" => Ok(Silence::Auto),
        "off" => Ok(Silence::Off),
        _ => given.duration(&bounds::SILENCE).map(Silence::After).map_err(|_| {
            let [auto, off] = ["auto", "off"].map(|text| given.written(text));
            given.invalid(&format!("{}, or `{auto}` or `{off}`", given.duration_help(&bounds::SILENCE)))
        }),
    }
}

fn socket(given: &Given<'_>) -> Read<SocketAddr> {
    let read = |text: &str| match text.strip_prefix("localhost:") {
        Some(port) => Some(SocketAddr::from((Ipv4Addr::LOCALHOST, port.parse().ok()?))),
        None => text.parse().ok(),
    };
    let [this, all] = ["127.0.0.1:8625", "[::]:8625"].map(|text| given.written(text));
    given.parsed(read, &format!("write an IP address and a port: `{this}`; for all networks `{all}`"))
}

fn secret(given: &Given<'_>) -> Read<SecretSetting> {
    given.secret().map(SecretSetting::Value)
}

fn secret_file(given: &Given<'_>) -> Read<SecretSetting> {
    given.path().map(SecretSetting::File)
}

/// What is wrong with a URL is said without a piece of it, since a password may be in any piece.
fn mail_server(given: &Given<'_>) -> Read<MailServer> {
    let url = given.text()?;
    MailServer::parse(&url).and_then(|server| server.check().map(|()| server)).map_err(|error| {
        given.invalid(&match error {
            MailServerError::Port(_) => {
                "what follows the last colon is no port: write a number up to 65535".to_owned()
            }
            MailServerError::Option(_) => {
                "only `?tls=none` may follow, behind `smtp://`; in a user or password, write `%3F` for `?`"
                    .to_owned()
            }
            other => other.to_string(),
        })
    })
}

fn quiet_hours(given: &Given<'_>) -> Read<Option<QuietHours>> {
    let read = |text: &str| if text == "off" { Some(None) } else { QuietHours::parse(text).map(Some) };
    let [hours, off] = ["22:00-06:00 Europe/Berlin", "off"].map(|text| given.written(text));
    given.parsed(read, &format!("write two times of day and a time zone: `{hours}`, or `{off}`"))
}

fn account_name(account: &str, given: &Given<'_>) -> Read<String> {
    if !(ACCOUNT_ID.holds)(account) {
        return Err(
            given.wrong_name("account", "an account has twelve digits: `111122223333 = \"production\"`")
        );
    }
    given.ruled(&NOT_EMPTY)
}

fn key_name(key: &str, given: &Given<'_>) -> Read<String> {
    if key.trim().is_empty() || key.contains('*') {
        return Err(given.wrong_name("key", "write a key's ARN, its id, or `alias/…`, in quotes"));
    }
    given.ruled(&NOT_EMPTY)
}

/// A text that is compared exactly.
fn exact(given: &Given<'_>) -> Read<String> {
    let text = given.ruled(&NOT_EMPTY)?;
    match crate::report::not_exact(&text) {
        Some(why) => Err(given.invalid(why)),
        None => Ok(text),
    }
}

fn until(given: &Given<'_>) -> Read<i64> {
    let [date, time] = ["2026-01-31", "2026-01-31T12:00:00Z"].map(|text| given.written(text));
    given.parsed(
        crate::report::last_second,
        &format!("write a date (`{date}`, through its end in UTC) or a time (`{time}`)"),
    )
}

const NOT_EMPTY: Rule =
    Rule { holds: |text| !text.trim().is_empty(), help: "write a text that says something" };

const NAME: Rule = Rule {
    holds: |name| {
        (1..=64).contains(&name.len())
            && name.chars().all(|found| found.is_ascii_alphanumeric() || "-_.".contains(found))
    },
    help: "write letters, digits, `-`, `_` and `.`, at most 64 of them",
};

const LABEL: Rule = Rule {
    holds: |text| !text.trim().is_empty() && text.chars().count() <= 64 && !text.contains(disturbs),
    help: "write some words on one line, at most 64 characters",
};

const URL: Rule = Rule {
    holds: |url| {
        let rest = url.strip_prefix("https://").or_else(|| url.strip_prefix("http://"));
        let plain = |found: char| found.is_ascii_graphic() && !"\"<>\\^`{|}@?#".contains(found);
        rest.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', ':']) && rest.chars().all(plain))
    },
    help: "write `https://` or `http://`, a host and perhaps a path: `\"https://kmswatch.example.com\"`",
};

const DOMAIN: Rule = Rule {
    holds: |domain| {
        let is_label = |label: &str| {
            !label.is_empty() && label.chars().all(|found| found.is_ascii_alphanumeric() || found == '-')
        };
        domain.len() <= 253 && domain.split('.').all(is_label)
    },
    help: "write a domain: `\"example.com\"`",
};

const STACK_NAME: Rule = Rule {
    holds: |name| {
        name.len() <= 128
            && name.starts_with(|first: char| first.is_ascii_alphabetic())
            && name.chars().all(|found| found.is_ascii_alphanumeric() || found == '-')
    },
    help: "a stack's name begins with a letter and has letters, digits and `-`, at most 128 of them",
};

const ACCOUNT_ID: Rule = Rule {
    holds: |id| id.len() == 12 && id.bytes().all(|found| found.is_ascii_digit()),
    help: "an account has twelve digits: `\"111122223333\"`",
};

/// Any region that AWS has or will have: words and a number.
const REGION: Rule = Rule {
    holds: |region| {
        let parts: Vec<&str> = region.split('-').collect();
        let is_word = |part: &&str| !part.is_empty() && part.bytes().all(|found| found.is_ascii_lowercase());
        let is_number = |part: &&str| !part.is_empty() && part.bytes().all(|found| found.is_ascii_digit());
        parts.split_last().is_some_and(|(last, words)| {
            words.len() >= 2 && is_number(last) && words.iter().all(is_word) && region.len() <= 32
        })
    },
    help: "write a region as AWS does: `\"eu-west-1\"`",
};
