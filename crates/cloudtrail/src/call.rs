//! One API call as a person reads it: who did what, with which key, on whose data, and why it failed.
//!
//! [`Call::from_record`] reads one CloudTrail record. It never fails: what a record lacks, or has as another type
//! than CloudTrail writes, is absent from the call. Texts stay borrowed from the record wherever they can.
//!
//! All text is the record's own and may be hostile: field values as long as the record made them, `words()` with
//! each piece cut at [`MAX_WORD`] bytes. Escaping is the printer's job.

mod data;
mod denial;
mod error;
mod key;
mod principal;
mod service;
mod stringified;
mod success;
mod text;
mod time;

use json::Value;

pub use data::{Data, DataKind, MAX_DATA};
pub use denial::{Denial, Policy, Reason};
pub use error::{Meaning, Tier, error_meaning, error_name};
pub use key::{Home, Key, NoKey, Place, Side};
pub use principal::{Issuer, Principal, Workload};
pub use service::ON_THEIR_OWN;
pub use stringified::MAX_STRINGIFIED;
pub use text::{MAX_ID, MAX_WORD, Text};
pub use time::seconds;

use text::{each_member, flag, owned, text, word};

/// One API call, from one record. Field names follow the record's (CloudTrail User Guide, "Record contents").
#[derive(Debug, Clone)]
pub struct Call<'r> {
    /// `eventID`.
    pub event_id: Option<Text<'r>>,
    /// `addendum.originalEventID`, where the record corrects an earlier one (`addendum.reason` `UPDATED_DATA`).
    pub original_event_id: Option<Text<'r>>,
    /// `sharedEventID`: the same in the records of one call in several accounts.
    pub shared_event_id: Option<Text<'r>>,
    /// `recipientAccountId`: in whose trail the record is.
    pub recipient_account: Option<Text<'r>>,
    /// `eventTime`, else `@timestamp`: seconds since 1970-01-01 UTC.
    pub time: Option<i64>,
    /// `eventSource`, such as `kms.amazonaws.com`.
    pub source: Option<Text<'r>>,
    /// `eventName`, such as `Decrypt`.
    pub operation: Option<Text<'r>>,
    /// `awsRegion`.
    pub region: Option<Text<'r>>,
    /// `errorCode` where it is a string or number, the empty string included: the call failed.
    pub error: Option<Text<'r>>,
    /// `errorMessage`; CloudTrail cuts it at 1 KB.
    pub error_message: Option<Text<'r>>,
    /// Who called.
    pub principal: Principal<'r>,
    /// The key it was about; [`Call::no_key`] says why there is none.
    pub key: Option<Key<'r>>,
    /// What the encryption contexts name, at most [`MAX_DATA`].
    pub data: Vec<Data<'r>>,
    /// How many more entries they have than `data` holds.
    pub data_more: usize,
    /// `sourceIPAddress`: an address, or the host name of an AWS service.
    pub source_address: Option<Text<'r>>,
    /// `userAgent`: what the caller says that it is.
    pub user_agent: Option<Text<'r>>,
    /// `vpcEndpointId`.
    pub vpc_endpoint: Option<Text<'r>>,
    /// `vpcEndpointAccountId`: who owns that endpoint.
    pub vpc_endpoint_account: Option<Text<'r>>,
    /// Why access was denied, if the error is about that.
    pub denial: Option<Denial<'r>>,
    /// `eventType`, such as `AwsApiCall`.
    pub event_type: Option<Text<'r>>,
}

/// By what a record is the same as another one: AWS gives each record an `eventID` of its own, and delivers one that
/// concerns two accounts to both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Identity<'c> {
    /// `eventID`; of a correction, the original's.
    pub event_id: &'c str,
    /// `recipientAccountId`, empty if absent.
    pub recipient_account: &'c str,
}

impl Identity<'_> {
    /// Whether AWS gave the event id: a GUID ("CloudTrail record contents", `eventID`). Invented ones aren't, and may not be
    /// different where the records are.
    #[must_use]
    pub fn is_from_aws(&self) -> bool {
        let is_guid = |(index, byte): (usize, u8)| match index {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        };
        self.event_id.len() == 36 && self.event_id.bytes().enumerate().all(is_guid)
    }
}

