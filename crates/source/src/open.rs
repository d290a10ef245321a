//! What is in a file?

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::walk::{Unreadable, unreadable};

/// The bytes of a file.
#[derive(Debug)]
pub enum Content {
    /// All of them are in the buffer that was given.
    Whole,
    /// The file is longer than the limit, or has no length (a pipe): the first bytes are in the buffer, the rest comes
    /// from here.
    Rest(File),
}

/// Reads a file into `buffer` (which is emptied first) if it has at most `limit` bytes.
///
/// # Errors
/// The path and the reason, where it can't be opened or read.
pub fn open(path: &Path, buffer: &mut Vec<u8>, limit: usize) -> Result<Content, Unreadable> {
    read(path, buffer, limit).map_err(|error| unreadable(path.to_owned(), &error))
}

fn read(path: &Path, buffer: &mut Vec<u8>, limit: usize) -> io::Result<Content> {
    buffer.clear();
    let mut file = File::open(path)?;
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    // One byte more than the file is long, so that its end is seen with the same read.
    buffer.reserve(length.min(limit).saturating_add(1));
    let room = u64::try_from(limit).unwrap_or(u64::MAX).saturating_add(1);
    (&mut file).take(room).read_to_end(buffer)?;
    Ok(if buffer.len() > limit { Content::Rest(file) } else { Content::Whole })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_short_file_is_whole_and_a_long_one_a_stream() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "0123456789").unwrap();
        let mut buffer = Vec::new();
        assert!(matches!(open(file.path(), &mut buffer, 10), Ok(Content::Whole)));
        assert_eq!(buffer, b"0123456789");
        let Ok(Content::Rest(mut rest)) = open(file.path(), &mut buffer, 4) else { panic!("not a stream") };
        rest.read_to_end(&mut buffer).unwrap();
        assert_eq!(buffer, b"0123456789");
    }

    #[test]
    fn a_missing_file_is_an_answer() {
        let problem = open(Path::new("no/such/file"), &mut Vec::new(), 1).unwrap_err();
        assert_eq!(problem.reason, "no such file or folder");
    }
}
