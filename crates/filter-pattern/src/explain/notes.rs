//! What can never be true in a pattern, or is surely not meant.

use std::ops::Range;

use super::note::{Note, NoteCode};
use super::pairs::{conflict, same};
use crate::ast::{
    Condition, Expression, Field, FieldTest, Operand, Prefix, Syntax, TermPattern, TermText, Test,
};
use crate::glob::Glob;
use crate::pattern::Pattern;
use crate::selector::{Selector, Step};

pub(super) fn of(pattern: &Pattern) -> Vec<Note> {
    let mut notes = Vec::new();
    match pattern.syntax() {
        Syntax::Json(expression) => {
            Walk { text: pattern.text(), notes: &mut notes, given: Vec::new() }.expression(expression, &[]);
        }
        Syntax::Term(terms) => term_notes(terms, &mut notes),
        Syntax::Space(space) => {
            notes
                .extend(space.fields.iter().filter_map(|field| escaped_star_in_field(pattern.text(), field)));
        }
    }
    notes.sort_by_key(|note| note.span.start);
    notes
}

/// A walk through the conditions of a JSON pattern.
struct Walk<'p, 'n> {
    /// The pattern as typed.
    text: &'p str,
    notes: &'n mut Vec<Note>,
    /// The conditions that hold wherever the one looked at does.
    given: Vec<&'p Condition>,
}

impl<'p> Walk<'p, '_> {
    /// `alternatives` are what the expression is joined with by `||`.
    fn expression(&mut self, expression: &'p Expression, alternatives: &'p [Expression]) {
        match expression {
            Expression::Condition(condition) => {
                self.condition(condition, alternatives);
                self.with_given(condition);
            }
            Expression::All(parts) => self.all(parts),
            Expression::Any(parts) => self.any(parts),
        }
    }

    /// Conditions come before alternatives, wherever they stand: they are given for those too.
    fn all(&mut self, parts: &'p [Expression]) {
        let given = self.given.len();
        let is_condition = |part: &&Expression| matches!(part, Expression::Condition(_));
        for part in parts.iter().filter(is_condition) {
            self.expression(part, &[]);
            if let Expression::Condition(condition) = part {
                self.given.push(condition);
            }
        }
        for part in parts.iter().filter(|part| !is_condition(part)) {
            self.expression(part, &[]);
        }
        self.given.truncate(given);
    }

    fn any(&mut self, parts: &'p [Expression]) {
        for (index, part) in parts.iter().enumerate() {
            self.expression(part, parts);
            let earlier = parts.iter().take(index).filter_map(as_condition);
            if let Some(condition) = as_condition(part) {
                self.notes.extend(
                    earlier.clone().find(|other| same(other, condition)).map(|_| duplicate(condition)),
                );
            }
        }
    }

    fn with_given(&mut self, condition: &'p Condition) {
        for given in &self.given {
            if same(given, condition) {
                self.notes.push(duplicate(condition));
            } else if let Some(code) = conflict(given, condition) {
                self.notes.push(conflicting(code, condition));
            }
            self.notes.extend(key_of_denied(given, condition).or_else(|| key_of_denied(condition, given)));
        }
    }

    fn is_given_present(&self, selector: &Selector) -> bool {
        self.given.iter().any(|given| given.selector == *selector && !matches!(given.test, Test::NotExists))
    }

    fn condition(&mut self, condition: &Condition, alternatives: &[Expression]) {
        self.notes.extend(other_case_of_key(condition));
        match &condition.test {
            Test::NotEqual(Operand::Text(glob)) if glob.is_anything() => {
                self.notes.push(not_anything(condition))
            }
            Test::NotEqual(_) if !self.is_given_present(&condition.selector) => {
                self.notes.extend(not_equal_absent(condition, alternatives));
            }
            Test::Order(..) => self.notes.extend(order_on_text(condition)),
            _ => {}
        }
        if let Test::Equal(Operand::Text(glob)) | Test::NotEqual(Operand::Text(glob)) = &condition.test {
            self.notes.extend(other_case(condition, glob));
            match escaped_star(self.text, &condition.span) {
                Some(escaped) => self.notes.push(escaped),
                None => self.notes.extend(wildcards_differ(condition, glob)),
            }
            self.notes.extend(text_true(condition, glob));
        }
    }
}

fn as_condition(expression: &Expression) -> Option<&Condition> {
    match expression {
        Expression::Condition(condition) => Some(condition),
        _ => None,
    }
}

fn note(code: NoteCode, condition: &Condition, message: impl Into<String>, help: impl Into<String>) -> Note {
    Note::new(code, condition.span.clone(), message, help)
}

fn not_anything(condition: &Condition) -> Note {
    let message =
        "this is never true: every string and number equals `*`, and `!=` is false for everything else";
    let help = format!("write `{} NOT EXISTS` where nothing must be there", condition.selector);
    note(NoteCode::NotAnything, condition, message, help)
}

