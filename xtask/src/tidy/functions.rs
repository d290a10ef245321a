//! No function is longer than a page.

use super::{Finding, SourceFile};

/// A function of more lines does more than one thing.
const LIMIT: usize = 70;

pub(super) fn check(files: &[SourceFile]) -> anyhow::Result<Vec<Finding>> {
    let ours = files.iter().filter(|file| file.has_extension("rs") && !file.is_test());
    Ok(ours.flat_map(findings).collect())
}

fn findings(file: &SourceFile) -> Vec<Finding> {
    let lines: Vec<&str> = file.lines_before_tests().map(|(_, line)| line).collect();
    let long = |(index, line): (usize, &&str)| {
        let name = function_name(line)?;
        let length = length(lines.get(index..)?);
        let message = || format!("function `{name}` has {length} lines, more than {LIMIT}");
        (length > LIMIT).then(|| Finding::in_line(file, index, message()))
    };
    lines.iter().enumerate().filter_map(long).collect()
}

/// The name of the function that a line begins, if it begins one.
fn function_name(line: &str) -> Option<&str> {
    let mut rest = line.trim_start();
    if rest.starts_with("pub(") {
        rest = rest.split_once(')')?.1.trim_start();
    }
    loop {
        let (word, behind) = rest.split_once(' ')?;
        match word {
            "fn" => return behind.split(['(', '<']).next(),
            "pub" | "default" | "const" | "async" | "unsafe" | "extern" | "\"C\"" => rest = behind,
            _ => return None,
        }
    }
}

/// How many lines the function at the first of the lines has: rustfmt puts its last brace below its first letter.
fn length(lines: &[&str]) -> usize {
    let Some(first) = lines.first() else { return 0 };
    let indent = first.len() - first.trim_start().len();
    let ends = |line: &str| {
        let trimmed = line.trim_start();
        line.len() - trimmed.len() == indent && (trimmed == "}" || trimmed.ends_with(';'))
    };
    if first.ends_with(';') || first.ends_with('}') {
        return 1;
    }
    lines.iter().skip(1).position(|line| ends(line)).map_or(lines.len(), |last| last + 2)
}

#[cfg(test)]
mod tests {
    use super::super::file;
    use super::*;

    #[test]
    fn functions_are_recognised_by_their_first_line() {
        assert_eq!(function_name("fn a() {"), Some("a"));
        assert_eq!(function_name("    pub(in crate::x) const unsafe fn b<T>("), Some("b"));
        assert_eq!(function_name("pub extern \"C\" fn c() {"), Some("c"));
        assert_eq!(function_name("// the fn d() of"), None);
        assert_eq!(function_name("type F = fn (u8);"), None);
    }

    #[test]
    fn a_function_ends_where_its_indent_ends() {
        assert_eq!(length(&["fn a() {", "    if b {", "    }", "}", "", "fn c() {}"]), 4);
        assert_eq!(length(&["    fn a(", "        b: u8,", "    );", "}"]), 3);
        assert_eq!(length(&["fn a() {}", "}"]), 1);
    }

    #[test]
    fn only_more_than_the_limit_is_too_long() {
        let text = |lines: usize| format!("fn a() {{\n{}}}\n", "    b();\n".repeat(lines - 2));
        assert_eq!(findings(&file("a.rs", &text(LIMIT))), []);
        let found = findings(&file("a.rs", &text(LIMIT + 1)));
        assert_eq!(found[0].to_string(), "a.rs:1: function `a` has 71 lines, more than 70");
        assert_eq!(findings(&file("a.rs", &format!("#[cfg(test)]\n{}", text(90)))), []);
    }
}
