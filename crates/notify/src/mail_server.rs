//! Which mail server, and how to talk to it: `smtps://user:password@mail.example.com`.

use std::fmt;
use std::net::IpAddr;
use std::time::Duration;

use crate::secret::Secret;

/// How long a server may take for one answer, unless something else is set.
const TIMEOUT: Duration = Duration::from_secs(30);

/// A mail server.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MailServer {
    /// Its name, to which its certificate must belong, or its address.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the connection is encrypted.
    pub security: Security,
    /// As whom we log in, if we do.
    pub credentials: Option<Credentials>,
    /// How long it may take for one answer.
    pub timeout: Duration,
    /// What we call ourselves; our address where it isn't set.
    pub hello: Option<String>,
    /// Whether a connection to another machine may do without encryption.
    pub allow_plain: bool,
}

/// How a connection is encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Security {
    /// From its first byte: `smtps://`.
    Tls,
    /// After `STARTTLS`, without which nothing is sent: `smtp://`.
    StartTls,
    /// With `STARTTLS` if the server offers it: `smtp://` to this machine itself.
    StartTlsIfOffered,
    /// Not at all: `smtp://…?tls=none`.
    Plain,
}

/// As whom we log in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Credentials {
    /// The user.
    pub user: String,
    /// The password.
    pub password: Secret,
}

/// Why a mail server can't be used. What is shown holds no password.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MailServerError {
    /// It begins with neither `smtp://` nor `smtps://`.
    Scheme,
    /// It names no host, or something that can't be one.
    Host,
    /// What follows the colon is no port.
    Port(String),
    /// What follows the question mark isn't known.
    Option(String),
    /// The user or the password has a `%` that two hexadecimal digits don't follow.
    Percent,
    /// There is a user without a password.
    NoPassword,
    /// No encryption, to another machine.
    PlainElsewhere(String),
    /// The name can't be that of a certificate, or a trusted certificate can't be used.
    Tls(String),
}

impl MailServer {
    /// Reads a URL. User and password may have `%40` for `@` and so on.
    ///
    /// # Errors
    /// Where it isn't such a URL.
    pub fn parse(url: &str) -> Result<Self, MailServerError> {
        let (scheme, rest) = url.trim().split_once("://").ok_or(MailServerError::Scheme)?;
        let implicit = match scheme {
            "smtps" => true,
            "smtp" => false,
            _ => return Err(MailServerError::Scheme),
        };
        let (rest, option) = rest.split_once('?').map_or((rest, None), |(rest, option)| (rest, Some(option)));
        let rest = rest.trim_end_matches('/');
        let (login, place) =
            rest.rsplit_once('@').map_or((None, rest), |(login, place)| (Some(login), place));
        let (host, port) = host_and_port(place)?;
        let security = match option {
            Some("tls=none") if !implicit => Security::Plain,
            Some(other) => return Err(MailServerError::Option(other.to_owned())),
            None if implicit => Security::Tls,
            None if is_loopback(&host) => Security::StartTlsIfOffered,
            None => Security::StartTls,
        };
        Ok(MailServer {
            host,
            port: port.unwrap_or(if implicit { 465 } else { 587 }),
            security,
            credentials: login.map(credentials).transpose()?,
            timeout: TIMEOUT,
            hello: None,
            allow_plain: false,
        })
    }

    /// `mail.example.com:465`.
    #[must_use]
    pub fn place(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }

    /// Whether it may be used as it is.
    ///
    /// # Errors
    /// Where mails would go to another machine without encryption, and nobody said that they may.
    pub fn check(&self) -> Result<(), MailServerError> {
        let plain = self.security == Security::Plain && !self.allow_plain && !is_loopback(&self.host);
        if plain { Err(MailServerError::PlainElsewhere(self.host.clone())) } else { Ok(()) }
    }
}

fn host_and_port(place: &str) -> Result<(String, Option<u16>), MailServerError> {
    let (host, port) = match place.strip_prefix('[') {
        Some(rest) => {
            let (host, rest) = rest.split_once(']').ok_or(MailServerError::Host)?;
            (host, rest.strip_prefix(':'))
        }
        None => place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port))),
    };
    let is_name = |found: char| found.is_ascii_alphanumeric() || "-._:".contains(found);
    if host.is_empty() || !host.chars().all(is_name) {
        return Err(MailServerError::Host);
    }
    let port =
        port.map(|port| port.parse().map_err(|_| MailServerError::Port(port.to_owned()))).transpose()?;
    Ok((host.to_owned(), port))
}

