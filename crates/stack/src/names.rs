//! What resources are called: physical names, ARNs, and what `Ref` and `Fn::GetAtt` answer.

use crate::environment::{Environment, uuid};
use crate::unknown::placeholder;

/// The types of resources that are read, and those that AWS needs and we don't.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Role {
    /// Read into the declaration.
    Ours(Kind),
    /// AWS needs it to run the chain; there is nothing to do for it here.
    Understood,
    /// Anything else.
    Other,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(crate) enum Kind {
    Trail,
    LogGroup,
    MetricFilter,
    Alarm,
    CompositeAlarm,
    Topic,
    Subscription,
}

const OURS: [(&str, Kind); 7] = [
    ("AWS::CloudTrail::Trail", Kind::Trail),
    ("AWS::Logs::LogGroup", Kind::LogGroup),
    ("AWS::Logs::MetricFilter", Kind::MetricFilter),
    ("AWS::CloudWatch::Alarm", Kind::Alarm),
    ("AWS::CloudWatch::CompositeAlarm", Kind::CompositeAlarm),
    ("AWS::SNS::Topic", Kind::Topic),
    ("AWS::SNS::Subscription", Kind::Subscription),
];

const UNDERSTOOD: [&str; 24] = [
    "AWS::S3::Bucket",
    "AWS::S3::BucketPolicy",
    "AWS::IAM::Role",
    "AWS::IAM::RolePolicy",
    "AWS::IAM::Policy",
    "AWS::IAM::ManagedPolicy",
    "AWS::IAM::InstanceProfile",
    "AWS::IAM::ServiceLinkedRole",
    "AWS::IAM::User",
    "AWS::IAM::Group",
    "AWS::IAM::UserPolicy",
    "AWS::IAM::GroupPolicy",
    "AWS::SNS::TopicPolicy",
    "AWS::SNS::TopicInlinePolicy",
    "AWS::KMS::Key",
    "AWS::KMS::Alias",
    "AWS::KMS::ReplicaKey",
    "AWS::Lambda::Permission",
    "AWS::Logs::ResourcePolicy",
    "AWS::Logs::LogStream",
    "AWS::SQS::QueuePolicy",
    "AWS::SQS::QueueInlinePolicy",
    "AWS::CloudFormation::WaitConditionHandle",
    "AWS::CDK::Metadata",
];

impl Role {
    pub(crate) fn of(type_name: &str) -> Self {
        match OURS.iter().find(|(name, _)| *name == type_name) {
            Some((_, kind)) => Role::Ours(*kind),
            None if UNDERSTOOD.contains(&type_name) => Role::Understood,
            None => Role::Other,
        }
    }
}

/// The property that holds a resource's own name, and how long that name may be.
pub(crate) fn name_property(type_name: &str) -> Option<(&'static str, usize)> {
    Some(match type_name {
        "AWS::CloudTrail::Trail" => ("TrailName", 128),
        "AWS::Logs::LogGroup" => ("LogGroupName", 512),
        "AWS::Logs::MetricFilter" => ("FilterName", 512),
        "AWS::CloudWatch::Alarm" | "AWS::CloudWatch::CompositeAlarm" => ("AlarmName", 255),
        "AWS::SNS::Topic" => ("TopicName", 256),
        "AWS::S3::Bucket" => ("BucketName", 63),
        "AWS::IAM::Role" => ("RoleName", 64),
        "AWS::IAM::User" => ("UserName", 64),
        "AWS::IAM::Group" => ("GroupName", 128),
        "AWS::IAM::ManagedPolicy" => ("ManagedPolicyName", 128),
        "AWS::KMS::Alias" => ("AliasName", 256),
        "AWS::Lambda::Function" => ("FunctionName", 64),
        "AWS::SQS::Queue" => ("QueueName", 80),
        "AWS::Kinesis::Stream" | "AWS::KinesisFirehose::DeliveryStream" => ("Name", 64),
        _ => return None,
    })
}

/// The name of a resource that the template gives none: stack, logical id, and a hash of both, as AWS does it, but the
/// same each time. The front is cut where AWS allows fewer characters.
pub(crate) fn generated_name(stack_name: &str, logical_id: &str, most: usize) -> String {
    let hash = base36(digest("name", &[stack_name, logical_id]));
    let front: String =
        format!("{stack_name}-{logical_id}").chars().take(most.saturating_sub(hash.len() + 1)).collect();
    format!("{front}-{hash}")
}

/// FNV-1a with a final mix; parts are kept apart.
pub(crate) fn digest(purpose: &str, parts: &[&str]) -> u64 {
    let mut hash: u64 = 0xcbf2_9ce4_8422_2325;
    let bytes = std::iter::once(&purpose).chain(parts).flat_map(|part| part.bytes().chain([0xff]));
    for byte in bytes {
        hash = (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01b3);
    }
    hash ^= hash >> 33;
    hash = hash.wrapping_mul(0xff51_afd7_ed55_8ccd);
    hash ^ (hash >> 33)
}

fn base36(mut number: u64) -> String {
    let mut text = String::new();
    for _ in 0..12 {
        let digit = u32::try_from(number % 36).unwrap_or_default();
        text.extend(char::from_digit(digit, 36).map(|digit| digit.to_ascii_uppercase()));
        number /= 36;
    }
    text
}

/// A resource with its physical name.
pub(crate) struct Named<'n> {
    pub(crate) type_name: &'n str,
    pub(crate) logical_id: &'n str,
    pub(crate) name: &'n str,
    /// Of a subscription: the ARN of its topic.
    pub(crate) topic_arn: Option<&'n str>,
}

