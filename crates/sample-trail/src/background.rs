//! An ordinary day: what programs, people and AWS services call, and what fails without meaning harm.

use serde_json::{Value, json};

use crate::clock::{Time, at};
use crate::delivery::log_file_key;
use crate::random::Random;
use crate::record::{Caller, Record, decrypt, generate_data_key};
use crate::world::{
    ANALYTICS, Callers, FORGOTTEN, Key, LAKE, LAMBDA, LAMBDA_EU, LOG_BUCKET, LOGS, ORDERS, PAYMENTS,
    PRODUCTION, PRODUCTION_EU, SECRETS, Site, TRAIL, VOLUMES, build_server, service,
};

/// Something that happens again and again at a site.
struct Routine {
    name: &'static str,
    site: Site,
    /// How often an hour, from 7 to 19 o'clock.
    by_day: u64,
    /// How often an hour, else.
    by_night: u64,
    /// The records of one time.
    happen: fn(&mut Random, Callers, Site, Time) -> Vec<Record>,
}

const fn routine(
    name: &'static str,
    site: Site,
    by_day: u64,
    by_night: u64,
    happen: fn(&mut Random, Callers, Site, Time) -> Vec<Record>,
) -> Routine {
    Routine { name, site, by_day, by_night, happen }
}

const ROUTINES: [Routine; 22] = [
    routine("trail", PRODUCTION, 6, 4, trail_encrypts_a_log_file),
    routine("trail-eu", PRODUCTION_EU, 2, 1, trail_encrypts_a_log_file),
    routine("trail-analytics", ANALYTICS, 2, 2, trail_encrypts_a_log_file),
    routine("payments-objects", PRODUCTION, 9, 3, payments_reads_an_object),
    routine("payments-queue", PRODUCTION, 6, 2, payments_uses_its_queue),
    routine("orders-secret", PRODUCTION, 5, 2, orders_reads_a_secret),
    routine("orders-table", PRODUCTION, 3, 1, orders_opens_its_table),
    routine("orders-receipts", PRODUCTION, 12, 3, orders_touches_a_receipt),
    routine("mailer", PRODUCTION, 4, 2, function_starts),
    routine("thumbnailer", PRODUCTION_EU, 4, 1, function_starts),
    routine("mailer-parameter", PRODUCTION, 3, 1, function_reads_a_parameter),
    routine("volumes", PRODUCTION, 1, 0, instance_attaches_a_volume),
    routine("tasks", PRODUCTION, 8, 4, task_assumes_its_role),
    routine("jobs", ANALYTICS, 3, 3, task_assumes_its_role),
    routine("config", PRODUCTION, 9, 8, config_looks_around),
    routine("config-eu", PRODUCTION_EU, 4, 3, config_looks_around),
    routine("config-analytics", ANALYTICS, 5, 4, config_looks_around),
    routine("people", PRODUCTION, 9, 0, person_looks_around),
    routine("people-analytics", ANALYTICS, 4, 0, person_looks_around),
    routine("deploy", PRODUCTION, 2, 0, build_server_deploys),
    routine("lake", ANALYTICS, 5, 14, etl_reads_the_lake),
    routine("keys", PRODUCTION, 1, 1, config_looks_at_a_key),
];

/// Who calls on the day of the examples.
const CALLERS: Callers = Callers::of_day(at(0, 0, 0));

/// The records of something that happens on any day, each routine as often as any other.
pub(crate) fn any(random: &mut Random, callers: Callers, time: Time) -> Vec<Record> {
    let routine = random.pick(&ROUTINES);
    (routine.happen)(random, callers, routine.site, time)
}

/// All records of an ordinary day.
pub(crate) fn records() -> Vec<Record> {
    let mut records: Vec<Record> = ROUTINES.iter().flat_map(day_of).collect();
    records.extend(harmless_failures());
    records
}

fn day_of(routine: &Routine) -> Vec<Record> {
    let mut random = Random::new(routine.name);
    let mut records = Vec::new();
    for hour in 0..24 {
        let usual = if (7..19).contains(&hour) { routine.by_day } else { routine.by_night };
        let times = if usual == 0 { 0 } else { usual - usual / 3 + random.below(2 * (usual / 3) + 1) };
        for _ in 0..times {
            let time = at(hour, 0, 0).plus(below(&mut random, 3600));
            records.extend((routine.happen)(&mut random, CALLERS, routine.site, time));
        }
    }
    records
}

