//! What a notification has to tell: from what is stored, at the moment when it is queued, in the same transaction.

use std::collections::BTreeMap;
use std::sync::Arc;

use alarm::StateValue;
use alarm::composite::PutCompositeAlarm;
use alarm::definition::{MetricIdentity, MetricStatistic, Source};
use metric::{MetricId, Resolution, Series as MetricSeries};
use monitor::{About, Configuration, Evidence as Found, Monitor, Notification, StateChange, Summary};
use notify::{
    Account, Alarm, Before, Evidence, Group, Happened, Key, Letter, Link, Ongoing, Series, Story, Watched,
};
use store_sqlite::{EvidenceGroup, HistoryRow, Questions, StoreError};

use super::reserved;
use super::watching::Watching;
use crate::settings::{ExpectedCall, QuietHours};

/// How many periods the chart shows.
const CHART_PERIODS: i64 = 60;
const DAY: i64 = 86_400;
/// How far back the history of a caller is looked at, in seconds: 30 days.
const HISTORY: i64 = 30 * DAY;
/// How many different contents of records behind a notification are looked at; of further ones only the number is known.
const MAX_CONTENTS: u32 = 10_000;
/// How deep composite alarms are followed.
const MAX_DEPTH: u32 = 8;
/// How many groups a mail shows; further ones are counted.
const MAX_GROUPS: usize = 8;
/// How many addresses and data a group names; further ones are counted.
const MAX_NAMES: usize = 8;
/// A call within so many seconds before the mail, or two of the alarm's periods, means that it still goes on.
const STILL: i64 = 120;

/// What things are called, and where mails come from.
#[derive(Debug, Clone, Default)]
pub(crate) struct Names {
    /// Tells this kmswatch from others of the same domain.
    pub(crate) instance: String,
    /// The domain of message ids.
    pub(crate) domain: String,
    /// Who sends mails.
    pub(crate) from: String,
    /// What owners call their accounts, by number.
    pub(crate) accounts: BTreeMap<String, String>,
    /// What owners call their keys, by ARN, id or alias.
    pub(crate) keys: BTreeMap<String, String>,
    /// Calls that are known and harmless.
    pub(crate) expected: Vec<ExpectedCall>,
    /// The address that links use.
    pub(crate) public_url: Option<String>,
    /// When only what can't wait is told.
    pub(crate) quiet_hours: Option<QuietHours>,
}

/// What a story is made from.
pub(crate) struct Teller<'t> {
    pub(crate) watching: &'t Watching,
    pub(crate) monitor: &'t Monitor,
    pub(crate) questions: Questions<'t>,
    pub(crate) names: &'t Names,
    /// In milliseconds since 1970.
    pub(crate) now: i64,
}