fn credentials(login: &str) -> Result<Credentials, MailServerError> {
    let (user, password) = login.split_once(':').ok_or(MailServerError::NoPassword)?;
    let decoded = |text| percent_decoded(text).ok_or(MailServerError::Percent);
    Ok(Credentials { user: decoded(user)?, password: Secret::new(decoded(password)?) })
}

/// `None` where what follows a `%` isn't two hexadecimal digits, or where it isn't UTF-8 then.
pub(crate) fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let (high, low) = (digit(rest.next())?, digit(rest.next())?);
                u8::try_from(high * 16 + low).ok()?
            }
            other => other,
        });
    }
    String::from_utf8(bytes).ok()
}

/// Whether a host is this machine itself.
pub(crate) fn is_loopback(host: &str) -> bool {
    host.eq_ignore_ascii_case("localhost")
        || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

impl fmt::Display for MailServerError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            MailServerError::Scheme => f.write_str("a mail server is `smtps://HOST` or `smtp://HOST`"),
            MailServerError::Host => f.write_str("the mail server has no name: write `smtps://mail.example.com`"),
            MailServerError::Port(port) => write!(f, "`{port}` is no port: write a number up to 65535"),
            MailServerError::Option(option) => {
                write!(f, "`{option}` isn't known: only `?tls=none` may follow, behind `smtp://`")
            }
            MailServerError::Percent => f.write_str(
                "a `%` in user or password must be followed by two hexadecimal digits: write `%25` for the sign itself",
            ),
            MailServerError::NoPassword => f.write_str("there is a user without a password: write `smtps://USER:PASSWORD@HOST`"),
            MailServerError::PlainElsewhere(host) => {
                write!(f, "`{host}` is another machine, and mails to it would not be encrypted")
            }
            MailServerError::Tls(why) => write!(f, "no encrypted connection is possible: {why}"),
        }
    }
}

impl std::error::Error for MailServerError {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_are_read() {
        let server = MailServer::parse("smtps://alarms%40example.com:p%3Aw@mail.example.com").unwrap();
        assert_eq!((server.place().as_str(), server.security), ("mail.example.com:465", Security::Tls));
        let credentials = server.credentials.unwrap();
        assert_eq!((credentials.user.as_str(), credentials.password.reveal()), ("alarms@example.com", "p:w"));
        let security = |url| MailServer::parse(url).map(|server| (server.place(), server.security));
        assert_eq!(security("smtp://mail:25/"), Ok(("mail:25".into(), Security::StartTls)));
        assert_eq!(
            security("smtp://127.0.0.1:1025"),
            Ok(("127.0.0.1:1025".into(), Security::StartTlsIfOffered))
        );
        assert_eq!(security("smtp://[::1]"), Ok(("[::1]:587".into(), Security::StartTlsIfOffered)));
        assert_eq!(security("smtp://mail?tls=none"), Ok(("mail:587".into(), Security::Plain)));
    }

    #[test]
    fn what_is_wrong_is_said_without_the_password() {
        let wrong = [
            ("mail.example.com", "a mail server is `smtps://HOST` or `smtp://HOST`"),
            ("http://mail", "a mail server is `smtps://HOST` or `smtp://HOST`"),
            ("smtp://", "the mail server has no name: write `smtps://mail.example.com`"),
            ("smtp://a b", "the mail server has no name: write `smtps://mail.example.com`"),
            ("smtp://u:hunter2@mail:x", "`x` is no port: write a number up to 65535"),
            ("smtp://u@mail", "there is a user without a password: write `smtps://USER:PASSWORD@HOST`"),
            (
                "smtps://mail?tls=none",
                "`tls=none` isn't known: only `?tls=none` may follow, behind `smtp://`",
            ),
        ];
        for (url, message) in wrong {
            assert_eq!(MailServer::parse(url).unwrap_err().to_string(), message, "{url}");
        }
        let server = MailServer::parse("smtp://u:hunter2@mail").unwrap();
        assert!(!format!("{server:?}").contains("hunter2"));
    }

    #[test]
    fn nothing_is_sent_in_plain_text_to_another_machine() {
        let mut server = MailServer::parse("smtp://mail.example.com?tls=none").unwrap();
        assert_eq!(server.check(), Err(MailServerError::PlainElsewhere("mail.example.com".into())));
        server.allow_plain = true;
        assert_eq!(server.check(), Ok(()));
        assert_eq!(MailServer::parse("smtp://localhost?tls=none").unwrap().check(), Ok(()));
        assert!(!is_loopback("127.0.0.1.example.com"));
    }
}