/// Types of which `Ref` yields the ARN, and that alarms tell.
const REFERRED_TO_BY_ARN: [&str; 6] = [
    "AWS::ApplicationAutoScaling::ScalingPolicy",
    "AWS::AutoScaling::ScalingPolicy",
    "AWS::Lambda::Alias",
    "AWS::Lambda::Version",
    "AWS::SSMIncidents::ResponsePlan",
    "AWS::StepFunctions::StateMachine",
];

/// What `Ref` answers.
pub(crate) fn reference(resource: &Named<'_>, environment: &Environment) -> String {
    match resource.type_name {
        "AWS::SNS::Topic" | "AWS::IAM::ManagedPolicy" => arn(resource, environment),
        "AWS::SNS::Subscription" => subscription_arn(resource, environment),
        "AWS::KMS::Key" => uuid(&[&environment.stack_name, resource.logical_id]),
        name if REFERRED_TO_BY_ARN.contains(&name) => match environment.without_values {
            true => placeholder(resource.logical_id),
            false => arn(resource, environment),
        },
        // What `Ref` yields of it is known of few types.
        name if environment.without_values && name_property(name).is_none() => {
            placeholder(resource.logical_id)
        }
        _ => resource.name.to_owned(),
    }
}

/// What `Fn::GetAtt` answers; `None` where resources of this type of ours have no such attribute. Attributes of other
/// types are made up from the name, the same each time.
pub(crate) fn attribute(resource: &Named<'_>, attribute: &str, environment: &Environment) -> Option<String> {
    match (resource.type_name, attribute) {
        ("AWS::Logs::LogGroup", "Arn") => Some(format!("{}:*", arn(resource, environment))),
        ("AWS::SNS::Topic", "TopicArn") => Some(arn(resource, environment)),
        ("AWS::SNS::Topic", "TopicName") => Some(resource.name.to_owned()),
        ("AWS::SNS::Subscription", "Arn") => Some(subscription_arn(resource, environment)),
        ("AWS::CloudTrail::Trail" | "AWS::CloudWatch::Alarm" | "AWS::CloudWatch::CompositeAlarm", "Arn") => {
            Some(arn(resource, environment))
        }
        ("AWS::CloudTrail::Trail", "SnsTopicArn") => resource.topic_arn.map(str::to_owned),
        (type_name, _) if matches!(Role::of(type_name), Role::Ours(_)) => None,
        (_, "Arn") => Some(arn(resource, environment)),
        _ if environment.without_values => Some(placeholder(&format!("{}.{attribute}", resource.logical_id))),
        // Such as the output of a nested stack.
        _ if attribute.to_ascii_lowercase().ends_with("arn") => {
            Some(format!("{}.{attribute}", arn(resource, environment)))
        }
        _ => Some(format!("{}.{attribute}", resource.name)),
    }
}

/// The attributes of our types, for messages and for what can be asked of them.
pub(crate) fn attributes(type_name: &str) -> &'static [&'static str] {
    match type_name {
        "AWS::CloudTrail::Trail" => &["Arn", "SnsTopicArn"],
        "AWS::Logs::LogGroup"
        | "AWS::CloudWatch::Alarm"
        | "AWS::CloudWatch::CompositeAlarm"
        | "AWS::SNS::Subscription" => &["Arn"],
        "AWS::SNS::Topic" => &["TopicArn", "TopicName"],
        _ => &[],
    }
}

pub(crate) fn arn(resource: &Named<'_>, environment: &Environment) -> String {
    let Environment { partition, region, account_id, .. } = environment;
    let name = resource.name;
    match resource.type_name {
        "AWS::CloudTrail::Trail" => format!("arn:{partition}:cloudtrail:{region}:{account_id}:trail/{name}"),
        "AWS::Logs::LogGroup" => format!("arn:{partition}:logs:{region}:{account_id}:log-group:{name}"),
        "AWS::CloudWatch::Alarm" | "AWS::CloudWatch::CompositeAlarm" => {
            format!("arn:{partition}:cloudwatch:{region}:{account_id}:alarm:{name}")
        }
        "AWS::S3::Bucket" => format!("arn:{partition}:s3:::{name}"),
        "AWS::IAM::Role" => format!("arn:{partition}:iam::{account_id}:role/{name}"),
        "AWS::IAM::User" => format!("arn:{partition}:iam::{account_id}:user/{name}"),
        "AWS::IAM::Group" => format!("arn:{partition}:iam::{account_id}:group/{name}"),
        "AWS::IAM::ManagedPolicy" => format!("arn:{partition}:iam::{account_id}:policy/{name}"),
        "AWS::Lambda::Function" | "AWS::Lambda::Alias" | "AWS::Lambda::Version" => {
            format!("arn:{partition}:lambda:{region}:{account_id}:function:{name}")
        }
        "AWS::KMS::Key" => {
            let id = uuid(&[&environment.stack_name, resource.logical_id]);
            format!("arn:{partition}:kms:{region}:{account_id}:key/{id}")
        }
        "AWS::SSMIncidents::ResponsePlan" => {
            format!("arn:{partition}:ssm-incidents::{account_id}:response-plan/{name}")
        }
        "AWS::StepFunctions::StateMachine" => {
            format!("arn:{partition}:states:{region}:{account_id}:stateMachine:{name}")
        }
        "AWS::Kinesis::Stream" => format!("arn:{partition}:kinesis:{region}:{account_id}:stream/{name}"),
        other => {
            let service = other.split("::").nth(1).unwrap_or_default().to_ascii_lowercase();
            format!("arn:{partition}:{service}:{region}:{account_id}:{name}")
        }
    }
}

fn subscription_arn(resource: &Named<'_>, environment: &Environment) -> String {
    let id = uuid(&[&environment.stack_name, resource.logical_id]);
    format!("{}:{id}", resource.topic_arn.unwrap_or_default())
}
