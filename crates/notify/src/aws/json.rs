//! The JSON that CloudWatch publishes to a topic, with its members in CloudWatch's order.

use alarm::composite::CompositeDefinition;
use alarm::definition::{MetricStatistic, Source};
use alarm::math::{Math, Query, QueryBody};
use alarm::{Condition, Definition, StateValue, calendar, java_double};
use metric::Statistic;

use monitor::{Summary, SummaryItem, SummaryKind};

use crate::limits::MAX_CHILDREN;
use crate::many;
use crate::object::{Object, list, quoted};
use crate::region::region_name;
use crate::story::{Child, Happened, Story, Watched};

/// The message: what programs get that subscribe to the topic. What AWS has no word for (an episode that came to light
/// late, somebody new behind an `ALARM`, a reminder, many alarms at once) is said in a last member `Kmswatch`.
#[must_use]
pub fn message(story: &Story) -> String {
    let object = match &story.alarm.definition {
        _ if story.happened.summary().is_some() => of_many(story),
        Watched::Metric(alarm) => of_metric(story, alarm),
        Watched::Composite(alarm) => of_composite(story, alarm),
    };
    match ours(&story.happened) {
        Some(ours) => object.raw("Kmswatch", &ours).end(),
        None => object.end(),
    }
}

fn of_metric(story: &Story, alarm: &Definition) -> Object {
    let trigger = match &alarm.source {
        Source::Metric(metric) => of_one_metric(metric, alarm),
        Source::Math(math) => of_math(math, alarm),
    };
    let updated = calendar::iso(story.alarm.updated_at);
    let object = head(story).text("AlarmConfigurationUpdatedTimestamp", &updated);
    let object = change(story, object).text("OldStateValue", old_state(&story.happened).as_str());
    actions(story, muted(story, object)).raw("Trigger", &trigger)
}

fn of_composite(story: &Story, alarm: &CompositeDefinition) -> Object {
    let children = match &story.happened {
        Happened::State { children, .. } => children.as_slice(),
        _ => &[],
    };
    let object = muted(story, actions(story, change(story, head(story))));
    let object = object.text("OldStateValue", old_state(&story.happened).as_str());
    let object = object.text("AlarmRule", alarm.rule.text());
    object.raw("TriggeringChildren", &list(children.iter().take(MAX_CHILDREN).map(child)))
}

/// Of no single alarm.
fn of_many(story: &Story) -> Object {
    let object = Object::new().raw("AlarmName", "null").raw("AlarmDescription", "null");
    let object = object.text("AWSAccountId", &story.account.id);
    let object = object.text("NewStateValue", story.happened.state().as_str());
    let reason = story.happened.summary().map(many::sentence).unwrap_or_default();
    let object = object.text("NewStateReason", &reason);
    let object = object.text("StateChangeTime", &calendar::iso(story.happened.at()));
    object.text("Region", region_name(&story.region))
}

fn head(story: &Story) -> Object {
    let definition = &story.alarm.definition;
    let object = Object::new().text("AlarmName", definition.name());
    let object = object.text_or_null("AlarmDescription", definition.description());
    object.text("AWSAccountId", &story.account.id)
}

fn change(story: &Story, object: Object) -> Object {
    let object = object.text("NewStateValue", story.happened.state().as_str());
    let object = object.text("NewStateReason", story.happened.reason());
    let object = object.text("StateChangeTime", &calendar::iso(story.happened.at()));
    object.text("Region", region_name(&story.region)).text("AlarmArn", &story.alarm.arn)
}

fn muted(story: &Story, object: Object) -> Object {
    let muted = matches!(story.happened, Happened::State { after_mute_window: true, .. });
    object.raw("ActionExecutedAfterMuteWindow", if muted { "true" } else { "false" })
}

fn actions(story: &Story, object: Object) -> Object {
    let of = |state| list(story.alarm.definition.actions(state).iter().map(|arn| quoted(arn)));
    let object = object.raw("OKActions", &of(StateValue::Ok)).raw("AlarmActions", &of(StateValue::Alarm));
    object.raw("InsufficientDataActions", &of(StateValue::InsufficientData))
}

fn old_state(happened: &Happened) -> StateValue {
    match happened {
        Happened::State { from, .. } => *from,
        Happened::Late { state, .. } => *state,
        Happened::News { .. } | Happened::Reminder { .. } | Happened::Summary(_) => StateValue::Alarm,
    }
}

fn of_one_metric(metric: &MetricStatistic, alarm: &Definition) -> String {
    let kind = if metric.statistic.is_extended() { "ExtendedStatistic" } else { "Statistic" };
    let object = Object::new().text("MetricName", &metric.metric.name);
    let object = object.text("Namespace", &metric.metric.namespace).text("StatisticType", kind);
    let object = object.text(kind, &statistic(metric.statistic));
    let object = object.text_or_null("Unit", metric.unit.map(|unit| unit.as_str()));
    condition(object.raw("Dimensions", &dimensions(metric)), alarm).end()
}

