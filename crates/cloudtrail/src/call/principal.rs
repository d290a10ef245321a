//! Who called? `userIdentity` as a person reads it.

use std::borrow::Cow;
use std::fmt::Write as _;

use json::Value;

use super::stringified;
use super::text::{Arn, MAX_ID, Text, cut, each_member, flag, owned, part, short, some, word};

/// What `userIdentity` says about the caller (CloudTrail User Guide, "CloudTrail userIdentity element").
///
/// Everything may be missing: a call by an AWS service has only `invoked_by`, the key owner's copy of a call from
/// another account only a principal and an account id.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Principal<'r> {
    /// `type`, such as `AssumedRole`; `Unknown` where the record doesn't say.
    pub kind: Text<'r>,
    /// `arn`; where it is missing, the one that an access-denied message names.
    pub arn: Option<Text<'r>>,
    /// `accountId`, else the account in the ARN, else the session issuer's: where the caller belongs.
    pub account: Option<Text<'r>>,
    /// `principalId`: a unique id (`AIDA…`, `AROA…`), for sessions with `:session name` behind it.
    pub principal_id: Option<Text<'r>>,
    /// `userName`.
    pub user_name: Option<Text<'r>>,
    /// `invokedBy`: the AWS service that made the call, or that the caller made it through.
    pub invoked_by: Option<Text<'r>>,
    /// `identityProvider` of a web identity or SAML user, else the provider that a role was assumed through.
    pub provider: Option<Text<'r>>,
    /// `onBehalfOf.userId`: the IAM Identity Center user behind the call.
    pub on_behalf_of: Option<Text<'r>>,
    /// `sessionContext.sessionIssuer`: the role or user that the session's credentials came from.
    pub issuer: Option<Issuer<'r>>,
    /// `sessionContext.sourceIdentity`: who a role session said that it is, kept through role chaining.
    pub source_identity: Option<Text<'r>>,
    /// `sessionContext.attributes.mfaAuthenticated`. False also for all sessions that can't have MFA.
    pub mfa: Option<bool>,
    /// `sessionCredentialFromConsole` of the record: the credentials of a console session.
    pub from_console: bool,
    /// Where the caller seems to run.
    pub workload: Option<Workload>,
    /// `recipientAccountId` is another than the caller's account.
    pub elsewhere: bool,
}

/// The role or user whose session it is (`sessionContext.sessionIssuer`).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Issuer<'r> {
    /// `type`: `Role`, `IAMUser`, `Root`, ….
    pub kind: Option<Text<'r>>,
    /// `arn`, with the role's path.
    pub arn: Option<Text<'r>>,
    /// `accountId`.
    pub account: Option<Text<'r>>,
    /// `userName`: the role's or user's name.
    pub name: Option<Text<'r>>,
    /// `principalId`.
    pub principal_id: Option<Text<'r>>,
}

/// Where a role session seems to run, and how sure that is: the caller chooses session names and user agents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Workload {
    /// Credentials that EC2's metadata service handed out (`ec2RoleDelivery`).
    Ec2,
    /// A session named like an EC2 instance id. Anyone who may assume the role can choose that name.
    Ec2Named,
    /// Credentials issued to a Lambda function (`inScopeOf.issuerType`).
    Lambda,
    /// A user agent of Lambda's runtime. Anyone can send that.
    LambdaAgent,
    /// A session named like an ECS task.
    EcsNamed,
    /// A user agent of an ECS container.
    EcsAgent,
    /// A service account of an EKS cluster (web identity from `oidc.eks…`).
    EksServiceAccount,
    /// A session named as EKS Pod Identity names them.
    EksPodNamed,
    /// A GitHub Actions workflow (web identity from `token.actions.githubusercontent.com`).
    GithubActions,
}

