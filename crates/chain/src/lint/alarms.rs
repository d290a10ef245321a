//! Alarms that never fire, fire too late, stick or flap.
//!
//! What is said here is about metrics that the template's own filters write: only of these is it known that a match counts
//! 1, that quiet minutes have no datapoint, and that there is one datapoint a minute.

use alarm::{ComparisonOperator, TreatMissingData};
use diagnostic::Diagnostic;
use metric::Statistic;
use stack::Span;

use super::view::{Filter, Use, View};
use super::{note, warning};

pub(super) fn lint(view: &View<'_>, found: &mut Vec<Diagnostic>) {
    for used in &view.uses {
        let writers = view.writers_of(used);
        let known = |filter: &&Filter<'_>| view.is_condition_known(&filter.declared.resource);
        if writers.is_empty() || !writers.iter().all(known) || !view.is_condition_known(&used.alarm.resource)
        {
            continue;
        }
        found.extend(short_period(used, &writers));
        if used.alone {
            let counted = Counted::of(used, &writers);
            found.extend(statistic(&counted));
            found.extend(threshold(&counted));
            found.extend(silence(&counted));
            found.extend(missing_data(&counted));
            found.extend(ok_actions(&counted));
            found.extend(default_of_one_period(&counted));
        }
    }
    for (declared, watched) in view.chain.alarms() {
        if view.is_condition_known(&declared.resource) && watched.definition.condition.is_hourly() {
            let message =
                "all periods together are longer than a day: CloudWatch evaluates this alarm once an hour";
            let help = "it can fire an hour late, and looks at full hours only; look at a day or less to be told at once";
            found.push(note("K036", declared.evaluation_periods.span, message).help(help));
        }
    }
}

/// An alarm on a metric that filters of the template write.
struct Counted<'v, 'c> {
    used: &'v Use<'c>,
    /// What each match counts, where it is always the same.
    constant: Option<f64>,
    /// What a log event counts that doesn't match; `None` where quiet periods have no datapoint.
    default: Option<f64>,
    default_span: Option<Span>,
}

impl<'v, 'c> Counted<'v, 'c> {
    fn of(used: &'v Use<'c>, writers: &[&Filter<'c>]) -> Self {
        let counting = writers.iter().filter(|filter| !filter.is_default());
        let constants: Option<Vec<f64>> = counting.map(|filter| filter.constant()).collect();
        let constants = constants.unwrap_or_default();
        let constant =
            constants.first().copied().filter(|first| constants.iter().all(|other| other == first));
        let mut defaults = writers.iter().filter_map(|filter| {
            let own = filter.typed.default_value.map(|default| (default.value, default.span));
            own.or(filter.is_default().then_some((0.0, filter.typed.metric_value.span)))
        });
        let default = defaults.next();
        Counted {
            used,
            constant,
            default: default.map(|(value, _)| value),
            default_span: default.map(|(_, span)| span),
        }
    }

    fn operator(&self) -> ComparisonOperator {
        self.used.definition.condition.comparison_operator
    }

    /// Is much of something bad?
    fn is_upward(&self) -> bool {
        matches!(
            self.operator(),
            ComparisonOperator::GreaterThanThreshold | ComparisonOperator::GreaterThanOrEqualToThreshold
        )
    }

    fn is_sparse(&self) -> bool {
        self.default.is_none()
    }

    /// Does the datapoint of a period with `matches` matches, and no other log event, breach?
    fn breaches_with(&self, matches: f64) -> Option<bool> {
        let value = match self.used.metric.statistic {
            Statistic::Sum => self.constant? * matches,
            Statistic::SampleCount => matches,
            _ => self.constant?,
        };
        Some(self.used.definition.condition.breaches(value))
    }

    fn is_count(&self) -> bool {
        matches!(self.used.metric.statistic, Statistic::Sum | Statistic::SampleCount)
    }

    fn threshold_span(&self) -> Span {
        self.used.alarm.threshold.map_or(self.used.statistic, |threshold| threshold.span)
    }

    fn treatment_span(&self) -> Span {
        let declared = self.used.alarm.treat_missing_data.as_ref();
        declared.map_or(self.used.alarm.resource.logical_id.span, |treatment| treatment.span)
    }
}

/// K030
fn short_period(used: &Use<'_>, writers: &[&Filter<'_>]) -> Option<Diagnostic> {
    if used.metric.period >= 60 {
        return None;
    }
    let message =
        format!("metric filters write once a minute, so most periods of {} s are empty", used.metric.period);
    let first = writers.first().map(|filter| filter.typed.metric_name.span.range());
    let found = warning("K030", used.period, message).help("write 60 or a multiple of it");
    Some(match first {
        Some(label) => found.label(label, "written here"),
        None => found,
    })
}

