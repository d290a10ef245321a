//! One matched record, as the pipeline hands it over.

use cloudtrail::call::{Reason, Tier};

/// One matched record.
#[derive(Debug)]
pub(crate) enum Matched {
    /// It belongs to no group.
    Counted(Counted),
    /// It is evidence, and belongs to a group.
    Read(Box<Evidence>),
}

/// What is known of a matched record that is only counted.
#[derive(Debug)]
pub(crate) struct Counted {
    /// Whether it lies outside the [`Window`](super::Window): counted as such, and nothing else.
    pub(crate) outside: bool,
    /// As [`Evidence::detections`].
    pub(crate) detections: Vec<u32>,
    /// As [`Evidence::time`].
    pub(crate) time: Option<i64>,
    /// As [`Evidence::identity`].
    pub(crate) identity: Option<u128>,
}

/// Who did what with which key, from where: what one matched record says. Its strings are hostile and of any length.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields))]
pub(crate) struct Evidence {
    /// Which detections it matched: indices into the list given to [`Aggregate::new`](super::Aggregate::new),
    /// ascending.
    pub(crate) detections: Vec<u32>,
    /// When the call was made, in seconds since 1970.
    pub(crate) time: Option<i64>,
    /// Who made it: an ARN, or words where the record has none.
    pub(crate) principal: String,
    /// Who made it, in words: what is the same for all its calls.
    pub(crate) principal_words: String,
    /// What else the record says of who made it, a clause each.
    pub(crate) principal_notes: Vec<String>,
    /// `userIdentity.type`.
    pub(crate) principal_type: String,
    /// The principal's account.
    pub(crate) account: Option<String>,
    /// The key, as exactly as the record tells it.
    pub(crate) key: Option<String>,
    /// What else there is to say of the key, or why there is none, a clause each.
    pub(crate) key_notes: Vec<String>,
    /// `errorCode`, which may be empty; `None` for a call that succeeded.
    pub(crate) error: Option<String>,
    /// `eventName`.
    pub(crate) operation: String,
    /// `eventSource`.
    pub(crate) event_source: String,
    /// Which data the call was about, in words.
    pub(crate) resources: Vec<String>,
    /// How many more there were.
    pub(crate) resources_more: u32,
    /// `sourceIPAddress`.
    pub(crate) source_address: Option<String>,
    /// `userAgent`.
    pub(crate) user_agent: Option<String>,
    /// `userIdentity.invokedBy`: the service that made the call for the principal.
    pub(crate) invoked_by: Option<String>,
    /// `vpcEndpointId`.
    pub(crate) vpc_endpoint: Option<String>,
    /// `vpcEndpointAccountId`: whose that is.
    pub(crate) vpc_endpoint_account: Option<String>,
    /// `awsRegion`.
    pub(crate) region: Option<String>,
    /// Why the call was denied.
    #[cfg_attr(test, serde(deserialize_with = "testing::reason"))]
    pub(crate) denial: Option<Reason>,
    /// The policy that denied it.
    pub(crate) denying_policy: Option<String>,
    /// Whether a service made the call of its own accord, with no person or workload behind it.
    pub(crate) by_service: bool,
    /// How much the call weighs.
    #[cfg_attr(test, serde(deserialize_with = "testing::tier"))]
    pub(crate) tier: Tier,
    /// What the error means, or that there was none, in a clause.
    pub(crate) error_meaning: String,
    /// What to do about it, in a sentence.
    pub(crate) what_to_do: String,
    /// `sharedEventID`: the same in the records of one call in several accounts.
    pub(crate) shared_event_id: Option<String>,
    /// `recipientAccountId`: the account that the record was delivered to.
    pub(crate) recipient_account: Option<String>,
    /// What it is for the metric filters among `detections` whose numbers stand in the record; one for which it is nothing
    /// is missing.
    #[cfg_attr(test, serde(skip))]
    pub(crate) observations: Vec<(u32, metric::Observation)>,
    /// The same in repeats of one record. `None` is never a repeat.
    pub(crate) identity: Option<u128>,
}

impl Evidence {
    /// How much memory it holds, roughly.
    pub(super) fn weight(&self) -> usize {
        let strings = [
            &self.principal,
            &self.principal_words,
            &self.principal_type,
            &self.operation,
            &self.event_source,
            &self.error_meaning,
            &self.what_to_do,
        ];
        let optional = [
            &self.account,
            &self.key,
            &self.error,
            &self.source_address,
            &self.user_agent,
            &self.invoked_by,
            &self.vpc_endpoint,
            &self.vpc_endpoint_account,
            &self.region,
            &self.denying_policy,
            &self.shared_event_id,
            &self.recipient_account,
        ];
        let lists = [&self.principal_notes, &self.key_notes, &self.resources];
        size_of::<Self>()
            + self.detections.capacity() * size_of::<u32>()
            + strings.iter().map(|text| text.capacity()).sum::<usize>()
            + optional.iter().flat_map(|text| text.as_ref()).map(String::capacity).sum::<usize>()
            + lists.iter().copied().flatten().map(|text| text.capacity() + size_of::<String>()).sum::<usize>()
    }
}

/// How cases write what isn't text.
#[cfg(test)]
mod testing {
    use serde::{Deserialize, Deserializer, de::Error};

    use super::*;

    pub(super) fn reason<'de, D: Deserializer<'de>>(from: D) -> Result<Option<Reason>, D::Error> {
        let code = String::deserialize(from)?;
        let found = Reason::ALL.into_iter().find(|reason| reason.code() == code);
        found.map(Some).ok_or_else(|| D::Error::custom(format!("no reason {code}")))
    }

    pub(super) fn tier<'de, D: Deserializer<'de>>(from: D) -> Result<Tier, D::Error> {
        let code = String::deserialize(from)?;
        let tiers = [Tier::Ignore, Tier::Count, Tier::Unknown, Tier::Alert];
        let found = tiers.into_iter().find(|tier| tier.code() == code);
        found.ok_or_else(|| D::Error::custom(format!("no tier {code}")))
    }
}
