//! Which calls does AWS make on its own behalf, with nobody waiting for the answer?

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
/// service about itself (`eventType` `AwsServiceEvent`, such as a key's rotation), or made by one of
/// [`ON_THEIR_OWN`].
pub(crate) fn on_its_own(kind: &str, event_type: Option<&str>, invoked_by: Option<&str>) -> bool {
    let listed = |by: &str| ON_THEIR_OWN.iter().any(|(service, _)| *service == by);
    kind == "AWSService" || event_type == Some("AwsServiceEvent") || invoked_by.is_some_and(listed)
}