/// K026, K027
fn statistic(counted: &Counted<'_, '_>) -> Option<Diagnostic> {
    let span = counted.used.statistic;
    let statistic = counted.used.metric.statistic;
    match statistic {
        Statistic::SampleCount if !counted.is_sparse() => {
            let message = "with a default value, `SampleCount` counts the log events that don't match too";
            let label = counted.default_span.map(|span| span.range());
            let found = warning("K026", span, message).help("write `Sum`");
            Some(label.into_iter().fold(found, |found, label| found.label(label, "each of them counts this")))
        }
        Statistic::Sum | Statistic::SampleCount | Statistic::Trimmed(..) | Statistic::PercentileRank(_) => {
            None
        }
        _ => of_equal_values(counted, span, statistic),
    }
}

fn of_equal_values(counted: &Counted<'_, '_>, span: Span, statistic: Statistic) -> Option<Diagnostic> {
    let constant = counted.constant?;
    let value = constant.to_string();
    let breaches = counted.used.definition.condition.breaches(constant);
    let told = match (counted.is_sparse(), breaches) {
        (true, false) => format!(
            "each match counts {value}, so `{statistic}` is {value} however many match, and this never fires"
        ),
        (true, true) => format!("each match counts {value}, so `{statistic}` is {value} however many match"),
        (false, _) if statistic == Statistic::Maximum && breaches => {
            format!("each match counts {value}, so `{statistic}` doesn't say how many match")
        }
        (false, _) => {
            format!("each match counts {value}, so `{statistic}` says what share of the log events matches")
        }
    };
    // The highest of them is reached by one match, which may be all that is wanted.
    let works = statistic == Statistic::Maximum && breaches;
    let found = if works { note("K027", span, told) } else { warning("K027", span, told) };
    Some(found.help("write `Sum`, which counts the matches"))
}

/// K028, K029
fn threshold(counted: &Counted<'_, '_>) -> Option<Diagnostic> {
    let condition = &counted.used.definition.condition;
    let constant = counted.constant.filter(|constant| *constant > 0.0 && counted.is_count())?;
    let span = counted.threshold_span();
    let none = counted.default.unwrap_or_default() >= 0.0;
    let downward_never =
        !counted.is_upward() && none && !condition.breaches(0.0) && condition.threshold <= 0.0;
    if downward_never {
        let message = "a count is never below zero, so this never fires";
        return Some(warning("K028", span, message).help("write `1` to be told when nothing matches"));
    }
    if counted.is_upward() && condition.breaches(0.0) {
        let message = "every count is at least zero, so each datapoint breaches";
        let help = "write `1`: at least one match";
        let found =
            if counted.is_sparse() { note("K028", span, message) } else { warning("K028", span, message) };
        return Some(found.help(help));
    }
    let one_is_not_enough = condition.comparison_operator == ComparisonOperator::GreaterThanThreshold
        && (condition.threshold - constant).abs() < f64::EPSILON
        && counted.breaches_with(1.0) == Some(false);
    one_is_not_enough.then(|| {
        let message = "one match isn't greater than the threshold: it takes two in one period to fire";
        let help =
            "write `GreaterThanOrEqualToThreshold` if one must be told, or a threshold of 2 with it if not";
        warning("K029", counted.used.alarm.comparison_operator.span, message)
            .label(span.range(), "this threshold")
            .help(help)
    })
}

