//! Which records match, and what they say: the part of a scan that every thread does.

use std::hash::Hasher;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use cloudtrail::call::{self, Call, Tier};
use cloudtrail::reader::{Found, plain_string};
use cloudtrail::scanner::ABSENT;
use filter_pattern::Language;
use metric::Transformation;
use siphasher::sip128::{Hasher128, SipHasher13};

use super::only_counted_from;
use super::span::{Span, SpanText};
use crate::alarms::Unmatched;
use crate::arguments::ScanArguments;
use crate::detections::Detection;
use crate::log_event::{Memory, Patterns, compacted};
use crate::pipeline::Worker;
use crate::report::{Counted, Counting, Evidence, Matched, Stream, Window};

/// What tells records apart: see [`Call::identity`].
const IDENTITY_KEYS: [&str; 6] =
    ["eventID", "recipientAccountId", "addendum", "eventSource", "eventName", "errorCode"];

/// The place of `key` in a list, at whose end it is added if it isn't there.
fn index_of(keys: &mut Vec<String>, key: &str) -> usize {
    keys.iter().position(|other| other == key).unwrap_or_else(|| {
        keys.push(key.to_owned());
        keys.len() - 1
    })
}

/// What all threads of a scan share.
pub(super) struct Scan {
    patterns: Patterns,
    /// What the scanner looks for: the keys of the set, and [`IDENTITY_KEYS`].
    pub(super) watched: Vec<String>,
    /// Where among those the identity keys are, if they are wanted.
    identity: Option<[usize; 6]>,
    only_counted_from: Option<u32>,
    /// Of each detection whose numbers stand in the record: how to find them.
    transformations: Vec<(u32, Transformation)>,
    window: Window,
    /// Records that didn't match; threads add theirs at their end.
    pub(super) unmatched: Option<Mutex<Unmatched>>,
    /// The earliest and latest time of all records; threads add theirs at their end.
    pub(super) span: Mutex<Span>,
}

impl Scan {
    pub(super) fn new(
        arguments: &ScanArguments,
        detections: &[Detection],
        streams: &[Stream],
        window: Window,
    ) -> Self {
        let patterns = Patterns::new(detections.iter().map(|detection| detection.pattern.clone()).collect());
        let mut watched = patterns.set.watched_keys().to_vec();
        let mut identity = None;
        let only_counted_from = only_counted_from(arguments, detections);
        if only_counted_from.is_some() {
            identity = Some(IDENTITY_KEYS.map(|key| index_of(&mut watched, key)));
        }
        let from_record =
            (0_u32..).zip(detections).filter(|(_, detection)| detection.counting() == Counting::FromRecord);
        let transformations =
            from_record.filter_map(|(number, detection)| Some((number, detection.transformation.clone()?)));
        let transformations = if arguments.no_alarms { Vec::new() } else { transformations.collect() };
        Self {
            patterns,
            watched,
            identity,
            only_counted_from,
            transformations,
            window,
            unmatched: Unmatched::new(detections, streams).map(Mutex::new),
            span: Mutex::default(),
        }
    }

    /// Whether what matches these detections, and no others, is counted and not grouped.
    fn only_counts(&self, detections: &[u32]) -> bool {
        self.only_counted_from.is_some_and(|from| detections.iter().all(|detection| *detection >= from))
    }
}

/// One thread of a scan.
pub(super) struct ScanWorker<'s> {
    scan: &'s Scan,
    memory: Memory,
    buffer: json::Buffer,
    span: SpanText,
    unmatched: Option<Unmatched>,
}

impl<'s> ScanWorker<'s> {
    pub(super) fn new(scan: &'s Scan) -> Self {
        let lock = |own: &Mutex<Unmatched>| own.lock().unwrap_or_else(PoisonError::into_inner).emptied();
        Self {
            scan,
            memory: Memory::default(),
            buffer: json::Buffer::default(),
            span: SpanText::default(),
            unmatched: scan.unmatched.as_ref().map(lock),
        }
    }

