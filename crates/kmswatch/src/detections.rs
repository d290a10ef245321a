//! What `scan` looks for without being told.
//!
//! Each pattern is a CloudWatch Logs filter pattern, so it can be taken to AWS as it is. The choice and the tiers
//! follow the causes that the KMS API Reference gives for each error; what a filter pattern can't express (first time
//! seen, bursts, fan-out, failure followed by success, silence) is left to alarms and to the reader of the report.

use anyhow::{Context, bail};
use filter_pattern::{Pattern, Wildcards};

/// A named filter pattern.
pub(crate) struct Detection {
    pub(crate) name: String,
    pub(crate) pattern: Pattern,
    /// Whether it is one of ours, not the user's.
    pub(crate) built_in: bool,
}

/// Name and pattern of each built-in detection. Each begins with what rules out most records.
const BUILT_IN: [(&str, &str); 12] = [
    // AWS's recipe: any KMS call that fails.
    ("kms-call-failed", r#"{ $.eventSource = "kms.amazonaws.com" && $.errorCode = "*" }"#),
    // The calls that unwrap data; `Decrypt` alone would miss the others. A code may have `Client.` or a namespace
    // before it and `Exception` behind.
    (
        "decrypt-failed-alert",
        r#"{ $.eventSource = "kms.amazonaws.com" && ($.eventName = "Decrypt" || $.eventName = "ReEncrypt*" || $.eventName = "DeriveSharedSecret" || $.eventName = "Decapsulate") && ($.errorCode = "*AccessDenied*" || $.errorCode = "*IncorrectKey*" || $.errorCode = "*InvalidCiphertext*" || $.errorCode = "*Disabled*" || $.errorCode = "*DryRunOperation*" || ($.errorCode = "*KMSInvalidState*" && $.errorMessage = "*pending deletion*")) }"#,
    ),
    // A comparison with `!=` is false where there is no message.
    (
        "decrypt-failed-count",
        r#"{ $.eventSource = "kms.amazonaws.com" && ($.eventName = "Decrypt" || $.eventName = "ReEncrypt*" || $.eventName = "DeriveSharedSecret" || $.eventName = "Decapsulate") && ($.errorCode = "*NotFound*" || $.errorCode = "*InvalidGrantToken*" || $.errorCode = "*InvalidKeyUsage*" || $.errorCode = "*Throttling*" || $.errorCode = "*LimitExceeded*" || ($.errorCode = "*KMSInvalidState*" && ($.errorMessage != "*pending deletion*" || $.errorMessage NOT EXISTS || $.errorMessage IS NULL))) }"#,
    ),
    (
        "decrypt-failed-ignore",
        r#"{ $.eventSource = "kms.amazonaws.com" && ($.eventName = "Decrypt" || $.eventName = "ReEncrypt*" || $.eventName = "DeriveSharedSecret" || $.eventName = "Decapsulate") && ($.errorCode = "*KeyUnavailable*" || $.errorCode = "*DependencyTimeout*" || $.errorCode = "*KMSInternal*") }"#,
    ),
    // KMS's own advice (KMS Developer Guide, "Creating an alarm that detects use of a KMS key pending deletion"); any
    // operation, as the text is the same in all.
    (
        "key-pending-deletion-used",
        r#"{ $.eventSource = "kms.amazonaws.com" && $.errorCode = "*" && $.errorMessage = "*pending deletion*" }"#,
    ),
    // The caller asked only whether it may, and it may.
    ("dry-run", r#"{ $.eventSource = "kms.amazonaws.com" && $.errorCode = "*DryRunOperation*" }"#),
    // Logged only by trails that select network activity events for KMS.
    (
        "vpc-endpoint-denied",
        r#"{ $.eventSource = "kms.amazonaws.com" && $.errorCode = "*VpceAccessDenied*" }"#,
    ),
    // CIS AWS Foundations Benchmark 4.7; attempts that fail count as well.
    (
        "key-disabled-or-deletion-scheduled",
        r#"{ $.eventSource = "kms.amazonaws.com" && ($.eventName = "DisableKey" || $.eventName = "ScheduleKeyDeletion") }"#,
    ),
    // Whoever does this stops what this report is made of.
    (
        "trail-tampering",
        r#"{ $.eventSource = "cloudtrail.amazonaws.com" && ($.eventName = "StopLogging" || $.eventName = "DeleteTrail" || $.eventName = "UpdateTrail" || $.eventName = "PutEventSelectors") }"#,
    ),
    // Basic selectors that drop all KMS events. At most two sources can be excluded (`kms` and `rdsdata`).
    (
        "kms-events-excluded",
        r#"{ $.eventSource = "cloudtrail.amazonaws.com" && $.eventName = "PutEventSelectors" && ($.requestParameters.eventSelectors[*].excludeManagementEventSources[0] = "kms.amazonaws.com" || $.requestParameters.eventSelectors[*].excludeManagementEventSources[1] = "kms.amazonaws.com" || $.requestParameters.eventSelectors[*].includeManagementEvents IS FALSE) }"#,
    ),
    // The same with advanced selectors. A selector may have one wildcard and a pattern three, so this sees: as first
    // value, in the first three selectors, any of their fields; as second value, five fields of the first selector.
    (
        "kms-events-excluded-advanced",
        r#"{ $.eventSource = "cloudtrail.amazonaws.com" && $.eventName = "PutEventSelectors" && ($.requestParameters.advancedEventSelectors[0].fieldSelectors[*].notEquals[0] = "kms.amazonaws.com" || $.requestParameters.advancedEventSelectors[1].fieldSelectors[*].notEquals[0] = "kms.amazonaws.com" || $.requestParameters.advancedEventSelectors[2].fieldSelectors[*].notEquals[0] = "kms.amazonaws.com" || $.requestParameters.advancedEventSelectors[0].fieldSelectors[0].notEquals[1] = "kms.amazonaws.com" || $.requestParameters.advancedEventSelectors[0].fieldSelectors[1].notEquals[1] = "kms.amazonaws.com" || $.requestParameters.advancedEventSelectors[0].fieldSelectors[2].notEquals[1] = "kms.amazonaws.com" || $.requestParameters.advancedEventSelectors[0].fieldSelectors[3].notEquals[1] = "kms.amazonaws.com" || $.requestParameters.advancedEventSelectors[0].fieldSelectors[4].notEquals[1] = "kms.amazonaws.com") }"#,
    ),
    // Selectors that drop reads, of which `Decrypt` is one; advanced ones in the first selector's first four fields.
    // Only an event category can be `Management`.
    (
        "kms-reads-excluded",
        r#"{ $.eventSource = "cloudtrail.amazonaws.com" && $.eventName = "PutEventSelectors" && ($.requestParameters.eventSelectors[*].readWriteType = "WriteOnly" || ($.requestParameters.advancedEventSelectors[0].fieldSelectors[*].equals[0] = "Management" && (($.requestParameters.advancedEventSelectors[0].fieldSelectors[0].field = "readOnly" && $.requestParameters.advancedEventSelectors[0].fieldSelectors[0].equals[0] = "false") || ($.requestParameters.advancedEventSelectors[0].fieldSelectors[1].field = "readOnly" && $.requestParameters.advancedEventSelectors[0].fieldSelectors[1].equals[0] = "false") || ($.requestParameters.advancedEventSelectors[0].fieldSelectors[2].field = "readOnly" && $.requestParameters.advancedEventSelectors[0].fieldSelectors[2].equals[0] = "false") || ($.requestParameters.advancedEventSelectors[0].fieldSelectors[3].field = "readOnly" && $.requestParameters.advancedEventSelectors[0].fieldSelectors[3].equals[0] = "false")))) }"#,
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
    fn the_template_looks_for_the_same() {
        let environment = stack::Environment::new("kmswatch", "111122223333", "eu-west-1");
        let declared = stack::read(crate::builtin::TEMPLATE, &environment).unwrap();
        let pattern = |name: &str| {
            let mut filters = declared.metric_filters.iter();
            filters
                .find(|filter| filter.name.value == name)
                .map(|filter| filter.filter_pattern.value.as_str())
        };
        for (name, text) in BUILT_IN {
            assert_eq!(pattern(name), Some(text), "{name}");
        }
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
