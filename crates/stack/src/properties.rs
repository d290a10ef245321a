//! Reading the properties of a resource one by one, and knowing which are left over.
//!
//! CloudFormation turns numbers and booleans into texts and back where a property asks for it; so does this.

use std::collections::{BTreeMap, BTreeSet};

use diagnostic::closest;

use crate::declaration::{Dimension, IgnoredProperty, IgnoredReason, Text};
use crate::error::{ErrorCode, Errors, TemplateError};
use crate::names::Kind;
use crate::parameters::shown;
use crate::tree::{Member, Node, Span, Spanned, Value};
use crate::unknown::is_unknown;

/// The properties of one resource, or the members of a map in it.
#[derive(Debug)]
pub(crate) struct Properties {
    members: Vec<Member>,
    /// Empty, or the path of this map with a dot at its end.
    path: String,
    /// What is complained of where something is missing.
    pub(crate) span: Span,
    logical_id: String,
}

/// What reading yields beside values.
#[derive(Debug, Default)]
pub(crate) struct Report {
    pub(crate) errors: Errors,
    pub(crate) ignored: Vec<IgnoredProperty>,
    /// Go on without values that aren't given?
    pub(crate) without_values: bool,
    /// Logical ids and the properties whose value isn't known.
    pub(crate) unknown: BTreeMap<String, BTreeSet<String>>,
}

impl Properties {
    pub(crate) fn new(node: Option<Node>, logical_id: &Spanned<String>) -> Self {
        let members = match node.map(|node| node.value) {
            Some(Value::Map(members)) => members,
            _ => Vec::new(),
        };
        let (span, logical_id) = (logical_id.span, logical_id.value.clone());
        Properties { members, path: String::new(), span, logical_id }
    }

    pub(crate) fn has(&self, name: &str) -> bool {
        self.members.iter().any(|member| member.key.value == name)
    }

    /// Where the name of a property is written.
    pub(crate) fn key_span(&self, name: &str) -> Option<Span> {
        self.members.iter().find(|member| member.key.value == name).map(|member| member.key.span)
    }

    /// Where the value of a property is written.
    pub(crate) fn value_span(&self, name: &str) -> Option<Span> {
        self.members.iter().find(|member| member.key.value == name).map(|member| member.value.span)
    }

    /// Is it there, and is it more than an empty list?
    pub(crate) fn says_something(&self, name: &str) -> bool {
        let value = self.members.iter().find(|member| member.key.value == name).map(|member| &member.value);
        value.is_some_and(|value| value.list().is_none_or(|items| !items.is_empty()))
    }

    /// Drops a property that has been read elsewhere.
    pub(crate) fn discard(&mut self, name: &str) {
        self.members.retain(|member| member.key.value != name);
    }

    /// Drops all properties but one.
    pub(crate) fn keep_only(&mut self, name: &str) {
        self.members.retain(|member| member.key.value == name);
    }

    fn take(&mut self, name: &str) -> Option<Node> {
        let at = self.members.iter().position(|member| member.key.value == name)?;
        // What is unresolved or null has been reported.
        Some(self.members.remove(at).value).filter(|node| !node.is_unresolved() && node.value != Value::Null)
    }

    /// Reads a value with `read`, or says that it is none.
    fn read<T>(
        &mut self,
        name: &str,
        expected: &str,
        report: &mut Report,
        read: impl FnOnce(&Node) -> Option<T>,
    ) -> Option<Spanned<T>> {
        let node = self.take(name)?;
        let value = read(&node);
        if value.is_none() && !self.guess(name, &node, report) {
            report.errors.push(self.wrong_type(name, expected, &node));
        }
        Some(Spanned::new(value?, node.span))
    }

    /// Is the value one that isn't known? Then it is noted that the property says nothing.
    fn guess(&self, name: &str, node: &Node, report: &mut Report) -> bool {
        let is_unknown = report.without_values && node.as_str().is_some_and(is_unknown);
        if is_unknown {
            report.guess(&self.logical_id, &format!("{}{name}", self.path));
        }
        is_unknown
    }

    /// What to go on with where a value isn't known.
    fn instead<T>(&self, name: &str, value: T, report: &mut Report) -> Option<Spanned<T>> {
        let node = &self.members.iter().find(|member| member.key.value == name)?.value;
        self.guess(name, node, report).then(|| Spanned::new(value, node.span))
    }

    fn wrong_type(&self, name: &str, expected: &str, got: &Node) -> TemplateError {
        let got_text = match got.scalar() {
            Some(text) => format!("`{}`", shown(text)),
            None => got.kind().to_owned(),
        };
        let message = format!("`{}{name}` must be {expected}, not {got_text}", self.path);
        let span = Span::new(got.span.start, got.span.end);
        TemplateError::new(ErrorCode::WrongType, span, message).help(help_for(expected, got))
    }