impl Workload {
    /// Words for it, with a hedge where the caller could have chosen the mark.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            Workload::Ec2 => "EC2 instance",
            Workload::Ec2Named => "named like an EC2 instance",
            Workload::Lambda => "Lambda function",
            Workload::LambdaAgent => "Lambda function, by its user agent",
            Workload::EcsNamed => "named like an ECS task",
            Workload::EcsAgent => "ECS task, by its user agent",
            Workload::EksServiceAccount => "EKS service account",
            Workload::EksPodNamed => "named like an EKS pod",
            Workload::GithubActions => "GitHub Actions",
        }
    }
}

/// What of the record outside `userIdentity` says more about the caller.
pub(crate) struct Around<'a, 'r> {
    pub(crate) identity: Option<Value<'r>>,
    pub(crate) user_agent: Option<&'a str>,
    pub(crate) recipient: Option<&'a str>,
    pub(crate) from_console: bool,
    /// The ARN that an access-denied message names.
    pub(crate) denied: Option<&'a Text<'r>>,
}

impl<'r> Principal<'r> {
    pub(crate) fn read(around: &Around<'_, 'r>) -> Self {
        let read = around.identity.and_then(|identity| {
            stringified::open(identity, Raw::read, |identity| Raw::read(identity).into_owned())
        });
        let Raw { mut principal, marks } = read.unwrap_or_default();
        if principal.kind.is_empty() {
            principal.kind = "Unknown".into();
        }
        if principal.arn.is_none() && principal.kind != "AWSService" {
            principal.arn = around.denied.cloned();
        }
        principal.from_console = around.from_console;
        principal.account = principal.account.take().or_else(|| principal.account_elsewhere());
        principal.workload = principal.recognise(marks, around.user_agent);
        principal.elsewhere = around.recipient != principal.account.as_deref();
        principal
    }

