//! What a template is read with: the stack's name and account, parameters, values of other stacks.

use std::collections::BTreeMap;

use crate::names::digest;

/// What CloudFormation knows from elsewhere when it reads a template: the pseudo parameters
/// (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/pseudo-parameter-reference.html>), the values given
/// for parameters, and what other stacks export.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Environment {
    /// `AWS::AccountId`
    pub account_id: String,
    /// `AWS::Region`
    pub region: String,
    /// `AWS::Partition`
    pub partition: String,
    /// `AWS::URLSuffix`
    pub url_suffix: String,
    /// `AWS::StackName`
    pub stack_name: String,
    /// `AWS::StackId`
    pub stack_id: String,
    /// `AWS::NotificationARNs`
    pub notification_arns: Vec<String>,
    /// What was given as `--parameter Name=Value`.
    pub parameters: BTreeMap<String, String>,
    /// What `Fn::ImportValue` finds: the name of an export and its value.
    pub imports: BTreeMap<String, String>,
    /// Go on where a value isn't given that only the caller or AWS could give. [`Declaration::unknown`](crate::Declaration)
    /// then says what isn't known; without, that is an error.
    pub without_values: bool,
}

impl Environment {
    /// That of a stack in an account and region; partition, suffix and id follow from these.
    #[must_use]
    pub fn new(stack_name: &str, account_id: &str, region: &str) -> Self {
        let (partition, url_suffix) = match region {
            region if region.starts_with("cn-") => ("aws-cn", "amazonaws.com.cn"),
            region if region.starts_with("us-gov-") => ("aws-us-gov", "amazonaws.com"),
            _ => ("aws", "amazonaws.com"),
        };
        let id = uuid(&[account_id, region, stack_name]);
        Environment {
            account_id: account_id.into(),
            region: region.into(),
            partition: partition.into(),
            url_suffix: url_suffix.into(),
            stack_name: stack_name.into(),
            stack_id: format!("arn:{partition}:cloudformation:{region}:{account_id}:stack/{stack_name}/{id}"),
            notification_arns: Vec::new(),
            parameters: BTreeMap::new(),
            imports: BTreeMap::new(),
            without_values: false,
        }
    }
}

/// Something that looks like AWS's ids and is the same each time.
pub(crate) fn uuid(parts: &[&str]) -> String {
    let (high, low) = (digest("high", parts), digest("low", parts));
    format!(
        "{:08x}-{:04x}-{:04x}-{:04x}-{:012x}",
        high >> 32,
        (high >> 16) & 0xffff,
        high & 0xffff,
        low >> 48,
        low & 0xffff_ffff_ffff
    )
}