/// K035
fn silence(counted: &Counted<'_, '_>) -> Option<Diagnostic> {
    let condition = &counted.used.definition.condition;
    let sees_silence = condition.treatment() == TreatMissingData::Breaching;
    if counted.is_upward() || !counted.is_sparse() || sees_silence || condition.threshold <= 0.0 {
        return None;
    }
    let message = "a period without a match has no datapoint, so this doesn't see when matches stop";
    let help = "write `TreatMissingData: breaching`";
    Some(warning("K035", counted.treatment_span(), message).help(help))
}

/// K031, K032, K033, K034
fn missing_data(counted: &Counted<'_, '_>) -> Option<Diagnostic> {
    if !counted.is_upward() || !counted.is_sparse() {
        return None;
    }
    let condition = &counted.used.definition.condition;
    let span = counted.treatment_span();
    let help = "write `TreatMissingData: notBreaching`: no match is as it should be";
    match condition.treatment() {
        TreatMissingData::NotBreaching => None,
        TreatMissingData::Ignore => {
            let message = match counted.breaches_with(1.0) {
                Some(true) => {
                    "quiet periods have no datapoint, so this alarm never leaves `ALARM`, and tells only of the first"
                }
                _ => {
                    "quiet periods have no datapoint, so this alarm stays in `ALARM` until a period has few matches"
                }
            };
            Some(warning("K031", span, message).help(help))
        }
        TreatMissingData::Breaching => {
            let message = "quiet periods have no datapoint, so this alarm fires when nothing matches";
            Some(warning("K032", span, message).help(help))
        }
        TreatMissingData::Missing if condition.needed() > 1 => {
            let message = format!(
                "quiet periods have no datapoint, so one breaching datapoint is enough for `ALARM`, not {}",
                condition.needed()
            );
            Some(warning("K033", span, message).help(help))
        }
        TreatMissingData::Missing if !counted.used.definition.insufficient_data_actions.is_empty() => {
            let message =
                "quiet periods have no datapoint, so `InsufficientDataActions` run after each burst";
            Some(warning("K034", span, message).help(help))
        }
        TreatMissingData::Missing => {
            let message =
                "quiet periods have no datapoint, so this alarm is in `INSUFFICIENT_DATA` most of the time";
            Some(note("K034", span, message).help(help))
        }
    }
}

/// K037
fn ok_actions(counted: &Counted<'_, '_>) -> Option<Diagnostic> {
    let first = counted.used.alarm.actions.ok_actions.first()?;
    let treatment = counted.used.definition.condition.treatment();
    let never_good = counted.is_upward()
        && counted.is_sparse()
        && counted.breaches_with(1.0) == Some(true)
        && matches!(treatment, TreatMissingData::Missing | TreatMissingData::Ignore);
    never_good.then(|| {
        let message =
            "every datapoint of this metric breaches, so the alarm is never `OK` and these never run";
        let help = "write `TreatMissingData: notBreaching`: then it is `OK` when nothing matches";
        warning("K037", first.span, message).help(help)
    })
}

/// K025
fn default_of_one_period(counted: &Counted<'_, '_>) -> Option<Diagnostic> {
    let condition = &counted.used.definition.condition;
    let flaps = counted.is_upward()
        && condition.evaluation_periods == 1
        && counted.default.is_some_and(|default| !condition.breaches(default));
    let span = counted.default_span.filter(|_| flaps)?;
    let message = "with one period, the first quiet one ends the alarm, and the next match is told anew";
    let help = "that is as it should be where each burst must be told; otherwise write more `EvaluationPeriods` with \
                `DatapointsToAlarm: 1`";
    Some(note("K025", span, message).help(help))
}
