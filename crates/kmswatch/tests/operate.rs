//! Do the commands that operate the service say what is so, whatever state it is in?

#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, reason = "a test fails by panicking")]

mod support;

use std::ffi::OsString;
use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};
use support::beside::{MailServer, Service, wait_for};

/// A log file with one denied `Decrypt` of now.
fn denied(id: &str, user: &str, agent: &str) -> String {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap();
    let time = jiff::Timestamp::from_second(now.as_secs().cast_signed()).unwrap().to_string();
    json!({ "Records": [{
        "eventVersion": "1.11",
        "userIdentity": {
            "type": "IAMUser", "arn": format!("arn:aws:iam::111122223333:user/{user}"), "accountId": "111122223333",
            "userName": user,
        },
        "eventTime": time, "eventSource": "kms.amazonaws.com", "eventName": "Decrypt", "awsRegion": "us-east-1",
        "sourceIPAddress": "203.0.113.77", "userAgent": agent, "errorCode": "AccessDenied", "errorMessage": "no",
        "eventID": id, "recipientAccountId": "111122223333",
    }] })
    .to_string()
}

/// The states of all alarms but that of drills.
fn states(status: &Value) -> Vec<(String, String)> {
    let text = |alarm: &Value, name: &str| alarm[name].as_str().unwrap().to_owned();
    let alarms = status["alarms"].as_array().unwrap().iter();
    let alarms = alarms.map(|alarm| (text(alarm, "name"), text(alarm, "state")));
    let mut alarms: Vec<_> = alarms.filter(|(name, _)| name.starts_with("kms-")).collect();
    alarms.sort();
    alarms
}

#[test]
fn a_service_that_works_has_nothing_to_complain_of() {
    let service = Service::start(&[]);
    let said = service.command(&["status"]);
    assert_eq!((said.status, said.err.as_str()), (Some(0), ""), "{said:?}");
    assert!(said.out.starts_with("kmswatch 0.1.0 runs for "), "{said:?}");
    assert!(!said.out.contains("Needs attention") && said.flat().contains("alarms 12 alarms: "), "{said:?}");
    let status = service.json(&["status"]);
    let run: Value = serde_json::from_slice(&fs::read(service.path("data/run.json")).unwrap()).unwrap();
    assert_eq!(status["service"], json!({ "pid": run["pid"], "http": run["http"], "answers": true }));
    assert_eq!((&status["attention"], &status["outbox"]["dead"]), (&json!([]), &json!(0)));
    assert!(service.command(&["outbox"]).out.contains("Given up: none"));
}

#[test]
fn an_alarm_tells_who_is_behind_it() {
    let service = Service::start(&[]);
    service.deliver("one.json", &denied("1", "mallory", "evil\u{1b}[31m"));
    service.deliver("two.json", &denied("2", "mal\u{1b}]0;x\u{7}\u{202e}lory", "x"));
    service.wait_for_state("kms-decrypt-failed", "ALARM");
    wait_for("both records", || service.json(&["alarms", "kms-decrypt-failed"])[0]["behind"]["calls"] == 2);
    let said = service.command(&["alarms", "kms-decrypt-failed"]);
    let flat = said.flat();
    for part in [
        "state ALARM since ",
        "1 × user mallory in account 111122223333, Decrypt, AccessDenied",
        "who arn:aws:iam::111122223333:user/mal\\x1b]0;x\\x07\\u{202e}lory",
        "from where 203.0.113.77",
        "→ ALARM Threshold Crossed: 1 datapoint [",
        "looks at Sum of kmswatch decrypt-failed-alert in periods of 5 m",
        "ALARM when the last period's datapoint is greater than or equal to 1.0; a period without one counts as good",
        "tells of ALARM operator@localhost; of OK nobody",
    ] {
        assert!(flat.contains(part), "{part}: {}", said.out);
    }
    // What the alarm is about is no fault of the service.
    assert_eq!(service.command(&["status"]).status, Some(0));
    let wrong = service.command(&["alarms", "kms-decrypt-faild"]);
    assert_eq!(wrong.status, Some(2));
    assert_eq!(
        wrong.err,
        "kmswatch: no alarm is called `kms-decrypt-faild`; did you mean `kms-decrypt-failed`?\n"
    );
}

#[test]
fn what_cannot_be_read_needs_attention() {
    let service = Service::start(&[]);
    service.deliver("broken.json", "{\"Records\":[{\"eventTime\":\"\u{1b}[31m\", nonsense }]}");
    wait_for("the problem", || service.command(&["status"]).status == Some(1));
    let said = service.command(&["status", "--verbose"]);
    assert!(said.flat().contains("- 1 problem of reading logs in the last day"), "{said:?}");
    assert!(said.out.contains("  trail trail/broken.json, byte 26\n"), "{said:?}");
    assert_eq!(service.json(&["status"])["problems"][0]["path"], "trail/broken.json");
}

