//! What holds whatever the records are.

use std::collections::BTreeMap;

use cloudtrail::call::{Reason, Tier};
use proptest::prelude::*;

use super::*;
use crate::report::escape::disturbs;

fn name() -> impl Strategy<Value = String> {
    prop_oneof![Just("a".to_owned()), Just("b".to_owned()), Just("c".to_owned())]
}

fn hostile() -> impl Strategy<Value = String> {
    prop_oneof!["[=+@\\-,\"\\\\\t\r\n \u{1b}\u{9b}\u{7f}\u{202e}\u{200b}\u{2028}a-c]{0,12}", any::<String>()]
}

prop_compose! {
    fn evidence(text: fn() -> BoxedStrategy<String>)(
        principal in text(), words in text(), key in prop::option::of(text()), error in prop::option::of(text()),
        operation in text(), resources in prop::collection::vec(text(), 0..3),
        address in prop::option::of(text()), agent in prop::option::of(text()),
        denial in prop::option::of(prop::sample::select(&Reason::ALL[..])), notes in prop::collection::vec(text(), 0..3),
        tier in prop::sample::select(&[Tier::Alert, Tier::Unknown][..]), meaning in text(), by_service in any::<bool>(),
        call in prop::option::of((0_u8..4, 0_u8..3)), account in prop::option::of(0_u8..2),
        kind in prop::sample::select(&["IAMUser", "IAMUser", "AWSAccount", "AWSService"][..]), time in prop::option::of(0_i64..40_000),
    ) -> Evidence {
        Evidence {
            detections: vec![0],
            time: time.map(|time| 1_741_593_600 + time),
            principal,
            principal_words: words,
            principal_type: kind.into(),
            account: account.map(|account| account.to_string()),
            key,
            error,
            operation,
            event_source: "kms.amazonaws.com".into(),
            resources,
            source_address: address,
            user_agent: agent,
            denial,
            denying_policy: notes.first().cloned(),
            principal_notes: notes.clone(),
            key_notes: notes,
            tier,
            what_to_do: format!("mend {meaning}"),
            error_meaning: meaning,
            by_service,
            shared_event_id: call.map(|(id, _)| id.to_string()),
            recipient_account: call.map(|(_, account)| account.to_string()),
            ..Evidence::default()
        }
    }
}

fn plain() -> BoxedStrategy<String> {
    name().boxed()
}

fn nasty() -> BoxedStrategy<String> {
    hostile().boxed()
}

/// Evidence without a partner in another account.
fn alone() -> impl Strategy<Value = Evidence> {
    evidence(plain).prop_map(|evidence| Evidence { shared_event_id: None, ..evidence })
}

/// The report as a value.
fn comparable(report: &Report) -> serde_json::Value {
    serde_json::from_str(&rendered(report, Format::Json)).unwrap()
}

