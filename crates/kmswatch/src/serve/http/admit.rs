//! Who may ask.

use std::net::{IpAddr, SocketAddr};

use axum::extract::{ConnectInfo, Request, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};

use super::body::let_end;
use super::{Door, answer};

/// Whoever shows the token.
pub(super) async fn with_token(State(door): State<Door>, request: Request, next: Next) -> Response {
    match shows_token(request.headers(), &door.tokens) {
        true => next.run(request).await,
        false => {
            let (head, mut body) = request.into_parts();
            let_end(&head.headers, &mut body).await;
            refused()
        }
    }
}

/// Whoever shows the token, and everybody on this machine. A page in somebody's browser is on this machine as well, so the
/// request must be for this machine by name.
pub(super) async fn from_here_or_with_token(
    State(door): State<Door>,
    ConnectInfo(from): ConnectInfo<SocketAddr>,
    request: Request,
    next: Next,
) -> Response {
    let is_from_here = from.ip().is_loopback() && is_for_here(request.headers());
    match is_from_here || shows_token(request.headers(), &door.tokens) {
        true => next.run(request).await,
        false => refused(),
    }
}

fn is_for_here(headers: &HeaderMap) -> bool {
    let host = headers.get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
    let is_port = |port: &str| !port.is_empty() && port.bytes().all(|byte| byte.is_ascii_digit());
    let name = host.rsplit_once(':').map_or(host, |(name, port)| if is_port(port) { name } else { host });
    let bare = name.strip_prefix('[').and_then(|name| name.strip_suffix(']')).unwrap_or(name);
    name.eq_ignore_ascii_case("localhost")
        || bare.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

fn shows_token(headers: &HeaderMap, tokens: &[String]) -> bool {
    let shown = headers.get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let shown = shown.and_then(|value| value.split_once(' '));
    let is_one = |shown: &str| tokens.iter().any(|token| same(shown, token));
    shown.is_some_and(|(scheme, shown)| scheme.eq_ignore_ascii_case("bearer") && is_one(shown.trim()))
}

/// Compares in a time that doesn't tell how much is right.
fn same(shown: &str, token: &str) -> bool {
    let differences = shown.bytes().zip(token.bytes()).fold(0, |all, (one, other)| all | (one ^ other));
    shown.len() == token.len() && differences == 0
}

fn refused() -> Response {
    let help = "show the token: Authorization: Bearer …; it is in the file `token` of the data folder";
    let mut response = answer(StatusCode::UNAUTHORIZED, help).into_response();
    response.headers_mut().insert(header::WWW_AUTHENTICATE, header::HeaderValue::from_static("Bearer"));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    fn headers(name: header::HeaderName, value: &str) -> HeaderMap {
        let mut headers = HeaderMap::new();
        headers.insert(name, value.parse().unwrap());
        headers
    }

    #[test]
    fn a_token_is_shown_or_not() {
        let tokens = ["secret".to_owned(), "another".to_owned()];
        let shows = |value: &str| shows_token(&headers(header::AUTHORIZATION, value), &tokens);
        assert!(shows("Bearer secret") && shows("bearer  secret") && shows("Bearer another"));
        assert!(
            !shows("Bearer secre") && !shows("Bearer secrets") && !shows("secret") && !shows("Basic secret")
        );
        assert!(!shows_token(&HeaderMap::new(), &tokens));
    }

    #[test]
    fn a_request_for_this_machine_names_it() {
        let is = |host: &str| is_for_here(&headers(header::HOST, host));
        for here in ["127.0.0.1:8625", "127.0.0.1", "localhost", "LocalHost:1", "[::1]:8625", "[::1]"] {
            assert!(is(here), "{here}");
        }
        let others =
            ["evil.example:8625", "127.0.0.1.evil.example", "", "localhost:1@evil.example", "[::1", ":1"];
        for other in others {
            assert!(!is(other), "{other}");
        }
        assert!(!is_for_here(&HeaderMap::new()));
    }
}
