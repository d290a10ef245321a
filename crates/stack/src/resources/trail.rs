//! `AWS::CloudTrail::Trail`.
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/aws-resource-cloudtrail-trail.html>

use super::Identity;
use crate::declaration::{AdvancedEventSelector, DataResource, EventSelector, FieldSelector, Trail};
use crate::error::ErrorCode;
use crate::properties::{Properties, Report};

const READ_WRITE_TYPES: [&str; 3] = ["All", "ReadOnly", "WriteOnly"];

pub(super) fn read(properties: &mut Properties, identity: Identity, report: &mut Report) -> Trail {
    let Identity { resource, name, arn } = identity;
    let bucket = properties.required("S3BucketName", report, Properties::text);
    let is_logging = properties.required("IsLogging", report, Properties::boolean);
    conflict(properties, report);
    Trail {
        resource,
        name,
        arn,
        is_logging,
        is_multi_region_trail: properties.boolean("IsMultiRegionTrail", report),
        is_organization_trail: properties.boolean("IsOrganizationTrail", report),
        include_global_service_events: properties.boolean("IncludeGlobalServiceEvents", report),
        s3_bucket_name: bucket,
        s3_key_prefix: properties.text("S3KeyPrefix", report),
        cloud_watch_logs_log_group_arn: properties.text("CloudWatchLogsLogGroupArn", report),
        cloud_watch_logs_role_arn: properties.text("CloudWatchLogsRoleArn", report),
        event_selectors: selectors(properties, report),
        advanced_event_selectors: advanced_selectors(properties, report),
    }
}

fn conflict(properties: &Properties, report: &mut Report) {
    let places = properties.key_span("EventSelectors").zip(properties.key_span("AdvancedEventSelectors"));
    if let Some((_, advanced)) = places {
        let message = "a trail has `EventSelectors` or `AdvancedEventSelectors`, not both";
        report.errors.add(ErrorCode::PropertyConflict, advanced, message, "remove one of them");
    }
}

fn selectors(properties: &mut Properties, report: &mut Report) -> Vec<EventSelector> {
    properties.maps("EventSelectors", report).into_iter().map(|map| selector(map, report)).collect()
}

fn selector(mut map: Properties, report: &mut Report) -> EventSelector {
    let selector = EventSelector {
        span: map.span,
        read_write_type: map.one_of("ReadWriteType", &READ_WRITE_TYPES, report),
        include_management_events: map.boolean("IncludeManagementEvents", report),
        exclude_management_event_sources: map.texts("ExcludeManagementEventSources", report),
        data_resources: data_resources(&mut map, report),
    };
    map.finish(&[], report);
    selector
}

fn data_resources(map: &mut Properties, report: &mut Report) -> Vec<DataResource> {
    let mut resources = Vec::new();
    for mut inner in map.maps("DataResources", report) {
        let span = inner.span;
        let type_name = inner.required("Type", report, Properties::text);
        let values = inner.texts("Values", report);
        inner.finish(&[], report);
        resources.extend(type_name.map(|type_name| DataResource { span, type_name, values }));
    }
    resources
}

fn advanced_selectors(properties: &mut Properties, report: &mut Report) -> Vec<AdvancedEventSelector> {
    let mut selectors = Vec::new();
    for mut map in properties.maps("AdvancedEventSelectors", report) {
        let (span, name) = (map.span, map.text("Name", report));
        let list = |map: &mut Properties, name: &str, report: &mut Report| Some(map.maps(name, report));
        let fields = map.required("FieldSelectors", report, list).unwrap_or_default();
        let field_selectors = fields.into_iter().filter_map(|map| field_selector(map, report)).collect();
        map.finish(&[], report);
        selectors.push(AdvancedEventSelector { span, name, field_selectors });
    }
    selectors
}

fn field_selector(mut map: Properties, report: &mut Report) -> Option<FieldSelector> {
    let field = map.required("Field", report, Properties::text);
    let selector = |field, map: &mut Properties, report: &mut Report| FieldSelector {
        span: map.span,
        field,
        equals: map.texts("Equals", report),
        not_equals: map.texts("NotEquals", report),
        starts_with: map.texts("StartsWith", report),
        not_starts_with: map.texts("NotStartsWith", report),
        ends_with: map.texts("EndsWith", report),
        not_ends_with: map.texts("NotEndsWith", report),
    };
    let selector = field.map(|field| selector(field, &mut map, report));
    if selector.is_some() {
        map.finish(&[], report);
    }
    selector
}
