//! Filter patterns that miss what CloudTrail writes, or match nearly all of it.

use diagnostic::{Diagnostic, Severity};
use filter_pattern::{Condition, Expression, Operand, Syntax, Test};

use super::notes::{asks_errors, asks_kms};
use super::view::{Filter, View};
use crate::patterns::{
    allows, conditions, expression, is_always_there, is_member, is_of_record, named, required,
};
use crate::place;

pub(super) fn lint(view: &View<'_>, found: &mut Vec<Diagnostic>) {
    for filter in view.filters.iter().filter(|filter| filter.is_known) {
        let mut say = |diagnostic: Diagnostic| {
            found.push(place::in_scalar(diagnostic, view.text, &filter.declared.filter_pattern));
        };
        counts_everything(filter).into_iter().for_each(&mut say);
        let Some(expression) = expression(filter.pattern) else { continue };
        other_shape(expression, view.trail_groups.contains(filter.declared.log_group_name.value.as_str()))
            .into_iter()
            .for_each(&mut say);
        if !filter.reads_records {
            continue;
        }
        matches_nearly_everything(expression).into_iter().for_each(&mut say);
        no_such_error(expression).into_iter().for_each(&mut say);
        other_spelling(expression).into_iter().for_each(&mut say);
        key_of_failed(expression).into_iter().for_each(&mut say);
        only_decrypt(expression, view).into_iter().for_each(&mut say);
    }
}

fn warning(code: &'static str, condition: &Condition, message: impl Into<String>) -> Diagnostic {
    Diagnostic::warning(code, message).at(condition.span.clone())
}

/// K016
fn counts_everything(filter: &Filter<'_>) -> Option<Diagnostic> {
    let Syntax::Term(terms) = filter.pattern.syntax() else { return None };
    terms.terms.is_empty().then(|| {
        Diagnostic::new(Severity::Note, "K016", "an empty pattern matches each log event")
            .at(0..filter.pattern.text().len())
    })
}

/// K014
fn matches_nearly_everything(expression: &Expression) -> Option<Diagnostic> {
    if let Some((first, second)) = opposites(expression) {
        let message = format!("one of these is always true: no `{}` equals both", first.selector);
        let help = "join them with `&&` if neither of the two is wanted";
        return Some(warning("K014", second, message).label(first.span.clone(), "or this").help(help));
    }
    let Expression::Any(parts) = expression else { return None };
    let excludes = |part: &&Expression| {
        as_condition(part)
            .is_some_and(|found| matches!(found.test, Test::NotEqual(_)) && is_always_there(&found.selector))
    };
    let condition = flat(parts).into_iter().find(excludes).and_then(as_condition)?;
    let message = "this alone matches nearly each record, and `||` asks for no more";
    let help = "join it with `&&`: `(… || …) && $.a != \"x\" && $.b != \"y\"`";
    Some(warning("K014", condition, message).help(help))
}

/// Two conditions that are joined by `||` and together hold for every value: `$.a != "x" || $.a != "y"`.
fn opposites(expression: &Expression) -> Option<(&Condition, &Condition)> {
    match expression {
        Expression::Condition(_) => None,
        Expression::All(parts) => parts.iter().find_map(opposites),
        Expression::Any(parts) => {
            let parts = flat(parts);
            let excluded: Vec<(&Condition, &str)> = parts.iter().filter_map(|part| excluded(part)).collect();
            let pair = excluded.iter().enumerate().find_map(|(index, (second, text))| {
                let earlier = excluded.iter().take(index);
                let mut other =
                    earlier.filter(|(first, other)| first.selector == second.selector && other != text);
                other.next().map(|(first, _)| (*first, *second))
            });
            pair.or_else(|| parts.into_iter().filter(|part| as_condition(part).is_none()).find_map(opposites))
        }
    }
}

/// The exact text that a condition excludes of a single value.
fn excluded(part: &Expression) -> Option<(&Condition, &str)> {
    let condition = as_condition(part).filter(|condition| !condition.selector.has_wildcard())?;
    match &condition.test {
        Test::NotEqual(Operand::Text(glob)) if glob.is_exact() => Some((condition, glob.text())),
        Test::NotEqual(Operand::Number(number)) => Some((condition, &number.text)),
        _ => None,
    }
}

/// Alternatives, and those that are alternatives of one of them.
fn flat(parts: &[Expression]) -> Vec<&Expression> {
    let mut all = Vec::new();
    for part in parts {
        match part {
            Expression::Any(parts) => all.extend(flat(parts)),
            other => all.push(other),
        }
    }
    all
}

fn as_condition(expression: &Expression) -> Option<&Condition> {
    match expression {
        Expression::Condition(condition) => Some(condition),
        _ => None,
    }
}

