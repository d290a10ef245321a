//! What a template declares, in plain types.
//!
//! Properties keep AWS's names and mean what AWS says they mean. Each knows where it is written; one that is left out
//! is `None`, and defaults are the business of who uses it.

use crate::tree::{Span, Spanned};
use crate::unknown::Unknown;

/// Everything that a template declares, each list in the order of the text.
#[derive(Debug, Clone, Default, PartialEq)]
#[non_exhaustive]
pub struct Declaration {
    /// `AWS::CloudTrail::Trail`
    pub trails: Vec<Trail>,
    /// `AWS::Logs::LogGroup`
    pub log_groups: Vec<LogGroup>,
    /// `AWS::Logs::MetricFilter`
    pub metric_filters: Vec<MetricFilter>,
    /// `AWS::CloudWatch::Alarm`
    pub alarms: Vec<Alarm>,
    /// `AWS::CloudWatch::CompositeAlarm`
    pub composite_alarms: Vec<CompositeAlarm>,
    /// `AWS::SNS::Topic`
    pub topics: Vec<Topic>,
    /// `AWS::SNS::Subscription`, and those inside of topics.
    pub subscriptions: Vec<Subscription>,
    /// Resources that AWS needs to run the chain, and for which there is nothing to do here.
    pub understood: Vec<Resource>,
    /// Resources of other types.
    pub ignored: Vec<Resource>,
    /// Properties of the resources above that have no effect here.
    pub ignored_properties: Vec<IgnoredProperty>,
    /// `${Name}` in a text that is no argument of `Fn::Sub`, where `Name` is a parameter or resource: the name, and where
    /// the text stands.
    pub unsubstituted: Vec<Text>,
    /// What isn't known; nothing, unless the environment says to go on without values.
    pub unknown: Unknown,
}

impl Declaration {
    /// All resources, of whatever type.
    pub fn resources(&self) -> impl Iterator<Item = &Resource> {
        let chain = self.trails.iter().map(|trail| &trail.resource);
        chain
            .chain(self.log_groups.iter().map(|group| &group.resource))
            .chain(self.metric_filters.iter().map(|filter| &filter.resource))
            .chain(self.alarms.iter().map(|alarm| &alarm.resource))
            .chain(self.composite_alarms.iter().map(|alarm| &alarm.resource))
            .chain(self.topics.iter().map(|topic| &topic.resource))
            .chain(self.subscriptions.iter().map(|subscription| &subscription.resource))
            .chain(&self.understood)
            .chain(&self.ignored)
    }
}

/// Which resource it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Its logical id, or its address in a Terraform plan, and where it is declared.
    pub logical_id: Spanned<String>,
    /// Its type, such as `AWS::CloudWatch::Alarm` or `aws_cloudwatch_metric_alarm`.
    pub type_name: Spanned<String>,
}

/// A property that has no effect here.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IgnoredProperty {
    /// The resource that it belongs to.
    pub logical_id: String,
    /// Its path: `Tags`, `MetricTransformations[0].Colour`.
    pub path: String,
    /// Where its name is written.
    pub span: Span,
    /// Why it has none.
    pub reason: IgnoredReason,
}

/// Why a property has no effect here.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum IgnoredReason {
    /// It changes something at AWS that doesn't exist here, such as encryption at rest or tags.
    WithoutEffect,
    /// AWS has no such property: it is misspelt, or newer than this program.
    UnknownToAws,
    /// A Terraform plan doesn't know its value before the apply, and it refers to no resource of the plan.
    NotKnownYet,
}

/// A text, where it is written.
pub type Text = Spanned<String>;

/// `AWS::CloudTrail::Trail`
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names are AWS's, and its reference says what they mean")]
pub struct Trail {
    pub resource: Resource,
    pub name: Text,
    pub arn: String,
    pub is_logging: Option<Spanned<bool>>,
    pub is_multi_region_trail: Option<Spanned<bool>>,
    pub is_organization_trail: Option<Spanned<bool>>,
    pub include_global_service_events: Option<Spanned<bool>>,
    pub s3_bucket_name: Option<Text>,
    pub s3_key_prefix: Option<Text>,
    pub cloud_watch_logs_log_group_arn: Option<Text>,
    pub cloud_watch_logs_role_arn: Option<Text>,
    pub event_selectors: Vec<EventSelector>,
    pub advanced_event_selectors: Vec<AdvancedEventSelector>,
}

/// An entry of `EventSelectors`.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names are AWS's, and its reference says what they mean")]
pub struct EventSelector {
    pub span: Span,
    pub read_write_type: Option<Text>,
    pub include_management_events: Option<Spanned<bool>>,
    pub exclude_management_event_sources: Vec<Text>,
    pub data_resources: Vec<DataResource>,
}

/// An entry of `DataResources`.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names are AWS's, and its reference says what they mean")]
pub struct DataResource {
    pub span: Span,
    pub type_name: Text,
    pub values: Vec<Text>,
}

/// An entry of `AdvancedEventSelectors`.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names are AWS's, and its reference says what they mean")]
pub struct AdvancedEventSelector {
    pub span: Span,
    pub name: Option<Text>,
    pub field_selectors: Vec<FieldSelector>,
}

