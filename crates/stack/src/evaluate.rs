//! What do the functions of a template answer?
//!
//! Values are found when they are needed. What can't be found is reported once and goes on as
//! [`Value::Unresolved`], about which nobody complains again.

use std::collections::HashMap;

use crate::environment::Environment;
use crate::error::{ErrorCode, Errors, TemplateError};
use crate::limits::{MAX_EVALUATED_BYTES, MAX_STEPS_INWARDS};
use crate::names::{self, Named};
use crate::parameters::Values;
use crate::template::{Resource, TRANSFORM, Template};
use crate::tree::{Member, Node, Span, Value, is_function_name};
use crate::unknown::{UnknownValue, placeholder};

pub(crate) struct Evaluator<'t> {
    pub(crate) template: &'t Template<'t>,
    pub(crate) environment: &'t Environment,
    pub(crate) parameters: Values<'t>,
    pub(crate) errors: Errors,
    /// Parameters without a value that nothing has asked for yet.
    pub(crate) missing: Vec<UnknownValue>,
    /// Values that were asked for and weren't given.
    pub(crate) unknown: Vec<UnknownValue>,
    conditions: HashMap<String, Answer<bool>>,
    names: HashMap<String, Answer<String>>,
    steps: usize,
    written: usize,
}

/// Something that is found out once.
#[derive(Debug, Clone)]
enum Answer<T> {
    /// Being found out now; who asks again goes in a circle.
    Open,
    Known(T),
    /// Why has been reported.
    Unknown,
}

impl<T: Clone> Answer<T> {
    fn of(value: Option<T>) -> Self {
        value.map_or(Answer::Unknown, Answer::Known)
    }

    fn value(&self) -> Option<T> {
        match self {
            Answer::Known(value) => Some(value.clone()),
            Answer::Open | Answer::Unknown => None,
        }
    }
}

impl<'t> Evaluator<'t> {
    pub(crate) fn new(
        template: &'t Template<'t>,
        environment: &'t Environment,
        parameters: Values<'t>,
        errors: Errors,
    ) -> Self {
        Evaluator {
            template,
            environment,
            parameters,
            errors,
            missing: Vec::new(),
            unknown: Vec::new(),
            conditions: HashMap::new(),
            names: HashMap::new(),
            steps: 0,
            written: 0,
        }
    }

    /// The value of a node, its functions answered; `None` where that is `AWS::NoValue`.
    pub(crate) fn resolve(&mut self, node: &Node) -> Option<Node> {
        let value = match &node.value {
            Value::List(items) => Value::List(items.iter().filter_map(|item| self.resolve(item)).collect()),
            Value::Map(members) => {
                if let Some(function) = node.function() {
                    return self.call(function, node.span);
                }
                self.report_mixed(members);
                Value::Map(members.iter().filter_map(|member| self.member(member)).collect())
            }
            other => other.clone(),
        };
        Some(Node::new(value, node.span))
    }

    fn member(&mut self, member: &Member) -> Option<Member> {
        if member.key.value == TRANSFORM {
            // What it writes isn't known; where that is an error, it is reported now.
            self.call(member, member.key.span);
            return None;
        }
        Some(Member { key: member.key.clone(), value: self.resolve(&member.value)? })
    }

    fn report_mixed(&mut self, members: &[Member]) {
        let alone = |member: &&Member| is_function_name(&member.key.value) && member.key.value != TRANSFORM;
        if let Some(function) = members.iter().find(alone) {
            let message = format!("`{}` must be the only key of its map", function.key.value);
            let help = "remove the other keys, or indent them differently";
            self.errors.add(ErrorCode::FunctionArguments, function.key.span, message, help);
        }
    }

    /// One function, with a limit to how many are asked inside each other and how much they write.
    fn call(&mut self, function: &Member, span: Span) -> Option<Node> {
        if self.steps_left() == 0 {
            let message = format!("more than {MAX_STEPS_INWARDS} functions need each other's answers");
            self.errors.add(ErrorCode::TooDeep, span, message, "make it simpler");
            return Some(Node::unresolved(span));
        }
        let answer = self.deeper(|evaluator| evaluator.function(function, span));
        self.written += answer.as_ref().map_or(0, |node| size(&node.value));
        if self.written > MAX_EVALUATED_BYTES {
            let message = format!("the functions write more than {MAX_EVALUATED_BYTES} bytes");
            self.errors.add(ErrorCode::TooLarge, span, message, "make the texts shorter");
            return Some(Node::unresolved(span));
        }
        answer
    }

