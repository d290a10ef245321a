//! `AWS::Logs::LogGroup` and `AWS::Logs::MetricFilter`.
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-logs-metricfilter.html>

use super::Identity;
use super::alarm::UNITS;
use crate::declaration::{LogGroup, MetricFilter, MetricTransformation};
use crate::error::ErrorCode;
use crate::properties::{Properties, Report};

/// The retention times that CloudWatch Logs has, in days.
const RETENTION: [i64; 22] =
    [1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653];

/// Dimensions of one transformation.
const MAX_DIMENSIONS: usize = 3;

pub(super) fn group(properties: &mut Properties, identity: Identity, report: &mut Report) -> LogGroup {
    let Identity { resource, name, arn } = identity;
    let retention_in_days = properties.integer("RetentionInDays", report);
    let invalid = retention_in_days.as_ref().filter(|days| !RETENTION.contains(&days.value));
    if let Some(days) = invalid {
        let message = format!("CloudWatch Logs can't keep log events for {} days", days.value);
        let nearest = RETENTION.iter().filter(|known| **known > days.value).min().unwrap_or(&3653);
        let help = format!("write {nearest}, or leave it out to keep them for ever");
        report.errors.add(ErrorCode::InvalidValue, days.span, message, &help);
    }
    LogGroup { resource, name, arn: format!("{arn}:*"), retention_in_days }
}

pub(super) fn filter(
    properties: &mut Properties,
    identity: Identity,
    report: &mut Report,
) -> Option<MetricFilter> {
    let Identity { resource, name, .. } = identity;
    let log_group_name = properties.required("LogGroupName", report, Properties::text);
    let filter_pattern = properties.required("FilterPattern", report, Properties::text);
    let at = properties.key_span("MetricTransformations");
    let list = |map: &mut Properties, name: &str, report: &mut Report| Some(map.maps(name, report));
    let maps = properties.required("MetricTransformations", report, list)?;
    let is_known = !report.is_guessed(&resource.logical_id.value, "MetricTransformations");
    if let Some(at) = at.filter(|_| maps.len() != 1 && is_known) {
        let message = format!("a metric filter has one transformation, not {}", maps.len());
        let help = "declare a metric filter for each of them";
        report.errors.add(ErrorCode::Quota, at, message, help);
    }
    let transformations = maps.into_iter().filter_map(|map| transformation(map, report)).collect();
    Some(MetricFilter {
        resource,
        name,
        log_group_name: log_group_name?,
        filter_pattern: filter_pattern?,
        metric_transformations: transformations,
    })
}

fn transformation(mut map: Properties, report: &mut Report) -> Option<MetricTransformation> {
    let metric_name = map.required("MetricName", report, Properties::text);
    let metric_namespace = map.required("MetricNamespace", report, Properties::text);
    let metric_value = map.required("MetricValue", report, Properties::text);
    let both = map.key_span("DefaultValue").filter(|_| map.has("Dimensions"));
    if let Some(span) = both {
        let message = "a transformation with dimensions can't have a default value";
        report.errors.add(ErrorCode::PropertyConflict, span, message, "remove one of the two");
    }
    let span = map.span;
    let default_value = map.number("DefaultValue", report);
    let dimensions = map.dimensions("Key", MAX_DIMENSIONS, report);
    let unit = map.one_of("Unit", &UNITS, report);
    map.finish(&[], report);
    Some(MetricTransformation {
        span,
        metric_name: metric_name?,
        metric_namespace: metric_namespace?,
        metric_value: metric_value?,
        default_value,
        dimensions,
        unit,
    })
}
