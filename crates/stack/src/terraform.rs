//! What does a Terraform plan declare? The same as a template, from other words.
//!
//! The plan is what `terraform show -json` writes of one
//! (<https://developer.hashicorp.com/terraform/internals/json-format>). Its resources are turned into the properties that
//! CloudFormation has, and read by the same code. A value that is known only after the apply, such as the ARN of a
//! new topic, is found through what the configuration says it refers to.

mod plan;
mod translate;

use crate::declaration::{Declaration, IgnoredProperty, Resource};
use crate::environment::Environment;
use crate::error::{ErrorCode, Errors, TemplateError};
use crate::json_text;
use crate::limits::{MAX_PLAN_BYTES, MAX_PLAN_NODES};
use crate::names::{Kind, Role};
use crate::properties::Report;
use crate::read::{check_names, whole};
use crate::resources::{self, Found};
use crate::tree::{Dialect, Span, Spanned};

use plan::{Plan, Planned};

/// What a Terraform plan in JSON declares. Of the environment, account, region and stack name count: ARNs are made of
/// them where the plan doesn't know them yet.
///
/// # Errors
/// Everything that is wrong with the plan, in the order of the text; never an empty list.
pub fn read_terraform_plan(text: &str, environment: &Environment) -> Result<Declaration, Errors> {
    whole(read_terraform_plan_partly(text, environment))
}

/// The same, and what can be read beside the errors; see [`crate::read_partly`].
#[must_use]
pub fn read_terraform_plan_partly(text: &str, environment: &Environment) -> (Declaration, Errors) {
    let mut report = Report::default();
    let mut declaration = Declaration::default();
    if let Err(error) = read(text, environment, &mut declaration, &mut report) {
        report.errors.push(error);
    }
    declaration.ignored_properties = report.ignored;
    if report.errors.is_empty() {
        check_names(&declaration, &mut report.errors);
    }
    (declaration, report.errors.finished(text))
}

fn read(
    text: &str,
    environment: &Environment,
    declaration: &mut Declaration,
    report: &mut Report,
) -> Result<(), TemplateError> {
    if text.len() > MAX_PLAN_BYTES {
        let message = format!("a plan may have at most {MAX_PLAN_BYTES} bytes");
        return Err(TemplateError::new(ErrorCode::TooLarge, Span::default(), message).help("split the plan"));
    }
    let root = json_text::read(text, MAX_PLAN_NODES, Dialect::Template, &mut report.errors)?;
    let plan = Plan::of(&root, environment)?;
    for planned in &plan.resources {
        add(planned, &plan, declaration, report);
    }
    Ok(())
}

fn add(planned: &Planned<'_>, plan: &Plan<'_>, declaration: &mut Declaration, report: &mut Report) {
    let resource = Resource {
        logical_id: Spanned::new(planned.address.value.to_owned(), planned.address.span),
        type_name: Spanned::new(planned.type_name.value.to_owned(), planned.type_name.span),
    };
    let type_name = planned.type_name.value;
    let Role::Ours(kind) = Role::of(translate::aws_type(type_name)) else {
        let is_understood = translate::is_understood(type_name);
        let list = if is_understood { &mut declaration.understood } else { &mut declaration.ignored };
        list.push(resource);
        return;
    };
    let translated = translate::properties(planned, kind, plan);
    for name in &translated.unknown {
        report.errors.push(unknown(name, planned));
    }
    report.ignored.extend(translated.ignored.into_iter().map(|(path, span, reason)| IgnoredProperty {
        logical_id: resource.logical_id.value.clone(),
        path,
        span,
        reason,
    }));
    let name = plan.name(planned);
    let arn = plan.arn(planned);
    let arn = if kind == Kind::LogGroup { arn.trim_end_matches(":*").to_owned() } else { arn };
    let properties = Some(translated.properties);
    resources::add(Found { resource, kind, properties, name, arn }, declaration, report);
}

fn unknown(name: &str, planned: &Planned<'_>) -> TemplateError {
    let message = format!("`{}`: the plan doesn't know `{name}` before the apply", planned.address.value);
    let help = "let it refer to the resource itself rather than to a local value, or write the value out";
    TemplateError::new(ErrorCode::UnknownValue, planned.address.span, message).help(help)
}