    /// How many more functions may be asked inside each other.
    pub(crate) fn steps_left(&self) -> usize {
        MAX_STEPS_INWARDS.saturating_sub(self.steps)
    }

    /// Asks something one step further in.
    pub(crate) fn deeper<T>(&mut self, ask: impl FnOnce(&mut Self) -> T) -> T {
        self.steps += 1;
        let answer = ask(self);
        self.steps -= 1;
        answer
    }

    /// The value of a condition of the template; `None` where it can't be known.
    pub(crate) fn condition(&mut self, name: &str) -> Option<bool> {
        if let Some(answer) = self.conditions.get(name) {
            return answer.value();
        }
        let declared = self.template.conditions.iter().find(|declared| declared.key.value == name)?;
        if self.steps_left() == 0 {
            let message = "too many conditions need each other's answers";
            self.errors.add(ErrorCode::TooDeep, declared.key.span, message, "make it simpler");
            return None;
        }
        self.conditions.insert(name.to_owned(), Answer::Open);
        let value = self.deeper(|evaluator| evaluator.expression(&declared.value));
        self.conditions.insert(name.to_owned(), Answer::of(value));
        value
    }

    /// Is this resource created? One whose condition isn't known is, where values may be missing.
    pub(crate) fn is_created(&mut self, resource: &Resource<'_>) -> Option<bool> {
        match resource.condition {
            Some(condition) => {
                self.condition(condition.value).or(self.environment.without_values.then_some(true))
            }
            None => Some(true),
        }
    }

    /// What a function answers where that isn't known; reported, unless values may be missing.
    pub(crate) fn unknown(&mut self, name: &str, span: Span, report: impl FnOnce() -> TemplateError) -> Node {
        if self.environment.without_values {
            return Node::string(placeholder(name), span);
        }
        self.errors.push(report());
        Node::unresolved(span)
    }

    /// The value of `Ref`, for anything that has a name.
    pub(crate) fn reference(&mut self, name: &str, span: Span) -> Option<Node> {
        if let Some(value) = self.pseudo_parameter(name, span) {
            return value;
        }
        if let Some(value) = self.parameters.get(name) {
            let answer = Node::new(value.clone(), span);
            let at = self.missing.iter().position(|missing| missing.name == name);
            self.unknown.extend(at.map(|at| self.missing.swap_remove(at)));
            return Some(answer);
        }
        let text =
            self.with_resource(name, span, |named, environment| Some(names::reference(named, environment)));
        Some(text.map_or_else(|| self.made_elsewhere(name, span), |text| Node::string(text, span)))
    }

    /// Of what another macro makes, or what has been reported.
    fn made_elsewhere(&self, name: &str, span: Span) -> Node {
        match self.environment.without_values && self.template.resource(name).is_none() {
            true => Node::string(placeholder(name), span),
            false => Node::unresolved(span),
        }
    }

    fn pseudo_parameter(&self, name: &str, span: Span) -> Option<Option<Node>> {
        let environment = self.environment;
        let text = match name {
            "AWS::NoValue" => return Some(None),
            "AWS::NotificationARNs" => {
                let arns = environment.notification_arns.iter().map(|arn| Node::string(arn, span));
                return Some(Some(Node::new(Value::List(arns.collect()), span)));
            }
            "AWS::AccountId" => &environment.account_id,
            "AWS::Partition" => &environment.partition,
            "AWS::Region" => &environment.region,
            "AWS::StackId" => &environment.stack_id,
            "AWS::StackName" => &environment.stack_name,
            "AWS::URLSuffix" => &environment.url_suffix,
            _ => return None,
        };
        Some(Some(Node::string(text, span)))
    }

