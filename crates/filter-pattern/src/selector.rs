//! Selectors: `$.userIdentity.arn`, `$.resources[*].ARN`, `$.['cluster.name']` (5.2).

use std::fmt;

use json::{Kind, Value};

use crate::error::PatternError;
use crate::parse::parse_selector;

/// Which values of a JSON log event a condition, a metric value or a dimension looks at.
///
/// Two selectors are equal when they take the same steps, however they were typed.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Selector {
    steps: Vec<Step>,
}

/// One step of a selector, from a value to a value inside it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Step {
    /// `.name` or `['name']`: a member of an object.
    Key(String),
    /// `[0]`: an element of an array.
    Index(usize),
    /// `.*` or `[*]`: every member of an object or element of an array. At most one in a selector.
    Wildcard,
}

impl Selector {
    /// Parses a selector and nothing else: no white space around it.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, PatternError> {
        parse_selector(text)
    }

    /// The parser keeps the number of wildcards below two.
    pub(crate) fn new(steps: Vec<Step>) -> Self {
        Selector { steps }
    }

    /// Its steps; at least one.
    #[must_use]
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// Whether it can find more than one value.
    #[must_use]
    pub fn has_wildcard(&self) -> bool {
        self.steps.contains(&Step::Wildcard)
    }

    /// The values that it finds in `value`, in the order of the text.
    #[must_use]
    pub fn select<'d>(&self, value: Value<'d>) -> Vec<Value<'d>> {
        let mut found = Vec::new();
        self.any(value, &mut |value| {
            found.push(value);
            false
        });
        found
    }

    /// Whether `holds` for one of the values that it finds; asks no more after the first.
    pub(crate) fn any<'d>(&self, value: Value<'d>, holds: &mut impl FnMut(Value<'d>) -> bool) -> bool {
        let mut parts = self.steps.splitn(2, |step| *step == Step::Wildcard);
        let before = parts.next().unwrap_or_default();
        let Some(value) = walk(value, before) else { return false };
        match parts.next() {
            Some(after) => value.children().any(|child| walk(child, after).is_some_and(&mut *holds)),
            None => holds(value),
        }
    }

    /// The one value that a selector without wildcard finds.
    pub(crate) fn one<'d>(&self, value: Value<'d>) -> Option<Value<'d>> {
        walk(value, &self.steps)
    }
}

/// Follows steps without wildcards.
fn walk<'d>(value: Value<'d>, steps: &[Step]) -> Option<Value<'d>> {
    steps.iter().try_fold(value, |value, step| match step {
        Step::Key(key) if value.kind() == Kind::Object => value.get(key),
        Step::Index(index) if value.kind() == Kind::Array => value.at(*index),
        _ => None,
    })
}

impl fmt::Display for Selector {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.steps.split_first() {
            Some((Step::Wildcard, rest)) => {
                f.write_str("$.*")?;
                rest.iter().try_for_each(|step| write!(f, "{step}"))
            }
            Some((first, _)) => {
                f.write_str(if is_dotted(first) { "$" } else { "$." })?;
                self.steps.iter().try_for_each(|step| write!(f, "{step}"))
            }
            None => f.write_str("$"),
        }
    }
}

impl fmt::Display for Step {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Step::Key(key) if is_dotted(self) => write!(f, ".{key}"),
            Step::Key(key) => write!(f, "['{}']", key.replace('\\', r"\\").replace('\'', r"\'")),
            Step::Index(index) => write!(f, "[{index}]"),
            Step::Wildcard => write!(f, "[*]"),
        }
    }
}

fn is_dotted(step: &Step) -> bool {
    matches!(step, Step::Key(key) if !key.is_empty() && key.chars().all(crate::text::is_name))
}

#[cfg(test)]
mod tests {
    use super::*;
    use json::Document;

    fn selected(selector: &str, event: &str) -> Vec<String> {
        let document = Document::parse(event.as_bytes()).unwrap();
        let selector = Selector::parse(selector).unwrap();
        selector.select(document.root()).into_iter().map(|value| value.raw().to_owned()).collect()
    }

    #[test]
    fn finds_values() {
        let event = r#"{"a":{"b":[1,{"c":2},[3]]},"0":"no","a.b":4,"d":{"x":5,"y":6,"x":7}}"#;
        assert_eq!(selected("$.a.b[0]", event), ["1"]);
        assert_eq!(selected("$.a.b[*].c", event), ["2"]);
        assert_eq!(selected("$.a.b[2][0]", event), ["3"]);
        assert_eq!(selected("$.['a.b']", event), ["4"]);
        assert_eq!(selected("$.d[*]", event), ["7", "6"]);
        assert_eq!(selected("$.d.*", event), ["7", "6"]);
        assert_eq!(selected("$.d[0]", event), Vec::<String>::new());
        assert_eq!(selected("$.a.b.c", event), Vec::<String>::new());
    }

    #[test]
    fn prints_as_it_is_typed() {
        for text in ["$.a.b", "$.a[0][1]", "$.a[*].b", "$.['a.b']", "$.a['it\\'s']", "$.['']"] {
            assert_eq!(Selector::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Selector::parse("$.[*].b").unwrap().to_string(), "$.*.b");
        assert_eq!(Selector::parse("$.a.*").unwrap().to_string(), "$.a[*]");
    }
}
