//! AWS's own block of alarm details, as it stands in the mails of CloudWatch.

use std::fmt::Write as _;

use alarm::definition::{MetricStatistic, Source};
use alarm::math::QueryBody;
use alarm::{Condition, Definition, StateValue, calendar, java_double};

use crate::hostile::own;
use crate::limits::MAX_CHILDREN;
use crate::region::region_name;
use crate::story::{Child, Happened, Story, Watched};

/// The block. Some of its lines end in a blank, as AWS's do.
#[must_use]
pub(crate) fn block(story: &Story) -> String {
    let mut text = String::new();
    opening(story, &mut text);
    link(story, &mut text);
    details(story, &mut text);
    match &story.alarm.definition {
        Watched::Metric(alarm) => metric(alarm, &mut text),
        Watched::Composite(_) => children(story, &mut text),
    }
    actions(&story.alarm.definition, &mut text);
    text
}

/// Writes a line; writing to a string doesn't fail.
macro_rules! line {
    ($text:expr) => { $text.push('\n') };
    ($text:expr, $($what:tt)*) => { let _ = writeln!($text, $($what)*); };
}

fn opening(story: &Story, text: &mut String) {
    let Happened::State { to, at, reason, .. } = &story.happened else { return };
    let name = own(story.alarm.definition.name());
    let region = region_name(&story.region);
    let (reason, at) = (own(reason), date(*at));
    let alarm = format!("your Amazon CloudWatch Alarm \"{name}\" in the {region} region");
    let alarm = format!("You are receiving this email because {alarm}");
    match story.alarm.definition {
        Watched::Metric(_) => {
            line!(text, "{alarm} has entered the {to} state, because \"{reason}\" at \"{at}\".");
        }
        Watched::Composite(_) => {
            line!(text, "{alarm} has transitioned to {to} state on {at}, because \"{reason}\".");
        }
    }
    line!(text);
}

fn link(story: &Story, text: &mut String) {
    let region: String =
        story.region.chars().filter(|found| found.is_ascii_alphanumeric() || *found == '-').collect();
    let name = percent_encoded(story.alarm.definition.name());
    let host = format!("https://{region}.console.aws.amazon.com");
    line!(text, "View this alarm in the AWS Management Console:");
    line!(text, "{host}/cloudwatch/deeplink.js?region={region}#alarmsV2:alarm/{name}");
    line!(text);
}

fn details(story: &Story, text: &mut String) {
    let definition = &story.alarm.definition;
    line!(text, "Alarm Details:");
    line!(text, "- Name:                       {}", own(definition.name()));
    line!(text, "- Description:                {}", own(definition.description().unwrap_or_default()));
    if let Happened::State { from, to, .. } = &story.happened {
        line!(text, "- State Change:               {from} -> {to}");
    }
    if let Watched::Composite(alarm) = definition {
        line!(text, "- Alarm Rule:                 {}", own(alarm.rule.text()));
    }
    line!(text, "- Reason for State Change:    {}", own(story.happened.reason()));
    line!(text, "- Timestamp:                  {}", date(story.happened.at()));
    line!(text, "- AWS Account:                {}", own(&story.account.id));
    line!(text, "- Alarm Arn:                  {}", own(&story.alarm.arn));
    line!(text);
}

fn metric(alarm: &Definition, text: &mut String) {
    threshold(&alarm.condition, text);
    match &alarm.source {
        Source::Metric(metric) => one_metric(metric, &alarm.condition, text),
        Source::Math(math) => {
            line!(text, "Monitored Metrics:");
            let returned = math.returned();
            if let Some(QueryBody::Expression(expression)) = returned.map(|query| &query.body) {
                line!(text, "- MetricExpression:           {}", own(expression.text()));
            }
            let label = returned.and_then(|query| query.label.as_deref().or(Some(&query.id)));
            line!(text, "- MetricLabel:                {}", own(label.unwrap_or_default()));
        }
    }
    line!(text);
    line!(text);
}

fn threshold(condition: &Condition, text: &mut String) {
    line!(text, "Threshold:");
    let Condition { comparison_operator, evaluation_periods, period, .. } = condition;
    let (threshold, needed) = (java_double(condition.threshold), condition.needed());
    let _ = write!(
        text,
        "- The alarm is in the ALARM state when the metric is {comparison_operator} {threshold} "
    );
    line!(text, "for at least {needed} of the last {evaluation_periods} period(s) of {period} seconds. ");
    line!(text);
}

fn one_metric(metric: &MetricStatistic, condition: &Condition, text: &mut String) {
    let dimensions = metric.metric.dimensions.iter();
    let dimensions: Vec<String> =
        dimensions.map(|(name, value)| format!("[{} = {}]", own(name), own(value))).collect();
    line!(text, "Monitored Metric:");
    line!(text, "- MetricNamespace:                     {}", own(&metric.metric.namespace));
    line!(text, "- MetricName:                          {}", own(&metric.metric.name));
    line!(text, "- Dimensions:                          {}", dimensions.join(", "));
    line!(text, "- Period:                              {} seconds", metric.period);
    line!(text, "- Statistic:                           {}", metric.statistic);
    let unit = metric.unit.map_or("not specified", |unit| unit.as_str());
    line!(text, "- Unit:                                {unit}");
    line!(text, "- TreatMissingData:                    {}", condition.treatment());
}

fn children(story: &Story, text: &mut String) {
    let Happened::State { children, .. } = &story.happened else { return };
    line!(text, "Triggering children (max. {MAX_CHILDREN}):");
    for Child { arn, state, at } in children.iter().take(MAX_CHILDREN) {
        line!(text, "- {}   {:<19} {}", own(arn), state.as_str(), date(*at));
    }
    line!(text);
}

fn actions(definition: &Watched, text: &mut String) {
    line!(text, "State Change Actions:");
    for state in [StateValue::Ok, StateValue::Alarm, StateValue::InsufficientData] {
        let arns: Vec<String> =
            definition.actions(state).iter().map(|arn| format!("[{}]", own(arn))).collect();
        line!(text, "- {state}: {}", arns.join(" "));
    }
}

fn date(milliseconds: i64) -> String {
    calendar::long(milliseconds.div_euclid(1000))
}

/// For the last part of a URL.
fn percent_encoded(text: &str) -> String {
    let mut url = String::new();
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'_' | b'.' | b'~' => url.push(char::from(byte)),
            other => {
                let _ = write!(url, "%{other:02X}");
            }
        }
    }
    url
}