impl<'r> Call<'r> {
    /// Reads a record. What isn't an object gives a call that knows nothing.
    #[must_use]
    pub fn from_record(record: Value<'r>) -> Self {
        let fields = Fields::of(record);
        let error = text(fields.error);
        let error_message = word(fields.error_message);
        let denial = Denial::read(error.as_deref(), error_message.as_ref());
        let source = word(fields.source);
        let mut request = Request::of(fields.request);
        if !source.as_deref().is_some_and(key::is_kms) {
            request.asked = request.asked.surely_kms();
        }
        let around = key::Around {
            resources: fields.resources,
            message: error_message.as_ref(),
            denial: denial.as_ref(),
        };
        let key = Key::read(request.asked, &around);
        let recipient_account = word(fields.recipient);
        let user_agent = word(fields.user_agent);
        let around = principal::Around {
            identity: fields.identity,
            user_agent: user_agent.as_deref(),
            recipient: recipient_account.as_deref(),
            from_console: flag(fields.from_console) == Some(true),
            denied: denial.as_ref().and_then(|denial| denial.user.as_ref()),
        };
        let principal = Principal::read(&around);
        Call {
            event_id: word(fields.event_id),
            original_event_id: fields.addendum.and_then(original),
            shared_event_id: word(fields.shared_event_id),
            time: time_of(fields.time).or_else(|| time_of(fields.timestamp)),
            source,
            operation: word(fields.operation),
            region: word(fields.region),
            source_address: word(fields.source_address),
            vpc_endpoint: word(fields.vpc_endpoint),
            vpc_endpoint_account: word(fields.vpc_endpoint_account),
            event_type: word(fields.event_type),
            data: request.data,
            data_more: request.data_more,
            recipient_account,
            error,
            error_message,
            principal,
            key,
            user_agent,
            denial,
        }
    }

    /// By what this record is the same as another one; `None` without an event id: such a record is never a
    /// duplicate.
    #[must_use]
    pub fn identity(&self) -> Option<Identity<'_>> {
        let event_id = self.event_id.as_deref()?;
        let event_id = self.original_event_id.as_deref().unwrap_or(event_id);
        Some(Identity { event_id, recipient_account: self.recipient_account.as_deref().unwrap_or_default() })
    }

    /// Whether AWS did this on its own behalf, with no person or workload waiting for the answer: see
    /// [`ON_THEIR_OWN`]. When in doubt, no.
    #[must_use]
    pub fn by_service(&self) -> bool {
        service::on_its_own(&self.principal, self.event_type.as_deref())
    }

    /// `userIdentity.invokedBy`: the AWS service that made the call, or that the caller made it through.
    #[must_use]
    pub fn invoked_by(&self) -> Option<&str> {
        self.principal.invoked_by.as_deref()
    }

    /// Why the call has no key; `None` if it has one.
    #[must_use]
    pub fn no_key(&self) -> Option<NoKey> {
        self.key.is_none().then(|| key::why_none(self))
    }

    /// The key, the same text for the same key wherever the record names it and however the caller called it: its
    /// ARN, or, where account or region aren't known for sure, what the record has.
    #[must_use]
    pub fn key_name(&self) -> Option<Text<'_>> {
        self.key.as_ref().map(|key| key.full_name(self.home()))
    }

    /// Where the caller's own keys are; `None` in another account's trail, which may know the account of the caller
    /// but says little else about the call.
    fn home(&self) -> Option<key::Home<'_>> {
        let account = self.principal.account.as_deref()?;
        let here = self.recipient_account.as_deref().is_none_or(|recipient| recipient == account);
        key::Home::new(self.region.as_deref()?, account).filter(|_| here)
    }

    /// What else there is to say of the key, or why there is none: a clause each.
    #[must_use]
    pub fn key_notes(&self) -> Vec<String> {
        match &self.key {
            Some(key) => key.notes(&self.principal),
            None => vec![key::why_none(self).words().to_owned()],
        }
    }

    /// What the error means, or that the call succeeded; `None` if that means nothing special.
    #[must_use]
    pub fn meaning(&self) -> Option<Meaning> {
        let error = self.error.as_deref().map(|code| (code, self.error_message.as_deref()));
        meaning(self.source.as_deref(), self.operation.as_deref(), error)
    }
}

/// What `error` (`errorCode`, `errorMessage`) of a call of `source` means, or that `operation` succeeded, where there is no
/// error; `None` if that means nothing special.
#[must_use]
pub fn meaning(
    source: Option<&str>,
    operation: Option<&str>,
    error: Option<(&str, Option<&str>)>,
) -> Option<Meaning> {
    match error {
        Some((code, message)) if source == Some("kms.amazonaws.com") => Some(error_meaning(code, message)),
        Some((code, _)) => Some(error::general_meaning(code)),
        None => success::meaning(source?, operation?),
    }
}

