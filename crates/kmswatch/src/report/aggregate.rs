//! Records in, answer out.

use std::io;

use super::evidence::{Counted, Evidence};
use super::expected::Expected;
use super::group::{Group, Groups, Place, Span};
use super::hours::Hours;
use super::limits::Limits;
use super::observations::{Counting, Observations, Stream};
use super::order;
use super::pairs::{Pairs, Role};
use super::seen::Seen;
use super::time;

/// What a report looks for.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Detection {
    /// Its name.
    pub(crate) name: String,
    /// Its filter pattern.
    pub(crate) pattern: String,
    /// What it looks for, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) words: Option<String>,
    /// How many records matched it, repeats not counted.
    pub(crate) matched: u64,
}

impl Detection {
    /// One that nothing has matched yet.
    pub(crate) fn new(name: impl Into<String>, pattern: impl Into<String>) -> Self {
        Detection { name: name.into(), pattern: pattern.into(), words: None, matched: 0 }
    }
}

/// How records are added up.
#[derive(Debug, Default)]
pub(crate) struct Options {
    /// Count a record as often as it was delivered.
    pub(crate) keep_duplicates: bool,
    /// What is known and harmless.
    pub(crate) expected: Expected,
    /// The first detection that is only counted; `None` if what any of them matches is grouped.
    pub(crate) only_counted_from: Option<u32>,
    /// What each detection's matches count for alarms; of further ones, nothing.
    pub(crate) counting: Vec<Counting>,
    /// What alarms look at.
    pub(crate) streams: Vec<Stream>,
    /// How much may be held in memory.
    pub(crate) limits: Limits,
}

/// Adds records up, in bounded memory.
#[derive(Debug)]
pub(crate) struct Aggregate {
    keep_duplicates: bool,
    only_counted_from: Option<u32>,
    seen: Seen,
    pairs: Pairs,
    answer: Answer,
}

/// What all records add up to.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(super) detections: Vec<Detection>,
    pub(super) expected: Expected,
    pub(super) duplicates: u64,
    /// Matching records outside the window, repeats not counted; in none of the other counts.
    pub(super) outside_window: u64,
    /// Records, repeats not counted.
    pub(super) matched: u64,
    /// Of these, those that are in no group.
    pub(super) only_counted: u64,
    /// Of `matched`, and of each detection's, those that are expected.
    expected_records: u64,
    expected_of: Vec<u64>,
    pub(super) span: Option<Span>,
    pub(super) hours: Hours,
    pub(crate) observations: Observations,
    pub(super) groups: Groups,
    /// The groups, worst first.
    pub(super) order: Vec<Place>,
    /// Of each group, where it stands in that order.
    pub(super) ranks: Vec<usize>,
}

impl Aggregate {
    /// Nothing yet; evidence's `detections` are indices into this list.
    pub(crate) fn new(detections: Vec<Detection>, options: Options) -> Self {
        let Options { keep_duplicates, expected, only_counted_from, counting, streams, limits } = options;
        let expected_of = vec![0; detections.len()];
        Aggregate {
            keep_duplicates,
            only_counted_from,
            seen: Seen::new(limits.ids_in_memory),
            pairs: Pairs::new(&limits),
            answer: Answer {
                detections,
                expected,
                duplicates: 0,
                outside_window: 0,
                matched: 0,
                only_counted: 0,
                expected_records: 0,
                expected_of,
                span: None,
                hours: Hours::new(limits.hours),
                observations: Observations::new(counting, &streams, &limits),
                groups: Groups::new(&limits),
                order: Vec::new(),
                ranks: Vec::new(),
            },
        }
    }

    /// Counts a record that is in no group.
    ///
    /// # Errors
    /// Where the temporary file that remembers ids can't be written or read.
    pub(crate) fn count(&mut self, counted: &Counted) -> io::Result<()> {
        let Counted { outside, detections, time, identity } = counted;
        // Other ids than in groups and outside the window: what isn't shown never hides what is.
        let identity = identity.map(if *outside { outside_id } else { counted_id });
        let is_repeat = self.is_repeat(identity)?;
        if *outside {
            self.answer.outside_window += u64::from(!is_repeat);
        } else if is_repeat {
            self.answer.duplicates += 1;
        } else {
            self.answer.count(*time, detections);
            self.answer.only_counted += 1;
        }
        Ok(())
    }

    /// Adds a record to its group.
    ///
    /// # Errors
    /// Where the temporary file that remembers ids can't be written or read.
    pub(crate) fn add(&mut self, evidence: Evidence) -> io::Result<()> {
        if self.is_repeat(evidence.identity)? {
            self.answer.duplicates += 1;
            return Ok(());
        }
        self.count_grouped(&evidence)?;
        match self.pairs.role(&evidence) {
            Role::Alone => drop(self.answer.group(&evidence)),
            Role::Caller(call) => {
                if let Some(group) = self.answer.group(&evidence) {
                    self.pairs.remember(call, &evidence, group);
                }
            }
            Role::Copy => {
                for tired in self.pairs.wait(evidence) {
                    self.settle(&tired);
                }
            }
        }
        Ok(())
    }

