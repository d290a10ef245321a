//! What can be asked of a parsed filter pattern.

use filter_pattern::{
    Condition, Expression, Field, FieldTest, Operand, Pattern, Selector, Step, Syntax, TermText, Test,
};

pub(crate) fn has_regex(pattern: &Pattern) -> bool {
    match pattern.syntax() {
        Syntax::Json(expression) => conditions(expression).any(|condition| {
            matches!(&condition.test, Test::Equal(Operand::Regex(_)) | Test::NotEqual(Operand::Regex(_)))
        }),
        Syntax::Term(terms) => terms.terms.iter().any(|term| matches!(term.text, TermText::Regex(_))),
        Syntax::Space(space) => space.fields.iter().any(|field| match field {
            Field::Named { tests: Some(tests), .. } => tests.any_of.iter().flatten().any(|test| {
                matches!(test, FieldTest::Equal(Operand::Regex(_)) | FieldTest::NotEqual(Operand::Regex(_)))
            }),
            _ => false,
        }),
    }
}

/// The expression of a JSON pattern.
pub(crate) fn expression(pattern: &Pattern) -> Option<&Expression> {
    match pattern.syntax() {
        Syntax::Json(expression) => Some(expression),
        _ => None,
    }
}

/// All conditions, in the order of the text.
pub(crate) fn conditions(expression: &Expression) -> impl Iterator<Item = &Condition> {
    let mut waiting = vec![expression];
    std::iter::from_fn(move || {
        loop {
            match waiting.pop()? {
                Expression::Condition(condition) => return Some(condition),
                Expression::All(parts) | Expression::Any(parts) => waiting.extend(parts.iter().rev()),
            }
        }
    })
}

/// What must hold wherever the expression does: conditions, and alternatives as a whole.
pub(crate) fn required(expression: &Expression) -> Vec<&Expression> {
    match expression {
        Expression::All(parts) => parts.iter().flat_map(required).collect(),
        other => vec![other],
    }
}

/// The keys of a selector that takes no other steps.
pub(crate) fn keys(selector: &Selector) -> Option<Vec<&str>> {
    let is_key = |step: &Step| matches!(step, Step::Key(_));
    selector.steps().iter().all(is_key).then(|| named(selector))
}

/// The keys among the steps of a selector.
pub(crate) fn named(selector: &Selector) -> Vec<&str> {
    let keys = selector.steps().iter().filter_map(|step| match step {
        Step::Key(key) => Some(key.as_str()),
        Step::Index(_) | Step::Wildcard => None,
    });
    keys.collect()
}

/// Is it `$.key`?
pub(crate) fn is_member(selector: &Selector, key: &str) -> bool {
    matches!(selector.steps(), [Step::Key(only)] if only == key)
}

/// Can the pattern match an event in which `$.key` is `text`? True where nothing is said of it.
pub(crate) fn allows(expression: &Expression, key: &str, text: &str) -> bool {
    match expression {
        Expression::All(parts) => parts.iter().all(|part| allows(part, key, text)),
        Expression::Any(parts) => parts.iter().any(|part| allows(part, key, text)),
        Expression::Condition(condition) if is_member(&condition.selector, key) => match &condition.test {
            Test::Equal(operand) => operand.equals_text(text.as_bytes()),
            Test::NotEqual(operand) => !operand.equals_text(text.as_bytes()),
            Test::NotExists | Test::IsNull | Test::IsBool(_) | Test::Order(..) => false,
        },
        Expression::Condition(_) => true,
    }
}

/// Members that CloudTrail's records have, and log events of applications too.
const OF_RECORDS_AND_OTHERS: [&str; 4] = ["errorCode", "eventName", "eventType", "eventVersion"];

/// Members that say nothing of whose log event it is.
const OF_ANY: [&str; 14] = [
    "apiVersion",
    "awsRegion",
    "errorMessage",
    "eventCategory",
    "eventID",
    "eventTime",
    "managementEvent",
    "readOnly",
    "requestID",
    "resources",
    "sharedEventID",
    "tlsDetails",
    "userAgent",
    "sessionCredentialFromConsole",
];

/// Members that only CloudTrail's records have.
const OF_RECORDS: [&str; 8] = [
    "additionalEventData",
    "eventSource",
    "recipientAccountId",
    "requestParameters",
    "responseElements",
    "sourceIPAddress",
    "userIdentity",
    "vpcEndpointId",
];

/// Does the pattern ask for what CloudTrail's records have? What others have too tells, unless it asks for something
/// that records haven't.
pub(crate) fn reads_records(pattern: &Pattern) -> bool {
    let Some(expression) = expression(pattern) else { return false };
    let any = |keys: &[&str]| conditions(expression).any(|condition| has(&condition.selector, keys));
    let is_foreign =
        |condition: &Condition| !is_of_record(&condition.selector) && !has(&condition.selector, &OF_ANY);
    any(&OF_RECORDS) || (any(&OF_RECORDS_AND_OTHERS) && !conditions(expression).any(is_foreign))
}

fn has(selector: &Selector, keys: &[&str]) -> bool {
    named(selector).iter().any(|key| keys.contains(key))
}

/// Does a selector name a member of CloudTrail's records, whatever stands before it?
pub(crate) fn is_of_record(selector: &Selector) -> bool {
    has(selector, &OF_RECORDS) || has(selector, &OF_RECORDS_AND_OTHERS)
}

/// Members that each of CloudTrail's records has.
pub(crate) fn is_always_there(selector: &Selector) -> bool {
    let Some(keys) = keys(selector) else { return false };
    matches!(
        keys.as_slice(),
        ["eventVersion" | "eventTime" | "eventSource" | "eventName" | "awsRegion" | "eventID" | "eventType"]
            | ["recipientAccountId" | "sourceIPAddress" | "userAgent"]
            | ["userIdentity", "type"]
    )
}
