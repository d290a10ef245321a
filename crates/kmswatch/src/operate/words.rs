//! Times, sizes and names as somebody at a terminal reads them.

use monitor::{About, Subscription};
use notify::Endpoint;

use crate::report::escape::shown;
use crate::report::readable;
use crate::serve::reserved;
use crate::serve::status::Mail;

/// `2025-03-10 08:00:00 UTC (3 m ago)`, of milliseconds since 1970.
pub(super) fn moment(at: i64, now: i64) -> String {
    format!("{} UTC ({} ago)", readable(at.div_euclid(1000)), length(now.saturating_sub(at)))
}

/// `3 s`, `12 m`, `2 h 5 m`, `4 d 2 h`, of milliseconds; what is less than nothing is nothing.
pub(super) fn length(milliseconds: i64) -> String {
    let seconds = milliseconds.max(0) / 1000;
    let two = |large: i64, one: &str, small: i64, other: &str| match small {
        0 => format!("{large} {one}"),
        small => format!("{large} {one} {small} {other}"),
    };
    match seconds {
        0..60 => format!("{seconds} s"),
        60..3600 => format!("{} m", seconds / 60),
        3600..86_400 => two(seconds / 3600, "h", seconds % 3600 / 60, "m"),
        _ => two(seconds / 86_400, "d", seconds % 86_400 / 3600, "h"),
    }
}

/// `0.24 s`, of milliseconds.
pub(super) fn precisely(milliseconds: i64) -> String {
    let milliseconds = milliseconds.max(0);
    format!("{}.{:03} s", milliseconds / 1000, milliseconds % 1000)
}

/// `1.5 MiB`
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [(&str, u64); 4] = [("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10)];
    match UNITS.iter().find(|(_, unit)| bytes >= *unit) {
        Some((name, unit)) => format!("{}.{} {name}", bytes / unit, bytes % unit * 10 / unit),
        None => format!("{bytes} B"),
    }
}

/// To whom, without what is secret in an address: the paths of webhooks are.
pub(crate) fn subscriber(subscription: &Subscription) -> String {
    let Subscription { protocol, endpoint } = subscription;
    match Endpoint::parse(protocol, endpoint) {
        Ok(Endpoint::Email(_)) => shown(endpoint),
        Ok(Endpoint::EmailJson(_)) => format!("{} (JSON)", shown(endpoint)),
        Ok(Endpoint::Web(address)) => format!("{}/…", shown(address.place())),
        Ok(Endpoint::Slack(address)) => format!("{}/… (Slack)", shown(address.place())),
        Ok(Endpoint::PagerDuty(address, _)) => format!("{}/… (PagerDuty)", shown(address.place())),
        Err(_) => format!("an address of `{}` that can't be used", shown(protocol)),
    }
}

/// Where mails go.
pub(super) fn mail(mail: &Mail) -> String {
    match mail {
        Mail::Server(place) => format!("through {}", shown(place)),
        Mail::Folder(folder) => {
            format!("nobody gets any, as no mail server is set: they are files in {}", shown(folder))
        }
    }
}

/// What a notification is about: `ALARM: kms-denied`.
pub(super) fn about(about: &About) -> String {
    match about {
        About::State(change) => format!("{}: {}", change.to, shown(&change.name)),
        About::LateEpisode(episode) => format!("late ALARM: {}", shown(&episode.name)),
        About::Reminder(reminder) => format!("still in ALARM: {}", shown(&reminder.name)),
        About::Summary(summary) => {
            let notifications = summary.notifications;
            format!("{}: a summary of {notifications} notifications", summary.state)
        }
        About::News(news) => format!("somebody new behind ALARM: {}", shown(&news.name)),
    }
}

/// The name in the ARN of an alarm.
pub(super) fn alarm_name(arn: &str) -> &str {
    arn.split_once(":alarm:").map_or(arn, |(_, name)| name)
}

/// Whether an alarm is one that kmswatch made for itself and that says that it doesn't see what it should.
pub(super) fn watches_a_source(name: &str) -> bool {
    reserved::is_reserved(name) && name != reserved::DRILL_ALARM
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_are_short() {
        let lengths = [-5, 0, 59_999, 60_000, 3_599_999, 3_600_000, 7_500_000, 86_400_000, 187_200_000];
        let shown = lengths.map(length);
        assert_eq!(shown, ["0 s", "0 s", "59 s", "1 m", "59 m", "1 h", "2 h 5 m", "1 d", "2 d 4 h"]);
        assert_eq!(
            [0, 1023, 1024, 1_600_000, 5 << 30].map(size),
            ["0 B", "1023 B", "1.0 KiB", "1.5 MiB", "5.0 GiB"]
        );
        assert_eq!([-1, 7, 61_250].map(precisely), ["0.000 s", "0.007 s", "61.250 s"]);
    }

    #[test]
    fn an_address_shows_no_secret() {
        let subscriber = |protocol: &str, endpoint: &str| {
            subscriber(&Subscription { protocol: protocol.into(), endpoint: endpoint.into() })
        };
        assert_eq!(subscriber("email", "soc@example.com"), "soc@example.com");
        let slack = subscriber("https", "https://hooks.slack.com/services/T0/B0/secret#slack");
        assert_eq!(slack, "https://hooks.slack.com/… (Slack)");
        assert_eq!(subscriber("https", "secret"), "an address of `https` that can't be used");
        assert_eq!(subscriber("s\u{1b}ms", "+1"), "an address of `s\\x1bms` that can't be used");
    }
}
