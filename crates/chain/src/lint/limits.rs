//! What is near AWS's quotas, and what of a template has no effect here.

use diagnostic::Diagnostic;
use stack::{IgnoredReason, UnknownKind};

use super::view::View;
use super::{note, warning};
use crate::filters::{MAX_FILTERS, MAX_REGEX_FILTERS, by_group};

/// From how many metric filters of a log group on it is said how many there may be.
const MANY_FILTERS: usize = MAX_FILTERS - 10;

pub(super) fn lint(view: &View<'_>, found: &mut Vec<Diagnostic>) {
    near_quotas(view, found);
    ignored_properties(view, found);
    ignored_resources(view, found);
    nothing_to_do(view, found);
    unknown_values(view, found);
    unsubstituted(view, found);
}

/// K086
fn unsubstituted(view: &View<'_>, found: &mut Vec<Diagnostic>) {
    for variable in &view.declaration().unsubstituted {
        let message =
            format!("`${{{}}}` stays as it is: this text is no argument of `Fn::Sub`", variable.value);
        found.push(warning("K086", variable.span, message).help("write `!Sub` before the text"));
    }
}

/// K085
fn unknown_values(view: &View<'_>, found: &mut Vec<Diagnostic>) {
    for unknown in &view.declaration().unknown.values {
        let name = stack::with_variables(&unknown.name);
        let (message, help) = match unknown.kind {
            UnknownKind::Import => (
                format!("what another stack exports as `{name}` isn't known, nor is what depends on it"),
                format!("say `--import {name}=VALUE` to have that checked too"),
            ),
            UnknownKind::Macro => (
                format!("what `{name}` writes isn't known: the template is checked as it stands here"),
                "check what AWS makes of it: `aws cloudformation get-template --template-stage Processed`"
                    .to_owned(),
            ),
            UnknownKind::StoredParameter => (
                format!("AWS looks up the value of `{name}`, so what depends on it isn't checked"),
                format!("say `--parameter {name}=VALUE` to have that checked too"),
            ),
            _ => (
                format!(
                    "`{name}` has no default and was given no value, so what depends on it isn't checked"
                ),
                format!("say `--parameter {name}=VALUE` to have that checked too"),
            ),
        };
        found.push(note("K085", unknown.span, message).help(help));
    }
}

/// K070
fn near_quotas(view: &View<'_>, found: &mut Vec<Diagnostic>) {
    for (group, filters) in by_group(view.declaration(), view.chain.patterns.iter().map(Some)) {
        if let Some(last) = filters.all.last().filter(|_| filters.all.len() >= MANY_FILTERS) {
            let message = format!(
                "the log group `{group}` has {} metric filters, and AWS allows {MAX_FILTERS}",
                filters.all.len()
            );
            let help = "join patterns with `||` before there is no more room";
            found.push(warning("K070", last.resource.logical_id.span, message).help(help));
        }
        if let Some(last) =
            filters.with_regex.last().filter(|_| filters.with_regex.len() == MAX_REGEX_FILTERS)
        {
            let message = format!(
                "the log group `{group}` has {MAX_REGEX_FILTERS} filter patterns with regular expressions: AWS takes no more"
            );
            let help = "write `*` instead of a `%regex%` where that says enough";
            found.push(note("K070", last.resource.logical_id.span, message).help(help));
        }
    }
}

/// K080, K081, K082
fn ignored_properties(view: &View<'_>, found: &mut Vec<Diagnostic>) {
    for ignored in &view.declaration().ignored_properties {
        let (path, id) = (&ignored.path, &ignored.logical_id);
        found.push(match ignored.reason {
            IgnoredReason::UnknownToAws => {
                let message = format!("AWS knows no property `{path}` of `{id}`");
                let help = "correct its spelling, or remove it: CloudFormation refuses what it doesn't know";
                warning("K080", ignored.span, message).help(help)
            }
            IgnoredReason::NotKnownYet => {
                let message = format!("the plan doesn't know `{path}` of `{id}` before the apply");
                note("K082", ignored.span, message).help("it is taken as absent")
            }
            _ => {
                let message = format!("`{path}` of `{id}` has no effect in kmswatch");
                note("K081", ignored.span, message).help("AWS honours it; nothing to do")
            }
        });
    }
}

/// K083
fn ignored_resources(view: &View<'_>, found: &mut Vec<Diagnostic>) {
    for resource in &view.declaration().ignored {
        let message = format!("kmswatch ignores resources of the type `{}`", resource.type_name.value);
        found.push(note("K083", resource.type_name.span, message).help("AWS creates it; nothing to do"));
    }
}

/// K084
fn nothing_to_do(view: &View<'_>, found: &mut Vec<Diagnostic>) {
    let declaration = view.declaration();
    let is_empty = declaration.trails.is_empty()
        && declaration.metric_filters.is_empty()
        && declaration.alarms.is_empty()
        && declaration.composite_alarms.is_empty();
    if is_empty {
        let message =
            "this template declares no trail, no metric filter and no alarm: nothing is looked at here";
        found
            .push(Diagnostic::new(diagnostic::Severity::Note, "K084", message).help("is it the right file?"));
    }
}