    /// The value of `Fn::GetAtt`.
    pub(crate) fn attribute(&mut self, id: &str, attribute: &str, span: Span) -> Node {
        let type_name = self.template.resource(id).map(|resource| resource.type_name.value);
        let text = self
            .with_resource(id, span, |named, environment| names::attribute(named, attribute, environment));
        if let Some(text) = text {
            return Node::string(text, span);
        }
        if type_name.is_none() {
            return self.made_elsewhere(&format!("{id}.{attribute}"), span);
        }
        let known = type_name.map(names::attributes).unwrap_or_default();
        let is_ours = type_name.is_some_and(|name| matches!(names::Role::of(name), names::Role::Ours(_)));
        if is_ours && !known.contains(&attribute) {
            let message = format!("`{id}` has no attribute `{attribute}`");
            let help = match known {
                [] => "resources of this type have no attributes; `!Ref` yields the name".to_owned(),
                known => format!("write `{id}.{}`", known.join(&format!("` or `{id}."))),
            };
            self.errors.push(TemplateError::new(ErrorCode::UnknownAttribute, span, message).help(help));
        }
        Node::unresolved(span)
    }

    /// Asks something of a resource that has a name and is created.
    fn with_resource(
        &mut self,
        id: &str,
        span: Span,
        ask: impl FnOnce(&Named<'_>, &Environment) -> Option<String>,
    ) -> Option<String> {
        let template = self.template;
        let resource = template.resource(id)?;
        if !self.is_created(resource)? {
            let condition = resource.condition.map_or("", |condition| condition.value);
            let message = format!("`{id}` isn't created: its condition `{condition}` is false");
            let help = format!("put the reference into `!If [{condition}, …, !Ref AWS::NoValue]`");
            self.errors.push(TemplateError::new(ErrorCode::NotCreated, span, message).help(help));
            return None;
        }
        let name = self.physical_name(resource)?;
        let topic_arn = self.topic_arn(resource);
        let named = Named {
            type_name: resource.type_name.value,
            logical_id: id,
            name: &name,
            topic_arn: topic_arn.as_deref(),
        };
        ask(&named, self.environment)
    }

    /// The topic of a subscription or trail.
    fn topic_arn(&mut self, resource: &Resource<'_>) -> Option<String> {
        let property = match resource.type_name.value {
            "AWS::SNS::Subscription" => "TopicArn",
            "AWS::CloudTrail::Trail" => "SnsTopicName",
            _ => return None,
        };
        let node = resource.properties?.get(property)?;
        let topic = self.resolve(node)?.as_str()?.to_owned();
        if topic.starts_with("arn:") {
            return Some(topic);
        }
        let named = Named { type_name: "AWS::SNS::Topic", logical_id: "", name: &topic, topic_arn: None };
        Some(names::arn(&named, self.environment))
    }

    /// The name that AWS would know the resource by: its own, or one made of stack and logical id.
    pub(crate) fn physical_name(&mut self, resource: &Resource<'_>) -> Option<String> {
        let id = resource.id.value.as_str();
        if let Some(answer) = self.names.get(id) {
            return answer.value();
        }
        self.names.insert(id.to_owned(), Answer::Open);
        let name = self.find_name(resource);
        self.names.insert(id.to_owned(), Answer::of(name.clone()));
        name
    }

    fn find_name(&mut self, resource: &Resource<'_>) -> Option<String> {
        let property = names::name_property(resource.type_name.value);
        let most = property.map_or(255, |(_, most)| most);
        let own = property.and_then(|(property, _)| resource.properties?.get(property));
        if let Some(node) = own.and_then(|node| self.resolve(node)) {
            return node.scalar().map(str::to_owned);
        }
        Some(names::generated_name(&self.environment.stack_name, &resource.id.value, most))
    }
}

/// About how many bytes a value takes.
fn size(value: &Value) -> usize {
    let content = match value {
        Value::String(text) | Value::Number(text) => text.len(),
        Value::List(items) => items.iter().map(|item| size(&item.value)).sum(),
        Value::Map(members) => {
            members.iter().map(|member| member.key.value.len() + size(&member.value.value)).sum()
        }
        _ => 0,
    };
    content + size_of::<Node>()
}