    pub(crate) fn text(&mut self, name: &str, report: &mut Report) -> Option<Text> {
        self.read(name, "a text", report, |node| node.scalar().map(str::to_owned))
    }

    /// A text that can't be any; `instead` is what to go on with where it isn't known.
    pub(crate) fn text_or(&mut self, name: &str, instead: &str, report: &mut Report) -> Option<Text> {
        match self.instead(name, instead, report) {
            Some(instead) => {
                self.discard(name);
                Some(Spanned::new(instead.value.to_owned(), instead.span))
            }
            None => self.text(name, report),
        }
    }

    pub(crate) fn integer(&mut self, name: &str, report: &mut Report) -> Option<Spanned<i64>> {
        if let Some(instead) = self.instead(name, if name == "Period" { 60 } else { 1 }, report) {
            self.discard(name);
            return Some(instead);
        }
        self.read(name, "a whole number", report, |node| match node.value {
            Value::Bool(_) => None,
            _ => whole(node.scalar()?),
        })
    }

    pub(crate) fn number(&mut self, name: &str, report: &mut Report) -> Option<Spanned<f64>> {
        if let Some(instead) = self.instead(name, 1.0, report) {
            self.discard(name);
            return Some(instead);
        }
        self.read(name, "a number", report, |node| match node.value {
            Value::Bool(_) => None,
            _ => decimal(node.scalar()?),
        })
    }

    pub(crate) fn boolean(&mut self, name: &str, report: &mut Report) -> Option<Spanned<bool>> {
        self.read(name, "`true` or `false`", report, |node| match &node.value {
            Value::Bool(value) => Some(*value),
            Value::String(text) if text.eq_ignore_ascii_case("true") => Some(true),
            Value::String(text) if text.eq_ignore_ascii_case("false") => Some(false),
            _ => None,
        })
    }

    /// A list of texts; none where it is left out.
    pub(crate) fn texts(&mut self, name: &str, report: &mut Report) -> Vec<Text> {
        let mut texts = Vec::new();
        for (index, item) in self.items(name, report).into_iter().enumerate() {
            match item.scalar() {
                Some(text) => texts.push(Spanned::new(text.to_owned(), item.span)),
                None if item.is_unresolved() => {}
                None => report.errors.push(self.wrong_type(&format!("{name}[{index}]"), "a text", &item)),
            }
        }
        texts
    }

    /// JSON, given as a map or as text.
    pub(crate) fn json(&mut self, name: &str) -> Option<Text> {
        let node = self.take(name)?;
        let text = node.as_str().map_or_else(|| node.to_json(), str::to_owned);
        Some(Spanned::new(text, node.span))
    }

    fn items(&mut self, name: &str, report: &mut Report) -> Vec<Node> {
        let list = |node: &Node| node.list().map(<[Node]>::to_vec);
        self.read(name, "a list", report, list).map(|items| items.value).unwrap_or_default()
    }

    /// A list of maps.
    pub(crate) fn maps(&mut self, name: &str, report: &mut Report) -> Vec<Properties> {
        let mut maps = Vec::new();
        for (index, item) in self.items(name, report).into_iter().enumerate() {
            let name = format!("{name}[{index}]");
            if !self.guess(&name, &item, report) {
                maps.extend(self.inner(&name, item, report));
            }
        }
        maps
    }

    pub(crate) fn map(&mut self, name: &str, report: &mut Report) -> Option<Properties> {
        let node = self.take(name)?;
        if self.guess(name, &node, report) {
            return None;
        }
        self.inner(name, node, report)
    }

    fn inner(&self, name: &str, node: Node, report: &mut Report) -> Option<Properties> {
        if node.is_unresolved() {
            return None;
        }
        let error = self.wrong_type(name, "a map", &node);
        let Value::Map(members) = node.value else {
            report.errors.push(error);
            return None;
        };
        let path = format!("{}{name}.", self.path);
        // A map may be long; its first key shows which it is.
        let span = members.first().map_or(node.span, |first| first.key.span);
        Some(Properties { members, path, span, logical_id: self.logical_id.clone() })
    }

    /// The value of a property that AWS requires. `read` is one of the methods above.
    pub(crate) fn required<T>(
        &mut self,
        name: &str,
        report: &mut Report,
        read: impl FnOnce(&mut Self, &str, &mut Report) -> Option<T>,
    ) -> Option<T> {
        if !self.has(name) {
            report.errors.push(self.missing(name));
            return None;
        }
        read(self, name, report)
    }

