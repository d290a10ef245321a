//! Subscriptions that reach nobody, or not yet.

use diagnostic::Diagnostic;
use stack::Subscription;

use super::view::View;
use super::{note, warning};

pub(super) fn lint(view: &View<'_>, found: &mut Vec<Diagnostic>) {
    for subscription in &view.declaration().subscriptions {
        let unknown =
            subscription.endpoint.as_ref().is_some_and(|endpoint| view.is_variable(&endpoint.value));
        if !unknown && !view.is_unknown(&subscription.resource, "protocol", "Protocol") {
            found.extend(endpoint(subscription));
        }
        found.extend(delivery(subscription));
    }
}

/// K047
fn endpoint(subscription: &Subscription) -> Option<Diagnostic> {
    let endpoint = subscription.endpoint.as_ref()?;
    let value = endpoint.value.as_str();
    let (fits, help) = match subscription.protocol.value.as_str() {
        "email" | "email-json" => (is_address(value), "write an address, such as `security@example.com`"),
        "http" => (value.starts_with("http://"), "write a URL that begins with `http://`"),
        "https" => (value.starts_with("https://"), "write a URL that begins with `https://`"),
        "sqs" | "lambda" | "firehose" | "application" => (value.starts_with("arn:"), "write an ARN"),
        "sms" => {
            (value.bytes().any(|byte| byte.is_ascii_digit()), "write a number, such as `+1-206-555-0100`")
        }
        _ => return None,
    };
    let message =
        format!("an endpoint of the protocol `{}` doesn't look like this", subscription.protocol.value);
    (!fits).then(|| warning("K047", endpoint.span, message).help(help))
}

fn is_address(text: &str) -> bool {
    text.split_once('@').is_some_and(|(user, host)| {
        !user.is_empty() && !host.is_empty() && !text.contains(char::is_whitespace)
    })
}

/// K046, K049
fn delivery(subscription: &Subscription) -> Option<Diagnostic> {
    let span = subscription.protocol.span;
    match subscription.protocol.value.as_str() {
        "email" | "email-json" | "http" | "https" => {
            let message = "AWS delivers nothing here until the subscriber confirms";
            Some(
                note("K046", span, message)
                    .help("confirm once after the deployment; kmswatch doesn't ask for it"),
            )
        }
        protocol => {
            let message = format!("kmswatch doesn't deliver by `{protocol}`, only AWS does");
            Some(note("K049", span, message).help("subscribe an address or a URL too"))
        }
    }
}
