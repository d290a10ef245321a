//! The values of parameters: given or default, and whether the template allows them.
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/parameters-section-structure.html>

use std::collections::HashMap;

use diagnostic::closest;
use regex::RegexBuilder;

use crate::environment::Environment;
use crate::error::{ErrorCode, Errors, TemplateError};
use crate::limits::MAX_PARAMETER_BYTES;
use crate::template::Template;
use crate::tree::{Member, Node, Span, Spanned, Value};
use crate::unknown::{UnknownKind, UnknownValue, placeholder};

/// A parameter's value as `Ref` yields it. The span is that of the declaration.
pub(crate) type Values<'t> = HashMap<&'t str, Value>;

/// The value of each parameter; one whose value can't be known is `Unresolved`.
pub(crate) fn values<'t>(
    template: &Template<'t>,
    environment: &Environment,
    unknown: &mut Vec<UnknownValue>,
    errors: &mut Errors,
) -> Values<'t> {
    for name in environment.parameters.keys() {
        if !template.parameters.iter().any(|declared| declared.key.value == *name) {
            errors.push(undeclared(name, template));
        }
    }
    let mut values = Values::new();
    for declared in template.parameters {
        let value = value(declared, environment, unknown, errors);
        values.insert(declared.key.value.as_str(), value.unwrap_or(Value::Unresolved));
    }
    values
}

fn undeclared(name: &str, template: &Template<'_>) -> TemplateError {
    let declared: Vec<&str> =
        template.parameters.iter().map(|declared| declared.key.value.as_str()).collect();
    let help = match closest(name, declared.clone()) {
        Some(similar) => format!("write `{similar}`"),
        None if declared.is_empty() => "the template declares no parameters".into(),
        None => format!("it declares {}", declared.join(", ")),
    };
    let message = format!("the template declares no parameter `{name}`");
    TemplateError::of_input(ErrorCode::UnknownParameter, message).help(help)
}

fn value(
    declared: &Member,
    environment: &Environment,
    unknown: &mut Vec<UnknownValue>,
    errors: &mut Errors,
) -> Option<Value> {
    let name = &declared.key;
    if declared.value.map().is_none() {
        let message = format!("the parameter `{}` is a map with a `Type`", name.value);
        errors.add(ErrorCode::InvalidParameter, name.span, message, "write `Type: String` in it");
        return None;
    }
    let kind = kind(declared, errors)?;
    let default = declared.value.member("Default");
    if let Some(asked_for) = without_value(declared, environment) {
        let name = &name.value;
        unknown.push(UnknownValue { name: name.clone(), kind: asked_for, span: declared.key.span });
        return Some(of_kind(kind, placeholder(name), declared.key.span));
    }
    let (text, span) = match (environment.parameters.get(&name.value), default) {
        (Some(given), _) => (given.clone(), name.span),
        (None, Some(default)) => (default_text(default, errors)?, default.value.span),
        (None, None) => {
            errors.push(missing(name));
            return None;
        }
    };
    let given = Spanned::new(text, span);
    check(declared, kind, &given, errors);
    Some(of_kind(kind, given.value, name.span))
}

fn of_kind(kind: Kind, text: String, span: Span) -> Value {
    match kind {
        Kind::Text | Kind::Number => Value::String(text),
        Kind::List | Kind::NumberList => {
            Value::List(split(&text).map(|item| Node::string(item, span)).collect())
        }
    }
}

/// Does this parameter stay without the value that only the caller could give? Where AWS looks the value up, the default is
/// what it looks for.
fn without_value(declared: &Member, environment: &Environment) -> Option<UnknownKind> {
    if !environment.without_values || environment.parameters.contains_key(&declared.key.value) {
        return None;
    }
    let of = declared.value.get("Type").and_then(Node::as_str).unwrap_or_default();
    match declared.value.member("Default") {
        _ if of.starts_with("AWS::SSM::Parameter::Value<") => Some(UnknownKind::StoredParameter),
        None => Some(UnknownKind::Parameter),
        Some(_) => None,
    }
}

fn missing(name: &Spanned<String>) -> TemplateError {
    let message = format!("the parameter `{}` has no default and was given no value", name.value);
    TemplateError::new(ErrorCode::MissingParameter, name.span, message)
        .help(format!("give it with `--parameter {}=VALUE`", name.value))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Text,
    Number,
    NumberList,
    List,
}

fn kind(declared: &Member, errors: &mut Errors) -> Option<Kind> {
    let Some(of) = declared.value.get("Type") else {
        let message = format!("the parameter `{}` has no `Type`", declared.key.value);
        errors.add(ErrorCode::InvalidParameter, declared.key.span, message, "write `Type: String`");
        return None;
    };
    Some(match of.as_str().unwrap_or_default() {
        "String" => Kind::Text,
        "Number" => Kind::Number,
        "List<Number>" => Kind::NumberList,
        "CommaDelimitedList" | "List<String>" => Kind::List,
        // The value of such a parameter is looked up at AWS; here the caller gives what would be found.
        list if list.starts_with("List<AWS::") || list.starts_with("AWS::SSM::Parameter::Value<List<") => {
            Kind::List
        }
        "AWS::SSM::Parameter::Value<CommaDelimitedList>" => Kind::List,
        text if text.starts_with("AWS::") => Kind::Text,
        other => {
            let message = format!("there is no parameter type `{other}`");
            let help = "write `String`, `Number`, `CommaDelimitedList` or `List<Number>`";
            errors.add(ErrorCode::InvalidParameter, of.span, message, help);
            return None;
        }
    })
}

