//! The sections of a template, and whether they have the shape that they must have.
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/template-anatomy.html>

use diagnostic::closest;

use crate::environment::Environment;
use crate::error::{ErrorCode, Errors, TemplateError};
use crate::foreach::LOOP;
use crate::limits::{
    MAX_CONDITIONS, MAX_DESCRIPTION_BYTES, MAX_MAPPINGS, MAX_NAME_CHARS, MAX_OUTPUTS, MAX_PARAMETERS,
    MAX_RESOURCES,
};
use crate::tree::{Member, Node, Span, Spanned, Value};
use crate::unknown::{UnknownKind, UnknownValue};

const SECTIONS: [&str; 12] = [
    "AWSTemplateFormatVersion",
    "Description",
    "Metadata",
    "Parameters",
    "Rules",
    "Mappings",
    "Conditions",
    "Transform",
    "Hooks",
    "Globals",
    "Resources",
    "Outputs",
];

/// Where a macro adds to a map.
pub(crate) const TRANSFORM: &str = "Fn::Transform";
/// Are the functions of the macro that each account has asked for?
pub(crate) fn has_language_extensions(root: &Node) -> bool {
    let is_it = |transform: &Node| transform.as_str() == Some(LANGUAGE_EXTENSIONS);
    let transforms = root.get("Transform");
    transforms.is_some_and(|found| is_it(found) || found.list().unwrap_or_default().iter().any(is_it))
}

const LANGUAGE_EXTENSIONS: &str = "AWS::LanguageExtensions";
const SERVERLESS: &str = "AWS::Serverless-2016-10-31";

/// A template whose sections have been told apart.
#[derive(Debug, Default)]
pub(crate) struct Template<'t> {
    pub(crate) text: &'t str,
    pub(crate) parameters: &'t [Member],
    pub(crate) mappings: &'t [Member],
    pub(crate) conditions: &'t [Member],
    pub(crate) resources: Vec<Resource<'t>>,
    pub(crate) outputs: &'t [Member],
    pub(crate) language_extensions: bool,
    pub(crate) serverless: bool,
    /// Macros that only AWS can run.
    macros: Vec<Spanned<String>>,
}

/// A resource as it is written.
#[derive(Debug)]
pub(crate) struct Resource<'t> {
    pub(crate) id: &'t Spanned<String>,
    pub(crate) type_name: Spanned<&'t str>,
    pub(crate) properties: Option<&'t Node>,
    pub(crate) condition: Option<Spanned<&'t str>>,
    pub(crate) depends_on: Vec<Spanned<&'t str>>,
    /// The whole of it, with the functions in its other attributes.
    pub(crate) node: &'t Node,
}

impl Resource<'_> {
    /// Where a macro writes some of its properties.
    pub(crate) fn macro_place(&self) -> Option<Span> {
        let in_properties = self.properties.and_then(|properties| properties.member(TRANSFORM));
        in_properties.or_else(|| self.node.member(TRANSFORM)).map(|member| member.key.span)
    }
}

impl<'t> Template<'t> {
    /// The sections of a tree; what is wrong with them goes to `errors`.
    pub(crate) fn new(text: &'t str, root: &'t Node, errors: &mut Errors) -> Self {
        let mut template = Template { text, ..Template::default() };
        let Some(sections) = root.map() else {
            let message = format!("a template is a map of sections, not {}", root.kind());
            let first = Span::new(root.span.start, root.span.end.min(root.span.start + 1));
            errors.add(ErrorCode::WrongShape, first, message, "begin with `Resources:`");
            return template;
        };
        check_nulls(root, errors);
        for section in sections {
            template.section(section, errors);
        }
        if root.get("Resources").is_none() {
            let first = sections.first().map_or(root.span, |section| section.key.span);
            let message = "the template has no `Resources`";
            errors.add(ErrorCode::MissingSection, first, message, "declare at least one resource");
        }
        template
    }

