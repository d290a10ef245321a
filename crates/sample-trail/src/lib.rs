//! What does a believable trail look like?
//!
//! A small company, invented: two accounts, its keys, its programs and people, what they call on an ordinary day, and somebody
//! who tries to decrypt what they must not. [`day`] is the day of the examples, always the same; [`Live`] is a trail that
//! is written while one watches.
//!
//! There is no clock and no chance here: time and seed are arguments. Account numbers and addresses are those that are set
//! aside for documentation, everything else is invented.

mod attack;
mod background;
mod clock;
mod delivery;
mod live;
mod random;
mod record;
mod story;
mod world;

pub use clock::{Time, at};
pub use delivery::{LogFile, log_file_content, log_file_key};
pub use live::{Live, MAX_CATCH_UP};
pub use random::Random;
pub use record::Record;
pub use story::Step;
pub use world::{ANALYTICS, LOG_BUCKET, PRODUCTION, Site, TRAIL};

/// The day of the examples.
#[derive(Debug, Clone)]
pub struct Day {
    /// In the order of time.
    pub records: Vec<Record>,
    /// What happens in the afternoon, in the order of time.
    pub steps: Vec<Step>,
}

/// Everything that happens on the day of the examples, 10 March 2025.
#[must_use]
pub fn day() -> Day {
    let story = story::tell();
    let mut records = background::records();
    records.extend(story.records);
    story::break_payments(&mut records);
    records.sort_by_key(Record::time);
    Day { records, steps: story.steps }
}
