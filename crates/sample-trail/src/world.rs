//! The company: its accounts, keys, programs and people. All of it is invented; account numbers
//! and addresses are those that are set aside for documentation.

use serde_json::json;

use crate::clock::Time;
use crate::random::Random;
use crate::record::{Caller, Identity};

/// An account in a region: what one series of log files is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Site {
    /// Its number.
    pub account: &'static str,
    /// Such as `eu-west-1`.
    pub region: &'static str,
}

/// Where the company sells.
pub const PRODUCTION: Site = Site { account: "111122223333", region: "us-east-1" };
pub(crate) const PRODUCTION_EU: Site = Site { account: "111122223333", region: "eu-west-1" };
/// Where it counts what it sold.
pub const ANALYTICS: Site = Site { account: "444455556666", region: "us-east-1" };

/// The bucket that the log files are delivered to.
pub const LOG_BUCKET: &str = "example-audit-logs";
/// The trail that delivers them.
pub const TRAIL: &str = "audit-trail";
/// The trail that the attacker finds and stops.
pub(crate) const MAIN_TRAIL: &str = "main-trail";
/// Where the leaked key is used from.
pub(crate) const ATTACKER_ADDRESS: &str = "203.0.113.77";

/// A KMS key.
#[derive(Debug)]
pub(crate) struct Key {
    pub(crate) account: &'static str,
    region: &'static str,
    id: &'static str,
}

impl Key {
    const fn new(site: Site, id: &'static str) -> Self {
        Self { account: site.account, region: site.region, id }
    }

    pub(crate) fn arn(&self) -> String {
        format!("arn:aws:kms:{}:{}:key/{}", self.region, self.account, self.id)
    }
}

pub(crate) const PAYMENTS: Key = Key::new(PRODUCTION, "4f1c9a52-7d06-4b3e-9c18-2a6f0e5b7d31");
pub(crate) const ORDERS: Key = Key::new(PRODUCTION, "b27e6d04-19f8-4c5a-8e73-60d1c4a92f58");
pub(crate) const SECRETS: Key = Key::new(PRODUCTION, "90a3f7c6-52be-4d17-a4f9-e18b3c7d0526");
pub(crate) const LAMBDA: Key = Key::new(PRODUCTION, "e5d80b19-c643-4a2f-b70e-7f92a1c6d384");
pub(crate) const VOLUMES: Key = Key::new(PRODUCTION, "6c2b14f8-a90d-4e67-93d5-0b8e7f3a1c49");
pub(crate) const LOGS: Key = Key::new(PRODUCTION, "17e9c3a0-8b5d-4f62-8a1c-d4f06b927e53");
pub(crate) const LAMBDA_EU: Key = Key::new(PRODUCTION_EU, "d30f5e87-61ac-4b98-bc24-9e7a0c1f5d62");
pub(crate) const LAKE: Key = Key::new(ANALYTICS, "2e84d1b7-f05a-4c39-a6e2-58c90f7b3d14");
/// No such key exists any more.
pub(crate) const FORGOTTEN: Key = Key::new(ANALYTICS, "a81c5f20-3e97-4d0b-8f64-1b7d92e6c053");

/// Who calls on a day. Sessions begin at the same hours of each day.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Callers {
    midnight: Time,
}

impl Callers {
    /// Those of the day that begins then.
    pub(crate) const fn of_day(midnight: Time) -> Self {
        Self { midnight }
    }

    /// When a session began.
    fn since(self, hour: i64, minute: i64, second: i64) -> Time {
        self.midnight.plus(hour * 3600 + minute * 60 + second)
    }

    /// A task of the payments service; it runs as two tasks.
    pub(crate) fn payments_task(self, number: usize) -> Caller {
        let task = *["3f9c1e7ab2d84056", "8d07b5c2f41e49a3"].get(number % 2).unwrap_or(&"3f9c1e7ab2d84056");
        Caller {
            identity: session(PRODUCTION.account, "payments-task-role", task, self.since(-6, 0, 0)),
            address: "192.0.2.41".into(),
            agent: "aws-sdk-go-v2/1.36.3 os/linux lang/go#1.24.1 md/GOOS#linux md/GOARCH#amd64 exec-env/AWS_ECS_FARGATE",
        }
    }

    /// The task of the orders service.
    pub(crate) fn orders_task(self) -> Caller {
        Caller {
            identity: session(
                PRODUCTION.account,
                "orders-task-role",
                "c6e20f9d7b134a85",
                self.since(-3, 12, 8),
            ),
            address: "192.0.2.58".into(),
            agent: "Boto3/1.37.9 md/Botocore#1.37.9 ua/2.0 os/linux md/arch#x86_64 lang/python#3.12.9 exec-env/AWS_ECS_FARGATE",
        }
    }