/// The members of a record that are read here.
#[derive(Default)]
struct Fields<'r> {
    addendum: Option<Value<'r>>,
    error: Option<Value<'r>>,
    error_message: Option<Value<'r>>,
    event_id: Option<Value<'r>>,
    event_type: Option<Value<'r>>,
    from_console: Option<Value<'r>>,
    identity: Option<Value<'r>>,
    operation: Option<Value<'r>>,
    recipient: Option<Value<'r>>,
    region: Option<Value<'r>>,
    request: Option<Value<'r>>,
    resources: Option<Value<'r>>,
    shared_event_id: Option<Value<'r>>,
    source: Option<Value<'r>>,
    source_address: Option<Value<'r>>,
    time: Option<Value<'r>>,
    timestamp: Option<Value<'r>>,
    user_agent: Option<Value<'r>>,
    vpc_endpoint: Option<Value<'r>>,
    vpc_endpoint_account: Option<Value<'r>>,
}

impl<'r> Fields<'r> {
    /// One pass over the record; of a repeated key the last value counts.
    fn of(record: Value<'r>) -> Self {
        let mut fields = Fields::default();
        each_member(record, |key, value| {
            if let Some(field) = fields.named(key) {
                *field = Some(value);
            }
        });
        fields
    }

    fn named(&mut self, key: &str) -> Option<&mut Option<Value<'r>>> {
        Some(match key {
            "@timestamp" => &mut self.timestamp,
            "addendum" => &mut self.addendum,
            "awsRegion" => &mut self.region,
            "errorCode" => &mut self.error,
            "errorMessage" => &mut self.error_message,
            "eventID" => &mut self.event_id,
            "eventName" => &mut self.operation,
            "eventSource" => &mut self.source,
            "eventTime" => &mut self.time,
            "eventType" => &mut self.event_type,
            "recipientAccountId" => &mut self.recipient,
            "requestParameters" => &mut self.request,
            "resources" => &mut self.resources,
            "sessionCredentialFromConsole" => &mut self.from_console,
            "sharedEventID" => &mut self.shared_event_id,
            "sourceIPAddress" => &mut self.source_address,
            "userAgent" => &mut self.user_agent,
            "userIdentity" => &mut self.identity,
            "vpcEndpointAccountId" => &mut self.vpc_endpoint_account,
            "vpcEndpointId" => &mut self.vpc_endpoint,
            _ => return None,
        })
    }
}

/// What `requestParameters` says.
#[derive(Default)]
struct Request<'r> {
    asked: key::Asked<'r>,
    data: Vec<Data<'r>>,
    data_more: usize,
}

impl<'r> Request<'r> {
    fn of(parameters: Option<Value<'r>>) -> Self {
        let borrowed = Request::read;
        let owned = |parameters: Value<'_>| Request::read(parameters).into_owned();
        parameters.and_then(|value| stringified::open(value, borrowed, owned)).unwrap_or_default()
    }

    fn read(parameters: Value<'r>) -> Self {
        let mut request = Request::default();
        each_member(parameters, |name, value| {
            let asked = &mut request.asked;
            let data = (&mut request.data, &mut request.data_more);
            match name {
                "keyId" | "targetKeyId" => asked.key = word(Some(value)),
                "aliasName" | "kmsKeyId" => asked.key = asked.key.take().or_else(|| word(Some(value))),
                "sourceKeyId" => asked.source = word(Some(value)),
                "destinationKeyId" => asked.destination = word(Some(value)),
                "encryptionContext" => data::read(value, None, data),
                "sourceEncryptionContext" => data::read(value, Some(Side::Source), data),
                "destinationEncryptionContext" => {
                    data::read(value, Some(Side::Destination), data);
                }
                _ => {}
            }
        });
        request
    }

    fn into_owned(self) -> Request<'static> {
        let data = self.data.into_iter().map(Data::into_owned).collect();
        Request { asked: self.asked.into_owned(), data, data_more: self.data_more }
    }
}

fn time_of(value: Option<Value<'_>>) -> Option<i64> {
    seconds(&value?.string()?)
}

/// The id of the record that this one corrects.
fn original(addendum: Value<'_>) -> Option<Text<'_>> {
    let borrowed = |addendum| original_in(addendum);
    stringified::open(addendum, borrowed, |addendum| owned(original_in(addendum))).flatten()
}

fn original_in(addendum: Value<'_>) -> Option<Text<'_>> {
    let updated = addendum.get("reason").is_some_and(|reason| reason.says("UPDATED_DATA"));
    word(addendum.get("originalEventID")).filter(|_| updated)
}
