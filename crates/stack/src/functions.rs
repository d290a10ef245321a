//! The functions of CloudFormation, one by one.
//!
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference.html>

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::error::{ErrorCode, TemplateError};
use crate::evaluate::Evaluator;
use crate::parameters::shown;
use crate::references::VariablePlaces;
use crate::substitution::{Piece, pieces};
use crate::tree::{Member, Node, Span, Value};
use crate::unknown::{UnknownKind, UnknownValue, is_unknown, placeholder};

impl Evaluator<'_> {
    /// The answer of a function that stands at `span`.
    pub(crate) fn function(&mut self, function: &Member, span: Span) -> Option<Node> {
        let argument = &function.value;
        let answer = match function.key.value.as_str() {
            "Ref" => return self.reference(argument.as_str()?, span),
            "Fn::If" => return self.choose(argument, span),
            "Fn::Select" => self.select(argument, span),
            "Fn::GetAtt" => self.get_att(argument, span),
            "Fn::Sub" => self.substitute(argument, span),
            "Fn::Join" => self.join(argument, span),
            "Fn::Split" => self.split(argument, span),
            "Fn::FindInMap" => self.find_in_map(argument, span),
            "Fn::ImportValue" => self.import(argument, span),
            "Fn::Base64" => self.base64(argument, span),
            "Fn::Length" if self.template.language_extensions => self.length(argument, span),
            "Fn::ToJsonString" if self.template.language_extensions => {
                self.resolve(argument).map(|node| Node::string(node.to_json(), span))
            }
            name if ONLY_AT_AWS.contains(&name) => {
                Some(self.unknown(&at_place(span), span, || unknown_function(name, function.key.span)))
            }
            name => {
                self.errors.push(unknown_function(name, function.key.span));
                None
            }
        };
        Some(answer.unwrap_or_else(|| Node::unresolved(span)))
    }

    fn choose(&mut self, argument: &Node, span: Span) -> Option<Node> {
        let unresolved = Some(Node::unresolved(span));
        let Some([condition, yes, no]) = argument.list() else {
            self.wrong::<()>("Fn::If", "[condition, value if true, value if false]", argument);
            return unresolved;
        };
        let Some(name) = condition.as_str() else {
            self.wrong::<()>("Fn::If", "the name of a condition first", condition);
            return unresolved;
        };
        match self.condition(name) {
            Some(true) => self.resolve(yes),
            Some(false) => self.resolve(no),
            None if self.environment.without_values => Some(Node::string(placeholder(&at_place(span)), span)),
            None => unresolved,
        }
    }

    fn get_att(&mut self, argument: &Node, span: Span) -> Option<Node> {
        let (id, attribute) = match argument.list() {
            Some([id, attribute]) => (id.as_str()?.to_owned(), self.text(attribute, "Fn::GetAtt")?),
            None => match argument.as_str().and_then(|text| text.split_once('.')) {
                Some((id, attribute)) => (id.to_owned(), attribute.to_owned()),
                None => return self.wrong("Fn::GetAtt", "`LogicalId.Attribute`", argument),
            },
            Some(_) => return self.wrong("Fn::GetAtt", "[logical id, attribute]", argument),
        };
        Some(self.attribute(&id, &attribute, span))
    }

    fn substitute(&mut self, argument: &Node, span: Span) -> Option<Node> {
        let (template, own) = match argument.list() {
            None => (argument, &[][..]),
            Some([template, own]) => match own.map() {
                Some(members) => (template, members),
                None => return self.wrong("Fn::Sub", "a map of variables second", own),
            },
            Some(_) => return self.wrong("Fn::Sub", "a text, or [text, map of variables]", argument),
        };
        let Some(text) = template.as_str() else {
            return self.wrong("Fn::Sub", "a text with `${Name}` in it", template);
        };
        let mut places = VariablePlaces::of(template, self.template.text);
        let mut result = Some(String::new());
        for piece in pieces(text) {
            let part = match piece {
                Piece::Text(text) => Some(text.to_owned()),
                Piece::Literal(name) => Some(format!("${{{name}}}")),
                Piece::Variable(name) => self.variable(name, own, places.next(name)),
                Piece::Invalid(name) => self.invalid_variable(name, places.next(name)),
            };
            result = result.zip(part).map(|(result, part)| result + &part);
        }
        result.map(|text| Node::string(text, span))
    }

    fn variable(&mut self, name: &str, own: &[Member], span: Span) -> Option<String> {
        let node = match own.iter().find(|member| member.key.value == name) {
            Some(member) => self.resolve(&member.value),
            None => match name.split_once('.') {
                Some((id, attribute)) => Some(self.attribute(id, attribute, span)),
                None => self.reference(name, span),
            },
        };
        let Some(node) = node else {
            let message = format!("`{name}` has no value to put into the text");
            self.errors.add(ErrorCode::FunctionArguments, span, message, "use `Fn::If` outside of `Fn::Sub`");
            return None;
        };
        self.scalar_of(&node, "Fn::Sub", span)
    }

    fn invalid_variable(&mut self, name: &str, span: Span) -> Option<String> {
        let message = format!("`{}` isn't the name of a variable", shown(name));
        let help = format!("write `${{!{}}}` for a `${{` that stays in the text", shown(name));
        self.errors.push(TemplateError::new(ErrorCode::FunctionArguments, span, message).help(help));
        None
    }

    fn join(&mut self, argument: &Node, span: Span) -> Option<Node> {
        let Some([delimiter, list]) = argument.list() else {
            return self.wrong("Fn::Join", "[delimiter, list]", argument);
        };
        let Some(delimiter) = delimiter.as_str() else {
            return self.wrong("Fn::Join", "a text as delimiter", delimiter);
        };
        let items = self.items(list, "Fn::Join")?;
        let texts: Option<Vec<String>> =
            items.iter().map(|item| self.scalar_of(item, "Fn::Join", item.span)).collect();
        Some(Node::string(texts?.join(delimiter), span))
    }

    fn split(&mut self, argument: &Node, span: Span) -> Option<Node> {
        let Some([delimiter, source]) = argument.list() else {
            return self.wrong("Fn::Split", "[delimiter, text]", argument);
        };
        let Some(delimiter) = delimiter.as_str().filter(|text| !text.is_empty()) else {
            return self.wrong("Fn::Split", "a text as delimiter", delimiter);
        };
        let text = self.text(source, "Fn::Split")?;
        let items = text.split(delimiter).map(|part| Node::string(part, span)).collect();
        Some(Node::new(Value::List(items), span))
    }

    fn select(&mut self, argument: &Node, span: Span) -> Option<Node> {
        let Some([index, list]) = argument.list() else {
            return self.wrong("Fn::Select", "[index, list]", argument);
        };
        let text = self.text(index, "Fn::Select")?;
        if self.is_unknown(&text) {
            return Some(Node::string(text, span));
        }
        let Ok(number) = text.trim().parse::<usize>() else {
            return self.wrong("Fn::Select", "an index such as 0", index);
        };
        let items = self.items(list, "Fn::Select")?;
        // What isn't known may be several elements.
        let mut before = items.iter().take(number.saturating_add(1));
        if let Some(unknown) = before.find(|item| item.as_str().is_some_and(|text| self.is_unknown(text))) {
            return Some(Node::new(unknown.value.clone(), span));
        }
        let Some(chosen) = items.get(number) else {
            let message = format!("the list has {} elements; there is none at {number}", items.len());
            self.errors.add(ErrorCode::FunctionArguments, index.span, message, "the first one is 0");
            return None;
        };
        Some(Node::new(chosen.value.clone(), span))
    }

    fn find_in_map(&mut self, argument: &Node, span: Span) -> Option<Node> {
        let (map, top, second, default) = match argument.list() {
            Some([map, top, second]) => (map, top, second, None),
            Some([map, top, second, options]) if self.template.language_extensions => {
                (map, top, second, options.get("DefaultValue"))
            }
            _ => return self.wrong("Fn::FindInMap", "[mapping, first key, second key]", argument),
        };
        let keys = [self.text(map, "Fn::FindInMap"), self.text(top, "Fn::FindInMap")];
        let (Some(map_name), Some(top_key), Some(second_key)) =
            (keys.first()?.clone(), keys.get(1)?.clone(), self.text(second, "Fn::FindInMap"))
        else {
            return None;
        };
        if let Some(unknown) = [&map_name, &top_key, &second_key].into_iter().find(|key| self.is_unknown(key))
        {
            return Some(Node::string(unknown, span));
        }
        let mappings = self.template.mappings;
        let mapping = mappings.iter().find(|mapping| mapping.key.value == map_name);
        let Some(mapping) = mapping else {
            let message = format!("there is no mapping `{}`", shown(&map_name));
            self.errors.add(ErrorCode::MissingReference, map.span, message, "declare it in `Mappings`");
            return None;
        };
        let row = mapping.value.get(&top_key);
        if let Some(value) = row.and_then(|row| row.get(&second_key)) {
            return Some(Node::new(value.value.clone(), span));
        }
        if let Some(default) = default {
            return self.resolve(default);
        }
        let (key, at) = if row.is_none() { (top_key, top.span) } else { (second_key, second.span) };
        // Where nobody said in which account and region, it will be another one.
        let environment = self.environment;
        if environment.without_values && [&environment.region, &environment.account_id].contains(&&key) {
            return Some(Node::string(placeholder(&at_place(span)), span));
        }
        let keys = row.unwrap_or(&mapping.value).map().unwrap_or_default().iter();
        let known: Vec<&str> = keys.take(20).map(|member| member.key.value.as_str()).collect();
        let message = format!("the mapping `{map_name}` has no key `{}`", shown(&key));
        let error = TemplateError::new(ErrorCode::MissingMapValue, at, message);
        self.errors.push(error.help(format!("its keys are {}", known.join(", "))));
        None
    }

    fn import(&mut self, argument: &Node, span: Span) -> Option<Node> {
        let name = self.text(argument, "Fn::ImportValue")?;
        if let Some(value) = self.environment.imports.get(&name) {
            return Some(Node::string(value, span));
        }
        if self.environment.without_values {
            let is_new =
                !self.unknown.iter().any(|value| value.kind == UnknownKind::Import && value.name == name);
            let value = UnknownValue { name: name.clone(), kind: UnknownKind::Import, span: argument.span };
            self.unknown.extend(Some(value).filter(|_| is_new));
        }
        Some(self.unknown(&name, span, || {
            let message = format!("the value `{}` of another stack wasn't given", shown(&name));
            let help = "give the values that other stacks export beside the parameters";
            TemplateError::new(ErrorCode::MissingImport, argument.span, message).help(help)
        }))
    }

    fn is_unknown(&self, text: &str) -> bool {
        self.environment.without_values && is_unknown(text)
    }

    fn base64(&mut self, argument: &Node, span: Span) -> Option<Node> {
        let text = self.text(argument, "Fn::Base64")?;
        Some(Node::string(STANDARD.encode(text), span))
    }

    fn length(&mut self, argument: &Node, span: Span) -> Option<Node> {
        let items = self.items(argument, "Fn::Length")?;
        if let Some(unknown) =
            items.iter().find(|item| item.as_str().is_some_and(|text| self.is_unknown(text)))
        {
            return Some(Node::new(unknown.value.clone(), span));
        }
        Some(Node::new(Value::Number(items.len().to_string()), span))
    }

    /// The elements of a list, or of what a function answers.
    fn items(&mut self, node: &Node, function: &str) -> Option<Vec<Node>> {
        let resolved = self.resolve(node)?;
        match &resolved.value {
            Value::List(items) => Some(items.clone()),
            Value::String(text) if self.is_unknown(text) => Some(vec![resolved]),
            _ => self.wrong(function, "a list", &resolved),
        }
    }

    /// The text of an argument.
    pub(crate) fn text(&mut self, node: &Node, function: &str) -> Option<String> {
        let resolved = self.resolve(node)?;
        self.scalar_of(&resolved, function, node.span)
    }

    fn scalar_of(&mut self, node: &Node, function: &str, span: Span) -> Option<String> {
        match node.scalar() {
            Some(text) => Some(text.to_owned()),
            None => self.wrong(function, "a text", &Node::new(node.value.clone(), span)),
        }
    }

    /// Reports an argument that isn't what the function takes; answers nothing, whatever was asked for.
    pub(crate) fn wrong<T>(&mut self, function: &str, expected: &str, got: &Node) -> Option<T> {
        if !got.is_unresolved() {
            let message = format!("`{function}` takes {expected}, not {}", describe(got));
            let help = "see the reference of this function";
            self.errors.add(ErrorCode::FunctionArguments, got.span, message, help);
        }
        None
    }
}

