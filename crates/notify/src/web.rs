//! Notifications over HTTP.

use std::io::Read as _;
use std::sync::Arc;
use std::time::Duration;

use monitor::DeliveryOutcome;
use ureq::http::{Response, StatusCode};
use ureq::tls::{TlsConfig, TlsProvider};
use ureq::{Agent, Body};

use crate::endpoint::WebAddress;
use crate::limits::MAX_ANSWER;
use crate::reason;
use crate::roots::Roots;

/// How long a request may take in all, unless something else is set; SNS waits 15 seconds.
const TIMEOUT: Duration = Duration::from_secs(15);

/// Sends requests. It keeps connections, follows no redirect, uses no proxy, and reads at most
/// [`MAX_ANSWER`](crate::limits::MAX_ANSWER) bytes of an answer.
#[derive(Debug, Clone)]
pub struct Web {
    agent: Agent,
    timeout: Duration,
}

impl Web {
    /// Trusts servers for which `roots` vouch.
    #[must_use]
    pub fn new(roots: &Roots) -> Self {
        Self::with_timeout(roots, TIMEOUT)
    }

    /// The same, with a time of one's own that a request may take.
    #[must_use]
    pub fn with_timeout(roots: &Roots, timeout: Duration) -> Self {
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .unversioned_rustls_crypto_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .root_certs(roots.for_web())
            .build();
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(timeout))
            .proxy(None)
            .user_agent(concat!("kmswatch/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls)
            .build();
        Web { agent: config.new_agent(), timeout }
    }

    /// Sends `body`, and says what came of it.
    #[must_use]
    pub fn post(&self, address: &WebAddress, headers: &[(&str, String)], body: &str) -> DeliveryOutcome {
        let mut request = self.agent.post(address.url());
        if let Some(authorization) = address.authorization() {
            request = request.header("Authorization", authorization.reveal());
        }
        for (name, value) in headers {
            request = request.header(*name, value);
        }
        match request.send(body) {
            Ok(response) => answered(address.place(), response),
            Err(error) => DeliveryOutcome::Deferred(format!("{}: {}", address.place(), self.failed(&error))),
        }
    }

    fn failed(&self, error: &ureq::Error) -> String {
        match error {
            ureq::Error::Timeout(_) => format!("it didn't answer within {} seconds", self.timeout.as_secs()),
            ureq::Error::HostNotFound => "there is no host of that name".into(),
            ureq::Error::Io(error) => reason::connection(error, self.timeout),
            ureq::Error::Rustls(error) => reason::tls(error),
            other => reason::said(&other.to_string()),
        }
    }
}

/// What an answer means. Whatever may be better another time is tried again.
fn answered(place: &str, mut response: Response<Body>) -> DeliveryOutcome {
    let status = response.status();
    if status.is_success() {
        return DeliveryOutcome::Accepted;
    }
    let mut text = Vec::new();
    // What of it can't be read doesn't matter: it only explains.
    let _ = response.body_mut().as_reader().take(MAX_ANSWER).read_to_end(&mut text);
    let said = reason::said(&String::from_utf8_lossy(&text));
    let said = if said.is_empty() { String::new() } else { format!(": {said}") };
    let reason = format!("{place} answers {status}{}{said}", meaning(status));
    match status.as_u16() {
        408 | 425 | 429 | 302 | 303 | 307 | 500.. => DeliveryOutcome::Deferred(reason),
        _ => DeliveryOutcome::Refused(reason),
    }
}

fn meaning(status: StatusCode) -> &'static str {
    match status.as_u16() {
        300..=399 => " (the address has moved; redirects aren't followed)",
        401 | 403 => " (it doesn't accept our credentials)",
        404 | 410 => " (the address doesn't exist, or doesn't any more)",
        429 => " (too many requests)",
        _ => "",
    }
}