/// CloudWatch writes the plain statistics in capitals here.
fn statistic(statistic: Statistic) -> String {
    match statistic {
        Statistic::SampleCount => "SAMPLE_COUNT".into(),
        extended if extended.is_extended() => extended.to_string(),
        plain => plain.to_string().to_uppercase(),
    }
}

fn condition(object: Object, alarm: &Definition) -> Object {
    let Condition { period, evaluation_periods, .. } = alarm.condition;
    let object =
        object.raw("Period", &period.to_string()).raw("EvaluationPeriods", &evaluation_periods.to_string());
    let object = match alarm.condition.datapoints_to_alarm {
        Some(needed) => object.raw("DatapointsToAlarm", &needed.to_string()),
        None => object,
    };
    let object = object.text("ComparisonOperator", alarm.condition.comparison_operator.as_str());
    let object = object.raw("Threshold", &java_double(alarm.condition.threshold));
    let object = object.text("TreatMissingData", alarm.condition.treatment().as_str());
    let policy = alarm.low_sample_policy.map_or("", |policy| policy.as_str());
    object.text("EvaluateLowSampleCountPercentile", policy)
}

fn of_math(math: &Math, alarm: &Definition) -> String {
    let returned = math.returned().map(|query| query.id.as_str());
    let queries = math.queries().iter().map(|query| of_query(query, returned == Some(&query.id)));
    condition(Object::new(), alarm).raw("Metrics", &list(queries)).end()
}

fn of_query(query: &Query, returned: bool) -> String {
    let object = match &query.body {
        QueryBody::Expression(expression) => Object::new().text("Expression", expression.text()),
        QueryBody::Metric(_) => Object::new(),
    };
    let object = object.text("Id", &query.id);
    let object = match &query.label {
        Some(label) => object.text("Label", label),
        None => object,
    };
    let object = match &query.body {
        QueryBody::Metric(metric) => object.raw("MetricStat", &of_metric_stat(metric)),
        QueryBody::Expression(_) => object,
    };
    object.raw("ReturnData", if returned { "true" } else { "false" }).end()
}

fn of_metric_stat(metric: &MetricStatistic) -> String {
    let identity = Object::new().raw("Dimensions", &dimensions(metric));
    let identity = identity.text("MetricName", &metric.metric.name);
    let identity = identity.text("Namespace", &metric.metric.namespace).end();
    let object = Object::new().raw("Metric", &identity).raw("Period", &metric.period.to_string());
    let object = object.text("Stat", &metric.statistic.to_string());
    match metric.unit {
        Some(unit) => object.text("Unit", unit.as_str()).end(),
        None => object.end(),
    }
}

fn dimensions(metric: &MetricStatistic) -> String {
    let each = metric.metric.dimensions.iter();
    list(each.map(|(name, value)| Object::new().text("value", value).text("name", name).end()))
}

fn child(child: &Child) -> String {
    let state =
        Object::new().text("Value", child.state.as_str()).text("Timestamp", &calendar::iso(child.at)).end();
    Object::new().text("Arn", &child.arn).raw("State", &state).end()
}

/// What AWS has no word for.
fn ours(happened: &Happened) -> Option<String> {
    match happened {
        Happened::State { .. } => None,
        Happened::Late { from, to, seen_at, .. } => {
            let time = |seconds: &i64| calendar::iso(seconds.saturating_mul(1000));
            let object =
                Object::new().text("Kind", "LateEpisode").text("From", &time(from)).text("To", &time(to));
            Some(object.text("SeenAt", &calendar::iso(*seen_at)).end())
        }
        Happened::News { principals, keys, more, .. } => {
            let object = Object::new().text("Kind", "News");
            let object = object.raw("NewPrincipals", &list(principals.iter().map(|name| quoted(name))));
            let object = object.raw("NewKeys", &list(keys.iter().map(|name| quoted(name))));
            Some(object.raw("More", &more.to_string()).end())
        }
        Happened::Reminder { since, at, .. } => {
            let object = Object::new().text("Kind", "Reminder").text("Since", &calendar::iso(*since));
            Some(object.text("SaidAt", &calendar::iso(*at)).end())
        }
        Happened::Summary(summary) => Some(of_summary(summary)),
    }
}

fn of_summary(summary: &Summary) -> String {
    let why = match summary.kind {
        SummaryKind::Storm => "Storm",
        SummaryKind::Backlog => "Backlog",
    };
    let object = Object::new().text("Kind", "Summary").text("Why", why);
    let object = object.text("From", &calendar::iso(summary.from)).text("To", &calendar::iso(summary.to));
    let object = object.raw("Alarms", &summary.alarms.to_string());
    let object = object.raw("Notifications", &summary.notifications.to_string());
    let object = object.raw("Beyond", &summary.beyond.to_string());
    object.raw("Items", &list(summary.items.iter().map(item))).end()
}

fn item(item: &SummaryItem) -> String {
    let object = Object::new().text("AlarmName", &item.name).text("AlarmArn", &item.alarm);
    let object = object.raw("Count", &item.count.to_string());
    let object = object.text("First", &calendar::iso(item.first)).text("Last", &calendar::iso(item.last));
    let object = object.raw("IsOver", if item.is_over { "true" } else { "false" });
    object.text("Reason", &item.reason).end()
}
