//! What happens: matches, log events that didn't match, metric data, delivery outcomes.

use std::sync::Arc;

use metric::{Dimension, MetricId, MetricValue, Observation, Resolution, Summary, Unit};
use monitor::{
    About, Command, DeliveryOutcome, Evidence, Match, MetricDatum, News, Notification, Subscription,
    Unmatched,
};

use super::clock::parse;

/// Adds what one line says to a command of the same kind, or makes one.
pub(crate) fn of(line: &str, filters: &[String], command: Command) -> Command {
    let (verb, rest) = line.split_once(' ').unwrap();
    let outcome = |outcome: fn(String) -> DeliveryOutcome| {
        let (number, reason) = rest.split_once(' ').unwrap_or((rest, ""));
        Command::Delivery { notification: number.parse().unwrap(), outcome: outcome(reason.into()) }
    };
    match (verb, command) {
        ("match", Command::Ingest(mut ingest)) => {
            ingest.matches.push(matched(rest, filters));
            Command::Ingest(ingest)
        }
        ("unmatched", Command::Ingest(mut ingest)) => {
            ingest.unmatched.push(unmatched(rest, filters));
            Command::Ingest(ingest)
        }
        ("put", Command::PutMetricData(mut data)) => {
            data.push(datum(rest));
            Command::PutMetricData(data)
        }
        ("put", Command::Ingest(_)) => Command::PutMetricData(vec![datum(rest)]),
        ("backlog", _) => Command::Backlog(rest == "begins"),
        ("retry", _) => Command::Retry(retried(rest)),
        ("accepted", _) => outcome(|_| DeliveryOutcome::Accepted),
        ("deferred", _) => outcome(DeliveryOutcome::Deferred),
        ("refused", _) => outcome(DeliveryOutcome::Refused),
        (verb, _) => panic!("{verb}"),
    }
}

/// `3 a`: notification 3 was news of alarm `a`.
fn retried(text: &str) -> Arc<Notification> {
    let (id, alarm) = text.split_once(' ').unwrap();
    let news = News {
        alarm: super::watched::arn(alarm).into(),
        name: alarm.into(),
        at: 0,
        principals: Vec::new(),
        keys: Vec::new(),
        more: 0,
    };
    Arc::new(Notification {
        id: id.parse().unwrap(),
        topic: "arn:aws:sns:eu-west-1:111122223333:security".into(),
        subscription: Subscription { protocol: "email".into(), endpoint: "soc@example.org".into() },
        queued_at: 0,
        about: About::News(Arc::new(news)),
    })
}

fn filter(name: &str, filters: &[String]) -> u32 {
    u32::try_from(filters.iter().position(|known| known == name).unwrap()).unwrap()
}

/// `denied 11:58:02 alice key-1 #r1 =5 Key=k1`: who and which key may be left out, and so may what follows. Filters that a
/// record matches stand with a `,` between them.
fn matched(text: &str, filters: &[String]) -> Match {
    let words: Vec<&str> = text.split(' ').collect();
    let is_name = |word: &&&str| !word.starts_with(['#', '=']) && !word.contains('=');
    let names: Vec<&str> = words[2..].iter().take_while(is_name).copied().collect();
    let find = |sign: char| words.iter().find_map(|word| word.strip_prefix(sign));
    let value: f64 = find('=').map_or(1.0, |text| text.parse().unwrap());
    let dimensions: Vec<Dimension> = words[2..]
        .iter()
        .filter_map(|word| word.split_once('='))
        .filter(|(name, _)| !name.is_empty())
        .map(|(name, value)| Dimension { name: name.into(), value: value.into() })
        .collect();
    let observation = Observation { value: MetricValue::new(value).unwrap(), dimensions };
    let evidence = names.first().map(|principal| {
        let key = names.get(1).map(|key| (*key).into());
        Arc::new(Evidence {
            principal: (*principal).into(),
            operation: "Decrypt".into(),
            key,
            ..Evidence::default()
        })
    });
    Match {
        record: find('#').map(|id| id.bytes().fold(1, |sum, byte| sum * 251 + u128::from(byte))),
        time: parse(words[1]),
        observations: words[0].split(',').map(|name| (filter(name, filters), observation.clone())).collect(),
        evidence,
    }
}

/// `denied 11:58:00 12`
fn unmatched(text: &str, filters: &[String]) -> Unmatched {
    let words: Vec<&str> = text.split(' ').collect();
    Unmatched { filter: filter(words[0], filters), time: parse(words[1]), count: words[2].parse().unwrap() }
}

/// `Kms/Latency 11:58:00 250 Milliseconds`, with `high` behind it for a resolution of a second.
fn datum(text: &str) -> MetricDatum {
    let words: Vec<&str> = text.split(' ').collect();
    let (namespace, name) = words[0].split_once('/').unwrap();
    let mut observations = Summary::new();
    observations.add(MetricValue::new(words[2].parse().unwrap()).unwrap(), 1);
    MetricDatum {
        metric: Arc::new(MetricId::new(namespace, name, Vec::new()).unwrap()),
        unit: words.iter().find_map(|word| word.parse::<Unit>().ok()).unwrap_or(Unit::None),
        resolution: if words.contains(&"high") { Resolution::High } else { Resolution::Standard },
        time: parse(words[1]),
        observations,
    }
}
