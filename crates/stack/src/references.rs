//! Does each name that a template refers to exist, and does no reference lead back to where it began?
//!
//! As CloudFormation does, the whole template is looked at, whatever its conditions say.

use std::collections::{HashMap, HashSet};

use diagnostic::closest;

use crate::environment::Environment;
use crate::error::{ErrorCode, Errors, TemplateError};
use crate::substitution::{Piece, pieces};
use crate::template::Template;
use crate::tree::{Member, Node, Span, Spanned};

/// The parameters that each template has.
pub(crate) const PSEUDO_PARAMETERS: [&str; 8] = [
    "AWS::AccountId",
    "AWS::NoValue",
    "AWS::NotificationARNs",
    "AWS::Partition",
    "AWS::Region",
    "AWS::StackId",
    "AWS::StackName",
    "AWS::URLSuffix",
];

/// Where a name is mentioned.
#[derive(Debug, Clone, Copy)]
struct Mention<'t> {
    name: &'t str,
    span: Span,
    kind: MentionKind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum MentionKind {
    /// A parameter, resource or pseudo parameter.
    Ref,
    /// A resource.
    Resource,
    Condition,
    Mapping,
}

/// Reports what is missing and what is circular.
pub(crate) fn check(template: &Template<'_>, environment: &Environment, errors: &mut Errors) {
    let names = Names::of(template, environment);
    let mut graph = Vec::new();
    for resource in &template.resources {
        let mut mentions = mentions(resource.node, template.text, Place::Resource);
        mentions.extend(resource.depends_on.iter().map(|on| Mention {
            name: on.value,
            span: on.span,
            kind: MentionKind::Resource,
        }));
        mentions.extend(resource.condition.map(|condition| Mention {
            name: condition.value,
            span: condition.span,
            kind: MentionKind::Condition,
        }));
        names.report_missing(&mentions, errors);
        let of_resources =
            |found: &&Mention<'_>| matches!(found.kind, MentionKind::Ref | MentionKind::Resource);
        let edges = mentions.iter().filter(of_resources);
        let edges = edges.filter(|found| names.resources.contains(found.name));
        graph.push((resource.id.value.as_str(), edges.map(|found| (found.name, found.span)).collect()));
    }
    circles(&graph, "resources", errors);
    check_shared_names(template, errors);
    check_conditions(template, &names, errors);
    for output in template.outputs {
        let mut mentions = mentions(&output.value, template.text, Place::Resource);
        mentions.extend(output.value.get("Condition").and_then(condition_mention));
        names.report_missing(&mentions, errors);
    }
}

/// `Ref` would not know which is meant.
fn check_shared_names(template: &Template<'_>, errors: &mut Errors) {
    for parameter in template.parameters {
        let Some(resource) = template.resource(&parameter.key.value) else { continue };
        let message = format!("`{}` is the name of a parameter and of a resource", parameter.key.value);
        let error = TemplateError::new(ErrorCode::DuplicateKey, resource.id.span, message);
        errors.push(error.label(parameter.key.span, "the parameter").help("rename one of the two"));
    }
}

fn check_conditions(template: &Template<'_>, names: &Names<'_>, errors: &mut Errors) {
    let mut graph = Vec::new();
    for condition in template.conditions {
        let mentions = mentions(&condition.value, template.text, Place::Condition);
        names.report_missing(&mentions, errors);
        let edges = mentions.iter().filter(|found| found.kind == MentionKind::Condition);
        graph.push((condition.key.value.as_str(), edges.map(|found| (found.name, found.span)).collect()));
    }
    circles(&graph, "conditions", errors);
}

struct Names<'t> {
    parameters: HashSet<&'t str>,
    resources: HashSet<&'t str>,
    conditions: HashSet<&'t str>,
    mappings: HashSet<&'t str>,
    /// Logical ids that modules and the serverless macro put more ids behind.
    makers: Vec<&'t str>,
    serverless: bool,
    /// Macros that can't be run here may make whatever is missing.
    others: bool,
}

impl<'t> Names<'t> {
    fn of(template: &Template<'t>, environment: &Environment) -> Self {
        let keys = |members: &'t [Member]| members.iter().map(|member| member.key.value.as_str()).collect();
        let resources = template.resources.iter();
        let makes_others = |name: &str| {
            name.ends_with("::MODULE") || (template.serverless && name.starts_with("AWS::Serverless::"))
        };
        let makers = resources.clone().filter(|found| makes_others(found.type_name.value));
        Names {
            parameters: keys(template.parameters),
            resources: resources.map(|resource| resource.id.value.as_str()).collect(),
            conditions: keys(template.conditions),
            mappings: keys(template.mappings),
            makers: makers.map(|resource| resource.id.value.as_str()).collect(),
            serverless: template.serverless,
            others: environment.without_values && template.has_macros(),
        }
    }

