//! Which names are those of log files, and which of files that somebody is still making?

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::Path;

/// How names end that tools give to files until they are whole.
const UNFINISHED: [&str; 5] = [".tmp", ".part", ".partial", ".unfinished", "~"];

/// What the aws CLI adds to a name while it downloads: a point and so many hexadecimal digits.
const DOWNLOAD_DIGITS: usize = 8;

/// Whether a file or folder of this name is looked at: it isn't hidden, nor named as unfinished files are.
///
/// Left alone are names that begin with `.`, names that end in `.tmp`, `.part`, `.partial`, `.unfinished` or `~` (in
/// upper or lower case), and names such as `….gz.1aB2c3D4`, under which the aws CLI downloads.
#[must_use]
pub fn is_candidate(name: &OsStr) -> bool {
    let name = name.as_bytes();
    let is_hidden = name.first() == Some(&b'.');
    let is_unfinished = UNFINISHED.iter().any(|ending| ends_with(name, ending));
    !is_hidden && !is_unfinished && !is_download(name)
}

/// The same of a path; one without a name of its own, such as `/`, is looked at.
pub(super) fn is_candidate_path(path: &Path) -> bool {
    path.file_name().is_none_or(is_candidate)
}

fn ends_with(name: &[u8], ending: &str) -> bool {
    let end = name.len().checked_sub(ending.len()).and_then(|at| name.get(at..));
    end.is_some_and(|end| end.eq_ignore_ascii_case(ending.as_bytes()))
}

fn is_download(name: &[u8]) -> bool {
    let split = name.len().checked_sub(DOWNLOAD_DIGITS).and_then(|at| name.split_at_checked(at));
    split.is_some_and(|(rest, digits)| ends_with(rest, ".gz.") && digits.iter().all(u8::is_ascii_hexdigit))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unfinished_and_hidden_names_are_left_alone() {
        let names =
            ["a.json.gz", "a", "a.gz.12345678", "a.json.20261126", "a.tmp", "A.TMP", "a.part", "a.partial"];
        let more = ["a.unfinished", "a~", ".a", "tmp", "a.gz.1234567", "a.gz.1234567g", "~", "a.tmp.gz"];
        let taken: Vec<&str> =
            names.into_iter().chain(more).filter(|name| is_candidate(OsStr::new(name))).collect();
        assert_eq!(
            taken,
            ["a.json.gz", "a", "a.json.20261126", "tmp", "a.gz.1234567", "a.gz.1234567g", "a.tmp.gz"]
        );
    }
}