#[test]
fn the_database_answers_for_a_service_that_was_killed() {
    let mut service = Service::start(&[]);
    service.deliver("one.json", &denied("1", "mallory", "x"));
    service.wait_for_state("kms-decrypt-failed", "ALARM");
    wait_for("the mail", || service.json(&["status"])["outbox"]["waiting"] == 0);
    let before = states(&service.json(&["status"]));
    service.kill();
    assert!(service.path("data/run.json").exists());
    let said = service.command(&["status"]);
    assert_eq!(said.status, Some(1));
    assert!(
        said.out.starts_with("kmswatch doesn't run; its database says:\n\nNeeds attention\n"),
        "{said:?}"
    );
    assert_eq!(states(&service.json(&["status"])), before);
    let alarms = service.command(&["alarms", "kms-decrypt-failed"]);
    assert!(alarms.status == Some(0) && alarms.out.contains("user mallory"), "{alarms:?}");
    assert!(alarms.err.starts_with("kmswatch: the service doesn't run, "), "{alarms:?}");
    assert!(service.command(&["outbox"]).out.contains("ALARM: kms-decrypt-failed  to operator@localhost"));
    for command in [&["outbox", "retry", "all"][..], &["drill"]] {
        let said = service.command(command);
        assert_eq!(said.status, Some(2), "{said:?}");
        assert!(said.err.starts_with("kmswatch: no service runs in data"), "{said:?}");
    }
    service.again(&[]);
    assert_eq!(service.command(&["status"]).status, Some(0));
    assert_eq!(states(&service.json(&["status"])), before);
}

#[test]
fn a_wrong_token_is_named() {
    let service = Service::start(&[]);
    fs::write(service.path("data/token"), "wrong").unwrap();
    let said = service.command(&["status"]);
    assert_eq!(said.status, Some(1));
    let why = "doesn't answer: it doesn't accept the token in data/token; was that file changed?";
    assert!(said.flat().contains(why), "{said:?}");
    for command in [&["outbox", "retry", "1"][..], &["drill"]] {
        let said = service.command(command);
        assert!(said.status != Some(0), "{said:?}");
        assert!(
            format!("{}{}", said.flat(), said.err).contains("doesn't accept the token in data/token"),
            "{said:?}"
        );
    }
}

#[test]
fn commands_need_no_settings_but_the_folder() {
    let mut service = Service::start(&[]);
    service.end();
    let identity = rcgen::generate_simple_self_signed(["kmswatch.example.com".to_owned()]).unwrap();
    fs::write(service.path("certificate.pem"), identity.cert.pem()).unwrap();
    fs::write(service.path("key.pem"), identity.signing_key.serialize_pem()).unwrap();
    service.again_with(
        &[],
        &[
            ("KMSWATCH_HTTP_TOKEN", "a token of one's own"),
            ("KMSWATCH_HTTP_TLS_CERTIFICATE", "certificate.pem"),
            ("KMSWATCH_HTTP_TLS_KEY", "key.pem"),
        ],
    );
    let said = service.command(&["status"]);
    assert_eq!(said.status, Some(0), "{said:?}");
    assert!(said.out.contains(" at https://127.0.0.1:"), "{said:?}");
}

#[test]
fn a_drill_reaches_each_subscriber_and_nothing_else_changes() {
    let Some(mail) = MailServer::start() else { return };
    let url = mail.url.clone();
    let service =
        Service::start(&["--smtp", &url, "--mail-to", "ok@example.com", "--mail-to", "soc@example.com"]);
    let before = service.json(&["status"]);
    let said = service.command(&["drill"]);
    assert_eq!(said.status, Some(0), "{said:?}\n{}", service.log());
    for part in [
        "0.000 s the record is made",
        "the service has read it",
        "it is on the disk",
        "the alarm goes from ",
        "notifications are queued",
        "the mail server accepted it for ok@example.com",
        "the mail server accepted it for soc@example.com",
        "The whole way took ",
    ] {
        assert!(said.flat().contains(part), "{part}: {said:?}");
    }
    let sent = [mail.next(), mail.next()];
    let text = mail_text(&sent[0]);
    assert!(text.contains("Subject: ALARM: \"kmswatch-drill\" in "), "{text}");
    let first = text.split("\r\n\r\n").find(|part| part.contains("This is a drill.")).unwrap();
    assert!(first.trim_start().starts_with("This is a drill. Somebody ran `kmswatch drill`"), "{first}");
    let after = service.json(&["status"]);
    assert_eq!((states(&after), &after["totals"]), (states(&before), &before["totals"]));
    let alarms = service.json(&["alarms", "kms-decrypt-failed", "kms-call-failed"]);
    assert_eq!((&alarms[0]["behind"]["calls"], &alarms[1]["behind"]["calls"]), (&json!(0), &json!(0)));
    let again = service.json(&["drill", "--timeout", "1s"]);
    assert_eq!(again["stopped"], "not done within 1 s: the alarm of an earlier drill is still in ALARM");
    assert_eq!(service.command(&["status"]).status, Some(0), "the alarm of a drill needs no attention");
}

