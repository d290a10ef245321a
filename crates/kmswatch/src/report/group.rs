//! Groups of calls: one principal, one key, one error.

use std::collections::HashMap;

use cloudtrail::call::{Reason, Tier};

use super::evidence::Evidence;
use super::expected::EntryId;
use super::limits::Limits;
use super::strings::{Strings, Sym, Use};
use super::time;
use super::values::{Kind, Room, Values};

/// What makes a group.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) struct Key {
    pub(super) principal: Sym,
    pub(super) key: Option<Sym>,
    pub(super) error: Option<Sym>,
    /// The entry of the list of expected calls under which its calls fall.
    pub(super) expected: Option<EntryId>,
}

/// All that is known of the calls of a group.
#[derive(Debug)]
pub(super) struct Group {
    pub(super) key: Key,
    /// Records, other accounts' copies included.
    pub(super) records: u64,
    /// Other accounts' copies of records that are in the group already.
    pub(super) copies: u64,
    pub(super) span: Option<Span>,
    /// A service's own, all of them.
    pub(super) by_service: bool,
    /// These three should be the same in all records; if they aren't, the least counts, whichever came first.
    pub(super) words: Option<Sym>,
    pub(super) principal_type: Option<Sym>,
    pub(super) account: Option<Sym>,
    /// Of the worst record, and of several that are as bad, the least.
    pub(super) tier: Tier,
    pub(super) meaning: Option<Sym>,
    pub(super) advice: Option<Sym>,
    pub(super) values: Values,
}

/// The times of the first and the last of some records.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) first: i64,
    pub(super) last: i64,
}

impl Span {
    /// `span` widened to `time`.
    pub(super) fn with(span: Option<Span>, time: Option<i64>) -> Option<Span> {
        let Some(time) = time else { return span };
        let span = span.unwrap_or(Span { first: time, last: time });
        Some(Span { first: span.first.min(time), last: span.last.max(time) })
    }
}

impl Group {
    /// Calls: records without other accounts' copies of them.
    pub(super) fn calls(&self) -> u64 {
        self.records - self.copies
    }
}

/// Where a group lies in [`Groups::list`].
pub(super) type Place = u32;

/// All groups, in bounded memory.
#[derive(Debug)]
pub(super) struct Groups {
    pub(super) list: Vec<Group>,
    pub(super) strings: Strings,
    /// Records that found no group.
    pub(super) beyond: u64,
    places: HashMap<Key, Place>,
    limit: usize,
    room: Room,
}

impl Groups {
    /// None yet.
    pub(super) fn new(limits: &Limits) -> Self {
        Groups {
            list: Vec::new(),
            strings: Strings::new(limits),
            beyond: 0,
            places: HashMap::new(),
            limit: limits.groups,
            room: Room { in_list: limits.values, further: limits.further_values },
        }
    }

    /// Adds a call to its group and says which that is; `None` where there is no room for a new one.
    pub(super) fn add(&mut self, evidence: &Evidence, expected: Option<EntryId>) -> Option<Place> {
        let place = self.place(evidence, expected);
        let group = place.and_then(|place| self.list.get_mut(place as usize));
        let Some(group) = group else {
            self.beyond += 1;
            return None;
        };
        group.take(evidence, &mut self.strings, &mut self.room);
        place
    }

    /// Adds another account's copy of a record to the group that the record is in, and says whether it is expected.
    /// The call counts once.
    pub(super) fn join(&mut self, place: Place, copy: &Evidence) -> bool {
        let Some(group) = self.list.get_mut(place as usize) else { return false };
        group.copies += 1;
        group.by_service &= copy.by_service;
        group.count(copy, &mut self.room);
        group.key.expected.is_some()
    }

    fn place(&mut self, evidence: &Evidence, expected: Option<EntryId>) -> Option<Place> {
        let principal = self.strings.intern(&evidence.principal, Use::Name)?;
        let key = self.optional(evidence.key.as_deref())?;
        let error = self.optional(evidence.error.as_deref())?;
        let key = Key { principal, key, error, expected };
        match self.places.get(&key) {
            Some(place) => Some(*place),
            None => self.new_group(key, evidence),
        }
    }

