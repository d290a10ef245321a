//! The record that a case's `record` is laid over: a `Decrypt` as CloudTrail writes one.

use stack::document::{Member, Node, Value};
use stack::{Environment, Span, Spanned};

use super::codes::ErrorCode;
use super::form::Form;

/// What is known of a record beside what is written of it.
pub(super) struct Around<'a> {
    pub(super) environment: &'a Environment,
    /// In seconds since 1970.
    pub(super) time: i64,
    pub(super) event_id: &'a str,
}

/// The members that belong to a successful `Decrypt` only.
const OF_THE_CALL: [&str; 2] = ["requestParameters", "resources"];

/// The text of the log event: the usual record with `written` laid over it.
///
/// What isn't written of a record follows what is. A denied call, and one for what isn't there, has neither
/// `requestParameters` nor `resources`; another call than `Decrypt` has other ones.
pub(super) fn message(written: &Node, without: &[String], around: &Around<'_>) -> Option<String> {
    let mut record = stack::document::read(&usual(around)).ok()?;
    fit(&mut record, written, around);
    lay_over(&mut record, written);
    without.iter().for_each(|path| remove_path(&mut record, path));
    let text = record.to_json();
    json::Document::check(text.as_bytes()).ok().map(|()| text)
}

/// What a case can't say in its `record`, because it says it elsewhere.
pub(super) fn check(written: &Node, form: &mut Form<'_>) -> Option<()> {
    let Some(members) = written.map() else {
        form.wrong_type(written, "`record`", "a map", "write `record: {errorCode: AccessDenied}`");
        return None;
    };
    let elsewhere =
        [("eventTime", "the time of a record is its `at`"), ("eventID", "write `id` beside `record`")];
    let mut right = Some(());
    for member in members {
        if let Some((key, help)) = elsewhere.iter().find(|(key, _)| *key == member.key.value) {
            let message = format!("`{key}` isn't written in `record`");
            form.wrong(ErrorCode::Conflict, member.key.span, message, help);
            right = None;
        }
    }
    right
}

fn usual(around: &Around<'_>) -> String {
    let Environment { account_id, region, partition, .. } = around.environment;
    let [account, region, partition, id] = [account_id, region, partition, around.event_id]
        .map(|text| text.replace(['"', '\\'], "").replace(char::is_control, ""));
    let time = jiff::Timestamp::from_second(around.time).map(|time| time.to_string()).unwrap_or_default();
    let role = format!("arn:{partition}:iam::{account}:role/orders");
    let session = format!("arn:{partition}:sts::{account}:assumed-role/orders/i-0a1b2c3d4e5f67890");
    let key = format!("arn:{partition}:kms:{region}:{account}:key/1234abcd-12ab-34cd-56ef-1234567890ab");
    format!(
        r#"{{"eventVersion":"1.11","userIdentity":{{"type":"AssumedRole","principalId":"AROAEXAMPLEROLE00001:i-0a1b2c3d4e5f67890","arn":"{session}","accountId":"{account}","accessKeyId":"ASIAEXAMPLEKEY000001","sessionContext":{{"sessionIssuer":{{"type":"Role","principalId":"AROAEXAMPLEROLE00001","arn":"{role}","accountId":"{account}","userName":"orders"}},"attributes":{{"creationDate":"{time}","mfaAuthenticated":"false"}}}}}},"eventTime":"{time}","eventSource":"kms.amazonaws.com","eventName":"Decrypt","awsRegion":"{region}","sourceIPAddress":"203.0.113.10","userAgent":"aws-cli/2.15.30","requestParameters":{{"encryptionAlgorithm":"SYMMETRIC_DEFAULT","keyId":"{key}"}},"responseElements":null,"requestID":"{id}","eventID":"{id}","readOnly":true,"resources":[{{"accountId":"{account}","type":"AWS::KMS::Key","ARN":"{key}"}}],"eventType":"AwsApiCall","managementEvent":true,"recipientAccountId":"{account}","eventCategory":"Management"}}"#
    )
}

/// Makes the usual record one that could have what is written.
fn fit(record: &mut Node, written: &Node, around: &Around<'_>) {
    let says = |key: &str| written.get(key).and_then(Node::scalar);
    let is_decrypt = says("eventName").is_none_or(|name| name == "Decrypt")
        && says("eventSource").is_none_or(|source| source == "kms.amazonaws.com");
    let error = says("errorCode").unwrap_or_default();
    let is_denied = error.contains("AccessDenied");
    if !is_decrypt || is_denied || error.contains("NotFound") {
        for key in OF_THE_CALL {
            remove(record, key);
        }
        set(record, "requestParameters", Value::Null);
    }
    if !is_decrypt {
        remove(record, "readOnly");
    }
    if written.get("userIdentity").is_some_and(|identity| identity.get("type").is_some()) {
        remove(record, "userIdentity");
    }
    if is_decrypt && is_denied && written.get("userIdentity").is_none() {
        let Environment { account_id, region, partition, .. } = around.environment;
        let message = format!(
            "User: arn:{partition}:sts::{account_id}:assumed-role/orders/i-0a1b2c3d4e5f67890 is not authorized to perform: \
             kms:Decrypt on resource: arn:{partition}:kms:{region}:{account_id}:key/1234abcd-12ab-34cd-56ef-1234567890ab \
             because no identity-based policy allows the kms:Decrypt action"
        );
        set(record, "errorMessage", Value::String(message));
    }
}

