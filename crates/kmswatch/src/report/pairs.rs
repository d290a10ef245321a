//! Which records are of one call?
//!
//! A call across accounts leaves a record in each account, with the same `sharedEventID`. The key owner's copy
//! says little about the caller (type `AWSAccount`), so it joins the caller's record, whichever comes first.
//! Services' records carry a `sharedEventID` inside one account too: only different recipient accounts make a pair.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::hash::{BuildHasher, RandomState};

use super::finding::Finding;
use super::group::Place;
use super::limits::Limits;

/// The calls of which one record was seen and another may follow, in bounded memory.
#[derive(Debug)]
pub(super) struct Pairs {
    hasher: RandomState,
    callers: HashMap<u64, Caller>,
    callers_in_order: VecDeque<u64>,
    max_callers: usize,
    /// Copies without a caller's record so far, by a number that grows, and the call that each is of.
    copies: BTreeMap<u64, (u64, Box<Finding>)>,
    /// The numbers of each call's copies, ascending.
    waiting: HashMap<u64, Vec<u64>>,
    next: u64,
    weight: usize,
    max_weight: usize,
}

/// A caller's record that was seen.
#[derive(Debug)]
struct Caller {
    recipient: u64,
    group: Place,
}

/// What a record may be in a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// It has no other.
    Alone,
    /// It tells who called.
    Caller(Call),
    /// It is another account's copy, which doesn't.
    Copy(Call),
}

/// One call as seen by one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Call {
    id: u64,
    recipient: u64,
}

impl Pairs {
    /// None yet.
    pub(super) fn new(limits: &Limits) -> Self {
        Pairs {
            hasher: RandomState::new(),
            callers: HashMap::new(),
            callers_in_order: VecDeque::new(),
            max_callers: limits.calls,
            copies: BTreeMap::new(),
            waiting: HashMap::new(),
            next: 0,
            weight: 0,
            max_weight: limits.waiting,
        }
    }

    /// What a record may be in a pair.
    pub(super) fn role(&self, finding: &Finding) -> Role {
        let (Some(id), Some(recipient)) = (&finding.shared_event_id, &finding.recipient_account) else {
            return Role::Alone;
        };
        let call = Call { id: self.hasher.hash_one(id), recipient: self.hasher.hash_one(recipient) };
        if finding.principal_type == "AWSAccount" { Role::Copy(call) } else { Role::Caller(call) }
    }

    /// The group of the record that another account has of this call.
    pub(super) fn other(&self, call: Call) -> Option<Place> {
        self.callers
            .get(&call.id)
            .filter(|caller| caller.recipient != call.recipient)
            .map(|caller| caller.group)
    }

    /// Remembers the group of a caller's record, for copies that come later.
    pub(super) fn remember(&mut self, call: Call, group: Place) {
        let caller = Caller { recipient: call.recipient, group };
        if self.callers.insert(call.id, caller).is_none() {
            self.callers_in_order.push_back(call.id);
        }
        if self.callers.len() > self.max_callers
            && let Some(oldest) = self.callers_in_order.pop_front()
        {
            self.callers.remove(&oldest);
        }
    }

    /// Keeps a copy until the caller's record comes. What comes back has waited too long.
    pub(super) fn wait(&mut self, call: Call, copy: Finding) -> Vec<Finding> {
        self.weight += copy.weight();
        self.waiting.entry(call.id).or_default().push(self.next);
        self.copies.insert(self.next, (call.id, Box::new(copy)));
        self.next += 1;
        let mut tired = Vec::new();
        while self.weight > self.max_weight
            && let Some((number, (id, copy))) = self.copies.pop_first()
        {
            self.weight -= copy.weight();
            self.forget(id, number);
            tired.push(*copy);
        }
        tired
    }

    /// The copies that wait for this call's record, in order.
    pub(super) fn waiting_for(&mut self, call: Call) -> Vec<Finding> {
        let numbers = self.waiting.remove(&call.id).unwrap_or_default();
        let found: Vec<Finding> =
            numbers.iter().filter_map(|number| self.copies.remove(number)).map(|(_, copy)| *copy).collect();
        self.weight -= found.iter().map(Finding::weight).sum::<usize>();
        found
    }

    /// The copies that still wait, in order.
    pub(super) fn left(&mut self) -> Vec<Finding> {
        std::mem::take(&mut self.copies).into_values().map(|(_, copy)| *copy).collect()
    }

    /// Whether a copy was delivered to another account than the caller's record.
    pub(super) fn differs(&self, call: Call, copy: &Finding) -> bool {
        copy.recipient_account
            .as_ref()
            .is_some_and(|recipient| self.hasher.hash_one(recipient) != call.recipient)
    }

    fn forget(&mut self, id: u64, number: u64) {
        if let Some(numbers) = self.waiting.get_mut(&id) {
            numbers.retain(|other| *other != number);
            if numbers.is_empty() {
                self.waiting.remove(&id);
            }
        }
    }
}
