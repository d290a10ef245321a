//! What to do next: steps for an error, with the commands to look further.

use alarm::StateValue;
use cloudtrail::call::{Denial, Meaning, Text, error_name, meaning};

use crate::caller::Caller;
use crate::command::{Command, Writing};
use crate::hostile;
use crate::story::{Group, Happened, Story};
use crate::times::{counted, exact};

/// How many other errors get a sentence.
const MAX_OTHERS: usize = 3;
/// How much time before and after the calls is looked at, in seconds.
const AROUND: i64 = 3_600;

/// One thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Step {
    /// What, as a sentence.
    pub(crate) text: String,
    /// Commands that show more.
    pub(crate) commands: Vec<Command>,
}

/// What a reader can look at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Look {
    /// What else the caller did.
    Caller,
    /// What the caller may do.
    CallerRights,
    /// Which credentials the caller has.
    Credentials,
    /// Who may use the key.
    KeyRights,
    /// In which state the key is.
    KeyState,
    /// Who used the key.
    KeyUse,
    /// Who called this operation.
    WhoCalled(&'static str),
    /// Which keys and aliases there are.
    Aliases,
    /// How much the account may ask of KMS.
    Quotas,
    /// Which trails there are.
    Trails,
    /// Ends the deletion of the key.
    CancelDeletion,
    /// Enables the key.
    EnableKey,
}

use Look::{
    Aliases, CallerRights, CancelDeletion, Credentials, EnableKey, KeyRights, KeyState, KeyUse, Quotas,
    Trails, WhoCalled,
};

const DENIED: &[Look] = &[Look::Caller, CallerRights, KeyRights, Credentials];
const CIPHERTEXT: &[Look] = &[Look::Caller, KeyUse, KeyState];
const PENDING_DELETION: &[Look] = &[KeyState, WhoCalled("ScheduleKeyDeletion"), CancelDeletion];
const BUSY: &[Look] = &[Look::Caller, Quotas];

/// What to look at, by the error's name.
const BY_ERROR: [(&str, &[Look]); 15] = [
    ("AccessDenied", DENIED),
    ("UnauthorizedOperation", DENIED),
    ("VpceAccessDenied", &[Look::Caller, Credentials]),
    ("IncorrectKey", CIPHERTEXT),
    ("InvalidCiphertext", CIPHERTEXT),
    ("DryRunOperation", &[Look::Caller, KeyRights, Credentials]),
    ("Disabled", &[KeyState, WhoCalled("DisableKey"), EnableKey]),
    ("KMSInvalidState", &[KeyState, Look::Caller]),
    ("NotFound", &[Aliases, Look::Caller]),
    ("InvalidGrantToken", &[KeyRights, Look::Caller]),
    ("InvalidGrantId", &[KeyRights, Look::Caller]),
    ("InvalidKeyUsage", &[KeyState, Look::Caller]),
    ("Throttling", BUSY),
    ("RequestLimitExceeded", BUSY),
    ("LimitExceeded", BUSY),
];

/// What to look at where a call succeeded.
const BY_OPERATION: [(&str, &[Look]); 7] = [
    ("DisableKey", &[Look::Caller, KeyState, EnableKey]),
    ("ScheduleKeyDeletion", &[Look::Caller, KeyState, CancelDeletion]),
    ("DeleteImportedKeyMaterial", &[Look::Caller, KeyState]),
    ("StopLogging", &[Trails, Look::Caller]),
    ("DeleteTrail", &[Trails, Look::Caller]),
    ("UpdateTrail", &[Trails, Look::Caller]),
    ("PutEventSelectors", &[Trails, Look::Caller]),
];

/// What to do about what happened.
pub(crate) fn steps(story: &Story) -> Vec<Step> {
    let worst = story.evidence.groups.first();
    let is_alarm = story.happened.state() == StateValue::Alarm;
    match (&story.happened, worst) {
        // A drill: nothing is to be done.
        (_, Some(_)) if story.lead.is_some() => Vec::new(),
        (_, None) if story.lead.is_some() && is_alarm => without_source(story),
        (Happened::Summary(_), _) if !is_alarm => Vec::new(),
        (Happened::State { to: StateValue::Ok, .. }, None) => Vec::new(),
        (Happened::State { to: StateValue::Ok, .. }, Some(worst)) => afterwards(story, worst),
        (Happened::State { to: StateValue::InsufficientData, .. }, _) => without_data(story),
        (_, None) => Vec::new(),
        (_, Some(worst)) => about(story, worst),
    }
}

/// What the worst group's error, or success, means.
pub(crate) fn meaning_of(group: &Group) -> Option<Meaning> {
    let service = group.service.as_deref().unwrap_or("kms.amazonaws.com");
    let error = group.error.as_deref().map(|code| (code, group.error_message.as_deref()));
    meaning(Some(service), Some(&group.operation), error)
}