    pub(crate) fn missing(&self, name: &str) -> TemplateError {
        let message = format!("`{}` lacks `{}{name}`, which AWS requires", self.logical_id, self.path);
        let keys = self.members.iter().map(|member| member.key.value.as_str()).collect();
        let error = TemplateError::new(ErrorCode::MissingProperty, self.span, message);
        match closest(name, keys) {
            Some(similar) => error.help(format!("write `{name}` instead of `{similar}`")),
            None => error.help(format!("add `{name}`")),
        }
    }

    /// A text that must be one of several.
    pub(crate) fn one_of(&mut self, name: &str, allowed: &[&str], report: &mut Report) -> Option<Text> {
        if let Some(instead) = self.instead(name, allowed.first().copied().unwrap_or_default(), report) {
            self.discard(name);
            return Some(Spanned::new(instead.value.to_owned(), instead.span));
        }
        let text = self.text(name, report)?;
        if !allowed.contains(&text.value.as_str()) {
            let message = format!("`{}{name}` can't be `{}`", self.path, shown(&text.value));
            let help = match closest(&text.value, allowed.to_vec()) {
                Some(similar) => format!("write `{similar}`"),
                None => format!("write one of {}", allowed.join(", ")),
            };
            let error = TemplateError::new(ErrorCode::InvalidValue, text.span, message);
            report.errors.push(error.help(help));
        }
        Some(text)
    }

    /// A list of `Name` (or `Key`) and `Value`.
    pub(crate) fn dimensions(&mut self, key: &str, most: usize, report: &mut Report) -> Vec<Dimension> {
        let at = self.key_span("Dimensions");
        let maps = self.maps("Dimensions", report);
        if let Some(at) = at.filter(|_| maps.len() > most) {
            let message = format!("{} dimensions; AWS allows {most}", maps.len());
            report.errors.add(ErrorCode::Quota, at, message, "remove some");
        }
        let mut dimensions = Vec::new();
        for mut map in maps {
            let name = map.required(key, report, Properties::text);
            let value = map.required("Value", report, Properties::text);
            let span = map.span;
            map.finish(&[], report);
            dimensions.extend(name.zip(value).map(|(name, value)| Dimension { span, name, value }));
        }
        dimensions
    }

    /// Names what is left over. `known` are the properties that AWS has and that have no effect here.
    pub(crate) fn finish(self, known: &[&str], report: &mut Report) {
        for member in self.members {
            let is_known = known.contains(&member.key.value.as_str());
            let reason = if is_known { IgnoredReason::WithoutEffect } else { IgnoredReason::UnknownToAws };
            report.ignored.push(IgnoredProperty {
                logical_id: self.logical_id.clone(),
                reason,
                path: format!("{}{}", self.path, member.key.value),
                span: member.key.span,
            });
        }
    }
}

fn help_for(expected: &str, got: &Node) -> String {
    match (expected, &got.value) {
        ("a list", Value::String(_) | Value::Number(_) | Value::Bool(_)) => {
            "put it into a list: `[…]`, or `- …` on a line of its own".into()
        }
        ("a map", _) => "write `Key: value` pairs".into(),
        _ => format!("give {expected}"),
    }
}

fn whole(text: &str) -> Option<i64> {
    let text = text.trim();
    let text = text.strip_suffix(".0").unwrap_or(text);
    text.parse().ok()
}

fn decimal(text: &str) -> Option<f64> {
    text.trim().parse().ok().filter(|number: &f64| number.is_finite())
}

impl Kind {
    /// The properties that AWS has and that have no effect here.
    pub(crate) fn without_effect(self) -> &'static [&'static str] {
        match self {
            Kind::Trail => &[
                "AggregationConfigurations",
                "EnableLogFileValidation",
                "InsightSelectors",
                "KMSKeyId",
                "SnsTopicName",
                "Tags",
            ],
            Kind::LogGroup => &[
                "BearerTokenAuthenticationEnabled",
                "DataProtectionPolicy",
                "DeletionProtectionEnabled",
                "FieldIndexPolicies",
                "KmsKeyId",
                "LogGroupClass",
                "ResourcePolicyDocument",
                "Tags",
            ],
            Kind::MetricFilter => {
                &["ApplyOnTransformedLogs", "EmitSystemFieldDimensions", "FieldSelectionCriteria"]
            }
            Kind::Alarm => &["EvaluationCriteria", "EvaluationInterval", "Tags"],
            Kind::CompositeAlarm => &["Tags"],
            Kind::Topic => &[
                "ArchivePolicy",
                "ContentBasedDeduplication",
                "DataProtectionPolicy",
                "DeliveryStatusLogging",
                "FifoThroughputScope",
                "KmsMasterKeyId",
                "SignatureVersion",
                "Tags",
                "TracingConfig",
            ],
            Kind::Subscription => {
                &["DeliveryPolicy", "RedrivePolicy", "Region", "ReplayPolicy", "SubscriptionRoleArn"]
            }
        }
    }
}