    fn account_elsewhere(&self) -> Option<Text<'r>> {
        let of_arn = |arn| part(arn, |arn| Arn::parse(arn).and_then(|arn| some(arn.account)));
        let issuer = self.issuer.as_ref();
        let of_issuer = || issuer.and_then(|issuer| issuer.account.clone());
        self.arn.as_ref().and_then(of_arn).or_else(of_issuer)
    }

    fn recognise(&self, marks: Marks, user_agent: Option<&str>) -> Option<Workload> {
        let of_provider = || self.provider.as_deref().and_then(provider_workload);
        let of_session = || self.session().and_then(session_workload);
        let of_agent = || user_agent.and_then(agent_workload);
        if self.kind != "AssumedRole" {
            return None;
        }
        if marks.lambda {
            return Some(Workload::Lambda);
        }
        if marks.ec2 {
            return Some(Workload::Ec2);
        }
        of_provider().or_else(of_session).or_else(of_agent)
    }

    /// The name of the role, for sessions of one.
    #[must_use]
    pub fn role(&self) -> Option<&str> {
        let issuer = self.issuer.as_ref();
        let of_issuer = issuer.and_then(|issuer| {
            issuer.name.as_deref().or_else(|| issuer.arn.as_deref().and_then(last_of_path))
        });
        of_issuer.filter(|_| self.kind != "FederatedUser").or_else(|| role_of(self.arn.as_deref()?))
    }

    /// The session's name: of an assumed role, what the caller or AWS chose; of a federated user, its name.
    #[must_use]
    pub fn session(&self) -> Option<&str> {
        let of_arn = || {
            let resource = Arn::parse(self.arn.as_deref()?)?.resource;
            resource.strip_prefix("assumed-role/").and_then(|rest| rest.split_once('/')).map(|(_, name)| name)
        };
        let of_id = || self.principal_id.as_deref()?.split_once(':').map(|(_, session)| session);
        of_arn().or_else(of_id).filter(|session| !session.is_empty())
    }

    /// The permission set, where the role is one that IAM Identity Center made for it
    /// (`AWSReservedSSO_<permission set>_<16 hexadecimal digits>`).
    #[must_use]
    pub fn permission_set(&self) -> Option<&str> {
        let rest = self.role()?.strip_prefix("AWSReservedSSO_")?;
        rest.rsplit_once('_').map_or(Some(rest), |(set, _)| some(set))
    }

    /// Whether the role is one that only an AWS service can assume (`AWSServiceRoleFor…`).
    #[must_use]
    pub fn service_linked(&self) -> bool {
        let arns = [self.arn.as_deref(), self.issuer.as_ref().and_then(|issuer| issuer.arn.as_deref())];
        arns.into_iter().flatten().any(|arn| arn.contains(":role/aws-service-role/"))
            || (self.role().is_some_and(|role| role.starts_with("AWSServiceRoleFor")))
    }

    /// What to group calls by: the same text for the same caller, at most [`MAX_ID`] bytes.
    ///
    /// The ARN if there is one; otherwise what identifies the caller best, in words. Not for display: see
    /// [`Principal::words`].
    #[must_use]
    pub fn id(&self) -> Text<'_> {
        match self.arn.as_deref() {
            Some(arn) => cut(arn, MAX_ID),
            None => Text::Owned(cut(&self.id_in_words(), MAX_ID).into_owned()),
        }
    }

    fn id_in_words(&self) -> String {
        match &*self.kind {
            "AWSService" => Some(self.service_id()),
            "AWSAccount" => self.account_id(),
            _ => None,
        }
        .or_else(|| self.role_id())
        .or_else(|| self.name_id())
        .or_else(|| Some(format!("principal {}", self.principal_id.as_deref()?)))
        .or_else(|| self.on_behalf_of.as_deref().map(|user| format!("IAM Identity Center user {user}")))
        .or_else(|| self.invoked_by.as_deref().map(|_| self.service_id() + &self.in_account()))
        .or_else(|| self.account_id())
        .unwrap_or_else(|| "unknown caller".into())
    }

    fn service_id(&self) -> String {
        let by = self.invoked_by.as_deref().filter(|by| *by != AWS_INTERNAL);
        by.map_or_else(|| "AWS service without a name".into(), |by| format!("AWS service {by}"))
    }

    fn account_id(&self) -> Option<String> {
        let account = self.account.as_deref()?;
        if account == ANONYMOUS {
            return Some("anonymous caller".into());
        }
        let note = if self.elsewhere && self.kind == "AWSAccount" { " (another account)" } else { "" };
        let principal = self.principal_id.as_deref().filter(|_| self.kind == "AWSAccount");
        let principal = principal.map(|id| format!(", principal {id}")).unwrap_or_default();
        Some(format!("account {account}{note}{principal}"))
    }

    fn role_id(&self) -> Option<String> {
        let role = self.role()?;
        let session = self.session().map(|session| format!(", session {session}")).unwrap_or_default();
        Some(format!("role {role}{}{session}", self.in_account()))
    }

    fn name_id(&self) -> Option<String> {
        let name = self.user_name.as_deref()?;
        let provider = self.provider.as_deref().map(|by| format!(" via {by}")).unwrap_or_default();
        Some(format!("user {name}{provider}{}", self.in_account()))
    }

    /// The caller for a person: what it is, its name and its account. Raw text of the record, each piece at most
    /// [`MAX_WORD`](super::MAX_WORD) bytes; the printer escapes it.
    #[must_use]
    pub fn words(&self) -> String {
        match &*self.kind {
            "Root" => format!("root user{}", self.of_account()),
            "AWSService" => self.service_words(),
            "AWSAccount" => self.account_words(),
            "AssumedRole" | "Role" => self.role_words(),
            "WebIdentityUser" => self.user_words("web identity"),
            "SAMLUser" => self.user_words("SAML user"),
            "Directory" => self.user_words("directory user"),
            "FederatedUser" => self.federated_words(),
            "IdentityCenterUser" => self.identity_center_words(),
            "IAMUser" => self.user_words("user"),
            _ => self.unknown_words(),
        }
    }

    /// What else the record says about the caller, a clause each, to stand behind [`Principal::words`]. Another call
    /// of the same caller may have others.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        let provider = || Some(format!("via provider {}", short(self.provider.as_deref()?)));
        let role = matches!(&*self.kind, "AssumedRole" | "Role") && self.permission_set().is_none();
        let runs = self.workload.map(|workload| workload.words().to_owned()).or_else(provider);
        let mfa = self.mfa_that_matters().map(|mfa| if mfa { "with MFA" } else { "without MFA" });
        let user = self.on_behalf_of.as_deref().filter(|_| self.kind != "IdentityCenterUser");
        let all = [
            runs.filter(|_| role),
            mfa.map(str::to_owned),
            self.from_console.then(|| "in a console session".to_owned()),
            user.map(|user| format!("for IAM Identity Center user {}", short(user))),
            self.source_identity.as_deref().map(|source| format!("source identity {}", short(source))),
            self.through().map(|by| format!("through {}", short(by))),
        ];
        all.into_iter().flatten().collect()
    }

    fn user_words(&self, what: &str) -> String {
        let of_arn = || Arn::parse(self.arn.as_deref()?).and_then(|arn| last_of_path(arn.resource));
        let name = self.user_name.as_deref().or_else(of_arn).or(self.principal_id.as_deref());
        let provider = self.provider.as_deref().map(|by| format!(" via provider {}", short(by)));
        let name = name.map_or_else(|| "without a name".into(), short);
        format!("{what} {name}{}{}", provider.unwrap_or_default(), self.in_account())
    }

    fn federated_words(&self) -> String {
        let of_arn = || Arn::parse(self.arn.as_deref()?)?.resource.strip_prefix("federated-user/");
        let name = of_arn().or_else(|| self.session()).or(self.user_name.as_deref());
        let name = name.map_or_else(|| "without a name".into(), short);
        let issuer = self.issuer.as_ref().and_then(|issuer| {
            let name = issuer.name.as_deref().or_else(|| issuer.arn.as_deref().and_then(last_of_path))?;
            Some(format!(", credentials from user {}", short(name)))
        });
        format!("federated user {name}{}{}", self.in_account(), issuer.unwrap_or_default())
    }

    fn role_words(&self) -> String {
        if let Some(set) = self.permission_set() {
            return self.permission_set_words(set);
        }
        let what = if self.service_linked() { "service-linked role" } else { "role" };
        let mut words = format!("{what} {}{}", self.role_name(), self.in_account());
        if let Some(session) = self.session() {
            let _ = write!(words, ", session {}", short(session));
        }
        words
    }

    /// The role's name, or what there is instead of it.
    fn role_name(&self) -> Cow<'_, str> {
        if let Some(role) = self.role().or_else(|| last_of_path(self.arn.as_deref()?)) {
            return short(role);
        }
        let id = self.principal_id.as_deref().and_then(|id| id.split(':').next()).and_then(some);
        id.map_or("without a name".into(), |id| {
            format!("{} (its id; the name isn't recorded)", short(id)).into()
        })
    }

    fn permission_set_words(&self, set: &str) -> String {
        let person = self.session().map_or_else(|| "without a name".into(), short);
        format!("IAM Identity Center user {person} with permission set {}{}", short(set), self.in_account())
    }

    fn identity_center_words(&self) -> String {
        let user =
            self.on_behalf_of.as_deref().or(self.user_name.as_deref()).or(self.principal_id.as_deref());
        let user = user.map_or_else(|| "without a name".into(), short);
        format!("IAM Identity Center user {user}{}", self.in_account())
    }

    fn account_words(&self) -> String {
        let account = self.account.as_deref().map_or_else(|| "without a number".into(), short);
        if account == ANONYMOUS {
            return "anonymous caller (no AWS credentials)".into();
        }
        let what = if self.elsewhere { "another AWS account" } else { "AWS account" };
        let principal = self.principal_id.as_deref().map(|id| format!(" (principal {})", short(id)));
        format!("{what} {account}{}", principal.unwrap_or_default())
    }

    fn service_words(&self) -> String {
        match self.invoked_by.as_deref() {
            Some(by) if by != AWS_INTERNAL => format!("AWS service {}", short(by)),
            _ => "an AWS service that the record doesn't name".into(),
        }
    }

    fn unknown_words(&self) -> String {
        let name = self.user_name.as_deref().or_else(|| last_of_path(self.arn.as_deref()?));
        match name.or(self.principal_id.as_deref()) {
            Some(name) => format!("unknown caller {}{}", short(name), self.in_account()),
            None if self.invoked_by.is_some() => self.service_words() + &self.in_account(),
            None if self.account.is_some() => format!("unknown caller{}", self.in_account()),
            None => "unknown caller (the record doesn't say who)".into(),
        }
    }

    /// The service that the call came through, if it isn't itself the caller.
    fn through(&self) -> Option<&str> {
        let is_caller = || self.kind == "AWSService" || self.is_named_by_service();
        let by = self.invoked_by.as_deref().filter(|_| !is_caller())?;
        Some(if by == AWS_INTERNAL { "an AWS service" } else { by })
    }

    /// Whether [`Principal::words`] has nothing but the service to name the caller by.
    fn is_named_by_service(&self) -> bool {
        let words = self.words();
        words.starts_with("AWS service ") || words.starts_with("an AWS service ")
    }

    /// MFA, where its absence tells something. Workloads never have it, and of a person who comes through IAM
    /// Identity Center or another provider it was asked there, so CloudTrail writes false.
    fn mfa_that_matters(&self) -> Option<bool> {
        let told_elsewhere = self.workload.is_some()
            || self.provider.is_some()
            || self.invoked_by.is_some()
            || self.permission_set().is_some()
            || self.service_linked();
        self.mfa.filter(|mfa| *mfa || !told_elsewhere)
    }

    fn in_account(&self) -> String {
        self.account.as_deref().map(|account| format!(" in account {}", short(account))).unwrap_or_default()
    }

    fn of_account(&self) -> String {
        let account = self.account.as_deref().map(|account| format!(" of account {}", short(account)));
        account.unwrap_or_else(|| " of an account that the record doesn't name".into())
    }
}