fn mail_text(mail: &Value) -> String {
    // Base64 of the standard library of the test's other half.
    let python = std::env::var_os("KMSWATCH_PYTHON").unwrap();
    let script = "import base64,sys; sys.stdout.buffer.write(base64.b64decode(sys.argv[1]))";
    let output = std::process::Command::new(python)
        .args(["-c", script, mail["data"].as_str().unwrap()])
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn a_drill_that_is_refused_says_so_and_can_be_tried_again() {
    let Some(mail) = MailServer::start() else { return };
    let url = mail.url.clone();
    let service =
        Service::start(&["--smtp", &url, "--mail-to", "refused@example.com", "--mail-to", "ok@example.com"]);
    let said = service.command(&["drill"]);
    assert_eq!(said.status, Some(1), "{said:?}");
    assert!(said.flat().contains("the mail server accepted it for ok@example.com"), "{said:?}");
    let why = "doesn't take the recipient: 550 5.1.1 no such user\\x1b[31m";
    assert!(
        said.flat().contains("The drill failed: refused@example.com was given up: the mail server"),
        "{said:?}"
    );
    assert!(said.flat().contains(why), "{said:?}");
    let status = service.command(&["status"]);
    assert_eq!(status.status, Some(1));
    assert!(status.flat().contains("- 1 notification was given up: kmswatch outbox says why"), "{status:?}");
    let outbox = service.json(&["outbox"]);
    let dead = &outbox["dead"]["notifications"][0];
    assert_eq!(
        (&dead["to"], &dead["about"]),
        (&json!("refused@example.com"), &json!("ALARM: kmswatch-drill"))
    );
    let id = dead["id"].to_string();
    let other = outbox["delivered"]["notifications"][0]["id"].to_string();
    let said = service.command(&["outbox", "retry", &format!("#{id}"), &other, "4711"]);
    assert_eq!(said.status, Some(1));
    assert!(said.out.contains(&format!("#{other} wasn't given up, or isn't there\n")), "{said:?}");
    assert!(said.out.contains("1 notification is tried again now"), "{said:?}");
    wait_for("the second refusal", || service.json(&["outbox"])["dead"]["notifications"][0]["attempts"] == 1);
    assert_eq!(service.json(&["outbox", "retry", "all"])["tried_again"], json!([id.parse::<u64>().unwrap()]));
}

#[test]
fn a_mail_server_that_is_not_there_is_named() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let url = format!("smtp://127.0.0.1:{port}");
    let service = Service::start(&["--smtp", &url, "--mail-to", "soc@example.com"]);
    let said = service.command(&["drill", "--timeout", "2s"]);
    assert_eq!(said.status, Some(1), "{said:?}");
    let why = format!("the mail server 127.0.0.1:{port}: nothing listens there (connection refused)");
    let stopped = "The drill failed: not done within 2 s: the notification was queued, but not accepted; soc@example.com:";
    assert!(said.flat().contains(&format!("{stopped} {why}")), "{said:?}");
    assert!(said.err.contains("soc@example.com couldn't be told: "), "{said:?}");
    let status = service.command(&["status"]);
    assert_eq!(status.status, Some(1));
    assert!(
        status.flat().contains("- 1 notification can't be delivered and is tried again, for "),
        "{status:?}"
    );
    assert!(status.flat().contains(&why), "{status:?}");
    let outbox = service.json(&["outbox"]);
    assert_eq!(outbox["waiting"]["notifications"][0]["reason"], json!(why));
}

