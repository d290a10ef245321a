//! What an alarm asks, in words.

use std::io;

use alarm::Condition;
use alarm::composite::CompositeDefinition;
use alarm::definition::{MetricStatistic, Source};
use alarm::math::QueryBody;
use chain::Chain;
use serde::Serialize;

use super::super::words::{length, subscriber};
use super::shown_whole;
use crate::report::escape::shown;
use crate::report::page::{Page, plural};

/// What an alarm asks, of what, and whom it tells.
#[derive(Debug, Serialize)]
pub(super) struct Asks {
    description: Option<String>,
    /// What it looks at, each metric.
    looks_at: Vec<String>,
    /// When it goes into `ALARM`.
    when: String,
    /// What counts into its metrics.
    filters: Vec<Filter>,
    tells: Tells,
}

#[derive(Debug, Serialize)]
struct Filter {
    name: String,
    log_group: String,
    pattern: String,
}

/// Whom it tells, by the state that it changes to.
#[derive(Debug, Serialize)]
struct Tells {
    enabled: bool,
    alarm: Vec<String>,
    ok: Vec<String>,
    insufficient_data: Vec<String>,
}

impl Asks {
    /// Of an alarm of a chain.
    pub(super) fn of(arn: &str, chain: &Chain) -> Option<Self> {
        let configuration = &chain.configuration;
        if let Some(alarm) = configuration.alarms.iter().find(|alarm| alarm.arn == arn) {
            let definition = &alarm.definition;
            let metrics: Vec<&MetricStatistic> = definition.metrics().collect();
            return Some(Asks {
                description: definition.description.clone(),
                looks_at: looks_at(&definition.source),
                when: when(&definition.condition),
                filters: filters(&metrics, chain),
                tells: Tells {
                    enabled: definition.actions_enabled,
                    alarm: told(&definition.alarm_actions, chain),
                    ok: told(&definition.ok_actions, chain),
                    insufficient_data: told(&definition.insufficient_data_actions, chain),
                },
            });
        }
        let composite = configuration.composite_alarms.iter().find(|alarm| alarm.arn == arn)?;
        Some(Self::of_composite(&composite.definition, chain))
    }

    fn of_composite(definition: &CompositeDefinition, chain: &Chain) -> Self {
        Asks {
            description: definition.description.clone(),
            looks_at: definition
                .rule
                .children()
                .iter()
                .map(|child| format!("alarm {}", child.name()))
                .collect(),
            when: format!("the rule holds: {}", definition.rule.text()),
            filters: Vec::new(),
            tells: Tells {
                enabled: definition.actions_enabled,
                alarm: told(&definition.alarm_actions, chain),
                ok: told(&definition.ok_actions, chain),
                insufficient_data: told(&definition.insufficient_data_actions, chain),
            },
        }
    }

    pub(super) fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        for (place, what) in self.looks_at.iter().enumerate() {
            page.field(if place == 0 { "looks at" } else { "" }, &shown(what))?;
        }
        page.field("ALARM when", &shown_whole(&self.when))?;
        for filter in &self.filters {
            let Filter { name, log_group, pattern } = filter;
            page.field("counts", &format!("metric filter {} on {}", shown(name), shown(log_group)))?;
            page.field("", &shown_whole(pattern))?;
        }
        self.write_told(page)?;
        self.description.iter().try_for_each(|text| page.field("about it", &shown_whole(text)))
    }

    fn write_told(&self, page: &mut Page<'_>) -> io::Result<()> {
        if !self.tells.enabled {
            return page.field("tells", "nobody: its actions are disabled");
        }
        let said = |told: &[String]| match told {
            [] => "nobody".to_owned(),
            told => told.join(", "),
        };
        let Tells { alarm, ok, insufficient_data, .. } = &self.tells;
        page.field(
            "tells",
            &format!(
                "of ALARM {}; of OK {}; of INSUFFICIENT_DATA {}",
                said(alarm),
                said(ok),
                said(insufficient_data)
            ),
        )
    }
}

fn looks_at(source: &Source) -> Vec<String> {
    match source {
        Source::Metric(metric) => vec![metric_words(metric)],
        Source::Math(math) => {
            let expression = math.returned().and_then(|query| match &query.body {
                QueryBody::Expression(expression) => Some(expression.text().to_owned()),
                QueryBody::Metric(_) => None,
            });
            expression.into_iter().chain(math.metrics().map(metric_words)).collect()
        }
    }
}

fn metric_words(metric: &MetricStatistic) -> String {
    let dimensions = metric.metric.dimensions.iter().map(|(name, value)| format!(" {name}={value}"));
    format!(
        "{} of {} {}{} in periods of {}",
        metric.statistic,
        metric.metric.namespace,
        metric.metric.name,
        dimensions.collect::<String>(),
        length(i64::from(metric.period) * 1000)
    )
}

fn when(condition: &Condition) -> String {
    let (needed, of) = (condition.needed(), condition.evaluation_periods);
    let which = match (needed, of) {
        (1, 1) => "the last period's datapoint is".to_owned(),
        (needed, of) if needed == of => format!("each of the last {} is", plural(u64::from(of), "datapoint")),
        (needed, of) => format!("at least {needed} of the last {of} datapoints are"),
    };
    let missing = match condition.treatment() {
        alarm::TreatMissingData::Breaching => "a period without one counts as breaching",
        alarm::TreatMissingData::NotBreaching => "a period without one counts as good",
        alarm::TreatMissingData::Ignore => "periods without one leave its state",
        alarm::TreatMissingData::Missing => "without any it is INSUFFICIENT_DATA",
    };
    let threshold = alarm::java_double(condition.threshold);
    format!("{which} {} {threshold}; {missing}", condition.comparison_operator.words())
}

fn filters(metrics: &[&MetricStatistic], chain: &Chain) -> Vec<Filter> {
    let feeds = |filter: &monitor::MetricFilter| {
        let (namespace, name) = (filter.transformation.namespace(), filter.transformation.name());
        metrics.iter().any(|metric| metric.metric.namespace == namespace && metric.metric.name == name)
    };
    let all = chain.configuration.filters.iter().zip(&chain.patterns);
    all.filter(|(filter, _)| feeds(filter))
        .map(|(filter, pattern)| Filter {
            name: filter.name.clone(),
            log_group: filter.log_group.clone(),
            pattern: pattern.text().split_whitespace().collect::<Vec<_>>().join(" "),
        })
        .collect()
}

/// The subscribers of the topics among these actions.
fn told(actions: &[String], chain: &Chain) -> Vec<String> {
    let mut told = Vec::new();
    for arn in actions {
        match chain.configuration.topics.iter().find(|topic| topic.arn == *arn) {
            Some(topic) => told.extend(topic.subscriptions.iter().map(subscriber)),
            None => told.push(format!("{} (not a topic of the template)", shown(arn))),
        }
    }
    told.dedup();
    told
}
