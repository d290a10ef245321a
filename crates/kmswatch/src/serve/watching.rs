//! What is looked for in records: the metric filters of the configuration, in the form in which readers ask for them.

use std::sync::{Arc, Mutex, PoisonError};

use chain::Chain;
use filter_pattern::{Language, Pattern};
use monitor::Configuration;

use super::reserved;
use crate::log_event::Patterns;

/// What is watched, all of one configuration. Who reads records holds one; what it finds names filters by their positions in
/// this configuration, and so belongs to its generation.
pub(crate) struct Watching {
    /// Counts the configurations of this process.
    pub(crate) generation: u64,
    /// The template's chain, with what is reserved for the service behind it.
    pub(crate) chain: Arc<Chain>,
    /// What records of trails are asked.
    pub(crate) trails: Filters,
    /// What the record of a drill is asked.
    pub(crate) drill: Filters,
}

/// Metric filters that are asked together.
pub(crate) struct Filters {
    pub(crate) patterns: Patterns,
    /// Of each pattern of the set: the position of its filter in the configuration.
    pub(crate) numbers: Vec<u32>,
    /// Those that count what doesn't match, as positions in the set.
    pub(crate) with_default: Vec<u32>,
}

/// A configuration that can be exchanged while others read it.
pub(crate) struct Shared(Mutex<Arc<Watching>>);

impl Watching {
    pub(crate) fn new(generation: u64, chain: Arc<Chain>) -> Self {
        let of_drill = |group: &str| group == reserved::DRILL_LOG_GROUP;
        Watching {
            generation,
            trails: Filters::of(&chain, |group| !of_drill(group)),
            drill: Filters::of(&chain, of_drill),
            chain,
        }
    }

    pub(crate) fn configuration(&self) -> &Configuration {
        &self.chain.configuration
    }
}

impl Filters {
    fn of(chain: &Chain, is_wanted: impl Fn(&str) -> bool) -> Self {
        let filters = (0_u32..).zip(&chain.configuration.filters).zip(&chain.patterns);
        let wanted = filters.filter(|((_, filter), _)| is_wanted(&filter.log_group));
        let (mut numbers, mut patterns, mut with_default) = (Vec::new(), Vec::new(), Vec::new());
        for (place, ((number, filter), pattern)) in (0_u32..).zip(wanted) {
            numbers.push(number);
            patterns.push(pattern.clone());
            if filter.transformation.default_value().is_some() {
                with_default.push(place);
            }
        }
        Filters { patterns: Patterns::new(patterns), numbers, with_default }
    }

    /// The pattern at a position in the set, if it isn't JSON's.
    pub(crate) fn text_pattern(&self, place: u32) -> Option<&Pattern> {
        let pattern = self.patterns.set.patterns().get(place as usize)?;
        (pattern.language() != Language::Json).then_some(pattern)
    }
}

impl Shared {
    pub(crate) fn new(watching: Arc<Watching>) -> Self {
        Shared(Mutex::new(watching))
    }

    pub(crate) fn get(&self) -> Arc<Watching> {
        Arc::clone(&self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }

    pub(crate) fn set(&self, watching: Arc<Watching>) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = watching;
    }
}