    /// A Lambda function; its role's name is the function's with `-role`.
    pub(crate) fn function(self, site: Site) -> (&'static str, Caller) {
        let (name, role) = if site == PRODUCTION_EU {
            ("thumbnailer", "thumbnailer-role")
        } else {
            ("invoice-mailer", "invoice-mailer-role")
        };
        let caller = Caller {
            identity: session(site.account, role, name, self.since(-1, 30, 0)),
            address: "192.0.2.133".into(),
            agent: "aws-sdk-nodejs/3.758.0 ua/2.1 os/linux#5.10 lang/js md/nodejs#22.14.0 exec-env/AWS_Lambda_nodejs22.x",
        };
        (name, caller)
    }

    /// The nightly load of the analytics account.
    pub(crate) fn etl_job(self) -> Caller {
        Caller {
            identity: session(ANALYTICS.account, "etl-role", "GlueJobRunnerSession", self.since(0, 55, 0)),
            address: "192.0.2.200".into(),
            agent: "aws-sdk-java/2.30.31 Linux/5.10 OpenJDK_64-Bit_Server_VM/17.0.14 spark/3.5.4 exec-env/AWS_Glue",
        }
    }

    /// A person who came in through the identity centre.
    pub(crate) fn person(self, site: Site, name: &str) -> Caller {
        let role = if name == "alice" {
            "AWSReservedSSO_AdministratorAccess_1a2b3c4d5e6f7a8b"
        } else {
            "AWSReservedSSO_ReadOnlyAccess_8b7a6f5e4d3c2b1a"
        };
        Caller {
            identity: session(site.account, role, &format!("{name}@example.com"), self.since(7, 58, 20)),
            address: "198.51.100.7".into(),
            agent: "Mozilla/5.0 (X11; Linux x86_64; rv:136.0) Gecko/20100101 Firefox/136.0",
        }
    }

    /// AWS Config's recorder.
    pub(crate) fn config_recorder(self, site: Site) -> Caller {
        let identity =
            session(site.account, "AWSServiceRoleForConfig", "AWSConfig-Describe", self.since(-2, 0, 0));
        Caller { identity, address: String::new(), agent: "" }.through("config.amazonaws.com")
    }

    /// EC2, when it attaches an encrypted volume to an instance.
    pub(crate) fn ec2_infrastructure(self, instance: &str) -> Caller {
        let identity = session(PRODUCTION.account, "aws:ec2-infrastructure", instance, self.since(-2, 0, 0));
        Caller { identity, address: String::new(), agent: "" }.through("AWS Internal")
    }
}

/// A session of a role; the same session id always gives the same credentials.
fn session(account: &'static str, role: &'static str, session: &str, since: Time) -> Identity {
    let mut random = Random::new(&format!("{account}/{role}"));
    let role_id = format!("AROA{}EXAMPLE", random.base32(10));
    let access_key = format!("ASIA{}EXAMPLE", Random::new(&format!("{role}/{session}/{since}")).base32(9));
    let issuer = json!({
        "type": "Role", "principalId": role_id, "arn": format!("arn:aws:iam::{account}:role/{role}"),
        "accountId": account, "userName": role,
    });
    let attributes = json!({"creationDate": since, "mfaAuthenticated": "false"});
    Identity {
        kind: "AssumedRole",
        principal_id: Some(format!("{role_id}:{session}")),
        arn: Some(format!("arn:aws:sts::{account}:assumed-role/{role}/{session}")),
        account_id: Some(account),
        access_key_id: Some(access_key),
        session_context: Some(json!({"sessionIssuer": issuer, "attributes": attributes})),
        ..Identity::default()
    }
}

/// An AWS service that calls in its own name.
pub(crate) fn service(name: &'static str) -> Caller {
    let identity = Identity { kind: "AWSService", invoked_by: Some(name), ..Identity::default() };
    Caller { identity, address: name.into(), agent: name }
}

/// The user whose access key the build server holds, and whose key leaks.
fn deployer() -> Identity {
    Identity {
        kind: "IAMUser",
        principal_id: Some("AIDACKCEVSQ6CEXAMPLE1".into()),
        arn: Some("arn:aws:iam::111122223333:user/ci-deployer".into()),
        account_id: Some(PRODUCTION.account),
        access_key_id: Some(DEPLOYER_KEY.into()),
        user_name: Some("ci-deployer"),
        ..Identity::default()
    }
}

/// The access key that leaks; an id from AWS's documentation.
pub(crate) const DEPLOYER_KEY: &str = "AKIAIOSFODNN7EXAMPLE";

/// The build server.
pub(crate) fn build_server() -> Caller {
    Caller {
        identity: deployer(),
        address: "198.51.100.20".into(),
        agent: "aws-cli/2.24.20 md/awscrt#0.23.8 ua/2.1 os/linux#6.8 md/arch#x86_64 lang/python#3.12.9 cfg/retry-mode#standard",
    }
}

/// Whoever holds the leaked key.
pub(crate) fn attacker() -> Caller {
    Caller {
        identity: deployer(),
        address: ATTACKER_ADDRESS.into(),
        agent: "Boto3/1.34.0 md/Botocore#1.34.0 ua/2.0 os/linux#6.6.9-kali md/arch#x86_64 lang/python#3.11.8",
    }
}
