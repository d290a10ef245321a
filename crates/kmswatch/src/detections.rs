//! What `scan` looks for: the metric filters of a template, and patterns of one's own.

use anyhow::bail;
use chain::Chain;
use filter_pattern::{Pattern, Wildcards};
use metric::Transformation;

use crate::alarms;
use crate::report::Counting;

/// A named filter pattern.
pub(crate) struct Detection {
    pub(crate) name: String,
    pub(crate) pattern: Pattern,
    /// What it looks for, in words, where somebody has said it.
    pub(crate) words: Option<String>,
    /// What a match becomes, if it is a metric filter of the template; `None` for a pattern of `--pattern`.
    pub(crate) transformation: Option<Transformation>,
}

impl Detection {
    /// Whether it is a metric filter of the template.
    pub(crate) fn is_of_template(&self) -> bool {
        self.transformation.is_some()
    }

    /// What its matches count for alarms.
    pub(crate) fn counting(&self) -> Counting {
        match &self.transformation {
            None => Counting::Nothing,
            Some(transformation) => {
                transformation.constant().map_or(Counting::FromRecord, Counting::Constant)
            }
        }
    }
}

/// The metric filters of a template, in its order. Where several log groups have a filter of one name, the group's name stands
/// before it.
pub(crate) fn of_chain(chain: &Chain) -> Vec<Detection> {
    let filters = &chain.configuration.filters;
    let is_ambiguous = |name: &str| filters.iter().filter(|filter| filter.name == name).count() > 1;
    let name = |filter: &monitor::MetricFilter| match is_ambiguous(&filter.name) {
        true => format!("{}:{}", filter.log_group, filter.name),
        false => filter.name.clone(),
    };
    (0_u32..)
        .zip(filters.iter().zip(&chain.patterns))
        .map(|(number, (filter, pattern))| Detection {
            name: name(filter),
            pattern: pattern.clone(),
            words: alarms::words_of(chain, number),
            transformation: Some(filter.transformation.clone()),
        })
        .collect()
}

/// Reads `NAME=PATTERN`.
pub(crate) fn named(text: &str, wildcards: Wildcards, colour: bool) -> anyhow::Result<Detection> {
    let Some((name, pattern)) = text.split_once('=').filter(|(name, _)| is_name(name)) else {
        bail!("--pattern {text}: write NAME=PATTERN, the name of letters, digits, `-`, `_` and `.`");
    };
    match Pattern::parse_with(pattern, wildcards) {
        Ok(pattern) => Ok(Detection { name: name.to_owned(), pattern, words: None, transformation: None }),
        Err(error) => {
            bail!("--pattern {name}: the filter pattern is refused\n{}", error.render(pattern, colour))
        }
    }
}

fn is_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_needed() {
        for text in ["{ $.a = 1 }", "=x", "a b=x"] {
            assert!(named(text, Wildcards::Glob, false).is_err(), "{text}");
        }
        assert_eq!(named("a=b=c", Wildcards::Glob, false).err().map(|_| ()), Some(()));
        assert_eq!(named("root={ $.a = 1 }", Wildcards::Glob, false).unwrap().name, "root");
    }
}
