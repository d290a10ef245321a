//! Topics and who subscribes to them.

use std::collections::BTreeMap;

use diagnostic::Diagnostic;
use monitor::{Subscription, Topic};
use stack::Declaration;

use crate::read::Found;

/// Subscriptions to topics of elsewhere belong to nobody here.
pub(crate) fn read(declaration: &Declaration, found: &mut Found) -> Vec<Topic> {
    for subscription in
        declaration.subscriptions.iter().filter(|subscription| subscription.endpoint.is_none())
    {
        // Where a part of the template can't be read, the endpoint may be what is missing of it.
        if !found.is_complete() {
            break;
        }
        let message = "a subscription without `Endpoint` reaches nobody";
        let help = "say where to: an address, a URL, an ARN";
        found.push(Diagnostic::error("K008", message).at(subscription.protocol.span.range()).help(help));
    }
    let mut by_topic: BTreeMap<&str, Vec<Subscription>> = BTreeMap::new();
    for subscription in &declaration.subscriptions {
        let Some(endpoint) = &subscription.endpoint else { continue };
        by_topic.entry(&subscription.topic_arn.value).or_default().push(Subscription {
            protocol: subscription.protocol.value.clone(),
            endpoint: endpoint.value.clone(),
        });
    }
    let topic = |topic: &stack::Topic| Topic {
        arn: topic.arn.clone(),
        name: topic.name.value.clone(),
        subscriptions: by_topic.remove(topic.arn.as_str()).unwrap_or_default(),
    };
    declaration.topics.iter().map(topic).collect()
}
