//! Values that only AWS or the command line could give, where a template is read without them.
//!
//! Each goes on as a text that every name at AWS may hold, so that what is made of it can be recognised and compared: two
//! metrics in the namespace `${Team}-keys` are in one namespace, whatever the team.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use crate::properties::Report;
use crate::tree::Span;

/// Where such a text begins and ends; between the two stand letters and digits.
const BEGIN: &str = "kmswatchUnknownBegin";
const END: &str = "kmswatchUnknownEnd";

/// AWS puts the value in when it deploys.
const DYNAMIC_REFERENCE: &str = "{{resolve:";

/// Something that has no value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UnknownValue {
    /// Its name in the template, or that of another stack's export.
    pub name: String,
    /// How it is asked for.
    pub kind: UnknownKind,
    /// Where it is declared, or asked for.
    pub span: Span,
}

/// How a value that is unknown is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnknownKind {
    /// A parameter without default.
    Parameter,
    /// A parameter whose value is looked up in the Parameter Store; its default is what is looked up.
    StoredParameter,
    /// `Fn::ImportValue`
    Import,
    /// A macro that rewrites the template.
    Macro,
}

/// What isn't known of a template that was read without some values.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Unknown {
    /// The values themselves.
    pub values: Vec<UnknownValue>,
    /// The logical ids of resources whose condition depends on them; they are in the declaration.
    pub conditional: BTreeSet<String>,
    /// Logical ids, each with the properties for which something was put in that AWS takes, and which therefore say nothing.
    pub properties: BTreeMap<String, BTreeSet<String>>,
}

/// The text that stands for a value.
pub(crate) fn placeholder(name: &str) -> String {
    let name: String = name.chars().filter(char::is_ascii_alphanumeric).collect();
    format!("{BEGIN}{name}{END}")
}

/// Is part of this text a value that isn't known?
#[must_use]
pub fn is_unknown(text: &str) -> bool {
    text.contains(BEGIN) || text.contains(DYNAMIC_REFERENCE)
}

/// A text for people: `${Name}` where a value isn't known.
#[must_use]
pub fn with_variables(text: &str) -> Cow<'_, str> {
    match text.contains(BEGIN) {
        true => Cow::Owned(text.replace(BEGIN, "${").replace(END, "}")),
        false => Cow::Borrowed(text),
    }
}

/// Could both turn out to be one text?
#[must_use]
pub fn may_be_equal(one: &str, other: &str) -> bool {
    one == other || is_unknown(one) || is_unknown(other)
}

impl Report {
    /// Notes that a property's value isn't known.
    pub(crate) fn guess(&mut self, logical_id: &str, path: &str) {
        let property = path.split(['.', '[']).next().unwrap_or_default();
        self.unknown.entry(logical_id.to_owned()).or_default().insert(property.to_owned());
    }

    pub(crate) fn is_guessed(&self, logical_id: &str, property: &str) -> bool {
        self.unknown.get(logical_id).is_some_and(|properties| properties.contains(property))
    }
}

#[cfg(test)]
mod tests {
    use super::{is_unknown, may_be_equal, placeholder, with_variables};

    #[test]
    fn what_is_made_of_an_unknown_value_is_recognised_and_shown() {
        let text = format!("{}-keys", placeholder("Team"));
        assert!(is_unknown(&text) && is_unknown("{{resolve:ssm:/a}}") && !is_unknown("Team-keys"));
        assert_eq!(with_variables(&text), "${Team}-keys");
        assert!(may_be_equal(&text, "a-keys") && !may_be_equal("a-keys", "b-keys"));
    }
}
