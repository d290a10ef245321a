//! From resolved properties to the types of a declaration.

mod alarm;
mod logs;
mod topic;
mod trail;

use crate::declaration::{Declaration, Resource, Text};
use crate::names::Kind;
use crate::properties::{Properties, Report};
use crate::tree::{Node, Spanned};

/// One resource, ready to be read.
pub(crate) struct Found {
    pub(crate) resource: Resource,
    pub(crate) kind: Kind,
    /// Without functions.
    pub(crate) properties: Option<Node>,
    pub(crate) name: String,
    pub(crate) arn: String,
}

/// Who is being read.
struct Identity {
    resource: Resource,
    name: Text,
    arn: String,
}

/// Adds a resource to a declaration. One that lacks what AWS requires is reported and left out.
pub(crate) fn add(found: Found, declaration: &mut Declaration, report: &mut Report) {
    let mut properties = Properties::new(found.properties, &found.resource.logical_id);
    let name = name(&mut properties, found.kind, found.name, &found.resource);
    let identity = Identity { resource: found.resource, name, arn: found.arn };
    let from = &mut properties;
    match found.kind {
        Kind::Trail => declaration.trails.push(trail::read(from, identity, report)),
        Kind::LogGroup => declaration.log_groups.push(logs::group(from, identity, report)),
        Kind::MetricFilter => declaration.metric_filters.extend(logs::filter(from, identity, report)),
        Kind::Alarm => declaration.alarms.extend(alarm::metric(from, identity, report)),
        Kind::CompositeAlarm => declaration.composite_alarms.extend(alarm::composite(from, identity, report)),
        Kind::Topic => {
            declaration.subscriptions.extend(topic::inner_subscriptions(from, &identity, report));
            declaration.topics.push(topic::topic(from, identity, report));
        }
        Kind::Subscription => {
            declaration.subscriptions.extend(topic::subscription(from, identity, report));
        }
    }
    properties.finish(found.kind.without_effect(), report);
}

/// The physical name; where the template gives none, the span is that of the logical id.
fn name(properties: &mut Properties, kind: Kind, name: String, resource: &Resource) -> Text {
    let property = match kind {
        Kind::Trail => "TrailName",
        Kind::LogGroup => "LogGroupName",
        Kind::MetricFilter => "FilterName",
        Kind::Alarm | Kind::CompositeAlarm => "AlarmName",
        Kind::Topic => "TopicName",
        Kind::Subscription => "SubscriptionName",
    };
    let span = properties.value_span(property).unwrap_or(resource.logical_id.span);
    properties.discard(property);
    Spanned::new(name, span)
}
