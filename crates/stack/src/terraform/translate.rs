//! From the arguments of Terraform's resources to the properties of CloudFormation's.

use super::plan::{Plan, Planned};
use crate::declaration::IgnoredReason;
use crate::names::Kind;
use crate::tree::{Member, Node, Span, Spanned, Value};

/// What a resource's arguments become.
pub(super) struct Translated {
    pub(super) properties: Node,
    /// Arguments without effect here, and those that aren't known yet.
    pub(super) ignored: Vec<(String, Span, IgnoredReason)>,
    /// Arguments that must be known, and aren't.
    pub(super) unknown: Vec<&'static str>,
}

/// An argument, the property that it becomes, and how.
type Argument = (&'static str, &'static str, Shape);

#[derive(Clone, Copy)]
enum Shape {
    /// As it is.
    Same,
    /// As it is; AWS requires it.
    Needed,
    /// A list of texts, each of which may be known only later.
    Texts,
    /// Blocks.
    Blocks(&'static [Argument]),
    /// A block that occurs once, whose arguments belong to the property's owner.
    Inline(&'static [Argument]),
    /// A map, as a list of maps with this key and `Value`.
    Pairs(&'static str),
    /// `metric` of a `metric_query`.
    MetricStat,
}

use Shape::{Blocks, Inline, MetricStat, Needed, Pairs, Same, Texts};

const TRAIL: &[Argument] = &[
    ("name", "TrailName", Same),
    ("s3_bucket_name", "S3BucketName", Needed),
    ("s3_key_prefix", "S3KeyPrefix", Same),
    ("enable_logging", "IsLogging", Same),
    ("is_multi_region_trail", "IsMultiRegionTrail", Same),
    ("is_organization_trail", "IsOrganizationTrail", Same),
    ("include_global_service_events", "IncludeGlobalServiceEvents", Same),
    ("cloud_watch_logs_group_arn", "CloudWatchLogsLogGroupArn", Same),
    ("cloud_watch_logs_role_arn", "CloudWatchLogsRoleArn", Same),
    ("event_selector", "EventSelectors", Blocks(EVENT_SELECTOR)),
    ("advanced_event_selector", "AdvancedEventSelectors", Blocks(ADVANCED_EVENT_SELECTOR)),
];

const EVENT_SELECTOR: &[Argument] = &[
    ("read_write_type", "ReadWriteType", Same),
    ("include_management_events", "IncludeManagementEvents", Same),
    ("exclude_management_event_sources", "ExcludeManagementEventSources", Same),
    ("data_resource", "DataResources", Blocks(&[("type", "Type", Same), ("values", "Values", Same)])),
];

const ADVANCED_EVENT_SELECTOR: &[Argument] = &[
    ("name", "Name", Same),
    (
        "field_selector",
        "FieldSelectors",
        Blocks(&[
            ("field", "Field", Same),
            ("equals", "Equals", Same),
            ("not_equals", "NotEquals", Same),
            ("starts_with", "StartsWith", Same),
            ("not_starts_with", "NotStartsWith", Same),
            ("ends_with", "EndsWith", Same),
            ("not_ends_with", "NotEndsWith", Same),
        ]),
    ),
];

const LOG_GROUP: &[Argument] =
    &[("name", "LogGroupName", Same), ("retention_in_days", "RetentionInDays", Same)];

const METRIC_FILTER: &[Argument] = &[
    ("name", "FilterName", Same),
    ("log_group_name", "LogGroupName", Needed),
    ("pattern", "FilterPattern", Needed),
    (
        "metric_transformation",
        "MetricTransformations",
        Blocks(&[
            ("name", "MetricName", Same),
            ("namespace", "MetricNamespace", Same),
            ("value", "MetricValue", Same),
            ("default_value", "DefaultValue", Same),
            ("dimensions", "Dimensions", Pairs("Key")),
            ("unit", "Unit", Same),
        ]),
    ),
];

const ALARM: &[Argument] = &[
    ("alarm_name", "AlarmName", Same),
    ("alarm_description", "AlarmDescription", Same),
    ("comparison_operator", "ComparisonOperator", Needed),
    ("evaluation_periods", "EvaluationPeriods", Needed),
    ("datapoints_to_alarm", "DatapointsToAlarm", Same),
    ("threshold", "Threshold", Same),
    ("threshold_metric_id", "ThresholdMetricId", Same),
    ("treat_missing_data", "TreatMissingData", Same),
    ("evaluate_low_sample_count_percentiles", "EvaluateLowSampleCountPercentile", Same),
    ("namespace", "Namespace", Same),
    ("metric_name", "MetricName", Same),
    ("dimensions", "Dimensions", Pairs("Name")),
    ("statistic", "Statistic", Same),
    ("extended_statistic", "ExtendedStatistic", Same),
    ("period", "Period", Same),
    ("unit", "Unit", Same),
    (
        "metric_query",
        "Metrics",
        Blocks(&[
            ("id", "Id", Same),
            ("expression", "Expression", Same),
            ("metric", "MetricStat", MetricStat),
            ("label", "Label", Same),
            ("period", "Period", Same),
            ("return_data", "ReturnData", Same),
            ("account_id", "AccountId", Same),
        ]),
    ),
    ("actions_enabled", "ActionsEnabled", Same),
    ("alarm_actions", "AlarmActions", Texts),
    ("ok_actions", "OKActions", Texts),
    ("insufficient_data_actions", "InsufficientDataActions", Texts),
];

const METRIC: &[Argument] = &[
    ("namespace", "Namespace", Same),
    ("metric_name", "MetricName", Same),
    ("dimensions", "Dimensions", Pairs("Name")),
];

const STAT: &[Argument] = &[("period", "Period", Same), ("stat", "Stat", Same), ("unit", "Unit", Same)];

const COMPOSITE_ALARM: &[Argument] = &[
    ("alarm_name", "AlarmName", Same),
    ("alarm_description", "AlarmDescription", Same),
    ("alarm_rule", "AlarmRule", Needed),
    ("actions_enabled", "ActionsEnabled", Same),
    ("alarm_actions", "AlarmActions", Texts),
    ("ok_actions", "OKActions", Texts),
    ("insufficient_data_actions", "InsufficientDataActions", Texts),
    (
        "actions_suppressor",
        "",
        Inline(&[
            ("alarm", "ActionsSuppressor", Same),
            ("wait_period", "ActionsSuppressorWaitPeriod", Same),
            ("extension_period", "ActionsSuppressorExtensionPeriod", Same),
        ]),
    ),
];

const TOPIC: &[Argument] =
    &[("name", "TopicName", Same), ("display_name", "DisplayName", Same), ("fifo_topic", "FifoTopic", Same)];

const SUBSCRIPTION: &[Argument] = &[
    ("topic_arn", "TopicArn", Needed),
    ("protocol", "Protocol", Needed),
    ("endpoint", "Endpoint", Same),
    ("filter_policy", "FilterPolicy", Same),
    ("filter_policy_scope", "FilterPolicyScope", Same),
    ("raw_message_delivery", "RawMessageDelivery", Same),
];

/// What Terraform computes for itself, and says of each resource.
const COMPUTED: [&str; 9] = [
    "arn",
    "home_region",
    "id",
    "name_prefix",
    "owner",
    "owner_id",
    "region",
    "skip_destroy",
    "sns_topic_arn",
];

const TYPES: [(&str, &str); 12] = [
    ("aws_cloudtrail", "AWS::CloudTrail::Trail"),
    ("aws_cloudwatch_log_group", "AWS::Logs::LogGroup"),
    ("aws_cloudwatch_log_metric_filter", "AWS::Logs::MetricFilter"),
    ("aws_cloudwatch_metric_alarm", "AWS::CloudWatch::Alarm"),
    ("aws_cloudwatch_composite_alarm", "AWS::CloudWatch::CompositeAlarm"),
    ("aws_sns_topic", "AWS::SNS::Topic"),
    ("aws_sns_topic_subscription", "AWS::SNS::Subscription"),
    ("aws_s3_bucket", "AWS::S3::Bucket"),
    ("aws_iam_role", "AWS::IAM::Role"),
    ("aws_kms_key", "AWS::KMS::Key"),
    ("aws_lambda_function", "AWS::Lambda::Function"),
    ("aws_sqs_queue", "AWS::SQS::Queue"),
];

/// Types that AWS needs and we don't, by how they begin.
const UNDERSTOOD: [&str; 8] = [
    "aws_s3_bucket",
    "aws_iam_",
    "aws_kms_",
    "aws_sns_topic_policy",
    "aws_sqs_queue_policy",
    "aws_lambda_permission",
    "aws_cloudwatch_log_resource_policy",
    "aws_cloudwatch_log_stream",
];

/// AWS's name of a type; empty for those that don't matter here.
pub(super) fn aws_type(type_name: &str) -> &'static str {
    TYPES.iter().find(|(own, _)| *own == type_name).map_or("", |(_, aws)| aws)
}

pub(super) fn is_understood(type_name: &str) -> bool {
    UNDERSTOOD.iter().any(|start| type_name.starts_with(start))
}

fn arguments(kind: Kind) -> &'static [Argument] {
    match kind {
        Kind::Trail => TRAIL,
        Kind::LogGroup => LOG_GROUP,
        Kind::MetricFilter => METRIC_FILTER,
        Kind::Alarm => ALARM,
        Kind::CompositeAlarm => COMPOSITE_ALARM,
        Kind::Topic => TOPIC,
        Kind::Subscription => SUBSCRIPTION,
    }
}

/// The properties of a resource of ours.
pub(super) fn properties(planned: &Planned<'_>, kind: Kind, plan: &Plan<'_>) -> Translated {
    let table = arguments(kind);
    let mut members = map(planned.values, table);
    let mut unknown = Vec::new();
    let mut ignored = ignored(planned, table);
    for (argument, property, shape) in table {
        let late = Late { planned, argument, plan };
        let is_known = members.iter().any(|member| member.key.value == *property);
        match shape {
            Texts => late.add_texts(&mut members, property),
            Same | Needed if !is_known => members.extend(late.text().map(|found| renamed(found, property))),
            _ => {}
        }
        let is_found = members.iter().any(|member| member.key.value == *property);
        if matches!(shape, Needed) && !is_found {
            unknown.push(*argument);
            let (key, span) =
                (Spanned::new((*property).to_owned(), planned.address.span), planned.address.span);
            members.push(Member { key, value: Node::unresolved(span) });
        } else if !is_found {
            ignored
                .extend(late.span().map(|span| ((*argument).to_owned(), span, IgnoredReason::NotKnownYet)));
        }
    }
    if kind == Kind::Trail {
        members.extend(logging(&members, planned.address.span));
        members.iter_mut().for_each(end_with_star);
    }
    let span = planned.values.span;
    Translated { properties: Node::new(Value::Map(members), span), ignored, unknown }
}

/// Terraform's trails log unless `enable_logging` says otherwise; CloudFormation has no default.
fn logging(members: &[Member], span: Span) -> Option<Member> {
    let is_said = members.iter().any(|member| member.key.value == "IsLogging");
    let key = Spanned::new("IsLogging".to_owned(), span);
    (!is_said).then(|| Member { key, value: Node::new(Value::Bool(true), span) })
}

/// CloudTrail's argument is the ARN with `:*`; a reference to the group's ARN is all that a plan tells of it.
fn end_with_star(member: &mut Member) {
    if let (true, Value::String(arn)) =
        (member.key.value == "CloudWatchLogsLogGroupArn", &mut member.value.value)
        && !arn.ends_with(":*")
    {
        arn.push_str(":*");
    }
}

fn ignored(planned: &Planned<'_>, table: &[Argument]) -> Vec<(String, Span, IgnoredReason)> {
    let known = |name: &str| table.iter().any(|(argument, ..)| *argument == name) || COMPUTED.contains(&name);
    let members = planned.values.map().unwrap_or_default().iter();
    let left = members.filter(|member| !known(&member.key.value) && !is_nothing(&member.value));
    let reason = IgnoredReason::WithoutEffect;
    left.map(|member| (member.key.value.clone(), member.key.span, reason)).collect()
}

/// Terraform writes out what nobody set.
fn is_nothing(node: &Node) -> bool {
    match &node.value {
        Value::Null | Value::Bool(false) => true,
        Value::String(text) => text.is_empty(),
        Value::List(items) => items.is_empty(),
        Value::Map(members) => members.is_empty(),
        Value::Number(text) => text == "0",
        Value::Bool(true) | Value::Unresolved => false,
    }
}

/// The members of a map that are known and set, under their new names.
fn map(values: &Node, table: &[Argument]) -> Vec<Member> {
    let mut members = Vec::new();
    for (argument, property, shape) in table {
        let Some(member) = values.member(argument) else { continue };
        let is_set = match (&member.value.value, *argument) {
            (Value::Null, _) => false,
            // An empty pattern matches everything; no retention keeps for ever; others at zero are what they say.
            (Value::String(text), name) => !text.is_empty() || name == "pattern",
            (Value::Number(text), "retention_in_days") => text != "0",
            (Value::List(items), _) => !items.is_empty(),
            (Value::Map(inner), _) => !inner.is_empty(),
            _ => true,
        };
        match shape {
            _ if !is_set => {}
            Inline(inner) => {
                members.extend(first(&member.value).map(|block| map(block, inner)).unwrap_or_default());
            }
            _ => {
                let value = value(&member.value, *shape);
                members.push(renamed(Member { key: member.key.clone(), value }, property));
            }
        }
    }
    members
}

fn renamed(member: Member, property: &str) -> Member {
    Member { key: Spanned::new(property.to_owned(), member.key.span), value: member.value }
}

fn first(node: &Node) -> Option<&Node> {
    node.list().and_then(<[Node]>::first)
}

fn value(node: &Node, shape: Shape) -> Node {
    let new = match shape {
        Same | Needed | Texts | Inline(_) => return node.clone(),
        Blocks(table) => {
            let blocks = node.list().unwrap_or_default().iter();
            Value::List(blocks.map(|block| Node::new(Value::Map(map(block, table)), block.span)).collect())
        }
        Pairs(key) => {
            let pairs = node.map().unwrap_or_default().iter();
            Value::List(pairs.filter_map(|member| pair(member, key)).collect())
        }
        MetricStat => {
            let Some(metric) = first(node) else { return node.clone() };
            let inner = Node::new(Value::Map(map(metric, METRIC)), metric.span);
            let mut members = map(metric, STAT);
            members.push(Member { key: Spanned::new("Metric".into(), metric.span), value: inner });
            Value::Map(members)
        }
    };
    Node::new(new, node.span)
}

fn pair(member: &Member, key: &str) -> Option<Node> {
    if member.value.value == Value::Null {
        return None;
    }
    let span = member.key.span;
    let name = Node::string(member.key.value.clone(), span);
    let members = vec![
        Member { key: Spanned::new(key.to_owned(), span), value: name },
        Member { key: Spanned::new("Value".to_owned(), span), value: member.value.clone() },
    ];
    Some(Node::new(Value::Map(members), span))
}

/// An argument that may be known only after the apply.
struct Late<'p, 't> {
    planned: &'p Planned<'t>,
    argument: &'static str,
    plan: &'p Plan<'t>,
}

impl<'t> Late<'_, 't> {
    fn expression(&self) -> Option<&'t Node> {
        self.plan.expression(self.planned, self.argument)
    }

    /// Where its expression stands, if the plan doesn't know its value.
    fn span(&self) -> Option<Span> {
        let is_known = match self.planned.values.get(self.argument) {
            Some(value) => !value.list().unwrap_or_default().iter().any(|item| item.value == Value::Null),
            None => false,
        };
        let refers = |expression: &&Node| expression.get("references").is_some();
        self.expression().filter(refers).filter(|_| !is_known).map(|expression| expression.span)
    }

    /// What it refers to, if that is one thing. Other texts than names may hold more than what they refer to.
    fn text(&self) -> Option<Member> {
        let names_something = ["arn", "name", "endpoint"].iter().any(|end| self.argument.ends_with(end));
        let expression = self.expression().filter(|_| names_something)?;
        let text = self.plan.values_of(expression, self.planned).into_iter().next()?;
        let key = Spanned::new(self.argument.to_owned(), expression.span);
        Some(Member { key, value: Node::string(text, expression.span) })
    }

    /// The elements of a list that are known, and what the others refer to.
    fn add_texts(&self, members: &mut Vec<Member>, property: &str) {
        let at = members.iter().position(|member| member.key.value == property);
        let known = at.map(|at| members.remove(at));
        let items = known.as_ref().and_then(|member| member.value.list()).unwrap_or_default();
        let mut texts: Vec<Node> = items.iter().filter(|item| item.value != Value::Null).cloned().collect();
        let expression = self.expression().filter(|_| self.span().is_some());
        if let Some(expression) = expression {
            for text in self.plan.values_of(expression, self.planned) {
                if !texts.iter().any(|known| known.as_str() == Some(&text)) {
                    texts.push(Node::string(text, expression.span));
                }
            }
        }
        let span = known.as_ref().map(|member| member.value.span).or(expression.map(|node| node.span));
        if let (Some(span), false) = (span, texts.is_empty()) {
            let key = Spanned::new(property.to_owned(), known.map_or(span, |member| member.key.span));
            members.push(Member { key, value: Node::new(Value::List(texts), span) });
        }
    }
}
