//! Templates on the command line: the file, and what CloudFormation would know beside it.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow, bail};
use chain::Chain;
use clap::Args;
use diagnostic::Source;
use filter_pattern::Wildcards;
use stack::Environment;

use crate::builtin;
use crate::report::escape;
use crate::settings::Settings;

/// What a template is read with.
#[derive(Debug, Clone, Default, Args)]
pub(crate) struct TemplateArguments {
    /// A value for a parameter of the template (may be repeated)
    #[arg(long = "parameter", value_name = "NAME=VALUE", value_parser = pair, help_heading = "Template")]
    parameters: Vec<(String, String)>,

    /// What `Fn::ImportValue` finds: the value that another stack exports (may be repeated)
    #[arg(long = "import", value_name = "NAME=VALUE", value_parser = pair, help_heading = "Template")]
    imports: Vec<(String, String)>,

    /// `AWS::StackName`, from which the names are made that the template gives none [default: kmswatch]
    #[arg(long, value_name = "NAME", help_heading = "Template")]
    stack_name: Option<String>,

    /// `AWS::AccountId` [default: 111122223333]
    #[arg(long, value_name = "DIGITS", value_parser = account_id, help_heading = "Template")]
    account_id: Option<String>,

    /// `AWS::Region` [default: us-east-1]
    #[arg(long, value_name = "REGION", help_heading = "Template")]
    region: Option<String>,

    /// Settings (docs/settings.md): the template and what it is read with, where no option says it
    #[arg(long, value_name = "FILE", help_heading = "Template")]
    config: Option<PathBuf>,
}

impl TemplateArguments {
    /// What the settings say, and the options over that.
    ///
    /// # Errors
    /// Where the settings can't be read.
    fn settings(&self) -> anyhow::Result<Settings> {
        Ok(self.over(self.set()?))
    }

    /// The settings of the file that is named.
    fn set(&self) -> anyhow::Result<Settings> {
        Ok(self.config().map(Settings::read).transpose()?.unwrap_or_default())
    }

    /// The file of settings that is named.
    pub(crate) fn config(&self) -> Option<&Path> {
        self.config.as_deref()
    }

    /// The options over what is set.
    pub(crate) fn over(&self, mut set: Settings) -> Settings {
        set.parameters.extend(self.parameters.iter().cloned());
        Settings {
            stack_name: self.stack_name.clone().or(set.stack_name),
            account_id: self.account_id.clone().or(set.account_id),
            region: self.region.clone().or(set.region),
            ..set
        }
    }

    /// The options among these that are settings, and were given.
    pub(crate) fn given(&self) -> impl Iterator<Item = &'static str> {
        let all = [
            ("--parameter", !self.parameters.is_empty()),
            ("--stack-name", self.stack_name.is_some()),
            ("--account-id", self.account_id.is_some()),
            ("--region", self.region.is_some()),
        ];
        all.into_iter().filter_map(|(flag, given)| given.then_some(flag))
    }

    /// What CloudFormation knows from elsewhere.
    ///
    /// # Errors
    /// Where the settings can't be read.
    pub(crate) fn environment(&self) -> anyhow::Result<Environment> {
        Ok(self.environment_with(&self.settings()?))
    }

    /// The same with settings that are known already.
    pub(crate) fn environment_with(&self, settings: &Settings) -> Environment {
        Environment { imports: self.imports.iter().cloned().collect(), ..settings.environment() }
    }

    /// The same for a file that says something of it itself: the options over that, the settings below it.
    ///
    /// # Errors
    /// Where the settings can't be read.
    pub(crate) fn environment_over(
        &self,
        own: Settings,
        own_imports: BTreeMap<String, String>,
    ) -> anyhow::Result<Environment> {
        let mut set = self.set()?;
        set.parameters.extend(own.parameters);
        let settings = self.over(Settings {
            stack_name: own.stack_name.or(set.stack_name),
            account_id: own.account_id.or(set.account_id),
            region: own.region.or(set.region),
            ..set
        });
        let mut environment = settings.environment();
        environment.imports = own_imports;
        environment.imports.extend(self.imports.iter().cloned());
        Ok(environment)
    }

    /// The chain of the template in a file, of the one that the settings name, or of the built-in one.
    ///
    /// # Errors
    /// Where a file can't be read, or with everything that is wrong with the template, rendered.
    pub(crate) fn chain(
        &self,
        file: Option<&Path>,
        wildcards: Wildcards,
        colour: bool,
    ) -> anyhow::Result<Chain> {
        let settings = self.settings()?;
        let environment = self.environment_with(&settings);
        match file.or(settings.template.as_deref()) {
            Some(path) => {
                let name = path.display().to_string();
                chain(&text(path)?, &name, (&environment, wildcards), colour)
            }
            None => chain(builtin::TEMPLATE, builtin::NAME, (&environment, wildcards), colour),
        }
    }
}

/// The chain that the text of a template makes; an error holds everything that is wrong with it, rendered. `name` is what it is
/// called there.
///
/// # Errors
/// Everything that is wrong with it.
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