/// An entry of `FieldSelectors`.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names are AWS's, and its reference says what they mean")]
pub struct FieldSelector {
    pub span: Span,
    pub field: Text,
    pub equals: Vec<Text>,
    pub not_equals: Vec<Text>,
    pub starts_with: Vec<Text>,
    pub not_starts_with: Vec<Text>,
    pub ends_with: Vec<Text>,
    pub not_ends_with: Vec<Text>,
}

/// `AWS::Logs::LogGroup`
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names are AWS's, and its reference says what they mean")]
pub struct LogGroup {
    pub resource: Resource,
    pub name: Text,
    /// With `:*` at its end, as `Fn::GetAtt` yields it.
    pub arn: String,
    pub retention_in_days: Option<Spanned<i64>>,
}

/// `AWS::Logs::MetricFilter`
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names are AWS's, and its reference says what they mean")]
pub struct MetricFilter {
    pub resource: Resource,
    pub name: Text,
    pub log_group_name: Text,
    pub filter_pattern: Text,
    pub metric_transformations: Vec<MetricTransformation>,
}

/// An entry of `MetricTransformations`.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names are AWS's, and its reference says what they mean")]
pub struct MetricTransformation {
    pub span: Span,
    pub metric_name: Text,
    pub metric_namespace: Text,
    pub metric_value: Text,
    pub default_value: Option<Spanned<f64>>,
    pub dimensions: Vec<Dimension>,
    pub unit: Option<Text>,
}

/// A dimension of a metric: its name, and its value or, in a metric filter, where the value is taken from.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names are AWS's, and its reference says what they mean")]
pub struct Dimension {
    pub span: Span,
    pub name: Text,
    pub value: Text,
}

/// `AWS::CloudWatch::Alarm`
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names are AWS's, and its reference says what they mean")]
pub struct Alarm {
    pub resource: Resource,
    pub name: Text,
    pub arn: String,
    pub description: Option<Text>,
    pub actions: Actions,
    pub comparison_operator: Text,
    pub evaluation_periods: Spanned<i64>,
    pub datapoints_to_alarm: Option<Spanned<i64>>,
    pub threshold: Option<Spanned<f64>>,
    pub threshold_metric_id: Option<Text>,
    pub treat_missing_data: Option<Text>,
    pub evaluate_low_sample_count_percentile: Option<Text>,
    pub namespace: Option<Text>,
    pub metric_name: Option<Text>,
    pub dimensions: Vec<Dimension>,
    pub statistic: Option<Text>,
    pub extended_statistic: Option<Text>,
    pub period: Option<Spanned<i64>>,
    pub unit: Option<Text>,
    pub metrics: Vec<MetricDataQuery>,
}

/// What an alarm of either kind sets off.
#[derive(Debug, Clone, PartialEq, Default)]
#[expect(missing_docs, reason = "the names are AWS's, and its reference says what they mean")]
pub struct Actions {
    pub actions_enabled: Option<Spanned<bool>>,
    pub alarm_actions: Vec<Text>,
    pub ok_actions: Vec<Text>,
    pub insufficient_data_actions: Vec<Text>,
}

/// An entry of an alarm's `Metrics`.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names are AWS's, and its reference says what they mean")]
pub struct MetricDataQuery {
    pub span: Span,
    pub id: Text,
    pub expression: Option<Text>,
    pub metric_stat: Option<MetricStat>,
    pub label: Option<Text>,
    pub period: Option<Spanned<i64>>,
    pub return_data: Option<Spanned<bool>>,
    pub account_id: Option<Text>,
}

/// `MetricStat` of a [`MetricDataQuery`].
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names are AWS's, and its reference says what they mean")]
pub struct MetricStat {
    pub span: Span,
    pub namespace: Option<Text>,
    pub metric_name: Option<Text>,
    pub dimensions: Vec<Dimension>,
    pub period: Spanned<i64>,
    pub stat: Text,
    pub unit: Option<Text>,
}

/// `AWS::CloudWatch::CompositeAlarm`
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names are AWS's, and its reference says what they mean")]
pub struct CompositeAlarm {
    pub resource: Resource,
    pub name: Text,
    pub arn: String,
    pub description: Option<Text>,
    pub actions: Actions,
    pub alarm_rule: Text,
    /// The name or ARN of an alarm.
    pub actions_suppressor: Option<Text>,
    pub actions_suppressor_wait_period: Option<Spanned<i64>>,
    pub actions_suppressor_extension_period: Option<Spanned<i64>>,
}

/// `AWS::SNS::Topic`
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names are AWS's, and its reference says what they mean")]
pub struct Topic {
    pub resource: Resource,
    pub name: Text,
    pub arn: String,
    pub display_name: Option<Text>,
    pub fifo_topic: Option<Spanned<bool>>,
}

/// `AWS::SNS::Subscription`, or an entry of a topic's `Subscription`.
#[derive(Debug, Clone, PartialEq)]
#[expect(missing_docs, reason = "the names are AWS's, and its reference says what they mean")]
pub struct Subscription {
    /// The subscription, or the topic that holds it.
    pub resource: Resource,
    pub topic_arn: Text,
    pub protocol: Text,
    pub endpoint: Option<Text>,
    /// As JSON.
    pub filter_policy: Option<Text>,
    pub filter_policy_scope: Option<Text>,
    pub raw_message_delivery: Option<Spanned<bool>>,
}
