//! From the text of a template to what it declares.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::declaration::{Declaration, Resource};
use crate::environment::Environment;
use crate::error::{ErrorCode, Errors, TemplateError};
use crate::evaluate::Evaluator;
use crate::limits::{MAX_TEMPLATE_BYTES, MAX_TEMPLATE_NODES};
use crate::names::{self, Named, Role};
use crate::properties::Report;
use crate::resources::{self, Found};
use crate::template::{self, TRANSFORM, Template};
use crate::tree::{Dialect, Node, Span, Spanned};
use crate::unknown::{UnknownKind, UnknownValue};
use crate::{foreach, json_text, parameters, references, yaml};

/// What a template declares.
///
/// Resources whose condition is false aren't part of it.
///
/// # Errors
/// Everything that is wrong with the template, in the order of the text; never an empty list.
pub fn read(text: &str, environment: &Environment) -> Result<Declaration, Errors> {
    whole(read_partly(text, environment))
}

/// The same, and what can be read beside the errors: resources that lack what AWS requires are left out, and so are
/// properties whose value can't be known. For whoever wants to say what else is wrong.
#[must_use]
pub fn read_partly(text: &str, environment: &Environment) -> (Declaration, Errors) {
    let mut errors = Errors::default();
    let Some(root) = parse(text, &mut errors) else { return (Declaration::default(), errors.finished(text)) };
    let root = match template::has_language_extensions(&root) {
        true => foreach::expand(root, environment, &mut errors),
        false => root,
    };
    let template = Template::new(text, &root, &mut errors);
    references::check(&template, environment, &mut errors);
    let (macros, mut missing) = (template.macros(environment, &mut errors), Vec::new());
    let parameters = parameters::values(&template, environment, &mut missing, &mut errors);
    let mut evaluator = Evaluator::new(&template, environment, parameters, errors);
    (evaluator.missing, evaluator.unknown) = (missing, macros);
    let conditions = template.conditions.iter().filter(|found| !found.key.value.starts_with("Fn::"));
    for condition in conditions {
        evaluator.condition(&condition.key.value);
    }
    let mut report = Report { without_values: environment.without_values, ..Report::default() };
    let mut declaration = Declaration::default();
    for resource in &template.resources {
        add(resource, &mut evaluator, &mut declaration, &mut report);
    }
    declaration.ignored_properties = report.ignored;
    declaration.unknown.values = std::mem::take(&mut evaluator.unknown);
    declaration.unknown.properties = report.unknown;
    let mut errors = evaluator.errors.with(report.errors);
    if errors.is_empty() {
        check_names(&declaration, &mut errors);
    }
    (declaration, errors.finished(text))
}

/// The names of the parameters that a template declares; none where it can't be read.
#[must_use]
pub fn parameter_names(text: &str) -> BTreeSet<String> {
    let root = parse(text, &mut Errors::default());
    let parameters = root.as_ref().and_then(|root| root.get("Parameters")).and_then(Node::map);
    parameters.unwrap_or_default().iter().map(|member| member.key.value.clone()).collect()
}

/// All or nothing.
pub(crate) fn whole((declaration, errors): (Declaration, Errors)) -> Result<Declaration, Errors> {
    if errors.is_empty() { Ok(declaration) } else { Err(errors) }
}

/// The tree of a text. As for CloudFormation, one that begins with a brace is JSON.
fn parse(text: &str, errors: &mut Errors) -> Option<Node> {
    if text.len() > MAX_TEMPLATE_BYTES {
        let message = format!("a template may have at most {MAX_TEMPLATE_BYTES} bytes");
        let help = "split it into several, as AWS would ask for too";
        errors.add(ErrorCode::TooLarge, Span::default(), message, help);
        return None;
    }
    let root = tree_of(text, Dialect::Template, errors);
    // Nothing but comments is no mistake in YAML.
    if root.is_none() && errors.is_empty() { nothing(errors) } else { root }
}

/// The tree of a text in JSON, if it begins with a brace, or else in YAML; `None` where there is none.
pub(crate) fn tree_of(text: &str, dialect: Dialect, errors: &mut Errors) -> Option<Node> {
    let start = text.trim_start_matches('\u{feff}').trim_start();
    if !start.starts_with('{') {
        return if start.is_empty() { None } else { yaml::read(text, dialect, errors) };
    }
    match json_text::read(text, MAX_TEMPLATE_NODES, dialect, errors) {
        Ok(root) => Some(root),
        Err(error) => {
            errors.push(error);
            None
        }
    }
}

