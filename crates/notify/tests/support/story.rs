//! Stories as JSON, compact enough to be written by hand.
//!
//! Each member may be missing; `alarm` and `composite` have AWS's names. Times are RFC 3339.

use alarm::composite::PutCompositeAlarm;
use alarm::definition::{Dimension, MetricDataQuery, MetricStat};
use alarm::{PutMetricAlarm, StateValue};
use monitor::{Summary, SummaryItem, SummaryKind};
use notify::{
    Account, Alarm, Before, Child, Evidence, Group, Happened, Key, Letter, Link, Ongoing, Series, Story,
    Watched,
};
use serde_json::Value;

const ACCOUNT: &str = "111122223333";

/// The story that a text tells.
pub(crate) fn story(text: &str) -> Story {
    let json: Value = serde_json::from_str(text).unwrap();
    let definition = definition(&json);
    let region = string(&json["region"]).unwrap_or_else(|| "us-east-1".into());
    let arn = format!("arn:aws:cloudwatch:{region}:{ACCOUNT}:alarm:{}", definition.name());
    Story {
        letter: letter(&json),
        account: Account { id: ACCOUNT.into(), name: string(&json["account"]) },
        topic: format!("arn:aws:sns:{region}:{ACCOUNT}:security"),
        region,
        alarm: Alarm { arn, updated_at: 1_741_600_000_123, definition },
        happened: happened(&json),
        lead: string(&json["lead"]),
        series: json.get("series").map(series),
        evidence: evidence(&json),
        ongoing: match json["ongoing"].as_str() {
            Some("yes") => Ongoing::Yes,
            Some("no") => Ongoing::No,
            _ => Ongoing::Unknown,
        },
        links: list(&json["links"], |link| Link {
            label: string(&link[0]).unwrap(),
            url: string(&link[1]).unwrap(),
        }),
        unsubscribe: string(&json["unsubscribe"]),
    }
}

fn letter(json: &Value) -> Letter {
    Letter {
        id: json["id"].as_u64().unwrap_or(42),
        instance: "a1b2".into(),
        domain: "alarms.example.com".into(),
        earlier: list(&json["earlier"], |id| id.as_u64().unwrap()),
        from: string(&json["from"]).unwrap_or_else(|| "kmswatch <kmswatch@example.com>".into()),
        to: string(&json["to"]).unwrap_or_else(|| "oncall@example.com".into()),
        written_at: milliseconds(&json["written"])
            .unwrap_or_else(|| milliseconds(&json["at"]).unwrap_or_default()),
    }
}

fn definition(json: &Value) -> Watched {
    if let Some(alarm) = json.get("composite") {
        let put = PutCompositeAlarm {
            alarm_name: string(&alarm["AlarmName"]),
            alarm_description: string(&alarm["AlarmDescription"]),
            alarm_rule: string(&alarm["AlarmRule"]),
            alarm_actions: list(&alarm["AlarmActions"], |arn| string(arn).unwrap()),
            ..PutCompositeAlarm::default()
        };
        return Watched::Composite(Box::new(put.check().unwrap()));
    }
    let alarm = &json["alarm"];
    let is_math = alarm.get("Metrics").is_some();
    let or =
        |name: &str, default: &str| string(&alarm[name]).or_else(|| (!is_math).then(|| default.to_owned()));
    let number = |name: &str| alarm[name].as_i64();
    let put = PutMetricAlarm {
        alarm_name: Some(string(&alarm["AlarmName"]).unwrap_or_else(|| "kms-denied".into())),
        alarm_description: string(&alarm["AlarmDescription"]),
        namespace: or("Namespace", "KMS"),
        metric_name: or("MetricName", "Denied"),
        dimensions: dimensions(&alarm["Dimensions"]),
        statistic: or("Statistic", "Sum").filter(|_| alarm.get("ExtendedStatistic").is_none()),
        extended_statistic: string(&alarm["ExtendedStatistic"]),
        unit: string(&alarm["Unit"]),
        period: number("Period").or((!is_math).then_some(300)),
        evaluation_periods: Some(number("EvaluationPeriods").unwrap_or(1)),
        datapoints_to_alarm: number("DatapointsToAlarm"),
        threshold: Some(alarm["Threshold"].as_f64().unwrap_or(1.0)),
        comparison_operator: Some(
            string(&alarm["ComparisonOperator"]).unwrap_or_else(|| "GreaterThanOrEqualToThreshold".into()),
        ),
        treat_missing_data: Some(string(&alarm["TreatMissingData"]).unwrap_or_else(|| "notBreaching".into())),
        alarm_actions: vec![format!("arn:aws:sns:us-east-1:{ACCOUNT}:security")],
        ok_actions: list(&alarm["OKActions"], |arn| string(arn).unwrap()),
        metrics: list(&alarm["Metrics"], query),
        ..PutMetricAlarm::default()
    };
    Watched::Metric(Box::new(put.check().unwrap()))
}