fn below(random: &mut Random, limit: u64) -> i64 {
    i64::try_from(random.below(limit)).unwrap_or_default()
}

fn key_of_functions(site: Site) -> &'static Key {
    if site == PRODUCTION_EU { &LAMBDA_EU } else { &LAMBDA }
}

fn trail_encrypts_a_log_file(random: &mut Random, _: Callers, site: Site, time: Time) -> Vec<Record> {
    let Site { account, region } = site;
    let object = log_file_key(site, time, random);
    let context = json!({
        "aws:cloudtrail:arn": format!("arn:aws:cloudtrail:{region}:{account}:trail/{TRAIL}"),
        "aws:s3:arn": format!("arn:aws:s3:::{LOG_BUCKET}/{object}"),
    });
    vec![generate_data_key(random, site, time, &service("cloudtrail.amazonaws.com"), &LOGS, &context)]
}

fn payments_reads_an_object(random: &mut Random, callers: Callers, site: Site, time: Time) -> Vec<Record> {
    let task = callers.payments_task(if random.below(2) == 0 { 0 } else { 1 }).through("AWS Internal");
    let object =
        format!("arn:aws:s3:::example-payments/settlements/{}/{}.csv", time.folder(), random.below(400));
    vec![decrypt(random, site, time, &task, &PAYMENTS, &json!({"aws:s3:arn": object}))]
}

fn payments_uses_its_queue(random: &mut Random, callers: Callers, site: Site, time: Time) -> Vec<Record> {
    let task = callers.payments_task(0).through("sqs.amazonaws.com");
    let context =
        json!({"aws:sqs:arn": format!("arn:aws:sqs:{}:{}:payments-inbox", site.region, site.account)});
    if random.below(4) == 0 {
        vec![generate_data_key(random, site, time, &task, &PAYMENTS, &context)]
    } else {
        vec![decrypt(random, site, time, &task, &PAYMENTS, &context)]
    }
}

fn orders_reads_a_secret(random: &mut Random, callers: Callers, site: Site, time: Time) -> Vec<Record> {
    let (secret, version) = *random.pick(&[
        ("orders/database-Qw7RtZ", "8D0C7A15-4E2B-4F96-B3A1-C57E90D2F684"),
        ("orders/partner-api-m3KxVb", "2F61B9E0-7C8D-4A53-9E14-60A7D8C3B5F2"),
    ]);
    let arn = format!("arn:aws:secretsmanager:{}:{}:secret:{secret}", site.region, site.account);
    let asked = Record::new(random, site, time, &callers.orders_task(), "secretsmanager", "GetSecretValue")
        .request(json!({"secretId": arn}));
    let context = json!({"SecretARN": arn, "SecretVersionId": version});
    let task = callers.orders_task().through("secretsmanager.amazonaws.com");
    vec![asked, decrypt(random, site, time, &task, &SECRETS, &context)]
}

fn orders_opens_its_table(random: &mut Random, callers: Callers, site: Site, time: Time) -> Vec<Record> {
    let task = callers.orders_task().through("dynamodb.amazonaws.com");
    let context = json!({"aws:dynamodb:subscriberId": site.account, "aws:dynamodb:tableName": "orders"});
    vec![decrypt(random, site, time, &task, &ORDERS, &context)]
}

fn orders_touches_a_receipt(random: &mut Random, callers: Callers, site: Site, time: Time) -> Vec<Record> {
    let name = *random.pick(&["GetObject", "GetObject", "GetObject", "PutObject"]);
    let object = format!("{}/{}.pdf", time.folder(), 48_000 + random.below(900));
    let parameters = json!({"bucketName": "example-receipts", "key": object});
    let record =
        Record::new(random, site, time, &callers.orders_task(), "s3", name).request(parameters).data_event();
    vec![record]
}

fn function_starts(random: &mut Random, callers: Callers, site: Site, time: Time) -> Vec<Record> {
    let (name, caller) = callers.function(site);
    let arn = format!("arn:aws:lambda:{}:{}:function:{name}", site.region, site.account);
    let stream = format!("{}/[$LATEST]{}", time.folder(), random.hex(32));
    let started = Record::new(random, site, time, &caller, "logs", "CreateLogStream")
        .request(json!({"logGroupName": format!("/aws/lambda/{name}"), "logStreamName": stream}));
    let caller = caller.through("lambda.amazonaws.com");
    let context = json!({"aws:lambda:FunctionArn": arn});
    vec![decrypt(random, site, time, &caller, key_of_functions(site), &context), started]
}

