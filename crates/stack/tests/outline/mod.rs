//! A declaration as text: a line for each resource, below it one for each property, with the line and column at which
//! it is written.

use std::fmt::{Display, Write as _};

use stack::{
    Actions, AdvancedEventSelector, Alarm, CompositeAlarm, Declaration, Dimension, EventSelector,
    FieldSelector, IgnoredReason, MetricDataQuery, MetricFilter, MetricStat, MetricTransformation, Resource,
    Span, Spanned, Subscription, Text, Topic, Trail,
};

pub(crate) fn outline(text: &str, declaration: &Declaration) -> String {
    let mut outline = Outline { text, out: String::new(), indent: 0 };
    let to = &mut outline;
    declaration.trails.iter().for_each(|trail| to.trail(trail));
    for group in &declaration.log_groups {
        to.resource("log group", &group.resource, &group.name, Some(&group.arn));
        to.inside(|to| to.maybe("RetentionInDays", group.retention_in_days.as_ref()));
    }
    declaration.metric_filters.iter().for_each(|filter| to.filter(filter));
    declaration.alarms.iter().for_each(|alarm| to.alarm(alarm));
    declaration.composite_alarms.iter().for_each(|alarm| to.composite(alarm));
    declaration.topics.iter().for_each(|topic| to.topic(topic));
    declaration.subscriptions.iter().for_each(|subscription| to.subscription(subscription));
    for (word, list) in [("understood", &declaration.understood), ("ignored", &declaration.ignored)] {
        for found in list {
            let place = to.place(found.logical_id.span);
            to.line(&format!("{word} {} {} {place}", found.logical_id.value, found.type_name.value));
        }
    }
    for found in &declaration.ignored_properties {
        let place = to.place(found.span);
        let known = match found.reason {
            IgnoredReason::UnknownToAws => " (unknown to AWS)",
            IgnoredReason::NotKnownYet => " (not known yet)",
            _ => "",
        };
        to.line(&format!("ignored property {}.{}{known} {place}", found.logical_id, found.path));
    }
    outline.out
}

struct Outline<'t> {
    text: &'t str,
    out: String,
    indent: usize,
}

