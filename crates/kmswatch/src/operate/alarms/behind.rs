//! Who is behind an alarm: the records that count into its metrics.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use metric::MetricId;
use monitor::{Configuration, Evidence, StateChange};
use serde::Serialize;
use store_sqlite::{EvidenceGroup, Questions, StoreError};

use crate::report::escape::shown;
use crate::report::page::{Page, grouped, plural};
use crate::report::{readable, readable_range};
use crate::serve::status::AlarmStatus;
use crate::serve::story::identity;

/// How many different contents of records are looked at.
const MAX_CONTENTS: u32 = 10_000;
/// How deep composite alarms are followed.
const MAX_DEPTH: u32 = 8;
/// How many addresses a group names.
const MAX_ADDRESSES: usize = 8;
/// What is looked at while an alarm isn't in `ALARM`, in seconds: a day.
const LOOKED_BACK: i64 = 86_400;

/// The records.
#[derive(Debug, Serialize)]
pub(super) struct Behind {
    /// From when on, in seconds since 1970.
    from: i64,
    /// Whether that is where the `ALARM` began.
    in_alarm: bool,
    calls: u64,
    more_groups: u64,
    groups: Vec<Group>,
}

/// Calls of one principal with one key, one operation and one error.
#[derive(Debug, Serialize)]
struct Group {
    principal: String,
    principal_words: String,
    operation: String,
    key: Option<String>,
    error: Option<String>,
    calls: u64,
    /// In seconds since 1970.
    first: i64,
    last: i64,
    source_addresses: Vec<String>,
    more_source_addresses: u64,
}

impl Behind {
    pub(super) fn of(
        alarm: &AlarmStatus,
        configuration: &Configuration,
        questions: &Questions<'_>,
        now: i64,
    ) -> Result<Self, StoreError> {
        let now = now.div_euclid(1000);
        let in_alarm = alarm.state == "ALARM";
        let began = if in_alarm { began(&alarm.arn, questions)? } else { None };
        let from = began.unwrap_or(now.saturating_sub(LOOKED_BACK));
        let span = (from, now.saturating_add(monitor::EARLY_LIMIT));
        let metrics = metrics(&alarm.arn, configuration, 0);
        Ok(Behind {
            from,
            in_alarm: began.is_some(),
            calls: questions.evidence_count(&metrics, span.0, span.1)?,
            more_groups: 0,
            groups: together(questions.evidence_groups(&metrics, span, MAX_CONTENTS)?),
        })
    }

    /// Keeps the first groups and counts the others.
    pub(super) fn cut(&mut self, top: usize) {
        self.more_groups = self.groups.len().saturating_sub(top) as u64;
        self.groups.truncate(top);
    }

    pub(super) fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        let since = match self.in_alarm {
            true => format!("since {} UTC", readable(self.from)),
            false => "in the last day".to_owned(),
        };
        page.heading(&format!("Behind it {since}: {}", plural(self.calls, "call")))?;
        self.groups.iter().try_for_each(|group| group.write(page))?;
        match self.more_groups {
            0 => Ok(()),
            more => page.line(&format!("  and {}; --top shows more", plural(more, "more group"))),
        }
    }
}

impl Group {
    fn write(&self, page: &mut Page<'_>) -> io::Result<()> {
        let error = self.error.as_deref().map_or("it worked".to_owned(), shown);
        let what = format!("{}, {}, {error}", shown(&self.principal_words), shown(&self.operation));
        page.hanging(&format!("  {} × ", grouped(self.calls)), 4, &what)?;
        page.field("who", &shown(&self.principal))?;
        page.field("which key", &self.key.as_deref().map_or("the records name none".to_owned(), shown))?;
        if !self.source_addresses.is_empty() {
            let addresses: Vec<String> = self.source_addresses.iter().map(|address| shown(address)).collect();
            let more = match self.more_source_addresses {
                0 => String::new(),
                more => format!(" and {} more", grouped(more)),
            };
            page.field("from where", &format!("{}{more}", addresses.join(", ")))?;
        }
        page.field("when", &readable_range(self.first, self.last))
    }
}

/// The beginning of the window with which an alarm went into the state that it is in.
fn began(arn: &str, questions: &Questions<'_>) -> Result<Option<i64>, StoreError> {
    let last = questions.last_change(arn)?;
    let change = last.and_then(|row| serde_json::from_str::<StateChange>(&row.detail).ok());
    Ok(change.map(|change| match &change.judged {
        Some(judged) => judged.window.start(),
        None => change.at.div_euclid(1000).saturating_sub(3600),
    }))
}

/// The metrics that an alarm looks at; of a composite alarm, those of the alarms in its rule.
pub(crate) fn metrics(arn: &str, configuration: &Configuration, depth: u32) -> Vec<Arc<MetricId>> {
    if let Some(alarm) = configuration.alarms.iter().find(|alarm| alarm.arn == arn) {
        return alarm.definition.metrics().filter_map(|metric| identity(&metric.metric)).collect();
    }
    let composite = configuration.composite_alarms.iter().find(|alarm| alarm.arn == arn);
    let Some(composite) = composite.filter(|_| depth < MAX_DEPTH) else { return Vec::new() };
    let names: Vec<&str> = composite.definition.rule.children().iter().map(|child| child.name()).collect();
    let metric = configuration.alarms.iter().map(|alarm| (&alarm.definition.name, &alarm.arn));
    let composite = configuration.composite_alarms.iter().map(|alarm| (&alarm.definition.name, &alarm.arn));
    let children = metric.chain(composite).filter(|(name, _)| names.contains(&name.as_str()));
    let mut all: Vec<_> = children.flat_map(|(_, arn)| metrics(arn, configuration, depth + 1)).collect();
    all.sort_unstable();
    all.dedup();
    all
}

/// The worst first.
fn together(found: Vec<EvidenceGroup>) -> Vec<Group> {
    let mut groups: BTreeMap<(String, Option<String>, String, Option<String>), Group> = BTreeMap::new();
    for EvidenceGroup { evidence, count, first, last } in found {
        let Evidence { principal, key, operation, error, .. } = &evidence;
        let by = (principal.clone(), key.clone(), operation.clone(), error.clone());
        let group = groups.entry(by).or_insert_with(|| Group::of(&evidence, first));
        group.calls = group.calls.saturating_add(count);
        (group.first, group.last) = (group.first.min(first), group.last.max(last));
        let new = evidence.source_address.filter(|address| !group.source_addresses.contains(address));
        match new {
            Some(address) if group.source_addresses.len() < MAX_ADDRESSES => {
                group.source_addresses.push(address)
            }
            Some(_) => group.more_source_addresses += 1,
            None => {}
        }
    }
    let mut groups: Vec<Group> = groups.into_values().collect();
    groups.sort_by_key(|group| std::cmp::Reverse((group.error.is_some(), group.calls, group.last)));
    groups
}

impl Group {
    fn of(evidence: &Evidence, first: i64) -> Self {
        Group {
            principal: evidence.principal.clone(),
            principal_words: evidence.principal_words.clone(),
            operation: evidence.operation.clone(),
            key: evidence.key.clone(),
            error: evidence.error.clone(),
            calls: 0,
            first,
            last: first,
            source_addresses: Vec::new(),
            more_source_addresses: 0,
        }
    }
}
