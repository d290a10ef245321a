//! The afternoon of the examples, on which somebody uses the build server's access key from elsewhere.

use serde::Serialize;
use serde_json::{Value, json};

use crate::background::dry_run;
use crate::clock::{Time, at};
use crate::random::Random;
use crate::record::{Caller, Record, decrypt, decrypt_with};
use crate::world::{
    ANALYTICS, ATTACKER_ADDRESS, Callers, DEPLOYER_KEY, Key, LAKE, LAMBDA, LOGS, MAIN_TRAIL, ORDERS,
    PAYMENTS, PRODUCTION, SECRETS, Site, TRAIL, VOLUMES, attacker,
};

/// When the payments key stops working, is marked for deletion, is no longer marked, and works again.
const DISABLED: Time = at(14, 50, 12);
const SCHEDULED: Time = at(14, 52, 40);
const CANCELLED: Time = at(15, 24, 48);
const RESTORED: Time = at(15, 25, 3);

/// Who else is there.
const CALLERS: Callers = Callers::of_day(at(0, 0, 0));

/// Something that happens in the story.
#[derive(Debug, Clone, Serialize)]
pub struct Step {
    /// When.
    pub time: Time,
    /// What, in a sentence.
    pub what: String,
}

/// What is told, in order, and the records that show it.
pub(crate) struct Story {
    random: Random,
    pub(crate) steps: Vec<Step>,
    pub(crate) records: Vec<Record>,
}

/// The whole story.
pub(crate) fn tell() -> Story {
    let mut story = Story { random: Random::new("story"), steps: Vec::new(), records: Vec::new() };
    story.look_around();
    story.dry_runs();
    story.enumerate_keys();
    story.try_ciphertexts();
    story.reach_across_accounts();
    story.come_through_the_endpoint();
    story.blind_the_trails();
    story.destroy();
    story.recover();
    story.steps.sort_by_key(|step| step.time);
    story
}

impl Story {
    fn step(&mut self, time: Time, what: impl Into<String>) {
        self.steps.push(Step { time, what: what.into() });
    }

    /// A call of the attacker; the caller of this function finishes the record.
    fn call(&mut self, time: Time, service: &str, name: &str, parameters: Value) -> Record {
        Record::new(&mut self.random, PRODUCTION, time, &attacker(), service, name).request(parameters)
    }

    fn look_around(&mut self) {
        self.step(
            at(14, 2, 11),
            format!(
                "The access key of the user ci-deployer is used from {ATTACKER_ADDRESS}: GetCallerIdentity."
            ),
        );
        let who = self.call(at(14, 2, 11), "sts", "GetCallerIdentity", Value::Null);
        self.step(
            at(14, 2, 40),
            "It lists keys and aliases and describes five keys; two of these calls are denied.",
        );
        let keys = self.call(at(14, 2, 40), "kms", "ListKeys", Value::Null);
        let aliases = self.call(at(14, 2, 52), "kms", "ListAliases", Value::Null);
        self.records.extend([who, keys, aliases]);
        for (second, key) in [(5, &PAYMENTS), (9, &ORDERS), (14, &LAMBDA)] {
            let described = self.call(at(14, 3, second), "kms", "DescribeKey", json!({"keyId": key.arn()}));
            self.records.push(described.key(key));
        }
        for (second, key) in [(19, &SECRETS), (25, &VOLUMES)] {
            let described = self.call(at(14, 3, second), "kms", "DescribeKey", Value::Null);
            self.records.push(described.denied("kms:DescribeKey", &key.arn()));
        }
    }

    fn dry_runs(&mut self) {
        self.step(
            at(14, 5, 31),
            "It learns with dry runs which keys it may decrypt with, without leaving a success.",
        );
        let receipt = json!({"aws:s3:arn": "arn:aws:s3:::example-receipts/2025/03/09/48117.pdf"});
        let tries = [
            (
                at(14, 5, 31),
                &PAYMENTS,
                json!({"aws:s3:arn": "arn:aws:s3:::example-payments/settlements/2025/03/09/17.csv"}),
            ),
            (at(14, 5, 33), &PAYMENTS, Value::Null),
            (at(14, 5, 38), &ORDERS, receipt),
            (at(14, 5, 46), &ORDERS, Value::Null),
        ];
        for (time, key, context) in tries {
            let record = dry_run(&mut self.random, PRODUCTION, time, &attacker(), key, &context);
            self.records.push(record);
        }
    }

    fn enumerate_keys(&mut self) {
        self.step(
            at(14, 8, 4),
            "It tries to decrypt what it has collected: 16 calls on four keys, all denied.",
        );
        let keys: [&Key; 4] = [&SECRETS, &VOLUMES, &LAMBDA, &LOGS];
        for (number, key) in (0..).zip(keys.iter().cycle().take(16)) {
            let time = at(14, 8, 4).plus(number * 47);
            let record = decrypt(&mut self.random, PRODUCTION, time, &attacker(), key, &Value::Null);
            self.records.push(record.denied("kms:Decrypt", &key.arn()));
        }
    }

