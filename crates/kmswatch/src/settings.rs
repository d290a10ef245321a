//! What does `kmswatch.toml` say, and what do the environment and the options say over it?
//!
//! The file holds what a CloudFormation template can't: where the template is and what it is read with, and all that the
//! service needs beside it. `docs/settings.md` describes each setting; [`keys`] is the table of them. Commands other than
//! `serve` read only what a template is read with; whoever uses one of these that isn't set takes the default that is named
//! here, and an option on the command line wins.

mod codes;
mod given;
mod keys;
mod mask;
mod origin;
mod quiet_hours;
mod reader;
mod relations;
mod service;
mod units;
mod values;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, bail};
use diagnostic::{Diagnostic, Source};
use filter_pattern::Wildcards;

use crate::report::escape::shown;
pub(crate) use codes::ErrorCode;
pub(crate) use mask::masked;
pub(crate) use origin::Origin;
pub(crate) use quiet_hours::QuietHours;
use reader::Reader;
pub(crate) use service::for_service;
pub(crate) use units::duration;
pub(crate) use values::{
    Durability, Evaluation, ExpectedCall, Http, LogFormat, LogLevel, Mail, Names, Notify, Retention,
    SecretSetting, Silence, Start, Trail, Webhook,
};

/// How long a file may be, in bytes.
const MAX_SETTINGS: u64 = 256 * 1024;

/// The stack's name where nobody says one.
pub(crate) const DEFAULT_STACK_NAME: &str = "kmswatch";
/// The account where nobody says one: the one of the examples in AWS's documentation.
pub(crate) const DEFAULT_ACCOUNT_ID: &str = "111122223333";
/// The region where nobody says one.
pub(crate) const DEFAULT_REGION: &str = "us-east-1";

/// What is set.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Settings {
    /// The template's path. Default: the built-in template.
    pub(crate) template: Option<PathBuf>,
    /// `AWS::StackName`. Default: [`DEFAULT_STACK_NAME`].
    pub(crate) stack_name: Option<String>,
    /// `AWS::AccountId`. Default: [`DEFAULT_ACCOUNT_ID`].
    pub(crate) account_id: Option<String>,
    /// `AWS::Region`. Default: [`DEFAULT_REGION`].
    pub(crate) region: Option<String>,
    /// Values for the template's parameters. Default: those of the template.
    pub(crate) parameters: BTreeMap<String, String>,
    /// The folder that the service keeps its state in.
    pub(crate) data: PathBuf,
    /// What this kmswatch is called in mails.
    pub(crate) name: String,
    /// The address that links in mails use.
    pub(crate) public_url: Option<String>,
    pub(crate) evaluation: Evaluation,
    pub(crate) wildcards: Wildcards,
    pub(crate) durability: Durability,
    pub(crate) log: LogFormat,
    pub(crate) log_level: LogLevel,
    pub(crate) trails: Vec<Trail>,
    pub(crate) http: Http,
    pub(crate) mail: Mail,
    pub(crate) webhook: Webhook,
    pub(crate) notify: Notify,
    pub(crate) retention: Retention,
    /// What accounts are called, by their twelve digits.
    pub(crate) accounts: Names,
    /// What keys are called, by ARN, id or alias.
    pub(crate) keys: Names,
    pub(crate) expected: Vec<ExpectedCall>,
    /// The file that was read.
    pub(crate) file: Option<PathBuf>,
    /// What somebody should know, rendered; each is more than a line.
    pub(crate) warnings: Vec<String>,
    /// Where each setting comes from that isn't a default, by its name in the file.
    pub(crate) origins: BTreeMap<&'static str, Origin>,
}

impl Default for Settings {
    fn default() -> Self {
        Settings {
            template: None,
            stack_name: None,
            account_id: None,
            region: None,
            parameters: BTreeMap::new(),
            data: "kmswatch-data".into(),
            name: "kmswatch".to_owned(),
            public_url: None,
            evaluation: Evaluation::default(),
            wildcards: Wildcards::default(),
            durability: Durability::default(),
            log: LogFormat::default(),
            log_level: LogLevel::default(),
            trails: Vec::new(),
            http: Http::default(),
            mail: Mail::default(),
            webhook: Webhook::default(),
            notify: Notify::default(),
            retention: Retention::default(),
            accounts: Names::new(),
            keys: Names::new(),
            expected: Vec::new(),
            file: None,
            warnings: Vec::new(),
            origins: BTreeMap::new(),
        }
    }
}

impl Settings {
    /// The settings in a file; its paths are then such from here, not from the file's folder.
    pub(crate) fn read(path: &Path) -> anyhow::Result<Self> {
        let name = shown(&path.display().to_string());
        let text = text(path).with_context(|| format!("can't read {name}"))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Self::parse_in(folder, &text).or_else(|errors| {
            bail!("{name}: the settings are refused\n{}", render(&errors, &masked(&text), &name))
        })
    }

    /// The settings in a text, or everything that is wrong with it, in the order of the text. Show it with the text that
    /// [`masked`] makes of it: a mistake may stand beside a password.
    pub(crate) fn parse(text: &str) -> Result<Self, Vec<Diagnostic>> {
        Self::parse_in(Path::new(""), text)
    }

    fn parse_in(folder: &Path, text: &str) -> Result<Self, Vec<Diagnostic>> {
        let mut said = Reader::read(text, folder, Settings::default());
        for wrong in relations::of_file(&said.settings) {
            if let Some(place) = said.places.get(wrong.setting) {
                said.errors.push(wrong.diagnostic.at(place.clone()));
            }
        }
        if said.errors.is_empty() { Ok(said.settings) } else { Err(reader::in_order(said.errors)) }
    }

    /// What a template is read with.
    pub(crate) fn environment(&self) -> stack::Environment {
        let or = |set: &Option<String>, default: &str| set.clone().unwrap_or_else(|| default.to_owned());
        let mut environment = stack::Environment::new(
            &or(&self.stack_name, DEFAULT_STACK_NAME),
            &or(&self.account_id, DEFAULT_ACCOUNT_ID),
            &or(&self.region, DEFAULT_REGION),
        );
        environment.parameters = self.parameters.clone();
        environment
    }

    /// Where a setting comes from, by its name in the file: `mail.server`.
    pub(crate) fn origin(&self, name: &str) -> &Origin {
        self.origins.get(name).unwrap_or(&Origin::Default)
    }
}

fn text(path: &Path) -> anyhow::Result<String> {
    let mut text = String::new();
    File::open(path)?.take(MAX_SETTINGS + 1).read_to_string(&mut text)?;
    if text.len() as u64 > MAX_SETTINGS {
        bail!("settings have at most {MAX_SETTINGS} bytes");
    }
    Ok(text)
}

fn render(errors: &[Diagnostic], text: &str, name: &str) -> String {
    let source = Source::file(text, name);
    let errors: Vec<String> = errors.iter().map(|error| error.render(&source, false)).collect();
    errors.join("\n\n")
}

#[cfg(test)]
mod tests;