impl Teller<'_> {
    /// The story of a notification, as JSON.
    ///
    /// # Errors
    /// Where the database can't be read.
    pub(crate) fn tell(&self, notification: &Notification) -> Result<String, StoreError> {
        let story = self.story(notification)?;
        serde_json::to_string(&story).map_err(|error| StoreError::Other(format!("a story: {error}")))
    }

    fn story(&self, notification: &Notification) -> Result<Story, StoreError> {
        let configuration = self.watching.configuration();
        let arn = alarm_of(&notification.about, configuration);
        let watched = self.watched(arn)?;
        let changes = self.questions.state_changes(arn, 2)?;
        let since = changes.get(1).map(|change| change.at);
        let state = self.monitor.alarms().find(|alarm| alarm.arn == arn).map(|alarm| alarm.state);
        let reason = changes.first().and_then(reason_of).unwrap_or_default();
        let metrics = match &notification.about {
            About::Summary(summary) => self.metrics_of_all(summary),
            _ => self.metrics_behind(arn, 0),
        };
        let span = self.span(notification, since);
        let evidence = self.evidence(&metrics, span)?;
        let period = period_of(&watched);
        Ok(Story {
            letter: self.letter(notification)?,
            account: Account {
                id: configuration.account_id.clone(),
                name: self.names.accounts.get(&configuration.account_id).cloned(),
            },
            region: configuration.region.clone(),
            topic: notification.topic.clone(),
            alarm: Alarm {
                arn: arn.to_owned(),
                updated_at: self.questions.defined_at(arn)?.unwrap_or(self.now),
                definition: watched.clone(),
            },
            happened: self.happened(&notification.about, state.unwrap_or(StateValue::Alarm), &reason, since),
            lead: lead(&watched, &notification.about),
            series: self.series(&watched)?,
            ongoing: self.ongoing(&evidence, period),
            evidence,
            links: self.links(),
            unsubscribe: None,
        })
    }

    fn letter(&self, notification: &Notification) -> Result<Letter, StoreError> {
        let about = &notification.about;
        let follows = match about {
            About::State(change) => change.to != StateValue::Alarm,
            About::News(_) | About::Reminder(_) => true,
            About::LateEpisode(_) | About::Summary(_) => false,
        };
        let earlier = match about.alarm().filter(|_| follows) {
            Some((alarm, _)) => self.questions.earlier(&notification.subscription, alarm, notification.id)?,
            None => Vec::new(),
        };
        Ok(Letter {
            id: notification.id,
            instance: self.names.instance.clone(),
            domain: self.names.domain.clone(),
            earlier,
            from: self.names.from.clone(),
            to: notification.subscription.endpoint.clone(),
            written_at: notification.queued_at,
        })
    }

    fn happened(&self, about: &About, state: StateValue, reason: &str, since: Option<i64>) -> Happened {
        let mut happened = Happened::of(about, state, reason, since);
        if let (Happened::State { children, to: StateValue::Alarm, .. }, About::State(change)) =
            (&mut happened, about)
        {
            *children = self.children(&change.alarm, change.at);
        }
        happened
    }

    /// The alarms in the rule of a composite alarm that are in `ALARM`.
    fn children(&self, arn: &str, at: i64) -> Vec<notify::Child> {
        let composites = &self.watching.configuration().composite_alarms;
        let Some(composite) = composites.iter().find(|alarm| alarm.arn == arn) else { return Vec::new() };
        let names: Vec<&str> =
            composite.definition.rule.children().iter().map(|child| child.name()).collect();
        self.monitor
            .alarms()
            .filter(|alarm| names.contains(&alarm.name) && alarm.state == StateValue::Alarm)
            .map(|alarm| notify::Child { arn: alarm.arn.to_owned(), state: alarm.state, at })
            .collect()
    }

    /// What an alarm is. One that the template doesn't declare any more is known by its name alone.
    fn watched(&self, arn: &str) -> Result<Watched, StoreError> {
        let configuration = self.watching.configuration();
        let metric = configuration.alarms.iter().find(|alarm| alarm.arn == arn);
        if let Some(alarm) = metric {
            return Ok(Watched::Metric(Box::new(alarm.definition.clone())));
        }
        let composite = configuration.composite_alarms.iter().find(|alarm| alarm.arn == arn);
        match composite {
            Some(alarm) => Ok(Watched::Composite(Box::new(alarm.definition.clone()))),
            None => gone(arn),
        }
    }

    /// The metrics that an alarm looks at; of a composite alarm, those of the alarms in its rule.
    fn metrics_behind(&self, arn: &str, depth: u32) -> Vec<Arc<MetricId>> {
        let configuration = self.watching.configuration();
        if let Some(alarm) = configuration.alarms.iter().find(|alarm| alarm.arn == arn) {
            return alarm.definition.metrics().filter_map(|metric| identity(&metric.metric)).collect();
        }
        let composite = configuration.composite_alarms.iter().find(|alarm| alarm.arn == arn);
        let Some(composite) = composite.filter(|_| depth < MAX_DEPTH) else { return Vec::new() };
        let names: Vec<&str> =
            composite.definition.rule.children().iter().map(|child| child.name()).collect();
        let arns = self.monitor.alarms().filter(|alarm| names.contains(&alarm.name)).map(|alarm| alarm.arn);
        let mut metrics: Vec<Arc<MetricId>> =
            arns.flat_map(|arn| self.metrics_behind(arn, depth + 1)).collect();
        metrics.sort_unstable();
        metrics.dedup();
        metrics
    }

    /// The metrics that the alarms of a summary look at.
    fn metrics_of_all(&self, summary: &Summary) -> Vec<Arc<MetricId>> {
        let mut metrics: Vec<Arc<MetricId>> =
            summary.items.iter().flat_map(|item| self.metrics_behind(&item.alarm, 0)).collect();
        metrics.sort_unstable();
        metrics.dedup();
        metrics
    }

    /// The seconds of the records behind a notification: from the first of them, and before the second.
    fn span(&self, notification: &Notification, since: Option<i64>) -> (i64, i64) {
        let now = self.now.div_euclid(1000).saturating_add(monitor::EARLY_LIMIT);
        match &notification.about {
            About::State(change) if change.to == StateValue::Alarm => match &change.judged {
                Some(judged) => (judged.window.start(), now),
                None => (change.at.div_euclid(1000).saturating_sub(3600), now),
            },
            // What was behind the state that is over.
            About::State(change) => {
                let began = since.unwrap_or(change.at).div_euclid(1000);
                let window =
                    change.judged.as_ref().map_or(3600, |judged| judged.window.end - judged.window.start());
                (began.saturating_sub(window), now)
            }
            About::LateEpisode(episode) => (episode.judged.window.start(), episode.last_end),
            About::News(news) => (news.at.div_euclid(1000).saturating_sub(DAY), now),
            About::Reminder(reminder) => (reminder.since.div_euclid(1000).saturating_sub(3600), now),
            // What is over is told by the letters before.
            About::Summary(summary) if summary.state != StateValue::Alarm => (0, 0),
            About::Summary(summary) => (summary.from.div_euclid(1000).saturating_sub(3600), now),
        }
    }

    fn evidence(&self, metrics: &[Arc<MetricId>], span: (i64, i64)) -> Result<Evidence, StoreError> {
        let found = self.questions.evidence_groups(metrics, span, MAX_CONTENTS)?;
        let all = self.questions.evidence_count(metrics, span.0, span.1)?;
        let mut groups = self.grouped(found);
        let principals = distinct(groups.iter().map(|group| Some(&group.principal)));
        let keys = distinct(groups.iter().map(|group| group.key.as_ref().map(|key| &key.text)));
        let rest = groups.split_off(groups.len().min(MAX_GROUPS));
        let listed: u64 = groups.iter().map(|group| group.count).sum();
        for group in &mut groups {
            group.before = self.before(group)?;
        }
        Ok(Evidence {
            groups,
            more_groups: rest.len() as u64,
            more_calls: all.saturating_sub(listed),
            principals,
            keys,
        })
    }

    /// Calls of one principal with one key, one operation and one error, the most frequent first.
    fn grouped(&self, found: Vec<store_sqlite::EvidenceGroup>) -> Vec<Group> {
        let mut groups: BTreeMap<_, Group> = BTreeMap::new();
        for EvidenceGroup { evidence, count, first, last } in found {
            let expected = self.expected(&evidence, last);
            let by = (
                evidence.principal.clone(),
                evidence.key.clone(),
                evidence.operation.clone(),
                evidence.error.clone(),
                expected.clone(),
            );
            let group =
                groups.entry(by).or_insert_with(|| Group { expected, ..self.group(&evidence, first) });
            group.count = group.count.saturating_add(count);
            group.first = group.first.min(first);
            if last >= group.last {
                group.last = last;
                group.user_agent = evidence.user_agent.or(group.user_agent.take());
                group.error_message = evidence.error_message.or(group.error_message.take());
            }
            add_names(&mut group.addresses, &mut group.more_addresses, evidence.source_address);
            add_names(&mut group.data, &mut group.more_data, evidence.data);
            group.more_data = group.more_data.max(u64::from(evidence.more_data));
        }
        let mut groups: Vec<Group> = groups.into_values().collect();
        groups.sort_by(|one, other| {
            let worse =
                |group: &Group| (group.expected.is_none(), group.error.is_some(), group.count, group.last);
            worse(other).cmp(&worse(one))
        });
        groups
    }

    /// Why owners expect a call of that time, in seconds since 1970, if they do.
    fn expected(&self, evidence: &Found, time: i64) -> Option<String> {
        let Found { principal, operation, key, error, .. } = evidence;
        let covers = |call: &&ExpectedCall| {
            call.covers((principal, operation), key.as_deref(), error.as_deref(), Some(time))
        };
        self.names.expected.iter().find(covers).map(|call| call.reason.clone())
    }

    fn group(&self, evidence: &Found, first: i64) -> Group {
        let key = evidence.key.as_ref().map(|text| Key { text: text.clone(), name: self.key_name(text) });
        Group {
            who: self.with_account_name(&evidence.principal_words),
            principal: evidence.principal.clone(),
            service: evidence.service.clone(),
            operation: evidence.operation.clone(),
            no_key: if key.is_none() { evidence.key_notes.first().cloned() } else { None },
            key,
            error: evidence.error.clone(),
            region: evidence.region.clone(),
            first,
            last: i64::MIN,
            ..Group::default()
        }
    }

    /// `user alice in account production (111122223333)`
    fn with_account_name(&self, who: &str) -> String {
        let mut accounts = self.names.accounts.iter();
        let named = accounts.find_map(|(id, name)| {
            let (before, behind) = who.split_once(&format!(" in account {id}"))?;
            Some(format!("{before} in account {name} ({id}){behind}"))
        });
        named.unwrap_or_else(|| who.to_owned())
    }

    /// What a key is called: by its ARN, its id, or its alias.
    fn key_name(&self, text: &str) -> Option<String> {
        let id = text.rsplit_once("key/").map_or(text, |(_, id)| id);
        let alias = text.rsplit_once(':').map_or(text, |(_, alias)| alias);
        [text, id, alias].into_iter().find_map(|name| self.names.keys.get(name)).cloned()
    }

    /// What was seen of this principal failing on this key in the time before.
    fn before(&self, group: &Group) -> Result<Option<Before>, StoreError> {
        let since = group.first.saturating_sub(HISTORY);
        let key = group.key.as_ref().map(|key| key.text.as_str());
        let seen = self.questions.seen_before(&group.principal, key, group.first, since)?;
        let Some(known_since) = seen.known_since else { return Ok(None) };
        let days = group.first.saturating_sub(known_since.max(since)).div_euclid(86_400);
        Ok(Some(Before {
            failures: seen.failures,
            days: u32::try_from(days.max(0)).unwrap_or(30),
            last: seen.last,
        }))
    }

    fn ongoing(&self, evidence: &Evidence, period: i64) -> Ongoing {
        let Some((_, last)) = evidence.span() else { return Ongoing::Unknown };
        let silent = self.now.div_euclid(1000).saturating_sub(last);
        if silent <= STILL.max(2 * period) { Ongoing::Yes } else { Ongoing::No }
    }

    fn links(&self) -> Vec<Link> {
        let status = |url: &String| Link {
            label: "What kmswatch watches now".to_owned(),
            url: format!("{}/v1/status", url.trim_end_matches('/')),
        };
        self.names.public_url.iter().map(status).collect()
    }

    /// The metric of the last hours, of an alarm on one metric.
    fn series(&self, watched: &Watched) -> Result<Option<Series>, StoreError> {
        let Watched::Metric(definition) = watched else { return Ok(None) };
        let Source::Metric(statistic) = &definition.source else { return Ok(None) };
        let Some(metric) = identity(&statistic.metric) else { return Ok(None) };
        let period = i64::from(definition.condition.period);
        let now = self.now.div_euclid(1000);
        let end = now - now.rem_euclid(period) + period;
        let start = end.saturating_sub(CHART_PERIODS * period);
        let mut series = MetricSeries::default();
        for slot in self.questions.datapoints(&metric, start, end)? {
            series.merge(slot.start, Resolution::High, slot.unit, &slot.summary);
        }
        let value = |number: i64| {
            let MetricStatistic { unit, period, statistic, .. } = statistic;
            let start = start + number * i64::from(*period);
            Some(series.datapoint(*unit, start, *period, statistic)?.value)
        };
        Ok(Some(Series {
            title: format!(
                "{} {}, {}",
                statistic.metric.namespace, statistic.metric.name, statistic.statistic
            ),
            period: definition.condition.period,
            start,
            values: (0..CHART_PERIODS).map(value).collect(),
        }))
    }
}

