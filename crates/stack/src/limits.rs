//! How much of a template is read before it is refused.
//!
//! Those marked with AWS are CloudFormation's own quotas
//! (<https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-limits.html>).

/// A template, in bytes (AWS: 1 MB in S3, 51,200 bytes in a request).
pub const MAX_TEMPLATE_BYTES: usize = 1_048_576;

/// A Terraform plan, in bytes. Plans are long: they hold each resource three times.
pub const MAX_PLAN_BYTES: usize = 64 * 1_048_576;

/// Values, lists and maps of a template.
pub const MAX_TEMPLATE_NODES: usize = 200_000;

/// Values, lists and maps of a Terraform plan.
pub const MAX_PLAN_NODES: usize = 4_000_000;

/// Lists and maps inside each other.
pub const MAX_DEPTH: usize = 100;

/// Functions, conditions and references that must be answered before a value is known.
pub const MAX_STEPS_INWARDS: usize = 150;

/// What the functions of a template may write in all, in bytes. Short functions inside each other can double a text
/// each time.
pub const MAX_EVALUATED_BYTES: usize = 16 * 1_048_576;

/// Errors that are listed; later ones are only counted.
pub const MAX_ERRORS: usize = 100;

/// Parameters (AWS).
pub const MAX_PARAMETERS: usize = 200;

/// A parameter's value, in bytes (AWS).
pub const MAX_PARAMETER_BYTES: usize = 4_096;

/// Mappings, and keys of one mapping (AWS).
pub const MAX_MAPPINGS: usize = 200;

/// Resources (AWS).
pub const MAX_RESOURCES: usize = 500;

/// Conditions.
pub const MAX_CONDITIONS: usize = 1_000;

/// Outputs (AWS).
pub const MAX_OUTPUTS: usize = 200;

/// A template's description, in bytes (AWS).
pub const MAX_DESCRIPTION_BYTES: usize = 1_024;

/// The name of a parameter or the logical id of a resource, in characters (AWS).
pub const MAX_NAME_CHARS: usize = 255;
