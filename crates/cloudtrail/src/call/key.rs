//! Which key? The record's own lists first, then the request, then the error message.

use json::Value;
use memchr::memmem;

use super::denial::Denial;
use super::error;
use super::principal::{ANONYMOUS, Principal};
use super::stringified;
use super::text::{Arn, Text, each_member, find_word, owned, part, short, some, word};

/// The KMS key that a call was about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Key<'r> {
    /// An ARN, a key id, `alias/…` or an alias's ARN: the best that the record has, as it stands there.
    pub text: Text<'r>,
    /// The alias (`alias/…`) that the caller asked for, where the record also tells the key behind it.
    pub asked_as: Option<Text<'r>>,
    /// `accountId` of the entry in `resources`; see [`Key::account`].
    pub owner: Option<Text<'r>>,
    /// Where it was found.
    pub place: Place,
}

/// Where a record names the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// `resources[]`, written by KMS once it knew the key.
    Resources,
    /// `requestParameters`, as the caller gave it.
    Request,
    /// `errorMessage`: the only place in records of denied and not-found calls.
    ErrorMessage,
}

/// Why a record names no key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoKey {
    /// It isn't a KMS call.
    NotKms,
    /// A VPC endpoint stopped the call before KMS read it; such records hold no parameters.
    StoppedByEndpoint,
    /// The ciphertext names the key, and KMS won't tell it to a caller who may not use it.
    HiddenInCiphertext,
    /// The operation isn't about one existing key, such as `CreateKey` or `ListKeys`.
    NotAboutOneKey,
    /// The error comes before any key is looked at, or CloudTrail left the parameters out.
    NotRecorded,
}

impl NoKey {
    /// The reason for a person, to stand in the key's place.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            NoKey::NotKms => "none: not a KMS call",
            NoKey::StoppedByEndpoint => "unknown: a VPC endpoint stopped the call before KMS read it",
            NoKey::HiddenInCiphertext => "unknown: only the ciphertext names it",
            NoKey::NotAboutOneKey => "none: the operation isn't about one key",
            NoKey::NotRecorded => "unknown: the record doesn't name it",
        }
    }
}

/// Operations that aren't about one existing key: those of the KMS API that take no key id, or only as a filter.
const KEYLESS: [&str; 11] = [
    "ConnectCustomKeyStore",
    "CreateCustomKeyStore",
    "CreateKey",
    "DeleteCustomKeyStore",
    "DescribeCustomKeyStores",
    "DisconnectCustomKeyStore",
    "GenerateRandom",
    "ListAliases",
    "ListKeys",
    "ListRetirableGrants",
    "UpdateCustomKeyStore",
];

/// Which of the several keys and contexts of a call: `ReEncrypt` has two of each.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Side {
    /// `ReEncrypt` decrypts with this one.
    Source,
    /// `ReEncrypt` encrypts with this one.
    Destination,
}

/// The keys that `requestParameters` names.
#[derive(Debug, Default)]
pub(crate) struct Asked<'r> {
    pub(crate) key: Option<Text<'r>>,
    pub(crate) source: Option<Text<'r>>,
    pub(crate) destination: Option<Text<'r>>,
}

/// What else of a record says which key it is about.
pub(crate) struct Around<'a, 'r> {
    pub(crate) resources: Option<Value<'r>>,
    pub(crate) message: Option<&'a Text<'r>>,
    pub(crate) denial: Option<&'a Denial<'r>>,
}

impl<'r> Around<'_, 'r> {
    /// The ARN of the key that the caller was denied: AWS wrote it, whatever the caller called the key.
    fn denied_arn(&self) -> Option<Text<'r>> {
        let resource = self.denial.and_then(|denial| denial.resource.as_ref())?;
        part(resource, |resource| find_word(resource, arn_word))
    }

    /// The key that the error message names; of a denial, only the denied resource can be it.
    fn said(&self) -> Option<Text<'r>> {
        match self.denial.and_then(|denial| denial.resource.as_ref()) {
            Some(resource) => part(resource, key_in),
            None => self.message.and_then(|message| part(message, key_in)),
        }
    }
}

