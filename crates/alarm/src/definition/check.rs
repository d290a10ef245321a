//! From an alarm as written to one that can be evaluated.

use metric::{Bounds, Decimal, Statistic, Unit};

use super::actions::{ActionRestriction, Actions, check_actions};
use super::problem::{Problem, ProblemKind};
use super::texts::{check_description, check_enum, check_length, check_name};
use super::{Definition, Dimension, MetricIdentity, MetricStat, MetricStatistic, PutMetricAlarm, Source};
use crate::condition::{ComparisonOperator, Condition, LowSamplePolicy, TreatMissingData, low_sample_limit};
use crate::math;

/// How many dimensions a metric has at most.
const MAX_DIMENSIONS: usize = 30;
/// How many tags an alarm has at most.
const MAX_TAGS: usize = 50;
/// How long all N periods are together at most, in seconds, and if the period is shorter than an hour.
const WEEK: i64 = 604_800;
const DAY: i64 = 86_400;
/// How many bytes a request has at most.
const MAX_REQUEST: usize = 120 * 1024;

const BAND_OPERATORS: [&str; 3] =
    ["LessThanLowerOrGreaterThanUpperThreshold", "LessThanLowerThreshold", "GreaterThanUpperThreshold"];

pub(super) fn check(alarm: &PutMetricAlarm) -> Result<Definition, Vec<Problem>> {
    let mut problems = Vec::new();
    check_name(alarm.alarm_name.as_deref(), &mut problems);
    check_description(alarm.alarm_description.as_deref(), &mut problems);
    let restriction =
        if alarm.metrics.is_empty() { ActionRestriction::None } else { ActionRestriction::NoEc2 };
    check_actions(&actions(alarm), restriction, &mut problems);
    let source = source(alarm, &mut problems);
    let condition = condition(alarm, source.as_ref(), &mut problems);
    let low_sample_policy = low_sample_policy(alarm, &mut problems);
    check_size(alarm, &mut problems);
    match (source, condition) {
        (Some(source), Some(condition)) if problems.is_empty() => {
            let fewest_samples = fewest_samples(&source, low_sample_policy);
            Ok(Definition {
                name: alarm.alarm_name.clone().unwrap_or_default(),
                description: alarm.alarm_description.clone(),
                actions_enabled: alarm.actions_enabled.unwrap_or(true),
                ok_actions: alarm.ok_actions.clone(),
                alarm_actions: alarm.alarm_actions.clone(),
                insufficient_data_actions: alarm.insufficient_data_actions.clone(),
                source,
                condition: Condition { fewest_samples, ..condition },
                low_sample_policy,
            })
        }
        _ => Err(problems),
    }
}

fn actions(alarm: &PutMetricAlarm) -> Actions<'_> {
    Actions {
        ok: &alarm.ok_actions,
        alarm: &alarm.alarm_actions,
        insufficient_data: &alarm.insufficient_data_actions,
    }
}

/// Of an alarm on a percentile, be it in a list of metrics.
fn fewest_samples(source: &Source, policy: Option<LowSamplePolicy>) -> Option<f64> {
    let metric = match source {
        Source::Metric(metric) => metric,
        Source::Math(math) => match &math.returned()?.body {
            math::QueryBody::Metric(metric) => metric,
            math::QueryBody::Expression(_) => return None,
        },
    };
    match (metric.statistic, policy) {
        (Statistic::Percentile(percent), Some(LowSamplePolicy::Ignore)) => {
            Some(low_sample_limit(percent.to_f64()))
        }
        _ => None,
    }
}

fn source(alarm: &PutMetricAlarm, problems: &mut Vec<Problem>) -> Option<Source> {
    if alarm.has_evaluation_criteria {
        problems.push(Problem::unsupported("EvaluationCriteria", "kmswatch doesn't evaluate PromQL alarms"));
        return None;
    }
    if alarm.metrics.is_empty() {
        return one_metric(alarm, problems).map(Source::Metric);
    }
    let set = [
        ("MetricName", alarm.metric_name.is_some()),
        ("Namespace", alarm.namespace.is_some()),
        ("Dimensions", !alarm.dimensions.is_empty()),
        ("Statistic", alarm.statistic.is_some()),
        ("ExtendedStatistic", alarm.extended_statistic.is_some()),
        ("Period", alarm.period.is_some()),
        ("Unit", alarm.unit.is_some()),
    ];
    for (property, _) in set.into_iter().filter(|(_, set)| *set) {
        problems.push(Problem::combination(
            property,
            format!("{property} should not be set if list of Metrics is set."),
        ));
    }
    math::check(&alarm.metrics, problems).map(Source::Math)
}

