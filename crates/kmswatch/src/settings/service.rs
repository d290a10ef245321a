//! The settings of the service: a file, over that the environment, over that the options.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs::File;
use std::io::Read as _;
use std::ops::Range;
use std::path::{Path, PathBuf};

use anyhow::{Context as _, anyhow};
use diagnostic::{Diagnostic, Source, closest};
use notify::Secret;

use super::given::{Given, plain};
use super::keys::{self, KEYS, Key};
use super::reader::{Reader, line};
use super::{ErrorCode, Origin, SecretSetting, Settings, Trail, masked, relations};
use crate::report::escape::shown;
use crate::serve::arguments::ServeArguments;

/// What variables begin with.
const PREFIX: &str = "KMSWATCH_";
/// The variable that names the file.
const CONFIG: &str = "KMSWATCH_CONFIG";
/// The file that is read where nothing names one, if it is there.
const FILE: &str = "kmswatch.toml";
/// The folder that is followed where nothing names a trail, if it is there.
const TRAIL: &str = "cloudtrail";
/// How long the file of a secret may be, in bytes.
const MAX_SECRET: u64 = 64 * 1024;

/// The settings that the service runs with. Their file is that of `--config`, of `KMSWATCH_CONFIG`, or `kmswatch.toml` in the
/// folder where the service was started.
///
/// # Errors
/// With everything that is wrong with any of them, rendered.
pub(crate) fn for_service(
    arguments: &ServeArguments,
    environment: impl Iterator<Item = (OsString, OsString)>,
) -> anyhow::Result<Settings> {
    in_folder(Path::new(""), arguments, environment)
}

/// The same for a service that was started in `folder`.
pub(super) fn in_folder(
    folder: &Path,
    arguments: &ServeArguments,
    environment: impl Iterator<Item = (OsString, OsString)>,
) -> anyhow::Result<Settings> {
    // An empty one is as good as none: that is how it is switched off where all are listed.
    let ours = |(name, value): (OsString, OsString)| {
        Some((name.into_string().ok().filter(|name| name.starts_with(PREFIX))?, value))
    };
    let variables: BTreeMap<String, OsString> =
        environment.filter_map(ours).filter(|(_, value)| !value.is_empty()).collect();
    let mut merger = Merger::new(folder);
    if let Some(path) = file(folder, arguments, &variables) {
        merger.file(&path)?;
    }
    for (name, value) in &variables {
        merger.variable(name, value);
    }
    merger.arguments(arguments);
    merger.finish()
}

fn file(
    folder: &Path,
    arguments: &ServeArguments,
    variables: &BTreeMap<String, OsString>,
) -> Option<PathBuf> {
    let named = arguments.template.config().map(|path| folder.join(path));
    let here = folder.join(FILE);
    named
        .or_else(|| variables.get(CONFIG).map(|path| folder.join(path)))
        .or_else(|| here.exists().then_some(here))
}

/// Takes one after the other, and collects what is wrong.
struct Merger<'f> {
    folder: &'f Path,
    settings: Settings,
    /// The text of the file without its secrets, its name, and where in it each setting stands.
    file: Option<(String, String)>,
    places: BTreeMap<&'static str, Range<usize>>,
    /// Rendered.
    errors: Vec<String>,
}

impl<'f> Merger<'f> {
    fn new(folder: &'f Path) -> Self {
        let settings = Settings { data: folder.join(Settings::default().data), ..Settings::default() };
        Merger { folder, settings, file: None, places: BTreeMap::new(), errors: Vec::new() }
    }

    fn file(&mut self, path: &Path) -> anyhow::Result<()> {
        let name = shown(&path.display().to_string());
        let text = super::text(path).with_context(|| format!("can't read {name}"))?;
        let folder = path.parent().unwrap_or(Path::new(""));
        let said = Reader::read(&text, folder, std::mem::take(&mut self.settings));
        self.settings = said.settings;
        for (setting, place) in &said.places {
            self.came_from(setting, Origin::File(path.to_owned(), line(&text, place.start)));
        }
        let masked = masked(&text);
        let source = Source::file(&masked, &name);
        self.errors.extend(said.errors.iter().map(|error| error.render(&source, false)));
        self.settings.file = Some(path.to_owned());
        self.places = said.places;
        self.file = Some((masked, name));
        Ok(())
    }