/// Maps are laid over maps; anything else takes the place of what was there.
fn lay_over(below: &mut Node, above: &Node) {
    let (Value::Map(members), Some(others)) = (&mut below.value, above.map()) else {
        *below = above.clone();
        return;
    };
    for other in others {
        match members.iter_mut().find(|member| member.key.value == other.key.value) {
            Some(member) => lay_over(&mut member.value, &other.value),
            None => members.push(other.clone()),
        }
    }
}

/// Removes `userIdentity.arn`, or a member whose name has dots.
fn remove_path(record: &mut Node, path: &str) {
    if record.get(path).is_some() {
        return remove(record, path);
    }
    let Some((first, rest)) = path.split_once('.') else { return };
    if let Value::Map(members) = &mut record.value
        && let Some(member) = members.iter_mut().find(|member| member.key.value == first)
    {
        remove_path(&mut member.value, rest);
    }
}

fn remove(record: &mut Node, key: &str) {
    if let Value::Map(members) = &mut record.value {
        members.retain(|member| member.key.value != key);
    }
}

fn set(record: &mut Node, key: &str, value: Value) {
    remove(record, key);
    if let Value::Map(members) = &mut record.value {
        let key = Spanned::new(key.to_owned(), Span::default());
        members.push(Member { key, value: Node::new(value, Span::default()) });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Behind a key, for what begins with a brace is JSON.
    fn read(written: &str) -> Node {
        let text = format!("record: {written}");
        stack::document::read(&text).unwrap().get("record").unwrap().clone()
    }

    fn of(written: &str) -> String {
        let environment = Environment::new("keys", "111122223333", "eu-west-1");
        let around = Around { environment: &environment, time: 1_741_593_600, event_id: "one" };
        message(&read(written), &[], &around).unwrap()
    }

    fn members(written: &str, keys: &[&str]) -> Vec<String> {
        let text = of(written);
        let document = json::Document::parse(text.as_bytes()).unwrap();
        keys.iter().map(|key| document.root().get(key).map_or("-", json::Value::raw).to_owned()).collect()
    }

    #[test]
    fn maps_are_laid_over_maps() {
        let text = of(
            "{userAgent: curl, requestParameters: {encryptionContext: {aws:s3: x}}, sourceIPAddress: null}",
        );
        for part in [
            r#""userAgent":"curl""#,
            r#""encryptionContext":{"aws:s3":"x"}"#,
            r#""keyId":"arn:aws:kms:eu-west-1:111122223333:key/"#,
            r#""sourceIPAddress":null"#,
            r#""eventTime":"2025-03-10T08:00:00Z""#,
        ] {
            assert!(text.contains(part), "{part}: {text}");
        }
    }

    #[test]
    fn a_denied_call_names_no_key_but_in_its_message() {
        let keys = ["requestParameters", "resources"];
        assert_eq!(members("{errorCode: AccessDenied}", &keys), ["null", "-"]);
        assert_eq!(members("{errorCode: NotFoundException}", &keys), ["null", "-"]);
        assert_eq!(members("{errorCode: AccessDenied, resources: []}", &keys), ["null", "[]"]);
        assert!(of("{errorCode: AccessDenied}").contains("is not authorized to perform: kms:Decrypt"));
        assert_eq!(members("{errorCode: AccessDenied, errorMessage: mine}", &["errorMessage"]), ["\"mine\""]);
        assert!(!members("{errorCode: DisabledException}", &keys).contains(&"null".to_owned()));
    }

    #[test]
    fn another_call_has_nothing_of_a_decrypt() {
        let keys = ["eventName", "requestParameters", "resources", "readOnly"];
        assert_eq!(members("{eventName: StopLogging}", &keys), ["\"StopLogging\"", "null", "-", "-"]);
    }

    #[test]
    fn another_kind_of_caller_stands_alone() {
        let root = members("{userIdentity: {type: Root}}", &["userIdentity"]);
        assert_eq!(root, [r#"{"type":"Root"}"#]);
    }

    #[test]
    fn what_json_cannot_say_is_no_record() {
        let environment = Environment::new("keys", "111122223333", "eu\"-\n1");
        let around = Around { environment: &environment, time: 0, event_id: "one" };
        let written = read("{a: .5, b: 5., c: +1, d: 1.e5}");
        assert_eq!(message(&written, &[], &around), None);
    }
}