/// What CloudTrail writes as `invokedBy` for a service that it doesn't name, mostly S3 and Systems Manager.
pub(crate) const AWS_INTERNAL: &str = "AWS Internal";

/// What CloudTrail writes as account of a caller without credentials.
pub(crate) const ANONYMOUS: &str = "ANONYMOUS_PRINCIPAL";

/// A principal before what stands elsewhere in the record is added.
#[derive(Default)]
struct Raw<'r> {
    principal: Principal<'r>,
    marks: Marks,
}

/// Marks that AWS sets and a caller can't.
#[derive(Debug, Clone, Copy, Default)]
struct Marks {
    ec2: bool,
    lambda: bool,
}

impl<'r> Raw<'r> {
    fn read(identity: Value<'r>) -> Self {
        let mut raw = Raw::default();
        let mut session = None;
        each_member(identity, |key, value| {
            let principal = &mut raw.principal;
            let value = Some(value);
            match key {
                "type" => principal.kind = word(value).unwrap_or_default(),
                "arn" | "ARN" => principal.arn = word(value),
                "accountId" => principal.account = word(value),
                "principalId" => principal.principal_id = word(value),
                "userName" => principal.user_name = word(value),
                "invokedBy" => principal.invoked_by = word(value),
                "identityProvider" => principal.provider = word(value),
                "onBehalfOf" => principal.on_behalf_of = value.and_then(|value| word(value.get("userId"))),
                "inScopeOf" => raw.marks.lambda = value.is_some_and(is_lambda),
                "sessionContext" => session = value,
                _ => {}
            }
        });
        if let Some(session) = session {
            raw.read_session(session);
        }
        raw
    }

