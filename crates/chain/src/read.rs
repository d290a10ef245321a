//! From the text of a template to a chain that can be run, or to everything that is wrong with it.

use std::collections::{BTreeMap, BTreeSet};

use diagnostic::{Diagnostic, Severity};
use filter_pattern::Wildcards;
use monitor::Configuration;
use stack::{Declaration, Environment, Errors, Text};

use crate::{Chain, alarms, composites, filters, lint, plan, topics};

pub(crate) fn read(
    text: &str,
    environment: &Environment,
    wildcards: Wildcards,
) -> Result<Chain, Vec<Diagnostic>> {
    let (declaration, errors) = match plan::is_plan(text) {
        true => stack::read_terraform_plan_partly(text, environment),
        false => stack::read_partly(text, environment),
    };
    let mut found = Found {
        of_template: template_errors(&errors),
        of_languages: Vec::new(),
        is_lenient: environment.without_values,
        guessed: declaration.unknown.properties.clone(),
    };
    let (filters, patterns) = filters::read(text, &declaration, wildcards, &mut found);
    let configuration = Configuration {
        account_id: environment.account_id.clone(),
        region: environment.region.clone(),
        filters,
        alarms: alarms::read(text, &declaration, &mut found),
        composite_alarms: composites::read(text, &declaration, &mut found),
        topics: topics::read(&declaration, &mut found),
        reminder: None,
        storm: None,
        known: Vec::new(),
    };
    filters::check_quotas(&declaration, &patterns, &mut found);
    let all = found.finished();
    match all.iter().any(|found| found.severity == Severity::Error) {
        false => Ok(chain(declaration, patterns, configuration, all)),
        true => Err(all),
    }
}

/// All errors of a template, and how many more there are.
fn template_errors(errors: &Errors) -> Vec<Diagnostic> {
    let more = errors.more();
    let rest =
        (more > 0).then(|| Diagnostic::error("K009", format!("{more} more errors")).help("mend these first"));
    errors.list().iter().map(stack::TemplateError::diagnostic).chain(rest).collect()
}

/// Without errors, each filter has a pattern.
fn chain(
    declaration: Declaration,
    patterns: Vec<Option<filter_pattern::Pattern>>,
    configuration: Configuration,
    remarks: Vec<Diagnostic>,
) -> Chain {
    Chain { declaration, patterns: patterns.into_iter().flatten().collect(), configuration, remarks }
}

/// What is wrong.
pub(crate) struct Found {
    of_template: Vec<Diagnostic>,
    of_languages: Vec<Diagnostic>,
    /// Is the template read without some of its values?
    is_lenient: bool,
    /// Logical ids, and their properties whose value isn't known.
    guessed: BTreeMap<String, BTreeSet<String>>,
}

impl Found {
    pub(crate) fn push(&mut self, found: Diagnostic) {
        self.of_languages.push(found);
    }

    /// Says what is wrong with a text, unless part of it isn't known.
    pub(crate) fn push_of(&mut self, text: &Text, found: Diagnostic) {
        if !self.is_unknown(&text.value) {
            self.push(found);
        }
    }

    pub(crate) fn is_unknown(&self, text: &str) -> bool {
        self.is_lenient && stack::is_unknown(text)
    }

    /// Says that CloudWatch can do what kmswatch can't: an error in a template that is to be run, a note in one that is only
    /// looked at.
    pub(crate) fn refuse(&mut self, mut found: Diagnostic) {
        if self.is_lenient {
            found.severity = Severity::Note;
        }
        self.push(found);
    }

    /// Is the value of this property of a resource one that isn't known?
    pub(crate) fn is_guessed(&self, logical_id: &str, property: &str) -> bool {
        self.guessed.get(logical_id).is_some_and(|properties| properties.contains(property))
    }

    /// Was the template read without an error? What is missing then is missing in the template.
    pub(crate) fn is_complete(&self) -> bool {
        self.of_template.is_empty()
    }

    /// In the order of the text. What the template's reader has said of a place isn't said of it in other words.
    fn finished(self) -> Vec<Diagnostic> {
        let Found { of_template, of_languages, .. } = self;
        let is_new = |found: &Diagnostic| !of_template.iter().any(|known| overlap(known, found));
        let more: Vec<Diagnostic> = of_languages.into_iter().filter(is_new).collect();
        let mut all = of_template;
        all.extend(more);
        all.iter_mut().for_each(lint::with_variables);
        all.sort_by_key(|found| found.span.as_ref().map_or((usize::MAX, 0), |span| (span.start, span.end)));
        all.dedup();
        all
    }
}

fn overlap(one: &Diagnostic, other: &Diagnostic) -> bool {
    one.span
        .as_ref()
        .zip(other.span.as_ref())
        .is_some_and(|(a, b)| a == b || (a.start < b.end && b.start < a.end))
}
