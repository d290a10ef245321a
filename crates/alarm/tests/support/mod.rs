//! What case files say, one kind of case per module.

pub(crate) mod composite;
pub(crate) mod definition;
pub(crate) mod evaluation;
pub(crate) mod math;
pub(crate) mod schedule;
pub(crate) mod settings;
pub(crate) mod table;