fn duplicate(condition: &Condition) -> Note {
    note(NoteCode::Duplicate, condition, "this condition stands there already", "remove it")
}

fn conflicting(code: NoteCode, condition: &Condition) -> Note {
    let selector = &condition.selector;
    let (message, help) = match code {
        NoteCode::AbsentAndPresent => (
            format!("this is never true: `{selector}` must be absent and have a value at the same time"),
            "join the two with `||`",
        ),
        NoteCode::EmptyRange => (
            format!("this is never true: no number is in both ranges for `{selector}`"),
            "exchange the signs, or join the two with `||`",
        ),
        _ => (
            format!("this is never true: another condition on `{selector}` must hold too, and excludes it"),
            "join the two with `||`, or remove one",
        ),
    };
    note(code, condition, message, help)
}

/// Members that CloudTrail writes as strings though they look like numbers or times.
fn order_on_text(condition: &Condition) -> Option<Note> {
    let key = last_key(&condition.selector)?;
    let is_text = matches!(
        key,
        "eventVersion"
            | "accountId"
            | "recipientAccountId"
            | "account"
            | "eventTime"
            | "creationDate"
            | "awsRegion"
            | "eventID"
            | "requestID"
            | "sourceIPAddress"
            | "mfaAuthenticated"
            | "tlsVersion"
            | "x509SerialNumber"
    );
    is_text.then(|| {
        note(
            NoteCode::OrderOnText,
            condition,
            format!("CloudTrail writes `{key}` as a string, and `<` and `>` are false for strings"),
            "compare with `=`, with `*` as wildcard, or with a `%regex%`",
        )
    })
}

/// Top-level members that every CloudTrail record has.
fn is_always_there(selector: &Selector) -> bool {
    let always = |key: &str| {
        matches!(
            key,
            "eventVersion"
                | "eventTime"
                | "eventSource"
                | "eventName"
                | "awsRegion"
                | "eventID"
                | "eventType"
                | "recipientAccountId"
                | "sourceIPAddress"
                | "userAgent"
        )
    };
    match selector.steps() {
        [Step::Key(key)] => always(key),
        [Step::Key(identity), Step::Key(kind)] => identity == "userIdentity" && kind == "type",
        _ => false,
    }
}

fn not_equal_absent(condition: &Condition, alternatives: &[Expression]) -> Option<Note> {
    let selector = &condition.selector;
    let asks_absence = |part: &Expression| {
        as_condition(part)
            .is_some_and(|other| other.selector == *selector && matches!(other.test, Test::NotExists))
    };
    if is_always_there(selector) || alternatives.iter().any(asks_absence) {
        return None;
    }
    let message = format!("this is false for each log event without `{selector}`, not true");
    let help = format!("write `({selector} NOT EXISTS || {selector} != …)` if those should match too");
    Some(note(NoteCode::NotEqualAbsent, condition, message, help))
}

/// A condition on a resource together with one on a denial (13.3).
fn key_of_denied(resource: &Condition, error: &Condition) -> Option<Note> {
    let [Step::Key(first), ..] = resource.selector.steps() else { return None };
    let names_resource = match first.as_str() {
        "resources" => true,
        "requestParameters" => last_key(&resource.selector) == Some("keyId"),
        _ => false,
    };
    let is_denied = last_key(&error.selector) == Some("errorCode")
        && equals_text(error, |text| text.starts_with("AccessDenied"));
    (names_resource && is_denied && matches!(resource.test, Test::Equal(_))).then(|| {
        note(
            NoteCode::KeyOfDenied,
            resource,
            "records of denied calls have no `resources` and no `requestParameters`, so this drops them",
            "look for the key in the message: `$.errorMessage = \"*key/<id>*\"`",
        )
    })
}

fn equals_text(condition: &Condition, accept: impl Fn(&str) -> bool) -> bool {
    matches!(&condition.test, Test::Equal(Operand::Text(glob)) if accept(glob.text()))
}

fn last_key(selector: &Selector) -> Option<&str> {
    selector.steps().iter().rev().find_map(|step| match step {
        Step::Key(key) => Some(key.as_str()),
        _ => None,
    })
}

/// Spellings that CloudTrail uses.
const KNOWN_VALUES: &[&str] = &[
    "AccessDenied",
    "AccessDeniedException",
    "AssumedRole",
    "AWSAccount",
    "AWSService",
    "AwsApiCall",
    "AwsConsoleSignIn",
    "AwsServiceEvent",
    "AwsVpceEvent",
    "ConsoleLogin",
    "CreateGrant",
    "Decrypt",
    "DisableKey",
    "Encrypt",
    "FederatedUser",
    "Failure",
    "GenerateDataKey",
    "IAMUser",
    "IncorrectKeyException",
    "InvalidCiphertextException",
    "KMSInvalidStateException",
    "NotFoundException",
    "PutKeyPolicy",
    "ReEncrypt",
    "RetireGrant",
    "RevokeGrant",
    "Root",
    "ScheduleKeyDeletion",
    "Success",
    "kms.amazonaws.com",
];

