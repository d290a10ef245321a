//! One value as somebody gave it, in a file, a variable or an option, and what can be read from it.

use std::collections::BTreeMap;
use std::ops::RangeInclusive;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use diagnostic::Diagnostic;
use notify::{Mailbox, Secret};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::Key;
use super::{ErrorCode, units};
use crate::report::escape::shown;

/// What was read, or all that is wrong with it.
pub(super) type Read<T> = Result<T, Vec<Diagnostic>>;

/// How many entries a list or a table may have.
const MAX_ENTRIES: usize = 10_000;

/// A value, and how it is spoken of.
#[derive(Clone, Copy)]
pub(super) struct Given<'v> {
    /// What the user calls it: `mail.server`, `KMSWATCH_MAIL_SERVER`, `--smtp`.
    pub(super) name: &'v str,
    pub(super) value: &'v Spanned<DeValue<'v>>,
    /// The text that it stands in.
    pub(super) text: &'v str,
    /// What relative paths begin at.
    pub(super) folder: &'v Path,
    /// Whether it may not be shown.
    pub(super) secret: bool,
    /// Whether it is a mere text (a variable, an option), which has no types.
    pub(super) untyped: bool,
}

/// What a text must be, and what to write where it isn't.
pub(super) struct Rule {
    pub(super) holds: fn(&str) -> bool,
    pub(super) help: &'static str,
}

impl<'v> Given<'v> {
    /// A text.
    pub(super) fn text(&self) -> Read<String> {
        let DeValue::String(text) = self.value.get_ref() else {
            let help = self.quoted();
            return Err(self.wrong_type("a text", &help));
        };
        Ok(text.to_string())
    }

    /// A text that a rule holds for.
    pub(super) fn ruled(&self, rule: &Rule) -> Read<String> {
        let text = self.text()?;
        if (rule.holds)(&text) { Ok(text) } else { Err(self.invalid(rule.help)) }
    }

    /// A text that something else can be read from.
    pub(super) fn parsed<T>(&self, parse: impl FnOnce(&str) -> Option<T>, help: &str) -> Read<T> {
        match self.value.get_ref() {
            DeValue::String(text) => parse(text).ok_or_else(|| self.invalid(help)),
            _ => Err(self.wrong_type("a text", help)),
        }
    }

    /// One of several words.
    pub(super) fn one_of<T: Copy>(&self, choices: &[(&str, T)]) -> Read<T> {
        let words: Vec<String> =
            choices.iter().map(|(word, _)| format!("`{}`", self.written(word))).collect();
        let words = words.split_last().map(|(last, others)| format!("{} or {last}", others.join(", ")));
        let chosen = |text: &str| choices.iter().find(|(word, _)| *word == text).map(|(_, choice)| *choice);
        self.parsed(chosen, &format!("write {}", words.unwrap_or_default()))
    }

    /// A path, from where it was given.
    pub(super) fn path(&self) -> Read<PathBuf> {
        let text = self.text()?;
        if text.is_empty() {
            Err(self.invalid("write a path, in quotes"))
        } else {
            Ok(self.folder.join(text))
        }
    }

    /// A duration within bounds.
    pub(super) fn duration(&self, bounds: &RangeInclusive<Duration>) -> Read<Duration> {
        let duration = |text: &str| units::duration(text).filter(|found| bounds.contains(found));
        self.parsed(duration, &self.duration_help(bounds))
    }

    /// A duration within bounds, or `off`.
    pub(super) fn duration_or_off(&self, bounds: &RangeInclusive<Duration>) -> Read<Option<Duration>> {
        let duration = |text: &str| units::duration(text).filter(|found| bounds.contains(found));
        let read = |text: &str| if text == "off" { Some(None) } else { duration(text).map(Some) };
        self.parsed(read, &format!("{}, or `{}`", self.duration_help(bounds), self.written("off")))
    }

    pub(super) fn duration_help(&self, bounds: &RangeInclusive<Duration>) -> String {
        let (least, most) = (units::shown_duration(*bounds.start()), units::shown_duration(*bounds.end()));
        let written = self.written("90s");
        format!(
            "write a whole number with ms, s, m, h, d or w: `{written}`, at least {least}, at most {most}"
        )
    }

    /// A size in bytes, of at least one.
    pub(super) fn size(&self) -> Read<u64> {
        let help = format!(
            "write a whole number with B, kB, KiB, MB, MiB, GB, GiB, TB or TiB: `{}`",
            self.written("10GiB")
        );
        self.parsed(|text| units::size(text).filter(|size| *size > 0), &help)
    }

    /// `true` or `false`.
    pub(super) fn yes_or_no(&self) -> Read<bool> {
        match self.value.get_ref() {
            DeValue::Boolean(yes) => Ok(*yes),
            DeValue::String(text) if self.untyped => {
                text.parse().map_err(|_| self.invalid("write `true` or `false`"))
            }
            _ => Err(self.wrong_type("true or false", "write `true` or `false`, without quotes")),
        }
    }