fn query(json: &Value) -> MetricDataQuery {
    let stat = |stat: &Value| MetricStat {
        metric_name: string(&stat["Metric"]["MetricName"]),
        namespace: string(&stat["Metric"]["Namespace"]),
        dimensions: dimensions(&stat["Metric"]["Dimensions"]),
        period: stat["Period"].as_i64(),
        stat: string(&stat["Stat"]),
        unit: string(&stat["Unit"]),
    };
    MetricDataQuery {
        id: string(&json["Id"]).unwrap(),
        expression: string(&json["Expression"]),
        metric_stat: json.get("MetricStat").map(stat),
        label: string(&json["Label"]),
        return_data: json["ReturnData"].as_bool(),
        ..MetricDataQuery::default()
    }
}

fn dimensions(json: &Value) -> Vec<Dimension> {
    list(json, |dimension| Dimension {
        name: string(&dimension["Name"]).unwrap(),
        value: string(&dimension["Value"]).unwrap(),
    })
}

fn happened(json: &Value) -> Happened {
    let at = milliseconds(&json["at"]).unwrap_or_default();
    let reason = string(&json["reason"]).unwrap_or_default();
    let state = |json: &Value| StateValue::parse(json.as_str().unwrap_or("ALARM")).unwrap();
    if let Some(late) = json.get("late") {
        let (from, to) = (seconds(&late[0]), seconds(&late[1]));
        return Happened::Late { from, to, seen_at: at, reason, state: state(&json["state"]) };
    }
    if let Some(news) = json.get("news") {
        return Happened::News {
            at,
            principals: list(&news["principals"], |name| string(name).unwrap()),
            keys: list(&news["keys"], |name| string(name).unwrap()),
            more: news["more"].as_u64().unwrap_or_default(),
            reason,
        };
    }
    if let Some(since) = json.get("still") {
        return Happened::Reminder { since: milliseconds(since).unwrap(), at, reason };
    }
    if let Some(summary) = json.get("summary") {
        return Happened::Summary(Box::new(self::summary(summary)));
    }
    Happened::State {
        from: state(&json["states"][0]),
        to: state(&json["states"][1]),
        at,
        reason,
        since: milliseconds(&json["since"]),
        children: list(&json["children"], |child| Child {
            arn: string(&child[0]).unwrap(),
            state: state(&child[1]),
            at: milliseconds(&child[2]).unwrap(),
        }),
        after_mute_window: json["muted"].as_bool().unwrap_or_default(),
    }
}