/// K015
fn other_shape(expression: &Expression, is_trail_group: bool) -> Option<Diagnostic> {
    let wrapped = |condition: &&Condition| {
        let around = named(&condition.selector).first().copied().unwrap_or_default();
        let is_around = around == "Records" || (around == "detail" && is_trail_group);
        is_around && is_of_record(&condition.selector)
    };
    let condition = conditions(expression).find(wrapped)?;
    let around = named(&condition.selector).first().copied().unwrap_or_default().to_owned();
    let message = format!("a log event is a record itself, without `{around}` around it");
    Some(
        warning("K015", condition, message)
            .help(format!("leave `{around}` out: `$.eventName`, `$.errorCode`")),
    )
}

/// K010
fn no_such_error(expression: &Expression) -> Option<Diagnostic> {
    let never = |condition: &&Condition| {
        matches!(named(&condition.selector).as_slice(), ["errorCode" | "errorMessage"])
            && match &condition.test {
                Test::IsNull => true,
                Test::Equal(Operand::Text(glob)) => glob.text().is_empty(),
                _ => false,
            }
    };
    let condition = conditions(expression).find(never)?;
    let selector = &condition.selector;
    let asks_absence =
        |other: &Condition| other.selector == *selector && matches!(other.test, Test::NotExists);
    if conditions(expression).any(asks_absence) {
        return None;
    }
    let message = format!("this is never true: where a call succeeds, CloudTrail leaves `{selector}` out");
    Some(warning("K010", condition, message).help(format!("write `{selector} NOT EXISTS`")))
}

/// K011
fn other_spelling(expression: &Expression) -> Option<Diagnostic> {
    let exact = |condition: &&Condition| {
        is_member(&condition.selector, "errorCode")
            && matches!(&condition.test, Test::Equal(Operand::Text(glob)) if glob.text() == "AccessDeniedException")
    };
    let condition = conditions(expression).find(exact)?;
    if !asks_kms(expression) || allows(expression, "errorCode", "AccessDenied") {
        return None;
    }
    let message = "CloudTrail writes `AccessDenied` where KMS says `AccessDeniedException`";
    Some(
        warning("K011", condition, message).help("write `$.errorCode = \"AccessDenied*\"`, which finds both"),
    )
}

/// K012
fn key_of_failed(expression: &Expression) -> Option<Diagnostic> {
    if !asks_kms(expression) || !asks_errors(expression) || !allows(expression, "errorCode", "AccessDenied") {
        return None;
    }
    // Where the error is spelt out, W007 says it.
    let spelt_out = |condition: &Condition| {
        is_member(&condition.selector, "errorCode")
            && matches!(&condition.test, Test::Equal(Operand::Text(glob)) if glob.text().starts_with("AccessDenied"))
    };
    if conditions(expression).any(spelt_out) {
        return None;
    }
    let names_key = |condition: &&Condition| {
        let keys = named(&condition.selector);
        let is_key = match keys.first().copied() {
            Some("resources") => true,
            Some("requestParameters") => keys.last().copied() == Some("keyId"),
            _ => false,
        };
        is_key && matches!(condition.test, Test::Equal(_))
    };
    let condition = required(expression).into_iter().filter_map(as_condition).find(names_key)?;
    let message =
        "records of denied calls have no `resources` and no `requestParameters`, so this drops them";
    let help = "look for the key in the message too: `|| $.errorMessage = \"*key/<id>*\"`";
    Some(warning("K012", condition, message).help(help))
}

/// K013
fn only_decrypt(expression: &Expression, view: &View<'_>) -> Option<Diagnostic> {
    let decrypt = |condition: &&Condition| {
        is_member(&condition.selector, "eventName")
            && matches!(&condition.test, Test::Equal(operand) if operand.equals_text(b"Decrypt"))
    };
    let condition = conditions(expression).find(decrypt)?;
    if !asks_kms(expression) || allows(expression, "eventName", "ReEncrypt") {
        return None;
    }
    let elsewhere = view.filters.iter().filter(|filter| filter.reads_records).any(|filter| {
        crate::patterns::expression(filter.pattern).is_some_and(|other| {
            asks_kms(other) && allows(other, "eventName", "ReEncrypt") && asks_errors(other)
        })
    });
    if elsewhere {
        return None;
    }
    let message = "data is decrypted by `ReEncrypt`, `DeriveSharedSecret` and `Decapsulate` too";
    let help = "add `|| $.eventName = \"ReEncrypt\"`, or leave the name out and look at all of KMS";
    Some(Diagnostic::new(Severity::Note, "K013", message).at(condition.span.clone()).help(help))
}
