//! Given this command, what changed?
//!
//! A [`Monitor`] is a deterministic state machine. [`Monitor::apply`] takes one [`Command`] and answers with the
//! [`Change`]s that it makes; there is no clock, no input or output and no chance in it. Time comes as [`Command::Tick`].
//! The same commands make the same changes, byte for byte, on any machine and however they are put together into
//! transactions, so whatever is stored or sent is a fold over the commands.
//!
//! # When an alarm is judged
//!
//! At a tick, each alarm is evaluated for every window that ended since the tick before, in the order of time, as often as
//! ticks may come. Windows that can't come to something else than the one before aren't looked at. An alarm whose expression
//! asks for the time (`HOUR`, `MINUTE`, `EPOCH`) may change in any window, so that all are looked at; but where more than twice
//! [`CLOCK_REACH`] lies between two ticks, only those in the first and the last of it. With
//! [`alarm::Mode::Eager`], an [`Ingest`] is judged at once besides: an alarm goes into `ALARM` where M of the newest N periods
//! of the window that runs now breach, and further records can only push towards breaching.
//! [`Command::PutMetricData`] waits for the tick, as at CloudWatch.
//!
//! An alarm that is created, or asks something else than before, is evaluated for the first time at the next tick or, where
//! nothing is known of its metrics yet, at the end of the window that runs; an update keeps its state until then. What its
//! evaluations of earlier windows come to follows from what is known of its metrics; that is history, of which nobody is told. Other actions or another description change nothing but these.
//!
//! Of a metric with several units, an alarm without one looks in each window at the first, by name, that the window has
//! observations in; at CloudWatch this is undefined.
//!
//! # Late records
//!
//! CloudTrail promises minutes, not seconds, and sometimes it takes hours. A record is counted in the period of its own time,
//! however late it comes (within [`LATE_HORIZON`]); all windows that it lies in are evaluated again. So a monitor knows at each
//! time what all evaluations so far come to by what is known now, and in whatever order the same records came, the
//! datapoints and the verdict of each period are the same in the end.
//!
//! Consecutive evaluations that come to `ALARM` are an *episode*. For alarms that further records can only push towards
//! breaching ([`only_pushes_towards_breaching`]):
//!
//! - **State.** If the episode reaches to the newest evaluation, the alarm is in `ALARM` now: a [`StateChange`] like any
//!   other. An ingest that is judged at once finds it at the time of the newest tick, all else at the alarm's next evaluation.
//!   If it is over, the present state stays what the present data say.
//! - **History.** An episode that is over and that nobody knew of is a [`LateEpisode`]. Whatever else differs from what was
//!   known is [`Revised`], piece by piece.
//! - **Notification.** An episode is told once: by the state change, or as a late episode. A late record that only enlarges an
//!   episode tells nothing, unless it brings a new principal or key ([`News`], at most once in five minutes); not even if the
//!   episode now reaches to the present, so that the alarm goes into `ALARM` again ([`Untold::ToldBefore`]). Where a late
//!   record joins two episodes that had been told as two, nothing is told again; they were two by what was known. Where the
//!   late record is no breach but fills a gap, so that one episode becomes two or goes, nothing is told again either, nor when
//!   a further record brings back what went.
//!
//! For all other alarms (an average that a late record pulls down, a missing period that counts as breaching) nothing past is
//! ever told: what differs is [`Revised`]. Their present state follows the present data.
//!
//! What is older than the horizon is evidence and a [`Change::OutOfReach`], whether or not it is a repeat.
//!
//! # Many notifications
//!
//! At a tick, where more than ten notifications of one state wait for one person that were queued within a minute and that nobody has
//! tried, they become one ([`Change::Summed`]). The earliest one isn't among them if a courier may have taken it. What an alarm did
//! behind its `ALARM` goes with it, so that no `OK` is told before its `ALARM`.
//!
//! Between [`Command::Backlog`]`(true)` and `(false)`, what windows before the beginning come to is judged and recorded as always, but
//! collected ([`Untold::Backlog`]) and told in one summary for each subscriber at the end. A state change counts by its
//! window, a late episode by its last one, a piece of news by its newest record; a composite alarm's change by what made it change.
//! Late observations whose alarms wait for their next evaluation are judged before the summary is made.
//!
//! # Saving and loading
//!
//! Whoever stores, after each command, what [`Monitor::take_parts`] answers with, the records of [`Change::Remembered`] and the
//! slots of [`Change::Observed`], may stop at any time: [`Monitor::load`] makes a monitor of it that answers to all further
//! commands as the other one would have. So that both know the same of the past, a [`Command::Configure`] brings what was stored
//! of the metrics that it looks at ([`Configuration::known`]).
//!
//! Of an alarm for which time only went by, nothing is saved. A window was evaluated that came to what the one before came to;
//! that it was follows from the time, which is saved, and to evaluate such a window twice comes to nothing new.

mod actions;
mod backlog;
mod change;
mod command;
mod composites;
mod configuration;
mod judge;
mod metrics;
mod monitor;
mod outbox;
mod recent;
mod saved;
mod sightings;
mod summary;
mod timeline;
mod watch;

pub use change::{
    About, Change, Judged, LateEpisode, News, Notification, Reminder, Revised, StateChange, Untold,
};
pub use command::{Command, DeliveryOutcome, Evidence, Ingest, Match, MetricDatum, Unmatched};
pub use configuration::{CompositeAlarm, Configuration, MetricAlarm, MetricFilter, Subscription, Topic};
pub use monitor::{AlarmState, Monitor, Verdicts, metric_id};
pub use outbox::{GIVE_UP_AFTER, MAX_ATTEMPTS, MAX_LETTERS};
pub use saved::{LoadError, Part, PartKey, Slot, Stored, UnknownKey};
pub use summary::{MAX_ITEMS, Summary, SummaryItem, SummaryKind};

use alarm::definition::Source;
use alarm::{ComparisonOperator, Definition, TreatMissingData};
use metric::Statistic;

/// How late a record may come and still be judged, in seconds: 14 days.
pub const LATE_HORIZON: i64 = 14 * 86_400;
/// How far in the future an observation may lie, in seconds: two hours (API reference, `PutMetricData`).
pub const EARLY_LIMIT: i64 = 2 * 3600;

/// How far behind a tick and before the next one an alarm is evaluated whose expression asks for the time, in seconds: 366 days.
/// The windows of the 8,000 years before a record that lies about its time are too many to wait for.
pub const CLOCK_REACH: i64 = 366 * 86_400;

/// In a second.
const MILLISECONDS: i64 = 1000;

/// Whether further observations, none of which is negative, can only push an alarm towards breaching: a sum, a number or a
/// maximum that should stay low, while periods without observations don't breach.
#[must_use]
pub fn only_pushes_towards_breaching(definition: &Definition) -> bool {
    let Source::Metric(metric) = &definition.source else { return false };
    let condition = &definition.condition;
    let grows = matches!(metric.statistic, Statistic::Sum | Statistic::SampleCount | Statistic::Maximum);
    let high = matches!(
        condition.comparison_operator,
        ComparisonOperator::GreaterThanThreshold | ComparisonOperator::GreaterThanOrEqualToThreshold
    );
    grows && high && condition.treatment() != TreatMissingData::Breaching
}
