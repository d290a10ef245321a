//! Which calls need a person because they succeeded?

use super::error::{Meaning, alert};

const KEY_TAKEN_AWAY: Meaning = alert(
    "a key was disabled or is to be deleted: what is encrypted under it can't be read",
    "Ask who decided this. If nobody did, enable the key (EnableKey) or cancel its deletion (CancelKeyDeletion), and \
     lock the caller out: this is how data is held to ransom.",
);

const TRAIL_CHANGED: Meaning = alert(
    "a trail was stopped, deleted or changed: calls may not have been recorded since",
    "Ask who decided this, and look at the trail as it is now. If nobody did, start it again (StartLogging), and look at \
     what else the caller did before.",
);

/// Operations by service. KMS's two are those of the CIS AWS Foundations Benchmark (4.7).
const OPERATIONS: [(&str, &str, Meaning); 7] = [
    ("kms.amazonaws.com", "DeleteImportedKeyMaterial", KEY_TAKEN_AWAY),
    ("kms.amazonaws.com", "DisableKey", KEY_TAKEN_AWAY),
    ("kms.amazonaws.com", "ScheduleKeyDeletion", KEY_TAKEN_AWAY),
    ("cloudtrail.amazonaws.com", "DeleteTrail", TRAIL_CHANGED),
    ("cloudtrail.amazonaws.com", "PutEventSelectors", TRAIL_CHANGED),
    ("cloudtrail.amazonaws.com", "StopLogging", TRAIL_CHANGED),
    ("cloudtrail.amazonaws.com", "UpdateTrail", TRAIL_CHANGED),
];

/// What it means that `operation` of `source` succeeded; `None` for what is everyday's.
pub(crate) fn meaning(source: &str, operation: &str) -> Option<Meaning> {
    let same = |(by, name, _): &&(&str, &str, Meaning)| *by == source && *name == operation;
    OPERATIONS.iter().find(same).map(|(.., meaning)| *meaning)
}
