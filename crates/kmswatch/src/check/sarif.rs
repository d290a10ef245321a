//! The answer as SARIF 2.1.0, which code hosts show beside the lines
//! (<https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html>).

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::{self, Write};
use std::ops::Range;

use diagnostic::{Diagnostic, Severity};
use serde::Serialize;

use super::json::Lines;
use super::{Checked, codes};
use crate::report::write_value;

const SCHEMA: &str =
    "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json";
/// Down to which depth each value has a line of its own.
const OPEN: usize = 7;

pub(super) fn write(checked: &[Checked], unreadable: usize, out: &mut dyn Write) -> io::Result<()> {
    let said: BTreeSet<&str> =
        checked.iter().flat_map(|file| &file.diagnostics).map(|found| found.code).collect();
    let rules: Vec<Rule> =
        codes::all().into_iter().filter(|code| said.contains(code.code)).map(rule).collect();
    let results = checked.iter().flat_map(|file| of_file(file, &rules)).collect();
    let driver = Driver { name: "kmswatch", semantic_version: env!("CARGO_PKG_VERSION"), rules };
    let run = Run {
        tool: Tool { driver },
        invocations: [Invocation { execution_successful: unreadable == 0 }],
        column_kind: "unicodeCodePoints",
        results,
    };
    write_value(&Log { schema: SCHEMA, version: "2.1.0", runs: [run] }, OPEN, out)
}

#[derive(Serialize)]
struct Log {
    #[serde(rename = "$schema")]
    schema: &'static str,
    version: &'static str,
    runs: [Run; 1],
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Run {
    tool: Tool,
    invocations: [Invocation; 1],
    column_kind: &'static str,
    results: Vec<Entry>,
}

#[derive(Serialize)]
struct Tool {
    driver: Driver,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Invocation {
    execution_successful: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Driver {
    name: &'static str,
    semantic_version: &'static str,
    rules: Vec<Rule>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Rule {
    id: &'static str,
    short_description: Text,
    #[serde(skip_serializing_if = "Option::is_none")]
    full_description: Option<Text>,
    default_configuration: Configuration,
}

#[derive(Serialize)]
struct Configuration {
    level: &'static str,
}

#[derive(Serialize)]
struct Text {
    text: String,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Entry {
    rule_id: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    rule_index: Option<usize>,
    level: &'static str,
    message: Text,
    locations: [Location; 1],
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Location>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Location {
    physical_location: Physical,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    logical_locations: Vec<Logical>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<Text>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Physical {
    artifact_location: Artifact,
    #[serde(skip_serializing_if = "Option::is_none")]
    region: Option<Region>,
}

#[derive(Serialize)]
struct Artifact {
    uri: String,
}

#[derive(Serialize)]
struct Logical {
    name: String,
    kind: &'static str,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Region {
    start_line: usize,
    start_column: usize,
    end_line: usize,
    end_column: usize,
}

fn rule(code: codes::Code) -> Rule {
    Rule {
        id: code.code,
        short_description: Text { text: code.title.to_owned() },
        full_description: (!code.explanation.is_empty()).then(|| Text { text: code.explanation.to_owned() }),
        default_configuration: Configuration { level: level(code.severity) },
    }
}

/// SARIF's levels have the same names.
fn level(severity: Severity) -> &'static str {
    severity.as_str()
}

fn of_file(file: &Checked, rules: &[Rule]) -> Vec<Entry> {
    let (lines, uri) = (Lines::of(&file.text), uri(&file.path));
    file.diagnostics.iter().map(|found| entry(found, file, &lines, &uri, rules)).collect()
}

fn entry(found: &Diagnostic, file: &Checked, lines: &Lines<'_>, uri: &str, rules: &[Rule]) -> Entry {
    let place = |span: Option<&Range<usize>>| Physical {
        artifact_location: Artifact { uri: uri.to_owned() },
        region: span.map(|span| region(lines, span)),
    };
    let resource = file.resource(found).map(|name| Logical { name: name.to_owned(), kind: "resource" });
    let related = found.labels.iter().map(|(span, label)| Location {
        physical_location: place(Some(span)),
        logical_locations: Vec::new(),
        message: Some(Text { text: label.clone() }),
    });
    Entry {
        rule_id: found.code,
        rule_index: rules.iter().position(|rule| rule.id == found.code),
        level: level(found.severity),
        message: Text { text: message(found) },
        locations: [Location {
            physical_location: place(found.span.as_ref()),
            logical_locations: resource.into_iter().collect(),
            message: None,
        }],
        related_locations: related.collect(),
    }
}

fn message(found: &Diagnostic) -> String {
    let helps = found.help.iter().filter(|help| !help.is_empty());
    helps.fold(found.message.clone(), |text, help| format!("{text}\nhelp: {help}"))
}

fn region(lines: &Lines<'_>, span: &Range<usize>) -> Region {
    let region = lines.region(span);
    Region {
        start_line: region.line,
        start_column: region.column,
        end_line: region.end_line,
        end_column: region.end_column,
    }
}

/// A path below the working folder as a relative reference, any other as it is.
fn uri(path: &str) -> String {
    let folder = std::env::current_dir().ok();
    let relative = folder.as_deref().and_then(|folder| std::path::Path::new(path).strip_prefix(folder).ok());
    let path = relative.and_then(std::path::Path::to_str).unwrap_or(path);
    let path = path.strip_prefix("./").unwrap_or(path);
    let mut uri = String::from(if path.starts_with('/') { "file://" } else { "" });
    for byte in path.bytes() {
        match byte {
            b'/' | b'-' | b'.' | b'_' | b'~' => uri.push(char::from(byte)),
            _ if byte.is_ascii_alphanumeric() => uri.push(char::from(byte)),
            _ => {
                let _ = write!(uri, "%{byte:02X}");
            }
        }
    }
    uri
}

#[cfg(test)]
mod tests {
    use super::uri;

    #[test]
    fn paths_become_references() {
        assert_eq!(uri("./templates/a b.yaml"), "templates/a%20b.yaml");
        assert_eq!(uri("<stdin>"), "%3Cstdin%3E");
        assert_eq!(uri("/templates/é.yaml"), "file:///templates/%C3%A9.yaml");
        let here = std::env::current_dir().unwrap().join("a.yaml");
        assert_eq!(uri(here.to_str().unwrap()), "a.yaml");
    }
}
