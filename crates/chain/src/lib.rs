//! Which chain does this template make, and what will go wrong with it?
//!
//! [`read`] takes the text of a template, or of a Terraform plan, and answers with a [`Chain`]: what it declares, its filter
//! patterns, and the configuration of a monitor, ready to run. Whatever is wrong is answered at once, each with its
//! place in the text, whichever language it is a mistake in: template, filter pattern, alarm rule, metric math.
//!
//! [`lint`] says of a chain that can be run what it will hardly have been meant to do: conditions that never hold, alarms
//! that stick, trails that leave out what is looked for. [`codes`] explains each kind of remark.
//!
//! Pure: text in, values out.
//!
//! ```
//! let text = r#"
//! Resources:
//!   Failures:
//!     Type: AWS::Logs::MetricFilter
//!     Properties:
//!       LogGroupName: trail
//!       FilterPattern: '{ $.errorCode = "*" }'
//!       MetricTransformations: [{MetricNamespace: Kms, MetricName: Failures, MetricValue: "1"}]
//! "#;
//! let environment = stack::Environment::new("keys", "111122223333", "eu-west-1");
//! let chain = chain::read(text, &environment, filter_pattern::Wildcards::Glob).expect("nothing is wrong with it");
//! assert_eq!(chain.configuration.filters.len(), 1);
//! let found = chain::lint(text, &chain);
//! assert_eq!(found.first().map(|found| found.code), Some("K020"));
//! ```

mod alarms;
mod codes;
mod composites;
mod filters;
mod lint;
mod patterns;
mod place;
mod plan;
mod read;
mod topics;

use diagnostic::Diagnostic;
use filter_pattern::{Pattern, Wildcards};

pub use alarms::parameters;
pub use codes::{Code, codes};
pub use lint::lint;
pub use place::in_scalar;

/// What a template makes: from the trail to whom an alarm tells.
#[derive(Debug, Clone)]
pub struct Chain {
    /// What it declares, with the places in the text.
    pub declaration: stack::Declaration,
    /// The pattern of each of `configuration.filters`, in the same order.
    pub patterns: Vec<Pattern>,
    /// What a monitor watches; filters, alarms and topics are in the order of the declaration.
    pub configuration: monitor::Configuration,
    /// What kmswatch can't do and CloudWatch can. Empty, unless the environment says to go on without values: alarms and
    /// filters of which too little is known, and those that can't be evaluated here, are then missing in `configuration`.
    pub remarks: Vec<Diagnostic>,
}

impl Chain {
    /// Each metric alarm that can be evaluated, as it is declared and as it is watched.
    pub fn alarms(&self) -> impl Iterator<Item = (&stack::Alarm, &monitor::MetricAlarm)> {
        // Both are in the order of the text; of the declared ones, some may not be watched.
        let mut declared = self.declaration.alarms.iter();
        self.configuration
            .alarms
            .iter()
            .filter_map(move |watched| Some((declared.find(|alarm| alarm.arn == watched.arn)?, watched)))
    }

    /// The same of composite alarms.
    pub(crate) fn composite_alarms(
        &self,
    ) -> impl Iterator<Item = (&stack::CompositeAlarm, &monitor::CompositeAlarm)> {
        let mut declared = self.declaration.composite_alarms.iter();
        self.configuration
            .composite_alarms
            .iter()
            .filter_map(move |watched| Some((declared.find(|alarm| alarm.arn == watched.arn)?, watched)))
    }
}

/// Reads a template in YAML or JSON, or a Terraform plan in JSON; its content tells which.
///
/// # Errors
/// Everything that is wrong with it, in the order of the text; never an empty list.
pub fn read(
    text: &str,
    environment: &stack::Environment,
    wildcards: Wildcards,
) -> Result<Chain, Vec<Diagnostic>> {
    read::read(text, environment, wildcards)
}
