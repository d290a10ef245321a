//! The shape of a CloudTrail record, and how the parts of a call fill it.

use serde::Serialize;
use serde_json::{Value, json};

use crate::clock::Time;
use crate::random::Random;
use crate::world::{Key, Site};

/// One CloudTrail record. Its fields are written in the order in which CloudTrail writes them.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Record {
    pub(crate) event_version: &'static str,
    pub(crate) user_identity: Identity,
    pub(crate) event_time: Time,
    pub(crate) event_source: String,
    pub(crate) event_name: String,
    pub(crate) aws_region: &'static str,
    #[serde(rename = "sourceIPAddress")]
    pub(crate) source_ip_address: String,
    pub(crate) user_agent: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error_code: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) error_message: Option<String>,
    /// `None` where CloudTrail leaves the field out; mostly it is there and null.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) request_parameters: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) response_elements: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) additional_event_data: Option<Value>,
    #[serde(rename = "requestID")]
    pub(crate) request_id: String,
    #[serde(rename = "eventID")]
    pub(crate) event_id: String,
    pub(crate) read_only: bool,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(crate) resources: Vec<Resource>,
    pub(crate) event_type: &'static str,
    pub(crate) management_event: bool,
    pub(crate) recipient_account_id: &'static str,
    #[serde(rename = "sharedEventID", skip_serializing_if = "Option::is_none")]
    pub(crate) shared_event_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) vpc_endpoint_id: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) vpc_endpoint_account_id: Option<&'static str>,
    pub(crate) event_category: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) tls_details: Option<TlsDetails>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) session_credential_from_console: Option<&'static str>,
}

/// Who called.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Identity {
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) principal_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) arn: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) account_id: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) access_key_id: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) user_name: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) session_context: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) invoked_by: Option<&'static str>,
}

/// What was called upon.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Resource {
    pub(crate) account_id: &'static str,
    #[serde(rename = "type")]
    pub(crate) kind: &'static str,
    #[serde(rename = "ARN")]
    pub(crate) arn: String,
}

/// How the caller's connection was encrypted.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct TlsDetails {
    tls_version: &'static str,
    cipher_suite: &'static str,
    client_provided_host_header: String,
}

/// A caller and where the call comes from.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) identity: Identity,
    pub(crate) address: String,
    pub(crate) agent: &'static str,
}

impl Caller {
    /// The same caller, when an AWS service calls in its name.
    pub(crate) fn through(mut self, service: &'static str) -> Self {
        self.identity.invoked_by = Some(service);
        self.address = service.into();
        self.agent = service;
        self
    }
}

impl Record {
    /// A call that succeeded: `service` is the part of `eventSource` before `.amazonaws.com`.
    pub(crate) fn new(
        random: &mut Random,
        site: Site,
        time: Time,
        caller: &Caller,
        service: &str,
        name: &str,
    ) -> Self {
        let by_service = caller.identity.invoked_by.is_some();
        let host = || format!("{service}.{}.amazonaws.com", site.region);
        Self {
            event_version: "1.11",
            user_identity: caller.identity.clone(),
            event_time: time,
            event_source: format!("{service}.amazonaws.com"),
            event_name: name.into(),
            aws_region: site.region,
            source_ip_address: caller.address.clone(),
            user_agent: caller.agent.into(),
            error_code: None,
            error_message: None,
            request_parameters: Some(Value::Null),
            response_elements: Some(Value::Null),
            additional_event_data: None,
            request_id: random.uuid(),
            event_id: random.uuid(),
            read_only: is_read(name),
            resources: Vec::new(),
            event_type: "AwsApiCall",
            management_event: true,
            recipient_account_id: site.account,
            // Real records of a service's own calls carry it even where only one account is concerned.
            shared_event_id: (caller.identity.kind == "AWSService").then(|| random.uuid()),
            vpc_endpoint_id: None,
            vpc_endpoint_account_id: None,
            event_category: "Management",
            tls_details: (!by_service).then(|| TlsDetails::new(host())),
            session_credential_from_console: None,
        }
    }

    pub(crate) fn request(mut self, parameters: Value) -> Self {
        self.request_parameters = Some(parameters);
        self
    }

    pub(crate) fn response(mut self, elements: Value) -> Self {
        self.response_elements = Some(elements);
        self
    }

    /// The call concerns a key.
    pub(crate) fn key(mut self, key: &Key) -> Self {
        self.resources = vec![Resource { account_id: key.account, kind: "AWS::KMS::Key", arn: key.arn() }];
        self
    }

    /// The call failed; what CloudTrail then leaves out depends on why.
    pub(crate) fn failed(mut self, code: &str, message: Option<String>) -> Self {
        if matches!(code, "AccessDenied" | "NotFoundException" | "ThrottlingException") {
            self.request_parameters = Some(Value::Null);
            self.resources.clear();
        }
        self.response_elements = Some(Value::Null);
        self.error_code = Some(code.into());
        self.error_message = message;
        self
    }