/// One call and the key owner's copy of it.
fn pair(number: usize) -> [Evidence; 2] {
    let caller = Evidence {
        detections: vec![0],
        principal: format!("user{}", number % 3),
        principal_type: "IAMUser".into(),
        error: Some("NotFoundException".into()),
        operation: "Decrypt".into(),
        shared_event_id: Some(number.to_string()),
        recipient_account: Some("caller".into()),
        identity: Some(number as u128 * 2 + 2),
        ..Evidence::default()
    };
    let copy = Evidence {
        principal: "account 1".into(),
        principal_type: "AWSAccount".into(),
        recipient_account: Some("owner".into()),
        identity: Some(number as u128 * 2 + 3),
        ..caller.clone()
    };
    [caller, copy]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 64, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_records_changes_nothing(
        (records, shuffled) in prop::collection::vec(evidence(plain), 0..40)
            .prop_map(|list| list.into_iter().enumerate().map(|(index, evidence)| {
                Evidence { identity: Some(index as u128), ..evidence }
            }).collect::<Vec<_>>())
            .prop_flat_map(|list| (Just(list.clone()), Just(list).prop_shuffle())),
    ) {
        let setting = Setting::default();
        let one = setting.report(&records, Expected::default());
        let other = setting.report(&shuffled, Expected::default());
        prop_assert_eq!(comparable(&one), comparable(&other));
    }

    #[test]
    fn a_pair_is_one_call_whichever_record_comes_first(
        records in Just((0..20).flat_map(pair).collect::<Vec<_>>()).prop_shuffle(),
    ) {
        let report = Setting::default().report(&records, Expected::default());
        let groups: Vec<_> = report.groups().map(|view| (view.principal(), view.group.calls(), view.group.records)).collect();
        prop_assert_eq!(groups, [("user0", 7, 14), ("user1", 7, 14), ("user2", 6, 12)]);
        prop_assert_eq!(report.detections()[0].matched, 40);
    }

    #[test]
    fn repeats_change_nothing_but_their_count(
        records in prop::collection::vec(alone(), 1..20), again in prop::collection::vec(any::<prop::sample::Index>(), 0..20),
    ) {
        let mut records: Vec<Evidence> =
            records.into_iter().enumerate().map(|(id, evidence)| Evidence { identity: Some(id as u128), ..evidence }).collect();
        let setting = Setting::default();
        let mut once = comparable(&setting.report(&records, Expected::default()));
        let repeats: Vec<Evidence> = again.iter().map(|index| index.get(&records).clone()).collect();
        records.extend(repeats);
        once["duplicates"] = again.len().into();
        once["records"]["deliveries"] = records.len().into();
        prop_assert_eq!(once, comparable(&setting.report(&records, Expected::default())));
    }

    #[test]
    fn every_record_is_counted_somewhere(
        records in prop::collection::vec(evidence(plain), 0..60), max_groups in 0_usize..5, max_waiting in 0_usize..4000,
        max_calls in 0_usize..3,
    ) {
        let setting = Setting { max_groups, max_waiting, max_calls, ..Setting::default() };
        let report = setting.report(&records, Expected::default());
        let grouped: u64 = report.groups().map(|view| view.group.records).sum();
        prop_assert_eq!(grouped + report.answer.groups.beyond, records.len() as u64);
        let hours: u64 = report.hours().iter().map(|(_, count)| count).sum();
        prop_assert_eq!(hours + report.hours().without_time, records.len() as u64);
    }

    #[test]
    fn nothing_hostile_reaches_a_terminal(
        records in prop::collection::vec(evidence(nasty), 0..12), text in hostile(), width in 0_usize..200,
    ) {
        let setting = Setting {
            detections: vec![(text.clone(), text.clone())],
            problems: vec![(text.clone(), Some(3), text.clone())],
            width,
            ..Setting::default()
        };
        let report = setting.report(&records, Expected::default());
        for name in ["text", "json", "ndjson", "csv"] {
            let written = rendered(&report, format(name, &setting).unwrap());
            let bad = written.chars().find(|found| disturbs(*found) && *found != '\n' && (name != "csv" || *found != '\r'));
            prop_assert_eq!(bad, None, "{} {}", name, written);
        }
    }

    #[test]
    fn no_cell_begins_a_formula(records in prop::collection::vec(evidence(nasty), 1..12)) {
        let report = Setting::default().report(&records, Expected::default());
        let groups = report.groups().count();
        let rows = parse_csv(&rendered(&report, Format::Csv));
        prop_assert_eq!(rows.len(), groups + 1);
        for row in &rows {
            prop_assert_eq!(row.len(), 31);
            prop_assert!(!row.iter().any(|cell| cell.trim_start().starts_with(['=', '+', '-', '@', '\t', '\r'])));
        }
    }

    #[test]
    fn json_says_what_was_put_in(records in prop::collection::vec(evidence(nasty), 1..12)) {
        let records: Vec<Evidence> = records.into_iter().map(|evidence| Evidence { shared_event_id: None, ..evidence }).collect();
        let report = Setting::default().report(&records, Expected::default());
        let value: serde_json::Value = serde_json::from_str(&rendered(&report, Format::Json)).unwrap();
        let mut counts: BTreeMap<String, u64> = BTreeMap::new();
        for evidence in &records {
            *counts.entry(evidence.principal.clone()).or_default() += 1;
        }
        let mut written: BTreeMap<String, u64> = BTreeMap::new();
        for group in value["groups"].as_array().unwrap() {
            *written.entry(group["principal"].as_str().unwrap().to_owned()).or_default() += group["count"].as_u64().unwrap();
        }
        prop_assume!(counts.keys().all(|name| name.len() < 500));
        prop_assert_eq!(counts, written);
    }
}

/// RFC 4180, read back.
fn parse_csv(text: &str) -> Vec<Vec<String>> {
    let mut rows = vec![vec![String::new()]];
    let mut quoted = false;
    let mut characters = text.strip_suffix("\r\n").unwrap().chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '"' if quoted && characters.peek() == Some(&'"') => {
                characters.next();
                rows.last_mut().unwrap().last_mut().unwrap().push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => rows.last_mut().unwrap().push(String::new()),
            '\r' if !quoted => {}
            '\n' if !quoted => rows.push(vec![String::new()]),
            other => rows.last_mut().unwrap().last_mut().unwrap().push(other),
        }
    }
    rows
}

#[test]
fn expected_records_are_counted_for_each_detection() {
    let list = br#"[{"principal":"user0","operation":"Decrypt","key":null,"error":"NotFoundException","reason":"r","until":"2099-01-01"}]"#;
    let detections = ["a", "b"].map(|name| (name.into(), String::new())).into();
    let setting = Setting { detections, ..Setting::default() };
    let records: Vec<Evidence> = (0..2)
        .flat_map(pair)
        .map(|evidence| Evidence { time: Some(0), detections: vec![1], ..evidence })
        .collect();
    let answer = setting.report(&records, Expected::parse(list).unwrap()).answer;
    assert_eq!((answer.matched(), answer.unexpected()), (4, 2));
    assert_eq!(["a", "b", "c"].map(|name| answer.unexpected_of(name)), [Some(0), Some(2), None]);
}