    /// A whole number within bounds.
    pub(super) fn number(&self, bounds: &RangeInclusive<u32>) -> Read<u32> {
        let digits = match self.value.get_ref() {
            DeValue::Integer(number) if number.radix() == 10 => number.as_str(),
            DeValue::String(text) if self.untyped => text,
            _ => return Err(self.wrong_type("a number", "write a whole number, without quotes")),
        };
        let number = u32::from_str(digits).ok().filter(|number| bounds.contains(number));
        let help = || format!("write a whole number from {} to {}", bounds.start(), bounds.end());
        number.ok_or_else(|| self.invalid(&help()))
    }

    /// A text that is never shown.
    pub(super) fn secret(&self) -> Read<Secret> {
        self.parsed(
            |text| (!text.trim().is_empty()).then(|| Secret::new(text)),
            "write it in quotes; it can't be empty",
        )
    }

    /// An address.
    pub(super) fn mailbox(&self) -> Read<Mailbox> {
        let help = format!(
            "write an address: `{}`; with a name: `{}`",
            self.written("security@example.com"),
            self.written("Security <security@example.com>")
        );
        self.parsed(Mailbox::parse, &help)
    }

    /// A list; where it was given without types, separated by commas.
    pub(super) fn list<T>(&self, read: impl Fn(&Given<'_>) -> Read<T>) -> Read<Vec<T>> {
        if let (DeValue::String(text), true) = (self.value.get_ref(), self.untyped) {
            let items = text.split(',').map(|item| plain(item.trim()));
            return gathered(items.map(|item| read(&Given { value: &item, ..*self })));
        }
        let DeValue::Array(items) = self.value.get_ref() else {
            return Err(self.wrong_type("a list", "write a list: `[\"one\", \"another\"]`"));
        };
        self.not_too_many(items.len())?;
        gathered(items.iter().map(|item| read(&Given { value: item, ..*self })))
    }

    /// A table of texts; `read` may look at each name.
    pub(super) fn texts(
        &self,
        read: impl Fn(&str, &Given<'_>) -> Read<String>,
    ) -> Read<BTreeMap<String, String>> {
        let example = "{ Name = \"value\" }";
        if let Some(text) = self.untyped_toml(example, '{')? {
            return self.in_toml(text, |given| given.texts(read));
        }
        let DeValue::Table(table) = self.value.get_ref() else {
            let help =
                format!("write `[{}]` on a line of its own, and below it `Name = \"value\"`", self.name);
            return Err(self.wrong_type("a table", &help));
        };
        self.not_too_many(table.len())?;
        let read = table.iter().map(|(key, value)| {
            let name = key.get_ref().to_string();
            let given = Given { name: &name, value, ..*self };
            let text = read(&name, &given).map_err(|errors| at_key(errors, key.span()))?;
            Ok((name, text))
        });
        gathered(read).map(|pairs| pairs.into_iter().collect())
    }

    /// A list of tables, each with these keys.
    pub(super) fn tables<T: Default>(&self, keys: &[Key<T>]) -> Read<Vec<T>> {
        if let Some(text) = self.untyped_toml("[{ name = \"value\" }]", '[')? {
            return self.in_toml(text, |given| given.tables(keys));
        }
        let help = format!("write `[[{}]]` on a line of its own, and its settings below it", self.name);
        let DeValue::Array(items) = self.value.get_ref() else {
            return Err(self.wrong_type("a list of tables", &help));
        };
        self.not_too_many(items.len())?;
        gathered(items.iter().map(|item| match item.get_ref() {
            DeValue::Table(table) => self.table(item, table, keys),
            _ => Err(Given { value: item, ..*self }.wrong_type("a list of tables", &help)),
        }))
    }

    fn table<T: Default>(
        &self,
        item: &Spanned<DeValue<'_>>,
        table: &DeTable<'_>,
        keys: &[Key<T>],
    ) -> Read<T> {
        let mut read = T::default();
        let mut errors = Vec::new();
        for (key, value) in table {
            match keys.iter().find(|known| known.name == *key.get_ref()) {
                Some(known) => {
                    let name = format!("{}.{}", self.name, known.name);
                    let given = Given { name: &name, value, secret: known.secret, ..*self };
                    errors.extend((known.read)(&mut read, &given).err().into_iter().flatten());
                }
                None => errors.push(super::reader::unknown_in(self.name, keys, key)),
            }
        }
        for missing in keys.iter().filter(|key| key.required && !table.contains_key(key.name)) {
            let message = format!("`{}` needs `{}`", self.name, missing.name);
            let error = Diagnostic::error(ErrorCode::Missing.as_str(), message).at(item.span());
            errors.push(error.help(format!("write `{} = \"…\"`: {}", missing.name, missing.what)));
        }
        if errors.is_empty() { Ok(read) } else { Err(errors) }
    }

    /// The TOML in a variable; `None` where the value is in a file of TOML anyway.
    fn untyped_toml(&self, example: &str, begins: char) -> Read<Option<&'v str>> {
        match self.value.get_ref() {
            DeValue::String(text) if self.untyped => match text.trim_start().starts_with(begins) {
                true => Ok(Some(text)),
                false => Err(self.invalid(&format!("write it as in TOML: `{example}`"))),
            },
            _ => Ok(None),
        }
    }

    fn in_toml<T>(&self, text: &str, read: impl FnOnce(&Given<'_>) -> Read<T>) -> Read<T> {
        let (value, errors) = DeValue::parse_recoverable(text);
        if !errors.is_empty() {
            return Err(errors.iter().map(super::reader::not_toml).collect());
        }
        read(&Given { value: &value, text, untyped: false, ..*self })
    }

    fn not_too_many(&self, count: usize) -> Read<()> {
        if count <= MAX_ENTRIES {
            return Ok(());
        }
        let message = format!("`{}` has more than {MAX_ENTRIES} entries", shown(self.name));
        Err(vec![self.placed(Diagnostic::error(ErrorCode::InvalidValue.as_str(), message))])
    }

    /// It is of another type.
    fn wrong_type(&self, expected: &str, help: &str) -> Vec<Diagnostic> {
        let message = format!("`{}` is {expected}, not {}", shown(self.name), kind(self.value.get_ref()));
        vec![self.placed(Diagnostic::error(ErrorCode::WrongType.as_str(), message).help(help))]
    }

    /// It can't be that.
    pub(super) fn invalid(&self, help: &str) -> Vec<Diagnostic> {
        let name = shown(self.name);
        let message = match self.value.get_ref() {
            DeValue::String(text) if !self.secret => format!("`{name}` can't be `{}`", shown(text)),
            DeValue::Integer(number) if !self.secret => format!("`{name}` can't be `{}`", number.as_str()),
            _ => format!("`{name}` can't be what it is set to"),
        };
        vec![self.placed(Diagnostic::error(ErrorCode::InvalidValue.as_str(), message).help(help))]
    }

    /// What is named can't be; the place of the name isn't known here.
    pub(super) fn wrong_name(&self, what: &str, help: &str) -> Vec<Diagnostic> {
        let message = format!("`{}` is no {what}", shown(self.name));
        vec![Diagnostic::error(ErrorCode::InvalidValue.as_str(), message).help(help)]
    }

    fn placed(&self, found: Diagnostic) -> Diagnostic {
        if self.untyped { found } else { found.at(self.value.span()) }
    }

    /// A text as it must be written here.
    pub(super) fn written(&self, text: &str) -> String {
        if self.untyped { text.to_owned() } else { format!("\"{text}\"") }
    }

    fn quoted(&self) -> String {
        let in_quotes = |text: &str| format!("write `\"{}\"`, in quotes", shown(text));
        match self.value.get_ref() {
            DeValue::Array(_) => {
                "write one text in quotes; where a parameter is a list, with commas: `\"a,b\"`".into()
            }
            DeValue::Table(_) => "write one text in quotes".into(),
            _ if self.secret => "write it in quotes".into(),
            // Without TOML's `_` between digits, which AWS doesn't read.
            DeValue::Integer(number) if number.radix() == 10 => in_quotes(number.as_str()),
            DeValue::Float(number) => in_quotes(number.as_str()),
            _ => in_quotes(self.text.get(self.value.span()).unwrap_or_default()),
        }
    }
}

/// A text without types.
pub(super) fn plain(text: &str) -> Spanned<DeValue<'_>> {
    Spanned::new(0..text.len(), DeValue::String(text.into()))
}

/// What is wrong with a name stands at it.
fn at_key(errors: Vec<Diagnostic>, key: std::ops::Range<usize>) -> Vec<Diagnostic> {
    errors.into_iter().map(|error| if error.span.is_none() { error.at(key.clone()) } else { error }).collect()
}

/// All of them, or all that is wrong with any.
fn gathered<T>(all: impl Iterator<Item = Read<T>>) -> Read<Vec<T>> {
    let (mut read, mut errors) = (Vec::new(), Vec::new());
    for one in all {
        match one {
            Ok(one) => read.push(one),
            Err(wrong) => errors.extend(wrong),
        }
    }
    if errors.is_empty() { Ok(read) } else { Err(errors) }
}

fn kind(value: &DeValue<'_>) -> &'static str {
    match value {
        DeValue::String(_) => "a text",
        DeValue::Integer(_) | DeValue::Float(_) => "a number",
        DeValue::Boolean(_) => "true or false",
        DeValue::Datetime(_) => "a time",
        DeValue::Array(_) => "a list",
        DeValue::Table(_) => "a table",
    }
}