    fn try_ciphertexts(&mut self) {
        self.step(
            at(14, 24, 12),
            "It gives KMS the ciphertext of a secret under keys that it may use: wrong key, three times.",
        );
        let secret = json!({
            "SecretARN": "arn:aws:secretsmanager:us-east-1:111122223333:secret:orders/database-Qw7RtZ",
            "SecretVersionId": "8D0C7A15-4E2B-4F96-B3A1-C57E90D2F684",
        });
        for (second, key) in [(12, &PAYMENTS), (19, &ORDERS), (58, &PAYMENTS)] {
            let record = self.decrypt_with(at(14, 24, second), key, &secret);
            let message =
                "The key ID in the request does not identify a CMK that can perform this operation.";
            self.records.push(record.failed("IncorrectKeyException", Some(message.into())));
        }
        self.step(
            at(14, 27, 3),
            "It tries an object's data key under another object's encryption context: invalid ciphertext, three times.",
        );
        for number in 0..3 {
            let object = format!("arn:aws:s3:::example-payments/settlements/2025/03/08/{}.csv", 31 + number);
            let time = at(14, 27, 3).plus(number * 22);
            let record = self.decrypt_with(time, &PAYMENTS, &json!({"aws:s3:arn": object}));
            self.records.push(record.failed("InvalidCiphertextException", None));
        }
    }

    fn decrypt_with(&mut self, time: Time, key: &Key, context: &Value) -> Record {
        decrypt_with(&mut self.random, PRODUCTION, time, &attacker(), key, context)
    }

    fn reach_across_accounts(&mut self) {
        let time = at(14, 31, 44);
        self.step(
            time,
            "It calls Decrypt with the key of the analytics account: one call, one record in each of the two accounts.",
        );
        let context =
            json!({"aws:s3:arn": "arn:aws:s3:::example-lake/raw/orders/2025/03/09/part-00007.parquet"});
        let shared = Some(self.random.uuid());
        let mut own = self.decrypt_with(time, &LAKE, &context).failed("InvalidCiphertextException", None);
        own.shared_event_id.clone_from(&shared);
        let mut owners = own.clone();
        owners.event_id = self.random.uuid();
        owners.recipient_account_id = ANALYTICS.account;
        owners.user_identity.kind = "AWSAccount";
        owners.user_identity.arn = None;
        owners.user_identity.access_key_id = None;
        owners.user_identity.user_name = None;
        self.records.extend([own, owners]);
    }

    fn come_through_the_endpoint(&mut self) {
        let time = at(14, 38, 20);
        self.step(time, "The same key is tried from a build runner inside the network: the VPC endpoint's policy denies it.");
        let runner = Caller { address: "192.0.2.91".into(), ..attacker() };
        let mut record = Record::new(&mut self.random, PRODUCTION, time, &runner, "kms", "Decrypt");
        record.request_parameters = None;
        record.response_elements = None;
        record.error_code = Some("VpceAccessDenied".into());
        record.error_message = Some("The request was denied due to a VPC endpoint policy".into());
        record.event_type = "AwsVpceEvent";
        record.event_category = "NetworkActivity";
        record.management_event = false;
        record.vpc_endpoint_id = Some("vpce-0f1e2d3c4b5a69788");
        record.vpc_endpoint_account_id = Some(PRODUCTION.account);
        record.tls_details = None;
        self.records.push(record);
    }

    fn blind_the_trails(&mut self) {
        self.step(at(14, 45, 2), format!("It makes {MAIN_TRAIL} leave out KMS and then stops it."));
        let selector = json!({
            "readWriteType": "All", "includeManagementEvents": true, "dataResources": [],
            "excludeManagementEventSources": ["kms.amazonaws.com"],
        });
        let trail = |name: &str| trail_arn(PRODUCTION, name);
        let parameters = json!({"trailName": MAIN_TRAIL, "eventSelectors": [selector]});
        let answer = json!({"trailARN": trail(MAIN_TRAIL), "eventSelectors": [selector]});
        let excluded =
            self.call(at(14, 45, 2), "cloudtrail", "PutEventSelectors", parameters).response(answer);
        let stopped = self.call(at(14, 46, 15), "cloudtrail", "StopLogging", json!({"name": MAIN_TRAIL}));
        self.step(at(14, 46, 31), format!("It may not stop {TRAIL}, which delivered these log files."));
        let refused = self.call(at(14, 46, 31), "cloudtrail", "StopLogging", json!({"name": TRAIL}));
        let refused = refused.denied("cloudtrail:StopLogging", &trail(TRAIL));
        self.records.extend([excluded, stopped, refused]);
    }

