//! Given this command, what changed?

mod configuration;

pub use configuration::{CompositeAlarm, Configuration, MetricAlarm, MetricFilter, Subscription, Topic};