fn function_reads_a_parameter(random: &mut Random, callers: Callers, site: Site, time: Time) -> Vec<Record> {
    let (_, caller) = callers.function(site);
    let arn = format!("arn:aws:ssm:{}:{}:parameter/invoices/smtp-password", site.region, site.account);
    let asked = Record::new(random, site, time, &caller, "ssm", "GetParameter")
        .request(json!({"name": "/invoices/smtp-password", "withDecryption": true}));
    let context = json!({"PARAMETER_ARN": arn});
    vec![asked, decrypt(random, site, time, &caller.through("AWS Internal"), &LAMBDA, &context)]
}

fn instance_attaches_a_volume(random: &mut Random, callers: Callers, site: Site, time: Time) -> Vec<Record> {
    let instance = format!("i-0{}", random.hex(16));
    let context = json!({"aws:ebs:id": format!("vol-0{}", random.hex(16))});
    vec![decrypt(random, site, time, &callers.ec2_infrastructure(&instance), &VOLUMES, &context)]
}

fn task_assumes_its_role(random: &mut Random, _: Callers, site: Site, time: Time) -> Vec<Record> {
    let (by, role) = if site == ANALYTICS {
        ("glue.amazonaws.com", "etl-role")
    } else {
        *random.pick(&[
            ("ecs-tasks.amazonaws.com", "payments-task-role"),
            ("ecs-tasks.amazonaws.com", "orders-task-role"),
            ("lambda.amazonaws.com", "invoice-mailer-role"),
        ])
    };
    let parameters = json!({
        "roleArn": format!("arn:aws:iam::{}:role/{role}", site.account),
        "roleSessionName": random.hex(16),
    });
    vec![Record::new(random, site, time, &service(by), "sts", "AssumeRole").request(parameters)]
}

fn config_looks_around(random: &mut Random, callers: Callers, site: Site, time: Time) -> Vec<Record> {
    let (service, name, parameters) = random
        .pick(&[
            ("ec2", "DescribeInstances", json!({"instancesSet": {}, "filterSet": {}})),
            ("ec2", "DescribeVolumes", json!({"volumeSet": {}, "filterSet": {}})),
            ("ec2", "DescribeSecurityGroups", json!({"securityGroupSet": {}, "filterSet": {}})),
            ("s3", "GetBucketEncryption", json!({"bucketName": "example-receipts"})),
            ("s3", "GetBucketPolicy", json!({"bucketName": "example-scratch"})),
            ("iam", "GetAccountAuthorizationDetails", json!({"maxItems": 100})),
            ("lambda", "ListFunctions20150331", Value::Null),
        ])
        .clone();
    let record =
        Record::new(random, site, time, &callers.config_recorder(site), service, name).request(parameters);
    vec![if name == "GetBucketPolicy" {
        record.failed("NoSuchBucketPolicy", Some("The bucket policy does not exist".into()))
    } else {
        record
    }]
}

fn person_looks_around(random: &mut Random, callers: Callers, site: Site, time: Time) -> Vec<Record> {
    let name = if site == ANALYTICS { "carol" } else { *random.pick(&["alice", "bob", "bob"]) };
    let (service, call) = *random.pick(&[
        ("ec2", "DescribeInstances"),
        ("s3", "ListBuckets"),
        ("monitoring", "DescribeAlarms"),
        ("cloudtrail", "LookupEvents"),
        ("kms", "ListAliases"),
        ("ecs", "ListClusters"),
    ]);
    let mut record = Record::new(random, site, time, &callers.person(site, name), service, call);
    record.session_credential_from_console = Some("true");
    vec![record]
}

fn build_server_deploys(random: &mut Random, _: Callers, site: Site, time: Time) -> Vec<Record> {
    let service = *random.pick(&["payments", "orders"]);
    let caller = build_server();
    let revision = 200 + random.below(60);
    let task = format!("arn:aws:ecs:{}:{}:task-definition/{service}:{revision}", site.region, site.account);
    let update = json!({"cluster": "main", "service": service, "taskDefinition": task});
    vec![
        Record::new(random, site, time, &caller, "ecr", "GetAuthorizationToken"),
        Record::new(random, site, time.plus(4), &caller, "ecs", "UpdateService").request(update),
    ]
}