    fn destroy(&mut self) {
        self.step(DISABLED, "It disables the payments key…");
        self.step(
            SCHEDULED,
            "…and schedules its deletion. From now on the payments service can't read its objects and queue.",
        );
        let parameters = json!({"keyId": PAYMENTS.arn()});
        let disabled =
            self.call(DISABLED, "kms", "DisableKey", parameters.clone()).response(parameters).key(&PAYMENTS);
        let parameters = json!({"keyId": PAYMENTS.arn(), "pendingWindowInDays": 7});
        let answer = json!({
            "keyId": PAYMENTS.arn(), "keyState": "PendingDeletion", "pendingWindowInDays": 7,
            "deletionDate": "Mar 17, 2025, 2:52:40 PM",
        });
        let scheduled =
            self.call(SCHEDULED, "kms", "ScheduleKeyDeletion", parameters).response(answer).key(&PAYMENTS);
        let object = json!({"aws:s3:arn": "arn:aws:s3:::example-payments/settlements/2025/03/10/206.csv"});
        let task = CALLERS.payments_task(1).through("AWS Internal");
        let read = decrypt(&mut self.random, PRODUCTION, DISABLED.plus(53), &task, &PAYMENTS, &object);
        self.records.extend([disabled, read, scheduled]);
    }

    fn recover(&mut self) {
        self.step(at(15, 12, 26), "Alice switches the access key off.");
        self.step(CANCELLED, "She cancels the deletion and enables the payments key; the service recovers.");
        self.step(at(15, 28, 10), format!("She starts {MAIN_TRAIL} again and removes its exclusion of KMS."));
        let key = json!({"keyId": PAYMENTS.arn()});
        let off = json!({"userName": "ci-deployer", "accessKeyId": DEPLOYER_KEY, "status": "Inactive"});
        let selector = json!({"readWriteType": "All", "includeManagementEvents": true, "dataResources": []});
        let selectors = json!({"trailName": MAIN_TRAIL, "eventSelectors": [selector]});
        let calls = [
            (at(15, 12, 26), "iam", "UpdateAccessKey", off),
            (CANCELLED, "kms", "CancelKeyDeletion", key.clone()),
            (RESTORED, "kms", "EnableKey", key),
            (at(15, 28, 10), "cloudtrail", "StartLogging", json!({"name": MAIN_TRAIL})),
            (at(15, 28, 41), "cloudtrail", "PutEventSelectors", selectors),
        ];
        let alice = CALLERS.person(PRODUCTION, "alice");
        for (time, service, name, parameters) in calls {
            let record =
                Record::new(&mut self.random, PRODUCTION, time, &alice, service, name).request(parameters);
            self.records.push(if service == "kms" { record.key(&PAYMENTS) } else { record });
        }
    }
}

/// Makes the calls on the payments key fail while it is disabled or marked for deletion; each is tried twice more.
pub(crate) fn break_payments(records: &mut Vec<Record>) {
    let mut random = Random::new("retries");
    let mut retries = Vec::new();
    for record in records.iter_mut().filter(|record| uses_payments(record)) {
        let Some((code, state)) = state_of_payments(record.event_time) else { continue };
        *record = record.clone().failed(code, Some(format!("{} {state}", PAYMENTS.arn())));
        for delay in [1, 3] {
            let mut retry = record.clone();
            retry.event_time = record.event_time.plus(delay);
            retry.event_id = random.uuid();
            retry.request_id = random.uuid();
            retries.push(retry);
        }
    }
    records.append(&mut retries);
}

/// Which error the payments key answers with at a time, and what the message says of it.
fn state_of_payments(time: Time) -> Option<(&'static str, &'static str)> {
    if (SCHEDULED..CANCELLED).contains(&time) {
        Some(("KMSInvalidStateException", "is pending deletion."))
    } else if (DISABLED..RESTORED).contains(&time) {
        Some(("DisabledException", "is disabled."))
    } else {
        None
    }
}

fn uses_payments(record: &Record) -> bool {
    let cryptographic = matches!(record.event_name.as_str(), "Decrypt" | "GenerateDataKey");
    cryptographic && record.resources.iter().any(|resource| resource.arn == PAYMENTS.arn())
}

fn trail_arn(site: Site, name: &str) -> String {
    format!("arn:aws:cloudtrail:{}:{}:trail/{name}", site.region, site.account)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_on_the_broken_key_fails_and_is_tried_twice_more() {
        let mut random = Random::new("test");
        let mut read =
            |time| decrypt(&mut random, PRODUCTION, time, &CALLERS.payments_task(0), &PAYMENTS, &Value::Null);
        let mut records = vec![read(DISABLED.plus(-1)), read(SCHEDULED), read(RESTORED)];
        break_payments(&mut records);
        let codes: Vec<_> = records.iter().map(|record| record.error_code.as_deref()).collect();
        let pending = Some("KMSInvalidStateException");
        assert_eq!(codes, [None, pending, None, pending, pending]);
    }

    #[test]
    fn one_call_across_accounts_gives_two_records() {
        let story = tell();
        let shared: Vec<&Record> =
            story.records.iter().filter(|record| record.shared_event_id.is_some()).collect();
        let [own, owners] = shared[..] else { panic!("{} records", shared.len()) };
        assert_eq!(own.shared_event_id, owners.shared_event_id);
        assert_ne!(own.event_id, owners.event_id);
        assert_ne!(own.recipient_account_id, owners.recipient_account_id);
    }
}