#[test]
fn a_drill_through_aws_waits_for_its_record() {
    let service = Service::start(&[]);
    let template = denied("1", "operator", "AGENT").replace("AccessDenied", "DryRunOperationException");
    fs::write(service.path("record.json"), template.replace("Decrypt", "Encrypt")).unwrap();
    // What the AWS CLI says, and what CloudTrail delivers after it.
    let script = format!(
        "#!/bin/sh\necho \"$@\" > called\nsed \"s/AGENT/aws-cli exec-env\\/$AWS_EXECUTION_ENV/\" record.json > {0}.part\n\
         mv {0}.part {0}\necho 'An error occurred (DryRunOperationException) when calling the Encrypt operation: no' >&2\n\
         exit 254\n",
        "trail/record.json"
    );
    fs::create_dir(service.path("bin")).unwrap();
    fs::write(service.path("bin/aws"), script).unwrap();
    fs::set_permissions(service.path("bin/aws"), fs::Permissions::from_mode(0o755)).unwrap();
    let mut path: OsString = service.path("bin").into();
    path.push(":");
    path.push(std::env::var_os("PATH").unwrap());
    let arguments = ["drill", "--aws", "--key", "alias/payments", "--timeout", "60s"];
    let said = service.command_with(&arguments, &[("PATH", path.as_os_str())]);
    assert_eq!(said.status, Some(0), "{said:?}\n{}", service.log());
    for part in [
        "AWS answers: DryRunOperationException",
        "its record was read and counts: DryRunOperationException",
        "the alarm kms-dry-run goes to ALARM",
        "written as a file, for operator@localhost",
        "Mails: nobody gets any, as no mail server is set: they are files in data/outbox.",
    ] {
        assert!(said.flat().contains(part), "{part}: {said:?}");
    }
    let called = fs::read_to_string(service.path("called")).unwrap();
    assert!(
        called.starts_with("kms encrypt --dry-run ") && called.ends_with(" --key-id alias/payments\n"),
        "{called}"
    );
    fs::write(service.path("bin/aws"), "#!/bin/sh\necho 'Unable to locate credentials' >&2\nexit 253\n")
        .unwrap();
    let said = service.command_with(&arguments, &[("PATH", path.as_os_str())]);
    assert_eq!(said.status, Some(2));
    assert_eq!(said.err, "kmswatch: `aws` didn't get an answer of KMS: Unable to locate credentials\n");
}

#[test]
fn a_backup_is_made_while_it_runs_and_put_back_when_it_does_not() {
    let mut service = Service::start(&[]);
    service.deliver("one.json", &denied("1", "mallory", "x"));
    service.wait_for_state("kms-decrypt-failed", "ALARM");
    wait_for("the mail", || service.json(&["status"])["outbox"]["waiting"] == 0);
    let said = service.command(&["backup", "copy.db"]);
    assert_eq!(said.status, Some(0), "{said:?}");
    assert!(
        said.flat().starts_with("Wrote copy.db size ") && said.flat().contains("1 record of 1 file"),
        "{said:?}"
    );
    let again = service.command(&["backup", "copy.db"]);
    assert_eq!(again.status, Some(2));
    assert_eq!(again.err, "kmswatch: copy.db exists, so nothing was written; --force replaces it\n");
    assert_eq!(service.command(&["backup", "--force", "copy.db"]).status, Some(0));
    assert_eq!(service.command(&["backup", "--force", "data/kmswatch.db"]).status, Some(2));
    let held = service.command(&["restore", "copy.db"]);
    assert_eq!(held.status, Some(2));
    assert!(held.err.starts_with("kmswatch: data is in use by process "), "{held:?}");
    service.deliver("two.json", &denied("2", "eve", "x"));
    wait_for("the second record", || service.json(&["status"])["totals"]["records"] == 2);
    service.kill();
    let instance = fs::read_to_string(service.path("data/instance")).unwrap();
    let said = service.command(&["restore", "copy.db"]);
    assert_eq!(said.status, Some(0), "{said:?}");
    assert!(
        said.flat().contains("Start the service: it reads again what its trails got since then"),
        "{said:?}"
    );
    assert_ne!(fs::read_to_string(service.path("data/instance")).unwrap(), instance);
    assert_eq!(service.json(&["status"])["totals"]["records"], 1);
    service.again(&[]);
    wait_for("the second record once more", || {
        service.json(&["alarms", "kms-decrypt-failed"])[0]["behind"]["calls"] == 2
    });
    assert_eq!(service.json(&["status"])["totals"]["records"], 2);
}

#[test]
fn a_damaged_backup_changes_nothing() {
    let mut service = Service::start(&[]);
    assert_eq!(service.command(&["backup", "copy.db"]).status, Some(0));
    service.end();
    let mut bytes = fs::read(service.path("copy.db")).unwrap();
    bytes.truncate(bytes.len() / 2);
    fs::write(service.path("half.db"), bytes).unwrap();
    fs::write(service.path("other.db"), "no database").unwrap();
    let before = fs::read(service.path("data/kmswatch.db")).unwrap();
    for (file, why) in [
        ("half.db", "kmswatch: half.db can't be restored: "),
        ("none.db", "kmswatch: there is no backup none.db\n"),
    ] {
        let said = service.command(&["restore", file]);
        assert_eq!(said.status, Some(2), "{said:?}");
        assert!(said.err.starts_with(why), "{said:?}");
    }
    let said = service.command(&["restore", "other.db"]);
    assert_eq!(said.err, "kmswatch: other.db can't be restored: `other.db` is no database\n");
    assert_eq!(fs::read(service.path("data/kmswatch.db")).unwrap(), before);
}
