//! The text of a `kmswatch.toml` with stars where secrets stand, so that a mistake beside one can be shown.

use std::ops::Range;

use diagnostic::closest;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{KEYS, is_secret};

/// Pieces of names that something secret has. Also of names that aren't known, for a slip in a name is the likeliest mistake.
const SECRET: [&str; 6] = ["pass", "pwd", "token", "secret", "credential", "smtp"];

/// The same text, as long and with the same lines, without its secrets.
pub(crate) fn masked(text: &str) -> String {
    let (table, errors) = DeTable::parse_recoverable(text);
    let mut secrets = Vec::new();
    in_table("", table.get_ref(), &mut secrets);
    if !errors.is_empty() {
        in_lines(text, &mut secrets);
    }
    logins(text, &mut secrets);
    let is_secret = |at: usize| secrets.iter().any(|secret| secret.contains(&at));
    let star = |(at, found): (usize, char)| match found {
        '\n' | '\r' => found.to_string(),
        _ if is_secret(at) => "*".repeat(found.len_utf8()),
        _ => found.to_string(),
    };
    if secrets.is_empty() { text.to_owned() } else { text.char_indices().map(star).collect() }
}

/// Values of settings that are secret, or whose name sounds so, or isn't known.
fn in_table(section: &str, table: &DeTable<'_>, secrets: &mut Vec<Range<usize>>) {
    for (key, value) in table {
        in_value(&format!("{section}{}", key.get_ref()), key.get_ref(), value, secrets);
    }
}

fn in_value(name: &str, own: &str, value: &Spanned<DeValue<'_>>, secrets: &mut Vec<Range<usize>>) {
    match (is_secret(name), value.get_ref()) {
        (_, DeValue::Array(items)) => items.iter().for_each(|item| in_value(name, own, item, secrets)),
        // Their names are the user's own.
        (Some(_), DeValue::Table(_)) if TEXTS.contains(&name) => {}
        (_, DeValue::Table(inner)) => in_table(&format!("{name}."), inner, secrets),
        (Some(false), _) => {}
        (None, _) if is_slip(own) => {}
        // Its login is enough, and the rest shows what is wrong with it.
        (Some(true), _) if name == "mail.server" && has_login(value) => {}
        _ => secrets.push(inside_quotes(value)),
    }
}

/// Tables of texts.
const TEXTS: [&str; 3] = ["parameters", "accounts", "keys"];

/// Whether a name was meant for one that isn't secret.
fn is_slip(name: &str) -> bool {
    let own = |name: &'static str| name.split_once('.').map_or(name, |(_, own)| own);
    let meant = closest(name, KEYS.iter().map(|key| own(key.name)).collect());
    let is_secret = |meant: &str| KEYS.iter().any(|key| key.secret && own(key.name) == meant);
    let lower = name.to_ascii_lowercase();
    meant.is_some_and(|meant| !is_secret(meant)) && !SECRET.iter().any(|piece| lower.contains(piece))
}

/// Whether [`logins`] finds all in it that is secret.
fn has_login(value: &Spanned<DeValue<'_>>) -> bool {
    value.get_ref().as_str().is_some_and(|url| {
        url.split_once("://").is_some_and(|(_, rest)| rest.contains('@') || !rest.contains(':'))
    })
}

fn inside_quotes(value: &Spanned<DeValue<'_>>) -> Range<usize> {
    let span = value.span();
    match value.get_ref() {
        DeValue::String(_) if span.len() >= 2 => span.start + 1..span.end - 1,
        _ => span,
    }
}

/// What isn't TOML: all behind a name on its line, unless that is known to be no secret, and whole lines up to the end of a
/// text of several lines.
fn in_lines(text: &str, secrets: &mut Vec<Range<usize>>) {
    let mut open: Option<&str> = None;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let behind = if open.is_some() { Some(0) } else { behind_name(line) };
        secrets.extend(behind.map(|from| start + from..start + line.len()));
        for quotes in QUOTES {
            let changes = line.matches(quotes).count() % 2 == 1;
            open = match open {
                Some(own) if own == quotes && changes => None,
                None if changes => Some(quotes),
                same => same,
            };
        }
        start += line.len();
    }
}

/// What begins and ends a text of several lines.
const QUOTES: [&str; 2] = ["\"\"\"", "'''"];

