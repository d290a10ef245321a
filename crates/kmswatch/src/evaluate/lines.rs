//! Lines of an input, each at most so long.

use std::io::{self, BufRead, Write};

use super::limits::MAX_LINE;

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// A line, without its end.
    Line,
    /// A line that is longer than [`MAX_LINE`]; only its beginning is kept.
    TooLong,
    /// Nothing more.
    End,
}

/// The lines of an input.
pub(super) struct Lines<R> {
    input: R,
    /// How much of what was read waits to be taken.
    waiting: usize,
}

impl<R: BufRead> Lines<R> {
    pub(super) fn of(input: R) -> Self {
        Self { input, waiting: 0 }
    }

    /// Reads the next line into `line`, in place of what is there. Before it waits for input, `out` is flushed: who asks
    /// and waits for the answer gets it.
    pub(super) fn next(&mut self, line: &mut Vec<u8>, out: &mut dyn Write) -> io::Result<Next> {
        line.clear();
        let (mut any, mut too_long) = (false, false);
        loop {
            if self.waiting == 0 {
                out.flush()?;
            }
            let found = match self.input.fill_buf() {
                Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
                found => found?,
            };
            if found.is_empty() {
                break;
            }
            any = true;
            let end = memchr::memchr(b'\n', found);
            let piece = found.get(..end.unwrap_or(found.len())).unwrap_or_default();
            let kept = piece.len().min(MAX_LINE - line.len());
            too_long |= kept < piece.len();
            line.extend_from_slice(piece.get(..kept).unwrap_or_default());
            let taken = piece.len() + usize::from(end.is_some());
            self.waiting = found.len() - taken;
            self.input.consume(taken);
            if end.is_some() {
                break;
            }
        }
        Ok(match (any, too_long) {
            (false, _) => Next::End,
            (true, true) => Next::TooLong,
            (true, false) => Next::Line,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn all(text: &[u8], capacity: usize) -> Vec<(Next, usize)> {
        let mut lines = Lines::of(io::BufReader::with_capacity(capacity, text));
        let (mut line, mut found) = (Vec::new(), Vec::new());
        loop {
            match lines.next(&mut line, &mut io::sink()).expect("it is memory") {
                Next::End => return found,
                other => found.push((other, line.len())),
            }
        }
    }

    #[test]
    fn lines_of_any_buffer_and_without_a_last_break() {
        for capacity in [1, 2, 3, 64] {
            let found = all(b"ab\n\ncde\nf", capacity);
            let lengths: Vec<usize> = found.iter().map(|(_, length)| *length).collect();
            assert_eq!(lengths, [2, 0, 3, 1]);
        }
        assert!(all(b"", 8).is_empty());
    }

    #[test]
    fn a_line_that_is_too_long_ends_where_it_ends() {
        let text =
            [vec![b'x'; MAX_LINE], b"\n".to_vec(), vec![b'x'; MAX_LINE + 1], b"\nab".to_vec()].concat();
        let found = all(&text, 64 << 10);
        assert_eq!(found, [(Next::Line, MAX_LINE), (Next::TooLong, MAX_LINE), (Next::Line, 2)]);
    }
}
