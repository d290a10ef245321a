//! The resources of a plan, and what their configuration refers to.

use std::collections::HashMap;

use crate::environment::Environment;
use crate::error::{ErrorCode, TemplateError};
use crate::names::{self, Named};
use crate::terraform::translate;
use crate::tree::{Node, Span, Spanned, Value};

/// References that lead to references, through variables and outputs of modules.
const MAX_REFERENCES: usize = 32;

pub(super) struct Plan<'t> {
    pub(super) resources: Vec<Planned<'t>>,
    /// The resources of a module's configuration by module, type and name; indices are left out.
    by_name: HashMap<(String, &'t str, &'t str), Vec<usize>>,
    configuration: Option<&'t Node>,
    /// What the configuration says of each argument, by module, type and name.
    expressions: HashMap<(String, &'t str, &'t str), &'t Node>,
    environment: &'t Environment,
}

/// A resource as it will be.
pub(super) struct Planned<'t> {
    pub(super) address: Spanned<&'t str>,
    pub(super) type_name: Spanned<&'t str>,
    name: &'t str,
    /// The address of its module, with indices; empty at the root.
    module: &'t str,
    pub(super) values: &'t Node,
}

impl<'t> Plan<'t> {
    pub(super) fn of(root: &'t Node, environment: &'t Environment) -> Result<Self, TemplateError> {
        let version = root.get("format_version").and_then(Node::as_str).unwrap_or_default();
        let module = root.get("planned_values").and_then(|values| values.get("root_module"));
        let Some(module) = module.filter(|_| version.starts_with("1.") || version.starts_with("0.")) else {
            return Err(no_plan(root));
        };
        let mut plan = Plan {
            resources: Vec::new(),
            by_name: HashMap::new(),
            configuration: root.get("configuration").and_then(|of| of.get("root_module")),
            expressions: HashMap::new(),
            environment,
        };
        plan.collect(module, "");
        if let Some(configuration) = plan.configuration {
            plan.collect_expressions(configuration, "");
        }
        for (index, planned) in plan.resources.iter().enumerate() {
            let key = (without_indices(planned.module), planned.type_name.value, planned.name);
            plan.by_name.entry(key).or_default().push(index);
        }
        Ok(plan)
    }

    fn collect(&mut self, module: &'t Node, address: &'t str) {
        for resource in module.get("resources").and_then(Node::list).unwrap_or_default() {
            let is_managed = resource.get("mode").and_then(Node::as_str) != Some("data");
            self.resources.extend(planned(resource, address).filter(|_| is_managed));
        }
        for child in module.get("child_modules").and_then(Node::list).unwrap_or_default() {
            self.collect(child, child.get("address").and_then(Node::as_str).unwrap_or_default());
        }
    }

    fn collect_expressions(&mut self, module: &'t Node, address: &str) {
        for resource in module.get("resources").and_then(Node::list).unwrap_or_default() {
            let text = |key: &str| resource.get(key).and_then(Node::as_str).unwrap_or_default();
            if let Some(expressions) = resource.get("expressions") {
                self.expressions.insert((address.to_owned(), text("type"), text("name")), expressions);
            }
        }
        for call in module.get("module_calls").and_then(Node::map).unwrap_or_default() {
            if let Some(inner) = call.value.get("module") {
                self.collect_expressions(inner, &module_address(address, &call.key.value));
            }
        }
    }

    /// The name that AWS will know it by.
    pub(super) fn name(&self, planned: &Planned<'_>) -> String {
        let known =
            |key: &str| planned.values.get(key).and_then(Node::as_str).filter(|text| !text.is_empty());
        if let Some(name) = ["name", "alarm_name", "bucket"].into_iter().find_map(known) {
            return name.to_owned();
        }
        let prefix = ["name_prefix", "bucket_prefix"].into_iter().find_map(known).unwrap_or("terraform-");
        let stack = &self.environment.stack_name;
        format!("{prefix}{}", names::generated_name(stack, planned.name, 40))
    }

    pub(super) fn arn(&self, planned: &Planned<'_>) -> String {
        if let Some(known) = planned.values.get("arn").and_then(Node::as_str) {
            return known.to_owned();
        }
        let named = Named {
            type_name: translate::aws_type(planned.type_name.value),
            logical_id: planned.address.value,
            name: &self.name(planned),
            topic_arn: None,
        };
        names::arn(&named, self.environment)
    }

