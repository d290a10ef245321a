//! What git holds.

use std::fs;

use super::{Finding, SourceFile};
use crate::workspace;

const LARGEST: usize = 1024 * 1024;

/// Folders whose files may be binary.
const BINARY: [&str; 1] = ["examples/cloudtrail/"];

pub(super) fn check(_: &[SourceFile]) -> anyhow::Result<Vec<Finding>> {
    let tracked = workspace::tracked_files()?;
    let mut findings = Vec::new();
    if !tracked.iter().any(|path| path == "Cargo.lock") {
        findings.push(Finding::in_file("Cargo.lock", "not committed"));
    }
    for path in workspace::source_files()? {
        let content = fs::read(workspace::root().join(&path))?;
        findings.extend(complaint(&path, &content).map(|message| Finding::in_file(path, message)));
    }
    Ok(findings)
}

fn complaint(path: &str, content: &[u8]) -> Option<String> {
    if content.len() > LARGEST {
        Some(format!("{} bytes, more than {LARGEST}", content.len()))
    } else if is_binary(content) && !BINARY.iter().any(|folder| path.starts_with(folder)) {
        Some("a binary file".into())
    } else {
        None
    }
}

/// As git sees it: a zero byte near the beginning; and what isn't UTF-8.
fn is_binary(content: &[u8]) -> bool {
    content.iter().take(8000).any(|byte| *byte == 0) || std::str::from_utf8(content).is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_and_binary_files_are_refused() {
        assert_eq!(complaint("a", b"text"), None);
        assert_eq!(complaint("a", b"a\0b"), Some("a binary file".into()));
        assert_eq!(complaint("examples/cloudtrail/a.gz", b"\x1f\x8b\0"), None);
        assert!(complaint("a", &vec![b'a'; LARGEST + 1]).is_some());
    }
}