fn is_alias(name: &str) -> bool {
    name_of(name).is_some_and(|(kind, _)| kind == Name::Alias)
}

impl<'r> Key<'r> {
    pub(crate) fn read(mut asked: Asked<'r>, around: &Around<'_, 'r>) -> Option<Self> {
        let wants = wanted_side(around.denial);
        let two = asked.source.is_some() || asked.destination.is_some();
        let blamed = if two { around.said() } else { None };
        let listed = around.resources.and_then(|resources| listed(resources, blamed.as_deref(), wants));
        let given = asked.take(wants);
        if let Some(mut key) = listed {
            key.asked_as = given.filter(|given| is_alias(given)).filter(|_| key.id().is_some());
            return Some(key);
        }
        if let Some(text) = around.denied_arn().filter(|_| !two) {
            let asked_as = given.filter(|alias| is_alias(alias) && !is_alias(&text));
            return Some(Key { text, asked_as, owner: None, place: Place::ErrorMessage });
        }
        let of = |text, place| Key { text, asked_as: None, owner: None, place };
        let blamed = blamed.map(|text| of(text, Place::ErrorMessage));
        let given = || given.map(|text| of(text, Place::Request));
        blamed.or_else(given).or_else(|| around.said().map(|text| of(text, Place::ErrorMessage)))
    }

    /// The key's id: `1234abcd-…`, or `mrk-…` for multi-region keys; `None` where only an alias is known.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        name_of(&self.text).filter(|(kind, _)| *kind == Name::Id).map(|(_, id)| id)
    }

    /// The account that owns it: from its ARN, else from `resources`. A bare id or alias belongs to the caller's
    /// account, which isn't repeated here.
    #[must_use]
    pub fn account(&self) -> Option<&str> {
        Arn::parse(&self.text).and_then(|arn| some(arn.account)).or(self.owner.as_deref())
    }

    /// The owner's account if it is known to be another than the caller's.
    #[must_use]
    pub fn other_account(&self, caller: &Principal<'_>) -> Option<&str> {
        let own = caller.account.as_deref().filter(|own| *own != ANONYMOUS)?;
        self.account().filter(|account| *account != own)
    }

    /// Whether its ARN stops too early: CloudTrail cuts error messages at 1 KB.
    #[must_use]
    pub fn cut_off(&self) -> bool {
        let from_arn = self.place == Place::ErrorMessage && self.text.starts_with("arn:");
        from_arn && self.id().is_some_and(|id| id.len() < ID)
    }

    /// The same text for the same key: an ARN as it stands; a bare id or alias as the ARN that it is short for, where
    /// the caller's account and region are known for sure.
    #[must_use]
    pub fn full_name(&self, home: Option<Home<'_>>) -> Text<'_> {
        match (name_of(&self.text), home) {
            (Some((Name::Alias, alias)), Some(home)) if alias == self.text => home.arn(alias).into(),
            (Some((Name::Id, id)), Some(home)) if id == self.text && is_id(id) => {
                home.arn(&format!("key/{id}")).into()
            }
            _ => Text::Borrowed(&self.text),
        }
    }

    /// What else there is to say of it, a clause each: raw text, each piece at most
    /// [`MAX_WORD`](super::MAX_WORD) bytes.
    #[must_use]
    pub fn notes(&self, caller: &Principal<'_>) -> Vec<String> {
        let alias = self.asked_as.as_deref();
        let all = [
            alias.map(|alias| format!("asked for as {}", short(alias))),
            self.other_account(caller)
                .map(|account| format!("of account {}, not the caller's", short(account))),
            self.cut_off().then(|| "cut off, as CloudTrail keeps 1 KB of a message".to_owned()),
        ];
        all.into_iter().flatten().collect()
    }

    fn into_owned(self) -> Key<'static> {
        Key {
            text: self.text.into_owned().into(),
            asked_as: owned(self.asked_as),
            owner: owned(self.owner),
            place: self.place,
        }
    }
}

