//! Topics and who subscribes to them.

use diagnostic::Diagnostic;
use monitor::{Subscription, Topic};
use stack::Declaration;

use crate::read::Found;

/// Subscriptions to topics of elsewhere belong to nobody here.
pub(crate) fn read(declaration: &Declaration, found: &mut Found) -> Vec<Topic> {
    for subscription in
        declaration.subscriptions.iter().filter(|subscription| subscription.endpoint.is_none())
    {
        let message = "a subscription without `Endpoint` reaches nobody";
        let help = "say where to: an address, a URL, an ARN";
        found.push(Diagnostic::error("K008", message).at(subscription.protocol.span.range()).help(help));
    }
    declaration.topics.iter().map(|topic| of_topic(topic, declaration)).collect()
}

fn of_topic(topic: &stack::Topic, declaration: &Declaration) -> Topic {
    let own =
        declaration.subscriptions.iter().filter(|subscription| subscription.topic_arn.value == topic.arn);
    let subscriptions = own.filter_map(|subscription| {
        let endpoint = subscription.endpoint.as_ref()?.value.clone();
        Some(Subscription { protocol: subscription.protocol.value.clone(), endpoint })
    });
    Topic { arn: topic.arn.clone(), name: topic.name.value.clone(), subscriptions: subscriptions.collect() }
}
