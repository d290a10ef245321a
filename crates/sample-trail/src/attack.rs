//! What [`Live`](crate::Live) shows: two attacks, each within half a minute.

use serde_json::{Value, json};

use crate::background::dry_run;
use crate::clock::Time;
use crate::random::Random;
use crate::record::{Caller, Record, decrypt, decrypt_with};
use crate::world::{Callers, Key, LAMBDA, ORDERS, PAYMENTS, PRODUCTION, SECRETS, VOLUMES, attacker};

/// Seconds after the beginning.
const FIRST: i64 = 10;
const SECOND: i64 = 120;

/// The secret that they are after.
const SECRET: &str = "arn:aws:secretsmanager:us-east-1:111122223333:secret:orders/database-Qw7RtZ";

/// The records of both attacks on a trail that begins then.
pub(crate) fn records(random: &mut Random, callers: Callers, begins: Time) -> Vec<Record> {
    let mut first = Attack { random, caller: attacker(), begins: begins.plus(FIRST), records: Vec::new() };
    first.look_around();
    first.want_the_secret();
    first.try_everything();
    let mut records = first.records;
    let caller = stolen_session(callers);
    let mut second = Attack { random, caller, begins: begins.plus(SECOND), records: Vec::new() };
    second.come_back();
    records.extend(second.records);
    records
}

/// The credentials of a Lambda function, used from outside.
fn stolen_session(callers: Callers) -> Caller {
    let (_, function) = callers.function(PRODUCTION);
    Caller { address: "203.0.113.142".into(), ..Caller { identity: function.identity, ..attacker() } }
}

struct Attack<'r> {
    random: &'r mut Random,
    caller: Caller,
    begins: Time,
    records: Vec<Record>,
}

impl Attack<'_> {
    /// Where am I, and what is there? None of this fails.
    fn look_around(&mut self) {
        self.call(0, "sts", "GetCallerIdentity", Value::Null);
        self.call(1, "secretsmanager", "ListSecrets", Value::Null);
        self.call(2, "kms", "ListAliases", Value::Null);
        self.call(3, "secretsmanager", "DescribeSecret", json!({"secretId": SECRET}));
    }

    /// A denied call doesn't say what it wanted to decrypt (CloudTrail leaves out its parameters); a call with the wrong key
    /// does, so both are there from the first second.
    fn want_the_secret(&mut self) {
        self.denied(5, &SECRETS);
        self.wrong_key(5, &ORDERS);
        self.denied(6, &SECRETS);
        self.denied(8, &SECRETS);
    }

    fn try_everything(&mut self) {
        self.wrong_key(12, &PAYMENTS);
        let folder = self.begins.folder();
        let settlement = format!("arn:aws:s3:::example-payments/settlements/{folder}/17.csv");
        let settlement = json!({"aws:s3:arn": settlement});
        self.dry_run(14, &PAYMENTS, &settlement);
        self.wrong_ciphertext(17, &PAYMENTS, &settlement);
        self.denied(18, &VOLUMES);
        self.denied(20, &LAMBDA);
    }

    fn come_back(&mut self) {
        self.call(0, "sts", "GetCallerIdentity", Value::Null);
        self.denied(2, &SECRETS);
        self.denied(3, &ORDERS);
        let other =
            json!({"aws:lambda:FunctionArn": "arn:aws:lambda:us-east-1:111122223333:function:payouts"});
        self.wrong_ciphertext(5, &LAMBDA, &other);
        self.denied(8, &PAYMENTS);
    }

    fn call(&mut self, second: i64, service: &str, name: &str, parameters: Value) {
        let time = self.begins.plus(second);
        let record = Record::new(self.random, PRODUCTION, time, &self.caller, service, name);
        self.records.push(record.request(parameters));
    }

    fn denied(&mut self, second: i64, key: &Key) {
        let time = self.begins.plus(second);
        let record = decrypt(self.random, PRODUCTION, time, &self.caller, key, &Value::Null);
        self.records.push(record.denied("kms:Decrypt", &key.arn()));
    }

    /// The secret's ciphertext, given to KMS under another key.
    fn wrong_key(&mut self, second: i64, key: &Key) {
        let secret = json!({"SecretARN": SECRET, "SecretVersionId": "8D0C7A15-4E2B-4F96-B3A1-C57E90D2F684"});
        let message = "The key ID in the request does not identify a CMK that can perform this operation.";
        self.decrypt_failed(second, key, &secret, ("IncorrectKeyException", Some(message)));
    }

    fn wrong_ciphertext(&mut self, second: i64, key: &Key, context: &Value) {
        self.decrypt_failed(second, key, context, ("InvalidCiphertextException", None));
    }

    fn decrypt_failed(&mut self, second: i64, key: &Key, context: &Value, why: (&str, Option<&str>)) {
        let time = self.begins.plus(second);
        let record = decrypt_with(self.random, PRODUCTION, time, &self.caller, key, context);
        self.records.push(record.failed(why.0, why.1.map(Into::into)));
    }

    fn dry_run(&mut self, second: i64, key: &Key, context: &Value) {
        let time = self.begins.plus(second);
        self.records.push(dry_run(self.random, PRODUCTION, time, &self.caller, key, context));
    }
}