/// A name for what stands at a place and has none.
fn at_place(span: Span) -> String {
    format!("At{}", span.start)
}

fn describe(node: &Node) -> String {
    match &node.value {
        Value::List(items) => format!("a list of {}", items.len()),
        Value::String(text) | Value::Number(text) => format!("`{}`", shown(text)),
        _ => node.kind().to_owned(),
    }
}

const ONLY_AT_AWS: [&str; 4] = ["Fn::GetAZs", "Fn::GetStackOutput", "Fn::Cidr", "Fn::Transform"];
const OF_CONDITIONS: [&str; 4] = ["Fn::And", "Fn::Equals", "Fn::Not", "Fn::Or"];
const EXTENSIONS: [&str; 2] = ["Fn::Length", "Fn::ToJsonString"];

fn unknown_function(name: &str, span: Span) -> TemplateError {
    let (message, help) = if ONLY_AT_AWS.contains(&name) {
        (format!("`{name}` can be answered by AWS only"), "write the value out")
    } else if OF_CONDITIONS.contains(&name) {
        let help = "name a condition there, and ask for it with `Fn::If`";
        (format!("`{name}` may stand in `Conditions` only"), help)
    } else if EXTENSIONS.contains(&name) {
        (format!("`{name}` needs a transform"), "add `Transform: AWS::LanguageExtensions` to the template")
    } else {
        (format!("CloudFormation has no function `{name}`"), "see its list of intrinsic functions")
    };
    TemplateError::new(ErrorCode::UnknownFunction, span, message).help(help)
}