    fn read_session(&mut self, session: Value<'r>) {
        each_member(session, |key, value| {
            let principal = &mut self.principal;
            match key {
                "sessionIssuer" => principal.issuer = Issuer::read(value),
                "sourceIdentity" => principal.source_identity = word(Some(value)),
                "attributes" => principal.mfa = flag(value.get("mfaAuthenticated")),
                "ec2RoleDelivery" => self.marks.ec2 = word(Some(value)).is_some(),
                "webIdFederationData" => {
                    let provider = word(value.get("federatedProvider"));
                    principal.provider = principal.provider.take().or(provider);
                }
                _ => {}
            }
        });
    }

    fn into_owned(self) -> Raw<'static> {
        let principal = self.principal;
        let principal = Principal {
            kind: principal.kind.into_owned().into(),
            arn: owned(principal.arn),
            account: owned(principal.account),
            principal_id: owned(principal.principal_id),
            user_name: owned(principal.user_name),
            invoked_by: owned(principal.invoked_by),
            provider: owned(principal.provider),
            on_behalf_of: owned(principal.on_behalf_of),
            issuer: principal.issuer.map(Issuer::into_owned),
            source_identity: owned(principal.source_identity),
            mfa: principal.mfa,
            from_console: principal.from_console,
            workload: principal.workload,
            elsewhere: principal.elsewhere,
        };
        Raw { principal, marks: self.marks }
    }
}

