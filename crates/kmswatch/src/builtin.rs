//! The template that is used where none is named, and that `kmswatch init` writes out.

use chain::Chain;
use filter_pattern::Wildcards;
use stack::Environment;

/// What kmswatch looks for on its own, as a CloudFormation template.
pub(crate) const TEMPLATE: &str = include_str!("../../../examples/kmswatch.yaml");

/// What errors call it.
const NAME: &str = "the built-in template";

/// The chain that it makes.
///
/// # Errors
/// Where the environment doesn't fit it, such as a parameter that it doesn't have.
pub(crate) fn chain(environment: &Environment, wildcards: Wildcards, colour: bool) -> anyhow::Result<Chain> {
    crate::template::chain(TEMPLATE, NAME, (environment, wildcards), colour)
}

#[cfg(test)]
mod tests;