fn etl_reads_the_lake(random: &mut Random, callers: Callers, site: Site, time: Time) -> Vec<Record> {
    let job = callers.etl_job().through("AWS Internal");
    let object = format!(
        "arn:aws:s3:::example-lake/raw/orders/{}/part-{:05}.parquet",
        time.folder(),
        random.below(64)
    );
    vec![decrypt(random, site, time, &job, &LAKE, &json!({"aws:s3:arn": object}))]
}

fn config_looks_at_a_key(random: &mut Random, callers: Callers, site: Site, time: Time) -> Vec<Record> {
    let key = *random.pick(&[&PAYMENTS, &ORDERS, &SECRETS, &VOLUMES]);
    let name = *random.pick(&["DescribeKey", "GetKeyPolicy", "GetKeyRotationStatus"]);
    let record = Record::new(random, site, time, &callers.config_recorder(site), "kms", name);
    vec![record.request(json!({"keyId": key.arn()})).key(key)]
}

/// What fails on an ordinary day: nothing here is an attack.
fn harmless_failures() -> Vec<Record> {
    let mut random = Random::new("harmless failures");
    let mut records = Vec::new();
    for (hour, minute) in [(1, 10), (7, 10), (13, 10), (19, 10)] {
        records.push(config_may_not_decrypt(&mut random, PRODUCTION, at(hour, minute, 22)));
        records.push(config_may_not_decrypt(&mut random, PRODUCTION_EU, at(hour, minute + 3, 41)));
    }
    records.push(throttled(&mut random, at(9, 41, 17)));
    records.push(dry_run(
        &mut random,
        PRODUCTION,
        at(8, 5, 2),
        &build_server(),
        &ORDERS,
        &json!({"stage": "smoke-test"}),
    ));
    records.push(forgotten_key(&mut random, at(2, 15, 36)));
    records.push(person_may_not(&mut random, at(10, 26, 9)));
    records
}

/// AWS Config reads the environment of Lambda functions, which its role may not decrypt: known noise.
fn config_may_not_decrypt(random: &mut Random, site: Site, time: Time) -> Record {
    let key = key_of_functions(site);
    let record = decrypt(random, site, time, &CALLERS.config_recorder(site), key, &Value::Null);
    record.denied("kms:Decrypt", &key.arn())
}

fn throttled(random: &mut Random, time: Time) -> Record {
    let task = CALLERS.orders_task().through("dynamodb.amazonaws.com");
    let message = "You have exceeded the rate at which you may call KMS. Reduce the frequency of your calls.";
    decrypt(random, PRODUCTION, time, &task, &ORDERS, &Value::Null)
        .failed("ThrottlingException", Some(message.into()))
}

/// A call with `DryRun`: it would have succeeded.
pub(crate) fn dry_run(
    random: &mut Random,
    site: Site,
    time: Time,
    caller: &Caller,
    key: &Key,
    context: &Value,
) -> Record {
    let parameters = json!({
        "dryRun": true, "encryptionAlgorithm": "SYMMETRIC_DEFAULT", "encryptionContext": context, "keyId": key.arn(),
    });
    let message = "The request would have succeeded, but the DryRun option is set.";
    decrypt(random, site, time, caller, key, context)
        .request(parameters)
        .failed("DryRunOperationException", Some(message.into()))
}

fn forgotten_key(random: &mut Random, time: Time) -> Record {
    let message = format!("Key '{}' does not exist", FORGOTTEN.arn());
    generate_data_key(random, ANALYTICS, time, &CALLERS.etl_job(), &FORGOTTEN, &Value::Null)
        .failed("NotFoundException", Some(message))
}

fn person_may_not(random: &mut Random, time: Time) -> Record {
    let bob = CALLERS.person(PRODUCTION, "bob");
    Record::new(random, PRODUCTION, time, &bob, "ec2", "StartInstances")
        .request(json!({"instancesSet": {"items": [{"instanceId": "i-0a1b2c3d4e5f60718"}]}}))
        .failed(
            "Client.UnauthorizedOperation",
            Some("You are not authorized to perform this operation.".into()),
        )
}