fn one_metric(alarm: &PutMetricAlarm, problems: &mut Vec<Problem>) -> Option<MetricStatistic> {
    let identity =
        identity("", alarm.metric_name.as_deref(), alarm.namespace.as_deref(), &alarm.dimensions, problems);
    let statistic = statistic(alarm, problems);
    let period = period("Period", alarm.period, problems);
    let unit = unit("Unit", alarm.unit.as_deref(), problems);
    Some(MetricStatistic { metric: identity?, statistic: statistic?, unit: unit?, period: period? })
}

/// A metric of the list of metrics; `prefix` stands before the names of its properties.
pub(crate) fn check_metric_stat(
    prefix: &str,
    stat: &MetricStat,
    problems: &mut Vec<Problem>,
) -> Option<MetricStatistic> {
    let (name, namespace) = (stat.metric_name.as_deref(), stat.namespace.as_deref());
    let identity = identity(&format!("{prefix}Metric."), name, namespace, &stat.dimensions, problems);
    let property = format!("{prefix}Stat");
    let statistic = match &stat.stat {
        None => {
            problems.push(Problem::null(&property));
            None
        }
        Some(text) => any_statistic(&property, "Stat", text, problems),
    };
    let period = period(&format!("{prefix}Period"), stat.period, problems);
    let unit = unit(&format!("{prefix}Unit"), stat.unit.as_deref(), problems);
    Some(MetricStatistic { metric: identity?, statistic: statistic?, unit: unit?, period: period? })
}

fn identity(
    prefix: &str,
    name: Option<&str>,
    namespace: Option<&str>,
    dimensions: &[Dimension],
    problems: &mut Vec<Problem>,
) -> Option<MetricIdentity> {
    for (property, text) in [("MetricName", name), ("Namespace", namespace)] {
        match text {
            Some(text) => check_length(&format!("{prefix}{property}"), text, 1, 255, problems),
            None => problems.push(Problem::combination(
                format!("{prefix}{property}"),
                format!("{property} must not be null"),
            )),
        }
    }
    if namespace.is_some_and(|namespace| namespace.starts_with(':')) {
        let bound = "satisfy regular expression pattern: [^:].*";
        let shown = format!("'{}'", namespace.unwrap_or_default());
        problems.push(Problem::constraint(&format!("{prefix}Namespace"), &shown, bound));
    }
    check_dimensions(&format!("{prefix}Dimensions"), dimensions, problems);
    let dimensions = dimensions.iter().map(|found| (found.name.clone(), found.value.clone())).collect();
    Some(MetricIdentity { namespace: namespace?.to_owned(), name: name?.to_owned(), dimensions })
}

fn check_dimensions(property: &str, dimensions: &[Dimension], problems: &mut Vec<Problem>) {
    if dimensions.len() > MAX_DIMENSIONS {
        let shown = format!("of {} elements", dimensions.len());
        let bound = format!("have length less than or equal to {MAX_DIMENSIONS}");
        problems.push(Problem::constraint(property, &shown, bound));
    }
    for (index, dimension) in dimensions.iter().enumerate() {
        check_length(&format!("{property}[{index}].Name"), &dimension.name, 1, 255, problems);
        check_length(&format!("{property}[{index}].Value"), &dimension.value, 1, 1024, problems);
        if dimensions.iter().take(index).any(|before| before.name == dimension.name) {
            let message = format!("The dimension {} is given more than once.", dimension.name);
            problems.push(Problem::combination(format!("{property}[{index}].Name"), message));
        }
    }
}

fn statistic(alarm: &PutMetricAlarm, problems: &mut Vec<Problem>) -> Option<Statistic> {
    const NAMES: [&str; 5] = ["Maximum", "SampleCount", "Sum", "Minimum", "Average"];
    match (&alarm.statistic, &alarm.extended_statistic) {
        (Some(_), Some(_)) => {
            let message = "Statistic and ExtendedStatistic cannot both be set.";
            problems.push(Problem::combination("ExtendedStatistic", message));
            None
        }
        (None, None) => {
            let message = "Either Statistic or ExtendedStatistic must be set.";
            problems.push(Problem::combination("Statistic", message));
            None
        }
        (Some(text), None) => {
            let simple =
                |text: &str| Statistic::parse(text).ok().filter(|statistic| !statistic.is_extended());
            check_enum("Statistic", text, simple, &NAMES, problems)
        }
        (None, Some(text)) => {
            let found = any_statistic("ExtendedStatistic", "ExtendedStatistic", text, problems)?;
            if found.is_extended() {
                return Some(found);
            }
            problems.push(unsupported_statistic(
                "ExtendedStatistic",
                "ExtendedStatistic",
                text,
                "use Statistic",
            ));
            None
        }
    }
}