    fn report_missing(&self, mentions: &[Mention<'t>], errors: &mut Errors) {
        for mention in mentions.iter().filter(|mention| !self.knows(mention)) {
            errors.push_with(|| self.missing(mention));
        }
    }

    fn knows(&self, mention: &Mention<'_>) -> bool {
        let name = mention.name;
        if self.others {
            return true;
        }
        match mention.kind {
            MentionKind::Condition => self.conditions.contains(name),
            MentionKind::Mapping => self.mappings.contains(name),
            MentionKind::Resource => self.is_resource(name),
            MentionKind::Ref => {
                self.parameters.contains(name) || PSEUDO_PARAMETERS.contains(&name) || self.is_resource(name)
            }
        }
    }

    fn is_resource(&self, name: &str) -> bool {
        let made = (self.serverless && name.starts_with("Serverless"))
            || self.makers.iter().any(|id| name.starts_with(id));
        self.resources.contains(name) || made
    }

    fn missing(&self, mention: &Mention<'_>) -> TemplateError {
        let (what, candidates): (_, Vec<&str>) = match mention.kind {
            MentionKind::Condition => ("condition", self.conditions.iter().copied().collect()),
            MentionKind::Mapping => ("mapping", self.mappings.iter().copied().collect()),
            MentionKind::Resource => ("resource", self.resources.iter().copied().collect()),
            MentionKind::Ref => (
                "parameter or resource",
                self.parameters.iter().chain(&self.resources).chain(&PSEUDO_PARAMETERS).copied().collect(),
            ),
        };
        let message = format!("there is no {what} `{}`", mention.name);
        let help = match closest(mention.name, candidates) {
            Some(similar) => format!("write `{similar}`, or declare `{}`", mention.name),
            None => format!("declare `{}`, or remove the reference", mention.name),
        };
        TemplateError::new(ErrorCode::MissingReference, mention.span, message).help(help)
    }
}

/// Where functions stand; in the section Conditions, `Condition` is one of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Resource,
    Condition,
}

fn mentions<'t>(node: &'t Node, text: &str, place: Place) -> Vec<Mention<'t>> {
    let mut found = Vec::new();
    collect(node, text, place, &mut found);
    found
}

fn collect<'t>(node: &'t Node, text: &str, place: Place, found: &mut Vec<Mention<'t>>) {
    if let Some(function) = node.function() {
        let argument = &function.value;
        match function.key.value.as_str() {
            "Ref" => found.extend(mention(argument, MentionKind::Ref)),
            "Fn::GetAtt" => found.extend(get_att(argument)),
            "Fn::Sub" => substituted(argument, text, found),
            "Fn::If" => found.extend(argument.list().and_then(<[Node]>::first).and_then(condition_mention)),
            "Fn::FindInMap" => {
                let map = argument.list().and_then(<[Node]>::first);
                found.extend(map.and_then(|map| mention(map, MentionKind::Mapping)));
            }
            _ => {}
        }
    }
    for member in node.map().unwrap_or_default() {
        let is_condition = place == Place::Condition && member.key.value == "Condition";
        found.extend(Some(&member.value).filter(|_| is_condition).and_then(condition_mention));
        collect(&member.value, text, place, found);
    }
    for item in node.list().unwrap_or_default() {
        collect(item, text, place, found);
    }
}

fn mention(node: &Node, kind: MentionKind) -> Option<Mention<'_>> {
    Some(Mention { name: node.as_str()?, span: node.span, kind })
}

fn condition_mention(node: &Node) -> Option<Mention<'_>> {
    mention(node, MentionKind::Condition)
}

/// The resource of `[Id, Attribute]` or `Id.Attribute`.
fn get_att(argument: &Node) -> Option<Mention<'_>> {
    if let Some(items) = argument.list() {
        return items.first().and_then(|id| mention(id, MentionKind::Resource));
    }
    let (id, _) = argument.as_str()?.split_once('.')?;
    Some(Mention { name: id, span: argument.span, kind: MentionKind::Resource })
}

