//! Asks a running service.

use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use serde::de::DeserializeOwned;
use ureq::tls::{TlsConfig, TlsProvider};
use ureq::{Agent, Body, http::Response};

use super::folder::Folder;
use crate::report::escape::shown;
use crate::serve::data_folder::{self, Running};

/// How long an answer is waited for. The service itself waits up to half a minute for its engine.
const TIMEOUT: Duration = Duration::from_secs(40);
/// How long it may take until the service takes the connection: it is on this machine.
const CONNECT: Duration = Duration::from_secs(3);
/// How long an answer may be, in bytes.
const MAX_ANSWER: u64 = 64 << 20;

/// Who asks.
#[derive(Debug)]
pub(crate) struct Client {
    agent: Agent,
    url: String,
    token: String,
    /// Where the token is, for people.
    token_file: String,
}

/// What a service said.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) status: u16,
    pub(crate) body: Vec<u8>,
}

impl Client {
    /// Asks the service that runs in a folder.
    ///
    /// Its certificate isn't looked at. The service holds the folder's lock and wrote its address there after it had opened
    /// its door, so nobody else listens at it while it lives; and the certificate names a host, not this address.
    pub(crate) fn of(folder: &Folder, running: &Running) -> anyhow::Result<Self> {
        let token_file = shown(&data_folder::token_file(&folder.path).display().to_string());
        let token = data_folder::token(&folder.path).with_context(|| {
            format!("the token in {token_file} can't be read; be the user that the service runs as")
        })?;
        let tls = TlsConfig::builder()
            .provider(TlsProvider::Rustls)
            .unversioned_rustls_crypto_provider(std::sync::Arc::new(rustls::crypto::ring::default_provider()))
            .disable_verification(true)
            .build();
        let config = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(0)
            .max_redirects_will_error(false)
            .timeout_global(Some(TIMEOUT))
            .timeout_connect(Some(CONNECT))
            .proxy(None)
            .user_agent(concat!("kmswatch/", env!("CARGO_PKG_VERSION")))
            .tls_config(tls)
            .build();
        Ok(Client { agent: config.new_agent(), url: reachable(&running.http), token, token_file })
    }

    /// Asks for something.
    pub(crate) fn get<T: DeserializeOwned>(&self, path: &str) -> anyhow::Result<T> {
        let asked =
            self.agent.get(format!("{}{path}", self.url)).header("Authorization", self.bearer()).call();
        let said = self.said(asked)?.fine()?;
        serde_json::from_slice(&said.body).context("its answer can't be read; is it another version?")
    }

    /// Asks to do something; what the service says to that is for the caller to judge.
    pub(crate) fn post(&self, path: &str, body: &[u8]) -> anyhow::Result<Said> {
        let request = self.agent.post(format!("{}{path}", self.url)).header("Authorization", self.bearer());
        self.said(request.send(body))
    }

    fn bearer(&self) -> String {
        format!("Bearer {}", self.token)
    }

    fn said(&self, answer: Result<Response<Body>, ureq::Error>) -> anyhow::Result<Said> {
        let mut answer = answer.map_err(|error| why(&error))?;
        let status = answer.status().as_u16();
        let body = answer
            .body_mut()
            .with_config()
            .limit(MAX_ANSWER)
            .read_to_vec()
            .map_err(|error| anyhow!("its answer breaks off: {}", shown(&error.to_string())))?;
        if status == 401 {
            bail!("it doesn't accept the token in {}; was that file changed?", self.token_file);
        }
        Ok(Said { status, body })
    }
}

impl Said {
    /// What it said, if it did what it was asked to.
    pub(crate) fn fine(self) -> anyhow::Result<Self> {
        match self.status {
            200..=299 => Ok(self),
            status => bail!("it answers {status}: {}", self.message()),
        }
    }

    /// What it said, for people.
    pub(crate) fn message(&self) -> String {
        let value: Option<serde_json::Value> = serde_json::from_slice(&self.body).ok();
        let message = value.as_ref().and_then(|value| value.get("message")?.as_str());
        shown(message.unwrap_or(&String::from_utf8_lossy(&self.body)))
    }
}

fn why(error: &ureq::Error) -> anyhow::Error {
    match error {
        ureq::Error::Timeout(_) => {
            anyhow!("it takes the connection, but doesn't answer within {} s", TIMEOUT.as_secs())
        }
        ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
            anyhow!("nothing listens there (connection refused)")
        }
        other => anyhow!("{}", shown(&other.to_string())),
    }
}

/// A service that listens everywhere is here as well.
fn reachable(url: &str) -> String {
    url.replace("://0.0.0.0:", "://127.0.0.1:").replace("://[::]:", "://[::1]:")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_service_that_listens_everywhere_is_asked_here() {
        assert_eq!(reachable("http://0.0.0.0:8625"), "http://127.0.0.1:8625");
        assert_eq!(reachable("https://[::]:8625"), "https://[::1]:8625");
        assert_eq!(reachable("http://10.0.0.0:8625"), "http://10.0.0.0:8625");
    }

    #[test]
    fn what_a_service_says_is_made_harmless() {
        let said = |body: &str| Said { status: 503, body: body.into() }.message();
        assert_eq!(said(r#"{"message":"no\u001b[31m"}"#), "no\\x1b[31m");
        assert_eq!(said("<html>"), "<html>");
    }
}
