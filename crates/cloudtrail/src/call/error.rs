//! What does an error code of KMS mean, and does it need a person?

/// How much attention a call deserves, seen alone. The greater, the more.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Tier {
    /// AWS's side, or retried by itself.
    Ignore,
    /// Harmless alone; many of them tell something.
    Count,
    /// Not known here.
    #[default]
    Unknown,
    /// Somebody should look.
    Alert,
}

impl Tier {
    /// Its name in lower case.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Tier::Ignore => "ignore",
            Tier::Count => "count",
            Tier::Unknown => "unknown",
            Tier::Alert => "alert",
        }
    }
}

/// What an error, or a call that succeeded, means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Meaning {
    /// What happened, as a clause.
    pub words: &'static str,
    /// How much attention it deserves.
    pub tier: Tier,
    /// What to do first, as a sentence.
    pub what_to_do: &'static str,
}

/// What KMS's error `code` with `message` means. Spellings with `Client.`, `Server.` or a
/// namespace (`com.amazonaws.kms#`) before or `Exception` or `Error` behind the name are the same error.
#[must_use]
pub fn error_meaning(code: &str, message: Option<&str>) -> Meaning {
    match bare(code) {
        "KMSInvalidState" => invalid_state(message.unwrap_or_default()),
        "" => NAMELESS,
        "Disabled" if message.is_some_and(is_pending_deletion) => PENDING_DELETION,
        name => MEANINGS.iter().find(|(known, _)| *known == name).map_or(UNKNOWN, |(_, meaning)| *meaning),
    }
}

/// What error `code` of a service other than KMS means: only what is the same for all of AWS.
pub(crate) fn general_meaning(code: &str) -> Meaning {
    match bare(code) {
        "Throttling" | "RequestLimitExceeded" => BUSY,
        name if GENERAL.contains(&name) => error_meaning(code, None),
        _ => UNKNOWN,
    }
}

/// Errors of all services ("Common Errors" of their API references), as [`bare`] leaves them.
const GENERAL: [&str; 11] = [
    "",
    "AccessDenied",
    "UnauthorizedOperation",
    VPCE,
    "DryRunOperation",
    "Validation",
    "InvalidParameter",
    "ExpiredToken",
    "InvalidClientTokenId",
    "UnrecognizedClient",
    "InvalidSignature",
];

/// A denial by a VPC endpoint's policy, as [`bare`] leaves it.
pub(crate) const VPCE: &str = "VpceAccessDenied";

/// The code without the parts that differ between CloudTrail, the SDKs and older records: `AccessDenied` for
/// `AccessDeniedException`.
#[must_use]
pub fn error_name(code: &str) -> &str {
    bare(code)
}

/// [`error_name`], for this crate.
pub(crate) fn bare(code: &str) -> &str {
    let code = code.rsplit_once('#').map_or(code, |(_, name)| name);
    let code = code.strip_prefix("Client.").or_else(|| code.strip_prefix("Server.")).unwrap_or(code);
    let name = code.strip_suffix("Exception").or_else(|| code.strip_suffix("Error")).unwrap_or(code);
    if name.starts_with("ExpiredToken") { "ExpiredToken" } else { name }
}

fn is_pending_deletion(message: &str) -> bool {
    message.contains("pending deletion")
}

fn invalid_state(message: &str) -> Meaning {
    if is_pending_deletion(message) {
        return PENDING_DELETION;
    }
    if message.contains("external key store") {
        return EXTERNAL_KEY_STORE;
    }
    KEY_STATE
}

pub(crate) const fn alert(words: &'static str, what_to_do: &'static str) -> Meaning {
    Meaning { words, tier: Tier::Alert, what_to_do }
}

const fn count(words: &'static str, what_to_do: &'static str) -> Meaning {
    Meaning { words, tier: Tier::Count, what_to_do }
}

const fn ignore(words: &'static str, what_to_do: &'static str) -> Meaning {
    Meaning { words, tier: Tier::Ignore, what_to_do }
}

const UNKNOWN: Meaning = Meaning {
    words: "an error that kmswatch doesn't know",
    tier: Tier::Unknown,
    what_to_do: "Read the record's error message.",
};

const NAMELESS: Meaning = Meaning {
    words: "an error whose code is empty",
    tier: Tier::Unknown,
    what_to_do: "Read the record: CloudTrail doesn't write such codes.",
};

const PENDING_DELETION: Meaning = alert(
    "the key is scheduled for deletion and still in use",
    "Decide before the waiting period ends: cancel the deletion (CancelKeyDeletion), or the data is lost. \
     Find out who called ScheduleKeyDeletion.",
);

