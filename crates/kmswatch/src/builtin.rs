//! The template that is used where none is named, and that `kmswatch init` writes out.

/// What kmswatch looks for on its own, as a CloudFormation template.
pub(crate) const TEMPLATE: &str = include_str!("../../../examples/kmswatch.yaml");

/// What errors call it.
pub(crate) const NAME: &str = "the built-in template";

#[cfg(test)]
mod tests;
