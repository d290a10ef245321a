//! What to write instead of what CloudWatch refuses.

use alarm::{ComparisonOperator, LowSamplePolicy, TreatMissingData};
use diagnostic::closest;

use super::properties::Properties;

/// The names of simple statistics.
const STATISTICS: [&str; 5] = ["Sum", "Average", "Minimum", "Maximum", "SampleCount"];

/// What to write for a property, given what stands there.
pub(super) fn of(property: &str, properties: &Properties<'_>) -> String {
    let written = properties.get(property).and_then(|value| value.string()).unwrap_or_default();
    let one_of = |names: Vec<&'static str>| match closest(&written, names.clone()) {
        Some(name) => format!("write `{name}`"),
        None => format!("write one of `{}`", names.join("`, `")),
    };
    match property {
        "ComparisonOperator" => one_of(ComparisonOperator::ALL.iter().map(|name| name.as_str()).collect()),
        "TreatMissingData" => one_of(TreatMissingData::ALL.iter().map(|name| name.as_str()).collect()),
        "EvaluateLowSampleCountPercentile" => {
            one_of([LowSamplePolicy::Evaluate, LowSamplePolicy::Ignore].map(LowSamplePolicy::as_str).to_vec())
        }
        "Statistic" => one_of(STATISTICS.to_vec()),
        "ExtendedStatistic" => {
            "write a percentile such as `p99`, or another one of the trimmed family, without \
                                `Statistic` beside it"
                .to_owned()
        }
        "Period" => "write 10, 20, 30 or a multiple of 60".to_owned(),
        "EvaluationPeriods" => {
            "write a number from 1 on; with `Period` it spans at most a day, or a week with periods \
                                of an hour and more"
                .to_owned()
        }
        "DatapointsToAlarm" => "write a number from 1 to `EvaluationPeriods`, or leave it out".to_owned(),
        "Unit" => "write a unit as AWS spells it, such as `Count` or `Seconds`, or leave it out".to_owned(),
        "AlarmName" => "write 1 to 255 characters without control characters, or leave it out".to_owned(),
        _ => "write what PutMetricAlarm takes; see AWS's API reference".to_owned(),
    }
}