const EXTERNAL_KEY_STORE: Meaning = count(
    "the external key store refused or didn't answer",
    "Look at the external key store's proxy; its logs know the request. A rejected ciphertext may have been \
     tampered with.",
);

const KEY_STATE: Meaning = count(
    "the key is in a state that doesn't allow this",
    "Look at the key's state: pending import, creating, updating, or its key store unavailable.",
);

const DENIED: Meaning = alert(
    "the caller isn't allowed to do this",
    "Find out whether the caller should be able to do this. If not, look at what else it did, and at its \
     credentials.",
);

const BAD_CREDENTIALS: Meaning = count(
    "the caller's credentials weren't accepted",
    "Look whether they were rotated or have expired; if neither, somebody uses old or guessed ones.",
);

const THROTTLED: Meaning = count(
    "too many requests",
    "Look at who calls that often: a busy workload, or somebody who decrypts everything they have.",
);

const BUSY: Meaning = count("too many requests", "Look at who calls that often.");

const INVALID_REQUEST: Meaning =
    count("the request was malformed", "Mostly a bug of the caller; many different ones look like probing.");

/// By name as [`bare`] leaves it. Causes are those that the KMS API Reference gives for each operation ("Errors"); an
/// error is an alert if it can mean that somebody tries what they mustn't, or that data is about to be lost.
const MEANINGS: [(&str, Meaning); 29] = [
    ("AccessDenied", DENIED),
    ("UnauthorizedOperation", DENIED),
    (
        VPCE,
        alert(
            "a VPC endpoint's policy denied the call",
            "Find out whose credentials were used inside that VPC: foreign or stolen ones look like this.",
        ),
    ),
    (
        "IncorrectKey",
        alert(
            "the ciphertext was encrypted under another key than the caller named",
            "Ask whether a key was replaced or a migration runs. If neither, somebody may be trying out \
             ciphertexts.",
        ),
    ),
    (
        "InvalidCiphertext",
        alert(
            "the ciphertext, or the encryption context given with it, is damaged or not the right one",
            "Rule out a bug (wrong context, truncated or wrongly encoded text). If the caller is a person, \
             ask where the ciphertext came from.",
        ),
    ),
    (
        "DryRunOperation",
        alert(
            "a dry run, which would have succeeded",
            "The caller may do this and only tried whether. Ask for the reason: attackers test rights this \
             way.",
        ),
    ),
    (
        "Disabled",
        alert(
            "the key is disabled",
            "Find out who called DisableKey and why: until the key is enabled, nobody can read data under it.",
        ),
    ),
    (
        "NotFound",
        count(
            "the key or alias doesn't exist",
            "Mostly a wrong region or a deleted key; many different keys from one caller are a search.",
        ),
    ),
    (
        "InvalidGrantToken",
        count(
            "the grant token isn't valid",
            "Mostly a grant that is too new or was retired; repeated, guessing.",
        ),
    ),
    (
        "InvalidGrantId",
        count("the grant id isn't valid", "Mostly a grant that was already retired; repeated, guessing."),
    ),
    (
        "InvalidKeyUsage",
        count(
            "the key is of another kind than the operation needs",
            "Look at the caller's configuration: a signing key can't decrypt, and so on.",
        ),
    ),
    ("Throttling", THROTTLED),
    ("RequestLimitExceeded", THROTTLED),
    (
        "LimitExceeded",
        count("a quota of KMS is reached", "Look at the account's KMS quotas and at who uses them up."),
    ),
    (
        "KMSInvalidSignature",
        count(
            "the signature doesn't fit the message",
            "Look where the message came from: altered, or forged.",
        ),
    ),
    (
        "KMSInvalidMac",
        count("the MAC doesn't fit the message", "Look where the message came from: altered, or forged."),
    ),
    ("Validation", INVALID_REQUEST),
    ("InvalidArn", INVALID_REQUEST),
    ("InvalidAliasName", INVALID_REQUEST),
    ("MalformedPolicyDocument", INVALID_REQUEST),
    ("InvalidParameter", INVALID_REQUEST),
    ("UnsupportedOperation", count("the key can't do this", "Look at the key's type and origin.")),
    ("KeyUnavailable", ignore("the key wasn't available for a moment", "Nothing: the caller tries again.")),
    ("DependencyTimeout", ignore("KMS timed out on its own side", "Nothing: the caller tries again.")),
    ("KMSInternal", ignore("an internal error of KMS", "Nothing: the caller tries again.")),
    ("ExpiredToken", BAD_CREDENTIALS),
    ("InvalidClientTokenId", BAD_CREDENTIALS),
    ("UnrecognizedClient", BAD_CREDENTIALS),
    ("InvalidSignature", BAD_CREDENTIALS),
];