fn any_statistic(
    property: &str,
    parameter: &str,
    text: &str,
    problems: &mut Vec<Problem>,
) -> Option<Statistic> {
    match Statistic::parse(text) {
        Ok(statistic) if is_for_alarms(&statistic) => Some(statistic),
        Ok(_) => {
            let why = "alarms take percentages from 10% to 90%";
            problems.push(unsupported_statistic(property, parameter, text, why));
            None
        }
        Err(error) => {
            problems.push(unsupported_statistic(property, parameter, text, &error.message));
            None
        }
    }
}

/// The trimmed family is limited for alarms, in its long form.
fn is_for_alarms(statistic: &Statistic) -> bool {
    let inside = |side: &Option<Decimal>| side.is_none_or(|side| (10.0..=90.0).contains(&side.to_f64()));
    match statistic {
        Statistic::Trimmed(_, Bounds::Percentages(lower, upper)) => inside(lower) && inside(upper),
        Statistic::Trimmed(_, Bounds::Values(..)) => false,
        _ => true,
    }
}

fn unsupported_statistic(property: &str, parameter: &str, text: &str, why: &str) -> Problem {
    let message = format!("The value {text} for parameter {parameter} is not supported: {why}.");
    Problem::new(property, ProblemKind::Value, message)
}

fn period(property: &str, period: Option<i64>, problems: &mut Vec<Problem>) -> Option<u32> {
    let Some(period) = period else {
        problems.push(Problem::combination(property, "Period must not be null"));
        return None;
    };
    if period < 1 {
        problems.push(Problem::constraint(
            property,
            &format!("'{period}'"),
            "have value greater than or equal to 1",
        ));
        return None;
    }
    if !matches!(period, 10 | 20 | 30) && period % 60 != 0 {
        let message = "Period must be 10, 20, 30 or a multiple of 60";
        problems.push(Problem::new(property, ProblemKind::Value, message));
        return None;
    }
    u32::try_from(period).ok()
}

/// `Some(None)` where none was set.
#[expect(clippy::option_option, reason = "no unit, and a wrong one")]
fn unit(property: &str, unit: Option<&str>, problems: &mut Vec<Problem>) -> Option<Option<Unit>> {
    let Some(text) = unit else { return Some(None) };
    let names: Vec<&str> = Unit::ALL.iter().map(|unit| unit.as_str()).collect();
    check_enum(property, text, |text| text.parse().ok(), &names, problems).map(Some)
}

fn condition(
    alarm: &PutMetricAlarm,
    source: Option<&Source>,
    problems: &mut Vec<Problem>,
) -> Option<Condition> {
    let evaluation_periods = positive("EvaluationPeriods", alarm.evaluation_periods, problems);
    let datapoints_to_alarm =
        alarm.datapoints_to_alarm.and_then(|count| positive("DatapointsToAlarm", Some(count), problems));
    let threshold = threshold(alarm, problems);
    let comparison_operator = comparison_operator(alarm, problems);
    let treat_missing_data = treat_missing_data(alarm, problems);
    if evaluation_periods.zip(datapoints_to_alarm).is_some_and(|(all, needed)| needed > all) {
        let message = "DatapointsToAlarm must be less than or equal to EvaluationPeriods";
        problems.push(Problem::combination("DatapointsToAlarm", message));
    }
    let period = period_of(alarm, source);
    check_range(evaluation_periods.map(i64::from), period, problems);
    Some(Condition {
        period: u32::try_from(period?).ok()?,
        evaluation_periods: evaluation_periods?,
        datapoints_to_alarm,
        threshold: threshold?,
        comparison_operator: comparison_operator?,
        treat_missing_data,
        fewest_samples: None,
    })
}

/// What was set, or what the namespace sets: metrics of DynamoDB are ignored where they are missing (AWS: "Configuring how
/// CloudWatch alarms treat missing data"), unless the alarm says otherwise.
fn treat_missing_data(alarm: &PutMetricAlarm, problems: &mut Vec<Problem>) -> Option<TreatMissingData> {
    let Some(text) = alarm.treat_missing_data.as_deref() else {
        let ignoring = alarm.namespace.as_deref() == Some("AWS/DynamoDB");
        return ignoring.then_some(TreatMissingData::Ignore);
    };
    let found = TreatMissingData::parse(text);
    if found.is_none() {
        let message = format!("The value {text} for parameter TreatMissingData is not supported.");
        problems.push(Problem::new("TreatMissingData", ProblemKind::Value, message));
    }
    found
}

/// The period, even if something else is wrong with the source.
fn period_of(alarm: &PutMetricAlarm, source: Option<&Source>) -> Option<i64> {
    match source {
        Some(Source::Metric(metric)) => Some(i64::from(metric.period)),
        Some(Source::Math(math)) => math.metrics().next().map(|metric| i64::from(metric.period)),
        None => alarm.period,
    }
}

