//! What `match --explain` says of a filter pattern, for the patterns of a template.
//!
//! There it answers to one pattern that somebody looks at; here it must not speak of patterns that are as they should be.
//! What is known of the log group and of CloudTrail's records decides whether a remark is a warning, a note, or nothing.

use diagnostic::{Diagnostic, Severity};
use filter_pattern::explain::{Note, NoteCode};
use filter_pattern::{Condition, Expression, Operand, Test};

use super::view::{Filter, View};
use crate::patterns::{allows, conditions, expression, named};
use crate::place;

pub(super) fn lint(view: &View<'_>, found: &mut Vec<Diagnostic>) {
    for filter in view.filters.iter().filter(|filter| filter.is_known) {
        for remark in &filter.pattern.explain().notes {
            let Some(severity) = severity(remark, filter) else { continue };
            let mut diagnostic = remark.diagnostic();
            diagnostic.severity = severity;
            diagnostic.help.extend(special_help(remark, filter));
            found.push(place::in_scalar(diagnostic, view.text, &filter.declared.filter_pattern));
        }
    }
}

/// Why the likeliest of such exclusions goes wrong.
fn special_help(remark: &Note, filter: &Filter<'_>) -> Option<String> {
    let expression = expression(filter.pattern).filter(|_| remark.code == NoteCode::NotEqualAbsent)?;
    let condition = conditions(expression).find(|condition| condition.span == remark.span)?;
    let is_invoker = named(&condition.selector) == ["userIdentity", "invokedBy"];
    is_invoker.then(|| {
        "calls that no service makes have no `invokedBy`, and those of an attacker are such".to_owned()
    })
}

fn severity(remark: &Note, filter: &Filter<'_>) -> Option<Severity> {
    let Some(expression) = expression(filter.pattern) else { return Some(Severity::Warning) };
    let condition = conditions(expression).find(|condition| condition.span == remark.span);
    let of_records = |severity: Severity| filter.reads_records.then_some(severity);
    match remark.code {
        NoteCode::OrderOnText | NoteCode::OtherCase => of_records(Severity::Warning),
        NoteCode::KeyOfDenied => asks_kms(expression).then_some(Severity::Warning),
        NoteCode::NotEqualAbsent => {
            let often =
                filter.reads_records && condition.is_some_and(|found| is_often_absent(found, expression));
            Some(if often { Severity::Warning } else { Severity::Note })
        }
        NoteCode::Duplicate => Some(Severity::Note),
        NoteCode::WildcardsDiffer => Some(match condition {
            Some(found) if filter.reads_records && hardly_twice(found) => Severity::Note,
            _ => Severity::Warning,
        }),
        NoteCode::TextTrue => text_true(condition, filter),
        _ => Some(Severity::Warning),
    }
}

/// Can it match a record of KMS?
pub(super) fn asks_kms(expression: &Expression) -> bool {
    allows(expression, "eventSource", "kms.amazonaws.com")
}

/// Members that whole kinds of records lack: direct calls have no `invokedBy`, users no session, denied calls of KMS no
/// parameters, and calls that succeed no error.
fn is_often_absent(condition: &Condition, expression: &Expression) -> bool {
    match named(&condition.selector).as_slice() {
        ["userIdentity", "invokedBy" | "userName" | "sessionContext", ..] => true,
        ["errorCode" | "errorMessage" | "vpcEndpointId" | "sharedEventID"] => true,
        ["requestParameters" | "responseElements" | "resources", ..] => asks_errors(expression),
        _ => false,
    }
}

/// Is it about calls that failed?
pub(super) fn asks_errors(expression: &Expression) -> bool {
    let of_error = |condition: &Condition| {
        matches!(named(&condition.selector).as_slice(), ["errorCode" | "errorMessage"])
            && !matches!(condition.test, Test::NotExists)
    };
    conditions(expression).any(of_error)
}

/// Pieces of a text of at least so many characters hardly stand in it twice; of an ARN, shorter ones don't either.
const LONG_PIECE: usize = 16;
const LONG_PIECE_OF_ARN: usize = 6;

/// Does the piece behind the last `*` hardly occur twice in such a value?
fn hardly_twice(condition: &Condition) -> bool {
    let (Test::Equal(Operand::Text(glob)) | Test::NotEqual(Operand::Text(glob))) = &condition.test else {
        return false;
    };
    let piece = glob.text().rsplit_once('*').map_or(0, |(_, piece)| piece.chars().count());
    match named(&condition.selector).last().copied().unwrap_or_default() {
        "errorCode" | "eventName" | "eventSource" | "eventType" | "eventCategory" | "awsRegion" | "type"
        | "invokedBy" | "instanceType" => true,
        "ARN" | "arn" | "keyId" | "principalId" => piece >= LONG_PIECE_OF_ARN,
        _ => piece >= LONG_PIECE,
    }
}

/// CloudTrail writes some booleans as text, and others not.
fn text_true(condition: Option<&Condition>, filter: &Filter<'_>) -> Option<Severity> {
    let keys = condition.map(|found| named(&found.selector)).unwrap_or_default();
    match keys.last().copied().unwrap_or_default() {
        "mfaAuthenticated" | "sessionCredentialFromConsole" | "MFAUsed" | "MobileVersion" => None,
        "readOnly" | "managementEvent" => Some(Severity::Warning),
        _ if filter.reads_records => Some(Severity::Note),
        _ => Some(Severity::Warning),
    }
}