fn substituted<'t>(argument: &'t Node, text: &str, found: &mut Vec<Mention<'t>>) {
    let (template, own) = match argument.list() {
        Some([template, own]) => (template, own.map().unwrap_or_default()),
        _ => (argument, &[][..]),
    };
    let mut places = VariablePlaces::of(template, text);
    for piece in pieces(template.as_str().unwrap_or_default()) {
        let Piece::Variable(name) = piece else { continue };
        let span = places.next(name);
        if own.iter().any(|member| member.key.value == name) {
            continue;
        }
        let (name, kind) = match name.split_once('.') {
            Some((id, _)) => (id, MentionKind::Resource),
            None => (name, MentionKind::Ref),
        };
        found.push(Mention { name, span, kind });
    }
}

/// The variables of texts that no `Fn::Sub` looks at, and that name something of the template: each with its place.
pub(crate) fn unsubstituted(node: &Node, template: &Template<'_>, found: &mut Vec<Spanned<String>>) {
    if let Some(function) = node.function().filter(|function| function.key.value == "Fn::Sub") {
        // The values of its own variables are looked at as others are.
        let own = function.value.list().and_then(|items| items.get(1));
        own.into_iter().for_each(|own| unsubstituted(own, template, found));
        return;
    }
    if let Some(text) = node.as_str().filter(|text| text.contains("${")) {
        let mut places = VariablePlaces::of(node, template.text);
        for piece in pieces(text) {
            let Piece::Variable(name) = piece else { continue };
            let span = places.next(name);
            let id = name.split_once('.').map_or(name, |(id, _)| id);
            let is_parameter = template.parameters.iter().any(|declared| declared.key.value == id);
            if is_parameter || PSEUDO_PARAMETERS.contains(&id) || template.resource(id).is_some() {
                found.push(Spanned::new(name.to_owned(), span));
            }
        }
    }
    node.map().unwrap_or_default().iter().for_each(|member| unsubstituted(&member.value, template, found));
    node.list().unwrap_or_default().iter().for_each(|item| unsubstituted(item, template, found));
}

/// Where the variables of a text stand, asked for in their order.
pub(crate) struct VariablePlaces<'t> {
    whole: Span,
    rest: &'t str,
}

impl<'t> VariablePlaces<'t> {
    pub(crate) fn of(node: &Node, text: &'t str) -> Self {
        VariablePlaces { whole: node.span, rest: text.get(node.span.range()).unwrap_or_default() }
    }

    /// The next `${name}`; the whole text where it is written otherwise, such as with escapes.
    pub(crate) fn next(&mut self, name: &str) -> Span {
        let pattern = format!("${{{name}}}");
        let Some((_, rest)) = self.rest.split_once(&pattern) else {
            // Looking again for each of the others would take as long each time.
            self.rest = "";
            return self.whole;
        };
        self.rest = rest;
        let end = self.whole.end - rest.len();
        Span::new(end - pattern.len(), end)
    }
}

type Edges<'t> = Vec<(&'t str, Span)>;

/// Reports each circle once. The walk keeps its own stack: a chain may be as long as the template.
fn circles(graph: &[(&str, Edges<'_>)], what: &str, errors: &mut Errors) {
    let edges: HashMap<&str, &Edges<'_>> = graph.iter().map(|(name, edges)| (*name, edges)).collect();
    let mut done: HashSet<&str> = HashSet::new();
    for (start, _) in graph {
        if done.contains(start) {
            continue;
        }
        // The way from the start: each name, how many of its edges have been followed, and where it was mentioned.
        let mut way: Vec<(&str, usize, Span)> = vec![(start, 0, Span::default())];
        while let Some((name, next, _)) = way.last_mut() {
            let Some((target, span)) = edges.get(name).and_then(|edges| edges.get(*next)).copied() else {
                done.insert(name);
                way.pop();
                continue;
            };
            *next += 1;
            if let Some(at) = way.iter().position(|(name, ..)| *name == target) {
                errors.push(circle(way.get(at..).unwrap_or_default(), span, what));
            } else if !done.contains(target) {
                way.push((target, 0, span));
            }
        }
    }
}

/// `way` begins at the name that `span` refers back to.
fn circle(way: &[(&str, usize, Span)], span: Span, what: &str) -> TemplateError {
    let names: Vec<String> = way.iter().take(8).map(|(name, ..)| format!("`{name}`")).collect();
    let message = match way {
        [(name, ..)] => format!("`{name}` refers to itself"),
        _ => format!("circular dependency between {what}: {}", names.join(" → ")),
    };
    let help = "remove one of the references";
    let error = TemplateError::new(ErrorCode::CircularReference, span, message).help(help);
    let steps = way.iter().skip(1).take(7);
    steps.fold(error, |error, (name, _, at)| error.label(*at, format!("`{name}` is needed here")))
}
