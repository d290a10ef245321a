//! What numbers do matches become?
//!
//! - [`Statistic`] says how a period's observations become one number, [`Unit`] what they are measured in.

mod statistic;
mod unit;

pub use statistic::{Bounds, Decimal, Statistic, StatisticError, StatisticErrorCode, Trim};
pub use unit::{Unit, UnknownUnit};