/// `{"kind": "storm", "state": "ALARM", "from": …, "to": …, "alarms": 40, "items": [["name", 2, first, last, "over", reason]]}`
fn summary(json: &Value) -> Summary {
    let number = |name: &str| json[name].as_u64().unwrap_or_default();
    let item = |item: &Value| {
        let name = item[0].as_str().unwrap();
        SummaryItem {
            alarm: format!("arn:aws:cloudwatch:eu-west-1:{ACCOUNT}:alarm:{name}").into(),
            name: name.into(),
            count: item[1].as_u64().unwrap(),
            first: milliseconds(&item[2]).unwrap(),
            last: milliseconds(&item[3]).unwrap(),
            is_over: item[4] == "over",
            reason: string(&item[5]).unwrap_or_default(),
        }
    };
    Summary {
        kind: if json["kind"] == "backlog" { SummaryKind::Backlog } else { SummaryKind::Storm },
        state: StateValue::parse(json["state"].as_str().unwrap_or("ALARM")).unwrap(),
        from: milliseconds(&json["from"]).unwrap(),
        to: milliseconds(&json["to"]).unwrap(),
        alarms: number("alarms"),
        notifications: number("notifications"),
        beyond: number("beyond"),
        items: list(&json["items"], item),
    }
}

fn series(json: &Value) -> Series {
    Series {
        title: string(&json["title"]).unwrap_or_else(|| "KMS/Denied, Sum".into()),
        period: u32::try_from(json["period"].as_u64().unwrap_or(300)).unwrap(),
        start: seconds(&json["start"]),
        values: list(&json["values"], Value::as_f64),
    }
}

fn evidence(json: &Value) -> Evidence {
    let groups = list(&json["groups"], group);
    Evidence {
        more_groups: json["more"][0].as_u64().unwrap_or_default(),
        more_calls: json["more"][1].as_u64().unwrap_or_default(),
        principals: json["principals"].as_u64().unwrap_or(u64::from(!groups.is_empty())),
        keys: json["keys"].as_u64().unwrap_or_default(),
        groups,
    }
}

fn group(json: &Value) -> Group {
    let strings = |json: &Value| list(json, |text| string(text).unwrap());
    let key = string(&json["key"]).map(|text| Key { text, name: string(&json["key_name"]) });
    Group {
        who: string(&json["who"]).unwrap_or_default(),
        principal: string(&json["principal"]).unwrap_or_default(),
        service: string(&json["service"]).or(Some("kms.amazonaws.com".into())),
        operation: string(&json["operation"]).unwrap_or_else(|| "Decrypt".into()),
        no_key: key.is_none().then(|| "unknown: the record doesn't name it".into()),
        key,
        error: string(&json["error"]),
        error_message: string(&json["message"]),
        data: strings(&json["data"]),
        more_data: json["more_data"].as_u64().unwrap_or_default(),
        addresses: strings(&json["from"]),
        more_addresses: json["more_from"].as_u64().unwrap_or_default(),
        user_agent: string(&json["agent"]),
        region: string(&json["region"]),
        expected: string(&json["expected"]),
        count: json["count"].as_u64().unwrap_or(1),
        first: seconds(&json["first"]),
        last: seconds(&json["last"]),
        before: json.get("before").map(|before| Before {
            failures: before[0].as_u64().unwrap(),
            days: u32::try_from(before[1].as_u64().unwrap()).unwrap(),
            last: before[2].as_str().and_then(cloudtrail::call::seconds),
        }),
    }
}

fn list<T>(json: &Value, each: impl Fn(&Value) -> T) -> Vec<T> {
    json.as_array().map(|list| list.iter().map(each).collect()).unwrap_or_default()
}

fn string(json: &Value) -> Option<String> {
    json.as_str().map(str::to_owned)
}

fn seconds(json: &Value) -> i64 {
    json.as_str().and_then(cloudtrail::call::seconds).unwrap_or_default()
}

/// Of a time with or without a fraction.
fn milliseconds(json: &Value) -> Option<i64> {
    let text = json.as_str()?;
    let fraction: i64 = text.get(20..23).and_then(|digits| digits.parse().ok()).unwrap_or_default();
    let whole = format!("{}Z", text.get(..19).unwrap());
    Some(cloudtrail::call::seconds(&whole).unwrap() * 1000 + fraction)
}
