//! Why was access denied? The reason clause of AWS's access-denied messages.

use std::borrow::Cow;

use memchr::memmem;

use super::error;
use super::text::{Arn, Text, owned, some};

/// Which policies were asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Policy {
    /// Attached to the user, its groups, or the role.
    Identity,
    /// Attached to the resource: for KMS, the key policy.
    Resource,
    /// A service control policy of the caller's organization.
    ServiceControl,
    /// A resource control policy of the key's organization.
    ResourceControl,
    /// The permissions boundary of the user or role.
    Boundary,
    /// The policy passed when the session was made.
    Session,
    /// The policy of a VPC endpoint.
    VpcEndpoint,
}

/// Why access was denied, as far as the message says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Reason {
    /// `because no … policy allows the … action`: nothing grants it.
    NothingAllows(Policy),
    /// `with an explicit deny in a … policy`: a statement forbids it.
    ExplicitDeny(Policy),
    /// `with an explicit deny`, older messages, or a kind of policy that isn't known here.
    ExplicitDenySomewhere,
    /// `because the resource does not exist in this Region, no resource-based policies allow access, or a
    /// resource-based policy explicitly denies access`: what a caller outside the key's account is told, who
    /// mustn't learn which.
    ElsewhereOrNotAllowed,
    /// The older wording of that: `The ciphertext refers to a customer master key that does not exist, does not
    /// exist in this region, or you are not allowed to access`.
    CiphertextOfUnknownKey,
    /// The message gives no reason, or was cut off before it.
    Unstated,
}

/// How AWS names the kinds of policies, in both clauses (IAM User Guide, "Troubleshoot access denied error
/// messages"). The word `policy` may follow.
const POLICIES: [(&str, Policy); 8] = [
    ("identity-based", Policy::Identity),
    ("resource-based", Policy::Resource),
    ("service control", Policy::ServiceControl),
    ("resource control", Policy::ResourceControl),
    ("permissions boundary", Policy::Boundary),
    ("permission boundary", Policy::Boundary),
    ("session", Policy::Session),
    ("VPC endpoint", Policy::VpcEndpoint),
];

/// The message of each `VpceAccessDenied` record (CloudTrail User Guide, network activity events).
const VPCE_MESSAGE: &str = "denied due to a VPC endpoint policy";

impl Reason {
    /// Each reason, in the order in which a legend would list them.
    pub const ALL: [Reason; 18] = [
        Reason::NothingAllows(Policy::Identity),
        Reason::NothingAllows(Policy::Resource),
        Reason::NothingAllows(Policy::ServiceControl),
        Reason::NothingAllows(Policy::ResourceControl),
        Reason::NothingAllows(Policy::Boundary),
        Reason::NothingAllows(Policy::Session),
        Reason::NothingAllows(Policy::VpcEndpoint),
        Reason::ExplicitDeny(Policy::Identity),
        Reason::ExplicitDeny(Policy::Resource),
        Reason::ExplicitDeny(Policy::ServiceControl),
        Reason::ExplicitDeny(Policy::ResourceControl),
        Reason::ExplicitDeny(Policy::Boundary),
        Reason::ExplicitDeny(Policy::Session),
        Reason::ExplicitDeny(Policy::VpcEndpoint),
        Reason::ExplicitDenySomewhere,
        Reason::ElsewhereOrNotAllowed,
        Reason::CiphertextOfUnknownKey,
        Reason::Unstated,
    ];