/// Why access was denied, if it was.
pub(crate) fn denial_of(group: &Group) -> Option<Denial<'_>> {
    let message = group.error_message.as_deref().map(Text::from);
    Denial::read(group.error.as_deref(), message.as_ref())
}

fn afterwards(story: &Story, worst: &Group) -> Vec<Step> {
    let text = "It is over, but it happened. If nobody has looked into it yet, do what the mail of the ALARM says. What \
                the caller did around that time:";
    let commands = looked_up(story, worst, Look::Caller).map(|step| step.commands).unwrap_or_default();
    vec![Step { text: text.into(), commands }]
}

fn without_data(story: &Story) -> Vec<Step> {
    let text = "Find out why there are no datapoints: a trail may be stopped or may leave KMS out, or log files don't \
                arrive. While this lasts, the alarm can't warn of anything.";
    let step = Step { text: text.into(), commands: Vec::new() };
    let trails = Step { text: words(Trails).into(), commands: trails(&story.region) };
    vec![step, trails]
}

fn without_source(story: &Story) -> Vec<Step> {
    let see = "See what `kmswatch status` says of the source: why it can't be read, and what was read last. Then look where \
               the log files should come from: what copies them may have stopped, or the trail itself.";
    let step = Step { text: see.into(), commands: Vec::new() };
    vec![step, Step { text: words(Trails).into(), commands: trails(&story.region) }]
}

fn about(story: &Story, worst: &Group) -> Vec<Step> {
    let mut steps: Vec<Step> = worst.expected.as_deref().map(expected).into_iter().collect();
    steps.push(Step { text: first(worst), commands: Vec::new() });
    steps.extend(looks(worst).iter().filter_map(|look| looked_up(story, worst, *look)));
    steps.extend(others(story, worst));
    steps
}

/// Groups that nobody expects come first, so there is none.
fn expected(reason: &str) -> Step {
    let reason = hostile::own(reason);
    let text =
        format!("All of it is known and harmless, says the list of what is expected: {reason}. If it isn't:");
    Step { text, commands: Vec::new() }
}

fn first(worst: &Group) -> String {
    let meaning = meaning_of(worst).map(|meaning| meaning.what_to_do);
    let denial = denial_of(worst).map(|denial| denial.reason.look());
    let sentences: Vec<&str> = [meaning, denial].into_iter().flatten().collect();
    match sentences.as_slice() {
        [] => "Find out whether this was meant to happen.".into(),
        some => some.join(" "),
    }
}

fn looks(group: &Group) -> &'static [Look] {
    let Some(code) = group.error.as_deref() else {
        let known = BY_OPERATION.iter().find(|(name, _)| *name == group.operation);
        return known.map_or(&[Look::Caller], |(_, looks)| *looks);
    };
    let pending = group.error_message.as_deref().is_some_and(|message| message.contains("pending deletion"));
    match error_name(code) {
        "KMSInvalidState" | "Disabled" if pending => PENDING_DELETION,
        name => {
            BY_ERROR.iter().find(|(known, _)| *known == name).map_or(&[Look::Caller], |(_, looks)| *looks)
        }
    }
}

/// A sentence for each other error that is behind the notification.
fn others(story: &Story, worst: &Group) -> Vec<Step> {
    let mut counts: Vec<(&Group, u64)> = Vec::new();
    for group in story.evidence.groups.iter().filter(|group| group.error != worst.error) {
        match counts.iter_mut().find(|(other, _)| other.error == group.error) {
            Some((_, count)) => *count = count.saturating_add(group.count),
            None => counts.push((group, group.count)),
        }
    }
    let known = counts.into_iter().filter_map(|(group, count)| Some((group, count, meaning_of(group)?)));
    known
        .take(MAX_OTHERS)
        .map(|(group, count, meaning)| {
            let what = hostile::record(group.error.as_deref().unwrap_or(&group.operation));
            let text = format!("There is also {what} ({}). {}", counted(count, "call"), meaning.what_to_do);
            Step { text, commands: Vec::new() }
        })
        .collect()
}

/// A step that shows something; `None` where what it needs isn't known.
fn looked_up(story: &Story, group: &Group, look: Look) -> Option<Step> {
    let around = Surroundings::of(story, group);
    let commands = match look {
        Look::Caller => around.caller_commands(),
        CallerRights => around.caller_rights(),
        Credentials => around.credentials(),
        KeyRights => around.key(&["get-key-policy", "list-grants"]),
        KeyState => around.key(&["describe-key"]),
        KeyUse => vec![around.during(around.lookup("ResourceName", &group.key.as_ref()?.text)).done()],
        WhoCalled(operation) => vec![around.lookup("EventName", operation).done()],
        Aliases => vec![Command::aws("kms list-aliases").option("--region", around.region).done()],
        Quotas => around.quotas(),
        Trails => return Some(Step { text: words(look).into(), commands: trails(around.region) }),
        CancelDeletion => around.key(&["cancel-key-deletion"]),
        EnableKey => around.key(&["enable-key"]),
    };
    let commands: Vec<Command> = commands.into_iter().flatten().collect();
    (!commands.is_empty()).then(|| Step { text: words(look).into(), commands })
}

