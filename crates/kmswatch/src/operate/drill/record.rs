//! The record of a drill: a log file as CloudTrail writes it, of a call that nobody made.

use jiff::Timestamp;
use serde_json::json;

use crate::report::rfc3339;
use crate::serve::data_folder::random;

/// Who seems to have called.
pub(super) const USER: &str = "kmswatch-drill";
/// What is said to whoever reads the record.
const MESSAGE: &str = "This is a drill. Nobody called Decrypt, and nothing is wrong.";

/// A fresh id, as CloudTrail's event ids are: a UUID.
pub(super) fn fresh_id() -> String {
    // Without randomness the time will do: no two drills begin at once.
    let bytes = random::<16>().unwrap_or_else(|_| Timestamp::now().as_nanosecond().to_be_bytes());
    let number = u128::from_be_bytes(bytes) & !(0xf << 76) & !(0x3 << 62) | (0x4 << 76) | (0x2 << 62);
    let hex = format!("{number:032x}");
    let mut text = String::new();
    for (place, digit) in hex.chars().enumerate() {
        if [8, 12, 16, 20].contains(&place) {
            text.push('-');
        }
        text.push(digit);
    }
    text
}

/// A log file with the record, in the account and region of the alarm.
pub(super) fn log_file(id: &str, alarm: &str, now: i64) -> Vec<u8> {
    let mut parts = alarm.split(':').skip(3);
    let (region, account) = (parts.next().unwrap_or_default(), parts.next().unwrap_or_default());
    json!({ "Records": [{
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "IAMUser",
            "principalId": "AIDAKMSWATCHDRILL",
            "arn": format!("arn:aws:iam::{account}:user/{USER}"),
            "accountId": account,
            "userName": USER,
        },
        "eventTime": rfc3339(now.div_euclid(1000)),
        "eventSource": "kms.amazonaws.com",
        "eventName": "Decrypt",
        "awsRegion": region,
        "sourceIPAddress": "127.0.0.1",
        "userAgent": concat!("kmswatch-drill/", env!("CARGO_PKG_VERSION")),
        "errorCode": "AccessDenied",
        "errorMessage": MESSAGE,
        "requestParameters": null,
        "responseElements": null,
        "requestID": id,
        "eventID": id,
        "readOnly": true,
        "eventType": "AwsApiCall",
        "managementEvent": true,
        "recipientAccountId": account,
        "eventCategory": "Management",
    }] })
    .to_string()
    .into_bytes()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_uuids_and_never_the_same() {
        let (one, other) = (fresh_id(), fresh_id());
        assert_ne!(one, other);
        let shape: String = one.chars().map(|c| if c.is_ascii_hexdigit() { 'x' } else { c }).collect();
        assert_eq!(shape, "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx");
        assert_eq!(one.as_bytes()[14], b'4');
        assert!(b"89ab".contains(&one.as_bytes()[19]), "{one}");
    }

    #[test]
    fn the_record_is_of_the_alarms_account() {
        let file = log_file("id", "arn:aws:cloudwatch:eu-west-1:123456789012:alarm:kmswatch-drill", 1000);
        let file: serde_json::Value = serde_json::from_slice(&file).unwrap();
        let record = &file["Records"][0];
        assert_eq!(record["userIdentity"]["arn"], "arn:aws:iam::123456789012:user/kmswatch-drill");
        assert_eq!(record["awsRegion"], "eu-west-1");
        assert_eq!(record["eventTime"], "1970-01-01T00:00:01Z");
    }
}