    /// A name that stays the same from version to version, for JSON and metrics.
    #[must_use]
    pub fn code(self) -> &'static str {
        match self {
            Reason::NothingAllows(policy) => match policy {
                Policy::Identity => "no-identity-policy-allows",
                Policy::Resource => "no-resource-policy-allows",
                Policy::ServiceControl => "no-service-control-policy-allows",
                Policy::ResourceControl => "no-resource-control-policy-allows",
                Policy::Boundary => "no-permissions-boundary-allows",
                Policy::Session => "no-session-policy-allows",
                Policy::VpcEndpoint => "no-vpc-endpoint-policy-allows",
            },
            Reason::ExplicitDeny(policy) => match policy {
                Policy::Identity => "identity-policy-denies",
                Policy::Resource => "resource-policy-denies",
                Policy::ServiceControl => "service-control-policy-denies",
                Policy::ResourceControl => "resource-control-policy-denies",
                Policy::Boundary => "permissions-boundary-denies",
                Policy::Session => "session-policy-denies",
                Policy::VpcEndpoint => "vpc-endpoint-policy-denies",
            },
            Reason::ExplicitDenySomewhere => "policy-denies",
            Reason::ElsewhereOrNotAllowed => "key-elsewhere-or-not-allowed",
            Reason::CiphertextOfUnknownKey => "ciphertext-of-unknown-key",
            Reason::Unstated => "unstated",
        }
    }

    /// The reason, to follow "denied:".
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Reason::NothingAllows(policy) => match policy {
                Policy::Identity => "no policy of the caller allows it",
                Policy::Resource => "the resource's policy (of a key: the key policy) doesn't allow it",
                Policy::ServiceControl => "no service control policy (SCP) allows it",
                Policy::ResourceControl => "no resource control policy (RCP) allows it",
                Policy::Boundary => "the caller's permissions boundary doesn't allow it",
                Policy::Session => "the session's own policy doesn't allow it",
                Policy::VpcEndpoint => "the VPC endpoint's policy doesn't allow it",
            },
            Reason::ExplicitDeny(policy) => match policy {
                Policy::Identity => "a policy of the caller explicitly denies it",
                Policy::Resource => "the resource's policy (of a key: the key policy) explicitly denies it",
                Policy::ServiceControl => "a service control policy (SCP) explicitly denies it",
                Policy::ResourceControl => "a resource control policy (RCP) explicitly denies it",
                Policy::Boundary => "the caller's permissions boundary explicitly denies it",
                Policy::Session => "the session's own policy explicitly denies it",
                Policy::VpcEndpoint => "the VPC endpoint's policy denies it",
            },
            Reason::ExplicitDenySomewhere => "a policy explicitly denies it; the message doesn't say which",
            Reason::ElsewhereOrNotAllowed => {
                "the key is in another account or region, or its policy doesn't allow it"
            }
            Reason::CiphertextOfUnknownKey => {
                "the ciphertext's key doesn't exist, lies in another region, or is forbidden to the caller"
            }
            Reason::Unstated => "the message gives no reason",
        }
    }

    /// Where to look to find out whether the denial is a mistake or an attempt.
    #[must_use]
    pub fn look(self) -> &'static str {
        match self {
            Reason::NothingAllows(policy) => look_for_allow(policy),
            Reason::ExplicitDeny(policy) => look_for_deny(policy),
            Reason::ExplicitDenySomewhere => {
                "Look for Deny statements in the policies of the caller, the resource, the organization and the \
                 VPC endpoint."
            }
            Reason::ElsewhereOrNotAllowed => {
                "Find out which key this was, and whose: AWS doesn't tell a caller from another account. If the \
                 key is another account's, only its owner can allow the call; if it is in another region, the \
                 caller asked the wrong one."
            }
            Reason::CiphertextOfUnknownKey => {
                "Ask the caller which ciphertext this was: AWS hides the key. A ciphertext brought from \
                 another account or region looks like this."
            }
            Reason::Unstated => "Look at the caller's policies, the key policy and the key's grants.",
        }
    }

    /// The reason in a message whose closing clause is known.
    fn of(message: &str, clause: Option<Clause<'_>>) -> Self {
        match clause.map(|clause| (clause.kind, clause.rest)) {
            Some((ClauseKind::Denies, rest)) => rest
                .strip_prefix(" in ")
                .and_then(policy)
                .map_or(Reason::ExplicitDenySomewhere, Reason::ExplicitDeny),
            Some((ClauseKind::NothingAllows, rest)) => {
                policy(rest).map_or(Reason::Unstated, Reason::NothingAllows)
            }
            Some((ClauseKind::Elsewhere, _)) => Reason::ElsewhereOrNotAllowed,
            None if contains(message, VPCE_MESSAGE) => Reason::ExplicitDeny(Policy::VpcEndpoint),
            None if contains(message, OLD_CIPHERTEXT) => Reason::CiphertextOfUnknownKey,
            None => Reason::Unstated,
        }
    }
}

