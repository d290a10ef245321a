//! What state is this alarm in at this time, and why?
//!
//! Alarms as CloudWatch evaluates them: M out of N datapoints, four treatments of missing ones, percentiles of few
//! samples, composite alarms, metric math. Everything is a function of its arguments, time included, which is in
//! seconds since 1970 unless something else is said. The rules are those of the CloudWatch User Guide and API
//! Reference; items name the page that theirs is from.
//!
//! - [`PutMetricAlarm`] is an alarm as written; [`PutMetricAlarm::check`] makes a [`Definition`] of it.
//! - [`window`] says which slots of time an evaluation looks at, [`next_evaluation`] when there is one.
//! - [`decide`] says the state that follows from their datapoints, [`evaluate`] says why, too.
//! - [`composite`] holds alarms over alarms: their rules, their order, their suppressors.
//! - [`math`] holds expressions over metrics.
//! - [`StateReason`] and [`StateReasonData`] are why; their `Display` is AWS's text to the letter.
//!
//! ```
//! use alarm::{Datapoint, Mode, PutMetricAlarm, StateValue, evaluate, window};
//!
//! let alarm = PutMetricAlarm {
//!     alarm_name: Some("kms-denied".into()),
//!     namespace: Some("Kms".into()),
//!     metric_name: Some("Denied".into()),
//!     statistic: Some("Sum".into()),
//!     period: Some(300),
//!     evaluation_periods: Some(1),
//!     threshold: Some(1.0),
//!     comparison_operator: Some("GreaterThanOrEqualToThreshold".into()),
//!     ..PutMetricAlarm::default()
//! };
//! let definition = alarm.check().expect("nothing is wrong with it");
//! let window = window(&definition.condition, 1_789_384_690, Mode::CloudWatch);
//! let slots = [None, None, Some(Datapoint { value: 3.0, sample_count: Some(3.0) })];
//! let evaluation = evaluate(&definition.condition, &slots, window.end, StateValue::Ok);
//! assert_eq!(evaluation.state, StateValue::Alarm);
//! assert_eq!(
//!     evaluation.reason.to_string(),
//!     "Threshold Crossed: 1 datapoint [3.0 (14/09/26 11:13:00)] was greater than or equal to the threshold (1.0)."
//! );
//! ```

pub mod calendar;
pub mod composite;
mod condition;
pub mod definition;
mod error;
mod evaluate;
pub mod math;
mod number;
mod reason;
mod reason_data;
mod state;
mod window;

pub use condition::{
    ComparisonOperator, Condition, LONGEST_MINUTELY, LowSamplePolicy, TreatMissingData, low_sample_limit,
};
pub use definition::{Definition, Problem, PutMetricAlarm};
pub use error::{ErrorCode, SyntaxError};
pub use evaluate::{Basis, Datapoint, Decision, Evaluated, Evaluation, Slot, Verdict, decide, evaluate};
pub use number::java_double;
pub use reason::{Crossing, Filled, MAX_REASON_CHARS, Retention, StateReason};
pub use reason_data::{EvaluatedDatapoint, MAX_REASON_DATA_CHARS, StateReasonData};
pub use state::StateValue;
pub use window::{CLOUDWATCH_DELAY, Mode, Window, next_evaluation, window, windows_touched_by};