fn check_range(evaluation_periods: Option<i64>, period: Option<i64>, problems: &mut Vec<Problem>) {
    let Some((count, period)) = evaluation_periods.zip(period) else { return };
    let (limit, words) = if period < 3600 { (DAY, "day") } else { (WEEK, "week") };
    if count.saturating_mul(period) > limit {
        let message = format!(
            "Metrics cannot be checked across more than a {words} (EvaluationPeriods * Period must be <= {limit})."
        );
        problems.push(Problem::combination("EvaluationPeriods", message));
    }
}

fn positive(property: &str, value: Option<i64>, problems: &mut Vec<Problem>) -> Option<u32> {
    let Some(value) = value else {
        problems.push(Problem::null(property));
        return None;
    };
    let found = u32::try_from(value).ok().filter(|value| *value > 0);
    if found.is_none() {
        let bound = match value {
            ..1 => "have value greater than or equal to 1".to_owned(),
            _ => format!("have value less than or equal to {}", u32::MAX),
        };
        problems.push(Problem::constraint(property, &format!("'{value}'"), bound));
    }
    found
}

fn threshold(alarm: &PutMetricAlarm, problems: &mut Vec<Problem>) -> Option<f64> {
    match (alarm.threshold, &alarm.threshold_metric_id) {
        (Some(_), Some(_)) => {
            let message = "Threshold and ThresholdMetricId cannot both be set";
            problems.push(Problem::combination("ThresholdMetricId", message));
        }
        (None, Some(_)) => {
            let message = "kmswatch doesn't learn what is usual: set a Threshold";
            problems.push(Problem::unsupported("ThresholdMetricId", message));
        }
        (None, None) => problems.push(Problem::combination("Threshold", "Threshold must not be null")),
        (Some(threshold), None) if !threshold.is_finite() => {
            let message = format!("The value {threshold} for parameter Threshold is invalid.");
            problems.push(Problem::new("Threshold", ProblemKind::Value, message));
        }
        (Some(threshold), None) => return Some(threshold),
    }
    None
}

fn comparison_operator(alarm: &PutMetricAlarm, problems: &mut Vec<Problem>) -> Option<ComparisonOperator> {
    const PROPERTY: &str = "ComparisonOperator";
    let Some(text) = alarm.comparison_operator.as_deref() else {
        problems.push(Problem::null(PROPERTY));
        return None;
    };
    if BAND_OPERATORS.contains(&text) {
        let message = "kmswatch doesn't learn what is usual: compare with a Threshold";
        problems.push(Problem::unsupported(PROPERTY, message));
        return None;
    }
    let mut names: Vec<&str> = ComparisonOperator::ALL.iter().map(|operator| operator.as_str()).collect();
    names.extend(BAND_OPERATORS);
    check_enum(PROPERTY, text, ComparisonOperator::parse, &names, problems)
}

fn low_sample_policy(alarm: &PutMetricAlarm, problems: &mut Vec<Problem>) -> Option<LowSamplePolicy> {
    const PROPERTY: &str = "EvaluateLowSampleCountPercentile";
    let text = alarm.evaluate_low_sample_count_percentile.as_deref()?;
    let found = LowSamplePolicy::parse(text);
    if found.is_none() {
        let message = format!("Option {text} is not supported for parameter {PROPERTY}.");
        problems.push(Problem::new(PROPERTY, ProblemKind::Value, message));
    }
    found
}

fn check_size(alarm: &PutMetricAlarm, problems: &mut Vec<Problem>) {
    if alarm.tags.len() > MAX_TAGS {
        let bound = format!("have length less than or equal to {MAX_TAGS}");
        problems.push(Problem::constraint("Tags", &format!("of {} elements", alarm.tags.len()), bound));
    }
    for (index, (key, value)) in alarm.tags.iter().enumerate() {
        check_length(&format!("Tags[{index}].Key"), key, 1, 128, problems);
        check_length(&format!("Tags[{index}].Value"), value, 0, 256, problems);
    }
    let texts = alarm.metrics.iter().flat_map(|query| [query.expression.as_deref(), query.label.as_deref()]);
    let dimensions =
        alarm.metrics.iter().flat_map(|query| &query.metric_stat).flat_map(|stat| &stat.dimensions);
    let size: usize = texts.flatten().map(str::len).sum::<usize>()
        + dimensions.map(|dimension| dimension.name.len() + dimension.value.len()).sum::<usize>();
    if size > MAX_REQUEST {
        let message = format!("The request has more than {MAX_REQUEST} bytes.");
        problems.push(Problem::combination("Metrics", message));
    }
}