fn default_text(default: &Member, errors: &mut Errors) -> Option<String> {
    let text = default.value.scalar().map(str::to_owned);
    if text.is_none() {
        let message = format!("a default is a text or a number, not {}", default.value.kind());
        let help = "write a list as one text: `a,b,c`; functions aren't allowed in parameters";
        errors.add(ErrorCode::InvalidParameter, default.value.span, message, help);
    }
    text
}

fn split(text: &str) -> impl Iterator<Item = &str> {
    text.split(',').map(str::trim).filter(move |_| !text.is_empty())
}

/// Does the value keep to what the declaration asks of it?
fn check(declared: &Member, kind: Kind, given: &Spanned<String>, errors: &mut Errors) {
    let name = &declared.key.value;
    let rules = Rules { declared, given };
    if given.value.len() > MAX_PARAMETER_BYTES {
        errors.push(rules.broken(&format!("at most {MAX_PARAMETER_BYTES} bytes"), given.span));
    }
    let is_number = |text: &str| text.trim().parse::<f64>().is_ok_and(f64::is_finite);
    let numbers = match kind {
        Kind::Number => is_number(&given.value),
        Kind::NumberList => split(&given.value).all(is_number),
        Kind::Text | Kind::List => true,
    };
    if !numbers {
        let message = format!("`{}` isn't a number, as `{name}` must be", shown(&given.value));
        errors.add(ErrorCode::ParameterConstraint, given.span, message, "give a number");
    }
    let is_list = matches!(kind, Kind::List | Kind::NumberList);
    let items: Vec<&str> = if is_list { split(&given.value).collect() } else { vec![&given.value] };
    for item in items {
        errors_of(rules.allowed_values(item), errors);
        errors_of(rules.bounds(item, kind), errors);
    }
    errors_of(rules.pattern(), errors);
}

fn errors_of(error: Option<TemplateError>, errors: &mut Errors) {
    if let Some(error) = error {
        errors.push(error);
    }
}

struct Rules<'t> {
    declared: &'t Member,
    given: &'t Spanned<String>,
}

impl Rules<'_> {
    fn allowed_values(&self, item: &str) -> Option<TemplateError> {
        let allowed = self.declared.value.get("AllowedValues")?;
        let values: Vec<&str> = allowed.list()?.iter().filter_map(Node::scalar).collect();
        if values.contains(&item) {
            return None;
        }
        Some(self.broken(&format!("one of {}", values.join(", ")), allowed.span))
    }

    fn bounds(&self, item: &str, kind: Kind) -> Option<TemplateError> {
        if matches!(kind, Kind::Text) {
            let length = item.chars().count() as f64;
            let least = self.bound("MinLength", |least| length < least, "at least", "characters");
            return least.or_else(|| self.bound("MaxLength", |most| length > most, "at most", "characters"));
        }
        let number: f64 = item.trim().parse().ok()?;
        let least = self.bound("MinValue", |least| number < least, "at least", "");
        least.or_else(|| self.bound("MaxValue", |most| number > most, "at most", ""))
    }

    fn bound(
        &self,
        key: &str,
        is_broken: impl Fn(f64) -> bool,
        word: &str,
        unit: &str,
    ) -> Option<TemplateError> {
        let node = self.declared.value.get(key)?;
        let limit = node.scalar()?;
        let broken = limit.parse().is_ok_and(is_broken);
        broken.then(|| self.broken(format!("{word} {limit} {unit}").trim_end(), node.span))
    }

    /// The whole text must match. A pattern that only Java can read is not asked.
    fn pattern(&self) -> Option<TemplateError> {
        let node = self.declared.value.get("AllowedPattern")?;
        let pattern = node.as_str()?;
        let regex = RegexBuilder::new(&format!("^(?:{pattern})$")).size_limit(1 << 20).build().ok()?;
        let matches = regex.is_match(&self.given.value);
        (!matches).then(|| self.broken(&format!("a text that matches `{pattern}`"), node.span))
    }

    fn broken(&self, rule: &str, at: Span) -> TemplateError {
        let name = &self.declared.key.value;
        let message = format!("`{name}` may not be `{}`", shown(&self.given.value));
        let description = self.declared.value.get("ConstraintDescription").and_then(Node::as_str);
        let help = match description {
            Some(description) => format!("it must be {rule}: {description}"),
            None => format!("it must be {rule}"),
        };
        let error = TemplateError::new(ErrorCode::ParameterConstraint, self.given.span, message);
        let error = if at == self.given.span { error } else { error.label(at, "the rule") };
        error.help(help)
    }
}

/// As much of a value as fits a message.
pub(crate) fn shown(text: &str) -> String {
    let short: String = text.chars().take(80).collect();
    if short.len() < text.len() { format!("{short}…") } else { short }
}
