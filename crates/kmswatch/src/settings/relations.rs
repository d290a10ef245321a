//! Which settings can't hold together?

use std::collections::BTreeMap;

use diagnostic::Diagnostic;

use super::{ErrorCode, ExpectedCall, Settings};
use crate::report::escape::shown;

/// What is wrong, and the setting at which that is said.
pub(super) struct Wrong {
    pub(super) setting: &'static str,
    pub(super) diagnostic: Diagnostic,
}

/// What is wrong once all is known.
pub(super) fn of_all(settings: &Settings) -> Vec<Wrong> {
    let mut wrong = of_file(settings);
    let mail = &settings.mail;
    if mail.username.is_some() && mail.password.is_none() {
        wrong.push(missing(
            "mail.username",
            "`mail.username` needs a password",
            "set `mail.password_file` or `KMSWATCH_MAIL_PASSWORD`",
        ));
    }
    if mail.password.is_some() && mail.username.is_none() {
        let setting = if settings.origins.contains_key("mail.password") {
            "mail.password"
        } else {
            "mail.password_file"
        };
        wrong.push(missing(
            setting,
            "the password of the mail server needs `mail.username`",
            "set `mail.username`",
        ));
    }
    wrong
}

/// What is wrong already with one file, whatever environment and options say beside it.
pub(super) fn of_file(settings: &Settings) -> Vec<Wrong> {
    let checks = [tls, listener, trails, expected];
    checks.iter().filter_map(|check| check(settings)).collect()
}

fn tls(settings: &Settings) -> Option<Wrong> {
    let http = &settings.http;
    match (&http.tls_certificate, &http.tls_key) {
        (Some(_), None) => Some(missing(
            "http.tls_certificate",
            "`http.tls_certificate` needs `http.tls_key`",
            "set `http.tls_key`: the PEM file with the certificate's private key",
        )),
        (None, Some(_)) => Some(missing(
            "http.tls_key",
            "`http.tls_key` needs `http.tls_certificate`",
            "set `http.tls_certificate`: the PEM file with the certificate and those that vouch for it",
        )),
        _ => None,
    }
}

fn listener(settings: &Settings) -> Option<Wrong> {
    let http = &settings.http;
    let is_safe = http.listen.ip().is_loopback() || http.insecure_listen || http.tls_certificate.is_some();
    (!is_safe).then(|| {
        let message = format!("`{}` can be reached from other machines, without TLS", http.listen);
        missing(
            "http.listen",
            &message,
            "set `http.tls_certificate` and `http.tls_key`; or `http.insecure_listen`, if something in front of it encrypts",
        )
    })
}

fn trails(settings: &Settings) -> Option<Wrong> {
    let mut names = BTreeMap::new();
    let twice = settings.trails.iter().find(|trail| names.insert(trail.name(), ()).is_some())?;
    let message = format!("two trails are called `{}`", shown(&twice.name()));
    Some(conflict("trail", message, "write another `name` below one of them, or leave one out"))
}

fn expected(settings: &Settings) -> Option<Wrong> {
    let mut calls = BTreeMap::new();
    let call = |call: &ExpectedCall| {
        (call.principal.clone(), call.operation.clone(), call.key.clone(), call.error.clone())
    };
    let twice = settings.expected.iter().find(|entry| calls.insert(call(entry), ()).is_some())?;
    let message = format!(
        "two expected calls are the same: {} of {}",
        shown(&twice.operation),
        shown(&twice.principal)
    );
    Some(conflict("expected", message, "keep the one whose `until` is right"))
}

fn missing(setting: &'static str, message: &str, help: &str) -> Wrong {
    let diagnostic = Diagnostic::error(ErrorCode::Missing.as_str(), message).help(help);
    Wrong { setting, diagnostic }
}

fn conflict(setting: &'static str, message: String, help: &str) -> Wrong {
    let diagnostic = Diagnostic::error(ErrorCode::Conflict.as_str(), message).help(help);
    Wrong { setting, diagnostic }
}
