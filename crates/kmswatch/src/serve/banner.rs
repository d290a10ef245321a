//! What somebody sees who starts the service: what it watches, where things are, what to do next.

use std::fmt::Write as _;

use super::Service;
use super::{means, reserved};
use crate::report::escape::shown;
use crate::settings::{LogFormat, Settings, Start};
use crate::{builtin, output};

/// Shows it, where the log is for people.
pub(crate) fn show(settings: &Settings, service: &Service, demo: bool) {
    if settings.log == LogFormat::Text {
        output::lines(&text(settings, service, demo));
    }
}

fn text(settings: &Settings, service: &Service, demo: bool) -> String {
    let mut text = format!("kmswatch {} is running\n", env!("CARGO_PKG_VERSION"));
    let mut line = |label: &str, said: &str| {
        let _ = writeln!(text, "  {label:<9} {said}");
    };
    for trail in &settings.trails {
        line("trail", &trail_words(trail));
    }
    if settings.trails.is_empty() {
        line("trail", "none: name a folder of log files with --trail, or push records over HTTP");
    }
    line("template", &template_words(settings, service));
    line("mail", &mail_words(settings));
    line("data", &shown(&settings.data.display().to_string()));
    line("http", &format!("{}://{}  (/v1/status, /metrics, /v1/records)", service.scheme, service.address));
    for said in next_words(settings, demo) {
        line("next", &said);
    }
    text
}

fn trail_words(trail: &crate::settings::Trail) -> String {
    let path = shown(&trail.path.display().to_string());
    let from = match trail.from {
        Start::Now => "from now on".to_owned(),
        Start::Beginning => "from the beginning".to_owned(),
        Start::Time(milliseconds) => {
            format!("from {}", crate::report::rfc3339(milliseconds.div_euclid(1000)))
        }
    };
    let is_there = if trail.path.is_dir() { "" } else { "; it isn't there yet and is waited for" };
    format!("{path}  ({from}{is_there})")
}

fn template_words(settings: &Settings, service: &Service) -> String {
    let watching = service.shared.get();
    let configuration = watching.configuration();
    let is_own = |name: &str| reserved::is_reserved(name);
    let alarms = configuration.alarms.iter().filter(|alarm| !is_own(&alarm.definition.name)).count()
        + configuration.composite_alarms.len();
    let filters =
        configuration.filters.iter().filter(|filter| filter.log_group != reserved::DRILL_LOG_GROUP).count();
    let name = match &settings.template {
        Some(path) => shown(&path.display().to_string()),
        None => builtin::NAME.to_owned(),
    };
    let counted = |count: usize, what: &str| format!("{count} {what}{}", if count == 1 { "" } else { "s" });
    format!("{name}  ({}, {})", counted(filters, "metric filter"), counted(alarms, "alarm"))
}

fn mail_words(settings: &Settings) -> String {
    match &settings.mail.server {
        Some(server) => format!("through {}", server.place()),
        None => format!(
            "no server is set: mails are written to {}",
            shown(&means::outbox(settings).display().to_string())
        ),
    }
}

fn next_words(settings: &Settings, demo: bool) -> Vec<String> {
    let mut next = Vec::new();
    if demo {
        next.push("an attack begins in ten seconds; its mail appears in the outbox".to_owned());
    }
    if settings.mail.to.is_empty() && !demo {
        next.push("--mail-to you@example.com and --smtp smtps://HOST send the mails to you".to_owned());
    }
    let data = shown(&settings.data.display().to_string());
    next.push(format!("kmswatch status --data {data} shows what is going on; Ctrl-C ends it"));
    next
}