fn look_for_allow(policy: Policy) -> &'static str {
    match policy {
        Policy::Identity => {
            "Look at what is attached to the user (and its groups) or the role, and at who changed it lately."
        }
        Policy::Resource => {
            "Look at the resource's policy; of a key, at the key policy and the grants. Only the owner can allow it to \
             other accounts."
        }
        Policy::ServiceControl => {
            "Look at the service control policies on the caller's account and the organizational units above \
             it."
        }
        Policy::ResourceControl => {
            "Look at the resource control policies on the owner's account and the organizational units above \
             it."
        }
        Policy::Boundary => {
            "Look at the permissions boundary of the user or role; policies can't grant more than it."
        }
        Policy::Session => {
            "Look at who made the session: a session policy is passed with AssumeRole or GetFederationToken, \
             or comes from the service that made it."
        }
        Policy::VpcEndpoint => {
            "Look at the endpoint's policy, and at whether the caller should be inside that VPC at all."
        }
    }
}

fn look_for_deny(policy: Policy) -> &'static str {
    match policy {
        Policy::Identity => {
            "Look at the Deny statements of the user (and its groups) or the role, and at their conditions \
             (MFA, source address)."
        }
        Policy::Resource => {
            "Somebody wrote into the resource's policy that this must not happen. Look at its Deny statements and \
             their conditions (source VPC, organization, encryption context)."
        }
        Policy::ServiceControl => {
            "Your organization forbids this. Look at the service control policies on the caller's account and \
             the units above it."
        }
        Policy::ResourceControl => {
            "The owner's organization forbids this, usually to callers from outside. Look at the resource \
             control policies on the owner's account."
        }
        Policy::Boundary => "Look at the Deny statements of the permissions boundary of the user or role.",
        Policy::Session => {
            "Look at who made the session and which policy it passed (AssumeRole, GetFederationToken)."
        }
        Policy::VpcEndpoint => {
            "Look at the endpoint's policy. Credentials from outside that are used inside the VPC look \
             like this."
        }
    }
}

/// An access-denied message taken apart. Parts that it lacks, or that were cut off (CloudTrail keeps 1 KB), are
/// `None`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Denial<'r> {
    /// Why.
    pub reason: Reason,
    /// What the caller may not do, such as `kms:Decrypt`.
    pub action: Option<Text<'r>>,
    /// On what: mostly an ARN, also `*` or words.
    pub resource: Option<Text<'r>>,
    /// The caller's ARN as the message gives it.
    pub user: Option<Text<'r>>,
    /// Whether the message says that the ciphertext names the key, which it therefore doesn't repeat.
    pub in_ciphertext: bool,
    /// The ARN of the policy that denied, which newer messages add where caller and policy belong to one
    /// account or organization (AWS Security Blog, "Enhanced access denied error messages with policy ARNs").
    pub policy: Option<Text<'r>>,
}

impl<'r> Denial<'r> {
    /// Reads `code` (`errorCode`) and `message` (`errorMessage`); `None` if they don't speak of denied access.
    #[must_use]
    pub fn read(code: Option<&str>, message: Option<&Text<'r>>) -> Option<Self> {
        let name = code.map(error::bare);
        let said = message.and_then(|message| memmem::find(message.as_bytes(), NOT_AUTHORIZED.as_bytes()));
        if said.is_none() && !name.is_some_and(is_denial) {
            return None;
        }
        let mut denial = match message {
            Some(Cow::Borrowed(message)) => Denial::of(message, said),
            Some(Cow::Owned(message)) => Denial::of(message, said).into_owned(),
            None => Denial::of("", None),
        };
        if denial.reason == Reason::Unstated && name == Some(error::VPCE) {
            denial.reason = Reason::ExplicitDeny(Policy::VpcEndpoint);
        }
        Some(denial)
    }

    /// Takes a message apart in which [`NOT_AUTHORIZED`] stands at `said`.
    fn of(message: &'r str, said: Option<usize>) -> Self {
        let (who, what) = said.and_then(|at| message.split_at_checked(at)).unwrap_or(("", message));
        let clause = Clause::of(what);
        let before = clause.and_then(|clause| what.get(..clause.start)).unwrap_or(what);
        Denial {
            reason: Reason::of(message, clause),
            action: action(what).map(Cow::Borrowed),
            resource: resource(before).or_else(|| resource_behind(clause?.rest)).map(Cow::Borrowed),
            user: user(who).map(Cow::Borrowed),
            in_ciphertext: contains(before, IN_CIPHERTEXT) || contains(message, OLD_CIPHERTEXT),
            policy: clause.and_then(|clause| denying_policy(clause.rest)).map(Cow::Borrowed),
        }
    }