impl<'r> Issuer<'r> {
    /// `None` where it holds nothing, as for web identities.
    fn read(value: Value<'r>) -> Option<Self> {
        let mut issuer = Issuer::default();
        each_member(value, |key, value| {
            let value = word(Some(value));
            match key {
                "type" => issuer.kind = value,
                "arn" | "ARN" => issuer.arn = value,
                "accountId" => issuer.account = value,
                "userName" => issuer.name = value,
                "principalId" => issuer.principal_id = value,
                _ => {}
            }
        });
        Some(issuer).filter(|issuer| *issuer != Issuer::default())
    }

    fn into_owned(self) -> Issuer<'static> {
        Issuer {
            kind: owned(self.kind),
            arn: owned(self.arn),
            account: owned(self.account),
            name: owned(self.name),
            principal_id: owned(self.principal_id),
        }
    }
}

fn is_lambda(scope: Value<'_>) -> bool {
    scope.get("issuerType").is_some_and(|kind| kind.says("AWS::Lambda::Function"))
}

fn provider_workload(provider: &str) -> Option<Workload> {
    if provider.contains("oidc.eks") {
        return Some(Workload::EksServiceAccount);
    }
    provider.ends_with("token.actions.githubusercontent.com").then_some(Workload::GithubActions)
}

fn session_workload(session: &str) -> Option<Workload> {
    let hexadecimal = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit());
    match session.strip_prefix("i-") {
        Some(id) if matches!(id.len(), 8 | 17) && hexadecimal(id) => Some(Workload::Ec2Named),
        None if session.len() == 32 && hexadecimal(session) => Some(Workload::EcsNamed),
        None if session.starts_with("eks-") && session.len() > 40 => Some(Workload::EksPodNamed),
        _ => None,
    }
}

fn agent_workload(user_agent: &str) -> Option<Workload> {
    let environment = user_agent.split("exec-env/").nth(1)?;
    if environment.starts_with("AWS_Lambda_") {
        return Some(Workload::LambdaAgent);
    }
    environment.starts_with("AWS_ECS_").then_some(Workload::EcsAgent)
}

/// `Admin` of `arn:aws:sts::111122223333:assumed-role/Admin/session` and of `arn:…:role/path/Admin`.
fn role_of(arn: &str) -> Option<&str> {
    let resource = Arn::parse(arn)?.resource;
    match resource.strip_prefix("assumed-role/") {
        Some(rest) => rest.split('/').next().and_then(some),
        None => resource.strip_prefix("role/").and_then(last_of_path),
    }
}

fn last_of_path(path: &str) -> Option<&str> {
    path.rsplit('/').next().and_then(some)
}
