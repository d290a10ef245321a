//! One matched record, as the pipeline hands it over.

/// One matched record. Its strings are hostile and of any length.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[cfg_attr(test, derive(serde::Deserialize), serde(default, deny_unknown_fields))]
pub(crate) struct Finding {
    /// Whether it is only counted: no group, and all fields below but `detections`, `time` and `identity` are empty.
    pub(crate) only_counted: bool,
    /// Whether it lies outside the [`Window`](super::Window): counted as such, and nothing else.
    pub(crate) outside: bool,
    /// Which detections it matched: indices into the list given to [`Aggregate::new`](super::Aggregate::new),
    /// ascending.
    pub(crate) detections: Vec<u32>,
    /// When the call was made, in seconds since 1970.
    pub(crate) time: Option<i64>,
    /// Who made it: an ARN, or words where the record has none.
    pub(crate) principal: String,
    /// Who made it, in words.
    pub(crate) principal_words: String,
    /// `userIdentity.type`.
    pub(crate) principal_type: String,
    /// The principal's account.
    pub(crate) account: Option<String>,
    /// The key, as exactly as the record tells it.
    pub(crate) key: Option<String>,
    /// `errorCode`; `None` for a call that succeeded.
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
    /// `awsRegion`.
    pub(crate) region: Option<String>,
    /// Why the call was refused, in words.
    pub(crate) denial_reason: Option<String>,
    /// Whether a service made the call of its own accord, with no person or workload behind it.
    pub(crate) by_service: bool,
    /// How much the error weighs.
    pub(crate) tier: Tier,
    /// What the error means, in a sentence.
    pub(crate) error_meaning: String,
    /// What to do about it, in a sentence.
    pub(crate) what_to_do: String,
    /// `sharedEventID`: the same in the records of one call in several accounts.
    pub(crate) shared_event_id: Option<String>,
    /// `recipientAccountId`: the account that the record was delivered to.
    pub(crate) recipient_account: Option<String>,
    /// The same in repeats of one record. `None` is never a repeat.
    pub(crate) identity: Option<u128>,
}

/// How much an error weighs, worst first.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
#[cfg_attr(test, derive(serde::Deserialize), serde(rename_all = "snake_case"))]
pub(crate) enum Tier {
    /// Somebody should look at it.
    Alert,
    /// Nothing is known about this error.
    #[default]
    Unknown,
    /// Worth counting.
    Count,
    /// The service's own trouble.
    Ignore,
}

impl Tier {
    /// Its name in all formats.
    pub(super) fn name(self) -> &'static str {
        match self {
            Tier::Alert => "alert",
            Tier::Unknown => "unknown",
            Tier::Count => "count",
            Tier::Ignore => "ignore",
        }
    }
}

impl serde::Serialize for Tier {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.name())
    }
}

impl Finding {
    /// How much memory it holds, roughly.
    pub(super) fn weight(&self) -> usize {
        let strings = [
            &self.principal,
            &self.principal_words,
            &self.principal_type,
            &self.operation,
            &self.event_source,
        ];
        let more = [&self.error_meaning, &self.what_to_do];
        let optional = [&self.account, &self.key, &self.error, &self.source_address, &self.user_agent];
        let rest = [&self.invoked_by, &self.vpc_endpoint, &self.region, &self.denial_reason];
        let last = [&self.shared_event_id, &self.recipient_account];
        size_of::<Self>()
            + self.detections.capacity() * size_of::<u32>()
            + strings.iter().chain(&more).map(|text| text.capacity()).sum::<usize>()
            + optional
                .iter()
                .chain(&rest)
                .chain(&last)
                .flat_map(|text| text.as_ref())
                .map(String::capacity)
                .sum::<usize>()
            + self.resources.iter().map(|text| text.capacity() + size_of::<String>()).sum::<usize>()
    }
}
