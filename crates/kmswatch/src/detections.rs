//! What `scan` looks for without being told.
//!
//! Each pattern is a CloudWatch Logs filter pattern, so it can be taken to AWS as it is. The choice and the tiers
//! are KMS.md 1.2, 5.2 and 5.4; what those ask for and one filter pattern can't express (first time seen, bursts,
//! fan-out, failure followed by success, silence) is left to alarms and to the reader of the report.

use anyhow::{Context, bail};
use filter_pattern::{Pattern, Wildcards};

/// A named filter pattern.
pub(crate) struct Detection {
    pub(crate) name: String,
    pub(crate) pattern: Pattern,
    /// Whether it is one of ours, not the user's.
    pub(crate) built_in: bool,
}

/// Name and pattern of each built-in detection.
const BUILT_IN: [(&str, &str); 10] = [
    // AWS's recipe: any KMS call that fails.
    ("kms-call-failed", r#"{ $.eventSource = "kms.amazonaws.com" && $.errorCode = "*" }"#),
    // The calls that unwrap data. `Decrypt` alone would miss the others (KMS.md 1.1).
    (
        "decrypt-failed-alert",
        r#"{ $.eventSource = "kms.amazonaws.com" && ($.eventName = "Decrypt" || $.eventName = "ReEncrypt*" || $.eventName = "DeriveSharedSecret" || $.eventName = "Decapsulate") && ($.errorCode = "AccessDenied*" || $.errorCode = "IncorrectKey*" || $.errorCode = "InvalidCiphertext*" || $.errorCode = "Disabled*" || $.errorCode = "DryRunOperation*" || ($.errorCode = "KMSInvalidState*" && $.errorMessage = "*pending deletion*")) }"#,
    ),
    (
        "decrypt-failed-count",
        r#"{ $.eventSource = "kms.amazonaws.com" && ($.eventName = "Decrypt" || $.eventName = "ReEncrypt*" || $.eventName = "DeriveSharedSecret" || $.eventName = "Decapsulate") && ($.errorCode = "NotFound*" || $.errorCode = "InvalidGrantToken*" || $.errorCode = "InvalidKeyUsage*" || $.errorCode = "Throttling*" || $.errorCode = "LimitExceeded*" || ($.errorCode = "KMSInvalidState*" && $.errorMessage != "*pending deletion*")) }"#,
    ),
    (
        "decrypt-failed-ignore",
        r#"{ $.eventSource = "kms.amazonaws.com" && ($.eventName = "Decrypt" || $.eventName = "ReEncrypt*" || $.eventName = "DeriveSharedSecret" || $.eventName = "Decapsulate") && ($.errorCode = "KeyUnavailable*" || $.errorCode = "DependencyTimeout*" || $.errorCode = "KMSInternal*") }"#,
    ),
    // KMS's own advice; any operation, as the text is the same in all.
    (
        "key-pending-deletion-used",
        r#"{ $.eventSource = "kms.amazonaws.com" && $.errorCode = "*" && $.errorMessage = "*pending deletion*" }"#,
    ),
    // The caller asked only whether it may, and it may.
    ("dry-run", r#"{ $.eventSource = "kms.amazonaws.com" && $.errorCode = "DryRunOperation*" }"#),
    // Logged only by trails that select network activity events for KMS.
    ("vpc-endpoint-denied", r#"{ $.eventSource = "kms.amazonaws.com" && $.errorCode = "VpceAccessDenied" }"#),
    // CIS 4.7; attempts that fail count as well.
    (
        "key-disabled-or-deletion-scheduled",
        r#"{ $.eventSource = "kms.amazonaws.com" && ($.eventName = "DisableKey" || $.eventName = "ScheduleKeyDeletion") }"#,
    ),
    // Whoever does this stops what this report is made of.
    (
        "trail-tampering",
        r#"{ $.eventSource = "cloudtrail.amazonaws.com" && ($.eventName = "StopLogging" || $.eventName = "DeleteTrail" || $.eventName = "UpdateTrail" || $.eventName = "PutEventSelectors") }"#,
    ),
    // KMS.md 4.1: selectors that drop KMS. Basic ones list at most two excluded sources; an advanced one names the
    // event source second, behind the category.
    (
        "kms-events-excluded",
        r#"{ $.eventSource = "cloudtrail.amazonaws.com" && $.eventName = "PutEventSelectors" && ($.requestParameters.eventSelectors[*].excludeManagementEventSources[0] = "kms.amazonaws.com" || $.requestParameters.eventSelectors[*].readWriteType = "WriteOnly" || $.requestParameters.advancedEventSelectors[*].fieldSelectors[1].notEquals[0] = "kms.amazonaws.com") }"#,
    ),
];

/// The built-in detections.
pub(crate) fn built_in(wildcards: Wildcards) -> anyhow::Result<Vec<Detection>> {
    BUILT_IN
        .iter()
        .map(|(name, text)| {
            let pattern =
                Pattern::parse_with(text, wildcards).with_context(|| format!("built-in detection {name}"))?;
            Ok(Detection { name: (*name).to_owned(), pattern, built_in: true })
        })
        .collect()
}

/// Reads `NAME=PATTERN`.
pub(crate) fn named(text: &str, wildcards: Wildcards, colour: bool) -> anyhow::Result<Detection> {
    let Some((name, pattern)) = text.split_once('=').filter(|(name, _)| is_name(name)) else {
        bail!("--pattern {text}: write NAME=PATTERN, the name of letters, digits, `-`, `_` and `.`");
    };
    match Pattern::parse_with(pattern, wildcards) {
        Ok(pattern) => Ok(Detection { name: name.to_owned(), pattern, built_in: false }),
        Err(error) => {
            bail!("--pattern {name}: the filter pattern is refused\n{}", error.render(pattern, colour))
        }
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_built_in_pattern_is_accepted_and_named_once() {
        let list = built_in(Wildcards::Glob).unwrap();
        let names: std::collections::HashSet<_> =
            list.iter().map(|detection| detection.name.as_str()).collect();
        assert_eq!(names.len(), BUILT_IN.len());
    }

    #[test]
    fn a_name_is_needed() {
        for text in ["{ $.a = 1 }", "=x", "a b=x"] {
            assert!(named(text, Wildcards::Glob, false).is_err(), "{text}");
        }
        assert_eq!(named("a=b=c", Wildcards::Glob, false).err().map(|_| ()), Some(()));
        assert_eq!(named("root={ $.a = 1 }", Wildcards::Glob, false).unwrap().name, "root");
    }
}
