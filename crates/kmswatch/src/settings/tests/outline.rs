//! Settings as a case file shows them: what differs from the defaults, and where it comes from.

use super::super::units::{shown_duration, shown_size};
use super::super::*;

/// A line for each setting that isn't its default.
pub(super) fn outline(settings: &Settings) -> String {
    let (all, defaults) = (lines(settings), lines(&Settings::default()));
    let differing = all.iter().filter(|line| !defaults.contains(line));
    let mut lines: Vec<String> = differing.map(|(name, value)| line(settings, name, value)).collect();
    lines.extend(settings.file.iter().map(|file| format!("file: {}", file.display())));
    lines.extend(settings.warnings.iter().cloned());
    lines.join("\n")
}

fn line(settings: &Settings, name: &str, value: &str) -> String {
    let setting = name.split([' ']).next().unwrap_or_default();
    let setting = if setting == "parameter" { "parameters" } else { setting };
    let names = [setting.to_owned(), format!("{setting}_file")];
    let origin = names.iter().map(|name| settings.origin(name)).find(|origin| **origin != Origin::Default);
    match origin {
        Some(origin) => format!("{name}: {value}  (from {origin})"),
        None => format!("{name}: {value}"),
    }
}

type Line = (String, String);

fn lines(settings: &Settings) -> Vec<Line> {
    [of_template(settings), of_service(settings), of_lists(settings), of_http(&settings.http)]
        .into_iter()
        .chain([of_mail(&settings.mail), of_rest(settings)])
        .flatten()
        .collect()
}

fn some(name: &str, value: Option<String>) -> Option<Line> {
    value.map(|value| (name.to_owned(), value))
}

fn always(name: &str, value: impl ToString) -> Option<Line> {
    some(name, Some(value.to_string()))
}

fn path(path: Option<&PathBuf>) -> Option<String> {
    path.map(|path| path.display().to_string())
}

fn secret(name: &str, secret: Option<&SecretSetting>) -> Option<Line> {
    let shown = |secret: &SecretSetting| match secret {
        SecretSetting::Value(secret) => format!("a secret of {} bytes", secret.reveal().len()),
        SecretSetting::File(path) => format!("what {} holds", path.display()),
    };
    some(name, secret.map(shown))
}

fn of_template(settings: &Settings) -> Vec<Line> {
    let own = [
        some("template", path(settings.template.as_ref())),
        some("stack_name", settings.stack_name.clone()),
        some("account_id", settings.account_id.clone()),
        some("region", settings.region.clone()),
    ];
    let parameters =
        settings.parameters.iter().map(|(name, value)| always(&format!("parameter {name}"), value));
    own.into_iter().chain(parameters).flatten().collect()
}

fn of_service(settings: &Settings) -> Vec<Line> {
    let own = [
        always("data", settings.data.display()),
        always("name", &settings.name),
        some("public_url", settings.public_url.clone()),
        always("evaluation", format!("{:?}", settings.evaluation)),
        always("wildcards", format!("{:?}", settings.wildcards)),
        always("durability", format!("{:?}", settings.durability)),
        always("log", format!("{:?}", settings.log)),
        always("log_level", format!("{:?}", settings.log_level)),
    ];
    own.into_iter().flatten().collect()
}

fn of_lists(settings: &Settings) -> Vec<Line> {
    let trails = settings.trails.iter().map(|trail| {
        let Trail { from, silence, poll, .. } = trail;
        let poll = shown_duration(*poll);
        always(
            "trail",
            format!(
                "{} in {}, from {from:?}, silence {silence:?}, poll {poll}",
                trail.name(),
                trail.path.display()
            ),
        )
    });
    let accounts = settings.accounts.iter().map(|(name, value)| always(&format!("accounts {name}"), value));
    let keys = settings.keys.iter().map(|(name, value)| always(&format!("keys {name}"), value));
    let expected = settings.expected.iter().map(|call| always("expected", format!("{call:?}")));
    trails.chain(accounts).chain(keys).chain(expected).flatten().collect()
}

fn of_http(http: &Http) -> Vec<Line> {
    let own = [
        always("http.listen", http.listen),
        always("http.insecure_listen", http.insecure_listen),
        some("http.tls_certificate", path(http.tls_certificate.as_ref())),
        some("http.tls_key", path(http.tls_key.as_ref())),
        secret("http.token", http.token.as_ref()),
        always("http.max_body", shown_size(http.max_body)),
        always("http.max_queue", shown_size(http.max_queue)),
    ];
    own.into_iter().flatten().collect()
}

fn of_mail(mail: &Mail) -> Vec<Line> {
    let server = mail.server.as_ref().map(|server| {
        let user = server.credentials.as_ref().map_or("nobody", |credentials| credentials.user.as_str());
        format!(
            "{} {:?} as {user}, timeout {}",
            server.place(),
            server.security,
            shown_duration(server.timeout)
        )
    });
    let to = mail.to.iter().map(|mailbox| always("mail.to", &mailbox.address));
    let own = [
        some("mail.server", server),
        some("mail.username", mail.username.clone()),
        secret("mail.password", mail.password.as_ref()),
        some("mail.from", mail.from.as_ref().map(|mailbox| format!("{mailbox:?}"))),
        some("mail.ca", path(mail.ca.as_ref())),
        always("mail.timeout", shown_duration(mail.timeout)),
        some("mail.outbox", path(mail.outbox.as_ref())),
        some("mail.domain", mail.domain.clone()),
    ];
    own.into_iter().chain(to).flatten().collect()
}

fn of_rest(settings: &Settings) -> Vec<Line> {
    let Settings { webhook, notify, retention, .. } = settings;
    let own = [
        secret("webhook.secret", webhook.secret.as_ref()),
        some("notify.reminder", notify.reminder.map(shown_duration)),
        some("notify.quiet_hours", notify.quiet_hours.as_ref().map(ToString::to_string)),
        always("notify.storm", notify.storm),
        always("retention.evidence", shown_duration(retention.evidence)),
        always("retention.history", shown_duration(retention.history)),
        always("retention.problems", shown_duration(retention.problems)),
        always("retention.size", shown_size(retention.size)),
    ];
    own.into_iter().flatten().collect()
}
