//! Templates on the command line: the file, and what CloudFormation would know beside it.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use anyhow::{Context as _, anyhow, bail};
use chain::Chain;
use clap::Args;
use diagnostic::Source;
use filter_pattern::Wildcards;
use stack::Environment;

use crate::report::escape;

/// What a template is read with.
#[derive(Debug, Args)]
pub(crate) struct TemplateArguments {
    /// A value for a parameter of the template (may be repeated)
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = pair, help_heading = "Template")]
    parameters: Vec<(String, String)>,

    /// What `Fn::ImportValue` finds: the value that another stack exports (may be repeated)
    #[arg(long = "import", value_name = "NAME=VALUE", value_parser = pair, help_heading = "Template")]
    imports: Vec<(String, String)>,

    /// `AWS::StackName`, from which the names are made that the template gives none
    #[arg(long, value_name = "NAME", default_value = "kmswatch", help_heading = "Template")]
    stack_name: String,

    /// `AWS::AccountId`
    #[arg(
        long,
        value_name = "DIGITS",
        default_value = "111122223333",
        value_parser = account_id,
        help_heading = "Template"
    )]
    account_id: String,

    /// `AWS::Region`
    #[arg(long, value_name = "REGION", default_value = "us-east-1", help_heading = "Template")]
    region: String,
}

impl TemplateArguments {
    /// What CloudFormation knows from elsewhere.
    pub(crate) fn environment(&self) -> Environment {
        Environment {
            parameters: self.parameters.iter().cloned().collect(),
            imports: self.imports.iter().cloned().collect(),
            ..Environment::new(&self.stack_name, &self.account_id, &self.region)
        }
    }

    /// The text of a template and the chain that it makes; an error holds everything that is wrong with it, rendered.
    pub(crate) fn read(
        &self,
        path: &Path,
        wildcards: Wildcards,
        colour: bool,
    ) -> anyhow::Result<(String, Chain)> {
        let text = text(path)?;
        let shown = path.display().to_string();
        let chain = chain(&text, &shown, (&self.environment(), wildcards), colour)?;
        Ok((text, chain))
    }
}

/// The chain that the text of a template makes; an error holds everything that is wrong with it, rendered. `name` is what it is
/// called there.
pub(crate) fn chain(
    text: &str,
    name: &str,
    (environment, wildcards): (&Environment, Wildcards),
    colour: bool,
) -> anyhow::Result<Chain> {
    chain::read(text, environment, wildcards).map_err(|errors| {
        let source = Source::file(text, name);
        let rendered: Vec<String> = errors.iter().map(|error| error.render(&source, colour)).collect();
        anyhow!("{} can't be used:\n\n{}", escape::shown(name), rendered.join("\n\n"))
    })
}

/// The text of a template; `-` is standard input.
pub(crate) fn text(path: &Path) -> anyhow::Result<String> {
    let shown = || format!("can't read {}", escape::shown(&path.display().to_string()));
    let bytes = bytes(path).with_context(shown)?;
    if bytes.len() > stack::limits::MAX_PLAN_BYTES {
        bail!("{}: it has more than {} bytes", shown(), stack::limits::MAX_PLAN_BYTES);
    }
    String::from_utf8(bytes).ok().with_context(|| format!("{}: it isn't UTF-8", shown()))
}

/// One byte more than allowed tells that it is too long.
fn bytes(path: &Path) -> io::Result<Vec<u8>> {
    let most = stack::limits::MAX_PLAN_BYTES as u64 + 1;
    let mut bytes = Vec::new();
    if path.as_os_str() == "-" {
        io::stdin().lock().take(most).read_to_end(&mut bytes)?;
    } else {
        File::open(path)?.take(most).read_to_end(&mut bytes)?;
    }
    Ok(bytes)
}

fn pair(text: &str) -> Result<(String, String), String> {
    match text.split_once('=') {
        Some((name, value)) if !name.is_empty() => Ok((name.to_owned(), value.to_owned())),
        _ => Err("write NAME=VALUE".to_owned()),
    }
}

fn account_id(text: &str) -> Result<String, String> {
    match text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        true => Ok(text.to_owned()),
        false => Err("an account id has twelve digits, such as 111122223333".to_owned()),
    }
}