    fn variable(&mut self, name: &str, value: &OsStr) {
        if name == CONFIG {
            return;
        }
        match KEYS.iter().find(|key| key.variable() == name) {
            Some(key) => self.given(key, name, value, Origin::Variable(name.to_owned())),
            None => {
                let warning = unknown_variable(name).render(&Source::typed(""), false);
                self.settings.warnings.push(warning);
            }
        }
    }

    fn arguments(&mut self, arguments: &ServeArguments) {
        for (flag, values) in arguments.given() {
            let Some(key) = KEYS.iter().find(|key| key.flag == Some(flag)) else { continue };
            match flag {
                "--trail" => self.trails(&values),
                _ => values.iter().for_each(|value| self.given(key, flag, value, Origin::Flag(flag))),
            }
        }
        self.addressees(arguments);
        self.settings = arguments.template.over(std::mem::take(&mut self.settings));
        for flag in arguments.template.given() {
            if let Some(key) = KEYS.iter().find(|key| key.flag == Some(flag)) {
                self.came_from(key.name, Origin::Flag(flag));
            }
        }
        self.default_trail();
        self.start(arguments);
    }

    /// Whoever names trails follows these and no others.
    fn trails(&mut self, paths: &[OsString]) {
        let trail = |path: &OsString| Trail { path: self.folder.join(path), ..Trail::default() };
        self.settings.trails = paths.iter().map(trail).collect();
        self.came_from("trail", Origin::Flag("--trail"));
    }

    /// The first of several addresses replaces what was set, the others are added.
    fn addressees(&mut self, arguments: &ServeArguments) {
        let key = KEYS.iter().find(|key| key.flag == Some("--mail-to"));
        let mut all = Vec::new();
        for address in &arguments.mail_to {
            self.settings.mail.to.clear();
            key.into_iter()
                .for_each(|key| self.given(key, "--mail-to", address.as_ref(), Origin::Flag("--mail-to")));
            all.append(&mut self.settings.mail.to);
        }
        if !arguments.mail_to.is_empty() {
            self.settings.mail.to = all;
        }
    }

    fn default_trail(&mut self) {
        let path = self.folder.join(TRAIL);
        if self.settings.origin("trail") == &Origin::Default && path.is_dir() {
            self.settings.trails = vec![Trail { path, ..Trail::default() }];
        }
    }

    fn start(&mut self, arguments: &ServeArguments) {
        let Some(from) = &arguments.from else { return };
        let value = plain(from);
        let given = self.untyped("--from", &value, from, false);
        match keys::start(&given) {
            Ok(start) => self.settings.trails.iter_mut().for_each(|trail| trail.from = start),
            Err(errors) => self.refuse("--from", "", &errors),
        }
    }

    /// A text from elsewhere than the file.
    fn given(&mut self, key: &Key<Settings>, name: &str, value: &OsStr, origin: Origin) {
        let Some(text) = value.to_str() else {
            let message = format!("`{name}` isn't UTF-8");
            let error = Diagnostic::error(ErrorCode::InvalidValue.as_str(), message);
            self.refuse(name, "", &[error]);
            return;
        };
        let value = plain(text);
        let given = self.untyped(name, &value, text, key.secret);
        let mut settings = std::mem::take(&mut self.settings);
        let read = (key.read)(&mut settings, &given);
        self.settings = settings;
        match read {
            Ok(()) => self.came_from(key.name, origin),
            Err(errors) => self.refuse(name, if key.secret { "" } else { text }, &errors),
        }
    }