fn words(look: Look) -> &'static str {
    match look {
        Look::Caller => "See what else the caller did in the hour before and after:",
        CallerRights => "See what the caller may do, and what decides about this call:",
        Credentials => "If the credentials may be stolen, see which there are and when they were used last:",
        KeyRights => "See who may use the key:",
        KeyState => "See in which state the key is:",
        KeyUse => "See who used the key:",
        WhoCalled("ScheduleKeyDeletion") => "See who scheduled the deletion:",
        WhoCalled(_) => "See who disabled keys:",
        Aliases => "See which aliases there are in the region:",
        Quotas => "See how much the account may ask of KMS:",
        Trails => "See which trails there are, and what they record:",
        CancelDeletion => "If the key must not be deleted, this ends it (the key is disabled then):",
        EnableKey => "If the key must not be disabled, this enables it:",
    }
}

fn trails(region: &str) -> Vec<Command> {
    let describe = Command::aws("cloudtrail describe-trails").option("--region", region).done();
    describe.into_iter().collect()
}

/// What commands about a group of calls need to know.
struct Surroundings<'s> {
    group: &'s Group,
    caller: Option<Caller<'s>>,
    region: &'s str,
}

impl<'s> Surroundings<'s> {
    fn of(story: &'s Story, group: &'s Group) -> Self {
        let region = group.region.as_deref().unwrap_or(&story.region);
        Surroundings { group, caller: Caller::of(&group.principal), region }
    }

    fn caller_commands(&self) -> Vec<Option<Command>> {
        let Some(name) = self.caller.as_ref().and_then(Caller::event_name) else { return Vec::new() };
        vec![self.during(self.lookup("Username", name)).done()]
    }

    fn lookup(&self, key: &str, value: &str) -> Writing {
        let command = Command::aws("cloudtrail lookup-events").option("--region", self.region);
        command.attribute(key, value).flag("--max-items 100")
    }

    /// Around the time of the calls. Without it, CloudTrail looks back 90 days.
    fn during(&self, command: Writing) -> Writing {
        let command = command.option("--start-time", &exact(self.group.first.saturating_sub(AROUND)));
        command.option("--end-time", &exact(self.group.last.saturating_add(AROUND)))
    }

    fn caller_rights(&self) -> Vec<Option<Command>> {
        let Some(caller) = &self.caller else { return Vec::new() };
        let named = |operation: &str| Command::aws(operation).option(caller.option()?, caller.name()?).done();
        let mut commands = match caller {
            Caller::User { .. } => {
                vec![named("iam list-attached-user-policies"), named("iam list-groups-for-user")]
            }
            Caller::Role { .. } => vec![named("iam get-role"), named("iam list-attached-role-policies")],
            Caller::Root => Vec::new(),
        };
        commands.push(self.simulation(caller));
        commands
    }

    /// Asks IAM what it would decide.
    fn simulation(&self, caller: &Caller<'_>) -> Option<Command> {
        let key = self.key_arn()?;
        let action = format!("kms:{}", self.group.operation);
        let command = Command::aws("iam simulate-principal-policy");
        let command = command.option("--policy-source-arn", &caller.policy_source()?);
        command.option("--action-names", &action).option("--resource-arns", key).done()
    }

    fn credentials(&self) -> Vec<Option<Command>> {
        let Some(Caller::User { name, .. }) = self.caller else { return Vec::new() };
        vec![Command::aws("iam list-access-keys").option("--user-name", name).done()]
    }

    fn key(&self, operations: &[&str]) -> Vec<Option<Command>> {
        let Some(key) = self.group.key.as_ref() else { return Vec::new() };
        let command = |operation: &&str| {
            let command = Command::aws(&format!("kms {operation}")).option("--region", self.region);
            let command = command.option("--key-id", &key.text);
            let policy = *operation == "get-key-policy";
            if policy { command.flag("--policy-name default --output text").done() } else { command.done() }
        };
        operations.iter().map(command).collect()
    }

    fn key_arn(&self) -> Option<&'s str> {
        let key = self.group.key.as_ref()?.text.as_str();
        key.starts_with("arn:").then_some(key)
    }

    fn quotas(&self) -> Vec<Option<Command>> {
        let command = Command::aws("service-quotas list-service-quotas --service-code kms");
        vec![command.option("--region", self.region).done()]
    }
}
