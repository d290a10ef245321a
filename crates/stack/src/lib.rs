//! What does this CloudFormation template declare?
//!
//! [`read`] takes the text of a template, in YAML or JSON, and an [`Environment`], and answers with a [`Declaration`]:
//! trails, log groups, metric filters, alarms, topics and subscriptions, their functions answered, each property with
//! the place in the text where it is written. What is wrong with a template is answered as [`Errors`], all of them at
//! once, each with a code, a place and help.
//!
//! Templates mean what they mean to CloudFormation. Names that it would make up ([`Declaration`]'s `name`s and ARNs) are
//! the same each time here. Resources that AWS needs and we don't, such as buckets and roles, are understood; other types
//! are listed; a property without effect here is named.
//!
//! [`read_terraform_plan`] answers the same of a Terraform plan. [`document`] reads files that are no templates into the same
//! tree, in which each value knows its place.
//!
//! Pure: text in, values out.
//!
//! ```
//! let text = "Resources: {Alerts: {Type: AWS::SNS::Topic, Properties: {TopicName: !Ref AWS::StackName}}}";
//! let environment = stack::Environment::new("keys", "111122223333", "eu-west-1");
//! let declaration = stack::read(text, &environment)?;
//! let name = &declaration.topics.first().ok_or("no topic")?.name;
//! assert_eq!(name.value, "keys");
//! assert_eq!(text.get(name.span.range()), Some("!Ref AWS::StackName"));
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod conditions;
mod declaration;
pub mod document;
mod environment;
mod error;
mod evaluate;
mod foreach;
mod functions;
mod json_text;
pub mod limits;
mod names;
mod parameters;
mod properties;
mod read;
mod references;
mod resources;
mod substitution;
mod template;
mod terraform;
mod tree;
mod unknown;
mod yaml;

pub use declaration::{
    Actions, AdvancedEventSelector, Alarm, CompositeAlarm, DataResource, Declaration, Dimension,
    EventSelector, FieldSelector, IgnoredProperty, IgnoredReason, LogGroup, MetricDataQuery, MetricFilter,
    MetricStat, MetricTransformation, Resource, Subscription, Text, Topic, Trail,
};
pub use environment::Environment;
pub use error::{ErrorCode, Errors, TemplateError};
pub use read::{parameter_names, read, read_partly};
pub use terraform::{read_terraform_plan, read_terraform_plan_partly};
pub use tree::{Span, Spanned};
pub use unknown::{Unknown, UnknownKind, UnknownValue, is_unknown, may_be_equal, with_variables};