impl Outline<'_> {
    fn line(&mut self, line: &str) {
        let _ = writeln!(self.out, "{:1$}{line}", "", 2 * self.indent);
    }

    fn place(&self, span: Span) -> String {
        let before = self.text.get(..span.start).unwrap();
        assert!(self.text.get(span.range()).is_some(), "{span:?}");
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().unwrap_or_default().chars().count() + 1;
        format!("@{line}:{column}")
    }

    fn inside(&mut self, write: impl FnOnce(&mut Self)) {
        self.indent += 1;
        write(self);
        self.indent -= 1;
    }

    fn resource(&mut self, word: &str, resource: &Resource, name: &Text, arn: Option<&str>) {
        let place = self.place(resource.logical_id.span);
        let name_place = self.place(name.span);
        self.line(&format!("{word} {} {place}", resource.logical_id.value));
        self.inside(|to| {
            to.line(&format!("name: {} {name_place}", name.value));
            arn.into_iter().for_each(|arn| to.line(&format!("arn: {arn}")));
        });
    }

    fn value<T: Display>(&mut self, name: &str, value: &Spanned<T>) {
        let place = self.place(value.span);
        self.line(&format!("{name}: {} {place}", value.value));
    }

    fn maybe<T: Display>(&mut self, name: &str, value: Option<&Spanned<T>>) {
        value.into_iter().for_each(|value| self.value(name, value));
    }

    fn texts(&mut self, name: &str, values: &[Text]) {
        values.iter().for_each(|value| self.value(name, value));
    }

    fn map(&mut self, name: &str, span: Span, write: impl FnOnce(&mut Self)) {
        let place = self.place(span);
        self.line(&format!("{name} {place}"));
        self.inside(write);
    }

    fn trail(&mut self, trail: &Trail) {
        self.resource("trail", &trail.resource, &trail.name, Some(&trail.arn));
        self.inside(|to| {
            to.maybe("IsLogging", trail.is_logging.as_ref());
            to.maybe("IsMultiRegionTrail", trail.is_multi_region_trail.as_ref());
            to.maybe("IsOrganizationTrail", trail.is_organization_trail.as_ref());
            to.maybe("IncludeGlobalServiceEvents", trail.include_global_service_events.as_ref());
            to.maybe("S3BucketName", trail.s3_bucket_name.as_ref());
            to.maybe("S3KeyPrefix", trail.s3_key_prefix.as_ref());
            to.maybe("CloudWatchLogsLogGroupArn", trail.cloud_watch_logs_log_group_arn.as_ref());
            to.maybe("CloudWatchLogsRoleArn", trail.cloud_watch_logs_role_arn.as_ref());
            trail.event_selectors.iter().for_each(|selector| to.selector(selector));
            trail.advanced_event_selectors.iter().for_each(|selector| to.advanced(selector));
        });
    }

    fn selector(&mut self, selector: &EventSelector) {
        self.map("EventSelector", selector.span, |to| {
            to.maybe("ReadWriteType", selector.read_write_type.as_ref());
            to.maybe("IncludeManagementEvents", selector.include_management_events.as_ref());
            to.texts("ExcludeManagementEventSources", &selector.exclude_management_event_sources);
            for data in &selector.data_resources {
                to.map("DataResource", data.span, |to| {
                    to.value("Type", &data.type_name);
                    to.texts("Values", &data.values);
                });
            }
        });
    }

    fn advanced(&mut self, selector: &AdvancedEventSelector) {
        self.map("AdvancedEventSelector", selector.span, |to| {
            to.maybe("Name", selector.name.as_ref());
            selector.field_selectors.iter().for_each(|field| to.field(field));
        });
    }

    fn field(&mut self, field: &FieldSelector) {
        self.map("FieldSelector", field.span, |to| {
            to.value("Field", &field.field);
            to.texts("Equals", &field.equals);
            to.texts("NotEquals", &field.not_equals);
            to.texts("StartsWith", &field.starts_with);
            to.texts("NotStartsWith", &field.not_starts_with);
            to.texts("EndsWith", &field.ends_with);
            to.texts("NotEndsWith", &field.not_ends_with);
        });
    }

    fn filter(&mut self, filter: &MetricFilter) {
        self.resource("metric filter", &filter.resource, &filter.name, None);
        self.inside(|to| {
            to.value("LogGroupName", &filter.log_group_name);
            to.value("FilterPattern", &filter.filter_pattern);
            filter.metric_transformations.iter().for_each(|found| to.transformation(found));
        });
    }

    fn transformation(&mut self, found: &MetricTransformation) {
        self.map("MetricTransformation", found.span, |to| {
            to.value("MetricNamespace", &found.metric_namespace);
            to.value("MetricName", &found.metric_name);
            to.value("MetricValue", &found.metric_value);
            to.maybe("DefaultValue", found.default_value.as_ref());
            to.dimensions(&found.dimensions);
            to.maybe("Unit", found.unit.as_ref());
        });
    }

    fn dimensions(&mut self, dimensions: &[Dimension]) {
        for dimension in dimensions {
            let (name, value) = (&dimension.name.value, &dimension.value.value);
            let place = self.place(dimension.span);
            self.line(&format!("Dimension: {name} = {value} {place}"));
        }
    }

    fn alarm(&mut self, alarm: &Alarm) {
        self.resource("alarm", &alarm.resource, &alarm.name, Some(&alarm.arn));
        self.inside(|to| {
            to.maybe("AlarmDescription", alarm.description.as_ref());
            to.maybe("Namespace", alarm.namespace.as_ref());
            to.maybe("MetricName", alarm.metric_name.as_ref());
            to.dimensions(&alarm.dimensions);
            to.maybe("Statistic", alarm.statistic.as_ref());
            to.maybe("ExtendedStatistic", alarm.extended_statistic.as_ref());
            to.maybe("Period", alarm.period.as_ref());
            to.maybe("Unit", alarm.unit.as_ref());
            alarm.metrics.iter().for_each(|query| to.query(query));
            to.value("EvaluationPeriods", &alarm.evaluation_periods);
            to.maybe("DatapointsToAlarm", alarm.datapoints_to_alarm.as_ref());
            to.value("ComparisonOperator", &alarm.comparison_operator);
            to.maybe("Threshold", alarm.threshold.as_ref());
            to.maybe("ThresholdMetricId", alarm.threshold_metric_id.as_ref());
            to.maybe("TreatMissingData", alarm.treat_missing_data.as_ref());
            let low = alarm.evaluate_low_sample_count_percentile.as_ref();
            to.maybe("EvaluateLowSampleCountPercentile", low);
            to.actions(&alarm.actions);
        });
    }

    fn query(&mut self, query: &MetricDataQuery) {
        self.map("Metric", query.span, |to| {
            to.value("Id", &query.id);
            to.maybe("Expression", query.expression.as_ref());
            query.metric_stat.iter().for_each(|stat| to.stat(stat));
            to.maybe("Label", query.label.as_ref());
            to.maybe("Period", query.period.as_ref());
            to.maybe("ReturnData", query.return_data.as_ref());
            to.maybe("AccountId", query.account_id.as_ref());
        });
    }

    fn stat(&mut self, stat: &MetricStat) {
        self.map("MetricStat", stat.span, |to| {
            to.maybe("Namespace", stat.namespace.as_ref());
            to.maybe("MetricName", stat.metric_name.as_ref());
            to.dimensions(&stat.dimensions);
            to.value("Period", &stat.period);
            to.value("Stat", &stat.stat);
            to.maybe("Unit", stat.unit.as_ref());
        });
    }

    fn actions(&mut self, actions: &Actions) {
        self.maybe("ActionsEnabled", actions.actions_enabled.as_ref());
        self.texts("AlarmAction", &actions.alarm_actions);
        self.texts("OKAction", &actions.ok_actions);
        self.texts("InsufficientDataAction", &actions.insufficient_data_actions);
    }

    fn composite(&mut self, alarm: &CompositeAlarm) {
        self.resource("composite alarm", &alarm.resource, &alarm.name, Some(&alarm.arn));
        self.inside(|to| {
            to.maybe("AlarmDescription", alarm.description.as_ref());
            to.value("AlarmRule", &alarm.alarm_rule);
            to.maybe("ActionsSuppressor", alarm.actions_suppressor.as_ref());
            to.maybe("ActionsSuppressorWaitPeriod", alarm.actions_suppressor_wait_period.as_ref());
            to.maybe("ActionsSuppressorExtensionPeriod", alarm.actions_suppressor_extension_period.as_ref());
            to.actions(&alarm.actions);
        });
    }

    fn topic(&mut self, topic: &Topic) {
        self.resource("topic", &topic.resource, &topic.name, Some(&topic.arn));
        self.inside(|to| {
            to.maybe("DisplayName", topic.display_name.as_ref());
            to.maybe("FifoTopic", topic.fifo_topic.as_ref());
        });
    }

    fn subscription(&mut self, found: &Subscription) {
        let place = self.place(found.resource.logical_id.span);
        self.line(&format!("subscription {} {place}", found.resource.logical_id.value));
        self.inside(|to| {
            to.value("TopicArn", &found.topic_arn);
            to.value("Protocol", &found.protocol);
            to.maybe("Endpoint", found.endpoint.as_ref());
            to.maybe("FilterPolicy", found.filter_policy.as_ref());
            to.maybe("FilterPolicyScope", found.filter_policy_scope.as_ref());
            to.maybe("RawMessageDelivery", found.raw_message_delivery.as_ref());
        });
    }
}
