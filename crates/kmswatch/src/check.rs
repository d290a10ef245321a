//! `kmswatch check`: what is wrong with a template, and what will go wrong with the chain that it makes.

mod arguments;
mod codes;
mod json;
mod sarif;
mod text;

use std::collections::BTreeSet;
use std::io::{self, Write};
use std::path::Path;

use chain::Chain;
use diagnostic::{Diagnostic, Severity};
use stack::Environment;

pub(crate) use arguments::{CheckArguments, HELP};

use crate::settings::{self, Settings};
use crate::{Exit, output, template};
use arguments::CheckFormat;

/// Runs the subcommand.
pub(crate) fn run(arguments: &CheckArguments) -> anyhow::Result<Exit> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    let exit = if let Some(code) = &arguments.explain_code {
        codes::explain(code, &mut out)?
    } else if arguments.list_codes {
        codes::list(&mut out)?
    } else {
        codes::check_allowed(&arguments.allow)?;
        files(arguments, &mut out)?
    };
    out.flush()?;
    Ok(exit)
}

fn files(arguments: &CheckArguments, out: &mut dyn Write) -> anyhow::Result<Exit> {
    let environment = Environment { without_values: true, ..arguments.template.environment()? };
    let (mut texts, mut unreadable) = (Vec::new(), 0);
    for path in &arguments.files {
        match template::text(path) {
            Ok(text) => texts.push((path, text)),
            Err(error) => {
                output::error(&format!("{error:#}"));
                unreadable += 1;
            }
        }
    }
    let environments = environments(&environment, texts.iter().map(|(_, text)| text.as_str()));
    let pairs = texts.into_iter().zip(&environments);
    let checked: Vec<Checked> =
        pairs.map(|((path, text), environment)| check(path, text, environment, arguments)).collect();
    match arguments.format {
        CheckFormat::Text => text::write(&checked, unreadable, output::colour(arguments.color), out)?,
        CheckFormat::Json => json::write(&checked, out)?,
        CheckFormat::Sarif => sarif::write(&checked, unreadable, out)?,
    }
    Ok(exit(&checked, unreadable, arguments.deny_warnings))
}

/// What each template is read with: a parameter that only another one declares isn't given to it.
fn environments<'t>(given: &Environment, texts: impl Iterator<Item = &'t str>) -> Vec<Environment> {
    let declared: Vec<BTreeSet<String>> = texts
        .map(|text| match given.parameters.is_empty() {
            true => BTreeSet::new(),
            false => stack::parameter_names(text),
        })
        .collect();
    let of_another = |name: &str, own: &BTreeSet<String>| {
        !own.contains(name) && declared.iter().any(|names| names.contains(name))
    };
    let environment = |own: &BTreeSet<String>| {
        let mut environment = given.clone();
        environment.parameters.retain(|name, _| !of_another(name, own));
        environment
    };
    declared.iter().map(environment).collect()
}

fn exit(checked: &[Checked], unreadable: usize, deny_warnings: bool) -> Exit {
    let any = |severity| checked.iter().any(|file| file.count(severity) > 0);
    match () {
        () if unreadable > 0 => Exit::Failed,
        () if any(Severity::Error) => Exit::Incomplete,
        () if deny_warnings && any(Severity::Warning) => Exit::Found,
        () => Exit::Done,
    }
}

/// A file, and what is said of it.
struct Checked {
    /// As it was named; `<stdin>` for standard input.
    path: String,
    text: String,
    /// In the order of the text.
    diagnostics: Vec<Diagnostic>,
    /// The logical ids of what it declares, each with the byte where it stands, in the order of the text; an empty one
    /// where it ends.
    resources: Vec<(usize, String)>,
    /// Notes that weren't asked for.
    hidden_notes: usize,
}

fn check(path: &Path, text: String, environment: &Environment, arguments: &CheckArguments) -> Checked {
    let wildcards = filter_pattern::Wildcards::default();
    let is_settings = path.extension().is_some_and(|ending| ending == "toml");
    let (found, resources) = match is_settings {
        true => (Settings::parse(&text).err().unwrap_or_default(), Vec::new()),
        false => match chain::read(&text, environment, wildcards) {
            Ok(chain) => (chain::lint(&text, &chain), resources(&text, &chain)),
            Err(errors) => (errors, Vec::new()),
        },
    };
    let is_allowed = |found: &Diagnostic| {
        found.severity != Severity::Error
            && arguments.allow.iter().any(|code| code.eq_ignore_ascii_case(found.code))
    };
    let (mut diagnostics, mut hidden_notes) = (Vec::new(), 0);
    for found in found.into_iter().filter(|found| !is_allowed(found)) {
        match found.severity == Severity::Note && !arguments.notes {
            true => hidden_notes += 1,
            false => diagnostics.push(found),
        }
    }
    let text = if is_settings { settings::masked(&text) } else { text };
    let path = if path.as_os_str() == "-" { "<stdin>".to_owned() } else { path.display().to_string() };
    Checked { path, text, diagnostics, resources, hidden_notes }
}

fn resources(text: &str, chain: &Chain) -> Vec<(usize, String)> {
    let resources = chain.declaration.resources();
    let mut all: Vec<(usize, String)> = resources
        .map(|resource| (resource.logical_id.span.start, resource.logical_id.value.clone()))
        .chain(end_of_planned_values(text).map(|end| (end, String::new())))
        .collect();
    all.sort();
    all.dedup();
    all
}

/// Behind it, a Terraform plan speaks of its resources again, in another order.
fn end_of_planned_values(text: &str) -> Option<usize> {
    let document = ::json::Document::parse(text.trim_start_matches('\u{feff}').as_bytes()).ok()?;
    let values = document.root().get("planned_values")?.span();
    Some(values.end + text.len() - document.text().len())
}

impl Checked {
    fn count(&self, severity: Severity) -> usize {
        self.diagnostics.iter().filter(|found| found.severity == severity).count()
    }

    /// The resource in whose declaration a diagnostic stands.
    fn resource(&self, found: &Diagnostic) -> Option<&str> {
        let start = found.span.as_ref()?.start;
        let behind = self.resources.partition_point(|(at, _)| *at <= start);
        let last = behind.checked_sub(1).and_then(|at| self.resources.get(at));
        last.map(|(_, name)| name.as_str()).filter(|name| !name.is_empty())
    }
}
