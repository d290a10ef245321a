//! Whose data? What the encryption context says that the ciphertext belongs to.

use json::{Kind, Value};

use super::key::Side;
use super::stringified;
use super::text::{Arn, Text, part, short, text};

/// How many entries of the encryption contexts of one call are kept.
pub const MAX_DATA: usize = 8;

/// One thing that an encryption context names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Data<'r> {
    /// What it is.
    pub kind: DataKind,
    /// Its name as people use it: `bucket/object`, `prod/db`, a function's name; for a context that isn't known
    /// here, the context's key.
    pub name: Text<'r>,
    /// The context's value, mostly an ARN.
    pub value: Text<'r>,
    /// Which of `ReEncrypt`'s two contexts it stands in; `None` for other operations.
    pub side: Option<Side>,
}

/// What ciphertexts belong to, by the keys that AWS services put into encryption contexts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
#[expect(missing_docs, reason = "each is what its words say")]
pub enum DataKind {
    S3Bucket,
    S3Object,
    S3Prefix,
    EbsVolume,
    EbsSnapshot,
    Secret,
    SsmParameter,
    LambdaFunction,
    SqsQueue,
    SnsTopic,
    /// Secrets that an EKS cluster keeps; the context is a UUID and doesn't say which cluster.
    EksSecrets,
    Trail,
    RedshiftCluster,
    WorkMailOrganization,
    DynamoDbTable,
    LogGroup,
    RdsDatabase,
    KinesisStream,
    BackupVault,
    FileSystem,
    StateMachine,
    /// A message of the AWS Encryption SDK whose sender signs it (`aws-crypto-public-key`).
    SignedMessage,
    /// A context that an application chose, or that couldn't be taken apart.
    Other,
}

impl DataKind {
    /// What it is, to stand before its name.
    #[must_use]
    pub fn words(self) -> &'static str {
        match self {
            DataKind::S3Bucket => "S3 bucket",
            DataKind::S3Object => "S3 object",
            DataKind::S3Prefix => "S3 objects below",
            DataKind::EbsVolume => "EBS volume",
            DataKind::EbsSnapshot => "EBS snapshot",
            DataKind::Secret => "secret",
            DataKind::SsmParameter => "SSM parameter",
            DataKind::LambdaFunction => "Lambda function",
            DataKind::SqsQueue => "SQS queue",
            DataKind::SnsTopic => "SNS topic",
            DataKind::EksSecrets => "Kubernetes secrets in EKS, context",
            DataKind::Trail => "log files of CloudTrail trail",
            DataKind::RedshiftCluster => "Redshift cluster",
            DataKind::WorkMailOrganization => "WorkMail organization",
            DataKind::DynamoDbTable => "DynamoDB table",
            DataKind::LogGroup => "log group",
            DataKind::RdsDatabase => "RDS database",
            DataKind::KinesisStream => "Kinesis stream",
            DataKind::BackupVault => "backup vault",
            DataKind::FileSystem => "EFS file system",
            DataKind::StateMachine => "Step Functions state machine",
            DataKind::SignedMessage => "signed message of the AWS Encryption SDK",
            DataKind::Other => "encryption context",
        }
    }
}

/// How a context's value becomes a name.
#[derive(Debug, Clone, Copy)]
enum Naming {
    /// `bucket` or `bucket/object`.
    S3,
    /// As it stands.
    Whole,
    /// What follows the last of these in an ARN.
    After(&'static str),
    /// A secret's name, without the six random characters that its ARN ends in.
    Secret,
    /// It has no name.
    None,
}

/// The context keys of AWS services: KMS Developer Guide, "How AWS services use AWS KMS", and for RDS, Kinesis,
/// Backup, EFS and Step Functions those services' documentation and published key policies.
const CONTEXTS: [(&str, DataKind, Naming); 20] = [
    ("aws:s3:arn", DataKind::S3Object, Naming::S3),
    ("aws:ebs:id", DataKind::EbsVolume, Naming::Whole),
    ("SecretARN", DataKind::Secret, Naming::Secret),
    ("PARAMETER_ARN", DataKind::SsmParameter, Naming::After(":parameter")),
    ("aws:lambda:FunctionArn", DataKind::LambdaFunction, Naming::After(":function:")),
    ("aws:sqs:arn", DataKind::SqsQueue, Naming::After(":")),
    ("aws:sns:topicArn", DataKind::SnsTopic, Naming::After(":")),
    ("aws:eks:context", DataKind::EksSecrets, Naming::Whole),
    ("aws:cloudtrail:arn", DataKind::Trail, Naming::After(":trail/")),
    ("aws:redshift:arn", DataKind::RedshiftCluster, Naming::After(":cluster:")),
    ("aws:workmail:arn", DataKind::WorkMailOrganization, Naming::After(":organization/")),
    ("aws:dynamodb:tableName", DataKind::DynamoDbTable, Naming::Whole),
    ("aws:logs:arn", DataKind::LogGroup, Naming::After(":log-group:")),
    ("aws:rds:db-id", DataKind::RdsDatabase, Naming::Whole),
    ("aws:rds:dbc-id", DataKind::RdsDatabase, Naming::Whole),
    ("aws:kinesis:arn", DataKind::KinesisStream, Naming::After(":stream/")),
    ("aws:backup:backup-vault", DataKind::BackupVault, Naming::After(":backup-vault:")),
    ("aws:elasticfilesystem:filesystem:id", DataKind::FileSystem, Naming::Whole),
    ("aws:states:stateMachineArn", DataKind::StateMachine, Naming::After(":stateMachine:")),
    ("aws-crypto-public-key", DataKind::SignedMessage, Naming::None),
];

/// Context keys that say nothing more than the one they come with.
const COMPANIONS: [&str; 3] = ["SecretVersionId", "aws:redshift:createtime", "aws:dynamodb:subscriberId"];

impl<'r> Data<'r> {
    /// It for a person, each piece at most [`MAX_WORD`](super::MAX_WORD) bytes: raw text, to be escaped.
    #[must_use]
    pub fn words(&self) -> String {
        let (kind, name, value) = (self.kind.words(), short(&self.name), short(&self.value));
        let words = match self.kind {
            DataKind::S3Bucket | DataKind::S3Object | DataKind::S3Prefix => format!("{kind} s3://{name}"),
            DataKind::SignedMessage => kind.to_owned(),
            DataKind::Other if name.is_empty() => format!("{kind} {value}"),
            DataKind::Other => format!("{kind} {name}={value}"),
            _ => format!("{kind} {name}"),
        };
        match self.side {
            Some(Side::Source) => format!("from {words}"),
            Some(Side::Destination) => format!("to {words}"),
            None => words,
        }
    }