    /// What the configuration of a resource says of one of its arguments.
    pub(super) fn expression(&self, planned: &Planned<'_>, argument: &str) -> Option<&'t Node> {
        let key = (without_indices(planned.module), planned.type_name.value, planned.name);
        self.expressions.get(&key)?.get(argument)
    }

    /// The values that an expression refers to, as far as they can be told.
    pub(super) fn values_of(&self, expression: &Node, planned: &Planned<'_>) -> Vec<String> {
        self.follow(expression, planned.module, MAX_REFERENCES)
    }

    fn follow(&self, expression: &Node, module: &str, steps: usize) -> Vec<String> {
        let references = expression.get("references").and_then(Node::list).unwrap_or_default();
        let mut values: Vec<String> = Vec::new();
        for reference in references.iter().filter_map(Node::as_str) {
            for value in self.answer(reference, module, steps) {
                if !values.contains(&value) {
                    values.push(value);
                }
            }
        }
        values
    }

    /// What one reference of a module means. A resource without an attribute is mentioned beside the one with it.
    fn answer(&self, reference: &str, module: &str, steps: usize) -> Vec<String> {
        let plain = without_indices(reference);
        let parts: Vec<&str> = plain.split('.').collect();
        let Some(steps) = steps.checked_sub(1) else { return Vec::new() };
        match parts.as_slice() {
            ["var", variable] => self.variable(variable, module, steps),
            ["module", call, output] => self.output(call, output, module, steps),
            ["data" | "local" | "each" | "count" | "self" | "path" | "terraform", ..] => Vec::new(),
            [type_name, name, attribute] => {
                let found = self.resource(type_name, name, module);
                found.map(|found| self.attribute(found, attribute)).into_iter().collect()
            }
            _ => Vec::new(),
        }
    }

    fn resource(&self, type_name: &str, name: &str, module: &str) -> Option<&Planned<'t>> {
        let candidates = self.by_name.get(&(without_indices(module), type_name, name))?;
        let planned = |index: &usize| self.resources.get(*index);
        let beside = candidates.iter().filter_map(planned).find(|found| found.module == module);
        beside.or_else(|| candidates.first().and_then(planned))
    }

    fn attribute(&self, planned: &Planned<'_>, attribute: &str) -> String {
        let known = planned.values.get(attribute).and_then(Node::scalar);
        let is_topic = planned.type_name.value == "aws_sns_topic";
        match attribute {
            _ if known.is_some() => known.unwrap_or_default().to_owned(),
            "id" if is_topic => self.arn(planned),
            "arn" => self.arn(planned),
            _ => self.name(planned),
        }
    }

    /// What the call of a module gives for a variable.
    fn variable(&self, variable: &str, module: &str, steps: usize) -> Vec<String> {
        let path = without_indices(module);
        let (parent, call) = match path.rsplit_once(".module.") {
            Some((parent, call)) => (parent.to_owned(), call.to_owned()),
            None => (String::new(), path.trim_start_matches("module.").to_owned()),
        };
        let given = self.call(&parent, &call).and_then(|call| call.get("expressions")?.get(variable));
        given.map(|given| self.follow(given, &parent, steps)).unwrap_or_default()
    }

    fn output(&self, call: &str, output: &str, module: &str, steps: usize) -> Vec<String> {
        let parent = without_indices(module);
        let inner = self.call(&parent, call).and_then(|call| call.get("module"));
        let expression = inner.and_then(|inner| inner.get("outputs")?.get(output)?.get("expression"));
        let address = module_address(&parent, call);
        expression.map(|expression| self.follow(expression, &address, steps)).unwrap_or_default()
    }

    fn call(&self, module: &str, call: &str) -> Option<&'t Node> {
        self.module(module)?.get("module_calls")?.get(call)
    }

    /// The configuration of a module, by its address without indices.
    fn module(&self, address: &str) -> Option<&'t Node> {
        let mut module = self.configuration?;
        for call in address.split('.').filter(|part| *part != "module" && !part.is_empty()) {
            module = module.get("module_calls")?.get(call)?.get("module")?;
        }
        Some(module)
    }
}

fn planned<'t>(resource: &'t Node, module: &'t str) -> Option<Planned<'t>> {
    let text = |key: &str| {
        let node = resource.get(key)?;
        Some(Spanned::new(node.as_str()?, node.span))
    };
    Some(Planned {
        address: text("address")?,
        type_name: text("type")?,
        name: text("name")?.value,
        module,
        values: resource.get("values")?,
    })
}

fn module_address(parent: &str, call: &str) -> String {
    if parent.is_empty() { format!("module.{call}") } else { format!("{parent}.module.{call}") }
}

/// `module.a["x"].b[0]` without what stands in brackets.
fn without_indices(address: &str) -> String {
    let (mut plain, mut depth, mut quoted) = (String::new(), 0_usize, false);
    for character in address.chars() {
        match character {
            '"' if depth > 0 => quoted = !quoted,
            '[' if !quoted => depth += 1,
            ']' if !quoted => depth = depth.saturating_sub(1),
            other if depth == 0 => plain.push(other),
            _ => {}
        }
    }
    plain
}

fn no_plan(root: &Node) -> TemplateError {
    let start = Span::new(root.span.start, root.span.end.min(root.span.start + 1));
    let message = match root.value {
        Value::Map(_) => "this JSON text isn't a Terraform plan",
        _ => "a Terraform plan is a map",
    };
    let help = "write one with `terraform plan -out=FILE` and `terraform show -json FILE`";
    TemplateError::new(ErrorCode::NotAPlan, start, message).help(help)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indices_are_left_out() {
        assert_eq!(without_indices("module.a[\"x.y]\"].b[0].c"), "module.a.b.c");
        assert_eq!(without_indices("a.b"), "a.b");
        assert_eq!(without_indices("a[[\""), "a");
    }
}
