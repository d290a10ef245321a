//! Which calls does AWS make on its own behalf, with nobody waiting for the answer?

use super::principal::Principal;

/// Services whose `invokedBy` means that the service acts on its own schedule, and why. A call through any other
/// service (Secrets Manager, Lambda, SQS, `AWS Internal`, …) answers a request that a person or workload made at
/// that moment and stays theirs. When in doubt a service is not in this table: a call that is wrongly taken for
/// AWS's own would be overlooked.
///
/// Access Analyzer, Backup, CloudTrail and Config are known to fill logs with denials that concern nobody; the other three
/// are inventory services of that kind.
pub const ON_THEIR_OWN: [(&str, &str); 7] = [
    (
        "access-analyzer.amazonaws.com",
        "IAM Access Analyzer reads key policies and grants on its own schedule",
    ),
    ("backup.amazonaws.com", "AWS Backup runs backup plans on their schedule"),
    ("cloudtrail.amazonaws.com", "CloudTrail encrypts the log files and digests that it delivers"),
    ("config.amazonaws.com", "AWS Config records resources, Lambda's encrypted variables among them"),
    ("resource-explorer-2.amazonaws.com", "Resource Explorer indexes resources on its own schedule"),
    ("securityhub.amazonaws.com", "Security Hub runs its controls on its own schedule"),
    ("trustedadvisor.amazonaws.com", "Trusted Advisor refreshes its checks on its own schedule"),
];

/// Whether a call is AWS's own: made by a service principal (`userIdentity.type` `AWSService`), reported by a
/// service about itself (`eventType` `AwsServiceEvent`, such as a key's rotation), or made by one of [`ON_THEIR_OWN`] with
/// a role. A call that such a service makes for a user, a root user or a person's session bears their identity: they
/// caused it, as by creating a trail with a key that they mustn't use.
pub(crate) fn on_its_own(principal: &Principal<'_>, event_type: Option<&str>) -> bool {
    let listed = |by: &str| ON_THEIR_OWN.iter().any(|(service, _)| *service == by);
    let with_role = principal.service_linked()
        || (principal.kind == "AssumedRole" && principal.permission_set().is_none());
    principal.kind == "AWSService"
        || event_type == Some("AwsServiceEvent")
        || (with_role && principal.invoked_by.as_deref().is_some_and(listed))
}
