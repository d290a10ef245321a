//! The report for spreadsheets: a header, then a row for each group, quoted as RFC 4180 says.
//!
//! A spreadsheet takes a cell that begins with `=`, `+`, `-`, `@` for a formula, also behind white space; such a
//! cell gets a leading `'`, which makes it text. Disturbing characters are escaped as for a terminal.

use std::io::{self, Write};

use super::escape::Escaped;
use super::format::{Report, View};
use super::time::rfc3339;
use super::values::Kind;

/// A column's name and what it says of a group.
type Column = (&'static str, fn(View<'_>) -> String);

/// All columns, in order.
const COLUMNS: [Column; 31] = [
    ("principal", |view| view.principal().to_owned()),
    ("principal_words", |view| view.principal_words().to_owned()),
    ("principal_notes", |view| list(view, Kind::PrincipalNote)),
    ("principal_type", |view| view.principal_type().to_owned()),
    ("account", |view| optional(view.account())),
    ("key", |view| optional(view.key())),
    ("key_notes", |view| list(view, Kind::KeyNote)),
    ("error", |view| optional(view.error())),
    ("tier", |view| view.tier().code().to_owned()),
    ("by_service", |view| view.group.by_service.to_string()),
    ("count", |view| view.group.records.to_string()),
    ("calls", |view| view.group.calls().to_string()),
    ("first", |view| view.group.span.map(|span| rfc3339(span.first)).unwrap_or_default()),
    ("last", |view| view.group.span.map(|span| rfc3339(span.last)).unwrap_or_default()),
    ("expected_reason", |view| optional(view.expected().map(|(reason, _)| reason))),
    ("expected_until", |view| optional(view.expected().map(|(_, until)| until))),
    ("denial_reasons", |view| list(view, Kind::Denial)),
    ("denial_codes", denial_codes),
    ("denying_policies", |view| list(view, Kind::DenyingPolicy)),
    ("operations", |view| list(view, Kind::Operation)),
    ("event_sources", |view| list(view, Kind::EventSource)),
    ("resources", |view| list(view, Kind::Resource)),
    ("source_addresses", |view| list(view, Kind::SourceAddress)),
    ("user_agents", |view| list(view, Kind::UserAgent)),
    ("invoked_by", |view| list(view, Kind::InvokedBy)),
    ("vpc_endpoints", |view| list(view, Kind::VpcEndpoint)),
    ("vpc_endpoint_accounts", |view| list(view, Kind::VpcEndpointAccount)),
    ("regions", |view| list(view, Kind::Region)),
    ("detections", |view| list(view, Kind::Detection)),
    ("error_meaning", |view| view.meaning().to_owned()),
    ("what_to_do", |view| view.advice().to_owned()),
];

/// The header and a row for each group.
pub(super) fn write(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    write!(out, "{}\r\n", COLUMNS.map(|(name, _)| name).join(","))?;
    for view in report.groups() {
        write!(out, "{}\r\n", COLUMNS.map(|(_, column)| cell(&column(view))).join(","))?;
    }
    Ok(())
}

fn optional(text: Option<&str>) -> String {
    text.unwrap_or_default().to_owned()
}

fn denial_codes(view: View<'_>) -> String {
    let codes: Vec<String> =
        view.denials().iter().map(|(reason, count)| format!("{} ({count})", reason.code())).collect();
    codes.join("; ")
}

/// `value (count); value (count)`, and in how many calls further values occurred.
fn list(view: View<'_>, kind: Kind) -> String {
    let mut values: Vec<String> =
        view.list(kind).iter().map(|counted| format!("{} ({})", counted.value, counted.count)).collect();
    if view.more(kind) > 0 {
        values.push(format!("further values ({})", view.more(kind)));
    }
    values.join("; ")
}

/// Text as a cell.
fn cell(text: &str) -> String {
    let guard = if is_formula(text) { "'" } else { "" };
    let text = format!("{guard}{}", Escaped(text));
    if text.contains([',', '"', '\n', '\r']) || text.starts_with(' ') || text.ends_with(' ') {
        format!("\"{}\"", text.replace('"', "\"\""))
    } else {
        text
    }
}

/// Whether a spreadsheet may take a cell for a formula. Some fold full-width signs to ASCII.
fn is_formula(text: &str) -> bool {
    let visible =
        text.trim_start_matches(|character: char| character.is_whitespace() || character.is_control());
    text.starts_with(['\t', '\r']) || visible.starts_with(['=', '+', '-', '@', '＝', '＋', '－', '＠'])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn cells_are_quoted_and_guarded() {
        assert_eq!(cell("plain"), "plain");
        assert_eq!(cell("a,\"b\""), "\"a,\"\"b\"\"\"");
        assert_eq!(cell("=HYPERLINK(1)"), "'=HYPERLINK(1)");
        assert_eq!(cell(" \t@SUM(1,2)"), "\"' \\t@SUM(1,2)\"");
        assert_eq!(cell("\r-1"), "'\\r-1");
        assert_eq!(cell("\u{200b}=1"), "\\u{200b}=1");
    }

    proptest! {
        #[test]
        fn no_cell_is_a_formula(text in "[ \t\r\n=+@\u{a0}\u{2028}\"',a-]{0,8}") {
            let cell = cell(&text);
            let inside = cell.strip_prefix('"').unwrap_or(&cell).trim_start();
            prop_assert!(!inside.starts_with(['=', '+', '-', '@', '\t', '\r']), "{cell:?}");
            prop_assert!(!cell.chars().any(char::is_control));
        }
    }
}
