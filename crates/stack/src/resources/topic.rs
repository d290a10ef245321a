//! `AWS::SNS::Topic` and `AWS::SNS::Subscription`.
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-sns-subscription.html>

use super::Identity;
use crate::declaration::{Subscription, Text, Topic};
use crate::properties::{Properties, Report};
use crate::tree::Spanned;

const PROTOCOLS: [&str; 9] =
    ["http", "https", "email", "email-json", "sms", "sqs", "application", "lambda", "firehose"];

const SCOPES: [&str; 2] = ["MessageAttributes", "MessageBody"];

pub(super) fn topic(properties: &mut Properties, identity: Identity, report: &mut Report) -> Topic {
    let Identity { resource, name, arn } = identity;
    Topic {
        resource,
        name,
        arn,
        display_name: properties.text("DisplayName", report),
        fifo_topic: properties.boolean("FifoTopic", report),
    }
}

/// The entries of a topic's `Subscription`.
pub(super) fn inner_subscriptions(
    properties: &mut Properties,
    identity: &Identity,
    report: &mut Report,
) -> Vec<Subscription> {
    let Identity { resource, arn, .. } = identity;
    let mut subscriptions = Vec::new();
    for mut map in properties.maps("Subscription", report) {
        let protocol = map.required("Protocol", report, protocol);
        let endpoint = map.required("Endpoint", report, Properties::text);
        subscriptions.extend(protocol.map(|protocol| Subscription {
            resource: resource.clone(),
            topic_arn: Spanned::new(arn.clone(), map.span),
            protocol,
            endpoint,
            filter_policy: None,
            filter_policy_scope: None,
            raw_message_delivery: None,
        }));
        map.finish(&[], report);
    }
    subscriptions
}

pub(super) fn subscription(
    properties: &mut Properties,
    identity: Identity,
    report: &mut Report,
) -> Option<Subscription> {
    let Identity { resource, .. } = identity;
    let topic_arn = properties.required("TopicArn", report, Properties::text);
    let protocol = properties.required("Protocol", report, protocol);
    let endpoint = properties.text("Endpoint", report);
    let filter_policy = properties.json("FilterPolicy");
    let filter_policy_scope = properties.one_of("FilterPolicyScope", &SCOPES, report);
    let raw_message_delivery = properties.boolean("RawMessageDelivery", report);
    Some(Subscription {
        resource,
        topic_arn: topic_arn?,
        protocol: protocol?,
        endpoint,
        filter_policy,
        filter_policy_scope,
        raw_message_delivery,
    })
}

fn protocol(map: &mut Properties, name: &str, report: &mut Report) -> Option<Text> {
    map.one_of(name, &PROTOCOLS, report)
}