    /// The members of a section that names things.
    fn named(&mut self, section: &'t Member, most: usize, errors: &mut Errors) -> &'t [Member] {
        let members = named(section, most, errors);
        let macros = members.iter().filter(|member| is_macro(&member.key.value));
        self.macros.extend(macros.map(|member| member.key.clone()));
        members
    }

    /// Is part of the template written by a macro?
    pub(crate) fn has_macros(&self) -> bool {
        !self.macros.is_empty()
    }

    /// What macros write isn't known.
    pub(crate) fn macros(&self, environment: &Environment, errors: &mut Errors) -> Vec<UnknownValue> {
        let mut unknown = Vec::new();
        for found in &self.macros {
            if found.value.starts_with(LOOP) && !self.language_extensions {
                let message = format!("`{}` needs a transform", found.value);
                let help = "add `Transform: AWS::LanguageExtensions` to the template";
                errors.add(ErrorCode::UnsupportedTransform, found.span, message, help);
                continue;
            }
            if environment.without_values {
                let name = found.value.clone();
                unknown.push(UnknownValue { name, kind: UnknownKind::Macro, span: found.span });
                continue;
            }
            if is_macro(&found.value) {
                let message = format!("`{}` rewrites the template, which only AWS can do", found.value);
                errors.add(ErrorCode::UnsupportedTransform, found.span, message, "write out what it makes");
                continue;
            }
            let message = format!("`{}` is a macro, which only AWS can run", found.value);
            let help = "give the template that the macro writes: \
                        `aws cloudformation get-template --template-stage Processed`";
            errors.add(ErrorCode::UnsupportedTransform, found.span, message, help);
        }
        unknown
    }

    pub(crate) fn resource(&self, id: &str) -> Option<&Resource<'t>> {
        self.resources.iter().find(|resource| resource.id.value == id)
    }

    fn section(&mut self, section: &'t Member, errors: &mut Errors) {
        let value = &section.value;
        match section.key.value.as_str() {
            "AWSTemplateFormatVersion" => version(value, errors),
            "Description" => description(value, errors),
            "Transform" | TRANSFORM => self.transforms(value),
            "Parameters" => self.parameters = self.named(section, MAX_PARAMETERS, errors),
            "Mappings" => self.mappings = self.named(section, MAX_MAPPINGS, errors),
            "Conditions" => self.conditions = self.named(section, MAX_CONDITIONS, errors),
            "Outputs" => self.outputs = self.named(section, MAX_OUTPUTS, errors),
            "Resources" => {
                let members = self.named(section, MAX_RESOURCES, errors);
                self.resources = members.iter().filter_map(|member| resource(member, errors)).collect();
            }
            name if SECTIONS.contains(&name) => {}
            name => {
                let help = match closest(name, SECTIONS.to_vec()) {
                    Some(known) => format!("write `{known}`"),
                    None => format!("sections are {}", SECTIONS.join(", ")),
                };
                let message = format!("templates have no section `{name}`");
                errors.add(ErrorCode::UnknownSection, section.key.span, message, &help);
            }
        }
    }

    fn transforms(&mut self, value: &Node) {
        let list = value.list().unwrap_or(std::slice::from_ref(value));
        for transform in list {
            match transform.as_str() {
                Some(LANGUAGE_EXTENSIONS) => self.language_extensions = true,
                Some(SERVERLESS) => self.serverless = true,
                _ => self.macros.push(Spanned::new(name_of_macro(transform), transform.span)),
            }
        }
    }
}

/// A macro is named by a text, or by a map with its parameters.
fn name_of_macro(transform: &Node) -> String {
    let name = transform.as_str().or_else(|| transform.get("Name").and_then(Node::as_str));
    name.unwrap_or("this").to_owned()
}

fn version(value: &Node, errors: &mut Errors) {
    if value.scalar() != Some("2010-09-09") {
        let message = "the only version of templates is `2010-09-09`";
        errors.add(ErrorCode::InvalidValue, value.span, message, "write `'2010-09-09'`");
    }
}

fn description(value: &Node, errors: &mut Errors) {
    match value.scalar() {
        Some(text) if text.len() > MAX_DESCRIPTION_BYTES => {
            let message = format!("a description may have at most {MAX_DESCRIPTION_BYTES} bytes");
            errors.add(ErrorCode::Quota, value.span, message, "put the rest into a comment");
        }
        None if value.value != Value::Null => wrong_shape(value, "a description is a text", errors),
        _ => {}
    }
}

/// Is this key one that stands for what a macro writes?
fn is_macro(name: &str) -> bool {
    name.starts_with(LOOP) || name == TRANSFORM
}