/// Where a caller's own keys are: KMS looks for a bare id or alias there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Home<'c> {
    region: &'c str,
    account: &'c str,
}

/// The partitions of Amazon Resource Names by how their regions begin; all other regions are in `aws`.
const PARTITIONS: [(&str, &str); 7] = [
    ("cn-", "aws-cn"),
    ("us-gov-", "aws-us-gov"),
    ("us-iso-", "aws-iso"),
    ("us-isob-", "aws-iso-b"),
    ("eu-isoe-", "aws-iso-e"),
    ("us-isof-", "aws-iso-f"),
    ("eusc-", "aws-eusc"),
];

impl<'c> Home<'c> {
    /// `None` for what no region or account can be called.
    pub(crate) fn new(region: &'c str, account: &'c str) -> Option<Self> {
        let of_region = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
        let is_region = (1..32).contains(&region.len()) && region.bytes().all(of_region);
        let is_account = account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit());
        (is_region && is_account).then_some(Home { region, account })
    }

    fn arn(self, resource: &str) -> String {
        let known = PARTITIONS.iter().find(|(start, _)| self.region.starts_with(start));
        let partition = known.map_or("aws", |(_, partition)| partition);
        format!("arn:{partition}:kms:{}:{}:{resource}", self.region, self.account)
    }
}

/// Whether a bare name can only be a key's id.
fn is_id(name: &str) -> bool {
    let hexadecimal = |text: &str| text.bytes().all(|byte| byte.is_ascii_hexdigit() || byte == b'-');
    name.len() == ID && hexadecimal(name.strip_prefix("mrk-").unwrap_or(name))
}

impl<'r> Asked<'r> {
    fn take(&mut self, wants: Side) -> Option<Text<'r>> {
        let (first, second) = match wants {
            Side::Source => (&mut self.source, &mut self.destination),
            Side::Destination => (&mut self.destination, &mut self.source),
        };
        self.key.take().or_else(|| first.take()).or_else(|| second.take())
    }

    /// Keeps what can only be a KMS key: other services name other things `keyId`.
    pub(crate) fn surely_kms(self) -> Self {
        let sure = |text: &Text<'_>| text.starts_with("alias/") || kms_arn(text).is_some();
        Asked {
            key: self.key.filter(sure),
            source: self.source.filter(sure),
            destination: self.destination.filter(sure),
        }
    }

    pub(crate) fn into_owned(self) -> Asked<'static> {
        Asked { key: owned(self.key), source: owned(self.source), destination: owned(self.destination) }
    }
}

/// `kms:ReEncryptTo` is denied on the destination's key, everything else is about the first.
fn wanted_side(denial: Option<&Denial<'_>>) -> Side {
    let action = denial.and_then(|denial| denial.action.as_deref());
    if action == Some("kms:ReEncryptTo") { Side::Destination } else { Side::Source }
}

/// The key in `resources`: the one the error blames, else the wanted one of two, else the first.
fn listed<'r>(resources: Value<'r>, blamed: Option<&str>, wants: Side) -> Option<Key<'r>> {
    let borrowed = |resources| choose(resources, blamed, wants);
    let owned = |resources: Value<'_>| choose(resources, blamed, wants).map(Key::into_owned);
    stringified::open(resources, borrowed, owned).flatten()
}

fn choose<'r>(resources: Value<'r>, blamed: Option<&str>, wants: Side) -> Option<Key<'r>> {
    let mut keys = resources.elements().take(MAX_RESOURCES).filter_map(entry);
    let first = keys.next()?;
    if blamed.is_none() && wants == Side::Source {
        return Some(first);
    }
    let rest: Vec<Key<'r>> = keys.collect();
    let is_blamed = |key: &&Key<'_>| blamed.is_some_and(|blamed| *key.text == *blamed);
    let found = std::iter::once(&first).chain(&rest).find(is_blamed).cloned();
    let second = || rest.first().filter(|_| blamed.is_none() && wants == Side::Destination).cloned();
    found.or_else(second).or_else(|| blamed.is_none().then_some(first))
}

