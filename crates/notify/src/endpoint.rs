//! Where a subscription's notifications go, and in which form.
//!
//! Protocols and endpoints are those of SNS. Which form a web address wants stands in its fragment, which is never sent:
//! `https://hooks.slack.com/services/…#slack`, `https://events.pagerduty.com/v2/enqueue#pagerduty=ROUTING-KEY`. So a
//! template with such an endpoint is one that AWS takes, too.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::mail_server::percent_decoded;
use crate::mailbox::Mailbox;
use crate::secret::Secret;

/// Where to, and in which form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Endpoint {
    /// A mail for people.
    Email(Mailbox),
    /// A mail for programs: SNS's envelope.
    EmailJson(Mailbox),
    /// SNS's envelope over HTTP.
    Web(WebAddress),
    /// A webhook of Slack, or of what takes the same.
    Slack(WebAddress),
    /// PagerDuty's Events API v2, or what takes the same, with its routing key.
    PagerDuty(WebAddress, Secret),
}

/// A web address. Paths and users of webhooks are secrets, so its `Debug` shows only the host.
#[derive(Clone, PartialEq, Eq)]
pub struct WebAddress {
    /// Without user and fragment.
    url: String,
    /// `https://hooks.slack.com`.
    place: String,
    /// What stands in the header `Authorization`.
    authorization: Option<Secret>,
}

/// Why there is no such endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EndpointError {
    /// We don't deliver over this protocol.
    Protocol(String),
    /// It isn't an address.
    Address(String),
    /// It isn't a URL of that protocol.
    Url(String),
    /// What follows `#` isn't a form.
    Form(String),
}

impl Endpoint {
    /// Reads a subscription.
    ///
    /// # Errors
    /// Where nothing can be delivered to it.
    pub fn parse(protocol: &str, endpoint: &str) -> Result<Self, EndpointError> {
        let mailbox = || {
            Mailbox::parse(endpoint)
                .filter(|_| !endpoint.contains('<'))
                .ok_or_else(|| EndpointError::Address(endpoint.to_owned()))
        };
        match protocol {
            "email" => Ok(Endpoint::Email(mailbox()?)),
            "email-json" => Ok(Endpoint::EmailJson(mailbox()?)),
            "http" | "https" => web(protocol, endpoint),
            other => Err(EndpointError::Protocol(other.to_owned())),
        }
    }
}

fn web(protocol: &str, endpoint: &str) -> Result<Endpoint, EndpointError> {
    let (url, form) = endpoint.split_once('#').map_or((endpoint, None), |(url, form)| (url, Some(form)));
    let address = WebAddress::parse(protocol, url).ok_or_else(|| EndpointError::Url(protocol.to_owned()))?;
    match form {
        None | Some("") => Ok(Endpoint::Web(address)),
        Some("slack") => Ok(Endpoint::Slack(address)),
        Some(other) => match other.strip_prefix("pagerduty=") {
            Some(key) if !key.is_empty() => Ok(Endpoint::PagerDuty(address, Secret::new(key))),
            _ => {
                let name = other.split('=').next().unwrap_or_default();
                Err(EndpointError::Form(name.to_owned()))
            }
        },
    }
}

impl WebAddress {
    fn parse(protocol: &str, url: &str) -> Option<Self> {
        let rest = url.strip_prefix(protocol)?.strip_prefix("://")?;
        let end = rest.find(['/', '?']).unwrap_or(rest.len());
        let (authority, path) = rest.split_at_checked(end)?;
        let (login, host) =
            authority.rsplit_once('@').map_or((None, authority), |(login, host)| (Some(login), host));
        let url = format!("{protocol}://{host}{path}");
        let uri: ureq::http::Uri = url.parse().ok()?;
        let known = uri.host().is_some_and(|host| !host.is_empty());
        let login = match login {
            Some(login) => Some(Secret::new(format!("Basic {}", STANDARD.encode(percent_decoded(login)?)))),
            None => None,
        };
        known.then(|| WebAddress { place: format!("{protocol}://{host}"), url, authorization: login })
    }

    /// The host, for people.
    #[must_use]
    pub fn place(&self) -> &str {
        &self.place
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    pub(crate) fn authorization(&self) -> Option<&Secret> {
        self.authorization.as_ref()
    }
}

impl fmt::Debug for WebAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/…", self.place)
    }
}

impl fmt::Display for EndpointError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            EndpointError::Protocol(protocol) => {
                write!(
                    f,
                    "nothing is delivered over `{protocol}`: use `email`, `email-json`, `http` or `https`"
                )
            }
            EndpointError::Address(address) => {
                write!(f, "`{address}` isn't an address: write `name@example.com`")
            }
            EndpointError::Url(protocol) => {
                write!(f, "this isn't a URL that begins with `{protocol}://` and a host")
            }
            EndpointError::Form(form) => {
                write!(f, "`#{form}` isn't a form of webhook: write `#slack` or `#pagerduty=ROUTING-KEY`")
            }
        }
    }
}

impl std::error::Error for EndpointError {}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(protocol: &str, endpoint: &str) -> String {
        match Endpoint::parse(protocol, endpoint) {
            Ok(endpoint) => format!("{endpoint:?}"),
            Err(error) => error.to_string(),
        }
    }

    #[test]
    fn subscriptions_are_read() {
        assert!(matches!(Endpoint::parse("email", "a@example.com"), Ok(Endpoint::Email(_))));
        assert_eq!(
            shown("https", "https://hooks.slack.com/services/T0/B0/x#slack"),
            "Slack(https://hooks.slack.com/…)"
        );
        let pager = shown("https", "https://events.pagerduty.com/v2/enqueue#pagerduty=R0UT1NG");
        assert_eq!(pager, "PagerDuty(https://events.pagerduty.com/…, (secret))");
        let Ok(Endpoint::Web(address)) = Endpoint::parse("http", "http://u:p%40w@127.0.0.1:80/hook?a=b")
        else {
            panic!()
        };
        assert_eq!(address.url(), "http://127.0.0.1:80/hook?a=b");
        assert_eq!(address.authorization().unwrap().reveal(), "Basic dTpwQHc=");
        assert_eq!(format!("{address:?}"), "http://127.0.0.1:80/…");
    }

    #[test]
    fn what_cannot_be_delivered_is_said() {
        assert_eq!(
            shown("sms", "+1"),
            "nothing is delivered over `sms`: use `email`, `email-json`, `http` or `https`"
        );
        assert_eq!(shown("email", "a"), "`a` isn't an address: write `name@example.com`");
        assert_eq!(shown("email", "A <a@b.c>"), "`A <a@b.c>` isn't an address: write `name@example.com`");
        let url = "this isn't a URL that begins with `https://` and a host";
        for wrong in ["http://example.com", "https://", "https:///path", "https://a b/", "https://a/\r\nX: y"]
        {
            assert_eq!(shown("https", wrong), url, "{wrong:?}");
        }
        let form = "`#teams` isn't a form of webhook: write `#slack` or `#pagerduty=ROUTING-KEY`";
        assert_eq!(shown("https", "https://a/#teams=x"), form);
    }
}