    fn untyped<'v>(
        &self,
        name: &'v str,
        value: &'v toml::Spanned<toml::de::DeValue<'v>>,
        text: &'v str,
        secret: bool,
    ) -> Given<'v>
    where
        'f: 'v,
    {
        Given { name, value, text, folder: self.folder, secret, untyped: true }
    }

    fn refuse(&mut self, name: &str, text: &str, errors: &[Diagnostic]) {
        let source = Source::file(text, name);
        self.errors.extend(errors.iter().map(|error| error.render(&source, false)));
    }

    fn came_from(&mut self, name: &'static str, origin: Origin) {
        // A secret and its file are two names of one setting; the later wins.
        if let Some(other) = other_name(name) {
            self.settings.origins.remove(other);
        }
        self.settings.origins.insert(name, origin);
    }

    fn finish(mut self) -> anyhow::Result<Settings> {
        self.secrets();
        for error in relations::of_all(&self.settings) {
            let place = self.places.get(error.setting).cloned();
            let origin = self.settings.origin(error.setting);
            let rendered = match (&self.file, place, origin) {
                (Some((text, name)), Some(place), Origin::File(..)) => {
                    error.diagnostic.at(place).render(&Source::file(text, name), false)
                }
                (_, _, Origin::Default) => error.diagnostic.render(&Source::typed(""), false),
                (_, _, origin) => {
                    error.diagnostic.help(format!("it is set by {origin}")).render(&Source::typed(""), false)
                }
            };
            self.errors.push(rendered);
        }
        if !self.errors.is_empty() {
            return Err(anyhow!("the settings are refused\n{}", self.errors.join("\n\n")));
        }
        self.settings.mail.complete_server();
        Ok(self.settings)
    }

    /// Reads the files of secrets.
    fn secrets(&mut self) {
        let Settings { http, mail, webhook, .. } = &mut self.settings;
        let all = [
            ("http.token_file", &mut http.token),
            ("mail.password_file", &mut mail.password),
            ("webhook.secret_file", &mut webhook.secret),
        ];
        let mut errors = Vec::new();
        for (name, setting) in all {
            let Some(SecretSetting::File(path)) = setting else { continue };
            match secret(path) {
                Ok(secret) => *setting = Some(SecretSetting::Value(secret)),
                Err(error) => errors.push((name, unreadable(name, path, &error))),
            }
        }
        for (name, error) in errors {
            let error = error.help(format!("it is set by {}", self.settings.origin(name)));
            self.refuse("", "", &[error]);
        }
    }
}

/// A secret has two names: the one of its value and the one of its file.
fn other_name(name: &str) -> Option<&'static str> {
    let file = format!("{name}_file");
    let without = name.strip_suffix("_file");
    KEYS.iter().map(|key| key.name).find(|other| *other == file || Some(*other) == without)
}

fn secret(path: &Path) -> anyhow::Result<Secret> {
    let mut text = String::new();
    File::open(path)?.take(MAX_SECRET + 1).read_to_string(&mut text)?;
    anyhow::ensure!(text.len() as u64 <= MAX_SECRET, "it has more than {MAX_SECRET} bytes");
    let text = text.trim_end_matches(['\n', '\r']);
    anyhow::ensure!(!text.trim().is_empty(), "it is empty");
    Ok(Secret::new(text))
}

fn unreadable(name: &str, path: &Path, error: &anyhow::Error) -> Diagnostic {
    let path = shown(&path.display().to_string());
    let message = format!("`{name}`: {path} can't be read: {}", shown(&format!("{error:#}")));
    Diagnostic::error(ErrorCode::UnreadableSecret.as_str(), message)
}

fn unknown_variable(name: &str) -> Diagnostic {
    let variables: Vec<String> = KEYS.iter().map(Key::variable).chain([CONFIG.to_owned()]).collect();
    let rest = |name: &'_ str| name.strip_prefix(PREFIX).unwrap_or_default().to_owned();
    let known: Vec<String> = variables.iter().map(|variable| rest(variable)).collect();
    let help = match closest(&rest(name), known.iter().map(String::as_str).collect()) {
        Some(similar) => format!("write `{PREFIX}{similar}`"),
        None => "docs/settings.md lists all variables".to_owned(),
    };
    let message = format!("`{}` is the variable of no setting", shown(name));
    Diagnostic::warning(ErrorCode::UnknownVariable.as_str(), message).help(help)
}
