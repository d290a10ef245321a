//! Mails over SMTP.
//!
//! One connection is kept and used again as long as the server keeps it. Where a conversation fails says what that
//! means: who can't even log in has wrong settings, which somebody can mend, and so the mail waits; only what the server
//! says of this recipient and this mail can be final.

use std::error::Error as _;
use std::sync::{Mutex, PoisonError};

use lettre::Address;
use lettre::transport::smtp::Error;
use lettre::transport::smtp::authentication::{Credentials as Login, Mechanism};
use lettre::transport::smtp::client::{
    Certificate, CertificateStore, SmtpConnection, TlsParameters, TlsParametersBuilder,
};
use lettre::transport::smtp::commands::{Data, Mail, Quit, Rcpt};
use lettre::transport::smtp::extension::ClientId;
use monitor::DeliveryOutcome;

use crate::mail_server::{MailServer, MailServerError, Security};
use crate::mailbox::Mailbox;
use crate::reason;
use crate::roots::Roots;

/// The answer to `DATA`, and to nothing else.
const READY: u16 = 354;

/// Sends mails to one server.
pub struct Mailer {
    server: MailServer,
    tls: TlsParameters,
    connection: Mutex<Option<SmtpConnection>>,
}

/// Where a conversation with a mail server stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stage {
    Connection,
    Encryption,
    Login,
    Sender,
    Recipient,
    Content,
}

/// Where it failed, and how.
enum Failure {
    At(Stage, Error),
    /// An answer that doesn't belong to the command before: what somebody on the way slips in before the encryption begins
    /// would be taken for an answer of the server's, and each later one for that of the next command.
    OutOfTurn,
}

impl Mailer {
    /// A mailer for a server; it connects with the first mail.
    ///
    /// # Errors
    /// Where the server's settings forbid any connection.
    pub fn new(server: MailServer, roots: &Roots) -> Result<Self, MailServerError> {
        server.check()?;
        let tls = tls_parameters(&server, roots).map_err(|error| MailServerError::Tls(error.to_string()))?;
        Ok(Mailer { server, tls, connection: Mutex::new(None) })
    }

    /// The server that it sends to, for people.
    #[must_use]
    pub fn place(&self) -> String {
        self.server.place()
    }

    /// Sends a mail, and says what came of it.
    #[must_use]
    pub fn send(&self, from: &Mailbox, to: &Mailbox, message: &[u8]) -> DeliveryOutcome {
        let addresses = (from.address.parse::<Address>(), to.address.parse::<Address>());
        let (Ok(from), Ok(to)) = addresses else {
            return DeliveryOutcome::Refused(format!(
                "`{}` is no address that mail can be sent to",
                to.address
            ));
        };
        let mut kept = self.connection.lock().unwrap_or_else(PoisonError::into_inner);
        let connection = kept.take().and_then(still_there).map_or_else(|| self.connect(), Ok);
        let result = connection.and_then(|mut connection| {
            let sent = transmit(&mut connection, (from, to), message);
            match &sent {
                Ok(()) => *kept = Some(connection),
                // The server still listens, so it is told that this is the end; one that broke off isn't waited for.
                Err(Failure::At(_, error)) if error.status().is_some() => drop(connection.command(Quit)),
                Err(_) => {}
            }
            sent
        });
        match result {
            Ok(()) => DeliveryOutcome::Accepted,
            Err(failure) => self.outcome(&failure),
        }
    }

