//! What other thresholds would have cost: the same past, played to changed alarms.

use std::sync::Arc;

use alarm::PutMetricAlarm;
use anyhow::{Context, bail};
use chain::Chain;
use monitor::Configuration;

use super::{Evaluated, Past};
use crate::report::escape::shown;

/// A property of alarms with a value to try.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Choice {
    /// The alarm's name; `None` for all alarms on metrics.
    alarm: Option<String>,
    property: Property,
    value: String,
}

/// What can be tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Property {
    Threshold,
    Period,
    EvaluationPeriods,
    DatapointsToAlarm,
    ComparisonOperator,
    TreatMissingData,
    Statistic,
}

impl Property {
    const ALL: [Property; 7] = [
        Property::Threshold,
        Property::Period,
        Property::EvaluationPeriods,
        Property::DatapointsToAlarm,
        Property::ComparisonOperator,
        Property::TreatMissingData,
        Property::Statistic,
    ];

    /// AWS's name.
    fn as_str(self) -> &'static str {
        match self {
            Property::Threshold => "Threshold",
            Property::Period => "Period",
            Property::EvaluationPeriods => "EvaluationPeriods",
            Property::DatapointsToAlarm => "DatapointsToAlarm",
            Property::ComparisonOperator => "ComparisonOperator",
            Property::TreatMissingData => "TreatMissingData",
            Property::Statistic => "Statistic",
        }
    }
}

/// What a choice comes to.
#[derive(Debug, Clone)]
pub(crate) struct Outcome {
    /// As it was written; `None` for the template as it is.
    pub(crate) choice: Option<String>,
    /// How many would have been sent, of all alarms together.
    pub(crate) notifications: u64,
    /// Of each alarm that went into `ALARM` or told anything: its name, how often it went there, and its
    /// notifications.
    pub(crate) alarms: Vec<(Arc<str>, u64, u64)>,
}

impl Choice {
    /// Reads `Threshold=5`, `Threshold=1,2,5` and `alarm-name:Threshold=5`.
    pub(crate) fn parse(text: &str) -> Result<Vec<Choice>, String> {
        let Some((left, values)) = text.split_once('=') else {
            return Err("write Property=value, such as Threshold=5 or my-alarm:Threshold=1,2,5".into());
        };
        let (alarm, name) = match left.rsplit_once(':') {
            Some((alarm, name)) => (Some(alarm.to_owned()), name),
            None => (None, left),
        };
        let Some(property) = Property::ALL.into_iter().find(|known| known.as_str() == name) else {
            let all = Property::ALL.map(Property::as_str);
            return Err(format!("alarms have no `{name}` that can be tried; there are {}", all.join(", ")));
        };
        let values: Vec<&str> = values.split(',').map(str::trim).collect();
        if values.contains(&"") {
            return Err(format!("a value of {name} is missing"));
        }
        let choice = |value: &&str| Choice { alarm: alarm.clone(), property, value: (*value).to_owned() };
        Ok(values.iter().map(choice).collect())
    }

    /// As it is written.
    fn label(&self) -> String {
        let alarm = self.alarm.as_ref().map(|alarm| format!("{alarm}:")).unwrap_or_default();
        format!("{alarm}{}={}", self.property.as_str(), self.value)
    }

    /// The configuration of a chain with this choice made.
    ///
    /// # Errors
    /// Where there is no such alarm, or CloudWatch wouldn't take it so.
    pub(crate) fn made(&self, chain: &Chain) -> anyhow::Result<Configuration> {
        let mut configuration = chain.configuration.clone();
        let mut found = false;
        for ((declared, _), alarm) in chain.alarms().zip(&mut configuration.alarms) {
            if self.alarm.as_ref().is_some_and(|name| *name != alarm.definition.name) {
                continue;
            }
            found = true;
            let mut parameters = chain::parameters(declared);
            self.set(&mut parameters).with_context(|| format!("--what-if {}", shown(&self.label())))?;
            match parameters.check() {
                Ok(definition) => alarm.definition = definition,
                Err(problems) => bail!(
                    "--what-if {}: CloudWatch would refuse {}: {}",
                    shown(&self.label()),
                    shown(&alarm.definition.name),
                    shown(&alarm::definition::aws_message(&problems))
                ),
            }
        }
        if !found {
            let names: Vec<&str> =
                configuration.alarms.iter().map(|alarm| alarm.definition.name.as_str()).collect();
            bail!(
                "--what-if {}: the template has no such alarm on a metric; there are: {}",
                shown(&self.label()),
                shown(&names.join(", "))
            );
        }
        Ok(configuration)
    }

    fn set(&self, alarm: &mut PutMetricAlarm) -> anyhow::Result<()> {
        let text = || Some(self.value.clone());
        let whole = || self.value.parse::<i64>().ok().context("write a whole number");
        match self.property {
            Property::Threshold => {
                let number = self.value.parse::<f64>().ok().filter(|number| number.is_finite());
                alarm.threshold = Some(number.context("write a number")?);
            }
            Property::Period => {
                let period = whole()?;
                if alarm.metrics.is_empty() {
                    alarm.period = Some(period);
                }
                let stats = alarm.metrics.iter_mut().filter_map(|query| query.metric_stat.as_mut());
                stats.for_each(|stat| stat.period = Some(period));
            }
            Property::EvaluationPeriods => alarm.evaluation_periods = Some(whole()?),
            Property::DatapointsToAlarm => alarm.datapoints_to_alarm = Some(whole()?),
            Property::ComparisonOperator => alarm.comparison_operator = text(),
            Property::TreatMissingData => alarm.treat_missing_data = text(),
            Property::Statistic if alarm.metrics.is_empty() => alarm.statistic = text(),
            Property::Statistic => {}
        }
        Ok(())
    }
}

/// What the template as it is and each choice come to.
///
/// # Errors
/// Where a choice can't be made; see [`Choice::made`].
pub(crate) fn outcomes(
    choices: &[Choice],
    chain: &Chain,
    past: &Past<'_>,
    declared: &Evaluated,
) -> anyhow::Result<Vec<Outcome>> {
    let mut outcomes = vec![Outcome::of(None, declared)];
    for choice in choices {
        let evaluated = past.play_and_keep(&choice.made(chain)?, 0);
        outcomes.push(Outcome::of(Some(choice.label()), &evaluated));
    }
    Ok(outcomes)
}

impl Outcome {
    fn of(choice: Option<String>, evaluated: &Evaluated) -> Self {
        let each = evaluated.histories.iter();
        let each = each.map(|history| (Arc::clone(&history.name), history.alarms, history.notifications));
        let alarms: Vec<(Arc<str>, u64, u64)> = each.filter(|(_, alarms, told)| alarms + told > 0).collect();
        let notifications = alarms.iter().map(|(.., told)| told).sum();
        Outcome { choice, notifications, alarms }
    }
}
