//! What numbers do matches become?
//!
//! - [`Statistic`] says how a period's observations become one number, [`Unit`] what they are measured in.
//! - [`Transformation`] makes an [`Observation`] of a log event that matched a filter pattern, or says why there is
//!   none. [`MetricId`] is the metric that it belongs to.
//! - [`DatumParts`] and [`Datum`] are what PutMetricData brings.
//! - [`Summary`] is what is kept of a slot's observations, [`Series`] a metric's slots over time; both answer with a
//!   [`Datapoint`] or, where there is none, with `None`.
//!
//! Times are seconds since 1970, and always arguments.

mod datum;
pub mod float;
mod identity;
mod series;
mod shown;
mod statistic;
mod summary;
mod transformation;
mod unit;
mod value;

pub use datum::{Datum, DatumError, DatumParts, MAX_COUNT, MAX_VALUES, StatisticSet, StatisticSetParts};
pub use identity::{Dimension, MAX_DIMENSIONS, MetricId, MetricIdError, NameError};
pub use series::{Resolution, Series, is_period};
pub use statistic::{Bounds, Decimal, Statistic, StatisticError, StatisticErrorCode, Trim};
pub use summary::{Datapoint, DecodeError, Summary};
pub use transformation::{
    MAX_TRANSFORMATION_DIMENSIONS, NoObservation, Observation, Property, Transformation, TransformationError,
    TransformationErrorCode, TransformationParts,
};
pub use unit::{Unit, UnknownUnit};
pub use value::{MetricValue, ValueError};
