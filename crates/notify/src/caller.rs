//! Who a principal's ARN names, as the commands of IAM and CloudTrail need it.

/// A principal that commands can be about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Caller<'a> {
    /// An IAM user.
    User { arn: &'a str, name: &'a str },
    /// A role, or a session of one.
    Role { arn: &'a str, name: &'a str, session: Option<&'a str> },
    /// The root user.
    Root,
}

impl<'a> Caller<'a> {
    /// Reads an ARN.
    pub(crate) fn of(arn: &'a str) -> Option<Self> {
        let mut fields = arn.splitn(6, ':');
        let (prefix, _, service) = (fields.next()?, fields.next()?, fields.next()?);
        let resource = fields.nth(2)?;
        let (kind, rest) = resource.split_once('/').unwrap_or((resource, ""));
        let last = rest.rsplit('/').next().unwrap_or(rest);
        match (prefix, service, kind) {
            ("arn", "iam", "user") if !last.is_empty() => Some(Caller::User { arn, name: last }),
            ("arn", "iam", "role") if !last.is_empty() => {
                Some(Caller::Role { arn, name: last, session: None })
            }
            ("arn", "sts", "assumed-role") => {
                let (name, session) = rest.split_once('/')?;
                Some(Caller::Role { arn, name, session: Some(session) })
            }
            ("arn", "iam", "root") => Some(Caller::Root),
            _ => None,
        }
    }

    /// What CloudTrail calls `Username`.
    pub(crate) fn event_name(&self) -> Option<&'a str> {
        match self {
            Caller::User { name, .. } => Some(name),
            Caller::Role { session, .. } => *session,
            Caller::Root => Some("root"),
        }
    }

    /// The name of the user or role.
    pub(crate) fn name(&self) -> Option<&'a str> {
        match self {
            Caller::User { name, .. } | Caller::Role { name, .. } => Some(name),
            Caller::Root => None,
        }
    }

    /// The option that takes it.
    pub(crate) fn option(&self) -> Option<&'static str> {
        match self {
            Caller::User { .. } => Some("--user-name"),
            Caller::Role { .. } => Some("--role-name"),
            Caller::Root => None,
        }
    }

    /// Whose policies IAM's simulation takes. A session's ARN doesn't hold the path of its role; most roles have none.
    pub(crate) fn policy_source(&self) -> Option<String> {
        match self {
            Caller::User { arn, .. } | Caller::Role { arn, session: None, .. } => Some((*arn).to_owned()),
            Caller::Role { name, .. } if has_path(name) => None,
            Caller::Role { arn, name, .. } => {
                let (partition, account) = (arn.split(':').nth(1)?, arn.split(':').nth(4)?);
                Some(format!("arn:{partition}:iam::{account}:role/{name}"))
            }
            Caller::Root => None,
        }
    }
}

/// Roles that AWS itself makes lie below a path.
fn has_path(role: &str) -> bool {
    role.starts_with("AWSReservedSSO_") || role.starts_with("AWSServiceRole")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_name_callers() {
        let user = "arn:aws:iam::111122223333:user/ops/alice";
        assert_eq!(Caller::of(user), Some(Caller::User { arn: user, name: "alice" }));
        let arn = "arn:aws:sts::111122223333:assumed-role/deploy/run-7";
        let session = Caller::of(arn).unwrap();
        assert_eq!(session, Caller::Role { arn, name: "deploy", session: Some("run-7") });
        assert_eq!(session.policy_source().unwrap(), "arn:aws:iam::111122223333:role/deploy");
        let sso = Caller::of("arn:aws:sts::111122223333:assumed-role/AWSReservedSSO_Admin_0/alice").unwrap();
        assert_eq!(sso.policy_source(), None);
        assert_eq!(Caller::of("arn:aws:iam::111122223333:root"), Some(Caller::Root));
        assert_eq!(Caller::of("AROAEXAMPLE:session"), None);
        assert_eq!(Caller::of("arn:aws:iam::111122223333:user/"), None);
    }
}