/// The ARN of the alarm that a notification is about; of a summary, that of any alarm in it.
fn alarm_of<'a>(about: &'a About, configuration: &'a Configuration) -> &'a str {
    match about {
        About::Summary(summary) => match summary.items.first() {
            Some(item) => &item.alarm,
            None => configuration.alarms.first().map_or("", |alarm| alarm.arn.as_str()),
        },
        about => about.alarm().map_or("", |(alarm, _)| alarm),
    }
}

/// Why an alarm changed its state, in AWS's words.
pub(crate) fn reason_of(change: &HistoryRow) -> Option<String> {
    let change: StateChange = serde_json::from_str(&change.detail).ok()?;
    Some(change.reason.to_string())
}

/// The metric, as those know it who observe it.
pub(crate) fn identity(metric: &MetricIdentity) -> Option<Arc<MetricId>> {
    monitor::metric_id(metric).map(Arc::new)
}

/// An alarm that isn't declared any more, as far as its name tells what it was.
fn gone(arn: &str) -> Result<Watched, StoreError> {
    let name = arn.rsplit_once(":alarm:").map_or(arn, |(_, name)| name);
    let put = PutCompositeAlarm {
        alarm_name: Some(name.to_owned()),
        alarm_rule: Some("FALSE".to_owned()),
        ..PutCompositeAlarm::default()
    };
    let composite = put.check().map_err(|problems| StoreError::Other(format!("{arn}: {problems:?}")))?;
    Ok(Watched::Composite(Box::new(composite)))
}

fn period_of(watched: &Watched) -> i64 {
    match watched {
        Watched::Metric(definition) => i64::from(definition.condition.period),
        Watched::Composite(_) => 60,
    }
}

/// What the mail begins with where the evidence isn't what it is about.
fn lead(watched: &Watched, about: &About) -> Option<String> {
    let state = match about {
        About::Summary(_) => return None,
        about => about.state(),
    };
    let name = watched.name();
    let description = watched.description().unwrap_or_default();
    match (reserved::is_reserved(name), state) {
        (false, _) => None,
        (true, StateValue::Alarm) => Some(description.to_owned()),
        (true, StateValue::Ok) => Some("The source delivers again.".to_owned()),
        (true, StateValue::InsufficientData) => None,
    }
}

fn distinct<T: Ord>(names: impl Iterator<Item = Option<T>>) -> u64 {
    names.flatten().collect::<std::collections::BTreeSet<T>>().len() as u64
}

/// Names that aren't there yet, and how many there was no room for.
fn add_names(names: &mut Vec<String>, more: &mut u64, new: impl IntoIterator<Item = String>) {
    for name in new {
        if names.contains(&name) {
            continue;
        }
        if names.len() < MAX_NAMES { names.push(name) } else { *more += 1 }
    }
}