fn nothing(errors: &mut Errors) -> Option<Node> {
    errors.add(ErrorCode::Syntax, Span::default(), "the template is empty", "begin with `Resources:`");
    None
}

fn add(
    resource: &template::Resource<'_>,
    evaluator: &mut Evaluator<'_>,
    declaration: &mut Declaration,
    report: &mut Report,
) {
    if evaluator.is_created(resource) != Some(true) {
        return;
    }
    let type_name = resource.type_name;
    if resource.condition.is_some_and(|condition| evaluator.condition(condition.value).is_none()) {
        declaration.unknown.conditional.insert(resource.id.value.clone());
    }
    let declared = Resource {
        logical_id: resource.id.clone(),
        type_name: Spanned::new(type_name.value.to_owned(), type_name.span),
    };
    let macro_place = resource.macro_place().filter(|_| evaluator.environment.without_values);
    match Role::of(type_name.value) {
        Role::Understood => declaration.understood.push(declared),
        Role::Other => declaration.ignored.push(declared),
        Role::Ours(_) if macro_place.is_some() => {
            let name = TRANSFORM.to_owned();
            let made = macro_place.map(|span| UnknownValue { name, kind: UnknownKind::Macro, span });
            evaluator.unknown.extend(made);
            declaration.understood.push(declared);
        }
        Role::Ours(kind) => {
            if let Some(properties) = resource.properties {
                references::unsubstituted(properties, evaluator.template, &mut declaration.unsubstituted);
            }
            let properties = resource.properties.and_then(|node| evaluator.resolve(node));
            // A name that can't be known has been reported; the rest is read for what else is wrong.
            let name = evaluator.physical_name(resource).unwrap_or_default();
            let id = &resource.id.value;
            let named = Named { type_name: type_name.value, logical_id: id, name: &name, topic_arn: None };
            let arn = names::arn(&named, evaluator.environment);
            resources::add(Found { resource: declared, kind, properties, name, arn }, declaration, report);
        }
    }
}

/// Two resources of one kind can't have the same name.
pub(crate) fn check_names(declaration: &Declaration, errors: &mut Errors) {
    // Of two whose conditions exclude each other, one is created.
    let is_created =
        |resource: &Resource| !declaration.unknown.conditional.contains(&resource.logical_id.value);
    let named = |resource, name| Some(name).filter(|_| is_created(resource));
    let alarms = declaration.alarms.iter().filter_map(|alarm| named(&alarm.resource, &alarm.name));
    let composites = declaration.composite_alarms.iter();
    let composites = composites.filter_map(|alarm| named(&alarm.resource, &alarm.name));
    distinct(alarms.chain(composites), "alarms", errors);
    let groups = declaration.log_groups.iter();
    distinct(groups.filter_map(|group| named(&group.resource, &group.name)), "log groups", errors);
    let topics = declaration.topics.iter();
    distinct(topics.filter_map(|topic| named(&topic.resource, &topic.name)), "topics", errors);
    let mut filters: BTreeMap<&str, Vec<&Spanned<String>>> = BTreeMap::new();
    for filter in declaration.metric_filters.iter().filter(|filter| is_created(&filter.resource)) {
        filters.entry(&filter.log_group_name.value).or_default().push(&filter.name);
    }
    filters.into_values().for_each(|names| {
        distinct(names.into_iter(), "metric filters of a log group", errors);
    });
    let trails = declaration.trails.iter();
    distinct(trails.filter_map(|trail| named(&trail.resource, &trail.name)), "trails", errors);
}

fn distinct<'n>(names: impl Iterator<Item = &'n Spanned<String>>, what: &str, errors: &mut Errors) {
    let mut seen: HashMap<&str, Span> = HashMap::new();
    for name in names.filter(|name| !name.value.is_empty()) {
        if let Some(first) = seen.insert(&name.value, name.span) {
            let message = format!("two {what} have the name `{}`", parameters::shown(&name.value));
            let error = TemplateError::new(ErrorCode::DuplicateResource, name.span, message);
            errors.push(error.label(first, "first here").help("give them different names"));
        }
    }
}
