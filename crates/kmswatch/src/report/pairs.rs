//! Which records are of one call?
//!
//! A call across accounts leaves a record in each account, with the same `sharedEventID`. The key owner's copy says
//! little about the caller (type `AWSAccount`), so it joins the caller's record. Copies wait until all records were
//! seen, so it doesn't matter which comes first. Services' records carry a `sharedEventID` inside one account too, and
//! more than one record may tell who called; so each of these is a call of its own, and a copy chooses the one that fits
//! it best.

use std::collections::{BTreeMap, VecDeque};
use std::hash::{BuildHasher, RandomState};

use super::evidence::Evidence;
use super::group::Place;
use super::limits::Limits;

/// The calls of which one record was seen and another may follow, in bounded memory.
#[derive(Debug)]
pub(super) struct Pairs {
    hasher: RandomState,
    /// Callers' records, and whether a service made all of their calls on its own.
    callers: BTreeMap<CallerId, bool>,
    callers_in_order: VecDeque<CallerId>,
    max_callers: usize,
    copies: VecDeque<Evidence>,
    weight: usize,
    max_weight: usize,
}

/// The call, the account that the record was delivered to, the record's group, and the caller's account.
type CallerId = (u64, u64, Place, Option<u64>);

/// What a record may be in a pair.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role {
    /// It has no other.
    Alone,
    /// It tells who called.
    Caller(Call),
    /// It is another account's copy, which doesn't.
    Copy,
}

/// One call as seen by one account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Call {
    id: u64,
    recipient: u64,
}

/// How badly a caller's record fits a copy: a caller in the account that the copy names fits best, and rather a person
/// or workload than a service. Groups that fit alike are told apart by their names.
pub(super) type Misfit = (bool, bool);

impl Pairs {
    /// None yet.
    pub(super) fn new(limits: &Limits) -> Self {
        Pairs {
            hasher: RandomState::new(),
            callers: BTreeMap::new(),
            callers_in_order: VecDeque::new(),
            max_callers: limits.calls,
            copies: VecDeque::new(),
            weight: 0,
            max_weight: limits.waiting,
        }
    }

    /// What a record may be in a pair.
    pub(super) fn role(&self, evidence: &Evidence) -> Role {
        match (self.call(evidence), evidence.principal_type.as_str()) {
            (None, _) | (_, "AWSService") => Role::Alone,
            (Some(_), "AWSAccount") => Role::Copy,
            (Some(call), _) => Role::Caller(call),
        }
    }

    fn call(&self, evidence: &Evidence) -> Option<Call> {
        let (id, recipient) = (evidence.shared_event_id.as_ref()?, evidence.recipient_account.as_ref()?);
        Some(Call { id: self.hasher.hash_one(id), recipient: self.hasher.hash_one(recipient) })
    }

    fn account(&self, evidence: &Evidence) -> Option<u64> {
        evidence.account.as_ref().map(|account| self.hasher.hash_one(account))
    }

    /// Remembers the group of a caller's record, for copies of it.
    pub(super) fn remember(&mut self, call: Call, evidence: &Evidence, group: Place) {
        let id = (call.id, call.recipient, group, self.account(evidence));
        let by_service = self.callers.entry(id).or_insert_with(|| {
            self.callers_in_order.push_back(id);
            true
        });
        *by_service &= evidence.by_service;
        if self.callers.len() > self.max_callers
            && let Some(oldest) = self.callers_in_order.pop_front()
        {
            self.callers.remove(&oldest);
        }
    }

    /// The groups of the records that a copy may be of: delivered to another account, and not of a caller who belongs
    /// to another account than the copy says.
    pub(super) fn callers(&self, copy: &Evidence) -> impl Iterator<Item = (Misfit, Place)> {
        let call = self.call(copy);
        let account = self.account(copy);
        let ids = call.map(|call| (call.id, 0, 0, None)..=(call.id, u64::MAX, Place::MAX, Some(u64::MAX)));
        let callers = ids.into_iter().flat_map(|ids| self.callers.range(ids));
        callers.filter_map(move |((_, recipient, group, callers_account), by_service)| {
            let elsewhere = call.is_some_and(|call| call.recipient != *recipient);
            let known = callers_account.is_some() && account.is_some();
            let fits = elsewhere && (!known || *callers_account == account);
            fits.then_some(((!known, *by_service), *group))
        })
    }

    /// Keeps a copy until all records were seen. What comes back has waited too long.
    pub(super) fn wait(&mut self, copy: Evidence) -> Vec<Evidence> {
        self.weight += copy.weight();
        self.copies.push_back(copy);
        let mut tired = Vec::new();
        while self.weight > self.max_weight
            && let Some(copy) = self.copies.pop_front()
        {
            self.weight -= copy.weight();
            tired.push(copy);
        }
        tired
    }

    /// The copies that still wait, in order.
    pub(super) fn left(&mut self) -> VecDeque<Evidence> {
        std::mem::take(&mut self.copies)
    }
}