    fn note_time(&mut self, record: &Found<'_>, detections: &[u32]) {
        let value = match (record.outline, record.value) {
            (Some(outline), _) => record.text.get(outline.event_time as usize..),
            (None, Some(record)) => record.get("eventTime").map(|time| time.raw().as_bytes()),
            (None, None) => None,
        };
        if let Some(value) = value {
            self.span.add(value);
            if let Some(unmatched) = &mut self.unmatched {
                unmatched.add(value, detections, |time| self.scan.window.may_hold(Some(time)));
                if unmatched.is_full() {
                    self.hand_on_unmatched();
                }
            }
        }
    }

    fn hand_on_unmatched(&mut self) {
        if let (Some(own), Some(all)) = (&mut self.unmatched, &self.scan.unmatched) {
            all.lock().unwrap_or_else(PoisonError::into_inner).join(own);
            *own = own.emptied();
        }
    }

    /// A record that is only counted, from its outline; `None` if that doesn't tell enough.
    fn counted(&self, record: &Found<'_>, detections: &[u32]) -> Option<Counted> {
        let outline = record.outline.filter(|outline| !outline.escaped)?;
        let identity = self.scan.identity?;
        let [event_id, recipient, addendum, source, name, error] =
            identity.map(|index| outline.values.get(index).copied().unwrap_or(ABSENT));
        if !self.scan.only_counts(detections) || addendum != ABSENT || !self.scan.window.is_open() {
            return None;
        }
        let text = |offset| std::str::from_utf8(plain_string(record.text, offset)?).ok();
        let optional = |offset| if offset == ABSENT { Some("") } else { text(offset) };
        let recipient_account = optional(recipient)?;
        // An empty id is none: such a record is never a repeat.
        let event_id = text(event_id).filter(|id| !id.is_empty())?;
        let identity = call::Identity { event_id, recipient_account };
        let identity = hash(identity, [text(source)?, text(name)?, optional(error)?]);
        let time = text(outline.event_time).and_then(call::seconds);
        Some(Counted { outside: false, detections: detections.to_vec(), time, identity: Some(identity) })
    }

    /// Reads a matching record.
    fn read(&mut self, record: &Found<'_>, detections: Vec<u32>) -> Result<Matched, json::Error> {
        if let Some(value) = record.value {
            return Ok(self.read_value(value, detections));
        }
        match json::Document::parse_with(record.text, std::mem::take(&mut self.buffer)) {
            Ok(document) => {
                let matched = self.read_value(document.root(), detections);
                self.buffer = document.into_buffer();
                Ok(matched)
            }
            Err((error, buffer)) => {
                self.buffer = buffer;
                Err(error)
            }
        }
    }

    fn read_value(&self, record: json::Value<'_>, detections: Vec<u32>) -> Matched {
        let call = Call::from_record(record);
        let outside = !self.scan.window.may_hold(call.time);
        if outside || self.scan.only_counts(&detections) {
            let (time, identity) = (call.time, identity(&call));
            return Matched::Counted(Counted { outside, detections, time, identity });
        }
        let observations = self.observations(record, &detections);
        Matched::Read(Box::new(Evidence { observations, ..evidence(&call, detections) }))
    }
}

impl ScanWorker<'_> {
    /// The numbers that stand in a record, for the metric filters that want them.
    fn observations(&self, record: json::Value<'_>, detections: &[u32]) -> Vec<(u32, metric::Observation)> {
        let wanted = self.scan.transformations.iter().filter(|(number, _)| detections.contains(number));
        wanted
            .filter_map(|(number, transformation)| {
                // What can't be a number is counted where the observations are added up.
                let observed = match self.scan.patterns.set.patterns().get(*number as usize) {
                    Some(pattern) if pattern.language() != Language::Json => {
                        let mut compact = String::new();
                        let event = compacted(record.raw().as_bytes(), &mut compact);
                        let event = std::str::from_utf8(event).ok()?;
                        transformation.observe(event, &pattern.matches(event)?)
                    }
                    _ => transformation.observe_json(record),
                };
                Some((*number, observed.ok()?))
            })
            .collect()
    }
}