    /// The call failed because no policy allows it.
    pub(crate) fn denied(self, action: &str, resource: &str) -> Self {
        let who = self.user_identity.arn.clone().unwrap_or_default();
        let why = format!("because no identity-based policy allows the {action} action");
        self.failed(
            "AccessDenied",
            Some(format!("User: {who} is not authorized to perform: {action} on resource: {resource} {why}")),
        )
    }

    /// An access to an object, which trails record as data events.
    pub(crate) fn data_event(mut self) -> Self {
        self.management_event = false;
        self.event_category = "Data";
        self
    }

    /// When it was called.
    #[must_use]
    pub const fn time(&self) -> Time {
        self.event_time
    }

    /// In whose log files the record stands.
    #[must_use]
    pub const fn site(&self) -> Site {
        Site { account: self.recipient_account_id, region: self.aws_region }
    }

    /// The caller's ARN, where the record has one.
    #[must_use]
    pub fn principal_arn(&self) -> Option<&str> {
        self.user_identity.arn.as_deref()
    }

    /// Why the call failed, if it did.
    #[must_use]
    pub fn error_code(&self) -> Option<&str> {
        self.error_code.as_deref()
    }

    /// Is this a call to KMS that failed?
    #[must_use]
    pub fn is_failed_kms_call(&self) -> bool {
        self.event_source == "kms.amazonaws.com" && self.error_code.is_some()
    }
}

impl TlsDetails {
    fn new(host: String) -> Self {
        Self {
            tls_version: "TLSv1.3",
            cipher_suite: "TLS_AES_128_GCM_SHA256",
            client_provided_host_header: host,
        }
    }
}

/// A `Decrypt` under a key with an encryption context. As in real records, the request doesn't name the key.
pub(crate) fn decrypt(
    random: &mut Random,
    site: Site,
    time: Time,
    caller: &Caller,
    key: &Key,
    context: &Value,
) -> Record {
    let parameters = json!({"encryptionAlgorithm": "SYMMETRIC_DEFAULT", "encryptionContext": context});
    Record::new(random, site, time, caller, "kms", "Decrypt").request(parameters).key(key)
}

/// A direct `Decrypt` that names its key.
pub(crate) fn decrypt_with(
    random: &mut Random,
    site: Site,
    time: Time,
    caller: &Caller,
    key: &Key,
    context: &Value,
) -> Record {
    let parameters = json!({
        "encryptionAlgorithm": "SYMMETRIC_DEFAULT", "encryptionContext": context, "keyId": key.arn(),
    });
    decrypt(random, site, time, caller, key, context).request(parameters)
}

/// A `GenerateDataKey` under a key with an encryption context.
pub(crate) fn generate_data_key(
    random: &mut Random,
    site: Site,
    time: Time,
    caller: &Caller,
    key: &Key,
    context: &Value,
) -> Record {
    let parameters = json!({"keyId": key.arn(), "keySpec": "AES_256", "encryptionContext": context});
    Record::new(random, site, time, caller, "kms", "GenerateDataKey").request(parameters).key(key)
}

/// CloudTrail counts the cryptographic operations as reads, and `AssumeRole` too.
fn is_read(name: &str) -> bool {
    const READS: [&str; 5] = ["Describe", "Get", "List", "Decrypt", "GenerateDataKey"];
    name == "AssumeRole" || READS.iter().any(|prefix| name.starts_with(prefix))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::at;
    use crate::world::{Callers, PAYMENTS, PRODUCTION};

    fn sample() -> Record {
        let mut random = Random::new("record");
        let context = json!({"aws:s3:arn": "arn:aws:s3:::a-bucket/an-object"});
        let task = Callers::of_day(at(0, 0, 0)).payments_task(0);
        decrypt(&mut random, PRODUCTION, at(1, 2, 3), &task, &PAYMENTS, &context)
    }

    #[test]
    fn a_success_has_no_error_and_names_its_key_as_a_resource() {
        let text = serde_json::to_value(sample()).unwrap();
        assert!(text.get("errorCode").is_none());
        assert_eq!(text["resources"][0]["ARN"], PAYMENTS.arn());
        assert!(text["requestParameters"].get("keyId").is_none());
    }

    #[test]
    fn a_denied_call_has_neither_parameters_nor_resources() {
        let text = serde_json::to_value(sample().denied("kms:Decrypt", &PAYMENTS.arn())).unwrap();
        assert_eq!(text["errorCode"], "AccessDenied");
        assert!(text["requestParameters"].is_null());
        assert!(text.get("resources").is_none());
        assert!(text["errorMessage"].as_str().unwrap().contains(&PAYMENTS.arn()));
    }
}