/// Names of members that CloudTrail uses.
const KNOWN_KEYS: &[&str] = &[
    "accessKeyId",
    "accountId",
    "additionalEventData",
    "arn",
    "awsRegion",
    "errorCode",
    "errorMessage",
    "eventCategory",
    "eventID",
    "eventName",
    "eventSource",
    "eventTime",
    "eventType",
    "eventVersion",
    "invokedBy",
    "keyId",
    "principalId",
    "readOnly",
    "recipientAccountId",
    "requestID",
    "requestParameters",
    "resources",
    "responseElements",
    "sessionContext",
    "sourceIPAddress",
    "tlsDetails",
    "userAgent",
    "userIdentity",
    "userName",
    "vpcEndpointId",
];

/// The known spelling of a text that is written otherwise.
fn known_spelling<'k>(known: &[&'k str], text: &str) -> Option<&'k str> {
    let known = || known.iter().filter(|known| known.eq_ignore_ascii_case(text));
    if known().any(|known| *known == text) { None } else { known().next().copied() }
}

fn other_case(condition: &Condition, glob: &Glob) -> Option<Note> {
    let text = glob.text().trim_matches('*');
    let known = known_spelling(KNOWN_VALUES, text)?;
    let message = format!("upper and lower case differ, and CloudTrail writes `{known}`");
    Some(note(
        NoteCode::OtherCase,
        condition,
        message,
        format!("write `{}`", glob.text().replace(text, known)),
    ))
}

fn other_case_of_key(condition: &Condition) -> Option<Note> {
    let [Step::Key(first), ..] = condition.selector.steps() else { return None };
    let known = known_spelling(KNOWN_KEYS, first)?;
    let message = format!("upper and lower case differ, and CloudTrail writes `{known}`");
    Some(note(NoteCode::OtherCase, condition, message, format!("write `$.{known}`")))
}

/// `\*` in a value: the backslash makes the next character an ordinary one, but `*` stays a wildcard (A12).
fn escaped_star(text: &str, span: &Range<usize>) -> Option<Note> {
    let at = text.get(span.clone())?.find("\\*")? + span.start;
    let message = "the backslash changes nothing: `*` is a wildcard here too";
    let help =
        "leave the backslash out, or write a `%regex%`: in `%4\\*%` the backslash makes `*` a character";
    Some(Note::new(NoteCode::EscapedStar, at..at + 2, message, help))
}

fn escaped_star_in_field(text: &str, field: &Field) -> Option<Note> {
    let Field::Named { tests: Some(tests), span, .. } = field else { return None };
    let is_text = |test: &FieldTest| {
        matches!(
            test,
            FieldTest::Equal(Operand::Text(_) | Operand::Number(_))
                | FieldTest::NotEqual(Operand::Text(_) | Operand::Number(_))
        )
    };
    let no_regex = tests.any_of.iter().flatten().all(is_text);
    if no_regex { escaped_star(text, span) } else { None }
}

/// The last piece of a value must end the text; `leftmost` takes it where it first occurs (A1).
fn wildcards_differ(condition: &Condition, glob: &Glob) -> Option<Note> {
    let (_, last) = glob.text().rsplit_once('*')?;
    (!last.is_empty()).then(|| {
        note(
            NoteCode::WildcardsDiffer,
            condition,
            format!("AWS may not find `{last}` at the end of a value that holds it earlier too"),
            "end it with `*`, or write a `%regex%`, to be sure of the same answer everywhere",
        )
    })
}

fn text_true(condition: &Condition, glob: &Glob) -> Option<Note> {
    let test = match glob.text() {
        "true" => "IS TRUE",
        "false" => "IS FALSE",
        "null" => "IS NULL",
        _ => return None,
    };
    let message =
        format!("this compares with the text \"{}\", not with what JSON writes without quotes", glob.text());
    Some(note(
        NoteCode::TextTrue,
        condition,
        message,
        format!("write `{} {test}` if that is meant", condition.selector),
    ))
}

fn term_notes(pattern: &TermPattern, notes: &mut Vec<Note>) {
    for term in &pattern.terms {
        if term.prefix == Prefix::Optional && pattern.ignores_optional() {
            notes.push(Note::new(
                NoteCode::OptionalIgnored,
                term.span.clone(),
                "this optional term counts for nothing: the pattern has required or excluded terms",
                "make it required, or use a metric filter of its own",
            ));
        }
        if matches!(&term.text, TermText::Text(text) if text.needle().contains(&b'*')) {
            notes.push(Note::new(
                NoteCode::LiteralStar,
                term.span.clone(),
                "`*` is no wildcard in a term pattern: this looks for an asterisk",
                "leave it out, as terms are found anywhere, or write a `%regex%`",
            ));
        }
    }
}