    fn connect(&self) -> Result<SmtpConnection, Failure> {
        let MailServer { host, port, security, timeout, hello, .. } = &self.server;
        let hello = hello.clone().map_or_else(ClientId::default, ClientId::Domain);
        let implicit = (*security == Security::Tls).then_some(&self.tls);
        let mut connection =
            SmtpConnection::connect((host.as_str(), *port), Some(*timeout), &hello, implicit, None)
                .map_err(|error| Failure::At(Stage::Connection, error))?;
        let upgrade = match security {
            Security::StartTls => true,
            Security::StartTlsIfOffered => connection.can_starttls(),
            Security::Tls | Security::Plain => false,
        };
        if upgrade {
            connection.starttls(&self.tls, &hello).map_err(|error| Failure::At(Stage::Encryption, error))?;
        }
        if let Some(credentials) = &self.server.credentials {
            let login = Login::new(credentials.user.clone(), credentials.password.reveal().to_owned());
            let mechanisms = [Mechanism::Plain, Mechanism::Login];
            connection.auth(&mechanisms, &login).map_err(|error| Failure::At(Stage::Login, error))?;
        }
        Ok(connection)
    }

    fn outcome(&self, failure: &Failure) -> DeliveryOutcome {
        let server = format!("the mail server {}", self.server.place());
        let Failure::At(stage, error) = failure else {
            return DeliveryOutcome::Deferred(format!(
                "{server}: it answers out of turn; is somebody in between?"
            ));
        };
        let Some(code) = error.status() else {
            let why = match stage {
                Stage::Login | Stage::Encryption if error.is_client() => reason::said(&innermost(error)),
                Stage::Connection if error.is_response() => {
                    "it closed the connection, or doesn't speak SMTP".into()
                }
                _ if error.is_response() => "it closed the connection".into(),
                _ => reason::connection(error, self.server.timeout),
            };
            return DeliveryOutcome::Deferred(format!("{server}: {why}"));
        };
        let answer = reason::said(&format!("{code} {}", innermost(error)));
        let reason = format!("{server} {}: {answer}", stage.refused());
        let too_large = u16::from(code) == 552;
        let is_final = error.is_permanent()
            && match stage {
                Stage::Recipient | Stage::Content => u16::from(code) != 530,
                Stage::Sender => too_large,
                Stage::Connection | Stage::Encryption | Stage::Login => false,
            };
        if is_final { DeliveryOutcome::Refused(reason) } else { DeliveryOutcome::Deferred(reason) }
    }
}

impl std::fmt::Debug for Mailer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Mailer").field("server", &self.server).finish_non_exhaustive()
    }
}

impl Stage {
    fn refused(self) -> &'static str {
        match self {
            Stage::Connection => "doesn't take the connection",
            Stage::Encryption => "doesn't encrypt the connection",
            Stage::Login => "doesn't let us log in",
            Stage::Sender => "doesn't take the sender",
            Stage::Recipient => "doesn't take the recipient",
            Stage::Content => "doesn't take the mail",
        }
    }
}

/// A server may have closed the connection since the last mail.
fn still_there(mut connection: SmtpConnection) -> Option<SmtpConnection> {
    connection.test_connected().then_some(connection)
}

fn transmit(
    connection: &mut SmtpConnection,
    (from, to): (Address, Address),
    message: &[u8],
) -> Result<(), Failure> {
    let at = |stage| move |error| Failure::At(stage, error);
    connection.command(Mail::new(Some(from), Vec::new())).map_err(at(Stage::Sender))?;
    connection.command(Rcpt::new(to, Vec::new())).map_err(at(Stage::Recipient))?;
    let ready = connection.command(Data).map_err(at(Stage::Content))?;
    if !ready.has_code(READY) {
        return Err(Failure::OutOfTurn);
    }
    connection.message(message).map_err(at(Stage::Content))?;
    Ok(())
}

fn tls_parameters(server: &MailServer, roots: &Roots) -> Result<TlsParameters, Error> {
    let mut builder: TlsParametersBuilder =
        TlsParameters::builder(server.host.clone()).certificate_store(CertificateStore::None);
    for der in roots.der() {
        builder = builder.add_root_certificate(Certificate::from_der(der.to_vec())?);
    }
    builder.build()
}

fn innermost(error: &Error) -> String {
    error.source().map_or_else(|| error.to_string(), ToString::to_string)
}