/// Where a line's secret begins. What isn't a name and a value may be the end of one that began before.
fn behind_name(line: &str) -> Option<usize> {
    // A table's name ends its line.
    let table = if line.trim_start().starts_with('[') { line.find(']').map_or(0, |end| end + 1) } else { 0 };
    let rest = line.get(table..).unwrap_or_default();
    if rest.trim().is_empty() {
        return None;
    }
    let separator = table + rest.find(['=', ':']).unwrap_or(0);
    let name = line.get(table..separator).unwrap_or_default().trim().trim_matches(['#', '"', '\'', ' ']);
    let is_name =
        !name.is_empty() && name.chars().all(|found| found.is_alphanumeric() || "_-.".contains(found));
    let own = name.rsplit('.').next().unwrap_or_default();
    let value = line.get(separator..).unwrap_or_default().to_ascii_lowercase();
    let hides = SECRET.iter().any(|piece| value.contains(piece));
    match is_name {
        true => (!is_slip(own) || hides).then_some(separator),
        false => Some(table),
    }
}

/// `user:password` in a URL, wherever it stands.
fn logins(text: &str, secrets: &mut Vec<Range<usize>>) {
    for (at, found) in text.match_indices("://") {
        let start = at + found.len();
        let rest = text.get(start..).unwrap_or_default();
        let end = rest.find(['"', '\'', '\n']).unwrap_or(rest.len());
        if let Some(at) = rest.get(..end).and_then(|url| url.rfind('@')) {
            secrets.push(start..start + at);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use proptest::sample::select;

    use super::super::{Settings, render};
    use super::masked;

    /// Pieces of a file around a secret, each of which may be broken.
    fn text() -> impl Strategy<Value = String> {
        let names = ["password", "pasword", "token", "secret", "mail.password", "\"password\"", "x", "pw"];
        let between = [" = ", "=", ": ", " ", " = {", "\n=", " = [", " = { a = 1, b = "];
        let quotes = ["\"", "'", "\"\"\"", "\"\"\"\n", "'''", ""];
        let around = [
            "",
            "[mail]\n",
            "[http]\n",
            "region = \n",
            "[[trail]]\npath = 5\n",
            "}\n",
            "data = \"a\n",
            "]",
            "\"\n",
        ];
        let (names, between) = (select(names.to_vec()), select(between.to_vec()));
        let pieces = (select(around.to_vec()), names, between, select(quotes.to_vec()));
        let rest = (select(quotes.to_vec()), select(around.to_vec()), select(around.to_vec()));
        (pieces, rest).prop_map(|((before, name, between, open), (close, behind, last))| {
            format!("{before}{name}{between}{open}hunter2{close}\n{behind}{last}")
        })
    }

    proptest! {
        #[test]
        fn no_mistake_shows_a_secret(text in text()) {
            let masked = masked(&text);
            prop_assert_eq!(masked.len(), text.len());
            prop_assert_eq!(masked.lines().count(), text.lines().count());
            if let Err(errors) = Settings::parse(&text) {
                let shown = render(&errors, &masked, "kmswatch.toml");
                prop_assert!(!shown.contains("hunter2"), "{}", shown);
            }
        }
    }

    #[test]
    fn secrets_become_stars_where_they_stand() {
        for (text, expected) in [
            ("[mail]\npassword = \"hunter2\"", "[mail]\npassword = \"*******\""),
            ("[mail]\npasword = 'hunter2'", "[mail]\npasword = '*******'"),
            ("[http]\ntoken = 12345", "[http]\ntoken = *****"),
            ("mail = { password = \"hé\", servr = 1 }", "mail = { password = \"***\", servr = * }"),
            ("[mail]\nserver = \"smtp://me:a@b@host:x\"", "[mail]\nserver = \"smtp://******@host:x\""),
            ("[mail]\nserver = \"smtp://me:hunter2\"", "[mail]\nserver = \"*****************\""),
            ("[mail]\nserver = \"smtps://host\"", "[mail]\nserver = \"smtps://host\""),
            ("[mail]\npassword: hunter2", "[mail]\npassword*********"),
            ("password = \"\"\"\nhunter2\nregion = 1", "password *****\n*******\n**********"),
            ("pasword: hunter2\nregion: 1", "pasword*********\nregion: 1"),
            ("mail = { region = 1, password = hunter2", "mail **********************************"),
            ("region = { password = hunter2", "region **********************"),
            ("[mail] password = hunter2", "[mail] password *********"),
            ("smtp_password=hunter2", "smtp_password********"),
            ("[mail]\npassword = \"hunter2\nregion = 1", "[mail]\npassword **********\nregion = 1"),
            ("[mail.more]\nx = \"hunter2\"", "[mail.more]\nx = \"*******\""),
            (
                "[[trail]]\npath = \"a\"\nmore = [\"hunter2\", 5]",
                "[[trail]]\npath = \"a\"\nmore = [\"*******\", *]",
            ),
            ("[parameters]\nToken = \"5\"", "[parameters]\nToken = \"5\""),
        ] {
            assert_eq!(masked(text), expected);
        }
    }
}