fn named<'t>(section: &'t Member, most: usize, errors: &mut Errors) -> &'t [Member] {
    let name = &section.key.value;
    let Some(members) = section.value.map() else {
        if section.value.value != Value::Null {
            wrong_shape(&section.value, &format!("`{name}` is a map of names"), errors);
        }
        return &[];
    };
    if members.len() > most {
        let message = format!("{} entries in `{name}`; {most} are allowed", members.len());
        errors.add(ErrorCode::Quota, section.key.span, message, "split the template into several");
    }
    let members = members.get(..most).unwrap_or(members);
    // CloudFormation takes any text as the name of a condition or mapping.
    let is_strict = !matches!(name.as_str(), "Conditions" | "Mappings");
    for member in members.iter().filter(|member| is_strict || member.key.value.starts_with("Fn::")) {
        check_name(&member.key, errors);
    }
    members
}

fn check_name(key: &Spanned<String>, errors: &mut Errors) {
    let name = &key.value;
    if is_macro(name) {
        return;
    }
    if name.is_empty() || !name.chars().all(|character| character.is_ascii_alphanumeric()) {
        let message = format!("`{name}` isn't a name: letters and digits only");
        errors.add(ErrorCode::InvalidName, key.span, message, "leave out other characters");
    } else if name.len() > MAX_NAME_CHARS {
        let message = format!("a name may have at most {MAX_NAME_CHARS} characters");
        errors.add(ErrorCode::Quota, key.span, message, "choose a shorter one");
    }
}

fn resource<'t>(member: &'t Member, errors: &mut Errors) -> Option<Resource<'t>> {
    let node = &member.value;
    if member.key.value.starts_with("Fn::") {
        return None;
    }
    if node.map().is_none() {
        wrong_shape(node, "a resource is a map with `Type` and `Properties`", errors);
        return None;
    }
    let Some(type_name) = node.get("Type").and_then(|of| Some(Spanned::new(of.as_str()?, of.span))) else {
        let message = format!("`{}` has no type", member.key.value);
        let help = "add a `Type`, such as `AWS::CloudWatch::Alarm`";
        errors.add(ErrorCode::MissingType, member.key.span, message, help);
        return None;
    };
    let properties = node.get("Properties");
    if let Some(other) = properties.filter(|found| found.map().is_none() && found.value != Value::Null) {
        wrong_shape(other, "`Properties` is a map", errors);
    }
    Some(Resource {
        id: &member.key,
        type_name,
        properties,
        condition: node.get("Condition").and_then(|of| text_of(of, "a condition's name", errors)),
        depends_on: depends_on(node.get("DependsOn"), errors),
        node,
    })
}

fn depends_on<'t>(value: Option<&'t Node>, errors: &mut Errors) -> Vec<Spanned<&'t str>> {
    let Some(value) = value else { return Vec::new() };
    let list = value.list().unwrap_or(std::slice::from_ref(value));
    list.iter().filter_map(|item| text_of(item, "a logical id", errors)).collect()
}

fn text_of<'t>(node: &'t Node, what: &str, errors: &mut Errors) -> Option<Spanned<&'t str>> {
    match node.as_str() {
        Some(text) => Some(Spanned::new(text, node.span)),
        None => {
            wrong_shape(node, &format!("this must be {what}"), errors);
            None
        }
    }
}

fn wrong_shape(node: &Node, message: &str, errors: &mut Errors) {
    if !node.is_unresolved() {
        let message = format!("{message}, not {}", node.kind());
        let error = TemplateError::new(ErrorCode::WrongShape, first_line(node.span), message);
        errors.push(error.help("see CloudFormation's template anatomy"));
    }
}

/// The start of something long.
fn first_line(span: Span) -> Span {
    Span::new(span.start, span.end.min(span.start + 40))
}

fn check_nulls(node: &Node, errors: &mut Errors) {
    for member in node.map().unwrap_or_default() {
        null(&member.value, &member.key, errors);
        check_nulls(&member.value, errors);
    }
    for item in node.list().unwrap_or_default() {
        null(item, &Spanned::new("an element".into(), item.span), errors);
        check_nulls(item, errors);
    }
}

fn null(node: &Node, key: &Spanned<String>, errors: &mut Errors) {
    if node.value == Value::Null {
        let span = if node.span.is_empty() { key.span } else { node.span };
        let message = format!("`{}` is null, which CloudFormation doesn't allow", key.value);
        let help = "give it a value, or leave it out; `!Ref AWS::NoValue` removes a property";
        errors.add(ErrorCode::NullValue, span, message, help);
    }
}