    fn of(key: Text<'r>, value: Text<'r>, side: Option<Side>) -> Option<Self> {
        if COMPANIONS.contains(&&*key) {
            return None;
        }
        let known = CONTEXTS.iter().find(|(known, ..)| *known == key);
        let named = known.and_then(|(_, kind, naming)| {
            let name = part(&value, |value| name(*naming, value))?;
            Some((narrow(*kind, &name), name))
        });
        let (kind, name) = named.unwrap_or((DataKind::Other, key));
        Some(Data { kind, name, value, side })
    }

    pub(crate) fn into_owned(self) -> Data<'static> {
        Data {
            kind: self.kind,
            name: self.name.into_owned().into(),
            value: self.value.into_owned().into(),
            side: self.side,
        }
    }
}

/// Adds what an encryption context names to `data`, up to [`MAX_DATA`] in all, and to `more` how much there is beyond.
pub(crate) fn read<'r>(
    context: Value<'r>,
    side: Option<Side>,
    (data, more): (&mut Vec<Data<'r>>, &mut usize),
) {
    let borrowed = |context| entries(context, side);
    let owned = |context: Value<'_>| {
        let (found, further) = entries(context, side);
        (found.into_iter().map(Data::into_owned).collect(), further)
    };
    let (found, further) =
        stringified::open(context, borrowed, owned).unwrap_or_else(|| (unread(context, side), 0));
    data.extend(found);
    *more += further + data.len().saturating_sub(MAX_DATA);
    data.truncate(MAX_DATA);
}

/// The first entries of a context, and how many more there are.
fn entries(context: Value<'_>, side: Option<Side>) -> (Vec<Data<'_>>, usize) {
    let mut members = context.members().filter_map(|(key, value)| {
        let value = text(Some(value)).unwrap_or_else(|| value.raw().into());
        Data::of(key.string()?, value, side)
    });
    let first = members.by_ref().take(MAX_DATA).collect();
    (first, members.count())
}

/// A context that is text without an object in it.
fn unread(context: Value<'_>, side: Option<Side>) -> Vec<Data<'_>> {
    let value = text(Some(context)).filter(|value| context.kind() == Kind::String && says_something(value));
    let whole = |value| Data { kind: DataKind::Other, name: Text::Borrowed(""), value, side };
    value.map(whole).into_iter().collect()
}

fn says_something(text: &str) -> bool {
    !matches!(text.trim(), "" | "null" | "-")
}

fn name(naming: Naming, value: &str) -> Option<&str> {
    let found = match naming {
        Naming::Whole | Naming::None => Some(value),
        Naming::S3 => Arn::parse(value).map(|arn| arn.resource),
        Naming::After(mark) => Some(after(value, mark).unwrap_or(value)),
        Naming::Secret => Some(after(value, ":secret:").map_or(value, without_suffix)),
    };
    found.filter(|name| !name.is_empty())
}

fn after<'t>(value: &'t str, mark: &str) -> Option<&'t str> {
    let found = if mark == ":" { value.rsplit_once(mark) } else { value.split_once(mark) };
    found.map(|(_, name)| name)
}

/// `prod/db` of `prod/db-AbCdEf`.
fn without_suffix(secret: &str) -> &str {
    match secret.rsplit_once('-') {
        Some((name, suffix)) if suffix.len() == 6 && !name.is_empty() => name,
        _ => secret,
    }
}

/// A bucket is an S3 ARN without an object; `aws:ebs:id` also names snapshots.
fn narrow(kind: DataKind, name: &str) -> DataKind {
    match kind {
        DataKind::S3Object if name.ends_with('/') => DataKind::S3Prefix,
        DataKind::S3Object if !name.contains('/') => DataKind::S3Bucket,
        DataKind::EbsVolume if name.starts_with("snap-") => DataKind::EbsSnapshot,
        kind => kind,
    }
}