/// The length of a key's id: a UUID, or `mrk-` and 32 hexadecimal digits.
const ID: usize = 36;

/// How many entries of `resources` are looked at; KMS writes two at most.
const MAX_RESOURCES: usize = 16;

/// An entry of `resources`, if it is a key. Older records have no `type` there.
fn entry(resource: Value<'_>) -> Option<Key<'_>> {
    let (mut arn, mut owner, mut is_key) = (None, None, false);
    each_member(resource, |name, value| match name {
        "ARN" | "arn" => arn = word(Some(value)),
        "accountId" => owner = word(Some(value)),
        "type" => is_key = value.says("AWS::KMS::Key"),
        _ => {}
    });
    let text =
        arn.filter(|arn| is_key || kms_arn(arn).is_some_and(|resource| resource.starts_with("key/")))?;
    Some(Key { text, asked_as: None, owner, place: Place::Resources })
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Name {
    Id,
    Alias,
}

/// The key id or alias in an ARN, or given by itself.
fn name_of(text: &str) -> Option<(Name, &str)> {
    let resource = if text.starts_with("arn:") { kms_arn(text)? } else { text };
    if resource.starts_with("alias/") {
        return Some((Name::Alias, resource));
    }
    let id = resource.strip_prefix("key/").or_else(|| (!text.starts_with("arn:")).then_some(resource))?;
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
    (!id.is_empty() && id.bytes().all(plain)).then_some((Name::Id, id))
}

/// The resource part of a KMS ARN.
fn kms_arn(text: &str) -> Option<&str> {
    Arn::parse(text).filter(|arn| arn.service == "kms").map(|arn| arn.resource)
}

/// The key that an error message names: the first ARN of a key or alias in it, else what stands where KMS puts
/// an id or alias (`Key '…' does not exist`, `alias/… is not found`, `Invalid keyId …`).
fn key_in(message: &str) -> Option<&str> {
    let has = |mark: &str| memmem::find(message.as_bytes(), mark.as_bytes()).is_some();
    let arn = if has(":kms:") { find_word(message, arn_word) } else { None };
    let alias = || if has("alias/") { find_word(message, alias_word) } else { None };
    arn.or_else(|| quoted_key(message)).or_else(alias)
}

fn arn_word(word: &str) -> Option<&str> {
    let arn = word.get(word.find("arn:")?..)?;
    let resource = kms_arn(arn)?;
    (resource.starts_with("key/") || resource.starts_with("alias/")).then_some(arn)
}

fn alias_word(word: &str) -> Option<&str> {
    (word.len() > "alias/".len() && word.starts_with("alias/")).then_some(word)
}

fn quoted_key(message: &str) -> Option<&str> {
    let quoted = message.split_once("Key '").and_then(|(_, rest)| rest.split(['\'', ' ']).next());
    let quoted = quoted.filter(|name| name_of(name).is_some());
    let invalid = || {
        let (_, rest) = message.split_once("nvalid keyId ")?;
        rest.split_ascii_whitespace().next().map(super::text::bare).and_then(some)
    };
    quoted.or_else(invalid)
}

/// Whether an `eventSource` is KMS's.
pub(crate) fn is_kms(source: &str) -> bool {
    source.starts_with("kms.")
}

/// Why a call without a key has none.
pub(crate) fn why_none(call: &super::Call<'_>) -> NoKey {
    let is_kms = call.source.as_deref().is_some_and(is_kms);
    let hidden = call.denial.as_ref().is_some_and(|denial| denial.in_ciphertext);
    let operation = call.operation.as_deref();
    if !is_kms {
        NoKey::NotKms
    } else if call.error.as_deref().map(error::bare) == Some(error::VPCE) {
        NoKey::StoppedByEndpoint
    } else if operation.is_some_and(|operation| KEYLESS.contains(&operation)) {
        NoKey::NotAboutOneKey
    } else if hidden {
        NoKey::HiddenInCiphertext
    } else {
        NoKey::NotRecorded
    }
}