impl Worker for ScanWorker<'_> {
    type Part = Vec<Matched>;

    fn record(
        &mut self,
        _path: &Path,
        record: Found<'_>,
        part: &mut Vec<Matched>,
    ) -> Result<(), json::Error> {
        let matched = self.scan.patterns.matching(&record, &mut self.memory);
        if matched.is_empty() {
            self.note_time(&record, &[]);
            return Ok(());
        }
        let detections = matched.to_vec();
        let found = match self.counted(&record, &detections) {
            Some(counted) => Matched::Counted(counted),
            None => self.read(&record, detections.clone())?,
        };
        part.push(found);
        self.note_time(&record, &detections);
        Ok(())
    }

    fn is_full(part: &Vec<Matched>) -> bool {
        part.len() >= 128
    }
}

impl Drop for ScanWorker<'_> {
    fn drop(&mut self) {
        self.scan.span.lock().unwrap_or_else(PoisonError::into_inner).join(self.span.span);
        self.hand_on_unmatched();
    }
}

/// A call as the report wants it.
fn evidence(call: &Call<'_>, detections: Vec<u32>) -> Evidence {
    let owned = |text: &Option<call::Text<'_>>| text.as_deref().map(str::to_owned);
    let meaning = call.meaning();
    Evidence {
        detections,
        time: call.time,
        principal: call.principal.id().into_owned(),
        principal_words: call.principal.words(),
        principal_notes: call.principal.notes(),
        principal_type: call.principal.kind.to_string(),
        account: owned(&call.principal.account),
        key: call.key_name().map(call::Text::into_owned),
        key_notes: call.key_notes(),
        error: owned(&call.error),
        operation: owned(&call.operation).unwrap_or_default(),
        event_source: owned(&call.source).unwrap_or_default(),
        resources: call.data.iter().map(call::Data::words).collect(),
        resources_more: u32::try_from(call.data_more).unwrap_or(u32::MAX),
        source_address: owned(&call.source_address),
        user_agent: owned(&call.user_agent),
        invoked_by: call.invoked_by().map(str::to_owned),
        vpc_endpoint: owned(&call.vpc_endpoint),
        vpc_endpoint_account: owned(&call.vpc_endpoint_account),
        region: owned(&call.region),
        denial: call.denial.as_ref().map(|denial| denial.reason),
        denying_policy: call.denial.as_ref().and_then(|denial| owned(&denial.policy)),
        by_service: call.by_service(),
        tier: meaning.map_or(Tier::Unknown, |meaning| meaning.tier),
        error_meaning: meaning.map(|meaning| meaning.words.to_owned()).unwrap_or_default(),
        what_to_do: meaning.map(|meaning| meaning.what_to_do.to_owned()).unwrap_or_default(),
        observations: Vec::new(),
        shared_event_id: owned(&call.shared_event_id),
        recipient_account: owned(&call.recipient_account),
        identity: identity(call),
    }
}

/// By what a record is the same as another one, in 16 bytes.
pub(crate) fn identity(call: &Call<'_>) -> Option<u128> {
    let more = [&call.source, &call.operation, &call.error].map(|text| text.as_deref().unwrap_or_default());
    call.identity().map(|identity| hash(identity, more))
}

/// 16 bytes in the place of an identity of any length. Source, operation and error are part of it where the event id isn't
/// one that AWS gave: logs made for exercises repeat theirs (docs/decisions/006).
fn hash(identity: call::Identity<'_>, [source, operation, error]: [&str; 3]) -> u128 {
    let mut hasher = SipHasher13::new();
    let mut write = |text: &str| {
        hasher.write(text.as_bytes());
        hasher.write_u8(0xff);
    };
    write(identity.event_id);
    write(identity.recipient_account);
    if !identity.is_from_aws() {
        [source, operation, error].into_iter().for_each(write);
    }
    hasher.finish128().as_u128()
}