    /// The answer, its groups in order.
    pub(crate) fn finish(mut self) -> Answer {
        for copy in self.pairs.left() {
            self.settle(&copy);
        }
        drop((self.seen, self.pairs));
        self.answer.observations.finish();
        self.answer.order = order::worst_first(&self.answer.groups);
        self.answer.ranks = vec![0; self.answer.groups.list.len()];
        for (rank, place) in self.answer.order.iter().enumerate() {
            if let Some(own) = self.answer.ranks.get_mut(*place as usize) {
                *own = rank;
            }
        }
        self.answer
    }

    /// Counts a record that is in a group. Of a correction whose original was only counted, just the detections are new that
    /// aren't only counted.
    fn count_grouped(&mut self, evidence: &Evidence) -> io::Result<()> {
        let Some(only_counted_from) = self.only_counted_from else {
            self.answer.count(evidence.time, &evidence.detections);
            return Ok(());
        };
        if self.is_repeat(evidence.identity.map(counted_id))? {
            let grouped = |detection: &&u32| **detection < only_counted_from;
            self.answer.count_detections(evidence.detections.iter().filter(grouped));
            self.answer.duplicates += 1;
            self.answer.only_counted = self.answer.only_counted.saturating_sub(1);
        } else {
            self.answer.count(evidence.time, &evidence.detections);
        }
        Ok(())
    }

    fn is_repeat(&mut self, identity: Option<u128>) -> io::Result<bool> {
        match identity {
            Some(id) if !self.keep_duplicates => Ok(!self.seen.insert(id)?),
            _ => Ok(false),
        }
    }

    /// Puts another account's copy of a record into the group of the caller's record, or, where there is none, into
    /// one as it is.
    fn settle(&mut self, copy: &Evidence) {
        let answer = &self.answer;
        let best = self.pairs.callers(copy).min_by(|(misfit, one), (other_misfit, other)| {
            misfit.cmp(other_misfit).then_with(|| answer.names(*one).cmp(&answer.names(*other)))
        });
        match best {
            Some((_, group)) => self.answer.join(group, copy),
            None => drop(self.answer.group(copy)),
        }
    }
}

/// The id of a record as one that is only counted.
fn counted_id(id: u128) -> u128 {
    id ^ u128::from(u64::MAX) << 64
}

/// The id of a record outside the window.
fn outside_id(id: u128) -> u128 {
    !id
}

impl Answer {
    /// Records that matched a detection, repeats not counted.
    pub(crate) fn matched(&self) -> u64 {
        self.matched
    }

    /// Records that matched a detection and that nobody expects, repeats not counted.
    pub(crate) fn unexpected(&self) -> u64 {
        self.matched - self.expected_records
    }

    /// The same for one detection; `None` if there is none of that name.
    pub(crate) fn unexpected_of(&self, name: &str) -> Option<u64> {
        let mut listed = self.detections.iter().zip(&self.expected_of);
        listed
            .find(|(detection, _)| detection.name == name)
            .map(|(detection, expected)| detection.matched - expected)
    }

    /// The groups, worst first.
    pub(super) fn in_order(&self) -> impl Iterator<Item = &Group> {
        self.order.iter().filter_map(|place| self.groups.list.get(*place as usize))
    }

    /// What tells a group apart from others, whichever came first.
    fn names(&self, place: Place) -> Option<order::Names<'_>> {
        self.groups.list.get(place as usize).map(|group| order::names(group, &self.groups))
    }

    /// What is counted of every record.
    fn count(&mut self, time: Option<i64>, detections: &[u32]) {
        let time = time::sane(time);
        self.matched += 1;
        self.hours.add(time);
        self.span = Span::with(self.span, time);
        self.count_detections(detections.iter());
    }

    fn count_detections<'d>(&mut self, detections: impl Iterator<Item = &'d u32>) {
        for index in detections {
            if let Some(detection) = self.detections.get_mut(*index as usize) {
                detection.matched += 1;
            }
        }
    }

    /// Puts a call into its group.
    fn group(&mut self, evidence: &Evidence) -> Option<Place> {
        let expected = self.expected.matching(evidence);
        if expected.is_some() {
            self.count_expected(evidence);
        }
        let place = self.groups.add(evidence, expected);
        self.observations.add(evidence, place);
        place
    }

    /// Puts another account's copy of a record into the group that the record is in.
    fn join(&mut self, group: Place, copy: &Evidence) {
        if self.groups.join(group, copy) {
            self.count_expected(copy);
        }
        self.observations.add(copy, Some(group));
    }

    fn count_expected(&mut self, evidence: &Evidence) {
        self.expected_records += 1;
        for index in &evidence.detections {
            if let Some(count) = self.expected_of.get_mut(*index as usize) {
                *count += 1;
            }
        }
    }
}
