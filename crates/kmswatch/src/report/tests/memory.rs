//! How much memory the worst records take.

use super::*;

/// Evidence whose every string is long and like no other's.
fn hostile(number: u32) -> Evidence {
    let text = |what: &str| format!("{what}-{number}-{}", "ü".repeat(2000));
    Evidence {
        detections: vec![0],
        time: Some(i64::from(number) * 3600),
        principal: text("principal"),
        principal_words: text("words"),
        principal_type: text("type"),
        account: Some(text("account")),
        key: Some(text("key")),
        error: Some(text("error")),
        operation: text("operation"),
        event_source: text("source"),
        resources: (0..20).map(|index| text(&format!("resource{index}"))).collect(),
        source_address: Some(text("address")),
        user_agent: Some(text("agent")),
        invoked_by: Some(text("invoked")),
        vpc_endpoint: Some(text("endpoint")),
        region: Some(text("region")),
        denying_policy: Some(text("policy")),
        principal_notes: vec![text("note")],
        key_notes: vec![text("key note")],
        vpc_endpoint_account: Some(text("endpoint account")),
        shared_event_id: Some(text("call")),
        recipient_account: Some(text("recipient")),
        identity: Some(u128::from(number).wrapping_mul(0x9e37_79b9_7f4a_7c15_f39c_c060_5ced_c835)),
        ..Evidence::default()
    }
}

#[test]
fn the_texts_of_hostile_records_stay_within_their_limits() {
    let limits = Limits { text: 1 << 20, further_values: 1000, ..Limits::default() };
    let mut aggregate = Aggregate::new(Vec::new(), Options { limits, ..Options::default() });
    for number in 0..3000 {
        aggregate.add(hostile(number)).unwrap();
    }
    let answer = aggregate.finish();
    assert!(answer.groups.strings.used() <= 1 << 20);
    assert!(answer.groups.beyond > 0);
    assert_eq!(answer.matched(), 3000);
}