    fn into_owned(self) -> Denial<'static> {
        Denial {
            reason: self.reason,
            action: owned(self.action),
            resource: owned(self.resource),
            user: owned(self.user),
            in_ciphertext: self.in_ciphertext,
            policy: owned(self.policy),
        }
    }
}

const NOT_AUTHORIZED: &str = " is not authorized to perform";

/// What stands for the resource where the ciphertext names it.
const IN_CIPHERTEXT: &str = " on the resource associated with this ciphertext";

/// How KMS's older message about a ciphertext begins; its first letter has been seen in both cases.
const OLD_CIPHERTEXT: &str = "iphertext refers to a";

/// Whether an error of this name, as [`error::bare`] leaves it, is a denial.
fn is_denial(name: &str) -> bool {
    name.starts_with("AccessDenied") || name == error::VPCE || name.ends_with("UnauthorizedOperation")
}

/// The clause that closes a message and says why.
#[derive(Debug, Clone, Copy)]
struct Clause<'t> {
    kind: ClauseKind,
    /// Where it begins, in bytes.
    start: usize,
    /// What follows its mark.
    rest: &'t str,
}

#[derive(Debug, Clone, Copy)]
enum ClauseKind {
    NothingAllows,
    Denies,
    Elsewhere,
}

/// How each kind of clause begins.
const MARKS: [(&str, ClauseKind); 3] = [
    ("because no ", ClauseKind::NothingAllows),
    ("with an explicit deny", ClauseKind::Denies),
    ("because the resource does not exist in this Region", ClauseKind::Elsewhere),
];

impl<'t> Clause<'t> {
    /// The last one: before it stands text that a caller may have chosen.
    fn of(what: &'t str) -> Option<Self> {
        let found = MARKS.into_iter().filter_map(|(mark, kind)| {
            let start = memmem::rfind(what.as_bytes(), mark.as_bytes())?;
            Some(Clause { kind, start, rest: what.get(start + mark.len()..)? })
        });
        found.max_by_key(|clause| clause.start)
    }
}

fn user(who: &str) -> Option<&str> {
    let user = who.rsplit_once("User: ").map_or(who, |(_, user)| user).trim();
    user.starts_with("arn:").then_some(user)
}

fn action(what: &str) -> Option<&str> {
    let rest = what.strip_prefix(NOT_AUTHORIZED)?.trim_start_matches(':');
    let word = rest.split_ascii_whitespace().next()?;
    word.contains(':').then(|| word.trim_end_matches('.'))
}

fn resource(what: &str) -> Option<&str> {
    let (_, resource) = what.split_once("on resource: ")?;
    some(resource.trim().trim_matches(['"', '\'']))
}

/// The resource where an older message names it behind the clause: one word.
fn resource_behind(clause: &str) -> Option<&str> {
    resource(clause)?.split_ascii_whitespace().next()
}

/// The policy's ARN behind the clause: `… in a service control policy: arn:aws:organizations::…`.
fn denying_policy(clause: &str) -> Option<&str> {
    let start = clause.rfind(": arn:")? + ": ".len();
    let arn = clause.get(start..)?.split_ascii_whitespace().next()?.trim_end_matches(['.', ',', ';']);
    let named = Arn::parse(arn)?;
    (matches!(named.service, "iam" | "organizations") && named.resource.contains("policy/")).then_some(arn)
}

fn policy(clause: &str) -> Option<Policy> {
    let clause = clause.strip_prefix("an ").or_else(|| clause.strip_prefix("a ")).unwrap_or(clause);
    POLICIES.into_iter().find(|(name, _)| clause.starts_with(name)).map(|(_, policy)| policy)
}

fn contains(message: &str, part: &str) -> bool {
    memmem::find(message.as_bytes(), part.as_bytes()).is_some()
}
