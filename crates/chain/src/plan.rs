//! Is this text a Terraform plan, and what are properties called in it?

use diagnostic::Diagnostic;

use json::{Document, Kind};

/// Members that `terraform show -json` writes and that templates don't have.
const OF_PLANS: [&str; 3] = ["planned_values", "format_version", "terraform_version"];

/// Text that isn't JSON to its end is told by how it begins, so that what is wrong with it is said in the right words.
pub(crate) fn is_plan(text: &str) -> bool {
    let text = text.trim_start_matches('\u{feff}').trim_start();
    if !text.starts_with('{') {
        return false;
    }
    match Document::parse(text.as_bytes()) {
        Ok(document) => {
            let root = document.root();
            root.kind() == Kind::Object
                && root.get("Resources").is_none()
                && OF_PLANS.iter().any(|key| root.get(key).is_some())
        }
        Err(_) => {
            let begins = text.trim_start_matches('{').trim_start();
            OF_PLANS.iter().any(|key| begins.strip_prefix('"').is_some_and(|rest| rest.starts_with(key)))
        }
    }
}

/// What remarks say of templates, and what of plans.
const WORDS: [(&str, &str); 18] = [
    ("`TreatMissingData: notBreaching`", "`treat_missing_data = \"notBreaching\"`"),
    ("`TreatMissingData: breaching`", "`treat_missing_data = \"breaching\"`"),
    ("`IsMultiRegionTrail: true`", "`is_multi_region_trail = true`"),
    ("`CloudWatchLogsLogGroupArn: !GetAtt LogGroup.Arn`", "`cloud_watch_logs_group_arn`"),
    ("`CloudWatchLogsRoleArn: !GetAtt Role.Arn`", "`cloud_watch_logs_role_arn`"),
    ("`CloudWatchLogsRoleArn`", "`cloud_watch_logs_role_arn`"),
    ("`AlarmActions: [!Ref Topic]`", "`alarm_actions` with the ARN of a topic"),
    ("`AlarmActions`", "`alarm_actions`"),
    ("`InsufficientDataActions`", "`insufficient_data_actions`"),
    ("`DatapointsToAlarm: 1`", "`datapoints_to_alarm = 1`"),
    ("`EvaluationPeriods`", "`evaluation_periods`"),
    ("`RetentionInDays`", "`retention_in_days`"),
    ("`Unit`", "`unit`"),
    ("`AWS::CloudWatch::Alarm`", "`aws_cloudwatch_metric_alarm`"),
    ("`AWS::SNS::Subscription`", "`aws_sns_topic_subscription`"),
    ("`Protocol: email`", "`protocol = \"email\"`"),
    ("`Endpoint`", "`endpoint`"),
    ("this template", "this plan"),
];

/// A remark in the words of Terraform.
pub(crate) fn in_its_words(found: &mut Diagnostic) {
    for text in [&mut found.message].into_iter().chain(&mut found.help) {
        for (of_templates, of_plans) in WORDS {
            if text.contains(of_templates) {
                *text = text.replace(of_templates, of_plans);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::is_plan;

    #[test]
    fn the_content_tells() {
        assert!(is_plan(r#" {"format_version":"1.2","planned_values":{}}"#));
        assert!(is_plan(r#"{"format_version":"1.2","#));
        assert!(!is_plan(r#"{"Resources":{},"format_version":"1"}"#));
        assert!(!is_plan(r#"{"Resources":{"#));
        assert!(!is_plan("format_version: 1"));
        assert!(!is_plan(""));
    }
}
