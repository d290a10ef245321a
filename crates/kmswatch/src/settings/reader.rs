//! From the text of a `kmswatch.toml` to settings.

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::Path;

use diagnostic::{Diagnostic, Source, closest};
use toml::Spanned;
use toml::de::{DeString, DeTable, DeValue};

use super::given::Given;
use super::keys::{KEYS, Key};
use super::{ErrorCode, Settings};
use crate::report::escape::shown;

/// Reads one text.
pub(super) struct Reader<'t> {
    text: &'t str,
    folder: &'t Path,
    settings: Settings,
    /// Where each setting stands that was read.
    places: BTreeMap<&'static str, Range<usize>>,
    errors: Vec<Diagnostic>,
}

/// What a text says.
pub(super) struct Said {
    /// The settings, those aside that are wrong.
    pub(super) settings: Settings,
    pub(super) places: BTreeMap<&'static str, Range<usize>>,
    /// In the order of the text.
    pub(super) errors: Vec<Diagnostic>,
}

impl<'t> Reader<'t> {
    /// Reads a text over what is set already; its relative paths begin at `folder`.
    pub(super) fn read(text: &'t str, folder: &'t Path, over: Settings) -> Said {
        let mut reader = Reader { text, folder, settings: over, places: BTreeMap::new(), errors: Vec::new() };
        let (table, errors) = DeTable::parse_recoverable(text);
        if errors.is_empty() {
            reader.table("", table.get_ref());
            reader.secrets_twice();
        } else {
            reader.errors = in_order(errors.iter().map(not_toml).collect());
            // What follows on the same line mostly follows from it.
            reader.errors.dedup_by_key(|error| error.span.as_ref().map(|span| line(text, span.start)));
        }
        let Reader { settings, places, errors, .. } = reader;
        Said { settings, places, errors: in_order(errors) }
    }

    fn table(&mut self, section: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let name = format!("{section}{}", key.get_ref());
            match KEYS.iter().find(|known| known.name == name) {
                Some(known) => self.setting(known, key, value),
                None if section.is_empty() && is_section(&name) => self.section(&name, value),
                None => self.errors.push(unknown(section, key)),
            }
        }
    }

    /// One of the two would be passed over in silence.
    fn secrets_twice(&mut self) {
        for key in KEYS.iter().filter(|key| key.secret) {
            let file = self.places.iter().find(|(name, _)| name.strip_suffix("_file") == Some(key.name));
            if let (Some(own), Some((file, place))) = (self.places.get(key.name), file) {
                let message = format!("`{file}` and `{}` are two ways to say the same", key.name);
                let error = Diagnostic::error(ErrorCode::Conflict.as_str(), message).at(place.clone());
                self.errors.push(error.label(own.clone(), "here as well").help("leave one of them out"));
            }
        }
    }

    fn section(&mut self, name: &str, value: &Spanned<DeValue<'_>>) {
        match value.get_ref() {
            DeValue::Table(table) => self.table(&format!("{name}."), table),
            _ => {
                let message = format!("`{name}` is a table");
                let help = format!("write `[{name}]` on a line of its own, and its settings below it");
                let error = Diagnostic::error(ErrorCode::WrongType.as_str(), message);
                self.errors.push(error.at(value.span()).help(help));
            }
        }
    }

    fn setting(&mut self, key: &Key<Settings>, place: &Spanned<DeString<'_>>, value: &Spanned<DeValue<'_>>) {
        let Reader { text, folder, .. } = *self;
        let given = Given { name: key.name, value, text, folder, secret: key.secret, untyped: false };
        match (key.read)(&mut self.settings, &given) {
            Ok(()) => drop(self.places.insert(key.name, place.span())),
            Err(errors) => self.errors.extend(errors),
        }
    }
}

/// The line of a byte, counted from 1.
pub(super) fn line(text: &str, byte: usize) -> usize {
    Source::typed(text).place(byte).line
}

pub(super) fn in_order(mut errors: Vec<Diagnostic>) -> Vec<Diagnostic> {
    errors.sort_by_key(|error| error.span.as_ref().map(|span| span.start));
    errors
}

pub(super) fn not_toml(error: &toml::de::Error) -> Diagnostic {
    let message = format!("this isn't TOML: {}", error.message().replace('\n', ", "));
    let help = "a setting is written `name = \"value\"`; https://toml.io describes the format";
    let mistake = Diagnostic::error(ErrorCode::NotToml.as_str(), message).help(help);
    match error.span() {
        Some(span) => mistake.at(span),
        None => mistake,
    }
}

/// The names of tables with settings in them.
pub(super) fn sections() -> impl Iterator<Item = &'static str> {
    KEYS.iter().filter_map(|key| key.name.split_once('.').map(|(section, _)| section))
}

fn is_section(name: &str) -> bool {
    sections().any(|section| section == name)
}

fn unknown(section: &str, key: &Spanned<DeString<'_>>) -> Diagnostic {
    let name = key.get_ref().as_ref();
    let inside = |known: &'static str| known.strip_prefix(section).filter(|rest| !rest.contains('.'));
    let mut names: Vec<&str> = KEYS.iter().filter_map(|known| inside(known.name)).collect();
    if section.is_empty() {
        names.extend(sections());
    }
    let elsewhere = || KEYS.iter().map(|known| known.name).find(|known| ends_with(known, name));
    let help = match (closest(name, names.clone()), elsewhere()) {
        (Some(similar), _) => format!("write `{similar}`"),
        (None, Some(known)) => match known.split_once('.') {
            Some((section, setting)) => format!("write `{setting}` below `[{section}]`"),
            None => format!("write `{known}` above the first `[…]`"),
        },
        (None, None) if section.is_empty() => {
            "docs/settings.md lists all settings; values for the template's parameters stand below `[parameters]`".to_owned()
        }
        (None, None) => format!("the settings here are {}", names.join(", ")),
    };
    let message = format!("there is no setting `{}`", shown(&format!("{section}{name}")));
    Diagnostic::error(ErrorCode::UnknownSetting.as_str(), message).at(key.span()).help(help)
}

/// Whether a setting is called so in another table: `mail.server` for `server` and `mail_server`.
fn ends_with(known: &str, name: &str) -> bool {
    let (section, setting) = known.split_once('.').unwrap_or(("", known));
    setting == name || known.replace('.', "_") == name || (section.is_empty() && known == name)
}

/// A setting that a table of a list doesn't have.
pub(super) fn unknown_in<T>(table: &str, keys: &[Key<T>], key: &Spanned<DeString<'_>>) -> Diagnostic {
    let names: Vec<&str> = keys.iter().map(|known| known.name).collect();
    let help = match closest(key.get_ref(), names.clone()) {
        Some(similar) => format!("write `{similar}`"),
        None => format!("the settings here are {}", names.join(", ")),
    };
    let message = format!("there is no setting `{}.{}`", shown(table), shown(key.get_ref()));
    Diagnostic::error(ErrorCode::UnknownSetting.as_str(), message).at(key.span()).help(help)
}
