//! What can a case name? The metric filters, alarms, topics and log groups of its template.

use chain::Chain;
use diagnostic::closest;
use stack::Text;

use super::codes::ErrorCode;
use super::form::{Form, listed};

/// The names of a template. Each thing goes by its own name and by its logical id.
#[derive(Debug, Clone, Default)]
pub(super) struct Names {
    /// As in the configuration.
    pub(super) filters: Vec<Name>,
    /// Those on metrics as in the configuration, then the composite ones.
    pub(super) alarms: Vec<Name>,
    /// How many of the alarms are on metrics.
    pub(super) metric_alarms: usize,
    pub(super) topics: Vec<Name>,
    /// Those that metric filters look at, each once.
    pub(super) log_groups: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    pub(super) name: String,
    logical_id: String,
    /// Empty for a metric filter, which has none.
    pub(super) arn: String,
}

/// Something that has a name, as a position.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Named {
    Filter(usize),
    Alarm(usize),
    Topic(usize),
}

/// A kind of thing, and how its name is written where another one has the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Filter,
    Alarm,
    Topic,
}

impl Kind {
    pub(super) fn words(self) -> &'static str {
        match self {
            Kind::Filter => "metric filter",
            Kind::Alarm => "alarm",
            Kind::Topic => "topic",
        }
    }

    fn prefix(self) -> &'static str {
        match self {
            Kind::Filter => "filter:",
            Kind::Alarm => "alarm:",
            Kind::Topic => "topic:",
        }
    }

    fn at(self, position: usize) -> Named {
        match self {
            Kind::Filter => Named::Filter(position),
            Kind::Alarm => Named::Alarm(position),
            Kind::Topic => Named::Topic(position),
        }
    }
}

impl Names {
    pub(super) fn of(chain: &Chain) -> Self {
        let declared = &chain.declaration;
        let name = |name: &Text, resource: &stack::Resource, arn: &str| Name {
            name: name.value.clone(),
            logical_id: resource.logical_id.value.clone(),
            arn: arn.to_owned(),
        };
        let filters = declared.metric_filters.iter().map(|filter| name(&filter.name, &filter.resource, ""));
        let alarms = declared.alarms.iter().map(|alarm| name(&alarm.name, &alarm.resource, &alarm.arn));
        let composites =
            declared.composite_alarms.iter().map(|alarm| name(&alarm.name, &alarm.resource, &alarm.arn));
        let topics = declared.topics.iter().map(|topic| name(&topic.name, &topic.resource, &topic.arn));
        let mut log_groups: Vec<String> =
            chain.configuration.filters.iter().map(|filter| filter.log_group.clone()).collect();
        log_groups.sort();
        log_groups.dedup();
        Names {
            filters: filters.collect(),
            metric_alarms: declared.alarms.len(),
            alarms: alarms.chain(composites).collect(),
            topics: topics.collect(),
            log_groups,
        }
    }

    fn of_kind(&self, kind: Kind) -> &[Name] {
        match kind {
            Kind::Filter => &self.filters,
            Kind::Alarm => &self.alarms,
            Kind::Topic => &self.topics,
        }
    }

    /// What `text` names among things of these kinds; says what is wrong where that isn't one thing.
    pub(super) fn find(&self, text: &Text, kinds: &[Kind], form: &mut Form<'_>) -> Option<Named> {
        let mut found: Vec<(Kind, Named)> =
            kinds.iter().flat_map(|kind| self.called(&text.value, *kind)).collect();
        if found.is_empty() {
            let prefixed = |kind: &Kind| {
                let name = text.value.strip_prefix(kind.prefix())?;
                Some(self.called(name, *kind))
            };
            found = kinds.iter().filter_map(prefixed).flatten().collect();
        }
        match found.as_slice() {
            [(_, one)] => Some(*one),
            [] => {
                self.unknown(text, kinds, form);
                None
            }
            [(one, _), (other, _), ..] => {
                let message =
                    format!("`{}` is the name of two things: {} and {}", text.value, a(*one), a(*other));
                let help = match one == other {
                    true => "write the name of one of them that the other doesn't have".to_owned(),
                    false => format!(
                        "write `{}{}` or `{}{}`",
                        one.prefix(),
                        text.value,
                        other.prefix(),
                        text.value
                    ),
                };
                form.wrong(ErrorCode::AmbiguousName, text.span, message, &help);
                None
            }
        }
    }

    /// The name counts before the logical id.
    fn called(&self, text: &str, kind: Kind) -> Vec<(Kind, Named)> {
        let positions = |is_called: &dyn Fn(&Name) -> bool| -> Vec<(Kind, Named)> {
            let all = self.of_kind(kind).iter().enumerate();
            all.filter(|(_, name)| is_called(name)).map(|(position, _)| (kind, kind.at(position))).collect()
        };
        let by_name = positions(&|name| name.name == text);
        if by_name.is_empty() { positions(&|name| name.logical_id == text) } else { by_name }
    }

    fn unknown(&self, text: &Text, kinds: &[Kind], form: &mut Form<'_>) {
        let words: Vec<&str> = kinds.iter().map(|kind| kind.words()).collect();
        let known = || kinds.iter().flat_map(|kind| self.of_kind(*kind)).map(|name| name.name.as_str());
        let help = match closest(&text.value, known().collect()) {
            Some(near) => format!("write `{near}`"),
            None => format!("the template has {}", listed(known())),
        };
        let message = format!("the template has no {} `{}`", words.join(" or "), text.value);
        form.wrong(ErrorCode::UnknownName, text.span, message, &help);
    }

    pub(super) fn name(&self, named: Named) -> &str {
        let name = match named {
            Named::Filter(position) => self.filters.get(position),
            Named::Alarm(position) => self.alarms.get(position),
            Named::Topic(position) => self.topics.get(position),
        };
        name.map_or("", |name| name.name.as_str())
    }
}

impl Named {
    pub(super) fn kind(self) -> Kind {
        match self {
            Named::Filter(_) => Kind::Filter,
            Named::Alarm(_) => Kind::Alarm,
            Named::Topic(_) => Kind::Topic,
        }
    }
}

fn a(kind: Kind) -> String {
    match kind {
        Kind::Alarm => "an alarm".into(),
        other => format!("a {}", other.words()),
    }
}