    fn optional(&mut self, text: Option<&str>) -> Option<Option<Sym>> {
        match text {
            Some(text) => self.strings.intern(text, Use::Name).map(Some),
            None => Some(None),
        }
    }

    fn new_group(&mut self, key: Key, evidence: &Evidence) -> Option<Place> {
        if self.list.len() >= self.limit {
            return None;
        }
        let place = Place::try_from(self.list.len()).ok()?;
        let group = Group::new(key, evidence.tier);
        if self.list.len() == self.list.capacity() {
            self.list.reserve_exact(self.list.len() / 8 + 64);
        }
        self.list.push(group);
        self.places.insert(key, place);
        Some(place)
    }
}

impl Group {
    fn new(key: Key, tier: Tier) -> Self {
        Group {
            key,
            records: 0,
            copies: 0,
            span: None,
            by_service: true,
            words: None,
            principal_type: None,
            account: None,
            tier,
            meaning: None,
            advice: None,
            values: Values::default(),
        }
    }

    fn take(&mut self, evidence: &Evidence, strings: &mut Strings, room: &mut Room) {
        self.count(evidence, room);
        self.by_service &= evidence.by_service;
        keep_least(&mut self.words, &evidence.principal_words, strings);
        keep_least(&mut self.principal_type, &evidence.principal_type, strings);
        keep_least(&mut self.account, evidence.account.as_deref().unwrap_or_default(), strings);
        self.weigh(evidence, strings);
        if let Some(reason) = evidence.denial {
            let place = Reason::ALL.iter().position(|other| *other == reason);
            let number = place.and_then(|place| u32::try_from(place + 1).ok());
            self.values.add(Kind::Denial, number.and_then(Sym::from_number), room);
        }
        for (kind, text) in lists(evidence) {
            let value = strings.intern(text, Use::Value);
            self.values.add(kind, value, room);
        }
        self.values.add_to_rest(Kind::Resource, evidence.resources_more);
    }

    fn weigh(&mut self, evidence: &Evidence, strings: &mut Strings) {
        if evidence.tier > self.tier {
            (self.tier, self.meaning, self.advice) = (evidence.tier, None, None);
        }
        if evidence.tier == self.tier && keep_least(&mut self.meaning, &evidence.error_meaning, strings) {
            self.advice = strings.intern(&evidence.what_to_do, Use::Value);
        }
    }

    /// What is counted of every record, another account's copy included.
    fn count(&mut self, evidence: &Evidence, room: &mut Room) {
        self.records += 1;
        self.span = Span::with(self.span, time::sane(evidence.time));
        for index in &evidence.detections {
            self.values.add(Kind::Detection, Sym::from_number(index.saturating_add(1)), room);
        }
    }
}

/// Keeps the lesser of two texts and says whether it is the new one. An empty text is none.
fn keep_least(kept: &mut Option<Sym>, text: &str, strings: &mut Strings) -> bool {
    let less = !text.is_empty() && kept.is_none_or(|kept| text < strings.get(kept));
    if less {
        *kept = strings.intern(text, Use::Value).or(*kept);
    }
    less
}

/// The values that a record adds to the lists of its group.
fn lists(evidence: &Evidence) -> impl Iterator<Item = (Kind, &str)> {
    let optional = [
        (Kind::SourceAddress, &evidence.source_address),
        (Kind::UserAgent, &evidence.user_agent),
        (Kind::InvokedBy, &evidence.invoked_by),
        (Kind::VpcEndpoint, &evidence.vpc_endpoint),
        (Kind::VpcEndpointAccount, &evidence.vpc_endpoint_account),
        (Kind::Region, &evidence.region),
        (Kind::DenyingPolicy, &evidence.denying_policy),
    ];
    let optional = optional.into_iter().filter_map(|(kind, text)| Some((kind, text.as_deref()?)));
    let always =
        [(Kind::Operation, evidence.operation.as_str()), (Kind::EventSource, &evidence.event_source)];
    let several = [
        (Kind::Resource, &evidence.resources),
        (Kind::PrincipalNote, &evidence.principal_notes),
        (Kind::KeyNote, &evidence.key_notes),
    ];
    let several =
        several.into_iter().flat_map(|(kind, texts)| texts.iter().map(move |text| (kind, text.as_str())));
    always.into_iter().chain(several).chain(optional)
}
