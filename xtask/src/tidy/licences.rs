//! Are the licences of all dependencies allowed?

use anyhow::Context as _;

use super::{Finding, SourceFile};
use crate::workspace::{Metadata, Package};

const POLICY: &str = "deny.toml";

pub(super) fn check(files: &[SourceFile]) -> anyhow::Result<Vec<Finding>> {
    let policy = files.iter().find(|file| file.path == POLICY).context("deny.toml is missing")?;
    let allowed = allowed(&policy.text);
    let metadata = Metadata::of_everything()?;
    let foreign = metadata.packages.iter().filter(|package| package.source.is_some());
    Ok(foreign.filter_map(|package| complaint(package, &allowed)).collect())
}

fn complaint(package: &Package, allowed: &[&str]) -> Option<Finding> {
    let message = match &package.license {
        Some(licence) if is_allowed(licence, allowed) => return None,
        Some(licence) => format!("{} {}: the licence {licence} isn't allowed", package.name, package.version),
        None => format!("{} {}: names no licence", package.name, package.version),
    };
    Some(Finding::in_file(POLICY, message))
}

/// The list `allow` of the section `[licenses]`.
fn allowed(policy: &str) -> Vec<&str> {
    let section = policy.split_once("[licenses]").map_or("", |(_, section)| section);
    let list = section.split_once("allow = [").map_or("", |(_, list)| list);
    let list = list.split_once(']').map_or("", |(list, _)| list);
    list.lines().filter_map(|line| line.split('"').nth(1)).collect()
}

/// Evaluates an SPDX expression. `MIT/Apache-2.0`, as old packages write it, means `OR`.
fn is_allowed(expression: &str, allowed: &[&str]) -> bool {
    let spaced = expression.replace('/', " OR ").replace('(', " ( ").replace(')', " ) ");
    let words: Vec<&str> = spaced.split_whitespace().collect();
    let mut reader = Expression { words: &words, allowed };
    reader.alternatives() && reader.words.is_empty()
}

/// What is left to read of an expression.
struct Expression<'e> {
    words: &'e [&'e str],
    allowed: &'e [&'e str],
}

impl Expression<'_> {
    fn alternatives(&mut self) -> bool {
        let mut any = self.conjunction();
        while self.take("OR") {
            any |= self.conjunction();
        }
        any
    }

    fn conjunction(&mut self) -> bool {
        let mut all = self.licence();
        while self.take("AND") {
            all &= self.licence();
        }
        all
    }

    fn licence(&mut self) -> bool {
        if self.take("(") {
            let inner = self.alternatives();
            return self.take(")") && inner;
        }
        let Some((name, rest)) = self.words.split_first() else { return false };
        self.words = rest;
        // An exception only adds rights.
        if self.take("WITH") {
            self.words = self.words.get(1..).unwrap_or_default();
        }
        self.allowed.contains(name)
    }

    fn take(&mut self, word: &str) -> bool {
        let rest = self.words.split_first().filter(|(first, _)| **first == word).map(|(_, rest)| rest);
        self.words = rest.unwrap_or(self.words);
        rest.is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_evaluated() {
        let allowed = ["MIT", "Apache-2.0", "Zlib"];
        for expression in [
            "MIT",
            "GPL-3.0 OR MIT",
            "MIT/GPL-3.0",
            "(MIT OR GPL-3.0) AND Zlib",
            "Apache-2.0 WITH LLVM-exception",
        ] {
            assert!(is_allowed(expression, &allowed), "{expression}");
        }
        for expression in ["GPL-3.0", "MIT AND GPL-3.0", "MIT AND (GPL-3.0 OR MPL-2.0)", "", "MIT MIT"] {
            assert!(!is_allowed(expression, &allowed), "{expression}");
        }
    }

    #[test]
    fn the_policy_lists_what_is_allowed() {
        let policy =
            "[bans]\nallow = [\"x\"]\n[licenses]\nallow = [\n  # why\n  \"MIT\", # usual\n  \"ISC\",\n]\n";
        assert_eq!(allowed(policy), ["MIT", "ISC"]);
    }
}
